/* Probes: callbacks against closed forms, our decoder against the callbacks' twin, and what
 * sampling and scoring must have in common (the first acceptance check of the lm specification). */
#include "golden.h"
#include "eidetic/rng.h"

enum { VOCAB = 6, CONTEXT = 12 };
static const unsigned ALL = EID_WANT_LOGP | EID_WANT_ARGMAX | EID_WANT_RANK | EID_WANT_MEAN |
                            EID_WANT_VAR | EID_WANT_SAMPLER;

/* A model whose next token depends on the last: p(v | u) = weight[(v - u) mod 6] / 64. */
static const double weight[VOCAB] = {1, 32, 16, 8, 4, 3};

static eid_status markov(void *user, const int32_t *tok, size_t n, float *out)
{
    int *calls = user;
    ++*calls;
    for (int32_t v = 0; v < VOCAB; v++)
        out[v] = (float)(log(weight[(v - tok[n - 1] + VOCAB) % VOCAB]) + 5);
    return EID_OK;
}

static eid_lm *markov_lm(int *calls)
{
    const eid_lm_callbacks cb = {calls, VOCAB, CONTEXT, markov};
    eid_lm *lm = NULL;
    CHECK_OK(eid_lm_from_callbacks(&lm, &cb));
    return lm;
}

static void callbacks_answer_in_closed_form(void)
{
    const int32_t a[] = {0, 1, 3, 3, 2}, b[] = {5, 0};
    const eid_seq seq[] = {{a, 5, 2}, {b, 2, 1}, {b, 2, 2}};
    const int32_t step[] = {2, 0, 5, 1}; /* of a from place 2 on, and of b */
    const int32_t ranks[] = {1, 5, 4, 0};
    const eid_sampler top3 = {.temperature = 1, .top_k = 3, .top_p = 1};
    eid_ctx *ctx = golden_ctx(1);
    int calls = 0;
    eid_lm *lm = markov_lm(&calls);
    eid_scores *s = NULL;
    double mean = 0, square = 0;

    for (int i = 0; i < VOCAB; i++) {
        double logp = log(weight[i] / 64);
        mean += weight[i] / 64 * logp;
        square += weight[i] / 64 * logp * logp;
    }
    CHECK_INT(eid_lm_caps(lm), EID_LM_SCORE | EID_LM_GENERATE | EID_LM_MOMENTS);
    CHECK_INT(eid_lm_vocab(lm), VOCAB);
    CHECK_INT(eid_lm_parameters(lm), 0);
    CHECK_INT(eid_lm_bos(lm), -1);
    CHECK_OK(eid_lm_score(ctx, lm, seq, 3, ALL, &top3, &s));
    CHECK_INT(s->total, 4);
    CHECK_INT(s->start[1], 3);
    CHECK_INT(s->start[3], 4);
    CHECK_INT(calls, 4);
    for (int i = 0; i < 4; i++) {
        /* float logits near 8 and float answers: 1e-6 */
        CHECK_CLOSE(s->logp[i], log(weight[step[i]] / 64), 0, 2e-6);
        CHECK_CLOSE(s->mean[i], mean, 0, 2e-6);
        CHECK_CLOSE(s->var[i], square - mean * mean, 0, 1e-5);
        CHECK_CLOSE(s->sampler[i], weight[step[i]] >= 8 ? log(weight[step[i]] / 56) : -INFINITY, 0,
                    2e-6);
        CHECK_INT(s->rank[i], ranks[i]);
    }
    CHECK_INT(s->argmax[0], 2);
    CHECK_INT(s->argmax[1], 4);
    CHECK_INT(s->argmax[3], 0);
    eid_scores_free(s);
    CHECK_OK(eid_lm_score(ctx, lm, seq, 3, EID_WANT_RANK, NULL, &s));
    CHECK(s->rank && !s->logp && !s->argmax && !s->mean && !s->var && !s->sampler);
    eid_scores_free(s);
    eid_lm_free(lm);
    eid_ctx_free(ctx);
}

