/* vega.c - a figure as a Vega-Lite 5 specification that holds its data. */
#include "base/json.h"
#include "report/figure.h"
#include <math.h>
#include <string.h>

static json_t *text(const char *hostile)
{
    return eid_json_bytes((const uint8_t *)hostile, strlen(hostile));
}

static json_t *values(const fig *f)
{
    json_t *rows = json_array();
    for (int i = 0; i < f->n; i++)
        for (size_t k = 0; k < f->series[i].n; k++) {
            const ev_point *at = &f->series[i].at[k];
            json_t *row = json_object();
            json_object_set_new(row, "series", text(f->series[i].label));
            if (f->kind == FIG_BARS)
                json_object_set_new(row, "row", text(f->row[(int)at->x]));
            else
                json_object_set_new(row, "x", eid_json_real(fig_x(at)));
            json_object_set_new(row, "y", eid_json_real(at->y.value));
            json_object_set_new(row, "low", eid_json_real(at->y.low));
            json_object_set_new(row, "high", eid_json_real(at->y.high));
            json_object_set_new(row, "n", json_integer(at->y.n));
            json_object_set_new(row, "method", text(at->y.method));
            json_object_set_new(row, "why", text(at->y.why));
            json_array_append_new(rows, row);
        }
    return rows;
}

static json_t *scale(axis_kind kind)
{
    static const char *const type[] = {"linear", "log", "log"};
    json_t *s = json_pack("{s:s}", "type", type[kind]);
    if (kind != AXIS_LINEAR)
        json_object_set_new(s, "base", json_integer(kind == AXIS_LOG2 ? 2 : 10));
    return s;
}

static json_t *channel(const char *field, const char *title, axis_kind kind)
{
    return json_pack("{s:s, s:s, s:s, s:o}", "field", field, "type", "quantitative", "title", title,
                     "scale", scale(kind));
}

static json_t *layers_of_lines(const fig *f)
{
    json_t *colour = json_pack("{s:s, s:s}", "field", "series", "type", "nominal");
    json_t *layers = json_pack(
        "[{s:{s:s, s:f}, s:{s:{s:s}, s:{s:s}}}, {s:{s:s, s:s}}, {s:{s:s, s:b}}]", "mark", "type",
        "area", "opacity", 0.15, "encoding", "y", "field", "low", "y2", "field", "high", "mark",
        "type", "line", "interpolate", f->kind == FIG_STEPS ? "step-after" : "linear", "mark",
        "type", "point", "filled", 1);
    json_t *spec = json_pack("{s:o, s:{s:o, s:o, s:o}}", "layer", layers, "encoding", "x",
                             channel("x", f->x_title, f->x_kind), "y",
                             channel("y", f->y_title, f->y_kind), "color", colour);
    return spec;
}

static json_t *layers_of_bars(const fig *f)
{
    return json_pack("{s:[{s:s}, {s:{s:s}, s:{s:{s:s, s:s}, s:{s:s}}}],"
                     " s:{s:{s:s, s:s, s:n}, s:o, s:{s:s}, s:{s:s, s:s}}}",
                     "layer", "mark", "bar", "mark", "type", "rule", "encoding", "x", "field",
                     "low", "title", f->y_title, "x2", "field", "high", "encoding", "y", "field",
                     "row", "type", "nominal", "title", "x", channel("y", f->y_title, AXIS_LINEAR),
                     "yOffset", "field", "series", "color", "field", "series", "type", "nominal");
}

eid_status fig_vega(const fig *f, char **json)
{
    json_t *spec = f->kind == FIG_BARS ? layers_of_bars(f) : layers_of_lines(f);
    json_t *whole = json_pack(
        "{s:s, s:s, s:i, s:i}", "$schema", "https://vega.github.io/schema/vega-lite/v5.json",
        "title", f->title, "width", 560, "height", f->kind == FIG_BARS ? 40 + 40 * f->rows : 320);
    json_object_set_new(whole, "data", json_pack("{s:o}", "values", values(f)));
    if (f->kind != FIG_BARS && f->x_kind != AXIS_LINEAR) /* 0 has no place on this axis */
        json_object_set_new(whole, "transform", json_pack("[{s:s}]", "filter", "datum.x > 0"));
    if (!spec || !whole || json_object_update(whole, spec) != 0) {
        json_decref(spec);
        json_decref(whole);
        return eid_fail(EID_ENOMEM, "report: no memory for %s.vl.json", f->name);
    }
    json_decref(spec);
    return eid_json_text(whole, json);
}
