/* test_record.c - what a record holds is what the network says; stopped or not it is the same. */
#include "check.h"
#include "base/ctx.h"
#include "base/file.h"
#include "base/memory.h"
#include "eidetic/rng.h"
#include "eidetic/trajectory.h"
#include "train/outcome.h"

enum { N = 120, F = 8, K = 3, BATCH = 20 };
static eid_ctx *ctx;
static eid_dataset *set;
static char dir[700];

/* Three clouds, and a tenth of the labels wrong. */
static void make_set(void)
{
    static float x[N * F];
    static int32_t y[N];
    eid_rng rng = eid_rng_seed(4);
    eid_dataset *clean = NULL;

    for (int i = 0; i < N; i++) {
        y[i] = i % K;
        for (int f = 0; f < F; f++)
            x[i * F + f] = (float)(eid_rng_normal(&rng) + (f % K == y[i] ? 3 : 0));
    }
    CHECK_OK(eid_dataset_from(
        &clean, ctx,
        &(eid_dataset){
            .n = N, .channels = 1, .height = 1, .width = F, .classes = K, .f32 = x, .label = y}));
    CHECK_OK(eid_dataset_noise(&set, ctx, clean, EID_NOISE_WRONG, 0.1, 1, NULL));
    eid_dataset_free(clean);
}

static eid_classifier_opts options(void)
{
    eid_classifier_opts o = eid_classifier_opts_default();

    o.model = "mlp:16";
    o.epochs = 4;
    o.batch = BATCH;
    o.checkpoint = 0;
    return o;
}

/* Stops the training after some steps, when `after` is not negative. */
typedef struct stopping {
    const eid_watch *inner;
    int64_t after;
} stopping;

static eid_status presented(void *user, const eid_presented *p)
{
    stopping *s = user;
    eid_status st = s->inner->presented(s->inner->user, p);

    if (st == EID_OK && p->step == s->after)
        eid_ctx_cancel(ctx);
    return st;
}

static eid_status moment(void *user, eid_ctx *c, const eid_moment *m)
{
    stopping *s = user;
    return s->inner->moment(s->inner->user, c, m);
}

static eid_status keep(void *user)
{
    stopping *s = user;
    return s->inner->keep(s->inner->user);
}

static eid_status train(const char *name, const eid_classifier_opts *o, const eid_record_opts *ro,
                        int64_t stop_after, eid_net **net)
{
    char path[900];
    eid_record *r = NULL;
    eid_status st = EID_OK;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    EID_TRY(eid_record_new(&r, ctx, path, set, o, ro));
    stopping s = {.inner = eid_record_watch(r), .after = stop_after};
    eid_watch w = *s.inner;
    w.moment = moment;
    w.presented = presented;
    w.keep = keep;
    w.user = &s;
    EID_TRY(eid_train_classifier(net, NULL, ctx, set, NULL, o, &w, path));
    EID_TRY(eid_record_finish(r));
done:
    eid_record_free(r);
    return st;
}

static eid_trajectory *read_back(const char *name)
{
    char path[900];
    eid_trajectory *t = NULL;

    snprintf(path, sizeof path, "%s/%s/record", dir, name);
    CHECK_OK(eid_trajectory_read(&t, ctx, path));
    return t;
}

static void a_record_is_what_the_network_says(void)
{
    const eid_classifier_opts o = options();
    const eid_record_opts ro = {.epochs = EID_RECORD_FULL, .grand = 4};
    eid_net *net = NULL;
    float logits[N * K];
    double norm2[N];

    CHECK_OK(train("whole", &o, &ro, -1, &net));
    eid_trajectory *t = read_back("whole");
    if (!t || !net)
        return;
    CHECK(t->checkpoints == 5 && t->examples == N && t->classes == K && t->presentations == 4);
    CHECK(t->step[0] == 0 && t->step[4] == 24 && t->epoch[4] == 4);
    CHECK_OK(eid_classifier_norms(net, ctx, set, NULL, N, norm2, NULL, logits));
    for (int i = 0; i < N; i++) {
        int at = 4 * N + i;
        double z[K];
        for (int c = 0; c < K; c++)
            z[c] = (double)logits[i * K + c];
        eid_outcome want = eid_outcome_of(z, K, set->label[i]);
        CHECK(t->label[i] == set->label[i] && t->id[i] == i);
        CHECK(t->loss[at] == (float)want.loss && t->margin[at] == (float)want.margin);
        CHECK(t->probability[at] == (float)want.probability && t->el2n[at] == (float)want.el2n);
        CHECK(t->correct[at] == (want.margin > 0));
        CHECK(t->grand[at] == (float)sqrt(norm2[i]));
        CHECK(t->presented[i] <= 1);
    }
    eid_trajectory_free(t);
    eid_net_free(net);
}

