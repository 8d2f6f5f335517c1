/* trace_json.c - the `result` object of docs/json.md. */
#include "base/json.h"
#include "eidetic/trace.h"

static json_t *tracer_json(const eid_tracer *t)
{
    return json_pack("{s:o, s:o, s:o}", "threshold", eid_json_real(t->threshold), "recall",
                     eid_json_estimate(&t->recall), "soundness", eid_json_estimate(&t->soundness));
}

static json_t *row_json(const eid_trace_row *r)
{
    return json_pack(
        "{s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:{s:o, "
        "s:o}}",
        "n", (json_int_t)r->n, "d", (json_int_t)r->d, "bytes", (json_int_t)r->bytes, "beta",
        eid_json_real(r->beta), "signal", eid_json_real(r->signal), "soundness",
        eid_json_real(r->soundness), "noise", eid_json_real(r->noise), "dp_epsilon",
        eid_json_real(r->dp_epsilon), "calibrated", tracer_json(&r->calibrated), "analytic",
        tracer_json(&r->analytic), "excess", eid_json_estimate(&r->excess), "trivial",
        eid_json_estimate(&r->trivial), "gap", eid_json_estimate(&r->gap), "cmi_low",
        eid_json_estimate(&r->cmi_low), "cmi_cap", eid_json_real(r->cmi_cap), "cmi_bound",
        eid_json_estimate(&r->cmi_bound), "predicted", "recall", eid_json_real(r->predicted_recall),
        "excess", eid_json_real(r->predicted_excess));
}

eid_status eid_trace_json(const eid_trace_result *r, char **json)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < r->n_rows; i++)
        json_array_append_new(rows, row_json(&r->rows[i]));
    return eid_json_text(json_pack("{s:I, s:o}", "trials", (json_int_t)r->trials, "rows", rows),
                         json);
}
