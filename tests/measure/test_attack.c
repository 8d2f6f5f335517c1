/* test_attack.c - attacks with a bank: closed forms of normal scores, each attack told again cell
 * by cell, memberships that say nothing; banks from arrays. */
#include "check.h"
#include "base/memory.h"
#include "eidetic/attack.h"
#include "eidetic/rng.h"
#include "measure/attack.h"

static eid_ctx *ctx;

enum { MODELS = 64, N = 400, T = 150, Q = 2, ROW = (N + 7) / 8 };
static float phi[MODELS * Q * N], test_phi[MODELS * Q * T];
static uint8_t masks[MODELS * ROW], bits[MODELS * ROW];
static double apart; /* how much higher phi is of models with an example */

/* Every example in half of the models; phi ~ N(apart in + level of the example, 1). */
static eid_bank made(double d, double level)
{
    eid_rng r = eid_rng_seed(5);
    apart = d;
    memset(masks, 0, sizeof masks);
    for (int i = 0; i < N; i++) {
        double own = level * eid_rng_normal(&r);
        int order[MODELS];
        for (int k = 0; k < MODELS; k++) {
            int at = (int)eid_rng_below(&r, (uint64_t)k + 1);
            order[k] = order[at];
            order[at] = k;
        }
        for (int k = 0; k < MODELS; k++) {
            bool in = order[k] < MODELS / 2;
            masks[k * ROW + i / 8] |= (uint8_t)(in << i % 8);
            for (int q = 0; q < Q; q++)
                phi[(k * Q + q) * N + i] = (float)(own + d * in + eid_rng_normal(&r));
        }
    }
    for (int j = 0; j < MODELS * Q * T; j++)
        test_phi[j] = (float)(level * eid_rng_normal(&r));
    return (eid_bank){.models = MODELS,
                      .queries = Q,
                      .classes = 2,
                      .masks = masks,
                      .train = {.n = N, .row = ROW, .correct = bits, .phi = phi, .margin = phi},
                      .test = {.n = T, .row = (T + 7) / 8, .phi = test_phi, .margin = test_phi}};
}

static double normal(double x)
{
    return erfc(-x / sqrt(2)) / 2;
}

static eid_attack_result *attack(const eid_bank *b, int64_t variance, int64_t target)
{
    eid_attack_result *r = NULL;
    eid_attack_opts o = eid_attack_opts_default();
    o.variance = variance;
    o.target = target;
    CHECK_OK(eid_attack_bank(&r, ctx, b, NULL, NULL, &o));
    return r;
}

/* ---- closed forms ---------------------------------------------------------------------------- */

static void normal_scores_give_the_normal_curve(void)
{
    eid_bank b = made(1.5, 0);
    eid_attack_result *r = attack(&b, EID_VARIANCE_FIXED, -1);
    const eid_attacked *loss = &r->attack[EID_BY_LOSS], *lira = &r->attack[EID_BY_LIRA];

    /* Two queries of independent noise: their sum is apart by sqrt(2) d. */
    double d = 1.5 * sqrt(2);
    CHECK_CLOSE(loss->auc.value, normal(d / sqrt(2)), 0, 0.01);
    CHECK_CLOSE(loss->tpr1.value, normal(d - 2.3263), 0, 0.05);
    CHECK_CLOSE(lira->auc.value, normal(d / sqrt(2)), 0, 0.015); /* means of 31 and 32 models */
    CHECK(isnan(loss->tpr01.value) && strstr(loss->tpr01.why, "1,000"));
    CHECK(r->shuffled.low < 0.5 && r->shuffled.high > 0.5 && r->shuffled.high < 0.52);
    CHECK_INT(lira->auc.n, MODELS);
    for (int i = 0; i < N; i++)
        CHECK(r->separation[i] > 0.5 && r->separation[i] < 2.5);
    eid_attack_result_free(r);
}

