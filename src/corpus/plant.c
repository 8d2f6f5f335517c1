#include "eidetic/plant.h"
#include "corpus/ledger.h"
#include "corpus/passages.h"
#include "corpus/plan.h"
#include "corpus/secrets.h"
#include "eidetic/rng.h"
#include <inttypes.h>
#include <stdio.h>

/* How the budget is shared out: passages carry the claim. */
static const double PASSAGES = 0.75, SECRETS = 0.15, RANDOM = 0.10;
enum { SECRET_TOKENS = 20, MOST_STRINGS = 4000, STREAM_PLACES = 0x706c61 };

eid_plant_opts eid_plant_opts_default(void)
{
    return (eid_plant_opts){
        .budget = 0.03, .max_copies = 256, .tokens = 64, .digits = 4, .nulls = 2000, .seed = 1
    };
}

#define FIELD(f) offsetof(eid_plant_opts, f)
const eid_opt eid_plant_opt_table[] = {
    {EID_OPT_F64, "budget", FIELD(budget), 0, 0.5,
     "most tokens that may be planted, as a share of the training tokens", NULL, 0},
    {EID_OPT_I64, "max-copies", FIELD(max_copies), 1, 1 << 20,
     "strings are planted 1, 2, 4 ... times, up to this", NULL, 0},
    {EID_OPT_I64, "tokens", FIELD(tokens), 8, 4096, "of a passage and of a random string", NULL, 0},
    {EID_OPT_I64, "digits", FIELD(digits), 2, 9, "of a secret: the space is 10^digits", NULL, 0},
    {EID_OPT_I64, "nulls", FIELD(nulls), 0, 1000000, "secrets that are never planted", NULL, 0},
    {EID_OPT_I64, "seed", FIELD(seed), 0, 1e15, "random seed", NULL, 0},
    {0},
};
#undef FIELD

/* One kind of string: how many in each bucket, and the strings. */
typedef struct kind {
    int64_t plan[EID_BUCKETS];
    int buckets;
    size_t want;
    eid_canary *at;
} kind;

static void plan_kind(kind *k, double share, int64_t tokens, int64_t cost, int64_t least,
                      const eid_plant_opts *o)
{
    k->buckets = eid_plan(k->plan, (int64_t)(share * (double)tokens), cost, o->max_copies, least,
                          MOST_STRINGS);
    k->want = k->buckets ? (size_t)eid_plan_strings(k->plan, k->buckets) : 0;
}

/* Adds the strings bucket by bucket, rarest copies last: where fewer were found than planned, it is the
 * buckets of few copies, which have most strings, that go short. */
static eid_status add_kind(eid_ledger *l, const kind *k, size_t found)
{
    size_t next = 0;

    for (int b = k->buckets - 1; b >= 0; b--)
        for (int64_t i = 0; i < k->plan[b] && next < found; i++) {
            eid_canary c = k->at[next++];
            c.copies = (int64_t)1 << b;
            eid_status st = eid_ledger_add(l, &c);
            if (st != EID_OK)
                return st;
        }
    return EID_OK;
}

static eid_status count_tokens(eid_ctx *ctx, const eid_bpe *bpe, const eid_corpus *c, int64_t *n)
{
    eid_tokens *t = NULL;
    eid_status st = eid_bpe_encode_corpus(&t, ctx, bpe, c);

    if (st == EID_OK)
        *n = t->start[t->docs];
    eid_tokens_free(t);
    return st;
}

