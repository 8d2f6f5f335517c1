/* test_pairs.c - influence against the definition pair by pair, a bar that chance keeps below, and
 * pairs that were made to be found; trainings without the memorized. */
#include "eidetic/memorization.h"
#include "made_bank.h"

enum { N = 70, TEST = 150, K = 90 };

static void answers(made *m, uint64_t seed, int64_t helped)
{
    eid_rng rng = eid_rng_seed(seed);
    for (int64_t k = 0; k < m->b.models; k++)
        for (int64_t j = 0; j < m->b.test.n; j++) {
            bool right = eid_rng_unit(&rng) < 0.1 + 0.8 * (double)(j % 10) / 10;
            if (j < helped) /* test example j is right where training example 2 j was in */
                right = eid_bank_bit(m->masks, m->b.train.row, k, 2 * j);
            made_bit(m->right[1], m->b.test.row, k, j, right);
        }
}

static void pairs_are_those_of_the_definition(void)
{
    eid_ctx *ctx[2] = {made_ctx(1), made_ctx(3)};
    eid_bank_opts o = eid_bank_opts_default();
    eid_high_influence_opts po = eid_high_influence_opts_default();
    eid_high_influence *r[2] = {0};
    static double mem[N];
    made m;
    o.models = K;
    made_new(&m, ctx[0], &o, N, TEST);
    answers(&m, 1, 5);
    for (int i = 0; i < N; i++)
        mem[i] = i % 7 == 6 ? 0.1 : i == 20 ? NAN : 0.5;
    po.keep = 3;
    for (int t = 0; t < 2; t++)
        CHECK_OK(eid_high_influence_of(&r[t], ctx[t], &m.b, mem, &po));
    int64_t found = 0, resolved = 0, candidates = 0;
    for (int64_t i = 0; i < N; i++) {
        candidates += mem[i] >= 0.25;
        for (int64_t j = 0; j < TEST && mem[i] >= 0.25; j++) {
            double n[2] = {0}, right[2] = {0}, t = K;
            for (int64_t k = 0; k < K; k++) {
                int in = eid_bank_bit(m.masks, m.b.train.row, k, i);
                n[in]++;
                right[in] += eid_bank_bit(m.right[1], m.b.test.row, k, j);
            }
            double all = right[0] + right[1], infl = right[1] / n[1] - right[0] / n[0];
            double var = n[1] * n[0] * all * (t - all) / (t * t * (t - 1));
            double z = all > 0 && all < t ? (right[1] - n[1] * all / t) / sqrt(var) : 0;
            found += infl >= 0.15;
            resolved += infl >= 0.15 && z > r[0]->bar;
        }
    }
    CHECK_INT(r[0]->candidates, candidates);
    CHECK_INT(r[0]->found, found);
    CHECK_INT(r[0]->resolved, resolved);
    CHECK_INT(resolved, 4); /* of 0, 2, 4, 6, 8: mem of 6 is too small */
    CHECK_INT(r[0]->tests, 4);
    CHECK_INT(r[0]->kept, 3);
    for (int p = 0; p < 3 && p < r[0]->kept; p++) { /* ties: in order of place */
        static const int64_t at[] = {0, 2, 4};
        CHECK_INT(r[0]->pair[p].train, at[p]);
        CHECK_INT(r[0]->pair[p].test, at[p] / 2);
        CHECK(r[0]->pair[p].influence == 1);
        CHECK_CLOSE(r[0]->pair[p].z, sqrt(K - 1), 1e-12, 0);
        CHECK(r[0]->pair[p].se > 0);
    }
    CHECK(r[0]->bar == r[1]->bar && r[0]->found == r[1]->found);
    CHECK(r[0]->kept == r[1]->kept);
    CHECK(memcmp(r[0]->pair, r[1]->pair, (size_t)r[0]->kept * sizeof *r[0]->pair) == 0);
    for (int t = 0; t < 2; t++) {
        eid_high_influence_free(r[t]);
        eid_ctx_free(ctx[t]);
    }
    made_free(&m);
}

/* Masks that say nothing: the bar is passed once in 21 banks; more than 6 of 40 would be a chance
 * of 0.4%. */
static void none_resolved_is_an_answer(void)
{
    eid_ctx *ctx = made_ctx(2);
    eid_bank_opts o = eid_bank_opts_default();
    eid_high_influence_opts po = eid_high_influence_opts_default();
    static double mem[N];
    int banks = 0;
    o.models = K;
    for (int i = 0; i < N; i++)
        mem[i] = 1;
    for (int64_t b = 0; b < 40; b++) {
        eid_high_influence *r = NULL;
        made m;
        o.seed = b;
        made_new(&m, ctx, &o, N, TEST);
        answers(&m, 100 + (uint64_t)b, 0);
        CHECK_OK(eid_high_influence_of(&r, ctx, &m.b, mem, &po));
        CHECK(r->found > 0); /* though many pairs pass the paper's threshold */
        banks += r->resolved > 0;
        eid_high_influence_free(r);
        made_free(&m);
    }
    CHECK(banks <= 6);
    eid_ctx_free(ctx);
}

