/* test_bank.c - parts are as designed; a bank has the same bytes for any number of threads, stopped
 * or killed; what it keeps is what its models say; what is not its own is refused. */
#include "base/ctx.h"
#include "base/memory.h"
#include "eidetic/bank.h"
#include "small.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

enum { TRAIN = 90, TEST = 41, SIDE = 9, CLASSES = 3, MODELS = 9 };
static eid_dataset *train, *test;

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
                (uint8_t)(eid_rng_below(&rng, 100) + (k / SIDE == label[i] * 3 + 1 ? 120 : 0));
    }
    CHECK_OK(eid_dataset_from(&d, ctx, &like));
    return d;
}

static eid_classifier_opts training(void)
{
    eid_classifier_opts o = eid_classifier_opts_default();
    o.model = "mlp:10";
    o.epochs = 6;
    o.batch = 16;
    o.flip = true;
    o.crop = 3; /* as far as from one class to another: query 1 gets other answers */
    return o;
}
static eid_bank_opts options(void)
{
    eid_bank_opts o = eid_bank_opts_default();
    o.models = MODELS;
    o.queries = 2;
    o.keep_weights = true;
    return o;
}

/* ---- parts
 * ------------------------------------------------------------------------------------------ */

static bool bit(const uint8_t *masks, int64_t n, int64_t k, int64_t i)
{
    return eid_bank_bit(masks, (n + 7) / 8, k, i);
}

static void parts_are_as_designed(void)
{
    enum { N = 250, K = 60, ROW = (N + 7) / 8 };
    static uint8_t masks[4][K * ROW], again[K * ROW];
    static const double fraction[] = {0.3, 0.5, 1, 1};
    for (int d = 0; d < 4; d++) {
        eid_bank_opts o = {.models = K,
                           .design = d,
                           .fraction = fraction[d],
                           .groups = 7,
                           .queries = 1,
                           .seed = 5};
        for (int threads = 3; threads > 0; threads -= 2) {
            eid_ctx *ctx = small_ctx(threads);
            CHECK_OK(eid_bank_masks(ctx, &o, N, threads == 3 ? again : masks[d]));
            eid_ctx_free(ctx);
        }
        CHECK(memcmp(masks[d], again, sizeof again) == 0);
        for (int k = 0; k < K; k++) {
            int64_t in = 0;
            for (int64_t i = 0; i < ROW * 8; i++)
                in += bit(masks[d], N, k, i); /* bits past the last example are 0, or they count */
            CHECK(d != EID_BANK_FRACTION || in == 75);
            CHECK(d != EID_BANK_PAIRS || in == N / 2);
            CHECK(d != EID_BANK_GROUPS || in == N - N / 7 - (k % 7 < N % 7));
        }
        for (int64_t i = 0; i < N; i++) {
            int64_t in = 0;
            for (int k = 0; k < K; k++)
                in += bit(masks[d], N, k, i);
            CHECK(d != EID_BANK_HALF || in == K / 2);
            CHECK(d != EID_BANK_FRACTION || (in > 4 && in < 33)); /* 18 +- 3.5 */
            CHECK(d != EID_BANK_PAIRS || (in > 13 && in < 47));   /* 30 +- 3.9 */
            CHECK(d != EID_BANK_GROUPS || in == K - K / 7 || in == K - K / 7 - 1);
            for (int k = 0; k < K && d == EID_BANK_PAIRS && i % 2; k++)
                CHECK(bit(masks[d], N, k, i) != bit(masks[d], N, k, i - 1));
            for (int k = 7; k < K && d == EID_BANK_GROUPS; k++)
                CHECK(bit(masks[d], N, k, i) == bit(masks[d], N, k - 7, i));
        }
    }
}

/* ---- bits
 * ------------------------------------------------------------------------------------------ */

static const char *const files[] = {"masks.npy",     "weights.npy",      "train_correct.npy",
                                    "train_phi.npy", "train_margin.npy", "test_correct.npy",
                                    "test_phi.npy",  "test_margin.npy"};
enum { FILES = sizeof files / sizeof *files };

