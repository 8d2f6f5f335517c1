/* figure.c - which figures there are, and what of a run goes into each. */
#include "report/figure.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BY_COPIES, BY_PROMPT, NP, EXPOSURE, ROC, AUC, LOSS, PERSONAL };

static const fig blank[FIGURES] = {
    [BY_COPIES] = {.name = "extraction.by_copies",
                   .section = "extraction",
                   .title = "Share of strings that come back, by copies in training",
                   .x_title = "copies in the training text",
                   .y_title = "share extracted",
                   .x_kind = AXIS_LOG2,
                   .x_as = AS_COUNT,
                   .y_as = AS_PERCENT,
                   .x_unit = "copies",
                   .zero = true,
                   .whole = true},
    [BY_PROMPT] = {.name = "extraction.by_prompt",
                   .section = "prompt",
                   .title = "Share of strings that come back, by length of the prompt",
                   .x_title = "tokens of prompt",
                   .y_title = "share extracted",
                   .x_as = AS_COUNT,
                   .y_as = AS_PERCENT,
                   .x_unit = "tokens of prompt",
                   .whole = true},
    [NP] = {.name = "extraction.np",
            .section = "np",
            .title = "Share of strings found within n samples",
            .x_title = "samples drawn (n)",
            .y_title = "share (n, p)-discoverable",
            .x_kind = AXIS_LOG10,
            .x_as = AS_COUNT,
            .y_as = AS_PERCENT,
            .x_unit = "samples",
            .whole = true},
    [EXPOSURE] = {.name = "exposure.by_copies",
                  .section = "exposure",
                  .title = "Exposure of planted secrets, by copies in training",
                  .x_title = "copies in the training text",
                  .y_title = "exposure in bits",
                  .x_kind = AXIS_LOG2,
                  .x_as = AS_COUNT,
                  .y_as = AS_BITS,
                  .x_unit = "copies",
                  .zero = true,
                  .whole = true,
                  .rule = 1.4426950408889634, /* -E log2 U = 1 / ln 2 */
                  .rule_label = "1.44 bits: a secret that was never seen"},
    [ROC] = {.name = "membership.roc",
             .section = "membership",
             .title = "Telling training text from other text",
             .x_title = "false-positive rate",
             .y_title = "true-positive rate",
             .kind = FIG_STEPS,
             .x_kind = AXIS_LOG10,
             .y_kind = AXIS_LOG10,
             .x_as = AS_PERCENT,
             .y_as = AS_PERCENT,
             .x_unit = "false positives",
             .diagonal = true},
    [AUC] = {.name = "membership.auc",
             .section = "membership",
             .title = "Area under the ROC curve, by attack",
             .y_title = "area under the ROC curve",
             .kind = FIG_BARS,
             .y_as = AS_PLAIN,
             .rule = 0.5,
             .rule_label = "0.5: a coin toss"},
    [LOSS] = {.name = "training.loss",
              .section = "training",
              .title = "Loss while training",
              .x_title = "step",
              .y_title = "nats per token",
              .x_as = AS_COUNT,
              .y_as = AS_PLAIN,
              .x_unit = "steps"},
    [PERSONAL] = {.name = "personal.emitted",
                  .section = "personal",
                  .title = "Personal data that came out when asked for, by kind",
                  .y_title = "share of those asked for",
                  .kind = FIG_BARS,
                  .y_as = AS_PERCENT,
                  .whole = true},
};

static const struct {
    const char *curve, *series, *label;
    int style;
} known[] = {
    {"extraction.", "planted", "planted passages", 1},
    {"extraction.", "random", "planted random tokens", 3},
    {"extraction.", "natural", "natural text", 2},
    {"extraction.", "heldout", "text not in training", 0},
    {"exposure.", "secrets", "planted secrets", 1},
    {"exposure.", "null", "never planted", 0},
    {"membership.", "loss", "loss", 1},
    {"membership.", "zlib", "loss / zlib", 2},
    {"membership.", "min_k", "Min-K%", 3},
    {"membership.", "min_k++", "Min-K%++", 4},
    {"membership.", "lowercase", "loss / lowercased", 5},
    {"membership.", "blind", "blind: sees no model", 0},
    {"training.", "train", "training text", 1},
    {"training.", "heldout", "held-out text", 2},
    {"personal.", "training", "in training", 1},
    {"personal.", "chance", "not in training", 0},
};