static void greedy_follows_the_likeliest_and_stops(void)
{
    const int32_t a[] = {0, 0, 2}, b[] = {5};
    const eid_seq prompt[] = {{a, 3, 1}, {b, 1, 1}};
    const int32_t want[] = {3, 4, 5, 0, 1, 0, 1, 2, 3, 4},
                  stopped[] = {3, 4, 5, 0, -1, 0, -1, -1, -1, -1};
    const eid_sampler greedy = eid_sampler_greedy();
    eid_ctx *ctx = golden_ctx(1);
    int calls = 0;
    eid_lm *lm = markov_lm(&calls);
    int32_t out[10];

    CHECK_OK(eid_lm_generate(ctx, lm, prompt, 2, NULL, 5, &greedy, -1, out));
    CHECK(!memcmp(out, want, sizeof want));
    CHECK_OK(eid_lm_generate(ctx, lm, prompt, 2, NULL, 5, &greedy, 0, out));
    CHECK(!memcmp(out, stopped, sizeof stopped));
    eid_lm_free(lm);
    eid_ctx_free(ctx);
}

static eid_status broken(void *user, const int32_t *tok, size_t n, float *out)
{
    (void)tok;
    (void)n;
    for (int v = 0; v < VOCAB; v++)
        out[v] = NAN;
    return *(eid_status *)user;
}

static void questions_that_make_no_sense_are_refused(void)
{
    const int32_t tok[CONTEXT + 1] = {0, 1, 2}, bad[] = {0, 6}, negative[] = {-1, 0};
    const eid_sampler greedy = eid_sampler_greedy();
    eid_sampler cold = greedy;
    eid_ctx *ctx = golden_ctx(1);
    int calls = 0;
    eid_lm *lm = markov_lm(&calls), *other = NULL;
    eid_scores *s = NULL;
    int32_t out[64] = {77};
    eid_status status = EID_OK;
    eid_lm_callbacks cb = {&status, VOCAB, CONTEXT, broken};

    CHECK_FAILS(eid_lm_score(ctx, lm, &(eid_seq){bad, 2, 1}, 1, 1, NULL, &s), EID_EINVAL, "6");
    CHECK_FAILS(eid_lm_score(ctx, lm, &(eid_seq){negative, 2, 1}, 1, 1, NULL, &s), EID_EINVAL,
                "-1");
    CHECK_FAILS(eid_lm_score(ctx, lm, &(eid_seq){tok, 3, 0}, 1, 1, NULL, &s), EID_EINVAL, "from");
    CHECK_FAILS(eid_lm_score(ctx, lm, &(eid_seq){tok, 3, 4}, 1, 1, NULL, &s), EID_EINVAL, "from");
    CHECK_FAILS(eid_lm_score(ctx, lm, &(eid_seq){tok, CONTEXT + 1, 1}, 1, 1, NULL, &s), EID_EINVAL,
                "context");
    CHECK_FAILS(eid_lm_score(ctx, lm, &(eid_seq){tok, 3, 1}, 1, 64, NULL, &s), EID_EINVAL, "wants");
    CHECK_FAILS(eid_lm_score(ctx, lm, &(eid_seq){tok, 3, 1}, 1, EID_WANT_SAMPLER, NULL, &s),
                EID_EINVAL, "sampler");
    CHECK_FAILS(eid_lm_generate(ctx, lm, &(eid_seq){tok, 0, 0}, 1, NULL, 2, &greedy, -1, out),
                EID_EINVAL, "empty");
    CHECK_FAILS(eid_lm_generate(ctx, lm, &(eid_seq){tok, 3, 1}, 1, NULL, 10, &greedy, -1, out),
                EID_EINVAL, "context");
    CHECK_FAILS(eid_lm_generate(ctx, lm, &(eid_seq){tok, 3, 1}, 1, NULL, -1, &greedy, -1, out),
                EID_EINVAL, "-1");
    cold.temperature = NAN;
    CHECK_FAILS(eid_lm_generate(ctx, lm, &(eid_seq){tok, 3, 1}, 1, NULL, 2, &cold, -1, out),
                EID_EINVAL, "temperature");
    cold = (eid_sampler){.temperature = 1, .top_p = 0};
    CHECK_FAILS(eid_lm_generate(ctx, lm, &(eid_seq){tok, 3, 1}, 1, NULL, 2, &cold, -1, out),
                EID_EINVAL, "top-p");
    cb.vocab = 0;
    CHECK_FAILS(eid_lm_from_callbacks(&other, &cb), EID_EINVAL, "vocabulary");
    cb.vocab = VOCAB;
    CHECK_OK(eid_lm_from_callbacks(&other, &cb));
    CHECK_FAILS(eid_lm_score(ctx, other, &(eid_seq){tok, 3, 1}, 1, 1, NULL, &s), EID_EINVAL, "NaN");
    status = EID_EIO; /* the model's own failure comes through */
    CHECK(eid_lm_generate(ctx, other, &(eid_seq){tok, 3, 1}, 1, NULL, 2, &greedy, -1, out) ==
          EID_EIO);
    CHECK(!s);
    CHECK_INT(out[0], 77);
    eid_lm_free(lm);
    eid_lm_free(other);
    eid_ctx_free(ctx);
}

