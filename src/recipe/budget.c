#include "base/ctx.h"
#include "eidetic/rng.h"
#include "recipe/audit.h"

/* What a size name stands for. */
typedef struct shape {
    int64_t width, layers, heads, context, vocab, batch_tokens;
    double lr;
} shape;

static const shape shapes[] = {
    [EID_SIZE_TINY] = {64, 2, 2, 128, 1024, 1024, 5e-3},
    [EID_SIZE_SMALL] = {128, 2, 4, 128, 2048, 1024, 4e-3},
    [EID_SIZE_MEDIUM] = {256, 6, 4, 256, 4096, 4096, 2e-3},
    [EID_SIZE_LARGE] = {512, 8, 8, 256, 8192, 8192, 1e-3},
};

enum { BYTES_PER_TOKEN = 3, FEWEST_EPOCHS = 2, MOST_EPOCHS = 12 };
/* Steps that tell the rate: the first one warms up, the best of the others counts. */
enum { LEAST_PROBES = 3, MOST_PROBES = 20, PROBE_SECONDS = 1 };
static const double TRAINING_SHARE = 0.85; /* of the minutes; the rest is measuring */

void audit_budget_apply(audit *a, const audit_budget *b)
{
    const shape *s = &shapes[b->size];

    a->shape = a->opts->train;
    a->shape.width = s->width;
    a->shape.layers = s->layers;
    a->shape.heads = s->heads;
    a->shape.context = s->context;
    a->shape.batch_tokens = s->batch_tokens;
    a->shape.lr = s->lr;
    a->shape.steps = b->steps;
    a->shape.seed = a->opts->seed;
    a->vocab = s->vocab;
}

/* Tokens a second of one size here and now, from a few real steps of a throw-away model. */
static eid_status measure_rate(audit *a, const shape *s, double *rate)
{
    eid_status st = EID_OK;
    eid_gpt_config cfg = eid_gpt_config_default();
    eid_gpt *m = NULL;
    int32_t *x = NULL, *y = NULL;
    eid_rng r = eid_rng_seed(0);
    double loss, best = 0, until = eid_now() + PROBE_SECONDS;

    cfg.vocab = s->vocab;
    cfg.context = s->context;
    cfg.width = s->width;
    cfg.layers = s->layers;
    cfg.heads = s->heads;
    EID_TRY(eid_gpt_new(&m, a->ctx, &cfg, 0));
    EID_TRY(EID_NEW(x, s->batch_tokens));
    EID_TRY(EID_NEW(y, s->batch_tokens));
    for (int64_t i = 0; i < s->batch_tokens; i++) {
        x[i] = (int32_t)eid_rng_below(&r, (uint64_t)s->vocab);
        y[i] = (int32_t)eid_rng_below(&r, (uint64_t)s->vocab);
    }
    eid_batch batch = {.rows = s->batch_tokens / s->context, .cols = s->context, .x = x, .y = y};
    for (int i = 0; i < LEAST_PROBES || (i < MOST_PROBES && eid_now() < until); i++) {
        double began = eid_now();
        EID_TRY(eid_gpt_loss(m, a->ctx, &batch, true, &loss));
        double now = (double)s->batch_tokens / (eid_now() - began);
        best = now > best ? now : best;
    }
    *rate = 0.9 * best; /* the optimizer, held-out losses, checkpoints */
done:
    eid_free(x);
    eid_free(y);
    eid_gpt_free(m);
    return st;
}

/* The largest size that memory allows and that sees the corpus twice in the time given, unless size
 * or steps were said. */
eid_status audit_budget_resolve(audit *a, audit_budget *b)
{
    const eid_audit_opts *o = a->opts;
    double tokens = (double)eid_corpus_bytes(a->learned) / BYTES_PER_TOKEN;
    double seconds = o->minutes * 60 * TRAINING_SHARE;
    int64_t size = o->size ? o->size : EID_SIZE_LARGE;
    eid_status st;

    if (o->size && o->steps) {
        *b = (audit_budget){.size = o->size, .steps = o->steps};
        return EID_OK;
    }
    for (;; size--) {
        st = measure_rate(a, &shapes[size], &b->rate);
        if (st == EID_ENOMEM && !o->size && size > EID_SIZE_TINY)
            continue; /* larger than --memory allows */
        if (st != EID_OK)
            return st;
        b->epochs = b->rate * seconds / tokens;
        if (o->size || size == EID_SIZE_TINY || b->epochs >= FEWEST_EPOCHS)
            break;
    }
    if (b->epochs > MOST_EPOCHS)
        b->epochs = MOST_EPOCHS;
    b->size = size;
    b->steps =
        o->steps ? o->steps : (int64_t)(b->epochs * tokens / (double)shapes[size].batch_tokens);
    if (b->steps < 20)
        b->steps = 20;
    b->seconds = (double)b->steps * (double)shapes[size].batch_tokens / b->rate;
    return EID_OK;
}
