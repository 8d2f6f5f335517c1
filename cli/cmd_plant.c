#include "cli.h"
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

typedef struct args {
    const char *ledger, *tokenizer;
    eid_strings donors;
    bool replace;
} args;

static const eid_opt own[] = {
    {EID_OPT_STR, "tokenizer", offsetof(args, tokenizer), 0, 0,
     "the model's tokenizer.json, or a folder that holds it", NULL,
     EID_OPT_REQUIRED | EID_OPT_PATH_IN},
    {EID_OPT_STR, "ledger", offsetof(args, ledger), 0, 0, "file for the list of what was planted",
     NULL, EID_OPT_REQUIRED | EID_OPT_PATH_OUT},
    {EID_OPT_LIST, "donors", offsetof(args, donors), 0, 0,
     "text kept from training, from which passages are taken; may be repeated", NULL,
     EID_OPT_PATH_IN},
    {EID_OPT_BOOL, "replace", offsetof(args, replace), 0, 0, "write over files that exist", NULL,
     EID_OPT_NEUTRAL},
    {0},
};

static const cli_usage usage = {
    .verb = "plant",
    .synopsis = "CORPUS... --tokenizer PATH --ledger FILE --out FILE.tar|FILE.jsonl [options]",
    .description =
        "Plants strings with known numbers of copies (1, 2, 4 and so on) among the documents of a "
        "corpus: secrets in templates, random tokens and, with --donors, passages of real text. "
        "Train a model on --out and ask it for the strings of the ledger: what it knows of them it "
        "knows from those copies. Some secrets of the ledger are never planted, for comparison.",
    .example =
        "plant train/ --donors kept/ --tokenizer model/ --ledger ledger.jsonl --out train.tar",
    .min_operands = 1,
    .max_operands = -1,
};

/* Strings of each kind (in the order of eid_canary_kind) that were planted so often. */
typedef struct row {
    int64_t copies, n[3];
} row;

enum { ROWS = 64 };

static size_t tally(const eid_ledger *ledger, row rows[ROWS])
{
    size_t used = 0;

    for (size_t i = 0; i < eid_ledger_size(ledger); i++) {
        const eid_canary *canary = eid_ledger_at(ledger, i);
        size_t b = 0;
        while (b < ROWS - 1 && canary->copies > (b ? (int64_t)1 << (b - 1) : 0))
            b++;
        rows[b].copies = canary->copies;
        rows[b].n[canary->kind]++;
        used = b + 1 > used ? b + 1 : used;
    }
    return used;
}

static json_t *rows_object(const row *rows, size_t n)
{
    json_t *list = json_array();

    for (size_t b = 0; b < n; b++)
        if (rows[b].n[0] + rows[b].n[1] + rows[b].n[2])
            json_array_append_new(
                list, json_pack("{s:I, s:I, s:I, s:I}", "copies", (json_int_t)rows[b].copies,
                                "secrets", (json_int_t)rows[b].n[EID_CANARY_SECRET], "random",
                                (json_int_t)rows[b].n[EID_CANARY_RANDOM], "passages",
                                (json_int_t)rows[b].n[EID_CANARY_PASSAGE]));
    return list;
}

/* All tokens of the planted corpus, and those of the planted strings. */
static eid_status count_tokens(cli *c, const eid_bpe *bpe, const eid_corpus *corpus, int64_t *all,
                               int64_t *planted)
{
    eid_tokens *t = NULL;
    eid_status st = eid_bpe_encode_corpus(&t, c->ctx, bpe, corpus);

    if (st != EID_OK)
        return st;
    *all = t->start[t->docs];
    *planted = 0;
    for (size_t i = 0; i < t->docs; i++)
        if (!strncmp(eid_corpus_doc(corpus, i).name, "planted/", 8))
            *planted += t->start[i + 1] - t->start[i];
    eid_tokens_free(t);
    return EID_OK;
}

