/* lines.c - line charts: bands for intervals, marks for points, logarithmic axes, ROC steps. */
#include "report/svg.h"
#include <math.h>
#include <string.h>

enum { MARKS = 60 }; /* a series of more points is drawn as a line alone, with one title */

static bool drawable(const frame *c, const ev_point *at)
{
    bool steps =
        c->f->kind == FIG_STEPS; /* it enters from the left edge, where it is above the floor */
    return isfinite(at->x) && isfinite(at->y.value) &&
           (c->f->x_kind == AXIS_LINEAR || at->x > 0 || steps) &&
           (c->f->y_kind == AXIS_LINEAR || at->y.value > 0);
}

typedef struct range {
    double low, high, least; /* least: the smallest value above 0 */
} range;

static void widen(range *r, double v)
{
    if (!isfinite(v))
        return;
    r->low = v < r->low ? v : r->low;
    r->high = v > r->high ? v : r->high;
    r->least = v > 0 && v < r->least ? v : r->least;
}

static void ranges(const fig *f, range *x, range *y)
{
    *x = *y = (range){INFINITY, -INFINITY, INFINITY};
    for (int i = 0; i < f->n; i++)
        for (size_t k = 0; k < f->series[i].n; k++) {
            const ev_point *at = &f->series[i].at[k];
            widen(x, fig_x(at));
            widen(y, at->y.value);
            if (has_interval(&at->y))
                widen(y, at->y.low), widen(y, at->y.high);
        }
    if (!isnan(f->rule))
        widen(y, f->rule);
}

static void fit_axes(frame *c)
{
    const fig *f = c->f;
    range x, y;
    ranges(f, &x, &y);
    bool zero = f->zero && x.low <= 0;
    double low = f->x_kind == AXIS_LINEAR ? (x.low > 0 && x.low < x.high / 4 ? 0 : x.low) : x.least;
    if (f->diagonal) { /* both axes of a ROC end at 1, and begin where the data can still tell */
        double least = fmin(x.least, y.least);
        least = least >= 1e-5 && least < 0.5 ? least : 1e-5;
        c->x = axis_fit(AXIS_LOG10, least, 1, false, c->left, c->right, 5);
        c->y = axis_fit(AXIS_LOG10, least, 1, false, c->bottom, c->top, 5);
        axis_cut(&c->x, least * 0.8);
        axis_cut(&c->y, least * 0.8);
        return;
    }
    c->x = axis_fit(f->x_kind, low, x.high, zero, c->left, c->right, c->narrow ? 5 : 9);
    if (f->y_as == AS_PERCENT)
        y.high = fmin(y.high, 1);
    double floor = f->y_kind != AXIS_LINEAR ? y.least : f->whole || y.low < y.high / 3 ? 0 : y.low;
    c->y = axis_fit(f->y_kind, floor, f->y_as == AS_PERCENT && y.high > 0.96 ? 1 : y.high, false,
                    c->bottom, c->top, 6);
}

/* Large counts are written short: the edge has room for five letters. */
static const char *y_text(double value, number_as as, char text[48])
{
    static const char unit[] = "kMGT";
    int k = -1;
    if (as != AS_COUNT || value < 1e4)
        return tick_text(value, as, text);
    for (; value >= 1000 && k < 3; k++)
        value /= 1000;
    tick_text(value, AS_PLAIN, text);
    text[strlen(text) + 1] = '\0';
    text[strlen(text)] = unit[k];
    return text;
}

static void draw_axes(frame *c)
{
    char text[48];
    for (int i = 0; i < c->y.ticks; i++) {
        double y = axis_at(&c->y, c->y.tick[i].value);
        bool labelled = c->y.tick[i].labelled;
        if (c->y.kind == AXIS_LINEAR || labelled)
            svg_line(c, "grid", c->left, y, c->right, y);
        if (labelled)
            svg_text(c, "tick", "end", c->left - 8, y + 4,
                     y_text(c->y.tick[i].value, c->f->y_as, text));
    }
    svg_line(c, "axis", c->left, c->bottom, c->right, c->bottom);
    for (int i = 0; i < c->x.ticks; i++) {
        double x = axis_at(&c->x, c->x.tick[i].value);
        bool labelled = c->x.tick[i].labelled;
        svg_line(c, "axis", x, c->bottom, x, c->bottom + (labelled ? 5 : 3));
        if (!labelled)
            continue;
        tick_text(c->x.tick[i].value, c->f->x_as, text);
        double most = c->width - svg_text_width(text) / 2 - 4; /* "100,000" must not be cut off */
        svg_text(c, "tick", "middle", x < most ? x : most, c->bottom + 19, text);
    }
    if (c->x.zero) {
        svg_line(c, "axis", c->left, c->bottom, c->left, c->bottom + 5);
        svg_text(c, "tick", "middle", c->left, c->bottom + 19, "0");
    }
    svg_text(c, "name", "middle", (c->left + c->right) / 2, c->height - 6, c->f->x_title);
    svg_text(c, "name", "start", 2, 14, c->f->y_title);
}

