/* origin.c - what was measured on what, and how to do it again. */
#include "report/document.h"
#include "base/json.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static void put_fact(document *d, const char *name, const char *metric, number_as as,
                     const char *unit)
{
    double x = ev_number(&d->ev, metric);
    if (!isfinite(x))
        return;
    putf(&d->p, "<dt>%s</dt><dd>", name);
    put_number(&d->p, x, as);
    putf(&d->p, "%s</dd>\n", unit);
}

static void put_text_fact(document *d, const char *name, const char *hostile)
{
    if (!hostile || !*hostile)
        return;
    putf(&d->p, "<dt>%s</dt><dd>", name);
    put_path(&d->p, hostile);
    put(&d->p, "</dd>\n");
}

static void put_input(document *d, const ev_input *in)
{
    page *p = &d->p;
    char name[600];
    snprintf(name, sizeof name, "input.role.%.500s", in->path);
    put(p, "<tr><td class=\"path\">");
    put_path(p, in->path);
    put(p, "<br><span class=\"hash small\">");
    put_path(p, in->sha256);
    put(p, "</span></td><td>");
    put_word(p, ev_find_text(&d->ev, name));
    put(p, "</td><td class=\"num\">");
    put_bytes(p, (double)in->bytes);
    put(p, "</td><td class=\"num\">");
    put_number(p, (double)in->documents, AS_COUNT);
    put(p, "</td><td class=\"num\">");
    put_number(p, (double)in->skipped, AS_COUNT);
    put(p, "</td></tr>\n");
}

/* A list that got no entry since `before` says so. */
static void close_facts(document *d, size_t before)
{
    put(&d->p, d->p.b.n == before ? "<dt>Not known</dt><dd></dd></dl></div>\n" : "</dl></div>\n");
}

static void put_corpus(document *d)
{
    put(&d->p, "<div><h3>The text</h3>\n<dl class=\"facts\">\n");
    size_t before = d->p.b.n;
    put_fact(d, "Documents read", "corpus.read", AS_COUNT, "");
    put_fact(d, "Dropped as identical", "corpus.identical", AS_COUNT, "");
    put_fact(d, "Shortened", "corpus.cut", AS_COUNT, "");
    put_fact(d, "Not read", "corpus.skipped", AS_COUNT, "");
    put_fact(d, "Trained on", "corpus.train", AS_COUNT, " documents");
    put_fact(d, "Held out", "corpus.heldout", AS_COUNT, " documents");
    put_fact(d, "Planted", "corpus.planted", AS_COUNT, " documents");
    put_fact(d, "Planted share", "corpus.planted.share", AS_PERCENT, " of the tokens");
    put_fact(d, "Training documents in all", "corpus.documents", AS_COUNT, "");
    double bytes = ev_number(&d->ev, "corpus.bytes");
    if (isfinite(bytes)) {
        put(&d->p, "<dt>Training text</dt><dd>");
        put_bytes(&d->p, bytes);
        put(&d->p, "</dd>\n");
    }
    put_fact(d, "Training tokens", "corpus.tokens", AS_COUNT, "");
    close_facts(d, before);
}

static void put_model(document *d)
{
    const char *source = ev_find_text(&d->ev, "model.source");
    put(&d->p, "<div><h3>The model</h3>\n<dl class=\"facts\">\n");
    size_t before = d->p.b.n;
    if (source && strcmp(source, "trained") == 0)
        source = "trained by this run";
    else if (source && strcmp(source, "given") == 0)
        source = "given, not trained by this run";
    put_text_fact(d, "Source", source);
    put_text_fact(d, "Where", ev_find_text(&d->ev, "model.path"));
    put_text_fact(d, "Shape", ev_find_text(&d->ev, "model.shape"));
    put_fact(d, "Parameters", "model.parameters", AS_COUNT, "");
    put_fact(d, "Context", "model.context", AS_COUNT, " tokens");
    put_fact(d, "Steps", "model.steps", AS_COUNT, "");
    put_fact(d, "Tokens seen", "model.tokens", AS_COUNT, "");
    put_fact(d, "Epochs", "model.epochs", AS_PLAIN, "");
    double s = ev_number(&d->ev, "training.seconds");
    if (isfinite(s)) {
        put(&d->p, "<dt>Trained for</dt><dd>");
        put_seconds(&d->p, s);
        put(&d->p, "</dd>\n");
    }
    put_fact(d, "Rate", "training.rate", AS_COUNT, " tokens a second");
    close_facts(d, before);
}

