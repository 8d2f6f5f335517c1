/* write.c - the index file: sections in order, suffixes decoded on the way out. */
#include "base/hash.h"
#include "index/building.h"
#include "par/par.h"
#include <errno.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    TASK = 1 << 19,  /* entries of a task: 2 MiB or 4, whole huge pages to give back */
    CHUNK = 1 << 15, /* entries decoded at a time: what is written is still in the cache */
    PAGE = 4096
};

typedef struct section {
    index_kind kind;
    uint64_t at, size;
} section;

/* Where everything goes; returns the file's size. */
static uint64_t lay_out(const index_building *b, section *s, size_t *n_sections)
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

static eid_status write_header(const index_building *b, eid_out *f, const section *s,
                               size_t n_sections, uint64_t file_size)
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

static eid_status write_documents(const index_building *b, eid_out *f)
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

static eid_status write_names_or_text(const index_building *b, eid_out *f, bool names)
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

/* ---- suffixes -------------------------------------------------------------------------------- */

/* A task decodes a run of the sorted places and writes what comes out.  Places that begin no byte
 * come out as nothing, so where its bytes go depends on how many of those lie before. */
typedef struct suffixes {
    index_building *b;
    int fd;
    uint64_t at;     /* of the section */
    int64_t *before; /* entries kept before each task, and of all at the end */
    uint8_t **chunk; /* one per worker */
    int64_t first;   /* task of this round */
} suffixes;

static int64_t task_end(const suffixes *s, int64_t task)
{
    int64_t to = (task + 1) * TASK;
    return to < s->b->code.size ? to : s->b->code.size;
}

static int64_t place(const index_building *b, int64_t i)
{
    int64_t at = b->wide ? ((const int64_t *)b->sa)[i] : ((const int32_t *)b->sa)[i];
    return index_decode(&b->rank, at);
}

static eid_status count_task(void *arg, int64_t task, int worker)
{
    suffixes *s = arg;
    int64_t kept = 0;
    (void)worker;
    for (int64_t i = task * TASK; i < task_end(s, task); i++)
        kept += place(s->b, i) >= 0;
    s->before[task + 1] = kept;
    return EID_OK;
}

/* The documents' ends have the least code, so they are sorted to the front and nothing else is
 * dropped, unless two bytes share a code. */
static eid_status count_kept(suffixes *s, int64_t tasks)
{
    const index_building *b = s->b;
    bool shared = memchr(b->code.second, 1, sizeof b->code.second) != NULL;
    if (shared) {
        eid_status st = eid_par_for(b->ctx, tasks, count_task, s);
        if (st != EID_OK)
            return st;
    }
    for (int64_t t = 0; t < tasks; t++)
        if (shared)
            s->before[t + 1] += s->before[t];
        else
            s->before[t + 1] = task_end(s, t) > b->docs ? task_end(s, t) - b->docs : 0;
    if (s->before[tasks] != b->n)
        return eid_fail(EID_EINTERNAL, "index: %" PRId64 " suffixes of %" PRId64 " bytes",
                        s->before[tasks], b->n);
    return EID_OK;
}

/* Decodes entries [from, to) into bytes; answers how many bytes.  Every entry is stored, and one
 * that is dropped is overwritten by the next: there is no branch to guess. */
static size_t decode_narrow(const int32_t *sa, index_rank rank, int64_t n, uint8_t *bytes)
{
    size_t kept = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t at = index_decode(&rank, sa[i]);
        index_put32(bytes + 4 * kept, (uint32_t)at);
        kept += at >= 0;
    }
    return 4 * kept;
}

static size_t decode_wide(const int64_t *sa, index_rank rank, int64_t n, uint8_t *bytes)
{
    size_t kept = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t at = index_decode(&rank, sa[i]);
        index_put32(bytes + 5 * kept, (uint32_t)at);
        bytes[5 * kept + 4] = (uint8_t)(at >> 32);
        kept += at >= 0;
    }
    return 5 * kept;
}

