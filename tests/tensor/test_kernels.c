/* test_kernels.c - every kernel of every instruction set against its twin in double, at production
 * shapes and ragged edges; dirty outputs; canaries behind rows.
 *
 * Tolerances: a float sum of n terms of size 1 is off by about sqrt(n) * 6e-8; 2e-6 covers n =
 * 1000. */
#include "check.h"
#include "eidetic/rng.h"
#include "tensor/kernels.h"

enum { MAX = 1 << 17 };
static float a[MAX], b[MAX], c[MAX], d[MAX], e[MAX], got[4][MAX], want[4][MAX], scratch[2][1 << 18];
static const eid_kernel_table *fast, *ref;
static const int64_t widths[] = {1, 3, 15, 16, 17, 31, 64, 100, 128, 250, 257, 512};
enum { WIDTHS = sizeof widths / sizeof widths[0], ROWS = 13 };

static void fill(float *x, int64_t n, uint64_t seed, double size)
{
    eid_rng rng = eid_rng_seed(seed);
    for (int64_t i = 0; i < n; i++)
        x[i] = (float)(size * eid_rng_normal(&rng));
}
/* The same dirt in both outputs: what neither should touch must stay equal. */
static void dirty(void)
{
    static float dirt[MAX];
    if (dirt[0] == 0)
        fill(dirt, MAX, 77, 1);
    for (int k = 0; k < 4; k++) {
        memcpy(got[k], dirt, sizeof dirt);
        memcpy(want[k], dirt, sizeof dirt);
    }
}
#define SAME(k, n, tol) CHECK_ALLCLOSE(got[k], want[k], (size_t)(n), tol, tol)

static void norms(void)
{
    for (int w = 0; w < WIDTHS; w++) {
        int64_t n = widths[w], ld = n + 5;
        fill(a, ROWS * ld, 1, 2), fill(b, n, 2, 1), fill(c, n, 3, 1), fill(d, ROWS * ld, 4, 1);
        fill(e, ROWS * ld, 5, 1);
        dirty();
        fast->layernorm(got[0], ld, a, ld, b, c, got[1], got[2], ROWS, n, 1e-5f);
        ref->layernorm(want[0], ld, a, ld, b, c, want[1], want[2], ROWS, n, 1e-5f);
        if (n > 3) /* of one to three numbers the variance may be nothing but rounding */
            for (int k = 0; k < 3; k++)
                SAME(k, ROWS * ld, 5e-6);
        float mean[ROWS], rstd[ROWS];
        for (int r = 0; r < ROWS; r++) {
            mean[r] = want[1][r];
            rstd[r] = fminf(want[2][r], 3);
        }
        for (int pass = 0; pass < 2; pass++) {
            dirty();
            fast->layernorm_back(got[0], ld, pass ? e : NULL, ld, got[1], got[2], d, ld, a, ld, b,
                                 mean, rstd, ROWS, n);
            ref->layernorm_back(want[0], ld, pass ? e : NULL, ld, want[1], want[2], d, ld, a, ld, b,
                                mean, rstd, ROWS, n);
            SAME(0, ROWS * ld, 2e-5); /* differences of terms up to 30 */
            SAME(1, ROWS * ld, 2e-5);
            SAME(2, ROWS * ld, 2e-6);
        }
    }
}

static void elementwise(void)
{
    for (int w = 0; w < WIDTHS; w++) {
        int64_t n = widths[w], ld = n + 3;
        fill(a, ROWS * ld, 1, 3), fill(b, n, 2, 1), fill(c, ROWS * ld, 3, 1);
        a[0] = 20, a[ld] = -20, a[2 * ld] = 0; /* the gate's ends */
        dirty();
        memcpy(got[1], a, sizeof a), memcpy(want[1], a, sizeof a);
        fast->gelu(got[0], ld, got[1], ld, b, ROWS, n);
        ref->gelu(want[0], ld, want[1], ld, b, ROWS, n);
        SAME(0, ROWS * ld, 1e-6);
        SAME(1, ROWS * ld, 0);
        fast->gelu_back(got[2], ld, a, ld, ROWS, n);
        ref->gelu_back(want[2], ld, a, ld, ROWS, n);
        SAME(2, ROWS * ld, 2e-6);
        fast->add_bias(got[3], ld, b, ROWS, n);
        ref->add_bias(want[3], ld, b, ROWS, n);
        SAME(3, ROWS * ld, 0);
        fast->residual(got[3], ld, a, ld, c, ld, b, ROWS, n);
        ref->residual(want[3], ld, a, ld, c, ld, b, ROWS, n);
        SAME(3, ROWS * ld, 1e-6);
        fast->transpose(got[0], ROWS + 2, a, ld, ROWS, n);
        ref->transpose(want[0], ROWS + 2, a, ld, ROWS, n);
        SAME(0, MAX, 1e-6);
    }
}

