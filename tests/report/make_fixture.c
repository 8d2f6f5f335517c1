/* make_fixture.c - a run and its report for the checks that are written in Python:
 *     make_fixture DIR rich|bare|hostile|after [reveal] */
#include "eidetic/report.h"
#include "fixture.h"
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    static const char *const kinds[] = {"rich", "bare", "hostile", "after"};
    eid_report_opts opts = eid_report_opts_default();
    eid_ctx *ctx = NULL;
    int kind = 0;
    if (argc < 3)
        return 2;
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