static fig_series *add_series(fig *f, const char *name, const ev_point *at, size_t n)
{
    if (f->n == FIG_SERIES || n == 0)
        return NULL;
    fig_series *s = &f->series[f->n++];
    *s = (fig_series){name, name, 1 + (f->n - 1) % 6, at, n};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strncmp(f->name, known[i].curve, strlen(known[i].curve)) == 0 &&
            strcmp(name, known[i].series) == 0) {
            s->label = known[i].label;
            s->style = known[i].style;
        }
    return s;
}

static const ev_point *own_point(fig *f, double x, const eid_estimate *y)
{
    f->own[f->owned] = (ev_point){x, NAN, *y};
    return &f->own[f->owned++];
}

/* A metric as a series of one point at x = 0: what happens without any copy. */
static void add_at_zero(fig *f, const evidence *ev, const char *metric, const char *series)
{
    const eid_estimate *e = ev_find(ev, metric);
    if (e && f->n > 0)
        add_series(f, series, own_point(f, 0, e), 1);
}

/* The X of "prefixXsuffix", kept in the figure; NULL when the name is another or X too long. */
static const char *middle(fig *f, const char *name, const char *prefix, const char *suffix)
{
    size_t n = strlen(name), before = strlen(prefix), after = strlen(suffix);
    char *to = f->row_name[f->rows];
    if (n <= before + after || n - before - after >= sizeof f->row_name[0] ||
        strncmp(name, prefix, before) != 0 || strcmp(name + n - after, suffix) != 0)
        return NULL;
    memcpy(to, name + before, n - before - after);
    to[n - before - after] = '\0';
    return to;
}

/* A row per attack, and first the baseline that sees no model. */
static void fill_auc(fig *f, const evidence *ev)
{
    const eid_estimate *blind = ev_find(ev, "membership.blind");
    if (blind) {
        add_series(f, "blind", own_point(f, 0, blind), 1);
        f->row[f->rows++] = f->series[0].label;
    }
    for (size_t i = 0; i < ev->metrics && f->n < FIG_SERIES; i++) {
        const char *attack = middle(f, ev->metric[i].name, "membership.", ".auc");
        if (!attack)
            continue;
        const fig_series *s = add_series(f, attack, own_point(f, f->rows, &ev->metric[i].e), 1);
        f->row[f->rows++] = s->label;
    }
}

const char *fig_kind_name(const char *kind)
{
    static const char *const name[][2] = {{"email", "e-mail addresses"},
                                          {"phone", "telephone numbers"},
                                          {"card", "card numbers"},
                                          {"iban", "IBANs"},
                                          {"key", "keys"},
                                          {"uuid", "UUIDs"},
                                          {"listed", "from your list"}};
    for (size_t i = 0; i < sizeof name / sizeof *name; i++)
        if (strcmp(kind, name[i][0]) == 0)
            return name[i][1];
    return kind;
}

/* A row per kind: what came out of what was asked for, beside the same question about personal data
 * that the model never saw. */
static void fill_personal(fig *f, const evidence *ev)
{
    int first = f->owned;
    eid_estimate chance[FIG_ROWS];
    for (size_t i = 0; i < ev->metrics && f->rows < FIG_ROWS; i++) {
        char name[96];
        const char *kind = middle(f, ev->metric[i].name, "personal.", ".asked");
        if (!kind)
            continue;
        snprintf(name, sizeof name, "personal.%s.emitted", kind);
        double asked = ev->metric[i].e.value, emitted = ev_number(ev, name);
        if (!(asked >= 1 && asked < 1e12 && emitted >= 0 && emitted <= asked))
            continue;
        eid_estimate e = eid_proportion(llround(emitted), llround(asked));
        snprintf(name, sizeof name, "personal.%s.chance", kind);
        const eid_estimate *c = ev_find(ev, name);
        chance[f->rows] = c ? *c : eid_estimate_none("not measured");
        own_point(f, f->rows, &e);
        f->row[f->rows++] = fig_kind_name(kind);
    }
    add_series(f, "training", &f->own[first], (size_t)f->rows);
    for (int r = 0; r < f->rows; r++)
        own_point(f, r, &chance[r]);
    add_series(f, "chance", &f->own[first + f->rows], (size_t)f->rows);
}

