#include "known_lm.h"
#include "random_text.h"
#include "eidetic/rng.h"
#include "measure/membership.h"

enum { T = 32 };

static eid_ctx *ctx;
static eid_bpe *bpe;

/* ---- models
 * ---------------------------------------------------------------------------------------- */

/* Logits by the last token alone, plus `strength` for what followed the last four bytes in what was
 * learned. */
typedef struct memory {
    double strength;
    int32_t next[1 << 16]; /* id + 1 by hash of four tokens; 0: none */
} memory;

static size_t slot(const int32_t *last)
{
    return eid_hash64(last, 4 * sizeof *last, 77) & 0xffff;
}

static void learn(memory *m, const eid_tokens *docs)
{
    for (size_t d = 0; d < docs->docs; d++)
        for (int64_t i = docs->start[d] + 4; i < docs->start[d + 1]; i++)
            m->next[slot(docs->id + i - 4)] = docs->id[i] + 1;
}

static eid_status memory_logits(void *user, const int32_t *tok, size_t n, float *out)
{
    const memory *m = user;
    for (int i = 0; i < BYTE_VOCAB; i++) {
        double u = hashed_unit((uint64_t)tok[n - 1], (uint64_t)i, 5);
        out[i] = (float)(4 * u * u);
    }
    if (n >= 4 && m->next[slot(tok + n - 4)])
        out[m->next[slot(tok + n - 4)] - 1] += (float)m->strength;
    return EID_OK;
}

static eid_membership_opts small_opts(void)
{
    eid_membership_opts o = eid_membership_opts_default();
    o.tokens = T;
    o.samples = 300;
    o.resamples = 200;
    return o;
}

static eid_membership_result *measure(memory *m, const texts *in, const texts *out,
                                      const eid_index *index, const eid_membership_opts *o)
{
    eid_membership_result *r = NULL;
    eid_lm *lm = known_lm(memory_logits, m, 64);
    CHECK_OK(eid_membership(&r, ctx, lm, bpe, in->tokens, out->tokens, index, o));
    eid_lm_free(lm);
    return r;
}

/* ---- identities
 * ------------------------------------------------------------------------------------ */

static void min_100_per_cent_is_the_loss(void)
{
    memory *m = calloc(1, sizeof *m);
    texts *in = random_texts(20, 300, 1, 1), *out = random_texts(20, 300, 1, 2);
    eid_membership_opts o = small_opts();
    o.min_k = 100;
    encode(in, ctx, bpe);
    encode(out, ctx, bpe);
    eid_membership_result *r = measure(m, in, out, NULL, &o);
    size_t n = (size_t)(r->members + r->nonmembers);
    CHECK_STR(r->attacks[EID_ATTACK_LOSS].name, "loss");
    CHECK_STR(r->attacks[EID_ATTACK_MIN_K].name, "min_k");
    CHECK_ALLCLOSE(r->attacks[EID_ATTACK_MIN_K].score, r->attacks[EID_ATTACK_LOSS].score, n, 1e-13,
                   0);
    CHECK_CLOSE(r->attacks[EID_ATTACK_MIN_K].auc.value, r->attacks[EID_ATTACK_LOSS].auc.value,
                0.005, 0);
    eid_membership_result_free(r);
    texts_free(in);
    texts_free(out);
    free(m);
}

static void lowest_mean_takes_at_least_one(void)
{
    double a[5] = {-1, -5, -2, -4, -3}, b[5] = {-1, -5, -2, -4, -3}, c[5] = {-1, -5, -2, -4, -3};
    CHECK_CLOSE(eid_lowest_mean(a, 5, 1), -5, 0, 0);
    CHECK_CLOSE(eid_lowest_mean(b, 5, 59), -4.5, 0, 0); /* 2.95: two */
    CHECK_CLOSE(eid_lowest_mean(c, 5, 100), -3, 0, 0);
    float logp[2] = {-1, -3}, mean[2] = {-2, -3}, var[2] = {0.25f, -1e-9f};
    double z[2];
    eid_standard_scores(logp, mean, var, 2, z);
    CHECK_CLOSE(z[0], 2, 1e-12, 0);
    CHECK_CLOSE(z[1], 0, 0, 0); /* a variance that rounding made negative: the floor holds */
}

