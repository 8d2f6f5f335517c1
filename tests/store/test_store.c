/* test_store.c - what is written is read back, and only once. */
#include "check.h"
#include "eidetic/store.h"
#include <stdarg.h>
#include <sys/stat.h>

static const eid_run_info info = {.command = "audit",
                                  .command_line = "eidetic audit --corpus a",
                                  .options = "{\"seed\": 1}",
                                  .identity = "abc",
                                  .version = "0.1.0",
                                  .kernels = "avx2",
                                  .bits = "0011",
                                  .cpu = "a processor",
                                  .seed = 7,
                                  .threads = 2};

static eid_store *create(const char *dir)
{
    eid_store *s = NULL;
    bool resumed = true;
    CHECK_OK(eid_store_create(&s, dir, &info, &resumed));
    CHECK(!resumed);
    return s;
}

static eid_store *reopen(eid_store *s, const char *dir)
{
    eid_store_free(s);
    s = NULL;
    CHECK_OK(eid_store_open(&s, dir));
    return s;
}

static bool begin(eid_store *s, const char *unit)
{
    bool done = true;
    CHECK_OK(eid_store_begin(s, unit, &done));
    return !done;
}

static void a_run_keeps_what_it_was_given(void)
{
    const char *dir = check_tmp("deep/er/run");
    eid_store *s = create(dir);
    CHECK_STR(eid_store_run(s)->state, "running");
    CHECK_OK(eid_store_finish(s, "done", 12.5));
    s = reopen(s, dir);
    const eid_run_info *run = eid_store_run(s);
    CHECK_STR(run->command, "audit");
    CHECK_STR(run->command_line, "eidetic audit --corpus a");
    CHECK_STR(run->options, "{\"seed\": 1}");
    CHECK_STR(run->identity, "abc");
    CHECK_STR(run->kernels, "avx2");
    CHECK_STR(run->bits, "0011");
    CHECK_STR(run->cpu, "a processor");
    CHECK_STR(run->state, "done");
    CHECK_INT(strlen(run->started), 20);
    CHECK_INT(strlen(run->finished), 20);
    CHECK_INT(run->seed, 7);
    CHECK_INT(run->threads, 2);
    CHECK_CLOSE(run->seconds, 12.5, 0, 0);
    CHECK_STR(eid_store_dir(s), dir);
    eid_store_free(s);
}

static void files_are_for_their_owner_only(void)
{
    const char *dir = check_tmp("mode");
    char path[600];
    struct stat st;
    mode_t old = umask(0);
    eid_store *s = create(dir);
    static const char *const names[] = {"", "/eidetic.db", "/eidetic.db-wal", "/eidetic.db-shm"};
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s%s", dir, names[i]);
        CHECK(stat(path, &st) == 0);
        CHECK_INT(st.st_mode & 077, 0);
    }
    CHECK_OK(eid_store_finish(s, "done", 1));
    snprintf(path, sizeof path, "%s/eidetic.db-wal", dir);
    CHECK(stat(path, &st) != 0); /* a finished run is one plain file */
    eid_store_free(s);
    umask(old);
}

/* ---- reading back ------------------------------------------------------------------------------
 */

typedef struct seen {
    char text[4096]; /* one line per row */
    size_t n;
} seen;

__attribute__((format(printf, 2, 3))) static void note(seen *to, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    to->n += (size_t)vsnprintf(to->text + to->n, sizeof to->text - to->n, fmt, ap);
    va_end(ap);
}

static eid_status see_metric(void *user, const char *name, const eid_estimate *e)
{
    note(user, "%s %g [%g, %g] %" PRId64 " %s '%s'\n", name, e->value, e->low, e->high, e->n,
         e->method, e->why);
    return EID_OK;
}

static eid_status see_text(void *user, const char *name, const char *value)
{
    note(user, "%s=%s\n", name, value);
    return EID_OK;
}

static eid_status see_point(void *user, const char *curve, const char *series, double x,
                            const eid_estimate *y)
{
    note(user, "%s %s %g %g\n", curve, series, x, y->value);
    return EID_OK;
}

static eid_status see_input(void *user, const char *path, int64_t bytes, const char *sha256,
                            int64_t documents, int64_t skipped)
{
    note(user, "%s %" PRId64 " %s %" PRId64 " %" PRId64 "\n", path, bytes, sha256, documents,
         skipped);
    return EID_OK;
}