static void sums(void)
{
    for (int w = 0; w < WIDTHS; w++) {
        int64_t n = widths[w], rows = w % 3 == 0 ? 200 : 65 + w;
        fill(a, rows * (n + 1), 1, 1);
        dirty();
        fast->colsum(got[0], a, n + 1, rows, n);
        ref->colsum(want[0], a, n + 1, rows, n);
        SAME(0, n + 8, 5e-6); /* sums of 200 terms */
        CHECK_CLOSE(fast->sumsq(a, rows * n), ref->sumsq(a, rows * n), 1e-6, 0);
    }
}

static void adamw(void)
{
    static uint8_t mask[600];
    eid_adamw_rates r = {.lr = 0.01f,
                         .beta1 = 0.9f,
                         .beta2 = 0.95f,
                         .eps = 1e-8f,
                         .decay = 0.1f,
                         .scale = 0.5f,
                         .l2 = 0.2f,
                         .first = 5,
                         .second = 10};
    for (int i = 0; i < 600; i++)
        mask[i] = i % 7 != 2;
    for (int w = 0; w < WIDTHS; w++)
        for (int masked = 0; masked < 2; masked++) {
            int64_t n = widths[w];
            fill(a, n, 4, 1);
            dirty();
            for (int64_t i = 0; i < n; i++)
                got[2][i] = want[2][i] = fabsf(got[2][i]);
            fast->adamw(got[0], a, got[1], got[2], masked ? mask : NULL, n, &r);
            ref->adamw(want[0], a, want[1], want[2], masked ? mask : NULL, n, &r);
            for (int k = 0; k < 3; k++)
                SAME(k, n + 16, 1e-6);
            for (int64_t i = 0; masked && i < n; i++)
                CHECK(mask[i] || (got[0][i] == 0 && got[1][i] == 0 && got[2][i] == 0));
        }
}

static void classifiers(void)
{
    static uint8_t mask[600], bytes[600];
    for (int i = 0; i < 600; i++) {
        mask[i] = i % 5 != 3;
        bytes[i] = (uint8_t)(i * 37);
    }
    for (int w = 0; w < WIDTHS; w++) {
        int64_t n = widths[w], ld = n + 3;
        fill(a, ROWS * ld, 1, 1), fill(b, n, 2, 1), fill(c, ROWS * ld, 3, 1);
        dirty();
        fast->widen(got[0], bytes, n, 1.0f / 255);
        ref->widen(want[0], bytes, n, 1.0f / 255);
        SAME(0, n + 16, 0);
        memcpy(got[1], a, sizeof a), memcpy(want[1], a, sizeof a);
        fast->bias_relu(got[1], ld, b, ROWS, n);
        ref->bias_relu(want[1], ld, b, ROWS, n);
        SAME(1, ROWS * ld, 0);
        a[0] = 0, a[n / 2] = -0.0f;
        fast->relu_back(got[2], a, n);
        ref->relu_back(want[2], a, n);
        SAME(2, n + 16, 0);
        for (int way = 0; way < 16; way++) {
            eid_sgd_rates r = {.lr = 0.1f, .momentum = 0.9f, .decay = way & 1 ? 0.3f : 0};
            r.nesterov = way & 2;
            const float *g = way & 4 || r.nesterov ? c : NULL;
            dirty();
            fast->sgd(got[0], got[1], g, way & 8 ? mask : NULL, n, &r);
            ref->sgd(want[0], want[1], g, way & 8 ? mask : NULL, n, &r);
            SAME(0, n + 16, 1e-6);
            SAME(1, n + 16, 1e-6);
        }
    }
}

static void logits(void)
{
    static const int64_t sizes[] = {1, 2, 17, 300, 2048, 4099, 50257};
    for (int s = 0; s < 7; s++)
        for (int big = 0; big < 2; big++) {
            int64_t n = sizes[s];
            int32_t target = (int32_t)(n / 3);
            eid_row_scores x, y;
            fill(a, n, (uint64_t)s, big ? 30 : 1);
            if (n > 5)
                a[4] = a[2] = 200; /* a tie at the top; everything else underflows */
            if (big && n > 20)
                a[7] = -INFINITY;
            fast->score_row(a, n, target, true, &x);
            ref->score_row(a, n, target, true, &y);
            CHECK_CLOSE(x.logp, y.logp, 1e-6, 1e-5);
            CHECK_CLOSE(x.mean, y.mean, 1e-5, 1e-5);
            CHECK_CLOSE(x.var, y.var, 1e-4, 1e-4);
            CHECK_INT(x.rank, y.rank);
            CHECK_INT(x.argmax, y.argmax);
            CHECK_INT(fast->argmax(a, n), ref->argmax(a, n));
            dirty();
            CHECK_CLOSE(fast->exp_row(got[0], a, n, 0.7f), ref->exp_row(want[0], a, n, 0.7f), 1e-6,
                        0);
            SAME(0, n + 16, 3e-6); /* an argument of 30 carries its own rounding */
            for (int grad = 0; grad < 2; grad++) {
                memcpy(got[1], a, sizeof a), memcpy(want[1], a, sizeof a);
                CHECK_CLOSE(fast->cross_entropy(got[1], n, target, grad, 2),
                            ref->cross_entropy(want[1], n, target, grad, 2), 1e-6, 1e-5);
                SAME(1, n + 16, 3e-6);
            }
        }
}

