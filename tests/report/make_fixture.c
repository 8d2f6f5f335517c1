/* make_fixture.c - a run and its report for the checks that are written in Python:
 *     make_fixture DIR rich|bare|hostile|after [reveal]
 *     make_fixture DIR labs       every lab of theory, at small scale */
#include "eidetic/lab.h"
#include "eidetic/report.h"
#include "fixture.h"
#include <stdio.h>
#include <string.h>

static eid_status run_labs(eid_ctx *ctx, const char *dir)
{
    const char *group[] = {"theory"};
    const eid_lab **labs = NULL;
    const eid_lab_call call = {.command_line = "eidetic lab theory", .out = dir};
    eid_lab_opts o = eid_lab_opts_default();
    eid_lab_ask ask[32];
    size_t n;
    eid_status st = eid_labs_named(&labs, &n, &(eid_strings){group, 1});

    o.scale = EID_LAB_CHECK;
    n = n < 32 ? n : 32;
    for (size_t i = 0; st == EID_OK && i < n; i++)
        ask[i] = (eid_lab_ask){labs[i], NULL};
    if (st == EID_OK)
        st = eid_labs_run(ctx, ask, n, &o, &call);
    eid_labs_free(labs);
    return st;
}

static int make_labs(const char *dir)
{
    eid_ctx *ctx = NULL;
    eid_status st = eid_ctx_new(&ctx, NULL);

    if (st == EID_OK)
        st = run_labs(ctx, dir);
    eid_ctx_free(ctx);
    if (st != EID_OK)
        fprintf(stderr, "make_fixture: %s\n", eid_last_error());
    return st != EID_OK;
}

int main(int argc, char **argv)
{
    static const char *const kinds[] = {"rich", "bare", "hostile", "after"};
    eid_report_opts opts = eid_report_opts_default();
    eid_ctx *ctx = NULL;
    int kind = 0;
    if (argc < 3)
        return 2;
    if (strcmp(argv[2], "labs") == 0)
        return make_labs(argv[1]);
    while (kind < 4 && strcmp(kinds[kind], argv[2]) != 0)
        kind++;
    opts.reveal = argc > 3;
    if (kind == 4 ||
        (kind == 3 ? fixture_make_after(argv[1]) : fixture_make(argv[1], (fixture_kind)kind)) !=
            EID_OK ||
        eid_ctx_new(&ctx, NULL) != EID_OK || eid_report_write(ctx, argv[1], &opts) != EID_OK) {
        fprintf(stderr, "make_fixture: %s\n", eid_last_error());
        return 1;
    }
    eid_ctx_free(ctx);
    return 0;
}
