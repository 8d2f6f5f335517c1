/* audit_data_find.c - the examples that a reader looks at, with their pictures and numbers. */
#include "base/json.h"
#include "eidetic/compare.h"
#include "recipe/audit_data.h"
#include "recipe/diet.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { SHOWN = 24, FEATURES = 8 };

/* The first numbers of an example that is no picture. */
static json_t *features_of(const eid_dataset *d, int64_t i)
{
    eid_status st = EID_OK;
    json_t *list = json_array();
    float *x = NULL;

    EID_TRY(EID_NEW(x, d->features));
    eid_dataset_row(d, i, x);
    for (int64_t k = 0; k < d->features && k < FEATURES; k++)
        json_array_append_new(list, eid_json_real((double)x[k]));
done:
    eid_free(x);
    return list;
}

static json_t *name_of(const data_audit *a, int32_t label)
{
    char room[32];

    data_class(a, label, room);
    return eid_json_bytes((const uint8_t *)room, strlen(room));
}

/* What is known of training example i. */
static json_t *facts(const data_audit *a, int64_t i)
{
    const eid_dataset *d = a->set[0];
    const double *p = a->p + i * d->classes;
    eid_estimate in = data_right(a, i, 1), out = data_right(a, i, 0), mem;
    json_t *scores = json_object(), *j;

    mem = eid_difference(&out, &in);
    mem.n = a->bank->models;
    for (int k = 0; k < DATA_SCORES; k++)
        json_object_set_new(scores, data_score_name(k), eid_json_real(a->score[k][i]));
    j = json_pack("{s:I, s:o, s:o, s:f, s:f, s:o, s:o, s:o, s:o, s:b}", "id", (json_int_t)d->id[i],
                  "label", name_of(a, d->label[i]), "guess", name_of(a, a->guess[i]), "p_label",
                  p[d->label[i]], "p_guess", p[a->guess[i]], "mem", eid_json_estimate(&mem),
                  "right_in", eid_json_estimate(&in), "right_out", eid_json_estimate(&out),
                  "scores", scores, "flipped", (int)(d->label[i] != d->clean[i]));
    if (j && d->label[i] != d->clean[i])
        json_object_set_new(j, "clean", name_of(a, d->clean[i]));
    if (j && !data_is_picture(a->raw[0]))
        json_object_set_new(j, "features", features_of(a->raw[0], i));
    return j;
}

static eid_status put(data_audit *a, const char *kind, int64_t i, double value, json_t *why,
                      int64_t test)
{
    eid_status st = EID_OK;
    eid_buf png = {0}, other = {0};
    char *text = NULL;
    eid_finding f = {.kind = kind,
                     .document = a->set[0]->name,
                     .offset = a->set[0]->id[i],
                     .copies = 1,
                     .documents = 1,
                     .value = value};

    if (data_is_picture(a->raw[0])) {
        EID_TRY(data_png(&png, a->raw[0], i));
        if (test >= 0)
            EID_TRY(data_png(&other, a->raw[1], test));
    }
    st = eid_json_text(why, &text);
    why = NULL;
    EID_TRY(st);
    f.why = text;
    f.output = png.at;
    f.output_n = png.n;
    f.expected = other.at;
    f.expected_n = other.n;
    EID_TRY(eid_store_finding(a->store, &f));
done:
    json_decref(why);
    eid_string_free(text);
    eid_buf_free(&png);
    eid_buf_free(&other);
    return st;
}

/* Where wrong labels were made, as many places go to labels that stand as they came: those are
 * news. */
static eid_status put_suspects(data_audit *a)
{
    eid_status st = EID_OK;
    const eid_dataset *d = a->set[0];

    for (int made = 0; made < 2; made++)
        for (int64_t k = 0, shown = 0; k < a->n_suspects && shown < SHOWN; k++) {
            int64_t i = a->suspects[k];
            if ((d->label[i] != d->clean[i]) != made)
                continue;
            EID_TRY(put(a, made ? "mislabelled.known" : "mislabelled", i, a->score[DATA_SELF][i],
                        facts(a, i), -1));
            shown++;
        }
done:
    return st;
}

/* The most memorized with a label that came so: a changed one is memorized by design. */
static eid_status put_memorized(data_audit *a)
{
    eid_status st = EID_OK;
    const eid_dataset *d = a->set[0];
    int64_t *order = NULL;
    double *key = NULL;

    EID_TRY(EID_NEW(order, d->n));
    EID_TRY(EID_NEW(key, d->n));
    for (int64_t i = 0; i < d->n; i++) /* equal mem: whoever stands out more clearly */
        key[i] = a->score[DATA_MEM][i] + 1e-6 * tanh(a->score[DATA_RISK][i] / 10);
    EID_TRY(diet_order(order, d->n, key, -1, d->id, (uint64_t)a->opts->seed));
    for (int64_t k = 0, shown = 0; k < d->n && shown < SHOWN; k++)
        if (d->label[order[k]] == d->clean[order[k]]) {
            EID_TRY(put(a, "memorized", order[k], a->score[DATA_MEM][order[k]], facts(a, order[k]),
                        -1));
            shown++;
        }
done:
    eid_free(order);
    eid_free(key);
    return st;
}

/* Of each class in turn the easiest: one class alone would say nothing about the others. */
static eid_status put_redundant(data_audit *a)
{
    eid_status st = EID_OK;
    const eid_dataset *d = a->set[0];
    int64_t *order = NULL, *next = NULL;

    EID_TRY(EID_NEW(order, d->n));
    EID_TRY(EID_NEW(next, d->classes));
    EID_TRY(diet_order(order, d->n, a->score[EID_SCORE_EL2N], 1, d->id, (uint64_t)a->opts->seed));
    for (int64_t k = 0; k < SHOWN; k++) {
        int32_t c = (int32_t)(k % d->classes);
        while (next[c] < d->n && d->label[order[next[c]]] != c)
            next[c]++;
        if (next[c] == d->n)
            continue;
        int64_t i = order[next[c]++];
        EID_TRY(put(a, "redundant", i, a->score[EID_SCORE_EL2N][i], facts(a, i), -1));
    }
done:
    eid_free(order);
    eid_free(next);
    return st;
}

static eid_status put_pairs(data_audit *a)
{
    eid_status st = EID_OK;

    for (int64_t k = 0; a->pairs && k < a->pairs->kept; k++) {
        const eid_influence_pair *p = &a->pairs->pair[k];
        json_t *why = facts(a, p->train);
        json_object_set_new(why, "infl", eid_json_real(p->influence));
        json_object_set_new(why, "infl_se", eid_json_real(p->se));
        json_object_set_new(why, "z", eid_json_real(p->z));
        json_object_set_new(why, "test_id", json_integer(a->raw[1]->id[p->test]));
        json_object_set_new(why, "test_label", name_of(a, a->raw[1]->label[p->test]));
        if (!data_is_picture(a->raw[1]))
            json_object_set_new(why, "test_features", features_of(a->raw[1], p->test));
        EID_TRY(put(a, "influence", p->train, p->influence, why, p->test));
    }
done:
    return st;
}

eid_status data_keep_findings(data_audit *a)
{
    eid_status st = EID_OK;
    bool done;

    EID_TRY(eid_store_begin(a->store, "findings", &done));
    if (done)
        return EID_OK;
    EID_TRY(put_suspects(a));
    EID_TRY(put_memorized(a));
    EID_TRY(put_redundant(a));
    EID_TRY(put_pairs(a));
    return eid_store_end(a->store);
done:
    eid_store_abandon(a->store);
    return st;
}
