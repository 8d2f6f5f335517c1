/* near_compare.c - J and E from the bytes: words become numbers by their bytes, shingles by their
 * words' numbers, and a table that compares what it holds gives each its own. */
#include "base/hash.h"
#include "control/near_edit.h"
#include "control/near_words.h"
#include "eidetic/near.h"
#include <inttypes.h>
#include <string.h>

typedef struct thing {
    const void *at;
    size_t size;
    uint64_t hash;
} thing;

typedef struct table {
    int32_t *slot; /* number + 1; a power of two of them, more than twice the things */
    size_t slots, n;
    thing *known;
} table;

static eid_status table_new(table *t, size_t most)
{
    t->slots = 16;
    while (t->slots < 2 * most + 2)
        t->slots *= 2;
    t->n = 0;
    eid_status st = EID_NEW(t->slot, t->slots);
    return st == EID_OK ? EID_NEW(t->known, most + 1) : st;
}

static void table_free(table *t)
{
    eid_free(t->slot);
    eid_free(t->known);
}

static int32_t number_of(table *t, const void *at, size_t size)
{
    uint64_t hash = eid_hash64(at, size, 0);
    size_t i = hash & (t->slots - 1);
    for (; t->slot[i]; i = (i + 1) & (t->slots - 1)) {
        const thing *k = &t->known[t->slot[i] - 1];
        if (k->hash == hash && k->size == size && memcmp(k->at, at, size) == 0)
            return t->slot[i] - 1;
    }
    t->known[t->n] = (thing){at, size, hash};
    t->slot[i] = (int32_t)++t->n;
    return t->slot[i] - 1;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static size_t count_words(const uint8_t *p, size_t n)
{
    size_t words = 0;
    for (size_t i = 0; i < n; i++)
        words += !is_space(p[i]) && (i == 0 || is_space(p[i - 1]));
    return words;
}

static void number_words(table *t, const uint8_t *p, size_t n, int32_t *id)
{
    for (size_t i = 0; i < n;) {
        size_t start = i;
        while (i < n && !is_space(p[i]))
            i++;
        if (i > start)
            *id++ = number_of(t, p + start, i - start);
        else
            i++;
    }
}

/* Marks the shingles of one side (bit 1 or 2); a short document has one. */
static void mark(table *t, const int32_t *id, size_t n, size_t words, uint8_t *seen, uint8_t bit)
{
    size_t w = n < words ? n : words;
    for (size_t i = 0; n && i + w <= n; i++)
        seen[number_of(t, id + i, w * sizeof *id)] |= bit;
}

static eid_status jaccard(const int32_t *a, size_t n, const int32_t *b, size_t m, size_t words,
                          double *out)
{
    eid_status st = EID_OK;
    uint8_t *seen = NULL;
    table t = {0};
    size_t both = 0;

    EID_TRY(table_new(&t, n + m));
    EID_TRY(EID_NEW(seen, n + m + 1));
    mark(&t, a, n, words, seen, 1);
    mark(&t, b, m, words, seen, 2);
    for (size_t i = 0; i < t.n; i++)
        both += seen[i] == 3;
    *out = t.n ? (double)both / (double)t.n : 0;
done:
    eid_free(seen);
    table_free(&t);
    return st;
}

eid_status near_compare(const uint8_t *a, size_t n, const uint8_t *b, size_t m, int64_t words,
                        double least, double least_edit, near_similar *out)
{
    eid_status st = EID_OK;
    size_t na = count_words(a, n), nb = count_words(b, m), most = na > nb ? na : nb, d;
    int32_t *ids = NULL;
    table t = {0};

    if (n == m && memcmp(a, b, n) == 0) {
        *out = (near_similar){1, 1};
        return EID_OK;
    }
    if (na + nb >= INT32_MAX / 2)
        return eid_fail(EID_EUNSUPPORTED, "near: two documents of %zu and %zu words: too many", na,
                        nb);
    EID_TRY(table_new(&t, na + nb));
    EID_TRY(EID_NEW(ids, na + nb + 1));
    number_words(&t, a, n, ids);
    number_words(&t, b, m, ids + na);
    *out = (near_similar){.edit = -1};
    EID_TRY(jaccard(ids, na, ids + na, nb, (size_t)words, &out->jaccard));
    if (out->jaccard < least || most == 0)
        goto done;
    /* One edit more than the bound may need to allow for rounding; the quotient decides. */
    size_t limit = (size_t)((1 - (least_edit > 0 ? least_edit : 0)) * (double)most) + 1;
    EID_TRY(near_edit(ids, na, ids + na, nb, limit, &d));
    double similarity = d > most ? 0 : (double)(most - d) / (double)most;
    out->edit = d <= limit && similarity >= least_edit ? similarity : -1;
done:
    eid_free(ids);
    table_free(&t);
    return st;
}

eid_status eid_near_similarity(const uint8_t *a, size_t n, const uint8_t *b, size_t m,
                               int64_t words, double *j, double *edit)
{
    near_similar s = {0};
    if (words < 1 || words > NEAR_WORDS_MOST)
        return eid_fail(EID_EINVAL, "words: %" PRId64 " is not in [1, %d]", words, NEAR_WORDS_MOST);
    eid_status st = near_compare(a, n, b, m, words, 0, 0, &s);
    if (st == EID_OK) {
        *j = s.jaccard;
        *edit = s.edit < 0 ? 0 : s.edit;
    }
    return st;
}
