#include "bank_scores.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

typedef struct args {
    int64_t splits;
} args;

static const eid_opt own[] = {
    {EID_OPT_I64, "splits", offsetof(args, splits), 1, 10000,
     "random halves of the models that are compared", NULL, 0},
    {0},
};

static const cli_usage usage = {
    .verb = "consistency",
    .synopsis = "BANK... [options] | --probs F.npy --masks M.npy [options]",
    .description =
        "How regular an example is: the share of the models that were not trained on it and are "
        "right about it, for every bank, that is for every fraction of the examples trained on "
        "(the C-score's curve). The score of an example is the mean over banks. Low scores are "
        "exceptions, ambiguous examples and wrong labels.",
    .example = "consistency bank-10/ bank-30/ bank-70/ --out consistency/",
    .min_operands = 0,
    .max_operands = -1,
};

typedef struct row {
    double fraction; /* of the examples that a model was trained on, mean */
    int64_t models;
    eid_estimate mean, half, full;
} row;

typedef struct curve {
    row *row;
    size_t banks;
    int64_t n;
    double *sum;   /* of what the banks say of each example */
    int64_t *told; /* by how many */
} curve;

static int add(cli *c, const args *a, curve *v, const cli_bank *b)
{
    eid_memorization *m = NULL;
    eid_reliability r;
    row *to = &v->row[v->banks];
    double in = 0;
    int rc = CLI_OK;

    if (v->banks && b->bank->train.n != v->n)
        return cli_refuse(c, "invalid",
                          "bank %zu is about %" PRId64 " examples, the first about %" PRId64,
                          v->banks, b->bank->train.n, v->n);
    v->n = b->bank->train.n;
    if (!v->sum && (!(v->sum = calloc((size_t)v->n, sizeof *v->sum)) ||
                    !(v->told = calloc((size_t)v->n, sizeof *v->told))))
        return cli_refuse(c, "memory", "no memory for %" PRId64 " scores", v->n);
    if (eid_memorization_of(&m, c->ctx, b->bank, NULL, 0) != EID_OK)
        return cli_failed(c);
    if (b->bank->models < 2)
        r.half = r.full = eid_estimate_none("unresolved: one model has no halves");
    else if (eid_bank_reliability(&r, c->ctx, b->bank, b->data.train, EID_BANK_CONSISTENCY,
                                  a->splits, (uint64_t)c->seed) != EID_OK)
        rc = cli_failed(c);
    double *told = malloc((size_t)v->n * sizeof *told);
    if (rc == CLI_OK && !told)
        rc = cli_refuse(c, "memory", "no memory for %" PRId64 " scores", v->n);
    if (rc == CLI_OK) {
        size_t n = 0;
        for (int64_t i = 0; i < v->n; i++) {
            in += (double)m->in[i] / (double)m->models / (double)v->n;
            if (!isfinite(m->consistency[i]))
                continue;
            told[n++] = m->consistency[i];
            v->sum[i] += m->consistency[i];
            v->told[i]++;
        }
        *to = (row){in, m->models, eid_mean_t(told, n), r.half, r.full};
        v->banks++;
    }
    free(told);
    eid_memorization_free(m);
    return rc;
}

static int tell(cli *c, curve *v, const cli_bank *b)
{
    const eid_bank_column column = {"consistency", v->sum};
    eid_bank_scores s = {.examples = v->n, .data = b->data.train, .column = &column, .columns = 1};
    json_t *rows = json_array();
    int rc;

    for (int64_t i = 0; i < v->n; i++)
        v->sum[i] = v->told[i] ? v->sum[i] / (double)v->told[i] : NAN;
    rc = c->out ? cli_scores_keep(c, &s) : CLI_OK;
    for (size_t k = 0; rc == CLI_OK && k < v->banks; k++) {
        const row *r = &v->row[k];
        json_array_append_new(rows, json_pack("{s:f, s:I, s:o, s:o, s:o}", "fraction", r->fraction,
                                              "models", (json_int_t)r->models, "mean",
                                              cli_scores_estimate(&r->mean), "split_half",
                                              cli_scores_estimate(&r->half), "spearman_brown",
                                              cli_scores_estimate(&r->full)));
        if (c->json)
            continue;
        char name[64];
        snprintf(name, sizeof name, "fraction %.3f", r->fraction);
        cli_scores_print(name, &r->mean);
        cli_scores_print("  halves agree", &r->half);
    }
    if (rc == CLI_OK && c->json)
        return cli_object(c, json_pack("{s:I, s:o, s:o}", "examples", (json_int_t)v->n, "curve",
                                       rows, "arrays",
                                       c->out ? json_pack("{s:o}", "consistency",
                                                          cli_path(c, "scores/consistency.npy"))
                                              : json_object()));
    json_decref(rows);
    return rc;
}

int cmd_consistency(int argc, char **argv)
{
    args a = {.splits = 5};
    cli_bank_args from = {0};
    eid_dataset_opts read = eid_dataset_opts_default();
    const cli_group groups[] = {
        {"Evidence", NULL, cli_bank_table, &from},
        {"Reliability", NULL, own, &a},
        {"Reading, reducing, changing", NULL, eid_dataset_opt_table, &read},
        {0},
    };
    curve v = {0};
    cli c;
    int rc = cli_begin(&c, argc, argv, &usage, groups);

    if (rc != CLI_GO)
        return rc;
    size_t banks = c.operands.n ? c.operands.n : 1;
    from.labels = read.labels;
    v.row = calloc(banks, sizeof *v.row);
    if (!v.row)
        rc = cli_refuse(&c, "memory", "no memory for %zu banks", banks);
    else
        rc = CLI_OK;
    for (size_t k = 0; k < banks && rc == CLI_OK; k++) {
        cli_bank b = {0};
        rc = cli_bank_open(&c, &b, c.operands.n ? c.operands.at[k] : NULL, &from, &read);
        if (rc == CLI_OK && c.dry_run)
            rc = cli_bank_plan(&c, &b);
        else if (rc == CLI_OK)
            rc = add(&c, &a, &v, &b);
        if (rc == CLI_OK && !c.dry_run && k + 1 == banks)
            rc = tell(&c, &v, &b);
        cli_bank_close(&b);
    }
    free(v.row);
    free(v.sum);
    free(v.told);
    return cli_end(&c, rc);
}
