/* test_gpt.c - the decoder's loss and gradients against double precision; threads; the optimizer.
 */
#include "plain.h"
#include "small.h"

enum { B = 3, T = 21 };
static int32_t x[4096], y[4096];
static float weight[4096];

static eid_batch batch_of(int64_t rows, int64_t cols, int64_t vocab)
{
    random_tokens(x, rows * cols, vocab, 5);
    random_tokens(y, rows * cols, vocab, 6);
    for (int64_t i = 0; i < rows * cols; i++) {
        weight[i] = 0.25f * (float)(1 + i % 5);
        if (i % 11 == 3)
            y[i] = -1;
    }
    return (eid_batch){.rows = rows, .cols = cols, .x = x, .y = y, .weight = weight};
}

static void loss_is_the_definition(void)
{
    eid_ctx *ctx = ctx_of(2);
    eid_gpt_config shapes[] = {tiny(), middling()};
    for (int s = 0; s < 2; s++) {
        eid_gpt *m = small_gpt(ctx, shapes[s], 3);
        double **v = plain_values(m), loss = 0;
        for (int64_t cols = 1; cols <= shapes[s].context; cols += s ? 53 : 4) {
            eid_batch b = batch_of(B, cols, shapes[s].vocab);
            CHECK_OK(eid_gpt_loss(m, ctx, &b, false, &loss));
            CHECK_CLOSE(loss, plain_loss(m, v, &b), 2e-6, 0); /* float sums of 64 terms */
        }
        plain_free(v);
        eid_gpt_free(m);
    }
    eid_ctx_free(ctx);
}

/* Central differences of the double-precision loss; h is small against weights of size 0.2. */
static void gradient_is_the_derivative(void)
{
    eid_ctx *ctx = ctx_of(2);
    eid_gpt *m = small_gpt(ctx, tiny(), 4);
    eid_param *p;
    size_t n = eid_gpt_params(m, &p);
    double **v = plain_values(m), loss;
    eid_batch b = batch_of(B, T, tiny().vocab);

    CHECK(p[0].gradient == NULL);
    CHECK_OK(eid_gpt_loss(m, ctx, &b, true, &loss));
    for (size_t i = 0; i < n; i++) {
        int64_t size = p[i].rows * p[i].cols;
        eid_rng rng = eid_rng_stream(9, i);
        for (int k = 0; k < 12; k++) {
            int64_t at = k < 2 ? (k ? size - 1 : 0) : (int64_t)eid_rng_below(&rng, (uint64_t)size);
            double was = v[i][at], h = 1e-5, up, down;
            v[i][at] = was + h;
            up = plain_loss(m, v, &b);
            v[i][at] = was - h;
            down = plain_loss(m, v, &b);
            v[i][at] = was;
            double want = (up - down) / (2 * h);
            if (!check_close(p[i].gradient[at], want, 1e-4, 2e-6))
                CHECK_FAIL("%s[%" PRId64 "]: %.9g, want %.9g", p[i].name, at, p[i].gradient[at],
                           want);
        }
    }
    plain_free(v);
    eid_gpt_free(m);
    eid_ctx_free(ctx);
}

/* Long sequences, several panels, chunks and tiles: one directional derivative per parameter. */
static void gradient_holds_at_production_shapes(void)
{
    eid_ctx *ctx = ctx_of(2);
    eid_gpt_config c = middling();
    c.width = 48, c.heads = 3, c.vocab = 150, c.layers = 1;
    eid_gpt *m = small_gpt(ctx, c, 5);
    eid_param *p;
    size_t n = eid_gpt_params(m, &p);
    double **v = plain_values(m), loss;
    eid_batch b = batch_of(2, 150, c.vocab);

    CHECK_OK(eid_gpt_loss(m, ctx, &b, true, &loss));
    for (size_t i = 0; i < n; i++) {
        double want = 0, h = 1e-5, got = 0;
        int64_t size = p[i].rows * p[i].cols;
        double *was = malloc((size_t)size * sizeof *was);
        memcpy(was, v[i], (size_t)size * sizeof *was);
        for (int sign = 1; sign >= -1; sign -= 2) {
            eid_rng rng = eid_rng_stream(10, i);
            got = 0;
            for (int64_t k = 0; k < size; k++) {
                double u = eid_rng_normal(&rng);
                v[i][k] = was[k] + sign * h * u;
                got += u * p[i].gradient[k];
            }
            want += sign * plain_loss(m, v, &b) / (2 * h);
        }
        memcpy(v[i], was, (size_t)size * sizeof *was);
        free(was);
        if (!check_close(got, want, 2e-4, 1e-5))
            CHECK_FAIL("%s: %.9g, want %.9g", p[i].name, got, want);
    }
    plain_free(v);
    eid_gpt_free(m);
    eid_ctx_free(ctx);
}

