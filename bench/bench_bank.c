/* bench_bank.c - a bank's models against the product rate, and gradients of single examples against
 * a plain backward pass.
 *
 * Models: 784-128-10, 5,000 examples of bytes, 50 epochs of batches of 128, one per thread, between
 * two pieces of the reference (dnnl_sgemm on large matrices, single-threaded calls side by side);
 * the median of the ratios.  Work is what the products do: 4 P + 2 P' per example and step for the
 * P weights of the first layer and the P' above it (which deltas pass through, too), 2 (P + P') for
 * each example asked about.  By processor time, which on a busy machine says what the wall would
 * alone.
 *
 *     bench_bank [models per thread [threads]]       -1: the measures over a bank alone */
#include "eidetic/memorization.h"
#include "eidetic/rng.h"
#include "par/par.h"
#include "tensor/product.h"
#include "train/bank.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { M = 512, NK = 2048, MOST = 400, THREADS = 64, N = 5000, SIDE = 28, EPOCHS = 50 };

static void must(eid_status st)
{
    if (st != EID_OK) {
        fprintf(stderr, "bench_bank: %s\n", eid_last_error());
        exit(1);
    }
}

static double cpu_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int up(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}
static double median(double *x, int n)
{
    qsort(x, (size_t)n, sizeof *x, up);
    return n % 2 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

static eid_dataset *noise(eid_ctx *ctx, int64_t n)
{
    eid_dataset *d = NULL, like = {.n = n,
                                   .channels = 1,
                                   .height = SIDE,
                                   .width = SIDE,
                                   .classes = 10,
                                   .scale = 1.0f / 255};
    uint8_t *pixel = NULL;
    int32_t *label = NULL;
    eid_rng rng = eid_rng_seed(1);
    must(EID_NEW(pixel, n * SIDE * SIDE));
    must(EID_NEW(label, n));
    for (int64_t i = 0; i < n; i++)
        label[i] = (int32_t)eid_rng_below(&rng, 10);
    for (int64_t i = 0; i < n * SIDE * SIDE; i++)
        pixel[i] = (uint8_t)eid_rng_u32(&rng);
    like.u8 = pixel;
    like.label = label;
    must(eid_dataset_from(&d, ctx, &like));
    eid_free(pixel);
    eid_free(label);
    return d;
}

/* ---- models
 * ------------------------------------------------------------------------------------------ */

typedef struct job {
    bank_plan plan;
    bank_worker worker[THREADS];
    eid_ctx *ctx;
    float *a, *b, *c; /* of the reference: a and c for each thread */
    uint8_t mask[(N + 7) / 8];
    double ratio[MOST], seconds[MOST];
    int n;
} job;

/* Rate of the reference in this thread, by processor time. */
static double reference(job *j, int64_t thread)
{
    int64_t ld = NK + 16;
    double t = cpu_now();
    eid_sgemm(false, M, NK, NK, j->a + thread * M * ld, ld, j->b, ld, 0, j->c + thread * M * ld,
              ld);
    return 2.0 * M * NK * NK / (cpu_now() - t);
}

static eid_status one_thread(void *arg, int64_t task, int worker)
{
    job *j = arg;
    const double below = 784.0 * 128, above = 128.0 * 10, steps = 1954, batch = 128;
    const double flop = steps * batch * (4 * below + 6 * above) + N * 2.0 * (below + above);
    (void)worker;
    for (int i = (int)task; i < j->n; i += eid_ctx_threads(j->ctx)) {
        double before = reference(j, task), t = cpu_now();
        eid_status st = bank_model(&j->worker[task], &j->plan, i, j->mask, j->ctx);
        if (st != EID_OK)
            return st;
        j->seconds[i] = cpu_now() - t;
        j->ratio[i] = flop / j->seconds[i] / ((before + reference(j, task)) / 2);
    }
    return EID_OK;
}

static void bench_models(eid_ctx *ctx, int each)
{
    static job j;
    int threads = eid_ctx_threads(ctx);
    size_t ld = NK + 16, rows = (size_t)threads * M;
    eid_classifier_opts t = eid_classifier_opts_default();
    eid_bank_opts o = eid_bank_opts_default();
    eid_dataset *d = noise(ctx, N);

    t.model = "mlp:128";
    t.epochs = EPOCHS;
    j.ctx = ctx;
    j.plan = (bank_plan){.opts = &o, .training = &t, .set = {d, NULL}, .parameters = 101770};
    j.n = each * threads < MOST ? each * threads : MOST;
    memset(j.mask, 0xff, sizeof j.mask);
    must(EID_NEW(j.a, rows * ld));
    must(EID_NEW(j.b, NK * ld));
    must(EID_NEW(j.c, rows * ld));
    for (size_t i = 0; i < rows * ld; i++)
        j.a[i] = (float)(i % 89) - 44;
    for (size_t i = 0; i < NK * ld; i++)
        j.b[i] = (float)(i % 97) - 48;
    for (int k = 0; k < threads; k++)
        must(bank_worker_make(&j.worker[k], &j.plan, ctx));
    double began = eid_now();
    must(eid_par_for(ctx, threads, one_thread, &j));
    double wall = eid_now() - began;
    printf("%d models on %d threads: %.3f s of a core each, %.1f%% of the product rate (medians); "
           "%.2f models a second by the wall\n",
           j.n, threads, median(j.seconds, j.n), 100 * median(j.ratio, j.n), j.n / wall);
    for (int k = 0; k < threads; k++)
        bank_worker_free(&j.worker[k]);
    eid_free(j.a);
    eid_free(j.b);
    eid_free(j.c);
    eid_dataset_free(d);
}

/* ---- gradients of single examples
 * ------------------------------------------------------------------ */

enum { PLAIN, NORMS, CLIPPED, STEP, PRIVATE, WAYS };

static double once(eid_net *m, eid_optim *o, eid_ctx *ctx, const eid_examples *b, int way,
                   double *norm2)
{
    double loss, t = eid_now();
    struct timespec a, z;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
    if (way == PLAIN || way == STEP)
        must(eid_net_loss(m, ctx, b, true, &loss, NULL, NULL));
    else if (way == NORMS)
        must(eid_net_norms(m, ctx, b, norm2, NULL, NULL));
    else
        must(eid_net_clipped(m, ctx, b, 1, norm2, &loss));
    if (way == STEP || way == PRIVATE)
        must(eid_optim_step(o, m, ctx, 1e-4));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &z);
    (void)t;
    return (double)(z.tv_sec - a.tv_sec) + 1e-9 * (double)(z.tv_nsec - a.tv_nsec);
}

