#include "asking.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct args {
    eid_strings files;
    int64_t max, context;
    bool reveal;
} args;

static const eid_opt own[] = {
    {EID_OPT_LIST, "file", offsetof(args, files), 0, 0,
     "find the bytes of this file, all of them; may be repeated", NULL, EID_OPT_PATH_IN},
    {EID_OPT_I64, "max", offsetof(args, max), 1, 1e7, "show at most so many places of each text",
     NULL, 0},
    {EID_OPT_I64, "context", offsetof(args, context), 0, 1e6,
     "bytes to show before and after each place", NULL, 0},
    {EID_OPT_BOOL, "reveal", offsetof(args, reveal), 0, 0,
     "show addresses, numbers and keys as they are", NULL, EID_OPT_NEUTRAL},
    {0},
};

static const cli_usage usage = {
    .verb = "locate",
    .synopsis = "INDEX [TEXT...] [--file FILE...] [options]",
    .description =
        "Where each text stands in the corpus of an index: document, byte in it, the document's "
        "name, and the text around it, first places first. Without a text, standard input is one.",
    .example = "locate corpus.idx \"THE SOFTWARE IS PROVIDED\" --max 3 --context 60",
    .min_operands = 1,
    .max_operands = -1,
};

/* The text around a place: of the document, from `from` to `to`, the match from `at` to `end`. */
typedef struct around {
    const uint8_t *doc;
    size_t from, at, end, to;
} around;

/* Whole characters, where the document is UTF-8. */
static around look(const eid_index *ix, eid_place p, size_t n, size_t context)
{
    around a = {0};
    size_t size;

    a.doc = eid_index_doc(ix, p.doc, &size);
    a.at = (size_t)p.offset;
    a.end = a.at + n;
    a.from = a.at > context ? a.at - context : 0;
    a.to = size - a.end > context ? a.end + context : size;
    for (int i = 0; i < 3 && a.from < a.at && (a.doc[a.from] & 0xC0) == 0x80; i++)
        a.from++;
    for (int i = 0; i < 3 && a.to > a.end && a.to < size && (a.doc[a.to] & 0xC0) == 0x80; i++)
        a.to--;
    return a;
}

static json_t *text_or_null(const char *s)
{
    return s ? json_string(s) : json_null();
}

/* Masked as one text, then cut: what stands across the match's ends is seen whole. */
static void set_context(json_t *j, const around *a, bool reveal)
{
    const size_t cut[2] = {a->at - a->from, a->end - a->from};
    char *part[3] = {NULL, NULL, NULL};

    if (reveal) {
        json_object_set_new(j, "before", cli_shown(a->doc + a->from, a->at - a->from, true));
        json_object_set_new(j, "after", cli_shown(a->doc + a->end, a->to - a->end, true));
        return;
    }
    if (eid_mask_parts(a->doc + a->from, a->to - a->from, cut, 2, part) != EID_OK)
        part[0] = part[1] = part[2] = NULL;
    json_object_set_new(j, "before", text_or_null(part[0]));
    json_object_set_new(j, "after", text_or_null(part[2]));
    for (int k = 0; k < 3; k++)
        eid_string_free(part[k]);
}

static json_t *as_json(const eid_index *ix, const args *a, const cli_text *t, int64_t count,
                       const eid_place *places, int64_t found)
{
    json_t *j = json_object(), *all = json_array();

    cli_set_bytes(j, t->bytes, t->n, a->reveal);
    json_object_set_new(j, "count", json_integer(count));
    for (int64_t p = 0; p < found; p++) {
        json_t *place = cli_place(ix, places[p], a->reveal);
        around r = look(ix, places[p], t->n, (size_t)a->context);
        if (a->context > 0)
            set_context(place, &r, a->reveal);
        json_array_append_new(all, place);
    }
    json_object_set_new(j, "places", all);
    return j;
}

static void print(const eid_index *ix, const args *a, const cli_text *t, const eid_place *places,
                  int64_t found)
{
    for (int64_t p = 0; p < found; p++) {
        around r = look(ix, places[p], t->n, (size_t)a->context);
        printf("%" PRId64 "\t%" PRId64 "\t", places[p].doc, places[p].offset);
        cli_print_name(ix, places[p].doc);
        if (a->context > 0) {
            putchar('\t');
            cli_print_line(r.doc + r.from, r.to - r.from, a->reveal);
        }
        putchar('\n');
    }
}

static int one(cli *c, const eid_index *ix, const args *a, const cli_text *t, json_t *all)
{
    int64_t count = 0, found = 0;
    eid_place *places = NULL;
    int rc = CLI_OK;

    if (eid_index_count(ix, t->bytes, t->n, &count, NULL) != EID_OK)
        return cli_failed(c);
    int64_t most = count < a->max ? count : a->max;
    places = calloc((size_t)most + 1, sizeof *places);
    if (!places)
        return cli_refuse(c, "memory", "no memory for %" PRId64 " places", most);
    if (eid_index_locate(ix, t->bytes, t->n, places, most, &found) != EID_OK)
        rc = cli_failed(c);
    else if (all)
        json_array_append_new(all, as_json(ix, a, t, count, places, found));
    else
        print(ix, a, t, places, found);
    free(places);
    return rc;
}

int cmd_locate(int argc, char **argv)
{
    args a = {.max = 10, .context = 40};
    const cli_group groups[] = {{"What to find", NULL, own, &a}, {0}};
    eid_index *ix = NULL;
    cli_texts t = {0};
    cli c;
    int rc = cli_begin(&c, argc, argv, &usage, groups);

    if (rc != CLI_GO)
        return rc;
    rc = cli_index_open(&c, &ix, c.operands.at[0]);
    if (rc == CLI_OK)
        rc = cli_texts_behind(&c, 1, &a.files, &t);
    json_t *all = c.json ? json_array() : NULL;
    for (size_t i = 0; i < t.n && rc == CLI_OK; i++)
        rc = one(&c, ix, &a, &t.at[i], all);
    if (rc == CLI_OK && all)
        rc = cli_object(&c, json_pack("{s:O}", "queries", all));
    json_decref(all);
    cli_texts_free(&t);
    eid_index_free(ix);
    return cli_end(&c, rc);
}
