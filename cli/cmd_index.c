#include "index_folder.h"
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const cli_usage usage = {
    .verb = "index",
    .synopsis = "build CORPUS... --out IDX | add IDX CORPUS... | info IDX | verify IDX",
    .description =
        "Makes a corpus answer questions at once: how often a text stands in it, where, and what "
        "follows (count, locate, longest, ngram, source, contaminated). `build` reads a corpus of "
        "any size and writes a folder of shards, each a suffix array of some documents, within "
        "--memory; stopped or killed, the same command goes on. `add` puts another corpus behind "
        "what is there. `info` says what is in it, `verify` whether it is whole. Without such a "
        "word, `index CORPUS... --out FILE` writes one file, sorted in memory. The index holds the "
        "text itself: keep it where the text may be kept. It takes about five bytes of disk a byte "
        "of text.",
    .example = "index build corpus/ more.tar.xz --memory 4G --out corpus.idx",
    .min_operands = 1,
    .max_operands = -1,
};

/* ---- one file -------------------------------------------------------------------------------- */

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

static int one_file(cli *c, const eid_corpus_opts *read, const eid_index_opts *opts)
{
    eid_corpus *corpus = NULL;
    struct stat s;
    int rc;

    if (!c->out && !c->dry_run)
        return cli_wrong(c, "--out is needed");
    if (c->out && !opts->replace && access(c->out, F_OK) == 0)
        return cli_refuse(c, "exists", "%s exists; --replace writes over it", c->out);
    if (c->out && stat(c->out, &s) == 0 && S_ISDIR(s.st_mode))
        return cli_refuse(c, "exists", "%s is a folder; `index build` replaces one", c->out);
    if (eid_corpus_read(&corpus, c->ctx, c->operands.at, c->operands.n, read) != EID_OK)
        return cli_failed(c);
    cli_corpus_inputs(c, corpus);
    if (c->dry_run)
        rc = plan(c, corpus);
    else if (eid_index_build(c->ctx, corpus, c->out) != EID_OK)
        rc = cli_failed(c);
    else
        rc = report(c, corpus);
    eid_corpus_free(corpus);
    return rc;
}

int cmd_index(int argc, char **argv)
{
    eid_corpus_opts read = eid_corpus_opts_default();
    eid_index_opts opts = eid_index_opts_default();
    const cli_group groups[] = {
        {"Reading the corpus", NULL, eid_corpus_opt_table, &read},
        {"Writing", NULL, eid_index_opt_table, &opts},
        {0},
    };
    cli c;
    int rc = cli_begin(&c, argc, argv, &usage, groups);

    if (rc != CLI_GO)
        return rc;
    const char *word = c.operands.at[0];
    if (strcmp(word, "build") == 0)
        rc = cli_index_build(&c, &read, &opts);
    else if (strcmp(word, "add") == 0)
        rc = cli_index_add(&c, &read, &opts);
    else if (strcmp(word, "info") == 0 || strcmp(word, "verify") == 0)
        rc = cli_index_info(&c, strcmp(word, "verify") == 0);
    else
        rc = one_file(&c, &read, &opts);
    return cli_end(&c, rc);
}