/* ---- our decoder -------------------------------------------------------------------------------
 */

/* The golden decoder seen from outside: its logits, up to a constant, are its own log-probabilities
 * of every token.  What the twin works out from them in double must be what the decoder says
 * itself. */
typedef struct around {
    eid_ctx *ctx;
    eid_lm *lm;
    int32_t vocab;
} around;

static eid_status ask_around(void *user, const int32_t *tok, size_t n, float *out)
{
    around *a = user;
    eid_seq seq[64];
    int32_t(*row)[32] = calloc(64, sizeof *row);
    eid_scores *s = NULL;
    for (int32_t v = 0; v < a->vocab; v++) {
        memcpy(row[v], tok, n * sizeof *tok);
        row[v][n] = v;
        seq[v] = (eid_seq){row[v], (int32_t)n + 1, (int32_t)n};
    }
    eid_status st = eid_lm_score(a->ctx, a->lm, seq, (size_t)a->vocab, EID_WANT_LOGP, NULL, &s);
    if (st == EID_OK)
        memcpy(out, s->logp, (size_t)a->vocab * sizeof *out);
    eid_scores_free(s);
    free(row);
    return st;
}

typedef struct pair {
    golden g;
    around a;
    eid_lm *twin;
} pair;

static pair pair_open(void)
{
    pair p = {.g = golden_open("gpt2-tiny")};
    p.a = (around){golden_ctx(2), NULL, p.g.vocab};
    CHECK_OK(eid_lm_open(&p.a.lm, p.a.ctx, p.g.dir));
    return p;
}

static void pair_close(pair *p)
{
    eid_lm_free(p->twin);
    eid_lm_free(p->a.lm);
    eid_ctx_free(p->a.ctx);
    eid_free(p->g.bytes);
}

