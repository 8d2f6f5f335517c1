/* exposure_json.c - the `result` object of docs/json.md. */
#include "base/json.h"
#include "eidetic/measure.h"

static const char *method_name(eid_exposure_method m)
{
    static const char *const name[] = {"auto", "exact", "sampled", "skew-normal"};
    return name[m];
}

static json_t *canary_json(const eid_exposed *c)
{
    return json_pack(
        "{s:I, s:I, s:o, s:o, s:o, s:s}", "id", (json_int_t)c->canary, "copies",
        (json_int_t)c->copies, "rank", c->rank > 0 ? json_integer(c->rank) : json_null(), "bits",
        eid_json_real(c->bits), "nats", eid_json_real(c->nats), "method", method_name(c->method));
}

static json_t *row_json(const eid_exposure_row *row)
{
    return json_pack("{s:I, s:I, s:o}", "copies", (json_int_t)row->copies, "canaries",
                     (json_int_t)row->canaries, "bits", eid_json_estimate(&row->bits));
}

eid_status eid_exposure_json(const eid_exposure_result *r, char **json)
{
    json_t *rows = json_array(), *canaries = json_array();
    for (size_t i = 0; i < r->n_rows; i++)
        json_array_append_new(rows, row_json(&r->rows[i]));
    for (size_t i = 0; i < r->n_canaries; i++)
        json_array_append_new(canaries, canary_json(&r->canaries[i]));
    json_t *fit =
        json_pack("{s:o, s:o, s:o, s:o, s:o}", "location", eid_json_real(r->fit.location), "scale",
                  eid_json_real(r->fit.scale), "shape", eid_json_real(r->fit.shape), "ks",
                  eid_json_real(r->fit.ks), "ks_p", eid_json_real(r->fit.ks_p));
    return eid_json_text(
        json_pack("{s:o, s:o, s:o, s:o, s:o}", "space_bits", eid_json_real(r->space_bits), "null",
                  eid_json_estimate(&r->null), "by_copies", rows, "fit", fit, "canaries", canaries),
        json);
}
