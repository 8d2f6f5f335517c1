/* strings.c - the most memorized strings: prompt, what stands in training, what the model said. */
#include "report/document.h"
#include "base/json.h"
#include "eidetic/text.h"
#include <math.h>
#include <string.h>

/* Bytes at which the output stops agreeing; between two characters, so that neither is torn. */
static size_t agreement(const eid_finding *f)
{
    size_t n = f->expected_n < f->output_n ? f->expected_n : f->output_n, k = 0;
    while (k < n && f->expected[k] == f->output[k])
        k++;
    while (k > 0 && k < f->output_n && (f->output[k] & 0xc0) == 0x80)
        k--;
    return k;
}

static void put_part(page *p, const char *title, const char *before, size_t before_n,
                     const char *rest, size_t rest_n)
{
    putf(p, "<div><h4>%s</h4><p class=\"text\">", title);
    if (before_n) {
        put(p, "<mark>");
        put_masked(p, before, before_n, AS_BLOCK);
        put(p, "</mark>");
    }
    put_masked(p, rest, rest_n, AS_BLOCK);
    put(p, "</p></div>\n");
}

/* prompt, then `rest` of which the first `same` bytes agree.  All three are masked as one text, so
 * that an address that begins in the prompt and ends in the answer is seen whole.  The prompt
 * itself is shown once only, by the first call. */
static void put_sides(page *p, const eid_finding *f, const uint8_t *rest, size_t rest_n,
                      size_t same, const char *title, bool with_prompt)
{
    uint8_t *all = NULL;
    char *part[3] = {0};
    size_t n = f->prompt_n + rest_n;
    const size_t cut[] = {f->prompt_n, f->prompt_n + same};

    if (p->st != EID_OK)
        return;
    p->st = EID_NEW(all, n + 1);
    if (p->st != EID_OK)
        return;
    if (f->prompt_n)
        memcpy(all, f->prompt, f->prompt_n);
    if (rest_n)
        memcpy(all + f->prompt_n, rest, rest_n);
    if (p->reveal) {
        if (with_prompt)
            put_part(p, "Prompt", "", 0, (const char *)all, f->prompt_n);
        put_part(p, title, (const char *)all + cut[0], same, (const char *)all + cut[1],
                 rest_n - same);
    } else {
        p->st = eid_mask_parts(all, n, cut, 2, part);
        if (p->st == EID_OK) {
            if (with_prompt)
                put_part(p, "Prompt", "", 0, part[0], strlen(part[0]));
            put_part(p, title, part[1], strlen(part[1]), part[2], strlen(part[2]));
        }
        for (int i = 0; i < 3; i++)
            eid_string_free(part[i]);
    }
    eid_free(all);
}

static void put_count(page *p, int64_t n, const char *one, const char *many)
{
    put_number(p, (double)n, AS_COUNT);
    putf(p, " %s", n == 1 ? one : many);
}

static void put_notes(page *p, const json_t *why)
{
    const json_t *list = json_object_get(why, "notes"), *attacks = json_object_get(why, "attacks");
    for (size_t i = 0; i < json_array_size(attacks) && i < 8; i++) {
        put(p, i ? ", " : "Ranked high by ");
        put_word(p, json_string_value(json_array_get(attacks, i)));
    }
    put(p, json_array_size(attacks) ? ". " : "");
    for (size_t i = 0; i < json_array_size(list) && i < 8; i++) {
        put_word(p, json_string_value(json_array_get(list, i)));
        put(p, ". ");
    }
}

/* Where it comes from and what led there. */
static void put_origin(page *p, const eid_finding *f, const json_t *why)
{
    put(p, "<p class=\"from small\">");
    if (f->document) {
        put(p, "From <b>");
        put_word(p, f->document);
        put(p, "</b> at byte ");
        put_number(p, (double)f->offset, AS_COUNT);
        put(p, ". ");
    }
    put(p, "Stands in training ");
    put_count(p, f->copies, "time", "times");
    put(p, ", in ");
    put_count(p, f->documents, "document. ", "documents. ");
    if (isfinite(f->value) && f->value > 0 && f->value <= 1) {
        put(p, "One sample is this string with chance ");
        put_number(p, f->value, AS_PERCENT);
        if (f->value < 0.5) {
            put(p, "; ");
            put_number(p, ceil(log(0.5) / log1p(-f->value)), AS_COUNT);
            put(p, " samples hold it with chance 1/2");
        }
        put(p, ". ");
    }
    put_notes(p, why);
    put(p, "</p>\n");
}

static void put_string(page *p, const eid_finding *f, int number)
{
    json_t *why = NULL;
    if (f->why && eid_json_parse(&why, "why", f->why, strlen(f->why)) != EID_OK)
        why = NULL;
    const char *kind = json_string_value(json_object_get(why, "kind"));
    bool planted = strcmp(f->kind, "planted") == 0;
    double matched = json_number_value(json_object_get(why, "matched"));
    double wanted = json_number_value(json_object_get(why, "match_tokens"));
    size_t same = agreement(f);

    putf(p, "<article class=\"string\"><h3>%d. ", number);
    put(p, planted ? "Planted" : "Natural text");
    if (planted && kind)
        put(p, " "), put_word(p, kind);
    put(p, f->output_n == f->expected_n && same == f->output_n ? ", back word for word" : "");
    if (wanted > 0 && matched < wanted) {
        put(p, ", ");
        put_number(p, matched, AS_COUNT);
        put(p, " of ");
        put_number(p, wanted, AS_COUNT);
        put(p, " tokens right");
    }
    put(p, "</h3>\n");
    put_origin(p, f, why);
    put(p, "<div class=\"sides\">\n");
    put_sides(p, f, f->expected, f->expected_n, same, "In the training text", true);
    put_sides(p, f, f->output, f->output_n, same, "The model's answer", false);
    put(p, "</div></article>\n");
    json_decref(why);
}

static bool any_exact(const document *d)
{
    for (size_t i = 0; i < d->ev.findings; i++) {
        const eid_finding *f = &d->ev.finding[i].f;
        if (strncmp(f->kind, "personal.", 9) != 0 && f->output_n > 0 &&
            f->output_n == f->expected_n && agreement(f) == f->output_n)
            return true;
    }
    return false;
}

void doc_strings(document *d)
{
    enum { OPEN = 6 }; /* the rest stands behind a fold */
    page *p = &d->p;
    int shown = 0;
    doc_section(p, "strings", "The most memorized strings");
    if (d->ev.strings == 0) {
        doc_absent(d, "strings");
        put(p, "</section>\n");
        return;
    }
    if (!any_exact(d))
        put(p, "<p class=\"finding\">None came back word for word. These came closest.</p>\n");
    put(p, "<p>The prompt is what the model was given; what it then got right is marked.");
    if (!p->reveal)
        put(p,
            " Personal data and long numbers are masked; <code>eidetic report RUN --reveal</code> "
            "shows them.");
    put(p, "</p>\n");
    for (size_t i = 0; i < d->ev.findings; i++) {
        const eid_finding *f = &d->ev.finding[i].f;
        if (strncmp(f->kind, "personal.", 9) == 0)
            continue;
        if (shown == OPEN)
            put(p, "<details><summary>More strings</summary>\n");
        put_string(p, f, ++shown);
    }
    put(p, shown > OPEN ? "</details>\n" : "");
    if (d->ev.strings > (size_t)shown) {
        put(p, "<p class=\"small\">");
        put_number(p, (double)(d->ev.strings - (size_t)shown), AS_COUNT);
        put(p, " more stand in the run's database.</p>\n");
    }
    put(p, "</section>\n");
}
