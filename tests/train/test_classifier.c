/* test_classifier.c - classifiers learn; stopped or killed they end in the same bits; watchers see
 * the same; files come back; what belongs to others is refused. */
#include "base/ctx.h"
#include "base/memory.h"
#include "small.h"
#include "train/draw.h"
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

enum { TRAIN = 300, TEST = 100, SIDE = 9, CLASSES = 3, STEPS = 60 };
static eid_dataset *train, *test;

/* Pictures of noise with one bright row, which is the class. */
static eid_dataset *pictures(eid_ctx *ctx, int64_t n, uint64_t seed)
{
    static uint8_t pixel[TRAIN * SIDE * SIDE];
    static int32_t label[TRAIN];
    eid_rng rng = eid_rng_seed(seed);
    eid_dataset *d = NULL, like = {.n = n,
                                   .channels = 1,
                                   .height = SIDE,
                                   .width = SIDE,
                                   .classes = CLASSES,
                                   .u8 = pixel,
                                   .scale = 1.0f / 255,
                                   .label = label,
                                   .name = "pictures"};
    for (int64_t i = 0; i < n; i++) {
        label[i] = (int32_t)eid_rng_below(&rng, CLASSES);
        for (int k = 0; k < SIDE * SIDE; k++)
            pixel[i * SIDE * SIDE + k] =
                (uint8_t)(eid_rng_below(&rng, 80) + (k / SIDE == label[i] * 3 + 1 ? 150 : 0));
    }
    CHECK_OK(eid_dataset_from(&d, ctx, &like));
    return d;
}

static eid_classifier_opts options(const char *model)
{
    eid_classifier_opts o = eid_classifier_opts_default();
    o.model = model;
    o.steps = STEPS;
    o.batch = 32;
    o.schedule = EID_SCHEDULE_COSINE;
    o.crop = 1;
    o.flip = true;
    o.checkpoint = 0;
    return o;
}

/* ---- order
 * ----------------------------------------------------------------------------------------- */

static void every_example_is_drawn_once_an_epoch(void)
{
    enum { N = 50, BATCH = 7 };
    eid_draw *d = NULL, *e = NULL;
    int64_t index[BATCH], epoch[BATCH], other[BATCH], seen[N] = {0};
    CHECK_OK(eid_draw_new(&d, N, 3));
    CHECK_OK(eid_draw_new(&e, N, 3));
    for (int64_t s = 0; s < 50; s++) { /* 7 epochs */
        eid_draw_step(d, s, BATCH, index, epoch);
        for (int i = 0; i < BATCH; i++) {
            CHECK_INT(epoch[i], (s * BATCH + i) / N);
            CHECK_INT(seen[index[i]], epoch[i]);
            seen[index[i]]++;
        }
        eid_draw_step(e, 49 - s, BATCH, other, epoch); /* in any order of asking */
        eid_draw_step(e, s, BATCH, other, epoch);
        CHECK(memcmp(index, other, sizeof index) == 0);
    }
    eid_draw_free(d);
    eid_draw_free(e);
}

/* ---- watching
 * --------------------------------------------------------------------------------------- */

typedef struct seen {
    float logits[STEPS + 1][TEST * CLASSES], shown[STEPS][32 * CLASSES];
    int64_t step[STEPS + 1], index[STEPS][32];
    double epoch[STEPS + 1], lr[STEPS + 1];
    int64_t calls, keeps, stop; /* stop: fail at this step; 0: never */
} seen;

static eid_status on_moment(void *user, eid_ctx *ctx, const eid_moment *m)
{
    seen *s = user;
    s->calls++;
    s->step[m->number] = m->step;
    s->epoch[m->number] = m->epoch;
    s->lr[m->number] = m->lr;
    return eid_classifier_logits(m->net, ctx, test, NULL, TEST, s->logits[m->number]);
}
static eid_status on_presented(void *user, const eid_presented *p)
{
    seen *s = user;
    memcpy(s->shown[p->step], p->logits, sizeof s->shown[0]);
    memcpy(s->index[p->step], p->index, sizeof s->index[0]);
    return s->stop && p->step + 1 == s->stop ? eid_fail(EID_ECANCELLED, "stopped") : EID_OK;
}
static eid_status on_keep(void *user)
{
    ((seen *)user)->keeps++;
    return EID_OK;
}