static void check_same(const char *a, const char *b)
{
    char x[65], y[65];
    for (int i = 0; i < FILES; i++)
        CHECK_STR(small_hash(a, files[i], x), small_hash(b, files[i], y));
}

/* Ctrl-C, as it were: signals reach the calling thread between models. */
static eid_ctx *volatile running; /* NULL: the alarm comes too late to stop anything */
static void on_alarm(int signal)
{
    (void)signal;
    if (running)
        eid_ctx_cancel(running);
}

static eid_status make(const char *dir, int64_t threads, eid_bank_result *r,
                       eid_progress_fn progress)
{
    eid_ctx *ctx = small_ctx(threads);
    eid_classifier_opts t = training();
    eid_bank_opts o = options();
    eid_ctx_on_progress(ctx, progress, ctx);
    eid_status st = eid_bank_make(r, ctx, train, test, &t, &o, NULL, dir);
    running = NULL;
    eid_ctx_free(ctx);
    return st;
}

static void alarm_soon(void *ctx, const eid_progress *p)
{
    static const struct itimerval soon = {.it_value = {.tv_usec = 2000}};
    (void)p;
    running = ctx;
    setitimer(ITIMER_REAL, &soon, NULL);
}

static void threads_and_stops_leave_no_trace(void)
{
    const char *whole = check_tmp("bank1"), *three = check_tmp("bank3"),
               *parts = check_tmp("parts");
    eid_bank_result r, s;
    CHECK_OK(make(whole, 1, &r, NULL));
    CHECK(r.trained == MODELS && !r.resumed && r.accuracy_in > 0.35 && r.accuracy_in <= 1);
    CHECK(r.accuracy_out > 0.2 && r.accuracy_test > 0.2);
    CHECK_OK(make(three, 3, &s, NULL));
    check_same(three, whole);
    CHECK(s.accuracy_in == r.accuracy_in && s.accuracy_test == r.accuracy_test);
    CHECK_OK(make(three, 3, &s, NULL)); /* finished: nothing is trained again */
    CHECK(s.trained == 0 && s.resumed && s.accuracy_out == r.accuracy_out);
    check_same(three, whole);
    int stops = 0;
    signal(SIGALRM, on_alarm);
    while (make(parts, 1 + stops % 2, &s, alarm_soon) == EID_ECANCELLED && stops < 100)
        stops++;
    setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
    signal(SIGALRM, SIG_DFL);
    CHECK_OK(make(parts, 2, &s, NULL));
    printf("# %d stops\n", stops);
    check_same(parts, whole);
    small_remove(whole);
    small_remove(three);
    small_remove(parts);
}

static bool attempt(const char *dir, int64_t us)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        eid_bank_result r;
        eid_status st = make(dir, 2, &r, NULL);
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

static void a_killed_bank_ends_in_the_same_bytes(void)
{
    enum { KILLS = 6 };
    const char *whole = check_tmp("unharmed"), *killed = check_tmp("killed");
    eid_rng r = eid_rng_seed((uint64_t)getpid()); /* other moments every time: any must do */
    int kills = 0;
    double began = eid_now();
    CHECK(attempt(whole, 0));
    double each = eid_now() - began;
    for (int i = 0; i < KILLS || (kills == 0 && i < 20 * KILLS); i++) {
        if (!attempt(killed, 1 + (int64_t)(1e6 * each * eid_rng_unit(&r))))
            kills++;
        else /* it was quicker: from the beginning */
            small_remove(killed);
    }
    CHECK(attempt(killed, 0));
    printf("# %d kills\n", kills);
    CHECK(kills >= 1);
    check_same(killed, whole);
    small_remove(whole);
    small_remove(killed);
}

/* ---- what is kept
 * ------------------------------------------------------------------------------------ */

