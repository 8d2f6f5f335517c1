#include "index_folder.h"
#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static eid_status count(void *user, const eid_document *d)
{
    int64_t *sum = user;
    sum[0]++;
    sum[1] += (int64_t)d->size;
    return EID_OK;
}

/* Reads everything and writes nothing. */
static int plan(cli *c, const eid_strings *corpus, const eid_corpus_opts *read,
                const eid_index_opts *opts)
{
    int64_t sum[2] = {0, 0}, shard = 0, at_once = 0;
    eid_corpus *summary = NULL;
    int rc = CLI_OK;

    if (eid_index_plan(c->ctx, opts, &shard, &at_once) != EID_OK ||
        eid_corpus_stream(&summary, c->ctx, corpus->at, corpus->n, read, count, sum) != EID_OK)
        return cli_failed(c);
    cli_corpus_inputs(c, summary);
    eid_corpus_free(summary);
    int64_t shards = (sum[1] + 64 * sum[0]) / shard + 1, size = 5 * sum[1] + 16 * sum[0];
    if (c->json)
        rc = cli_object(c, json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "documents",
                                     (json_int_t)sum[0], "bytes", (json_int_t)sum[1], "shards",
                                     (json_int_t)shards, "shard", (json_int_t)shard, "at_once",
                                     (json_int_t)at_once, "size", (json_int_t)size));
    else
        printf("documents\t%" PRId64 "\nbytes\t%" PRId64 "\nshards\tabout %" PRId64
               " of at most %" PRId64 " bytes, %" PRId64 " built at once\ndisk\tabout %" PRId64
               " bytes\n",
               sum[0], sum[1], shards, shard, at_once, size);
    return rc;
}

static int64_t peak_bytes(void)
{
    struct rusage u = {0};
    getrusage(RUSAGE_SELF, &u);
    return (int64_t)u.ru_maxrss * 1024;
}

/* What the index holds now; `before`: what it held, NULL for a new one. */
static int report(cli *c, const char *path, const eid_corpus *summary, const int64_t before[3])
{
    eid_index *ix = NULL;
    int64_t peak = peak_bytes();
    int rc = CLI_OK;

    if (eid_index_open(&ix, path) != EID_OK)
        return cli_failed(c);
    int64_t now[3] = {eid_index_docs(ix), eid_index_bytes(ix), eid_index_shards(ix)};
    if (c->json) {
        json_t *j =
            json_pack("{s:o, s:I, s:I, s:I, s:I, s:s, s:I, s:I, s:I}", "out", cli_string(path),
                      "size", (json_int_t)eid_index_size(ix), "documents", (json_int_t)now[0],
                      "bytes", (json_int_t)now[1], "shards", (json_int_t)now[2], "sha256",
                      eid_index_sha256(ix), "identical", (json_int_t)eid_corpus_identical(summary),
                      "cut", (json_int_t)eid_corpus_cut(summary), "peak_bytes", (json_int_t)peak);
        if (before)
            json_object_set_new(j, "added",
                                json_pack("{s:I, s:I, s:I}", "documents",
                                          (json_int_t)(now[0] - before[0]), "bytes",
                                          (json_int_t)(now[1] - before[1]), "shards",
                                          (json_int_t)(now[2] - before[2])));
        rc = cli_object(c, j);
    } else {
        printf("documents\t%" PRId64 "\nbytes\t%" PRId64 "\nshards\t%" PRId64 "\n", now[0], now[1],
               now[2]);
        if (before)
            printf("added\t%" PRId64 " documents\t%" PRId64 " bytes\n", now[0] - before[0],
                   now[1] - before[1]);
        printf("sha256\t%s\nindex\t%s\n", eid_index_sha256(ix), path);
    }
    eid_index_free(ix);
    return rc;
}

int cli_index_build(cli *c, const eid_corpus_opts *read, const eid_index_opts *opts)
{
    eid_strings corpus = {c->operands.at + 1, c->operands.n - 1};
    eid_corpus *summary = NULL;
    int rc;

    if (corpus.n == 0)
        return cli_wrong(c, "a corpus is missing");
    if (!c->out && !c->dry_run)
        return cli_wrong(c, "--out is needed");
    if (c->dry_run)
        return plan(c, &corpus, read, opts);
    if (eid_index_build_shards(c->ctx, corpus.at, corpus.n, read, opts, c->out, &summary) != EID_OK)
        return cli_failed(c);
    cli_corpus_inputs(c, summary);
    rc = report(c, c->out, summary, NULL);
    eid_corpus_free(summary);
    return rc;
}

