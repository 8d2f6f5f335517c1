/* cmi_runs.h - what makers of runs share. */
#ifndef EID_SRC_RECIPE_CMI_RUNS_H
#define EID_SRC_RECIPE_CMI_RUNS_H
#include "base/memory.h"
#include "eidetic/cmi_runs.h"

/* Empty runs; EID_ENOMEM, with the sizes, when they do not fit the context's memory. */
eid_status cmi_runs_new(eid_cmi_runs **out, const eid_ctx *ctx, int64_t supers, int64_t masks,
                        int64_t pairs);
/* What eid_cmi_runs_train would refuse at once. */
eid_status cmi_runs_check(eid_ctx *ctx, const eid_dataset *data,
                          const eid_classifier_opts *training, const eid_cmi_opts *opts);
#endif
