/* figure.h - one figure: what it shows, apart from how it is drawn or written. */
#ifndef EID_SRC_REPORT_FIGURE_H
#define EID_SRC_REPORT_FIGURE_H
#include "report/axis.h"
#include "report/evidence.h"

enum { FIG_SERIES = 8, FIG_ROWS = 16 };

typedef struct fig_series {
    const char *name;  /* as stored: hostile */
    const char *label; /* as shown: hostile where the name is not one we know */
    int style;         /* 1..6 colours and shapes, 0 grey: a reference */
    const ev_point *at;
    size_t n;
} fig_series;

typedef enum fig_kind { FIG_LINES, FIG_STEPS, FIG_BARS } fig_kind;

typedef struct fig {
    const char *name;    /* of the curve and of the files */
    const char *section; /* whose missing.SECTION tells why it is not there */
    const char
        *title; /* a noun phrase; this and the axes' words may have come through a database */
    const char *x_title, *y_title;
    fig_kind kind;
    axis_kind x_kind, y_kind;
    number_as x_as, y_as;
    const char *x_unit; /* "copies", after a value of x in a sentence */
    bool zero;          /* x has a slot for 0: never in training */
    bool diagonal;      /* chance is y = x */
    bool whole;         /* y is a share whose axis begins at 0 */
    double rule;        /* a reference value of y, NaN: none */
    const char *rule_label;
    fig_series series[FIG_SERIES];
    int n;
    const char *row[FIG_ROWS]; /* FIG_BARS: x is a row's number */
    char row_name[FIG_ROWS][40];
    int rows;
    ev_point own[2 * FIG_ROWS]; /* points that come from metrics rather than from a curve */
    int owned;
} fig;

enum { FIGURES = 8 };
/* Fills figure `which` of [0, FIGURES) with what the run holds; false: it holds nothing of it. */
bool fig_fill(fig *f, const evidence *ev, int which);

/* The drawing: laid out for a desk (wide) or a telephone. `alone`: a file of its own, with its
 * styles. */
typedef enum fig_width { FIG_WIDE, FIG_NARROW } fig_width;
void fig_svg(page *p, const fig *f, fig_width width, bool alone);
void fig_csv(page *p, const fig *f);
eid_status fig_vega(const fig *f, char **json); /* a Vega-Lite 5 specification with its data */
void fig_table(page *p, const fig *f);          /* an HTML table of the numbers */

/* Where a point stands: a bucket in its (geometric) middle. */
double fig_x(const ev_point *at);
/* "planted passages, 8 copies: 34% (25–44%), n = 100, bootstrap by cluster" */
void fig_say_point(page *p, const fig *f, const fig_series *s, const ev_point *at);

/* "e-mail addresses" for "email"; a kind that is not known stays as it is, and hostile. */
const char *fig_kind_name(const char *kind);

extern const char fig_style[]; /* CSS that the drawings need, both inside the page and alone */
#endif
