/* bank_plan.c - options of a bank, and who is trained on what: pure functions of the seed. */
#include "base/hash.h"
#include "eidetic/rng.h"
#include "par/par.h"
#include "train/bank.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

eid_bank_opts eid_bank_opts_default(void)
{
    return (eid_bank_opts){.models = 200, .fraction = 0.7, .groups = 10, .queries = 1, .seed = 1};
}

#define ROW(type, name, field, min, max, help, words, flags)                               \
    {                                                                                      \
        EID_OPT_##type, name, offsetof(eid_bank_opts, field), min, max, help, words, flags \
    }
const eid_opt eid_bank_opt_table[] = {
    ROW(I64, "models", models, 1, 1 << 24, "how many models", NULL, 0),
    ROW(ENUM, "design", design, 0, 3, "how the examples of each are drawn",
        "fraction|half|pairs|groups", 0),
    ROW(F64, "fraction", fraction, 0, 1,
        "share of the examples a model is trained on; of the models that train on an example "
        "(half)",
        NULL, 0),
    ROW(I64, "groups", groups, 2, 1 << 30, "parts of which each model leaves out one (groups)",
        NULL, 0),
    ROW(ENUM, "outputs", outputs, 0, 1, "what is kept of each example", "scores|logits", 0),
    ROW(I64, "queries", queries, 1, 1024, "times it is asked about, all but the first augmented",
        NULL, 0),
    ROW(BOOL, "keep-weights", keep_weights, 0, 0, "keep the models, too", NULL, 0),
    ROW(STR, "then", then, 0, 0,
        "steps after a model's training: prune:magnitude=0.5,finetune:epochs=1:lr=0.01", NULL, 0),
    ROW(I64, "seed", seed, 0, 1e15, "random seed of parts and trainings", NULL, 0),
    {0}};
#undef ROW

static eid_status check(const eid_bank_opts *o, int64_t n)
{
    if (o->models < 1 || o->design < 0 || o->design > EID_BANK_GROUPS || o->queries < 1 ||
        o->queries > 1024 || o->outputs < 0 || o->outputs > EID_BANK_LOGITS)
        return eid_fail(EID_EINVAL, "bank: %" PRId64 " models, %" PRId64 " queries make no sense",
                        o->models, o->queries);
    if (!(o->fraction > 0 && o->fraction <= 1))
        return eid_fail(EID_EINVAL, "bank: a fraction of %g is not above 0 and at most 1",
                        o->fraction);
    if (o->design == EID_BANK_HALF && floor(o->fraction * (double)o->models) < 1)
        return eid_fail(EID_EINVAL, "bank: a fraction of %g of %" PRId64 " models is none",
                        o->fraction, o->models);
    if (o->design == EID_BANK_PAIRS && n % 2)
        return eid_fail(EID_EINVAL, "bank: %" PRId64 " examples do not make pairs", n);
    if (o->design == EID_BANK_GROUPS && (o->groups < 2 || o->groups > n))
        return eid_fail(EID_EINVAL, "bank: %" PRId64 " examples do not make %" PRId64 " groups", n,
                        o->groups);
    return EID_OK;
}

typedef struct drawing {
    const eid_bank_opts *o;
    int64_t n, row;
    uint8_t *masks;
    int64_t *order; /* of each worker; of the groups: group of each example */
    int64_t room;
} drawing;

static void set_bit(const drawing *d, int64_t model, int64_t i)
{
    d->masks[model * d->row + i / 8] |= (uint8_t)(1u << i % 8);
}

static void shuffled(uint64_t seed, uint64_t stream, int64_t *order, int64_t n)
{
    eid_rng rng = eid_rng_stream(seed, stream);
    for (int64_t i = 0; i < n; i++)
        order[i] = i;
    eid_rng_shuffle(&rng, order, (size_t)n);
}

/* One model's examples. */
static eid_status draw_model(void *arg, int64_t k, int worker)
{
    const drawing *d = arg;
    uint64_t seed = (uint64_t)d->o->seed;

    if (d->o->design == EID_BANK_FRACTION) {
        int64_t *order = d->order + worker * d->room;
        int64_t take = (int64_t)llround(d->o->fraction * (double)d->n);
        shuffled(seed, (uint64_t)k, order, d->n);
        for (int64_t i = 0; i < (take < 1 ? 1 : take); i++)
            set_bit(d, k, order[i]);
    } else if (d->o->design == EID_BANK_PAIRS) {
        eid_rng rng = eid_rng_stream(seed, (uint64_t)k);
        for (int64_t i = 0; i < d->n; i += 2)
            set_bit(d, k, i + (int64_t)eid_rng_below(&rng, 2));
    } else {
        for (int64_t i = 0; i < d->n; i++)
            if (d->order[i] != k % d->o->groups)
                set_bit(d, k, i);
    }
    return EID_OK;
}

/* Eight examples' models, which share their bytes with no others. */
static eid_status draw_eight(void *arg, int64_t byte, int worker)
{
    const drawing *d = arg;
    int64_t *order = d->order + worker * d->room;
    int64_t take = (int64_t)floor(d->o->fraction * (double)d->o->models);

    for (int64_t i = byte * 8; i < d->n && i < byte * 8 + 8; i++) {
        shuffled((uint64_t)d->o->seed, (uint64_t)i, order, d->o->models);
        for (int64_t k = 0; k < take; k++)
            set_bit(d, order[k], i);
    }
    return EID_OK;
}

eid_status eid_bank_masks(eid_ctx *ctx, const eid_bank_opts *o, int64_t n, uint8_t *masks)
{
    eid_status st = EID_OK;
    drawing d = {.o = o, .n = n, .row = (n + 7) / 8, .masks = masks};

    EID_TRY(check(o, n));
    d.room = n > o->models ? n : o->models;
    memset(masks, 0, (size_t)(o->models * d.row));
    EID_TRY(EID_NEW(d.order, d.room * eid_ctx_threads(ctx)));
    if (o->design == EID_BANK_GROUPS) {
        int64_t *place = d.order + 0;
        shuffled((uint64_t)o->seed, 0, place, n);
        for (int64_t i = 0; i < n; i++) /* place in the shuffled row, modulo groups */
            place[i] %= o->groups;
    }
    EID_TRY(o->design == EID_BANK_HALF ? eid_par_for(ctx, d.row, draw_eight, &d)
                                       : eid_par_for(ctx, o->models, draw_model, &d));
done:
    eid_free(d.order);
    return st;
}

eid_status bank_identity(const bank_plan *p, char hex[65])
{
    static const char what[] = "eidetic bank, order 2"; /* other draws or files, a new number */
    eid_status st = EID_OK;
    eid_sha256 *h = NULL;
    char training[65];
    char *json = NULL, *steps = NULL;

    EID_TRY(eid_fit_identity(p->training, p->set[0], p->set[1], training));
    EID_TRY(eid_opts_json(eid_bank_opt_table, p->opts, &json));
    EID_TRY(bank_steps_json(&p->steps, &steps));
    EID_TRY(eid_sha256_new(&h));
    eid_sha256_add(h, what, sizeof what);
    eid_sha256_add(h, training, sizeof training);
    eid_sha256_add(h, json, strlen(json) + 1);
    eid_sha256_add(h, steps, strlen(steps) + 1);
    eid_sha256_hex(h, hex);
done:
    eid_sha256_free(h);
    eid_string_free(json);
    eid_string_free(steps);
    return st;
}
