/* build.c - documents in, one index file out: count, code, sort; write.c writes. */
#include "index/build.h"
#include "base/hash.h"
#include "index/building.h"
#include "index/leave.h"
#include <inttypes.h>

enum {
    WIDE_FROM = INT32_MAX, /* coded bytes that no longer fit the 32-bit sorter */
    TABLE_FROM = 1 << 20   /* text whose suffixes outweigh the prefix table */
};

/* Counts each byte with what follows it, and hashes the text on the way. */
static eid_status survey(index_building *b)
{
    eid_status st = EID_OK;
    eid_sha256 *hash = NULL;
    int64_t freq[256], done = 0, sum = 0;

    EID_TRY(EID_NEW(b->before, INDEX_PREFIXES + 1));
    EID_TRY(eid_sha256_new(&hash));
    for (int64_t d = 0; d < b->docs; d++) {
        eid_document doc = eid_corpus_doc(b->c, (size_t)d);
        for (size_t i = 0; i < doc.size; i++) {
            size_t next = i + 1 < doc.size ? 1u + doc.bytes[i + 1] : 0;
            b->before[doc.bytes[i] * (size_t)INDEX_SYMBOLS + next]++;
        }
        if (doc.size)
            eid_sha256_add(hash, doc.bytes, doc.size);
        b->name_bytes += strlen(doc.name) + 1;
        done += (int64_t)doc.size;
        if (d % 256 == 255)
            EID_TRY(eid_tick(b->ctx, "counting", "bytes", done, b->n));
    }
    eid_sha256_hex(hash, b->sha256);
    for (int a = 0; a < 256; a++) {
        freq[a] = -sum;
        for (int s = 0; s < INDEX_SYMBOLS; s++) {
            int64_t *entry = &b->before[a * INDEX_SYMBOLS + s], here = *entry;
            *entry = sum;
            sum += here;
        }
        freq[a] += sum;
    }
    b->before[INDEX_PREFIXES] = sum;
    if (sum != b->n)
        st = eid_fail(EID_EINTERNAL, "index: the corpus says %" PRId64 " bytes and holds %" PRId64,
                      b->n, sum);
    b->code = index_code_for(freq, b->docs);
done:
    eid_sha256_free(hash);
    return st;
}

/* What the sort takes, checked before it is taken. */
static eid_status check_memory(index_building *b)
{
    int64_t size = b->code.size, entry = b->wide ? 8 : 4;
    int64_t bound = eid_ctx_memory(b->ctx), need;
    if (__builtin_mul_overflow(size, entry + 1, &need) ||
        __builtin_add_overflow(need, index_rank_bytes(size), &need))
        need = INT64_MAX;
    if (need > bound)
        return eid_fail(EID_ENOMEM,
                        "%s: indexing %" PRId64 " bytes of text takes %" PRId64
                        " bytes of memory, the bound is %" PRId64
                        "; raise --memory, or build a folder of shards",
                        b->path, b->n, need, bound);
    return EID_OK;
}

static eid_status sort_suffixes(index_building *b)
{
    eid_status st = EID_OK;
    size_t size = (size_t)b->code.size;

    EID_TRY(check_memory(b));
    EID_TRY(EID_NEW(b->coded, size));
    EID_TRY(index_rank_new(&b->rank, b->code.size));
    EID_TRY(eid_new(&b->sa, size, b->wide ? 8 : 4));
    index_encode(&b->code, b->c, b->coded, &b->rank);
    EID_TRY(eid_tick(b->ctx, "sorting", "bytes", 0, b->n));
    EID_TRY(index_sort_or_leave(b->ctx, &b->coded, &b->sa, b->code.size, b->wide));
    EID_TRY(eid_tick(b->ctx, "sorting", "bytes", b->n, b->n));
done:
    eid_free(b->coded); /* before the file is written: the system may want the pages */
    b->coded = NULL;
    return st;
}

eid_status index_build_as(eid_ctx *ctx, const eid_corpus *c, const char *path, bool wide,
                          bool prefixes)
{
    eid_status st = EID_OK;
    index_building b = {.ctx = ctx,
                        .c = c,
                        .path = path,
                        .docs = (int64_t)eid_corpus_size(c),
                        .n = eid_corpus_bytes(c),
                        .wide = wide,
                        .with_prefixes = prefixes};

    if (b.docs == 0)
        return eid_fail(EID_EINVAL, "%s: no documents to index", path);
    if (b.docs >= UINT32_MAX)
        return eid_fail(EID_EUNSUPPORTED, "%s: %" PRId64 " documents, one index holds %u", path,
                        b.docs, UINT32_MAX - 1);
    EID_TRY(survey(&b));
    if (b.code.size > WIDE_FROM)
        b.wide = true;
    EID_TRY(sort_suffixes(&b));
    EID_TRY(index_write(&b));
done:
    eid_free(b.before);
    eid_free(b.coded);
    index_rank_free(&b.rank);
    eid_free(b.sa);
    return st;
}

eid_status eid_index_build(eid_ctx *ctx, const eid_corpus *c, const char *path)
{
    return index_build_as(ctx, c, path, false, eid_corpus_bytes(c) >= TABLE_FROM);
}
