#include "cli.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const cli_usage usage = {
    .verb = "lab",
    .synopsis = "[NAME...] [options]",
    .description = "Runs labs: each states a claim from the literature, measures it here, and "
                   "compares every number with the range that the claim predicts, beside a control "
                   "that would refute it. Without a name, lists them. A name is a lab's, a group's "
                   "(theory), or all. With --out, writes a run whose one report shows the labs "
                   "together; interrupted, the same command goes on with the lab it was at. Prints "
                   "tab-separated columns: lab, kind (measured, control, verdict), name, value, "
                   "low, high, expected, verdict. Exits 1 when a claim fails.",
    .example = "lab theory --out labs",
    .min_operands = 0,
    .max_operands = -1,
};

/* ---- the list ------------------------------------------------------------------------------- */

static int list(cli *c)
{
    const eid_lab *lab;
    json_t *all = json_array();

    for (size_t i = 0; (lab = eid_lab_at(i)) != NULL; i++) {
        json_array_append_new(all, json_pack("{s:s, s:s, s:s, s:s, s:s, s:{s:i, s:i}}", "name",
                                             lab->name, "group", lab->group, "title", lab->title,
                                             "claim", lab->claim, "source", lab->source, "seconds",
                                             "check", lab->seconds[EID_LAB_CHECK], "full",
                                             lab->seconds[EID_LAB_FULL]));
        if (!c->json)
            printf("%s\t%s\t%s\n", lab->name, lab->group, lab->claim);
    }
    if (c->json)
        return cli_object(c, json_pack("{s:o}", "labs", all));
    json_decref(all);
    return CLI_OK;
}

static int tell_cost(const eid_lab *const *labs, size_t n, int64_t scale)
{
    int seconds = 0;

    for (size_t i = 0; i < n; i++) {
        printf("%s\tabout %d s on two processors\n", labs[i]->name, labs[i]->seconds[scale]);
        seconds += labs[i]->seconds[scale];
    }
    printf("all\tabout %d s\n", seconds);
    return CLI_OK;
}

/* ---- results -------------------------------------------------------------------------------- */

/* A result's texts may come from a database that anyone may have written. */
static void print_words(const char *hostile)
{
    char *shown = NULL;

    if (!hostile || eid_mask((const uint8_t *)hostile, strlen(hostile), &shown) != EID_OK)
        return;
    for (char *s = shown; *s; s++)
        if (*s == '\t' || *s == '\n')
            *s = ' ';
    fputs(shown, stdout);
    eid_string_free(shown);
}

static void print_number(const json_t *e, const char *field)
{
    const json_t *v = json_object_get(e, field);

    if (json_is_number(v))
        printf("\t%.6g", json_number_value(v));
    else
        printf("\t");
}

static void print_rows(const json_t *lab, const char *kind)
{
    const json_t *row;
    size_t i;

    json_array_foreach(json_object_get(lab, kind), i, row)
    {
        const json_t *e = json_object_get(row, "value");
        print_words(json_string_value(json_object_get(lab, "name")));
        printf("\t%s\t", kind);
        print_words(json_string_value(json_object_get(row, "name")));
        print_number(e, "value");
        print_number(e, "low");
        print_number(e, "high");
        printf("\t");
        print_words(json_string_value(json_object_get(row, "expected")));
        printf("\t");
        print_words(json_string_value(json_object_get(row, "verdict")));
        printf("\n");
    }
}

static void print_lab(const json_t *lab)
{
    print_rows(lab, "measured");
    print_rows(lab, "control");
    print_words(json_string_value(json_object_get(lab, "name")));
    printf("\tverdict\t");
    print_words(json_string_value(json_object_get(lab, "claim")));
    printf("\t\t\t\t\t");
    print_words(json_string_value(json_object_get(lab, "verdict")));
    printf("\n");
}

/* Prints a `lab` result, and answers the exit status: a claim that fails is a failure. */
static int show(cli *c, json_t *result)
{
    const json_t *labs = json_object_get(result, "labs"), *lab;
    const char *verdict = json_string_value(json_object_get(result, "verdict"));
    int rc = verdict && strcmp(verdict, "fails") == 0 ? CLI_FAILED : CLI_OK;
    size_t i;

    if (c->json) {
        int printed = cli_object(c, result);
        return printed == CLI_OK ? rc : printed;
    }
    printf("lab\tkind\tname\tvalue\tlow\thigh\texpected\tverdict\n");
    if (!labs)
        print_lab(result);
    json_array_foreach(labs, i, lab) print_lab(lab);
    if (c->out)
        cli_say(c, "%s/report.html shows them together", c->out);
    json_decref(result);
    return rc;
}

/* ---- running -------------------------------------------------------------------------------- */

static json_t *parsed(char *text)
{
    json_t *j = json_loads(text, 0, NULL);

    eid_string_free(text);
    return j;
}