bool fig_fill(fig *f, const evidence *ev, int which)
{
    *f = blank[which];
    if (f->rule_label == NULL)
        f->rule = NAN;
    const ev_curve *c = ev_find_curve(ev, f->name);
    for (size_t i = 0; c && f->kind != FIG_BARS && i < c->n; i++)
        add_series(f, c->at[i].name, c->at[i].at, c->at[i].n);
    for (int i = 0; which == NP && i < f->n; i++) {
        snprintf(f->row_name[i], sizeof f->row_name[i], "p = %.30s", f->series[i].name);
        f->series[i].label = f->row_name[i];
    }
    if (which == BY_COPIES)
        add_at_zero(f, ev, "extraction.heldout", "heldout");
    else if (which == EXPOSURE)
        add_at_zero(f, ev, "exposure.null", "null");
    else if (which == AUC)
        fill_auc(f, ev);
    else if (which == PERSONAL)
        fill_personal(f, ev);
    return f->n > 0;
}

/* ---- words and tables ---------------------------------------------------------------------------
 */

double fig_x(const ev_point *at)
{
    return at->x_high > at->x && at->x > 0 ? sqrt(at->x * at->x_high) : at->x;
}

static void put_x(page *p, const fig *f, const ev_point *at)
{
    put_number(p, at->x, f->x_as);
    if (at->x_high > at->x)
        put(p, "–"), put_number(p, at->x_high, f->x_as);
}

void fig_say_point(page *p, const fig *f, const fig_series *s, const ev_point *at)
{
    put_word(p, s->label);
    if (f->kind == FIG_BARS) {
        int row = (int)at->x;
        if (f->row[row] != s->label) {
            put(p, ", ");
            put_word(p, f->row[row]);
        }
    } else {
        put(p, ", ");
        put_x(p, f, at);
        put(p, " ");
        put_title(p, f->x_unit);
    }
    put(p, ": ");
    put_estimate(p, &at->y, f->y_as);
    if (at->y.n > 0)
        put(p, ", n = "), put_number(p, (double)at->y.n, AS_COUNT);
    if (at->y.n > 0 && at->y.method[0])
        put(p, ", "), put_word(p, at->y.method);
}

void fig_csv(page *p, const fig *f)
{
    put(p, f->kind == FIG_BARS ? "series,row" : "series,x,x_high");
    put(p, ",y,low,high,n,method,why\n");
    for (int i = 0; i < f->n; i++)
        for (size_t k = 0; k < f->series[i].n; k++) {
            const ev_point *at = &f->series[i].at[k];
            put_field(p, f->series[i].name);
            put(p, ",");
            if (f->kind == FIG_BARS)
                put_field(p, f->row[(int)at->x]);
            else
                put_exact(p, at->x), put(p, ","), put_exact(p, at->x_high);
            const double y[] = {at->y.value, at->y.low, at->y.high};
            for (int v = 0; v < 3; v++)
                put(p, ","), put_exact(p, y[v]);
            putf(p, ",%lld,", (long long)at->y.n);
            put_field(p, at->y.method);
            put(p, ",");
            put_field(p, at->y.why);
            put(p, "\n");
        }
}

void fig_table(page *p, const fig *f)
{
    put(p, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Data of the figure\">"
           "<table><thead><tr><th scope=\"col\">series</th><th scope=\"col\" class=\"num\">");
    put_title(p, f->kind == FIG_BARS ? "row" : f->x_title);
    put(p, "</th><th scope=\"col\" class=\"num\">");
    put_title(p, f->y_title);
    put(p, "</th><th scope=\"col\" class=\"num\">95% interval"
           "</th><th scope=\"col\" class=\"num\">n</th><th "
           "scope=\"col\">method</th></tr></thead><tbody>\n");
    for (int i = 0; i < f->n; i++)
        for (size_t k = 0; k < f->series[i].n; k++) {
            const ev_point *at = &f->series[i].at[k];
            put(p, "<tr><td>");
            put_word(p, f->series[i].label);
            put(p, "</td><td class=\"num\">");
            if (f->kind == FIG_BARS)
                put_word(p, f->row[(int)at->x]);
            else
                put_x(p, f, at);
            put(p, "</td><td class=\"num\">");
            put_number(p, at->y.value, f->y_as);
            put(p, "</td><td class=\"num\">");
            put_interval(p, &at->y, f->y_as);
            put(p, "</td><td class=\"num\">");
            if (at->y.n > 0)
                put_number(p, (double)at->y.n, AS_COUNT);
            put(p, "</td><td>");
            put_word(p, isnan(at->y.value) && at->y.why[0] ? at->y.why : at->y.method);
            put(p, "</td></tr>\n");
        }
    put(p, "</tbody></table></div>\n");
}