static void metrics_come_back_in_order(void)
{
    const char *dir = check_tmp("metrics");
    eid_store *s = create(dir);
    seen all = {0}, some = {0};
    eid_estimate half = {.value = 0.5, .low = 0.25, .high = 0.75, .n = 40, .method = "bootstrap"};
    eid_estimate none = {.value = NAN, .low = NAN, .high = INFINITY, .n = 3, .method = "exact"};
    eid_estimate e;
    snprintf(none.why, sizeof none.why, "unresolved: 3 negatives");

    CHECK_OK(eid_store_metric(s, "b.half", &none));
    CHECK_OK(eid_store_number(s, "a.number", 12));
    CHECK_OK(eid_store_metric(s, "b.none", &none));
    CHECK_OK(eid_store_metric(s, "b.half", &half)); /* replaces, and keeps its place */
    CHECK_OK(eid_store_metric(s, "B.half", &half)); /* another name */
    s = reopen(s, dir);
    CHECK_OK(eid_store_metrics(s, NULL, see_metric, &all));
    CHECK_STR(all.text, "b.half 0.5 [0.25, 0.75] 40 bootstrap ''\n"
                        "a.number 12 [12, 12] 0 exact ''\n"
                        "b.none nan [nan, inf] 3 exact 'unresolved: 3 negatives'\n"
                        "B.half 0.5 [0.25, 0.75] 40 bootstrap ''\n");
    CHECK_OK(eid_store_metrics(s, "b.n", see_metric, &some));
    CHECK_STR(some.text, "b.none nan [nan, inf] 3 exact 'unresolved: 3 negatives'\n");
    CHECK_OK(eid_store_get(s, "a.number", &e));
    CHECK_CLOSE(e.value, 12, 0, 0);
    CHECK_OK(eid_store_get(s, "a.numb", &e));
    CHECK(isnan(e.value));
    CHECK_STR(e.why, "not measured");
    eid_store_free(s);
}

static void texts_points_and_inputs_come_back(void)
{
    const char *dir = check_tmp("texts");
    eid_store *s = create(dir);
    seen t = {0}, p = {0}, one = {0}, in = {0};
    eid_estimate y = {.value = 1, .method = "exact"};

    CHECK_OK(eid_store_text(s, "title", "old"));
    CHECK_OK(eid_store_text(s, "verdict.level", "pass"));
    CHECK_OK(eid_store_text(s, "title", "a \xff 'quoted' <b>"));
    CHECK_OK(eid_store_input(s, "b", 2, "22", 5, 1));
    CHECK_OK(eid_store_input(s, "a", 1, "11", 4, 0));
    CHECK_OK(eid_store_input(s, "b", 3, "33", 6, 2));
    CHECK(begin(s, "unit"));
    CHECK_OK(eid_store_point(s, "roc", "loss", 0.5, &y));
    CHECK_OK(eid_store_point(s, "loss", "train", 9, &y));
    y.value = 2;
    CHECK_OK(eid_store_point(s, "roc", "loss", 0.5, &y)); /* a step upward: equal x, both kept */
    CHECK_OK(eid_store_example(s, 3, "doc", 10));
    CHECK_OK(eid_store_score(s, "el2n", 3, 0.5));
    CHECK_OK(eid_store_score(s, "el2n", 3, 0.75));
    CHECK_OK(eid_store_end(s));
    s = reopen(s, dir);
    CHECK_OK(eid_store_texts(s, NULL, see_text, &t));
    CHECK_STR(t.text, "title=a \xff 'quoted' <b>\nverdict.level=pass\n");
    CHECK_OK(eid_store_points(s, NULL, see_point, &p));
    CHECK_STR(p.text, "roc loss 0.5 1\nloss train 9 1\nroc loss 0.5 2\n");
    CHECK_OK(eid_store_points(s, "roc", see_point, &one));
    CHECK_STR(one.text, "roc loss 0.5 1\nroc loss 0.5 2\n");
    CHECK_OK(eid_store_inputs(s, see_input, &in));
    CHECK_STR(in.text, "b 3 33 6 2\na 1 11 4 0\n");
    eid_store_free(s);
}

static eid_status see_finding(void *user, const eid_finding *f)
{
    note(user, "%s %s %" PRId64 " %" PRId64 " %" PRId64 " %zu:%d %zu:%d %zu:%d %g %s\n", f->kind,
         f->document ? f->document : "-", f->offset, f->copies, f->documents, f->prompt_n,
         f->prompt ? f->prompt[0] : -1, f->expected_n, f->expected != NULL, f->output_n,
         f->output ? f->output[f->output_n - 1] : -1, f->value, f->why ? f->why : "-");
    return EID_OK;
}

