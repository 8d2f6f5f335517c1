/* longtail_room.h - points of a prior by share and subgroup, for what is told of them exactly. */
#ifndef EID_SRC_THEORY_LONGTAIL_ROOM_H
#define EID_SRC_THEORY_LONGTAIL_ROOM_H
#include "base/ctx.h"
#include "theory/longtail.h"

typedef struct eid_tail_cell {
    double share;
    int64_t many; /* points of that share in that group */
    int group;
} eid_tail_cell;
typedef struct eid_tail_cells {
    eid_tail_cell *at;
    size_t n;
    int64_t points;
    double mass[EID_TAIL_GROUPS];
} eid_tail_cells;
eid_status eid_tail_cells_of(eid_tail_cells *out, const eid_tail_prior *p);
/* The chance that n examples hit a point of this share l times. */
double eid_tail_binomial(int64_t n, int64_t l, double share);
/* By group: sum of D(x) P(x is seen, and is not among the `capacity` seen most often). */
eid_status eid_tail_compress_exact(double lost_by[EID_TAIL_GROUPS], eid_ctx *ctx,
                                   const eid_tail_cells *c, int64_t n, int64_t capacity);
#endif
