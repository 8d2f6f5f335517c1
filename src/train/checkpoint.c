/* checkpoint.c - see checkpoint.h for the layout. */
#include "train/checkpoint.h"
#include "base/file.h"
#include "base/hash.h"
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the format is little-endian, so are we");

static const char MAGIC[8] = {'e', 'i', 'd', '-', 'c', 'k', 'p', 't'};
enum { VERSION = 1, AT_IDENTITY = 16, AT_MODEL = 80, AT_COUNTS = 144, HEAD = 168, HASH = 64 };

/* 64 hexadecimal digits, or (if `may_lack`) 64 zeros, which read as "". */
static bool read_hex(const uint8_t *at, bool may_lack, char out[65])
{
    static const uint8_t none[64];
    memcpy(out, at, 64);
    out[64] = 0;
    if (may_lack && !memcmp(at, none, 64))
        return true;
    for (int i = 0; i < 64; i++)
        if (!isxdigit(at[i]) || isupper(at[i]))
            return false;
    return true;
}

/* The bytes that follow from the counts; -1 when they overflow. */
static int64_t expected_size(const int64_t count[3])
{
    int64_t doubles, floats, size;
    if (count[0] < 0 || count[1] < 0 || count[2] < 0 ||
        __builtin_add_overflow(count[0], count[1], &doubles) ||
        __builtin_mul_overflow(doubles, 8, &doubles) ||
        __builtin_mul_overflow(count[2], 12, &floats) ||
        __builtin_add_overflow(doubles, floats, &size) ||
        __builtin_add_overflow(size, HEAD + HASH, &size))
        return -1;
    return size;
}

eid_status eid_checkpoint_parse(eid_checkpoint *out, const char *path, const uint8_t *bytes,
                                size_t n)
{
    eid_checkpoint c = {0};
    uint32_t head[2];
    int64_t count[3];
    char sum[65];

    if (n < HEAD + HASH || memcmp(bytes, MAGIC, sizeof MAGIC) != 0)
        return eid_fail(EID_EFORMAT, "%s: not a checkpoint of eidetic", path);
    memcpy(head, bytes + 8, sizeof head);
    if (head[0] != VERSION)
        return eid_fail(EID_EFORMAT, "%s: version %" PRIu32 "; this release reads %d", path,
                        head[0], VERSION);
    memcpy(count, bytes + AT_COUNTS, sizeof count);
    int64_t size = expected_size(count);
    if (size < 0 || (uint64_t)size != n)
        return eid_fail(EID_EFORMAT,
                        "%s: %zu bytes are not what its %" PRId64 " steps, %" PRId64
                        " losses and %" PRId64 " parameters take",
                        path, n, count[0], count[1], count[2]);
    if (eid_sha256_of(bytes, n - HASH, sum) != EID_OK)
        return EID_ENOMEM;
    if (memcmp(sum, bytes + n - HASH, HASH) != 0)
        return eid_fail(EID_EFORMAT,
                        "%s: damaged: its checksum does not match; delete it to start over", path);
    c.finished = head[1] == 1;
    if (head[1] > 1 || !read_hex(bytes + AT_IDENTITY, false, c.identity) ||
        !read_hex(bytes + AT_MODEL, !c.finished, c.model) || (c.finished && count[2] != 0))
        return eid_fail(EID_EFORMAT, "%s: a checkpoint's header makes no sense", path);
    c.steps = count[0];
    c.evals = count[1];
    c.floats = count[2];
    c.loss = bytes + HEAD;
    c.heldout = c.loss + 8 * count[0];
    c.values = c.heldout + 8 * count[1];
    *out = c;
    return EID_OK;
}

static int64_t floats_of(const eid_checkpoint_block *block, size_t n)
{
    int64_t floats = 0;
    for (size_t i = 0; i < n; i++)
        floats += block[i].n;
    return floats;
}

eid_status eid_checkpoint_into(const eid_checkpoint *c, const char *path,
                               const eid_checkpoint_block *block, size_t n)
{
    int64_t floats = floats_of(block, n);
    const uint8_t *at = c->values;

    if (c->floats != floats)
        return eid_fail(EID_EFORMAT, "%s: %" PRId64 " parameters, the model has %" PRId64, path,
                        c->floats, floats);
    for (int part = 0; part < 3; part++)
        for (size_t i = 0; i < n; i++) {
            size_t bytes = (size_t)block[i].n * sizeof(float);
            if (block[i].at[part])
                memcpy(block[i].at[part], at, bytes);
            at += bytes;
        }
    return EID_OK;
}