static void decoder_and_twin_agree(void)
{
    const eid_sampler samplers[] = {
        {.temperature = 1, .top_p = 1},     {.temperature = 0.7, .top_p = 1, .top_k = 5},
        {.temperature = 1.3, .top_p = 0.8}, {.temperature = 0.9, .top_p = 0.7, .top_k = 9},
        {.temperature = 0, .top_p = 1},
    };
    pair p = pair_open();
    const eid_lm_callbacks cb = {&p.a, p.g.vocab, 24, ask_around};
    eid_seq seq[2] = {{p.g.token, 20, 1}, {p.g.token + 20, 20, 5}};
    CHECK_OK(eid_lm_from_callbacks(&p.twin, &cb));
    for (size_t i = 0; i < sizeof samplers / sizeof *samplers; i++) {
        eid_scores *ours = NULL, *twins = NULL;
        int32_t out[2][8];
        CHECK_OK(eid_lm_score(p.a.ctx, p.a.lm, seq, 2, ALL, &samplers[i], &ours));
        CHECK_OK(eid_lm_score(p.a.ctx, p.twin, seq, 2, ALL, &samplers[i], &twins));
        size_t n = (size_t)ours->total;
        CHECK_INT(n, 34);
        CHECK_ALLCLOSE(ours->logp, twins->logp, n, 1e-5, 1e-5);
        CHECK_ALLCLOSE(ours->mean, twins->mean, n, 1e-5, 1e-5);
        CHECK_ALLCLOSE(ours->var, twins->var, n, 1e-4, 1e-5);
        CHECK_ALLCLOSE(ours->sampler, twins->sampler, n, 1e-5, 1e-5);
        CHECK_ALLCLOSE(ours->argmax, twins->argmax, n, 0, 0);
        CHECK_ALLCLOSE(ours->rank, twins->rank, n, 0, 0);
        eid_scores_free(ours);
        eid_scores_free(twins);
        eid_seq prompt[2] = {{p.g.token, 6, 1}, {p.g.token + 20, 9, 1}};
        CHECK_OK(eid_lm_generate(p.a.ctx, p.a.lm, prompt, 2, NULL, 8, &samplers[i], -1, out[0]));
        CHECK_OK(eid_lm_generate(p.a.ctx, p.twin, prompt, 1, NULL, 8, &samplers[i], -1, out[1]));
        CHECK(!memcmp(out[0], out[1], sizeof out[0])); /* same stream, same draws, alone or not */
    }
    pair_close(&p);
}

/* A string is greedily extractable just when, teacher-forced, every token is the likeliest. */
static void greedy_is_teacher_forced_argmax(void)
{
    enum { PROMPTS = 60, NEW = 6 };
    pair p = pair_open();
    const eid_sampler greedy = eid_sampler_greedy();
    eid_rng r = eid_rng_seed(8);
    static int32_t tok[2 * PROMPTS][10 + NEW], out[2 * PROMPTS][NEW];
    eid_seq prompt[2 * PROMPTS], whole[2 * PROMPTS];
    eid_scores *s = NULL;
    int extractable = 0;

    for (int i = 0; i < 2 * PROMPTS; i++) {
        for (int t = 0; t < 10; t++)
            tok[i][t] = (int32_t)eid_rng_below(&r, (uint64_t)p.g.vocab);
        prompt[i] = (eid_seq){tok[i], 10, 1};
        whole[i] = (eid_seq){tok[i], 10 + NEW, 10};
    }
    CHECK_OK(eid_lm_generate(p.a.ctx, p.a.lm, prompt, 2 * PROMPTS, NULL, NEW, &greedy, -1, out[0]));
    for (int i = 0; i < 2 * PROMPTS; i++) { /* half as it comes, half with one token changed */
        memcpy(&tok[i][10], out[i], sizeof out[i]);
        if (i >= PROMPTS)
            tok[i][10 + i % NEW] = (tok[i][10 + i % NEW] + 1) % p.g.vocab;
    }
    CHECK_OK(eid_lm_score(p.a.ctx, p.a.lm, whole, 2 * PROMPTS, EID_WANT_ARGMAX, NULL, &s));
    for (int i = 0; s && i < 2 * PROMPTS; i++) {
        bool same = !memcmp(&tok[i][10], out[i], sizeof out[i]);
        bool argmax = !memcmp(&tok[i][10], s->argmax + s->start[i], sizeof out[i]);
        CHECK(same == argmax);
        extractable += same;
    }
    CHECK_INT(extractable, PROMPTS);
    eid_scores_free(s);
    pair_close(&p);
}

/* Sampled n times, a continuation of probability p_z comes up Binomial(n, p_z) often: within 4.5
 * standard deviations, for any model and sampler. */
