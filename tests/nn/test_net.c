/* test_net.c - classifiers in single precision: layers against their definitions, the same bits for
 * any threads and any batch, and texts that make no sense. */
#include "base/memory.h"
#include "check.h"
#include "eidetic/rng.h"
#include "nn/net.h"

enum { N = 37, MOST = 1 << 17 };
static const struct {
    const char *model;
    eid_net_shape shape;
    double tolerance; /* of logits: sums of a few hundred terms, layer on layer */
} nets[] = {
    {"mlp:", {1, 1, 5, 2}, 1e-5},
    {"mlp:40-17", {1, 6, 7, 4}, 1e-5},
    {"cnn:lenet", {1, 28, 28, 10}, 1e-5},
    {"cnn:c5k5s2-c6k3n3v-p2-f9", {3, 15, 13, 3}, 1e-4},
    {"cnn:c4k3n2-r4n2-r8s2-a-f6", {2, 9, 11, 3}, 1e-4},
    {"cnn:r3-p2-c40k1-c50k3n10-a", {1, 10, 10, 3}, 1e-4},
};
enum { NETS = sizeof nets / sizeof nets[0] };

static eid_ctx *ctx[3]; /* 1, 2 and 5 threads */
static float x[N * 3 * 28 * 28], z[2][N * 16];
static int32_t y[N];

static eid_net *make(int k, uint64_t seed)
{
    eid_net *m = NULL;
    eid_rng rng = eid_rng_seed(seed + 9);
    CHECK_OK(eid_net_new(&m, ctx[0], nets[k].model, &nets[k].shape, seed));
    for (size_t i = 0; i < sizeof x / sizeof *x; i++)
        x[i] = (float)eid_rng_normal(&rng);
    for (int i = 0; i < N; i++)
        y[i] = (int32_t)eid_rng_below(&rng, (uint64_t)nets[k].shape.classes);
    return m;
}
static int64_t features(int k)
{
    return nets[k].shape.channels * nets[k].shape.height * nets[k].shape.width;
}

/* ---- definitions, in double, channel by channel
 * -------------------------------------------------- */

static double act[40][MOST]; /* [c][h][w] of one example */

static double at(const net_map *m, const double *a, int64_t c, int64_t h, int64_t w)
{
    return h < 0 || w < 0 || h >= m->h || w >= m->w ? 0 : a[(c * m->h + h) * m->w + w];
}