void doc_input_table(document *d)
{
    page *p = &d->p;
    if (d->ev.inputs) {
        put(p, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
               "aria-label=\"Inputs\"><table><thead><tr>"
               "<th scope=\"col\">input and its SHA-256</th><th scope=\"col\">as</th><th "
               "scope=\"col\" "
               "class=\"num\">size</th><th scope=\"col\" class=\"num\">documents</th><th "
               "scope=\"col\" "
               "class=\"num\">skipped</th></tr></thead><tbody>\n");
        for (size_t i = 0; i < d->ev.inputs; i++)
            put_input(d, &d->ev.input[i]);
        put(p, "</tbody></table></div>\n");
    } else {
        put(p, "<p class=\"absent\">The run names no inputs.</p>\n");
    }
}

void doc_inputs(document *d)
{
    page *p = &d->p;
    doc_section(p, "inputs", "What was measured, on what");
    doc_input_table(d);
    put(p, "<div class=\"two\">\n");
    put_corpus(d);
    put_model(d);
    put(p, "</div></section>\n");
}

/* The options, one row each; kept as they stand when they are not the JSON that we write. */
static void put_options(document *d)
{
    page *p = &d->p;
    json_t *j = NULL, *value;
    const char *key, *text = d->ev.run->options;
    if (eid_json_parse(&j, "options", text, strlen(text)) != EID_OK || !json_is_object(j)) {
        put(p, "<p class=\"hash\">");
        put_path(p, text);
        put(p, "</p>\n");
        json_decref(j);
        return;
    }
    put(p, "<dl class=\"facts\">\n");
    json_object_foreach(j, key, value)
    {
        char *shown = NULL;
        if (p->st == EID_OK)
            p->st = eid_json_text(json_incref(value), &shown);
        put(p, "<dt>");
        put_path(p, key);
        put(p, "</dt><dd>");
        put_path(p, json_is_string(value) ? json_string_value(value) : shown);
        put(p, "</dd>\n");
        eid_string_free(shown);
    }
    put(p, "</dl>\n");
    json_decref(j);
}

void doc_reproduce(document *d)
{
    page *p = &d->p;
    const eid_run_info *r = d->ev.run;
    doc_section(p, "reproduce", "How to reproduce this");
    put(p, "<pre><code>");
    put_path(p, r->command_line);
    put(p, "</code></pre>\n<p>The same command with the same input, seed, version and kernels "
           "gives the same "
           "numbers to the last bit, with any number of threads. Two machines that show the same "
           "hash of "
           "bits agree.</p>\n<dl class=\"facts\">\n<dt>Seed</dt><dd>");
    putf(p, "%lld</dd>\n", (long long)r->seed);
    put_text_fact(d, "eidetic", r->version);
    put_text_fact(d, "Kernels", r->kernels);
    put_text_fact(d, "Hash of bits", r->bits);
    put_text_fact(d, "Identity", r->identity);
    put_text_fact(d, "Processor", r->cpu);
    putf(p, "<dt>Threads</dt><dd>%lld</dd>\n", (long long)r->threads);
    put_text_fact(d, "Started", r->started);
    put_text_fact(d, "Finished", r->finished);
    if (r->seconds > 0) {
        put(p, "<dt>Took</dt><dd>");
        put_seconds(p, r->seconds);
        put(p, "</dd>\n");
    }
    put_text_fact(d, "State", r->state);
    put(p, "</dl>\n<details><summary>Every option and its value</summary>\n");
    put_options(d);
    put(p, "</details>\n</section>\n");
}