/* Examples of different levels blind the loss, and not what compares an example with itself. */
static void only_references_see_past_the_level_of_an_example(void)
{
    eid_bank b = made(1.5, 3);
    eid_attack_result *r = attack(&b, EID_VARIANCE_FIXED, -1);
    double d = 1.5 * sqrt(2);

    CHECK_CLOSE(r->attack[EID_BY_LOSS].auc.value, normal(1.5 / sqrt(2 * (9 + 0.5))), 0, 0.02);
    CHECK_CLOSE(r->attack[EID_BY_LIRA].auc.value, normal(d / sqrt(2)), 0, 0.015);
    CHECK_CLOSE(r->attack[EID_BY_LIRA_OFFLINE].auc.value, normal(d / sqrt(2)), 0, 0.02);
    CHECK_CLOSE(r->attack[EID_BY_RANK].auc.value, normal(1.5 / sqrt(2)), 0, 0.02);
    CHECK(r->attack[EID_BY_RMIA].auc.value > r->attack[EID_BY_LOSS].auc.value + 0.05);
    eid_attack_result_free(r);
}

/* ---- cell by cell ---------------------------------------------------------------------------- */

static double probability(double x)
{
    return 1 / (1 + exp(-x));
}

/* Moments of one example's phi over the models but k, on one side. */
static void moments(int q, int i, int but, bool in, double *mean, double *variance, double *p)
{
    double n = 0, sum = 0, squares = 0, ps = 0;
    for (int k = 0; k < MODELS; k++) {
        double x = (double)phi[(k * Q + q) * N + i];
        if (k == but || eid_bank_bit(masks, ROW, k, i) != in)
            continue;
        n++;
        sum += x;
        ps += probability(x);
    }
    *mean = sum / n;
    *p = ps / n;
    for (int k = 0; k < MODELS; k++)
        if (k != but && eid_bank_bit(masks, ROW, k, i) == in)
            squares += pow((double)phi[(k * Q + q) * N + i] - *mean, 2);
    *variance = squares / (n - 1);
}

static double told(eid_bank_attack a, int k, int i)
{
    double score = 0, mean[2], variance[2], p[2], x = (double)phi[k * Q * N + i];
    for (int q = 0; q < Q && a <= EID_BY_LIRA_OFFLINE && a != EID_BY_RANK; q++) {
        double y = (double)phi[(k * Q + q) * N + i];
        for (int in = 0; in < 2; in++)
            moments(q, i, k, in, &mean[in], &variance[in], &p[in]);
        if (a == EID_BY_LOSS)
            score += y;
        else if (a == EID_BY_LIRA)
            score += log(exp(-pow(y - mean[1], 2) / 2 / variance[1]) / sqrt(variance[1])) -
                     log(exp(-pow(y - mean[0], 2) / 2 / variance[0]) / sqrt(variance[0]));
        else
            score += (y - mean[0]) / sqrt(variance[0]);
    }
    if (a == EID_BY_RANK) {
        double n = 0;
        for (int m = 0; m < MODELS; m++)
            if (m != k && !eid_bank_bit(masks, ROW, m, i)) {
                score += phi[m * Q * N + i] <= phi[k * Q * N + i];
                n++;
            }
        return score / n;
    }
    if (a < EID_BY_RMIA)
        return score;
    for (int in = 0; in < 2; in++)
        moments(0, i, k, in, &mean[in], &variance[in], &p[in]);
    double mine = probability(x) / (a == EID_BY_RMIA ? (p[0] + p[1]) / 2 : (1.3 * p[0] + 0.7) / 2);
    for (int j = 0; j < T; j++) {
        double own = probability((double)test_phi[k * Q * T + j]), all = 0;
        for (int m = 0; m < MODELS; m++)
            all += m == k ? 0 : probability((double)test_phi[m * Q * T + j]);
        all /= MODELS - 1;
        if (a == EID_BY_RMIA_OFFLINE)
            all = (1.3 * all + 0.7) / 2;
        score += mine / (own / all) >= 1;
    }
    return score / T;
}