/* A model is what its seed and its examples make of it: the kept weights give the kept answers. */
static void check_model(eid_ctx *ctx, const eid_bank *b, int64_t k, const eid_dataset *d,
                        const eid_bank_set *s)
{
    static float z[TRAIN * CLASSES];
    eid_net_shape shape = {1, SIDE, SIDE, CLASSES};
    eid_net *m = NULL;
    eid_param *p;
    CHECK_OK(eid_net_new(&m, ctx, "mlp:10", &shape, 0));
    eid_net_params(m, &p);
    CHECK_INT(b->parameters, eid_net_parameters(m));
    memcpy(p[0].value, b->weights + k * b->parameters, (size_t)b->parameters * sizeof(float));
    CHECK_OK(eid_net_changed(m, ctx));
    CHECK_OK(eid_classifier_logits(m, ctx, d, NULL, d->n, z));
    for (int64_t i = 0; i < d->n; i++) {
        const float *l = z + i * CLASSES;
        int32_t y = d->label[i];
        double sum = 0, p_y, top = -INFINITY;
        for (int c = 0; c < CLASSES; c++) {
            sum += exp((double)l[c]);
            top = c == y ? top : fmax(top, (double)l[c]);
        }
        p_y = exp((double)l[y]) / sum;
        int64_t at = (k * b->queries) * d->n + i;
        if (s->phi) {
            CHECK_CLOSE(s->phi[at], log(p_y / (1 - p_y)), 1e-5, 1e-5);
            CHECK_CLOSE(s->margin[at], (double)l[y] - top, 1e-6, 1e-6);
        } else {
            CHECK(memcmp(s->logits + at * CLASSES, l, CLASSES * sizeof *l) == 0);
        }
        CHECK(eid_bank_bit(s->correct, s->row, k, i) == ((double)l[y] > top));
    }
    eid_net_free(m);
}

/* The same weights from the examples of its mask, trained by themselves. */
static void check_training(eid_ctx *ctx, const eid_bank *b, int64_t k)
{
    eid_classifier_opts t = training();
    eid_dataset *part = NULL;
    eid_net *m = NULL;
    eid_param *p;
    int64_t index[TRAIN], n = 0;
    for (int64_t i = 0; i < TRAIN; i++)
        if (eid_bank_bit(b->masks, b->train.row, k, i))
            index[n++] = i;
    CHECK_OK(eid_dataset_pick(&part, ctx, train, index, n));
    t.seed = eid_bank_seed(&t, k);
    CHECK_OK(eid_train_classifier(&m, NULL, ctx, part, NULL, &t, NULL, NULL));
    eid_net_params(m, &p);
    CHECK(memcmp(p[0].value, b->weights + k * b->parameters,
                 (size_t)b->parameters * sizeof(float)) == 0);
    eid_net_free(m);
    eid_dataset_free(part);
}

static void what_is_kept_is_what_the_models_say(void)
{
    for (int outputs = 0; outputs < 2; outputs++) {
        const char *dir = check_tmp("kept");
        eid_ctx *ctx = small_ctx(2);
        eid_classifier_opts t = training();
        eid_bank_opts o = options();
        eid_bank_result r;
        eid_bank *b = NULL;
        o.outputs = outputs;
        CHECK_OK(eid_bank_make(&r, ctx, train, test, &t, &o, NULL, dir));
        CHECK_OK(eid_bank_open(&b, ctx, dir, train, test));
        if (b) {
            CHECK(b->models == MODELS && b->queries == 2 && b->opts.fraction == 0.7);
            CHECK(b->train.n == TRAIN && b->test.n == TEST);
            for (int64_t k = 0; k < MODELS; k += 4) {
                check_model(ctx, b, k, train, &b->train);
                check_model(ctx, b, k, test, &b->test);
                check_training(ctx, b, k);
            }
            /* the second query is about moved pictures: hardly one stays */
            int64_t differ = 0;
            for (int64_t i = 0; i < TRAIN; i++)
                differ += outputs ? memcmp(b->train.logits + i * CLASSES,
                                           b->train.logits + (TRAIN + i) * CLASSES,
                                           CLASSES * sizeof(float)) != 0
                                  : b->train.phi[i] != b->train.phi[TRAIN + i];
            CHECK(differ > TRAIN / 2);
        }
        eid_bank_free(b);
        eid_ctx_free(ctx);
        small_remove(dir);
    }
}

/* ---- refusals
 * ---------------------------------------------------------------------------------------- */

