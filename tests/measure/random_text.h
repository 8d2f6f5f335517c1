/* random_text.h - documents of made-up words, all of one source or each topic with words of its
 * own. */
#ifndef RANDOM_TEXT_H
#define RANDOM_TEXT_H
#include "check.h"
#include "eidetic/eidetic.h"

enum { MOST_TEXTS = 1000 };

typedef struct texts {
    eid_document doc[MOST_TEXTS];
    char *bytes[MOST_TEXTS];
    size_t n;
    eid_corpus *corpus;
    eid_tokens *tokens;
} texts;

/* n documents of `size` bytes: words of a topic's lexicon, a third of them capitalised. */
static inline texts *random_texts(size_t n, size_t size, uint64_t topic, uint64_t seed)
{
    texts *t = calloc(1, sizeof *t);
    t->n = n;
    for (size_t d = 0; d < n; d++) {
        eid_rng rng = eid_rng_stream(seed, d);
        char *s = t->bytes[d] = malloc(size);
        for (size_t i = 0; i < size;) {
            eid_rng word = eid_rng_stream(topic, eid_rng_below(&rng, 150));
            size_t letters = 2 + eid_rng_below(&word, 7);
            bool capital = eid_rng_below(&rng, 3) == 0;
            for (size_t k = 0; k <= letters && i < size; k++) {
                char c = (char)('a' + eid_rng_below(&word, 26));
                s[i++] = k == letters ? ' ' : (char)(k == 0 && capital ? c - 32 : c);
            }
        }
        t->doc[d] = (eid_document){NULL, (uint8_t *)s, size};
    }
    return t;
}

static inline void encode(texts *t, eid_ctx *ctx, const eid_bpe *bpe)
{
    CHECK_OK(eid_corpus_from(&t->corpus, t->doc, t->n));
    CHECK_OK(eid_bpe_encode_corpus(&t->tokens, ctx, bpe, t->corpus));
}

static inline void texts_free(texts *t)
{
    eid_tokens_free(t->tokens);
    eid_corpus_free(t->corpus);
    for (size_t d = 0; d < t->n; d++)
        free(t->bytes[d]);
    free(t);
}

static inline eid_index *index_of(const texts *t, eid_ctx *ctx)
{
    const char *path = check_tmp("index");
    eid_index *ix = NULL;
    CHECK_OK(eid_index_build(ctx, t->corpus, path));
    CHECK_OK(eid_index_open(&ix, path));
    unlink(path);
    return ix;
}
#endif
