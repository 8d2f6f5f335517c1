/* cmi_banks.c - super-samples of networks: a bank of pairs each. */
#include "base/ctx.h"
#include "eidetic/bank.h"
#include "eidetic/classifier.h"
#include "eidetic/rng.h"
#include "recipe/cmi_runs.h"
#include <inttypes.h>
#include <math.h>

eid_status cmi_runs_new(eid_cmi_runs **out, const eid_ctx *ctx, int64_t supers, int64_t masks,
                        int64_t pairs)
{
    eid_status st = EID_OK;
    eid_cmi_runs *r = NULL;
    double bytes = 25.0 * (double)supers * (double)masks * (double)pairs;

    if (bytes > (double)eid_ctx_memory(ctx))
        return eid_fail(EID_ENOMEM,
                        "cmi: %" PRId64 " x %" PRId64 " runs of %" PRId64
                        " pairs take %.3g GB, and %.3g GB may be used",
                        supers, masks, pairs, bytes / 1e9, (double)eid_ctx_memory(ctx) / 1e9);
    EID_TRY(EID_NEW(r, 1));
    *r = (eid_cmi_runs){.supers = supers, .masks = masks, .pairs = pairs};
    int64_t n = supers * masks * pairs;
    EID_TRY(EID_NEW(r->side, n));
    EID_TRY(EID_NEW(r->prediction, 2 * n));
    EID_TRY(EID_NEW(r->loss, 2 * n));
    *out = r;
    r = NULL;
done:
    eid_cmi_runs_free(r);
    return st;
}

/* ---- from banks ------------------------------------------------------------------------------ */

/* The class named by query 0: of equal logits the lowest, as the bank's own `correct` has it. */
static int32_t named(const eid_bank *b, int64_t model, int64_t example)
{
    const float *z = b->train.logits + (model * b->queries * b->train.n + example) * b->classes;
    int32_t best = 0;

    for (int64_t k = 1; k < b->classes; k++)
        if (z[k] > z[best])
            best = (int32_t)k;
    return best;
}

static void read_model(eid_cmi_runs *r, const eid_bank *b, int64_t super, int64_t model)
{
    int64_t at = (super * r->masks + model) * r->pairs;

    for (int64_t i = 0; i < r->pairs; i++)
        for (int64_t s = 0; s < 2; s++) {
            int64_t example = 2 * i + s, place = 2 * (at + i) + s;
            r->prediction[place] = named(b, model, example);
            r->loss[place] = eid_bank_bit(b->train.correct, b->train.row, model, example) ? 0 : 1;
            if (eid_bank_bit(b->masks, b->train.row, model, example))
                r->side[at + i] = (uint8_t)s;
        }
}

static eid_status check_bank(const eid_bank *b, const char *dir)
{
    if (b->opts.design != EID_BANK_PAIRS)
        return eid_fail(EID_EINVAL,
                        "%s: this bank's models were not trained on one example of each pair; "
                        "make it with --design pairs",
                        dir);
    if (!b->train.logits)
        return eid_fail(EID_EINVAL,
                        "%s: this bank does not say which class was named; make it with --outputs "
                        "logits",
                        dir);
    return EID_OK;
}

eid_status eid_cmi_runs_banks(eid_cmi_runs **out, eid_ctx *ctx, const eid_strings *dirs)
{
    eid_status st = EID_OK;
    eid_cmi_runs *r = NULL;
    eid_bank *b = NULL;

    if (!dirs->n)
        return eid_fail(EID_EINVAL, "cmi: no bank was named");
    for (size_t k = 0; k < dirs->n; k++) {
        EID_TRY(eid_bank_open(&b, ctx, dirs->at[k], NULL, NULL));
        EID_TRY(check_bank(b, dirs->at[k]));
        if (!r)
            EID_TRY(cmi_runs_new(&r, ctx, (int64_t)dirs->n, b->models, b->train.n / 2));
        if (b->models != r->masks || b->train.n / 2 != r->pairs)
            EID_TRY(eid_fail(EID_EINVAL,
                             "%s: %" PRId64 " models of %" PRId64 " pairs, where %s has %" PRId64
                             " of %" PRId64 ": super-samples must be of equal sizes",
                             dirs->at[k], b->models, b->train.n / 2, dirs->at[0], r->masks,
                             r->pairs));
        for (int64_t m = 0; m < r->masks; m++)
            read_model(r, b, (int64_t)k, m);
        eid_bank_free(b);
        b = NULL;
    }
    *out = r;
    r = NULL;
done:
    eid_bank_free(b);
    eid_cmi_runs_free(r);
    return st;
}

