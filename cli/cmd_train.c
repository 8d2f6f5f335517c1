#include "model.h"
#include "train_classifier.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct args {
    const char *tokenizer;
    eid_strings heldout;
    double heldout_share, epochs;
} args;

static const eid_opt own[] = {
    {EID_OPT_STR, "tokenizer", offsetof(args, tokenizer), 0, 0,
     "use this tokenizer.json, or the one in this folder, instead of training one", NULL,
     EID_OPT_PATH_IN},
    {EID_OPT_LIST, "heldout", offsetof(args, heldout), 0, 0,
     "text to judge by, never trained on; may be repeated", NULL, EID_OPT_PATH_IN},
    {EID_OPT_F64, "heldout-share", offsetof(args, heldout_share), 0, 0.9,
     "without --heldout: share of the documents to hold out, 0: none", NULL, 0},
    {EID_OPT_F64, "epochs", offsetof(args, epochs), 0, 1e6,
     "times that the text is seen, in place of --steps; 0: as --steps says", NULL, 0},
    {0},
};

static const cli_usage usage = {
    .verb = "train",
    .synopsis = "lm CORPUS... --out DIR [options]   or: mlp|cnn --data DATA",
    .description =
        "\"train mlp\" and \"train cnn\" train a classifier: their own --help says how. \"train "
        "lm\" trains a language model (a decoder as GPT-2's) on a corpus and writes "
        "DIR/config.json, "
        "model.safetensors and tokenizer.json, which transformers opens. Interrupted or killed, "
        "the same command goes on from DIR/checkpoint.eid and ends in the same bits.",
    .example = "train lm corpus/ --epochs 3 --out model/",
    .min_operands = 2,
    .max_operands = -1,
};

/* Everything between the paths and the trained model. */
typedef struct job {
    eid_corpus *whole, *train, *heldout; /* whole: NULL when nothing was split */
    eid_bpe *bpe;
    eid_tokens *train_tokens, *heldout_tokens;
    eid_gpt *m;
    eid_train_result *r;
} job;

static void job_free(job *j)
{
    eid_train_result_free(j->r);
    eid_gpt_free(j->m);
    eid_tokens_free(j->train_tokens);
    eid_tokens_free(j->heldout_tokens);
    eid_bpe_free(j->bpe);
    eid_corpus_free(j->heldout);
    eid_corpus_free(j->train);
    eid_corpus_free(j->whole);
}

/* ---- text ------------------------------------------------------------------------------------ */

/* The documents of one side, in their order. */
static eid_status side_of(const eid_corpus *whole, const uint8_t *side, uint8_t which,
                          int64_t *place, eid_corpus **out)
{
    size_t n = 0;
    for (size_t i = 0; i < eid_corpus_size(whole); i++)
        if (side[i] == which)
            place[n++] = (int64_t)i;
    return n ? eid_corpus_pick(out, whole, place, n) : EID_OK;
}

static int split(cli *c, const args *a, job *j)
{
    const double share[2] = {1 - a->heldout_share, a->heldout_share};
    size_t n = eid_corpus_size(j->whole);
    uint8_t *side = malloc(n);
    int64_t *place = malloc(n * sizeof *place);
    int rc = CLI_OK;

    if (!side || !place)
        rc = cli_refuse(c, "memory", "no memory for a split of %zu documents", n);
    else if (eid_corpus_split(j->whole, share, 2, (uint64_t)c->seed, side) != EID_OK ||
             side_of(j->whole, side, 0, place, &j->train) != EID_OK ||
             side_of(j->whole, side, 1, place, &j->heldout) != EID_OK)
        rc = cli_failed(c);
    else if (!j->train)
        rc = cli_refuse(c, "invalid", "no document is left to train on: lower --heldout-share");
    free(side);
    free(place);
    return rc;
}

static int read_corpora(cli *c, const args *a, const eid_corpus_opts *read, job *j)
{
    bool splits = a->heldout.n == 0 && a->heldout_share > 0;

    if (eid_corpus_read(splits ? &j->whole : &j->train, c->ctx, c->operands.at + 1,
                        c->operands.n - 1, read) != EID_OK)
        return cli_failed(c);
    cli_corpus_inputs(c, splits ? j->whole : j->train);
    if (splits)
        return split(c, a, j);
    if (a->heldout.n) {
        if (eid_corpus_read(&j->heldout, c->ctx, a->heldout.at, a->heldout.n, read) != EID_OK)
            return cli_failed(c);
        cli_corpus_inputs(c, j->heldout);
    }
    return CLI_OK;
}

static int tokenize(cli *c, const args *a, const eid_bpe_opts *opts, job *j)
{
    eid_status st = a->tokenizer ? eid_bpe_load(&j->bpe, a->tokenizer)
                                 : eid_bpe_train(&j->bpe, c->ctx, j->train, opts);
    if (st == EID_OK)
        st = eid_bpe_encode_corpus(&j->train_tokens, c->ctx, j->bpe, j->train);
    if (st == EID_OK && j->heldout)
        st = eid_bpe_encode_corpus(&j->heldout_tokens, c->ctx, j->bpe, j->heldout);
    if (st != EID_OK)
        return cli_failed(c);
    if (eid_bpe_end(j->bpe) < 0)
        return cli_refuse(c, "invalid", "%s: has no token that separates documents", a->tokenizer);
    return CLI_OK;
}

/* ---- training and telling -------------------------------------------------------------------- */

/* Targets of an epoch: tokens, and the end of each document. */
static double targets(const job *j)
{
    return (double)j->train_tokens->start[j->train_tokens->docs] + (double)j->train_tokens->docs;
}

