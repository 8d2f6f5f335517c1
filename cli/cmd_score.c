#include "texts.h"
#include "model.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct args {
    const char *model;
    eid_strings files;
    int64_t stride;
    bool begin, tokens;
} args;

static const eid_opt own[] = {
    {EID_OPT_STR, "model", offsetof(args, model), 0, 0,
     "folder of the model: config.json, model.safetensors, tokenizer.json", NULL,
     EID_OPT_REQUIRED | EID_OPT_PATH_IN},
    {EID_OPT_LIST, "file", offsetof(args, files), 0, 0,
     "score all of this file; - is standard input; may be repeated", NULL, EID_OPT_PATH_IN},
    {EID_OPT_BOOL, "begin", offsetof(args, begin), 0, 0,
     "put the token that begins a text in front, so that the first one is scored, too", NULL, 0},
    {EID_OPT_I64, "stride", offsetof(args, stride), 0, 1 << 24,
     "texts beyond the context are read in windows so many tokens apart, 0: half the context", NULL,
     0},
    {EID_OPT_BOOL, "tokens", offsetof(args, tokens), 0, 0, "a line for every token, too", NULL,
     EID_OPT_NEUTRAL},
    {0},
};

static const cli_usage usage = {
    .verb = "score",
    .synopsis = "[TEXT...] --model DIR [options]",
    .description =
        "How likely a model finds each text: arguments, then files, else standard input. Prints a "
        "line for each: tokens scored, mean negative log-likelihood in nats, perplexity, name. The "
        "first token has nothing before it and is not scored, unless --begin.",
    .example = "score --file LICENSE --model run/model",
    .min_operands = 0,
    .max_operands = -1,
};

/* One text: its tokens, what was found for each scored one, in order. */
typedef struct scored {
    int32_t *own;   /* from the tokenizer */
    int32_t *tok;   /* with the beginning, if asked */
    size_t n, from; /* tokens; the first that is scored */
    bool began;     /* tok[0] is not of the text */
    eid_scores *s;
    eid_seq *window;
} scored;

static void scored_free(scored *x)
{
    eid_ids_free(x->own);
    free(x->tok);
    free(x->window);
    eid_scores_free(x->s);
}

static int encode(cli *c, const args *a, const cli_model *m, const cli_text *t, scored *x)
{
    int32_t begin = eid_lm_bos(m->lm) >= 0 ? eid_lm_bos(m->lm) : eid_bpe_end(m->bpe);
    size_t n = 0;

    if (a->begin && begin < 0)
        return cli_refuse(c, "invalid", "--begin: the model has no token that begins a text");
    if (eid_bpe_encode(m->bpe, t->bytes, t->n, false, &x->own, &n) != EID_OK)
        return cli_failed(c);
    x->tok = malloc((n + 1) * sizeof *x->tok);
    if (!x->tok)
        return cli_refuse(c, "memory", "no memory for %zu tokens", n);
    x->began = a->begin;
    if (a->begin)
        x->tok[0] = begin;
    if (n)
        memcpy(x->tok + a->begin, x->own, n * sizeof *x->tok);
    x->n = n + a->begin;
    x->from = 1;
    return CLI_OK;
}

/* The first window scores all it can; each later one begins `stride` further on and scores what is
 * new, so that every token has at least context - stride tokens before it. */
static int score(cli *c, const args *a, const cli_model *m, scored *x)
{
    const unsigned want = EID_WANT_LOGP | EID_WANT_RANK;
    size_t context = (size_t)eid_lm_context(m->lm), n = 0, windows = 1;
    size_t stride = a->stride > 0 ? (size_t)a->stride : context > 1 ? context / 2 : 1;

    if (stride >= context)
        return cli_wrong(c, "--stride: must be less than the model's context of %zu tokens",
                         context);
    if (x->n > context)
        windows += (x->n - context + stride - 1) / stride;
    x->window = calloc(windows, sizeof *x->window);
    if (!x->window)
        return cli_refuse(c, "memory", "no memory for %zu windows", windows);
    for (size_t at = x->from; at < x->n; n++) {
        size_t first = n * stride, last = first + context < x->n ? first + context : x->n;
        x->window[n] = (eid_seq){x->tok + first, (int32_t)(last - first), (int32_t)(at - first)};
        at = last;
    }
    if (eid_lm_score(c->ctx, m->lm, x->window, n, want, NULL, &x->s) != EID_OK)
        return cli_failed(c);
    return CLI_OK;
}

static double total(const scored *x)
{
    double sum = 0;
    for (int64_t i = 0; i < x->s->total; i++)
        sum -= x->s->logp[i];
    return sum;
}

/* ---- output ------------------------------------------------------------------------------------
 */

