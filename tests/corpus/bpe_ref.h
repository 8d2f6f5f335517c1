/* bpe_ref.h - training and encoding from the definition: slow, small, no table, no heap. */
#ifndef BPE_REF_H
#define BPE_REF_H
#include "corpus/bpe.h"
#include <string.h>

enum { REF_WORDS = 640, REF_LEN = 640, REF_ENTRIES = 512 };

typedef struct ref_word {
    int32_t id[REF_LEN];
    int n;
    int64_t count;
} ref_word;

typedef struct ref_bpe {
    char entry[REF_ENTRIES][REF_LEN];
    size_t len[REF_ENTRIES];
    int entries;
    eid_bpe_merge merge[REF_ENTRIES];
    int merges;
} ref_bpe;

static void ref_merge_word(ref_word *w, int32_t left, int32_t right, int32_t id)
{
    int n = 0;

    for (int i = 0; i < w->n; i++)
        if (i + 1 < w->n && w->id[i] == left && w->id[i + 1] == right) {
            w->id[n++] = id;
            i++;
        } else {
            w->id[n++] = w->id[i];
        }
    w->n = n;
}

static int64_t ref_count(const ref_word *word, int words, int32_t left, int32_t right)
{
    int64_t count = 0;

    for (int w = 0; w < words; w++)
        for (int i = 0; i + 1 < word[w].n; i++)
            if (word[w].id[i] == left && word[w].id[i + 1] == right)
                count += word[w].count;
    return count;
}

static int ref_entry(ref_bpe *r, const char *bytes, size_t n)
{
    for (int i = 0; i < r->entries; i++)
        if (r->len[i] == n && memcmp(r->entry[i], bytes, n) == 0)
            return i;
    memcpy(r->entry[r->entries], bytes, n);
    r->len[r->entries] = n;
    return r->entries++;
}

/* The most frequent of all pairs of ids that stand side by side; the smallest among equals. */
static int64_t ref_best(const ref_word *word, int words, int32_t best[2])
{
    int64_t most = 0;

    for (int w = 0; w < words; w++)
        for (int i = 0; i + 1 < word[w].n; i++) {
            int32_t a = word[w].id[i], b = word[w].id[i + 1];
            int64_t count = ref_count(word, words, a, b);
            if (count > most || (count == most && (a < best[0] || (a == best[0] && b < best[1])))) {
                most = count;
                best[0] = a;
                best[1] = b;
            }
        }
    return most;
}

static void ref_train(ref_bpe *r, ref_word *word, int words, int entries, int64_t min_frequency)
{
    while (r->entries < entries) {
        int32_t p[2] = {0, 0};
        char joined[2 * REF_LEN];
        bool known = false;
        if (ref_best(word, words, p) < min_frequency)
            return;
        memcpy(joined, r->entry[p[0]], r->len[p[0]]);
        memcpy(joined + r->len[p[0]], r->entry[p[1]], r->len[p[1]]);
        int id = ref_entry(r, joined, r->len[p[0]] + r->len[p[1]]);
        for (int m = 0; m < r->merges; m++)
            known |= r->merge[m].left == p[0] && r->merge[m].right == p[1];
        if (!known)
            r->merge[r->merges++] = (eid_bpe_merge){p[0], p[1], id};
        for (int w = 0; w < words; w++)
            ref_merge_word(&word[w], p[0], p[1], id);
    }
}

/* One pre-token: the pair of lowest rank, the leftmost of it, until none is left. */
static int ref_encode(const eid_bpe *b, const uint8_t *bytes, size_t n, int32_t *id)
{
    int len = (int)n;

    for (int i = 0; i < len; i++)
        id[i] = b->byte_id[bytes[i]];
    for (;;) {
        int at = -1;
        size_t best = b->merges;
        for (int i = 0; i + 1 < len; i++)
            for (size_t m = 0; m < best; m++)
                if (b->merge[m].left == id[i] && b->merge[m].right == id[i + 1]) {
                    best = m;
                    at = i;
                }
        if (at < 0)
            return len;
        id[at] = b->merge[best].id;
        memmove(id + at + 1, id + at + 2, (size_t)(len - at - 2) * sizeof *id);
        len--;
    }
}
#endif
