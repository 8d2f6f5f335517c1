/* bars.c - horizontal bars with whiskers, a row per thing compared. */
#include "report/svg.h"
#include <math.h>
#include <string.h>

enum { BAR = 15, GAP = 4 };

static void fit_axis(frame *c)
{
    const fig *f = c->f;
    double low = isnan(f->rule) ? 0 : f->rule, high = low;
    for (int i = 0; i < f->n; i++)
        for (size_t k = 0; k < f->series[i].n; k++) {
            const eid_estimate *e = &f->series[i].at[k].y;
            const double v[] = {e->value, has_interval(e) ? e->low : NAN,
                                has_interval(e) ? e->high : NAN};
            for (int j = 0; j < 3; j++) {
                low = v[j] < low ? v[j] : low; /* false for NaN */
                high = v[j] > high ? v[j] : high;
            }
        }
    if (f->y_as == AS_PERCENT && high > 0.96)
        high = 1;
    if (!isnan(f->rule)) { /* an area under the curve: half a unit is the whole story */
        low = fmin(low, 0.4);
        high = fmax(high, 0.6);
    }
    c->x = axis_fit(AXIS_LINEAR, low, high, false, c->left, c->right, c->narrow ? 4 : 6);
}

static void draw_axis(frame *c)
{
    char text[48];
    for (int i = 0; i < c->x.ticks; i++) {
        double x = axis_at(&c->x, c->x.tick[i].value);
        svg_line(c, "grid", x, c->top, x, c->bottom);
        svg_text(c, "tick", "middle", x, c->bottom + 18,
                 tick_text(c->x.tick[i].value, c->f->y_as, text));
    }
    if (!isnan(c->f->rule)) {
        double x = axis_at(&c->x, c->f->rule);
        svg_line(c, "rule", x, c->top - 6, x, c->bottom);
        svg_text(c, "note", "middle", x, c->top - 11, c->f->rule_label);
    }
    svg_text(c, "name", "middle", (c->left + c->right) / 2, c->height - 6, c->f->y_title);
}

static void draw_bar(frame *c, const fig_series *s, const ev_point *at, double y)
{
    const eid_estimate *e = &at->y;
    double base = axis_at(&c->x, isnan(c->f->rule) ? 0 : c->f->rule), text = base;
    if (isfinite(e->value)) {
        double x = axis_at(&c->x, e->value), from = fmin(base, x), w = fabs(x - base);
        putf(c->p, "<rect class=\"bar mark s%d\" x=\"", s->style);
        put_fixed(c->p, from, 1);
        put(c->p, "\" y=\"");
        put_fixed(c->p, y, 1);
        put(c->p, "\" width=\"");
        put_fixed(c->p, fmax(w, 1.5), 1); /* nothing is something to see, too */
        putf(c->p, "\" height=\"%d\"><title>", BAR);
        fig_say_point(c->p, c->f, s, at);
        put(c->p, "</title></rect>\n");
        text = fmax(base, x);
        if (has_interval(e)) {
            double low = axis_at(&c->x, e->low), high = axis_at(&c->x, e->high);
            svg_line(c, "whisker", low, y + BAR / 2.0, high, y + BAR / 2.0);
            svg_line(c, "whisker", low, y + 4, low, y + BAR - 4);
            svg_line(c, "whisker", high, y + 4, high, y + BAR - 4);
            text = fmax(text, high);
        }
    }
    put(c->p, "<text class=\"value\" text-anchor=\"start\" x=\"");
    put_fixed(c->p, text + 7, 1);
    put(c->p, "\" y=\"");
    put_fixed(c->p, y + BAR - 3, 1);
    put(c->p, "\">");
    if (isfinite(e->value))
        put_number(c->p, e->value, c->f->y_as);
    else
        put_word(c->p, e->why[0] ? e->why : "unresolved");
    put(c->p, "</text>\n");
}

void svg_bars(frame *c, bool alone)
{
    const fig *f = c->f;
    bool grouped = f->row[0] != f->series[0].label; /* else each row is a series of its own */
    int per_row = grouped ? f->n : 1;
    double label = c->narrow ? 18 : 0, row = label + per_row * BAR + (per_row - 1) * GAP + 16;

    c->left = c->narrow ? 14 : 150;
    c->right = c->width - 64;
    c->top = (isnan(f->rule) ? 8 : 30);
    if (grouped)
        c->top += svg_legend(c, 0, false);
    c->bottom = c->top + f->rows * row;
    c->height = c->bottom + 44;
    fit_axis(c);
    svg_open(c, alone);
    draw_axis(c);
    for (int r = 0; r < f->rows; r++) {
        double y = c->top + r * row + 8;
        put(c->p, c->narrow ? "<text class=\"key\" text-anchor=\"start\" x=\""
                            : "<text class=\"key\" text-anchor=\"end\" x=\"");
        put_fixed(c->p, c->narrow ? c->left : c->left - 12, 1);
        put(c->p, "\" y=\"");
        put_fixed(c->p, c->narrow ? y + 10 : y + (row - 16) / 2 + 5, 1);
        put(c->p, "\">");
        put_word(c->p, f->row[r]);
        put(c->p, "</text>\n");
        y += label;
        for (int i = 0; i < f->n; i++)
            for (size_t k = 0; k < f->series[i].n; k++)
                if ((int)f->series[i].at[k].x == r)
                    draw_bar(c, &f->series[i], &f->series[i].at[k],
                             grouped ? y + i * (BAR + GAP) : y);
    }
    if (grouped)
        svg_legend(c, 12, true);
    svg_close(c);
}