static void moments_are_where_they_were_asked_for(void)
{
    eid_ctx *ctx = small_ctx(1);
    static seen s;
    eid_classifier_opts o = options("mlp:8");
    int64_t *at = NULL;
    size_t n;
    eid_watch w = {.moment = on_moment, .presented = on_presented, .user = &s};
    CHECK_OK(eid_moments(&o, TRAIN, &w, &at, &n));
    /* 300 / 32 = 9.375 steps an epoch */
    static const int64_t want[] = {0, 10, 19, 29, 38, 47, 57, 60};
    CHECK_INT(n, 8);
    for (size_t i = 0; i < n && i < 8; i++)
        CHECK_INT(at[i], want[i]);
    memset(&s, 0, sizeof s);
    CHECK_OK(eid_train_classifier(NULL, NULL, ctx, train, test, &o, &w, NULL));
    CHECK_INT(s.calls, 8);
    for (size_t i = 0; i < n && i < 8; i++)
        CHECK_INT(s.step[i], want[i]);
    CHECK_CLOSE(s.epoch[1], 320.0 / 300, 1e-15, 0);
    CHECK_CLOSE(s.lr[0], 0.1, 1e-15, 0);
    w.at = (const int64_t[]){3, 60};
    w.n = 2;
    s.calls = 0;
    CHECK_OK(eid_train_classifier(NULL, NULL, ctx, train, NULL, &o, &w, NULL));
    CHECK_INT(s.calls, 2);
    w.at = (const int64_t[]){3, 3};
    CHECK_FAILS(eid_train_classifier(NULL, NULL, ctx, train, NULL, &o, &w, NULL), EID_EINVAL,
                "ascending");
    w.at = (const int64_t[]){3, 61};
    CHECK_FAILS(eid_train_classifier(NULL, NULL, ctx, train, NULL, &o, &w, NULL), EID_EINVAL,
                "0 to 60");
    eid_moments_free(at);
    eid_ctx_free(ctx);
}

/* Stopped again and again, on other numbers of threads: the same files, the same sights. */
static void a_stopped_training_ends_in_the_same_bits(void)
{
    static const char *const models[] = {"mlp:12-7", "cnn:c4k3n2-r4-p3"};
    static seen whole, parts;
    for (int k = 0; k < 2; k++) {
        const char *a = check_tmp("whole"), *b = check_tmp("parts");
        char x[65], y[65];
        eid_classifier_opts o = options(models[k]);
        o.optimizer = k ? EID_OPTIM_ADAMW : EID_OPTIM_SGD;
        o.lr = k ? 0.01 : 0.1;
        eid_watch w = {
            .moment = on_moment, .presented = on_presented, .keep = on_keep, .user = &whole};
        eid_classifier_result *r = NULL, *again = NULL;
        eid_ctx *ctx = small_ctx(1);
        memset(&whole, 0, sizeof whole), memset(&parts, 0, sizeof parts);
        CHECK_OK(eid_train_classifier(NULL, &r, ctx, train, test, &o, &w, a));
        CHECK(!r->resumed && r->accuracy > 0.8 && r->test_accuracy > 0.7);
        CHECK(whole.keeps > 0);
        eid_ctx_free(ctx);
        w.user = &parts;
        for (int64_t stop = 1; stop <= STEPS; stop += 7) {
            ctx = small_ctx(1 + stop % 3);
            parts.stop = stop;
            CHECK_FAILS(eid_train_classifier(NULL, NULL, ctx, train, test, &o, &w, b),
                        EID_ECANCELLED, "stopped");
            eid_ctx_free(ctx);
        }
        ctx = small_ctx(2);
        parts.stop = 0;
        CHECK_OK(eid_train_classifier(NULL, &again, ctx, train, test, &o, &w, b));
        CHECK(again->resumed && again->accuracy == r->accuracy && again->loss == r->loss &&
              again->test_loss == r->test_loss && again->logs == r->logs &&
              again->log[3].loss == r->log[3].loss);
        CHECK_STR(small_hash(b, "model.safetensors", x), small_hash(a, "model.safetensors", y));
        CHECK_STR(small_hash(b, "checkpoint.eid", x), small_hash(a, "checkpoint.eid", y));
        CHECK(memcmp(whole.logits, parts.logits, sizeof whole.logits) == 0);
        CHECK(memcmp(whole.shown, parts.shown, sizeof whole.shown) == 0);
        CHECK(memcmp(whole.index, parts.index, sizeof whole.index) == 0);
        eid_classifier_result_free(again);
        again = NULL;
        CHECK_OK(eid_train_classifier(NULL, &again, ctx, train, test, &o, NULL, b)); /* finished */
        CHECK(again->resumed && again->accuracy == r->accuracy);
        eid_classifier_result_free(r);
        eid_classifier_result_free(again);
        eid_ctx_free(ctx);
        small_remove(a);
        small_remove(b);
    }
}

