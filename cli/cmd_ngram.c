#include "asking.h"
#include <inttypes.h>
#include <stdlib.h>

typedef struct args {
    const char *tokenizer, *ids;
    eid_strings files;
    int64_t top, places;
} args;

static const eid_opt own[] = {
    {EID_OPT_LIST, "file", offsetof(args, files), 0, 0,
     "the context is this file, - for standard input", NULL, EID_OPT_PATH_IN},
    {EID_OPT_STR, "tokenizer", offsetof(args, tokenizer), 0, 0,
     "count tokens of this tokenizer.json, or the one in this folder; without it, bytes", NULL,
     EID_OPT_PATH_IN},
    {EID_OPT_STR, "ids", offsetof(args, ids), 0, 0, "the context as token ids ('464 3290')", NULL,
     0},
    {EID_OPT_I64, "top", offsetof(args, top), 1, 1e9, "show the most frequent so many", NULL, 0},
    {EID_OPT_I64, "places", offsetof(args, places), 1, 1e9,
     "with a tokenizer: read on at no more copies than this, evenly spaced", NULL, 0},
    {0},
};

static const cli_usage usage = {
    .verb = "ngram",
    .synopsis = "INDEX [CONTEXT] [--file FILE] [--tokenizer PATH] [options]",
    .description =
        "What follows a context in the corpus of an index, how often: the counts of an n-gram "
        "model without a bound on n (infinity-gram). When the corpus does not hold the context, "
        "its longest end that the corpus does hold is used; `used` tells how much that is. With a "
        "tokenizer, contexts lose whole tokens, and what follows at each place is encoded from "
        "there on.",
    .example = "ngram corpus.idx \"THE SOFTWARE IS \" --tokenizer model/",
    .min_operands = 1,
    .max_operands = 2,
};

static const uint8_t *spelling(const eid_bpe *bpe, const eid_next *x, uint8_t *byte, size_t *n)
{
    if (bpe)
        return eid_bpe_bytes(bpe, x->id, n);
    *byte = (uint8_t)x->id;
    *n = 1;
    return byte;
}

static json_t *as_json(const args *a, const eid_bpe *bpe, const eid_continuation *k)
{
    json_t *next = json_array();

    for (size_t i = 0; i < k->n && (int64_t)i < a->top; i++) {
        const eid_next *x = &k->next[i];
        json_t *j = json_object();
        uint8_t byte;
        size_t n = 0;
        json_object_set_new(j, "id", x->id < 0 ? json_null() : json_integer(x->id));
        json_object_set_new(j, "end", json_boolean(x->id < 0));
        json_object_set_new(j, "count", json_integer(x->count));
        json_object_set_new(j, "p", json_real((double)x->count / (double)k->places));
        if (x->id >= 0) {
            const uint8_t *bytes = spelling(bpe, x, &byte, &n);
            cli_set_bytes(j, bytes, bytes ? n : 0, true);
        }
        json_array_append_new(next, j);
    }
    return json_pack("{s:I, s:o, s:I, s:I, s:b, s:I, s:o}", "used", (json_int_t)k->used, "tokens",
                     bpe ? json_integer((json_int_t)k->tokens) : json_null(), "count",
                     (json_int_t)k->count, "places", (json_int_t)k->places, "exact",
                     k->places == k->count, "distinct", (json_int_t)k->n, "next", next);
}

static void print(const args *a, const eid_bpe *bpe, const eid_continuation *k)
{
    if (bpe)
        printf("used\t%zu tokens\t%zu bytes\n", k->tokens, k->used);
    else
        printf("used\t%zu bytes\n", k->used);
    printf("copies\t%" PRId64 "\n", k->count);
    if (k->places != k->count && k->places > 0)
        printf("looked at\t%" PRId64 "\n", k->places);
    for (size_t i = 0; i < k->n && (int64_t)i < a->top; i++) {
        const eid_next *x = &k->next[i];
        uint8_t byte;
        size_t n = 0;
        printf("%" PRId64 "\t%.6f\t", x->count, (double)x->count / (double)k->places);
        if (x->id < 0) {
            printf("end\n");
            continue;
        }
        const uint8_t *bytes = spelling(bpe, x, &byte, &n);
        printf("%d\t", (int)x->id);
        cli_print_line(bytes, bytes ? n : 0, true);
        putchar('\n');
    }
}

/* Bytes, or with a tokenizer ids, out of the text or the ids that were given. */
static int ask(cli *c, const eid_index *ix, const args *a, const eid_bpe *bpe, const cli_texts *t,
               eid_continuation *k)
{
    const cli_text *x = t->n ? &t->at[0] : NULL;
    int32_t *ids = NULL;
    size_t n = 0;
    int rc = CLI_OK;

    if (!bpe)
        return eid_index_next_bytes(ix, x->bytes, x->n, k) == EID_OK ? CLI_OK : cli_failed(c);
    if (a->ids) {
        rc = cli_ids(c, a->ids, &ids, &n);
        if (rc == CLI_OK && eid_index_next_tokens(ix, c->ctx, bpe, ids, n, a->places, k) != EID_OK)
            rc = cli_failed(c);
        free(ids);
        return rc;
    }
    if (eid_bpe_encode(bpe, x->bytes, x->n, false, &ids, &n) != EID_OK ||
        eid_index_next_tokens(ix, c->ctx, bpe, ids, n, a->places, k) != EID_OK)
        rc = cli_failed(c);
    eid_ids_free(ids);
    return rc;
}

static int run(cli *c, const args *a)
{
    eid_index *ix = NULL;
    eid_bpe *bpe = NULL;
    eid_continuation k = {0};
    cli_texts t = {0};
    int rc = cli_index_open(c, &ix, c->operands.at[0]);

    if (rc == CLI_OK && a->tokenizer && eid_bpe_load(&bpe, a->tokenizer) != EID_OK)
        rc = cli_failed(c);
    if (rc == CLI_OK && !a->ids)
        rc = cli_texts_behind(c, 1, &a->files, &t);
    if (rc == CLI_OK)
        rc = ask(c, ix, a, bpe, &t, &k);
    if (rc == CLI_OK && c->json)
        rc = cli_object(c, as_json(a, bpe, &k));
    else if (rc == CLI_OK)
        print(a, bpe, &k);
    eid_continuation_free(&k);
    cli_texts_free(&t);
    eid_bpe_free(bpe);
    eid_index_free(ix);
    return rc;
}

int cmd_ngram(int argc, char **argv)
{
    args a = {.top = 20, .places = 100000};
    const cli_group groups[] = {{"The context", NULL, own, &a}, {0}};
    cli c;
    int rc = cli_begin(&c, argc, argv, &usage, groups);

    if (rc != CLI_GO)
        return rc;
    if (a.ids && !a.tokenizer)
        rc = cli_wrong(&c, "--ids needs --tokenizer");
    else if (c.operands.n - 1 + a.files.n + (a.ids != NULL) > 1)
        rc = cli_wrong(&c, "one context: a text, a --file or --ids");
    else
        rc = run(&c, &a);
    return cli_end(&c, rc);
}
