/* test_bank_steps.c - what a bank does to its models after their training: pruned ones are the
 * plain ones without their smallest weights, and stay so; lists that are none are refused. */
#include "base/memory.h"
#include "eidetic/bank.h"
#include "small.h"

enum { N = 120, F = 10, K = 3, HIDDEN = 7, MODELS = 6, WEIGHTS = F * HIDDEN + HIDDEN * K };
enum { PARAMETERS = WEIGHTS + HIDDEN + K };
static eid_dataset *train;

static void make_data(eid_ctx *ctx)
{
    static float x[N * F];
    static int32_t y[N];
    eid_rng rng = eid_rng_seed(4);
    for (int i = 0; i < N; i++) {
        y[i] = (int32_t)eid_rng_below(&rng, K);
        for (int f = 0; f < F; f++)
            x[i * F + f] = (float)(eid_rng_normal(&rng) + (f % K == y[i] ? 2 : 0));
    }
    CHECK_OK(eid_dataset_from(
        &train, ctx,
        &(eid_dataset){
            .n = N, .channels = 1, .height = 1, .width = F, .classes = K, .f32 = x, .label = y}));
}

static eid_status make_with(const eid_bank_opts *o, const char *dir, int64_t threads)
{
    eid_ctx *ctx = small_ctx(threads);
    eid_classifier_opts t = eid_classifier_opts_default();
    eid_bank_result r;
    t.model = "mlp:7";
    t.epochs = 4;
    t.batch = 20;
    eid_status st = eid_bank_make(&r, ctx, train, NULL, &t, o, NULL, dir);
    eid_ctx_free(ctx);
    return st;
}

static eid_bank_opts options(const char *then)
{
    eid_bank_opts o = eid_bank_opts_default();
    o.models = MODELS;
    o.keep_weights = true;
    o.then = then;
    return o;
}

static const float *weights_of(const char *then, int64_t threads, const eid_bank_step_kind *kind)
{
    static float kept[4][MODELS * PARAMETERS];
    static int turn;
    const eid_bank_step_kind *more[] = {kind, NULL};
    const char *dir = check_tmp("steps");
    eid_bank_opts o = options(then);
    eid_ctx *ctx = small_ctx(1);
    eid_bank *b = NULL;
    float *to = kept[turn++ % 4];
    o.more = kind ? more : NULL;
    CHECK_OK(make_with(&o, dir, threads));
    CHECK_OK(eid_bank_open(&b, ctx, dir, train, NULL));
    if (b) {
        CHECK_INT(b->parameters, PARAMETERS);
        CHECK(then ? b->opts.then && strcmp(b->opts.then, then) == 0 : !b->opts.then);
        memcpy(to, b->weights, sizeof kept[0]);
        /* the answers are those of the weights that were kept */
        eid_net *m = NULL;
        eid_param *p;
        float z[N * K];
        CHECK_OK(eid_net_new(&m, ctx, "mlp:7", &(eid_net_shape){1, 1, F, K}, 0));
        eid_net_params(m, &p);
        for (int k = 0; k < MODELS; k += 5) {
            memcpy(p[0].value, to + k * PARAMETERS, PARAMETERS * sizeof *to);
            CHECK_OK(eid_net_changed(m, ctx));
            CHECK_OK(eid_classifier_logits(m, ctx, train, NULL, N, z));
            for (int i = 0; i < N; i++) {
                double top = -INFINITY;
                for (int c = 0; c < K; c++)
                    top = c == train->label[i] ? top : fmax(top, (double)z[i * K + c]);
                CHECK_CLOSE(b->train.margin[k * N + i], (double)z[i * K + train->label[i]] - top,
                            1e-6, 1e-6);
            }
        }
        eid_net_free(m);
    }
    eid_bank_free(b);
    eid_ctx_free(ctx);
    small_remove(dir);
    return to;
}

/* Weights of the first layer stand before its biases, those of the second behind them. */
static bool is_weight(int64_t at)
{
    return at < F * HIDDEN || (at >= F * HIDDEN + HIDDEN && at < PARAMETERS - K);
}

static void pruned_models_lack_their_smallest_weights(void)
{
    const float *plain = weights_of(NULL, 1, NULL);
    const float *pruned = weights_of("prune:magnitude=0.3", 3, NULL);
    for (int k = 0; k < MODELS; k++, plain += PARAMETERS, pruned += PARAMETERS) {
        int64_t gone = 0;
        double largest = 0, smallest = INFINITY;
        for (int64_t i = 0; i < PARAMETERS; i++) {
            bool dropped = is_weight(i) && pruned[i] == 0;
            CHECK(dropped || pruned[i] == plain[i]);
            gone += dropped;
            if (is_weight(i) && dropped)
                largest = fmax(largest, fabs((double)plain[i]));
            else if (is_weight(i))
                smallest = fmin(smallest, fabs((double)plain[i]));
        }
        CHECK_INT(gone, (int64_t)llround(0.3 * WEIGHTS));
        CHECK(largest <= smallest);
    }
}

