/* lab.c - the page of a run of labs: each claim, what was measured, what would have refuted it. */
#include "report/lab.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- verdicts ----------------------------------------------------------------------------- */

static const struct verdict {
    const char *name, *level, *word; /* level: of the audit's, for colour and sign */
} verdicts[] = {
    {"holds", "pass", "holds"},
    {"fails", "stop", "fails"},
    {"unresolved", "unknown", "unresolved"},
};

static const struct verdict *verdict_named(const char *name)
{
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++)
        if (name && strcmp(name, verdicts[i].name) == 0)
            return &verdicts[i];
    return &verdicts[2];
}

static void put_verdict(page *p, const char *name)
{
    const struct verdict *v = verdict_named(name);
    putf(
        p,
        "<span class=\"judged %s\"><svg viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path d=\"%s\"/>"
        "</svg>%s</span>",
        v->level, doc_icon(v->level), v->word);
}

static size_t count(const document *d, const char *verdict)
{
    size_t n = 0;
    for (size_t i = 0; i < d->labs; i++)
        n += verdict_named(d->lab[i].verdict) == verdict_named(verdict);
    return n;
}

static void put_lead(document *d, size_t holds, size_t fails)
{
    page *p = &d->p;
    if (d->labs == 1)
        put(p, holds   ? "The claim holds here, and its control does what it must."
               : fails ? "The claim fails here: a number lies outside what it predicts."
                       : "This run cannot tell: a number's interval is too wide, or it was not "
                         "measured.");
    else if (holds == d->labs)
        putf(p, "All %zu claims hold here, each against its control.", d->labs);
    else
        putf(p, "Of %zu claims, %zu hold here, %zu fail, and %zu are unresolved.", d->labs, holds,
             fails, d->labs - holds - fails);
}

static void put_summary(document *d)
{
    page *p = &d->p;
    size_t holds = count(d, "holds"), fails = count(d, "fails");
    const struct verdict *v = verdict_named(fails                             ? "fails"
                                            : holds == d->labs && d->labs > 0 ? "holds"
                                                                              : "unresolved");
    putf(p,
         "<section class=\"verdict %s\" aria-label=\"Verdict\">\n<p class=\"level\">"
         "<svg viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path d=\"%s\"/></svg>%c%s</p>\n"
         "<p class=\"lead\">",
         v->level, doc_icon(v->level), v->word[0] - 'a' + 'A', v->word + 1);
    put_lead(d, holds, fails);
    put(p, "</p>\n");
    if (strcmp(d->ev.run->state, "done") != 0)
        put(p, "<p>This run did not finish: what follows is what it had measured by then.</p>\n");
    put(p, "<ul class=\"claims\">\n");
    for (size_t i = 0; i < d->labs; i++) {
        const lab_view *lab = &d->lab[i];
        put(p, "<li>");
        put_verdict(p, lab->verdict);
        putf(p, " <a href=\"#lab-%s\">", lab->name);
        put_title(p, lab->title);
        put(p, "</a></li>\n");
    }
    put(p, "</ul>\n</section>\n");
}

/* ---- a lab's section ---------------------------------------------------------------------- */

static double real(const json_t *j, const char *field)
{
    const json_t *v = json_object_get(j, field);
    return json_is_number(v) ? json_number_value(v) : NAN;
}

static eid_estimate estimate(const json_t *j)
{
    eid_estimate e = {.value = real(j, "value"),
                      .low = real(j, "low"),
                      .high = real(j, "high"),
                      .method = lab_word(j, "method")};
    double n = real(j, "n");
    e.n = n > 0 && n < 1e15 ? (int64_t)n : 0;
    snprintf(e.why, sizeof e.why, "%s", lab_word(j, "why"));
    return e;
}

static void put_row(page *p, const json_t *row)
{
    const eid_estimate e = estimate(json_object_get(row, "value"));
    put(p, "<tr><th scope=\"row\">");
    put_title(p, lab_word(row, "name"));
    put(p, isnan(e.value) ? "</th><td class=\"num why\">" : "</th><td class=\"num\">");
    if (isnan(e.value))
        put_title(p, e.why[0] ? e.why : "unresolved");
    else
        put_number(p, e.value, AS_PLAIN);
    put(p, "</td><td class=\"num\">");
    put_interval(p, &e, AS_PLAIN);
    put(p, "</td><td class=\"num\">");
    if (e.n > 0)
        put_number(p, (double)e.n, AS_COUNT);
    put(p, "</td><td>");
    put_title(p, lab_word(row, "expected"));
    put(p, "</td><td>");
    if (json_is_string(json_object_get(row, "verdict")))
        put_verdict(p, lab_word(row, "verdict"));
    put(p, "</td><td class=\"small\">");
    put_title(p, e.method);
    put(p, "</td></tr>\n");
}