static json_t *number(double v)
{
    return isfinite(v) ? json_real(v) : json_null();
}

/* Where each scored token stands in the text's bytes. */
static json_t *token_list(const cli_model *m, const scored *x)
{
    json_t *list = json_array();
    size_t at = 0;
    for (size_t i = x->began; i < x->n; i++) {
        size_t size = 0;
        int64_t s = (int64_t)i - (int64_t)x->from;
        (void)eid_bpe_bytes(m->bpe, x->tok[i], &size);
        if (s >= 0)
            json_array_append_new(
                list, json_pack("{s:I, s:I, s:i, s:o, s:i}", "start", (json_int_t)at, "end",
                                (json_int_t)(at + size), "id", (int)x->tok[i], "nll",
                                number(-(double)x->s->logp[s]), "rank", (int)x->s->rank[s]));
        at += size;
    }
    return list;
}

static json_t *as_json(const cli_model *m, const cli_text *t, const scored *x, bool tokens)
{
    double nll = total(x), mean = nll / (double)x->s->total; /* NaN: nothing was scored */
    json_t *j =
        json_pack("{s:o, s:I, s:I, s:I, s:o, s:o, s:o}", "path",
                  t->name ? cli_string(t->name) : json_null(), "bytes", (json_int_t)t->n, "tokens",
                  (json_int_t)(x->n - x->began), "scored", (json_int_t)x->s->total, "nll",
                  number(nll), "mean", number(mean), "perplexity", number(exp(mean)));
    if (j && tokens)
        json_object_set_new(j, "per_token", token_list(m, x));
    return j;
}

/* A token on a line of its own: control characters and broken UTF-8 are shown as \xFF. */
static void print_token(const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bytes[i] < 32 || bytes[i] == '\\' || bytes[i] >= 127)
            printf("\\x%02X", bytes[i]);
        else
            putchar(bytes[i]);
}

static void print(const cli_model *m, const cli_text *t, const scored *x, size_t number_of_text,
                  bool tokens)
{
    double mean = total(x) / (double)x->s->total;
    for (int64_t s = 0; tokens && s < x->s->total; s++) {
        size_t size = 0;
        int32_t id = x->tok[x->from + (size_t)s];
        const uint8_t *bytes = eid_bpe_bytes(m->bpe, id, &size);
        printf("%d\t%.6f\t%d\t", (int)id, -(double)x->s->logp[s], (int)x->s->rank[s]);
        print_token(bytes, bytes ? size : 0);
        putchar('\n');
    }
    if (x->s->total > 0)
        printf("%" PRId64 "\t%.6f\t%.6g\t", x->s->total, mean, exp(mean));
    else
        printf("0\t-\t-\t");
    if (t->name)
        printf("%s\n", t->name);
    else
        printf("text %zu\n", number_of_text);
}

static int one(cli *c, const args *a, const cli_model *m, const cli_texts *t, size_t i, json_t *all)
{
    scored x = {0};
    int rc = encode(c, a, m, &t->at[i], &x);

    if (rc == CLI_OK)
        rc = score(c, a, m, &x);
    if (rc == CLI_OK && all)
        json_array_append_new(all, as_json(m, &t->at[i], &x, a->tokens));
    else if (rc == CLI_OK)
        print(m, &t->at[i], &x, i + 1, a->tokens);
    scored_free(&x);
    return rc;
}

static int run(cli *c, const args *a, const cli_texts *t)
{
    cli_model m = {0};
    json_t *all = c->json ? json_array() : NULL;
    int rc = cli_model_open(c, &m, a->model);

    if (rc == CLI_OK && eid_bpe_vocab(m.bpe) > eid_lm_vocab(m.lm))
        rc = cli_refuse(c, "invalid", "%s: the tokenizer has %d ids, the model %d", a->model,
                        (int)eid_bpe_vocab(m.bpe), (int)eid_lm_vocab(m.lm));
    for (size_t i = 0; i < t->n && rc == CLI_OK; i++)
        rc = one(c, a, &m, t, i, all);
    if (rc == CLI_OK && all)
        rc = cli_object(c, json_pack("{s:s, s:O}", "model", a->model, "texts", all));
    json_decref(all);
    cli_model_close(&m);
    return rc;
}

int cmd_score(int argc, char **argv)
{
    args a = {0};
    const cli_group groups[] = {{"Texts", NULL, own, &a}, {0}};
    cli c;
    cli_texts t = {0};
    int rc = cli_begin(&c, argc, argv, &usage, groups);

    if (rc != CLI_GO)
        return rc;
    rc = cli_texts_read(&c, &a.files, &t);
    if (rc == CLI_OK)
        rc = run(&c, &a, &t);
    cli_texts_free(&t);
    return cli_end(&c, rc);
}
