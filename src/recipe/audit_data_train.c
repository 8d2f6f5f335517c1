/* audit_data_train.c - the networks behind the audit of a training set: how many, and their
 * training. */
#include "par/par.h"
#include "recipe/audit_data.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { LEAST_MODELS = 16, MOST_MODELS = 2000 };

/* ---- the budget ------------------------------------------------------------------------------ */

/* Seconds of one step in one thread: the least of a few short trainings, since the first one pays
 * for memory, and any may be held up by what else this machine does. */
static eid_status step_seconds(data_audit *a, double *seconds)
{
    enum { STEPS = 300, TRIES = 5 };
    eid_status st = EID_OK;
    eid_classifier_opts o = a->training;
    eid_ctx_opts one = {.threads = 1, .memory = eid_ctx_memory(a->ctx)};
    eid_ctx *ctx = NULL;

    EID_TRY(eid_ctx_new(&ctx, &one));
    o.steps = STEPS;
    *seconds = INFINITY;
    for (int k = 0; k < TRIES; k++) {
        double began = eid_now();
        EID_TRY(eid_train_classifier(NULL, NULL, ctx, a->set[0], NULL, &o, NULL, NULL));
        *seconds = fmin(*seconds, (eid_now() - began) / STEPS);
    }
done:
    eid_ctx_free(ctx);
    return st;
}

/* A record asks about every example at each epoch, a third of an epoch's training; a bank's model
 * trains on half of the examples, and is asked about all. */
eid_status data_budget(data_audit *a, int64_t *models)
{
    eid_status st = EID_OK;
    const eid_audit_data_opts *o = a->opts;
    data_cell cell[DATA_CELLS];
    double step, whole, fixed, cpu, one;

    *models = o->models;
    if (o->models)
        return EID_OK;
    EID_TRY(step_seconds(a, &step));
    whole = step * (double)eid_classifier_steps(&a->training, a->set[0]->n);
    fixed = whole *
            (1.6 * (double)o->runs + (double)(o->folds * o->repeats) * (1 - 1 / (double)o->folds) +
             (double)(data_cells(a, cell) * o->replicas));
    cpu = 60 * o->minutes * 0.82 * eid_ctx_threads(a->ctx);
    one = whole * 0.58;
    double fits = (cpu - fixed) / one;
    *models = fits > MOST_MODELS ? MOST_MODELS : fits > LEAST_MODELS ? (int64_t)fits : LEAST_MODELS;
    *models -= *models % 2;
done:
    return st;
}

/* ---- runs with records ----------------------------------------------------------------------- */

static eid_status one_run(void *arg, int64_t k, int worker)
{
    data_audit *a = arg;
    eid_status st = EID_OK;
    eid_ctx_opts one = {.threads = 1, .memory = eid_ctx_memory(a->ctx) / eid_ctx_threads(a->ctx)};
    eid_classifier_opts m = a->training;
    eid_record_opts ro = eid_record_opts_default();
    eid_record *rec = NULL;
    eid_ctx *ctx = NULL;
    char *dir = NULL;

    if (worker == 0)
        EID_TRY(eid_tick(a->ctx, "training with records", "trainings", k, a->opts->runs));
    EID_TRY(eid_ctx_new(&ctx, &one));
    m.seed += 1 + k;
    ro.grand = a->opts->score_epoch;
    EID_TRY(eid_format(&dir, "%s/runs/%" PRId64, a->call->out, k + 1));
    EID_TRY(eid_record_new(&rec, ctx, dir, a->set[0], &m, &ro));
    EID_TRY(eid_train_classifier(NULL, NULL, ctx, a->set[0], NULL, &m, eid_record_watch(rec), dir));
    EID_TRY(eid_record_finish(rec));
done:
    eid_record_free(rec);
    eid_ctx_free(ctx);
    eid_free(dir);
    return st;
}

eid_status data_runs(data_audit *a)
{
    eid_status st = EID_OK;
    char *record = NULL;

    EID_TRY(EID_NEW(a->run, a->opts->runs));
    EID_TRY(eid_par_for(a->ctx, a->opts->runs, one_run, a));
    for (int64_t k = 0; k < a->opts->runs; k++) {
        eid_free(record);
        record = NULL;
        EID_TRY(eid_format(&record, "%s/runs/%" PRId64 "/record", a->call->out, k + 1));
        EID_TRY(eid_trajectory_read(&a->run[k], a->ctx, record));
    }
done:
    eid_free(record);
    return st;
}

/* ---- banks ----------------------------------------------------------------------------------- */

static eid_status fill(data_audit *a, const char *name, const eid_bank_opts *o, bool test,
                       eid_bank **out)
{
    eid_status st = EID_OK;
    eid_bank_result r;
    char *dir = NULL;
    eid_classifier_opts m = a->training;
    eid_run_info info = {.command = "bank",
                         .command_line = a->call->command_line ? a->call->command_line : "",
                         .seed = a->opts->seed,
                         .threads = eid_ctx_threads(a->ctx)};

    m.seed += o->outputs == EID_BANK_LOGITS ? 1000 : 2000;
    if (o->outputs == EID_BANK_LOGITS && a->opts->fold_epochs < m.epochs && !m.steps)
        m.epochs = a->opts->fold_epochs;
    EID_TRY(eid_format(&dir, "%s/%s", a->call->out, name));
    EID_TRY(eid_bank_make(&r, a->ctx, a->set[0], test ? a->set[1] : NULL, &m, o, &info, dir));
    EID_TRY(eid_bank_open(out, a->ctx, dir, a->set[0], test ? a->set[1] : NULL));
done:
    eid_free(dir);
    return st;
}

/* Each example is left out by one fold, and asked about by its networks. */
eid_status data_folds(data_audit *a)
{
    eid_bank_opts o = eid_bank_opts_default();

    o.design = EID_BANK_GROUPS;
    o.groups = a->opts->folds;
    o.models = a->opts->folds * a->opts->repeats;
    o.outputs = EID_BANK_LOGITS;
    o.seed = a->opts->seed;
    return fill(a, "folds", &o, false, &a->folds);
}

eid_status data_bank(data_audit *a)
{
    eid_bank_opts o = eid_bank_opts_default();

    o.design = EID_BANK_HALF;
    o.fraction = 0.5;
    o.models = a->models;
    o.seed = a->opts->seed + 1;
    return fill(a, "bank", &o, a->set[1] != NULL, &a->bank);
}
