/* labs_write.c - what a running lab writes into its result. */
#include "recipe/lab.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MOST_SERIES = 8, MOST_ROWS = 16 }; /* that a figure of the report has room for */

/* ---- ranges ------------------------------------------------------------------------------- */

lab_range lab_at_least(double x)
{
    lab_range r = {.least = x, .most = INFINITY};
    snprintf(r.text, sizeof r.text, "at least %.4g", x);
    return r;
}

lab_range lab_at_most(double x)
{
    lab_range r = {.least = -INFINITY, .most = x};
    snprintf(r.text, sizeof r.text, "at most %.4g", x);
    return r;
}

lab_range lab_between(double least, double most)
{
    lab_range r = {.least = least, .most = most};
    snprintf(r.text, sizeof r.text, "%.4g to %.4g", least, most);
    return r;
}

lab_range lab_about(double x, double tolerance)
{
    lab_range r = {.least = x - tolerance, .most = x + tolerance};
    snprintf(r.text, sizeof r.text, "%.4g ± %.2g", x, tolerance);
    return r;
}

lab_range lab_any(void)
{
    return (lab_range){.least = -INFINITY, .most = INFINITY, .text = ""};
}

eid_lab_verdict lab_judge(const eid_estimate *e, double least, double most)
{
    if (isnan(e->value) || isnan(e->low) || isnan(e->high) || isnan(least) || isnan(most))
        return EID_LAB_UNRESOLVED;
    if (e->low >= least && e->high <= most)
        return EID_LAB_HOLDS;
    return e->high < least || e->low > most ? EID_LAB_FAILS : EID_LAB_UNRESOLVED;
}

/* ---- rows --------------------------------------------------------------------------------- */

static eid_status add_row(lab_work *w, bool control, const char *name, const eid_estimate *e,
                          const lab_range *expected)
{
    eid_status st = EID_OK;
    eid_lab_result *r = w->result;

    for (size_t i = 0; i < r->n_rows; i++)
        if (strcmp(r->rows[i].name, name) == 0)
            return eid_fail(EID_EINTERNAL, "lab %s: two rows are named \"%s\"", r->lab->name, name);
    EID_TRY(EID_GROW(r->rows, &r->rows_cap, r->n_rows + 1));
    eid_lab_row *row = &r->rows[r->n_rows];
    *row = (eid_lab_row){.control = control,
                         .judged = expected->text[0] != '\0',
                         .value = *e,
                         .least = expected->least,
                         .most = expected->most};
    if (!row->value.method)
        row->value.method = "";
    row->verdict = row->judged ? lab_judge(e, row->least, row->most) : EID_LAB_UNRESOLVED;
    r->n_rows++;
    EID_TRY(eid_strdup(&row->name, name));
    EID_TRY(eid_strdup(&row->expected, expected->text));
done:
    return st;
}

eid_status lab_measured(lab_work *w, const char *name, const eid_estimate *e, lab_range expected)
{
    return add_row(w, false, name, e, &expected);
}

eid_status lab_control(lab_work *w, const char *name, const eid_estimate *e, lab_range expected)
{
    return add_row(w, true, name, e, &expected);
}

eid_estimate lab_exact(double x)
{
    return (eid_estimate){.value = x, .low = x, .high = x, .n = 0, .method = "exact"};
}

eid_status lab_note(lab_work *w, const char *fmt, ...)
{
    eid_status st = EID_OK;
    eid_lab_result *r = w->result;
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    EID_TRY(EID_GROW(r->notes, &r->notes_cap, r->n_notes + 1));
    EID_TRY(eid_strdup(&r->notes[r->n_notes], text));
    r->n_notes++;
done:
    return st;
}

