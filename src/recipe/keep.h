/* keep.h - experiments that a command was asked for, kept as a run of one "lab". */
#ifndef EID_SRC_RECIPE_KEEP_H
#define EID_SRC_RECIPE_KEEP_H
#include "base/file.h"
#include "recipe/lab.h"

/* FOLDER/NAME, whole or not at all. */
eid_status keep_text(const char *folder, const char *name, const char *text);
/* Runs `lab` with its options `own` into call->out, and reads OUT/LAB/result.json back. */
eid_status keep_run(char **json, eid_ctx *ctx, const eid_lab *lab, const void *own, int64_t seed,
                    const eid_lab_call *call);
#endif
