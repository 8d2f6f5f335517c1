/* document.c - the frame of the page and the pieces that its parts share. */
#include "report/document.h"
#include "base/json.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void doc_section(page *p, const char *id, const char *title)
{
    putf(p, "<section id=\"%s\" aria-labelledby=\"h-%s\">\n<h2 id=\"h-%s\">%s</h2>\n", id, id, id,
         title);
}

static int figure_named(const document *d, const char *name)
{
    for (int i = 0; i < FIGURES; i++)
        if (strcmp(d->figure[i].name, name) == 0)
            return i;
    return -1;
}

bool doc_has(const document *d, const char *figure)
{
    int i = figure_named(d, figure);
    return i >= 0 && d->has[i];
}

void doc_absent(document *d, const char *section)
{
    put(&d->p, "<p class=\"absent\">Not measured: ");
    put_word(&d->p, ev_missing(&d->ev, section));
    put(&d->p, ".</p>\n");
}

static bool has_intervals(const fig *f)
{
    for (int s = 0; s < f->n; s++)
        for (size_t k = 0; k < f->series[s].n; k++)
            if (has_interval(&f->series[s].at[k].y))
                return true;
    return false;
}

void doc_figure(document *d, const char *name)
{
    int i = figure_named(d, name);
    if (i < 0 || !d->has[i])
        doc_absent(d, i < 0 ? name : d->figure[i].section);
    else
        doc_draw(&d->p, &d->figure[i]);
}

void doc_draw(page *p, const fig *f)
{
    const char *name = f->name;
    putf(p, "<figure id=\"%s\">\n", name);
    fig_svg(p, f, FIG_WIDE, false);
    fig_svg(p, f, FIG_NARROW, false);
    put(p, "<figcaption>");
    put_title(p, f->title);
    putf(p,
         ". %s<span class=\"files\">"
         "<a href=\"figures/%s.svg\">SVG</a><a href=\"figures/%s.csv\">CSV</a>"
         "<a href=\"figures/%s.vl.json\">Vega-Lite</a></span></figcaption>\n",
         has_intervals(f) ? "Bands and whiskers are 95% intervals. " : "", name, name, name);
    size_t points = 0;
    for (int s = 0; s < f->n; s++)
        points += f->series[s].n;
    if (points <= 200) {
        put(p, "<details><summary>The numbers behind this figure</summary>\n");
        fig_table(p, f);
        put(p, "</details>\n");
    }
    put(p, "</figure>\n");
}

void doc_reasons(document *d, void (*fn)(document *d, const doc_reason *r, int number))
{
    static const char prefix[] = "verdict.reason.";
    int number = 0;
    for (size_t i = 0; i < d->ev.texts && d->p.st == EID_OK; i++) {
        const ev_text *t = &d->ev.text[i];
        json_t *j = NULL;
        if (strncmp(t->name, prefix, sizeof prefix - 1) != 0)
            continue;
        if (eid_json_parse(&j, t->name, t->value, strlen(t->value)) != EID_OK)
            j = NULL; /* a reason that is not JSON is shown as it stands */
        const char *code = json_string_value(json_object_get(j, "code"));
        const char *text = json_string_value(json_object_get(j, "text"));
        const char *figure = json_string_value(json_object_get(j, "figure"));
        const char *level = json_string_value(json_object_get(j, "level"));
        const doc_reason r = {j, code ? code : "", text ? text : t->value, figure ? figure : "",
                              level ? level : ""};
        fn(d, &r, ++number);
        json_decref(j);
    }
}

void doc_put_json_text(page *p, const char *value)
{
    json_t *j = NULL;
    if (eid_json_parse(&j, "text", value, strlen(value)) != EID_OK)
        j = NULL;
    const char *text = json_string_value(json_object_get(j, "text"));
    put_word(p, text ? text : value);
    json_decref(j);
}

void doc_head(page *p, const char *ours, const char *of, const char *hostile)
{
    put(p, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
           "<meta name=\"color-scheme\" content=\"light dark\">\n"
           "<meta name=\"referrer\" content=\"no-referrer\">\n"
           "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
           "style-src 'unsafe-inline'; img-src data:\">\n<title>");
    put(p, ours);
    if (hostile)
        put(p, of), put_word(p, hostile);
    put(p, "</title>\n<style>\n");
    put(p, fig_style);
    put(p, page_style);
    put(p, "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">Skip to the "
           "measurements</a>\n");
}

void doc_eyebrow(document *d)
{
    page *p = &d->p;
    put(p, "<header class=\"wrap top\">\n<p class=\"eyebrow\">eidetic ");
    put_word(p, d->ev.run->command);
    put(p, " · ");
    put_path(p, d->ev.run->finished[0] ? d->ev.run->finished : d->ev.run->started);
    put(p, "</p>\n");
}

void doc_foot(page *p)
{
    put(p, "</main>\n<footer class=\"wrap\"><p>Written by eidetic ");
    put(p, eid_version());
    put(p, ". This page needs no network and no script; its figures also stand in the folder "
           "<code>figures</code> beside it.</p></footer>\n</body>\n</html>\n");
}

static void put_contents(page *p)
{
    static const char *const entry[][2] = {
        {"extraction", "Extraction"}, {"exposure", "Exposure"},
        {"membership", "Membership"}, {"training", "Training"},
        {"strings", "Strings"},       {"personal", "Personal data"},
        {"meaning", "What to do"},    {"inputs", "What was measured"},
        {"reproduce", "Reproduce"},   {"methods", "Methods and limits"}};
    put(p, "<nav class=\"contents\" aria-label=\"Contents\"><ul>\n");
    for (size_t i = 0; i < sizeof entry / sizeof *entry; i++)
        putf(p, "<li><a href=\"#%s\">%s</a></li>\n", entry[i][0], entry[i][1]);
    put(p, "</ul></nav>\n");
}

void doc_page(document *d)
{
    page *p = &d->p;
    const char *title = ev_find_text(&d->ev, "title");
    doc_head(p, "What the model memorized", " · ", title);
    doc_eyebrow(d);
    put(p, "<h1>What the model memorized");
    if (title)
        put(p, " of "), put_word(p, title);
    put(p, "</h1>\n");
    doc_verdict(d);
    put_contents(p);
    put(p, "</header>\n<main class=\"wrap\" id=\"main\">\n");
    doc_extraction(d);
    doc_exposure(d);
    doc_membership(d);
    doc_training(d);
    doc_strings(d);
    doc_personal(d);
    doc_advice(d);
    doc_inputs(d);
    doc_reproduce(d);
    doc_methods(d);
    doc_foot(p);
}