/* Each way between two plain passes. */
static void bench_norms(eid_ctx *ctx, const char *model, int64_t batch, const float *x,
                        const int32_t *y)
{
    enum { REPS = 21 };
    static double ratio[WAYS][REPS], ms[WAYS][REPS];
    eid_net_shape shape = {1, SIDE, SIDE, 10};
    eid_net *m = NULL;
    eid_optim *o = NULL;
    eid_optim_opts opts = eid_optim_opts_default();
    eid_param *p;
    double *norm2 = NULL, plain = 0;
    eid_examples b = {.n = batch, .x = x, .y = y};
    must(eid_net_new(&m, ctx, model, &shape, 1));
    must(eid_optim_new(&o, m, &opts));
    must(EID_NEW(norm2, batch * (int64_t)eid_net_params(m, &p)));
    for (int way = 0; way < WAYS; way++)
        once(m, o, ctx, &b, way, norm2);
    for (int r = 0; r < REPS; r++)
        for (int way = 0; way < WAYS; way++) {
            int like = way == PRIVATE ? STEP : PLAIN;
            double before = once(m, o, ctx, &b, like, norm2), t = once(m, o, ctx, &b, way, norm2);
            plain = (before + once(m, o, ctx, &b, like, norm2)) / 2;
            ratio[way][r] = t / plain;
            ms[way][r] = 1e3 * t;
        }
    printf("%-12s batch %4d: norms %.2f, norms and clipped sum %.2f of a plain backward pass; "
           "clipped step %.2f of a plain step; ms of cores: plain %.2f, norms %.2f, clipped step "
           "%.2f\n",
           model, (int)batch, median(ratio[NORMS], REPS), median(ratio[CLIPPED], REPS),
           median(ratio[PRIVATE], REPS), median(ms[PLAIN], REPS), median(ms[NORMS], REPS),
           median(ms[PRIVATE], REPS));
    eid_free(norm2);
    eid_optim_free(o);
    eid_net_free(m);
}

/* EL2N and GraNd of 60,000 examples. */
static void bench_scores(eid_ctx *ctx, const char *model)
{
    enum { ALL = 60000 };
    eid_net_shape shape = {1, SIDE, SIDE, 10};
    eid_dataset *d = noise(ctx, ALL);
    eid_net *m = NULL;
    double *norm2 = NULL, t;
    float *z = NULL;
    struct timespec a, e;
    must(eid_net_new(&m, ctx, model, &shape, 1));
    must(EID_NEW(norm2, ALL));
    must(EID_NEW(z, ALL * 10));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
    t = eid_now();
    must(eid_classifier_norms(m, ctx, d, NULL, ALL, norm2, NULL, z));
    t = eid_now() - t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &e);
    printf(
        "%-12s logits and gradient norms of 60,000 examples: %.2f s by the wall, %.2f s of cores\n",
        model, t, (double)(e.tv_sec - a.tv_sec) + 1e-9 * (double)(e.tv_nsec - a.tv_nsec));
    eid_free(norm2);
    eid_free(z);
    eid_net_free(m);
    eid_dataset_free(d);
}

/* ---- measures over a bank ----------------------------------------------------------------------
 */

