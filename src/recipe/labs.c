/* labs.c - the registry, and running one lab. */
#include "base/ctx.h"
#include "base/json.h"
#include "recipe/lab.h"
#include <string.h>

eid_lab_opts eid_lab_opts_default(void)
{
    return (eid_lab_opts){.scale = EID_LAB_FULL, .seed = 1};
}

const eid_opt eid_lab_opt_table[] = {
    {EID_OPT_ENUM, "scale", offsetof(eid_lab_opts, scale), 0, 0,
     "check: seconds, enough to see the claim; full: about a minute, tighter intervals",
     "check|full", 0},
    {EID_OPT_I64, "seed", offsetof(eid_lab_opts, seed), 0, 1e15, "random seed", NULL, 0},
    {0},
};

#define LAB(x) extern const eid_lab eid_lab_##x;
#include "recipe/labs.def"
#undef LAB

static const eid_lab *const registry[] = {
#define LAB(x) &eid_lab_##x,
#include "recipe/labs.def"
#undef LAB
    NULL,
};

const eid_lab *eid_lab_at(size_t i)
{
    return i < sizeof registry / sizeof *registry ? registry[i] : NULL;
}

static bool means(const char *name, const eid_lab *lab)
{
    return strcmp(name, lab->name) == 0 || strcmp(name, lab->group) == 0 ||
           strcmp(name, "all") == 0;
}

eid_status eid_labs_named(const eid_lab ***out, size_t *n, const eid_strings *names)
{
    eid_status st = EID_OK;
    const eid_lab **labs = NULL;
    size_t found = 0;

    for (size_t k = 0; k < names->n; k++) {
        bool known = false;
        for (size_t i = 0; registry[i]; i++)
            known = known || means(names->at[k], registry[i]);
        if (!known)
            return eid_fail(EID_EINVAL, "there is no lab \"%s\"; `eidetic lab` lists them",
                            names->at[k]);
    }
    EID_TRY(EID_NEW(labs, sizeof registry / sizeof *registry));
    for (size_t i = 0; registry[i]; i++) {
        bool asked = false;
        for (size_t k = 0; k < names->n; k++)
            asked = asked || means(names->at[k], registry[i]);
        if (asked)
            labs[found++] = registry[i];
    }
    *out = labs;
    *n = found;
done:
    return st;
}

void eid_labs_free(const eid_lab **labs)
{
    eid_free(labs);
}

const char *eid_lab_verdict_name(eid_lab_verdict v)
{
    static const char *const names[] = {"holds", "fails", "unresolved"};
    return (size_t)v < sizeof names / sizeof *names ? names[v] : "unresolved";
}

/* The claim stands or falls with its rows; one that measured nothing has shown nothing. */
static eid_lab_verdict verdict_of(const eid_lab_result *r)
{
    eid_lab_verdict v = EID_LAB_HOLDS;
    bool measured = false;

    for (size_t i = 0; i < r->n_rows; i++) {
        const eid_lab_row *row = &r->rows[i];
        if (!row->judged)
            continue;
        measured = measured || !row->control;
        if (row->verdict == EID_LAB_FAILS)
            return EID_LAB_FAILS;
        if (row->verdict == EID_LAB_UNRESOLVED)
            v = EID_LAB_UNRESOLVED;
    }
    return measured ? v : EID_LAB_UNRESOLVED;
}

eid_status eid_lab_run(eid_lab_result **out, eid_ctx *ctx, const eid_lab *lab,
                       const eid_lab_opts *opts, const void *own, const char *folder)
{
    eid_status st = EID_OK;
    eid_lab_result *r = NULL;
    void *defaults = NULL;
    double began = eid_now();

    EID_TRY(EID_NEW(r, 1));
    r->lab = lab;
    r->scale = opts->scale;
    if (lab->table && !own) {
        EID_TRY(eid_new(&defaults, 1, lab->opts_size));
        if (lab->defaults)
            lab->defaults(defaults);
        own = defaults;
    }
    lab_work w = {.ctx = ctx,
                  .full = opts->scale == EID_LAB_FULL,
                  .seed = (uint64_t)opts->seed,
                  .own = own,
                  .folder = folder,
                  .result = r};
    EID_TRY(lab->run(&w));
    r->verdict = verdict_of(r);
    r->seconds = eid_now() - began;
    *out = r;
    r = NULL;
done:
    eid_lab_result_free(r);
    eid_free(defaults);
    return st;
}

static void free_figure(eid_lab_figure *f)
{
    if (!f)
        return;
    const char *own[] = {f->chart.name,   f->chart.title,   f->chart.x_title,
                         f->chart.x_unit, f->chart.y_title, f->chart.rule_label};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        eid_free((void *)(uintptr_t)own[i]); /* copies of ours, const in the public struct only */
    for (size_t i = 0; i < f->n_series; i++) {
        eid_free(f->series[i].name);
        eid_free(f->series[i].at);
    }
    for (size_t i = 0; i < f->n_rows; i++)
        eid_free(f->rows[i]);
    eid_free(f->series);
    eid_free(f->rows);
    eid_free(f);
}

void eid_lab_result_free(eid_lab_result *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n_rows; i++) {
        eid_free(r->rows[i].name);
        eid_free(r->rows[i].expected);
    }
    for (size_t i = 0; i < r->n_figures; i++)
        free_figure(r->figures[i]);
    for (size_t i = 0; i < r->n_notes; i++)
        eid_free(r->notes[i]);
    for (size_t i = 0; i < r->n_inputs; i++)
        eid_free(r->inputs[i].path);
    eid_free(r->rows);
    eid_free(r->figures);
    eid_free(r->notes);
    eid_free(r->inputs);
    eid_free(r);
}