static void what_is_not_its_own_is_refused(void)
{
    const char *dir = check_tmp("own"), *other_dir = check_tmp("other");
    eid_ctx *ctx = small_ctx(2);
    eid_dataset *other = pictures(ctx, TRAIN, 99);
    eid_classifier_opts t = training();
    eid_bank_opts o = options();
    eid_bank_result r;
    eid_bank *b = NULL;
    char path[600];
    CHECK_OK(eid_bank_make(&r, ctx, train, test, &t, &o, NULL, dir));
    CHECK_FAILS(eid_bank_open(&b, ctx, dir, other, NULL), EID_EINVAL, "other data");
    CHECK_FAILS(eid_bank_open(&b, ctx, dir, train, other), EID_EINVAL, "its test set");
    CHECK_FAILS(eid_bank_make(&r, ctx, other, test, &t, &o, NULL, dir), EID_EEXIST, "other");
    o.seed = 2;
    CHECK_FAILS(eid_bank_make(&r, ctx, train, test, &t, &o, NULL, dir), EID_EEXIST, "other");
    snprintf(path, sizeof path, "%s/train_phi.npy", dir);
    CHECK(truncate(path, 500) == 0);
    CHECK_FAILS(eid_bank_open(&b, ctx, dir, train, test), EID_EFORMAT, "train_phi.npy");
    o = options();
    CHECK_FAILS(eid_bank_make(&r, ctx, train, test, &t, &o, NULL, dir), EID_EFORMAT,
                "train_phi.npy");
    o.fraction = 0.1;
    CHECK_FAILS(eid_bank_make(&r, ctx, train, test, &t, &o, NULL, other_dir), EID_EINVAL,
                "fewer than a batch");
    o.fraction = 0;
    CHECK_FAILS(eid_bank_make(&r, ctx, train, test, &t, &o, NULL, other_dir), EID_EINVAL,
                "fraction of 0");
    o = options();
    o.design = EID_BANK_GROUPS;
    o.groups = TRAIN + 1;
    CHECK_FAILS(eid_bank_make(&r, ctx, train, test, &t, &o, NULL, other_dir), EID_EINVAL, "groups");
    o = options();
    t.flip = false;
    t.crop = 0;
    CHECK_FAILS(eid_bank_make(&r, ctx, train, test, &t, &o, NULL, other_dir), EID_EINVAL,
                "--crop or --flip");
    CHECK(access(other_dir, F_OK) != 0); /* nothing was begun */
    CHECK(b == NULL);
    eid_dataset_free(other);
    eid_ctx_free(ctx);
    small_remove(dir);
}

static void no_failed_allocation_leaks_or_is_swallowed(void)
{
    int failed = 0;
    eid_classifier_opts t = training();
    eid_bank_opts o = options();
    t.epochs = 0.1;
    o.models = 2;
    o.then = "prune,finetune:epochs=0.1";
    for (int64_t n = 1; n < 600; n += n < 150 ? 1 : 9) {
        const char *dir = check_tmp("scarce");
        eid_bank_result r;
        eid_ctx *ctx = small_ctx(1);
        eid_fail_allocation(n);
        eid_status st = eid_bank_make(&r, ctx, train, test, &t, &o, NULL, dir);
        eid_fail_allocation(0);
        eid_ctx_free(ctx);
        small_remove(dir);
        if (st == EID_OK)
            break;
        CHECK(st == EID_ENOMEM);
        failed++;
    }
    CHECK(failed > 50);
}

int main(void)
{
    eid_ctx *ctx = small_ctx(1);
    train = pictures(ctx, TRAIN, 1);
    test = pictures(ctx, TEST, 2);
    eid_ctx_free(ctx);
    if (!train || !test)
        return 1;
    RUN(parts_are_as_designed);
    RUN(threads_and_stops_leave_no_trace);
    RUN(a_killed_bank_ends_in_the_same_bytes);
    RUN(what_is_kept_is_what_the_models_say);
    RUN(what_is_not_its_own_is_refused);
    RUN(no_failed_allocation_leaks_or_is_swallowed);
    eid_dataset_free(train);
    eid_dataset_free(test);
    return DONE();
}
