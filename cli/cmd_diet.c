#include "data.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct args {
    const char *data, *logits, *probs;
    eid_strings record;
    bool confident;
    int64_t method;
} args;

static const eid_opt own[] = {
    {EID_OPT_STR, "data", offsetof(args, data), 0, 0,
     "train on these examples, as \"eidetic dataset\" reads them", NULL, EID_OPT_PATH_IN},
    {EID_OPT_LIST, "record", offsetof(args, record), 0, 0,
     "a folder written by \"train --record\"; again for other seeds", NULL, EID_OPT_PATH_IN},
    {EID_OPT_STR, "logits", offsetof(args, logits), 0, 0,
     "logits of a model from elsewhere, .npy (checkpoint x example x class); --labels too", NULL,
     EID_OPT_PATH_IN},
    {EID_OPT_STR, "probs", offsetof(args, probs), 0, 0, "the same as probabilities", NULL,
     EID_OPT_PATH_IN},
    {EID_OPT_BOOL, "confident", offsetof(args, confident), 0, 0,
     "wrong labels by confident learning; --probs are out of sample, example x class", NULL, 0},
    {EID_OPT_ENUM, "method", offsetof(args, method), 0, 0, "which of them confident learning names",
     "both|class|rate|joint", 0},
    {0},
};

