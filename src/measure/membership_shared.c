/* membership_shared.c - windows whose text some other held-out document holds, too. */
#include "measure/membership.h"
#include <string.h>

/* Windows by the hash of their tokens: open addressing, `slot` holds a window's number + 1; windows
 * with equal hashes are chained by `next`. */
typedef struct table {
    size_t mask, *slot, *next;
    uint64_t *hash;
} table;

#define BASE UINT64_C(0x9E3779B97F4A7C15) /* odd, so that every token of a window counts */

/* Sum of (tok[i] + 1) BASE^(n-1-i): rolls along a document in two products a token. */
static uint64_t hash_of(const int32_t *tok, int64_t n)
{
    uint64_t h = 0;
    for (int64_t i = 0; i < n; i++)
        h = h * BASE + (uint64_t)tok[i] + 1;
    return h;
}

static size_t find(const table *t, uint64_t hash)
{
    size_t at = (hash ^ hash >> 29) & t->mask;
    while (t->slot[at] && t->hash[t->slot[at] - 1] != hash)
        at = (at + 1) & t->mask;
    return at;
}

static eid_status table_new(table *t, const eid_window *w, size_t n, int64_t tokens)
{
    eid_status st = EID_OK;
    size_t size = 16;
    while (size < 4 * n)
        size *= 2;
    t->mask = size - 1;
    EID_TRY(EID_NEW(t->slot, size));
    EID_TRY(EID_NEW(t->next, n));
    EID_TRY(EID_NEW(t->hash, n));
    for (size_t i = 0; i < n; i++) {
        t->hash[i] = hash_of(w[i].tok, tokens);
        size_t at = find(t, t->hash[i]);
        t->next[i] = t->slot[at];
        t->slot[at] = i + 1;
    }
done:
    return st;
}

/* Marks the windows that stand at tok[0..tokens) of document doc. */
static void mark(const table *t, uint64_t hash, const int32_t *tok, int64_t tokens, int64_t doc,
                 const eid_window *w, bool own, bool *shared)
{
    for (size_t i = t->slot[find(t, hash)]; i; i = t->next[i - 1])
        if (!(own && w[i - 1].at.document == doc) &&
            memcmp(w[i - 1].tok, tok, (size_t)tokens * sizeof *tok) == 0)
            shared[i - 1] = true;
}

eid_status eid_windows_shared(eid_ctx *ctx, const eid_tokens *docs, int64_t tokens,
                              const eid_window *w, size_t n, bool own, bool *shared)
{
    eid_status st = EID_OK;
    table t = {0};
    uint64_t power = 1;

    EID_TRY(table_new(&t, w, n, tokens));
    for (int64_t i = 0; i < tokens; i++)
        power *= BASE;
    for (size_t doc = 0; doc < docs->docs; doc++) {
        const int32_t *tok = docs->id + docs->start[doc];
        int64_t size = docs->start[doc + 1] - docs->start[doc];
        if (doc % 64 == 0)
            EID_TRY(
                eid_tick(ctx, "comparing samples", "documents", (int64_t)doc, (int64_t)docs->docs));
        if (size < tokens)
            continue;
        uint64_t hash = hash_of(tok, tokens);
        for (int64_t at = 0;; at++) {
            mark(&t, hash, tok + at, tokens, (int64_t)doc, w, own, shared);
            if (at + tokens == size)
                break;
            hash = hash * BASE + (uint64_t)tok[at + tokens] + 1 - ((uint64_t)tok[at] + 1) * power;
        }
    }
done:
    eid_free(t.slot);
    eid_free(t.next);
    eid_free(t.hash);
    return st;
}