static void hits_match(eid_ctx *ctx, eid_lm *lm, const eid_sampler *sampler, const int32_t *tok,
                       int32_t n_prompt, int fresh)
{
    enum { DRAWS = 2000 };
    int32_t *out = calloc(DRAWS * (size_t)fresh, sizeof *out), whole[32];
    eid_seq *prompt = calloc(DRAWS, sizeof *prompt), seq = {whole, n_prompt + fresh, n_prompt};
    eid_scores *s = NULL;
    for (int i = 0; i < DRAWS; i++)
        prompt[i] = (eid_seq){tok, n_prompt, 1};
    CHECK_OK(eid_lm_generate(ctx, lm, prompt, DRAWS, NULL, fresh, sampler, -1, out));
    for (int pick = 0; pick < 12; pick++) { /* z: the first draws, likely ones among them */
        int hits = 0;
        double log_p = 0;
        memcpy(whole, tok, (size_t)n_prompt * sizeof *tok);
        memcpy(whole + n_prompt, out + pick * fresh, (size_t)fresh * sizeof *out);
        CHECK_OK(eid_lm_score(ctx, lm, &seq, 1, EID_WANT_SAMPLER, sampler, &s));
        for (int64_t t = 0; s && t < s->total; t++)
            log_p += s->sampler[t];
        eid_scores_free(s);
        for (int i = 12; i < DRAWS; i++) /* not those that chose z */
            hits += !memcmp(out + i * fresh, whole + n_prompt, (size_t)fresh * sizeof *out);
        double mean = (DRAWS - 12) * exp(log_p);
        CHECK_CLOSE(hits, mean, 0, 4.5 * sqrt(mean * (1 - exp(log_p))) + 1);
    }
    free(out);
    free(prompt);
}

static void sampled_hits_are_binomial(void)
{
    static const eid_sampler samplers[] = {
        {.temperature = 1, .top_p = 1, .seed = 1},
        {.temperature = 0.5, .top_p = 1, .top_k = 3, .seed = 2},
        {.temperature = 0.8, .top_p = 0.6, .seed = 3},
        {.temperature = 0.6, .top_p = 0.9, .top_k = 4, .seed = 4},
    };
    const int32_t tok[] = {1, 4, 2};
    pair p = pair_open();
    int calls = 0;
    eid_lm *outside = markov_lm(&calls);
    for (size_t i = 0; i < sizeof samplers / sizeof *samplers; i++) {
        hits_match(p.a.ctx, p.a.lm, &samplers[i], p.g.token, 8, 2);
        hits_match(p.a.ctx, outside, &samplers[i], tok, 3, 2);
    }
    eid_lm_free(outside);
    pair_close(&p);
}

/* A prompt keeps its continuation whoever stands beside it, if it keeps its id. */
static void ids_carry_the_draws(void)
{
    const eid_sampler s = {.temperature = 1, .top_p = 1, .seed = 11};
    pair p = pair_open();
    int calls = 0;
    eid_lm *lms[2] = {p.a.lm, markov_lm(&calls)};
    for (int k = 0; k < 2; k++) {
        static const int32_t tok[] = {1, 4, 2, 0, 5};
        eid_seq prompt[40];
        int64_t id[40];
        int32_t out[40][5], alone[5];
        int different = 0;
        for (int i = 0; i < 40; i++) {
            prompt[i] = (eid_seq){tok, 1 + i % 5, 1};
            id[i] = 100 - i;
        }
        CHECK_OK(eid_lm_generate(p.a.ctx, lms[k], prompt, 40, id, 5, &s, -1, out[0]));
        for (int i = 0; i < 40; i += 7) {
            CHECK_OK(eid_lm_generate(p.a.ctx, lms[k], &prompt[i], 1, &id[i], 5, &s, -1, alone));
            CHECK(!memcmp(alone, out[i], sizeof alone));
            different += i >= 5 && memcmp(out[i], out[i % 5], sizeof alone) != 0;
        }
        CHECK(different >= 3);
    }
    eid_lm_free(lms[1]);
    pair_close(&p);
}

int main(void)
{
    RUN(callbacks_answer_in_closed_form);
    RUN(greedy_follows_the_likeliest_and_stops);
    RUN(questions_that_make_no_sense_are_refused);
    RUN(decoder_and_twin_agree);
    RUN(greedy_is_teacher_forced_argmax);
    RUN(sampled_hits_are_binomial);
    RUN(ids_carry_the_draws);
    return DONE();
}
