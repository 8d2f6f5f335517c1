#include "bank_scores.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct args {
    int64_t splits, top;
    bool removal;
    const char *ids;
} args;

static const eid_opt own[] = {
    {EID_OPT_I64, "splits", offsetof(args, splits), 1, 10000,
     "random halves of the models that are compared", NULL, 0},
    {EID_OPT_I64, "top", offsetof(args, top), 0, 1 << 24, "most memorized examples to print", NULL,
     EID_OPT_NEUTRAL},
    {EID_OPT_BOOL, "removal", offsetof(args, removal), 0, 0,
     "train anew without the memorized, and without as many at random; needs --data and the "
     "bank's training options",
     NULL, 0},
    {EID_OPT_STR, "ids", offsetof(args, ids), 0, 0,
     "ids of the arrays' examples, .npy: compared with those of --data", NULL, EID_OPT_PATH_IN},
    {0},
};

static const cli_usage usage = {
    .verb = "memorization",
    .synopsis = "BANK [options] | --probs F.npy --masks M.npy [options]",
    .description =
        "Which training examples are memorized: mem is the share of the models trained on an "
        "example that are right about it, less that of the others. Prints how well halves of the "
        "models agree, with --data how well mem finds labels that are not the clean ones, and, "
        "where the bank has test examples, which of them are helped by which training example, "
        "against the greatest influence that chance reaches. With --out, writes every score.",
    .example = "memorization bank/ --data fashion-mnist --examples 5000 --out memorization/",
    .min_operands = 0,
    .max_operands = 1,
};

enum { MEM, CLEAN, FLIPS, FINDS, MEMORIZED, HALF, FULL, FIGURES };
static const char *const FIGURE[FIGURES] = {
    "mem.mean",        "mem.median_unchanged", "mem.mean_changed",  "mem.finds_changed",
    "mem.share_above", "mem.split_half",       "mem.spearman_brown"};

typedef struct found {
    const cli_bank *e;
    eid_memorization *m;
    eid_high_influence *pairs; /* NULL: no test examples */
    eid_removal removal;
    eid_estimate figure[FIGURES];
} found;

/* ---- figures --------------------------------------------------------------------------------- */

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts x.  Order statistics around the middle, 95%: binomial(n, 1/2) by its normal limit. */
static eid_estimate median(double *x, int64_t n)
{
    eid_estimate e = {.n = n, .method = "order statistics"};

    if (n < 6) {
        e = eid_estimate_none("unresolved: fewer than 6 examples");
        return e;
    }
    qsort(x, (size_t)n, sizeof *x, ascending);
    int64_t low = (int64_t)floor((double)n / 2 - 0.98 * sqrt((double)n));
    low = low < 0 ? 0 : low;
    e.value = n % 2 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
    e.low = x[low];
    e.high = x[n - 1 - low];
    return e;
}

static eid_status find_changed(found *f, double *side[2], const int64_t n[2])
{
    eid_roc *roc = NULL;
    eid_status st = eid_roc_new(&roc, side[1], (size_t)n[1], side[0], (size_t)n[0]);

    if (st == EID_OK)
        f->figure[FINDS] = eid_roc_auc(roc);
    eid_roc_free(roc);
    if (st == EID_OK) {
        f->figure[FLIPS] = eid_mean_t(side[1], (size_t)n[1]);
        f->figure[CLEAN] = median(side[0], n[0]);
    }
    return st;
}

static int figures(cli *c, found *f, double least)
{
    const eid_dataset *d = f->e->data.train;
    int64_t all = f->m->examples, n[2] = {0}, above = 0;
    double *side[2] = {malloc((size_t)all * sizeof(double)), malloc((size_t)all * sizeof(double))};
    eid_status st = EID_OK;

    if (!side[0] || !side[1]) {
        free(side[0]);
        free(side[1]);
        return cli_refuse(c, "memory", "no memory for %" PRId64 " scores", all);
    }
    for (int64_t i = 0; i < all; i++)
        if (isfinite(f->m->mem[i]))
            side[0][n[0]++] = f->m->mem[i];
    f->figure[MEM] = eid_mean_t(side[0], (size_t)n[0]);
    n[0] = 0;
    for (int64_t i = 0; i < all; i++) {
        bool changed = d && d->label[i] != d->clean[i];
        if (!isfinite(f->m->mem[i]))
            continue;
        side[changed][n[changed]++] = f->m->mem[i];
        above += !changed && f->m->mem[i] >= least;
    }
    f->figure[MEMORIZED] = eid_proportion(above, n[0]);
    for (int i = CLEAN; i <= FINDS; i++)
        f->figure[i] = eid_estimate_none("no label is known to be changed");
    if (n[1] > 0)
        st = find_changed(f, side, n);
    free(side[0]);
    free(side[1]);
    return st == EID_OK ? CLI_OK : cli_failed(c);
}

