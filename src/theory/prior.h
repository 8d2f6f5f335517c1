/* prior.h - how likely a coordinate is +1: B_j ~ Beta(b, b). */
#ifndef EID_SRC_THEORY_PRIOR_H
#define EID_SRC_THEORY_PRIOR_H
#include "base/status.h"
#include "eidetic/trace.h"
#include "theory/table.h"

/* b of the prior that the options ask for; EID_EINVAL where there is none. */
eid_status eid_prior_beta(const eid_trace_opts *o, double *b);
/* A coordinate's mean, -1 to 1, as its chance in units of 2^-64 and as an example's. */
void eid_prior_set(double m, int64_t d, uint64_t *chance, double *mean);

/* Points of [-1, 1] and their weights, as a user gave them. */
typedef struct eid_prior_list {
    size_t n;
    double *mean, *upto; /* upto: sum of the weights up to this one */
    double signal;       /* E m^2, which is the expected square length of an example's mean */
} eid_prior_list;
/* EID_EINVAL: a mean out of range, a weight that is none, weights that do not sum to 1 in 1e-9. */
eid_status eid_prior_list_of(eid_prior_list **out, const eid_table *t, const char *name);
eid_status eid_prior_list_read(eid_prior_list **out, const char *path);
void eid_prior_list_free(eid_prior_list *p);
void eid_prior_list_draw(const eid_prior_list *p, int64_t d, uint64_t seed, uint64_t stream,
                         uint64_t *chance, double *mean);

/* chance[j] = B_j in units of 2^-64, and mean[j] = (2 B_j - 1) / sqrt(d). */
void eid_prior_draw(double b, int64_t d, uint64_t seed, uint64_t stream, uint64_t *chance,
                    double *mean);
#endif
