/* near_keys.c - see near_keys.h. */
#include "control/near_keys.h"
#include "base/hash.h"
#include "control/near_minhash.h"
#include "control/near_words.h"
#include "eidetic/rng.h"
#include "par/par.h"
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEADER = 32, DIGEST = 16 };
static const char MAGIC[8] = {'E', 'I', 'D', 'N', 'E', 'A', 'R', '1'};

typedef struct desk { /* a worker's own */
    near_hashes shingles;
    uint32_t *x, *signature;
    size_t x_cap;
} desk;

struct near_signer {
    near_job *j;
    near_minhash_fn minhash;
    size_t hashes; /* rounded up to NEAR_BLOCK */
    uint32_t *mul, *add;
    desk *desk;
    int64_t end, size; /* of the keys file: used so far, all of it */
    uint64_t options;
    uint8_t *record;
    size_t record_cap;
    /* the batch */
    const uint8_t *const *text;
    const size_t *length;
    size_t n;
};

eid_status near_signer_new(near_signer **out, near_job *j)
{
    eid_status st = EID_OK;
    near_signer *s = NULL;
    struct stat info;
    int64_t deciding[4] = {j->o.words, j->o.band, j->o.bands, j->o.seed};
    eid_rng rng = eid_rng_seed((uint64_t)j->o.seed);

    EID_TRY(EID_NEW(s, 1));
    s->j = j;
    s->minhash = near_minhash_named(eid_kernels());
    s->options = eid_hash64(deciding, sizeof deciding, 0);
    s->hashes = (size_t)(j->o.band * j->o.bands + NEAR_BLOCK - 1) / NEAR_BLOCK * NEAR_BLOCK;
    EID_TRY(EID_NEW(s->mul, s->hashes));
    EID_TRY(EID_NEW(s->add, s->hashes));
    for (size_t k = 0; k < s->hashes; k++) {
        s->mul[k] = eid_rng_u32(&rng) | 1;
        s->add[k] = eid_rng_u32(&rng);
    }
    EID_TRY(EID_NEW(s->desk, eid_ctx_threads(j->ctx)));
    for (int t = 0; t < eid_ctx_threads(j->ctx); t++)
        EID_TRY(EID_NEW(s->desk[t].signature, s->hashes));
    if (fstat(j->fd[NEAR_KEYS], &info) != 0) {
        st = near_io_failed(j->path[NEAR_KEYS]);
        goto done;
    }
    s->size = info.st_size;
    *out = s;
    s = NULL;
done:
    near_signer_free(s);
    return st;
}

void near_signer_free(near_signer *s)
{
    if (!s)
        return;
    for (int t = 0; s->desk && t < eid_ctx_threads(s->j->ctx); t++) {
        eid_free(s->desk[t].shingles.at);
        eid_free(s->desk[t].x);
        eid_free(s->desk[t].signature);
    }
    eid_free(s->desk);
    eid_free(s->mul);
    eid_free(s->add);
    eid_free(s->record);
    eid_free(s);
}

static eid_status sign_one(void *arg, int64_t i, int worker)
{
    near_signer *s = arg;
    desk *k = &s->desk[worker];
    const eid_near_opts *o = &s->j->o;
    eid_status st = EID_OK;
    uint8_t *keys = s->record + HEADER + DIGEST * s->n;

    EID_TRY(near_shingles(s->text[i], s->length[i], o->words, &k->shingles));
    EID_TRY(EID_GROW(k->x, &k->x_cap, k->shingles.n + 1));
    for (size_t t = 0; t < k->shingles.n; t++)
        k->x[t] = (uint32_t)(k->shingles.at[t] >> 32);
    s->minhash(k->x, k->shingles.n, s->mul, s->add, k->signature, s->hashes);
    for (int64_t band = 0; band < o->bands; band++) {
        uint64_t key = eid_hash64(k->signature + band * o->band,
                                  (size_t)o->band * sizeof *k->signature, (uint64_t)band);
        key = k->shingles.n == 0 ? 0 : key ? key : 1;
        memcpy(keys + 8 * ((size_t)band * s->n + (size_t)i), &key, 8);
    }
done:
    return st;
}

/* Whether the record that stands in the file is that of these documents. */
static eid_status found(near_signer *s, size_t size, const uint64_t (*digest)[2], bool *yes)
{
    const near_job *j = s->j;
    uint64_t head[4];

    *yes = false;
    if (s->size - s->end < (int64_t)size)
        return EID_OK;
    eid_status st = near_pread(j->fd[NEAR_KEYS], j->path[NEAR_KEYS], s->record, size, s->end);
    memcpy(head, s->record, HEADER);
    *yes = st == EID_OK && memcmp(s->record, MAGIC, 8) == 0 && head[1] == s->options &&
           head[2] == s->n && memcmp(s->record + HEADER, digest, DIGEST * s->n) == 0 &&
           head[3] == eid_hash64(s->record + HEADER, size - HEADER, s->options);
    return st;
}

static eid_status make(near_signer *s, size_t size, const uint64_t (*digest)[2])
{
    const near_job *j = s->j;
    uint64_t head[4] = {0, s->options, s->n, 0};
    eid_status st = EID_OK;

    if (s->size > s->end) { /* of another corpus or other options, or torn */
        if (ftruncate(j->fd[NEAR_KEYS], s->end) != 0)
            return near_io_failed(j->path[NEAR_KEYS]);
        s->size = s->end;
    }
    memcpy(s->record + HEADER, digest, DIGEST * s->n);
    EID_TRY(eid_par_for(j->ctx, (int64_t)s->n, sign_one, s));
    head[3] = eid_hash64(s->record + HEADER, size - HEADER, s->options);
    memcpy(head, MAGIC, 8);
    memcpy(s->record, head, HEADER);
    EID_TRY(near_append(j->fd[NEAR_KEYS], j->path[NEAR_KEYS], s->record, size));
    s->size += (int64_t)size;
done:
    return st;
}

eid_status near_sign(near_signer *s, const uint8_t *const *text, const size_t *length, size_t n)
{
    near_job *j = s->j;
    eid_status st = EID_OK;
    size_t first = j->n - n, size = HEADER + DIGEST * n + 8 * n * (size_t)j->o.bands;
    const uint64_t(*digest)[2] = (const uint64_t(*)[2])(j->digest + first);
    uint64_t check;
    bool yes;

    s->text = text;
    s->length = length;
    s->n = n;
    EID_TRY(EID_GROW(s->record, &s->record_cap, size));
    EID_TRY(found(s, size, digest, &yes));
    if (!yes)
        EID_TRY(make(s, size, digest));
    else
        j->reused += (int64_t)n;
    memcpy(&check, s->record + 24, 8);
    j->keys_hash = eid_hash64(&check, 8, j->keys_hash);
    EID_TRY(EID_GROW(j->batch, &j->batch_cap, j->batches + 1));
    j->batch[j->batches++] =
        (near_batch){(int64_t)first, (int64_t)n, s->end + HEADER + DIGEST * (int64_t)n};
    s->end += (int64_t)size;
done:
    return st;
}
