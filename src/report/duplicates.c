/* duplicates.c - the page of a run of `duplicates`: how much is repeated, how often, and what. */
#include "base/json.h"
#include "report/document.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool doc_is_duplicates(const document *d)
{
    return strcmp(d->ev.run->command, "duplicates") == 0;
}

/* ---- figures --------------------------------------------------------------------------------- */

static const fig blank[DOC_DUPLICATES] = {
    {.name = "duplicates.copies",
     .title = "Different strings, by the copies that stand in the corpus",
     .x_title = "copies",
     .y_title = "different strings",
     .x_kind = AXIS_LOG2,
     .y_kind = AXIS_LOG10,
     .x_as = AS_COUNT,
     .y_as = AS_COUNT,
     .x_unit = "copies"},
    {.name = "duplicates.share",
     .title = "Share of the text that lies in repeated strings, by their length",
     .x_title = "length of the string in bytes",
     .y_title = "share of the bytes",
     .x_kind = AXIS_LOG2,
     .x_as = AS_COUNT,
     .y_as = AS_PERCENT,
     .x_unit = "bytes",
     .whole = true},
    {.name = "duplicates.shared",
     .title = "Share of either text that stands in the other, by the length of the strings",
     .x_title = "length of the string in bytes",
     .y_title = "share of the bytes",
     .x_kind = AXIS_LOG2,
     .x_as = AS_COUNT,
     .y_as = AS_PERCENT,
     .x_unit = "bytes",
     .whole = true},
    {.name = "duplicates.clusters",
     .title = "Clusters of near-duplicate documents, by their size",
     .x_title = "documents in the cluster",
     .y_title = "clusters",
     .x_kind = AXIS_LOG2,
     .y_kind = AXIS_LOG10,
     .x_as = AS_COUNT,
     .y_as = AS_COUNT,
     .x_unit = "documents"},
};

static bool fill(fig *f, const evidence *ev, int which)
{
    *f = blank[which];
    f->section = "duplicates";
    f->rule = NAN;
    const ev_curve *c = ev_find_curve(ev, f->name);
    for (size_t i = 0; c && i < c->n && f->n < FIG_SERIES; i++) {
        const ev_series *s = &c->at[i];
        if (s->n > 0) {
            f->series[f->n] = (fig_series){s->name, s->name, 1 + f->n % 6, s->at, s->n};
            f->n++;
        }
    }
    return f->n > 0;
}

eid_status doc_duplicates_figures(document *d, eid_status (*fn)(void *user, const fig *f),
                                  void *user)
{
    eid_status st = EID_OK;
    for (int i = 0; i < DOC_DUPLICATES && st == EID_OK; i++) {
        d->has[i] = fill(&d->figure[i], &d->ev, i);
        if (d->has[i])
            st = fn(user, &d->figure[i]);
    }
    return st;
}

/* ---- the first screen ------------------------------------------------------------------------ */

/* The lengths that the run holds, as its share's curve tells. */
static const ev_series *lengths(const document *d)
{
    const ev_curve *c = ev_find_curve(&d->ev, "duplicates.share");
    return c && c->n > 0 && c->at[0].n > 0 ? &c->at[0] : NULL;
}

static double of_length(const document *d, const char *what, double length)
{
    char name[64];
    snprintf(name, sizeof name, "duplicates.%s.%.0f", what, length);
    return ev_number(&d->ev, name);
}

static void put_key(page *p, const char *name, double x, number_as as, const char *note)
{
    putf(p, "<div><dt>%s</dt><dd class=\"big\">", name);
    if (isfinite(x))
        put_number(p, x, as);
    else
        put(p, "not measured");
    putf(p, "</dd><dd class=\"range\">%s</dd></div>\n", note);
}

static void put_summary(document *d)
{
    page *p = &d->p;
    const ev_series *s = lengths(d);
    char name[96], text[48];

    if (strcmp(d->ev.run->state, "done") != 0)
        put(p, "<p>This run did not finish: what follows is what it had measured by then.</p>\n");
    if (!s) {
        put(p, "<p class=\"absent\">The run holds no counts.</p>\n");
        return;
    }
    const ev_point *first = &s->at[0], *last = &s->at[s->n - 1];
    put(p, "<p class=\"lead\">");
    put_number(p, first->y.value, AS_PERCENT);
    put(p, " of the text lies in strings of ");
    put_number(p, first->x, AS_COUNT);
    put(p, " bytes that stand in it more than once.</p>\n"
           "<dl class=\"keys\" aria-label=\"Key numbers\">\n");
    snprintf(name, sizeof name, "Repeated, in strings of %s bytes",
             number_text(first->x, AS_COUNT, text));
    put_key(p, name, first->y.value, AS_PERCENT, "of the bytes; exact");
    if (s->n > 1) {
        snprintf(name, sizeof name, "Repeated, in strings of %s bytes",
                 number_text(last->x, AS_COUNT, text));
        put_key(p, name, last->y.value, AS_PERCENT, "of the bytes; exact");
    }
    put_key(p, "Documents", ev_number(&d->ev, "corpus.documents"), AS_COUNT, "");
    put(p, "</dl>\n");
}

