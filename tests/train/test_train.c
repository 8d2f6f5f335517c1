/* Training: it learns, says what it did, gives the same bits for any number of threads and through
 * any interruption, and touches nobody else's folder. */
#include "small.h"
#include <signal.h>
#include <sys/time.h>

typedef struct outcome {
    eid_status st;
    eid_train_result *r;
    char hash[65];
} outcome;

static outcome train_with(eid_ctx *ctx, const small *s, const small *held, const eid_train_opts *o,
                          const char *dir)
{
    outcome got = {0};
    got.st = eid_train_lm(NULL, &got.r, ctx, &s->docs, held ? &held->docs : NULL, SMALL_VOCAB,
                          SMALL_END, o, dir);
    if (got.st == EID_OK)
        small_hash(dir, "model.safetensors", got.hash);
    return got;
}

static outcome train(int64_t threads, const small *s, const small *held, const eid_train_opts *o,
                     const char *dir)
{
    eid_ctx *ctx = small_ctx(threads);
    outcome got = train_with(ctx, s, held, o, dir);
    eid_ctx_free(ctx);
    return got;
}

static small corpus, heldout;

static void it_learns_and_says_so(void)
{
    eid_train_opts o = small_opts(250);
    const char *dir = check_tmp("learns");
    outcome got = train(2, &corpus, &heldout, &o, dir);
    char path[700];

    CHECK_OK(got.st);
    if (!got.r)
        return;
    /* three equally likely successors, ends of documents besides: about log 3 */
    CHECK(got.r->log[0].loss > 2.5);
    CHECK(got.r->loss > 0.9 && got.r->loss < 1.4);
    CHECK(got.r->heldout > 1.0 && got.r->heldout < 1.6);
    CHECK_INT(got.r->steps, 250);
    CHECK(!got.r->resumed);
    CHECK(got.r->seconds > 0 && got.r->rate > 0);
    CHECK_INT(got.r->logs, 125);
    CHECK_INT(got.r->log[0].step, 2);
    CHECK_INT(got.r->log[124].step, 250);
    int judged = 0;
    for (size_t i = 0; i < got.r->logs; i++)
        judged += !isnan(got.r->log[i].heldout);
    CHECK_INT(judged, 13);
    CHECK(!isnan(got.r->log[124].heldout));
    CHECK_INT(got.r->log[124].tokens, got.r->tokens);
    /* a window ends early in front of a document that would be cut: a few targets in a hundred */
    CHECK(got.r->tokens <= 250 * 128 && got.r->tokens > 0.95 * 250 * 128);
    CHECK_CLOSE(got.r->epochs,
                (double)got.r->tokens / (double)(corpus.start[SMALL_DOCS] + SMALL_DOCS), 1e-12, 0);
    snprintf(path, sizeof path, "%s/config.json", dir);
    CHECK(eid_exists(path));
    eid_train_result_free(got.r);
    small_remove(dir);
}

static void bits_do_not_depend_on_threads(void)
{
    static const int64_t threads[] = {1, 2, 5};
    eid_train_opts o = small_opts(30);
    outcome got[3];
    for (int i = 0; i < 3; i++) {
        const char *dir = check_tmp("threads");
        got[i] = train(threads[i], &corpus, &heldout, &o, dir);
        CHECK_OK(got[i].st);
        CHECK_STR(got[i].hash, got[0].hash);
        CHECK(got[i].r && got[i].r->loss == got[0].r->loss);
        CHECK(got[i].r && got[i].r->heldout == got[0].r->heldout);
        small_remove(dir);
    }
    for (int i = 0; i < 3; i++)
        eid_train_result_free(got[i].r);
}

static eid_ctx *alarmed;

static void on_alarm(int number)
{
    (void)number;
    eid_ctx_cancel(alarmed); /* promised to be safe here */
}

static void alarm_after(int64_t ms)
{
    const struct itimerval t = {.it_value = {ms / 1000, ms % 1000 * 1000}};
    CHECK_INT(setitimer(ITIMER_REAL, &t, NULL), 0);
}