/* A decoder's tensors; tied ones once. */
static eid_status blocks_of(eid_gpt *m, eid_adamw *a, eid_checkpoint_block **out, size_t *n)
{
    eid_param *p;
    float **first, **second;
    int64_t *steps;
    size_t params = eid_gpt_params(m, &p);
    eid_checkpoint_block *block = NULL;
    eid_status st = EID_NEW(block, params);

    if (st != EID_OK)
        return st;
    eid_adamw_moments(a, &first, &second, &steps);
    *n = 0;
    for (size_t i = 0; i < params; i++)
        if (p[i].tied_to < 0)
            block[(*n)++] = (eid_checkpoint_block){.at = {p[i].value, first[i], second[i]},
                                                   .n = p[i].rows * p[i].cols};
    *out = block;
    return EID_OK;
}

eid_status eid_checkpoint_restore(const eid_checkpoint *c, const char *path, eid_gpt *m,
                                  eid_adamw *a, eid_ctx *ctx)
{
    eid_status st = EID_OK;
    eid_checkpoint_block *block = NULL;
    float **first, **second;
    int64_t *steps;
    size_t n;

    EID_TRY(blocks_of(m, a, &block, &n));
    EID_TRY(eid_checkpoint_into(c, path, block, n));
    eid_adamw_moments(a, &first, &second, &steps);
    *steps = c->steps;
    EID_TRY(eid_gpt_changed(m, ctx));
done:
    eid_free(block);
    return st;
}

/* A file and the hash of what went into it. */
typedef struct sink {
    eid_out *f;
    eid_sha256 *hash;
} sink;

static eid_status put(sink *s, const void *bytes, size_t n)
{
    eid_sha256_add(s->hash, bytes, n);
    return eid_out_write(s->f, bytes, n);
}

static eid_status put_head(sink *s, const eid_checkpoint *c)
{
    uint8_t head[HEAD] = {0};
    const uint32_t version[2] = {VERSION, c->finished};
    const int64_t count[3] = {c->steps, c->evals, c->floats};

    memcpy(head, MAGIC, sizeof MAGIC);
    memcpy(head + 8, version, sizeof version);
    memcpy(head + AT_IDENTITY, c->identity, 64);
    if (c->model[0])
        memcpy(head + AT_MODEL, c->model, 64);
    memcpy(head + AT_COUNTS, count, sizeof count);
    return put(s, head, sizeof head);
}

static eid_status put_zeros(sink *s, int64_t floats)
{
    static const float zero[1024];
    eid_status st = EID_OK;
    for (int64_t n; st == EID_OK && floats > 0; floats -= n) {
        n = floats < 1024 ? floats : 1024;
        st = put(s, zero, (size_t)n * sizeof *zero);
    }
    return st;
}

static eid_status put_values(sink *s, const eid_checkpoint_block *block, size_t n)
{
    eid_status st = EID_OK;

    for (int part = 0; part < 3; part++)
        for (size_t i = 0; i < n; i++)
            EID_TRY(block[i].at[part]
                        ? put(s, block[i].at[part], (size_t)block[i].n * sizeof(float))
                        : put_zeros(s, block[i].n));
done:
    return st;
}

eid_status eid_checkpoint_write(const eid_checkpoint *checkpoint, const char *path,
                                const eid_checkpoint_block *block, size_t n)
{
    eid_status st = EID_OK;
    eid_checkpoint c = *checkpoint;
    sink s = {0};
    char sum[65];

    c.floats = floats_of(block, n);
    EID_TRY(eid_sha256_new(&s.hash));
    EID_TRY(eid_out_open(&s.f, path));
    EID_TRY(put_head(&s, &c));
    EID_TRY(put(&s, c.loss, 8 * (size_t)c.steps));
    EID_TRY(put(&s, c.heldout, 8 * (size_t)c.evals));
    EID_TRY(put_values(&s, block, n));
    eid_sha256_hex(s.hash, sum);
    EID_TRY(eid_out_write(s.f, sum, HASH));
    EID_TRY(eid_out_commit(&s.f));
done:
    eid_out_abort(&s.f);
    eid_sha256_free(s.hash);
    return st;
}

eid_status eid_checkpoint_save(const eid_checkpoint *c, const char *path, eid_gpt *m, eid_adamw *a)
{
    eid_status st = EID_OK;
    eid_checkpoint_block *block = NULL;
    size_t n = 0;

    if (a)
        EID_TRY(blocks_of(m, a, &block, &n));
    EID_TRY(eid_checkpoint_write(c, path, block, n));
done:
    eid_free(block);
    return st;
}
