#include "data.h"
#include <inttypes.h>
#include <math.h>

typedef struct args {
    const char *scores, *data;
} args;

static const eid_opt own[] = {
    {EID_OPT_STR, "scores", offsetof(args, scores), 0, 0,
     "attributions, .npy of test x training examples in the bank's order; high: it helps", NULL,
     EID_OPT_REQUIRED | EID_OPT_PATH_IN},
    {EID_OPT_STR, "data", offsetof(args, data), 0, 0,
     "the bank's examples: compared by hash; needed by a bank of logits", NULL, EID_OPT_PATH_IN},
    {0},
};

static const cli_usage usage = {
    .verb = "lds",
    .synopsis = "BANK --scores F.npy [options]",
    .description =
        "Judges attributions by models that were trained on known parts of the examples: for a "
        "test example, the sum of the scores of those that a model was trained on should order "
        "the models as their answers do. Prints the linear datamodeling score, Spearman's rank "
        "correlation over the bank's models, mean over test examples, and the same for scores "
        "given to other training examples, which is 0 but for chance. Make the bank with "
        "\"--design half --fraction 0.5\".",
    .example = "lds bank/ --scores influence/influence.npy",
    .min_operands = 1,
    .max_operands = 1,
};

static json_t *number(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *estimate(const eid_estimate *e)
{
    return json_pack("{s:o, s:o, s:o, s:I, s:s, s:s}", "value", number(e->value), "low",
                     number(e->low), "high", number(e->high), "n", (json_int_t)e->n, "method",
                     e->method ? e->method : "", "why", e->why);
}

static void print(const char *name, const eid_estimate *e)
{
    if (isfinite(e->value))
        printf("%s\t%.4f\t%.4f\t%.4f\n", name, e->value, e->low, e->high);
    else
        printf("%s\t%s\n", name, e->why);
}

static int tell(cli *c, const eid_bank *b, const eid_lds_result *r)
{
    json_t *each;

    if (!c->json) {
        printf("models\t%" PRId64 "\ntest examples\t%" PRId64 "\n", b->models, b->test.n);
        print("lds", &r->score);
        print("shuffled scores", &r->shuffled);
        if (r->constant)
            printf("do not vary\t%" PRId64 "\n", r->constant);
        return CLI_OK;
    }
    each = json_array();
    for (int64_t j = 0; j < b->test.n; j++)
        json_array_append_new(each, number(r->each[j]));
    return cli_object(c, json_pack("{s:I, s:I, s:I, s:o, s:o, s:I, s:o}", "models",
                                   (json_int_t)b->models, "examples", (json_int_t)b->train.n,
                                   "test_examples", (json_int_t)b->test.n, "lds",
                                   estimate(&r->score), "shuffled", estimate(&r->shuffled),
                                   "constant", (json_int_t)r->constant, "each", each));
}

static int judge(cli *c, const args *a, const cli_data *d)
{
    eid_bank *b = NULL;
    eid_array *scores = NULL;
    eid_lds_result *r = NULL;
    int rc = CLI_OK;

    if (eid_bank_open(&b, c->ctx, c->operands.at[0], d->train, d->test) != EID_OK ||
        eid_array_read(&scores, c->ctx, a->scores) != EID_OK ||
        eid_lds_bank(&r, c->ctx, b, d->test, scores, (uint64_t)c->seed) != EID_OK)
        rc = cli_failed(c);
    else
        rc = tell(c, b, r);
    eid_lds_result_free(r);
    eid_array_free(scores);
    eid_bank_free(b);
    return rc;
}

int cmd_lds(int argc, char **argv)
{
    args a = {0};
    eid_dataset_opts read = eid_dataset_opts_default();
    const cli_group groups[] = {
        {"Attributions", NULL, own, &a},
        {"Reading, reducing, changing", NULL, eid_dataset_opt_table, &read},
        {0},
    };
    cli_data d = {0};
    cli c;
    int rc = cli_begin(&c, argc, argv, &usage, groups);

    if (rc != CLI_GO)
        return rc;
    rc = a.data ? cli_data_open(&c, &d, a.data, &read) : CLI_OK;
    if (rc == CLI_OK)
        rc = judge(&c, &a, &d);
    cli_data_close(&d);
    return cli_end(&c, rc);
}
