/* ctx.h - the context from inside: progress ticks, cancelling, slots for the rooms above. */
#ifndef EID_SRC_CTX_H
#define EID_SRC_CTX_H
#include "base/status.h"
#include <stdatomic.h>

struct eid_ctx {
    int threads;
    int64_t memory;
    eid_progress_fn progress;
    void *progress_user;
    const char *what;   /* of the last tick */
    double began, told; /* seconds: when `what` began, when progress was last told */
    atomic_bool cancelled;
    void *pool; /* par/'s, made on first use */
    void (*pool_free)(void *pool);
};

/* Tells progress (not more than ten times a second, and always at done = total), and answers
 * EID_ECANCELLED when asked to stop.  Call it between units of work, from the calling thread.
 * `what` and `unit` must be literals. */
eid_status eid_tick(eid_ctx *ctx, const char *what, const char *unit, int64_t done, int64_t total);
bool eid_cancelled(const eid_ctx *ctx);
double eid_now(void);                      /* seconds on a monotonic clock */
void eid_cpu_name(char *out, size_t size); /* "AMD EPYC", as the system has it; "unknown" */
#endif