static void every_attack_scores_as_its_formula_says(void)
{
    eid_bank b = made(1, 2);
    eid_attack_opts o = eid_attack_opts_default();
    attack_view v;
    static double score[N], z[N + T];

    o.variance = EID_VARIANCE_EACH;
    CHECK_OK(attack_view_new(&v, ctx, &b, NULL, NULL, &o));
    CHECK_OK(attack_view_read(&v, masks, true));
    for (int a = 0; a < EID_BANK_ATTACKS; a++)
        for (int k = 0; k < MODELS; k += 21) {
            attack_scores(&v, (eid_bank_attack)a, k, score, z);
            for (int i = 0; i < N; i += 17)
                CHECK_CLOSE(score[i], told((eid_bank_attack)a, k, i), 1e-5, 1e-6);
        }
    attack_view_free(&v);
}

/* ---- threads, targets, refusals -------------------------------------------------------------- */

static void threads_change_nothing(void)
{
    eid_bank b = made(1, 1);
    eid_attack_result *first = attack(&b, EID_VARIANCE_AUTO, -1);

    CHECK(!first->fixed); /* 64 models */
    for (int threads = 1; threads <= 5; threads += 4) {
        eid_ctx *other, *keep = ctx;
        eid_ctx_opts o = eid_ctx_opts_default();
        o.threads = threads;
        CHECK_OK(eid_ctx_new(&other, &o));
        ctx = other;
        eid_attack_result *r = attack(&b, EID_VARIANCE_AUTO, -1);
        CHECK(memcmp(r->separation, first->separation, sizeof(double) * N) == 0);
        for (int a = 0; a < EID_BANK_ATTACKS; a++)
            CHECK(r->attack[a].auc.value == first->attack[a].auc.value);
        CHECK(r->shuffled.value == first->shuffled.value);
        eid_attack_result_free(r);
        ctx = keep;
        eid_ctx_free(other);
    }
    eid_attack_result_free(first);
}

static void one_target_has_its_own_interval(void)
{
    eid_bank b = made(1.5, 0);
    eid_attack_result *r = attack(&b, EID_VARIANCE_FIXED, 7);

    CHECK_INT(r->targets, 1);
    CHECK(r->attack[EID_BY_LIRA].auc.low < r->attack[EID_BY_LIRA].auc.value);
    CHECK(r->attack[EID_BY_LIRA].auc.n > MODELS);
    eid_attack_result_free(r);
}

static void refusals(void)
{
    eid_bank b = made(1, 0);
    eid_attack_opts o = eid_attack_opts_default();
    eid_attack_result *r;

    o.target = MODELS;
    CHECK_FAILS(eid_attack_bank(&r, ctx, &b, NULL, NULL, &o), EID_EINVAL, "no model 64");
    o.target = -1;
    b.models = 3;
    CHECK_FAILS(eid_attack_bank(&r, ctx, &b, NULL, NULL, &o), EID_EINVAL, "fewer than 4");
    b.models = MODELS;
    b.train.phi = NULL;
    CHECK_FAILS(eid_attack_bank(&r, ctx, &b, NULL, NULL, &o), EID_EINVAL, "how sure");
}

/* ---- arrays ---------------------------------------------------------------------------------- */

static eid_array *array(const char *name, eid_type type, int ndim, const int64_t *shape,
                        const void *data)
{
    eid_array *a = NULL;
    eid_array_view v = {.type = type, .ndim = ndim, .data = data};
    char path[600];
    for (int k = 0; k < ndim; k++)
        v.shape[k] = shape[k];
    snprintf(path, sizeof path, "%s.%s.npy", check_tmp("array"), name);
    CHECK_OK(eid_array_write(ctx, path, &v));
    CHECK_OK(eid_array_read(&a, ctx, path));
    unlink(path);
    return a;
}

