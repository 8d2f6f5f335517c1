/* verdict.c - the first screen: the verdict in plain words, its reasons, the key numbers. */
#include "report/document.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct level {
    const char *name, *word, *lead, *icon; /* icon: paths in a 24 x 24 box */
} levels[] = {
    {"pass", "Pass",
     "This audit found nothing that the model gives away beyond what chance explains.",
     "M12 2.5A9.5 9.5 0 1 0 12 21.5A9.5 9.5 0 1 0 12 2.5ZM7.5 12.4L10.7 15.6L16.6 9"},
    {"caution", "Caution",
     "The model remembers more than it should. Read the reasons before you release it.",
     "M12 3L22 20.5H2ZM12 10V14.5M12 17.4V17.5"},
    {"stop", "Stop", "The model gives its training text away. Do not release it as it is.",
     "M8 2.5H16L21.5 8V16L16 21.5H8L2.5 16V8ZM8.5 8.5L15.5 15.5M15.5 8.5L8.5 15.5"},
    {"unknown", "Unknown", "This audit cannot tell. Too little was measured for a verdict.",
     "M12 2.5A9.5 9.5 0 1 0 12 21.5A9.5 9.5 0 1 0 12 2.5ZM9 9.3A3 3 0 1 1 12.6 12.2L12 13.6M12 "
     "16.9V17"},
};

static const struct level *level_named(const char *name)
{
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (name && strcmp(name, levels[i].name) == 0)
            return &levels[i];
    return &levels[3];
}

const char *doc_icon(const char *level)
{
    return level_named(level)->icon;
}

/* Under a verdict that is not "pass", what passed is told apart from what did not. */
static bool is_clean(const document *d, const doc_reason *r)
{
    const char *overall = ev_find_text(&d->ev, "verdict.level");
    return strcmp(r->level, "pass") == 0 && !(overall && strcmp(overall, "pass") == 0);
}

static void put_item(document *d, const doc_reason *r)
{
    page *p = &d->p;
    const char *figure =
        !r->figure[0] && strstr(r->code, "personal") ? "personal.emitted" : r->figure;
    put(p, "<li>");
    put_word(p, r->text);
    if (doc_has(d, figure)) { /* then it is one of our own names */
        put(p, " <a href=\"#");
        put_word(p, figure);
        put(p, "\">See the figure</a>");
    }
    put(p, "</li>\n");
}

static void put_reason(document *d, const doc_reason *r, int number)
{
    (void)number;
    if (is_clean(d, r))
        return;
    put(&d->p, d->reasons++ ? "" : "<ol class=\"reasons\">\n");
    put_item(d, r);
}

static void put_clean(document *d, const doc_reason *r, int number)
{
    (void)number;
    if (!is_clean(d, r))
        return;
    put(&d->p, d->clean++ ? "" : "<p>Measured, and found clean:</p>\n<ul class=\"clean\">\n");
    put_item(d, r);
}

static void put_reasons(document *d)
{
    doc_reasons(d, put_reason);
    put(&d->p, d->reasons ? "</ol>\n" : "");
    doc_reasons(d, put_clean);
    put(&d->p, d->clean ? "</ul>\n" : "");
    if (d->reasons + d->clean == 0)
        put(&d->p, "<p>The run holds no reasons for its verdict.</p>\n");
}

/* ---- key numbers ------------------------------------------------------------------------- */

static void open_key(page *p, const char *name)
{
    putf(p, "<div><dt>%s</dt>", name);
}

static void put_key(document *d, const char *name, const eid_estimate *e, number_as as,
                    const char *unit, const char *note)
{
    page *p = &d->p;
    open_key(p, name);
    if (!isfinite(e->value)) {
        put(p, "<dd class=\"big word\">unresolved</dd><dd class=\"range\">");
        const char *why = e->why; /* often "unresolved: because" */
        put_word(p, strncmp(why, "unresolved: ", 12) == 0 ? why + 12 : why);
        put(p, "</dd></div>\n");
        return;
    }
    put(p, "<dd class=\"big\">");
    put_number(p, e->value, as);
    put(p, unit);
    put(p, "</dd><dd class=\"range\">");
    if (has_interval(e)) {
        put(p, "<span>");
        put_interval(p, e, as);
        put(p, " at 95%</span>");
        if (e->n > 0)
            put(p, ", <span>n = "), put_number(p, (double)e->n, AS_COUNT), put(p, "</span>");
        put(p, *note ? "<br>" : "");
    }
    put(p, note);
    put(p, "</dd></div>\n");
}

