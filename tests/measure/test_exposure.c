/* Secrets of four digits in "vault {}.": the model below is indifferent to the digits, and puts the
 * whole Px into the full stop after them, so that the test decides which candidate is how likely.
 */
#include "known_lm.h"
#include "eidetic/rng.h"
#include "base/memory.h"
#include "corpus/ledger.h"
#include "measure/exposure.h"

enum { SPACE = 10000 };

typedef struct vault {
    byte_ids ids;
    double cost[SPACE]; /* -log p(full stop | the digits) */
} vault;

static eid_ctx *ctx;
static eid_bpe *bpe;
static vault v;

/* The place of x in the order of costs, from 0: a permutation that has nothing to do with x's
 * digits. */
static int64_t place_of(int64_t x)
{
    return (x * 7919 + 13) % SPACE;
}

static void set_costs(double spread)
{
    v.ids = ids_of_bytes(bpe);
    for (int64_t x = 0; x < SPACE; x++)
        v.cost[x] = 4 + spread * normal_quantile(((double)place_of(x) + 0.5) / SPACE);
}

static int digit(const vault *m, int32_t tok)
{
    int byte = m->ids.byte[tok];
    return byte >= '0' && byte <= '9' ? byte - '0' : -1;
}

static eid_status vault_logits(void *user, const int32_t *tok, size_t n, float *out)
{
    const vault *m = user;
    int64_t x = 0;
    size_t digits = 0;
    while (digits < 4 && digits < n && digit(m, tok[n - 1 - digits]) >= 0)
        digits++;
    for (int i = 0; i < BYTE_VOCAB; i++)
        out[i] = digits < 4 ? 0 : -40;
    if (digits < 4)
        return EID_OK;
    for (size_t i = n - 4; i < n; i++)
        x = x * 10 + digit(m, tok[i]);
    out[m->ids.id['.']] = (float)-m->cost[x];
    out[m->ids.id[' ']] = (float)log(-expm1(-m->cost[x]));
    return EID_OK;
}

/* ---- ledgers
 * --------------------------------------------------------------------------------------- */

typedef struct entry {
    int64_t secret, copies;
} entry;

/* Not by way of a file: its reader would refuse what the measure must refuse too. */
static eid_ledger *ledger_of(const char *tmpl, const entry *at, size_t n)
{
    eid_ledger *l = NULL;
    CHECK_OK(EID_NEW(l, 1));
    for (size_t i = 0; i < n; i++) {
        char secret[24];
        snprintf(secret, sizeof secret, "%04" PRId64, at[i].secret);
        eid_canary c = {(int64_t)i, EID_CANARY_SECRET, tmpl, secret, (const uint8_t *)"-",
                        1,          at[i].copies,      -1};
        CHECK_OK(eid_ledger_add(l, &c));
    }
    eid_canary other = {(int64_t)n, EID_CANARY_RANDOM, "", "", (const uint8_t *)"x", 1, 4, -1};
    CHECK_OK(eid_ledger_add(l, &other));
    return l;
}

/* `nulls` distinct secrets at random, after the `planted` ones that stand in at[] already. */
static void add_nulls(entry *at, size_t planted, size_t nulls, uint64_t seed)
{
    static int64_t order[SPACE];
    eid_rng rng = eid_rng_seed(seed);
    for (int64_t i = 0; i < SPACE; i++)
        order[i] = i;
    eid_rng_shuffle(&rng, order, SPACE);
    for (size_t i = 0, n = planted; n < planted + nulls; i++) {
        bool used = false;
        for (size_t p = 0; p < planted; p++)
            used = used || at[p].secret == order[i];
        if (!used)
            at[n++] = (entry){order[i], 0};
    }
}