/* ---- trained here ---------------------------------------------------------------------------- */

static const uint64_t STREAM = UINT64_C(0x636d692d70616972); /* whose draws these are: "cmi-pair" */

/* The super-sample: 2 n places of the data in random order. */
static eid_status draw_super(eid_dataset **out, eid_ctx *ctx, const eid_dataset *data, int64_t n,
                             int64_t seed, int64_t super)
{
    eid_status st = EID_OK;
    int64_t *place = NULL;
    eid_rng rng = eid_rng_stream((uint64_t)seed, STREAM + (uint64_t)super);

    EID_TRY(EID_NEW(place, data->n));
    for (int64_t i = 0; i < data->n; i++)
        place[i] = i;
    eid_rng_shuffle(&rng, place, (size_t)data->n);
    EID_TRY(eid_dataset_pick(out, ctx, data, place, 2 * n));
done:
    eid_free(place);
    return st;
}

eid_status cmi_runs_check(eid_ctx *ctx, const eid_dataset *data,
                          const eid_classifier_opts *training, const eid_cmi_opts *o)
{
    const eid_net_shape shape = {data->channels, data->height, data->width, data->classes};
    eid_net *net = NULL;
    eid_status st;
    if (o->pairs < 1 || o->supers < 1 || o->masks < 2)
        return eid_fail(EID_EINVAL,
                        "cmi: n = %" PRId64 ", %" PRId64 " super-samples, %" PRId64
                        " masks: want 1, 1 and 2 at least",
                        o->pairs, o->supers, o->masks);
    if (o->pairs > data->n / 2)
        return eid_fail(EID_EINVAL,
                        "cmi: n = %" PRId64 " pairs are more than the %" PRId64
                        " examples of %s make",
                        o->pairs, data->n, data->name);
    st = eid_net_new(&net, ctx, training->model, &shape, 0); /* a model's text that makes sense */
    eid_net_free(net);
    return st;
}

static eid_status train_super(eid_ctx *ctx, const eid_dataset *data,
                              const eid_classifier_opts *training, const eid_cmi_opts *o,
                              int64_t super, const char *dir)
{
    eid_status st = EID_OK;
    eid_dataset *pairs = NULL;
    eid_bank_result made;
    eid_bank_opts bank = eid_bank_opts_default();
    eid_classifier_opts t = *training;
    eid_rng rng = eid_rng_stream((uint64_t)o->seed, ~STREAM - (uint64_t)super);

    t.batch = t.batch < o->pairs ? t.batch : o->pairs; /* no more than there is */
    bank.models = o->masks;
    bank.design = EID_BANK_PAIRS;
    bank.outputs = EID_BANK_LOGITS;
    bank.seed = (int64_t)(eid_rng_u64(&rng) >> 16); /* coins and trainings of its own */
    t.seed = (int64_t)(eid_rng_u64(&rng) >> 16);
    EID_TRY(draw_super(&pairs, ctx, data, o->pairs, o->seed, super));
    EID_TRY(eid_bank_make(&made, ctx, pairs, NULL, &t, &bank, NULL, dir));
done:
    eid_dataset_free(pairs);
    return st;
}

eid_status eid_cmi_runs_train(eid_cmi_runs **out, eid_ctx *ctx, const eid_dataset *data,
                              const eid_classifier_opts *training, const eid_cmi_opts *opts,
                              const char *dir)
{
    eid_status st = EID_OK;
    char **path = NULL;
    int64_t made = 0;

    EID_TRY(cmi_runs_check(ctx, data, training, opts));
    EID_TRY(EID_NEW(path, opts->supers));
    for (; made < opts->supers; made++) {
        EID_TRY(eid_format(&path[made], "%s/super-%" PRId64, dir, made));
        EID_TRY(train_super(ctx, data, training, opts, made, path[made]));
    }
    eid_strings dirs = {.at = (const char **)path, .n = (size_t)made};
    EID_TRY(eid_cmi_runs_banks(out, ctx, &dirs));
done:
    for (int64_t k = 0; path && k < opts->supers; k++)
        eid_free(path[k]);
    eid_free(path);
    return st;
}
