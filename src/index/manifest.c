/* manifest.c - which files make up an index: read as hostile, written whole. */
#include "index/manifest.h"
#include "base/hash.h"
#include <inttypes.h>

enum { MOST_BYTES = 1 << 30, MOST_PATH = 1 << 16 };

typedef struct reading {
    const char *path;
    const uint8_t *at;
    size_t n;
} reading;

static eid_status damaged(const reading *r, const char *what)
{
    return eid_fail(EID_EFORMAT, "%s: damaged manifest: %s", r->path, what);
}

static eid_status check_header(const reading *r)
{
    const uint8_t *h = r->at;
    if (r->n < 8 || memcmp(h, INDEX_MANIFEST_MAGIC, 8) != 0)
        return eid_fail(EID_EFORMAT, "%s: not an index's manifest (it does not begin with \"%s\")",
                        r->path, INDEX_MANIFEST_MAGIC);
    if (r->n < INDEX_MANIFEST_HEADER)
        return eid_fail(EID_EFORMAT, "%s: truncated manifest: %zu bytes, the header alone has %d",
                        r->path, r->n, INDEX_MANIFEST_HEADER);
    if (index_get32(h + 8) != INDEX_MANIFEST_VERSION)
        return eid_fail(EID_EUNSUPPORTED, "%s: manifest version %" PRIu32 ", this program reads %d",
                        r->path, index_get32(h + 8), INDEX_MANIFEST_VERSION);
    if (index_get64(h + 16) != r->n)
        return eid_fail(EID_EFORMAT, "%s: %s manifest: %zu bytes, its header says %" PRIu64,
                        r->path, r->n < index_get64(h + 16) ? "truncated" : "damaged", r->n,
                        index_get64(h + 16));
    if (index_get64(h + 56) !=
        eid_hash64(h, 56, eid_hash64(h + INDEX_MANIFEST_HEADER, r->n - INDEX_MANIFEST_HEADER, 0)))
        return damaged(r, "it does not have the checksum it was written with");
    return EID_OK;
}

static eid_status read_shards(index_manifest *m, const reading *r, size_t *at)
{
    uint64_t shards = index_get32(r->at + 12);
    if (shards < 1 || shards > INDEX_MOST_SHARDS || shards > (r->n - *at) / INDEX_MANIFEST_SHARD)
        return damaged(r, "the table of shards does not fit");
    eid_status st = EID_GROW(m->row, &m->row_cap, shards);
    if (st != EID_OK)
        return st;
    for (; m->shards < shards; *at += INDEX_MANIFEST_SHARD) {
        const uint8_t *e = r->at + *at;
        uint64_t docs = index_get64(e), bytes = index_get64(e + 8), size = index_get64(e + 16);
        if (docs < 1 || docs >= UINT32_MAX || size > INT64_MAX / INDEX_MOST_SHARDS / 2 ||
            bytes > size)
            return damaged(r, "a shard's sizes cannot be");
        index_row *row = &m->row[m->shards++];
        *row = (index_row){(int64_t)docs, (int64_t)bytes, (int64_t)size, index_get64(e + 24), {0}};
        memcpy(row->sha256, e + 32, 32);
        m->docs += row->docs;
        m->bytes += row->bytes;
    }
    if ((uint64_t)m->docs != index_get64(r->at + 24) ||
        (uint64_t)m->bytes != index_get64(r->at + 32))
        return damaged(r, "its shards do not add up to its documents and bytes");
    return EID_OK;
}

static void to_hex(const uint8_t bytes[32], char hex[65])
{
    for (int i = 0; i < 64; i++)
        hex[i] = "0123456789abcdef"[bytes[i / 2] >> (i % 2 ? 0 : 4) & 15];
    hex[64] = '\0';
}

static void from_hex(const char hex[65], uint8_t bytes[32])
{
    memset(bytes, 0, 32);
    for (int i = 0; i < 32 && hex[2 * i]; i++) { /* "": unknown */
        int digit[2];
        for (int k = 0; k < 2; k++) {
            char c = hex[2 * i + k];
            digit[k] = c >= 'a' ? c - 'a' + 10 : c - '0';
        }
        bytes[i] = (uint8_t)(digit[0] << 4 | digit[1]);
    }
}

static eid_status read_inputs(index_manifest *m, const reading *r, size_t *at)
{
    uint64_t inputs = index_get64(r->at + 40);
    if (inputs > (r->n - *at) / INDEX_MANIFEST_INPUT)
        return damaged(r, "the table of inputs does not fit");
    for (uint64_t i = 0; i < inputs; i++) {
        const uint8_t *e = r->at + *at;
        if (r->n - *at < INDEX_MANIFEST_INPUT)
            return damaged(r, "the table of inputs does not fit");
        uint64_t bytes = index_get64(e), docs = index_get64(e + 8), skipped = index_get64(e + 16);
        size_t length = index_get32(e + 60);
        *at += INDEX_MANIFEST_INPUT;
        if (bytes > INT64_MAX || docs > INT64_MAX || skipped > INT64_MAX || length > MOST_PATH ||
            length >= r->n - *at || r->at[*at + length] != '\0' ||
            memchr(r->at + *at, '\0', length))
            return damaged(r, "an input's entry cannot be");
        eid_index_input in = {.path = (const char *)r->at + *at,
                              .bytes = (int64_t)bytes,
                              .documents = (int64_t)docs,
                              .skipped = (int64_t)skipped,
                              .shard = index_get32(e + 56)};
        to_hex(e + 24, in.sha256);
        *at += length + 1;
        eid_status st = index_manifest_add_input(m, &in);
        if (st != EID_OK)
            return st;
    }
    return *at == r->n ? EID_OK : damaged(r, "bytes behind the last input");
}

