#include "cli.h"
#include <inttypes.h>
#include <string.h>

static const cli_usage usage = {
    .verb = "trace",
    .synopsis = "[options]",
    .description =
        "Must an accurate learner give its examples away? A learner of a convex problem sees n "
        "examples from {-1, +1}^d / sqrt(d) whose means are drawn from a prior; a tracer that sees "
        "the answer flags examples, fresh ones no more often than --soundness. Prints a line for "
        "each value of the sweep: n, d, epsilon of the private learner, recall and its 95% "
        "interval, share of fresh examples flagged, excess error, that of answering 0, gap between "
        "population and sample, information on who was a member that the recall proves (of at most "
        "0.693 nats an example), and the least that the CMI bound on the gap can then say. With "
        "--out, writes a run: report.html, trace/result.json and trace/rows.csv; the same command "
        "shows it again.",
    .example = "trace --n 100 --d 2500 --sweep noise --values 0,0.2,1,3.7 --learner private",
    .min_operands = 0,
    .max_operands = 0,
};

static void print_real(const json_t *v)
{
    if (json_is_number(v))
        printf("\t%.4g", json_number_value(v));
    else
        printf("\t-");
}

static void print_field(const json_t *row, const char *field, const char *part)
{
    print_real(json_object_get(json_object_get(row, field), part));
}

static void print_whole(const json_t *row, const char *field, const char *before)
{
    printf("%s%" JSON_INTEGER_FORMAT, before, json_integer_value(json_object_get(row, field)));
}

static void print_row(const json_t *row)
{
    const json_t *t = json_object_get(row, "calibrated");
    const json_t *nats = json_object_get(json_object_get(row, "cmi_low"), "value");
    double n = (double)json_integer_value(json_object_get(row, "n"));
    print_whole(row, "n", "");
    print_whole(row, "d", "\t");
    print_real(json_object_get(row, "dp_epsilon"));
    print_field(t, "recall", "value");
    print_field(t, "recall", "low");
    print_field(t, "recall", "high");
    print_field(t, "soundness", "value");
    print_field(row, "excess", "value");
    print_field(row, "trivial", "value");
    print_field(row, "gap", "value");
    if (json_is_number(nats))
        printf("\t%.4g", json_number_value(nats) / n);
    else
        printf("\t-");
    print_field(row, "cmi_bound", "value");
    putchar('\n');
}

static void print_plan(const json_t *row)
{
    print_whole(row, "n", "");
    print_whole(row, "d", "\t");
    print_whole(row, "bytes", "\t");
    print_real(json_object_get(row, "dp_epsilon"));
    print_field(row, "predicted", "recall");
    print_field(row, "predicted", "excess");
    putchar('\n');
}

static int print_result(cli *c, char *json)
{
    json_t *result = json_loads(json, 0, NULL), *row;
    size_t i;
    eid_string_free(json);
    if (c->json) {
        if (c->out && !c->dry_run)
            json_object_set_new(result, "files",
                                json_pack("{s:o, s:o, s:o}", "report", cli_path(c, "report.html"),
                                          "result", cli_path(c, "trace/result.json"), "rows",
                                          cli_path(c, "trace/rows.csv")));
        return cli_object(c, result);
    }
    puts(c->dry_run ? "n\td\tbytes\tdp_epsilon\tpredicted recall\tpredicted excess"
                    : "n\td\tdp_epsilon\trecall\tlow\thigh\tsoundness\texcess\ttrivial\tgap\t"
                      "cmi_low/n\tcmi_bound");
    json_array_foreach(json_object_get(result, "rows"), i, row)
    {
        if (c->dry_run)
            print_plan(row);
        else
            print_row(row);
    }
    if (c->out && !c->dry_run)
        cli_say(c, "%s/report.html shows it", c->out);
    json_decref(result);
    return CLI_OK;
}

static eid_status answer(cli *c, const eid_trace_opts *o, char **json)
{
    const eid_lab_call call = {.command_line = cli_command_line(c), .out = c->out};
    eid_trace_result *r = NULL;
    eid_status st;
    if (c->out && !c->dry_run)
        return eid_trace_keep(json, c->ctx, o, &call);
    st = c->dry_run ? eid_trace_plan(&r, c->ctx, o) : eid_trace(&r, c->ctx, o);
    if (st == EID_OK)
        st = eid_trace_json(r, json);
    eid_trace_result_free(r);
    return st;
}

int cmd_trace(int argc, char **argv)
{
    eid_trace_opts o = eid_trace_opts_default();
    const cli_group groups[] = {
        {"Problem, learner and tracer", NULL, eid_trace_opt_table, &o},
        {0},
    };
    char *json = NULL;
    cli c;
    int rc = cli_begin(&c, argc, argv, &usage, groups);

    if (rc != CLI_GO)
        return rc;
    rc = answer(&c, &o, &json) == EID_OK ? print_result(&c, json) : cli_failed(&c);
    return cli_end(&c, rc);
}
