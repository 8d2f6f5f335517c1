/* test_net_double.c - the sources of the classifier compiled with double in place of float:
 * gradients against finite differences, and norms, clipped sums and taps against gradients of one
 * example at a time, to 1e-10. */
#include "check.h"
#include "eidetic/rng.h"
#include "nn/net.h"

enum { N = 19, MOST = 1 << 16 }; /* examples: more than a group, not a multiple of it */
static const struct {
    const char *model;
    eid_net_shape shape;
} nets[] = {
    {"mlp:", {1, 1, 7, 3}},
    {"mlp:9-6", {1, 2, 4, 4}},
    {"cnn:c3k3-p2-f5", {1, 7, 6, 3}},
    {"cnn:c4k3n2-c6s2-r6-r5s2-a", {2, 9, 8, 3}},
    {"cnn:r2-c4k5v-p3-f7", {2, 9, 10, 3}},
    {"cnn:r4s2n2-r4n1-a", {1, 8, 8, 3}},
    {"cnn:c3-a", {1, 17, 18, 2}},            /* more positions than are unfolded at a time */
    {"cnn:c12k1s3-c14k3n7-a", {3, 7, 7, 4}}, /* few positions: norms by Gram matrices */
    {"cnn:c8s2-c32k3-a", {1, 4, 4, 3}},      /* fewer: inner products by Gram matrices, too */
};
enum { NETS = sizeof nets / sizeof nets[0] };

static eid_ctx *ctx;
static eid_net *m;
static eid_param *param;
static size_t params;
static float x[N * 320], weight[N], gradient[MOST], one[MOST];
static int32_t y[N];

static void make(int k)
{
    eid_rng rng = eid_rng_seed((uint64_t)k + 5);
    const eid_net_shape *s = &nets[k].shape;
    eid_net_free(m);
    m = NULL;
    CHECK_OK(eid_net_new(&m, ctx, nets[k].model, s, 3));
    params = eid_net_params(m, &param);
    for (size_t p = 0; p < params; p++) /* biases and gains, too, are to be anything */
        for (int64_t i = 0; i < param[p].rows * param[p].cols; i++)
            param[p].value[i] += 0.3 * eid_rng_normal(&rng);
    CHECK_OK(eid_net_changed(m, ctx));
    for (int64_t i = 0; i < N * s->channels * s->height * s->width; i++)
        x[i] = eid_rng_normal(&rng);
    for (int i = 0; i < N; i++) {
        y[i] = (int32_t)eid_rng_below(&rng, (uint64_t)s->classes);
        weight[i] = i % 5 == 1 ? 0 : eid_rng_unit(&rng);
    }
}
static int64_t features(void)
{
    const eid_net_shape *s = eid_net_shape_of(m);
    return s->channels * s->height * s->width;
}
static eid_examples batch(int64_t from, int64_t n, bool weighted)
{
    return (eid_examples){.n = n,
                          .x = x + from * features(),
                          .y = y + from,
                          .weight = weighted ? weight + from : NULL};
}
static double loss_of(int64_t n, bool weighted)
{
    double loss = NAN;
    eid_examples b = batch(0, n, weighted);
    CHECK_OK(eid_net_loss(m, ctx, &b, false, &loss, NULL, NULL));
    return loss;
}

/* Central differences, smooth but where a ReLU or a maximum turns: a step of 1e-5 leaves 1e-9, and
 * where it crosses a corner two steps disagree and the place is passed over. */
static void check_difference(double *place, double analytic, int64_t *passed)
{
    double was = *place, d[2];
    for (int k = 0; k < 2; k++) {
        double h = k ? 4e-6 : 1e-5, up, down;
        *place = was + h;
        CHECK_OK(eid_net_changed(m, ctx));
        up = loss_of(5, true);
        *place = was - h;
        CHECK_OK(eid_net_changed(m, ctx));
        down = loss_of(5, true);
        d[k] = (up - down) / (2 * h);
    }
    *place = was;
    if (fabs(d[0] - d[1]) > 1e-7)
        ++*passed;
    else
        CHECK_CLOSE(analytic, d[1], 1e-6, 1e-8);
}