static double thread_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* A sum over the same bytes: what reading them costs alone. */
static uint64_t read_all(const uint8_t *p, size_t n)
{
    uint64_t sum[8] = {0}, x[8];
    for (size_t i = 0; i + sizeof x <= n; i += sizeof x) {
        memcpy(x, p + i, sizeof x);
        for (int k = 0; k < 8; k++)
            sum[k] += x[k];
    }
    for (int k = 1; k < 8; k++)
        sum[0] ^= sum[k];
    return sum[0];
}

/* Random masks and answers of `models` about `n` and `test` examples. */
static void bench_measures(eid_ctx *ctx, int64_t models, int64_t n, int64_t test)
{
    eid_bank b = {.models = models, .queries = 1, .classes = 10};
    eid_high_influence_opts o = eid_high_influence_opts_default();
    eid_rng rng = eid_rng_seed(5);
    uint8_t *masks = NULL, *right = NULL, *other = NULL;
    double *mem = NULL, reading[5], counting[5], t;
    volatile uint64_t sink = 0;

    b.train.n = n;
    b.train.row = (n + 7) / 8;
    b.test.n = test;
    b.test.row = (test + 7) / 8;
    size_t bytes = (size_t)(models * b.train.row), less = (size_t)(models * b.test.row);
    must(EID_NEW(masks, bytes));
    must(EID_NEW(right, bytes));
    must(EID_NEW(other, less));
    must(EID_NEW(mem, n));
    for (size_t i = 0; i < bytes; i++) {
        masks[i] = (uint8_t)eid_rng_u32(&rng);
        right[i] = (uint8_t)eid_rng_u32(&rng);
    }
    for (size_t i = 0; i < less; i++)
        other[i] = (uint8_t)eid_rng_u32(&rng);
    for (int64_t k = 0; k < models && n % 8; k++)
        masks[(k + 1) * b.train.row - 1] &= (uint8_t)((1u << n % 8) - 1);
    b.masks = masks;
    b.train.correct = right;
    b.test.correct = other;
    for (int r = 0; r < 5; r++) {
        eid_memorization *m = NULL;
        t = thread_seconds();
        sink += read_all(masks, bytes) + read_all(right, bytes);
        reading[r] = thread_seconds() - t;
        t = thread_seconds();
        must(eid_memorization_of(&m, ctx, &b, NULL, 0));
        counting[r] = thread_seconds() - t;
        memcpy(mem, m->mem, (size_t)n * sizeof *mem);
        eid_memorization_free(m);
    }
    double slow = median(counting, 5);
    printf("mem of %lld x %lld: %.3f s of cores, %.1f GB/s; reading alone %.1f GB/s\n",
           (long long)models, (long long)n, slow, 2e-9 * (double)bytes / slow,
           2e-9 * (double)bytes / median(reading, 5));
    eid_high_influence *h = NULL;
    o.permutations = 1;
    o.mem = -1;
    t = thread_seconds();
    must(eid_high_influence_of(&h, ctx, &b, mem, &o));
    t = thread_seconds() - t;
    double words = 2.0 * (double)n * (double)test * (double)((models + 63) / 64);
    printf("influence of %lld x %lld x %lld: %.2f s of cores a pass, %.2f words/ns a core (%.1f "
           "GB/s of operands)\n",
           (long long)models, (long long)n, (long long)test, t / 2, 1e-9 * words / t,
           16e-9 * words / t);
    eid_high_influence_free(h);
    eid_free(masks);
    eid_free(right);
    eid_free(other);
    eid_free(mem);
}

int main(int argc, char **argv)
{
    static float x[512 * SIDE * SIDE];
    static int32_t y[512];
    eid_ctx_opts o = eid_ctx_opts_default();
    eid_rng rng = eid_rng_seed(2);
    char cpu[256];
    eid_ctx *ctx;
    int each = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 10;
    o.threads = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
    must(eid_ctx_new(&ctx, &o));
    eid_cpu_name(cpu, sizeof cpu);
    printf("%s, kernels %s, products %s\n", cpu, eid_kernels(), eid_gemm_name());
    if (each > 0)
        bench_models(ctx, each);
    bench_measures(ctx, 4000, 60000, each < 0 ? 10000 : 1000);
    if (each < 0)
        return 0;
    for (int i = 0; i < 512 * SIDE * SIDE; i++)
        x[i] = (float)eid_rng_unit(&rng);
    for (int i = 0; i < 512; i++)
        y[i] = (int32_t)eid_rng_below(&rng, 10);
    static const char *const models[] = {"mlp:128", "mlp:512-256", "cnn:lenet", "cnn:resnet"};
    for (int k = 0; k < 4; k++)
        for (int64_t batch = 128; batch <= (k < 3 ? 512 : 128); batch *= 4)
            bench_norms(ctx, models[k], batch, x, y);
    bench_scores(ctx, "mlp:512-256");
    eid_ctx_free(ctx);
    return 0;
}