/* Without a folder: one after the other, kept in memory. */
static int run_in_memory(cli *c, const eid_lab_ask *ask, size_t n, const eid_lab_opts *o)
{
    json_t *labs = json_array(), *result;
    const char *verdict = "holds";

    for (size_t i = 0; i < n; i++) {
        eid_lab_result *r = NULL;
        char *text = NULL;
        if (eid_lab_run(&r, c->ctx, ask[i].lab, o, ask[i].own, NULL) != EID_OK ||
            eid_lab_result_json(r, &text) != EID_OK) {
            int rc = cli_failed(c);
            eid_lab_result_free(r);
            json_decref(labs);
            return rc;
        }
        for (size_t k = 0; k < r->n_inputs; k++) {
            const eid_lab_input *in = &r->inputs[k];
            cli_input(c, in->path, in->bytes, in->sha256, in->documents, in->skipped);
        }
        if (r->verdict == EID_LAB_FAILS ||
            (r->verdict == EID_LAB_UNRESOLVED && strcmp(verdict, "fails") != 0))
            verdict = eid_lab_verdict_name(r->verdict);
        json_array_append_new(labs, parsed(text));
        eid_lab_result_free(r);
    }
    result = n == 1 ? json_incref(json_array_get(labs, 0))
                    : json_pack("{s:O, s:s}", "labs", labs, "verdict", verdict);
    json_decref(labs);
    return show(c, result);
}

static eid_status add_input(void *user, const char *path, int64_t bytes, const char *sha256,
                            int64_t documents, int64_t skipped)
{
    cli_input(user, path, bytes, sha256, documents, skipped);
    return EID_OK;
}

static int run_in_folder(cli *c, const eid_lab_ask *ask, size_t n, const eid_lab_opts *o)
{
    const eid_lab_call call = {.command_line = cli_command_line(c), .out = c->out};
    eid_store *s = NULL;
    char *text = NULL;
    int rc = CLI_OK;

    if (eid_labs_run(c->ctx, ask, n, o, &call) != EID_OK || eid_store_open(&s, c->out) != EID_OK ||
        eid_store_inputs(s, add_input, c) != EID_OK || eid_labs_json(c->out, &text) != EID_OK)
        rc = cli_failed(c);
    else
        rc = show(c, parsed(text));
    eid_store_free(s);
    return rc;
}

/* Option groups: the common lab options, then each lab's own with its name as prefix. */
typedef struct own_options {
    cli_group groups[CLI_GROUPS];
    const eid_lab *lab[CLI_GROUPS]; /* whose group it is, NULL: the common one */
} own_options;

static void own_free(own_options *own)
{
    for (size_t i = 0; own->groups[i].table; i++)
        if (own->lab[i]) {
            eid_opts_free(own->groups[i].table, own->groups[i].opts);
            free(own->groups[i].opts);
        }
}

static bool own_new(own_options *own, eid_lab_opts *o)
{
    const eid_lab *lab;
    size_t n = 0;

    *own = (own_options){0};
    own->groups[n++] = (cli_group){"What to run", NULL, eid_lab_opt_table, o};
    for (size_t i = 0; (lab = eid_lab_at(i)) != NULL; i++) {
        if (!lab->table)
            continue;
        void *opts = n + 3 < CLI_GROUPS ? calloc(1, lab->opts_size) : NULL;
        if (!opts)
            return false;
        if (lab->defaults)
            lab->defaults(opts);
        own->lab[n] = lab;
        own->groups[n++] = (cli_group){lab->title, lab->name, lab->table, opts};
    }
    return true;
}

static int run(cli *c, const own_options *own, const eid_lab_opts *o)
{
    const eid_lab **labs = NULL;
    eid_lab_ask *ask = NULL;
    size_t n = 0;
    int rc;

    if (eid_labs_named(&labs, &n, &c->operands) != EID_OK)
        return cli_wrong(c, "%s", eid_last_error());
    if (c->dry_run) {
        rc = tell_cost(labs, n, o->scale);
    } else if (!(ask = calloc(n ? n : 1, sizeof *ask))) {
        rc = cli_refuse(c, "memory", "no memory for %zu labs", n);
    } else {
        for (size_t i = 0; i < n; i++) {
            ask[i].lab = labs[i];
            for (size_t k = 0; own->groups[k].table; k++)
                if (own->lab[k] == labs[i])
                    ask[i].own = own->groups[k].opts;
        }
        rc = c->out ? run_in_folder(c, ask, n, o) : run_in_memory(c, ask, n, o);
    }
    free(ask);
    eid_labs_free(labs);
    return rc;
}

int cmd_lab(int argc, char **argv)
{
    eid_lab_opts o = eid_lab_opts_default();
    own_options own;
    cli c;
    int rc;

    if (!own_new(&own, &o)) {
        fputs("eidetic lab: no memory for the options\n", stderr);
        own_free(&own);
        return CLI_FAILED;
    }
    rc = cli_begin(&c, argc, argv, &usage, own.groups);
    if (rc == CLI_GO)
        rc = cli_end(&c, c.operands.n ? run(&c, &own, &o) : list(&c));
    own_free(&own);
    return rc;
}