static void the_same_when_stopped_in_between(void)
{
    const eid_classifier_opts o = options();
    const eid_record_opts ro = {.epochs = EID_RECORD_FULL, .grand = 4};

    for (int stop = 1; stop < 24; stop += 5) {
        char name[32];
        snprintf(name, sizeof name, "stopped-%d", stop);
        CHECK(train(name, &o, &ro, stop, NULL) == EID_ECANCELLED);
        eid_ctx_free(ctx);
        CHECK_OK(eid_ctx_new(&ctx, &(eid_ctx_opts){.threads = 2}));
        CHECK_OK(train(name, &o, &ro, -1, NULL));
        eid_trajectory *a = read_back("whole"), *b = read_back(name);
        if (a && b) {
            size_t cells = 5 * N;
            CHECK(memcmp(a->loss, b->loss, cells * sizeof(float)) == 0);
            CHECK(memcmp(a->el2n, b->el2n, cells * sizeof(float)) == 0);
            CHECK(memcmp(a->grand, b->grand, cells * sizeof(float)) == 0);
            CHECK(memcmp(a->correct, b->correct, cells) == 0);
            CHECK(memcmp(a->presented, b->presented, 4 * N) == 0);
        }
        eid_trajectory_free(a);
        eid_trajectory_free(b);
        CHECK_OK(train(name, &o, &ro, -1, NULL)); /* found finished: the record stays */
    }
}

static void gradient_norms_are_recorded_as_long_as_asked(void)
{
    eid_classifier_opts o = options();
    const eid_record_opts ro = {.epochs = EID_RECORD_SPARSE, .grand = 1};

    o.epochs = 7;
    o.batch = 50; /* epoch 1 ends at 1.25 */
    CHECK_OK(train("sparse", &o, &ro, -1, NULL));
    eid_trajectory *t = read_back("sparse");
    if (!t)
        return;
    CHECK_INT(t->checkpoints, 5); /* 0 1 2 5 and the last */
    CHECK(isfinite(t->grand[0]) && isfinite(t->grand[N]) && isnan(t->grand[2 * N]));
    CHECK_INT(t->step[1], 3);
    eid_trajectory_free(t);
}

static void a_training_without_its_record_is_told(void)
{
    const eid_classifier_opts o = options();
    const eid_record_opts ro = eid_record_opts_default();
    char path[900];

    snprintf(path, sizeof path, "%s/bare", dir);
    CHECK_OK(eid_train_classifier(NULL, NULL, ctx, set, NULL, &o, NULL, path));
    CHECK_FAILS(train("bare", &o, &ro, -1, NULL), EID_EINVAL, "begun without this record");
    snprintf(path, sizeof path, "%s/nothing", dir);
    eid_trajectory *t = NULL;
    CHECK(eid_trajectory_read(&t, ctx, path) == EID_EIO);
}

/* Wrong labels have hard scores (Paul et al. 2021; Pleiss et al. 2020). */
static void wrong_labels_are_hard(void)
{
    eid_trajectory *t = read_back("whole");
    double score[N], flipped[N], right[N];
    size_t n[2] = {0, 0};
    eid_roc *roc = NULL;

    if (!t)
        return;
    CHECK_OK(eid_score((const eid_trajectory *const *)&t, 1, EID_SCORE_EL2N, 3, score));
    for (int i = 0; i < N; i++)
        if (set->label[i] != set->clean[i])
            flipped[n[1]++] = score[i];
        else
            right[n[0]++] = score[i];
    CHECK_INT(n[1], 12);
    CHECK_OK(eid_roc_new(&roc, flipped, n[1], right, n[0]));
    CHECK(eid_roc_auc(roc).value > 0.95);
    eid_roc_free(roc);
    eid_trajectory_free(t);
}

int main(void)
{
    snprintf(dir, sizeof dir, "%s", check_tmp("record"));
    CHECK_OK(eid_mkdirs(dir));
    CHECK_OK(eid_ctx_new(&ctx, &(eid_ctx_opts){.threads = 1}));
    make_set();
    RUN(a_record_is_what_the_network_says);
    RUN(the_same_when_stopped_in_between);
    RUN(gradient_norms_are_recorded_as_long_as_asked);
    RUN(a_training_without_its_record_is_told);
    RUN(wrong_labels_are_hard);
    eid_dataset_free(set);
    eid_ctx_free(ctx);
    return DONE();
}