static void findings_are_bytes(void)
{
    const char *dir = check_tmp("findings");
    eid_store *s = create(dir);
    seen all = {0}, planted = {0};
    const uint8_t prompt[] = {0, 1, 0, 255}, output[] = {'a', 0, 0xfe};
    const eid_finding full = {"extracted", "d!e#1", 5, 6, 7,   prompt, NULL,
                              output,      4,       0, 3, 0.5, "{}"};
    const eid_finding bare = {.kind = "planted", .expected = prompt, .value = NAN};

    CHECK(begin(s, "unit"));
    CHECK_OK(eid_store_finding(s, &full));
    CHECK_OK(eid_store_finding(s, &bare));
    CHECK_OK(eid_store_end(s));
    CHECK_OK(eid_store_findings(s, NULL, see_finding, &all));
    CHECK_STR(all.text, "extracted d!e#1 5 6 7 4:0 0:0 3:254 0.5 {}\n"
                        "planted - 0 0 0 0:-1 0:1 0:-1 nan -\n");
    CHECK_OK(eid_store_findings(s, "planted", see_finding, &planted));
    CHECK_STR(planted.text, "planted - 0 0 0 0:-1 0:1 0:-1 nan -\n");
    eid_store_free(s);
}

static eid_status stop_here(void *user, const char *name, const char *value)
{
    (void)name, (void)value;
    ++*(int *)user;
    return EID_ECANCELLED;
}

static eid_status note_file(void *user, const char *role, const char *path, int64_t bytes,
                            const char *sha256)
{
    note(user, "%s %s %d %s;", role, path, (int)bytes, sha256);
    return EID_OK;
}

static eid_status note_question(void *user, const eid_question *q)
{
    note(user, "%s %d %d:", q->measure, (int)q->example, (int)q->first);
    for (size_t i = 0; i < q->given_n; i++)
        note(user, " %d", q->given[i]);
    for (size_t i = 0; i < q->expected_n; i++)
        note(user, " e%d", q->expected[i]);
    for (size_t i = 0; i < q->answer_n; i++)
        note(user, " a%d", q->answer[i]);
    note(user, " %s %g;", q->finding ? q->finding->kind : "-", q->answer ? 0 : q->value);
    CHECK(q->answer || !q->answer_n);
    return EID_OK;
}

static void files_and_questions_come_back(void)
{
    const char *dir = check_tmp("questions");
    eid_store *s = create(dir);
    static const int32_t tok[] = {1, 70000, -1, 5};
    eid_question go_on = {.measure = "extraction",
                          .example = 3,
                          .given = tok,
                          .given_n = 3,
                          .expected = tok + 3,
                          .expected_n = 1,
                          .answer = tok + 1,
                          .answer_n = 1};
    eid_question score = {
        .measure = "exposure", .first = 1, .given = tok, .given_n = 4, .value = 2.5};
    seen got = {.n = 0};

    CHECK_FAILS(eid_store_question(s, &score, false), EID_EINVAL, "inside a unit");
    CHECK(begin(s, "one"));
    CHECK_OK(eid_store_question(s, &go_on, true)); /* no finding was written yet: it has none */
    CHECK_OK(eid_store_finding(s, &(eid_finding){.kind = "planted"}));
    CHECK_OK(eid_store_finding(s, &(eid_finding){.kind = "extracted"}));
    CHECK_OK(eid_store_question(s, &go_on, true));
    CHECK_OK(eid_store_question(s, &score, false));
    CHECK_OK(eid_store_file(s, "model", "model/config.json", 7, "ab"));
    CHECK_OK(eid_store_file(s, "index", "index.eid", 8, "cd"));
    CHECK_OK(eid_store_file(s, "model", "model/config.json", 9, "ef"));
    CHECK_OK(eid_store_end(s));
    s = reopen(s, dir);
    CHECK_OK(eid_store_files(s, note_file, &got));
    CHECK_STR(got.text, "index index.eid 8 cd;model model/config.json 9 ef;");
    got = (seen){.n = 0};
    CHECK_OK(eid_store_questions(s, NULL, note_question, &got));
    CHECK_STR(got.text, "extraction 3 0: 1 70000 -1 e5 a70000 - 0;"
                        "extraction 3 0: 1 70000 -1 e5 a70000 extracted 0;"
                        "exposure 0 1: 1 70000 -1 5 - 2.5;");
    got = (seen){.n = 0};
    CHECK_OK(eid_store_questions(s, "exposure", note_question, &got));
    CHECK_STR(got.text, "exposure 0 1: 1 70000 -1 5 - 2.5;");
    CHECK_FAILS(eid_store_file(s, "index", "x", 1, "a"), EID_EINVAL, "for reading");
    eid_store_free(s);
}