/* ---- what is told ---------------------------------------------------------------------------- */

typedef struct ranked {
    double mem;
    int64_t at;
} ranked;

static int by_mem(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    return x->mem != y->mem ? (x->mem < y->mem ? 1 : -1) : (x->at > y->at) - (x->at < y->at);
}

static json_t *top_of(const found *f, const ranked *order, int64_t n)
{
    const eid_dataset *d = f->e->data.train;
    json_t *top = json_array();

    for (int64_t i = 0; i < n; i++) {
        int64_t at = order[i].at;
        json_array_append_new(top, json_pack("{s:I, s:o, s:o, s:f, s:f}", "id",
                                             (json_int_t)(d ? d->id[at] : at), "label",
                                             d ? json_integer(d->label[at]) : json_null(), "clean",
                                             d ? json_integer(d->clean[at]) : json_null(), "score",
                                             f->m->mem[at], "se", f->m->se[at]));
    }
    return top;
}

static json_t *removal_json(const eid_removal *r)
{
    json_t *levels = json_array();

    for (int g = 0; g < EID_REMOVAL_LEVELS; g++)
        json_array_append_new(levels,
                              json_pack("{s:f, s:I, s:o, s:o, s:o}", "mem", r->level[g].mem,
                                        "removed", (json_int_t)r->level[g].removed, "memorized",
                                        cli_scores_estimate(&r->level[g].memorized), "random",
                                        cli_scores_estimate(&r->level[g].random), "cost",
                                        cli_scores_estimate(&r->level[g].cost)));
    return json_pack("{s:o, s:o}", "all", cli_scores_estimate(&r->all), "levels", levels);
}

static json_t *pairs_json(const eid_high_influence *p)
{
    if (!p)
        return json_null();
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:o}", "candidates", (json_int_t)p->candidates,
                     "found", (json_int_t)p->found, "resolved", (json_int_t)p->resolved, "tests",
                     (json_int_t)p->tests, "listed", (json_int_t)p->kept, "bar",
                     isfinite(p->bar) ? json_real(p->bar) : json_null());
}

static json_t *as_json(const cli *c, const args *a, const found *f, const ranked *order)
{
    static const char *const name[] = {"mem", "mem_se", "consistency", "consistency_se"};
    json_t *summary = json_array(), *arrays = json_object();
    int64_t n = f->m->examples - f->m->unseen;
    char path[64];

    for (int i = 0; i < FIGURES; i++)
        json_array_append_new(summary, json_pack("{s:s, s:o}", "name", FIGURE[i], "value",
                                                 cli_scores_estimate(&f->figure[i])));
    for (int i = 0; c->out && i < 4; i++) {
        snprintf(path, sizeof path, "scores/%s.npy", name[i]);
        json_object_set_new(arrays, name[i], cli_path(c, path));
    }
    return json_pack("{s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "examples",
                     (json_int_t)f->m->examples, "models", (json_int_t)f->m->models, "unseen",
                     (json_int_t)f->m->unseen, "arrays", arrays, "summary", summary, "pairs",
                     pairs_json(f->pairs), "removal",
                     a->removal ? removal_json(&f->removal) : json_null(), "top",
                     top_of(f, order, a->top < n ? a->top : n));
}

static void print_pairs(const eid_high_influence *p)
{
    if (!p)
        return;
    printf("influence candidates\t%" PRId64 "\ninfluence pairs\t%" PRId64 "\n", p->candidates,
           p->found);
    if (p->resolved)
        printf("influence resolved\t%" PRId64 "\t%" PRId64 " test examples\n", p->resolved,
               p->tests);
    else
        printf("influence resolved\tnone resolved\n");
}

static void print(const args *a, const found *f, const ranked *order)
{
    const eid_dataset *d = f->e->data.train;

    printf("examples\t%" PRId64 "\nmodels\t%" PRId64 "\nunseen\t%" PRId64 "\n", f->m->examples,
           f->m->models, f->m->unseen);
    for (int i = 0; i < FIGURES; i++)
        cli_scores_print(FIGURE[i], &f->figure[i]);
    print_pairs(f->pairs);
    for (int g = 0; a->removal && g < EID_REMOVAL_LEVELS; g++) {
        char name[64];
        snprintf(name, sizeof name, "removed mem %.1f\t%" PRId64, f->removal.level[g].mem,
                 f->removal.level[g].removed);
        cli_scores_print(name, &f->removal.level[g].cost);
    }
    for (int64_t i = 0; i < a->top && i < f->m->examples - f->m->unseen; i++) {
        int64_t at = order[i].at;
        printf("memorized\t%" PRId64 "\t%.4f\t%.4f\n", d ? d->id[at] : at, f->m->mem[at],
               f->m->se[at]);
    }
}

