#include "audit_data.h"
#include "cli.h"
#include <string.h>

typedef struct args {
    eid_strings gates;
} args;

static const eid_opt own[] = {
    {EID_OPT_LIST, "fail-if", offsetof(args, gates), 0, 0,
     "exit 3 when this holds of the results, such as 'labels.suspected.low>0.01'; may be repeated",
     NULL, EID_OPT_NEUTRAL},
    {0},
};

static const cli_usage usage = {
    .verb = "audit",
    .synopsis = "--data DATA --out RUN [options]",
    .description =
        "Finds out which examples of a training set classifiers memorize, which look mislabelled, "
        "which are redundant, which test examples hang on which training examples, and whether "
        "members can be told. Trains networks with records, networks that are asked about what "
        "they have not seen, a bank on random halves, and networks without the examples that each "
        "score would drop. Writes RUN/report.html for people, RUN/suspects.csv and RUN/scores.csv "
        "for the next step, and RUN/eidetic.db for programs. Interrupted, the same command goes on "
        "where it stopped.",
    .example = "audit --data fashion-mnist --examples 10000 --out run --minutes 5",
    .min_operands = 0,
    .max_operands = 0,
};

static eid_status add_input(void *user, const char *path, int64_t bytes, const char *sha256,
                            int64_t documents, int64_t skipped)
{
    cli_input(user, path, bytes, sha256, documents, skipped);
    return EID_OK;
}

static eid_status say_level(void *user, const char *name, const char *value)
{
    (void)user, (void)name;
    printf("verdict\t%s\n", value);
    return EID_OK;
}

static eid_status say_reason(void *user, const char *name, const char *value)
{
    json_t *j = json_loads(value, 0, NULL);
    const char *text = json_string_value(json_object_get(j, "text"));
    const char *level = json_string_value(json_object_get(j, "level"));

    (void)user, (void)name;
    printf("%s\t%s\n", level ? level : "", text ? text : "");
    json_decref(j);
    return EID_OK;
}

static int print_text(cli *c, eid_store *s)
{
    if (eid_store_texts(s, "verdict.level", say_level, NULL) != EID_OK ||
        eid_store_texts(s, "verdict.reason.", say_reason, NULL) != EID_OK)
        return cli_failed(c);
    printf("report\t%s/report.html\nsuspects\t%s/suspects.csv\n", c->out, c->out);
    return CLI_OK;
}

static int print_json(cli *c, json_t *gates)
{
    char *text = NULL;

    if (eid_audit_data_json(c->out, &text) != EID_OK)
        return cli_failed(c);
    json_t *result = json_loads(text, JSON_ALLOW_NUL, NULL);
    eid_string_free(text);
    if (result)
        json_object_set(result, "gates", gates);
    return cli_object(c, result);
}

/* All gates are asked before anything is printed: stdout holds a result or an error, not both. */
static int tell(cli *c, const args *a)
{
    eid_store *s = NULL;
    json_t *gates = json_array();
    bool all = true;
    int rc = CLI_OK;

    if (eid_store_open(&s, c->out) != EID_OK || eid_store_inputs(s, add_input, c) != EID_OK)
        rc = cli_failed(c);
    for (size_t i = 0; rc == CLI_OK && i < a->gates.n; i++) {
        bool holds = false;
        if (eid_audit_gate(c->out, a->gates.at[i], &holds) != EID_OK)
            rc = cli_failed(c);
        json_array_append_new(gates, json_pack("{s:o, s:b}", "gate", cli_string(a->gates.at[i]),
                                               "holds", (int)holds));
        all = all && holds;
    }
    if (rc == CLI_OK)
        rc = c->json ? print_json(c, gates) : print_text(c, s);
    for (size_t i = 0; rc == CLI_OK && i < a->gates.n; i++)
        if (json_is_false(json_object_get(json_array_get(gates, i), "holds")))
            fprintf(stderr, "eidetic audit: the gate does not hold: %s\n", a->gates.at[i]);
    json_decref(gates);
    eid_store_free(s);
    return rc == CLI_OK && !all ? CLI_GATE : rc;
}

static int plan(cli *c, const eid_audit_data_opts *o)
{
    char *text = NULL;
    int rc = CLI_OK;

    if (eid_audit_data_plan(c->ctx, o, &text) != EID_OK)
        return cli_failed(c);
    if (c->json)
        rc = cli_object(c, json_pack("{s:o}", "plan", cli_string(text)));
    else
        fputs(text, stdout);
    eid_string_free(text);
    return rc;
}

int cli_audit_data(int argc, char **argv)
{
    args a = {0};
    eid_audit_data_opts o = eid_audit_data_opts_default();
    const cli_group groups[] = {
        {"What to audit", NULL, eid_audit_data_opt_table, &o},
        {"Reading, reducing, changing", NULL, eid_dataset_opt_table, &o.read},
        {"Model and training", NULL, eid_classifier_opt_table, &o.training},
        {"Results", NULL, own, &a},
        {0},
    };
    cli c;
    int rc = cli_begin(&c, argc, argv, &usage, groups);

    if (rc != CLI_GO)
        return rc;
    for (size_t i = 0; i < a.gates.n; i++)
        if (eid_audit_data_gate_check(a.gates.at[i]) != EID_OK)
            return cli_end(&c, cli_wrong(&c, "--fail-if: %s", eid_last_error()));
    if (c.dry_run)
        return cli_end(&c, plan(&c, &o));
    if (!c.out)
        return cli_end(&c, cli_wrong(&c, "--out is needed"));
    eid_audit_call call = {.command_line = cli_command_line(&c), .out = c.out};
    if (eid_audit_data(c.ctx, &o, &call) != EID_OK)
        return cli_end(&c, cli_failed(&c));
    return cli_end(&c, tell(&c, &a));
}
