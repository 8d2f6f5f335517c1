#include "cli.h"
#include <inttypes.h>
#include <math.h>

static const cli_usage usage = {
    .verb = "cmi",
    .synopsis = "[options]",
    .description =
        "What do a learner's outputs tell about who was in its sample, and what follows for its "
        "error? Draws super-samples of n pairs, learns from one of each pair by coins, and "
        "estimates, in nats a pair (of at most 0.693), what predictions (f), losses (l) and their "
        "difference (dl) tell about the coins. Prints for each: plug-in estimate, the same less "
        "Miller and Madow's bias, adjusted for chance, the adjusted one under permuted coins, the "
        "bound on the gap that follows. Then the losses, the gap and the bounds on it from the "
        "parameters.",
    .example = "cmi --learner nearest --n 100 --flip 0.1",
    .min_operands = 0,
    .max_operands = 0,
};

static void print_measure(const char *name, const eid_cmi_measure *m)
{
    printf("%s\t%.4f\t%.4f\t%.4f\t%.4f\t%.4f\n", name, m->plugin.value, m->miller_madow.value,
           m->adjusted.value, m->null_adjusted.value, m->bound.value);
}

static void print_estimate(const char *name, const eid_estimate *e)
{
    if (isnan(e->value))
        printf("%s\t%s\n", name, e->why);
    else if (isnan(e->low))
        printf("%s\t%.4f\n", name, e->value);
    else
        printf("%s\t%.4f\t%.4f\t%.4f\n", name, e->value, e->low, e->high);
}

static int print_result(cli *c, const eid_cmi_result *r)
{
    char *json = NULL;
    if (c->json)
        return eid_cmi_json(r, &json) == EID_OK ? cli_result(c, json) : cli_failed(c);
    printf("\tplugin\tmiller_madow\tadjusted\tnull\tbound\n");
    print_measure("f", &r->f);
    print_measure("l", &r->l);
    print_measure("dl", &r->dl);
    print_estimate("train", &r->train);
    print_estimate("test", &r->test);
    print_estimate("gap", &r->gap);
    print_estimate("interpolating", &r->interpolating);
    printf("cmi_bound\t%.4f\n", r->cmi_bound);
    print_estimate("xu_raginsky", &r->xu_raginsky);
    return CLI_OK;
}

static int plan(cli *c, const eid_cmi_opts *o)
{
    if (c->json)
        return cli_object(c, json_pack("{s:I, s:I}", "runs", (json_int_t)(o->supers * o->masks),
                                       "examples", (json_int_t)(2 * o->pairs)));
    printf("runs\t%" PRId64 "\nexamples\t%" PRId64 "\n", o->supers * o->masks, 2 * o->pairs);
    return CLI_OK;
}

int cmd_cmi(int argc, char **argv)
{
    eid_cmi_opts o = eid_cmi_opts_default();
    const cli_group groups[] = {
        {"Learner and super-samples", NULL, eid_cmi_opt_table, &o},
        {0},
    };
    eid_cmi_result *r = NULL;
    cli c;
    int rc = cli_begin(&c, argc, argv, &usage, groups);

    if (rc != CLI_GO)
        return rc;
    if (c.dry_run)
        rc = plan(&c, &o);
    else if (eid_cmi(&r, c.ctx, &o) != EID_OK)
        rc = cli_failed(&c);
    else
        rc = print_result(&c, r);
    eid_cmi_result_free(r);
    return cli_end(&c, rc);
}
