/* lab.h - claims about memorization, each run here with a control that could refute it.
 *
 * A lab states a claim, measures it, and compares every number with what the claim predicts.  A
 * row holds when its whole interval lies inside the expected range, fails when the two do not
 * meet, and is unresolved in between or when the number could not be told.  A lab fails when one
 * row fails, and holds when every row does.
 *
 * A new lab costs one file, src/recipe/lab_NAME.c, which defines `const eid_lab eid_lab_NAME`, one
 * line in src/recipe/labs.def and one in src/recipe/meson.build; src/recipe/lab.h shows how. */
#ifndef EID_LAB_H
#define EID_LAB_H
#include "eidetic/base.h"
#include "eidetic/stats.h"
#include "eidetic/trace.h"

typedef enum eid_lab_scale {
    EID_LAB_CHECK = 0, /* seconds: enough to see the claim, for tests */
    EID_LAB_FULL       /* at most a minute or so on two processors, tighter intervals */
} eid_lab_scale;

typedef struct eid_lab_opts {
    int64_t scale; /* eid_lab_scale */
    int64_t seed;
} eid_lab_opts;
EID_API eid_lab_opts eid_lab_opts_default(void);
EID_API extern const eid_opt eid_lab_opt_table[];

/* ---- results -------------------------------------------------------------------------------- */

typedef enum eid_lab_verdict {
    EID_LAB_HOLDS = 0,
    EID_LAB_FAILS,
    EID_LAB_UNRESOLVED
} eid_lab_verdict;
EID_API const char *eid_lab_verdict_name(eid_lab_verdict v); /* "holds", ...; static */

typedef struct eid_lab_row {
    char *name;   /* of its own within the lab */
    bool control; /* what would refute the claim, or what it must not be confused with */
    bool judged;  /* false: shown, with nothing expected of it */
    eid_estimate value;
    double least, most; /* the expected range; infinite where it is open */
    char *expected;     /* the same in words: "at least 0.9" */
    eid_lab_verdict verdict;
} eid_lab_row;

typedef enum eid_chart_kind { EID_CHART_LINES = 0, EID_CHART_STEPS, EID_CHART_BARS } eid_chart_kind;
typedef enum eid_chart_scale {
    EID_SCALE_LINEAR = 0,
    EID_SCALE_LOG2,
    EID_SCALE_LOG10
} eid_chart_scale;
typedef enum eid_chart_as {
    EID_AS_PLAIN = 0, /* 0.123 */
    EID_AS_PERCENT,   /* of a fraction */
    EID_AS_COUNT      /* 12,345 */
} eid_chart_as;

/* What a figure shows, apart from its data.  `name` is made of a-z, 0-9, '-' and '.'; texts are
 * copied. */
typedef struct eid_chart {
    const char *name, *title; /* title: a noun phrase */
    eid_chart_kind kind;
    const char *x_title, *x_unit,
        *y_title; /* x_unit: after a value of x in a sentence, "examples" */
    eid_chart_scale x_scale, y_scale;
    eid_chart_as x_as, y_as;
    bool from_zero; /* y begins at 0 */
    /* Titles of axes are short: a telephone shows about 40 letters. */
    double rule;            /* a line across at this y... */
    const char *rule_label; /* ...when this is not NULL */
} eid_chart;

typedef struct eid_chart_point {
    double x; /* of bars: the row's number */
    eid_estimate y;
} eid_chart_point;

typedef struct eid_chart_series {
    char *name;
    bool reference; /* theory or baseline: drawn in grey */
    eid_chart_point *at;
    size_t n, cap;
} eid_chart_series;

typedef struct eid_lab_figure {
    eid_chart chart;          /* its texts are this figure's own copies */
    eid_chart_series *series; /* at most 8 */
    size_t n_series, series_cap;
    char **rows; /* of bars: at most 16 */
    size_t n_rows, rows_cap;
} eid_lab_figure;

