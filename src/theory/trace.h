/* trace.h - the tracing experiment's parts: one setting, one trial. */
#ifndef EID_SRC_THEORY_TRACE_H
#define EID_SRC_THEORY_TRACE_H
#include "base/ctx.h"
#include "eidetic/trace.h"
#include "theory/prior.h"

/* One value of the sweep, checked. */
typedef struct eid_trace_setting {
    eid_trace_opts o;
    const eid_prior_list *list; /* the prior that a file gives, borrowed; NULL: Beta(beta, beta) */
    double beta, signal, noise, dp_epsilon;
} eid_trace_setting;

/* The settings that the options ask for, every one of them possible. */
eid_status eid_trace_settings(eid_trace_setting **out, size_t *n, const eid_ctx *ctx,
                              const eid_trace_opts *o, const eid_prior_list *list);
/* Fresh draws that the calibrated threshold lets pass; 0: too few draws for that soundness. */
int64_t eid_trace_passing(int64_t fresh, double soundness);

/* What the trials of a setting came to: element t is trial t's. */
typedef struct eid_trace_trials {
    int64_t trials, n, test, pairs;
    int64_t *recalled[2],
        *flagged[2];             /* of n members, of `test` fresh ones; calibrated, analytic */
    int64_t *only_in, *only_out; /* of the pairs, by the calibrated tracer */
    double *threshold[2], *excess, *trivial, *gap;
} eid_trace_trials;
eid_status eid_trace_run_trials(eid_ctx *ctx, const eid_trace_setting *s, eid_trace_trials *t,
                                int64_t done, int64_t total);
void eid_trace_trials_free(eid_trace_trials *t);

/* Fano's bound of one pair, in nats, when a tracer flags the member alone with chance `in` and the
 * other alone with chance `out`. */
double eid_trace_fano(double in, double out);

enum { EID_TRACE_CHUNK = 1024 }; /* fresh draws that are held at once */
#endif
