#include "cli.h"
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct args {
    bool replace;
} args;

static const eid_opt own[] = {
    {EID_OPT_BOOL, "replace", offsetof(args, replace), 0, 0, "write over a file that exists", NULL,
     EID_OPT_NEUTRAL},
    {0},
};

static const cli_usage usage = {
    .verb = "index",
    .synopsis = "CORPUS... --out FILE [options]",
    .description =
        "Writes a suffix array of the corpus, so that any string can be counted and found at once. "
        "A corpus is a file, a folder, a .jsonl, a .tar or a .zip. The index holds the text "
        "itself: "
        "keep it where the text may be kept. It takes about five bytes a byte of text, on disk, "
        "and "
        "in memory while it is made.",
    .example = "index corpus/ notes.jsonl --out corpus.idx",
    .min_operands = 1,
    .max_operands = -1,
};

/* What sorting takes and leaves: 32-bit entries below 2 GiB of text, 64-bit and 40-bit ones above.
 */
static int plan(cli *c, const eid_corpus *corpus)
{
    double n = (double)eid_corpus_bytes(corpus), docs = (double)eid_corpus_size(corpus);
    bool wide = n + docs > INT32_MAX;

    double memory = (wide ? 9.25 : 5.25) * (n + docs), file = (wide ? 6 : 5) * n + 16 * docs;
    if (c->json)
        return cli_object(c, json_pack("{s:I, s:I, s:I, s:I}", "documents", (json_int_t)docs,
                                       "bytes", (json_int_t)n, "memory", (json_int_t)memory, "size",
                                       (json_int_t)file));
    printf("documents\t%.0f\nbytes\t%.0f\n", docs, n);
    printf("memory\tabout %.0f bytes\nfile\tabout %.0f bytes\n", memory, file);
    return CLI_OK;
}

static int report(cli *c, const eid_corpus *corpus)
{
    eid_index *ix = NULL;
    struct stat s = {0};
    int rc = CLI_OK;

    if (eid_index_open(&ix, c->out) != EID_OK || stat(c->out, &s) != 0)
        return cli_failed(c);
    if (c->json)
        rc = cli_object(
            c, json_pack("{s:o, s:I, s:I, s:I, s:s, s:I, s:I}", "out", cli_string(c->out), "size",
                         (json_int_t)s.st_size, "documents", (json_int_t)eid_index_docs(ix),
                         "bytes", (json_int_t)eid_index_bytes(ix), "sha256", eid_index_sha256(ix),
                         "identical", (json_int_t)eid_corpus_identical(corpus), "cut",
                         (json_int_t)eid_corpus_cut(corpus)));
    else
        printf("documents\t%" PRId64 "\nbytes\t%" PRId64 "\nsha256\t%s\nindex\t%s\n",
               eid_index_docs(ix), eid_index_bytes(ix), eid_index_sha256(ix), c->out);
    eid_index_free(ix);
    return rc;
}

int cmd_index(int argc, char **argv)
{
    args a = {0};
    eid_corpus_opts read = eid_corpus_opts_default();
    const cli_group groups[] = {
        {"Reading the corpus", NULL, eid_corpus_opt_table, &read},
        {"Writing", NULL, own, &a},
        {0},
    };
    eid_corpus *corpus = NULL;
    cli c;
    int rc = cli_begin(&c, argc, argv, &usage, groups);

    if (rc != CLI_GO)
        return rc;
    if (!c.out && !c.dry_run)
        return cli_end(&c, cli_wrong(&c, "--out is needed"));
    if (c.out && !a.replace && access(c.out, F_OK) == 0)
        return cli_end(&c, cli_refuse(&c, "exists", "%s exists; --replace writes over it", c.out));
    if (eid_corpus_read(&corpus, c.ctx, c.operands.at, c.operands.n, &read) != EID_OK)
        return cli_end(&c, cli_failed(&c));
    cli_corpus_inputs(&c, corpus);
    if (c.dry_run)
        rc = plan(&c, corpus);
    else if (eid_index_build(c.ctx, corpus, c.out) != EID_OK)
        rc = cli_failed(&c);
    else
        rc = report(&c, corpus);
    eid_corpus_free(corpus);
    return cli_end(&c, rc);
}
