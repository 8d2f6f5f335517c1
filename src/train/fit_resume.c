/* fit_resume.c - the folder of a classifier's training: whose it is, and how it goes on. */
#include "base/file.h"
#include "train/checkpoint.h"
#include "train/fitting.h"
#include <inttypes.h>
#include <string.h>

static eid_checkpoint_block block_of(fitting *t)
{
    eid_checkpoint_block b = {.n = eid_net_parameters(t->m)};
    eid_param *p;
    int64_t *steps;

    eid_net_params(t->m, &p);
    b.at[0] = p[0].value; /* one block, in order */
    eid_optim_state(t->optim, &b.at[1], &b.at[2], &steps);
    return b;
}

eid_status eid_fitting_save(fitting *t, const char *model_hash)
{
    eid_checkpoint c = {
        .finished = model_hash != NULL, .steps = t->step, .loss = (const uint8_t *)t->loss};
    eid_checkpoint_block block;

    if (!t->checkpoint)
        return EID_OK;
    if (t->watch && t->watch->keep) {
        eid_status st = t->watch->keep(t->watch->user);
        if (st != EID_OK)
            return st;
    }
    memcpy(c.identity, t->identity, sizeof c.identity);
    if (model_hash)
        memcpy(c.model, model_hash, sizeof c.model);
    t->saved = eid_now();
    block = block_of(t);
    return eid_checkpoint_write(&c, t->checkpoint, &block, model_hash ? 0 : 1);
}

/* The finished network, provided nobody touched it since. */
static eid_status take_finished(fitting *t, const eid_checkpoint *c)
{
    eid_status st = EID_OK;
    char hash[65];
    int64_t bytes;

    EID_TRY(eid_file_sha256(t->ctx, t->weights, hash, &bytes));
    if (strcmp(hash, c->model) != 0)
        EID_TRY(eid_fail(EID_EEXIST, "%s: changed since its training finished", t->weights));
    EID_TRY(eid_classifier_load(&t->m, t->ctx, t->dir));
    t->finished = true;
done:
    return st;
}

static eid_status check_origin(const fitting *t, const eid_checkpoint *c)
{
    if (strcmp(c->identity, t->identity) != 0)
        return eid_fail(EID_EEXIST, "%s: belongs to another training: other data or options",
                        t->checkpoint);
    if (c->steps > t->plan.steps || c->evals != 0 || (c->finished && c->steps != t->plan.steps))
        return eid_fail(EID_EFORMAT, "%s: %" PRId64 " steps do not fit its training", t->checkpoint,
                        c->steps);
    return EID_OK;
}

static eid_status take_unfinished(fitting *t, const eid_checkpoint *c)
{
    eid_status st = EID_OK;
    float *first, *second;
    int64_t *steps;

    EID_TRY(eid_net_new(&t->m, t->ctx, t->opts->model, &t->plan.shape, (uint64_t)t->opts->seed));
    EID_TRY(eid_optim_new(&t->optim, t->m, &t->plan.optim));
    if (!c)
        goto done;
    eid_checkpoint_block block = block_of(t);
    EID_TRY(eid_checkpoint_into(c, t->checkpoint, &block, 1));
    eid_optim_state(t->optim, &first, &second, &steps);
    *steps = c->steps;
    EID_TRY(eid_net_changed(t->m, t->ctx));
done:
    return st;
}

eid_status eid_fitting_start(fitting *t)
{
    eid_status st = EID_OK;
    eid_map map = {0};
    eid_checkpoint c;

    if (!t->checkpoint || !eid_exists(t->checkpoint))
        return take_unfinished(t, NULL);
    EID_TRY(eid_map_open(&map, t->checkpoint));
    EID_TRY(eid_checkpoint_parse(&c, t->checkpoint, map.at, map.n));
    EID_TRY(check_origin(t, &c));
    memcpy(t->loss, c.loss, 8 * (size_t)c.steps);
    t->step = t->first = c.steps;
    EID_TRY(c.finished ? take_finished(t, &c) : take_unfinished(t, &c));
done:
    eid_map_close(&map);
    return st;
}