static void a_reader_may_stop_the_reading(void)
{
    eid_store *s = create(check_tmp("stop"));
    int rows = 0;
    CHECK_OK(eid_store_text(s, "a", "1"));
    CHECK_OK(eid_store_text(s, "b", "2"));
    CHECK(eid_store_texts(s, NULL, stop_here, &rows) == EID_ECANCELLED);
    CHECK_INT(rows, 1);
    CHECK_OK(eid_store_text(s, "c", "3")); /* and nothing is left open */
    eid_store_free(s);
}

/* ---- units of work -----------------------------------------------------------------------------
 */

static void a_unit_is_whole_or_not_there(void)
{
    const char *dir = check_tmp("unit");
    eid_store *s = create(dir);
    eid_estimate y = {.value = 1, .method = "exact"};
    seen p = {0};
    bool done = true;

    CHECK_FAILS(eid_store_point(s, "c", "s", 1, &y), EID_EINVAL, "inside a unit");
    CHECK_FAILS(eid_store_end(s), EID_EINVAL, "no unit");
    CHECK(begin(s, "one"));
    CHECK_FAILS(eid_store_begin(s, "two", &done), EID_EINVAL, "inside unit one");
    CHECK_FAILS(eid_store_finish(s, "done", 1), EID_EINVAL, "still open");
    CHECK_OK(eid_store_point(s, "c", "kept", 1, &y));
    CHECK_OK(eid_store_end(s));
    CHECK(begin(s, "two"));
    CHECK_OK(eid_store_point(s, "c", "abandoned", 2, &y));
    CHECK_OK(eid_store_text(s, "t", "abandoned"));
    eid_store_abandon(s);
    CHECK(begin(s, "two")); /* not done, so it is done again */
    CHECK_OK(eid_store_point(s, "c", "left open", 3, &y));
    s = reopen(s, dir); /* closing is no commit */
    CHECK_OK(eid_store_points(s, "c", see_point, &p));
    CHECK_OK(eid_store_texts(s, NULL, see_text, &p));
    CHECK_STR(p.text, "c kept 1 1\n");
    CHECK_FAILS(eid_store_begin(s, "three", &done), EID_EINVAL, "for reading");
    CHECK_FAILS(eid_store_number(s, "n", 1), EID_EINVAL, "for reading");
    CHECK_FAILS(eid_store_finish(s, "done", 1), EID_EINVAL, "for reading");
    eid_store_free(s);
}

static void a_finished_unit_is_not_done_again(void)
{
    const char *dir = check_tmp("again");
    eid_store *s = create(dir);
    bool resumed = false, done = false;
    CHECK(begin(s, "one"));
    CHECK_OK(eid_store_end(s));
    eid_store_free(s);
    CHECK_OK(eid_store_create(&s, dir, &info, &resumed));
    CHECK(resumed);
    CHECK_OK(eid_store_begin(s, "one", &done));
    CHECK(done);
    CHECK(begin(s, "two"));
    CHECK_OK(eid_store_end(s));
    CHECK_OK(eid_store_finish(s, "done", 3));
    char finished[32];
    snprintf(finished, sizeof finished, "%s", eid_store_run(s)->finished);
    eid_store_free(s);
    CHECK_OK(eid_store_create(&s, dir, &info, &resumed)); /* once more: it is and stays done */
    CHECK_STR(eid_store_run(s)->state, "done");
    CHECK_OK(eid_store_finish(s, "done", 99));
    CHECK_CLOSE(eid_store_run(s)->seconds, 3, 0, 0);
    CHECK_STR(eid_store_run(s)->finished, finished);
    eid_store_free(s);
}

int main(void)
{
    RUN(a_run_keeps_what_it_was_given);
    RUN(files_are_for_their_owner_only);
    RUN(metrics_come_back_in_order);
    RUN(texts_points_and_inputs_come_back);
    RUN(findings_are_bytes);
    RUN(files_and_questions_come_back);
    RUN(a_reader_may_stop_the_reading);
    RUN(a_unit_is_whole_or_not_there);
    RUN(a_finished_unit_is_not_done_again);
    return DONE();
}
