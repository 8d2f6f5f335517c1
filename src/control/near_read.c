/* near_read.c - the corpus in, one batch of documents after another: equal ones told by their
 * SHA-256, distinct ones signed, all of them spilled. */
#include "base/hash.h"
#include "control/near_keys.h"
#include "corpus/stream.h"
#include "par/par.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum {
    BATCH = 512,                             /* documents */
    BATCH_BYTES = 4 << 20,                   /* or so much text */
    ROW = 12 + 8,                            /* memory that stays, for a document */
    DISTINCT_ROW = 8 + 4 + 4 + 16 + 16 + 16, /* and for a distinct one: tables, slots, a set */
};

typedef struct reading {
    near_job *j;
    near_signer *signer;
    eid_buf text, names;
    size_t at[BATCH + 1], named[BATCH + 1];
    size_t n; /* of the batch */
    uint64_t digest[BATCH][2];
    uint32_t *slot; /* of digests: distinct document + 1 */
    size_t slots;
} reading;

eid_status near_io_failed(const char *path)
{
    return eid_fail(EID_EIO, "%s: %s", path, strerror(errno));
}

eid_status near_pread(int fd, const char *path, void *to, size_t n, int64_t at)
{
    for (uint8_t *p = to; n;) {
        ssize_t got = pread(fd, p, n, at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return near_io_failed(path);
        if (got == 0)
            return eid_fail(EID_EIO, "%s: shorter than it was, at byte %" PRId64, path, at);
        p += got;
        at += got;
        n -= (size_t)got;
    }
    return EID_OK;
}

eid_status near_text(const near_job *j, uint32_t d, uint8_t **to, size_t *cap)
{
    eid_status st = EID_GROW(*to, cap, near_size(j, d) + 1);
    return st != EID_OK ? st
                        : near_pread(j->fd[NEAR_TEXT], j->path[NEAR_TEXT], *to, near_size(j, d),
                                     j->text_at[d]);
}

eid_status near_append(int fd, const char *path, const void *bytes, size_t n)
{
    for (const uint8_t *p = bytes; n;) {
        ssize_t got = write(fd, p, n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return near_io_failed(path);
        p += got;
        n -= (size_t)got;
    }
    return EID_OK;
}

static eid_status digest_one(void *arg, int64_t i, int worker)
{
    reading *r = arg;
    char hex[65];
    uint64_t d[2] = {0, 0};
    eid_status st = eid_sha256_of(r->text.at + r->at[i], r->at[i + 1] - r->at[i], hex);
    (void)worker;
    for (int k = 0; st == EID_OK && k < 32; k++)
        d[k / 16] = d[k / 16] << 4 | (uint64_t)(hex[k] <= '9' ? hex[k] - '0' : hex[k] - 'a' + 10);
    memcpy(r->digest[i], d, sizeof d);
    return st;
}

/* The slot of a digest: its own, or the empty one where it belongs. */
static uint32_t *slot_of(reading *r, const uint64_t d[2])
{
    size_t i = d[0] & (r->slots - 1);
    while (r->slot[i] && memcmp(r->j->digest[r->slot[i] - 1], d, 16) != 0)
        i = (i + 1) & (r->slots - 1);
    return &r->slot[i];
}

static eid_status widen(reading *r)
{
    eid_status st = EID_OK;
    if (r->slots >= 2 * (r->j->n + BATCH))
        return EID_OK;
    eid_free(r->slot);
    r->slot = NULL;
    while (r->slots < 4 * (r->j->n + BATCH))
        r->slots = r->slots ? 2 * r->slots : 4096;
    EID_TRY(EID_NEW(r->slot, r->slots));
    for (size_t d = 0; d < r->j->n; d++)
        *slot_of(r, r->j->digest[d]) = (uint32_t)d + 1;
done:
    return st;
}

static eid_status add_document(reading *r, size_t i, bool *new)
{
    near_job *j = r->j;
    eid_status st = EID_OK;
    uint32_t *slot = slot_of(r, r->digest[i]);

    *new = *slot == 0;
    if (j->docs >= UINT32_MAX - 1)
        return eid_fail(EID_EUNSUPPORTED, "near: more than %u documents", UINT32_MAX - 2);
    EID_TRY(EID_GROW(j->distinct, &j->distinct_cap, j->docs + 1));
    EID_TRY(EID_GROW(j->name_at, &j->name_cap, j->docs + 1));
    if (*new) {
        EID_TRY(EID_GROW(j->digest, &j->digest_cap, j->n + 1));
        EID_TRY(EID_GROW(j->first, &j->first_cap, j->n + 1));
        EID_TRY(EID_GROW(j->text_at, &j->text_cap, j->n + 2));
        memcpy(j->digest[j->n], r->digest[i], 16);
        j->first[j->n] = (uint32_t)j->docs;
        j->text_at[j->n + 1] = j->text_at[j->n] + (int64_t)(r->at[i + 1] - r->at[i]);
        *slot = (uint32_t)++j->n;
    }
    j->name_at[j->docs] = j->name_end + (int64_t)r->named[i];
    j->distinct[j->docs++] = *slot - 1;
    j->bytes += (int64_t)(r->at[i + 1] - r->at[i]);
done:
    return st;
}

static eid_status within_memory(const near_job *j)
{
    double need = (double)ROW * (double)j->docs + (double)DISTINCT_ROW * (double)j->n;
    if (need <= (double)eid_ctx_memory(j->ctx) / 2)
        return EID_OK;
    return eid_fail(EID_ENOMEM,
                    "near: the tables of %zu documents take %.0f bytes, and half of --memory is "
                    "%" PRId64,
                    j->docs, need, eid_ctx_memory(j->ctx) / 2);
}

static eid_status flush(reading *r)
{
    near_job *j = r->j;
    eid_status st = EID_OK;
    const uint8_t *text[BATCH];
    size_t size[BATCH], n = 0;

    if (r->n == 0)
        return EID_OK;
    EID_TRY(eid_par_for(j->ctx, (int64_t)r->n, digest_one, r));
    EID_TRY(widen(r));
    for (size_t i = 0; i < r->n; i++) {
        bool new;
        EID_TRY(add_document(r, i, &new));
        if (!new)
            continue;
        text[n] = r->text.at + r->at[i];
        size[n] = r->at[i + 1] - r->at[i];
        EID_TRY(near_append(j->fd[NEAR_TEXT], j->path[NEAR_TEXT], text[n], size[n]));
        n++;
    }
    EID_TRY(near_append(j->fd[NEAR_NAMES], j->path[NEAR_NAMES], r->names.at, r->named[r->n]));
    j->name_end += (int64_t)r->named[r->n];
    EID_TRY(within_memory(j));
    if (n)
        EID_TRY(near_sign(r->signer, text, size, n));
    EID_TRY(eid_tick(j->ctx, "signing", "bytes", j->bytes, 0));
    r->n = r->text.n = r->names.n = 0;
done:
    return st;
}

static eid_status take(void *user, const eid_document *d)
{
    reading *r = user;
    eid_status st = EID_OK;

    if (r->n && r->text.n + d->size > BATCH_BYTES) /* a large one by itself */
        EID_TRY(flush(r));
    r->at[r->n] = r->text.n;
    r->named[r->n] = r->names.n;
    EID_TRY(eid_buf_add(&r->text, d->bytes, d->size));
    EID_TRY(eid_buf_add(&r->names, d->name, strlen(d->name) + 1));
    r->at[++r->n] = r->text.n;
    r->named[r->n] = r->names.n;
    if (r->n == BATCH || r->text.n >= BATCH_BYTES)
        EID_TRY(flush(r));
done:
    return st;
}

eid_status near_read(near_job *j, const char *const *paths, size_t n_paths,
                     const eid_corpus_opts *read, eid_corpus **summary)
{
    eid_status st = EID_OK;
    reading *r = NULL;
    eid_corpus *sum = NULL;

    EID_TRY(EID_NEW(r, 1));
    r->j = j;
    EID_TRY(EID_GROW(j->text_at, &j->text_cap, 2));
    j->text_at[0] = 0;
    EID_TRY(near_signer_new(&r->signer, j));
    EID_TRY(eid_corpus_stream_within(&sum, j->ctx, paths, n_paths, read, eid_ctx_memory(j->ctx) / 4,
                                     take, r));
    EID_TRY(flush(r));
    *summary = sum;
    sum = NULL;
done:
    if (r) {
        near_signer_free(r->signer);
        eid_buf_free(&r->text);
        eid_buf_free(&r->names);
        eid_free(r->slot);
    }
    eid_free(r);
    eid_corpus_free(sum);
    return st;
}