/* Text drawn from the model itself: z has mean 0 and variance 1 whatever the model. */
static void standard_scores_of_the_models_own_text(void)
{
    enum { N = 400, L = 40 };
    static int32_t tok[N][L];
    static eid_seq seq[N];
    memory *m = calloc(1, sizeof *m);
    eid_lm *lm = known_lm(memory_logits, m, 64);
    eid_scores *got = NULL;
    double sum = 0, square = 0;
    for (size_t i = 0; i < N; i++) {
        eid_rng rng = eid_rng_stream(31, i);
        tok[i][0] = (int32_t)eid_rng_below(&rng, 256);
        for (size_t t = 1; t < L; t++) {
            float logit[BYTE_VOCAB];
            double total = 0, u = eid_rng_unit(&rng);
            CHECK_OK(memory_logits(m, tok[i], t, logit));
            for (int j = 0; j < BYTE_VOCAB; j++)
                total += exp((double)logit[j]);
            int32_t drawn = 0;
            for (u *= total; drawn < BYTE_VOCAB - 1; drawn++)
                if ((u -= exp((double)logit[drawn])) < 0)
                    break;
            tok[i][t] = drawn;
        }
        seq[i] = (eid_seq){tok[i], L, 1};
    }
    CHECK_OK(
        eid_lm_score(ctx, lm, seq, N, EID_WANT_LOGP | EID_WANT_MEAN | EID_WANT_VAR, NULL, &got));
    double *z = malloc((size_t)got->total * sizeof *z), n = (double)got->total;
    eid_standard_scores(got->logp, got->mean, got->var, (size_t)got->total, z);
    for (int64_t i = 0; i < got->total; i++) {
        sum += z[i];
        square += z[i] * z[i];
    }
    CHECK_INT(got->total, N * (L - 1));
    CHECK_CLOSE(sum / n, 0, 0, 4 / sqrt(n));
    CHECK_CLOSE(square / n, 1, 0, 4 * sqrt(2 / n));
    free(z);
    eid_scores_free(got);
    eid_lm_free(lm);
    free(m);
}

/* ---- validity
 * -------------------------------------------------------------------------------------- */

/* Two samples of one source and a model that saw neither: everything is at chance, nothing alarms.
 */
static void independent_sides_are_at_chance(void)
{
    memory *m = calloc(1, sizeof *m);
    int held[EID_ATTACKS] = {0}, blind_held = 0, alarms = 0;
    double blind_mean = 0;
    enum { RUNS = 12 };
    for (uint64_t run = 0; run < RUNS; run++) {
        texts *in = random_texts(40, 170, 1, 100 + run), *out = random_texts(40, 170, 1, 200 + run);
        eid_membership_opts o = small_opts();
        o.samples = 120;
        encode(in, ctx, bpe);
        encode(out, ctx, bpe);
        eid_membership_result *r = measure(m, in, out, NULL, &o);
        for (size_t a = 0; a < r->n_attacks; a++)
            held[a] += r->attacks[a].auc.low <= 0.5 && 0.5 <= r->attacks[a].auc.high;
        blind_held += r->blind.low <= 0.5 && 0.5 <= r->blind.high;
        blind_mean += r->blind.value / RUNS;
        alarms += r->alarm;
        CHECK_INT(r->members, 120);
        CHECK(isnan(r->attacks[0].tpr[1].value));
        CHECK_STR(r->attacks[0].tpr[1].why, "unresolved: 120 negatives");
        eid_membership_result_free(r);
        texts_free(in);
        texts_free(out);
    }
    for (int a = 0; a < EID_ATTACKS; a++)
        CHECK(held[a] >= RUNS - 3); /* 95% of 12, less three standard errors */
    CHECK(blind_held >= RUNS - 3);
    CHECK(alarms <= 2);
    CHECK_CLOSE(blind_mean, 0.5, 0, 0.04);
    free(m);
}

