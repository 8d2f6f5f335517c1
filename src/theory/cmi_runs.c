/* cmi_runs.c - training on both halves of super-samples, by coins. */
#include "base/ctx.h"
#include "base/memory.h"
#include "eidetic/cmi.h"
#include "eidetic/rng.h"
#include "par/par.h"
#include "theory/cmi.h"
#include "theory/streams.h"
#include <inttypes.h>

typedef struct work {
    const eid_cmi_learner *learner;
    eid_cmi_runs *runs;
    int64_t super;
    const void *data;
} work;

static eid_status train(void *arg, int64_t mask, int worker)
{
    const work *w = arg;
    int64_t run = w->super * w->runs->masks + mask, at = run * w->runs->pairs;
    (void)worker;
    return w->learner->train(w->learner->user, w->data, w->runs->side + at, run,
                             w->runs->prediction + 2 * at, w->runs->loss + 2 * at);
}

eid_status eid_cmi_check_sizes(const eid_ctx *ctx, const eid_cmi_opts *o)
{
    double bytes = (double)o->supers * (double)o->masks * (double)o->pairs * 25;
    if (o->pairs < 1)
        return eid_fail(EID_EINVAL, "cmi: n = %" PRId64 ": a super-sample needs at least one pair",
                        o->pairs);
    if (o->supers < 1 || o->masks < 2)
        return eid_fail(EID_EINVAL,
                        "cmi: want at least 1 super-sample and 2 masks, not %" PRId64
                        " and %" PRId64,
                        o->supers, o->masks);
    if (bytes > (double)eid_ctx_memory(ctx) || o->supers * o->masks >= EID_MOST_TRIALS)
        return eid_fail(EID_ENOMEM,
                        "cmi: %" PRId64 " x %" PRId64 " runs of n = %" PRId64
                        " are more than can be kept",
                        o->supers, o->masks, o->pairs);
    return EID_OK;
}

static eid_status runs_new(eid_cmi_runs **out, const eid_ctx *ctx, const eid_cmi_opts *o)
{
    eid_cmi_runs *r = NULL;
    eid_status st = EID_OK;
    EID_TRY(eid_cmi_check_sizes(ctx, o));
    int64_t n = o->supers * o->masks * o->pairs;
    EID_TRY(EID_NEW(r, 1));
    *r = (eid_cmi_runs){.supers = o->supers, .masks = o->masks, .pairs = o->pairs};
    EID_TRY(EID_NEW(r->side, n));
    EID_TRY(EID_NEW(r->prediction, 2 * n));
    EID_TRY(EID_NEW(r->loss, 2 * n));
    for (int64_t run = 0; run < o->supers * o->masks; run++) {
        eid_rng coin = eid_rng_stream((uint64_t)o->seed, eid_stream(EID_FOR_MASKS, run, 0));
        for (int64_t i = 0; i < o->pairs; i++)
            r->side[run * o->pairs + i] = eid_rng_u32(&coin) >> 31;
    }
    *out = r;
    r = NULL;
done:
    eid_cmi_runs_free(r);
    return st;
}

eid_status eid_cmi_collect(eid_cmi_runs **out, eid_ctx *ctx, const eid_cmi_learner *learner,
                           const eid_cmi_opts *opts)
{
    eid_cmi_runs *r = NULL;
    void *super = NULL;
    eid_status st = runs_new(&r, ctx, opts);
    if (st != EID_OK)
        return st;
    work w = {.learner = learner, .runs = r};
    for (; w.super < r->supers; w.super++) {
        EID_TRY(eid_tick(ctx, "training on super-samples", "super-samples", w.super, r->supers));
        EID_TRY(learner->draw(learner->user, ctx, r->pairs, w.super, &super));
        w.data = super;
        EID_TRY(eid_par_for(ctx, r->masks, train, &w));
        learner->release(learner->user, super);
        super = NULL;
    }
    EID_TRY(eid_tick(ctx, "training on super-samples", "super-samples", r->supers, r->supers));
    *out = r;
    r = NULL;
done:
    learner->release(learner->user, super);
    eid_cmi_runs_free(r);
    return st;
}

void eid_cmi_runs_free(eid_cmi_runs *r)
{
    if (!r)
        return;
    eid_free(r->side);
    eid_free(r->prediction);
    eid_free(r->loss);
    eid_free(r);
}
