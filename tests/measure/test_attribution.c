/* test_attribution.c - traced influence against its closed form, a step of training and any memory
 * bound; the datamodeling score of attributions that are right, shuffled or wrong. */
#include "check.h"
#include "base/memory.h"
#include "eidetic/attribution.h"
#include "eidetic/rng.h"

enum { N = 300, T = 140, F = 12, K = 3 };
static eid_ctx *ctx;
static eid_dataset *train, *test;

static eid_dataset *clouds(int64_t n, uint64_t seed)
{
    static float x[N * F];
    static int32_t y[N];
    eid_rng rng = eid_rng_seed(seed);
    eid_dataset *d = NULL;
    for (int i = 0; i < n; i++) {
        y[i] = (int32_t)eid_rng_below(&rng, K);
        for (int f = 0; f < F; f++)
            x[i * F + f] = (float)(eid_rng_normal(&rng) + (f % K == y[i] ? 1.5 : 0));
    }
    CHECK_OK(eid_dataset_from(
        &d, ctx,
        &(eid_dataset){
            .n = n, .channels = 1, .height = 3, .width = 4, .classes = K, .f32 = x, .label = y}));
    return d;
}

/* ---- tracing --------------------------------------------------------------------------------- */

/* A recorded training. */
typedef struct run {
    eid_net *net;
    eid_trajectory *t;
    eid_traced traced;
} run;

static void run_make(run *r, const char *model, int64_t schedule, int64_t seed)
{
    const char *dir = check_tmp("run");
    char path[700];
    eid_classifier_opts o = eid_classifier_opts_default();
    eid_record_opts ro = {.epochs = EID_RECORD_SPARSE, .grand = -1, .weights = true};
    eid_record *record = NULL;
    *r = (run){0};
    o.model = model;
    o.epochs = 3;
    o.batch = 50;
    o.lr = 0.05;
    o.schedule = schedule;
    o.seed = seed;
    CHECK_OK(eid_record_new(&record, ctx, dir, train, &o, &ro));
    CHECK_OK(
        eid_train_classifier(&r->net, NULL, ctx, train, NULL, &o, eid_record_watch(record), dir));
    CHECK_OK(eid_record_finish(record));
    eid_record_free(record);
    snprintf(path, sizeof path, "%s/record", dir);
    CHECK_OK(eid_trajectory_read(&r->t, ctx, path));
    snprintf(path, sizeof path, "rm -rf '%s'", dir);
    CHECK_INT(system(path), 0);
    r->traced = (eid_traced){r->net, r->t};
}

static void run_free(run *r)
{
    eid_net_free(r->net);
    eid_trajectory_free(r->t);
}

static eid_status keep(void *user, int64_t first, int64_t n, const double *scores)
{
    memcpy((double *)user + first * N, scores, (size_t)(n * N) * sizeof *scores);
    return EID_OK;
}

static void restore(const run *r, int64_t c)
{
    eid_param *p;
    eid_net_params(r->net, &p);
    memcpy(p[0].value, r->t->weights + c * r->t->parameters,
           (size_t)r->t->parameters * sizeof(float));
    CHECK_OK(eid_net_changed(r->net, ctx));
}

/* Softmax regression: grad W = a (p - e_y)^T, grad b = p - e_y, so a pair's product is
 * (a_i . a_j + 1) ((p_i - e_i) . (p_j - e_j)); the probabilities by hand. */
static void residual(const run *r, int64_t c, const eid_dataset *d, int64_t i, double out[K])
{
    const float *w = r->t->weights + c * r->t->parameters, *b = w + F * K;
    float a[F];
    double top = -INFINITY, sum = 0;
    eid_dataset_row(d, i, a);
    for (int k = 0; k < K; k++) {
        out[k] = (double)b[k];
        for (int f = 0; f < F; f++)
            out[k] += (double)a[f] * (double)w[f * K + k];
        top = fmax(top, out[k]);
    }
    for (int k = 0; k < K; k++)
        sum += exp(out[k] - top);
    for (int k = 0; k < K; k++)
        out[k] = exp(out[k] - top) / sum - (k == d->label[i]);
}

