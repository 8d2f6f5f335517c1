/* words.h - made-up text that looks like text: words of unequal frequency in sentences and lines.
 */
#ifndef WORDS_H
#define WORDS_H
#include "check.h"
#include "eidetic/corpus.h"
#include "eidetic/rng.h"

/* Appends a word drawn from `rng`: low numbers often, high ones rarely, 4000 of them. */
static inline size_t add_word(char *text, size_t n, eid_rng *rng)
{
    static const char *const part[] = {"ba", "co", "di", "fu", "ge", "ha", "li", "mo",
                                       "ne", "pa", "ri", "so", "ta", "ve", "wo", "zu"};
    double u = eid_rng_unit(rng);
    unsigned k = (unsigned)(4000 * u * u * u);
    do {
        memcpy(text + n, part[k % 16], 2);
        n += 2;
        k /= 16;
    } while (k);
    return n;
}

/* A corpus of `docs` documents of about `size` bytes each, named NAME-i. */
static inline eid_corpus *made_text(const char *name, size_t docs, size_t size, uint64_t seed)
{
    eid_document *d = calloc(docs, sizeof *d);
    char *all = malloc(docs * (size + 40)), (*names)[32] = calloc(docs, sizeof *names);
    eid_corpus *c = NULL;

    for (size_t i = 0; i < docs; i++) {
        eid_rng rng = eid_rng_stream(seed, i);
        char *text = all + i * (size + 40);
        size_t n = 0;
        while (n < size) {
            n = add_word(text, n, &rng);
            text[n++] = eid_rng_below(&rng, 9) ? ' ' : '\n';
        }
        snprintf(names[i], sizeof names[i], "%s-%zu", name, i);
        d[i] = (eid_document){names[i], (uint8_t *)text, n};
    }
    if (eid_corpus_from(&c, d, docs) != EID_OK)
        exit(1);
    free(d);
    free(all);
    free(names);
    return c;
}
#endif
