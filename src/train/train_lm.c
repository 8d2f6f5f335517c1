/* train_lm.c - the loop: step, judge, checkpoint. */
#include "eidetic/lm.h"
#include "train/training.h"
#include <inttypes.h>
#include <math.h>

/* Held-out windows that are judged: meanwhile, and at the end. */
enum { JUDGE_WINDOWS = 128, JUDGE_WINDOWS_END = 1024 };

/* Mean over up to `most` windows, spread evenly; NaN without held-out text. */
static eid_status judge(training *t, int64_t most, double *out)
{
    eid_status st = EID_OK;
    double sum = 0, targets = 0;
    int64_t T = t->plan.shape.context, rows = t->plan.rows;

    *out = NAN;
    if (!t->heldout)
        return EID_OK;
    int64_t all = t->heldout->count, n = all < most ? all : most;
    for (int64_t done = 0; done < n; done += rows) {
        int64_t take = rows < n - done ? rows : n - done, batch_targets = 0;
        for (int64_t r = 0; r < take; r++) {
            int64_t window;
            EID_TRY(eid_windows_get(t->heldout, (done + r) * all / n, t->x + r * T, t->y + r * T,
                                    &window));
            batch_targets += window;
        }
        double loss;
        EID_TRY(eid_gpt_loss(t->m, t->ctx,
                             &(eid_batch){.rows = take, .cols = T, .x = t->x, .y = t->y}, false,
                             &loss));
        sum += loss * (double)batch_targets;
        targets += (double)batch_targets;
    }
    *out = sum / targets;
done:
    return st;
}

static eid_status one_step(training *t)
{
    eid_status st = EID_OK;
    int64_t T = t->plan.shape.context, rows = t->plan.rows;
    int64_t targets;
    double loss, lr = eid_schedule_cosine(t->step, t->opts->steps, t->plan.warmup, t->opts->lr,
                                          t->opts->lr_floor);

    for (int64_t r = 0; r < rows; r++)
        EID_TRY(
            eid_windows_get(t->train, t->step * rows + r, t->x + r * T, t->y + r * T, &targets));
    EID_TRY(eid_gpt_loss(
        t->m, t->ctx, &(eid_batch){.rows = rows, .cols = T, .x = t->x, .y = t->y, .step = t->step},
        true, &loss));
    if (!isfinite(loss))
        EID_TRY(eid_fail(EID_EINVAL,
                         "training diverged at step %" PRId64 ": lower the learning rate (%g)",
                         t->step + 1, t->opts->lr));
    EID_TRY(eid_adamw_step(t->adam, t->m, t->ctx, lr, NULL));
    t->loss[t->step++] = loss;
done:
    return st;
}

/* The judgement that belongs to the step just made, or to the one a checkpoint stopped after. */
static eid_status judge_if_due(training *t)
{
    if (t->evals >= eid_train_evals(&t->plan, t->opts->steps, t->step))
        return EID_OK;
    eid_status st = judge(t, JUDGE_WINDOWS, &t->judged[t->evals]);
    t->evals += st == EID_OK;
    return st;
}

static eid_status loop(training *t)
{
    eid_status st = EID_OK;
    int64_t steps = t->opts->steps, a_step = t->plan.rows * t->plan.shape.context;

    t->began = t->saved = eid_now();
    for (;;) {
        EID_TRY(eid_tick(t->ctx, "training", "tokens", t->step * a_step, steps * a_step));
        EID_TRY(judge_if_due(t));
        if (t->step == steps) /* writing the model may be interrupted, too: save once more */
            return eid_training_save(t, NULL);
        if (t->step > t->first && eid_now() - t->saved >= (double)t->opts->checkpoint)
            EID_TRY(eid_training_save(t, NULL));
        EID_TRY(one_step(t));
    }
done:
    if (st == EID_ECANCELLED) {
        eid_status saved = eid_training_save(t, NULL);
        st = saved == EID_OK ? st : saved;
    }
    return st;
}

static eid_status finish(training *t)
{
    eid_status st = EID_OK;
    char hash[65];
    int64_t bytes;

    EID_TRY(judge(t, JUDGE_WINDOWS_END, &t->judged[t->evals]));
    t->evals++;
    if (!t->checkpoint)
        return EID_OK;
    EID_TRY(eid_gpt_save(t->m, t->ctx, t->dir));
    EID_TRY(eid_file_sha256(t->ctx, t->weights, hash, &bytes));
    EID_TRY(eid_training_save(t, hash));
done:
    return st;
}

/* A tokenizer that does not belong to the vocabulary shows here. */
static eid_status check_ids(const char *what, const eid_tokens *t, int32_t vocab)
{
    for (size_t d = 0; d < t->docs; d++)
        for (int64_t i = t->start[d]; i < t->start[d + 1]; i++)
            if (t->id[i] < 0 || t->id[i] >= vocab)
                return eid_fail(EID_EINVAL,
                                "%s document %zu: token %d at place %" PRId64
                                " is outside the vocabulary of %d",
                                what, d, (int)t->id[i], i - t->start[d], (int)vocab);
    return EID_OK;
}

static eid_status set_up(training *t, const eid_tokens *train, const eid_tokens *heldout,
                         int32_t vocab, int32_t end, const char *dir)
{
    eid_status st = EID_OK;
    const eid_train_opts *o = t->opts;
    int64_t T = o->context;

    EID_TRY(eid_train_plan_make(&t->plan, t->ctx, o, vocab, end));
    EID_TRY(check_ids("training", train, vocab));
    EID_TRY(eid_windows_new(&t->train, train, end, T, (uint64_t)o->seed, true));
    if (heldout && heldout->docs > 0) {
        EID_TRY(check_ids("held-out", heldout, vocab));
        EID_TRY(eid_windows_new(&t->heldout, heldout, end, T, 0, false));
    }
    EID_TRY(eid_train_identity(o, train, heldout, vocab, end, t->identity));
    if (dir)
        EID_TRY(eid_training_claim(t, dir));
    EID_TRY(EID_NEW(t->x, t->plan.rows * T));
    EID_TRY(EID_NEW(t->y, t->plan.rows * T));
    EID_TRY(EID_NEW(t->loss, o->steps));
    EID_TRY(EID_NEW(t->judged, o->steps / t->plan.eval_every + 2));
    EID_TRY(eid_training_start(t));
done:
    return st;
}

static void tear_down(training *t)
{
    eid_free(t->checkpoint);
    eid_free(t->weights);
    eid_train_windows_free(t->train);
    eid_train_windows_free(t->heldout);
    eid_free(t->x);
    eid_free(t->y);
    eid_free(t->loss);
    eid_free(t->judged);
    eid_adamw_free(t->adam);
    eid_gpt_free(t->m);
}

eid_status eid_train_lm(eid_gpt **out, eid_train_result **result, eid_ctx *ctx,
                        const eid_tokens *train, const eid_tokens *heldout, int32_t vocab,
                        int32_t end, const eid_train_opts *opts, const char *dir)
{
    eid_status st = EID_OK;
    training t = {.ctx = ctx, .opts = opts};

    EID_TRY(set_up(&t, train, heldout, vocab, end, dir));
    if (!t.finished) {
        EID_TRY(loop(&t));
        EID_TRY(finish(&t));
    }
    if (result)
        EID_TRY(eid_training_report(&t, result));
    if (out) {
        *out = t.m;
        t.m = NULL;
    }
done:
    tear_down(&t);
    return st;
}