eid_status lab_input(lab_work *w, const char *path, const char *sha256, int64_t bytes,
                     int64_t documents, int64_t skipped)
{
    eid_status st = EID_OK;
    eid_lab_result *r = w->result;

    EID_TRY(EID_GROW(r->inputs, &r->inputs_cap, r->n_inputs + 1));
    eid_lab_input *in = &r->inputs[r->n_inputs];
    *in = (eid_lab_input){.bytes = bytes, .documents = documents, .skipped = skipped};
    snprintf(in->sha256, sizeof in->sha256, "%s", sha256);
    EID_TRY(eid_strdup(&in->path, path));
    r->n_inputs++;
done:
    return st;
}

eid_status lab_input_file(lab_work *w, const char *path)
{
    char hex[65];
    int64_t bytes = 0;
    eid_status st = eid_file_sha256(w->ctx, path, hex, &bytes);

    return st == EID_OK ? lab_input(w, path, hex, bytes, 1, 0) : st;
}

/* ---- figures ------------------------------------------------------------------------------ */

static eid_status own_text(const char **at)
{
    char *copy = NULL;
    eid_status st = *at ? eid_strdup(&copy, *at) : EID_OK;

    *at = copy; /* NULL after a failure: nothing of the caller's is kept */
    return st;
}

eid_status lab_figure(eid_lab_figure **out, lab_work *w, const eid_chart *chart)
{
    eid_status st = EID_OK, first = EID_OK;
    eid_lab_result *r = w->result;
    eid_lab_figure *f = NULL;

    EID_TRY(EID_GROW(r->figures, &r->figures_cap, r->n_figures + 1));
    EID_TRY(EID_NEW(f, 1));
    f->chart = *chart;
    r->figures[r->n_figures++] = f;
    const char **text[] = {&f->chart.name,   &f->chart.title,   &f->chart.x_title,
                           &f->chart.x_unit, &f->chart.y_title, &f->chart.rule_label};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        if ((st = own_text(text[i])) != EID_OK)
            first = st;
    st = first;
    *out = f;
done:
    return st;
}

static eid_status series_named(eid_lab_figure *f, const char *name, eid_chart_series **out)
{
    eid_status st = EID_OK;

    for (size_t i = 0; i < f->n_series; i++)
        if (strcmp(f->series[i].name, name) == 0) {
            *out = &f->series[i];
            return EID_OK;
        }
    if (f->n_series == MOST_SERIES)
        return eid_fail(EID_EINTERNAL, "figure %s: more than %d series", f->chart.name,
                        MOST_SERIES);
    EID_TRY(EID_GROW(f->series, &f->series_cap, f->n_series + 1));
    f->series[f->n_series] = (eid_chart_series){0};
    EID_TRY(eid_strdup(&f->series[f->n_series].name, name));
    *out = &f->series[f->n_series++];
done:
    return st;
}

eid_status lab_point(eid_lab_figure *f, const char *series, double x, const eid_estimate *y)
{
    eid_status st = EID_OK;
    eid_chart_series *s;

    EID_TRY(series_named(f, series, &s));
    EID_TRY(EID_GROW(s->at, &s->cap, s->n + 1));
    s->at[s->n] = (eid_chart_point){x, *y};
    if (!s->at[s->n].y.method)
        s->at[s->n].y.method = "";
    s->n++;
done:
    return st;
}

eid_status lab_bar(eid_lab_figure *f, const char *series, const char *row, const eid_estimate *y)
{
    eid_status st = EID_OK;
    size_t at = 0;

    while (at < f->n_rows && strcmp(f->rows[at], row) != 0)
        at++;
    if (at == f->n_rows) {
        if (at == MOST_ROWS)
            return eid_fail(EID_EINTERNAL, "figure %s: more than %d rows", f->chart.name,
                            MOST_ROWS);
        EID_TRY(EID_GROW(f->rows, &f->rows_cap, at + 1));
        EID_TRY(eid_strdup(&f->rows[at], row));
        f->n_rows++;
    }
    EID_TRY(lab_point(f, series, (double)at, y));
done:
    return st;
}

eid_status lab_reference(eid_lab_figure *f, const char *series)
{
    eid_chart_series *s;
    eid_status st = series_named(f, series, &s);

    if (st == EID_OK)
        s->reference = true;
    return st;
}