static eid_exposure_result *measure(const eid_ledger *l, int64_t method, int64_t rivals)
{
    eid_lm *lm = known_lm(vault_logits, &v, 32);
    eid_exposure_opts o = eid_exposure_opts_default();
    eid_exposure_result *r = NULL;
    o.method = method;
    o.rivals = rivals;
    o.resamples = 200;
    CHECK_OK(eid_exposure(&r, ctx, lm, bpe, l, &o));
    eid_lm_free(lm);
    return r;
}

/* ---- tests
 * ----------------------------------------------------------------------------------------- */

/* Costs are known, so every rank is: the place among all, less the planted ones that are likelier.
 */
static void exact_ranks_are_the_known_ones(void)
{
    entry at[60] = {{1, 1}, {4711, 2}, {9999, 8}, {17, 8}};
    set_costs(0.4);
    add_nulls(at, 4, 56, 1);
    eid_ledger *l = ledger_of("vault {}.", at, 60);
    eid_exposure_result *r = measure(l, EID_EXPOSURE_AUTO, 1000);
    CHECK_INT(r->n_canaries, 60);
    for (size_t i = 0; i < r->n_canaries; i++) {
        const eid_exposed *c = &r->canaries[i];
        int64_t rank = place_of(at[i].secret) + 1;
        for (int p = 0; p < 4; p++)
            rank -= place_of(at[p].secret) < place_of(at[i].secret);
        CHECK_INT(c->canary, i);
        CHECK_INT(c->copies, at[i].copies);
        CHECK_INT(c->rank, rank);
        CHECK_CLOSE(c->bits, log2((SPACE - 4 + (i < 4)) / (double)rank), 1e-12, 0);
        CHECK(c->method == EID_EXPOSURE_EXACT);
        /* end, "vault ", digits: each one of 257; then the full stop. */
        CHECK_CLOSE(c->nats, 10 * log(257) + v.cost[at[i].secret], 1e-5, 0);
    }
    CHECK_CLOSE(r->space_bits, log2(SPACE), 1e-12, 0);
    CHECK_INT(r->n_rows, 3);
    CHECK_INT(r->rows[2].copies, 8);
    CHECK_INT(r->rows[2].canaries, 2);
    CHECK_CLOSE(r->rows[2].bits.value, 0.5 * (r->canaries[2].bits + r->canaries[3].bits), 1e-12, 0);
    eid_exposure_result_free(r);
    eid_ledger_free(l);
}

static void ties_speak_against_the_secret(void)
{
    entry at[3] = {{0, 4}, {5, 0}, {9, 0}};
    set_costs(0.4);
    for (int x = 0; x < SPACE; x++)
        v.cost[x] = x < 10 ? 1 : 2; /* ten share the first place */
    eid_ledger *l = ledger_of("vault {}.", at, 3);
    eid_exposure_result *r = measure(l, EID_EXPOSURE_EXACT, 1000);
    CHECK_INT(r->canaries[0].rank, 10);
    CHECK_INT(r->canaries[1].rank, 9); /* the planted one is no rival */
    CHECK_INT(r->canaries[2].rank, 9);
    eid_exposure_result_free(r);
    for (int x = 0; x < SPACE; x++)
        v.cost[x] = 2;
    r = measure(l, EID_EXPOSURE_SAMPLED, 1000);
    CHECK_INT(r->canaries[0].rank, 1001); /* a model that knows nothing exposes nothing */
    CHECK_CLOSE(r->canaries[0].bits, 0, 0, 0);
    eid_exposure_result_free(r);
    eid_ledger_free(l);
}

/* 2,500 secrets that were never planted, and 200 that were and are known by heart, so that a rank
 * among all would push every null down. */