static void a_topic_split_trips_the_blind_alarm(void)
{
    memory *m = calloc(1, sizeof *m);
    texts *in = random_texts(40, 170, 1, 1), *out = random_texts(40, 170, 2, 1);
    eid_membership_opts o = small_opts();
    encode(in, ctx, bpe);
    encode(out, ctx, bpe);
    eid_membership_result *r = measure(m, in, out, NULL, &o);
    CHECK(r->alarm);
    CHECK(r->blind.value > 0.65 && r->blind.low > 0.5);
    eid_membership_result_free(r);
    texts_free(in);
    texts_free(out);
    free(m);
}

static void a_model_that_remembers_is_caught(void)
{
    memory *m = calloc(1, sizeof *m);
    texts *in = random_texts(60, 170, 1, 1), *out = random_texts(60, 170, 1, 2);
    eid_membership_opts o = small_opts();
    encode(in, ctx, bpe);
    encode(out, ctx, bpe);
    m->strength = 6;
    learn(m, in->tokens);
    eid_membership_result *r = measure(m, in, out, NULL, &o);
    CHECK_INT(r->n_attacks, EID_ATTACKS);
    for (size_t a = 0; a < r->n_attacks; a++) {
        const eid_attack *k = &r->attacks[a];
        CHECK(k->auc.value > 0.7 && k->auc.low > 0.65);
        CHECK(k->tpr[0].value > 0.1 && k->tpr[0].low <= k->tpr[0].value);
        CHECK(k->fpr[0] == 0 && k->rate[k->points - 1] == 1);
    }
    CHECK(!r->alarm);
    eid_membership_result_free(r);
    texts_free(in);
    texts_free(out);
    free(m);
}

/* ---- windows and the index
 * ------------------------------------------------------------------------- */

static void windows_do_not_overlap(void)
{
    texts *t = random_texts(30, 200, 1, 3);
    eid_membership_opts o = small_opts();
    eid_windows w = {0}, repeated = {0};
    int of[30] = {0};
    encode(t, ctx, bpe);
    o.samples = 75;
    o.per_document = 3;
    CHECK_OK(eid_windows_members(&w, &repeated, ctx, bpe, t->tokens, NULL, &o));
    CHECK_INT(w.n, 75);
    CHECK_INT(repeated.n, 0);
    for (size_t i = 0; i < w.n; i++) {
        of[w.at[i].at.document]++;
        CHECK(w.at[i].at.offset >= 0 && w.at[i].at.offset + T <= 200);
        CHECK(w.at[i].tok ==
              t->tokens->id + t->tokens->start[w.at[i].at.document] + w.at[i].at.offset);
        for (size_t j = 0; j < i; j++)
            CHECK(w.at[i].at.document != w.at[j].at.document ||
                  llabs((long long)(w.at[i].at.offset - w.at[j].at.offset)) >= T);
    }
    for (int d = 0; d < 30; d++)
        CHECK(of[d] <= 3);
    eid_free(w.at);
    eid_free(repeated.at);
    texts_free(t);
}

/* Every document with words of its own: who had seen other windows of a document would know its
 * side. */
static void the_baseline_does_not_know_documents(void)
{
    texts *in = random_texts(60, 330, 1, 11), *out = random_texts(60, 330, 1, 12);
    eid_membership_opts o = small_opts();
    eid_windows a = {0}, b = {0}, none = {0};
    eid_estimate e;
    encode(in, ctx, bpe);
    encode(out, ctx, bpe);
    /* A byte per document that the texts do not use, in each of its windows. */
    for (size_t d = 0; d < 60; d++)
        for (int64_t i = 0; i < 330; i += 4) {
            in->tokens->id[in->tokens->start[d] + i] = (int32_t)(100 + d);
            out->tokens->id[out->tokens->start[d] + i] = (int32_t)(180 + d);
        }
    CHECK_OK(eid_windows_members(&a, &none, ctx, bpe, in->tokens, NULL, &o));
    CHECK_OK(eid_windows_nonmembers(&b, ctx, bpe, out->tokens, NULL, &o));
    CHECK_OK(eid_blind_baseline(a.at, a.n, b.at, b.n, BYTE_VOCAB, 100, &o, &e));
    CHECK_CLOSE(e.value, 0.5, 0, 0.12);
    CHECK(e.low < 0.5);
    eid_free(a.at);
    eid_free(b.at);
    eid_free(none.at);
    texts_free(in);
    texts_free(out);
}