static size_t decode(const index_building *b, int64_t from, int64_t to, uint8_t *bytes)
{
    return b->wide ? decode_wide((const int64_t *)b->sa + from, b->rank, to - from, bytes)
                   : decode_narrow((const int32_t *)b->sa + from, b->rank, to - from, bytes);
}

static eid_status write_at(const suffixes *s, const uint8_t *p, size_t n, uint64_t at)
{
    while (n) {
        ssize_t got = pwrite(s->fd, p, n, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return eid_fail(EID_EIO, "%s.part: %s", s->b->path, strerror(errno));
        p += got;
        n -= (size_t)got;
        at += (uint64_t)got;
    }
    return EID_OK;
}

/* The pages go to the file's copy in the system's memory, which then needs no fresh ones. */
static void give_back(const index_building *b, int64_t from, int64_t to)
{
    size_t each = b->wide ? 8 : 4;
    char *p = (char *)b->sa + (size_t)from * each;
    if (to - from == TASK && (uintptr_t)p % PAGE == 0)
        madvise(p, TASK * each, MADV_DONTNEED);
}

static eid_status write_task(void *arg, int64_t task, int worker)
{
    suffixes *s = arg;
    const index_building *b = s->b;
    task += s->first;
    int64_t end = task_end(s, task);
    uint64_t at = s->at + (uint64_t)s->before[task] * (b->wide ? 5 : 4);
    for (int64_t i = task * TASK; i < end; i += CHUNK) {
        size_t n = decode(b, i, i + CHUNK < end ? i + CHUNK : end, s->chunk[worker]);
        eid_status st = write_at(s, s->chunk[worker], n, at);
        if (st != EID_OK)
            return st;
        at += n;
    }
    give_back(b, task * TASK, end);
    return EID_OK;
}

static eid_status write_suffixes(index_building *b, eid_out *f, const section *where)
{
    enum { ROUND = 64 }; /* tasks between two looks at progress */
    eid_status st = EID_OK;
    int threads = eid_ctx_threads(b->ctx);
    int64_t tasks = (b->code.size + TASK - 1) / TASK;
    suffixes s = {.b = b, .fd = eid_out_fd(f), .at = where->at};

    EID_TRY(EID_NEW(s.before, tasks + 1));
    EID_TRY(EID_NEW(s.chunk, threads));
    for (int t = 0; t < threads; t++)
        EID_TRY(EID_NEW(s.chunk[t], CHUNK * 5));
    EID_TRY(count_kept(&s, tasks));
    EID_TRY(eid_out_flush(f));
    for (; s.first < tasks; s.first += ROUND) {
        int64_t some = tasks - s.first < ROUND ? tasks - s.first : ROUND;
        EID_TRY(eid_tick(b->ctx, "writing", "suffixes", s.before[s.first], b->n));
        EID_TRY(eid_par_for(b->ctx, some, write_task, &s));
    }
    EID_TRY(eid_tick(b->ctx, "writing", "suffixes", b->n, b->n));
    if (lseek(s.fd, (off_t)(where->at + where->size), SEEK_SET) < 0)
        st = eid_fail(EID_EIO, "%s.part: %s", b->path, strerror(errno));
done:
    for (int t = 0; s.chunk && t < threads; t++)
        eid_free(s.chunk[t]);
    eid_free(s.chunk);
    eid_free(s.before);
    return st;
}

static eid_status write_prefixes(const index_building *b, eid_out *f)
{
    eid_status st = EID_OK;
    for (size_t i = 0; i <= INDEX_PREFIXES && st == EID_OK; i++) {
        uint8_t entry[8];
        index_put64(entry, (uint64_t)b->before[i]);
        st = eid_out_write(f, entry, sizeof entry);
    }
    return st;
}

eid_status index_write(index_building *b)
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
            EID_TRY(write_suffixes(b, f, &s[i]));
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
