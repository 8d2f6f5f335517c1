/* test_probe.c - scoring and continuing: against double precision, each other, and any batch. */
#include "plain.h"
#include "small.h"

enum { ALL = EID_WANT_LOGP | EID_WANT_ARGMAX | EID_WANT_RANK | EID_WANT_MEAN | EID_WANT_VAR };
enum { N = 60, MAX_LEN = 150 };
static int32_t tok[N][MAX_LEN];
static eid_seq seqs[N];

/* Sequences of many lengths, scored from many places. */
static void make_sequences(int64_t vocab, int32_t longest)
{
    eid_rng rng = eid_rng_seed(21);
    for (int i = 0; i < N; i++) {
        int32_t n = 1 + (int32_t)eid_rng_below(&rng, (uint64_t)longest);
        random_tokens(tok[i], n, vocab, (uint64_t)i + 100);
        seqs[i] = (eid_seq){tok[i], n, 1 + (int32_t)eid_rng_below(&rng, (uint64_t)n)};
    }
    seqs[1].n = longest, seqs[1].from = 1;
    random_tokens(tok[1], longest, vocab, 3);
}

static void scores_are_the_definitions(void)
{
    eid_ctx *ctx = ctx_of(2);
    eid_gpt *m = small_gpt(ctx, tiny(), 3);
    double **v = plain_values(m), *z = malloc(24 * 37 * sizeof *z);
    eid_scores *s = NULL;
    int64_t V = tiny().vocab, at = 0;
    make_sequences(V, 24);
    CHECK_OK(eid_gpt_score(ctx, m, seqs, N, ALL, NULL, &s));
    CHECK(s && !s->sampler);
    for (int i = 0; i < N; i++) {
        CHECK_INT(s->start[i], at);
        plain_logits(m, v, tok[i], seqs[i].n, z);
        for (int32_t t = seqs[i].from; t < seqs[i].n; t++, at++) {
            const double *row = z + (t - 1) * V;
            double mean = 0, square = 0;
            int32_t best = 0, rank = 0;
            for (int32_t k = 0; k < V; k++) {
                double l = plain_logp(row, V, k);
                mean += exp(l) * l;
                square += exp(l) * l * l;
                best = row[k] > row[best] ? k : best;
                rank += row[k] > row[tok[i][t]];
            }
            CHECK_CLOSE(s->logp[at], plain_logp(row, V, tok[i][t]), 0, 1e-4);
            CHECK_CLOSE(s->mean[at], mean, 0, 1e-4);
            CHECK_CLOSE(s->var[at], square - mean * mean, 0, 1e-3);
            CHECK_INT(s->argmax[at], best);
            CHECK_INT(s->rank[at], rank);
        }
    }
    CHECK_INT(s->total, at);
    eid_scores_free(s);
    free(z);
    plain_free(v);
    eid_gpt_free(m);
    eid_ctx_free(ctx);
}

static bool same_row(const eid_scores *a, int64_t i, const eid_scores *b, int64_t k)
{
    return memcmp(&a->logp[i], &b->logp[k], 4) == 0 && memcmp(&a->mean[i], &b->mean[k], 4) == 0 &&
           memcmp(&a->var[i], &b->var[k], 4) == 0 &&
           memcmp(&a->sampler[i], &b->sampler[k], 4) == 0 && a->argmax[i] == b->argmax[k] &&
           a->rank[i] == b->rank[k];
}

/* All at once on 2 threads; one by one on 1; in reversed order on 5: the same bits. */
static void scores_do_not_depend_on_batch_or_threads(void)
{
    eid_ctx *one = ctx_of(1), *two = ctx_of(2), *five = ctx_of(5);
    eid_gpt *m = small_gpt(one, middling(), 3);
    eid_scores *all = NULL, *back = NULL;
    eid_seq reversed[N];
    eid_sampler sampler = {.temperature = 0.8, .top_p = 0.9, .top_k = 50, .seed = 1};
    make_sequences(middling().vocab, MAX_LEN);
    for (int i = 0; i < N; i++)
        reversed[i] = seqs[N - 1 - i];
    unsigned want = ALL | EID_WANT_SAMPLER;
    CHECK_OK(eid_gpt_score(two, m, seqs, N, want, &sampler, &all));
    CHECK_OK(eid_gpt_score(five, m, reversed, N, want, &sampler, &back));
    for (int i = 0; i < N; i++) {
        eid_scores *single = NULL;
        CHECK_OK(eid_gpt_score(one, m, &seqs[i], 1, want, &sampler, &single));
        for (int64_t k = 0; k < single->total; k++) {
            CHECK(same_row(all, all->start[i] + k, single, k));
            CHECK(same_row(back, back->start[N - 1 - i] + k, single, k));
        }
        eid_scores_free(single);
    }
    eid_scores_free(all);
    eid_scores_free(back);
    eid_gpt_free(m);
    eid_ctx_free(one);
    eid_ctx_free(two);
    eid_ctx_free(five);
}

