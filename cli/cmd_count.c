#include "asking.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct args {
    eid_strings files, ids;
    const char *tokenizer;
    int64_t locate;
    bool reveal;
} args;

static const eid_opt own[] = {
    {EID_OPT_LIST, "file", offsetof(args, files), 0, 0,
     "count the bytes of this file, all of them; may be repeated", NULL, EID_OPT_PATH_IN},
    {EID_OPT_LIST, "ids", offsetof(args, ids), 0, 0,
     "count the text of these token ids ('464 3290'); may be repeated; needs --tokenizer", NULL, 0},
    {EID_OPT_STR, "tokenizer", offsetof(args, tokenizer), 0, 0,
     "what the ids are of: a tokenizer.json, or a folder with one", NULL, EID_OPT_PATH_IN},
    {EID_OPT_I64, "locate", offsetof(args, locate), 0, 1e9,
     "show the first so many places: document, byte in it, name", NULL, 0},
    {EID_OPT_BOOL, "reveal", offsetof(args, reveal), 0, 0,
     "show addresses, numbers and keys as they are", NULL, EID_OPT_NEUTRAL},
    {0},
};

static const cli_usage usage = {
    .verb = "count",
    .synopsis = "INDEX [TEXT...] [--file FILE...] [--ids IDS... --tokenizer PATH] [options]",
    .description =
        "How often each text stands in the corpus of an index, overlapping places included, byte "
        "for byte, never across two documents. Prints one number a line: texts, files, token ids.",
    .example = "count corpus.idx \"THE SOFTWARE IS PROVIDED\"",
    .min_operands = 1,
    .max_operands = -1,
};

typedef struct query {
    uint8_t *bytes;
    size_t n;
    int32_t *ids; /* NULL: not asked as tokens */
    size_t n_ids;
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
        free(q->at[i].ids);
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

/* The text of token ids. */
static int spell(cli *c, const eid_bpe *bpe, const char *ids, query *q)
{
    uint8_t *text = NULL;
    int rc = cli_ids(c, ids, &q->ids, &q->n_ids);

    if (rc != CLI_OK)
        return rc;
    if (eid_bpe_decode(bpe, q->ids, q->n_ids, &text, &q->n) != EID_OK)
        return cli_failed(c);
    q->bytes = malloc(q->n + 1);
    if (q->bytes)
        memcpy(q->bytes, text, q->n);
    else
        rc = cli_refuse(c, "memory", "no memory for the texts");
    eid_bytes_free(text);
    return rc;
}

/* Texts, files, token ids; the first operand is the index. */
static int gather(cli *c, const args *a, queries *q)
{
    eid_bpe *bpe = NULL;
    int rc = CLI_OK;

    q->at = calloc(c->operands.n + a->files.n + a->ids.n, sizeof *q->at);
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
    if (rc == CLI_OK && a->ids.n > 0 && eid_bpe_load(&bpe, a->tokenizer) != EID_OK)
        rc = cli_failed(c);
    for (size_t i = 0; i < a->ids.n && rc == CLI_OK; i++)
        rc = spell(c, bpe, a->ids.at[i], &q->at[q->n++]);
    eid_bpe_free(bpe);
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
        printf("%" PRId64 "\t%" PRId64 "\t", x->places[p].doc, x->places[p].offset);
        cli_print_name(ix, x->places[p].doc);
        putchar('\n');
    }
}

/* ---- --json ---------------------------------------------------------------------------------- */

static json_t *query_json(const eid_index *ix, const query *x, bool reveal, bool with_places)
{
    json_t *j = json_object(), *places = json_array(), *ids = json_array();

    for (size_t i = 0; i < x->n_ids; i++)
        json_array_append_new(ids, json_integer(x->ids[i]));
    if (x->ids)
        json_object_set(j, "tokens", ids);
    cli_set_bytes(j, x->bytes, x->n, reveal);
    json_object_set_new(j, "count", json_integer(x->count));
    json_object_set_new(j, "documents", json_integer(x->documents));
    for (int64_t p = 0; p < x->found; p++)
        json_array_append_new(places, cli_place(ix, x->places[p], reveal));
    if (with_places)
        json_object_set(j, "places", places);
    json_decref(places);
    json_decref(ids);
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
    if (c.operands.n + a.files.n + a.ids.n < 2)
        return cli_end(&c, cli_wrong(&c, "nothing to count: give a text or --file"));
    if (a.ids.n > 0 && !a.tokenizer)
        return cli_end(&c, cli_wrong(&c, "--ids needs --tokenizer"));
    rc = cli_index_open(&c, &ix, c.operands.at[0]);
    if (rc != CLI_OK)
        return cli_end(&c, rc);
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
