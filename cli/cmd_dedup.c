#include "dedup_near.h"
#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>

typedef struct args {
    const char *tokenizer;
} args;

static const eid_opt own[] = {
    {EID_OPT_STR, "tokenizer", offsetof(args, tokenizer), 0, 0,
     "whose tokens are counted: a tokenizer.json, or a folder that holds it", NULL,
     EID_OPT_PATH_IN},
    {0},
};

static const cli_usage usage = {
    .verb = "dedup",
    .synopsis = "CORPUS... --out FOLDER --exact 200b|50t | --near 0.8 [options]",
    .description =
        "Takes repeats out of a corpus. With --exact, every run of at least so many bytes (or "
        "tokens, with "
        "--tokenizer) that stands earlier in the corpus is cut; with --keep none, its first copy "
        "is cut as well. Found exactly, over a corpus of any size, within --memory. No character "
        "is cut in two, and no match goes from one document into the next. FOLDER/corpus holds "
        "what is left, each input in its own form: files, lines with their other fields, archives "
        "with their other entries; FOLDER/ledger.jsonl every cut, and where its text stays. The "
        "folder appears whole or not at all. - is .jsonl on standard input. With --near, documents "
        "that are like another one are taken out: sets of word 5-grams whose Jaccard similarity "
        "reaches the threshold, and edit similarity in words, too. Candidates are found by MinHash "
        "and compared exactly; FOLDER/corpus.tar holds what is left, one document of each cluster, "
        "and FOLDER/clusters.jsonl says for each document of a cluster what became of it.",
    .example = "dedup texts/ more.jsonl.gz --exact 200b --memory 2G --out clean",
    .min_operands = 1,
    .max_operands = -1,
};

static int64_t peak_bytes(void)
{
    struct rusage u = {0};
    getrusage(RUSAGE_SELF, &u);
    return (int64_t)u.ru_maxrss * 1024;
}

static int report(cli *c, const eid_dedup_result *r, const eid_dedup_opts *opts)
{
    char ledger[4096];
    const char *unit = opts->exact[strlen(opts->exact) - 1] == 't' ? "token" : "byte";

    snprintf(ledger, sizeof ledger, "%s/ledger.jsonl", c->out);
    if (c->json)
        return cli_object(
            c, json_pack(
                   "{s:s, s:s, s:I, s:s, s:{s:I, s:I, s:I}, s:{s:I, s:I, s:I}, s:I, s:n, s:n, s:n, "
                   "s:I, s:I, s:I, s:o, s:o, s:o}",
                   "mode", "exact", "unit", unit, "threshold", (json_int_t)r->unit_length, "policy",
                   opts->keep == EID_KEEP_NONE ? "keep-none" : "keep-first", "documents", "in",
                   (json_int_t)r->documents_in, "out", (json_int_t)r->documents_out, "changed",
                   (json_int_t)r->documents_changed, "bytes", "in", (json_int_t)r->bytes_in, "kept",
                   (json_int_t)r->bytes_kept, "cut", (json_int_t)r->bytes_cut, "ranges",
                   (json_int_t)r->ranges, "clusters", "candidates", "verified", "units",
                   (json_int_t)r->units, "passes", (json_int_t)r->passes, "peak_bytes",
                   (json_int_t)peak_bytes(), "out", cli_string(c->out), "ledger",
                   cli_string(ledger), "again",
                   opts->recheck ? json_pack("{s:I, s:I}", "ranges", (json_int_t)r->again_ranges,
                                             "bytes", (json_int_t)r->again_bytes)
                                 : json_null()));
    printf("documents\t%" PRId64 "\nleft\t%" PRId64 "\nchanged\t%" PRId64 "\nbytes\t%" PRId64
           "\nkept\t%" PRId64 "\ncut\t%" PRId64 " (%.2f%%)\nranges\t%" PRId64 "\nledger\t%s\n",
           r->documents_in, r->documents_out, r->documents_changed, r->bytes_in, r->bytes_kept,
           r->bytes_cut, r->bytes_in ? 100.0 * (double)r->bytes_cut / (double)r->bytes_in : 0.0,
           r->ranges, ledger);
    if (opts->recheck)
        printf("again\t%" PRId64 " ranges, %" PRId64 " bytes\t%s/again.jsonl\n", r->again_ranges,
               r->again_bytes, c->out);
    return CLI_OK;
}