static double closed_form(const run *r, int64_t j, int64_t i)
{
    double all = 0;
    float a[F], b[F];
    eid_dataset_row(train, i, a);
    eid_dataset_row(test, j, b);
    for (int64_t c = 0; c < r->t->checkpoints; c++) {
        double p[K], q[K], inputs = 1, outputs = 0;
        if (r->t->epoch[c] < 1)
            continue;
        residual(r, c, train, i, p);
        residual(r, c, test, j, q);
        for (int f = 0; f < F; f++)
            inputs += (double)a[f] * (double)b[f];
        for (int k = 0; k < K; k++)
            outputs += p[k] * q[k];
        all += r->t->rate[c] * inputs * outputs;
    }
    return all;
}

static void softmax_regression_has_a_closed_form(void)
{
    static double got[T * N], self[N];
    eid_tracin_opts o = eid_tracin_opts_default();
    run r[2];
    eid_traced both[2];
    for (int k = 0; k < 2; k++) {
        run_make(&r[k], "mlp:", EID_SCHEDULE_COSINE, k + 1);
        both[k] = r[k].traced;
    }
    CHECK(r[0].t->checkpoints == 4 && r[0].t->rate[0] == 0.05 && r[0].t->rate[2] < 0.03);
    CHECK_OK(eid_tracin(ctx, both, 2, train, test, &o, keep, got));
    for (int64_t j = 0; j < T; j += 3)
        for (int64_t i = 0; i < N; i++) /* float products of 13 numbers */
            CHECK_CLOSE(got[j * N + i], (closed_form(&r[0], j, i) + closed_form(&r[1], j, i)) / 2,
                        1e-5, 1e-6);
    CHECK_OK(eid_tracin_self(ctx, both, 1, train, &o, self));
    for (int64_t i = 0; i < N; i += 7) {
        double p[K], want = 0;
        float a[F];
        eid_dataset_row(train, i, a);
        for (int64_t c = 1; c < r[0].t->checkpoints; c++) {
            double x = 1, d = 0;
            residual(&r[0], c, train, i, p);
            for (int f = 0; f < F; f++)
                x += (double)a[f] * (double)a[f];
            for (int k = 0; k < K; k++)
                d += p[k] * p[k];
            want += r[0].t->rate[c] * x * d;
        }
        CHECK_CLOSE(self[i], want, 1e-5, 1e-8);
    }
    run_free(&r[0]);
    run_free(&r[1]);
}

/* A score is what a small step along i's gradient takes from j's loss, over the step's size. */
static void a_score_is_what_a_step_takes_from_a_loss(void)
{
    static const char *const models[] = {"mlp:9-5", "cnn:c4k3n2-p2-f6", "cnn:r4s2n2-c24k3-a"};
    static double got[T * N];
    for (int k = 0; k < 3; k++) {
        const double h = 1e-3;
        run r;
        eid_tracin_opts o = {.from_epoch = 3};
        int64_t off = 0, tried = 0;
        run_make(&r, models[k], EID_SCHEDULE_CONSTANT, 4);
        CHECK_OK(eid_tracin(ctx, &r.traced, 1, train, test, &o, keep, got));
        int64_t last = r.t->checkpoints - 1;
        double rate = r.t->rate[last];
        for (int64_t i = 5; i < N; i += 60)
            for (int64_t j = 2; j < T; j += 34, tried++) {
                float x[F], z[F];
                double loss, losses[2];
                eid_param *p;
                eid_examples one = {.n = 1, .x = x, .y = &train->label[i]};
                eid_examples other = {.n = 1, .x = z, .y = &test->label[j]};
                size_t params = eid_net_params(r.net, &p);
                eid_dataset_row(train, i, x);
                eid_dataset_row(test, j, z);
                for (int side = 0; side < 2; side++) {
                    restore(&r, last);
                    CHECK_OK(eid_net_loss(r.net, ctx, &one, true, &loss, NULL, NULL));
                    for (size_t q = 0; q < params; q++)
                        for (int64_t e = 0; e < p[q].rows * p[q].cols; e++)
                            p[q].value[e] += (float)(side ? -h : h) * p[q].gradient[e];
                    CHECK_OK(eid_net_changed(r.net, ctx));
                    CHECK_OK(eid_net_loss(r.net, ctx, &other, false, &losses[side], NULL, NULL));
                }
                /* rounding of a loss of float logits over 2 h: 1e-4; corners of ReLUs more */
                off += !check_close(got[j * N + i] / rate, (losses[0] - losses[1]) / (2 * h), 0.02,
                                    1e-3);
            }
        CHECK(tried >= 25 && off <= 2);
        run_free(&r);
    }
}

