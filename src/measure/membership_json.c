/* membership_json.c - the `result` object of docs/json.md. */
#include "base/json.h"
#include "eidetic/measure.h"

static json_t *attack_json(const eid_attack *a)
{
    static const double fpr[2] = {0.01, 0.001};
    json_t *tpr = json_array();
    for (int i = 0; i < 2; i++)
        json_array_append_new(
            tpr, json_pack("{s:f, s:o}", "fpr", fpr[i], "rate", eid_json_estimate(&a->tpr[i])));
    return json_pack("{s:s, s:o, s:o}", "name", a->name, "auc", eid_json_estimate(&a->auc), "tpr",
                     tpr);
}

static json_t *row_json(const eid_membership_result *r, const eid_membership_row *row)
{
    json_t *attacks = json_array();
    for (size_t a = 0; a < r->n_attacks; a++)
        json_array_append_new(attacks, json_pack("{s:s, s:o}", "name", r->attacks[a].name, "auc",
                                                 eid_json_estimate(&row->auc[a])));
    return json_pack("{s:I, s:I, s:I, s:o, s:o}", "low", (json_int_t)row->low, "high",
                     (json_int_t)row->high, "members", (json_int_t)row->members, "blind",
                     eid_json_estimate(&row->blind), "attacks", attacks);
}

eid_status eid_membership_json(const eid_membership_result *r, char **json)
{
    json_t *attacks = json_array(), *rows = json_array();
    for (size_t a = 0; a < r->n_attacks; a++)
        json_array_append_new(attacks, attack_json(&r->attacks[a]));
    for (size_t i = 0; i < r->n_rows; i++)
        json_array_append_new(rows, row_json(r, &r->by_copies[i]));
    json_t *blind = json_pack("{s:o, s:b}", "auc", eid_json_estimate(&r->blind), "alarm", r->alarm);
    return eid_json_text(json_pack("{s:I, s:I, s:I, s:s, s:I, s:o, s:o, s:o}", "members",
                                   (json_int_t)r->members, "nonmembers", (json_int_t)r->nonmembers,
                                   "repeated", (json_int_t)r->repeated, "unit", "tokens", "tokens",
                                   (json_int_t)r->tokens, "blind", blind, "attacks", attacks,
                                   "by_copies", rows),
                         json);
}
