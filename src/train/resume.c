/* resume.c - the folder of a training: whose it is, and how an interrupted one goes on.
 *
 * A checkpoint is taken between steps and holds everything that is not a pure function of the
 * options, the text and the step; so where a training stops and starts again leaves no trace in its
 * bits. */
#include "base/file.h"
#include "eidetic/lm.h"
#include "train/checkpoint.h"
#include "train/training.h"
#include <inttypes.h>
#include <string.h>

eid_status eid_training_save(training *t, const char *model_hash)
{
    eid_checkpoint c = {.finished = model_hash != NULL,
                        .steps = t->step,
                        .evals = t->evals,
                        .loss = (const uint8_t *)t->loss,
                        .heldout = (const uint8_t *)t->judged};
    if (!t->checkpoint)
        return EID_OK;
    memcpy(c.identity, t->identity, sizeof c.identity);
    if (model_hash)
        memcpy(c.model, model_hash, sizeof c.model);
    t->saved = eid_now();
    return eid_checkpoint_save(&c, t->checkpoint, t->m, model_hash ? NULL : t->adam);
}

/* The finished model, provided nobody touched it since. */
static eid_status take_finished(training *t, const eid_checkpoint *c)
{
    eid_status st = EID_OK;
    char hash[65];
    int64_t bytes;

    EID_TRY(eid_file_sha256(t->ctx, t->weights, hash, &bytes));
    if (strcmp(hash, c->model) != 0)
        EID_TRY(eid_fail(EID_EEXIST, "%s: changed since its training finished", t->weights));
    EID_TRY(eid_gpt_load(&t->m, t->ctx, t->dir));
    t->finished = true;
done:
    return st;
}

/* Does the checkpoint come from this very training? */
static eid_status check_origin(const training *t, const eid_checkpoint *c)
{
    int64_t steps = t->opts->steps, evals = eid_train_evals(&t->plan, steps, c->steps);

    if (strcmp(c->identity, t->identity) != 0)
        return eid_fail(EID_EEXIST,
                        "%s: belongs to another training: other text, options or vocabulary",
                        t->checkpoint);
    /* stopped between a step and its judgement: one short; once finished: one more, of all held-out
     * text */
    bool fits = c->evals == evals + c->finished ||
                (c->evals == evals - 1 && eid_train_judged(&t->plan, steps, c->steps));
    if (c->steps > steps || (c->finished && c->steps != steps) || !fits)
        return eid_fail(EID_EFORMAT,
                        "%s: %" PRId64 " steps and %" PRId64
                        " held-out losses do not fit its training",
                        t->checkpoint, c->steps, c->evals);
    return EID_OK;
}

/* A new model, or the one that the checkpoint has got to. */
static eid_status take_unfinished(training *t, const eid_checkpoint *c)
{
    eid_status st = EID_OK;
    eid_adamw_opts adam = eid_adamw_opts_default();

    adam.beta2 = t->opts->beta2;
    adam.weight_decay = t->opts->weight_decay;
    adam.clip = t->opts->clip;
    EID_TRY(eid_gpt_new(&t->m, t->ctx, &t->plan.shape, (uint64_t)t->opts->seed));
    EID_TRY(eid_adamw_new(&t->adam, t->m, &adam));
    if (c)
        EID_TRY(eid_checkpoint_restore(c, t->checkpoint, t->m, t->adam, t->ctx));
done:
    return st;
}

eid_status eid_training_start(training *t)
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
    memcpy(t->judged, c.heldout, 8 * (size_t)c.evals);
    t->step = t->first = c.steps;
    t->evals = c.evals;
    EID_TRY(c.finished ? take_finished(t, &c) : take_unfinished(t, &c));
done:
    eid_map_close(&map);
    return st;
}

/* A folder with a model but without our checkpoint is somebody's work. */
eid_status eid_train_claim(const char *dir, char **checkpoint, char **weights)
{
    eid_status st = EID_OK;
    char *config = NULL;

    EID_TRY(eid_format(&config, "%s/config.json", dir));
    EID_TRY(eid_format(checkpoint, "%s/checkpoint.eid", dir));
    EID_TRY(eid_format(weights, "%s/model.safetensors", dir));
    EID_TRY(eid_mkdirs(dir));
    if (!eid_exists(*checkpoint) && (eid_exists(config) || eid_exists(*weights)))
        EID_TRY(eid_fail(EID_EEXIST, "%s: already holds a model", dir));
done:
    eid_free(config);
    return st;
}

eid_status eid_training_claim(training *t, const char *dir)
{
    t->dir = dir;
    return eid_train_claim(dir, &t->checkpoint, &t->weights);
}
