#include "data.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct args {
    const char *data;
    int64_t method;
    bool self;
} args;

static const eid_opt own[] = {
    {EID_OPT_STR, "data", offsetof(args, data), 0, 0,
     "the examples, read with the options of the training", NULL,
     EID_OPT_REQUIRED | EID_OPT_PATH_IN},
    {EID_OPT_ENUM, "method", offsetof(args, method), 0, 0, "how influence is told", "tracin", 0},
    {EID_OPT_BOOL, "self", offsetof(args, self), 0, 0,
     "of every training example on itself alone, not on test examples", NULL, 0},
    {0},
};

static const cli_usage usage = {
    .verb = "influence",
    .synopsis = "RUN... --data DATA --out DIR [options]",
    .description =
        "Tells which training examples are behind the answer to a test example, by tracing every "
        "example's gradient through the checkpoints of a training (TracInCP). RUN is a folder that "
        "\"train mlp|cnn --record --record-weights\" wrote; of several, of the same examples with "
        "other seeds, the mean is taken. Writes influence.npy (test x train), top.csv with each "
        "test example's proponents and opponents, and self.npy; \"eidetic lds\" judges them.",
    .example = "influence net/ --data fashion-mnist --test-examples 1000 --out influence/",
    .min_operands = 1,
    .max_operands = -1,
};

typedef struct runs {
    eid_traced *at;
    eid_trajectory **record;
    size_t n;
} runs;

static void runs_close(runs *r)
{
    for (size_t k = 0; k < r->n; k++) {
        eid_net_free(r->at[k].net);
        eid_trajectory_free(r->record[k]);
    }
    free(r->at);
    free(r->record);
}

static int runs_open(cli *c, runs *r)
{
    r->at = calloc(c->operands.n, sizeof *r->at);
    r->record = calloc(c->operands.n, sizeof *r->record);
    if (!r->at || !r->record)
        return cli_refuse(c, "memory", "no memory for %zu runs", c->operands.n);
    for (r->n = 0; r->n < c->operands.n; r->n++) {
        char path[4200];
        snprintf(path, sizeof path, "%s/record", c->operands.at[r->n]);
        if (eid_classifier_load(&r->at[r->n].net, c->ctx, c->operands.at[r->n]) != EID_OK ||
            eid_trajectory_read(&r->record[r->n], c->ctx, path) != EID_OK) {
            r->n++; /* what was opened of it is closed, too */
            return cli_failed(c);
        }
        r->at[r->n].record = r->record[r->n];
    }
    return CLI_OK;
}

static json_t *path_of(const cli *c, const char *name)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/%s", c->out, name);
    return cli_string(path);
}

static json_t *as_json(const cli *c, const cli_data *d, const eid_tracin_result *r)
{
    json_t *top = json_array(), *arrays = json_object();

    for (int64_t k = 0; k < r->top; k++)
        json_array_append_new(
            top, json_pack("{s:I, s:i, s:f}", "id", (json_int_t)d->train->id[r->best[k]], "label",
                           (int)d->train->label[r->best[k]], "score", r->self[r->best[k]]));
    json_object_set_new(arrays, "self", path_of(c, "self.npy"));
    if (r->test)
        json_object_set_new(arrays, "influence", path_of(c, "influence.npy"));
    return json_pack("{s:s, s:I, s:I, s:I, s:o, s:o, s:o}", "method", "tracin", "examples",
                     (json_int_t)r->train, "test_examples", (json_int_t)r->test, "checkpoints",
                     (json_int_t)r->checkpoints, "arrays", arrays, "list",
                     r->test ? path_of(c, "top.csv") : json_null(), "top", top);
}

static void print(const cli *c, const cli_data *d, const eid_tracin_result *r)
{
    printf("influence\t%s\nexamples\t%" PRId64 "\ntest examples\t%" PRId64 "\ncheckpoints\t%" PRId64
           "\n",
           c->out, r->train, r->test, r->checkpoints);
    for (int64_t k = 0; k < r->top; k++)
        printf("self\t%" PRId64 "\tlabel %d\t%.6g\n", d->train->id[r->best[k]],
               (int)d->train->label[r->best[k]], r->self[r->best[k]]);
}

static int plan(cli *c, const runs *r, const cli_data *d, bool self)
{
    int64_t checkpoints = 0;
    double bytes = 8.0 * (double)d->train->n;

    for (size_t k = 0; k < r->n; k++)
        checkpoints += r->record[k]->checkpoints;
    if (!self && d->test)
        bytes += 4.0 * (double)d->train->n * (double)d->test->n;
    if (c->json)
        return cli_object(c, json_pack("{s:I, s:I, s:f}", "examples", (json_int_t)d->train->n,
                                       "checkpoints", (json_int_t)checkpoints, "bytes", bytes));
    printf("examples\t%" PRId64 "\ncheckpoints\t%" PRId64 "\nbytes\t%.0f\n", d->train->n,
           checkpoints, bytes);
    return CLI_OK;
}

static int trace(cli *c, const args *a, const eid_tracin_opts *o, const runs *r, const cli_data *d)
{
    eid_tracin_result *result = NULL;
    int rc = CLI_OK;

    if (c->dry_run)
        return plan(c, r, d, a->self);
    if (!a->self && !d->test)
        return cli_refuse(c, "invalid", "%s has no test examples: --self, or --test-share",
                          a->data);
    if (eid_tracin_write(&result, c->ctx, r->at, r->n, d->train, a->self ? NULL : d->test, o,
                         c->out) != EID_OK)
        return cli_failed(c);
    if (c->json)
        rc = cli_object(c, as_json(c, d, result));
    else
        print(c, d, result);
    eid_tracin_result_free(result);
    return rc;
}

int cmd_influence(int argc, char **argv)
{
    args a = {0};
    eid_dataset_opts read = eid_dataset_opts_default();
    eid_tracin_opts opts = eid_tracin_opts_default();
    const cli_group groups[] = {
        {"Influence", NULL, own, &a},
        {"Tracing", NULL, eid_tracin_opt_table, &opts},
        {"Reading, reducing, changing", NULL, eid_dataset_opt_table, &read},
        {0},
    };
    cli_data d = {0};
    runs r = {0};
    cli c;
    int rc = cli_begin(&c, argc, argv, &usage, groups);

    if (rc != CLI_GO)
        return rc;
    if (!c.out && !c.dry_run)
        rc = cli_wrong(&c, "--out is needed: the folder for the scores");
    else
        rc = cli_data_open(&c, &d, a.data, &read);
    if (rc == CLI_OK)
        rc = runs_open(&c, &r);
    if (rc == CLI_OK)
        rc = trace(&c, &a, &opts, &r, &d);
    runs_close(&r);
    cli_data_close(&d);
    return cli_end(&c, rc);
}