static double conv_at(const eid_net *m, const net_layer *l, int64_t c, int64_t h, int64_t w)
{
    const net_map *in = &m->map[l->in];
    const eid_param *p = &m->param[l->weight];
    double sum = l->bias < 0 ? 0 : (double)m->param[l->bias].value[c];
    for (int64_t a = 0; a < l->window; a++)
        for (int64_t b = 0; b < l->window; b++)
            for (int64_t k = 0; k < in->c; k++)
                sum +=
                    (double)p->value[((a * l->window + b) * in->c + k) * p->cols + c] *
                    at(in, act[l->in], k, h * l->stride + a - l->pad, w * l->stride + b - l->pad);
    return sum;
}
/* A dense layer reads a picture position by position, as it lies in memory; the input as given. */
static double dense_at(const eid_net *m, const net_layer *l, int64_t c)
{
    const net_map *in = &m->map[l->in];
    const eid_param *p = &m->param[l->weight];
    double sum = (double)m->param[l->bias].value[c];
    for (int64_t i = 0; i < in->n; i++)
        sum += (double)p->value[i * p->cols + c] *
               at(in, act[l->in], i % in->c, i / in->c / in->w, i / in->c % in->w);
    return sum;
}
static double norm_at(const eid_net *m, const net_layer *l, int64_t c, int64_t h, int64_t w)
{
    const net_map *in = &m->map[l->in];
    int64_t per = in->c / l->groups, first = c / per * per, T = in->h * in->w;
    double mean = 0, var = 0;
    for (int64_t i = first * T; i < (first + per) * T; i++)
        mean += act[l->in][i] / (double)(per * T);
    for (int64_t i = first * T; i < (first + per) * T; i++)
        var += (act[l->in][i] - mean) * (act[l->in][i] - mean) / (double)(per * T);
    return (at(in, act[l->in], c, h, w) - mean) / sqrt(var + 1e-5) *
               (double)m->param[l->weight].value[c] +
           (double)m->param[l->bias].value[c];
}
static double pool_at(const eid_net *m, const net_layer *l, int64_t c, int64_t h, int64_t w)
{
    double top = -INFINITY;
    for (int64_t a = 0; a < l->window; a++)
        for (int64_t b = 0; b < l->window; b++)
            top =
                fmax(top, at(&m->map[l->in], act[l->in], c, h * l->window + a, w * l->window + b));
    return top;
}
static double mean_at(const eid_net *m, const net_layer *l, int64_t c)
{
    int64_t T = m->map[l->in].h * m->map[l->in].w;
    double sum = 0;
    for (int64_t t = 0; t < T; t++)
        sum += act[l->in][c * T + t];
    return sum / (double)T;
}
static double value_at(const eid_net *m, const net_layer *l, int64_t c, int64_t h, int64_t w)
{
    switch (l->kind) {
    case NET_CONV:
        return conv_at(m, l, c, h, w);
    case NET_DENSE:
        return dense_at(m, l, c);
    case NET_NORM:
        return norm_at(m, l, c, h, w);
    case NET_POOL:
        return pool_at(m, l, c, h, w);
    case NET_MEAN:
        return mean_at(m, l, c);
    case NET_ADD:
        return at(&m->map[l->in], act[l->in], c, h, w) + at(&m->map[l->in], act[l->skip], c, h, w);
    case NET_TURN:
        break;
    }
    return at(&m->map[l->out], act[0], c, h, w);
}
static const double *define(const eid_net *m, const float *example)
{
    for (int64_t i = 0; i < m->map[0].n; i++)
        act[0][i] = (double)example[i];
    for (size_t k = 0; k < m->layers; k++) {
        const net_layer *l = &m->layer[k];
        const net_map *o = &m->map[l->out];
        for (int64_t i = 0; i < o->n; i++) {
            double v = value_at(m, l, i / (o->h * o->w), i / o->w % o->h, i % o->w);
            act[l->out][i] = l->relu && v < 0 ? 0 : v;
        }
    }
    return act[m->layer[m->layers - 1].out];
}

static void logits_are_as_defined(void)
{
    for (int k = 0; k < NETS; k++) {
        eid_net *m = make(k, 1);
        int64_t C = nets[k].shape.classes;
        CHECK_OK(eid_net_logits(m, ctx[1], x, N, z[0]));
        for (int i = 0; i < N; i += 9) {
            const double *want = define(m, x + i * features(k));
            CHECK_ALLCLOSE(z[0] + i * C, want, (size_t)C, nets[k].tolerance, nets[k].tolerance);
        }
        eid_net_free(m);
    }
}

/* ---- bits
 * ------------------------------------------------------------------------------------------ */

typedef struct outcome {
    double loss, norm2[N * 64], norm[N], losses[N];
    float gradient[MOST], clipped[MOST], logits[N * 16], trained[MOST];
} outcome;

static void everything(int k, eid_ctx *c, outcome *o)
{
    eid_net *m = make(k, 2);
    eid_optim *optim = NULL;
    eid_optim_opts opts = eid_optim_opts_default();
    eid_param *p;
    eid_examples b = {.n = N, .x = x, .y = y};
    double loss;
    eid_net_params(m, &p);
    size_t bytes = (size_t)eid_net_parameters(m) * sizeof(float);
    memset(o, 0, sizeof *o);
    CHECK(bytes <= sizeof o->gradient);
    CHECK_OK(eid_net_loss(m, c, &b, true, &o->loss, o->losses, o->logits));
    memcpy(o->gradient, p[0].gradient, bytes);
    CHECK_OK(eid_net_norms(m, c, &b, o->norm2, NULL, NULL));
    CHECK_OK(eid_net_clipped(m, c, &b, 0.5, o->norm, NULL));
    memcpy(o->clipped, p[0].gradient, bytes);
    CHECK_OK(eid_optim_new(&optim, m, &opts));
    for (int i = 0; i < 3; i++)
        CHECK_OK(eid_net_step(m, optim, c, &b, 0.01, &loss, NULL, NULL));
    memcpy(o->trained, p[0].value, bytes);
    eid_optim_free(optim);
    eid_net_free(m);
}

