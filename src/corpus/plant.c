/* plant.c - strings with known numbers of copies, among the documents of a corpus. */
#include "corpus/corpus.h"
#include "corpus/ledger.h"
#include "corpus/passages.h"
#include "corpus/plan.h"
#include "corpus/secrets.h"
#include "eidetic/rng.h"
#include "par/par.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

eid_plant_opts eid_plant_opts_default(void)
{
    return (eid_plant_opts){
        .budget = 0.03, .max_copies = 256, .tokens = 64, .digits = 4, .nulls = 2000, .seed = 1};
}

const eid_opt eid_plant_opt_table[] = {
    {EID_OPT_F64, "budget", offsetof(eid_plant_opts, budget), 1e-6, 0.5,
     "most tokens that may be planted, as a share of all", NULL, 0},
    {EID_OPT_I64, "max-copies", offsetof(eid_plant_opts, max_copies), 1, 1 << 20,
     "strings are planted 1, 2, 4 ... times, up to this", NULL, 0},
    {EID_OPT_I64, "tokens", offsetof(eid_plant_opts, tokens), 4, 4096,
     "length of a passage and of a random string", NULL, 0},
    {EID_OPT_I64, "digits", offsetof(eid_plant_opts, digits), 1, 15, "digits of a secret", NULL, 0},
    {EID_OPT_I64, "nulls", offsetof(eid_plant_opts, nulls), 0, 1e7,
     "secrets that are never planted", NULL, 0},
    {EID_OPT_I64, "seed", offsetof(eid_plant_opts, seed), 0, 1e15, "random seed", NULL, 0},
    {0},
};

/* Of the tokens that may be planted: passages carry the claim about extraction, secrets the one
 * about exposure, random strings show what needs no text at all. */
static const double PASSAGES = 0.75, SECRETS = 0.15, RANDOM = 0.10;
enum { LEAST_PASSAGE_BUCKETS = 4, LEAST_PASSAGES = 2, LEAST_SECRETS = 2 };

typedef struct planting {
    eid_ctx *ctx;
    const eid_corpus *train, *donors;
    const eid_bpe *bpe;
    const eid_plant_opts *opts;
    int64_t budget; /* tokens */
    int64_t left;   /* of them */
    eid_ledger *ledger;
    eid_arena scratch;
    eid_canary *string; /* of one kind, before they are in the ledger */
    size_t n;
} planting;

/* ---- counting tokens ------------------------------------------------------------------------- */

enum { BATCH = 256 };

typedef struct counting {
    const eid_corpus *c;
    const eid_bpe *bpe;
    size_t first;
    int64_t n[BATCH];
} counting;

static eid_status count_one(void *arg, int64_t task, int worker)
{
    counting *t = arg;
    eid_document d = eid_corpus_doc(t->c, t->first + (size_t)task);
    int32_t *ids = NULL;
    size_t n = 0;
    eid_status st = eid_bpe_encode(t->bpe, d.bytes, d.size, false, &ids, &n);

    (void)worker;
    t->n[task] = (int64_t)n;
    eid_ids_free(ids);
    return st;
}

static eid_status count_tokens(eid_ctx *ctx, const eid_bpe *bpe, const eid_corpus *c, int64_t *sum)
{
    counting t = {.c = c, .bpe = bpe};
    size_t docs = eid_corpus_size(c);
    eid_status st = EID_OK;

    *sum = 0;
    for (; t.first < docs; t.first += BATCH) {
        size_t n = docs - t.first < BATCH ? docs - t.first : BATCH;
        EID_TRY(eid_par_for(ctx, (int64_t)n, count_one, &t));
        for (size_t i = 0; i < n; i++)
            *sum += t.n[i];
        EID_TRY(
            eid_tick(ctx, "counting tokens", "documents", (int64_t)(t.first + n), (int64_t)docs));
    }
done:
    return st;
}

