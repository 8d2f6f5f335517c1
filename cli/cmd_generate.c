#include "texts.h"
#include "model.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct args {
    const char *model;
    eid_strings files;
    int64_t max_new, samples;
    eid_sampler sampler;
    bool reveal, stop;
} args;

static const eid_opt own[] = {
    {EID_OPT_STR, "model", offsetof(args, model), 0, 0,
     "folder of the model: config.json, model.safetensors, tokenizer.json", NULL,
     EID_OPT_REQUIRED | EID_OPT_PATH_IN},
    {EID_OPT_LIST, "file", offsetof(args, files), 0, 0,
     "all of this file is one prompt; - is standard input; may be repeated", NULL, EID_OPT_PATH_IN},
    {EID_OPT_I64, "max-new", offsetof(args, max_new), 1, 1 << 24, "tokens to add at most", NULL, 0},
    {EID_OPT_F64, "temperature", offsetof(args, sampler.temperature), 0, 1e6,
     "what logits are divided by before sampling; 0: always the likeliest token", NULL, 0},
    {EID_OPT_I64, "top-k", offsetof(args, sampler.top_k), 0, 1 << 27,
     "sample among so many likeliest tokens, 0: among all", NULL, 0},
    {EID_OPT_F64, "top-p", offsetof(args, sampler.top_p), 1e-9, 1,
     "then among the fewest that have this share of the probability", NULL, 0},
    {EID_OPT_I64, "samples", offsetof(args, samples), 1, 1e6, "continuations of each prompt", NULL,
     0},
    {EID_OPT_I64, "seed", offsetof(args, sampler.seed), 0, 1e15, "random seed", NULL, 0},
    {EID_OPT_BOOL, "stop", offsetof(args, stop), 0, 0,
     "end a continuation where the model ends the text", NULL, 0},
    {EID_OPT_BOOL, "reveal", offsetof(args, reveal), 0, 0,
     "show addresses, numbers and keys as they are", NULL, EID_OPT_NEUTRAL},
    {0},
};

static const cli_usage usage = {
    .verb = "generate",
    .synopsis = "[PROMPT...] --model DIR [options]",
    .description =
        "Continues each prompt: arguments, then files, else standard input; an empty prompt stands "
        "for the beginning of a text. Prints the continuations alone, each ended by a line feed. "
        "Continuation number n has draws of its own: other prompts, or more samples, do not change "
        "it.",
    .example = "generate \"Permission is hereby\" --model run/model --max-new 32",
    .min_operands = 0,
    .max_operands = -1,
};

/* Prompts as tokens. */
typedef struct prompts {
    int32_t **tok;
    eid_seq *seq; /* prompt i, sample s at [i * samples + s] */
    int32_t *out;
    size_t n;
} prompts;

static void prompts_free(prompts *p)
{
    for (size_t i = 0; p->tok && i < p->n; i++)
        free(p->tok[i]);
    free(p->tok);
    free(p->seq);
    free(p->out);
}

/* The tokens of a prompt, or the one that begins a text for an empty one. */
static int encode(cli *c, const cli_model *m, const cli_text *t, size_t number, int32_t **tok,
                  size_t *n)
{
    int32_t *ids = NULL, begin = eid_lm_bos(m->lm) >= 0 ? eid_lm_bos(m->lm) : eid_bpe_end(m->bpe);

    if (eid_bpe_encode(m->bpe, t->bytes, t->n, false, &ids, n) != EID_OK)
        return cli_failed(c);
    if (*n == 0 && begin < 0) {
        eid_ids_free(ids);
        return cli_refuse(c, "invalid",
                          "prompt %zu is empty, and the model has no token that begins a text",
                          number + 1);
    }
    *tok = malloc((*n + 1) * sizeof **tok);
    if (*tok && *n)
        memcpy(*tok, ids, *n * sizeof **tok);
    else if (*tok)
        (*tok)[(*n)++] = begin;
    eid_ids_free(ids);
    return *tok ? CLI_OK : cli_refuse(c, "memory", "no memory for %zu tokens", *n);
}

/* A prompt that is too long keeps its end. */
static int add_prompt(cli *c, const args *a, const cli_model *m, const cli_text *t, size_t number,
                      prompts *p)
{
    int64_t room = eid_lm_context(m->lm) - a->max_new;
    size_t n = 0, cut = 0;

    if (room < 1)
        return cli_wrong(c, "--max-new: the model's context is %" PRId64 " tokens, prompt included",
                         eid_lm_context(m->lm));
    int rc = encode(c, m, t, number, &p->tok[number], &n);
    if (rc != CLI_OK)
        return rc;
    if (n > (size_t)room) {
        cut = n - (size_t)room;
        cli_warn(c, "cut", "prompt %zu: %zu tokens do not fit; its last %" PRId64 " are used",
                 number + 1, n, room);
    }
    for (int64_t s = 0; s < a->samples; s++)
        p->seq[(int64_t)number * a->samples + s] =
            (eid_seq){p->tok[number] + cut, (int32_t)(n - cut), 1};
    return CLI_OK;
}

static int prepare(cli *c, const args *a, const cli_model *m, const cli_texts *t, prompts *p)
{
    size_t all = t->n * (size_t)a->samples;
    int rc = CLI_OK;

    p->tok = calloc(t->n, sizeof *p->tok);
    p->seq = calloc(all, sizeof *p->seq);
    p->out = calloc(all, (size_t)a->max_new * sizeof *p->out);
    if (!p->tok || !p->seq || !p->out)
        return cli_refuse(c, "memory", "no memory for %zu continuations", all);
    p->n = t->n;
    for (size_t i = 0; i < t->n && rc == CLI_OK; i++)
        rc = add_prompt(c, a, m, &t->at[i], i, p);
    return rc;
}