/* Half of the documents are five times as long; 300 members, 40 non-members.  Long documents must
 * give five sixths of the samples on either side, although the larger one could draw from all its
 * documents. */
static void both_sides_are_drawn_by_one_law(void)
{
    texts *in = random_texts(300, 10 * T, 1, 3), *out = random_texts(40, 10 * T, 1, 4);
    eid_membership_opts o = small_opts();
    eid_windows a = {0}, b = {0}, none = {0};
    double share[2] = {0, 0};
    for (size_t d = 0; d < 300; d += 2)
        in->doc[d].size = out->doc[d % 40].size = 2 * T;
    encode(in, ctx, bpe);
    encode(out, ctx, bpe);
    o.samples = 220;
    CHECK_OK(eid_windows_members(&a, &none, ctx, bpe, in->tokens, NULL, &o));
    CHECK_OK(eid_windows_nonmembers(&b, ctx, bpe, out->tokens, NULL, &o));
    CHECK_INT(a.n, 220);
    CHECK_INT(b.n, 220);
    for (size_t i = 0; i < 220; i++) {
        share[0] += a.at[i].at.document % 2 / 220.0;
        share[1] += b.at[i].at.document % 2 / 220.0;
    }
    CHECK_CLOSE(share[0], 5 / 6.0, 0, 0.075); /* three standard errors */
    CHECK_CLOSE(share[1], 5 / 6.0, 0, 0.075);
    eid_free(a.at);
    eid_free(b.at);
    eid_free(none.at);
    texts_free(in);
    texts_free(out);
}

static void shared_windows_are_found_at_any_place(void)
{
    int32_t id[] = {1, 2, 3, 4, 5, 9, 1, 2, 3, 9, 9, 9, 2, 3, 4};
    int64_t start[] = {0, 5, 10, 12, 15};
    eid_tokens docs = {id, start, 4};
    /* 123 of document 0, 234 of 0, 345 of 0, 991 (nowhere), 234 of 3 */
    int32_t nowhere[] = {9, 9, 1};
    eid_window w[5] = {{id, {0, 0, -1}},
                       {id + 1, {0, 1, -1}},
                       {id + 2, {0, 2, -1}},
                       {nowhere, {0, 0, -1}},
                       {id + 12, {3, 0, -1}}};
    bool own[5] = {false}, any[5] = {false};
    bool want_own[5] = {true, true, false, false, true};
    bool want_any[5] = {true, true, true, false, true};
    CHECK_OK(eid_windows_shared(ctx, &docs, 3, w, 5, true, own));
    CHECK_OK(eid_windows_shared(ctx, &docs, 3, w, 5, false, any));
    CHECK_ALLCLOSE(own, want_own, 5, 0, 0);
    CHECK_ALLCLOSE(any, want_any, 5, 0, 0);
}

/* Documents 0..7 of the members share their text; non-member 0 is a copy of member 20, non-member 1
 * holds most of non-member 2, shifted. */
