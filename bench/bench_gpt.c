/* bench_gpt.c - the decoder against the product rate: training, scoring, continuing.
 *
 * Rates of shared machines drift, so every measured piece stands between two pieces of the
 * reference (dnnl_sgemm on large matrices, as many single-threaded calls side by side as there are
 * threads), and the median of the ratios is reported.  Work is counted as 6N + 12 L d T a token for
 * training and 2N + 4 L d T for scoring, N without the positions: the attention's full square, so
 * the causal half that is skipped counts as done.  Continuing counts 2N' + 4 L d t for each token
 * at position t, where N' leaves the head out for prompt tokens that need no logits, all that is
 * seen counted once.
 *
 *     bench_gpt [seconds per job [threads [only jobs whose name contains this]]] */
#include "base/ctx.h"
#include "base/memory.h"
#include "eidetic/nn.h"
#include "eidetic/rng.h"
#include "par/par.h"
#include "tensor/product.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *only = "";
enum { M = 512, NK = 2048, REPS = 200 };

typedef struct reference {
    float *a, *b, *c;
} reference;

static eid_status multiply(void *arg, int64_t task, int worker)
{
    reference *r = arg;
    (void)worker;
    int64_t ld = NK + 16;
    eid_sgemm(false, M, NK, NK, r->a + task * M * ld, ld, r->b, ld, 0, r->c + task * M * ld, ld);
    return EID_OK;
}

static void must(eid_status st)
{
    if (st != EID_OK) {
        fprintf(stderr, "bench_gpt: %s\n", eid_last_error());
        exit(1);
    }
}

/* Seconds on the wall, and of all threads on processors: on a machine that others use too, the
 * ratio of the second kind says what the first would be alone, but for waiting at the ends of
 * parallel loops. */
typedef struct span {
    double wall, cpu;
} span;

static span now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (span){eid_now(), (double)t.tv_sec + 1e-9 * (double)t.tv_nsec};
}
static span since(span t)
{
    span n = now();
    return (span){n.wall - t.wall, n.cpu - t.cpu};
}

/* The product's rate by both clocks. */
static span reference_rate(eid_ctx *ctx, reference *r)
{
    int n = eid_ctx_threads(ctx);
    double flop = 2.0 * n * M * NK * NK;
    span t = now();
    must(eid_par_for(ctx, n, multiply, r));
    t = since(t);
    return (span){flop / t.wall, flop / t.cpu};
}

