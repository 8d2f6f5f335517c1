/* bpe_words.c - see bpe_words.h. */
#include "corpus/bpe_words.h"
#include "base/hash.h"
#include <string.h>

static size_t place_of(const eid_words *w, const uint8_t *bytes, size_t n, uint64_t hash)
{
    size_t i = (size_t)hash & (w->places - 1);

    for (; w->place[i]; i = (i + 1) & (w->places - 1)) {
        const eid_word *x = &w->word[w->place[i] - 1];
        if (x->hash == hash && x->n == n && memcmp(w->text.at + x->at, bytes, n) == 0)
            break;
    }
    return i;
}

static eid_status widen(eid_words *w)
{
    size_t places = w->places ? 2 * w->places : 1024;
    uint32_t *place = NULL;
    eid_status st = EID_NEW(place, places);

    if (st != EID_OK)
        return st;
    for (size_t k = 0; k < w->n; k++) {
        size_t i = (size_t)w->word[k].hash & (places - 1);
        while (place[i])
            i = (i + 1) & (places - 1);
        place[i] = (uint32_t)k + 1;
    }
    eid_free(w->place);
    w->place = place;
    w->places = places;
    return EID_OK;
}

eid_status eid_words_add(eid_words *w, const uint8_t *bytes, size_t n, int64_t count,
                         size_t *number)
{
    eid_status st = EID_OK;
    uint64_t hash = eid_hash64(bytes, n, 0);
    size_t at;

    if (2 * (w->n + 1) > w->places)
        EID_TRY(widen(w));
    at = place_of(w, bytes, n, hash);
    if (!w->place[at]) {
        if (w->n >= UINT32_MAX - 1)
            return eid_fail(EID_ENOMEM, "more than %u distinct words", UINT32_MAX - 1);
        EID_TRY(EID_GROW(w->word, &w->cap, w->n + 1));
        w->word[w->n] = (eid_word){.hash = hash, .at = w->text.n, .n = n};
        EID_TRY(eid_buf_add(&w->text, bytes, n));
        w->place[at] = (uint32_t)++w->n;
    }
    w->word[w->place[at] - 1].count += count;
    if (number)
        *number = w->place[at] - 1;
done:
    return st;
}

size_t eid_words_find(const eid_words *w, const uint8_t *bytes, size_t n)
{
    size_t at;

    if (!w->places)
        return SIZE_MAX;
    at = place_of(w, bytes, n, eid_hash64(bytes, n, 0));
    return w->place[at] ? w->place[at] - 1 : SIZE_MAX;
}

void eid_words_free(eid_words *w)
{
    eid_free(w->word);
    eid_free(w->place);
    eid_buf_free(&w->text);
    *w = (eid_words){0};
}
