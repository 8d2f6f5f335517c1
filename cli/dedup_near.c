/* dedup_near.c - what `eidetic dedup --near` prints. */
#include "dedup_near.h"
#include <inttypes.h>
#include <sys/resource.h>

static int64_t peak_bytes(void)
{
    struct rusage u;
    return getrusage(RUSAGE_SELF, &u) == 0 ? (int64_t)u.ru_maxrss * 1024 : 0;
}

static json_t *sizes(const eid_near_result *r)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->sizes; i++)
        json_array_append_new(list,
                              json_pack("{s:I, s:I}", "documents", (json_int_t)r->size[i].documents,
                                        "clusters", (json_int_t)r->size[i].clusters));
    return list;
}

static int print_json(cli *c, const eid_near_opts *o, const eid_near_result *r)
{
    char ledger[4096];

    snprintf(ledger, sizeof ledger, "%s/clusters.jsonl", c->out);
    return cli_object(
        c,
        json_pack(
            "{s:s, s:s, s:f, s:f, s:s, s:I, s:I, s:{s:I, s:I, s:I}, s:{s:I, s:I, s:I}, s:I, s:I, "
            "s:I, s:I, s:o, s:I, s:I, s:I, s:I, s:o, s:o}",
            "mode", "near", "unit", "documents", "threshold", o->near, "edit",
            o->edit < 0 ? o->near : o->edit, "policy",
            o->keep == EID_NEAR_KEEP_LONGEST ? "longest" : "first", "band", (json_int_t)r->band,
            "bands", (json_int_t)r->bands, "documents", "in", (json_int_t)r->documents, "out",
            (json_int_t)r->kept, "changed", (json_int_t)0, "bytes", "in", (json_int_t)r->bytes,
            "kept", (json_int_t)r->bytes_kept, "cut", (json_int_t)r->bytes_cut, "identical",
            (json_int_t)r->identical, "near", (json_int_t)r->near, "chained",
            (json_int_t)r->chained, "clusters", (json_int_t)r->clusters, "cluster_sizes", sizes(r),
            "candidates", (json_int_t)r->compared, "verified", (json_int_t)r->duplicates, "reused",
            (json_int_t)r->reused, "peak_bytes", (json_int_t)peak_bytes(), "out",
            cli_string(c->out), "ledger", cli_string(ledger)));
}

static void print(const cli *c, const eid_near_result *r)
{
    printf("documents\t%" PRId64 "\nkept\t%" PRId64 "\n", r->documents, r->kept);
    printf("identical\t%" PRId64 "\nnear\t%" PRId64 "\n", r->identical, r->near);
    printf("chained\t%" PRId64 "\nclusters\t%" PRId64 "\n", r->chained, r->clusters);
    if (r->sizes)
        printf("largest\t%" PRId64 "\n", r->size[r->sizes - 1].documents);
    printf("bytes\t%" PRId64 "\nbytes_kept\t%" PRId64 "\n", r->bytes, r->bytes_kept);
    printf("compared\t%" PRId64 "\nout\t%s\n", r->compared, c->out);
}

/* What it would take, without reading: known for each document, not for how many. */
static int plan(cli *c, const eid_near_opts *o)
{
    int64_t band = o->band, bands = o->bands;

    if (o->permutations && eid_near_bands(o->near, o->permutations, &band, &bands) != EID_OK)
        return cli_failed(c);
    double found = eid_near_found(o->near, band, bands);
    if (c->json)
        return cli_object(c, json_pack("{s:I, s:I, s:f, s:I}", "band", (json_int_t)band, "bands",
                                       (json_int_t)bands, "found_at_threshold", found,
                                       "spill_bytes_per_document", (json_int_t)(8 * bands + 16)));
    printf("bands\t%" PRId64 " of %" PRId64 " hashes\n", bands, band);
    printf("found\t%.4f of pairs at the threshold\n", found);
    printf("spill\t%" PRId64 " bytes a document, and the text\n", 8 * bands + 16);
    return CLI_OK;
}

int cli_dedup_near(cli *c, const eid_corpus_opts *read, const eid_near_opts *opts)
{
    eid_near_result r = {0};
    eid_corpus *summary = NULL;
    int rc;

    if (c->dry_run)
        return plan(c, opts);
    if (!c->out)
        return cli_wrong(c, "--out is needed");
    if (eid_near(c->ctx, c->operands.at, c->operands.n, read, opts, c->out, &r, &summary) != EID_OK)
        return cli_failed(c);
    cli_corpus_inputs(c, summary);
    if (c->json) {
        rc = print_json(c, opts, &r);
    } else {
        print(c, &r);
        rc = CLI_OK;
    }
    eid_near_result_free(&r);
    eid_corpus_free(summary);
    return rc;
}
