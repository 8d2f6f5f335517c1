/* test_scores.c - scores of examples against sequences worked out by hand and closed forms. */
#include "check.h"
#include "eidetic/trajectory.h"
#include "eidetic/rng.h"
#include "train/outcome.h"

static eid_ctx *ctx;

/* ---- what logits say ------------------------------------------------------------------------- */

/* From the definitions, in long double. */
static eid_outcome by_definition(const double *z, int32_t k, int32_t y)
{
    long double sum = 0, squares = 0, top = -1e30L;
    eid_outcome o;

    for (int32_t c = 0; c < k; c++)
        sum += expl((long double)z[c]);
    for (int32_t c = 0; c < k; c++) {
        long double p = expl((long double)z[c]) / sum, d = p - (c == y);
        squares += d * d;
        if (c != y && (long double)z[c] > top)
            top = (long double)z[c];
    }
    o.probability = (double)(expl((long double)z[y]) / sum);
    o.loss = (double)-logl(expl((long double)z[y]) / sum);
    o.margin = (double)((long double)z[y] - top);
    o.el2n = (double)sqrtl(squares);
    return o;
}

static void outcomes_match_their_definition(void)
{
    eid_rng rng = eid_rng_seed(1);

    for (int trial = 0; trial < 500; trial++) {
        int32_t k = 2 + (int32_t)eid_rng_below(&rng, 9),
                y = (int32_t)eid_rng_below(&rng, (uint64_t)k);
        double z[11];
        for (int32_t c = 0; c < k; c++)
            z[c] = 4 * eid_rng_normal(&rng);
        eid_outcome got = eid_outcome_of(z, k, y), want = by_definition(z, k, y);
        CHECK_CLOSE(got.loss, want.loss, 1e-12, 1e-14); /* about k roundings of double */
        CHECK_CLOSE(got.probability, want.probability, 1e-13, 0);
        CHECK_CLOSE(got.margin, want.margin, 1e-14, 0);
        CHECK_CLOSE(got.el2n, want.el2n, 1e-12, 0);
    }
}

static void outcomes_at_the_edges(void)
{
    double even[10] = {0}, far[3] = {2000, -2000, 0}, none[3] = {-INFINITY, 0, -INFINITY};
    eid_outcome o = eid_outcome_of(even, 10, 4);

    CHECK_CLOSE(o.loss, log(10), 1e-15, 0);
    CHECK_CLOSE(o.el2n, sqrt(0.9), 1e-15, 0); /* sqrt(1 - 1/k) */
    CHECK(o.margin == 0);
    o = eid_outcome_of(far, 3, 1);
    CHECK(o.loss == 4000 && o.probability == 0 && o.margin == -4000);
    CHECK_CLOSE(o.el2n, sqrt(2), 1e-15, 0);
    o = eid_outcome_of(far, 3, 0);
    CHECK(o.loss == 0 && o.probability == 1 && o.margin == 2000 && o.el2n == 0);
    o = eid_outcome_of(none, 3, 0);
    CHECK(o.loss == INFINITY && o.probability == 0 && o.margin == -INFINITY);
}

/* ---- scores ---------------------------------------------------------------------------------- */

enum { T = 6, N = 5 };
/* Right at the checkpoints, one string an example. */
static const char *const RIGHT[N] = {"111111", "011111", "010101", "000000", "001100"};
static float loss[T * N], probability[T * N], margin[T * N], el2n[T * N], grand[T * N];
static uint8_t correct[T * N], presented[3 * N];
static const double epoch[T] = {0, 1, 2, 3, 4, 5};
static const int64_t step[T] = {0, 10, 20, 30, 40, 50}, id[N] = {7, 5, 9, 1, 0};
static const int32_t label[N] = {0, 1, 0, 1, 0};
static eid_trajectory one;

static void make_one(void)
{
    for (int c = 0; c < T; c++)
        for (int i = 0; i < N; i++) {
            correct[c * N + i] = RIGHT[i][c] == '1';
            probability[c * N + i] = c ? (float)(c % 2 ? 0.25 : 0.75) : 0.5f;
            margin[c * N + i] = (float)(c ? c + i : 1000);
            el2n[c * N + i] = (float)(c * 10 + i);
            grand[c * N + i] = c < 2 ? (float)i : NAN;
        }
    one = (eid_trajectory){.checkpoints = T,
                           .examples = N,
                           .classes = 2,
                           .epoch = epoch,
                           .step = step,
                           .label = label,
                           .id = id,
                           .loss = loss,
                           .probability = probability,
                           .margin = margin,
                           .el2n = el2n,
                           .grand = grand,
                           .correct = correct};
}

