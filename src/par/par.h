/* par.h - a small pool of threads that share numbered tasks out.
 *
 * Results must not depend on who does which task: a task writes only what belongs to its number,
 * and sums over tasks are added afterwards, in order.  Tasks are claimed in ascending order. */
#ifndef EID_SRC_PAR_H
#define EID_SRC_PAR_H
#include "base/ctx.h"
#include <signal.h>

/* `worker` is in [0, min(threads, tasks)): for scratch memory. */
typedef eid_status (*eid_task_fn)(void *arg, int64_t task, int worker);

/* Runs tasks 0..n-1 and waits.  The status (and message) of the lowest-numbered failing task is
 * handed back; tasks not yet begun are dropped after a failure.  Must not be called from inside a
 * task. Cheap enough for 10 us of work (workers spin shortly before they sleep). */
eid_status eid_par_for(eid_ctx *ctx, int64_t n, eid_task_fn fn, void *arg);

/* Tasks run with signals held back: oneDNN 2.6's AVX-512 products keep live data further below the
 * stack pointer than the ABI allows, and a handler's frame would overwrite it (seen: a corrupted
 * heap after a few SIGALRMs).  Handlers run between tasks.  Code that calls products outside of a
 * task holds them back itself. */
void eid_signals_hold(sigset_t *before);
void eid_signals_release(const sigset_t *before);
#endif