/* ---- tables ---------------------------------------------------------------------------------- */

static void put_cell(page *p, double x, number_as as)
{
    put(p, "<td class=\"num\">");
    put_number(p, x, as);
    put(p, "</td>");
}

static void put_lengths(document *d)
{
    page *p = &d->p;
    const ev_series *s = lengths(d);
    put(p, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"By length\"><table>"
           "<thead><tr><th scope=\"col\" class=\"num\">bytes</th><th scope=\"col\" class=\"num\">"
           "places</th><th scope=\"col\" class=\"num\">different strings</th><th scope=\"col\" "
           "class=\"num\">of them repeated</th><th scope=\"col\" class=\"num\">bytes in those</th>"
           "<th scope=\"col\" class=\"num\">share</th></tr></thead><tbody>\n");
    for (size_t i = 0; s && i < s->n; i++) {
        double x = s->at[i].x;
        put(p, "<tr>");
        put_cell(p, x, AS_COUNT);
        put_cell(p, of_length(d, "windows", x), AS_COUNT);
        put_cell(p, of_length(d, "distinct", x), AS_COUNT);
        put_cell(p, of_length(d, "repeated", x), AS_COUNT);
        put_cell(p, of_length(d, "bytes", x), AS_COUNT);
        put_cell(p, s->at[i].y.value, AS_PERCENT);
        put(p, "</tr>\n");
    }
    put(p, "</tbody></table></div>\n");
}

static void put_amount(document *d)
{
    page *p = &d->p;
    doc_section(p, "amount", "How much is repeated");
    put(p, "<div class=\"pair\">\n<div class=\"words\">\n<p>A byte counts when it lies in a string "
           "of the given length that stands in the corpus at least twice, in one document or in "
           "two; each byte counts once. No string reaches over the end of a document.</p>\n"
           "<p>What a model repeats word for word is, first of all, what its training text "
           "repeats: <code>eidetic dedup</code> takes copies out before training.</p>\n"
           "</div>\n<div>\n");
    if (d->has[1])
        doc_draw(p, &d->figure[1]);
    put(p, "</div>\n</div>\n");
    put_lengths(d);
    put(p, "</section>\n");
}

static void put_copies(document *d)
{
    page *p = &d->p;
    doc_section(p, "copies", "How often");
    put(p,
        "<div class=\"pair\">\n<div class=\"words\">\n<p>Different strings by how many copies "
        "of them there are, in buckets of copies that grow by the fourth root of two (Carlini et "
        "al. 2023). A long passage that stands twice holds as many strings of 50 bytes as it has "
        "bytes, less 49.</p>\n</div>\n<div>\n");
    if (d->has[0])
        doc_draw(p, &d->figure[0]);
    else
        put(p, "<p class=\"absent\">No string of these lengths stands twice.</p>\n");
    put(p, "</div>\n</div>\n</section>\n");
}

/* ---- strings --------------------------------------------------------------------------------- */

static double fact(const json_t *why, const char *name)
{
    const json_t *v = json_object_get(why, name);
    return json_is_number(v) ? json_number_value(v) : NAN;
}

static void put_from(page *p, const char *before, const char *name, double offset)
{
    putf(p, "%s <b>", before);
    put_word(p, name ? name : "an unnamed document");
    put(p, "</b> at byte ");
    put_number(p, offset, AS_COUNT);
    put(p, ". ");
}

static void put_string(page *p, const eid_finding *f, const json_t *why, int number, bool shared)
{
    double length = fact(why, "length");
    size_t n = f->expected_n < 1000 ? f->expected_n : 1000;
    putf(p, "<article class=\"string\"><h3>%d. ", number);
    put_number(p, length, AS_COUNT);
    put(p, shared ? " bytes in both" : " bytes, ");
    if (!shared) {
        put_number(p, (double)f->copies, AS_COUNT);
        put(p, " copies");
    }
    put(p, "</h3>\n<p class=\"from small\">");
    put_from(p, shared ? "In this corpus first in" : "First in", f->document, (double)f->offset);
    if (shared) {
        put_from(p, "In the other first in", json_string_value(json_object_get(why, "other")),
                 fact(why, "other_offset"));
        put_number(p, (double)f->copies, AS_COUNT);
        put(p, " copies here, ");
        put_number(p, fact(why, "other_copies"), AS_COUNT);
        put(p, " there.");
    } else {
        put(p, "In ");
        put_number(p, (double)f->documents, AS_COUNT);
        put(p, " documents; covers ");
        put_number(p, f->value, AS_COUNT);
        put(p, " bytes, of which ");
        put_number(p, fact(why, "fresh"), AS_COUNT);
        put(p, " lie in none of the strings above.");
    }
    put(p, "</p>\n<p class=\"text\">");
    put_hostile(p, f->expected, n, AS_BLOCK);
    put(p, (double)n < length ? " …</p></article>\n" : "</p></article>\n");
}

