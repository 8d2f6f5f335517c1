#include "train_classifier.h"
#include "data.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct args {
    const char *data;
    bool record;
} args;

static const eid_opt own[] = {
    {EID_OPT_STR, "data", offsetof(args, data), 0, 0,
     "the examples: fashion-mnist, a folder or a file; as \"eidetic dataset\" reads them", NULL,
     EID_OPT_REQUIRED | EID_OPT_PATH_IN},
    {EID_OPT_BOOL, "record", offsetof(args, record), 0, 0,
     "write every example's loss, probability, margin, ... at every epoch to DIR/record", NULL, 0},
    {0},
};

static const cli_usage usage = {
    .verb = "train",
    .synopsis = "mlp|cnn --data DATA --out DIR [options]",
    .description =
        "Trains a classifier, a perceptron of several layers or a convolutional network, and "
        "writes DIR/config.json and model.safetensors. Interrupted or killed, the same command "
        "goes on from DIR/checkpoint.eid and ends in the same bits. \"train lm\" trains a language "
        "model.",
    .example = "train mlp --data fashion-mnist --model mlp:512-256 --epochs 10 --out net/",
    .min_operands = 1,
    .max_operands = 1,
};

static json_t *number(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *as_json(const cli *c, const char *record, const eid_classifier_result *r)
{
    json_t *log = json_array();
    for (size_t i = 0; i < r->logs; i++)
        json_array_append_new(log, json_pack("{s:I, s:o, s:o}", "step", (json_int_t)r->log[i].step,
                                             "epoch", number(r->log[i].epoch), "loss",
                                             number(r->log[i].loss)));
    return json_pack(
        "{s:o, s:I, s:I, s:I, s:o, s:o, s:o, s:{s:o, s:o}, s:{s:o, s:o}, s:o, s:b, s:o}", "model",
        c->out ? cli_string(c->out) : json_null(), "parameters", (json_int_t)r->parameters, "steps",
        (json_int_t)r->steps, "examples", (json_int_t)r->examples, "epochs", number(r->epochs),
        "seconds", number(r->seconds), "rate", number(r->rate), "loss", "train", number(r->loss),
        "heldout", number(r->test_loss), "accuracy", "train", number(r->accuracy), "heldout",
        number(r->test_accuracy), "record", record ? cli_string(record) : json_null(), "resumed",
        r->resumed, "log", log);
}

static void print(const cli *c, const char *record, const eid_classifier_result *r)
{
    if (c->out)
        printf("model\t%s\n", c->out);
    if (record)
        printf("record\t%s\n", record);
    printf("parameters\t%" PRId64 "\nsteps\t%" PRId64
           "\nepochs\t%.2f\nloss\t%.4f\naccuracy\t%.4f\n",
           r->parameters, r->steps, r->epochs, r->loss, r->accuracy);
    if (isfinite(r->test_accuracy))
        printf("test loss\t%.4f\ntest accuracy\t%.4f\n", r->test_loss, r->test_accuracy);
    if (r->rate > 0)
        printf("examples a second\t%.0f\n", r->rate);
}

static int plan(cli *c, const eid_classifier_opts *o, const eid_dataset *d)
{
    const eid_net_shape shape = {d->channels, d->height, d->width, d->classes};
    eid_net *m = NULL;

    if (eid_net_new(&m, c->ctx, o->model, &shape, 0) != EID_OK)
        return cli_failed(c);
    int64_t parameters = eid_net_parameters(m), steps = eid_classifier_steps(o, d->n);
    double epochs = (double)(steps * o->batch) / (double)d->n;
    eid_net_free(m);
    if (c->json)
        return cli_object(c, json_pack("{s:I, s:I, s:I, s:f}", "parameters", (json_int_t)parameters,
                                       "examples", (json_int_t)d->n, "steps", (json_int_t)steps,
                                       "epochs", epochs));
    printf("parameters\t%" PRId64 "\nexamples\t%" PRId64 "\nsteps\t%" PRId64 "\nepochs\t%.2f\n",
           parameters, d->n, steps, epochs);
    return CLI_OK;
}

/* With a record, when `record` names its folder. */
static eid_status train_into(cli *c, const eid_classifier_opts *o, const eid_record_opts *ro,
                             const char *record, const cli_data *d, eid_classifier_result **out)
{
    eid_record *rec = NULL;
    eid_classifier_result *r = NULL;
    eid_status st = EID_OK;

    if (record)
        st = eid_record_new(&rec, c->ctx, c->out, d->train, o, ro);
    if (st == EID_OK)
        st = eid_train_classifier(NULL, &r, c->ctx, d->train, d->test, o,
                                  rec ? eid_record_watch(rec) : NULL, c->out);
    if (st == EID_OK && rec)
        st = eid_record_finish(rec);
    eid_record_free(rec);
    if (st == EID_OK)
        *out = r;
    else
        eid_classifier_result_free(r);
    return st;
}

static int train(cli *c, const args *a, const eid_classifier_opts *o, const eid_record_opts *ro,
                 const cli_data *d)
{
    eid_classifier_result *r = NULL;
    char *record = NULL;
    int rc = CLI_OK;

    if (c->dry_run)
        return plan(c, o, d->train);
    if (a->record) {
        size_t n = strlen(c->out) + 8;
        if (!(record = malloc(n)))
            return cli_refuse(c, "memory", "no memory for a name");
        snprintf(record, n, "%s/record", c->out);
    }
    if (train_into(c, o, ro, record, d, &r) != EID_OK)
        rc = cli_failed(c);
    else if (c->json)
        rc = cli_object(c, as_json(c, record, r));
    else
        print(c, record, r);
    eid_classifier_result_free(r);
    free(record);
    return rc;
}

int cmd_train_classifier(int argc, char **argv)
{
    args a = {0};
    eid_dataset_opts read = eid_dataset_opts_default();
    eid_classifier_opts opts = eid_classifier_opts_default();
    eid_record_opts record = eid_record_opts_default();
    const cli_group groups[] = {
        {"Examples", NULL, own, &a},
        {"Model and training", NULL, eid_classifier_opt_table, &opts},
        {"Recording", NULL, eid_record_opt_table, &record},
        {"Reading, reducing, changing", NULL, eid_dataset_opt_table, &read},
        {0},
    };
    cli_data d = {0};
    cli c;

    if (strcmp(argv[1], "cnn") == 0)
        opts.model = "cnn:lenet";
    int rc = cli_begin(&c, argc, argv, &usage, groups);
    if (rc != CLI_GO)
        return rc;
    if (strncmp(opts.model, c.operands.at[0], 3) != 0)
        rc = cli_wrong(&c, "--model %s is no %s", opts.model, c.operands.at[0]);
    else if (!c.out && !c.dry_run)
        rc = cli_wrong(&c, "--out is needed: the folder of the model");
    else
        rc = cli_data_open(&c, &d, a.data, &read);
    if (rc == CLI_OK)
        rc = train(&c, &a, &opts, &record, &d);
    cli_data_close(&d);
    return cli_end(&c, rc);
}
