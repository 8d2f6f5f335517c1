#include "cli.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct args {
    const char *tokenizer;
    bool decode, special, replace, reveal;
} args;

static const eid_opt own[] = {
    {EID_OPT_STR, "tokenizer", offsetof(args, tokenizer), 0, 0,
     "encode with this tokenizer.json, or the one in this folder; train nothing", NULL,
     EID_OPT_PATH_IN},
    {EID_OPT_BOOL, "decode", offsetof(args, decode), 0, 0,
     "the files hold ids in decimal; write their text, byte for byte", NULL, 0},
    {EID_OPT_BOOL, "special", offsetof(args, special), 0, 0,
     "recognise special tokens such as <|endoftext|> in the text", NULL, 0},
    {EID_OPT_BOOL, "replace", offsetof(args, replace), 0, 0, "write over a tokenizer that exists",
     NULL, EID_OPT_NEUTRAL},
    {EID_OPT_BOOL, "reveal", offsetof(args, reveal), 0, 0,
     "with --json: show addresses, numbers and keys in decoded text as they are", NULL,
     EID_OPT_NEUTRAL},
    {0},
};

static const cli_usage usage = {
    .verb = "tokenize",
    .synopsis = "CORPUS... --out DIR | --tokenizer PATH FILE... [--decode]",
    .description =
        "Trains a byte-level BPE tokenizer, as GPT-2's, on a corpus and writes it as DIR/tokenizer."
        "json, which the tokenizers and transformers packages open. With --tokenizer, encodes "
        "files "
        "instead: one line of ids for each; with --decode, gives the text of ids back. The file - "
        "is standard input.",
    .example = "tokenize corpus/ --vocab 8192 --out tokenizer/",
    .min_operands = 1,
    .max_operands = -1,
};

/* ---- training ---------------------------------------------------------------------------------
 */

static int report_trained(cli *c, const eid_corpus *corpus, const eid_bpe *bpe)
{
    eid_tokens *t = NULL;
    int64_t tokens, bytes = eid_corpus_bytes(corpus), docs = (int64_t)eid_corpus_size(corpus);
    int rc = CLI_OK;

    if (eid_bpe_encode_corpus(&t, c->ctx, bpe, corpus) != EID_OK)
        return cli_failed(c);
    tokens = t->start[t->docs];
    eid_tokens_free(t);
    if (c->json)
        rc = cli_object(c, json_pack("{s:s, s:I, s:I, s:I, s:I, s:I}", "out", c->out, "vocab",
                                     (json_int_t)eid_bpe_vocab(bpe), "end",
                                     (json_int_t)eid_bpe_end(bpe), "documents", (json_int_t)docs,
                                     "bytes", (json_int_t)bytes, "tokens", (json_int_t)tokens));
    else
        printf("documents\t%" PRId64 "\nbytes\t%" PRId64 "\ntokens\t%" PRId64
               "\nvocabulary\t%d\ntokenizer\t%s\n",
               docs, bytes, tokens, (int)eid_bpe_vocab(bpe), c->out);
    return rc;
}

static int plan(cli *c, const eid_corpus *corpus)
{
    if (c->json)
        return cli_object(c,
                          json_pack("{s:I, s:I}", "documents", (json_int_t)eid_corpus_size(corpus),
                                    "bytes", (json_int_t)eid_corpus_bytes(corpus)));
    printf("documents\t%zu\nbytes\t%" PRId64 "\n", eid_corpus_size(corpus),
           eid_corpus_bytes(corpus));
    return CLI_OK;
}

/* Where eid_bpe_save will write: a file named .json, else a folder. */
static bool stands_there(const char *out)
{
    char path[4096];
    size_t n = strlen(out);
    bool file = n > 5 && strcmp(out + n - 5, ".json") == 0;

    snprintf(path, sizeof path, file ? "%s" : "%s/tokenizer.json", out);
    return access(path, F_OK) == 0;
}

static int train(cli *c, const args *a, const eid_corpus_opts *read, const eid_bpe_opts *opts)
{
    eid_corpus *corpus = NULL;
    eid_bpe *bpe = NULL;
    int rc;

    if (a->decode || a->special)
        return cli_wrong(c, "--decode and --special need --tokenizer");
    if (!c->out && !c->dry_run)
        return cli_wrong(c, "--out is needed to train, --tokenizer to encode");
    if (c->out && !a->replace && stands_there(c->out))
        return cli_refuse(c, "exists", "%s holds a tokenizer; --replace writes over it", c->out);
    if (eid_corpus_read(&corpus, c->ctx, c->operands.at, c->operands.n, read) != EID_OK)
        return cli_failed(c);
    cli_corpus_inputs(c, corpus);
    if (c->dry_run)
        rc = plan(c, corpus);
    else if (eid_bpe_train(&bpe, c->ctx, corpus, opts) != EID_OK ||
             eid_bpe_save(bpe, c->out) != EID_OK)
        rc = cli_failed(c);
    else
        rc = report_trained(c, corpus, bpe);
    eid_bpe_free(bpe);
    eid_corpus_free(corpus);
    return rc;
}

/* ---- encoding and decoding --------------------------------------------------------------------
 */

typedef struct text {
    uint8_t *bytes; /* and a NUL */
    size_t n;
} text;

static int read_text(cli *c, const char *path, text *t)
{
    bool input = strcmp(path, "-") == 0;
    FILE *f = input ? stdin : fopen(path, "rb");
    size_t cap = 0;
    int failed;

    if (!f)
        return cli_refuse(c, "io", "%s: %s", path, strerror(errno));
    do {
        uint8_t *more = cap < SIZE_MAX / 4 ? realloc(t->bytes, cap = 2 * cap + 65536) : NULL;
        if (!more) {
            if (!input)
                fclose(f);
            return cli_refuse(c, "memory", "%s: no memory for its bytes", path);
        }
        t->bytes = more;
        t->n += fread(t->bytes + t->n, 1, cap - 1 - t->n, f);
    } while (t->n == cap - 1);
    t->bytes[t->n] = 0;
    failed = ferror(f) ? errno : 0;
    if (!input)
        fclose(f);
    return failed ? cli_refuse(c, "io", "%s: %s", path, strerror(failed)) : CLI_OK;
}

