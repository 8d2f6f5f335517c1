#include "bank_of.h"
#include <inttypes.h>

const eid_opt cli_bank_table[] = {
    {EID_OPT_STR, "data", offsetof(cli_bank_args, data), 0, 0,
     "the bank's examples, compared by hash: for ids, labels and which of them were changed", NULL,
     EID_OPT_PATH_IN},
    {EID_OPT_STR, "logits", offsetof(cli_bank_args, logits), 0, 0,
     "in place of a bank: logits of models from elsewhere, .npy (model x example x class)", NULL,
     EID_OPT_PATH_IN},
    {EID_OPT_STR, "probs", offsetof(cli_bank_args, probs), 0, 0,
     "the same as probabilities; of the true class alone: (model x example), of log odds for "
     "--logits",
     NULL, EID_OPT_PATH_IN},
    {EID_OPT_STR, "masks", offsetof(cli_bank_args, masks), 0, 0,
     "which examples each was trained on: .npy (model x example) of 0 and 1, or bits as a bank has",
     NULL, EID_OPT_PATH_IN},
    {EID_OPT_STR, "test-logits", offsetof(cli_bank_args, test_logits), 0, 0,
     "logits about examples that none was trained on", NULL, EID_OPT_PATH_IN},
    {EID_OPT_STR, "test-probs", offsetof(cli_bank_args, test_probs), 0, 0,
     "the same as probabilities", NULL, EID_OPT_PATH_IN},
    {EID_OPT_STR, "test-labels", offsetof(cli_bank_args, test_labels), 0, 0,
     "labels of those, .npy", NULL, EID_OPT_PATH_IN},
    {0},
};

static eid_status read(eid_array **out, cli *c, const char *path)
{
    return path ? eid_array_read(out, c->ctx, path) : EID_OK;
}

static int from_arrays(cli *c, cli_bank *b, const cli_bank_args *a)
{
    enum { VALUES, LABELS, MASKS, TEST_VALUES, TEST_LABELS, N };
    const char *path[N] = {a->logits ? a->logits : a->probs, a->labels, a->masks,
                           a->test_logits ? a->test_logits : a->test_probs, a->test_labels};
    eid_array *at[N] = {NULL};
    eid_status st = EID_OK;

    if (a->logits && a->probs)
        return cli_wrong(c, "one of --logits and --probs");
    if (!a->masks)
        return cli_wrong(c, "--masks is needed: which examples each model was trained on");
    if (a->test_logits ? !a->logits : a->test_probs && !a->probs)
        return cli_wrong(c, "both sets as logits, or both as probabilities");
    for (int k = 0; k < N && st == EID_OK; k++)
        st = read(&at[k], c, path[k]);
    if (st == EID_OK)
        st = eid_bank_from(&b->bank, c->ctx,
                           &(eid_bank_arrays){.values = at[VALUES],
                                              .labels = at[LABELS],
                                              .masks = at[MASKS],
                                              .test_values = at[TEST_VALUES],
                                              .test_labels = at[TEST_LABELS],
                                              .probs = !a->logits});
    for (int k = 0; k < N; k++)
        eid_array_free(at[k]);
    return st == EID_OK ? CLI_OK : cli_failed(c);
}

int cli_bank_open(cli *c, cli_bank *b, const char *dir, const cli_bank_args *a,
                  const eid_dataset_opts *read_opts)
{
    int rc = a->data ? cli_data_open(c, &b->data, a->data, read_opts) : CLI_OK;

    if (rc != CLI_OK)
        return rc;
    if (!dir == !(a->logits || a->probs))
        return cli_wrong(c, dir ? "a bank, or --logits or --probs in place of one"
                                : "the folder of a bank is needed, or --logits or --probs");
    if (!dir)
        rc = from_arrays(c, b, a);
    else if (eid_bank_open(&b->bank, c->ctx, dir, b->data.train, b->data.test) != EID_OK)
        rc = cli_failed(c);
    if (rc == CLI_OK && b->data.train && b->data.train->n != b->bank->train.n)
        rc = cli_refuse(c, "invalid", "%s has %lld training examples, the models speak of %lld",
                        a->data, (long long)b->data.train->n, (long long)b->bank->train.n);
    if (rc == CLI_OK && b->data.test && b->bank->test.n && b->data.test->n != b->bank->test.n)
        rc = cli_refuse(c, "invalid", "%s has %lld test examples, the models speak of %lld",
                        a->data, (long long)b->data.test->n, (long long)b->bank->test.n);
    return rc;
}

int cli_bank_plan(cli *c, const cli_bank *b)
{
    const eid_bank *k = b->bank;

    if (c->json)
        return cli_object(c, json_pack("{s:I, s:I, s:I}", "models", (json_int_t)k->models,
                                       "examples", (json_int_t)k->train.n, "test_examples",
                                       (json_int_t)k->test.n));
    printf("models\t%" PRId64 "\nexamples\t%" PRId64 "\ntest examples\t%" PRId64 "\n", k->models,
           k->train.n, k->test.n);
    return CLI_OK;
}

void cli_bank_close(cli_bank *b)
{
    eid_bank_free(b->bank);
    cli_data_close(&b->data);
}
