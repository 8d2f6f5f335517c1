#include "data.h"
#include <inttypes.h>

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
        "parameters. Learns by --learner; with --data, by networks, kept as banks in --out; or "
        "takes finished banks (--bank), or models trained elsewhere (--members). With --out, "
        "writes a run: report.html, cmi/result.json and cmi/rows.csv; interrupted, the same "
        "command goes on.",
    .example = "cmi --data fashion-mnist --only 6,2 --n 250 --model mlp:128 --out cmi/",
    .min_operands = 0,
    .max_operands = 0,
};

static void print_real(const json_t *e, const char *field)
{
    const json_t *v = json_object_get(e, field);
    if (json_is_number(v))
        printf("\t%.4f", json_number_value(v));
    else
        printf("\t-");
}

static void print_measure(const json_t *result, const char *name)
{
    const json_t *m = json_object_get(result, name);
    printf("%s", name);
    print_real(json_object_get(m, "plugin"), "value");
    print_real(json_object_get(m, "miller_madow"), "value");
    print_real(json_object_get(m, "adjusted"), "value");
    print_real(json_object_get(json_object_get(m, "null"), "adjusted"), "value");
    print_real(json_object_get(m, "bound"), "value");
    putchar('\n');
}

static void print_estimate(const json_t *result, const char *name)
{
    const json_t *e = json_object_get(result, name);
    printf("%s", name);
    if (!json_is_number(json_object_get(e, "value")))
        printf("\t%s", json_string_value(json_object_get(e, "why")));
    else
        print_real(e, "value");
    if (json_is_number(json_object_get(e, "low"))) {
        print_real(e, "low");
        print_real(e, "high");
    }
    putchar('\n');
}

static int print_result(cli *c, char *json)
{
    static const char *const losses[] = {"train", "test", "gap", "interpolating"};
    json_t *r = json_loads(json, 0, NULL);
    eid_string_free(json);
    if (c->json) {
        if (c->out)
            json_object_set_new(r, "files",
                                json_pack("{s:o, s:o, s:o}", "report", cli_path(c, "report.html"),
                                          "result", cli_path(c, "cmi/result.json"), "rows",
                                          cli_path(c, "cmi/rows.csv")));
        return cli_object(c, r);
    }
    printf("\tplugin\tmiller_madow\tadjusted\tnull\tbound\n");
    print_measure(r, "f");
    print_measure(r, "l");
    print_measure(r, "dl");
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++)
        print_estimate(r, losses[i]);
    printf("cmi_bound");
    print_real(r, "cmi_bound");
    putchar('\n');
    print_estimate(r, "xu_raginsky");
    if (c->out)
        cli_say(c, "%s/report.html shows it", c->out);
    json_decref(r);
    return CLI_OK;
}

/* What it would take; what cannot be is refused. */
static int plan(cli *c, const eid_cmi_ask *a)
{
    const eid_cmi_opts *o = &a->cmi;
    if (!a->data && eid_cmi_check(c->ctx, o) != EID_OK)
        return cli_failed(c);
    if (c->json)
        return cli_object(c, json_pack("{s:I, s:I}", "runs", (json_int_t)(o->supers * o->masks),
                                       "examples", (json_int_t)(2 * o->pairs)));
    printf("runs\t%" PRId64 "\nexamples\t%" PRId64 "\n", o->supers * o->masks, 2 * o->pairs);
    return CLI_OK;
}

static eid_status answer(cli *c, const eid_cmi_ask *a, char **json)
{
    const eid_lab_call call = {.command_line = cli_command_line(c), .out = c->out};
    eid_cmi_result *r = NULL;
    eid_status st;
    if (c->out)
        return eid_cmi_keep(json, c->ctx, a, &call);
    st = eid_cmi_answer(&r, c->ctx, a, NULL);
    if (st == EID_OK)
        st = eid_cmi_json(r, json);
    eid_cmi_result_free(r);
    return st;
}

int cmd_cmi(int argc, char **argv)
{
    eid_cmi_ask a = eid_cmi_ask_default();
    const cli_group groups[] = {
        {"Learner and super-samples", NULL, eid_cmi_opt_table, &a.cmi},
        {"Networks, and models from elsewhere", NULL, eid_cmi_source_table, &a},
        {"Networks: model and training", NULL, eid_classifier_opt_table, &a.training},
        {"Networks: reading, reducing, changing", NULL, eid_dataset_opt_table, &a.read},
        {0},
    };
    char *json = NULL;
    cli c;
    int rc = cli_begin(&c, argc, argv, &usage, groups);

    if (rc != CLI_GO)
        return rc;
    if (a.data && !c.out && !c.dry_run)
        rc = cli_wrong(&c, "--data needs --out: the folder where the networks' banks are kept");
    else if (c.dry_run)
        rc = plan(&c, &a);
    else
        rc = answer(&c, &a, &json) == EID_OK ? print_result(&c, json) : cli_failed(&c);
    return cli_end(&c, rc);
}