static int write_out(cli *c, const found *f)
{
    const eid_bank_column column[] = {{"mem", f->m->mem},
                                      {"mem_se", f->m->se},
                                      {"consistency", f->m->consistency},
                                      {"consistency_se", f->m->consistency_se}};
    eid_bank_figure figure[FIGURES];
    char name[FIGURES][64];

    for (int i = 0; i < FIGURES; i++) {
        snprintf(name[i], sizeof name[i], "memorization.%s", FIGURE[i]);
        figure[i] = (eid_bank_figure){name[i], f->figure[i]};
    }
    eid_bank_scores s = {.examples = f->m->examples,
                         .data = f->e->data.train,
                         .test = f->e->data.test,
                         .column = column,
                         .columns = 4,
                         .figure = figure,
                         .figures = FIGURES,
                         .pairs = f->pairs};
    return cli_scores_keep(c, &s);
}

static int tell(cli *c, const args *a, const found *f)
{
    int64_t n = f->m->examples, k = 0;
    ranked *order = malloc((size_t)n * sizeof *order);
    int rc = c->out ? write_out(c, f) : CLI_OK;

    if (!order)
        return cli_refuse(c, "memory", "no memory for %" PRId64 " places", n);
    for (int64_t i = 0; i < n; i++)
        if (isfinite(f->m->mem[i]))
            order[k++] = (ranked){f->m->mem[i], i};
    qsort(order, (size_t)k, sizeof *order, by_mem);
    if (rc == CLI_OK && c->json)
        rc = cli_object(c, as_json(c, a, f, order));
    else if (rc == CLI_OK)
        print(a, f, order);
    free(order);
    return rc;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static int measure(cli *c, const args *a, const eid_high_influence_opts *po,
                   const eid_removal_opts *ro, const eid_classifier_opts *training,
                   const cli_bank *e)
{
    found f = {.e = e};
    eid_reliability half;
    int rc = CLI_OK;

    if (eid_memorization_of(&f.m, c->ctx, e->bank, NULL, 0) != EID_OK)
        return cli_failed(c);
    if (e->bank->models < 2) {
        half.half = half.full = eid_estimate_none("unresolved: one model has no halves");
    } else if (eid_bank_reliability(&half, c->ctx, e->bank, e->data.train, EID_BANK_MEM, a->splits,
                                    (uint64_t)c->seed) != EID_OK) {
        rc = cli_failed(c);
    }
    if (rc == CLI_OK && e->bank->test.n &&
        eid_high_influence_of(&f.pairs, c->ctx, e->bank, f.m->mem, po) != EID_OK)
        rc = cli_failed(c);
    if (rc == CLI_OK && a->removal &&
        eid_removal_of(&f.removal, c->ctx, e->data.train, e->data.test, training, f.m->mem, ro) !=
            EID_OK)
        rc = cli_failed(c);
    if (rc == CLI_OK) {
        f.figure[HALF] = half.half;
        f.figure[FULL] = half.full;
        rc = figures(c, &f, po->mem);
    }
    if (rc == CLI_OK)
        rc = tell(c, a, &f);
    eid_high_influence_free(f.pairs);
    eid_memorization_free(f.m);
    return rc;
}

int cmd_memorization(int argc, char **argv)
{
    args a = {.splits = 5, .top = 10};
    cli_bank_args from = {0};
    eid_high_influence_opts pairs = eid_high_influence_opts_default();
    eid_removal_opts removal = eid_removal_opts_default();
    eid_classifier_opts training = eid_classifier_opts_default();
    eid_dataset_opts read = eid_dataset_opts_default();
    const cli_group groups[] = {
        {"Evidence", NULL, cli_bank_table, &from},
        {"Memorization", NULL, own, &a},
        {"High-influence pairs", NULL, eid_high_influence_opt_table, &pairs},
        {"Removal", NULL, eid_removal_opt_table, &removal},
        {"Model and training (--removal)", NULL, eid_classifier_opt_table, &training},
        {"Reading, reducing, changing", NULL, eid_dataset_opt_table, &read},
        {0},
    };
    cli_bank e = {0};
    cli c;
    int rc = cli_begin(&c, argc, argv, &usage, groups);

    if (rc != CLI_GO)
        return rc;
    from.labels = read.labels;
    if (a.removal && !from.data)
        rc = cli_wrong(&c, "--removal needs --data: it trains");
    else
        rc = cli_bank_open(&c, &e, c.operands.n ? c.operands.at[0] : NULL, &from, &read);
    if (rc == CLI_OK)
        rc = cli_scores_ids(&c, &e, a.ids);
    if (rc == CLI_OK && c.dry_run)
        rc = cli_bank_plan(&c, &e);
    else if (rc == CLI_OK)
        rc = measure(&c, &a, &pairs, &removal, &training, &e);
    cli_bank_close(&e);
    return cli_end(&c, rc);
}
