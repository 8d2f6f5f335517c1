/* bpe_train.c - a tokenizer of one's own: bytes, merges, and <|endoftext|> as the last id. */
#include "corpus/bpe_train.h"
#include <string.h>

/* As in GPT-2: found in a text before it is split, never made by merges. */
static eid_status add_end(eid_bpe *b)
{
    eid_status st = EID_OK;
    char *content = NULL;
    size_t n = strlen(EID_BPE_END);

    EID_TRY(eid_strdup(&content, EID_BPE_END));
    EID_TRY(EID_GROW(b->added, &b->added_cap, b->n_added + 1));
    b->added[b->n_added++] =
        (eid_bpe_added){.content = content, .n = n, .id = b->vocab, .special = true};
    content = NULL;
    EID_TRY(eid_bpe_entry(b, (const uint8_t *)EID_BPE_END, n, false));
done:
    eid_free(content);
    return st;
}

eid_status eid_bpe_train(eid_bpe **out, eid_ctx *ctx, const eid_corpus *c, const eid_bpe_opts *opts)
{
    eid_status st = EID_OK;
    eid_bpe *b = NULL;
    eid_words words = {0};

    if (opts->vocab < 257 || opts->vocab > 1 << 20 || opts->min_frequency < 1)
        return eid_fail(EID_EINVAL,
                        "a tokenizer of %lld entries from pairs that occur %lld times: want 257 to "
                        "1048576 entries, and at least 1 time",
                        (long long)opts->vocab, (long long)opts->min_frequency);
    EID_TRY(EID_NEW(b, 1));
    b->by_pattern = true;
    EID_TRY(eid_bpe_count_words(ctx, c, &words));
    EID_TRY(eid_bpe_choose_merges(ctx, b, &words, opts->vocab - 1, opts->min_frequency));
    EID_TRY(add_end(b));
    b->model_vocab = b->vocab;
    EID_TRY(eid_bpe_finish(b, "the new tokenizer"));
    *out = b;
    b = NULL;
done:
    eid_words_free(&words);
    eid_bpe_free(b);
    return st;
}
