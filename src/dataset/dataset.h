/* dataset.h - a dataset while it is being made. */
#ifndef EID_SRC_DATASET_H
#define EID_SRC_DATASET_H
#include "base/ctx.h"
#include "base/memory.h"
#include "eidetic/dataset.h"
#include "eidetic/rng.h"

/* The same memory as d's, writable.  Fill it, then finish:
 *     EID_TRY(eid_making_start(&m, ctx, name, &shape, f32));
 *     ...                                  m.u8 or m.f32, m.label
 *     EID_TRY(eid_making_finish(out, ctx, &m));
 * done:
 *     eid_making_drop(&m);                 nothing after finishing */
typedef struct eid_making {
    eid_dataset d; /* sizes, classes, part, scale; its pointers are set by finishing */
    uint8_t *u8;
    float *f32;
    int32_t *label, *clean; /* clean: NULL: as label */
    int64_t *id;            /* 0, 1, ... unless changed */
    char *name;
} eid_making;

/* Allocates for shape->n examples; n, channels, height, width, classes, part and scale are read.
 * EID_EFORMAT when the sizes make no sense, EID_ENOMEM beyond the context's bound. */
eid_status eid_making_start(eid_making *m, eid_ctx *ctx, const char *name, const eid_dataset *shape,
                            bool f32);
/* Checks that every label is in [0, classes) and every number finite; hashes. */
eid_status eid_making_finish(eid_dataset **out, eid_ctx *ctx, eid_making *m);
void eid_making_drop(eid_making *m);
/* A copy of d, all of it. */
eid_status eid_making_copy(eid_making *m, eid_ctx *ctx, const eid_dataset *d);

/* Examples index[0..n) of d. */
eid_status eid_making_pick(eid_making *m, eid_ctx *ctx, const eid_dataset *d, const int64_t *index,
                           int64_t n);

/* The most classes that are believed: one more than any benchmark has by far. */
enum { EID_MOST_CLASSES = 1000000 };

/* What may be drawn, each from a stream of its own: streams of different purposes, parts and ids
 * never meet. */
typedef enum eid_purpose {
    EID_DRAW_STRATA = 1,
    EID_DRAW_SIDES,
    EID_DRAW_CHOSEN,
    EID_DRAW_LABEL,
    EID_DRAW_PIXELS
} eid_purpose;
eid_rng eid_draw(uint64_t seed, eid_purpose purpose, const eid_dataset *d, int64_t id);
#endif
