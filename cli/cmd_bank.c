#include "data.h"
#include "ranks.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

typedef struct args {
    const char *data;
} args;

static const eid_opt own[] = {
    {EID_OPT_STR, "data", offsetof(args, data), 0, 0,
     "the examples: fashion-mnist, a folder or a file; as \"eidetic dataset\" reads them", NULL,
     EID_OPT_REQUIRED | EID_OPT_PATH_IN},
    {0},
};

static const cli_usage usage = {
    .verb = "bank",
    .synopsis = "--data DATA --out RUN [options]",
    .description =
        "Trains many classifiers, each on a known part of the examples, and keeps what every one "
        "of them says about every example: the evidence for memorization, influence and "
        "membership. One model per thread; stopped or killed, the same command goes on with the "
        "models that are not done, to the same bits. Under mpirun or srun the processes share the "
        "models out. docs/bank.md describes the arrays.",
    .example = "bank --data fashion-mnist --examples 5000 --models 200 --model mlp:128 --out bank/",
    .min_operands = 0,
    .max_operands = 0,
};

static json_t *number(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *path_of(const cli *c, const char *name)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/%s.npy", c->out, name);
    return cli_string(path);
}

static json_t *arrays_of(const cli *c, const eid_bank_opts *o, bool test)
{
    json_t *all = json_object();
    static const char *const name[] = {"train_correct", "train_phi", "train_margin", "train_logits",
                                       "test_correct",  "test_phi",  "test_margin",  "test_logits"};
    json_object_set_new(all, "masks", path_of(c, "masks"));
    if (o->keep_weights)
        json_object_set_new(all, "weights", path_of(c, "weights"));
    for (int i = 0; i < (test ? 8 : 4); i++) {
        bool logits = i % 4 == 3, scores = i % 4 == 1 || i % 4 == 2;
        if (o->outputs == EID_BANK_LOGITS ? !scores : !logits)
            json_object_set_new(all, name[i], path_of(c, name[i]));
    }
    return all;
}

static json_t *as_json(const cli *c, const eid_bank_opts *o, const eid_bank_result *r)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:{s:o, s:o, s:o}, s:b, s:o}", "models",
                     (json_int_t)r->models, "examples", (json_int_t)r->examples, "test_examples",
                     (json_int_t)r->test_examples, "parameters", (json_int_t)r->parameters,
                     "trained", (json_int_t)r->trained, "seconds", number(r->seconds), "rate",
                     number(r->rate), "accuracy", "in", number(r->accuracy_in), "out",
                     number(r->accuracy_out), "test", number(r->accuracy_test), "resumed",
                     r->resumed, "arrays", arrays_of(c, o, r->test_examples > 0));
}

static void print(const cli *c, const eid_bank_result *r)
{
    printf("bank\t%s\nmodels\t%" PRId64 "\ntrained now\t%" PRId64 "\nexamples\t%" PRId64
           "\nparameters\t%" PRId64 "\naccuracy, trained on\t%.4f\n",
           c->out, r->models, r->trained, r->examples, r->parameters, r->accuracy_in);
    if (isfinite(r->accuracy_out))
        printf("accuracy, left out\t%.4f\n", r->accuracy_out);
    if (isfinite(r->accuracy_test))
        printf("accuracy, test\t%.4f\n", r->accuracy_test);
    if (r->trained)
        printf("models a second\t%.3f\n", r->rate);
}

/* What it would take: the disk's part is exact. */
static int plan(cli *c, const eid_classifier_opts *t, const eid_bank_opts *o, const cli_data *d)
{
    const eid_dataset *s = d->train;
    const eid_net_shape shape = {s->channels, s->height, s->width, s->classes};
    eid_net *m = NULL;

    if (eid_net_new(&m, c->ctx, t->model, &shape, 0) != EID_OK)
        return cli_failed(c);
    double models = (double)o->models, parameters = (double)eid_net_parameters(m);
    double n = (double)s->n, test = d->test ? (double)d->test->n : 0;
    double answer = o->outputs == EID_BANK_LOGITS ? 4.0 * s->classes : 8;
    double bytes = models * ((n + test) * answer * (double)o->queries + 2 * n / 8 + test / 8 +
                             (o->keep_weights ? 4 * parameters : 0));
    eid_net_free(m);
    if (c->json)
        return cli_object(c, json_pack("{s:f, s:f, s:f, s:f}", "models", models, "parameters",
                                       parameters, "examples", n, "bytes", bytes));
    printf("models\t%.0f\nparameters\t%.0f\nexamples\t%.0f\nbytes\t%.0f\n", models, parameters, n,
           bytes);
    return CLI_OK;
}

static int make(cli *c, const eid_classifier_opts *t, const eid_bank_opts *o, const cli_data *d)
{
    const eid_run_info info = {.command = "bank", .command_line = cli_command_line(c)};
    eid_bank_result r;

    if (c->dry_run)
        return plan(c, t, o, d);
    if (o->ranks && o->ranks->rank > 0) /* rank 0 tells of all */
        return eid_bank_make(&r, c->ctx, d->train, d->test, t, o, &info, c->out) == EID_OK
                   ? CLI_OK
                   : cli_failed(c);
    if (eid_bank_make(&r, c->ctx, d->train, d->test, t, o, &info, c->out) != EID_OK)
        return cli_failed(c);
    if (c->json)
        return cli_object(c, as_json(c, o, &r));
    print(c, &r);
    return CLI_OK;
}

int cmd_bank(int argc, char **argv)
{
    args a = {0};
    eid_dataset_opts read = eid_dataset_opts_default();
    eid_classifier_opts training = eid_classifier_opts_default();
    eid_bank_opts bank = eid_bank_opts_default();
    eid_bank_ranks ranks;
    const cli_group groups[] = {
        {"Examples", NULL, own, &a},
        {"Bank", NULL, eid_bank_opt_table, &bank},
        {"Model and training", NULL, eid_classifier_opt_table, &training},
        {"Reading, reducing, changing", NULL, eid_dataset_opt_table, &read},
        {0},
    };
    cli_data d = {0};
    cli c;
    int rc = cli_begin(&c, argc, argv, &usage, groups);

    if (rc != CLI_GO)
        return rc;
    if (cli_ranks(&ranks)) {
        bank.ranks = &ranks;
        if (ranks.rank > 0)
            eid_ctx_on_progress(c.ctx, NULL, NULL);
    }
    if (!c.out && !c.dry_run)
        rc = cli_wrong(&c, "--out is needed: the folder of the bank");
    else
        rc = cli_data_open(&c, &d, a.data, &read);
    if (rc == CLI_OK)
        rc = make(&c, &training, &bank, &d);
    cli_data_close(&d);
    return cli_end(&c, rc);
}
