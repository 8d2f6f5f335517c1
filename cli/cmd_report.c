#include "cli.h"

static const cli_usage usage = {
    .verb = "report",
    .synopsis = "RUN [--reveal]",
    .description = "Writes the report of a run again: RUN/report.html, which opens offline and "
                   "needs no script, "
                   "and every figure in RUN/figures as SVG, CSV and Vega-Lite. Addresses, "
                   "telephone numbers, keys and "
                   "long numbers are masked unless --reveal is given.",
    .example = "report demo-run",
    .min_operands = 1,
    .max_operands = 1,
};

int cmd_report(int argc, char **argv)
{
    eid_report_opts opts = eid_report_opts_default();
    const cli_group groups[] = {{"What to show", NULL, eid_report_opt_table, &opts}, {0}};
    cli c;
    int rc = cli_begin(&c, argc, argv, &usage, groups);

    if (rc != CLI_GO)
        return rc;
    const char *run = c.operands.at[0];
    if (eid_report_write(c.ctx, run, &opts) != EID_OK)
        rc = cli_failed(&c);
    else if (c.json)
        rc = cli_object(&c, json_pack("{s:o, s:o}", "report", json_sprintf("%s/report.html", run),
                                      "figures", json_sprintf("%s/figures", run)));
    else
        rc = printf("%s/report.html\n", run) < 0 ? CLI_FAILED : CLI_OK;
    return cli_end(&c, rc);
}