eid_status index_manifest_read(index_manifest *m, const char *folder)
{
    eid_status st = EID_OK;
    char *path = NULL;
    uint8_t *bytes = NULL;
    size_t at = INDEX_MANIFEST_HEADER;

    *m = (index_manifest){0};
    EID_TRY(eid_format(&path, "%s/manifest", folder));
    if (!eid_exists(path)) {
        st = eid_fail(EID_EFORMAT, "%s: a folder, but not of an index: no manifest stands in it",
                      folder);
        goto done;
    }
    reading r = {.path = path};
    EID_TRY(eid_read_file(path, MOST_BYTES, &bytes, &r.n));
    r.at = bytes;
    EID_TRY(check_header(&r));
    EID_TRY(read_shards(m, &r, &at));
    EID_TRY(read_inputs(m, &r, &at));
done:
    eid_free(path);
    eid_free(bytes);
    return st;
}

index_row index_row_of(const index_shard *s)
{
    index_row row = {s->docs, s->n, (int64_t)s->map.n, index_get64(s->map.at + 88), {0}};
    memcpy(row.sha256, s->map.at + 40, 32);
    return row;
}

eid_status index_manifest_add_row(index_manifest *m, const index_row *row)
{
    eid_status st = EID_OK;
    if (m->shards == INDEX_MOST_SHARDS)
        return eid_fail(EID_EUNSUPPORTED, "an index holds at most %d shards: make them larger",
                        INDEX_MOST_SHARDS);
    EID_TRY(EID_GROW(m->row, &m->row_cap, m->shards + 1));
    m->row[m->shards++] = *row;
    m->docs += row->docs;
    m->bytes += row->bytes;
done:
    return st;
}

eid_status index_manifest_add_input(index_manifest *m, const eid_index_input *in)
{
    eid_status st = EID_OK;
    size_t length = strlen(in->path), at = m->paths.n;

    if (length > MOST_PATH)
        return eid_fail(EID_EINVAL, "%.100s...: the path is longer than %d bytes", in->path,
                        MOST_PATH);
    EID_TRY(EID_GROW(m->input, &m->input_cap, m->inputs + 1));
    EID_TRY(EID_GROW(m->path_at, &m->path_cap, m->inputs + 1));
    const uint8_t *before = m->paths.at;
    EID_TRY(eid_buf_add(&m->paths, in->path, length + 1));
    m->path_at[m->inputs] = at;
    m->input[m->inputs++] = *in;
    for (size_t i = before == m->paths.at ? m->inputs - 1 : 0; i < m->inputs; i++)
        m->input[i].path = (const char *)m->paths.at + m->path_at[i];
done:
    return st;
}

static eid_status add64(eid_buf *b, uint64_t x)
{
    uint8_t bytes[8];
    index_put64(bytes, x);
    return eid_buf_add(b, bytes, 8);
}

static eid_status put_tables(const index_manifest *m, eid_buf *b)
{
    eid_status st = EID_OK;
    for (size_t s = 0; s < m->shards; s++) {
        const index_row *row = &m->row[s];
        EID_TRY(add64(b, (uint64_t)row->docs));
        EID_TRY(add64(b, (uint64_t)row->bytes));
        EID_TRY(add64(b, (uint64_t)row->size));
        EID_TRY(add64(b, row->check));
        EID_TRY(eid_buf_add(b, row->sha256, 32));
    }
    for (size_t i = 0; i < m->inputs; i++) {
        const eid_index_input *in = &m->input[i];
        uint8_t sum[32], last[8];
        size_t length = strlen(in->path);
        from_hex(in->sha256, sum);
        index_put32(last, (uint32_t)in->shard);
        index_put32(last + 4, (uint32_t)length);
        EID_TRY(add64(b, (uint64_t)in->bytes));
        EID_TRY(add64(b, (uint64_t)in->documents));
        EID_TRY(add64(b, (uint64_t)in->skipped));
        EID_TRY(eid_buf_add(b, sum, 32));
        EID_TRY(eid_buf_add(b, last, 8));
        EID_TRY(eid_buf_add(b, in->path, length + 1));
    }
done:
    return st;
}

eid_status index_manifest_write(const index_manifest *m, const char *folder)
{
    eid_status st = EID_OK;
    eid_buf b = {0};
    eid_out *f = NULL;
    char *path = NULL;
    uint8_t h[INDEX_MANIFEST_HEADER] = INDEX_MANIFEST_MAGIC;

    EID_TRY(put_tables(m, &b));
    index_put32(h + 8, INDEX_MANIFEST_VERSION);
    index_put32(h + 12, (uint32_t)m->shards);
    index_put64(h + 16, sizeof h + b.n);
    index_put64(h + 24, (uint64_t)m->docs);
    index_put64(h + 32, (uint64_t)m->bytes);
    index_put64(h + 40, m->inputs);
    index_put64(h + 56, eid_hash64(h, 56, eid_hash64(b.at, b.n, 0)));
    EID_TRY(eid_format(&path, "%s/manifest", folder));
    EID_TRY(eid_out_open(&f, path));
    EID_TRY(eid_out_write(f, h, sizeof h));
    EID_TRY(eid_out_write(f, b.at, b.n));
    EID_TRY(eid_out_commit(&f));
done:
    eid_out_abort(&f);
    eid_free(path);
    eid_buf_free(&b);
    return st;
}

void index_manifest_free(index_manifest *m)
{
    eid_free(m->row);
    eid_free(m->input);
    eid_free(m->path_at);
    eid_buf_free(&m->paths);
    *m = (index_manifest){0};
}

eid_status index_shard_path(char **path, const char *folder, size_t shard)
{
    return eid_format(path, "%s/shard-%06zu.idx", folder, shard);
}
