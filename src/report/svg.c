#include "report/svg.h"
#include <math.h>
#include <string.h>

double svg_text_width(const char *s)
{
    size_t n = 0;
    for (; *s; s++)
        n += ((unsigned char)*s & 0xc0) != 0x80;
    return 7.2 * (double)(n < 40 ? n : 40);
}

static void put_xy(page *p, const char *name, double value)
{
    putf(p, " %s=\"", name);
    put_fixed(p, value, 1);
    put(p, "\"");
}

/* The description that a screen reader speaks: the title, and each series' last word. */
static void put_summary(page *p, const fig *f)
{
    put_title(p, f->title);
    put(p, ". ");
    for (int i = 0; i < f->n; i++) {
        const fig_series *s = &f->series[i];
        if (s->n > 1) {
            fig_say_point(p, f, s, &s->at[0]);
            put(p, "; ");
        }
        fig_say_point(p, f, s, &s->at[s->n - 1]);
        put(p, ". ");
    }
}

void svg_open(frame *c, bool alone)
{
    page *p = c->p;
    put(p, "<svg");
    if (alone)
        putf(p, " xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\"", (int)c->width,
             (int)c->height);
    putf(p, " class=\"chart %s\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"",
         c->narrow ? "narrow" : "wide", (int)c->width, (int)c->height);
    put_summary(p, c->f);
    put(p, "\">\n");
    if (alone) {
        put(p, "<title>");
        put_title(p, c->f->title);
        put(p, "</title>\n<style>");
        put(p, fig_style);
        put(p, "</style>\n");
        putf(p, "<rect class=\"paper\" x=\"0\" y=\"0\" width=\"%d\" height=\"%d\"/>\n",
             (int)c->width, (int)c->height);
    }
}

void svg_close(frame *c)
{
    put(c->p, "</svg>\n");
}

void svg_text(frame *c, const char *style, const char *anchor, double x, double y,
              const char *hostile)
{
    putf(c->p, "<text class=\"%s\" text-anchor=\"%s\"", style, anchor);
    put_xy(c->p, "x", x);
    put_xy(c->p, "y", y);
    put(c->p, ">");
    put_title(c->p, hostile);
    put(c->p, "</text>\n");
}

void svg_line(frame *c, const char *style, double x1, double y1, double x2, double y2)
{
    putf(c->p, "<line class=\"%s\"", style);
    put_xy(c->p, "x1", x1);
    put_xy(c->p, "y1", y1);
    put_xy(c->p, "x2", x2);
    put_xy(c->p, "y2", y2);
    put(c->p, "/>\n");
}

/* Colour alone must not carry meaning: each style has its shape. */
static void put_shape(page *p, int style, double x, double y)
{
    static const char *const shape[] = {
        "M-4.5 0L4.5 0M0 -4.5L0 4.5", /* 0, a reference: a cross */
        "M-4 0A4 4 0 1 1 4 0A4 4 0 1 1 -4 0Z",
        "M-3.7 -3.7H3.7V3.7H-3.7Z",
        "M0 -4.8L4.6 3.4H-4.6Z",
        "M0 -5.2L5.2 0L0 5.2L-5.2 0Z",
        "M0 4.8L4.6 -3.4H-4.6Z",
        "M-4.4 -1.6H-1.6V-4.4H1.6V-1.6H4.4V1.6H1.6V4.4H-1.6V1.6H-4.4Z"};
    put(p, " transform=\"translate(");
    put_fixed(p, x, 1);
    put(p, " ");
    put_fixed(p, y, 1);
    putf(p, ")\" d=\"%s\"", shape[style % 7]);
}

void svg_mark(frame *c, const fig_series *s, const ev_point *at, double x, double y, bool known)
{
    putf(c->p, "<path class=\"mark s%d%s\"", s->style, known ? "" : " unknown");
    put_shape(c->p, s->style, x, y);
    put(c->p, "><title>");
    fig_say_point(c->p, c->f, s, at);
    put(c->p, "</title></path>\n");
}

double svg_legend(frame *c, double y, bool draw)
{
    const double step = 20;
    const double start = 2;
    double x = start, rows = 1;
    for (int i = 0; i < c->f->n; i++) {
        const fig_series *s = &c->f->series[i];
        double w = 34 + svg_text_width(s->label) + 10;
        if (x > start && x + w > c->width)
            x = start, rows++;
        if (draw) {
            double at = y + (rows - 1) * step;
            if (c->f->kind == FIG_BARS) {
                putf(c->p, "<rect class=\"bar s%d\"", s->style);
                put_xy(c->p, "x", x);
                put_xy(c->p, "y", at - 5);
                put(c->p, " width=\"12\" height=\"10\"/>\n");
            } else {
                if (s->n > 1) {
                    putf(c->p, "<path class=\"line s%d\" d=\"M", s->style);
                    put_fixed(c->p, x, 1), put(c->p, " "), put_fixed(c->p, at, 1);
                    put(c->p, "h24\"/>\n");
                }
                if (c->f->kind != FIG_STEPS) {
                    putf(c->p, "<path class=\"mark s%d\"", s->style);
                    put_shape(c->p, s->style, x + 12, at);
                    put(c->p, "/>\n");
                }
            }
            double gap = c->f->kind == FIG_BARS ? 18 : 31;
            put(c->p, "<text class=\"key\" text-anchor=\"start\"");
            put_xy(c->p, "x", x + gap);
            put_xy(c->p, "y", at + 4);
            put(c->p, ">");
            put_word(c->p, s->label);
            put(c->p, "</text>\n");
        }
        x += w;
    }
    return rows * step;
}

void fig_svg(page *p, const fig *f, fig_width width, bool alone)
{
    frame c = {
        .p = p, .f = f, .narrow = width == FIG_NARROW, .width = width == FIG_NARROW ? 340 : 680};
    if (f->kind == FIG_BARS)
        svg_bars(&c, alone);
    else
        svg_lines(&c, alone);
}
