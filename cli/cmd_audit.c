#include "audit_data.h"
#include "cli.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

typedef struct args {
    eid_strings gates;
    bool reveal;
} args;

static const eid_opt own[] = {
    {EID_OPT_LIST, "fail-if", offsetof(args, gates), 0, 0,
     "exit 3 when this holds of the results, such as 'extraction.uniform.high>0.001'; may be "
     "repeated",
     NULL, EID_OPT_NEUTRAL},
    {EID_OPT_BOOL, "reveal", offsetof(args, reveal), 0, 0,
     "show addresses, numbers and keys as they are in --json", NULL, EID_OPT_NEUTRAL},
    {0},
};

static const cli_usage usage = {
    .verb = "audit",
    .synopsis = "--corpus PATH... --out RUN [options]",
    .description =
        "Finds out what a language model memorized of a corpus. Without --model, splits "
        "the corpus by "
        "document, plants strings with known numbers of copies, trains a model, and "
        "questions it; with "
        "--model, questions a finished one about the text it was trained on. Writes "
        "RUN/report.html for "
        "people and RUN/eidetic.db for programs. Interrupted, the same command goes on "
        "where it stopped. Of a classifier's training set: eidetic audit --data fashion-mnist "
        "--out run; \"eidetic audit --data DATA --help\" tells its options.",
    .example = "audit --corpus mail/ --corpus notes.jsonl --out run --minutes 30",
    .min_operands = 0,
    .max_operands = 0,
};

static eid_status add_input(void *user, const char *path, int64_t bytes, const char *sha256,
                            int64_t documents, int64_t skipped)
{
    cli_input(user, path, bytes, sha256, documents, skipped);
    return EID_OK;
}

/* Of the run's files, those that it was given: their paths are absolute. */
static eid_status add_file(void *user, const char *role, const char *path, int64_t bytes,
                           const char *sha256)
{
    (void)role;
    if (path[0] == '/')
        cli_input(user, path, bytes, sha256, 0, 0);
    return EID_OK;
}

static eid_status say_skip(void *user, const char *name, const char *value)
{
    (void)name;
    cli_warn(user, "skipped", "skipped %s", value);
    return EID_OK;
}

static int inputs_from_run(cli *c, const char *run)
{
    eid_store *s = NULL;
    int rc = CLI_OK;

    if (eid_store_open(&s, run) != EID_OK || eid_store_inputs(s, add_input, c) != EID_OK ||
        eid_store_files(s, add_file, c) != EID_OK ||
        eid_store_texts(s, "skip.", say_skip, c) != EID_OK)
        rc = cli_failed(c);
    eid_store_free(s);
    return rc;
}

static eid_status say_level(void *user, const char *name, const char *value)
{
    (void)user;
    (void)name;
    printf("verdict\t%s\n", value);
    return EID_OK;
}

static eid_status say_reason(void *user, const char *name, const char *value)
{
    json_t *j = json_loads(value, 0, NULL);
    const char *text = json_string_value(json_object_get(j, "text"));
    const char *level = json_string_value(json_object_get(j, "level"));

    (void)user;
    (void)name;
    printf("%s\t%s\n", level ? level : "", text ? text : "");
    json_decref(j);
    return EID_OK;
}

static int summarize(cli *c)
{
    eid_store *s = NULL;
    int rc = CLI_OK;

    if (eid_store_open(&s, c->out) != EID_OK ||
        eid_store_texts(s, "verdict.level", say_level, NULL) != EID_OK ||
        eid_store_texts(s, "verdict.reason.", say_reason, NULL) != EID_OK)
        rc = cli_failed(c);
    else
        printf("report\t%s/report.html\n", c->out);
    eid_store_free(s);
    return rc;
}

/* ---- gates ----------------------------------------------------------------------------------- */

/* Before any work: a gate that is misspelled would else be found out after hours of training. */
static int check_gates(cli *c, const eid_strings *gates, const eid_audit_opts *o)
{
    for (size_t i = 0; i < gates->n; i++)
        if (eid_audit_gate_check(o, gates->at[i]) != EID_OK)
            return cli_wrong(c, "--fail-if: %s", eid_last_error());
    return CLI_OK;
}