/* Cancelled at some moments, with other thread counts in between: the same bits, the same log. */
static void an_interrupted_training_leaves_no_trace(void)
{
    eid_train_opts o = small_opts(200);
    const char *dir = check_tmp("whole"), *part = check_tmp("parts");
    outcome whole = train(2, &corpus, &heldout, &o, dir), got = {0};
    int cancelled = 0;

    signal(SIGALRM, on_alarm);
    for (int i = 0; i < 12; i++) {
        alarmed = small_ctx(1 + i % 3);
        if (i < 11)
            alarm_after(5 + 10 * i);
        got = train_with(alarmed, &corpus, &heldout, &o, part);
        alarm_after(0);
        eid_ctx_free(alarmed);
        if (got.st != EID_ECANCELLED)
            break;
        cancelled++;
        o.checkpoint = i % 2 ? 0 : 100; /* neutral */
    }
    CHECK(cancelled > 0);
    CHECK_OK(got.st);
    CHECK_STR(got.hash, whole.hash);
    if (got.r && whole.r) {
        CHECK(got.r->resumed && !whole.r->resumed);
        CHECK_INT(got.r->logs, whole.r->logs);
        for (size_t i = 0; i < whole.r->logs; i++) {
            CHECK(got.r->log[i].loss == whole.r->log[i].loss);
            CHECK_CLOSE(got.r->log[i].heldout, whole.r->log[i].heldout, 0, 0);
        }
        CHECK(got.r->heldout == whole.r->heldout);
    }
    eid_train_result_free(got.r);
    eid_train_result_free(whole.r);
    small_remove(dir);
    small_remove(part);
}

static volatile sig_atomic_t rings;

static void on_ring(int number)
{
    (void)number;
    rings = rings + 1;
}

/* oneDNN's kernels do not survive a handler on their stack: par/ holds signals back. */
static void signals_do_no_harm(void)
{
    const struct itimerval often = {{0, 300}, {0, 300}}, never = {{0, 0}, {0, 0}};
    eid_train_opts o = small_opts(100);
    const char *dir = check_tmp("quiet");
    outcome quiet = train(2, &corpus, &heldout, &o, dir);
    small_remove(dir);
    for (int threads = 1; threads <= 3; threads += 2) {
        dir = check_tmp("ringing");
        signal(SIGALRM, on_ring);
        CHECK_INT(setitimer(ITIMER_REAL, &often, NULL), 0);
        outcome got = train(threads, &corpus, &heldout, &o, dir);
        CHECK_INT(setitimer(ITIMER_REAL, &never, NULL), 0);
        CHECK_STR(got.hash, quiet.hash);
        eid_train_result_free(got.r);
        small_remove(dir);
    }
    CHECK(rings > 20);
    eid_train_result_free(quiet.r);
}

static void a_finished_training_is_returned(void)
{
    eid_train_opts o = small_opts(20);
    const char *dir = check_tmp("finished");
    outcome first = train(2, &corpus, &heldout, &o, dir);
    eid_ctx *ctx = small_ctx(1);
    eid_gpt *m = NULL;
    eid_train_result *r = NULL;
    char path[700];

    o.checkpoint = 5;
    CHECK_OK(
        eid_train_lm(&m, &r, ctx, &corpus.docs, &heldout.docs, SMALL_VOCAB, SMALL_END, &o, dir));
    CHECK(m && eid_gpt_shape(m)->bos == SMALL_END);
    if (r && first.r) {
        CHECK(r->resumed);
        CHECK(r->seconds == 0);
        CHECK(r->loss == first.r->loss && r->heldout == first.r->heldout);
        CHECK_INT(r->logs, first.r->logs);
        CHECK_INT(r->log[r->logs - 1].step, 20);
    }
    eid_gpt_free(m);
    eid_train_result_free(r);
    eid_train_result_free(first.r);
    snprintf(path, sizeof path, "%s/model.safetensors", dir);
    FILE *f = fopen(path, "ab");
    fputc(0, f);
    fclose(f);
    outcome got = train(1, &corpus, &heldout, &o, dir);
    CHECK_FAILS(got.st, EID_EEXIST, "changed since");
    eid_ctx_free(ctx);
    small_remove(dir);
}

