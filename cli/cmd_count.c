#include "cli.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct args {
    eid_strings files;
    int64_t locate;
    bool reveal;
} args;

static const eid_opt own[] = {
    {EID_OPT_LIST, "file", offsetof(args, files), 0, 0,
     "count the bytes of this file, all of them; may be repeated", NULL, EID_OPT_PATH_IN},
    {EID_OPT_I64, "locate", offsetof(args, locate), 0, 1e9,
     "show the first so many places: document, byte in it, name", NULL, 0},
    {EID_OPT_BOOL, "reveal", offsetof(args, reveal), 0, 0,
     "show addresses, numbers and keys as they are", NULL, EID_OPT_NEUTRAL},
    {0},
};

static const cli_usage usage = {
    .verb = "count",
    .synopsis = "INDEX [TEXT...] [--file FILE...] [options]",
    .description =
        "How often each text stands in the corpus of an index, overlapping places included, byte "
        "for byte, never across two documents. Prints one number a line, texts first, then files.",
    .example = "count corpus.idx \"THE SOFTWARE IS PROVIDED\"",
    .min_operands = 1,
    .max_operands = -1,
};

typedef struct query {
    uint8_t *bytes;
    size_t n;
    eid_place *places; /* the first `found` */
    int64_t count, documents, found;
} query;

typedef struct queries {
    query *at;
    size_t n;
} queries;

static void free_queries(queries *q)
{
    for (size_t i = 0; i < q->n; i++) {
        free(q->at[i].bytes);
        free(q->at[i].places);
    }
    free(q->at);
}

static int read_file(cli *c, const char *path, query *q)
{
    FILE *f = fopen(path, "rb");
    size_t cap = 0;

    if (!f)
        return cli_refuse(c, "io", "%s: %s", path, strerror(errno));
    do {
        uint8_t *more = cap < SIZE_MAX / 4 ? realloc(q->bytes, cap = 2 * cap + 4096) : NULL;
        if (!more) {
            fclose(f);
            return cli_refuse(c, "memory", "%s: no memory for its bytes", path);
        }
        q->bytes = more;
        q->n += fread(q->bytes + q->n, 1, cap - q->n, f);
    } while (q->n == cap);
    int failed = ferror(f) ? errno : 0;
    fclose(f);
    return failed ? cli_refuse(c, "io", "%s: %s", path, strerror(failed)) : CLI_OK;
}

/* Texts, then files; the first operand is the index. */
static int gather(cli *c, const args *a, queries *q)
{
    int rc = CLI_OK;

    q->at = calloc(c->operands.n + a->files.n, sizeof *q->at);
    if (!q->at)
        return cli_refuse(c, "memory", "no memory for the texts");
    for (size_t i = 1; i < c->operands.n; i++) {
        query *x = &q->at[q->n++];
        x->bytes = (uint8_t *)strdup(c->operands.at[i]);
        x->n = strlen(c->operands.at[i]);
        if (!x->bytes)
            return cli_refuse(c, "memory", "no memory for the texts");
    }
    for (size_t i = 0; i < a->files.n && rc == CLI_OK; i++)
        rc = read_file(c, a->files.at[i], &q->at[q->n++]);
    return rc;
}

/* Documents are counted only where they are shown: that looks at every place. */
static int ask(cli *c, const eid_index *ix, const args *a, queries *q)
{
    eid_pattern *pats = calloc(q->n, sizeof *pats);
    int64_t *counts = calloc(2 * q->n, sizeof *counts), *documents = counts ? counts + q->n : NULL;
    int rc = CLI_OK;

    for (size_t i = 0; pats && i < q->n; i++)
        pats[i] = (eid_pattern){q->at[i].bytes, q->at[i].n};
    if (!pats || !counts)
        rc = cli_refuse(c, "memory", "no memory for the counts");
    else if (eid_index_count_many(ix, c->ctx, pats, q->n, counts, c->json ? documents : NULL) !=
             EID_OK)
        rc = cli_failed(c);
    for (size_t i = 0; i < q->n && rc == CLI_OK; i++) {
        query *x = &q->at[i];
        int64_t most = counts[i] < a->locate ? counts[i] : a->locate;
        x->count = counts[i];
        x->documents = documents[i];
        x->places = calloc((size_t)most + 1, sizeof *x->places);
        if (!x->places)
            rc = cli_refuse(c, "memory", "no memory for %" PRId64 " places", most);
        else if (most > 0 &&
                 eid_index_locate(ix, x->bytes, x->n, x->places, most, &x->found) != EID_OK)
            rc = cli_failed(c);
    }
    free(pats);
    free(counts);
    return rc;
}