static void arrays_make_a_bank(void)
{
    enum { M = 3, E = 10, C = 3 };
    double z[M * E * C], p[M * E * C], own[M * E];
    int32_t y[E];
    uint8_t in[M * E];
    eid_rng r = eid_rng_seed(3);
    eid_bank *b[3] = {NULL};

    for (int i = 0; i < E; i++)
        y[i] = (int32_t)eid_rng_below(&r, C);
    for (int c = 0; c < M * E; c++) {
        double sum = 0;
        in[c] = (uint8_t)eid_rng_below(&r, 2);
        for (int k = 0; k < C; k++)
            sum += exp(z[c * C + k] = 2 * eid_rng_normal(&r));
        for (int k = 0; k < C; k++)
            p[c * C + k] = exp(z[c * C + k]) / sum;
        own[c] = p[c * C + y[c % E]];
    }
    eid_array *logits = array("z", EID_F8, 3, (int64_t[]){M, E, C}, z),
              *probs = array("p", EID_F8, 3, (int64_t[]){M, E, C}, p),
              *mine = array("o", EID_F8, 2, (int64_t[]){M, E}, own),
              *labels = array("y", EID_I4, 1, (int64_t[]){E}, y),
              *flags = array("m", EID_U1, 2, (int64_t[]){M, E}, in),
              *few = array("f", EID_U1, 2, (int64_t[]){M, E - 1}, in);
    eid_bank_arrays from[3] = {{.values = logits, .labels = labels, .masks = flags},
                               {.values = probs, .labels = labels, .masks = flags, .probs = true},
                               {.values = mine, .masks = flags, .probs = true}};
    for (int k = 0; k < 3; k++)
        CHECK_OK(eid_bank_from(&b[k], ctx, &from[k]));
    for (int c = 0; c < M * E; c++) {
        double want = log(own[c] / (1 - own[c]));
        for (int k = 0; k < 3; k++)
            CHECK_CLOSE((double)b[k]->train.phi[c], want, 1e-5, 1e-5);
        CHECK_INT(eid_bank_bit(b[0]->masks, b[0]->train.row, c / E, c % E), in[c]);
        CHECK_INT(eid_bank_bit(b[0]->train.correct, b[0]->train.row, c / E, c % E),
                  b[0]->train.margin[c] > 0);
    }
    for (int k = 0; k < 3; k++)
        eid_bank_free(b[k]);

    eid_bank *none = NULL;
    from[0].masks = few;
    CHECK_FAILS(eid_bank_from(&none, ctx, &from[0]), EID_EINVAL, "flags are wanted");
    from[0].masks = labels;
    CHECK_FAILS(eid_bank_from(&none, ctx, &from[0]), EID_EINVAL, "flags are wanted");
    from[0].masks = flags;
    from[0].labels = NULL;
    CHECK_FAILS(eid_bank_from(&none, ctx, &from[0]), EID_EINVAL, "labels");
    from[0].labels = labels;
    from[0].probs = true;
    CHECK_FAILS(eid_bank_from(&none, ctx, &from[0]), EID_EFORMAT, "is no probability");
    from[1].values =
        array("q", EID_F8, 3, (int64_t[]){M, E, C}, memcpy(z, p, sizeof z) ? (z[4] *= 0.5, z) : z);
    CHECK_FAILS(eid_bank_from(&none, ctx, &from[1]), EID_EFORMAT, "sum to");
    eid_array_free((eid_array *)(uintptr_t)from[1].values);
    eid_array_free(logits);
    eid_array_free(probs);
    eid_array_free(mine);
    eid_array_free(labels);
    eid_array_free(flags);
    eid_array_free(few);
}

int main(void)
{
    eid_ctx_opts o = eid_ctx_opts_default();
    o.threads = 2;
    CHECK_OK(eid_ctx_new(&ctx, &o));
    RUN(normal_scores_give_the_normal_curve);
    RUN(only_references_see_past_the_level_of_an_example);
    RUN(every_attack_scores_as_its_formula_says);
    RUN(threads_change_nothing);
    RUN(one_target_has_its_own_interval);
    RUN(refusals);
    RUN(arrays_make_a_bank);
    eid_ctx_free(ctx);
    return DONE();
}
