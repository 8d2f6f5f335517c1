/* test_twins.c - EID_KERNELS=ref runs the whole decoder on the double-precision twins. */
#include "plain.h"
#include "small.h"

static void everything_runs_on_the_twins(void)
{
    enum { B = 2, T = 13 };
    eid_ctx *ctx = ctx_of(2);
    eid_gpt *m = small_gpt(ctx, tiny(), 3);
    int32_t x[B * T], y[B * T], out[6];
    double **v = plain_values(m), loss;
    eid_batch b = {.rows = B, .cols = T, .x = x, .y = y};
    eid_param *p;
    size_t n = eid_gpt_params(m, &p);

    CHECK_STR(eid_kernels(), "ref");
    random_tokens(x, B * T, tiny().vocab, 1);
    random_tokens(y, B * T, tiny().vocab, 2);
    CHECK_OK(eid_gpt_loss(m, ctx, &b, true, &loss));
    CHECK_CLOSE(loss, plain_loss(m, v, &b), 1e-6, 0);
    for (size_t i = 0; i < n; i++) {
        double h = 1e-5, was = v[i][1], want = 0;
        for (int sign = 1; sign >= -1; sign -= 2) {
            v[i][1] = was + sign * h;
            want += sign * plain_loss(m, v, &b) / (2 * h);
        }
        v[i][1] = was;
        CHECK_CLOSE(p[i].gradient[1], want, 1e-4, 1e-6);
    }
    eid_seq q = {x, 7, 7};
    CHECK_OK(eid_gpt_generate(ctx, m, &q, 1, NULL, 6, NULL, -1, out));
    for (int k = 0; k < 6; k++) {
        eid_scores *s = NULL;
        memcpy(x + 7, out, sizeof out);
        eid_seq whole = {x, 13, 7};
        CHECK_OK(eid_gpt_score(ctx, m, &whole, 1, EID_WANT_ARGMAX, NULL, &s));
        CHECK_INT(s->argmax[k], out[k]);
        eid_scores_free(s);
    }
    plain_free(v);
    eid_gpt_free(m);
    eid_ctx_free(ctx);
}

int main(void)
{
    setenv("EID_KERNELS", "ref", 1); /* read once, when the first kernel is asked for */
    RUN(everything_runs_on_the_twins);
    return DONE();
}