/* q, k, v side by side as the decoder keeps them. */
static void attention(void)
{
    static const int64_t heads[] = {4, 16, 20, 32, 64, 80},
                         lengths[] = {1, 2, 15, 16, 17, 63, 65, 130};
    for (int h = 0; h < 6; h++)
        for (int t = 0; t < 8; t++) {
            int64_t hd = heads[h], T = lengths[t], ld = 3 * hd + 7, ldo = hd + 2;
            float *keys = scratch[0], *values = keys + eid_round_up(T, 16) * hd;
            float scale = (float)(1 / sqrt((double)hd)) * 2;
            fill(a, T * ld, 1, 1), fill(b, T * ldo, 2, 1);
            fill(scratch[0], 1 << 18, 3, 1), fill(scratch[1], 1 << 18, 4, 1);
            dirty();
            ref->attn_pack(keys, values, a + hd, a + 2 * hd, ld, 0, T, hd);
            memcpy(c, keys, (size_t)(T * 16) * sizeof *c);
            fast->attn_pack(keys, values, a + hd, a + 2 * hd, ld, 0, T, hd);
            CHECK(memcmp(c, keys, (size_t)(T * hd) * sizeof *c) == 0 || hd > 16);
            fast->attn(got[0], ldo, a, ld, keys, values, 0, T, hd, scale, got[1], 4, scratch[1]);
            ref->attn(want[0], ldo, a, ld, keys, values, 0, T, hd, scale, want[1], 4, scratch[1]);
            SAME(0, T * ldo, 3e-6);
            SAME(1, T * 4, 3e-6);
            fast->attn_back(got[2], got[2] + hd, got[2] + 2 * hd, ld, a, a + hd, a + 2 * hd, ld, b,
                            ldo, want[1], 4, T, hd, scale, scratch[1]);
            ref->attn_back(want[2], want[2] + hd, want[2] + 2 * hd, ld, a, a + hd, a + 2 * hd, ld,
                           b, ldo, want[1], 4, T, hd, scale, scratch[1]);
            SAME(2, T * ld, 2e-5); /* the twin adds up to 130 terms in float, too */
        }
}

/* A position's bits are the same alone, in any run of rows, and by the kernel for one query. */
static void attention_of_one_query_has_the_bits_of_all(void)
{
    enum { T = 100, H = 7, HD = 20, W = 32, LD = 3 * H * HD, ROOM = 112, STRIDE = ROOM * (HD + W) };
    float *work = scratch[1];
    fill(a, T * LD, 8, 1);
    for (int h = 0; h < H; h++)
        fast->attn_pack(scratch[0] + h * STRIDE, scratch[0] + h * STRIDE + ROOM * HD,
                        a + (H + h) * HD, a + (2 * H + h) * HD, LD, 0, T, HD);
    for (int h = 0; h < H; h++)
        fast->attn(b + h * HD, H * HD, a + h * HD, LD, scratch[0] + h * STRIDE,
                   scratch[0] + h * STRIDE + ROOM * HD, 0, T, HD, 0.3f, NULL, 0, work);
    for (int64_t t = 0; t < T; t++) {
        const float *whole = b + t * H * HD, *next = t % 2 ? scratch[0] : NULL;
        fast->attn_step(c, a + t * LD, scratch[0], scratch[0] + ROOM * HD, next, STRIDE, H, t + 1,
                        HD, 0.3f, work);
        CHECK(memcmp(c, whole, H * HD * sizeof *c) == 0);
        int64_t rows = t + 5 <= T ? 5 : T - t;
        fast->attn(c, HD, a + t * LD, LD, scratch[0], scratch[0] + ROOM * HD, t, rows, HD, 0.3f,
                   NULL, 0, work);
        CHECK(memcmp(c, whole, HD * sizeof *c) == 0);
    }
}

