/* shard.c - a file is believed only after every size in it has been checked. */
#include "base/ctx.h"
#include "base/hash.h"
#include "index/format.h"
#include <inttypes.h>

typedef struct span {
    const uint8_t *at; /* NULL: no such section */
    uint64_t size;
} span;

static eid_status damaged(const index_shard *ix, const char *what)
{
    return eid_fail(EID_EFORMAT, "%s: damaged index: %s", ix->path, what);
}

/* Magic, version, size, checksum. */
static eid_status check_header(const index_shard *ix)
{
    const uint8_t *h = ix->map.at;
    size_t n = ix->map.n;
    if (n < 8 || memcmp(h, INDEX_MAGIC, 8) != 0)
        return eid_fail(EID_EFORMAT, "%s: not an index (it does not begin with \"%s\")", ix->path,
                        INDEX_MAGIC);
    if (n < INDEX_HEADER)
        return eid_fail(EID_EFORMAT, "%s: truncated index: %zu bytes, the header alone has %d",
                        ix->path, n, INDEX_HEADER);
    if (index_get32(h + 8) != INDEX_VERSION)
        return eid_fail(EID_EUNSUPPORTED, "%s: index version %" PRIu32 ", this program reads %d",
                        ix->path, index_get32(h + 8), INDEX_VERSION);
    if (index_get64(h + 16) != n)
        return eid_fail(EID_EFORMAT, "%s: %s index: %zu bytes, its header says %" PRIu64, ix->path,
                        n < index_get64(h + 16) ? "truncated" : "damaged", n, index_get64(h + 16));
    uint64_t sections = index_get32(h + 12), at = index_get64(h + 72);
    if (at < INDEX_HEADER || at > n || sections > (n - at) / INDEX_ENTRY)
        return damaged(ix, "the section table lies outside the file");
    if (index_get64(h + 88) !=
        eid_hash64(h, 88, eid_hash64(h + at, (size_t)sections * INDEX_ENTRY, 0)))
        return damaged(ix,
                       "header and section table do not have the checksum they were written with");
    return EID_OK;
}

static eid_status find_sections(const index_shard *ix, span found[INDEX_KINDS])
{
    const uint8_t *h = ix->map.at;
    for (uint32_t s = 0; s < index_get32(h + 12); s++) {
        const uint8_t *e = h + index_get64(h + 72) + (size_t)s * INDEX_ENTRY;
        uint32_t kind = index_get32(e);
        uint64_t at = index_get64(e + 8), size = index_get64(e + 16);
        if (index_get32(e + 4) != 0)
            return eid_fail(EID_EUNSUPPORTED, "%s: written by a later version of this program",
                            ix->path);
        if (at > ix->map.n || size > ix->map.n - at)
            return damaged(ix, "a section lies outside the file");
        if (kind < 1 || kind >= INDEX_KINDS)
            continue;
        if (found[kind].at)
            return damaged(ix, "two sections of one kind");
        found[kind] = (span){h + at, size};
    }
    for (int kind = INDEX_DOCUMENTS; kind <= INDEX_SUFFIXES; kind++)
        if (!found[kind].at)
            return damaged(ix, "a section is missing");
    return EID_OK;
}

/* The sections' sizes against the header's counts and each other. */
static eid_status check_sizes(index_shard *ix, const span found[INDEX_KINDS])
{
    const uint8_t *h = ix->map.at;
    uint64_t docs = index_get64(h + 24), n = index_get64(h + 32);
    if (docs < 1 || docs >= UINT32_MAX || found[INDEX_DOCUMENTS].size != 16 * (docs + 1))
        return damaged(ix, "the document table does not have the header's number of documents");
    if (found[INDEX_TEXT].size != n)
        return damaged(ix, "the text does not have the header's number of bytes");
    ix->width = found[INDEX_SUFFIXES].size == 4 * n ? 4 : 5; /* n < 2^63 / 5: it is in the file */
    if (found[INDEX_SUFFIXES].size != (uint64_t)ix->width * n)
        return damaged(ix, "the suffix array does not fit the text");
    ix->docs = (int64_t)docs;
    ix->n = (int64_t)n;
    ix->table = found[INDEX_DOCUMENTS].at;
    ix->names = (const char *)found[INDEX_NAMES].at;
    ix->text = found[INDEX_TEXT].at;
    ix->suffixes = found[INDEX_SUFFIXES].at;
    ix->prefixes = found[INDEX_PREFIX_TABLE].at;
    if (ix->prefixes && found[INDEX_PREFIX_TABLE].size != 8 * (uint64_t)(INDEX_PREFIXES + 1))
        return damaged(ix, "the prefix table has the wrong size");
    return EID_OK;
}

