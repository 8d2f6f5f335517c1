#include "evidence.h"
#include <inttypes.h>
#include <math.h>

typedef struct args {
    const char *ledger;
} args;

static const eid_opt own[] = {
    {EID_OPT_STR, "ledger", offsetof(args, ledger), 0, 0,
     "the planted strings in the corpus, as plant or audit wrote them (JSONL)", NULL,
     EID_OPT_PATH_IN},
    {0},
};

static const cli_usage usage = {
    .verb = "extract",
    .synopsis = "--model DIR --corpus PATH... [options]",
    .description =
        "How much of its training text does a model give back, word for word? Gives it the first "
        "tokens of strings of that text and compares what it says next. Prints a line for strings "
        "drawn uniformly (so much of the text can be extracted at least), for held-out text (the "
        "baseline), and for each number of copies and each length of prompt: share, then its 95% "
        "interval.",
    .example = "extract --model run/model --corpus train.jsonl --heldout heldout.jsonl",
    .min_operands = 0,
    .max_operands = 0,
};

/* Prompts to continue, at most: what an extraction costs. */
static int plan(cli *c, const cli_evidence *e, const eid_extract_opts *o)
{
    int64_t prompts = o->uniform + o->heldout + 12 * o->per_bucket;
    int64_t tokens = prompts * 2 * (o->prompt + o->match);

    if (c->json)
        return cli_object(c, json_pack("{s:I, s:I, s:I, s:I}", "documents",
                                       (json_int_t)eid_corpus_size(e->train), "bytes",
                                       (json_int_t)eid_corpus_bytes(e->train), "prompts",
                                       (json_int_t)prompts, "tokens", (json_int_t)tokens));
    printf("documents\t%zu\nbytes\t%" PRId64 "\nprompts\tat most %" PRId64
           ", and those of the curve over prompt length\ntokens\tat most %" PRId64 "\n",
           eid_corpus_size(e->train), eid_corpus_bytes(e->train), prompts, tokens);
    return CLI_OK;
}

static void print_line(const char *name, const eid_estimate *e)
{
    printf("%s\t", name);
    cli_print_estimate(e);
    printf("\t%" PRId64 "\n", e->n);
}

static void print_tables(const eid_extract_result *r)
{
    char name[64];

    print_line("uniform", &r->uniform);
    print_line("heldout", &r->heldout);
    for (size_t i = 0; i < r->buckets; i++) {
        const eid_bucket *b = &r->by_copies[i];
        if (b->high == b->low + 1)
            snprintf(name, sizeof name, "%s, %" PRId64 " copies", b->series, b->low);
        else
            snprintf(name, sizeof name, "%s, %" PRId64 "-%" PRId64 " copies", b->series, b->low,
                     b->high - 1);
        print_line(name, &b->extracted);
    }
    for (size_t i = 0; i < r->prompts; i++) {
        const eid_prompt_point *p = &r->by_prompt[i];
        snprintf(name, sizeof name, "%s, prompt of %" PRId64, p->planted ? "planted" : "natural",
                 p->prompt_tokens);
        print_line(name, &p->extracted);
    }
    for (size_t i = 0; i < r->nps; i++) {
        snprintf(name, sizeof name, "in %" PRId64 " samples with chance %g", r->np[i].n,
                 r->np[i].p);
        print_line(name, &r->np[i].discoverable);
    }
}

static int question(cli *c, const cli_evidence *e, const args *a, bool reveal,
                    const eid_extract_opts *o)
{
    eid_tokens *train = NULL, *heldout = NULL;
    eid_ledger *ledger = NULL;
    eid_extract_result *r = NULL;
    eid_extract_in in = {.bpe = e->model.bpe, .index = e->index, .train_text = e->train};
    char *json = NULL;
    int rc = a->ledger ? cli_file_input(c, a->ledger) : CLI_OK;

    if (rc == CLI_OK && a->ledger && eid_ledger_read(&ledger, a->ledger) != EID_OK)
        rc = cli_failed(c);
    if (rc == CLI_OK && eid_bpe_encode_corpus(&train, c->ctx, in.bpe, e->train) != EID_OK)
        rc = cli_failed(c);
    if (rc == CLI_OK && e->heldout &&
        eid_bpe_encode_corpus(&heldout, c->ctx, in.bpe, e->heldout) != EID_OK)
        rc = cli_failed(c);
    in.train = train;
    in.heldout = heldout;
    in.ledger = ledger;
    if (rc == CLI_OK && eid_extract(&r, c->ctx, e->model.lm, &in, o) != EID_OK)
        rc = cli_failed(c);
    if (rc == CLI_OK && c->json)
        rc =
            eid_extract_json(r, &in, reveal, &json) == EID_OK ? cli_result(c, json) : cli_failed(c);
    else if (rc == CLI_OK)
        print_tables(r);
    eid_extract_result_free(r);
    eid_ledger_free(ledger);
    eid_tokens_free(train);
    eid_tokens_free(heldout);
    return rc;
}

int cmd_extract(int argc, char **argv)
{
    args a = {0};
    cli_evidence_args ea = {.read = eid_corpus_opts_default()};
    eid_extract_opts o = eid_extract_opts_default();
    const cli_group groups[] = {
        {"What to question", NULL, cli_evidence_table, &ea},
        {"Planted strings", NULL, own, &a},
        {"Strings", NULL, eid_extract_opt_table, &o},
        {"Reading the corpora", NULL, eid_corpus_opt_table, &ea.read},
        {0},
    };
    cli_evidence e = {0};
    cli c;
    int rc = cli_begin(&c, argc, argv, &usage, groups);

    if (rc != CLI_GO)
        return rc;
    rc = cli_evidence_open(&c, &e, &ea);
    if (rc == CLI_OK)
        rc = c.dry_run ? plan(&c, &e, &o) : question(&c, &e, &a, ea.reveal, &o);
    cli_evidence_close(&e);
    return cli_end(&c, rc);
}