static reference reference_new(eid_ctx *ctx)
{
    reference r = {0};
    size_t ld = NK + 16, rows = (size_t)eid_ctx_threads(ctx) * M;
    must(EID_NEW(r.a, rows * ld));
    must(EID_NEW(r.b, NK * ld));
    must(EID_NEW(r.c, rows * ld));
    eid_rng rng = eid_rng_seed(1);
    for (size_t i = 0; i < rows * ld; i++)
        r.a[i] = (float)eid_rng_unit(&rng);
    for (size_t i = 0; i < NK * ld; i++)
        r.b[i] = (float)eid_rng_unit(&rng);
    reference_rate(ctx, &r);
    return r;
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

/* A piece of work: how many floating-point operations and tokens one run of it counts. */
typedef struct piece {
    const char *name;
    void (*run)(struct piece *p, eid_ctx *ctx);
    double flop, tokens;
    eid_gpt *m;
    eid_adamw *adam;
    eid_batch batch;
    eid_seq *seqs;
    size_t n;
    int64_t new;
    int32_t *out;
} piece;

static void measure(piece *p, eid_ctx *ctx, reference *ref, double seconds)
{
    static double wall[REPS], cpu[REPS], rate[REPS], product[REPS];
    int n = 0;
    if (!strstr(p->name, only))
        return;
    p->run(p, ctx);
    double start = eid_now();
    span before = reference_rate(ctx, ref);
    while (n < REPS && (n < 3 || eid_now() - start < seconds)) {
        span t = now();
        p->run(p, ctx);
        t = since(t);
        span after = reference_rate(ctx, ref);
        product[n] = (before.wall + after.wall) / 2;
        rate[n] = p->tokens / t.wall;
        wall[n] = p->flop / t.wall / product[n];
        cpu[n] = p->flop / t.cpu / ((before.cpu + after.cpu) / 2);
        before = after;
        n++;
    }
    double tokens = median(rate, n);
    printf("| %-52s | %8.0f | %5.0f | %7.0f | %4.0f%% | %4.0f%% | %3d |\n", p->name, tokens,
           p->flop / p->tokens * tokens * 1e-9, median(product, n) * 1e-9, 100 * median(wall, n),
           100 * median(cpu, n), n);
    fflush(stdout);
}

static void train(piece *p, eid_ctx *ctx)
{
    double loss;
    must(eid_gpt_loss(p->m, ctx, &p->batch, true, &loss));
    must(eid_adamw_step(p->adam, p->m, ctx, 1e-3, NULL));
}
static void score(piece *p, eid_ctx *ctx)
{
    eid_scores *s;
    must(eid_gpt_score(ctx, p->m, p->seqs, p->n, EID_WANT_LOGP, NULL, &s));
    eid_scores_free(s);
}
static void generate(piece *p, eid_ctx *ctx)
{
    must(eid_gpt_generate(ctx, p->m, p->seqs, p->n, NULL, p->new, NULL, -1, p->out));
}

static int32_t *tokens(int64_t n, int64_t vocab)
{
    int32_t *t = malloc((size_t)n * sizeof *t);
    eid_rng rng = eid_rng_seed(2);
    for (int64_t i = 0; t && i < n; i++)
        t[i] = (int32_t)eid_rng_below(&rng, (uint64_t)vocab);
    return t;
}

static eid_seq *sequences(const int32_t *tok, size_t n, int32_t len)
{
    eid_seq *s = malloc(n * sizeof *s);
    for (size_t i = 0; s && i < n; i++)
        s[i] = (eid_seq){tok + i * (size_t)len, len, 1};
    return s;
}

static void bench(eid_ctx *ctx, reference *ref, const eid_gpt_config *c, int64_t batch,
                  const char *name, double seconds)
{
    char label[4][64];
    double d = (double)c->width, V = (double)c->vocab, L = (double)c->layers,
           T = (double)c->context;
    double blocks = L * (12 * d * d + 13 * d) + 2 * d, N = blocks + V * d;
    piece p = {0};
    eid_adamw_opts o = eid_adamw_opts_default();
    int64_t rows = batch * c->context, prompts = 1000;
    int32_t *x = tokens(64000 + rows + 1, c->vocab);

    must(eid_gpt_new(&p.m, ctx, c, 1));
    must(eid_adamw_new(&p.adam, p.m, &o));
    p.batch = (eid_batch){.rows = batch, .cols = c->context, .x = x, .y = x + 1};
    p.run = train, p.tokens = (double)rows, p.flop = (6 * N + 12 * L * d * T) * (double)rows;
    snprintf(label[0], sizeof label[0], "%s: training, batch %d x %d", name, (int)batch,
             (int)c->context);
    p.name = label[0];
    measure(&p, ctx, ref, seconds);

    p.n = (size_t)(16384 / c->context), p.seqs = sequences(x, p.n, (int32_t)c->context);
    p.run = score, p.tokens = (double)p.n * (T - 1), p.flop = p.tokens * (2 * N + 4 * L * d * T);
    snprintf(label[1], sizeof label[1], "%s: scoring %d x %d", name, (int)p.n, (int)c->context);
    p.name = label[1];
    measure(&p, ctx, ref, seconds);
    free(p.seqs);

    p.n = (size_t)prompts, p.seqs = sequences(x, p.n, 32), p.new = 32;
    p.out = malloc(p.n * 32 * sizeof *p.out);
    p.run = generate, p.tokens = 32000, p.flop = 0;
    for (int t = 0; t < 63; t++) /* the last token is never fed */
        p.flop += (double)prompts * (2 * blocks + 4 * L * d * (t + 1) + (t >= 31 ? 2 * V * d : 0));
    snprintf(label[2], sizeof label[2], "%s: continuing 1,000 prompts, 32 + 32", name);
    p.name = label[2];
    measure(&p, ctx, ref, seconds);
    free(p.seqs);
    free(p.out);
    free(x);
    eid_adamw_free(p.adam);
    eid_gpt_free(p.m);
}

static void heading(eid_ctx *ctx)
{
    char line[256], date[32], cpu[128] = "?";
    time_t now = time(NULL);
    strftime(date, sizeof date, "%Y-%m-%d", gmtime(&now));
    FILE *f = fopen("/proc/cpuinfo", "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "model name : %127[^\n]", cpu) == 1)
            break;
    if (f)
        fclose(f);
    printf("%s, %s, %d threads, kernels %s, products %s\n\n", date, cpu, eid_ctx_threads(ctx),
           eid_kernels(), eid_gemm_name());
    printf("| %-52s | tokens/s | GF/s  | product | ratio | (CPU) |   n |\n", "job");
    printf("|---|--:|--:|--:|--:|--:|--:|\n");
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 3;
    eid_ctx_opts o = eid_ctx_opts_default();
    o.threads = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
    only = argc > 3 ? argv[3] : "";
    eid_ctx *ctx;
    must(eid_ctx_new(&ctx, &o));
    reference ref = reference_new(ctx);
    heading(ctx);
    eid_gpt_config small = eid_gpt_config_default(), large = eid_gpt_config_default();
    large.vocab = 4096, large.width = 256, large.layers = 6, large.heads = 8, large.context = 256;
    bench(ctx, &ref, &small, 32, "V 2048, d 128, 4 layers", seconds);
    bench(ctx, &ref, &large, 16, "V 4096, d 256, 6 layers", seconds);
    eid_free(ref.a);
    eid_free(ref.b);
    eid_free(ref.c);
    eid_ctx_free(ctx);
    return 0;
}