static const cli_usage usage = {
    .verb = "diet",
    .synopsis = "--data DATA|--record DIR|--logits F.npy|--probs F.npy [options] --out DIR",
    .description =
        "Scores training examples: EL2N, GraNd, forgetting, area under the margin, cartography, "
        "when they were learned and forgotten. With --data, trains --seeds networks for it and, "
        "with --prune, others on what is left after dropping examples by score, for as many steps: "
        "the window asked for, the highest, the lowest and a random part, beside all. Else reads "
        "records, or arrays of models from elsewhere. Interrupted, the same command goes on.",
    .example = "diet --data fashion-mnist --epochs 10 --prune 0.5 --out diet/",
    .min_operands = 0,
    .max_operands = 0,
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

static json_t *arrays_of(const cli *c, const eid_diet_result *r)
{
    json_t *arrays = json_object();
    char path[4096];

    for (int k = 0; c->out && k < EID_SCORE_KINDS; k++) {
        const char *name = eid_score_name((eid_score_kind)k);
        snprintf(path, sizeof path, "%s/scores/%s.npy", c->out, name);
        if (r->score[k])
            json_object_set_new(arrays, name, cli_string(path));
    }
    return arrays;
}

static json_t *as_json(const cli *c, const eid_diet_result *r)
{
    json_t *scores = json_array(), *parts = json_array();

    for (int k = 0; k < EID_SCORE_KINDS; k++)
        if (r->score[k])
            json_array_append_new(scores, json_pack("{s:s, s:o, s:o}", "name",
                                                    eid_score_name((eid_score_kind)k), "finds",
                                                    estimate(&r->finds[k]), "agrees",
                                                    estimate(&r->agrees[k])));
    for (size_t i = 0; i < r->parts; i++)
        json_array_append_new(parts, json_pack("{s:s, s:I, s:I, s:o}", "name", r->part[i].name,
                                               "kept", (json_int_t)r->part[i].kept, "flips",
                                               (json_int_t)r->part[i].flips, "accuracy",
                                               estimate(&r->part[i].accuracy)));
    json_t *suspects = r->suspected < 0
                           ? json_null()
                           : json_pack("{s:I, s:I, s:[f, f]}", "examples", (json_int_t)r->suspected,
                                       "flips", (json_int_t)r->suspected_flips, "thresholds",
                                       r->aum_threshold[0], r->aum_threshold[1]);
    return json_pack("{s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "examples",
                     (json_int_t)r->examples, "models", (json_int_t)r->runs, "flips",
                     (json_int_t)r->flips, "never_learned", (json_int_t)r->never, "offset",
                     r->parts ? number(r->offset) : json_null(), "arrays", arrays_of(c, r),
                     "scores", scores, "suspects", suspects, "parts", parts);
}

static void print_estimate(const eid_estimate *e)
{
    if (isfinite(e->value))
        printf("\t%.4f\t%.4f\t%.4f", e->value, e->low, e->high);
    else
        printf("\t-\t-\t-");
}

static void print(const eid_diet_result *r)
{
    printf("examples\t%" PRId64 "\nmodels\t%" PRId64 "\nnever learned\t%" PRId64
           "\nchanged labels\t%" PRId64 "\n",
           r->examples, r->runs, r->never, r->flips);
    for (int k = 0; k < EID_SCORE_KINDS; k++) {
        if (!r->score[k])
            continue;
        printf("score %s", eid_score_name((eid_score_kind)k));
        print_estimate(&r->finds[k]);
        print_estimate(&r->agrees[k]);
        putchar('\n');
    }
    if (r->suspected >= 0)
        printf("suspected by aum\t%" PRId64 "\t%" PRId64 "\n", r->suspected, r->suspected_flips);
    if (r->parts)
        printf("offset\t%g\n", r->offset);
    for (size_t i = 0; i < r->parts; i++) {
        printf("kept %s\t%" PRId64 "\t%" PRId64, r->part[i].name, r->part[i].kept,
               r->part[i].flips);
        print_estimate(&r->part[i].accuracy);
        putchar('\n');
    }
}

static int tell(cli *c, eid_status st, eid_diet_result *r)
{
    int rc = CLI_OK;

    if (st != EID_OK)
        rc = cli_failed(c);
    else if (c->json)
        rc = cli_object(c, as_json(c, r));
    else
        print(r);
    eid_diet_result_free(r);
    return rc;
}

/* ---- training -------------------------------------------------------------------------------- */

static int from_data(cli *c, const args *a, const eid_dataset_opts *read,
                     const eid_classifier_opts *model, const eid_diet_opts *o)
{
    const eid_diet_call call = {.command_line = cli_command_line(c), .out = c->out};
    eid_diet_result *r = NULL;
    cli_data d = {0};
    int rc = cli_data_open(c, &d, a->data, read);

    if (rc == CLI_OK && c->dry_run) {
        int64_t trainings = o->seeds + (o->prune > 0 ? 5 * o->replicas : 0) + (o->suspects ? 2 : 0);
        int64_t steps = eid_classifier_steps(model, d.train->n);
        if (o->prune > 0 && o->offset < 0)
            trainings += 5 * o->replicas;
        if (c->json)
            rc = cli_object(c, json_pack("{s:I, s:I, s:I}", "trainings", (json_int_t)trainings,
                                         "steps", (json_int_t)steps, "examples",
                                         (json_int_t)d.train->n));
        else
            printf("trainings\t%" PRId64 "\nsteps each\t%" PRId64 "\nexamples\t%" PRId64 "\n",
                   trainings, steps, d.train->n);
    } else if (rc == CLI_OK) {
        eid_status st = eid_diet(&r, c->ctx, d.train, d.test, model, o, &call);
        rc = tell(c, st, r);
    }
    cli_data_close(&d);
    return rc;
}

/* ---- records and arrays ---------------------------------------------------------------------- */

static int from_records(cli *c, const args *a, const eid_diet_opts *o)
{
    const eid_diet_call call = {.command_line = cli_command_line(c), .out = c->out};
    eid_trajectory **run = calloc(a->record.n, sizeof *run);
    eid_diet_result *r = NULL;
    eid_status st = EID_OK;
    int rc;

    if (!run)
        return cli_refuse(c, "memory", "no memory for %zu records", a->record.n);
    for (size_t i = 0; i < a->record.n && st == EID_OK; i++)
        st = eid_trajectory_read(&run[i], c->ctx, a->record.at[i]);
    if (st == EID_OK)
        st = eid_diet_scores(&r, c->ctx, (const eid_trajectory *const *)run, a->record.n, NULL, o,
                             &call);
    rc = tell(c, st, r);
    for (size_t i = 0; i < a->record.n; i++)
        eid_trajectory_free(run[i]);
    free(run);
    return rc;
}

static int from_arrays(cli *c, const args *a, const char *labels, const eid_diet_opts *o)
{
    const eid_diet_call call = {.command_line = cli_command_line(c), .out = c->out};
    eid_array *z = NULL, *y = NULL;
    eid_trajectory *t = NULL;
    eid_diet_result *r = NULL;
    eid_status st = eid_array_read(&z, c->ctx, a->logits ? a->logits : a->probs);
    int rc;

    if (st == EID_OK)
        st = eid_array_read(&y, c->ctx, labels);
    if (st == EID_OK)
        st = eid_trajectory_from(&t, c->ctx, z, !a->logits, y);
    if (st == EID_OK)
        st = eid_diet_scores(&r, c->ctx, (const eid_trajectory *const *)&t, 1, NULL, o, &call);
    rc = tell(c, st, r);
    eid_trajectory_free(t);
    eid_array_free(z);
    eid_array_free(y);
    return rc;
}

/* ---- confident learning ---------------------------------------------------------------------- */

static json_t *confident_json(const cli *c, const eid_confident *r)
{
    json_t *joint = json_array();

    for (int32_t i = 0; i < r->classes; i++) {
        json_t *row = json_array();
        for (int32_t j = 0; j < r->classes; j++)
            json_array_append_new(row, number(r->joint[i * r->classes + j]));
        json_array_append_new(joint, row);
    }
    return json_pack("{s:I, s:{s:I, s:o, s:o}, s:o}", "examples", (json_int_t)r->examples,
                     "confident", "errors", (json_int_t)r->errors, "share", number(r->share),
                     "joint", joint, "out", c->out ? cli_string(c->out) : json_null());
}

/* Labels and probabilities as confident learning takes them. */
typedef struct asked {
    double *p;
    int32_t *label;
    int64_t *id;
    int64_t n, k;
} asked;

static eid_status ask(asked *q, cli *c, const char *probs, const char *labels)
{
    eid_array *p = NULL, *y = NULL;
    eid_trajectory *t = NULL; /* checks the arrays */
    eid_status st = eid_array_read(&p, c->ctx, probs);

    if (st == EID_OK)
        st = eid_array_read(&y, c->ctx, labels);
    if (st == EID_OK)
        st = eid_trajectory_from(&t, c->ctx, p, true, y);
    if (st == EID_OK) {
        q->n = t->examples;
        q->k = t->classes;
        q->p = malloc((size_t)(q->n * q->k) * sizeof *q->p);
        q->label = malloc((size_t)q->n * sizeof *q->label);
        q->id = malloc((size_t)q->n * sizeof *q->id);
        if (q->p && q->label && q->id) { /* of several checkpoints, the last */
            eid_array_f64(p, (t->checkpoints - 1) * q->n * q->k, q->n * q->k, q->p);
            memcpy(q->label, t->label, (size_t)q->n * sizeof *q->label);
            memcpy(q->id, t->id, (size_t)q->n * sizeof *q->id);
        } else {
            q->n = 0;
        }
    }
    eid_trajectory_free(t);
    eid_array_free(p);
    eid_array_free(y);
    return st;
}

static int confident(cli *c, const args *a, const char *labels)
{
    asked q = {0};
    eid_confident *r = NULL;
    eid_status st = ask(&q, c, a->probs, labels);
    int rc = CLI_OK;

    if (st == EID_OK && !q.n)
        rc = cli_refuse(c, "memory", "no memory for the probabilities");
    else if (st != EID_OK ||
             eid_confident_learn(&r, q.p, q.label, q.n, (int32_t)q.k,
                                 (eid_confident_method)a->method) != EID_OK ||
             (c->out && eid_confident_write(c->out, r, q.p, q.label, q.id) != EID_OK))
        rc = cli_failed(c);
    else if (c->json)
        rc = cli_object(c, confident_json(c, r));
    else
        printf("examples\t%" PRId64 "\nsuspected\t%" PRId64 "\nestimated share\t%.4f\n",
               r->examples, r->errors, r->share);
    eid_confident_free(r);
    free(q.p);
    free(q.label);
    free(q.id);
    return rc;
}

int cmd_diet(int argc, char **argv)
{
    args a = {0};
    eid_diet_opts o = eid_diet_opts_default();
    eid_classifier_opts model = eid_classifier_opts_default();
    eid_dataset_opts read = eid_dataset_opts_default();
    const cli_group groups[] = {
        {"Evidence", NULL, own, &a},
        {"Scores and subsets", NULL, eid_diet_opt_table, &o},
        {"Model and training", NULL, eid_classifier_opt_table, &model},
        {"Reading, reducing, changing", NULL, eid_dataset_opt_table, &read},
        {0},
    };
    cli c;
    int rc = cli_begin(&c, argc, argv, &usage, groups);

    if (rc != CLI_GO)
        return rc;
    if (!!a.data + !!a.logits + !!a.probs + (a.record.n > 0) != 1)
        rc = cli_wrong(&c, "one of --data, --record, --logits and --probs is needed");
    else if ((a.logits || a.probs) && !read.labels)
        rc = cli_wrong(&c, "--labels is needed: a .npy of the examples' labels");
    else if (a.confident && !a.probs)
        rc = cli_wrong(&c, "--confident needs --probs");
    else if (a.data && !c.out && !c.dry_run)
        rc = cli_wrong(&c, "--out is needed: the folder of the run");
    else if (a.confident)
        rc = confident(&c, &a, read.labels);
    else if (a.data)
        rc = from_data(&c, &a, &read, &model, &o);
    else
        rc = a.record.n ? from_records(&c, &a, &o) : from_arrays(&c, &a, read.labels, &o);
    return cli_end(&c, rc);
}
