#include "check.h"
#include "base/file.h"
#include "base/json.h"
#include "eidetic/report.h"
#include "eidetic/store.h"
#include "recipe/lab.h"

/* Labs of this test's own; what they do can be set from outside. */
static double measured = 0.5;
static int runs;
static bool breaks;

static eid_estimate about(double x, double half)
{
    return (eid_estimate){.value = x, .low = x - half, .high = x + half, .n = 40, .method = "test"};
}

static eid_status run_first(lab_work *w)
{
    eid_status st = EID_OK;
    eid_lab_figure *f;
    eid_estimate e = about(measured, 0.01);

    runs++;
    EID_TRY(lab_measured(w, "share", &e, lab_about(0.5, 0.05)));
    EID_TRY(
        lab_measured(w, "shown only", &(eid_estimate){.value = 7, .low = 7, .high = 7}, lab_any()));
    EID_TRY(lab_control(w, "share without the cause",
                        &(eid_estimate){.value = 0.1, .low = 0.09, .high = 0.11},
                        lab_at_most(0.2)));
    EID_TRY(lab_note(w, "Seed %d.", (int)w->seed));
    EID_TRY(lab_figure(&f, w,
                       &(eid_chart){.name = "by-n",
                                    .title = "Share by <n>",
                                    .x_title = "examples & more",
                                    .x_unit = "examples",
                                    .y_title = "share",
                                    .x_scale = EID_SCALE_LOG2,
                                    .x_as = EID_AS_COUNT,
                                    .y_as = EID_AS_PERCENT,
                                    .rule = 0.5,
                                    .rule_label = "one half"}));
    for (int n = 1; n <= 64; n *= 2) {
        e = about(0.5 + 0.2 / n, 0.03);
        EID_TRY(lab_point(f, "measured", n, &e));
        e = lab_exact(0.5);
        EID_TRY(lab_point(f, "theory", n, &e));
    }
    EID_TRY(lab_reference(f, "theory"));
    EID_TRY(lab_figure(&f, w,
                       &(eid_chart){.name = "bars",
                                    .title = "By kind",
                                    .kind = EID_CHART_BARS,
                                    .y_title = "share",
                                    .y_as = EID_AS_PERCENT,
                                    .from_zero = true}));
    e = about(0.4, 0.1);
    EID_TRY(lab_bar(f, "measured", "kind one", &e));
    EID_TRY(lab_bar(f, "measured", "kind two", &e));
done:
    return st;
}

static eid_status run_second(lab_work *w)
{
    const int64_t *size = w->own;
    eid_estimate e = lab_exact((double)*size);

    if (breaks)
        return eid_fail(EID_ECANCELLED, "the second lab was stopped");
    return lab_measured(w, "size", &e, lab_at_least(3));
}

static const eid_opt second_table[] = {{EID_OPT_I64, "size", 0, 0, 100, "of it", NULL, 0}, {0}};
static void second_defaults(void *opts)
{
    *(int64_t *)opts = 5;
}

static const eid_lab first = {.name = "first-lab",
                              .group = "tests",
                              .title = "A first <lab>",
                              .claim = "One half & no more.",
                              .meaning = "It means nothing.",
                              .source = "This test",
                              .run = run_first};
static const eid_lab second = {.name = "second",
                               .group = "tests",
                               .title = "A second lab",
                               .claim = "Five is at least three.",
                               .meaning = "It means nothing either.",
                               .source = "This test",
                               .table = second_table,
                               .opts_size = sizeof(int64_t),
                               .defaults = second_defaults,
                               .run = run_second};

static eid_ctx *ctx;

static void a_number_is_judged_by_its_interval(void)
{
    eid_estimate e = about(0.5, 0.1);
    CHECK_INT(lab_judge(&e, 0.4, 0.6), EID_LAB_HOLDS);
    CHECK_INT(lab_judge(&e, 0.45, 0.55), EID_LAB_UNRESOLVED);
    CHECK_INT(lab_judge(&e, 0.55, 0.9), EID_LAB_UNRESOLVED);
    CHECK_INT(lab_judge(&e, 0.61, INFINITY), EID_LAB_FAILS);
    CHECK_INT(lab_judge(&e, -INFINITY, 0.39), EID_LAB_FAILS);
    CHECK_INT(lab_judge(&e, -INFINITY, INFINITY), EID_LAB_HOLDS);
    e.low = NAN;
    CHECK_INT(lab_judge(&e, -INFINITY, INFINITY), EID_LAB_UNRESOLVED);
    e = eid_estimate_none("nobody knows");
    CHECK_INT(lab_judge(&e, 0, 1), EID_LAB_UNRESOLVED);
    CHECK_STR(lab_about(0.5, 0.05).text, "0.5 ± 0.05");
    CHECK_STR(lab_at_least(2.0 / 3).text, "at least 0.6667");
    CHECK_STR(lab_between(1, 3).text, "1 to 3");
}