static eid_status text_tokens(const eid_bpe *bpe, const eid_canary *c, int64_t *n)
{
    int32_t *ids = NULL;
    size_t count = 0;
    eid_status st = eid_bpe_encode(bpe, c->text, c->size, false, &ids, &count);

    eid_ids_free(ids);
    *n = (int64_t)count;
    return st;
}

/* ---- the three kinds ------------------------------------------------------------------------- */

/* Room for n strings of one kind; those before are done with. */
static eid_status begin_kind(planting *p, size_t n)
{
    eid_free(p->string);
    p->string = NULL;
    p->n = n;
    eid_arena_free(&p->scratch);
    return EID_NEW(p->string, n);
}

/* The strings in their order: the first n[0] once, the next n[1] twice, and so on; the rest never.
 */
static eid_status enter(planting *p, const int64_t *n, int buckets)
{
    size_t at = 0;
    eid_status st = EID_OK;

    for (int b = 0; b < buckets; b++)
        for (int64_t i = 0; i < n[b]; i++)
            p->string[at++].copies = (int64_t)1 << b;
    for (size_t i = 0; i < p->n; i++) {
        p->string[i].id = (int64_t)p->ledger->n;
        EID_TRY(eid_ledger_add(p->ledger, &p->string[i]));
    }
done:
    return st;
}

static int least_buckets(const eid_plant_opts *o)
{
    int b = 0;
    while (b < LEAST_PASSAGE_BUCKETS && ((int64_t)1 << b) <= o->max_copies)
        b++;
    return b;
}

/* The found ones come best first: which of them is planted how often must not depend on that. */
static void shuffle(eid_canary *c, size_t n, uint64_t seed)
{
    eid_rng rng = eid_rng_stream(seed, 4);
    for (size_t i = n; i > 1; i--) {
        size_t j = eid_rng_below(&rng, i);
        eid_canary t = c[j];
        c[j] = c[i - 1];
        c[i - 1] = t;
    }
}

/* Two passages a bucket where that fits, for one says little; else one. */
static int plan_passages(int64_t *n, int64_t share, const eid_plant_opts *o, int64_t most)
{
    int buckets = eid_plan(n, share, o->tokens, o->max_copies, LEAST_PASSAGES, most);

    if (buckets < least_buckets(o))
        buckets = eid_plan(n, share, o->tokens, o->max_copies, 1, most);
    return buckets;
}

static eid_status plant_passages(planting *p)
{
    const eid_plant_opts *o = p->opts;
    int64_t n[EID_BUCKETS] = {0}, share = (int64_t)(PASSAGES * (double)p->budget), want;
    int least = least_buckets(o), buckets = plan_passages(n, share, o, INT64_MAX);
    size_t found;
    eid_status st = EID_OK;

    if (buckets < least) { /* the claim comes first */
        share = p->left;
        buckets = plan_passages(n, share, o, INT64_MAX);
    }
    if (buckets < least)
        return eid_fail(EID_EINVAL,
                        "only %" PRId64 " tokens may be planted (budget %g): a passage of %" PRId64
                        " tokens at 1 to %d copies takes %" PRId64,
                        p->budget, o->budget, o->tokens, 1 << (least - 1),
                        o->tokens * ((1 << least) - 1));
    want = eid_plan_strings(n, buckets);
    eid_free(p->string);
    p->string = NULL;
    EID_TRY(eid_find_passages(&p->string, &found, (size_t)want, p->ctx, p->train, p->donors, p->bpe,
                              o));
    if ((int64_t)found < want)
        buckets = plan_passages(n, share, o, (int64_t)found);
    if (buckets < least) {
        st = eid_fail(EID_EINVAL,
                      "the donors hold %zu passages of %" PRId64 " tokens that do not stand in the "
                      "training text; %d are wanted at least",
                      found, o->tokens, least);
        goto done;
    }
    shuffle(p->string, found, (uint64_t)o->seed);
    p->n = (size_t)eid_plan_strings(n, buckets);
    EID_TRY(enter(p, n, buckets));
    p->left -= eid_plan_copies(n, buckets) * o->tokens;
done:
    return st;
}