static void bits_do_not_depend_on_threads(void)
{
    static outcome one, other;
    for (int k = 0; k < NETS; k++) {
        everything(k, ctx[0], &one);
        for (int t = 1; t < 3; t++) {
            everything(k, ctx[t], &other);
            CHECK(memcmp(&one, &other, sizeof one) == 0);
        }
    }
}

static void bits_do_not_depend_on_the_batch(void)
{
    static double all[N * 64], alone[64];
    for (int k = 0; k < NETS; k++) {
        eid_net *m = make(k, 3);
        eid_param *p;
        size_t params = eid_net_params(m, &p);
        int64_t C = nets[k].shape.classes;
        eid_examples b = {.n = N, .x = x, .y = y};
        CHECK_OK(eid_net_norms(m, ctx[1], &b, all, NULL, z[0]));
        for (int i = 0; i < N; i += 4) {
            b = (eid_examples){.n = 1, .x = x + i * features(k), .y = y + i};
            CHECK_OK(eid_net_norms(m, ctx[1], &b, alone, NULL, z[1]));
            CHECK(memcmp(z[0] + i * C, z[1], (size_t)C * sizeof(float)) == 0);
            CHECK(memcmp(all + i * (int)params, alone, params * sizeof *alone) == 0);
        }
        eid_net_free(m);
    }
}

static void a_reset_network_is_a_new_one(void)
{
    for (int k = 0; k < NETS; k++) {
        eid_net *a = make(k, 4), *b = make(k, 5);
        CHECK_OK(eid_net_reset(a, ctx[0], 5));
        CHECK_OK(eid_net_logits(a, ctx[0], x, N, z[0]));
        CHECK_OK(eid_net_logits(b, ctx[0], x, N, z[1]));
        CHECK(memcmp(z[0], z[1], (size_t)(N * nets[k].shape.classes) * sizeof(float)) == 0);
        eid_net_free(a);
        eid_net_free(b);
    }
}

static void masked_weights_stay_zero(void)
{
    static const eid_optim_opts way[] = {
        {.momentum = 0.9, .eps = 1, .weight_decay = 0.01},
        {.momentum = 0.9, .nesterov = true, .eps = 1},
        {.kind = EID_OPTIM_ADAMW, .beta1 = 0.9, .beta2 = 0.9, .eps = 1e-8, .weight_decay = 0.1}};
    for (int o = 0; o < 3; o++) {
        eid_net *m = make(3, 1);
        eid_optim *optim = NULL;
        eid_param *p;
        uint8_t mask[4096];
        double loss;
        eid_examples b = {.n = N, .x = x, .y = y};
        eid_net_params(m, &p);
        int64_t n = p[0].rows * p[0].cols;
        for (int64_t i = 0; i < n; i++)
            if (!(mask[i] = i % 3 > 0))
                p[0].value[i] = 0;
        p[0].mask = mask;
        CHECK_OK(eid_net_changed(m, ctx[0]));
        CHECK_OK(eid_optim_new(&optim, m, &way[o]));
        for (int i = 0; i < 4; i++)
            CHECK_OK(eid_net_step(m, optim, ctx[1], &b, 0.05, &loss, NULL, NULL));
        for (int64_t i = 0; i < n; i++)
            CHECK((p[0].value[i] == 0) == !mask[i]);
        eid_optim_free(optim);
        eid_net_free(m);
    }
}

/* ---- refusals
 * --------------------------------------------------------------------------------------- */

