/* labs_json.c - a lab's result as the `lab` object of docs/json.md. */
#include "base/json.h"
#include "recipe/lab.h"
#include <math.h>
#include <string.h>

static json_t *rows(const eid_lab_result *r, bool control)
{
    json_t *all = json_array();

    for (size_t i = 0; i < r->n_rows; i++) {
        const eid_lab_row *row = &r->rows[i];
        if (row->control != control)
            continue;
        json_array_append_new(
            all, json_pack("{s:s, s:o, s:s, s:o, s:o, s:s?}", "name", row->name, "value",
                           eid_json_estimate(&row->value), "expected", row->expected, "least",
                           eid_json_real(row->least), "most", eid_json_real(row->most), "verdict",
                           row->judged ? eid_lab_verdict_name(row->verdict) : NULL));
    }
    return all;
}

static json_t *figure(const eid_lab_result *r, const eid_lab_figure *f)
{
    static const char *const kind[] = {"lines", "steps", "bars"};
    static const char *const scale[] = {"linear", "log2", "log10"};
    static const char *const as[] = {"plain", "percent", "count"};
    const eid_chart *c = &f->chart;
    json_t *series = json_array(), *row = json_array();

    for (size_t i = 0; i < f->n_series; i++)
        json_array_append_new(series, json_pack("{s:s, s:b}", "name", f->series[i].name,
                                                "reference", f->series[i].reference));
    for (size_t i = 0; i < f->n_rows; i++)
        json_array_append_new(row, json_string(f->rows[i]));
    return json_pack(
        "{s:o, s:s, s:s, s:s?, s:s?, s:s?, s:s, s:s, s:s, s:s, s:b, s:o, s:s?, s:o, s:o}", "name",
        json_sprintf("%s.%s", r->lab->name, c->name), "title", c->title, "kind", kind[c->kind],
        "x_title", c->x_title, "x_unit", c->x_unit, "y_title", c->y_title, "x_scale",
        scale[c->x_scale], "y_scale", scale[c->y_scale], "x_as", as[c->x_as], "y_as", as[c->y_as],
        "from_zero", c->from_zero, "rule", c->rule_label ? eid_json_real(c->rule) : json_null(),
        "rule_label", c->rule_label, "series", series, "rows", row);
}

eid_status eid_lab_result_json(const eid_lab_result *r, char **json)
{
    json_t *figures = json_array(), *notes = json_array();

    for (size_t i = 0; i < r->n_figures; i++)
        json_array_append_new(figures, figure(r, r->figures[i]));
    for (size_t i = 0; i < r->n_notes; i++)
        json_array_append_new(notes,
                              eid_json_bytes((const uint8_t *)r->notes[i], strlen(r->notes[i])));
    return eid_json_text(
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:s, s:o, s:o, s:o}", "name",
                  r->lab->name, "group", r->lab->group, "title", r->lab->title, "claim",
                  r->lab->claim, "meaning", r->lab->meaning, "source", r->lab->source, "scale",
                  r->scale == EID_LAB_FULL ? "full" : "check", "measured", rows(r, false),
                  "control", rows(r, true), "verdict", eid_lab_verdict_name(r->verdict), "notes",
                  notes, "figures", figures, "seconds", eid_json_real(r->seconds)),
        json);
}