static int put_strings(document *d, const char *kind)
{
    enum { OPEN = 8 }; /* the rest stands behind a fold */
    page *p = &d->p;
    bool shared = strcmp(kind, "shared") == 0;
    int shown = 0;
    for (size_t i = 0; i < d->ev.findings; i++) {
        const eid_finding *f = &d->ev.finding[i].f;
        json_t *why = NULL;
        if (strcmp(f->kind, kind) != 0)
            continue;
        if (f->why && eid_json_parse(&why, "why", f->why, strlen(f->why)) != EID_OK)
            why = NULL;
        if (shown == OPEN)
            put(p, "<details><summary>More strings</summary>\n");
        put_string(p, f, why, ++shown, shared);
        json_decref(why);
    }
    put(p, shown > OPEN ? "</details>\n" : "");
    if (shown == 0)
        put(p, "<p class=\"absent\">None was found, or none was asked for.</p>\n");
    return shown;
}

static void put_repeated(document *d)
{
    page *p = &d->p;
    doc_section(p, "strings", "The most repeated strings");
    put(p,
        "<p>Each covers the most bytes that those above it leave; longer at either end, it would "
        "stand less often.");
    if (!p->reveal)
        put(p, " Personal data and long numbers are masked; <code>eidetic report RUN "
               "--reveal</code> shows them.");
    put(p, "</p>\n");
    put_strings(d, "repeated");
    if (ev_number(&d->ev, "duplicates.whole") == 0)
        put(p, "<p class=\"small\">The list ends here, since what comes next was not kept in "
               "mind.</p>\n");
    put(p, "</section>\n");
}

static void put_shared(document *d)
{
    page *p = &d->p;
    doc_section(p, "shared", "In common with the other corpus");
    put(p, "<div class=\"pair\">\n<div class=\"words\">\n<p>A byte counts when it lies in a string "
           "of the given length that stands in the other corpus. Between training text and a test, "
           "this is what the test does not measure.</p>\n</div>\n<div>\n");
    doc_draw(p, &d->figure[2]);
    put(p, "</div>\n</div>\n<h3>The longest strings that both hold</h3>\n");
    put_strings(d, "shared");
    put(p, "</section>\n");
}

static void put_near(document *d)
{
    page *p = &d->p;
    doc_section(p, "near", "Near-duplicate documents");
    put(p, "<div class=\"pair\">\n<div class=\"words\">\n<p class=\"finding\">");
    put_number(p, ev_number(&d->ev, "near.removed"), AS_COUNT);
    put(p, " documents, ");
    put_bytes(p, ev_number(&d->ev, "near.bytes"));
    put(p, ", would go if one of each cluster stayed.</p>\n<p>Documents that share at least ");
    put_number(p, ev_number(&d->ev, "near.threshold"), AS_PERCENT);
    put(p,
        " of their runs of five words, found by MinHash and verified one by one; clusters are what "
        "such pairs connect. <code>eidetic dedup --near</code> removes them.</p>\n"
        "</div>\n<div>\n");
    if (d->has[3])
        doc_draw(p, &d->figure[3]);
    else
        put(p, "<p class=\"absent\">There is none.</p>\n");
    put(p, "</div>\n</div>\n</section>\n");
}

static bool has_near(const document *d)
{
    return isfinite(ev_number(&d->ev, "near.threshold"));
}

/* ---- the page -------------------------------------------------------------------------------- */

static void put_contents(document *d)
{
    page *p = &d->p;
    put(p, "<nav class=\"contents\" aria-label=\"Contents\"><ul>\n"
           "<li><a href=\"#amount\">How much</a></li>\n<li><a href=\"#copies\">How often</a></li>\n"
           "<li><a href=\"#strings\">Strings</a></li>\n");
    if (has_near(d))
        put(p, "<li><a href=\"#near\">Near-duplicates</a></li>\n");
    if (d->has[2])
        put(p, "<li><a href=\"#shared\">In common</a></li>\n");
    put(p, "<li><a href=\"#inputs\">What was read</a></li>\n"
           "<li><a href=\"#reproduce\">Reproduce</a></li>\n</ul></nav>\n");
}

void doc_duplicates_page(document *d)
{
    page *p = &d->p;
    doc_head(p, "What the corpus repeats", " · ", NULL);
    doc_eyebrow(d);
    put(p, "<h1>What the corpus repeats</h1>\n");
    put_summary(d);
    put_contents(d);
    put(p, "</header>\n<main class=\"wrap\" id=\"main\">\n");
    put_amount(d);
    put_copies(d);
    put_repeated(d);
    if (has_near(d))
        put_near(d);
    if (d->has[2])
        put_shared(d);
    doc_section(p, "inputs", "What was read");
    doc_input_table(d);
    put(p, "</section>\n");
    doc_reproduce(d);
    doc_foot(p);
}
