/* extract.c - discoverable extraction (Carlini et al. 2023): does the model go on as the text did?
 *
 * A string of prompt + match tokens is extracted when the greedy continuation of its first `prompt`
 * tokens is, token for token, its last `match` ones, and the index finds the whole in the training
 * text. Strings are cut out of token arrays, never encoded in two halves: a boundary between words
 * would fall differently. */
#include "measure/extract.h"
#include <inttypes.h>

eid_extract_opts eid_extract_opts_default(void)
{
    return (eid_extract_opts){.prompt = 32,
                              .match = 32,
                              .uniform = 2000,
                              .per_bucket = 200,
                              .heldout = 1000,
                              .by_prompt = 1,
                              .np_top_k = 40,
                              .np_p = 0.5,
                              .strings = 100,
                              .resamples = 2000,
                              .seed = 1};
}

#define AT(field) offsetof(eid_extract_opts, field)
const eid_opt eid_extract_opt_table[] = {
    {EID_OPT_I64, "prompt", AT(prompt), 1, 1e6, "tokens given to the model", NULL, 0},
    {EID_OPT_I64, "match", AT(match), 1, 1e6, "tokens that must come back", NULL, 0},
    {EID_OPT_I64, "uniform", AT(uniform), 0, 1e7, "strings drawn uniformly from training", NULL, 0},
    {EID_OPT_I64, "per-bucket", AT(per_bucket), 0, 1e7,
     "natural strings per bucket of copies, at most", NULL, 0},
    {EID_OPT_I64, "heldout-strings", AT(heldout), 0, 1e7, "held-out strings for the baseline", NULL,
     0},
    {EID_OPT_I64, "by-prompt", AT(by_prompt), 0, 1, "1: also the curve over prompt length", NULL,
     0},
    {EID_OPT_I64, "np-top-k", AT(np_top_k), 0, 1e6,
     "likeliest tokens that samples are drawn from; 0: all", NULL, 0},
    {EID_OPT_F64, "np-p", AT(np_p), 1e-6, 0.999999,
     "chance within n samples that counts as discoverable", NULL, 0},
    {EID_OPT_I64, "strings", AT(strings), 0, 1e6, "findings kept, best first", NULL, 0},
    {EID_OPT_I64, "resamples", AT(resamples), 100, 1e6, "bootstrap resamples behind intervals",
     NULL, 0},
    {EID_OPT_I64, "seed", AT(seed), 0, 1e15, "seed of sampling", NULL, 0},
    {0}};
#undef AT

/* The result and the block that its strings' tokens stand in. */
typedef struct kept_result {
    eid_extract_result result; /* first, so that both have one address */
    int32_t *tok;
} kept_result;

void eid_extract_result_free(eid_extract_result *r)
{
    if (!r)
        return;
    eid_free(((kept_result *)r)->tok);
    eid_free(r->matches);
    eid_free(r->by_copies);
    eid_free(r->by_prompt);
    eid_free(r->np);
    eid_free(r->strings);
    eid_free(r);
}

static eid_status check_question(eid_lm *lm, const eid_extract_in *in, const eid_extract_opts *o)
{
    int64_t docs = eid_index_docs(in->index);

    if (!(eid_lm_caps(lm) & EID_LM_GENERATE))
        return eid_fail(EID_EUNSUPPORTED, "extraction: the probe cannot continue prompts");
    if (o->prompt < 1 || o->match < 1 || o->prompt + o->match > eid_lm_context(lm))
        return eid_fail(EID_EINVAL,
                        "extraction: a prompt of %" PRId64 " and %" PRId64
                        " tokens to match do not fit the model's context of %" PRId64,
                        o->prompt, o->match, eid_lm_context(lm));
    if (eid_bpe_vocab(in->bpe) > eid_lm_vocab(lm))
        return eid_fail(EID_EINVAL,
                        "extraction: the tokenizer has %d entries, the model only %d: they do not "
                        "belong together",
                        eid_bpe_vocab(in->bpe), eid_lm_vocab(lm));
    if (docs != (int64_t)in->train->docs || docs != (int64_t)eid_corpus_size(in->train_text))
        return eid_fail(EID_EINVAL,
                        "extraction: the index holds %" PRId64
                        " documents, the training text %zu, its tokens %zu",
                        docs, eid_corpus_size(in->train_text), in->train->docs);
    return EID_OK;
}

static eid_status begin(eid_extraction *x)
{
    eid_status st = EID_OK;
    size_t docs = x->in->train->docs, size;

    EID_TRY(EID_NEW(x->skip, docs));
    EID_TRY(EID_NEW(x->byte_start, docs + 1));
    for (size_t d = 0; d < docs; d++) {
        (void)eid_index_doc(x->in->index, (int64_t)d, &size);
        x->byte_start[d + 1] = x->byte_start[d] + (int64_t)size;
    }
    EID_TRY(eid_mark_planted(x));
done:
    return st;
}

/* One kind of string after the other: drawn, asked for, summed up. */
static eid_status measure(eid_extraction *x, eid_extract_result *r, int32_t **tok)
{
    eid_status st = EID_OK;
    eid_cuts uniform = {0}, natural = {0}, planted = {0}, heldout = {0};
    const eid_cuts *const all[] = {&uniform, &natural, &planted};
    eid_bucket *buckets = NULL;
    size_t n_buckets = 0;

    EID_TRY(eid_sample_uniform(x, &uniform));
    EID_TRY(eid_ask(x, &uniform));
    EID_TRY(eid_sum_uniform(x, &uniform, r));
    EID_TRY(eid_sample_heldout(x, &heldout));
    EID_TRY(eid_ask(x, &heldout));
    EID_TRY(eid_sum_heldout(x, &heldout, r));
    EID_TRY(eid_sample_planted(x, &planted));
    EID_TRY(eid_ask(x, &planted));
    EID_TRY(eid_sum_planted(x, &planted, r));
    EID_TRY(eid_sample_natural(x, &natural, &buckets, &n_buckets));
    EID_TRY(eid_ask(x, &natural));
    EID_TRY(eid_sum_natural(x, &natural, buckets, n_buckets, r));
    if (x->opts->by_prompt)
        EID_TRY(eid_sum_prompts(x, &planted, &natural, r));
    EID_TRY(eid_pick_strings(x, all, 3, r, tok));
done:
    eid_cuts_free(&uniform);
    eid_cuts_free(&natural);
    eid_cuts_free(&planted);
    eid_cuts_free(&heldout);
    eid_free(buckets);
    return st;
}

eid_status eid_extract(eid_extract_result **out, eid_ctx *ctx, eid_lm *lm, const eid_extract_in *in,
                       const eid_extract_opts *opts)
{
    eid_status st = EID_OK;
    eid_extraction x = {.ctx = ctx, .lm = lm, .in = in, .opts = opts};
    kept_result *kept = NULL;
    eid_extract_result *r = NULL;

    EID_TRY(check_question(lm, in, opts));
    x.length = opts->prompt + opts->match;
    EID_TRY(EID_NEW(kept, 1));
    r = &kept->result;
    r->opts = *opts;
    EID_TRY(begin(&x));
    EID_TRY(measure(&x, r, &kept->tok));
    *out = r;
    r = NULL;
done:
    eid_extract_result_free(r);
    eid_free(x.skip);
    eid_free(x.byte_start);
    return st;
}