static void print_places(const eid_index *ix, const query *x)
{
    for (int64_t p = 0; p < x->found; p++) {
        const char *name = eid_index_doc_name(ix, x->places[p].doc);
        char *shown = NULL; /* a name may try to steer the terminal */
        if (eid_mask((const uint8_t *)name, strlen(name), &shown) != EID_OK)
            shown = NULL;
        printf("%" PRId64 "\t%" PRId64 "\t%s\n", x->places[p].doc, x->places[p].offset,
               shown ? shown : "");
        eid_string_free(shown);
    }
}

/* ---- --json ---------------------------------------------------------------------------------- */

static json_t *base64(const uint8_t *b, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *text = malloc(n / 3 * 4 + 5), *t = text;
    json_t *j;

    for (size_t i = 0; text && i < n; i += 3) {
        uint32_t x = (uint32_t)b[i] << 16;
        x |= i + 1 < n ? (uint32_t)b[i + 1] << 8 : 0;
        x |= i + 2 < n ? (uint32_t)b[i + 2] : 0;
        *t++ = digits[x >> 18];
        *t++ = digits[x >> 12 & 63];
        *t++ = i + 1 < n ? digits[x >> 6 & 63] : '=';
        *t++ = i + 2 < n ? digits[x & 63] : '=';
    }
    j = text ? json_stringn(text, (size_t)(t - text)) : NULL;
    free(text);
    return j;
}

static json_t *masked(const uint8_t *bytes, size_t n, bool reveal)
{
    char *text = NULL;
    json_t *j = NULL;

    if (reveal)
        return json_stringn((const char *)bytes, n); /* NULL when it is not UTF-8 */
    if (eid_mask(bytes, n, &text) == EID_OK)
        j = json_string(text);
    eid_string_free(text);
    return j;
}

/* Text that is not UTF-8 is told in base64, and only with --reveal: it cannot be masked. */
static json_t *query_json(const eid_index *ix, const query *x, bool reveal, bool with_places)
{
    json_t *j = json_object(), *places = json_array();
    json_t *text = masked(x->bytes, x->n, reveal);

    if (text)
        json_object_set_new(j, "text", text);
    else
        json_object_set_new(j, "base64", base64(x->bytes, x->n));
    json_object_set_new(j, "count", json_integer(x->count));
    json_object_set_new(j, "documents", json_integer(x->documents));
    for (int64_t p = 0; p < x->found; p++) {
        const char *name = eid_index_doc_name(ix, x->places[p].doc);
        json_t *shown = masked((const uint8_t *)name, strlen(name), reveal);
        if (!shown) /* a name that is not UTF-8 */
            shown = masked((const uint8_t *)name, strlen(name), false);
        json_array_append_new(places,
                              json_pack("{s:I, s:o, s:I}", "document", (json_int_t)x->places[p].doc,
                                        "name", shown, "offset", (json_int_t)x->places[p].offset));
    }
    if (with_places)
        json_object_set(j, "places", places);
    json_decref(places);
    return j;
}

static int print_json(cli *c, const eid_index *ix, const args *a, const queries *q)
{
    json_t *all = json_array();

    for (size_t i = 0; i < q->n; i++)
        json_array_append_new(all, query_json(ix, &q->at[i], a->reveal, a->locate > 0));
    return cli_object(c, json_pack("{s:o}", "queries", all));
}

int cmd_count(int argc, char **argv)
{
    args a = {0};
    const cli_group groups[] = {{"What to count", NULL, own, &a}, {0}};
    eid_index *ix = NULL;
    queries q = {0};
    cli c;
    int rc = cli_begin(&c, argc, argv, &usage, groups);

    if (rc != CLI_GO)
        return rc;
    if (c.operands.n + a.files.n < 2)
        return cli_end(&c, cli_wrong(&c, "nothing to count: give a text or --file"));
    if (eid_index_open(&ix, c.operands.at[0]) != EID_OK)
        return cli_end(&c, cli_failed(&c));
    cli_input(&c, c.operands.at[0], eid_index_bytes(ix), eid_index_sha256(ix), eid_index_docs(ix),
              0);
    rc = gather(&c, &a, &q);
    if (rc == CLI_OK)
        rc = ask(&c, ix, &a, &q);
    if (rc == CLI_OK && c.json)
        rc = print_json(&c, ix, &a, &q);
    for (size_t i = 0; i < q.n && rc == CLI_OK && !c.json; i++) {
        printf("%" PRId64 "\n", q.at[i].count);
        print_places(ix, &q.at[i]);
    }
    free_queries(&q);
    eid_index_free(ix);
    return cli_end(&c, rc);
}
