#include "duplicates_show.h"
#include "temporary_index.h"

typedef struct args {
    const char *other;
    double near;
    int64_t show;
    bool reveal;
} args;

static const eid_opt own[] = {
    {EID_OPT_STR, "other", offsetof(args, other), 0, 0,
     "also what this index or corpus has in common with it", NULL, EID_OPT_PATH_IN},
    {EID_OPT_F64, "near", offsetof(args, near), 0, 1,
     "also clusters of documents that share so much of their word 5-grams; 0: not", NULL, 0},
    {EID_OPT_I64, "show", offsetof(args, show), 1, 1e6, "bytes to show of each string", NULL, 0},
    {EID_OPT_BOOL, "reveal", offsetof(args, reveal), 0, 0,
     "show addresses, numbers and keys as they are", NULL, EID_OPT_NEUTRAL},
    {0},
};

static const cli_usage usage = {
    .verb = "duplicates",
    .synopsis = "INDEX|CORPUS... [--other PATH] [--out RUN] [options]",
    .description =
        "What a corpus says more than once: for each length, how many strings stand in it how "
        "often, and the share of its bytes that lie in repeated ones; the strings that cover most "
        "of it. With --other, the share of either that stands in the other, and the longest "
        "strings that both hold. Counted exactly, over all shards. A corpus that is no index is "
        "indexed first, in a folder of $TMPDIR. --out keeps the numbers as a run with a report.",
    .example = "duplicates linux.idx --lengths 50,100,200,500 --top 10",
    .min_operands = 1,
    .max_operands = -1,
};

/* Clusters of near-duplicates; what would be left of the corpus is not kept. */
static int find_near(cli *c, const cli_index *mine, double near, const eid_corpus_opts *read,
                     eid_near_result *r)
{
    eid_near_opts o = eid_near_opts_default();
    char folder[sizeof mine->folder + 16];

    if (!mine->folder[0])
        return cli_wrong(c, "--near reads a corpus; an index does not hold what it takes");
    o.near = near;
    snprintf(folder, sizeof folder, "%s/near", mine->folder);
    return eid_near(c->ctx, c->operands.at, c->operands.n, read, &o, folder, r, NULL) == EID_OK
               ? CLI_OK
               : cli_failed(c);
}

static int find(cli *c, const eid_duplicates_opts *opts, duplicates_found *f)
{
    if (eid_index_duplicates(&f->own, c->ctx, f->ix, opts) != EID_OK ||
        (f->other && eid_index_shared(&f->shared, c->ctx, f->ix, f->other, opts) != EID_OK))
        return cli_failed(c);
    return CLI_OK;
}

static int tell(cli *c, const args *a, const eid_duplicates_opts *opts, const duplicates_found *f)
{
    const eid_duplicates_found kept = {.index = f->ix,
                                       .other = f->other,
                                       .path = c->operands.at[0],
                                       .other_path = a->other,
                                       .own = f->own,
                                       .shared = f->shared,
                                       .near = f->near,
                                       .threshold = f->threshold,
                                       .opts = opts,
                                       .command_line = cli_command_line(c)};
    if (c->out && eid_duplicates_write(c->ctx, &kept, c->out) != EID_OK)
        return cli_failed(c);
    if (c->out)
        cli_say(c, "%s/report.html shows it", c->out);
    if (c->json)
        return cli_object(c, duplicates_json(f, c->out));
    duplicates_print(f);
    return CLI_OK;
}

static int run(cli *c, const args *a, const eid_duplicates_opts *opts, const eid_corpus_opts *read)
{
    cli_index mine = {0}, other = {0};
    eid_near_result near = {0};
    duplicates_found f = {.show = a->show, .reveal = a->reveal, .threshold = a->near};
    eid_corpus_opts all = *read;
    int rc = cli_index_of(c, &mine, c->operands.at, c->operands.n, read);

    all.include = NULL; /* the pattern is for the corpus */
    if (rc == CLI_OK && a->other)
        rc = cli_index_of(c, &other, &a->other, 1, &all);
    f.ix = mine.ix;
    f.other = other.ix;
    if (rc == CLI_OK && a->near > 0)
        rc = find_near(c, &mine, a->near, read, &near);
    f.near = a->near > 0 ? &near : NULL;
    if (rc == CLI_OK)
        rc = find(c, opts, &f);
    if (rc == CLI_OK)
        rc = tell(c, a, opts, &f);
    eid_duplicates_free(f.own);
    eid_shared_free(f.shared);
    eid_near_result_free(&near);
    cli_index_close(&mine);
    cli_index_close(&other);
    return rc;
}

int cmd_duplicates(int argc, char **argv)
{
    args a = {.show = 300};
    eid_corpus_opts read = eid_corpus_opts_default();
    eid_duplicates_opts opts = eid_duplicates_opts_default();
    const cli_group groups[] = {
        {"What to count", NULL, eid_duplicates_opt_table, &opts},
        {"Showing", NULL, own, &a},
        {"Reading a corpus", NULL, eid_corpus_opt_table, &read},
        {0},
    };
    int64_t length[EID_DUPLICATE_LENGTHS];
    size_t n;
    cli c;
    int rc = cli_begin(&c, argc, argv, &usage, groups);

    if (rc != CLI_GO)
        return rc;
    if (eid_duplicates_lengths(&opts, length, &n) !=
        EID_OK) /* before an hour is spent on an index */
        rc = cli_failed(&c);
    else
        rc = run(&c, &a, &opts, &read);
    return cli_end(&c, rc);
}