static eid_lab_verdict verdict_at(double x)
{
    eid_lab_result *r = NULL;
    eid_lab_opts o = eid_lab_opts_default();
    eid_lab_verdict v = EID_LAB_UNRESOLVED;
    measured = x;
    CHECK_OK(eid_lab_run(&r, ctx, &first, &o, NULL, NULL));
    if (r)
        v = r->verdict;
    eid_lab_result_free(r);
    measured = 0.5;
    return v;
}

static void a_lab_falls_with_one_row(void)
{
    CHECK_INT(verdict_at(0.5), EID_LAB_HOLDS);
    CHECK_INT(verdict_at(0.545), EID_LAB_UNRESOLVED);
    CHECK_INT(verdict_at(0.7), EID_LAB_FAILS);
}

static eid_status twice(lab_work *w)
{
    eid_estimate e = lab_exact(1);
    eid_status st = lab_measured(w, "same", &e, lab_any());
    return st == EID_OK ? lab_control(w, "same", &e, lab_any()) : st;
}

static void two_rows_of_one_name_are_a_bug_of_ours(void)
{
    const eid_lab lab = {.name = "x", .run = twice};
    eid_lab_opts o = eid_lab_opts_default();
    eid_lab_result *r = NULL;
    CHECK_FAILS(eid_lab_run(&r, ctx, &lab, &o, NULL, NULL), EID_EINTERNAL, "two rows");
    CHECK(!r);
}