static int64_t at_most(double share, const planting *p)
{
    int64_t n = (int64_t)(share * (double)p->budget);
    return n < p->left ? n : p->left;
}

/* Two secrets a bucket where that fits, else one, else fewer buckets. */
static int plan_secrets(int64_t *n, int64_t share, int64_t cost, int64_t max_copies)
{
    int64_t one[EID_BUCKETS] = {0};
    int buckets = eid_plan(n, share, cost, max_copies, LEAST_SECRETS, INT64_MAX);
    int more = eid_plan(one, share, cost, max_copies, 1, INT64_MAX);

    if (more > buckets) {
        for (int b = 0; b < more; b++)
            n[b] = one[b];
        buckets = more;
    }
    return buckets;
}

/* All secrets, planted or not, are drawn alike, so that a null differs from them in its copies
 * alone. */
static eid_status plant_secrets(planting *p)
{
    const eid_plant_opts *o = p->opts;
    int64_t n[EID_BUCKETS] = {0}, share = at_most(SECRETS, p), cost = 1, tokens;
    int buckets = plan_secrets(n, share, 1, o->max_copies);
    int64_t planted;
    eid_status st = EID_OK;

    /* How many fit depends on what they cost, which is known when they are drawn: a sample tells.
     */
    EID_TRY(begin_kind(p, 64));
    EID_TRY(eid_make_secrets(p->string, p->n, &p->scratch, p->ctx, p->train, o));
    for (size_t i = 0; i < p->n; i++) {
        EID_TRY(text_tokens(p->bpe, &p->string[i], &tokens));
        cost = tokens > cost ? tokens : cost;
    }
    for (;;) {
        int64_t dearest = 0;
        buckets = plan_secrets(n, share, cost, o->max_copies);
        planted = eid_plan_strings(n, buckets);
        EID_TRY(begin_kind(p, (size_t)(planted + o->nulls)));
        EID_TRY(eid_make_secrets(p->string, p->n, &p->scratch, p->ctx, p->train, o));
        for (int64_t i = 0; i < planted; i++) {
            EID_TRY(text_tokens(p->bpe, &p->string[i], &tokens));
            dearest = tokens > dearest ? tokens : dearest;
        }
        if (dearest <= cost)
            break;
        cost = dearest;
    }
    EID_TRY(enter(p, n, buckets));
    p->left -= eid_plan_copies(n, buckets) * cost;
done:
    return st;
}

static eid_status plant_random(planting *p)
{
    const eid_plant_opts *o = p->opts;
    int64_t n[EID_BUCKETS] = {0};
    int buckets = eid_plan(n, at_most(RANDOM, p), o->tokens, o->max_copies, 1, INT64_MAX);
    eid_status st = EID_OK;

    if (!buckets)
        return EID_OK;
    EID_TRY(begin_kind(p, (size_t)eid_plan_strings(n, buckets)));
    EID_TRY(eid_make_random(p->string, p->n, &p->scratch, p->ctx, p->train, p->bpe, o));
    EID_TRY(enter(p, n, buckets));
    p->left -= eid_plan_copies(n, buckets) * o->tokens;
done:
    return st;
}

/* ---- among the others ------------------------------------------------------------------------ */

typedef struct copy {
    int64_t id, number; /* number: from 1 */
} copy;

static eid_status list_copies(const eid_ledger *l, copy **out, size_t *n)
{
    copy *list = NULL;
    size_t cap = 0, k = 0;
    eid_status st = EID_OK;

    for (size_t i = 0; i < l->n; i++)
        for (int64_t j = 1; j <= l->at[i].copies; j++) {
            EID_TRY(EID_GROW(list, &cap, k + 1));
            list[k++] = (copy){l->at[i].id, j};
        }
    *out = list;
    *n = k;
    list = NULL;
done:
    eid_free(list);
    return st;
}