static void draw_references(frame *c)
{
    const fig *f = c->f;
    if (f->diagonal) {
        double least = fmax(c->x.low, c->y.low);
        putf(c->p, "<path class=\"rule\" d=\"M");
        put_fixed(c->p, axis_at(&c->x, least), 1), put(c->p, " ");
        put_fixed(c->p, axis_at(&c->y, least), 1), put(c->p, "L");
        put_fixed(c->p, c->right, 1), put(c->p, " "), put_fixed(c->p, c->top, 1);
        put(c->p, "\"><title>chance: as many true as false positives</title></path>\n");
    }
    if (!isnan(f->rule)) {
        double y = axis_at(&c->y, f->rule);
        svg_line(c, "rule", c->left, y, c->right, y);
    }
}

/* Above the lines, so that its halo keeps it readable. */
static void draw_note(frame *c)
{
    const fig *f = c->f;
    if (f->diagonal) {
        double at = sqrt(c->x.low * c->x.high);
        svg_text(c, "note", "start", axis_at(&c->x, at) + 8, axis_at(&c->y, at) + 14, "chance");
    }
    if (!isnan(f->rule))
        svg_text(c, "note", "end", c->right, axis_at(&c->y, f->rule) - 6, f->rule_label);
}

static void put_place(frame *c, const char *command, double x, double y)
{
    put(c->p, command);
    put_fixed(c->p, axis_at(&c->x, x), 1);
    put(c->p, " ");
    put_fixed(c->p, axis_at(&c->y, y), 1);
}

/* The band between the lows and the highs of consecutive points that have intervals. */
static void draw_band(frame *c, const fig_series *s)
{
    size_t have = 0;
    for (size_t k = 0; k < s->n; k++)
        have += drawable(c, &s->at[k]) && has_interval(&s->at[k].y);
    if (have < 2)
        return;
    putf(c->p, "<path class=\"band s%d\" d=\"", s->style);
    const char *command = "M";
    for (size_t k = 0; k < s->n; k++)
        if (drawable(c, &s->at[k]) && has_interval(&s->at[k].y)) {
            put_place(c, command, fig_x(&s->at[k]), s->at[k].y.high);
            command = "L";
        }
    for (size_t k = s->n; k-- > 0;)
        if (drawable(c, &s->at[k]) && has_interval(&s->at[k].y))
            put_place(c, "L", fig_x(&s->at[k]), s->at[k].y.low);
    put(c->p, "Z\"/>\n");
}

/* Points closer together than half a unit of paper cannot be told apart: they are passed over. */
static void draw_line(frame *c, const fig_series *s)
{
    double last_x = -1e9, last_y = -1e9;
    size_t k, have = 0;
    for (k = 0; k < s->n; k++)
        have += drawable(c, &s->at[k]);
    if (have < 2)
        return;
    putf(c->p, "<path class=\"line s%d\" d=\"", s->style);
    bool first = true;
    for (k = 0; k < s->n; k++) {
        if (!drawable(c, &s->at[k]))
            continue;
        double x = axis_at(&c->x, fig_x(&s->at[k])), y = axis_at(&c->y, s->at[k].y.value);
        have--;
        if (!first && have > 0 && hypot(x - last_x, y - last_y) < 0.5)
            continue;
        if (!first && c->f->kind == FIG_STEPS) { /* along, then up */
            put(c->p, "H");
            put_fixed(c->p, x, 1);
        }
        put_place(c, first ? "M" : "L", fig_x(&s->at[k]), s->at[k].y.value);
        first = false;
        last_x = x, last_y = y;
    }
    put(c->p, "\">");
    if (s->n > MARKS || c->f->kind == FIG_STEPS) {
        put(c->p, "<title>");
        fig_say_point(c->p, c->f, s, &s->at[0]);
        put(c->p, "; ");
        fig_say_point(c->p, c->f, s, &s->at[s->n - 1]);
        put(c->p, "</title>");
    }
    put(c->p, "</path>\n");
}

static void draw_marks(frame *c, const fig_series *s)
{
    if (c->f->kind == FIG_STEPS || s->n > MARKS)
        return;
    for (size_t k = 0; k < s->n; k++) {
        const ev_point *at = &s->at[k];
        bool known = isfinite(at->y.value);
        if (!isfinite(at->x))
            continue;
        double x = axis_at(&c->x, fig_x(at));
        if (s->n == 1 && has_interval(&at->y)) /* no band shows it */
            svg_line(c, "whisker", x, axis_at(&c->y, at->y.low), x, axis_at(&c->y, at->y.high));
        svg_mark(c, s, at, x, known ? axis_at(&c->y, at->y.value) : c->bottom - 6, known);
    }
}

void svg_lines(frame *c, bool alone)
{
    const fig *f = c->f;
    c->left = 52;
    c->right = c->width - 22;
    c->top = 30 + svg_legend(c, 0, false);
    c->bottom = c->top + (f->diagonal ? (c->narrow ? 260 : 380) : (c->narrow ? 210 : 270));
    c->height = c->bottom + 46;
    fit_axes(c);
    svg_open(c, alone);
    draw_axes(c);
    draw_references(c);
    for (int i = 0; i < f->n; i++)
        draw_band(c, &f->series[i]);
    for (int i = 0; i < f->n; i++)
        draw_line(c, &f->series[i]);
    for (int i = 0; i < f->n; i++)
        draw_marks(c, &f->series[i]);
    draw_note(c);
    svg_legend(c, 34, true);
    svg_close(c);
}