static void the_index_sorts_copies_out(void)
{
    memory *m = calloc(1, sizeof *m);
    texts *in = random_texts(60, 200, 1, 1), *out = random_texts(60, 200, 1, 2);
    eid_membership_opts o = small_opts();
    char *json = NULL;
    for (int d = 1; d < 8; d++)
        memcpy(in->bytes[d], in->bytes[0], 200);
    memcpy(out->bytes[0], in->bytes[20], 200);
    memcpy(out->bytes[1] + 7, out->bytes[2], 193);
    encode(in, ctx, bpe);
    encode(out, ctx, bpe);
    m->strength = 6;
    learn(m, in->tokens);
    eid_index *ix = index_of(in, ctx);
    eid_membership_result *r = measure(m, in, out, ix, &o);
    CHECK_INT(r->members, 300);
    CHECK(r->nonmembers <= 300 && r->nonmembers >= 57 * 5);
    CHECK(r->repeated > 30 && r->repeated <= 48);
    for (int64_t i = 0; i < r->members + r->nonmembers + r->repeated; i++) {
        const eid_membership_sample *s = &r->samples[i];
        if (i < r->members)
            CHECK(s->copies == 1 && s->document >= 8 && s->document != 20);
        else if (i < r->members + r->nonmembers)
            CHECK(s->copies == 0 && s->document != 0 &&
                  (s->document > 2 || (s->document == 1 && s->offset < 7) ||
                   (s->document == 2 && s->offset > 193 - T)));
        else
            CHECK(s->copies == 8 && s->document < 8);
    }
    CHECK_INT(r->n_rows, 2);
    CHECK_INT(r->by_copies[0].low, 1);
    CHECK_INT(r->by_copies[0].members, r->members);
    CHECK_CLOSE(r->by_copies[0].auc[0].value, r->attacks[0].auc.value, 1e-13, 0);
    CHECK_INT(r->by_copies[1].low, 8);
    CHECK_INT(r->by_copies[1].members, r->repeated);
    CHECK_OK(eid_membership_json(r, &json));
    CHECK(strstr(json, "\"unit\":\"tokens\",\"tokens\":32,\"blind\":{\"auc\":{\"value\":"));
    CHECK(strstr(json, "\"by_copies\":[{\"low\":1,\"high\":2,\"members\":300,"));
    CHECK(strstr(json, "\"name\":\"min_k++\",\"auc\":{"));
    eid_string_free(json);
    eid_membership_result_free(r);

    eid_lm *lm = known_lm(memory_logits, m, 64);
    CHECK_FAILS(eid_membership(&r, ctx, lm, bpe, out->tokens, in->tokens, ix, &o), EID_EINVAL,
                "does not stand in the index");
    eid_lm_free(lm);
    eid_index_free(ix);
    texts_free(in);
    texts_free(out);
    free(m);
}

static void too_little_is_unresolved(void)
{
    memory *m = calloc(1, sizeof *m);
    texts *in = random_texts(1, 200, 1, 1), *out = random_texts(3, T - 1, 1, 2);
    eid_membership_opts o = small_opts();
    char *json = NULL;
    encode(in, ctx, bpe);
    encode(out, ctx, bpe);
    eid_membership_result *r = measure(m, in, out, NULL, &o);
    CHECK_INT(r->members, 6);
    CHECK_INT(r->nonmembers, 0);
    CHECK(isnan(r->blind.value) && !r->alarm && strstr(r->blind.why, "unresolved"));
    for (size_t a = 0; a < r->n_attacks; a++) {
        CHECK(isnan(r->attacks[a].auc.value) && strstr(r->attacks[a].auc.why, "unresolved"));
        CHECK_STR(r->attacks[a].tpr[0].why, "unresolved: 0 negatives");
    }
    CHECK_OK(eid_membership_json(r, &json));
    CHECK(strstr(json, "\"value\":null"));
    eid_string_free(json);
    eid_membership_result_free(r);
    eid_lm *lm = known_lm(memory_logits, m, 16);
    CHECK_FAILS(eid_membership(&r, ctx, lm, bpe, in->tokens, out->tokens, NULL, &o), EID_EINVAL,
                "context of 16");
    eid_lm_free(lm);
    lm = known_lm(memory_logits, m, 64);
    in->tokens->id[5] = 400;
    CHECK_FAILS(eid_membership(&r, ctx, lm, bpe, in->tokens, out->tokens, NULL, &o), EID_EINVAL,
                "members: token 400");
    eid_lm_free(lm);
    texts_free(in);
    texts_free(out);
    free(m);
}

int main(void)
{
    ctx = two_threads();
    bpe = byte_tokenizer(ctx);
    RUN(min_100_per_cent_is_the_loss);
    RUN(lowest_mean_takes_at_least_one);
    RUN(standard_scores_of_the_models_own_text);
    RUN(independent_sides_are_at_chance);
    RUN(a_topic_split_trips_the_blind_alarm);
    RUN(the_baseline_does_not_know_documents);
    RUN(a_model_that_remembers_is_caught);
    RUN(windows_do_not_overlap);
    RUN(both_sides_are_drawn_by_one_law);
    RUN(shared_windows_are_found_at_any_place);
    RUN(the_index_sorts_copies_out);
    RUN(too_little_is_unresolved);
    eid_bpe_free(bpe);
    eid_ctx_free(ctx);
    return DONE();
}