static void memory_and_threads_leave_no_trace(void)
{
    static double one[T * N], other[T * N];
    eid_tracin_opts o = eid_tracin_opts_default();
    eid_ctx *small = NULL;
    run r;
    run_make(&r, "cnn:c4k3n2-p2-f6", EID_SCHEDULE_COSINE, 9);
    CHECK_OK(eid_tracin(ctx, &r.traced, 1, train, test, &o, keep, one));
    /* 128 test examples at a time, 128 training examples at a time */
    CHECK_OK(eid_ctx_new(&small, &(eid_ctx_opts){.threads = 1, .memory = 3 << 20}));
    CHECK_OK(eid_tracin(small, &r.traced, 1, train, test, &o, keep, other));
    CHECK(memcmp(one, other, sizeof one) == 0);
    eid_ctx_free(small);
    CHECK_OK(eid_ctx_new(&small, &(eid_ctx_opts){.threads = 1, .memory = 1 << 20}));
    CHECK_FAILS(eid_tracin(small, &r.traced, 1, train, test, &o, keep, other), EID_ENOMEM,
                "memory bound");
    eid_ctx_free(small);
    o.from_epoch = 4;
    CHECK_FAILS(eid_tracin(ctx, &r.traced, 1, train, test, &o, keep, one), EID_EINVAL,
                "no checkpoint from epoch 4");
    o.from_epoch = 1;
    CHECK_FAILS(eid_tracin(ctx, &r.traced, 1, test, test, &o, keep, one), EID_EINVAL,
                "of other examples");
    r.t->weights = NULL;
    CHECK_FAILS(eid_tracin(ctx, &r.traced, 1, train, test, &o, keep, one), EID_EINVAL,
                "--record-weights");
    run_free(&r);
}

/* ---- judging --------------------------------------------------------------------------------- */

enum { MODELS = 120, TRAIN = 61, TESTS = 50, ROW = (TRAIN + 7) / 8 };
static uint8_t masks[MODELS * ROW];
static float output[MODELS * TESTS];
static double score[TESTS * TRAIN];

/* Outputs that are a rising function of the sums of the scores, and noise. */
static void bank(double noise)
{
    eid_rng rng = eid_rng_seed(8);
    memset(masks, 0, sizeof masks);
    for (int j = 0; j < TESTS * TRAIN; j++)
        score[j] = eid_rng_normal(&rng);
    for (int k = 0; k < MODELS; k++)
        for (int i = 0; i < TRAIN; i++)
            masks[k * ROW + i / 8] |= (uint8_t)(eid_rng_below(&rng, 2) << i % 8);
    for (int k = 0; k < MODELS; k++)
        for (int j = 0; j < TESTS; j++) {
            double sum = 0;
            for (int i = 0; i < TRAIN; i++)
                sum += masks[k * ROW + i / 8] >> i % 8 & 1 ? score[j * TRAIN + i] : 0;
            output[k * TESTS + j] = (float)(sum + noise * sqrt(TRAIN / 4.0) * eid_rng_normal(&rng));
        }
}

static eid_lds_result *judge(const double *scores)
{
    eid_lds_result *r = NULL;
    eid_lds_data d = {.masks = masks,
                      .output = output,
                      .stride = TESTS,
                      .models = MODELS,
                      .train = TRAIN,
                      .test = TESTS};
    eid_array a = {.type = EID_F8,
                   .ndim = 2,
                   .shape = {TESTS, TRAIN},
                   .count = TESTS * TRAIN,
                   .data = scores,
                   .name = "scores"};
    CHECK_OK(eid_lds(&r, ctx, &d, &a, 1));
    return r;
}