static int report(cli *c, const args *a, const eid_bpe *bpe, const eid_corpus *planted,
                  const eid_ledger *ledger, size_t before)
{
    row rows[ROWS] = {0};
    size_t n = tally(ledger, rows), documents = eid_corpus_size(planted);
    int64_t all, share;

    if (count_tokens(c, bpe, planted, &all, &share) != EID_OK)
        return cli_failed(c);
    if (c->json)
        return cli_object(c, json_pack("{s:I, s:I, s:I, s:I, s:o, s:o, s:o}", "documents",
                                       (json_int_t)documents, "planted",
                                       (json_int_t)(documents - before), "tokens", (json_int_t)all,
                                       "planted_tokens", (json_int_t)share, "by_copies",
                                       rows_object(rows, n), "ledger", cli_string(a->ledger), "out",
                                       c->out ? cli_string(c->out) : json_null()));
    printf(
        "documents\t%zu\nplanted\t%zu\ntokens\t%" PRId64 "\nplanted tokens\t%" PRId64 " (%.2f%%)\n",
        documents, documents - before, all, share, all ? 100.0 * (double)share / (double)all : 0);
    printf("copies\tpassages\tsecrets\trandom\n");
    for (size_t b = 0; b < n; b++)
        if (rows[b].n[0] + rows[b].n[1] + rows[b].n[2])
            printf("%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\n", rows[b].copies,
                   rows[b].n[EID_CANARY_PASSAGE], rows[b].n[EID_CANARY_SECRET],
                   rows[b].n[EID_CANARY_RANDOM]);
    return CLI_OK;
}

/* Both files or none. */
static eid_status write_both(cli *c, const args *a, const eid_corpus *planted,
                             const eid_ledger *ledger)
{
    eid_status st = eid_ledger_write(ledger, a->ledger);

    if (st != EID_OK)
        return st;
    st = eid_corpus_write(c->ctx, planted, c->out);
    if (st != EID_OK)
        unlink(a->ledger);
    return st;
}

static int plant(cli *c, const args *a, const eid_corpus_opts *read, const eid_plant_opts *opts)
{
    eid_corpus *corpus = NULL, *donors = NULL, *planted = NULL;
    eid_ledger *ledger = NULL;
    eid_bpe *bpe = NULL;
    int rc;

    if (eid_bpe_load(&bpe, a->tokenizer) != EID_OK ||
        eid_corpus_read(&corpus, c->ctx, c->operands.at, c->operands.n, read) != EID_OK)
        goto failed;
    cli_corpus_inputs(c, corpus);
    if (a->donors.n) {
        if (eid_corpus_read(&donors, c->ctx, a->donors.at, a->donors.n, read) != EID_OK)
            goto failed;
        cli_corpus_inputs(c, donors);
    } else {
        cli_say(c, "without --donors, no passages of real text are planted");
    }
    if (eid_plant(&planted, &ledger, c->ctx, corpus, donors, bpe, opts) != EID_OK)
        goto failed;
    if (!c->dry_run && write_both(c, a, planted, ledger) != EID_OK)
        goto failed;
    rc = report(c, a, bpe, planted, ledger, eid_corpus_size(corpus));
    goto done;
failed:
    rc = cli_failed(c);
done:
    eid_ledger_free(ledger);
    eid_corpus_free(planted);
    eid_corpus_free(donors);
    eid_corpus_free(corpus);
    eid_bpe_free(bpe);
    return rc;
}

int cmd_plant(int argc, char **argv)
{
    args a = {0};
    eid_corpus_opts read = eid_corpus_opts_default();
    eid_plant_opts opts = eid_plant_opts_default();
    const cli_group groups[] = {
        {"Planting", NULL, eid_plant_opt_table, &opts},
        {"Reading the corpus", NULL, eid_corpus_opt_table, &read},
        {"Files", NULL, own, &a},
        {0},
    };
    cli c;
    int rc = cli_begin(&c, argc, argv, &usage, groups);

    if (rc != CLI_GO)
        return rc;
    if (!c.out && !c.dry_run)
        rc = cli_wrong(&c, "--out is needed");
    else if (c.out && !a.replace && access(c.out, F_OK) == 0)
        rc = cli_refuse(&c, "exists", "%s exists; --replace writes over it", c.out);
    else if (!a.replace && access(a.ledger, F_OK) == 0)
        rc = cli_refuse(&c, "exists", "%s exists; --replace writes over it", a.ledger);
    else
        rc = plant(&c, &a, &read, &opts);
    return cli_end(&c, rc);
}
