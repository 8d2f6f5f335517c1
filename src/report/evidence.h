/* evidence.h - everything of a run that its report shows, read once from the store. */
#ifndef EID_SRC_REPORT_EVIDENCE_H
#define EID_SRC_REPORT_EVIDENCE_H
#include "base/memory.h"
#include "eidetic/store.h"

typedef struct ev_point {
    double x, x_high; /* x_high: the end of a bucket [x, x_high], else NaN */
    eid_estimate y;   /* its method lives as long as the store */
} ev_point;

typedef struct ev_series {
    char *name;
    ev_point *at;
    size_t n, cap;
} ev_series;

typedef struct ev_curve {
    char *name;
    ev_series *at;
    size_t n, cap;
} ev_curve;

typedef struct ev_metric {
    char *name;
    eid_estimate e;
} ev_metric;

typedef struct ev_text {
    char *name, *value;
} ev_text;

typedef struct ev_input {
    char *path, *sha256;
    int64_t bytes, documents, skipped;
} ev_input;

typedef struct ev_finding {
    eid_finding f; /* its pointers are our own copies */
} ev_finding;

/* How many findings of a kind are kept to be shown; all are counted. */
enum { EV_STRINGS = 40, EV_PERSONAL = 200 };

typedef struct evidence {
    eid_store *store;
    const eid_run_info *run;
    ev_metric *metric;
    size_t metrics, metrics_cap;
    ev_text *text;
    size_t texts, texts_cap;
    ev_curve *curve;
    size_t curves, curves_cap;
    ev_input *input;
    size_t inputs, inputs_cap;
    ev_finding *finding;
    size_t findings, findings_cap;
    size_t strings, personal; /* how many there are, shown or not */
} evidence;

eid_status ev_read(evidence *ev, const char *run);
void ev_free(evidence *ev); /* a zeroed one is fine */

const ev_curve *ev_find_curve(const evidence *ev, const char *name); /* NULL: none */
const ev_series *ev_find_series(const ev_curve *c, const char *name);
const eid_estimate *ev_find(const evidence *ev, const char *metric); /* NULL: none */
double ev_number(const evidence *ev, const char *metric);            /* NaN: none */
const char *ev_find_text(const evidence *ev, const char *name);      /* NULL: none */
/* Why a section is empty: the text missing.NAME, or "it was not measured". */
const char *ev_missing(const evidence *ev, const char *section);
#endif
