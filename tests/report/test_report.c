/* test_report.c - writing a report: what fails, fails whole. */
#include "base/file.h"
#include "base/memory.h"
#include "check.h"
#include "eidetic/report.h"
#include "fixture.h"
#include <sys/stat.h>

static eid_ctx *ctx;

static bool has_report(const char *run)
{
    char path[700];
    snprintf(path, sizeof path, "%s/report.html", run);
    return eid_exists(path);
}

static int64_t report_size(const char *run)
{
    char path[700];
    struct stat info;
    snprintf(path, sizeof path, "%s/report.html", run);
    return stat(path, &info) == 0 ? info.st_size : -1;
}

/* The n-th allocation fails, for many n: the report is an error and leaves no half page, or is
 * there. */
static void running_out_of_memory_is_an_error(void)
{
    const char *run = check_tmp("memory");
    const eid_report_opts opts = eid_report_opts_default();
    int failed = 0;
    int64_t written = 0;
    CHECK_OK(fixture_make(run, FIXTURE_HOSTILE));
    for (int64_t n = 1; n < 40000; n += 1 + n / 12) {
        eid_fail_allocation(n);
        eid_status st = eid_report_write(ctx, run, &opts);
        eid_fail_allocation(0);
        if (st == EID_OK) {
            written = report_size(run);
            break;
        }
        failed++;
        CHECK_INT(st, EID_ENOMEM);
        CHECK(!has_report(run));
    }
    CHECK(failed > 20);
    CHECK_OK(eid_report_write(ctx, run, &opts));
    CHECK_INT(written, report_size(run)); /* "done" meant all of it */
}

static void a_cancelled_report_leaves_nothing_half(void)
{
    const char *run = check_tmp("cancel");
    const eid_report_opts opts = eid_report_opts_default();
    eid_ctx *own = NULL;
    CHECK_OK(fixture_make(run, FIXTURE_RICH));
    CHECK_OK(eid_ctx_new(&own, NULL));
    eid_ctx_cancel(own);
    CHECK(eid_report_write(own, run, &opts) == EID_ECANCELLED);
    CHECK(!has_report(run));
    eid_ctx_free(own);
}

static void what_is_no_run_gets_no_report(void)
{
    const eid_report_opts opts = eid_report_opts_default();
    const char *dir = check_tmp("no-run");
    CHECK_FAILS(eid_report_write(ctx, dir, &opts), EID_EIO, "No such file");
    CHECK(mkdir(dir, 0755) == 0);
    CHECK_FAILS(eid_report_write(ctx, dir, &opts), EID_EFORMAT, "not a run");
    CHECK(rmdir(dir) == 0); /* and nothing was put there */
}

static void a_run_that_is_being_written_has_a_report_too(void)
{
    const char *run = check_tmp("running");
    const eid_report_opts opts = eid_report_opts_default();
    const eid_run_info info = {.command = "audit", .identity = "x"};
    eid_store *s = NULL;
    bool resumed, done;
    CHECK_OK(eid_store_create(&s, run, &info, &resumed));
    CHECK_OK(eid_store_begin(s, "unit", &done)); /* readers do not wait for an open unit */
    CHECK_OK(eid_store_number(s, "corpus.bytes", 1));
    CHECK_OK(eid_report_write(ctx, run, &opts));
    CHECK_OK(eid_store_end(s));
    eid_store_free(s);
}

int main(void)
{
    if (eid_ctx_new(&ctx, NULL) != EID_OK)
        return 1;
    RUN(running_out_of_memory_is_an_error);
    RUN(a_cancelled_report_leaves_nothing_half);
    RUN(what_is_no_run_gets_no_report);
    RUN(a_run_that_is_being_written_has_a_report_too);
    eid_ctx_free(ctx);
    return DONE();
}