static void expect(eid_score_kind kind, double at, const double *want)
{
    const eid_trajectory *runs[2] = {&one, &one};
    double score[N];

    CHECK_OK(eid_score(runs, 1, kind, at, score));
    for (int i = 0; i < N; i++)
        CHECK_CLOSE(score[i], want[i], 1e-15, 0);
    CHECK_OK(eid_score(runs, 2, kind, at, score)); /* the mean of equal runs */
    for (int i = 0; i < N; i++)
        CHECK_CLOSE(score[i], want[i], 1e-15, 0);
}

static void el2n_and_grand_are_read_at_one_checkpoint(void)
{
    const double early[N] = {10, 11, 12, 13, 14}, late[N] = {50, 51, 52, 53, 54};
    const double norm[N] = {0, 1, 2, 3, 4};
    const eid_trajectory *runs[1] = {&one};
    double score[N];

    expect(EID_SCORE_EL2N, 1, early);
    expect(EID_SCORE_EL2N, 1.4, early);
    expect(EID_SCORE_EL2N, 99, late);
    expect(EID_SCORE_EL2N, -1, late);
    expect(EID_SCORE_GRAND, 1, norm);
    CHECK_FAILS(eid_score(runs, 1, EID_SCORE_GRAND, 3, score), EID_EINVAL, "at epoch 3");
    one.grand = NULL;
    CHECK_FAILS(eid_score(runs, 1, EID_SCORE_GRAND, 1, score), EID_EINVAL, "not recorded");
    one.grand = grand;
}

static void forgetting_counts_right_turned_wrong(void)
{
    const double at_checkpoints[N] = {0, 0, 2, T, 1}, at_presentations[N] = {1, 0, 3, 3, 3};
    const uint8_t rights[3 * N] = {1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0};

    expect(EID_SCORE_FORGETTING, -1, at_checkpoints);
    memcpy(presented, rights, sizeof presented);
    one.presented = presented;
    one.presentations = 3;
    expect(EID_SCORE_FORGETTING, -1, at_presentations);
    one.presented = NULL;
    one.presentations = 0;
}

static void never_learned_is_never_right_in_any_run(void)
{
    uint8_t never[N], other[T * N] = {0};
    eid_trajectory lucky = one;
    const eid_trajectory *runs[2] = {&one, &lucky};

    CHECK_OK(eid_never_learned(runs, 1, never));
    CHECK(!never[0] && !never[1] && !never[2] && never[3] && !never[4]);
    other[4 * N + 3] = 1;
    lucky.correct = other;
    CHECK_OK(eid_never_learned(runs, 2, never));
    CHECK(!never[3]);
}

static void averages_leave_the_untrained_network_out(void)
{
    const double aum[N] = {3, 4, 5, 6, 7};
    const double mean[N] = {0.45, 0.45, 0.45, 0.45, 0.45};
    const double deviation[N] = {0.24494897427831780982, 0.24494897427831780982,
                                 0.24494897427831780982, 0.24494897427831780982,
                                 0.24494897427831780982}; /* sqrt .06 */
    const double share[N] = {1, 1, 0.6, 0, 0.4};

    expect(EID_SCORE_AUM, -1, aum);
    expect(EID_SCORE_CONFIDENCE, -1, mean);
    expect(EID_SCORE_VARIABILITY, -1, deviation);
    expect(EID_SCORE_CORRECTNESS, -1, share);
}

static void first_learned_and_last_forgotten(void)
{
    const double first[N] = {0, 10, 10, INFINITY, 20}, last[N] = {0, 0, 40, 0, 40};

    expect(EID_SCORE_FIRST_LEARNED, -1, first);
    expect(EID_SCORE_LAST_FORGOTTEN, -1, last);
    const eid_trajectory *runs[1] = {&one};
    double score[N];
    CHECK_OK(eid_score(runs, 1, EID_SCORE_FIRST_LEARNED, -1, score));
    CHECK(score[3] == INFINITY); /* which no tolerance tells from a number */
}

static void runs_of_other_examples_are_refused(void)
{
    static const int64_t other_id[N] = {7, 5, 8, 1, 0};
    static const int32_t other_label[N] = {0, 1, 0, 1, 1};
    eid_trajectory other = one;
    const eid_trajectory *runs[2] = {&one, &other};
    double score[N];

    CHECK_FAILS(eid_score(runs, 0, EID_SCORE_AUM, -1, score), EID_EINVAL, "no run");
    other.id = other_id;
    CHECK_FAILS(eid_score(runs, 2, EID_SCORE_AUM, -1, score), EID_EINVAL,
                "example 2 of run 1 has id 8");
    other.id = id;
    other.label = other_label;
    CHECK_FAILS(eid_score(runs, 2, EID_SCORE_AUM, -1, score), EID_EINVAL, "and label 1");
    other.examples = 4;
    CHECK_FAILS(eid_score(runs, 2, EID_SCORE_AUM, -1, score), EID_EINVAL, "has 4 examples");
}