/* ---- kill -9
 * ----------------------------------------------------------------------------------------- */

static bool attempt(const char *dir, int64_t us)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        eid_classifier_opts o = options("mlp:40");
        eid_ctx *ctx = small_ctx(2);
        eid_status st = eid_train_classifier(NULL, NULL, ctx, train, test, &o, NULL, dir);
        if (st != EID_OK)
            printf("# %s\n", eid_last_error());
        fflush(stdout);
        _exit(st == EID_OK ? 0 : 1);
    }
    if (us > 0) {
        nanosleep(&(struct timespec){us / 1000000, us % 1000000 * 1000}, NULL);
        kill(child, SIGKILL);
    }
    waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFEXITED(status);
}

static void a_killed_training_ends_in_the_same_bits(void)
{
    enum { KILLS = 8 };
    const char *whole = check_tmp("unharmed"), *killed = check_tmp("killed");
    char a[65], b[65];
    eid_rng r = eid_rng_seed((uint64_t)getpid()); /* other moments every time: any must do */
    int kills = 0;
    double began = eid_now();
    CHECK(attempt(whole, 0));
    double each = (eid_now() - began) / (KILLS / 2);
    for (int i = 0; i < KILLS; i++)
        kills += !attempt(killed, 1 + (int64_t)(1e6 * each * eid_rng_unit(&r)));
    CHECK(attempt(killed, 0));
    printf("# %d kills\n", kills);
    CHECK(kills >= 1);
    CHECK_STR(small_hash(killed, "model.safetensors", a),
              small_hash(whole, "model.safetensors", b));
    CHECK_STR(small_hash(killed, "checkpoint.eid", a), small_hash(whole, "checkpoint.eid", b));
    small_remove(whole);
    small_remove(killed);
}

/* ---- files, refusals
 * ------------------------------------------------------------------------------- */

static void a_saved_network_comes_back(void)
{
    static const char *const models[] = {"mlp:5-4", "cnn:c4k3n2-r8s2n4-p3-f9"};
    for (int k = 0; k < 2; k++) {
        const char *dir = check_tmp("net");
        eid_ctx *ctx = small_ctx(2);
        eid_net *m = NULL, *back = NULL;
        eid_net_shape shape = {1, SIDE, SIDE, CLASSES};
        static float x[TEST * CLASSES], y[TEST * CLASSES];
        double norm2[TEST], sum[TEST] = {0};
        CHECK_OK(eid_net_new(&m, ctx, models[k], &shape, 4));
        CHECK_OK(eid_classifier_save(m, ctx, dir));
        CHECK_OK(eid_classifier_load(&back, ctx, dir));
        CHECK_STR(eid_net_model(back), models[k]);
        CHECK_OK(eid_classifier_logits(m, ctx, test, NULL, TEST, x));
        CHECK_OK(eid_classifier_norms(back, ctx, test, NULL, TEST, norm2, sum, y));
        CHECK(memcmp(x, y, sizeof x) == 0);
        int64_t some[3] = {7, 0, 7};
        double three[3];
        CHECK_OK(eid_classifier_norms(m, ctx, test, some, 3, three, NULL, y));
        CHECK(three[0] == norm2[7] && three[1] == norm2[0] && three[2] == norm2[7]);
        CHECK(memcmp(y, x + 7 * CLASSES, CLASSES * sizeof *x) == 0);
        some[0] = TEST;
        CHECK_FAILS(eid_classifier_logits(m, ctx, test, some, 3, y), EID_EINVAL, "example 100");
        eid_net_free(m);
        eid_net_free(back);
        eid_ctx_free(ctx);
        small_remove(dir);
    }
}

