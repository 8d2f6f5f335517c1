/* diet.h - the parts of a diet. */
#ifndef EID_SRC_RECIPE_DIET_H
#define EID_SRC_RECIPE_DIET_H
#include "base/ctx.h"
#include "base/file.h"
#include "eidetic/diet.h"
#include "eidetic/store.h"

/* Every score that the runs allow, and what can be said of it. */
eid_status diet_read_scores(eid_diet_result **out, const eid_trajectory *const *runs, size_t n,
                            const int32_t *clean, const eid_diet_opts *o);

/* Places of the examples, the easy first: by score, then by a random number of the example's own,
 * so that examples with equal scores are not taken in the order of the file.  `score` NULL: in
 * random order. */
eid_status diet_order(int64_t *order, int64_t n, const double *score, int hard, const int64_t *id,
                      uint64_t seed);

/* scores/NAME.npy and scores.csv. */
eid_status diet_write_scores(eid_ctx *ctx, const eid_diet_result *r, const eid_trajectory *t,
                             const int32_t *clean, const char *out);
/* subsets/NAME.npy: ids of places[0..n) of d, ascending by place. */
eid_status diet_write_subset(eid_ctx *ctx, const eid_dataset *d, const char *out, const char *name,
                             const int64_t *place, int64_t n);
/* Whom AUM suspects: two more trainings, OUT/aum-1 and aum-2; subsets/suspected.npy. */
eid_status diet_suspect(eid_diet_result *r, eid_ctx *ctx, const eid_dataset *d,
                        const eid_classifier_opts *model, const char *out, uint64_t seed);
/* One unit of work: examples, scores and what was estimated of them. */
eid_status diet_keep_scores(eid_store *s, const eid_diet_result *r, const eid_trajectory *t);
eid_status diet_keep_parts(eid_store *s, const eid_diet_result *r);
#endif
