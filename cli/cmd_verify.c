#include "cli.h"
#include <inttypes.h>
#include <string.h>

static const cli_usage usage = {
    .verb = "verify",
    .synopsis = "RUN [options]",
    .description =
        "Does a run still hold what it says? Checks the database (mode, SQLite's integrity check, "
        "schema, whether the run is done), that report and figures are there, and that model, "
        "tokenizer, index, ledger and every input have the SHA-256 that was stored. Then puts a "
        "sample of the run's questions to its model again: continuations must come out token for "
        "token, scores to the last bit; with kernels that give other bits, within 0.001 nats a "
        "token, and it says so. Inputs are found from any folder, also after run and inputs moved "
        "together. Prints a line for each thing that differs and exits 1; nothing and 0 otherwise.",
    .example = "verify demo-run",
    .min_operands = 1,
    .max_operands = 1,
};

/* Words from a database may steer a terminal: they are masked like any other text. */
static json_t *tame(const char *hostile)
{
    char *shown = NULL;
    json_t *j = NULL;

    if (eid_mask((const uint8_t *)hostile, strlen(hostile), &shown) == EID_OK)
        j = json_string(shown);
    eid_string_free(shown);
    return j ? j : json_string("");
}

static json_t *problems_json(const eid_verify_result *r)
{
    json_t *list = json_array();

    for (size_t i = 0; i < r->n_problems; i++)
        json_array_append_new(list, json_pack("{s:s, s:o}", "what", r->problems[i].what, "text",
                                              cli_string(r->problems[i].text)));
    return list;
}

static json_t *checked_json(const eid_verify_result *r, bool inputs)
{
    json_t *list = json_array();

    for (size_t i = 0; i < r->n_checked; i++) {
        const eid_checked *x = &r->checked[i];
        if (x->input == inputs)
            json_array_append_new(list, json_pack("{s:o, s:o, s:b}", "path", tame(x->path), "role",
                                                  tame(x->role), "same", (int)x->same));
    }
    return list;
}

static json_t *replay_json(const eid_verify_result *r)
{
    json_t *list = json_array();

    for (int m = 0; m < EID_REPLAYED; m++) {
        const eid_replayed *x = &r->replayed[m];
        json_array_append_new(list,
                              json_pack("{s:s, s:I, s:I, s:I, s:I, s:I}", "measure", x->measure,
                                        "stored", (json_int_t)x->stored, "replayed",
                                        (json_int_t)x->asked, "same", (json_int_t)x->same, "close",
                                        (json_int_t)x->close, "differ", (json_int_t)x->differ));
    }
    return json_pack("{s:b, s:{s:o, s:o, s:o}, s:f, s:o, s:o}", "same_bits", (int)r->same_bits,
                     "run", "version", cli_string(r->version), "kernels", cli_string(r->kernels),
                     "bits", cli_string(r->bits), "tolerance", EID_VERIFY_TOLERANCE, "measures",
                     list, "why", r->why[0] ? cli_string(r->why) : json_null());
}

/* Continuations and scores in all: asked, the same, close, and not. */
static void sum(const eid_verify_result *r, int64_t *asked, int64_t *close, int64_t *differ)
{
    *asked = *close = *differ = 0;
    for (int m = 0; m < EID_REPLAYED; m++) {
        *asked += r->replayed[m].asked;
        *close += r->replayed[m].close;
        *differ += r->replayed[m].differ;
    }
}

static void tell_replay(cli *c, const eid_verify_result *r)
{
    int64_t asked, close, differ;

    sum(r, &asked, &close, &differ);
    if (r->why[0]) {
        cli_say(c, "no question was put again: %s", r->why);
        return;
    }
    if (r->same_bits)
        cli_say(c,
                "%" PRId64 " questions put again: %" PRId64 " answers to the last bit, %" PRId64
                " differ",
                asked, asked - differ, differ);
    else
        cli_say(c,
                "%" PRId64 " questions put again: %" PRId64 " answers to the last bit, %" PRId64
                " within %g nats a token, %" PRId64 " differ",
                asked, asked - close - differ, close, EID_VERIFY_TOLERANCE, differ);
}

static int tell(cli *c, const eid_verify_result *r)
{
    bool ok = r->n_problems == 0;
    json_t *problems = problems_json(r), *kernels = tame(r->kernels);
    int rc = ok ? CLI_OK : CLI_FAILED;

    if (!r->same_bits && !r->why[0])
        cli_warn(
            c, "bits",
            "the run used kernels %.20s, whose bits are not those of %s here: answers are held "
            "to %g nats a token, not to the last bit",
            json_string_value(kernels), eid_kernels(), EID_VERIFY_TOLERANCE);
    for (size_t i = 0; !c->json && i < r->n_problems; i++)
        printf("%s: %s\n", r->problems[i].what, r->problems[i].text);
    tell_replay(c, r);
    if (c->json &&
        cli_object(c, json_pack("{s:b, s:O, s:o, s:o, s:o}", "ok", (int)ok, "problems", problems,
                                "inputs", checked_json(r, true), "files", checked_json(r, false),
                                "replay", replay_json(r))) != CLI_OK)
        rc = CLI_FAILED;
    else if (ok)
        cli_say(c, "%s: everything is as it was", c->operands.at[0]);
    json_decref(problems);
    json_decref(kernels);
    return rc;
}

int cmd_verify(int argc, char **argv)
{
    eid_verify_opts o = eid_verify_opts_default();
    const cli_group groups[] = {{"Questions", NULL, eid_verify_opt_table, &o}, {0}};
    eid_verify_result *r = NULL;
    cli c;
    int rc = cli_begin(&c, argc, argv, &usage, groups);

    if (rc != CLI_GO)
        return rc;
    rc = eid_verify(&r, c.ctx, c.operands.at[0], &o) == EID_OK ? tell(&c, r) : cli_failed(&c);
    eid_verify_result_free(r);
    return cli_end(&c, rc);
}
