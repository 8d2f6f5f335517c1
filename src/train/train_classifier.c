/* train_classifier.c - the loop: look, checkpoint, step. */
#include "base/file.h"
#include "train/fitting.h"
#include "train/training.h"
#include <inttypes.h>
#include <math.h>

static double rate_at(const fitting *t, int64_t step)
{
    return eid_schedule_at(&t->plan.schedule, step < t->plan.steps ? step : t->plan.steps - 1,
                           t->plan.steps);
}

/* A checkpoint at a step was written after the moments of that step. */
static eid_status look(fitting *t)
{
    eid_status st = EID_OK;

    for (; t->next < t->moments && t->at[t->next] <= t->step; t->next++) {
        eid_moment m = {.number = (int64_t)t->next,
                        .step = t->step,
                        .epoch = (double)(t->step * t->plan.batch) / (double)t->train->n,
                        .lr = rate_at(t, t->step),
                        .net = t->m};
        if (t->at[t->next] == t->step && (t->first == 0 || t->step > t->first))
            EID_TRY(t->watch->moment(t->watch->user, t->ctx, &m));
    }
done:
    return st;
}

static eid_status one_step(fitting *t)
{
    eid_status st = EID_OK;
    const eid_dataset *d = t->train;
    int64_t n = t->plan.batch;
    bool shown = t->watch && t->watch->presented;

    eid_draw_step(t->draw, t->step, n, t->index, t->epoch);
    eid_gather(d, t->index, n, t->x);
    for (int64_t i = 0; i < n; i++) {
        t->y[i] = d->label[t->index[i]];
        if (t->plan.augment.crop || t->plan.augment.flip)
            eid_augment_example(&t->plan.augment, &t->plan.shape, (uint64_t)t->opts->seed,
                                t->epoch[i], d->id[t->index[i]], t->x + i * d->features);
    }
    eid_examples batch = {.n = n, .x = t->x, .y = t->y};
    EID_TRY(eid_net_step(t->m, t->optim, t->ctx, &batch, rate_at(t, t->step), &t->loss[t->step],
                         NULL, shown ? t->logits : NULL));
    if (!isfinite(t->loss[t->step]))
        EID_TRY(eid_fail(EID_EINVAL,
                         "training diverged at step %" PRId64 ": lower the learning rate (%g)",
                         t->step + 1, t->opts->lr));
    if (shown)
        EID_TRY(t->watch->presented(t->watch->user, &(eid_presented){.step = t->step,
                                                                     .n = n,
                                                                     .index = t->index,
                                                                     .epoch = t->epoch,
                                                                     .logits = t->logits}));
    t->step++;
done:
    return st;
}

static eid_status loop(fitting *t)
{
    eid_status st = EID_OK;
    int64_t steps = t->plan.steps;

    t->began = t->saved = eid_now();
    for (;;) {
        if (t->watch && t->watch->moment)
            EID_TRY(look(t));
        st = eid_tick(t->ctx, "training", "examples", t->step * t->plan.batch,
                      steps * t->plan.batch);
        if (st == EID_ECANCELLED) {
            eid_status saved = eid_fitting_save(t, NULL);
            st = saved == EID_OK ? st : saved;
        }
        EID_TRY(st);
        if (t->step == steps) /* writing the model may be interrupted, too: save once more */
            return eid_fitting_save(t, NULL);
        if (t->step > t->first && eid_now() - t->saved >= (double)t->opts->checkpoint)
            EID_TRY(eid_fitting_save(t, NULL));
        EID_TRY(one_step(t));
    }
done:
    return st; /* a watcher that failed may lack something: nothing is saved */
}

static eid_status finish(fitting *t)
{
    eid_status st = EID_OK;
    char hash[65];
    int64_t bytes;

    if (!t->checkpoint)
        return EID_OK;
    EID_TRY(eid_classifier_save(t->m, t->ctx, t->dir));
    EID_TRY(eid_file_sha256(t->ctx, t->weights, hash, &bytes));
    EID_TRY(eid_fitting_save(t, hash));
done:
    return st;
}

