/* data_examples.c - the examples themselves: pictures, or their first numbers, with what is known
 * of each. */
#include "base/json.h"
#include "report/document.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { OPEN = 12 }; /* the rest stands behind a fold */

/* What a picture file begins with; anything else in its place is not shown. */
static bool is_png(const uint8_t *at, size_t n)
{
    static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    return at && n > 8 && n < 1 << 22 && memcmp(at, signature, 8) == 0;
}

static void put_base64(page *p, const uint8_t *at, size_t n)
{
    static const char sign[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char text[1025];
    size_t k = 0;
    for (size_t i = 0; i < n; i += 3) {
        uint32_t x = (uint32_t)at[i] << 16 | (i + 1 < n ? (uint32_t)at[i + 1] << 8 : 0) |
                     (i + 2 < n ? at[i + 2] : 0);
        text[k++] = sign[x >> 18];
        text[k++] = sign[x >> 12 & 63];
        text[k++] = i + 1 < n ? sign[x >> 6 & 63] : '=';
        text[k++] = i + 2 < n ? sign[x & 63] : '=';
        if (k == 1024 || i + 3 >= n) {
            text[k] = '\0';
            put(p, text);
            k = 0;
        }
    }
}

static double real(const json_t *j, const char *field)
{
    const json_t *v = json_object_get(j, field);
    return json_is_number(v) ? json_number_value(v) : NAN;
}

static const char *word(const json_t *j, const char *field)
{
    const char *s = json_string_value(json_object_get(j, field));
    return s ? s : "";
}

static void put_id(page *p, double id)
{
    char text[32];
    snprintf(text, sizeof text, "%.0f", id);
    put(p, text);
}

static void put_picture(page *p, const uint8_t *at, size_t n, const char *what, double id,
                        const char *label)
{
    if (!is_png(at, n))
        return;
    put(p, "<img src=\"data:image/png;base64,");
    put_base64(p, at, n);
    putf(p, "\" alt=\"%s ", what);
    put_id(p, id);
    put(p, ", labelled ");
    put_word(p, label);
    put(p, "\">");
}

static void put_features(page *p, const json_t *list)
{
    const json_t *x;
    size_t i;
    if (!json_array_size(list))
        return;
    put(p, "<p class=\"features\">");
    json_array_foreach(list, i, x)
    {
        put(p, i ? ", " : "");
        put_number(p, json_number_value(x), AS_PLAIN);
    }
    put(p, ", …</p>");
}

static void put_score(page *p, const char *name, double x)
{
    putf(p, "<dt>%s</dt><dd>", name);
    put_number(p, x, AS_PLAIN);
    put(p, "</dd>");
}

/* "mem 0.93 (0.88–0.96)" and the models behind it. */
static void put_mem(page *p, const json_t *why)
{
    const json_t *mem = json_object_get(why, "mem");
    eid_estimate e = {.value = real(mem, "value"),
                      .low = real(mem, "low"),
                      .high = real(mem, "high"),
                      .method = ""};
    put(p, "<dt>mem</dt><dd>");
    put_fixed(p, e.value, 2);
    e.n = 1;
    if (has_interval(&e)) {
        put(p, " <span class=\"range\">(");
        put_fixed(p, e.low, 2);
        put(p, " to ");
        put_fixed(p, e.high, 2);
        put(p, ")</span>");
    }
    put(p, "</dd>");
}

static void put_says(page *p, const json_t *why)
{
    put(p, "<p>Unseen, taken for <b>");
    put_word(p, word(why, "guess"));
    put(p, "</b>, ");
    put_number(p, real(why, "p_guess"), AS_PERCENT);
    if (strcmp(word(why, "guess"), word(why, "label")) != 0) {
        put(p, "; its label gets ");
        put_number(p, real(why, "p_label"), AS_PERCENT);
    }
    put(p, ".</p>");
}

static void put_right(page *p, const char *name, const json_t *e)
{
    double n = real(e, "n");
    putf(p, "<dt>%s</dt><dd>", name);
    put_number(p, real(e, "value"), AS_PERCENT);
    put(p, " <span class=\"range\">of ");
    put_number(p, n, AS_COUNT);
    put(p, "</span></dd>");
}

static void put_numbers(page *p, const char *kind, const json_t *why)
{
    const json_t *scores = json_object_get(why, "scores");
    put(p, "<dl>");
    if (strncmp(kind, "mislabelled", 11) == 0) {
        put_score(p, "EL2N", real(scores, "el2n"));
        put_score(p, "AUM", real(scores, "aum"));
        put_mem(p, why);
    } else if (strcmp(kind, "memorized") == 0) {
        put_mem(p, why);
        put_right(p, "right with it", json_object_get(why, "right_in"));
        put_right(p, "right without", json_object_get(why, "right_out"));
    } else {
        put_score(p, "EL2N", real(scores, "el2n"));
        put_score(p, "forgotten", real(scores, "forgetting"));
        put_mem(p, why);
    }
    put(p, "</dl>");
}

static void put_example(page *p, const eid_finding *f, const json_t *why)
{
    put(p, "<li>");
    put_picture(p, f->output, f->output_n, "Training example", real(why, "id"), word(why, "label"));
    put(p, "<h3>");
    put_word(p, word(why, "label"));
    put(p, " <small>#");
    put_id(p, real(why, "id"));
    put(p, "</small></h3>");
    if (json_is_true(json_object_get(why, "flipped"))) {
        put(p, "<p class=\"made\">changed on purpose, was ");
        put_word(p, word(why, "clean"));
        put(p, "</p>");
    }
    put_features(p, json_object_get(why, "features"));
    put_says(p, why);
    put_numbers(p, f->kind, why);
    put(p, "</li>\n");
}

static void put_pair(page *p, const eid_finding *f, const json_t *why)
{
    put(p, "<li><div class=\"twins\"><div>");
    put_picture(p, f->output, f->output_n, "Training example", real(why, "id"), word(why, "label"));
    put_features(p, json_object_get(why, "features"));
    put(p, "<p>trained on: <b>");
    put_word(p, word(why, "label"));
    put(p, "</b> <small>#");
    put_id(p, real(why, "id"));
    put(p, "</small></p></div><div>");
    put_picture(p, f->expected, f->expected_n, "Test example", real(why, "test_id"),
                word(why, "test_label"));
    put_features(p, json_object_get(why, "test_features"));
    put(p, "<p>test: <b>");
    put_word(p, word(why, "test_label"));
    put(p, "</b> <small>#");
    put_id(p, real(why, "test_id"));
    put(p, "</small></p></div></div><dl>");
    put_score(p, "influence", real(why, "infl"));
    put_score(p, "standard error", real(why, "infl_se"));
    put_mem(p, why);
    put(p, "</dl></li>\n");
}

size_t doc_data_count(const document *d, const char *kind)
{
    size_t n = 0;
    for (size_t i = 0; i < d->ev.findings; i++)
        n += strcmp(d->ev.finding[i].f.kind, kind) == 0;
    return n;
}

void doc_data_gallery(document *d, const char *kind)
{
    page *p = &d->p;
    bool pair = strcmp(kind, "influence") == 0;
    const char *list = pair ? "<ul class=\"gallery pairs\">\n" : "<ul class=\"gallery\">\n";
    int shown = 0;
    for (size_t i = 0; i < d->ev.findings; i++) {
        const eid_finding *f = &d->ev.finding[i].f;
        json_t *why = NULL;
        if (strcmp(f->kind, kind) != 0)
            continue;
        if (f->why && eid_json_parse(&why, "why", f->why, strlen(f->why)) != EID_OK)
            why = NULL;
        if (shown == 0)
            put(p, list);
        if (shown == OPEN) {
            put(p, "</ul>\n<details><summary>More of them</summary>\n");
            put(p, list);
        }
        shown++;
        pair ? put_pair(p, f, why) : put_example(p, f, why);
        json_decref(why);
    }
    put(p, shown ? "</ul>\n" : "<p class=\"absent\">None was found.</p>\n");
    put(p, shown > OPEN ? "</details>\n" : "");
}