static void the_threshold_is_a_quantile_of_the_fakes(void)
{
    double aum[200], t = 0;
    uint8_t fake[200];

    for (int i = 0; i < 200; i++) {
        fake[i] = i % 2 == 1;
        aum[i] = fake[i] ? (double)(100 - i / 2) : -1000; /* fakes have 100, 99 ... 1 */
    }
    CHECK_OK(eid_aum_threshold(aum, fake, 200, 0.99, &t));
    CHECK(t == 99);
    CHECK_OK(eid_aum_threshold(aum, fake, 200, 1, &t));
    CHECK(t == 100);
    CHECK_OK(eid_aum_threshold(aum, fake, 200, 0.005, &t));
    CHECK(t == 1);
    memset(fake, 0, sizeof fake);
    CHECK_FAILS(eid_aum_threshold(aum, fake, 200, 0.99, &t), EID_EINVAL, "of 0 examples");
}

/* ---- arrays from elsewhere ------------------------------------------------------------------- */

static void logits_and_their_softmax_give_the_same_scores(void)
{
    enum { C = 4, E = 30, K = 3 };
    double z[C * E * K], p[C * E * K], a[E], b[E];
    int64_t y[E];
    eid_rng rng = eid_rng_seed(3);
    eid_array zs = {.type = EID_F8, .ndim = 3, .shape = {C, E, K}, .count = C * E * K, .name = "z"};
    eid_array ps = zs, ys = {.type = EID_I8, .ndim = 1, .shape = {E}, .count = E, .name = "y"};
    eid_trajectory *t[2] = {NULL};

    for (int i = 0; i < C * E; i++) {
        double sum = 0;
        for (int c = 0; c < K; c++) {
            z[i * K + c] = eid_rng_normal(&rng) * 3;
            sum += exp(z[i * K + c]);
        }
        for (int c = 0; c < K; c++)
            p[i * K + c] = exp(z[i * K + c]) / sum;
    }
    for (int i = 0; i < E; i++)
        y[i] = i % K;
    zs.data = z, ps.data = p, ps.name = "p", ys.data = y;
    CHECK_OK(eid_trajectory_from(&t[0], ctx, &zs, false, &ys));
    CHECK_OK(eid_trajectory_from(&t[1], ctx, &ps, true, &ys));
    if (!t[0] || !t[1])
        return;
    for (int kind = 0; kind < EID_SCORE_KINDS; kind++) {
        if (kind == EID_SCORE_GRAND)
            continue;
        CHECK_OK(eid_score((const eid_trajectory *const *)&t[0], 1, (eid_score_kind)kind, -1, a));
        CHECK_OK(eid_score((const eid_trajectory *const *)&t[1], 1, (eid_score_kind)kind, -1, b));
        CHECK_ALLCLOSE(a, b, E, 1e-5, 1e-6); /* both were rounded to single precision */
    }
    p[5] += 0.01;
    eid_trajectory *none = NULL;
    CHECK_FAILS(eid_trajectory_from(&none, ctx, &ps, true, &ys), EID_EFORMAT,
                "p: the probabilities of row 1 sum to 1.01");
    p[5] = -0.5;
    CHECK_FAILS(eid_trajectory_from(&none, ctx, &ps, true, &ys), EID_EFORMAT,
                "row 1, class 2: -0.5 is no probability");
    z[7] = NAN;
    CHECK_FAILS(eid_trajectory_from(&none, ctx, &zs, false, &ys), EID_EFORMAT,
                "row 2, class 1: nan is no logit");
    y[29] = 3;
    CHECK_FAILS(eid_trajectory_from(&none, ctx, &zs, false, &ys), EID_EFORMAT, "element 29 is 3");
    ys.shape[0] = ys.count = 29;
    CHECK_FAILS(eid_trajectory_from(&none, ctx, &zs, false, &ys), EID_EINVAL, "29 labels for 30");
    zs.ndim = 1;
    CHECK_FAILS(eid_trajectory_from(&none, ctx, &zs, false, &ys), EID_EINVAL, "is wanted");
    eid_trajectory_free(t[0]);
    eid_trajectory_free(t[1]);
}

int main(void)
{
    CHECK_OK(eid_ctx_new(&ctx, &(eid_ctx_opts){.threads = 1}));
    make_one();
    RUN(outcomes_match_their_definition);
    RUN(outcomes_at_the_edges);
    RUN(el2n_and_grand_are_read_at_one_checkpoint);
    RUN(forgetting_counts_right_turned_wrong);
    RUN(never_learned_is_never_right_in_any_run);
    RUN(averages_leave_the_untrained_network_out);
    RUN(first_learned_and_last_forgotten);
    RUN(runs_of_other_examples_are_refused);
    RUN(the_threshold_is_a_quantile_of_the_fakes);
    RUN(logits_and_their_softmax_give_the_same_scores);
    eid_ctx_free(ctx);
    return DONE();
}