/* Asks every gate before anything is printed, so that stdout holds a result or an error, not both.
 * *all says whether all of them hold; list gets {gate, holds} of each. */
static int ask_gates(cli *c, const eid_strings *gates, json_t *list, bool *all)
{
    *all = true;
    for (size_t i = 0; i < gates->n; i++) {
        bool holds = false;
        if (eid_audit_gate(c->out, gates->at[i], &holds) != EID_OK)
            return cli_failed(c);
        json_array_append_new(
            list, json_pack("{s:o, s:b}", "gate", cli_string(gates->at[i]), "holds", (int)holds));
        *all = *all && holds;
    }
    return CLI_OK;
}

static int print_json(cli *c, bool reveal, json_t *gates)
{
    char *text = NULL;

    if (eid_audit_json(c->out, reveal, &text) != EID_OK)
        return cli_failed(c);
    json_t *result = json_loads(text, JSON_ALLOW_NUL, NULL);
    eid_string_free(text);
    if (result)
        json_object_set(result, "gates", gates);
    return cli_object(c, result);
}

static int tell(cli *c, const args *a)
{
    json_t *gates = json_array();
    bool hold = true;
    int rc = inputs_from_run(c, c->out);

    if (rc == CLI_OK)
        rc = ask_gates(c, &a->gates, gates, &hold);
    if (rc == CLI_OK)
        rc = c->json ? print_json(c, a->reveal, gates) : summarize(c);
    for (size_t i = 0; rc == CLI_OK && i < a->gates.n; i++)
        if (json_is_false(json_object_get(json_array_get(gates, i), "holds")))
            fprintf(stderr, "eidetic audit: the gate does not hold: %s\n", a->gates.at[i]);
    json_decref(gates);
    return rc == CLI_OK && !hold ? CLI_GATE : rc;
}

/* `--data` asks for another audit, with options of its own. */
static bool is_of_data(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--data") == 0 || strncmp(argv[i], "--data=", 7) == 0)
            return true;
    return false;
}

int cmd_audit(int argc, char **argv)
{
    if (is_of_data(argc, argv))
        return cli_audit_data(argc, argv);
    args a = {0};
    eid_audit_opts o = eid_audit_opts_default();
    const cli_group groups[] = {
        {"What to audit", NULL, eid_audit_opt_table, &o},
        {"Reading the corpus", "read", eid_corpus_opt_table, &o.read},
        {"Planting", "plant", eid_plant_opt_table, &o.plant},
        {"Extraction", "extract", eid_extract_opt_table, &o.extract},
        {"Exposure", "exposure", eid_exposure_opt_table, &o.exposure},
        {"Membership", "membership", eid_membership_opt_table, &o.membership},
        {"Personal data", "personal", eid_personal_opt_table, &o.personal},
        {"Results", NULL, own, &a},
        {0},
    };
    cli c;
    char *text = NULL;
    int rc = cli_begin(&c, argc, argv, &usage, groups);

    if (rc != CLI_GO)
        return rc;
    if (check_gates(&c, &a.gates, &o) != CLI_OK)
        return cli_end(&c, CLI_USAGE);
    if (c.dry_run) {
        if (eid_audit_plan(c.ctx, &o, &text) != EID_OK)
            return cli_end(&c, cli_failed(&c));
        rc = CLI_OK;
        if (c.json)
            rc = cli_object(&c, json_pack("{s:o}", "plan", cli_string(text)));
        else
            fputs(text, stdout);
        eid_string_free(text);
        return cli_end(&c, rc);
    }
    if (!c.out)
        return cli_end(&c, cli_wrong(&c, "--out is needed"));
    eid_audit_call call = {.command_line = cli_command_line(&c), .out = c.out};
    if (eid_audit(c.ctx, &o, &call) != EID_OK)
        return cli_end(&c, cli_failed(&c));
    return cli_end(&c, tell(&c, &a));
}