static void what_cannot_be_paired(void)
{
    eid_ctx *ctx = made_ctx(1);
    eid_bank_opts o = eid_bank_opts_default();
    eid_high_influence_opts po = eid_high_influence_opts_default();
    static double mem[N];
    eid_high_influence *r = NULL;
    made m;
    o.models = 5;
    made_new(&m, ctx, &o, N, 0);
    CHECK_FAILS(eid_high_influence_of(&r, ctx, &m.b, mem, &po), EID_EINVAL, "no test examples");
    made_free(&m);
    made_new(&m, ctx, &o, N, 9);
    CHECK_OK(eid_high_influence_of(&r, ctx, &m.b, mem, &po)); /* mem 0: no candidate */
    CHECK(isnan(r->bar) && r->candidates == 0 && r->kept == 0);
    eid_high_influence_free(r);
    r = NULL;
    po.permutations = 0;
    CHECK_FAILS(eid_high_influence_of(&r, ctx, &m.b, mem, &po), EID_EINVAL, "0 permutations");
    made_free(&m);
    eid_ctx_free(ctx);
}

/* ---- removal --------------------------------------------------------------------------------- */

enum { POINTS = 240, WIDTH = 12, CLASSES = 12, RARE = 4 };

/* One-hot classes; of the last four each has a single training example, whose "mem" is 1: without
 * them their test examples are lost, and at random they are rarely among the removed. */
static eid_dataset *points(eid_ctx *ctx, int64_t n, bool rare)
{
    static float x[POINTS * WIDTH];
    static int32_t y[POINTS];
    eid_dataset *d = NULL, like = {.n = n,
                                   .channels = 1,
                                   .height = 1,
                                   .width = WIDTH,
                                   .classes = CLASSES,
                                   .f32 = x,
                                   .label = y};
    eid_rng rng = eid_rng_seed(rare);
    for (int64_t i = 0; i < n; i++) {
        y[i] = rare && i >= RARE ? (int32_t)(i % (CLASSES - RARE)) : (int32_t)(i % CLASSES);
        if (rare && i < RARE)
            y[i] = (int32_t)(CLASSES - RARE + i);
        for (int k = 0; k < WIDTH; k++)
            x[i * WIDTH + k] = (float)(0.1 * eid_rng_normal(&rng) + (k == y[i]));
    }
    CHECK_OK(eid_dataset_from(&d, ctx, &like));
    return d;
}

static void removing_the_only_ones_costs_more(void)
{
    eid_ctx *ctx[2] = {made_ctx(1), made_ctx(3)};
    eid_dataset *train = points(ctx[0], POINTS, true), *test = points(ctx[0], 120, false);
    eid_classifier_opts t = eid_classifier_opts_default();
    eid_removal_opts o = {.replicas = 2, .seed = 1};
    static double mem[POINTS];
    eid_removal r[2];
    t.model = "mlp:";
    t.epochs = 40;
    t.batch = 16;
    t.lr = 0.2;
    for (int i = 0; i < POINTS; i++)
        mem[i] = i < RARE ? 1 : i == 10 ? NAN : 0;
    for (int c = 0; c < 2; c++)
        CHECK_OK(eid_removal_of(&r[c], ctx[c], train, test, &t, mem, &o));
    CHECK(r[0].all.value > 0.95);
    for (int g = 0; g < EID_REMOVAL_LEVELS; g++) {
        CHECK_INT(r[0].level[g].removed, RARE);
        CHECK_CLOSE(r[0].level[g].memorized.value, 8.0 / 12, 0, 0.02); /* four classes are lost */
        CHECK(r[0].level[g].cost.value > 0.1);
        CHECK(r[0].level[g].memorized.value == r[1].level[g].memorized.value);
        CHECK(r[0].level[g].random.value == r[1].level[g].random.value);
    }
    mem[0] = mem[1] = mem[2] = mem[3] = 0.55;
    CHECK_OK(eid_removal_of(&r[0], ctx[0], train, test, &t, mem, &o));
    CHECK(isnan(r[0].level[0].cost.value) && r[0].level[3].removed == 0);
    CHECK_INT(r[0].level[4].removed, RARE);
    for (int i = 0; i < POINTS; i++)
        mem[i] = 1;
    CHECK_FAILS(eid_removal_of(&r[0], ctx[0], train, test, &t, mem, &o), EID_EINVAL, "fewer than");
    CHECK_FAILS(eid_removal_of(&r[0], ctx[0], train, NULL, &t, mem, &o), EID_EINVAL, "test set");
    eid_dataset_free(train);
    eid_dataset_free(test);
    eid_ctx_free(ctx[0]);
    eid_ctx_free(ctx[1]);
}

int main(void)
{
    RUN(pairs_are_those_of_the_definition);
    RUN(none_resolved_is_an_answer);
    RUN(what_cannot_be_paired);
    RUN(removing_the_only_ones_costs_more);
    return DONE();
}