static void put_rows(page *p, const json_t *rows, const char *name)
{
    const json_t *row;
    size_t i;
    if (!json_array_size(rows))
        return;
    putf(p, "<tr class=\"kind\"><th scope=\"col\" colspan=\"7\">%s</th></tr>\n", name);
    json_array_foreach(rows, i, row) put_row(p, row);
}

static void put_table(page *p, const lab_view *lab)
{
    put(p, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"What was measured\">"
           "<table class=\"rows\"><thead><tr><th scope=\"col\">number</th><th scope=\"col\" "
           "class=\"num\">value</th><th scope=\"col\" class=\"num\">95% interval</th><th "
           "scope=\"col\" class=\"num\">n</th><th scope=\"col\">expected</th><th "
           "scope=\"col\">verdict</th><th scope=\"col\">method</th></tr></thead><tbody>\n");
    put_rows(p, json_object_get(lab->json, "measured"), "Measured");
    put_rows(p, json_object_get(lab->json, "control"), "Control: what would refute the claim");
    put(p, "</tbody></table></div>\n");
}

static void put_words(page *p, const lab_view *lab)
{
    const json_t *notes = json_object_get(lab->json, "notes"), *note;
    size_t i;
    put(p, "<p>");
    put_verdict(p, lab->verdict);
    put(p, "</p>\n<p class=\"finding\">");
    put_title(p, lab->claim);
    put(p, "</p>\n<p>");
    put_title(p, lab->meaning);
    put(p, "</p>\n");
    json_array_foreach(notes, i, note)
    {
        put(p, "<p>");
        put_word(p, json_string_value(note));
        put(p, "</p>\n");
    }
    put(p, "<p class=\"small\">");
    put_title(p, lab->source);
    put(p, ". Scale: ");
    put_title(p, lab->scale);
    if (isfinite(lab->seconds))
        put(p, "; took "), put_seconds(p, lab->seconds);
    put(p, ".</p>\n");
}

static void put_lab(page *p, const lab_view *lab)
{
    putf(p, "<section id=\"lab-%s\" aria-labelledby=\"h-lab-%s\">\n<h2 id=\"h-lab-%s\">", lab->name,
         lab->name, lab->name);
    put_title(p, lab->title);
    put(p, "</h2>\n<div class=\"pair\">\n<div class=\"words\">\n");
    put_words(p, lab);
    put(p, "</div>\n<div>\n");
    for (int i = 0; i < lab->figures; i++)
        doc_draw(p, &lab->figure[i]);
    put(p, "</div>\n</div>\n");
    put_table(p, lab);
    put(p, "</section>\n");
}

/* ---- the page ----------------------------------------------------------------------------- */

static void put_contents(document *d)
{
    page *p = &d->p;
    put(p, "<nav class=\"contents\" aria-label=\"Contents\"><ul>\n");
    for (size_t i = 0; i < d->labs; i++)
        putf(p, "<li><a href=\"#lab-%s\">%s</a></li>\n", d->lab[i].name, d->lab[i].name);
    if (d->ev.inputs)
        put(p, "<li><a href=\"#inputs\">What was read</a></li>\n");
    put(p, "<li><a href=\"#reproduce\">Reproduce</a></li>\n<li><a href=\"#methods\">How to read "
           "this</a></li>\n</ul></nav>\n");
}

static void put_methods(page *p)
{
    doc_section(p, "methods", "How to read this");
    put(p,
        "<p>Each lab states a claim from the literature, measures it here, and compares every "
        "number with a range that was written into the program before it was measured: from theory "
        "where there is a closed form, else from the source.</p>\n"
        "<p>A number <b>holds</b> when its whole 95% interval lies inside the expected range, "
        "<b>fails</b> when the two do not meet, and is <b>unresolved</b> in between or when it "
        "could not be told. A claim fails when one number fails, and holds when every one "
        "does.</p>\n"
        "<p>The controls are what would refute the claim: the same measurement where the claimed "
        "cause is taken away. A claim whose control shows the same effect would not hold.</p>\n"
        "</section>\n");
}

void doc_lab_page(document *d)
{
    page *p = &d->p;
    const char *one = d->labs == 1 ? d->lab[0].title : NULL;
    doc_head(p, one ? "Lab" : "Claims, measured", " · ", one);
    doc_eyebrow(d);
    put(p, "<h1>");
    if (one)
        put_title(p, one);
    else
        put(p, "Claims about memorization, measured");
    put(p, "</h1>\n");
    put_summary(d);
    put_contents(d);
    put(p, "</header>\n<main class=\"wrap\" id=\"main\">\n");
    for (size_t i = 0; i < d->labs; i++)
        put_lab(p, &d->lab[i]);
    if (d->ev.inputs) {
        doc_section(p, "inputs", "What was read");
        doc_input_table(d);
        put(p, "</section>\n");
    }
    doc_reproduce(d);
    put_methods(p);
    doc_foot(p);
}