static void other_trainings_are_not_touched(void)
{
    eid_train_opts o = small_opts(5), other = o;
    const char *dir = check_tmp("other");
    outcome got = train(1, &corpus, &heldout, &o, dir);
    char hash[65], path[700];
    CHECK_OK(got.st);
    eid_train_result_free(got.r);
    other.seed++;
    CHECK_FAILS(train(1, &corpus, &heldout, &other, dir).st, EID_EEXIST, "another training");
    other = o;
    other.lr *= 1.0000001;
    CHECK_FAILS(train(1, &corpus, &heldout, &other, dir).st, EID_EEXIST, "another training");
    CHECK_FAILS(train(1, &heldout, &heldout, &o, dir).st, EID_EEXIST, "another training");
    CHECK_FAILS(train(1, &corpus, NULL, &o, dir).st, EID_EEXIST, "another training");
    CHECK_STR(small_hash(dir, "model.safetensors", hash), got.hash);
    snprintf(path, sizeof path, "%s/checkpoint.eid", dir);
    CHECK_INT(truncate(path, 200), 0);
    CHECK_FAILS(train(1, &corpus, &heldout, &o, dir).st, EID_EFORMAT, "checkpoint.eid");
    unlink(path);
    CHECK_FAILS(train(1, &corpus, &heldout, &o, dir).st, EID_EEXIST, "already holds a model");
    CHECK_STR(small_hash(dir, "model.safetensors", hash), got.hash);
    small_remove(dir);
}

static void memory_alone_is_enough(void)
{
    eid_train_opts o = small_opts(3);
    eid_ctx *ctx = small_ctx(1);
    eid_gpt *m = NULL;
    eid_train_result *r = NULL;
    CHECK_OK(eid_train_lm(&m, &r, ctx, &corpus.docs, NULL, SMALL_VOCAB, SMALL_END, &o, NULL));
    CHECK(m != NULL);
    CHECK(r && isnan(r->heldout) && isfinite(r->loss));
    eid_gpt_free(m);
    eid_train_result_free(r);
    eid_ctx_free(ctx);
}

static void bad_arguments_are_refused(void)
{
    eid_ctx *ctx = small_ctx(1);
    eid_train_opts o = small_opts(3);
    small bad = corpus;
    eid_gpt *m = NULL;
    bad.docs = (eid_tokens){bad.id, bad.start, SMALL_DOCS};
    o.context = 0;
    CHECK_FAILS(eid_train_lm(&m, NULL, ctx, &corpus.docs, NULL, SMALL_VOCAB, 0, &o, NULL),
                EID_EINVAL, "context is 0");
    o = small_opts(3);
    o.lr = NAN;
    CHECK_FAILS(eid_train_lm(&m, NULL, ctx, &corpus.docs, NULL, SMALL_VOCAB, 0, &o, NULL),
                EID_EINVAL, "lr");
    o = small_opts(3);
    o.heads = 7;
    CHECK_FAILS(eid_train_lm(&m, NULL, ctx, &corpus.docs, NULL, SMALL_VOCAB, 0, &o, NULL),
                EID_EINVAL, "heads");
    o = small_opts(3);
    CHECK_FAILS(eid_train_lm(&m, NULL, ctx, &corpus.docs, NULL, SMALL_VOCAB, SMALL_VOCAB, &o, NULL),
                EID_EINVAL, "end token 32");
    CHECK_FAILS(eid_train_lm(&m, NULL, ctx, &corpus.docs, NULL, 20, 0, &o, NULL), EID_EINVAL,
                "outside the vocabulary of 20");
    bad.id[bad.start[5] + 2] = -4;
    CHECK_FAILS(eid_train_lm(&m, NULL, ctx, &corpus.docs, &bad.docs, SMALL_VOCAB, 0, &o, NULL),
                EID_EINVAL, "held-out document 5: token -4 at place 2");
    CHECK_FAILS(eid_train_lm(&m, NULL, ctx, &corpus.docs, NULL, SMALL_VOCAB, 0, &o, "/proc/x"),
                EID_EIO, "/proc/x");
    CHECK(!m);
    eid_ctx_free(ctx);
}

int main(void)
{
    small_make(&corpus, 1);
    small_make(&heldout, 2);
    RUN(it_learns_and_says_so);
    RUN(bits_do_not_depend_on_threads);
    RUN(an_interrupted_training_leaves_no_trace);
    RUN(signals_do_no_harm);
    RUN(a_finished_training_is_returned);
    RUN(other_trainings_are_not_touched);
    RUN(memory_alone_is_enough);
    RUN(bad_arguments_are_refused);
    return DONE();
}
