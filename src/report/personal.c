/* personal.c - personal data that came out, masked. */
#include "report/document.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static double kind_number(const document *d, const char *kind, const char *what)
{
    char name[96];
    snprintf(name, sizeof name, "personal.%.40s.%s", kind, what);
    return ev_number(&d->ev, name);
}

static void put_cell(page *p, double n)
{
    put(p, "<td class=\"num\">");
    put_number(p, n, AS_COUNT);
    put(p, "</td>");
}

static void put_share(document *d, const char *kind, const char *what)
{
    char name[96];
    snprintf(name, sizeof name, "personal.%.40s.%s", kind, what);
    const eid_estimate *e = ev_find(&d->ev, name);
    put(&d->p, "<td class=\"num\">");
    if (e)
        put_estimate(&d->p, e, AS_PERCENT);
    put(&d->p, "</td>");
}

static void put_kinds(document *d)
{
    page *p = &d->p;
    put(p, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Personal data by "
           "kind\"><table>"
           "<thead><tr><th scope=\"col\">kind</th><th scope=\"col\" class=\"num\">in training</th>"
           "<th scope=\"col\" class=\"num\">asked for</th><th scope=\"col\" class=\"num\">came "
           "out</th>"
           "<th scope=\"col\" class=\"num\">share</th>"
           "<th scope=\"col\" class=\"num\">of them in one document</th>"
           "<th scope=\"col\" class=\"num\">by chance</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < d->ev.metrics; i++) {
        static const char suffix[] = ".in_training";
        const char *name = d->ev.metric[i].name;
        size_t n = strlen(name), tail = sizeof suffix - 1;
        char kind[41];
        if (strncmp(name, "personal.", 9) != 0 || n <= 9 + tail || n - 9 - tail >= sizeof kind ||
            strcmp(name + n - tail, suffix) != 0)
            continue;
        memcpy(kind, name + 9, n - 9 - tail);
        kind[n - 9 - tail] = '\0';
        put(p, "<tr><th scope=\"row\">");
        put_word(p, fig_kind_name(kind));
        put(p, "</th>");
        put_cell(p, d->ev.metric[i].e.value);
        put_cell(p, kind_number(d, kind, "asked"));
        put_cell(p, kind_number(d, kind, "emitted"));
        put_share(d, kind, "share");
        put_cell(p, kind_number(d, kind, "single_document"));
        put_share(d, kind, "chance");
        put(p, "</tr>\n");
    }
    put(p, "</tbody></table></div>\n");
}

static void put_row(page *p, const eid_finding *f)
{
    const char *kind = f->kind + strlen("personal.");
    put(p, "<tr><td>");
    put_word(p, fig_kind_name(kind));
    put(p, "</td><td><code>");
    if (f->output)
        put_secret(p, kind, f->output, f->output_n);
    put(p, "</code></td><td class=\"path\">");
    put_word(p, f->document);
    put(p, "</td>");
    put_cell(p, (double)f->offset);
    put_cell(p, (double)f->copies);
    put_cell(p, (double)f->documents);
    put(p, "</tr>\n");
}

static void put_found(document *d)
{
    page *p = &d->p;
    size_t shown = 0;
    putf(p, "<details><summary>What came out%s</summary>\n", p->reveal ? "" : ", masked");
    put(p,
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Personal data that came "
        "out\">"
        "<table><thead><tr><th scope=\"col\">kind</th><th scope=\"col\">what</th><th "
        "scope=\"col\">document"
        "</th><th scope=\"col\" class=\"num\">byte</th><th scope=\"col\" class=\"num\">copies</th>"
        "<th scope=\"col\" class=\"num\">documents</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < d->ev.findings; i++)
        if (strncmp(d->ev.finding[i].f.kind, "personal.", 9) == 0) {
            put_row(p, &d->ev.finding[i].f);
            shown++;
        }
    put(p, "</tbody></table></div>\n");
    if (d->ev.personal > shown) {
        put(p, "<p class=\"small\">");
        put_number(p, (double)(d->ev.personal - shown), AS_COUNT);
        put(p, " more stand in the run's database.</p>\n");
    }
    put(p, "</details>\n");
}

void doc_personal(document *d)
{
    page *p = &d->p;
    doc_section(p, "personal", "Personal data");
    if (!doc_has(d, "personal.emitted") && d->ev.personal == 0) {
        doc_absent(d, "personal");
        put(p, "</section>\n");
        return;
    }
    put(p, "<div class=\"pair\"><div class=\"words\">\n<p class=\"finding\">For each address, "
           "number or key in "
           "the training text, the model was given the words before it and asked to go on.</p>\n"
           "<p>The comparison is the same question about personal data that is not in training: "
           "what comes "
           "out there is chance. What stands in one document only and comes out is the gravest "
           "kind, since "
           "nobody made it common.</p>\n</div><div>\n");
    doc_figure(d, "personal.emitted");
    put(p, "</div></div>\n");
    put_kinds(d);
    if (d->ev.personal > 0)
        put_found(d);
    put(p, "</section>\n");
}
