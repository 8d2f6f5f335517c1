/* format.h - the bytes of one index file, a shard, and the open file.
 *
 * All numbers are unsigned and little-endian.  A section begins at a multiple of 64 bytes; what
 * lies between sections is zero and not read.
 *
 *     header, 96 bytes
 *        0   8  magic "EIDINDEX"
 *        8   4  version, 1
 *       12   4  number of sections, S
 *       16   8  size of the file
 *       24   8  documents
 *       32   8  bytes of text
 *       40  32  SHA-256 of the text: all documents one after the other
 *       72   8  where the section table stands
 *       80   8  zero
 *       88   8  eid_hash64 of the section table, then (as its seed) of bytes 0..87 of the header
 *
 *     section table, S entries of 32 bytes
 *        0   4  kind
 *        4   4  zero
 *        8   8  where it stands
 *       16   8  its size
 *       24   8  zero
 *
 *     sections, by kind; D documents and n bytes of text in the shard
 *        1  documents: D + 1 pairs of 8 + 8 bytes: where the text of document d begins in section
 *           3, where its name begins in section 2.  Ascending; the last pair holds both sizes.
 *
 *        2  names: each ends with a NUL
 *
 *        3  text: the documents one after the other, as they are, nothing between them
 *
 *        4  suffixes: n entries of 4 bytes (n up to 2^32) or 5: every place in the text once, in
 *           the order of what follows there up to the document's end.  Bytes compare as unsigned,
 *           a beginning of another sorts first; where two are equal the documents after them
 *           decide in the same way, and the text's end sorts first.
 *
 *        5  prefixes (optional): 256 * 257 + 1 entries of 8 bytes.  Entry 257 a + s tells how many
 *           suffixes sort before those that begin with byte a and go on with: for s = 0 the
 *           document's end, for s = b + 1 the byte b.  The last entry is n.
 *
 * A larger corpus is several such files in a folder, see manifest.h.  Readers refuse versions they
 * do not know and skip kinds they do not know. */
#ifndef EID_INDEX_FORMAT_H
#define EID_INDEX_FORMAT_H
#include "base/file.h"
#include "eidetic/index.h"
#include <endian.h>
#include <string.h>

#define INDEX_MAGIC "EIDINDEX"

enum {
    INDEX_VERSION = 1,
    INDEX_HEADER = 96,
    INDEX_ENTRY = 32, /* of the section table */
    INDEX_ALIGN = 64,
    INDEX_SYMBOLS = 257,                  /* a byte, or the document's end before it */
    INDEX_PREFIXES = 256 * INDEX_SYMBOLS, /* and one more for the end */
};

typedef enum index_kind {
    INDEX_DOCUMENTS = 1,
    INDEX_NAMES,
    INDEX_TEXT,
    INDEX_SUFFIXES,
    INDEX_PREFIX_TABLE,
    INDEX_KINDS
} index_kind;

static inline uint32_t index_get32(const uint8_t *p)
{
    uint32_t x;
    memcpy(&x, p, sizeof x);
    return le32toh(x);
}
static inline uint64_t index_get64(const uint8_t *p)
{
    uint64_t x;
    memcpy(&x, p, sizeof x);
    return le64toh(x);
}
static inline void index_put32(uint8_t *p, uint32_t x)
{
    x = htole32(x);
    memcpy(p, &x, sizeof x);
}
static inline void index_put64(uint8_t *p, uint64_t x)
{
    x = htole64(x);
    memcpy(p, &x, sizeof x);
}

typedef struct index_shard {
    eid_map map;
    char *path;
    char sha256[65];
    int64_t docs, n;
    const uint8_t *table; /* the documents section */
    const char *names;
    const uint8_t *text;
    const uint8_t *suffixes;
    int width;               /* bytes of an entry of suffixes */
    const uint8_t *prefixes; /* or NULL */
    /* doc_of in a step or two: block b's first byte lies in document block_doc[b]; one more at the
     * end, so that block b's bytes lie in documents block_doc[b] .. block_doc[b + 1]. */
    int block_shift;
    uint32_t *block_doc;
} index_shard;

/* Maps and checks a file; close it in either case, a zeroed one is fine. */
eid_status index_shard_open(index_shard *ix, const char *path);
void index_shard_close(index_shard *ix);
eid_status index_shard_verify(const index_shard *ix, eid_ctx *ctx);

/* The file's documents are checked when it is opened: ascending, within the text. */
static inline int64_t index_doc_start(const index_shard *ix, int64_t doc)
{
    return (int64_t)index_get64(ix->table + 16 * (size_t)doc);
}

/* The document that byte `at` lies in; 0 <= at < n. */
static inline int64_t index_doc_of(const index_shard *ix, int64_t at)
{
    int64_t block = at >> ix->block_shift;
    int64_t lo = ix->block_doc[block], hi = ix->block_doc[block + 1];
    while (lo < hi) { /* the last document that begins at or before `at` */
        int64_t mid = lo + (hi - lo + 1) / 2;
        if (index_doc_start(ix, mid) <= at)
            lo = mid;
        else
            hi = mid - 1;
    }
    return lo;
}

/* Bytes left from `at` to its document's end; 0 for at = n, which is no place. */
static inline int64_t index_left(const index_shard *ix, int64_t at)
{
    return at < ix->n ? index_doc_start(ix, index_doc_of(ix, at) + 1) - at : 0;
}

/* Entry i of the suffix array, 0 <= i < n.  An entry that points outside the text reads as n. */
static inline int64_t index_suffix(const index_shard *ix, int64_t i)
{
    uint64_t at;
    if (ix->width == 4) {
        at = index_get32(ix->suffixes + 4 * (size_t)i);
    } else {
        const uint8_t *p = ix->suffixes + 5 * (size_t)i;
        at = index_get32(p) | (uint64_t)p[4] << 32;
    }
    return at < (uint64_t)ix->n ? (int64_t)at : ix->n;
}

/* How many of the first `limit` bytes of a and b are equal. */
static inline size_t index_match(const uint8_t *a, const uint8_t *b, size_t limit)
{
    size_t k = 0;
    for (; k + 8 <= limit; k += 8) {
        uint64_t x = index_get64(a + k) ^ index_get64(b + k);
        if (x)
            return k + (size_t)__builtin_ctzll(x) / 8;
    }
    while (k < limit && a[k] == b[k])
        k++;
    return k;
}
#endif