/* ---- output ------------------------------------------------------------------------------------
 */

/* Tokens before the end mark. */
static size_t length(const int32_t *out, int64_t most, int32_t stop, bool *ended)
{
    size_t n = 0;
    *ended = false;
    while (n < (size_t)most && out[n] >= 0 && !*ended) {
        *ended = stop >= 0 && out[n] == stop;
        n += !*ended;
    }
    return n;
}

static json_t *continuation(const args *a, const int32_t *ids, size_t n, const uint8_t *text,
                            size_t size, bool ended)
{
    json_t *j = json_pack("{s:I, s:b, s:o}", "tokens", (json_int_t)n, "ended", ended, "text",
                          cli_shown(text, size, a->reveal));
    if (a->reveal) { /* ids tell what masking hides */
        json_t *list = json_array();
        for (size_t i = 0; i < n; i++)
            json_array_append_new(list, json_integer(ids[i]));
        json_object_set_new(j, "ids", list);
    }
    return j;
}

static void print_text(const args *a, const uint8_t *text, size_t size)
{
    char *masked = NULL;
    if (a->reveal)
        fwrite(text, 1, size, stdout);
    else if (eid_mask(text, size, &masked) == EID_OK)
        fputs(masked, stdout);
    eid_string_free(masked);
    putchar('\n');
}

/* One prompt's continuations: printed, or as a JSON array. */
static int show(cli *c, const args *a, const cli_model *m, const prompts *p, size_t number,
                int32_t stop, json_t *list)
{
    for (int64_t s = 0; s < a->samples; s++) {
        const int32_t *out = p->out + ((int64_t)number * a->samples + s) * a->max_new;
        uint8_t *text = NULL;
        size_t size;
        bool ended;
        size_t n = length(out, a->max_new, stop, &ended);
        if (eid_bpe_decode(m->bpe, out, n, &text, &size) != EID_OK)
            return cli_failed(c);
        if (list)
            json_array_append_new(list, continuation(a, out, n, text, size, ended));
        else
            print_text(a, text, size);
        eid_bytes_free(text);
    }
    return CLI_OK;
}

static int answer(cli *c, const args *a, const cli_model *m, const cli_texts *t, const prompts *p,
                  int32_t stop)
{
    json_t *all = c->json ? json_array() : NULL;
    int rc = CLI_OK;

    for (size_t i = 0; i < p->n && rc == CLI_OK; i++) {
        json_t *list = all ? json_array() : NULL;
        rc = show(c, a, m, p, i, stop, list);
        if (all)
            json_array_append_new(
                all, json_pack("{s:o, s:i, s:o}", "prompt",
                               cli_shown(t->at[i].bytes, t->at[i].n, a->reveal), "prompt_tokens",
                               (int)p->seq[(int64_t)i * a->samples].n, "continuations", list));
    }
    if (rc == CLI_OK && all)
        rc = cli_object(c, json_pack("{s:s, s:O}", "model", a->model, "prompts", all));
    json_decref(all);
    return rc;
}

static int plan(cli *c, const args *a, const prompts *p)
{
    int64_t n = (int64_t)p->n * a->samples;

    if (c->json)
        return cli_object(c, json_pack("{s:I, s:I}", "continuations", (json_int_t)n, "tokens",
                                       (json_int_t)(n * a->max_new)));
    printf("continuations\t%" PRId64 "\ntokens\t%" PRId64 "\n", n, n * a->max_new);
    return CLI_OK;
}

static int generate(cli *c, const args *a, const cli_texts *t)
{
    cli_model m = {0};
    prompts p = {0};
    int rc = cli_model_open(c, &m, a->model);

    int32_t stop = a->stop && rc == CLI_OK ? eid_bpe_end(m.bpe) : -1;
    if (rc == CLI_OK && eid_bpe_vocab(m.bpe) > eid_lm_vocab(m.lm))
        rc = cli_refuse(c, "invalid", "%s: the tokenizer has %d ids, the model %d", a->model,
                        (int)eid_bpe_vocab(m.bpe), (int)eid_lm_vocab(m.lm));
    if (rc == CLI_OK)
        rc = prepare(c, a, &m, t, &p);
    if (rc == CLI_OK && c->dry_run)
        rc = plan(c, a, &p);
    else if (rc == CLI_OK && eid_lm_generate(c->ctx, m.lm, p.seq, p.n * (size_t)a->samples, NULL,
                                             a->max_new, &a->sampler, stop, p.out) != EID_OK)
        rc = cli_failed(c);
    else if (rc == CLI_OK)
        rc = answer(c, a, &m, t, &p, stop);
    prompts_free(&p);
    cli_model_close(&m);
    return rc;
}

int cmd_generate(int argc, char **argv)
{
    args a = {.max_new = 64, .samples = 1, .sampler = eid_sampler_greedy(), .stop = true};
    const cli_group groups[] = {{"Prompts and sampling", NULL, own, &a}, {0}};
    cli c;
    cli_texts t = {0};
    int rc = cli_begin(&c, argc, argv, &usage, groups);

    if (rc != CLI_GO)
        return rc;
    rc = cli_texts_read(&c, &a.files, &t);
    if (rc == CLI_OK)
        rc = generate(&c, &a, &t);
    cli_texts_free(&t);
    return cli_end(&c, rc);
}
