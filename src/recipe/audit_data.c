/* audit_data.c - the audit of a training set: one command from data to a verdict. */
#define _GNU_SOURCE /* realpath */
#include "recipe/audit_data.h"
#include "base/hash.h"
#include "eidetic/report.h"
#include "recipe/audit.h"
#include "recipe/run.h"
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

eid_audit_data_opts eid_audit_data_opts_default(void)
{
    eid_audit_data_opts o = {.minutes = 5,
                             .runs = 3,
                             .folds = 5,
                             .repeats = 4,
                             .fold_epochs = 5,
                             .replicas = 2,
                             .score_epoch = 3,
                             .centre = true,
                             .seed = 1,
                             .read = eid_dataset_opts_default(),
                             .training = eid_classifier_opts_default()};

    o.training.model = "mlp:128";
    o.training.epochs = 40;
    o.training.batch = 50;
    o.training.lr = 0.1;
    o.training.schedule = EID_SCHEDULE_COSINE;
    return o;
}

#define AT(field) offsetof(eid_audit_data_opts, field)
const eid_opt eid_audit_data_opt_table[] = {
    {EID_OPT_STR, "data", AT(data), 0, 0,
     "the examples: fashion-mnist, a folder or a file; as \"eidetic dataset\" reads them", NULL,
     EID_OPT_REQUIRED | EID_OPT_PATH_IN},
    {EID_OPT_STR, "class-names", AT(class_names), 0, 0,
     "names of the classes, apart by commas, in the order of the labels", NULL, 0},
    {EID_OPT_STR, "title", AT(title), 0, 0, "what is audited, for the report's heading", NULL,
     EID_OPT_NEUTRAL},
    {EID_OPT_F64, "minutes", AT(minutes), 0.1, 1e5,
     "time for the whole audit, turned once into a number of networks", NULL, 0},
    {EID_OPT_I64, "models", AT(models), 0, 1e6,
     "networks of the bank, 0: as many as the time allows", NULL, 0},
    {EID_OPT_I64, "runs", AT(runs), 1, 100, "trainings with records, whose scores are averaged",
     NULL, 0},
    {EID_OPT_I64, "folds", AT(folds), 2, 100,
     "parts, each left out by networks that are then asked about it", NULL, 0},
    {EID_OPT_I64, "repeats", AT(repeats), 1, 100, "networks for each fold", NULL, 0},
    {EID_OPT_F64, "fold-epochs", AT(fold_epochs), 0.1, 1e6,
     "epochs of those networks: few, since what is learned by heart misleads about the rest", NULL,
     0},
    {EID_OPT_I64, "replicas", AT(replicas), 1, 100,
     "trainings on each part, to see what dropping the others costs", NULL, 0},
    {EID_OPT_F64, "score-epoch", AT(score_epoch), 0, 1e6, "checkpoint of EL2N and GraNd", NULL, 0},
    {EID_OPT_BOOL, "centre", AT(centre), 0, 0, "train on examples less their mean", NULL, 0},
    {EID_OPT_I64, "seed", AT(seed), 0, 1e15, "random seed", NULL, 0},
    {0},
};
#undef AT

/* ---- reading --------------------------------------------------------------------------------- */

static eid_status cut_test(data_audit *a)
{
    static const double half[2] = {0.5, 0.5};
    eid_status st = EID_OK;
    const eid_dataset *t = a->set[1];
    uint8_t *side = NULL;
    int64_t *place = NULL;

    EID_TRY(EID_NEW(side, t->n));
    EID_TRY(EID_NEW(place, t->n));
    EID_TRY(eid_dataset_split(t, half, 2, (uint64_t)a->opts->seed, side));
    for (int s = 0; s < 2; s++) {
        int64_t n = 0;
        for (int64_t i = 0; i < t->n; i++)
            if (side[i] == s)
                place[n++] = i;
        if (n < 2)
            EID_TRY(eid_fail(EID_EINVAL,
                             "%s: %" PRId64 " examples are too few to choose by some "
                             "and judge by others",
                             t->name, t->n));
        EID_TRY(eid_dataset_pick(&a->judge[s], a->ctx, t, place, n));
    }
done:
    eid_free(side);
    eid_free(place);
    return st;
}