static eid_status check_documents(const index_shard *ix, uint64_t name_bytes)
{
    uint64_t text = 0, name = 0;
    for (int64_t d = 0; d <= ix->docs; d++) {
        uint64_t t = index_get64(ix->table + 16 * (size_t)d);
        uint64_t m = index_get64(ix->table + 16 * (size_t)d + 8);
        bool fits = d == 0 ? t == 0 && m == 0
                           : t >= text && t <= (uint64_t)ix->n && m > name && m <= name_bytes;
        if (!fits || (d > 0 && ix->names[m - 1] != '\0'))
            return eid_fail(EID_EFORMAT, "%s: damaged index: document table, entry %" PRId64,
                            ix->path, d);
        text = t;
        name = m;
    }
    if (text != (uint64_t)ix->n || name != name_bytes)
        return damaged(ix, "the document table does not end where text and names do");
    return EID_OK;
}

static eid_status check_prefixes(const index_shard *ix)
{
    uint64_t last = 0;
    for (size_t i = 0; ix->prefixes && i <= INDEX_PREFIXES; i++) {
        uint64_t x = index_get64(ix->prefixes + 8 * i);
        if (x < last || (i == 0 && x != 0))
            return damaged(ix, "the prefix table does not ascend");
        last = x;
    }
    if (ix->prefixes && last != (uint64_t)ix->n)
        return damaged(ix, "the prefix table does not end at the text's size");
    return EID_OK;
}

/* Blocks of about two documents each, so that finding a place's document takes a step or two. */
static eid_status make_blocks(index_shard *ix)
{
    ix->block_shift = 6;
    while (ix->n >> ix->block_shift > ix->docs / 2)
        ix->block_shift++;
    int64_t blocks = (ix->n >> ix->block_shift) + 1, doc = 0;
    eid_status st = EID_NEW(ix->block_doc, blocks + 1);
    if (st != EID_OK)
        return st;
    for (int64_t b = 0; b < blocks; b++) {
        int64_t at = b << ix->block_shift;
        while (doc + 1 < ix->docs && index_doc_start(ix, doc + 1) <= at)
            doc++;
        ix->block_doc[b] = (uint32_t)doc;
    }
    ix->block_doc[blocks] = (uint32_t)(ix->docs - 1);
    return EID_OK;
}

eid_status index_shard_open(index_shard *ix, const char *path)
{
    eid_status st = EID_OK;
    span found[INDEX_KINDS] = {{0}};

    *ix = (index_shard){0};
    EID_TRY(eid_strdup(&ix->path, path));
    EID_TRY(eid_map_open(&ix->map, path));
    EID_TRY(check_header(ix));
    EID_TRY(find_sections(ix, found));
    EID_TRY(check_sizes(ix, found));
    EID_TRY(check_documents(ix, found[INDEX_NAMES].size));
    EID_TRY(check_prefixes(ix));
    EID_TRY(make_blocks(ix));
    for (int i = 0; i < 64; i++)
        ix->sha256[i] = "0123456789abcdef"[ix->map.at[40 + i / 2] >> (i % 2 ? 0 : 4) & 15];
done:
    return st;
}

void index_shard_close(index_shard *ix)
{
    eid_map_close(&ix->map);
    eid_free(ix->block_doc);
    eid_free(ix->path);
    *ix = (index_shard){0};
}
