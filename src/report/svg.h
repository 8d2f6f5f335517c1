/* svg.h - what the charts share: paper, axes, legend, marks. */
#ifndef EID_SRC_REPORT_SVG_H
#define EID_SRC_REPORT_SVG_H
#include "report/figure.h"

typedef struct frame {
    page *p;
    const fig *f;
    bool narrow;
    double width, height;
    double left, right, top, bottom; /* edges of the plot */
    axis x, y;
} frame;

void svg_open(frame *c, bool alone); /* needs width and height */
void svg_close(frame *c);
/* Width of a text at the charts' size, near enough to place the next one. */
double svg_text_width(const char *s);
/* anchor: "start", "middle" or "end" */
void svg_text(frame *c, const char *style, const char *anchor, double x, double y,
              const char *hostile);
void svg_line(frame *c, const char *style, double x1, double y1, double x2, double y2);
/* Entries in rows from y on; returns the height taken. */
double svg_legend(frame *c, double y, bool draw);
/* A mark of the series' shape, with its sentence as title. */
void svg_mark(frame *c, const fig_series *s, const ev_point *at, double x, double y, bool known);

void svg_lines(frame *c, bool alone); /* lines.c */
void svg_bars(frame *c, bool alone);  /* bars.c */
#endif
