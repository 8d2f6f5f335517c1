/* cmi_json.c - the `result` object of docs/json.md. */
#include "base/json.h"
#include "eidetic/cmi.h"

static json_t *measure_json(const eid_cmi_measure *m)
{
    return json_pack(
        "{s:o, s:o, s:o, s:{s:o, s:o, s:o}, s:o, s:o, s:o}", "plugin",
        eid_json_estimate(&m->plugin), "miller_madow", eid_json_estimate(&m->miller_madow),
        "adjusted", eid_json_estimate(&m->adjusted), "null", "plugin",
        eid_json_estimate(&m->null_plugin), "miller_madow",
        eid_json_estimate(&m->null_miller_madow), "adjusted", eid_json_estimate(&m->null_adjusted),
        "p", eid_json_real(m->p), "bound", eid_json_estimate(&m->bound), "bound_plugin",
        eid_json_estimate(&m->bound_plugin));
}

eid_status eid_cmi_json(const eid_cmi_result *r, char **json)
{
    return eid_json_text(
        json_pack(
            "{s:s, s:I, s:I, s:I, s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
            "s:o, s:o}",
            "learner", r->learner, "n", (json_int_t)r->pairs, "supers", (json_int_t)r->supers,
            "masks", (json_int_t)r->masks, "f", measure_json(&r->f), "l", measure_json(&r->l), "dl",
            measure_json(&r->dl), "disordered", (json_int_t)r->disordered, "train",
            eid_json_estimate(&r->train), "test", eid_json_estimate(&r->test), "gap",
            eid_json_estimate(&r->gap), "dl_pooled", eid_json_estimate(&r->dl_pooled),
            "interpolating", eid_json_estimate(&r->interpolating), "cmi_low",
            eid_json_estimate(&r->cmi_low), "cmi_cap", eid_json_real(r->cmi_cap), "cmi_high",
            eid_json_real(r->cmi_high), "cmi_bound", eid_json_real(r->cmi_bound), "xu_raginsky",
            eid_json_estimate(&r->xu_raginsky)),
        json);
}