/* The copies in random order, at places among the documents of `train` (which keep their order)
 * such that every interleaving is equally likely. */
static eid_status mix(const planting *p, eid_corpus *c)
{
    eid_rng rng = eid_rng_stream((uint64_t)p->opts->seed, 5);
    size_t docs = eid_corpus_size(p->train), n = 0, at = 0, next = 0;
    const uint8_t **bytes = NULL;
    copy *list = NULL;
    eid_status st = EID_OK;

    EID_TRY(list_copies(p->ledger, &list, &n));
    for (size_t i = n; i > 1; i--) {
        size_t j = eid_rng_below(&rng, i);
        copy t = list[j];
        list[j] = list[i - 1];
        list[i - 1] = t;
    }
    EID_TRY(EID_NEW(bytes, p->ledger->n));
    EID_TRY(EID_GROW(c->doc, &c->doc_cap, docs + n));
    while (at < docs || next < n) {
        char name[64];
        uint8_t *kept;
        if (eid_rng_below(&rng, docs - at + n - next) < docs - at) {
            EID_TRY(eid_corpus_push(c, eid_corpus_doc(p->train, at++)));
            continue;
        }
        const copy *k = &list[next++];
        const eid_canary *canary = &p->ledger->at[k->id];
        if (!bytes[k->id]) {
            EID_TRY(eid_arena_copy(&c->arena, canary->text, canary->size, &kept));
            bytes[k->id] = kept;
        }
        snprintf(name, sizeof name, "planted/%" PRId64 "#%" PRId64, k->id, k->number);
        EID_TRY(eid_arena_copy(&c->arena, name, strlen(name) + 1, &kept));
        EID_TRY(eid_corpus_push(c, (eid_document){(const char *)kept, bytes[k->id], canary->size}));
    }
done:
    eid_free(bytes);
    eid_free(list);
    return st;
}

static eid_status check_opts(const eid_plant_opts *o)
{
    for (const eid_opt *row = eid_plant_opt_table; row->type; row++) {
        const char *field = (const char *)o + row->offset;
        double x =
            row->type == EID_OPT_F64 ? *(const double *)field : (double)*(const int64_t *)field;
        if (!(x >= row->min && x <= row->max))
            return eid_fail(EID_EINVAL, "%s: %g is not in [%g, %g]", row->name, x, row->min,
                            row->max);
    }
    return EID_OK;
}

eid_status eid_plant(eid_corpus **planted, eid_ledger **ledger, eid_ctx *ctx,
                     const eid_corpus *train, const eid_corpus *donors, const eid_bpe *bpe,
                     const eid_plant_opts *opts)
{
    eid_plant_opts defaults = eid_plant_opts_default();
    planting p = {.ctx = ctx, .train = train, .donors = donors, .bpe = bpe};
    eid_corpus *c = NULL;
    int64_t tokens;
    eid_status st = EID_OK;

    p.opts = opts ? opts : &defaults;
    EID_TRY(check_opts(p.opts));
    EID_TRY(EID_NEW(p.ledger, 1));
    EID_TRY(EID_NEW(c, 1));
    c->arena.limit = (size_t)eid_ctx_memory(ctx);
    EID_TRY(count_tokens(ctx, bpe, train, &tokens));
    /* planted <= budget (training + planted) */
    p.budget = (int64_t)floor(p.opts->budget / (1 - p.opts->budget) * (double)tokens);
    p.left = p.budget;
    if (donors)
        EID_TRY(plant_passages(&p));
    EID_TRY(plant_secrets(&p));
    EID_TRY(plant_random(&p));
    EID_TRY(mix(&p, c));
    *planted = c;
    *ledger = p.ledger;
    c = NULL;
    p.ledger = NULL;
done:
    eid_free(p.string);
    eid_arena_free(&p.scratch);
    eid_ledger_free(p.ledger);
    eid_corpus_free(c);
    return st;
}