int cli_index_add(cli *c, const eid_corpus_opts *read, const eid_index_opts *opts)
{
    eid_corpus *summary = NULL;
    eid_index *ix = NULL;
    int rc;

    if (c->operands.n < 3)
        return cli_wrong(c, "add wants an index and a corpus");
    const char *path = c->operands.at[1];
    eid_strings corpus = {c->operands.at + 2, c->operands.n - 2};
    if (eid_index_open(&ix, path) != EID_OK)
        return cli_failed(c);
    const int64_t before[3] = {eid_index_docs(ix), eid_index_bytes(ix), eid_index_shards(ix)};
    eid_index_free(ix); /* mapped shards would count as memory */
    if (c->dry_run)
        return plan(c, &corpus, read, opts);
    if (eid_index_add(c->ctx, corpus.at, corpus.n, read, opts, path, &summary) != EID_OK)
        return cli_failed(c);
    cli_corpus_inputs(c, summary);
    rc = report(c, path, summary, before);
    eid_corpus_free(summary);
    return rc;
}

/* ---- info and verify ------------------------------------------------------------------------- */

static json_t *sources_json(const eid_index *ix)
{
    const eid_index_input *in = NULL;
    size_t n = eid_index_inputs(ix, &in);
    json_t *all = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(
            all, json_pack("{s:o, s:I, s:s, s:I, s:I, s:I}", "path", cli_string(in[i].path),
                           "bytes", (json_int_t)in[i].bytes, "sha256", in[i].sha256, "documents",
                           (json_int_t)in[i].documents, "skipped", (json_int_t)in[i].skipped,
                           "shard", (json_int_t)in[i].shard));
    return all;
}

static void print_info(const eid_index *ix, bool verified)
{
    const eid_index_input *in = NULL;
    size_t n = eid_index_inputs(ix, &in);

    printf("documents\t%" PRId64 "\nbytes\t%" PRId64 "\nshards\t%" PRId64 "\nsize\t%" PRId64
           "\nsha256\t%s\n",
           eid_index_docs(ix), eid_index_bytes(ix), eid_index_shards(ix), eid_index_size(ix),
           eid_index_sha256(ix));
    for (size_t i = 0; i < n; i++) {
        char *shown = NULL; /* a path may try to steer the terminal */
        if (eid_mask((const uint8_t *)in[i].path, strlen(in[i].path), &shown) == EID_OK)
            printf("source\t%" PRId64 " documents\t%s\n", in[i].documents, shown);
        eid_string_free(shown);
    }
    if (verified)
        printf("verified\tevery byte of text, every suffix in order\n");
}

int cli_index_info(cli *c, bool verify)
{
    eid_index *ix = NULL;
    int rc = CLI_OK;

    if (c->operands.n != 2)
        return cli_wrong(c, "%s wants one index", c->operands.at[0]);
    const char *path = c->operands.at[1];
    if (eid_index_open(&ix, path) != EID_OK)
        return cli_failed(c);
    cli_input(c, path, eid_index_bytes(ix), eid_index_sha256(ix), eid_index_docs(ix), 0);
    if (verify && !c->dry_run && eid_index_verify(ix, c->ctx) != EID_OK)
        rc = cli_failed(c);
    else if (c->json)
        rc = cli_object(
            c, json_pack("{s:I, s:I, s:I, s:I, s:s, s:b, s:o}", "documents",
                         (json_int_t)eid_index_docs(ix), "bytes", (json_int_t)eid_index_bytes(ix),
                         "shards", (json_int_t)eid_index_shards(ix), "size",
                         (json_int_t)eid_index_size(ix), "sha256", eid_index_sha256(ix), "verified",
                         verify && !c->dry_run, "sources", sources_json(ix)));
    else
        print_info(ix, verify && !c->dry_run);
    eid_index_free(ix);
    return rc;
}