typedef struct eid_lab_input {
    char *path;
    char sha256[65];
    int64_t bytes, documents, skipped;
} eid_lab_input;

typedef struct eid_lab_result {
    const struct eid_lab *lab;
    int64_t scale;
    eid_lab_verdict verdict;
    double seconds;
    eid_lab_row *rows;
    size_t n_rows, rows_cap;
    eid_lab_figure **figures;
    size_t n_figures, figures_cap;
    char **notes; /* sentences about this very run */
    size_t n_notes, notes_cap;
    eid_lab_input *inputs;
    size_t n_inputs, inputs_cap;
} eid_lab_result;

/* ---- labs ----------------------------------------------------------------------------------- */

typedef struct lab_work lab_work; /* what a running lab writes into: src/recipe/lab.h */

typedef struct eid_lab {
    const char *name;    /* "long-tail" */
    const char *group;   /* "theory": a word that names several labs at once */
    const char *title;   /* "Learning needs memory when there is a long tail" */
    const char *claim;   /* one sentence, with its full stop */
    const char *meaning; /* what it means for one who trains models: one to three sentences */
    const char *source;  /* "Feldman 2020, Does learning require memorization?" */
    int seconds[2];      /* about what it takes on two processors, by scale */
    /* Its own options, NULL: none.  They are spelled --NAME-OPTION; 0 or NULL as a default means
     * "as the scale says". */
    const eid_opt *table;
    size_t opts_size;
    void (*defaults)(void *opts); /* NULL: zeros */
    eid_status (*run)(lab_work *w);
} eid_lab;

/* Every lab, in the order of labs.def; NULL after the last. */
EID_API const eid_lab *eid_lab_at(size_t i);
/* The labs that `names` mean, each once, in the order of labs.def: names of labs, of groups, or
 * "all".  EID_EINVAL for one that is not there.  *out is freed by eid_labs_free. */
EID_API EID_CHECKED eid_status eid_labs_named(const eid_lab ***out, size_t *n,
                                              const eid_strings *names);
EID_API void eid_labs_free(const eid_lab **labs);

/* Runs one lab.  `own`: its own options, NULL: its defaults.  `folder`: where it may keep models
 * and the like, NULL: nowhere. */
EID_API EID_CHECKED eid_status eid_lab_run(eid_lab_result **out, eid_ctx *ctx, const eid_lab *lab,
                                           const eid_lab_opts *opts, const void *own,
                                           const char *folder);
EID_API void eid_lab_result_free(eid_lab_result *r);
/* The `lab` object of docs/json.md. */
EID_API EID_CHECKED eid_status eid_lab_result_json(const eid_lab_result *r, char **json);

/* A lab and its own options (NULL: its defaults). */
typedef struct eid_lab_ask {
    const eid_lab *lab;
    const void *own;
} eid_lab_ask;

typedef struct eid_lab_call {
    const char *command;      /* NULL: "lab" */
    const char *command_line; /* stored for reproducing */
    const char *out;          /* the run's folder: new, empty, or an interrupted run of the same */
} eid_lab_call;

/* Runs or resumes labs into a run's folder, with one report that shows them together.  A lab is a
 * unit of work: a killed run goes on with the lab it was at.  A lab keeps files in OUT/NAME. */
EID_API EID_CHECKED eid_status eid_labs_run(eid_ctx *ctx, const eid_lab_ask *ask, size_t n,
                                            const eid_lab_opts *opts, const eid_lab_call *call);
/* The experiment of trace.h as such a run: OUT/eidetic.db, report.html, and in OUT/trace
 * result.json (the JSON of eid_trace_json) and rows.csv.  *json: that JSON. */
EID_API EID_CHECKED eid_status eid_trace_keep(char **json, eid_ctx *ctx, const eid_trace_opts *opts,
                                              const eid_lab_call *call);
/* The `result` of docs/json.md, read from a run: one lab's object, or {labs, verdict}. */
EID_API EID_CHECKED eid_status eid_labs_json(const char *run, char **json);
#endif
