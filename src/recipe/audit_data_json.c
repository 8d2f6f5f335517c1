/* audit_data_json.c - the `result` object of a training set's audit, from what its database holds.
 */
#include "base/json.h"
#include "eidetic/audit_data.h"
#include "eidetic/store.h"
#include <math.h>
#include <string.h>

typedef struct result {
    json_t *level, *reasons, *numbers, *curves, *examples;
} result;

static eid_status take_text(void *user, const char *name, const char *value)
{
    result *r = user;
    json_t *j;

    if (strcmp(name, "verdict.level") == 0) {
        json_decref(r->level);
        r->level = json_string(value);
    }
    if (strncmp(name, "verdict.reason.", 15) != 0)
        return EID_OK;
    eid_status st = eid_json_parse(&j, name, value, strlen(value));
    if (st == EID_OK)
        json_array_append_new(r->reasons, j);
    return st;
}

/* "labels.el2n.auc" as numbers.labels["el2n.auc"]: one object for what stands before the first
 * dot. */
static eid_status take_metric(void *user, const char *name, const eid_estimate *e)
{
    result *r = user;
    size_t n = strcspn(name, ".");
    char group[64];

    if (n >= sizeof group || !name[n])
        return EID_OK;
    memcpy(group, name, n);
    group[n] = 0;
    json_t *of = json_object_get(r->numbers, group);
    if (!of) {
        of = json_object();
        json_object_set_new(r->numbers, group, of);
    }
    json_object_set_new(of, name + n + 1,
                        e->n == 0 && strcmp(e->method, "exact") == 0 ? eid_json_real(e->value)
                                                                     : eid_json_estimate(e));
    return EID_OK;
}

static eid_status take_point(void *user, const char *curve, const char *series, double x,
                             const eid_estimate *y)
{
    result *r = user;

    if (strncmp(curve, "dropping.", 9) == 0)
        json_array_append_new(r->curves, json_pack("{s:s, s:s, s:f, s:o}", "curve", curve, "series",
                                                   series, "x", x, "y", eid_json_estimate(y)));
    return EID_OK;
}

static eid_status take_finding(void *user, const eid_finding *f)
{
    result *r = user;
    json_t *why = NULL, *list = json_object_get(r->examples, f->kind);

    if (!f->why || eid_json_parse(&why, "why", f->why, strlen(f->why)) != EID_OK)
        return EID_OK;
    if (!list) {
        list = json_array();
        json_object_set_new(r->examples, f->kind, list);
    }
    json_array_append_new(list, why);
    return EID_OK;
}

eid_status eid_audit_data_json(const char *run, char **json)
{
    eid_status st = EID_OK;
    eid_store *s = NULL;
    result r = {json_null(), json_array(), json_object(), json_array(), json_object()};

    EID_TRY(eid_store_open(&s, run));
    EID_TRY(eid_store_texts(s, NULL, take_text, &r));
    EID_TRY(eid_store_metrics(s, NULL, take_metric, &r));
    EID_TRY(eid_store_points(s, NULL, take_point, &r));
    EID_TRY(eid_store_findings(s, NULL, take_finding, &r));
    EID_TRY(eid_json_text(
        json_pack("{s:{s:O, s:O}, s:O, s:O, s:O, s:{s:o, s:o, s:o, s:o, s:o}}", "verdict", "level",
                  r.level, "reasons", r.reasons, "numbers", r.numbers, "dropping", r.curves,
                  "examples", r.examples, "files", "report", json_sprintf("%s/report.html", run),
                  "database", json_sprintf("%s/eidetic.db", run), "suspects",
                  json_sprintf("%s/suspects.csv", run), "scores",
                  json_sprintf("%s/scores.csv", run), "bank", json_sprintf("%s/bank", run)),
        json));
done:
    json_decref(r.level);
    json_decref(r.reasons);
    json_decref(r.numbers);
    json_decref(r.curves);
    json_decref(r.examples);
    eid_store_free(s);
    return st;
}
