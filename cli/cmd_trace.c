#include "cli.h"
#include <inttypes.h>
#include <math.h>

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
        "0.693 nats an example), and the least that the CMI bound on the gap can then say.",
    .example = "trace --n 100 --d 2500 --sweep noise --values 0,0.2,1,3.7 --learner private",
    .min_operands = 0,
    .max_operands = 0,
};

static void print_number(double x)
{
    if (isfinite(x))
        printf("\t%.4g", x);
    else
        printf("\t-");
}

static void print_row(const eid_trace_row *r)
{
    const eid_tracer *t = &r->calibrated;
    double n = (double)r->n;
    printf("%" PRId64 "\t%" PRId64, r->n, r->d);
    print_number(r->dp_epsilon);
    print_number(t->recall.value);
    print_number(t->recall.low);
    print_number(t->recall.high);
    print_number(t->soundness.value);
    print_number(r->excess.value);
    print_number(r->trivial.value);
    print_number(r->gap.value);
    print_number(r->cmi_low.value / n);
    print_number(r->cmi_bound.value);
    putchar('\n');
}

static int print_result(cli *c, const eid_trace_result *r)
{
    char *json = NULL;
    if (c->json)
        return eid_trace_json(r, &json) == EID_OK ? cli_result(c, json) : cli_failed(c);
    if (c->dry_run) {
        printf("n\td\tbytes\tdp_epsilon\tpredicted recall\tpredicted excess\n");
        for (size_t i = 0; i < r->n_rows; i++) {
            const eid_trace_row *row = &r->rows[i];
            printf("%" PRId64 "\t%" PRId64 "\t%" PRId64, row->n, row->d, row->bytes);
            print_number(row->dp_epsilon);
            print_number(row->predicted_recall);
            print_number(row->predicted_excess);
            putchar('\n');
        }
        return CLI_OK;
    }
    printf("n\td\tdp_epsilon\trecall\tlow\thigh\tsoundness\texcess\ttrivial\tgap\tcmi_low/n\t"
           "cmi_bound\n");
    for (size_t i = 0; i < r->n_rows; i++)
        print_row(&r->rows[i]);
    return CLI_OK;
}

int cmd_trace(int argc, char **argv)
{
    eid_trace_opts o = eid_trace_opts_default();
    const cli_group groups[] = {
        {"Problem, learner and tracer", NULL, eid_trace_opt_table, &o},
        {0},
    };
    eid_trace_result *r = NULL;
    cli c;
    int rc = cli_begin(&c, argc, argv, &usage, groups);

    if (rc != CLI_GO)
        return rc;
    if ((c.dry_run ? eid_trace_plan(&r, c.ctx, &o) : eid_trace(&r, c.ctx, &o)) != EID_OK)
        rc = cli_failed(&c);
    else
        rc = print_result(&c, r);
    eid_trace_result_free(r);
    return cli_end(&c, rc);
}