static eid_status read_data(data_audit *a)
{
    eid_status st = EID_OK;
    const eid_audit_data_opts *o = a->opts;

    a->training = o->training;
    a->training.seed = o->seed;
    EID_TRY(eid_dataset_read(&a->raw[0], &a->raw[1], a->ctx, o->data, &o->read));
    if (a->raw[0]->n < a->training.batch)
        EID_TRY(eid_fail(
            EID_EINVAL, "%s: %" PRId64 " examples are fewer than a batch of %" PRId64 "; --batch N",
            a->raw[0]->name, a->raw[0]->n, a->training.batch));
    if (a->raw[0]->n / o->folds < 1 || a->raw[0]->n < 20)
        EID_TRY(eid_fail(EID_EINVAL, "%s: %" PRId64 " examples are too few to audit",
                         a->raw[0]->name, a->raw[0]->n));
    if (o->models % 2 || (o->models && o->models < 4))
        EID_TRY(eid_fail(EID_EINVAL,
                         "a bank of %" PRId64 " models: an even number from 4 on is wanted, so "
                         "that each example is in exactly half of them",
                         o->models));
    for (int s = 0; s < 2; s++) {
        if (!a->raw[s])
            continue;
        if (o->centre)
            EID_TRY(eid_dataset_pixels(&a->set[s], a->ctx, a->raw[s], EID_PIXELS_CENTRED, a->raw[0],
                                       0));
        else
            a->set[s] = a->raw[s];
    }
    for (int64_t i = 0; i < a->raw[0]->n; i++)
        a->flips += a->raw[0]->label[i] != a->raw[0]->clean[i];
    if (a->set[1])
        EID_TRY(cut_test(a));
    EID_TRY(data_classes_check(a));
done:
    return st;
}

/* ---- the run --------------------------------------------------------------------------------- */

static eid_status options_text(const eid_audit_data_opts *o, bool all, char **out)
{
    json_t *j = json_object();
    eid_status st = EID_OK;

    EID_TRY(recipe_add_options(j, "", eid_audit_data_opt_table, o, all));
    EID_TRY(recipe_add_options(j, "", eid_classifier_opt_table, &o->training, all));
    EID_TRY(recipe_add_options(j, "", eid_dataset_opt_table, &o->read, all));
    json_object_set_new(j, "seed", json_integer(o->seed));
    return eid_json_text(j, out);
done:
    json_decref(j);
    return st;
}

static eid_status open_run(data_audit *a)
{
    eid_status st = EID_OK;
    char *all = NULL, *matter = NULL, *real = NULL, hex[65], cpu[256], here[PATH_MAX];
    eid_buf b = {0};
    bool resumed;

    EID_TRY(options_text(a->opts, true, &all));
    EID_TRY(options_text(a->opts, false, &matter));
    EID_TRY(eid_buf_printf(&b, "audit of data\n%s\n%s\n%s\n", matter, a->raw[0]->sha256,
                           a->raw[1] ? a->raw[1]->sha256 : ""));
    EID_TRY(eid_sha256_of(b.at, b.n, hex));
    eid_cpu_name(cpu, sizeof cpu);
    eid_run_info info = {.command = "audit",
                         .command_line = a->call->command_line ? a->call->command_line : "",
                         .options = all,
                         .identity = hex,
                         .version = eid_version(),
                         .kernels = eid_kernels(),
                         .bits = eid_bits(a->ctx),
                         .cpu = cpu,
                         .seed = a->opts->seed,
                         .threads = eid_ctx_threads(a->ctx)};
    EID_TRY(eid_store_create(&a->store, a->call->out, &info, &resumed));
    if (strcmp(eid_store_run(a->store)->state, "done") == 0)
        goto done;
    if (!getcwd(here, sizeof here))
        EID_TRY(eid_fail(EID_EIO, "the current folder cannot be read"));
    EID_TRY(audit_absolute(a->call->out, &real));
    EID_TRY(eid_store_text(a->store, "path.folder", here));
    EID_TRY(eid_store_text(a->store, "path.run", real));
    EID_TRY(eid_store_text(a->store, "audit.kind", "data"));
    if (a->opts->title)
        EID_TRY(eid_store_text(a->store, "title", a->opts->title));
done:
    eid_string_free(all);
    eid_string_free(matter);
    eid_free(real);
    eid_buf_free(&b);
    return st;
}

static eid_status read_budget(void *user, const char *name, const char *value)
{
    (void)name;
    return sscanf(value, "%" SCNd64, (int64_t *)user) == 1 && *(int64_t *)user >= 4
               ? EID_OK
               : eid_fail(EID_EFORMAT, "the run's budget \"%.60s\" cannot be read", value);
}