static eid_status count(void *user, const eid_document *d)
{
    int64_t *sum = user;
    sum[0]++;
    sum[1] += (int64_t)d->size;
    return EID_OK;
}

/* Reads everything and writes nothing. */
static int plan(cli *c, const eid_corpus_opts *read)
{
    int64_t sum[2] = {0, 0}, memory = eid_ctx_memory(c->ctx);
    eid_corpus *summary = NULL;

    if (eid_corpus_stream(&summary, c->ctx, c->operands.at, c->operands.n, read, count, sum) !=
        EID_OK)
        return cli_failed(c);
    cli_corpus_inputs(c, summary);
    eid_corpus_free(summary);
    int64_t spool = sum[1] > memory / 4 ? sum[1] : 0;
    if (c->json)
        return cli_object(c, json_pack("{s:I, s:I, s:I, s:I}", "documents", (json_int_t)sum[0],
                                       "bytes", (json_int_t)sum[1], "memory", (json_int_t)memory,
                                       "spool", (json_int_t)spool));
    printf("documents\t%" PRId64 "\nbytes\t%" PRId64 "\nmemory\tat most %" PRId64
           " bytes\nspooled\t%" PRId64 " bytes of disk, besides what is left of the corpus\n",
           sum[0], sum[1], memory, spool);
    return CLI_OK;
}

static int dedup(cli *c, const args *a, const eid_corpus_opts *read, const eid_dedup_opts *opts)
{
    eid_dedup_result r = {0};
    eid_corpus *summary = NULL;
    eid_bpe *bpe = NULL;
    int rc;

    if ((a->tokenizer && eid_bpe_load(&bpe, a->tokenizer) != EID_OK) ||
        eid_dedup_exact_files(&r, &summary, c->ctx, c->operands.at, c->operands.n, read, bpe, opts,
                              c->out) != EID_OK) {
        rc = cli_failed(c);
    } else {
        cli_corpus_inputs(c, summary);
        rc = report(c, &r, opts);
    }
    eid_corpus_free(summary);
    eid_bpe_free(bpe);
    return rc;
}

int cmd_dedup(int argc, char **argv)
{
    args a = {0};
    eid_corpus_opts read = eid_corpus_opts_default();
    eid_dedup_opts opts = eid_dedup_opts_default();
    eid_near_opts near = eid_near_opts_default();
    const cli_group groups[] = {
        {"What is a repeat", NULL, eid_dedup_opt_table, &opts},
        {"Near-duplicates", NULL, eid_near_opt_table, &near},
        {"Tokens", NULL, own, &a},
        {"Reading the corpus", NULL, eid_corpus_opt_table, &read},
        {0},
    };
    cli c;
    near.near = 0; /* asked for, or not */
    int rc = cli_begin(&c, argc, argv, &usage, groups);

    if (rc != CLI_GO)
        return rc;
    if (opts.exact && near.near > 0)
        rc = cli_wrong(&c,
                       "--exact and --near are two passes: the second takes what the first left");
    else if (near.near > 0)
        rc = cli_dedup_near(&c, &read, &near);
    else if (!opts.exact)
        rc = cli_wrong(&c, "--exact (the shortest repeat, 200b or 50t) or --near (0.8) is needed");
    else if (c.dry_run)
        rc = plan(&c, &read);
    else if (!c.out)
        rc = cli_wrong(&c, "--out is needed");
    else
        rc = dedup(&c, &a, &read, &opts);
    return cli_end(&c, rc);
}