static void put_extraction_keys(document *d)
{
    const eid_estimate *uniform = ev_find(&d->ev, "extraction.uniform");
    const eid_estimate *heldout = ev_find(&d->ev, "extraction.heldout");
    const eid_estimate *slope = ev_find(&d->ev, "extraction.slope");
    if (uniform)
        put_key(d, "Share of the training text that comes back word for word", uniform, AS_PERCENT,
                "", "");
    if (heldout)
        put_key(d, "The same for text it never saw: the baseline", heldout, AS_PERCENT, "", "");
    if (slope)
        put_key(d, "Added by each doubling of copies", slope, AS_POINTS,
                "&nbsp;<small>points</small>", "");
}

/* The series' last point, that is, the most copies. */
static void put_exposure_key(document *d)
{
    const ev_series *s = ev_find_series(ev_find_curve(&d->ev, "exposure.by_copies"), "secrets");
    char name[96], copies[48], note[96] = "", text[48];
    double space = ev_number(&d->ev, "exposure.space_bits");
    if (!s)
        return;
    const ev_point *at = &s->at[s->n - 1];
    snprintf(name, sizeof name, "Exposure of a secret planted %s times",
             number_text(at->x, AS_COUNT, copies));
    if (isfinite(space))
        snprintf(note, sizeof note, "of %s possible; 1.44 by chance",
                 number_text(space, AS_BITS, text));
    put_key(d, name, &at->y, AS_BITS, "&nbsp;<small>bits</small>", note);
}

static void put_membership_key(document *d)
{
    const eid_estimate *best = NULL;
    for (size_t i = 0; i < d->ev.metrics; i++) {
        const ev_metric *m = &d->ev.metric[i];
        size_t n = strlen(m->name);
        if (strncmp(m->name, "membership.", 11) != 0 || n < 4 ||
            strcmp(m->name + n - 4, ".auc") != 0)
            continue;
        if (!best || m->e.value > best->value)
            best = &m->e;
    }
    if (best)
        put_key(d, "Best membership attack, area under its curve", best, AS_PLAIN, "",
                "0.5 is a coin toss");
}

static void put_personal_key(document *d)
{
    double emitted = 0, single = 0;
    bool any = false;
    char note[96], text[48];
    for (size_t i = 0; i < d->ev.metrics; i++) {
        const ev_metric *m = &d->ev.metric[i];
        size_t n = strlen(m->name);
        if (strncmp(m->name, "personal.", 9) != 0 || !isfinite(m->e.value))
            continue;
        if (n > 8 && strcmp(m->name + n - 8, ".emitted") == 0)
            emitted += m->e.value, any = true;
        else if (n > 16 && strcmp(m->name + n - 16, ".single_document") == 0)
            single += m->e.value;
    }
    if (!any)
        return;
    eid_estimate e = {.value = emitted, .low = emitted, .high = emitted, .method = "exact"};
    snprintf(note, sizeof note, "distinct; %s of them stand in one document",
             number_text(single, AS_COUNT, text));
    put_key(d, "Pieces of personal data that came out", &e, AS_COUNT, "", note);
}

void doc_verdict(document *d)
{
    page *p = &d->p;
    const struct level *v = level_named(ev_find_text(&d->ev, "verdict.level"));
    putf(p,
         "<section class=\"verdict %s\" aria-label=\"Verdict\">\n<p class=\"level\">"
         "<svg viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path d=\"%s\"/></svg>%s</p>\n"
         "<p class=\"lead\">%s</p>\n",
         v->name, v->icon, v->word, v->lead);
    if (strcmp(d->ev.run->state, "done") != 0)
        put(p, "<p>This run did not finish: what follows is what it had measured by then.</p>\n");
    put_reasons(d);
    put(p, "</section>\n");

    size_t before = p->b.n;
    put(p, "<dl class=\"keys\" aria-label=\"Key numbers\">\n");
    size_t opened = p->b.n;
    put_extraction_keys(d);
    put_exposure_key(d);
    put_membership_key(d);
    put_personal_key(d);
    if (p->st == EID_OK && p->b.n == opened)
        p->b.n = before; /* nothing was measured: no empty list */
    else
        put(p, "</dl>\n");
}