/* Three steps with each number of threads; every value and both moments must have the same bits. */
static void threads_do_not_change_bits(void)
{
    static float kept[1 << 19];
    int threads[] = {1, 2, 5};
    for (int t = 0; t < 3; t++) {
        eid_ctx *ctx = ctx_of(threads[t]);
        eid_gpt *m = small_gpt(ctx, middling(), 7);
        eid_adamw_opts o = eid_adamw_opts_default();
        eid_adamw *a = NULL;
        eid_param *p;
        size_t n = eid_gpt_params(m, &p), at = 0;
        float **first, **second;
        int64_t *steps;
        double loss, norm;
        CHECK_OK(eid_adamw_new(&a, m, &o));
        for (int step = 0; step < 3; step++) {
            eid_batch b = batch_of(5 + step, 100, middling().vocab);
            CHECK_OK(eid_gpt_loss(m, ctx, &b, true, &loss));
            CHECK_OK(eid_adamw_step(a, m, ctx, 1e-3, &norm));
        }
        CHECK_INT(eid_adamw_moments(a, &first, &second, &steps), n);
        CHECK_INT(*steps, 3);
        for (size_t i = 0; i < n; i++) {
            const float *part[] = {p[i].value, first[i], second[i]};
            for (int k = 0; k < 3; k++) {
                size_t size = (size_t)(p[i].rows * p[i].cols);
                if (t == 0)
                    memcpy(kept + at, part[k], size * sizeof *kept);
                else if (memcmp(kept + at, part[k], size * sizeof *kept) != 0)
                    CHECK_FAIL("%s: %d threads give other bits than 1", p[i].name, threads[t]);
                at += size;
            }
        }
        CHECK(at <= sizeof kept / sizeof *kept);
        eid_adamw_free(a);
        eid_gpt_free(m);
        eid_ctx_free(ctx);
    }
}

static void training_learns_and_masks_hold(void)
{
    static uint8_t mask[64 * 256];
    eid_ctx *ctx = ctx_of(2);
    eid_gpt *m = NULL;
    eid_gpt_config c = middling();
    eid_adamw_opts o = eid_adamw_opts_default();
    eid_adamw *a = NULL;
    eid_param *p;
    double first = 0, loss = 0;
    CHECK_OK(eid_gpt_new(&m, ctx, &c, 1));
    size_t n = eid_gpt_params(m, &p), at = 0;
    while (at < n && strcmp(p[at].name, "h.1.mlp.c_fc.weight") != 0)
        at++;
    CHECK(at < n && p[at].prunable);
    for (size_t i = 0; i < sizeof mask; i++)
        mask[i] = i % 3 != 0;
    p[at].mask = mask;
    for (size_t i = 0; i < sizeof mask; i++)
        p[at].value[i] *= mask[i];
    CHECK_OK(eid_gpt_changed(m, ctx));
    CHECK_OK(eid_adamw_new(&a, m, &o));
    eid_batch b = batch_of(8, 64, c.vocab);
    for (int step = 0; step < 60; step++) {
        CHECK_OK(eid_gpt_loss(m, ctx, &b, true, &loss));
        CHECK_OK(eid_adamw_step(a, m, ctx, 1e-2, NULL));
        first = step ? first : loss;
    }
    CHECK_CLOSE(first, log((double)c.vocab), 0.02, 0); /* untrained: uniform */
    CHECK(loss < 0.5 * first);
    for (size_t i = 0; i < sizeof mask; i++)
        if (!mask[i] && p[at].value[i] != 0) {
            CHECK_FAIL("masked weight %zu became %g", i, p[at].value[i]);
            break;
        }
    eid_adamw_free(a);
    eid_gpt_free(m);
    eid_ctx_free(ctx);
}

static void bad_shapes_and_batches_are_refused(void)
{
    eid_ctx *ctx = ctx_of(1);
    eid_gpt_config c = tiny();
    eid_gpt *m = small_gpt(ctx, c, 1), *none = NULL;
    double loss;
    eid_batch b = batch_of(2, 8, c.vocab);
    x[3] = 37;
    CHECK_FAILS(eid_gpt_loss(m, ctx, &b, false, &loss), EID_EINVAL, "token 3 is 37");
    x[3] = 0, y[9] = -2;
    CHECK_FAILS(eid_gpt_loss(m, ctx, &b, false, &loss), EID_EINVAL, "row 1: target 1 is -2");
    for (int i = 0; i < 16; i++)
        y[i] = -1;
    CHECK_FAILS(eid_gpt_loss(m, ctx, &b, false, &loss), EID_EINVAL, "add up to 0");
    b.cols = 25;
    CHECK_FAILS(eid_gpt_loss(m, ctx, &b, false, &loss), EID_EINVAL, "context of 24");
    c.heads = 3;
    CHECK_FAILS(eid_gpt_new(&none, ctx, &c, 1), EID_EINVAL, "multiple");
    c = tiny(), c.width = 1 << 16, c.heads = 1;
    CHECK_FAILS(eid_gpt_new(&none, ctx, &c, 1), EID_ENOMEM, "memory bound");
    c = tiny(), c.vocab = INT64_MAX;
    CHECK_FAILS(eid_gpt_new(&none, ctx, &c, 1), EID_EINVAL, "vocabulary");
    CHECK(none == NULL);
    eid_gpt_free(m);
    eid_ctx_free(ctx);
}

static void schedule_is_warm_up_then_cosine(void)
{
    CHECK_CLOSE(eid_schedule_cosine(0, 100, 10, 1, 0.1), 0.1, 1e-12, 0);
    CHECK_CLOSE(eid_schedule_cosine(9, 100, 10, 1, 0.1), 1, 1e-12, 0);
    CHECK_CLOSE(eid_schedule_cosine(10, 100, 10, 1, 0.1), 1, 1e-12, 0);
    CHECK_CLOSE(eid_schedule_cosine(55, 100, 10, 1, 0.1), 0.55, 1e-12, 0);
    CHECK_CLOSE(eid_schedule_cosine(100, 100, 10, 1, 0.1), 0.1, 1e-12, 0);
    CHECK_CLOSE(eid_schedule_cosine(5000, 100, 10, 2, 0.1), 0.2, 1e-12, 0);
}

int main(void)
{
    RUN(loss_is_the_definition);
    RUN(gradient_is_the_derivative);
    RUN(gradient_holds_at_production_shapes);
    RUN(threads_do_not_change_bits);
    RUN(training_learns_and_masks_hold);
    RUN(bad_shapes_and_batches_are_refused);
    RUN(schedule_is_warm_up_then_cosine);
    return DONE();
}