enum { NEW = 9 };

static void prompts(int64_t vocab, int32_t longest)
{
    make_sequences(vocab, longest);
}

/* Greedy continuation is the argmax of the score of prompt and continuation, and the log
 * probabilities of both paths agree to the bit through the sampler's zeros. */
static void greedy_is_the_argmax_of_the_score(void)
{
    eid_ctx *ctx = ctx_of(2);
    eid_gpt *m = small_gpt(ctx, middling(), 8);
    static int32_t out[N * NEW];
    eid_sampler greedy = eid_sampler_greedy();
    prompts(middling().vocab, MAX_LEN);
    CHECK_OK(eid_gpt_generate(ctx, m, seqs, N, NULL, NEW, &greedy, -1, out));
    for (int i = 0; i < N; i++) {
        int32_t whole[MAX_LEN + NEW];
        eid_scores *s = NULL;
        memcpy(whole, tok[i], (size_t)seqs[i].n * sizeof *whole);
        memcpy(whole + seqs[i].n, out + i * NEW, NEW * sizeof *whole);
        eid_seq q = {whole, seqs[i].n + NEW, seqs[i].n};
        CHECK_OK(eid_gpt_score(ctx, m, &q, 1, ALL | EID_WANT_SAMPLER, &greedy, &s));
        for (int k = 0; k < NEW; k++) {
            CHECK_INT(s->argmax[k], out[i * NEW + k]);
            CHECK_INT(s->rank[k], 0);
            CHECK(s->sampler[k] == 0);
        }
        eid_scores_free(s);
    }
    eid_gpt_free(m);
    eid_ctx_free(ctx);
}

/* A prompt's continuation depends on its stream, not on its neighbours, threads or memory. */
static void continuations_do_not_depend_on_the_batch(void)
{
    eid_ctx *two = ctx_of(2), *five = ctx_of(5), *one = NULL;
    eid_ctx_opts tight = {.threads = 1, .memory = 12 << 20};
    CHECK_OK(eid_ctx_new(&one, &tight)); /* few prompts' caches fit */
    eid_gpt *m = small_gpt(two, middling(), 8);
    static int32_t all[N * NEW], few[N * NEW], single[NEW];
    int64_t id[N];
    prompts(middling().vocab, MAX_LEN);
    for (int i = 0; i < N; i++)
        id[i] = 1000 - 7 * i;
    eid_sampler samplers[] = {eid_sampler_greedy(),
                              {.temperature = 1, .top_p = 1, .seed = 5},
                              {.temperature = 0.7, .top_p = 1, .top_k = 10, .seed = 6},
                              {.temperature = 1.3, .top_p = 0.8, .top_k = 0, .seed = 7}};
    for (int s = 0; s < 4; s++) {
        CHECK_OK(eid_gpt_generate(two, m, seqs, N, id, NEW, &samplers[s], 7, all));
        CHECK_OK(eid_gpt_generate(one, m, seqs, N, id, NEW, &samplers[s], 7, few));
        CHECK(memcmp(all, few, sizeof all) == 0);
        for (int i = 0; i < N; i += 5) {
            CHECK_OK(eid_gpt_generate(five, m, &seqs[i], 1, &id[i], NEW, &samplers[s], 7, single));
            CHECK(memcmp(all + i * NEW, single, sizeof single) == 0);
        }
        for (int i = 0; i < N; i++)
            for (int k = 0; k + 1 < NEW; k++) {
                int32_t now = all[i * NEW + k], next = all[i * NEW + k + 1];
                CHECK(now >= -1 && now < 300);
                if (now == 7 || now == -1)
                    CHECK_INT(next, -1);
                else
                    CHECK(next >= 0);
            }
    }
    eid_gpt_free(m);
    eid_ctx_free(one);
    eid_ctx_free(two);
    eid_ctx_free(five);
}

