/* lab.h - how a lab is written.
 *
 *     static eid_status run(lab_work *w)
 *     {
 *         eid_status st;
 *         ...chain rooms; sizes by w->full, streams by w->seed, own options in w->own...
 *         EID_TRY(lab_measured(w, "share of A", &estimate, lab_at_least(0.9)));
 *         EID_TRY(lab_control(w, "the same with B shuffled", &other, lab_about(0.5, 0.05)));
 *         EID_TRY(lab_figure(&f, w, &(eid_chart){.name = "by-n", .title = "A by n", ...}));
 *         EID_TRY(lab_point(f, "measured", n, &estimate));
 *     done:
 *         ...free...
 *         return st;
 *     }
 *     const eid_lab eid_lab_my_claim = {.name = "my-claim", .group = "theory", ..., .run = run};
 *
 * and `LAB(my_claim)` in labs.def.  Expected ranges are written before the numbers are seen: from
 * theory where there is a closed form, else from the source.  A range is wide enough that sampling
 * error at this scale stays inside it (an interval of about a third of the range's width), and
 * narrow enough that the control's value lies outside. */
#ifndef EID_SRC_RECIPE_LAB_H
#define EID_SRC_RECIPE_LAB_H
#include "base/memory.h"
#include "eidetic/lab.h"

struct lab_work {
    eid_ctx *ctx;
    bool full; /* the scale */
    uint64_t seed;
    const void *own;    /* the lab's own options, never NULL when it has any */
    const char *folder; /* where models may be kept, made when needed; NULL: nowhere */
    eid_lab_result *result;
};

/* Where a number must lie. */
typedef struct lab_range {
    double least, most;
    char text[80];
} lab_range;
lab_range lab_at_least(double x);
lab_range lab_at_most(double x);
lab_range lab_between(double least, double most);
lab_range lab_about(double x, double tolerance); /* x +- tolerance */
lab_range lab_any(void);                         /* shown, judged by nothing */

/* Rows.  A name stands once in a lab. */
eid_status lab_measured(lab_work *w, const char *name, const eid_estimate *e, lab_range expected);
eid_status lab_control(lab_work *w, const char *name, const eid_estimate *e, lab_range expected);
eid_estimate lab_exact(double x); /* a number without sampling error */
/* A sentence about this run, shown beside the rows: what was missing, what to look at. */
eid_status lab_note(lab_work *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A file or folder that was read. */
eid_status lab_input(lab_work *w, const char *path, const char *sha256, int64_t bytes,
                     int64_t documents, int64_t skipped);
eid_status lab_input_file(lab_work *w, const char *path); /* hashes it */

/* Figures; `*f` is borrowed from the result. */
eid_status lab_figure(eid_lab_figure **f, lab_work *w, const eid_chart *chart);
eid_status lab_point(eid_lab_figure *f, const char *series, double x, const eid_estimate *y);
eid_status lab_bar(eid_lab_figure *f, const char *series, const char *row, const eid_estimate *y);
/* Draws a series in grey, as what theory or a baseline says. */
eid_status lab_reference(eid_lab_figure *f, const char *series);
/* The verdict of one number against its range. */
eid_lab_verdict lab_judge(const eid_estimate *e, double least, double most);
#endif
