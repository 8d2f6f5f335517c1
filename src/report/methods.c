/* methods.c - how sure each number is, and what an audit like this cannot see. */
#include "report/document.h"
#include <math.h>
#include <string.h>

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n >= m && strcmp(s + n - m, end) == 0;
}

/* How a metric reads best, from its name. */
static number_as reads_as(const char *name)
{
    if (strcmp(name, "extraction.slope") == 0)
        return AS_POINTS;
    if (strcmp(name, "extraction.uniform") == 0 || strncmp(name, "extraction.heldout", 18) == 0 ||
        strcmp(name, "extraction.matched") == 0 || strstr(name, ".tpr.") ||
        ends_with(name, ".chance") || ends_with(name, ".share"))
        return AS_PERCENT;
    return AS_PLAIN;
}

static void put_metric(page *p, const ev_metric *m)
{
    number_as as = reads_as(m->name);
    put(p, "<tr><th scope=\"row\">");
    put_word(p, m->name);
    put(p, "</th><td class=\"num\">");
    if (isfinite(m->e.value))
        put_number(p, m->e.value, as);
    else
        put(p, "unresolved");
    put(p, "</td><td class=\"num\">");
    put_interval(p, &m->e, as);
    put(p, "</td><td class=\"num\">");
    if (m->e.n > 0)
        put_number(p, (double)m->e.n, AS_COUNT);
    put(p, "</td><td>");
    put_word(p, isnan(m->e.value) && m->e.why[0] ? m->e.why : m->e.method);
    put(p, "</td></tr>\n");
}

static void put_unresolved(document *d)
{
    page *p = &d->p;
    int found = 0;
    for (size_t i = 0; i < d->ev.metrics; i++) {
        const ev_metric *m = &d->ev.metric[i];
        if (!isnan(m->e.value))
            continue;
        if (found++ == 0)
            put(p, "<h3>What could not be told</h3>\n<ul>\n");
        put(p, "<li><code>");
        put_word(p, m->name);
        put(p, "</code>: ");
        put_word(p, m->e.why[0] ? m->e.why : "unresolved");
        put(p, "</li>\n");
    }
    put(p, found ? "</ul>\n" : "");
}

static void put_warning(document *d)
{
    page *p = &d->p;
    int found = 0;
    for (size_t i = 0; i < d->ev.texts; i++) {
        if (strncmp(d->ev.text[i].name, "warning.", 8) != 0)
            continue;
        if (found++ == 0)
            put(p, "<h3>Warnings</h3>\n<ul>\n");
        put(p, "<li>");
        doc_put_json_text(p, d->ev.text[i].value);
        put(p, "</li>\n");
    }
    put(p, found ? "</ul>\n" : "");
}

void doc_numbers(document *d)
{
    page *p = &d->p;
    put_unresolved(d);
    put_warning(d);
    if (d->ev.metrics) {
        put(p, "<details><summary>Every number, its interval and its method</summary>\n<div "
               "class=\"scroll\" "
               "tabindex=\"0\" role=\"region\" aria-label=\"Every number\"><table><thead><tr>"
               "<th scope=\"col\">name</th><th scope=\"col\" class=\"num\">value</th><th "
               "scope=\"col\" "
               "class=\"num\">95% interval</th><th scope=\"col\" class=\"num\">n</th><th "
               "scope=\"col\">method"
               "</th></tr></thead><tbody>\n");
        for (size_t i = 0; i < d->ev.metrics; i++)
            put_metric(p, &d->ev.metric[i]);
        put(p, "</tbody></table></div></details>\n");
    }
}

void doc_methods(document *d)
{
    page *p = &d->p;
    doc_section(p, "methods", "Methods and limits");
    put(p, "<p>Every estimate comes with a 95% interval. Windows that were cut from one document "
           "are not "
           "independent; where the method says \"by cluster\" or \"by document\", whole documents "
           "were "
           "resampled. Where all answers agree, resampling sees no spread, and the exact binomial "
           "interval "
           "stands in its place. Intervals hold one by one: among many, some will miss.</p>\n"
           "<h3>What this audit cannot see</h3>\n<ul>\n"
           "<li>It asks for what it knows to be there. A string that comes back only to another "
           "prompt, or in "
           "other words, is not counted: the share extracted is a lower bound.</li>\n"
           "<li>A false-positive rate below one in the number of held-out samples cannot be "
           "resolved.</li>\n"
           "<li>Personal data are what the detectors recognize: addresses, numbers, keys. Names, "
           "and facts "
           "about people, are not among them.</li>\n"
           "<li>A pass is a statement about these measures on this model. It is no proof that "
           "nothing was "
           "memorized.</li>\n</ul>\n");
    doc_numbers(d);
    put(p, "</section>\n");
}
