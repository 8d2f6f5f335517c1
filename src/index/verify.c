/* verify.c - reading a whole index to see whether it is one.
 *
 * The suffix array is right if each place stands in it once, first bytes ascend, and wherever two
 * neighbours begin with the same byte, what follows them is in order too: looked up in the inverse
 * array, so that no comparison runs down the text (Burkhardt and Karkkainen 2003). */
#include "base/ctx.h"
#include "base/hash.h"
#include "index/format.h"
#include <inttypes.h>

static eid_status check_text(const index_shard *ix, eid_ctx *ctx)
{
    enum { STEP = 1 << 24 };
    eid_status st = EID_OK;
    eid_sha256 *hash = NULL;
    char hex[65];

    EID_TRY(eid_sha256_new(&hash));
    for (int64_t at = 0; at < ix->n; at += STEP) {
        int64_t n = ix->n - at < STEP ? ix->n - at : STEP;
        eid_sha256_add(hash, ix->text + at, (size_t)n);
        EID_TRY(eid_tick(ctx, "hashing", "bytes", at + n, ix->n));
    }
    eid_sha256_hex(hash, hex);
    if (memcmp(hex, ix->sha256, 64) != 0)
        st = eid_fail(EID_EFORMAT, "%s: damaged index: the text's SHA-256 is %s, was %s", ix->path,
                      hex, ix->sha256);
done:
    eid_sha256_free(hash);
    return st;
}

/* rank[p] - 1: where place p stands in the array; 0: not met. */
static eid_status invert(const index_shard *ix, int64_t *rank)
{
    for (int64_t i = 0; i < ix->n; i++) {
        int64_t at = index_suffix(ix, i);
        if (at == ix->n || rank[at] != 0)
            return eid_fail(EID_EFORMAT, "%s: damaged index: suffix %" PRId64 " %s", ix->path, i,
                            at == ix->n ? "lies outside the text" : "stands there twice");
        rank[at] = i + 1;
    }
    return EID_OK;
}

static bool in_order(const index_shard *ix, const int64_t *rank, int64_t a, int64_t b)
{
    if (ix->text[a] != ix->text[b])
        return ix->text[a] < ix->text[b];
    if (index_left(ix, a) == 1)
        return true;
    return index_left(ix, b) > 1 && rank[a + 1] < rank[b + 1];
}

static bool table_holds(const index_shard *ix, int64_t i, int64_t at)
{
    if (!ix->prefixes)
        return true;
    size_t s = index_left(ix, at) > 1 ? 1u + ix->text[at + 1] : 0;
    const uint8_t *entry = ix->prefixes + 8 * (ix->text[at] * (size_t)INDEX_SYMBOLS + s);
    return (int64_t)index_get64(entry) <= i && i < (int64_t)index_get64(entry + 8);
}

eid_status index_shard_verify(const index_shard *ix, eid_ctx *ctx)
{
    eid_status st = EID_OK;
    int64_t *rank = NULL, bound = eid_ctx_memory(ctx);

    EID_TRY(check_text(ix, ctx));
    if (ix->n > bound / 8)
        return eid_fail(EID_ENOMEM,
                        "%s: verifying takes %" PRId64
                        " x 8 bytes of memory, the bound is %" PRId64,
                        ix->path, ix->n, bound);
    EID_TRY(EID_NEW(rank, ix->n));
    EID_TRY(invert(ix, rank));
    for (int64_t i = 0; i < ix->n; i++) {
        int64_t at = index_suffix(ix, i);
        if ((i > 0 && !in_order(ix, rank, index_suffix(ix, i - 1), at)) ||
            !table_holds(ix, i, at)) {
            st = eid_fail(EID_EFORMAT, "%s: damaged index: suffix %" PRId64 " is out of order",
                          ix->path, i);
            goto done;
        }
        if (i % (1 << 22) == 0)
            EID_TRY(eid_tick(ctx, "verifying", "suffixes", i, ix->n));
    }
    EID_TRY(eid_tick(ctx, "verifying", "suffixes", ix->n, ix->n));
done:
    eid_free(rank);
    return st;
}