static void every_registered_lab_introduces_itself(void)
{
    const eid_lab *lab;
    for (size_t i = 0; (lab = eid_lab_at(i)) != NULL; i++) {
        CHECK(lab->name && lab->group && lab->title && lab->claim && lab->meaning && lab->source &&
              lab->run);
        CHECK(lab->seconds[EID_LAB_CHECK] > 0 && lab->seconds[EID_LAB_FULL] > 0);
        CHECK(lab->claim[strlen(lab->claim) - 1] == '.');
        CHECK(strspn(lab->name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(lab->name));
        for (size_t k = 0; k < i; k++)
            CHECK(strcmp(eid_lab_at(k)->name, lab->name) != 0);
    }
    const char *names[] = {"no such lab"};
    const eid_lab **labs = NULL;
    size_t n;
    CHECK_FAILS(eid_labs_named(&labs, &n, &(eid_strings){names, 1}), EID_EINVAL, "no such lab");
}

static json_t *result_of(const char *run)
{
    char *text = NULL;
    json_t *j = NULL;
    CHECK_OK(eid_labs_json(run, &text));
    if (text)
        CHECK_OK(eid_json_parse(&j, "result", text, strlen(text)));
    eid_string_free(text);
    return j;
}

static void a_killed_run_goes_on_with_the_lab_it_was_at(void)
{
    const char *dir = check_tmp("labs");
    const eid_lab_ask ask[] = {{&first, NULL}, {&second, NULL}};
    const eid_lab_call call = {.command_line = "eidetic lab tests", .out = dir};
    eid_lab_opts o = eid_lab_opts_default();

    runs = 0;
    breaks = true;
    CHECK_FAILS(eid_labs_run(ctx, ask, 2, &o, &call), EID_ECANCELLED, "second lab");
    breaks = false;
    CHECK_OK(eid_labs_run(ctx, ask, 2, &o, &call));
    CHECK_INT(runs, 1);
    CHECK_OK(eid_labs_run(ctx, ask, 2, &o, &call)); /* finished: nothing to do */
    CHECK_INT(runs, 1);

    json_t *j = result_of(dir), *labs = json_object_get(j, "labs");
    CHECK_INT(json_array_size(labs), 2);
    CHECK_STR(json_string_value(json_object_get(j, "verdict")), "holds");
    json_t *one = json_array_get(labs, 0);
    CHECK_STR(json_string_value(json_object_get(one, "name")), "first-lab");
    CHECK_INT(json_array_size(json_object_get(one, "measured")), 2);
    CHECK_INT(json_array_size(json_object_get(one, "control")), 1);
    json_decref(j);

    o.seed = 2;
    CHECK_FAILS(eid_labs_run(ctx, ask, 2, &o, &call), EID_EEXIST, "other options");
    o.seed = 1;
    int64_t size = 9;
    const eid_lab_ask other[] = {{&first, NULL}, {&second, &size}};
    CHECK_FAILS(eid_labs_run(ctx, other, 2, &o, &call), EID_EEXIST, "other options");
    CHECK_FAILS(eid_labs_run(ctx, ask, 1, &o, &call), EID_EEXIST, "other options");
}

static uint8_t *page_of(const char *dir)
{
    char *path = NULL;
    uint8_t *text = NULL;
    size_t n = 0;
    CHECK_OK(eid_format(&path, "%s/report.html", dir));
    CHECK_OK(eid_read_file(path, 8 << 20, &text, &n));
    eid_free(path);
    return text;
}

static bool holds(const uint8_t *text, const char *part)
{
    return text && strstr((const char *)text, part);
}

static void the_page_shows_claim_rows_and_figures(void)
{
    const char *dir = check_tmp("page");
    const eid_lab_ask ask[] = {{&first, NULL}, {&second, NULL}};
    const eid_lab_call call = {.command_line = "eidetic lab tests", .out = dir};
    eid_lab_opts o = eid_lab_opts_default();
    char *path = NULL;

    CHECK_OK(eid_labs_run(ctx, ask, 2, &o, &call));
    uint8_t *text = page_of(dir);
    CHECK(holds(text, "All 2 claims hold here"));
    CHECK(holds(text, "A first &lt;lab&gt;") && !holds(text, "<lab>"));
    CHECK(holds(text, "One half &amp; no more."));
    CHECK(holds(text, "0.5 ± 0.05") && holds(text, "share without the cause"));
    CHECK(holds(text, "figures/first-lab.by-n.svg") && holds(text, "Share by &lt;n&gt;"));
    CHECK(holds(text, "kind two") && holds(text, "examples &amp; more"));
    static const char *const suffix[] = {"svg", "csv", "vl.json"};
    for (int i = 0; i < 3; i++) {
        CHECK_OK(eid_format(&path, "%s/figures/first-lab.bars.%s", dir, suffix[i]));
        CHECK(eid_exists(path));
        eid_free(path);
        path = NULL;
    }
    eid_free(text);
}

/* A database from elsewhere: names that lead out of the folder, rows that are not there, no JSON.
 */
static void a_hostile_run_is_tamed(void)
{
    static const char *const texts[][2] = {
        {"lab.../../x", "{\"name\":\"../../x\",\"title\":\"leads out\"}"},
        {"lab.broken", "{\"name\":"},
        {"lab.other", "{\"name\":\"first\",\"title\":\"not its own name\"}"},
        {"lab.evil",
         "{\"name\":\"evil\",\"title\":\"<script>alert(1)</"
         "script>\",\"claim\":7,\"verdict\":\"<b>\","
         "\"measured\":[{\"name\":\"</table>\",\"value\":{\"value\":1e308},\"expected\":[]},3],"
         "\"control\":{},\"notes\":[1,\"<img>\"],\"figures\":["
         "{\"name\":\"evil.../../up\",\"series\":[{\"name\":\"s\"}]},"
         "{\"name\":\"evil.bars\",\"kind\":\"bars\",\"series\":[{\"name\":\"s\"}],\"rows\":["
         "\"one\"]},"
         "{\"name\":\"evil.lines\",\"title\":\"</svg>\",\"x_scale\":\"log2\",\"rule\":1e308,"
         "\"rule_label\":\"<r>\",\"series\":[{\"name\":\"s\"},{\"name\":\"s\"}]},"
         "{\"name\":\"evil.lines\",\"series\":[{\"name\":\"s\"}]}]}"}};
    const char *dir = check_tmp("hostile");
    const eid_run_info info = {.command = "lab",
                               .command_line = "",
                               .options = "{}",
                               .identity = "",
                               .version = "",
                               .kernels = "",
                               .bits = "",
                               .cpu = ""};
    eid_store *s = NULL;
    bool resumed, done;
    eid_estimate e = about(3, 1);

    CHECK_OK(eid_store_create(&s, dir, &info, &resumed));
    CHECK_OK(eid_store_begin(s, "all", &done));
    for (size_t i = 0; i < 4; i++)
        CHECK_OK(eid_store_text(s, texts[i][0], texts[i][1]));
    CHECK_OK(eid_store_point(s, "evil.bars", "s", 17, &e)); /* no such row */
    CHECK_OK(eid_store_point(s, "evil.lines", "s", -3, &e));
    CHECK_OK(eid_store_point(s, "evil.lines", "s", 8, &e));
    CHECK_OK(eid_store_point(s, "evil.../../up", "s", 8, &e));
    CHECK_OK(eid_store_end(s));
    CHECK_OK(eid_store_finish(s, "done", 1));
    eid_store_free(s);
    CHECK_OK(eid_report_write(ctx, dir, &(eid_report_opts){0}));
    uint8_t *text = page_of(dir);
    CHECK(holds(text, "&lt;script&gt;alert(1)") && !holds(text, "<script") &&
          !holds(text, "<img>"));
    CHECK(!holds(text, "leads out") && !holds(text, "not its own name"));
    CHECK(!holds(text, "evil.bars") && !holds(text, "../"));
    CHECK(holds(text, "figures/evil.lines.svg"));
    eid_free(text);
}

int main(void)
{
    eid_ctx_opts o = eid_ctx_opts_default();
    if (eid_ctx_new(&ctx, &o) != EID_OK)
        return 1;
    RUN(a_number_is_judged_by_its_interval);
    RUN(a_lab_falls_with_one_row);
    RUN(two_rows_of_one_name_are_a_bug_of_ours);
    RUN(every_registered_lab_introduces_itself);
    RUN(a_killed_run_goes_on_with_the_lab_it_was_at);
    RUN(the_page_shows_claim_rows_and_figures);
    RUN(a_hostile_run_is_tamed);
    eid_ctx_free(ctx);
    return DONE();
}