static void they_stay_so_when_trained_on(void)
{
    const float *pruned = weights_of("prune", 1, NULL); /* half */
    const float *tuned = weights_of("prune:magnitude=0.5,finetune:epochs=2:lr=0.05", 3, NULL);
    const float *again = weights_of("prune:magnitude=0.5,finetune:epochs=2:lr=0.05", 1, NULL);
    int64_t moved = 0, held = 0;
    CHECK(memcmp(tuned, again, sizeof(float) * MODELS * PARAMETERS) == 0);
    for (int64_t i = 0; i < MODELS * PARAMETERS; i++) {
        bool zero = is_weight(i % PARAMETERS) && pruned[i] == 0;
        CHECK(!zero || tuned[i] == 0);
        held += zero;
        moved += tuned[i] != pruned[i];
    }
    CHECK_INT(held, MODELS * llround(0.5 * WEIGHTS));
    CHECK(moved > MODELS * (PARAMETERS - llround(0.5 * WEIGHTS)) / 2);
}

static void steps_of_nothing_change_nothing(void)
{
    static const char *const none[] = {"prune:magnitude=0", "finetune:epochs=0",
                                       "finetune:epochs=1:lr=0"};
    const float *plain = weights_of(NULL, 1, NULL);
    for (int i = 0; i < 3; i++)
        CHECK(memcmp(weights_of(none[i], 2, NULL), plain, sizeof(float) * MODELS * PARAMETERS) ==
              0);
}

/* ---- a kind from elsewhere ------------------------------------------------------------------- */

typedef struct scaling {
    double by;
} scaling;
static eid_status scale(const eid_bank_model *m, const void *opts)
{
    eid_param *p;
    size_t n = eid_net_params(m->net, &p);
    CHECK(m->n == 84 && m->part[0] >= 0 && m->train == train && m->seed != 0);
    for (size_t k = 0; k < n; k++)
        for (int64_t i = 0; i < p[k].rows * p[k].cols; i++)
            p[k].value[i] *= (float)((const scaling *)opts)->by;
    return eid_net_changed(m->net, m->ctx);
}

static void other_rooms_bring_kinds_of_their_own(void)
{
    static const scaling one = {1};
    static const eid_opt table[] = {
        {EID_OPT_F64, "by", offsetof(scaling, by), 0, 10, "factor", NULL, 0}, {0}};
    static const eid_bank_step_kind kind = {"scale", table, sizeof one, &one, scale};
    const float *plain = weights_of(NULL, 1, NULL);
    const float *half = weights_of("scale:by=0.5", 2, &kind);
    for (int64_t i = 0; i < MODELS * PARAMETERS; i++)
        CHECK(half[i] == plain[i] / 2);
}

/* ---- refusals -------------------------------------------------------------------------------- */

static void lists_that_are_none_are_refused(void)
{
    static const struct {
        const char *then, *why;
    } bad[] = {
        {"melt", "\"melt\" is no step"},
        {"prune,", "\"\" is no step"},
        {"prune:size=1", "\"size\" of step prune"},
        {"prune:magnitude", "\"magnitude\" of step prune"},
        {"prune:magnitude=2", "magnitude"},
        {"prune:magnitude=half", "magnitude"},
        {"prune:", "\"\" of step prune"},
        {"finetune:epochs=1:rate=1", "\"rate\" of step finetune"},
        {"prune,prune,prune,prune,prune,prune,prune,prune,prune,prune,prune,prune,prune,prune,"
         "prune,prune,prune",
         "more than 16"},
    };
    const char *dir = check_tmp("refused");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        eid_bank_opts o = options(bad[i].then);
        CHECK_FAILS(make_with(&o, dir, 1), EID_EINVAL, bad[i].why);
    }
    eid_bank_opts o = options("prune:magnitude=0.5");
    CHECK_OK(make_with(&o, dir, 1));
    o.then = "prune:magnitude=0.6";
    CHECK_FAILS(make_with(&o, dir, 1), EID_EEXIST, "other");
    o.then = NULL;
    CHECK_FAILS(make_with(&o, dir, 1), EID_EEXIST, "other");
    small_remove(dir);
}

int main(void)
{
    eid_ctx *ctx = small_ctx(1);
    make_data(ctx);
    RUN(pruned_models_lack_their_smallest_weights);
    RUN(they_stay_so_when_trained_on);
    RUN(steps_of_nothing_change_nothing);
    RUN(other_rooms_bring_kinds_of_their_own);
    RUN(lists_that_are_none_are_refused);
    eid_dataset_free(train);
    eid_ctx_free(ctx);
    return DONE();
}
