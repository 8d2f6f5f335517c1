/* build.c - documents in, one index file out: count, code, sort, write. */
#include "index/build.h"
#include "base/ctx.h"
#include "base/hash.h"
#include "index/code.h"
#include "index/format.h"
#include "index/sort.h"
#include "par/par.h"
#include <inttypes.h>

enum {
    WIDE_FROM = INT32_MAX, /* coded bytes that no longer fit the 32-bit sorter */
    TABLE_FROM = 1 << 20,  /* text whose suffixes outweigh the prefix table */
    TASK = 1 << 18,        /* entries decoded at a time */
    CHUNK = 1 << 18        /* bytes written at a time */
};

typedef struct build {
    eid_ctx *ctx;
    const eid_corpus *c;
    const char *path;
    int64_t docs, n;
    size_t name_bytes;
    bool wide, with_prefixes;
    int64_t *before; /* INDEX_PREFIXES + 1: see the prefix table */
    index_code code;
    uint8_t *coded;
    index_rank *rank;
    void *sa; /* int32_t or int64_t, code.size of them */
    char sha256[65];
} build;

/* Counts each byte with what follows it, and hashes the text on the way. */
static eid_status survey(build *b)
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
static eid_status check_memory(build *b)
{
    int64_t size = b->code.size, entry = b->wide ? 8 : 4;
    int64_t bound = eid_ctx_memory(b->ctx), need;
    if (__builtin_mul_overflow(size, entry + 1, &need) ||
        __builtin_add_overflow(need, size / 4 + 64, &need))
        need = INT64_MAX;
    if (need > bound)
        return eid_fail(EID_ENOMEM,
                        "%s: indexing %" PRId64 " bytes of text takes %" PRId64
                        " bytes of memory, the bound is %" PRId64,
                        b->path, b->n, need, bound);
    return EID_OK;
}

static eid_status sort_suffixes(build *b)
{
    eid_status st = EID_OK;
    size_t size = (size_t)b->code.size;

    EID_TRY(check_memory(b));
    EID_TRY(EID_NEW(b->coded, size));
    EID_TRY(EID_NEW(b->rank, size / 64 + 1));
    EID_TRY(eid_new(&b->sa, size, b->wide ? 8 : 4));
    index_encode(&b->code, b->c, b->coded, b->rank);
    EID_TRY(eid_tick(b->ctx, "sorting", "bytes", 0, b->n));
    EID_TRY(index_sort(b->coded, b->sa, b->code.size, b->wide));
    EID_TRY(eid_tick(b->ctx, "sorting", "bytes", b->n, b->n));
done:
    eid_free(b->coded); /* before the file is written: the system may want the pages */
    b->coded = NULL;
    return st;
}

static eid_status decode_task(void *arg, int64_t task, int worker)
{
    build *b = arg;
    int64_t from = task * TASK, to = from + TASK < b->code.size ? from + TASK : b->code.size;
    int32_t *narrow = b->sa;
    int64_t *broad = b->sa;
    (void)worker;
    for (int64_t i = from; i < to; i++)
        if (b->wide)
            broad[i] = index_decode(b->rank, broad[i]);
        else
            narrow[i] = (int32_t)index_decode(b->rank, narrow[i]);
    return EID_OK;
}

/* ---- writing --------------------------------------------------------------------------------- */

typedef struct section {
    index_kind kind;
    uint64_t at, size;
} section;

/* Where everything goes; returns the file's size. */
static uint64_t lay_out(const build *b, section *s, size_t *n_sections)
{
    const uint64_t sizes[INDEX_KINDS] = {
        [INDEX_DOCUMENTS] = 16 * ((uint64_t)b->docs + 1),
        [INDEX_NAMES] = b->name_bytes,
        [INDEX_TEXT] = (uint64_t)b->n,
        [INDEX_SUFFIXES] = (uint64_t)b->n * (b->wide ? 5 : 4),
        [INDEX_PREFIX_TABLE] = 8 * (uint64_t)(INDEX_PREFIXES + 1),
    };
    size_t count = b->with_prefixes ? 5 : 4;
    uint64_t at = INDEX_HEADER + count * INDEX_ENTRY;
    for (size_t i = 0; i < count; i++) {
        at = (at + INDEX_ALIGN - 1) / INDEX_ALIGN * INDEX_ALIGN;
        s[i] = (section){(index_kind)(i + 1), at, sizes[i + 1]};
        at += s[i].size;
    }
    *n_sections = count;
    return at;
}

static eid_status write_header(const build *b, eid_out *f, const section *s, size_t n_sections,
                               uint64_t file_size)
{
    uint8_t head[INDEX_HEADER + (INDEX_KINDS - 1) * INDEX_ENTRY] = {0};
    uint8_t *table = head + INDEX_HEADER;
    memcpy(head, INDEX_MAGIC, 8);
    index_put32(head + 8, INDEX_VERSION);
    index_put32(head + 12, (uint32_t)n_sections);
    index_put64(head + 16, file_size);
    index_put64(head + 24, (uint64_t)b->docs);
    index_put64(head + 32, (uint64_t)b->n);
    for (int i = 0; i < 32; i++) {
        const char *digits = "0123456789abcdef";
        head[40 + i] = (uint8_t)((strchr(digits, b->sha256[2 * i]) - digits) << 4 |
                                 (strchr(digits, b->sha256[2 * i + 1]) - digits));
    }
    index_put64(head + 72, INDEX_HEADER);
    for (size_t i = 0; i < n_sections; i++) {
        index_put32(table + i * INDEX_ENTRY, s[i].kind);
        index_put64(table + i * INDEX_ENTRY + 8, s[i].at);
        index_put64(table + i * INDEX_ENTRY + 16, s[i].size);
    }
    index_put64(head + 88, eid_hash64(head, 88, eid_hash64(table, n_sections * INDEX_ENTRY, 0)));
    return eid_out_write(f, head, INDEX_HEADER + n_sections * INDEX_ENTRY);
}

