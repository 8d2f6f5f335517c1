#include "model.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

typedef struct args {
    const char *model, *ledger;
} args;

static const eid_opt own[] = {
    {EID_OPT_STR, "model", offsetof(args, model), 0, 0,
     "a Hugging Face directory: config.json, model.safetensors, tokenizer.json", NULL,
     EID_OPT_REQUIRED | EID_OPT_PATH_IN},
    {EID_OPT_STR, "ledger", offsetof(args, ledger), 0, 0,
     "the planted secrets, as plant or audit wrote them (JSONL)", NULL,
     EID_OPT_REQUIRED | EID_OPT_PATH_IN},
    {0},
};

static const cli_usage usage = {
    .verb = "exposure",
    .synopsis = "--model DIR --ledger FILE [options]",
    .description =
        "Is a planted secret likelier than the secrets that might have been planted in its place? "
        "Exposure is log2 of their number less log2 of its rank among them, in bits; a secret that "
        "was never planted averages 1.44. Prints a line for those never planted (copies 0) and one "
        "for each number of copies: copies, secrets, mean bits, and its 95% interval.",
    .example = "exposure --model run/model --ledger run/ledger.jsonl",
    .min_operands = 0,
    .max_operands = 0,
};

/* Members of a template's space; a secret of more than 18 digits is refused by the measure. */
static int64_t space_of(const char *secret)
{
    int64_t size = 1;
    for (size_t i = 0; secret[i] && i < 18; i++)
        size *= 10;
    return size;
}

/* Candidates to score: of each template its space, or the rivals drawn from it. */
static int64_t candidates(const eid_ledger *l, const eid_exposure_opts *o, int64_t *secrets)
{
    int64_t sum = 0;
    for (size_t i = 0; i < eid_ledger_size(l); i++) {
        const eid_canary *c = eid_ledger_at(l, i);
        bool seen = false;
        if (c->kind != EID_CANARY_SECRET)
            continue;
        ++*secrets;
        for (size_t j = 0; j < i && !seen; j++)
            seen = strcmp(eid_ledger_at(l, j)->tmpl, c->tmpl) == 0;
        int64_t space = space_of(c->secret);
        bool whole = o->method == EID_EXPOSURE_EXACT ||
                     (o->method == EID_EXPOSURE_AUTO && space <= o->exact);
        if (!seen)
            sum += whole || space < o->rivals ? space : o->rivals;
    }
    return sum;
}

static int plan(cli *c, const cli_model *m, const eid_ledger *l, const eid_exposure_opts *o)
{
    int64_t secrets = 0;
    int64_t score = candidates(l, o, &secrets);
    if (c->json)
        return cli_object(c, json_pack("{s:I, s:I, s:I}", "secrets", (json_int_t)secrets,
                                       "candidates", (json_int_t)score, "parameters",
                                       (json_int_t)eid_lm_parameters(m->lm)));
    printf("secrets\t%" PRId64 "\ncandidates\t%" PRId64 "\nparameters\t%" PRId64 "\n", secrets,
           score, eid_lm_parameters(m->lm));
    return CLI_OK;
}

static void print_row(int64_t copies, int64_t secrets, const eid_estimate *e)
{
    if (isnan(e->value))
        printf("%" PRId64 "\t%" PRId64 "\t%s\n", copies, secrets, e->why);
    else
        printf("%" PRId64 "\t%" PRId64 "\t%.2f\t%.2f\t%.2f\n", copies, secrets, e->value, e->low,
               e->high);
}

static int print_result(cli *c, const eid_exposure_result *r)
{
    char *json = NULL;
    if (c->json)
        return eid_exposure_json(r, &json) == EID_OK ? cli_result(c, json) : cli_failed(c);
    print_row(0, r->null.n, &r->null);
    for (size_t i = 0; i < r->n_rows; i++)
        print_row(r->rows[i].copies, r->rows[i].canaries, &r->rows[i].bits);
    return CLI_OK;
}

int cmd_exposure(int argc, char **argv)
{
    args a = {0};
    eid_exposure_opts o = eid_exposure_opts_default();
    const cli_group groups[] = {
        {"What to question", NULL, own, &a},
        {"Ranking", NULL, eid_exposure_opt_table, &o},
        {0},
    };
    cli_model m = {0};
    eid_ledger *ledger = NULL;
    eid_exposure_result *r = NULL;
    cli c;
    int rc = cli_begin(&c, argc, argv, &usage, groups);

    if (rc != CLI_GO)
        return rc;
    rc = cli_model_open(&c, &m, a.model);
    if (rc == CLI_OK)
        rc = cli_file_input(&c, a.ledger);
    if (rc == CLI_OK && eid_ledger_read(&ledger, a.ledger) != EID_OK)
        rc = cli_failed(&c);
    if (rc == CLI_OK && c.dry_run)
        rc = plan(&c, &m, ledger, &o);
    else if (rc == CLI_OK && eid_exposure(&r, c.ctx, m.lm, m.bpe, ledger, &o) != EID_OK)
        rc = cli_failed(&c);
    else if (rc == CLI_OK)
        rc = print_result(&c, r);
    eid_exposure_result_free(r);
    eid_ledger_free(ledger);
    cli_model_close(&m);
    return cli_end(&c, rc);
}