/* Resolved once: a resumed audit does not measure the machine again. */
static eid_status budget(data_audit *a)
{
    eid_status st = EID_OK;
    char text[32];
    bool done;

    EID_TRY(eid_store_begin(a->store, "budget", &done));
    if (done)
        return eid_store_texts(a->store, "budget", read_budget, &a->models);
    EID_TRY(data_budget(a, &a->models));
    snprintf(text, sizeof text, "%" PRId64, a->models);
    EID_TRY(eid_store_text(a->store, "budget", text));
    return eid_store_end(a->store);
done:
    eid_store_abandon(a->store);
    return st;
}

static eid_status judge(data_audit *a)
{
    bool done;
    eid_status st = eid_store_begin(a->store, "verdict", &done);

    if (st != EID_OK || done)
        return st;
    st = data_judge(a->store);
    if (st == EID_OK)
        return eid_store_end(a->store);
    eid_store_abandon(a->store);
    return st;
}

static void close_run(data_audit *a)
{
    for (int64_t k = 0; a->run && k < a->opts->runs; k++)
        eid_trajectory_free(a->run[k]);
    eid_free(a->run);
    eid_bank_free(a->folds);
    eid_bank_free(a->bank);
    for (int k = 0; k < DATA_SCORES; k++)
        eid_free(a->score[k]);
    eid_free(a->p);
    eid_free(a->guess);
    eid_confident_free(a->confident);
    eid_free(a->suspects);
    eid_free(a->first_copy);
    eid_memorization_free(a->memorized);
    eid_high_influence_free(a->pairs);
    for (int s = 0; s < 2; s++) {
        if (a->set[s] != a->raw[s])
            eid_dataset_free(a->set[s]);
        eid_dataset_free(a->raw[s]);
        eid_dataset_free(a->judge[s]);
    }
    eid_store_free(a->store);
}

static eid_status evidence(data_audit *a)
{
    eid_status st = EID_OK;

    EID_TRY(data_runs(a));
    EID_TRY(data_scores(a));
    EID_TRY(data_folds(a));
    EID_TRY(data_out_of_fold(a));
    EID_TRY(data_bank(a));
    EID_TRY(data_memorization(a));
done:
    return st;
}

eid_status eid_audit_data(eid_ctx *ctx, const eid_audit_data_opts *opts, const eid_audit_call *call)
{
    eid_status st = EID_OK;
    data_audit a = {.ctx = ctx, .opts = opts, .call = call};
    double began = eid_now();

    if (!opts->data)
        return eid_fail(EID_EINVAL, "an audit of data wants data");
    if (!call->out || !*call->out)
        return eid_fail(EID_EINVAL, "an audit wants a folder for its run");
    EID_TRY(read_data(&a));
    EID_TRY(open_run(&a));
    if (strcmp(eid_store_run(a.store)->state, "done") == 0)
        goto done;
    EID_TRY(budget(&a));
    EID_TRY(data_duplicates(&a));
    EID_TRY(data_keep_inputs(&a));
    EID_TRY(evidence(&a));
    EID_TRY(data_drop(&a));
    EID_TRY(data_keep_scores(&a));
    EID_TRY(data_keep_labels(&a));
    if (a.set[1])
        EID_TRY(data_influence(&a));
    EID_TRY(data_keep_bank(&a));
    EID_TRY(data_keep_findings(&a));
    EID_TRY(data_write_files(&a));
    EID_TRY(judge(&a));
    EID_TRY(eid_store_finish(a.store, "done", eid_now() - began));
done:
    close_run(&a);
    if (st == EID_OK)
        st = eid_report_write(ctx, call->out, &(eid_report_opts){.reveal = false});
    return st;
}

eid_status eid_audit_data_plan(eid_ctx *ctx, const eid_audit_data_opts *opts, char **text)
{
    eid_status st = EID_OK;
    data_audit a = {.ctx = ctx, .opts = opts};
    data_cell cell[DATA_CELLS];

    if (!opts->data)
        return eid_fail(EID_EINVAL, "an audit of data wants data");
    EID_TRY(read_data(&a));
    EID_TRY(data_budget(&a, &a.models));
    EID_TRY(eid_format(
        text,
        "data: %" PRId64 " examples of %" PRId64 " numbers, %" PRId32 " classes; %" PRId64
        " to test by\nnetworks (%s, %" PRId64 " steps each): %" PRId64 " with records, %" PRId64
        " for what they have not seen, %" PRId64 " on halves, %" PRId64 " on parts\n",
        a.set[0]->n, a.set[0]->features, a.set[0]->classes, a.set[1] ? a.set[1]->n : 0,
        a.training.model, eid_classifier_steps(&a.training, a.set[0]->n), opts->runs,
        opts->folds * opts->repeats, a.models, data_cells(&a, cell) * opts->replicas));
done:
    close_run(&a);
    return st;
}