static void nulls_average_1_44_bits_by_each_method(void)
{
    static entry at[2700];
    set_costs(0.4);
    for (int i = 0; i < 200; i++) {
        at[i] = (entry){i * 49 + 3, 64};
        v.cost[at[i].secret] = 0.5;
    }
    add_nulls(at, 200, 2500, 2);
    eid_ledger *l = ledger_of("vault {}.", at, 2700);
    for (int64_t method = EID_EXPOSURE_EXACT; method <= EID_EXPOSURE_SKEW_NORMAL; method++) {
        eid_exposure_result *r = measure(l, method, 4000);
        CHECK_CLOSE(r->null.value, 1 / log(2), 0, 0.1);
        CHECK(r->null.low < 1 / log(2) && 1 / log(2) < r->null.high);
        CHECK_INT(r->null.n, 2500);
        int above_3 = 0;
        for (size_t i = 200; i < 2700; i++)
            above_3 += r->canaries[i].bits > 3;
        CHECK_CLOSE(above_3 / 2500.0, 0.125, 0, 0.02); /* P(exposure > e) = 2^-e; three errors */
        CHECK(r->rows[0].bits.value > (method == EID_EXPOSURE_SAMPLED ? 11.9 : 13.2));
        eid_exposure_result_free(r);
    }
    eid_ledger_free(l);
}

static void methods_agree_where_ranks_are_resolved(void)
{
    static entry at[1500];
    set_costs(0.4);
    add_nulls(at, 0, 1500, 3);
    eid_ledger *l = ledger_of("vault {}.", at, 1500);
    eid_exposure_result *exact = measure(l, EID_EXPOSURE_EXACT, 6000);
    eid_exposure_result *sampled = measure(l, EID_EXPOSURE_SAMPLED, 6000);
    eid_exposure_result *fitted = measure(l, EID_EXPOSURE_SKEW_NORMAL, 6000);
    int compared = 0;
    for (size_t i = 0; i < 1500; i++) {
        CHECK_INT(fitted->canaries[i].rank, -1);
        if (sampled->canaries[i].rank <= 10 || exact->canaries[i].rank <= 10)
            continue;
        compared++;
        CHECK_CLOSE(sampled->canaries[i].bits, exact->canaries[i].bits, 0, 0.5);
        CHECK_CLOSE(fitted->canaries[i].bits, exact->canaries[i].bits, 0, 0.5);
    }
    CHECK(compared > 1480);
    CHECK(exact->fit.ks_p > 0.05);
    eid_exposure_result_free(exact);
    eid_exposure_result_free(sampled);
    eid_exposure_result_free(fitted);
    eid_ledger_free(l);
}

/* A space too large to rank: a secret ahead of all rivals is extrapolated, but never past the
 * space. */
static void the_first_of_a_sample_is_extrapolated(void)
{
    entry at[3] = {{1234, 8}, {4321, 64}, {777, 0}};
    set_costs(0.4);
    v.cost[1234] = 4 - 0.4 * 3.6; /* Phi(-3.6) = 1.59e-4: 12.6 bits */
    v.cost[4321] = 0.01;
    v.cost[777] = 4;
    eid_ledger *l = ledger_of("vault {}.", at, 3);
    eid_lm *lm = known_lm(vault_logits, &v, 32);
    eid_exposure_opts o = eid_exposure_opts_default();
    eid_exposure_result *r = NULL;
    o.exact = 100;
    o.rivals = 500;
    CHECK_OK(eid_exposure(&r, ctx, lm, bpe, l, &o));
    CHECK(r->canaries[0].method == EID_EXPOSURE_SKEW_NORMAL && r->canaries[0].rank == 1);
    CHECK_CLOSE(r->canaries[0].bits, 12.6, 0, 1.5);
    CHECK_CLOSE(r->canaries[1].bits, log2(SPACE), 1e-12, 0);
    CHECK(r->canaries[2].method == EID_EXPOSURE_SAMPLED);
    eid_exposure_result_free(r);
    o.method = EID_EXPOSURE_EXACT;
    CHECK_FAILS(eid_exposure(&r, ctx, lm, bpe, l, &o), EID_EINVAL, "more than exact = 100");
    eid_lm_free(lm);
    eid_ledger_free(l);
}