static eid_status set_up(fitting *t, const char *dir)
{
    eid_status st = EID_OK;

    EID_TRY(eid_fit_plan_make(&t->plan, t->opts, t->train, t->train->n));
    if (t->test)
        EID_TRY(eid_fit_check_test(t->train, t->test));
    EID_TRY(eid_fit_identity(t->opts, t->train, t->test, t->identity));
    if (t->watch)
        EID_TRY(eid_moments(t->opts, t->train->n, t->watch, &t->at, &t->moments));
    if (dir) {
        t->dir = dir;
        EID_TRY(eid_train_claim(dir, &t->checkpoint, &t->weights));
    }
    EID_TRY(eid_draw_new(&t->draw, t->train->n, (uint64_t)t->opts->seed));
    EID_TRY(EID_NEW(t->index, t->plan.batch));
    EID_TRY(EID_NEW(t->epoch, t->plan.batch));
    EID_TRY(EID_NEW(t->y, t->plan.batch));
    EID_TRY(EID_NEW(t->x, t->plan.batch * t->train->features));
    EID_TRY(EID_NEW(t->logits, t->plan.batch * t->train->classes));
    EID_TRY(EID_NEW(t->loss, t->plan.steps));
    EID_TRY(eid_fitting_start(t));
done:
    return st;
}

static void tear_down(fitting *t)
{
    eid_free(t->checkpoint);
    eid_free(t->weights);
    eid_draw_free(t->draw);
    eid_free(t->index);
    eid_free(t->epoch);
    eid_free(t->x);
    eid_free(t->logits);
    eid_free(t->y);
    eid_optim_free(t->optim);
    eid_net_free(t->m);
    eid_free(t->loss);
    eid_moments_free(t->at);
}

/* ---- the result
 * ---------------------------------------------------------------------------------- */

static eid_status log_of(const fitting *t, eid_classifier_result *r)
{
    eid_status st = EID_OK;
    int64_t *at = NULL;
    size_t n;

    EID_TRY(eid_moments(t->opts, t->train->n, &(eid_watch){0}, &at, &n));
    EID_TRY(EID_NEW(r->log, n));
    for (size_t i = 1; i < n; i++) {
        double sum = 0;
        for (int64_t s = at[i - 1]; s < at[i]; s++)
            sum += t->loss[s];
        r->log[r->logs++] =
            (eid_classifier_log){.step = at[i],
                                 .epoch = (double)(at[i] * t->plan.batch) / (double)t->train->n,
                                 .loss = sum / (double)(at[i] - at[i - 1])};
    }
done:
    eid_moments_free(at);
    return st;
}

static eid_status report(const fitting *t, eid_classifier_result **out)
{
    eid_status st = EID_OK;
    eid_classifier_result *r = NULL;

    EID_TRY(EID_NEW(r, 1));
    r->parameters = eid_net_parameters(t->m);
    r->steps = t->plan.steps;
    r->examples = t->plan.steps * t->plan.batch;
    r->epochs = (double)r->examples / (double)t->train->n;
    r->seconds = t->finished ? 0 : eid_now() - t->began;
    if (!t->finished && r->seconds > 0)
        r->rate = (double)((t->plan.steps - t->first) * t->plan.batch) / r->seconds;
    r->resumed = t->finished || t->first > 0;
    r->test_loss = r->test_accuracy = NAN;
    EID_TRY(log_of(t, r));
    EID_TRY(eid_classifier_judge(t->m, t->ctx, t->train, &r->loss, &r->accuracy));
    if (t->test)
        EID_TRY(eid_classifier_judge(t->m, t->ctx, t->test, &r->test_loss, &r->test_accuracy));
    *out = r;
    r = NULL;
done:
    eid_classifier_result_free(r);
    return st;
}

void eid_classifier_result_free(eid_classifier_result *r)
{
    if (!r)
        return;
    eid_free(r->log);
    eid_free(r);
}

eid_status eid_train_classifier(eid_net **out, eid_classifier_result **result, eid_ctx *ctx,
                                const eid_dataset *train, const eid_dataset *test,
                                const eid_classifier_opts *opts, const eid_watch *watch,
                                const char *dir)
{
    eid_status st = EID_OK;
    fitting t = {.ctx = ctx, .opts = opts, .train = train, .test = test, .watch = watch};

    EID_TRY(set_up(&t, dir));
    if (!t.finished) {
        EID_TRY(loop(&t));
        EID_TRY(finish(&t));
    }
    if (result)
        EID_TRY(report(&t, result));
    if (out) {
        *out = t.m;
        t.m = NULL;
    }
done:
    tear_down(&t);
    return st;
}
