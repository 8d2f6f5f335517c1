/* open.c - one logical index over its shards: a file, or a folder with a manifest. */
#include "base/ctx.h"
#include "base/hash.h"
#include "index/manifest.h"
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

/* Thousands of shards are mapped; their descriptors are not needed any more. */
static void let_go(index_shard *s)
{
    close(s->map.fd);
    s->map.fd = -1;
}

static bool is_named(const index_shard *s, const index_row *row)
{
    return s->docs == row->docs && s->n == row->bytes && (int64_t)s->map.n == row->size &&
           index_get64(s->map.at + 88) == row->check &&
           memcmp(s->map.at + 40, row->sha256, 32) == 0;
}

static eid_status open_folder(eid_index *ix, const char *folder)
{
    eid_status st = EID_OK;
    char *path = NULL;

    EID_TRY(index_manifest_read(&ix->manifest, folder));
    EID_TRY(EID_NEW(ix->shard, ix->manifest.shards));
    for (; ix->shards < ix->manifest.shards;) {
        index_shard *s = &ix->shard[ix->shards];
        EID_TRY(index_shard_path(&path, folder, ix->shards));
        ix->shards++; /* to be closed, whatever happens */
        EID_TRY(index_shard_open(s, path));
        let_go(s);
        if (!is_named(s, &ix->manifest.row[ix->shards - 1])) {
            st = eid_fail(EID_EFORMAT, "%s: not the file that the manifest names", path);
            goto done;
        }
        eid_free(path);
        path = NULL;
    }
done:
    eid_free(path);
    return st;
}

static eid_status open_file(eid_index *ix, const char *path)
{
    eid_status st = EID_NEW(ix->shard, 1);
    if (st != EID_OK)
        return st;
    ix->shards = 1;
    return index_shard_open(&ix->shard[0], path);
}

/* Of one shard its text's hash, else the hash of the shards' hashes. */
static eid_status sum_up(eid_index *ix)
{
    eid_status st = EID_OK;
    eid_sha256 *hash = NULL;

    EID_TRY(EID_NEW(ix->first_doc, ix->shards + 1));
    EID_TRY(EID_NEW(ix->first_byte, ix->shards + 1));
    for (size_t s = 0; s < ix->shards; s++) {
        ix->first_doc[s + 1] = ix->first_doc[s] + ix->shard[s].docs;
        ix->first_byte[s + 1] = ix->first_byte[s] + ix->shard[s].n;
    }
    if (ix->shards == 1) {
        memcpy(ix->sha256, ix->shard[0].sha256, sizeof ix->sha256);
        goto done;
    }
    EID_TRY(eid_sha256_new(&hash));
    for (size_t s = 0; s < ix->shards; s++)
        eid_sha256_add(hash, ix->shard[s].map.at + 40, 32);
    eid_sha256_hex(hash, ix->sha256);
done:
    eid_sha256_free(hash);
    return st;
}

eid_status eid_index_open(eid_index **out, const char *path)
{
    eid_status st = EID_OK;
    eid_index *ix = NULL;
    struct stat info;

    EID_TRY(EID_NEW(ix, 1));
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        EID_TRY(open_folder(ix, path));
    else
        EID_TRY(open_file(ix, path));
    EID_TRY(sum_up(ix));
    *out = ix;
    ix = NULL;
done:
    eid_index_free(ix);
    return st;
}

void eid_index_free(eid_index *ix)
{
    if (!ix)
        return;
    for (size_t s = 0; s < ix->shards; s++)
        index_shard_close(&ix->shard[s]);
    index_manifest_free(&ix->manifest);
    eid_free(ix->shard);
    eid_free(ix->first_doc);
    eid_free(ix->first_byte);
    eid_free(ix);
}

eid_status eid_index_verify(const eid_index *ix, eid_ctx *ctx)
{
    eid_status st = EID_OK;
    for (size_t s = 0; s < ix->shards && st == EID_OK; s++)
        st = index_shard_verify(&ix->shard[s], ctx);
    return st;
}

int64_t eid_index_docs(const eid_index *ix)
{
    return ix->first_doc[ix->shards];
}

int64_t eid_index_bytes(const eid_index *ix)
{
    return ix->first_byte[ix->shards];
}

int64_t eid_index_shards(const eid_index *ix)
{
    return (int64_t)ix->shards;
}

int64_t eid_index_size(const eid_index *ix)
{
    int64_t size = 0;
    for (size_t s = 0; s < ix->shards; s++)
        size += (int64_t)ix->shard[s].map.n;
    return size;
}

size_t eid_index_inputs(const eid_index *ix, const eid_index_input **inputs)
{
    if (inputs)
        *inputs = ix->manifest.input;
    return ix->manifest.inputs;
}

const char *eid_index_sha256(const eid_index *ix)
{
    return ix->sha256;
}

size_t index_shard_of(const eid_index *ix, int64_t doc)
{
    size_t lo = 0, hi = ix->shards - 1;
    while (lo < hi) { /* the last shard that begins at or before it */
        size_t mid = lo + (hi - lo + 1) / 2;
        if (ix->first_doc[mid] <= doc)
            lo = mid;
        else
            hi = mid - 1;
    }
    return lo;
}

const char *eid_index_doc_name(const eid_index *ix, int64_t doc)
{
    if (doc < 0 || doc >= eid_index_docs(ix))
        return NULL;
    size_t s = index_shard_of(ix, doc);
    const index_shard *in = &ix->shard[s];
    return in->names + index_get64(in->table + 16 * (size_t)(doc - ix->first_doc[s]) + 8);
}

const uint8_t *eid_index_doc(const eid_index *ix, int64_t doc, size_t *size)
{
    *size = 0;
    if (doc < 0 || doc >= eid_index_docs(ix))
        return NULL;
    size_t s = index_shard_of(ix, doc);
    const index_shard *in = &ix->shard[s];
    int64_t at = index_doc_start(in, doc - ix->first_doc[s]);
    *size = (size_t)(index_doc_start(in, doc - ix->first_doc[s] + 1) - at);
    return in->text + at;
}