static void gradients_are_finite_differences(void)
{
    for (int k = 0; k < NETS; k++) {
        int64_t passed = 0, tried = 0;
        double loss;
        make(k);
        eid_examples b = batch(0, 5, true);
        CHECK_OK(eid_net_loss(m, ctx, &b, true, &loss, NULL, NULL));
        CHECK_CLOSE(loss, loss_of(5, true), 1e-13, 0);
        for (size_t p = 0; p < params; p++) {
            int64_t n = param[p].rows * param[p].cols, skip = n / 12 + 1;
            for (int64_t i = (int64_t)p % skip; i < n; i += skip, tried++)
                check_difference(&param[p].value[i], param[p].gradient[i], &passed);
        }
        CHECK(passed * 20 <= tried);
    }
}

/* The input's gradient, for the loss sum_i <c, logits_i>. */
static void input_gradients_are_finite_differences(void)
{
    float c[N * 4], dx[N * 320], z[N * 4];
    for (int k = 0; k < NETS; k++) {
        int64_t bad = 0, f, C = nets[k].shape.classes;
        make(k);
        f = features();
        for (int i = 0; i < N * 4; i++)
            c[i] = sin(i + 1.0);
        memset(dx, 0x7f, sizeof dx);
        CHECK_OK(eid_net_pullback(m, ctx, x, N, c, dx));
        for (int64_t i = 0; i < N * f; i += 1 + i % 37) {
            double was = x[i], d[2], h = 1e-5;
            for (int side = 0; side < 2; side++) {
                x[i] = was + (side ? h : -h);
                CHECK_OK(eid_net_logits(m, ctx, x, N, z));
                d[side] = 0;
                for (int64_t j = 0; j < N * C; j++)
                    d[side] += c[j] * z[j];
            }
            x[i] = was;
            bad += !check_close(dx[i], (d[1] - d[0]) / (2 * h), 1e-5, 1e-7);
        }
        CHECK(bad <= 2); /* corners */
    }
}

static void copy_gradient(double *to)
{
    for (size_t p = 0; p < params; p++) {
        memcpy(to, param[p].gradient, (size_t)(param[p].rows * param[p].cols) * sizeof *to);
        to += param[p].rows * param[p].cols;
    }
}
static double square_of(const eid_param *p)
{
    double sum = 0;
    for (int64_t i = 0; i < p->rows * p->cols; i++)
        sum += p->gradient[i] * p->gradient[i];
    return sum;
}

static void norms_are_those_of_gradients_one_at_a_time(void)
{
    static double norm2[N * 64], losses[N];
    for (int k = 0; k < NETS; k++) {
        make(k);
        eid_examples all = batch(0, N, true); /* the weights do not enter */
        CHECK_OK(eid_net_norms(m, ctx, &all, norm2, losses, NULL));
        for (int i = 0; i < N; i++) {
            double loss;
            eid_examples b = batch(i, 1, false);
            CHECK_OK(eid_net_loss(m, ctx, &b, true, &loss, NULL, NULL));
            CHECK_CLOSE(losses[i], loss, 1e-12, 1e-14);
            for (size_t p = 0; p < params; p++)
                CHECK_CLOSE(norm2[i * (int)params + (int)p], square_of(&param[p]), 1e-10, 1e-20);
        }
    }
}

static void clipped_sums_are_those_of_clipped_gradients(void)
{
    for (int k = 0; k < NETS; k++)
        for (int way = 0; way < 3; way++) {
            double norm[N], clip = way == 0 ? 0.7 : way == 1 ? INFINITY : 0;
            int64_t floats;
            make(k);
            floats = eid_net_parameters(m);
            memset(one, 0, sizeof one);
            for (int i = 0; i < N; i++) {
                double loss, sum = 0;
                eid_examples b = batch(i, 1, false);
                CHECK_OK(eid_net_loss(m, ctx, &b, true, &loss, NULL, NULL));
                for (size_t p = 0; p < params; p++)
                    sum += square_of(&param[p]);
                copy_gradient(gradient);
                norm[i] = sqrt(sum);
                double c = weight[i] * (norm[i] > clip ? clip / norm[i] : 1);
                for (int64_t j = 0; j < floats; j++)
                    one[j] += c * gradient[j];
            }
            double got[N], loss;
            eid_examples all = batch(0, N, true);
            CHECK_OK(eid_net_clipped(m, ctx, &all, clip, got, &loss));
            copy_gradient(gradient);
            CHECK_ALLCLOSE(got, norm, N, 1e-10, 0);
            CHECK_ALLCLOSE(gradient, one, (size_t)floats, 1e-10, 1e-12);
            CHECK_CLOSE(loss, loss_of(N, true), 1e-12, 0);
        }
}