static void product(void)
{
    static const int64_t shape[][3] = {{1, 1, 1}, {16, 17, 5}, {37, 40, 129}, {128, 96, 100}};
    for (int s = 0; s < 4; s++)
        for (int ta = 0; ta < 2; ta++)
            for (int add = 0; add < 2; add++) {
                int64_t m = shape[s][0], n = shape[s][1], k = shape[s][2], lda = (ta ? m : k) + 3;
                fill(a, (ta ? k : m) * lda, 1, 1), fill(b, k * (n + 1), 2, 1);
                dirty();
                fast->product(ta, m, n, k, a, lda, b, n + 1, (float)add, got[0], n + 2);
                ref->product(ta, m, n, k, a, lda, b, n + 1, (float)add, want[0], n + 2);
                CHECK_ALLCLOSE(got[0], want[0], (size_t)(m * (n + 2)), 1e-5, 1e-5);
            }
}

/* Counts are whole numbers: the twins agree in every bit, at all ragged edges. */
static void common_bits(void)
{
    enum { MOST = 9, WORDS = 5 };
    static uint64_t rows[MOST * WORDS], cols[MOST * WORDS];
    static int32_t counted[MOST * MOST], by_bit[MOST * MOST];
    eid_rng rng = eid_rng_seed(12);
    for (int i = 0; i < MOST * WORDS; i++) {
        rows[i] = eid_rng_u64(&rng);
        cols[i] = i % 3 ? eid_rng_u64(&rng) : ~(uint64_t)0;
    }
    for (int na = 0; na <= MOST; na++)
        for (int nb = 0; nb <= MOST; nb++)
            for (int words = 0; words <= WORDS; words += 1 + words / 2) {
                fast->common_bits(rows, na, cols, nb, words, counted);
                ref->common_bits(rows, na, cols, nb, words, by_bit);
                CHECK(memcmp(counted, by_bit, (size_t)(na * nb) * sizeof *counted) == 0);
            }
}

/* Several turns, so that carries go far; rows of every length around a register's. */
static void bits_of_columns(void)
{
    static uint8_t rows[2 * EID_COUNT_ROWS][EID_COUNT_BYTES];
    static eid_planes counted[3], by_column[3];
    const uint8_t *x[EID_COUNT_ROWS], *y[EID_COUNT_ROWS];
    eid_rng rng = eid_rng_seed(13);
    for (int64_t bytes = 1; bytes <= EID_COUNT_BYTES; bytes += bytes < 70 ? 1 : 221) {
        memset(counted, 0, sizeof counted);
        memset(by_column, 0, sizeof by_column);
        for (int turn = 0; turn < (bytes < 70 ? 3 : 20); turn++) {
            for (int r = 0; r < 2 * EID_COUNT_ROWS; r++)
                for (int i = 0; i < EID_COUNT_BYTES; i++)
                    rows[r][i] = (uint8_t)(eid_rng_u32(&rng) | (turn % 2 ? 0xff : 0));
            for (int r = 0; r < EID_COUNT_ROWS; r++) {
                x[r] = rows[r] + EID_COUNT_BYTES - bytes; /* ends where the row does */
                y[r] = rows[r + EID_COUNT_ROWS] + EID_COUNT_BYTES - bytes;
            }
            fast->add_bits(x, y, bytes, counted);
            ref->add_bits(x, y, bytes, by_column);
        }
        CHECK(memcmp(counted, by_column, sizeof counted) == 0);
    }
}

static void all_of(const char *name)
{
    ref = eid_kernels_named("ref");
    fast = eid_kernels_named(name);
    if (!fast) {
        SKIP(kernels, "this processor lacks the instruction set");
        return;
    }
    printf("# %s\n", name);
    RUN(bits_of_columns);
    RUN(common_bits);
    RUN(norms);
    RUN(elementwise);
    RUN(sums);
    RUN(adamw);
    RUN(classifiers);
    RUN(logits);
    RUN(attention);
    RUN(attention_of_one_query_has_the_bits_of_all);
    RUN(product);
}

static void the_environment_chooses(void)
{
    const char *ask = getenv("EID_KERNELS");
    CHECK(eid_kernels_named("ref") != NULL);
    CHECK(eid_kernels_named("mmx") == NULL);
    CHECK_STR(eid_kernels(), eid_k()->name);
    if (ask && eid_kernels_named(ask))
        CHECK_STR(eid_kernels(), ask);
    CHECK_INT(strlen(eid_bits(NULL)), 64);
}

int main(void)
{
    RUN(the_environment_chooses);
    all_of("avx512");
    all_of("avx2");
    all_of(eid_kernels_named("sse2") ? "sse2" : "generic");
    return DONE();
}