static void texts_that_make_no_sense_are_refused(void)
{
    static const char *const bad[][2] = {
        {"", "want mlp"},
        {"mlp", "want mlp"},
        {"mlp:0", "not a width"},
        {"mlp:12-", "nothing stands behind"},
        {"mlp:12--3", "not a width"},
        {"mlp:99999999", "not a width"},
        {"mlp:1e3", "not a width"},
        {"mlp:-5", "not a width"},
        {"cnn:", "names no layer"},
        {"cnn:x3", "begins with none"},
        {"cnn:c", "lacks its number"},
        {"cnn:c0", "number is 0"},
        {"cnn:c8k4", "even kernel"},
        {"cnn:c8n3", "cut into so many groups"},
        {"cnn:c8k3k5", "twice"},
        {"cnn:c8q3", "not written"},
        {"cnn:c8v3", "not written"},
        {"cnn:p2-p2-p2-p2-p2", "nothing is left"},
        {"cnn:c4k99v", "larger than the picture"},
        {"cnn:p99999999999999999999", "too large"},
        {"cnn:f1048577", "too large"},
        {"cnn:a5", "not written"},
        {"cnn:c4-", "nothing stands behind"},
    };
    eid_net_shape s = {1, 28, 28, 10};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        eid_net *m = NULL;
        CHECK_FAILS(eid_net_new(&m, ctx[0], bad[i][0], &s, 1), EID_EINVAL, bad[i][1]);
        CHECK(m == NULL);
    }
}

static void shapes_and_batches_that_make_no_sense_are_refused(void)
{
    static const eid_net_shape bad[] = {
        {0, 1, 1, 2}, {1, -1, 1, 2}, {1, 1, 1, 1}, {1 << 20, 1 << 20, 1 << 20, 2}};
    eid_net *m = NULL;
    for (int i = 0; i < 4; i++)
        CHECK_FAILS(eid_net_new(&m, ctx[0], "mlp:3", &bad[i], 1), EID_EINVAL, "");
    CHECK_FAILS(eid_net_new(&m, ctx[0], "mlp:1048576-1048576", &(eid_net_shape){1, 1, 4, 2}, 1),
                EID_EINVAL, "too many parameters");
    m = make(1, 1);
    double loss = 5;
    float weight[N] = {1, -1};
    eid_examples b = {.n = N, .x = x, .y = y, .weight = weight};
    CHECK_FAILS(eid_net_loss(m, ctx[0], &b, true, &loss, NULL, NULL), EID_EINVAL, "weight -1");
    b.weight = NULL;
    y[3] = 4;
    CHECK_FAILS(eid_net_loss(m, ctx[0], &b, true, &loss, NULL, NULL), EID_EINVAL, "label 4");
    CHECK_FAILS(eid_net_clipped(m, ctx[0], &b, NAN, NULL, NULL), EID_EINVAL, "norm of nan");
    CHECK(loss == 5);
    eid_net_free(m);
}

static void no_failed_allocation_leaks_or_is_swallowed(void)
{
    int failed = 0;
    for (int64_t n = 1; n < 400; n++) {
        eid_net *m = NULL;
        eid_optim *o = NULL;
        eid_optim_opts opts = eid_optim_opts_default();
        eid_examples b = {.n = 3, .x = x, .y = y};
        double loss;
        memset(y, 0, sizeof y);
        eid_fail_allocation(n);
        eid_status st = eid_net_new(&m, ctx[0], "cnn:c4n2-r4-f5", &nets[3].shape, 1);
        if (st == EID_OK)
            st = eid_optim_new(&o, m, &opts);
        if (st == EID_OK)
            st = eid_net_step(m, o, ctx[0], &b, 0.1, &loss, NULL, NULL);
        if (st == EID_OK)
            st = eid_net_loss(m, ctx[0], &b, true, &loss, NULL, NULL);
        eid_fail_allocation(0);
        eid_optim_free(o);
        eid_net_free(m);
        if (st == EID_OK)
            break;
        CHECK(st == EID_ENOMEM);
        failed++;
    }
    CHECK(failed > 20 && failed < 399);
}

int main(void)
{
    static const int64_t threads[] = {1, 2, 5};
    for (int i = 0; i < 3; i++) {
        eid_ctx_opts o = eid_ctx_opts_default();
        o.threads = threads[i];
        if (eid_ctx_new(&ctx[i], &o) != EID_OK)
            return 1;
    }
    RUN(logits_are_as_defined);
    RUN(bits_do_not_depend_on_threads);
    RUN(bits_do_not_depend_on_the_batch);
    RUN(a_reset_network_is_a_new_one);
    RUN(masked_weights_stay_zero);
    RUN(texts_that_make_no_sense_are_refused);
    RUN(shapes_and_batches_that_make_no_sense_are_refused);
    RUN(no_failed_allocation_leaks_or_is_swallowed);
    for (int i = 0; i < 3; i++)
        eid_ctx_free(ctx[i]);
    return DONE();
}