/* Of all pairs, from factors, against explicit gradients. */
static void products_are_those_of_gradients_one_at_a_time(void)
{
    enum { FIRST = 8, OTHERS = N - FIRST };
    static double all[N][MOST];
    for (int k = 0; k < NETS; k++) {
        eid_net_grads *a = NULL, *b = NULL;
        double got[FIRST * (OTHERS + 2)], loss;
        make(k);
        for (int i = 0; i < N; i++) {
            eid_examples e = batch(i, 1, false);
            CHECK_OK(eid_net_loss(m, ctx, &e, true, &loss, NULL, NULL));
            copy_gradient(all[i]);
        }
        eid_examples first = batch(0, FIRST, true), others = batch(FIRST, OTHERS, false);
        CHECK_OK(eid_net_grads_new(&a, m, ctx, FIRST));
        CHECK_OK(eid_net_grads_new(&b, m, ctx, OTHERS + 1));
        CHECK_OK(eid_net_grads_take(b, ctx, &first)); /* is forgotten */
        CHECK_OK(eid_net_grads_take(a, ctx, &first));
        CHECK_OK(eid_net_grads_take(b, ctx, &others));
        for (int i = 0; i < FIRST * (OTHERS + 2); i++)
            got[i] = 3;
        CHECK_OK(eid_net_grads_products(ctx, a, b, 0.5, got, OTHERS + 2));
        for (int i = 0; i < FIRST; i++)
            for (int j = 0; j < OTHERS + 2; j++) {
                double want = 3;
                for (int64_t p = 0; j < OTHERS && p < eid_net_parameters(m); p++)
                    want += 0.5 * all[i][p] * all[FIRST + j][p];
                CHECK_CLOSE(got[i * (OTHERS + 2) + j], want, 1e-10, 1e-10);
            }
        CHECK_FAILS(eid_net_grads_take(a, ctx, &others), EID_EINVAL, "room for 8");
        eid_net_grads_free(a);
        eid_net_grads_free(b);
    }
}

/* input^T gradient of every tap, summed. */
static eid_status add_tap(void *user, const eid_tap *t)
{
    double *sum = user;
    int64_t at = param[t->weight].value - param[0].value;
    for (int64_t r = 0; r < t->n * t->positions; r++)
        for (int64_t i = 0; i < t->inputs; i++)
            for (int64_t j = 0; j < t->outputs; j++)
                sum[at + i * t->outputs + j] +=
                    t->input[r * t->input_ld + i] * t->gradient[r * t->gradient_ld + j];
    return EID_OK;
}
static void taps_give_the_gradients(void)
{
    for (int k = 0; k < NETS; k++) {
        make(k);
        eid_examples all = batch(0, N, false);
        memset(one, 0, sizeof one);
        CHECK_OK(eid_net_taps(m, ctx, &all, add_tap, one));
        CHECK_OK(eid_net_clipped(m, ctx, &all, INFINITY, NULL, NULL));
        for (size_t p = 0; p < params; p++)
            if (param[p].ndim == 2)
                CHECK_ALLCLOSE(one + (param[p].value - param[0].value), param[p].gradient,
                               (size_t)(param[p].rows * param[p].cols), 1e-10, 1e-12);
    }
}

static void an_empty_batch_has_no_gradient(void)
{
    for (int k = 0; k < NETS; k++) {
        double loss = 7;
        make(k);
        eid_examples none = batch(0, 0, false), some = batch(0, 4, false);
        CHECK_OK(eid_net_loss(m, ctx, &some, true, &loss, NULL, NULL));
        CHECK_OK(eid_net_clipped(m, ctx, &none, 1, NULL, &loss));
        CHECK(loss == 0);
        for (size_t p = 0; p < params; p++)
            CHECK(square_of(&param[p]) == 0);
    }
}