static void what_belongs_to_others_is_refused(void)
{
    const char *dir = check_tmp("theirs");
    eid_ctx *ctx = small_ctx(1);
    eid_classifier_opts o = options("mlp:6");
    eid_dataset *other = pictures(ctx, TRAIN, 77);
    CHECK_OK(eid_train_classifier(NULL, NULL, ctx, train, NULL, &o, NULL, dir));
    CHECK_FAILS(eid_train_classifier(NULL, NULL, ctx, other, NULL, &o, NULL, dir), EID_EEXIST,
                "another training");
    o.lr = 0.05;
    CHECK_FAILS(eid_train_classifier(NULL, NULL, ctx, train, NULL, &o, NULL, dir), EID_EEXIST,
                "another training");
    o = options("mlp:6");
    o.batch = TRAIN + 1;
    CHECK_FAILS(eid_train_classifier(NULL, NULL, ctx, train, NULL, &o, NULL, NULL), EID_EINVAL,
                "pictures: a batch of 301 examples out of 300");
    o.batch = 10;
    o.lr_drops = "0.5,0.4";
    CHECK_FAILS(eid_train_classifier(NULL, NULL, ctx, train, NULL, &o, NULL, NULL), EID_EINVAL,
                "--lr-drops");
    o.lr_drops = NULL;
    o.lr = -1;
    CHECK_FAILS(eid_train_classifier(NULL, NULL, ctx, train, NULL, &o, NULL, NULL), EID_EINVAL,
                "lr is -1");
    eid_dataset_free(other);
    eid_ctx_free(ctx);
    small_remove(dir);
}

/* Cancelled between steps: what is on disk by then is gone on from. */
static void cancel_at(void *user, const eid_progress *p)
{
    (void)p;
    eid_ctx_cancel(user);
}
static void a_cancelled_training_keeps_its_steps(void)
{
    static seen whole, parts;
    const char *dir = check_tmp("cancelled");
    eid_classifier_opts o = options("mlp:9");
    eid_watch w = {.moment = on_moment, .presented = on_presented, .user = &whole};
    eid_ctx *ctx = small_ctx(1);
    int times = 0;
    memset(&whole, 0, sizeof whole), memset(&parts, 0, sizeof parts);
    o.checkpoint = 1000;
    w.at = (const int64_t[]){0, 1, 2, 3, 4, 5, 6};
    w.n = 7;
    CHECK_OK(eid_train_classifier(NULL, NULL, ctx, train, test, &o, &w, NULL));
    eid_ctx_free(ctx);
    w.user = &parts;
    for (eid_status st = EID_ECANCELLED; st == EID_ECANCELLED && times < 5; times++) {
        ctx = small_ctx(2);
        eid_ctx_on_progress(ctx, times < 4 ? cancel_at : NULL, ctx);
        st = eid_train_classifier(NULL, NULL, ctx, train, test, &o, &w, dir);
        CHECK(st == (times < 4 ? EID_ECANCELLED : EID_OK));
        eid_ctx_free(ctx);
    }
    CHECK(memcmp(whole.logits, parts.logits, sizeof whole.logits) == 0);
    CHECK(memcmp(whole.shown, parts.shown, sizeof whole.shown) == 0);
    small_remove(dir);
}

static void numbers_out_of_hand_are_told(void)
{
    eid_ctx *ctx = small_ctx(1);
    eid_classifier_opts o = options("mlp:6");
    eid_dataset *d = NULL, huge = *train;
    static float x[TRAIN * SIDE * SIDE];
    for (int i = 0; i < TRAIN * SIDE * SIDE; i++)
        x[i] = i % 2 ? 3e38f : -3e38f;
    huge.u8 = NULL;
    huge.f32 = x;
    CHECK_OK(eid_dataset_from(&d, ctx, &huge));
    CHECK_FAILS(eid_train_classifier(NULL, NULL, ctx, d, NULL, &o, NULL, NULL), EID_EINVAL,
                "diverged");
    eid_dataset_free(d);
    eid_ctx_free(ctx);
}

int main(void)
{
    eid_ctx *ctx = small_ctx(1);
    train = pictures(ctx, TRAIN, 1);
    test = pictures(ctx, TEST, 2);
    eid_ctx_free(ctx);
    if (!train || !test)
        return 1;
    RUN(every_example_is_drawn_once_an_epoch);
    RUN(moments_are_where_they_were_asked_for);
    RUN(a_stopped_training_ends_in_the_same_bits);
    RUN(a_killed_training_ends_in_the_same_bits);
    RUN(a_cancelled_training_keeps_its_steps);
    RUN(numbers_out_of_hand_are_told);
    RUN(a_saved_network_comes_back);
    RUN(what_belongs_to_others_is_refused);
    eid_dataset_free(train);
    eid_dataset_free(test);
    return DONE();
}
