/* bank_steps.c - what a bank does to a model after its training: the list as it is written, and the
 * kinds of steps. */
#include "base/json.h"
#include "train/bank.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- prune ----------------------------------------------------------------------------------- */

typedef struct prune_opts {
    double magnitude;
} prune_opts;
static const prune_opts prune_defaults = {.magnitude = 0.5};
static const eid_opt prune_table[] = {
    {EID_OPT_F64, "magnitude", offsetof(prune_opts, magnitude), 0, 1,
     "share of the weights to drop, the smallest of all layers", NULL, 0},
    {0},
};

typedef struct weight {
    float size;
    int32_t param;
    int64_t at; /* place among all parameters */
} weight;

static int by_size(const void *x, const void *y)
{
    const weight *a = x, *b = y;
    return a->size < b->size ? -1 : a->size > b->size ? 1 : a->at < b->at ? -1 : a->at > b->at;
}

/* Of equal ones the first goes first, so that exactly round(share n) are gone.  Weights that are 0
 * already stand first: pruning twice counts from the whole network, not from what is left. */
static eid_status prune(const eid_bank_model *m, const void *opts)
{
    const prune_opts *o = opts;
    eid_status st = EID_OK;
    weight *all = NULL;
    eid_param *p;
    size_t params = eid_net_params(m->net, &p);
    int64_t n = 0, gone;

    EID_TRY(EID_NEW(all, eid_net_parameters(m->net)));
    for (size_t k = 0; k < params; k++) {
        int64_t first = p[k].value - p[0].value;
        if (!p[k].prunable)
            continue;
        for (int64_t i = 0; i < p[k].rows * p[k].cols; i++)
            all[n++] = (weight){fabsf(p[k].value[i]), (int32_t)k, first + i};
        p[k].mask = m->mask + first;
    }
    qsort(all, (size_t)n, sizeof *all, by_size);
    gone = (int64_t)llround(o->magnitude * (double)n);
    for (int64_t i = 0; i < gone; i++) {
        m->mask[all[i].at] = 0;
        p[0].value[all[i].at] = 0; /* one block */
    }
    EID_TRY(eid_net_changed(m->net, m->ctx));
done:
    eid_free(all);
    return st;
}

/* ---- finetune -------------------------------------------------------------------------------- */

typedef struct finetune_opts {
    double epochs, lr;
} finetune_opts;
static const finetune_opts finetune_defaults = {.epochs = 1, .lr = 0.01};
static const eid_opt finetune_table[] = {
    {EID_OPT_F64, "epochs", offsetof(finetune_opts, epochs), 0, 1e6, "times every example is seen",
     NULL, 0},
    {EID_OPT_F64, "lr", offsetof(finetune_opts, lr), 0, 1e3,
     "learning rate at its peak, on the training's schedule", NULL, 0},
    {0},
};

static eid_status finetune(const eid_bank_model *m, const void *opts)
{
    const finetune_opts *o = opts;
    return eid_bank_train(m, o->epochs, o->lr);
}

/* ---- all kinds ------------------------------------------------------------------------------- */

static const eid_bank_step_kind prune_kind = {"prune", prune_table, sizeof(prune_opts),
                                              &prune_defaults, prune};
static const eid_bank_step_kind finetune_kind = {"finetune", finetune_table, sizeof(finetune_opts),
                                                 &finetune_defaults, finetune};
static const eid_bank_step_kind *const kinds[] = {&prune_kind, &finetune_kind, NULL};

const eid_bank_step_kind *const *eid_bank_step_kinds(void)
{
    return kinds;
}

static const eid_bank_step_kind *find_kind(const eid_bank_opts *o, const char *name)
{
    const eid_bank_step_kind *const *list[2] = {kinds, o->more};
    for (int l = 0; l < 2; l++)
        for (int i = 0; list[l] && list[l][i]; i++)
            if (strcmp(list[l][i]->name, name) == 0)
                return list[l][i];
    return NULL;
}

/* ---- reading a list -------------------------------------------------------------------------- */

/* Cuts *at at the next `end`; the part before it. */
static char *cut(char **at, char end)
{
    char *part = *at, *stop = part ? strchr(part, end) : NULL;
    *at = stop ? stop + 1 : NULL;
    if (stop)
        *stop = 0;
    return part;
}

/* "magnitude=0.5" */
static eid_status read_value(const bank_step *s, char *text)
{
    char *value = text;
    const char *name = cut(&value, '=');

    for (const eid_opt *row = s->kind->table; value && row->type != EID_OPT_END; row++)
        if (strcmp(row->name, name) == 0)
            return eid_opt_set(row, s->opts, value);
    return eid_fail(EID_EINVAL, "--then: \"%.80s\" of step %s is none of its settings, as %s=%s",
                    name, s->kind->name, s->kind->table[0].name, "1");
}

static eid_status read_step(bank_steps *s, const eid_bank_opts *o, char *text)
{
    eid_status st = EID_OK;
    const char *name = cut(&text, ':');
    bank_step step = {.kind = find_kind(o, name)};
    char *opts = NULL;

    if (!step.kind)
        return eid_fail(EID_EINVAL, "--then: \"%.80s\" is no step: prune, finetune", name);
    if (s->n == BANK_STEPS)
        return eid_fail(EID_EINVAL, "--then: more than %d steps", BANK_STEPS);
    EID_TRY(EID_NEW(opts, step.kind->size));
    step.opts = opts;
    memcpy(opts, step.kind->defaults, step.kind->size);
    s->step[s->n++] = step;
    while (text)
        EID_TRY(read_value(&step, cut(&text, ':')));
done:
    return st;
}

eid_status bank_steps_read(bank_steps *s, const eid_bank_opts *o)
{
    eid_status st = EID_OK;
    char *at;

    if (!o->then || !*o->then)
        return EID_OK;
    EID_TRY(eid_format(&s->text, "%s", o->then));
    for (at = s->text; at;)
        EID_TRY(read_step(s, o, cut(&at, ',')));
done:
    return st;
}

eid_status bank_steps_json(const bank_steps *s, char **json)
{
    eid_status st = EID_OK;
    json_t *all = json_array(), *opts = NULL;
    char *text = NULL;

    for (int i = 0; i < s->n; i++) {
        eid_string_free(text);
        text = NULL;
        EID_TRY(eid_opts_json(s->step[i].kind->table, s->step[i].opts, &text));
        EID_TRY(eid_json_parse(&opts, "step", text, strlen(text)));
        json_array_append_new(
            all, json_pack("{s:s, s:o}", "step", s->step[i].kind->name, "options", opts));
    }
    st = eid_json_text(all, json);
    all = NULL;
done:
    json_decref(all);
    eid_string_free(text);
    return st;
}

void bank_steps_free(bank_steps *s)
{
    for (int i = 0; i < s->n; i++)
        eid_free(s->step[i].opts);
    s->n = 0;
    eid_free(s->text);
    s->text = NULL;
}