static void right_scores_get_one_and_others_nothing(void)
{
    bank(0);
    eid_lds_result *r = judge(score);
    CHECK_CLOSE(r->score.value, 1, 1e-12, 0);
    CHECK(r->score.low <= 1 && r->score.high == 1 && r->score.n == TESTS && r->constant == 0);
    CHECK(r->shuffled.low < 0 && r->shuffled.high > 0 && fabs(r->shuffled.value) < 0.1);
    CHECK_CLOSE(r->each[TESTS - 1], 1, 1e-12, 0);
    eid_lds_result_free(r);
    for (int k = 0; k < MODELS * TESTS; k++) /* ranks alone count */
        output[k] = -expf(output[k] / 8);
    r = judge(score);
    CHECK_CLOSE(r->score.value, -1, 1e-12, 0);
    eid_lds_result_free(r);
}

/* Signal and noise of one size: Pearson's correlation is 1 / sqrt(2), Spearman's of two normals
 * 6 / pi asin(r / 2) = .690. */
static void noise_costs_what_it_must(void)
{
    double want = 6 / acos(-1.0) * asin(sqrt(0.5) / 2);
    bank(1);
    eid_lds_result *r = judge(score);
    CHECK(r->score.low < want && r->score.high > want);
    CHECK(r->score.high - r->score.low > 0.01 && r->score.high - r->score.low < 0.12);
    for (int k = 0; k < MODELS; k++) /* against the definition */
        for (int j = 0; j < 1; j++)
            output[k * TESTS + j] = 3;
    eid_lds_result_free(r);
    r = judge(score);
    CHECK(r->constant == 1 && isnan(r->each[0]) && r->score.n == TESTS - 1);
    eid_lds_result_free(r);
}

static void each_is_spearmans(void)
{
    double x[MODELS], y[MODELS];
    eid_estimate e;
    bank(2);
    for (int k = 0; k < MODELS; k++) /* with ties */
        output[k * TESTS + 7] = roundf(output[k * TESTS + 7] / 4);
    eid_lds_result *r = judge(score);
    for (int j = 0; j < TESTS; j++) {
        for (int k = 0; k < MODELS; k++) {
            x[k] = (double)output[k * TESTS + j];
            y[k] = 0;
            for (int i = 0; i < TRAIN; i++)
                y[k] += masks[k * ROW + i / 8] >> i % 8 & 1 ? score[j * TRAIN + i] : 0;
        }
        CHECK_OK(eid_spearman(x, y, MODELS, &e));
        CHECK_CLOSE(r->each[j], e.value, 1e-12, 0);
    }
    eid_lds_result_free(r);
}

static void scores_that_are_none_are_refused(void)
{
    eid_lds_result *r = NULL;
    eid_lds_data d = {.masks = masks,
                      .output = output,
                      .stride = TESTS,
                      .models = MODELS,
                      .train = TRAIN,
                      .test = TESTS};
    eid_array a = {.type = EID_F8,
                   .ndim = 2,
                   .shape = {TRAIN, TESTS},
                   .count = TESTS * TRAIN,
                   .data = score,
                   .name = "s.npy"};
    CHECK_FAILS(eid_lds(&r, ctx, &d, &a, 1), EID_EINVAL, "50 test by 61");
    a.shape[0] = TESTS;
    a.shape[1] = TRAIN;
    score[3 * TRAIN + 9] = NAN;
    CHECK_FAILS(eid_lds(&r, ctx, &d, &a, 1), EID_EFORMAT, "example 9 for test example 3");
    d.models = 7;
    CHECK_FAILS(eid_lds(&r, ctx, &d, &a, 1), EID_EINVAL, "8 models");
}

int main(void)
{
    CHECK_OK(eid_ctx_new(&ctx, &(eid_ctx_opts){.threads = 3}));
    train = clouds(N, 1);
    test = clouds(T, 2);
    RUN(softmax_regression_has_a_closed_form);
    RUN(a_score_is_what_a_step_takes_from_a_loss);
    RUN(memory_and_threads_leave_no_trace);
    RUN(right_scores_get_one_and_others_nothing);
    RUN(noise_costs_what_it_must);
    RUN(each_is_spearmans);
    RUN(scores_that_are_none_are_refused);
    eid_dataset_free(train);
    eid_dataset_free(test);
    eid_ctx_free(ctx);
    return DONE();
}
