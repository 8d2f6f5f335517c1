/* result.c - what a training tells about itself at the end. */
#include "train/training.h"
#include <math.h>

static eid_status tokens_after(const training *t, int64_t step, int64_t *tokens)
{
    return eid_windows_before(t->train, step * t->plan.rows, tokens);
}

static double mean(const double *x, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += x[i];
    return sum / (double)n;
}

eid_status eid_training_report(const training *t, eid_train_result **out)
{
    eid_status st = EID_OK;
    eid_train_result *r = NULL;
    const eid_train_plan *p = &t->plan;
    int64_t steps = t->opts->steps, tail = steps / 20 > 0 ? steps / 20 : 1, taken = 0, before;

    EID_TRY(EID_NEW(r, 1));
    EID_TRY(EID_NEW(r->log, (steps - 1) / p->log_every + 1));
    for (int64_t from = 0; from < steps; from += p->log_every) {
        int64_t to = from + p->log_every < steps ? from + p->log_every : steps;
        int64_t tokens;
        EID_TRY(tokens_after(t, to, &tokens));
        r->log[r->logs++] =
            (eid_train_log){.step = to,
                            .tokens = tokens,
                            .loss = mean(t->loss + from, to - from),
                            .heldout = eid_train_judged(p, steps, to) ? t->judged[taken++] : NAN};
    }
    r->parameters = eid_gpt_config_parameters(&p->shape);
    r->steps = steps;
    EID_TRY(tokens_after(t, t->first, &before));
    EID_TRY(tokens_after(t, steps, &r->tokens));
    r->epochs = (double)r->tokens / (double)t->train->targets;
    r->seconds = t->finished ? 0 : eid_now() - t->began;
    if (!t->finished && r->seconds > 0)
        r->rate = (double)(r->tokens - before) / r->seconds;
    r->loss = mean(t->loss + steps - tail, tail);
    r->heldout = t->judged[t->evals - 1];
    r->resumed = t->finished || t->first > 0;
    *out = r;
    r = NULL;
done:
    eid_train_result_free(r);
    return st;
}

void eid_train_result_free(eid_train_result *r)
{
    if (!r)
        return;
    eid_free(r->log);
    eid_free(r);
}
