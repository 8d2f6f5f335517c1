#include "report/evidence.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static eid_status on_metric(void *user, const char *name, const eid_estimate *e)
{
    evidence *ev = user;
    eid_status st;
    EID_TRY(EID_GROW(ev->metric, &ev->metrics_cap, ev->metrics + 1));
    ev->metric[ev->metrics] = (ev_metric){.e = *e};
    EID_TRY(eid_strdup(&ev->metric[ev->metrics].name, name));
    ev->metrics++;
done:
    return st;
}

static eid_status on_text(void *user, const char *name, const char *value)
{
    evidence *ev = user;
    eid_status st;
    EID_TRY(EID_GROW(ev->text, &ev->texts_cap, ev->texts + 1));
    ev_text *t = &ev->text[ev->texts];
    *t = (ev_text){0};
    EID_TRY(eid_strdup(&t->name, name));
    ev->texts++;
    EID_TRY(eid_strdup(&t->value, value));
done:
    return st;
}

static eid_status curve_named(evidence *ev, const char *name, ev_curve **out)
{
    eid_status st = EID_OK;
    for (size_t i = 0; i < ev->curves; i++)
        if (strcmp(ev->curve[i].name, name) == 0) {
            *out = &ev->curve[i];
            return EID_OK;
        }
    EID_TRY(EID_GROW(ev->curve, &ev->curves_cap, ev->curves + 1));
    ev->curve[ev->curves] = (ev_curve){0};
    EID_TRY(eid_strdup(&ev->curve[ev->curves].name, name));
    *out = &ev->curve[ev->curves++];
done:
    return st;
}

static eid_status series_named(ev_curve *c, const char *name, ev_series **out)
{
    eid_status st = EID_OK;
    for (size_t i = 0; i < c->n; i++)
        if (strcmp(c->at[i].name, name) == 0) {
            *out = &c->at[i];
            return EID_OK;
        }
    EID_TRY(EID_GROW(c->at, &c->cap, c->n + 1));
    c->at[c->n] = (ev_series){0};
    EID_TRY(eid_strdup(&c->at[c->n].name, name));
    *out = &c->at[c->n++];
done:
    return st;
}

static eid_status on_point(void *user, const char *curve, const char *series, double x,
                           const eid_estimate *y)
{
    eid_status st;
    ev_curve *c = NULL;
    ev_series *s = NULL;
    EID_TRY(curve_named(user, curve, &c));
    EID_TRY(series_named(c, series, &s));
    EID_TRY(EID_GROW(s->at, &s->cap, s->n + 1));
    s->at[s->n++] = (ev_point){x, NAN, *y};
done:
    return st;
}

static eid_status on_input(void *user, const char *path, int64_t bytes, const char *sha256,
                           int64_t documents, int64_t skipped)
{
    evidence *ev = user;
    eid_status st;
    EID_TRY(EID_GROW(ev->input, &ev->inputs_cap, ev->inputs + 1));
    ev_input *in = &ev->input[ev->inputs];
    *in = (ev_input){.bytes = bytes, .documents = documents, .skipped = skipped};
    EID_TRY(eid_strdup(&in->path, path));
    ev->inputs++;
    EID_TRY(eid_strdup(&in->sha256, sha256));
done:
    return st;
}

static eid_status copy_bytes(const uint8_t **at, size_t n)
{
    uint8_t *copy = NULL;
    eid_status st = EID_OK;
    if (!*at)
        return EID_OK;
    st = EID_NEW(copy, n + 1);
    if (st == EID_OK && n)
        memcpy(copy, *at, n);
    *at = copy; /* NULL after a failure: nothing of the row is kept */
    return st;
}

static eid_status copy_text(const char **s)
{
    char *copy = NULL;
    eid_status st = *s ? eid_strdup(&copy, *s) : EID_OK;
    *s = copy;
    return st;
}

static bool is_string(const char *kind)
{
    static const char *const strings[] = {"extracted", "planted",   "repeated",
                                          "shared",    "memorized", "mislabelled.known",
                                          "redundant", "influence", "mislabelled"};
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        if (strcmp(kind, strings[i]) == 0)
            return true;
    return false;
}

static eid_status on_finding(void *user, const eid_finding *row)
{
    evidence *ev = user;
    eid_status st = EID_OK, first = EID_OK;
    bool string = is_string(row->kind);
    size_t kept = 0;

    if (!string && strncmp(row->kind, "personal.", 9) != 0)
        return EID_OK;
    *(string ? &ev->strings : &ev->personal) += 1;
    for (size_t i = 0; i < ev->findings; i++)
        kept += string ? strcmp(ev->finding[i].f.kind, row->kind) == 0
                       : !is_string(ev->finding[i].f.kind);
    if (kept >= (string ? EV_STRINGS : EV_PERSONAL))
        return EID_OK;
    EID_TRY(EID_GROW(ev->finding, &ev->findings_cap, ev->findings + 1));
    eid_finding *f = &ev->finding[ev->findings++].f;
    *f = *row;
    /* Every pointer becomes ours or NULL, also when memory ends halfway, so that ev_free is safe.
     */
    const char **text[] = {&f->kind, &f->document, &f->why};
    const uint8_t **bytes[] = {&f->prompt, &f->expected, &f->output};
    const size_t n[] = {f->prompt_n, f->expected_n, f->output_n};
    for (int i = 0; i < 3; i++) {
        if ((st = copy_text(text[i])) != EID_OK)
            first = st;
        if ((st = copy_bytes(bytes[i], n[i])) != EID_OK)
            first = st;
    }
    st = first;
done:
    return st;
}

