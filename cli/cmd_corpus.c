#include "cli.h"
#include <inttypes.h>
#include <unistd.h>

typedef struct args {
    bool list, replace;
} args;

static const eid_opt own[] = {
    {EID_OPT_BOOL, "list", offsetof(args, list), 0, 0, "every document: its bytes and its name",
     NULL, EID_OPT_NEUTRAL},
    {EID_OPT_BOOL, "replace", offsetof(args, replace), 0, 0, "write over a file that exists", NULL,
     EID_OPT_NEUTRAL},
    {0},
};

static const cli_usage usage = {
    .verb = "corpus",
    .synopsis = "CORPUS... [--list] [--out FILE.tar|FILE.jsonl] [options]",
    .description =
        "Reads a corpus as every other command would, and says what is in it: documents, bytes, "
        "equal ones, and what was skipped and why. With --out, writes the documents that are left "
        "into one file, which is read back as the same documents with the same names.",
    .example = "corpus texts/ more.jsonl.gz --drop-identical --out corpus.tar",
    .min_operands = 1,
    .max_operands = -1,
};

/* A name on one line of a terminal, whatever is in it. */
static void print_name(const char *name)
{
    for (const unsigned char *p = (const unsigned char *)name; *p; p++)
        if (*p < ' ' || *p == 0x7F || *p == '\\')
            printf("\\x%02x", *p);
        else
            putchar(*p);
    putchar('\n');
}

static json_t *list_object(const eid_corpus *corpus)
{
    json_t *list = json_array();

    for (size_t i = 0; i < eid_corpus_size(corpus); i++) {
        eid_document d = eid_corpus_doc(corpus, i);
        json_array_append_new(
            list, json_pack("{s:o, s:I}", "name", cli_string(d.name), "bytes", (json_int_t)d.size));
    }
    return list;
}

static int64_t skipped(const eid_corpus *corpus)
{
    const eid_corpus_input *in;
    int64_t sum = 0;

    for (size_t i = 0, n = eid_corpus_inputs(corpus, &in); i < n; i++)
        sum += in[i].skipped;
    return sum;
}

static int report(cli *c, const eid_corpus *corpus, const args *a)
{
    json_int_t documents = (json_int_t)eid_corpus_size(corpus);
    json_int_t bytes = eid_corpus_bytes(corpus), identical = eid_corpus_identical(corpus);
    json_int_t cut = eid_corpus_cut(corpus), skips = skipped(corpus);

    if (c->json)
        return cli_object(c,
                          json_pack("{s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "documents", documents,
                                    "bytes", bytes, "identical", identical, "cut", cut, "skipped",
                                    skips, "list", a->list ? list_object(corpus) : json_null(),
                                    "out", c->out ? cli_string(c->out) : json_null()));
    if (!a->list) {
        printf("documents\t%" PRId64 "\nbytes\t%" PRId64 "\n", (int64_t)documents, (int64_t)bytes);
        printf("identical\t%" PRId64 "\ncut\t%" PRId64 "\n", (int64_t)identical, (int64_t)cut);
        printf("skipped\t%" PRId64 "\n", (int64_t)skips);
    }
    for (size_t i = 0; a->list && i < eid_corpus_size(corpus); i++) {
        eid_document d = eid_corpus_doc(corpus, i);
        printf("%zu\t", d.size);
        print_name(d.name);
    }
    return CLI_OK;
}

int cmd_corpus(int argc, char **argv)
{
    args a = {0};
    eid_corpus_opts read = eid_corpus_opts_default();
    const cli_group groups[] = {
        {"Reading the corpus", NULL, eid_corpus_opt_table, &read},
        {"Output", NULL, own, &a},
        {0},
    };
    eid_corpus *corpus = NULL;
    cli c;
    int rc = cli_begin(&c, argc, argv, &usage, groups);

    if (rc != CLI_GO)
        return rc;
    if (c.out && !a.replace && access(c.out, F_OK) == 0)
        return cli_end(&c, cli_refuse(&c, "exists", "%s exists; --replace writes over it", c.out));
    if (eid_corpus_read(&corpus, c.ctx, c.operands.at, c.operands.n, &read) != EID_OK)
        return cli_end(&c, cli_failed(&c));
    cli_corpus_inputs(&c, corpus);
    if (c.out && !c.dry_run && eid_corpus_write(c.ctx, corpus, c.out) != EID_OK)
        rc = cli_failed(&c);
    else
        rc = report(&c, corpus, &a);
    eid_corpus_free(corpus);
    return cli_end(&c, rc);
}
