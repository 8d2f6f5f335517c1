/* table_model.h - a probe that knows some token streams by heart and nothing else.
 *
 * After `context` tokens that it has seen, it gives the next one the score `score`, and 0 to all
 * others; after anything else, 0 to all (greedy then says token 0).  So what it can be made to say
 * is known exactly. */
#ifndef TABLE_MODEL_H
#define TABLE_MODEL_H
#include "check.h"
#include "eidetic/eidetic.h"

typedef struct table_model {
    int context; /* tokens that it looks back */
    int32_t vocab;
    int64_t length; /* longest sequence */
    int least;      /* with fewer tokens of prompt it knows nothing */
    float score;
    int32_t *slot; /* hash table of `size` entries: context tokens, next; slot[0] < 0: free */
    size_t size;
} table_model;

static inline size_t table_hash(const int32_t *tok, int n)
{
    uint64_t h = 1469598103934665603ull;
    for (int i = 0; i < n; i++)
        h = (h ^ (uint64_t)tok[i]) * 1099511628211ull;
    return (size_t)(h >> 20);
}

static inline int32_t *table_find(const table_model *m, const int32_t *tok)
{
    size_t each = (size_t)m->context + 1, at = table_hash(tok, m->context) % m->size;
    int32_t *s = m->slot + at * each;

    while (s[0] >= 0 && memcmp(s, tok, (size_t)m->context * sizeof *s) != 0) {
        at = (at + 1) % m->size;
        s = m->slot + at * each;
    }
    return s;
}

static inline void table_new(table_model *m, int context, int32_t vocab, size_t tokens)
{
    *m = (table_model){.context = context, .vocab = vocab, .length = 128, .score = 20};
    m->size = 2 * tokens + 16;
    m->slot = malloc(m->size * ((size_t)context + 1) * sizeof *m->slot);
    memset(m->slot, 0xFF, m->size * ((size_t)context + 1) * sizeof *m->slot);
}

/* Learns that each token of tok[0..n) follows those before it. */
static inline void table_learn(table_model *m, const int32_t *tok, int64_t n)
{
    for (int64_t i = 0; i + m->context < n; i++) {
        int32_t *s = table_find(m, tok + i);
        memcpy(s, tok + i, (size_t)m->context * sizeof *s);
        s[m->context] = tok[i + m->context];
    }
}

static inline eid_status table_logits(void *user, const int32_t *tok, size_t n, float *out)
{
    const table_model *m = user;

    for (int32_t v = 0; v < m->vocab; v++)
        out[v] = 0;
    if (n < (size_t)m->context || n < (size_t)m->least)
        return EID_OK;
    const int32_t *s = table_find(m, tok + n - m->context);
    if (s[0] >= 0)
        out[s[m->context]] = m->score;
    return EID_OK;
}

static inline eid_lm *table_probe(table_model *m)
{
    eid_lm *lm = NULL;
    const eid_lm_callbacks cb = {m, m->vocab, m->length, table_logits};
    CHECK_OK(eid_lm_from_callbacks(&lm, &cb));
    return lm;
}

/* ---- a corpus of random words, in which nothing stands twice by accident
 * ---------------------------- */

/* `words` random words of a language of 300, written at text; the number of bytes. */
static inline size_t random_words(eid_rng *rng, int words, char *text)
{
    size_t n = 0;
    for (int w = 0; w < words; w++) {
        eid_rng letters = eid_rng_stream(99, eid_rng_below(rng, 300));
        size_t len = 3 + eid_rng_below(&letters, 5);
        for (size_t i = 0; i < len; i++)
            text[n++] = (char)('a' + eid_rng_below(&letters, 26));
        text[n++] = ' ';
    }
    return n;
}
#endif