enum { BUCKETS = 1000 }; /* more are not looked at: a curve has dozens */

/* Curve C.high holds the upper ends of the buckets of C: they go where they belong. */
static void join_buckets(evidence *ev)
{
    for (size_t c = 0; c < ev->curves; c++) {
        char name[96];
        const ev_curve *curve = &ev->curve[c];
        if (snprintf(name, sizeof name, "%s.high", curve->name) >= (int)sizeof name)
            continue;
        const ev_curve *ends = ev_find_curve(ev, name);
        for (size_t k = 0; ends && k < curve->n; k++) {
            const ev_series *end = ev_find_series(ends, curve->at[k].name);
            ev_point *at = curve->at[k].at;
            for (size_t i = 0; end && i < curve->at[k].n; i++)
                for (size_t e = 0; e < end->n && e < BUCKETS; e++)
                    if (end->at[e].x == at[i].x && end->at[e].y.value > at[i].x)
                        at[i].x_high = end->at[e].y.value;
        }
    }
}

eid_status ev_read(evidence *ev, const char *run)
{
    eid_status st;
    *ev = (evidence){0};
    EID_TRY(eid_store_open(&ev->store, run));
    ev->run = eid_store_run(ev->store);
    EID_TRY(eid_store_metrics(ev->store, NULL, on_metric, ev));
    EID_TRY(eid_store_texts(ev->store, NULL, on_text, ev));
    EID_TRY(eid_store_points(ev->store, NULL, on_point, ev));
    EID_TRY(eid_store_inputs(ev->store, on_input, ev));
    EID_TRY(eid_store_findings(ev->store, NULL, on_finding, ev));
    join_buckets(ev);
done:
    if (st != EID_OK)
        ev_free(ev);
    return st;
}

void ev_free(evidence *ev)
{
    for (size_t i = 0; i < ev->metrics; i++)
        eid_free(ev->metric[i].name);
    for (size_t i = 0; i < ev->texts; i++) {
        eid_free(ev->text[i].name);
        eid_free(ev->text[i].value);
    }
    for (size_t i = 0; i < ev->curves; i++) {
        for (size_t j = 0; j < ev->curve[i].n; j++) {
            eid_free(ev->curve[i].at[j].name);
            eid_free(ev->curve[i].at[j].at);
        }
        eid_free(ev->curve[i].name);
        eid_free(ev->curve[i].at);
    }
    for (size_t i = 0; i < ev->inputs; i++) {
        eid_free(ev->input[i].path);
        eid_free(ev->input[i].sha256);
    }
    for (size_t i = 0; i < ev->findings; i++) {
        const eid_finding *f = &ev->finding[i].f;
        const void *own[] = {f->kind, f->document, f->why, f->prompt, f->expected, f->output};
        for (int k = 0; k < 6; k++)
            eid_free((void *)(uintptr_t)own[k]); /* ours, const in the public struct only */
    }
    eid_free(ev->metric);
    eid_free(ev->text);
    eid_free(ev->curve);
    eid_free(ev->input);
    eid_free(ev->finding);
    eid_store_free(ev->store);
    *ev = (evidence){0};
}

const ev_curve *ev_find_curve(const evidence *ev, const char *name)
{
    for (size_t i = 0; i < ev->curves; i++)
        if (strcmp(ev->curve[i].name, name) == 0)
            return &ev->curve[i];
    return NULL;
}

const ev_series *ev_find_series(const ev_curve *c, const char *name)
{
    for (size_t i = 0; c && i < c->n; i++)
        if (strcmp(c->at[i].name, name) == 0)
            return &c->at[i];
    return NULL;
}

const eid_estimate *ev_find(const evidence *ev, const char *metric)
{
    for (size_t i = 0; i < ev->metrics; i++)
        if (strcmp(ev->metric[i].name, metric) == 0)
            return &ev->metric[i].e;
    return NULL;
}

double ev_number(const evidence *ev, const char *metric)
{
    const eid_estimate *e = ev_find(ev, metric);
    return e ? e->value : NAN;
}

const char *ev_find_text(const evidence *ev, const char *name)
{
    for (size_t i = 0; i < ev->texts; i++)
        if (strcmp(ev->text[i].name, name) == 0)
            return ev->text[i].value;
    return NULL;
}

const char *ev_missing(const evidence *ev, const char *section)
{
    char name[64];
    snprintf(name, sizeof name, "missing.%s", section);
    const char *why = ev_find_text(ev, name);
    return why ? why : "this run does not hold it";
}