/* A step in one go against loss and optimizer after each other. */
static void steps_in_one_are_steps_in_two(void)
{
    static const eid_optim_opts way[] = {
        {.kind = EID_OPTIM_SGD, .eps = 1},
        {.kind = EID_OPTIM_SGD, .momentum = 0.9, .weight_decay = 0.1, .eps = 1},
        {.kind = EID_OPTIM_SGD, .momentum = 0.8, .weight_decay = 0.1, .nesterov = true, .eps = 1},
        {.kind = EID_OPTIM_ADAM, .beta1 = 0.9, .beta2 = 0.99, .eps = 1e-3, .weight_decay = 0.1},
        {.kind = EID_OPTIM_ADAMW, .beta1 = 0.9, .beta2 = 0.99, .eps = 1e-3, .weight_decay = 0.1},
    };
    for (int k = 0; k < NETS; k++)
        for (int o = 0; o < 5; o++) {
            double last[2];
            for (int in_one = 0; in_one < 2; in_one++) {
                eid_optim *optim = NULL;
                make(k);
                CHECK_OK(eid_optim_new(&optim, m, &way[o]));
                for (int step = 0; step < 4; step++) {
                    double loss, lr = 0.05 / (step + 1);
                    eid_examples b = batch(step, 15, true);
                    if (in_one) {
                        CHECK_OK(eid_net_step(m, optim, ctx, &b, lr, &loss, NULL, NULL));
                    } else {
                        CHECK_OK(eid_net_loss(m, ctx, &b, true, &loss, NULL, NULL));
                        CHECK_OK(eid_optim_step(optim, m, ctx, lr));
                    }
                }
                last[in_one] = loss_of(N, false);
                eid_optim_free(optim);
            }
            CHECK_CLOSE(last[1], last[0], 1e-11, 0);
        }
}

/* One float of each kind of optimizer, from the papers' formulas. */
static void optimizers_follow_their_formulas(void)
{
    static const eid_optim_opts way[] = {
        {.kind = EID_OPTIM_SGD, .momentum = 0.9, .weight_decay = 0.1, .eps = 1},
        {.kind = EID_OPTIM_SGD, .momentum = 0.8, .weight_decay = 0.1, .nesterov = true, .eps = 1},
        {.kind = EID_OPTIM_ADAM, .beta1 = 0.9, .beta2 = 0.99, .eps = 1e-3, .weight_decay = 0.1},
        {.kind = EID_OPTIM_ADAMW, .beta1 = 0.9, .beta2 = 0.99, .eps = 1e-3, .weight_decay = 0.1},
    };
    for (int o = 0; o < 4; o++)
        for (int decays = 0; decays < 2; decays++) {
            eid_optim *optim = NULL;
            double m1 = 0, m2 = 0, w, lr = 0.03, b1 = way[o].beta1, b2 = way[o].beta2, loss;
            double decay = decays ? way[o].weight_decay : 0, mu = way[o].momentum;
            eid_examples b = batch(0, N, false);
            make(1);
            eid_param *p = &param[decays ? 0 : 1]; /* a weight; a bias, which never decays */
            CHECK_OK(eid_optim_new(&optim, m, &way[o]));
            w = p->value[0];
            for (int t = 1; t < 5; t++) {
                CHECK_OK(eid_net_loss(m, ctx, &b, true, &loss, NULL, NULL));
                double g = p->gradient[0];
                if (o < 2) {
                    g += decay * w;
                    m1 = mu * m1 + g;
                    w -= lr * (o == 1 ? g + mu * m1 : m1);
                } else {
                    g += o == 2 ? decay * w : 0;
                    m1 = b1 * m1 + (1 - b1) * g;
                    m2 = b2 * m2 + (1 - b2) * g * g;
                    w -= lr * (m1 / (1 - pow(b1, t)) / (sqrt(m2 / (1 - pow(b2, t))) + way[o].eps) +
                               (o == 3 ? decay * w : 0));
                }
                CHECK_OK(eid_optim_step(optim, m, ctx, lr));
                CHECK_CLOSE(p->value[0], w, 1e-13, 1e-15);
            }
            eid_optim_free(optim);
        }
}

int main(void)
{
    eid_ctx_opts o = eid_ctx_opts_default();
    o.threads = 2;
    if (eid_ctx_new(&ctx, &o) != EID_OK)
        return 1;
    RUN(gradients_are_finite_differences);
    RUN(input_gradients_are_finite_differences);
    RUN(norms_are_those_of_gradients_one_at_a_time);
    RUN(clipped_sums_are_those_of_clipped_gradients);
    RUN(products_are_those_of_gradients_one_at_a_time);
    RUN(taps_give_the_gradients);
    RUN(an_empty_batch_has_no_gradient);
    RUN(steps_in_one_are_steps_in_two);
    RUN(optimizers_follow_their_formulas);
    eid_net_free(m);
    eid_ctx_free(ctx);
    return DONE();
}