static eid_status write_documents(const build *b, eid_out *f)
{
    uint64_t text = 0, name = 0;
    for (int64_t d = 0; d <= b->docs; d++) {
        uint8_t entry[16];
        index_put64(entry, text);
        index_put64(entry + 8, name);
        eid_status st = eid_out_write(f, entry, sizeof entry);
        if (st != EID_OK || d == b->docs)
            return st;
        eid_document doc = eid_corpus_doc(b->c, (size_t)d);
        text += doc.size;
        name += strlen(doc.name) + 1;
    }
    return EID_OK;
}

static eid_status write_names_or_text(const build *b, eid_out *f, bool names)
{
    eid_status st = EID_OK;
    for (int64_t d = 0; d < b->docs && st == EID_OK; d++) {
        eid_document doc = eid_corpus_doc(b->c, (size_t)d);
        if (names)
            st = eid_out_write(f, doc.name, strlen(doc.name) + 1);
        else if (doc.size)
            st = eid_out_write(f, doc.bytes, doc.size);
    }
    return st;
}

static eid_status write_suffixes(const build *b, eid_out *f)
{
    eid_status st = EID_OK;
    uint8_t *chunk = NULL;
    size_t fill = 0;
    int64_t kept = 0;

    EID_TRY(EID_NEW(chunk, CHUNK));
    for (int64_t i = 0; i < b->code.size; i++) {
        int64_t at = b->wide ? ((int64_t *)b->sa)[i] : ((int32_t *)b->sa)[i];
        if (at < 0)
            continue;
        index_put32(chunk + fill, (uint32_t)at);
        fill += 4;
        if (b->wide)
            chunk[fill++] = (uint8_t)(at >> 32);
        if (fill + 5 > CHUNK) {
            EID_TRY(eid_out_write(f, chunk, fill));
            fill = 0;
        }
        if (++kept % (1 << 22) == 0)
            EID_TRY(eid_tick(b->ctx, "writing", "suffixes", kept, b->n));
    }
    EID_TRY(eid_out_write(f, chunk, fill));
    if (kept != b->n)
        st =
            eid_fail(EID_EINTERNAL, "index: %" PRId64 " suffixes of %" PRId64 " bytes", kept, b->n);
    else
        st = eid_tick(b->ctx, "writing", "suffixes", b->n, b->n);
done:
    eid_free(chunk);
    return st;
}

static eid_status write_prefixes(const build *b, eid_out *f)
{
    eid_status st = EID_OK;
    for (size_t i = 0; i <= INDEX_PREFIXES && st == EID_OK; i++) {
        uint8_t entry[8];
        index_put64(entry, (uint64_t)b->before[i]);
        st = eid_out_write(f, entry, sizeof entry);
    }
    return st;
}

static eid_status write_file(const build *b)
{
    static const uint8_t zeros[INDEX_ALIGN];
    eid_status st = EID_OK;
    eid_out *f = NULL;
    section s[INDEX_KINDS];
    size_t n_sections;
    uint64_t size = lay_out(b, s, &n_sections);
    uint64_t at = INDEX_HEADER + n_sections * INDEX_ENTRY;

    EID_TRY(eid_out_open(&f, b->path));
    EID_TRY(write_header(b, f, s, n_sections, size));
    for (size_t i = 0; i < n_sections; i++) {
        EID_TRY(eid_out_write(f, zeros, (size_t)(s[i].at - at)));
        switch (s[i].kind) {
        case INDEX_DOCUMENTS:
            EID_TRY(write_documents(b, f));
            break;
        case INDEX_NAMES:
        case INDEX_TEXT:
            EID_TRY(write_names_or_text(b, f, s[i].kind == INDEX_NAMES));
            break;
        case INDEX_SUFFIXES:
            EID_TRY(write_suffixes(b, f));
            break;
        default:
            EID_TRY(write_prefixes(b, f));
        }
        at = s[i].at + s[i].size;
    }
    EID_TRY(eid_out_commit(&f));
done:
    eid_out_abort(&f);
    return st;
}

eid_status index_build_as(eid_ctx *ctx, const eid_corpus *c, const char *path, bool wide,
                          bool prefixes)
{
    eid_status st = EID_OK;
    build b = {.ctx = ctx,
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
    EID_TRY(eid_par_for(ctx, (b.code.size + TASK - 1) / TASK, decode_task, &b));
    EID_TRY(write_file(&b));
done:
    eid_free(b.before);
    eid_free(b.coded);
    eid_free(b.rank);
    eid_free(b.sa);
    return st;
}

eid_status eid_index_build(eid_ctx *ctx, const eid_corpus *c, const char *path)
{
    return index_build_as(ctx, c, path, false, eid_corpus_bytes(c) >= TABLE_FROM);
}