static int encode(cli *c, const eid_bpe *bpe, const args *a, const char *path, const text *t,
                  json_t *all)
{
    int32_t *ids = NULL;
    size_t n = 0;

    if (eid_bpe_encode(bpe, t->bytes, t->n, a->special, &ids, &n) != EID_OK)
        return cli_failed(c);
    if (all) {
        json_t *list = json_array();
        for (size_t i = 0; i < n; i++)
            json_array_append_new(list, json_integer(ids[i]));
        json_array_append_new(all, json_pack("{s:s, s:I, s:o}", "path", path, "bytes",
                                             (json_int_t)t->n, "ids", list));
    } else {
        for (size_t i = 0; i < n; i++)
            printf(i ? " %d" : "%d", (int)ids[i]);
        printf("\n");
    }
    eid_ids_free(ids);
    return CLI_OK;
}

/* Decimal numbers with white space between. */
static int read_ids(cli *c, const char *path, const text *t, int32_t **ids, size_t *n)
{
    char *p = (char *)t->bytes, *end = p + t->n, *stop;

    *ids = malloc((t->n / 2 + 1) * sizeof **ids);
    if (!*ids)
        return cli_refuse(c, "memory", "%s: no memory for its ids", path);
    for (;;) {
        p += strspn(p, " \t\r\n");
        if (p == end)
            return CLI_OK;
        errno = 0;
        long long id = *p >= '0' && *p <= '9' ? strtoll(p, &stop, 10) : -1;
        if (id < 0 || id > INT32_MAX || errno || !strchr(" \t\r\n", *stop))
            return cli_refuse(c, "format", "%s: byte %zu is not the begin of an id", path,
                              (size_t)(p - (char *)t->bytes));
        (*ids)[(*n)++] = (int32_t)id;
        p = stop;
    }
}

/* Masked unless --reveal; null for what --reveal asks for and is not UTF-8. */
static json_t *shown(const uint8_t *bytes, size_t n, bool reveal)
{
    char *masked = NULL;
    json_t *j = NULL;

    if (reveal)
        j = json_stringn((const char *)bytes, n);
    else if (eid_mask(bytes, n, &masked) == EID_OK)
        j = json_string(masked);
    eid_string_free(masked);
    return j ? j : json_null();
}

static int decode(cli *c, const eid_bpe *bpe, const args *a, const char *path, const text *t,
                  json_t *all)
{
    int32_t *ids = NULL;
    uint8_t *bytes = NULL;
    size_t n = 0, size = 0;
    int rc = read_ids(c, path, t, &ids, &n);

    if (rc == CLI_OK && eid_bpe_decode(bpe, ids, n, &bytes, &size) != EID_OK)
        rc = cli_failed(c);
    if (rc == CLI_OK && all)
        json_array_append_new(all, json_pack("{s:s, s:I, s:I, s:o}", "path", path, "ids",
                                             (json_int_t)n, "bytes", (json_int_t)size, "text",
                                             shown(bytes, size, a->reveal)));
    else if (rc == CLI_OK)
        fwrite(bytes, 1, size, stdout);
    free(ids);
    eid_bytes_free(bytes);
    return rc;
}

/* Inputs of the envelope; what is read from a pipe cannot be hashed again. */
static void note_input(cli *c, const char *path)
{
    char sha256[65];
    int64_t bytes = 0;

    if (c->json && strcmp(path, "-") != 0 &&
        eid_file_sha256(c->ctx, path, sha256, &bytes) == EID_OK)
        cli_input(c, path, bytes, sha256, 1, 0);
}

static int convert(cli *c, const args *a)
{
    eid_bpe *bpe = NULL;
    json_t *all = c->json ? json_array() : NULL;
    int rc = CLI_OK;

    if (c->out)
        rc = cli_wrong(c, "--out is for training; ids and text go to standard output");
    else if (eid_bpe_load(&bpe, a->tokenizer) != EID_OK)
        rc = cli_failed(c);
    for (size_t i = 0; i < c->operands.n && rc == CLI_OK; i++) {
        const char *path = c->operands.at[i];
        text t = {0};
        rc = read_text(c, path, &t);
        note_input(c, path);
        if (rc == CLI_OK)
            rc = (a->decode ? decode : encode)(c, bpe, a, path, &t, all);
        free(t.bytes);
    }
    if (rc == CLI_OK && all)
        rc = cli_object(c, json_pack("{s:i, s:O}", "vocab", (int)eid_bpe_vocab(bpe), "texts", all));
    json_decref(all);
    eid_bpe_free(bpe);
    return rc;
}

int cmd_tokenize(int argc, char **argv)
{
    args a = {0};
    eid_corpus_opts read = eid_corpus_opts_default();
    eid_bpe_opts opts = eid_bpe_opts_default();
    const cli_group groups[] = {
        {"Encoding, decoding, writing", NULL, own, &a},
        {"Training", NULL, eid_bpe_opt_table, &opts},
        {"Reading the corpus", NULL, eid_corpus_opt_table, &read},
        {0},
    };
    cli c;
    int rc = cli_begin(&c, argc, argv, &usage, groups);

    if (rc != CLI_GO)
        return rc;
    return cli_end(&c, a.tokenizer ? convert(&c, &a) : train(&c, &a, &read, &opts));
}