static void json_has_the_contract(void)
{
    entry at[2] = {{1, 1}, {2, 0}};
    char *json = NULL;
    set_costs(0.4);
    eid_ledger *l = ledger_of("vault {}.", at, 2);
    eid_exposure_result *r = measure(l, EID_EXPOSURE_AUTO, 100);
    CHECK_OK(eid_exposure_json(r, &json));
    CHECK(strstr(json, "\"space_bits\":13.2877"));
    CHECK(strstr(json, "\"null\":{\"value\":"));
    CHECK(strstr(json, "\"by_copies\":[{\"copies\":1,\"canaries\":1,\"bits\":{"));
    CHECK(strstr(json, "\"canaries\":[{\"id\":0,\"copies\":1,\"rank\":"));
    CHECK(strstr(json, "\"method\":\"exact\""));
    eid_string_free(json);
    eid_exposure_result_free(r);
    eid_ledger_free(l);
}

static void refuse(const char *tmpl, entry a, entry b, const char *part)
{
    entry at[2] = {a, b};
    eid_ledger *l = ledger_of(tmpl, at, 2);
    eid_lm *lm = known_lm(vault_logits, &v, 12);
    eid_exposure_opts o = eid_exposure_opts_default();
    eid_exposure_result *r = NULL;
    CHECK_FAILS(eid_exposure(&r, ctx, lm, bpe, l, &o), EID_EINVAL, part);
    eid_lm_free(lm);
    eid_ledger_free(l);
}

static void nonsense_is_refused(void)
{
    refuse("vault {} {}.", (entry){1, 1}, (entry){2, 1}, "must hold \"{}\" once");
    refuse("vault {}.", (entry){1, 1}, (entry){20000, 1}, "canary 1: its secret has 5 digits");
    refuse("vault {}.", (entry){1, 1}, (entry){-20, 1}, "canary 1: its secret is not all digits");
    refuse("a longer vault {}.", (entry){1, 1}, (entry){2, 1}, "the model's context is 12");
    eid_ledger *l = ledger_of("vault {}.", NULL, 0);
    eid_lm *lm = known_lm(vault_logits, &v, 32);
    eid_exposure_opts o = eid_exposure_opts_default();
    eid_exposure_result *r = NULL;
    CHECK_FAILS(eid_exposure(&r, ctx, lm, bpe, l, &o), EID_EINVAL, "no secrets");
    eid_lm_free(lm);
    eid_ledger_free(l);
}

static void draws_are_distinct_and_leave_out_what_is_taken(void)
{
    eid_space space = {"{}", 0, 3, 1000};
    uint64_t taken[3] = {0, 500, 999}, x[1000];
    bool seen[1000] = {false};
    size_t n = 1000, early = 0;
    eid_space_draw(&space, taken, 3, 9, x, &n);
    CHECK_INT(n, 997);
    for (size_t i = 0; i < n; i++) {
        CHECK(x[i] < 1000 && !seen[x[i]] && x[i] != 0 && x[i] != 500 && x[i] != 999);
        seen[x[i]] = true;
        early += i < 300 && x[i] < 500;
    }
    CHECK(early > 115 && early < 185); /* 150, four standard errors */
    space.size = UINT64_C(1000000000000000000);
    n = 1000;
    eid_space_draw(&space, taken, 3, 9, x, &n);
    CHECK_INT(n, 1000);
    for (size_t i = 1; i < n; i++)
        CHECK(x[i] < space.size && x[i] != x[i - 1]);
}

int main(void)
{
    ctx = two_threads();
    bpe = byte_tokenizer(ctx);
    RUN(exact_ranks_are_the_known_ones);
    RUN(ties_speak_against_the_secret);
    RUN(nulls_average_1_44_bits_by_each_method);
    RUN(methods_agree_where_ranks_are_resolved);
    RUN(the_first_of_a_sample_is_extrapolated);
    RUN(json_has_the_contract);
    RUN(nonsense_is_refused);
    RUN(draws_are_distinct_and_leave_out_what_is_taken);
    eid_bpe_free(bpe);
    eid_ctx_free(ctx);
    return DONE();
}
