/* What transformers answered for the same files: log-probabilities of every token after every
 * prefix, and greedy continuations. */
#include "golden.h"

/* log softmax of a row, in double. */
static double log_sum(const float *z, int32_t n)
{
    double top = -INFINITY, sum = 0;
    for (int32_t v = 0; v < n; v++)
        top = z[v] > top ? z[v] : top;
    for (int32_t v = 0; v < n; v++)
        sum += exp(z[v] - top);
    return top + log(sum);
}

/* Logits are seen through the probe: every token of the vocabulary is scored after every prefix. */
static void compare_logits(const golden *g, eid_ctx *ctx, eid_lm *lm)
{
    size_t n = 0, most = (size_t)(g->rows * (g->cols - 1) * g->vocab);
    int32_t *tok = malloc(most * (size_t)g->cols * sizeof *tok);
    eid_seq *seq = malloc(most * sizeof *seq);
    double *want = malloc(most * sizeof *want);
    eid_scores *s = NULL;

    for (int32_t r = 0; r < g->rows; r++)
        for (int32_t t = 1; t < g->cols; t++) {
            const float *z = g->logits + ((int64_t)r * g->cols + t - 1) * g->vocab;
            for (int32_t v = 0; v < g->vocab; v++, n++) {
                int32_t *to = tok + n * (size_t)g->cols;
                memcpy(to, g->token + r * g->cols, (size_t)t * sizeof *to);
                to[t] = v;
                seq[n] = (eid_seq){to, t + 1, t};
                want[n] = z[v] - log_sum(z, g->vocab);
            }
        }
    CHECK_OK(eid_lm_score(ctx, lm, seq, n, EID_WANT_LOGP, NULL, &s));
    if (s)
        CHECK_ALLCLOSE(s->logp, want, n, 0, 1e-4); /* float against double, logits up to 10 */
    eid_scores_free(s);
    free(tok);
    free(seq);
    free(want);
}

static void compare_wants(const golden *g, eid_ctx *ctx, eid_lm *lm)
{
    unsigned want = EID_WANT_LOGP | EID_WANT_ARGMAX | EID_WANT_RANK | EID_WANT_MEAN | EID_WANT_VAR;
    eid_scores *s = NULL;
    eid_seq seq[8];
    for (int32_t r = 0; r < g->rows; r++)
        seq[r] = (eid_seq){g->token + r * g->cols, g->cols, 1};
    CHECK_OK(eid_lm_score(ctx, lm, seq, (size_t)g->rows, want, NULL, &s));
    for (int32_t r = 0; s && r < g->rows; r++)
        for (int32_t t = 1; t < g->cols; t++) {
            const float *z = g->logits + ((int64_t)r * g->cols + t - 1) * g->vocab;
            int64_t at = s->start[r] + t - 1;
            double sum = log_sum(z, g->vocab), mean = 0, square = 0;
            int32_t target = seq[r].tok[t], argmax = 0, rank = 0;
            for (int32_t v = 0; v < g->vocab; v++) {
                double logp = z[v] - sum;
                mean += exp(logp) * logp;
                square += exp(logp) * logp * logp;
                argmax = z[v] > z[argmax] ? v : argmax;
                rank += z[v] > z[target];
            }
            CHECK_CLOSE(s->logp[at], z[target] - sum, 0, 1e-4);
            CHECK_CLOSE(s->mean[at], mean, 0, 1e-4);
            CHECK_CLOSE(s->var[at], square - mean * mean, 0, 1e-3); /* of squares up to 100 */
            CHECK_INT(s->argmax[at], argmax);
            CHECK_INT(s->rank[at], rank);
        }
    eid_scores_free(s);
}

static void compare_greedy(const golden *g, eid_ctx *ctx, eid_lm *lm)
{
    eid_sampler greedy = eid_sampler_greedy();
    int32_t out[64];
    eid_seq prompt[8];
    for (int32_t r = 0; r < g->rows; r++)
        prompt[r] = (eid_seq){g->token + r * g->cols, g->cols / 2, 1};
    CHECK_OK(eid_lm_generate(ctx, lm, prompt, (size_t)g->rows, NULL, g->fresh, &greedy, -1, out));
    for (int32_t i = 0; i < g->rows * g->fresh; i++)
        CHECK_INT(out[i], g->greedy[i]);
}

static void compare(const char *name)
{
    golden g = golden_open(name);
    eid_ctx *ctx = golden_ctx(2);
    eid_lm *lm = NULL;

    CHECK_OK(eid_lm_open(&lm, ctx, g.dir));
    if (lm && g.bytes) {
        CHECK_INT(eid_lm_vocab(lm), g.vocab);
        CHECK_INT(eid_lm_context(lm), 24);
        CHECK_INT(eid_lm_bos(lm), 0);
        CHECK_INT(eid_lm_parameters(lm), 53 * 24 + 24 * 24 + 2 * (12 * 24 * 24 + 13 * 24) + 2 * 24);
        compare_logits(&g, ctx, lm);
        compare_wants(&g, ctx, lm);
        compare_greedy(&g, ctx, lm);
    }
    eid_lm_free(lm);
    eid_ctx_free(ctx);
    eid_free(g.bytes);
}

static void f32_agrees_with_transformers(void)
{
    compare("gpt2-tiny");
}

static void f16_agrees_with_transformers(void)
{
    compare("gpt2-tiny-f16");
}

static void bf16_agrees_with_transformers(void)
{
    compare("gpt2-tiny-bf16");
}

int main(void)
{
    RUN(f32_agrees_with_transformers);
    RUN(f16_agrees_with_transformers);
    RUN(bf16_agrees_with_transformers);
    return DONE();
}