static eid_status make_strings(eid_ledger *l, eid_arena *arena, eid_ctx *ctx, const eid_corpus *train,
                               const eid_corpus *donors, const eid_bpe *bpe,
                               const eid_plant_opts *o)
{
    eid_status st = EID_OK;
    kind passages = {0}, secrets = {0}, random = {0};
    int64_t tokens = 0;
    size_t found = 0, nulls = (size_t)o->nulls;

    EID_TRY(count_tokens(ctx, bpe, train, &tokens));
    /* Shares are of the tokens after planting: b / (1 - b) of those before. */
    tokens = (int64_t)((double)tokens * o->budget / (1 - o->budget));
    plan_kind(&passages, PASSAGES, tokens, o->tokens, 1, o);
    plan_kind(&secrets, SECRETS, tokens, SECRET_TOKENS, 2, o);
    plan_kind(&random, RANDOM, tokens, o->tokens, 1, o);
    int wanted = o->max_copies >= 8 ? 4 : o->max_copies >= 4 ? 3 : o->max_copies >= 2 ? 2 : 1;
    if (passages.buckets < wanted) {
        st = eid_fail(EID_EINVAL,
                      "the training text is too short to plant into: %g of it is %" PRId64
                      " tokens, and a passage in each bucket up to 8 copies takes %" PRId64,
                      o->budget, tokens, (int64_t)((double)(15 * o->tokens) / PASSAGES));
        goto done;
    }
    EID_TRY(eid_find_passages(&passages.at, &found, passages.want, ctx, train, donors, bpe, o));
    if (!found) {
        st = eid_fail(EID_EINVAL, "no passage of %" PRId64 " tokens was found to plant: the donors' text "
                                  "is too short, or all of it stands in the training text",
                      o->tokens);
        goto done;
    }
    EID_TRY(EID_NEW(secrets.at, secrets.want + nulls));
    EID_TRY(eid_make_secrets(secrets.at, secrets.want + nulls, arena, ctx, train, o));
    EID_TRY(EID_NEW(random.at, random.want));
    EID_TRY(eid_make_random(random.at, random.want, arena, ctx, train, bpe, o));
    EID_TRY(add_kind(l, &passages, found));
    EID_TRY(add_kind(l, &random, random.want));
    EID_TRY(add_kind(l, &secrets, secrets.want));
    for (size_t i = 0; i < nulls; i++) {
        eid_canary c = secrets.at[secrets.want + i];
        c.copies = 0;
        EID_TRY(eid_ledger_add(l, &c));
    }
done:
    eid_free(passages.at);
    eid_free(secrets.at);
    eid_free(random.at);
    return st;
}

/* Puts each copy at a uniformly random place: the documents, old and planted, in an order in which the old
 * ones keep theirs. */
static eid_status place(eid_corpus **planted, const eid_ledger *l, const eid_corpus *train,
                        uint64_t seed)
{
    eid_status st = EID_OK;
    size_t old = eid_corpus_size(train), copies = 0, n, at = 0;
    eid_document *doc = NULL, *all = NULL;
    int64_t *order = NULL;
    uint8_t *is_planted = NULL;
    eid_rng rng = eid_rng_stream(seed, STREAM_PLACES);
    char(*name)[64] = NULL;

    for (size_t i = 0; i < l->n; i++)
        copies += (size_t)l->at[i].copies;
    n = old + copies;
    EID_TRY(EID_NEW(doc, copies));
    EID_TRY(EID_NEW(name, copies));
    EID_TRY(EID_NEW(all, n));
    EID_TRY(EID_NEW(order, copies > n ? copies : n));
    EID_TRY(EID_NEW(is_planted, n));
    for (size_t i = 0; i < l->n; i++)
        for (int64_t c = 0; c < l->at[i].copies; c++, at++) {
            snprintf(name[at], sizeof *name, "planted/%" PRId64 "#%" PRId64, l->at[i].id, c + 1);
            doc[at] = (eid_document){name[at], l->at[i].text, l->at[i].size};
        }
    for (size_t i = 0; i < n; i++)
        order[i] = (int64_t)i;
    eid_rng_shuffle(&rng, order, n);
    for (size_t i = 0; i < copies; i++)
        is_planted[order[i]] = 1;
    for (size_t i = 0; i < copies; i++)
        order[i] = (int64_t)i;
    eid_rng_shuffle(&rng, order, copies);
    for (size_t i = 0, o = 0, p = 0; i < n; i++)
        all[i] = is_planted[i] ? doc[order[p++]] : eid_corpus_doc(train, o++);
    EID_TRY(eid_corpus_from(planted, all, n));
done:
    eid_free(doc);
    eid_free(name);
    eid_free(all);
    eid_free(order);
    eid_free(is_planted);
    return st;
}

eid_status eid_plant(eid_corpus **planted, eid_ledger **ledger, eid_ctx *ctx,
                     const eid_corpus *train, const eid_corpus *donors, const eid_bpe *bpe,
                     const eid_plant_opts *opts)
{
    eid_status st = EID_OK;
    eid_ledger *l = NULL;
    eid_arena arena = {0};

    EID_TRY(EID_NEW(l, 1));
    EID_TRY(make_strings(l, &arena, ctx, train, donors, bpe, opts));
    EID_TRY(place(planted, l, train, (uint64_t)opts->seed));
    *ledger = l;
    l = NULL;
done:
    eid_ledger_free(l);
    eid_arena_free(&arena);
    return st;
}