/* Frequencies of the first sampled token against the sampler's own log probabilities. */
static void samples_follow_their_probabilities(void)
{
    enum { DRAWS = 4000, V = 37 };
    eid_ctx *ctx = ctx_of(2);
    eid_gpt *m = small_gpt(ctx, tiny(), 11);
    static int32_t out[DRAWS];
    static eid_seq same[DRAWS];
    int32_t prompt[5] = {1, 2, 3, 4, 5};
    eid_sampler s = {.temperature = 1.5, .top_p = 0.9, .top_k = 12, .seed = 3};
    int count[V] = {0}, kept = 0;
    double total = 0;
    for (int i = 0; i < DRAWS; i++)
        same[i] = (eid_seq){prompt, 5, 5};
    CHECK_OK(eid_gpt_generate(ctx, m, same, DRAWS, NULL, 1, &s, -1, out));
    for (int i = 0; i < DRAWS; i++)
        count[out[i]]++;
    for (int32_t t = 0; t < V; t++) {
        int32_t whole[6] = {1, 2, 3, 4, 5, t};
        eid_seq q = {whole, 6, 5};
        eid_scores *r = NULL;
        CHECK_OK(eid_gpt_score(ctx, m, &q, 1, EID_WANT_SAMPLER, &s, &r));
        double p = exp(r->sampler[0]);
        kept += p > 0;
        total += p;
        /* five standard deviations of a binomial */
        CHECK(fabs(count[t] - p * DRAWS) <= 5 * sqrt(DRAWS * p * (1 - p)) + 1e-9);
        eid_scores_free(r);
    }
    CHECK(kept > 1 && kept <= 12);
    CHECK_CLOSE(total, 1, 1e-5, 0);
    eid_gpt_free(m);
    eid_ctx_free(ctx);
}

static void bad_questions_are_refused(void)
{
    eid_ctx *ctx = ctx_of(1);
    eid_gpt *m = small_gpt(ctx, tiny(), 1);
    int32_t t[30] = {0}, out[4];
    eid_seq q = {t, 25, 1};
    eid_scores *s = NULL;
    eid_sampler hot = {.temperature = -1, .top_p = 1};
    CHECK_FAILS(eid_gpt_score(ctx, m, &q, 1, EID_WANT_LOGP, NULL, &s), EID_EINVAL, "context of 24");
    q.n = 10, q.from = 0;
    CHECK_FAILS(eid_gpt_score(ctx, m, &q, 1, EID_WANT_LOGP, NULL, &s), EID_EINVAL, "not at 0");
    q.from = 1, t[4] = 37;
    CHECK_FAILS(eid_gpt_score(ctx, m, &q, 1, EID_WANT_LOGP, NULL, &s), EID_EINVAL, "token 4 is 37");
    t[4] = 0;
    CHECK_FAILS(eid_gpt_score(ctx, m, &q, 1, EID_WANT_SAMPLER, NULL, &s), EID_EINVAL, "sampler");
    CHECK_FAILS(eid_gpt_generate(ctx, m, &q, 1, NULL, 15, NULL, -1, out), EID_EINVAL,
                "context of 24");
    CHECK_FAILS(eid_gpt_generate(ctx, m, &q, 1, NULL, 4, &hot, -1, out), EID_EINVAL, "temperature");
    q.n = 0;
    CHECK_FAILS(eid_gpt_generate(ctx, m, &q, 1, NULL, 4, NULL, -1, out), EID_EINVAL, "empty");
    CHECK(s == NULL);
    eid_ctx_cancel(ctx);
    q.n = 4;
    CHECK_FAILS(eid_gpt_generate(ctx, m, &q, 1, NULL, 4, NULL, -1, out), EID_ECANCELLED, "");
    eid_gpt_free(m);
    eid_ctx_free(ctx);
}

int main(void)
{
    RUN(scores_are_the_definitions);
    RUN(scores_do_not_depend_on_batch_or_threads);
    RUN(greedy_is_the_argmax_of_the_score);
    RUN(continuations_do_not_depend_on_the_batch);
    RUN(samples_follow_their_probabilities);
    RUN(bad_questions_are_refused);
    return DONE();
}