static double a_step(const eid_train_opts *o)
{
    int64_t rows = o->batch_tokens / o->context;
    return (double)((rows > 1 ? rows : 1) * o->context);
}

static int plan(cli *c, const eid_train_opts *o, const job *j)
{
    eid_gpt_config shape = eid_gpt_config_default();
    double tokens = (double)o->steps * a_step(o);

    shape.vocab = eid_bpe_vocab(j->bpe);
    shape.context = o->context;
    shape.width = o->width;
    shape.layers = o->layers;
    shape.heads = o->heads;
    if (eid_gpt_config_check(&shape, eid_ctx_memory(c->ctx)) != EID_OK)
        return cli_failed(c);
    int64_t parameters = eid_gpt_config_parameters(&shape);
    double epochs = tokens / targets(j);
    double flop = tokens * (6.0 * (double)parameters +
                            12.0 * (double)o->layers * (double)o->width * (double)o->context);
    if (c->json)
        return cli_object(
            c, json_pack("{s:I, s:I, s:I, s:f, s:f, s:f}", "parameters", (json_int_t)parameters,
                         "documents", (json_int_t)j->train_tokens->docs, "steps",
                         (json_int_t)o->steps, "tokens", tokens, "epochs", epochs, "flop", flop));
    printf("parameters\t%" PRId64 "\ndocuments\t%zu\nsteps\t%" PRId64
           "\ntokens\t%.0f\nepochs\t%.2f\nflop\t%.3g\n",
           parameters, j->train_tokens->docs, o->steps, tokens, epochs, flop);
    return CLI_OK;
}

static json_t *number(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *as_json(const cli *c, const eid_train_result *r)
{
    json_t *log = json_array();
    for (size_t i = 0; i < r->logs; i++)
        json_array_append_new(
            log, json_pack("{s:I, s:I, s:o, s:o}", "step", (json_int_t)r->log[i].step, "tokens",
                           (json_int_t)r->log[i].tokens, "loss", number(r->log[i].loss), "heldout",
                           number(r->log[i].heldout)));
    return json_pack("{s:o, s:I, s:I, s:I, s:o, s:o, s:o, s:{s:o, s:o}, s:n, s:n, s:b, s:o}",
                     "model", cli_string(c->out), "parameters", (json_int_t)r->parameters, "steps",
                     (json_int_t)r->steps, "tokens", (json_int_t)r->tokens, "epochs",
                     number(r->epochs), "seconds", number(r->seconds), "rate", number(r->rate),
                     "loss", "train", number(r->loss), "heldout", number(r->heldout), "accuracy",
                     "record", "resumed", r->resumed, "log", log);
}

static void print(const cli *c, const eid_train_result *r)
{
    printf("model\t%s\nparameters\t%" PRId64 "\nsteps\t%" PRId64 "\ntokens\t%" PRId64
           "\nepochs\t%.2f\nloss\t%.4f\n",
           c->out, r->parameters, r->steps, r->tokens, r->epochs, r->loss);
    if (isfinite(r->heldout))
        printf("held-out loss\t%.4f\n", r->heldout);
    if (r->rate > 0)
        printf("tokens a second\t%.0f\n", r->rate);
}

/* The tokenizer is written last: it is the same every time, and a folder that turns out to be
 * somebody else's stays as it is. */
static int train(cli *c, const args *a, eid_train_opts *o, job *j)
{
    if (a->epochs > 0)
        o->steps = (int64_t)ceil(a->epochs * targets(j) / a_step(o));
    if (o->steps < 1)
        o->steps = 1;
    if (c->dry_run)
        return plan(c, o, j);
    if (eid_train_lm(&j->m, &j->r, c->ctx, j->train_tokens, j->heldout_tokens,
                     eid_bpe_vocab(j->bpe), eid_bpe_end(j->bpe), o, c->out) != EID_OK ||
        eid_bpe_save(j->bpe, c->out) != EID_OK)
        return cli_failed(c);
    if (c->json)
        return cli_object(c, as_json(c, j->r));
    print(c, j->r);
    return CLI_OK;
}

int cmd_train(int argc, char **argv)
{
    args a = {.heldout_share = 0.05};
    eid_corpus_opts read = eid_corpus_opts_default();
    eid_bpe_opts bpe = eid_bpe_opts_default();
    eid_train_opts opts = eid_train_opts_default();
    const cli_group groups[] = {
        {"Text", NULL, own, &a},
        {"Model and training", NULL, eid_train_opt_table, &opts},
        {"Tokenizer", NULL, eid_bpe_opt_table, &bpe},
        {"Reading the corpus", NULL, eid_corpus_opt_table, &read},
        {0},
    };
    cli c;
    job j = {0};
    if (argc > 1 && (strcmp(argv[1], "mlp") == 0 || strcmp(argv[1], "cnn") == 0))
        return cmd_train_classifier(argc, argv);
    int rc = cli_begin(&c, argc, argv, &usage, groups);

    if (rc != CLI_GO)
        return rc;
    if (strcmp(c.operands.at[0], "lm") != 0)
        rc = cli_wrong(&c, "train what? \"%s\" is none of lm, mlp, cnn", c.operands.at[0]);
    else if (!c.out && !c.dry_run)
        rc = cli_wrong(&c, "--out is needed: the folder of the model");
    else
        rc = read_corpora(&c, &a, &read, &j);
    if (rc == CLI_OK)
        rc = tokenize(&c, &a, &bpe, &j);
    if (rc == CLI_OK)
        rc = train(&c, &a, &opts, &j);
    job_free(&j);
    return cli_end(&c, rc);
}
