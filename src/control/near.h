/* near.h - a removal of near-duplicates under way: what reading hands to joining and writing.
 *
 * FOLDER.part while it works:
 *
 *     text      the distinct documents' bytes, one after the other
 *     names     all documents' names, each with a NUL
 *     keys      for each batch of distinct documents their digests and band keys (near_keys.h)
 *     joined    the clusters after some bands (near_state.c)
 *
 * text and names are written anew by every call, since the corpus must be read anyway; keys and
 * joined are what takes time, and are used again where they fit. */
#ifndef EID_CONTROL_NEAR_H
#define EID_CONTROL_NEAR_H
#include "base/ctx.h"
#include "base/memory.h"
#include "control/near_words.h"
#include "eidetic/near.h"

typedef struct near_batch {
    int64_t first, n; /* distinct documents */
    int64_t at;       /* in the keys file, of its band keys: bands x n of 8 bytes */
} near_batch;

/* A pair of duplicates that was compared, so that the ledger need not do it again. */
typedef struct near_known {
    uint64_t pair; /* u << 32 | v, u < v */
    near_similar similar;
} near_known;

typedef struct near_job {
    eid_ctx *ctx;
    eid_near_opts o; /* band and bands resolved, edit too */
    const char *part;
    char *path[4]; /* of the files, NEAR_TEXT to NEAR_JOINED */
    int fd[3];
    /* all documents */
    uint32_t *distinct; /* the distinct document whose bytes it has */
    int64_t *name_at;
    size_t docs, distinct_cap, name_cap;
    int64_t bytes, name_end;
    /* distinct ones */
    int64_t *text_at; /* n + 1 */
    uint32_t *first;  /* its first document */
    uint32_t *parent; /* the union-find: roots are the smallest of their cluster */
    uint64_t (*digest)[2];
    size_t n, text_cap, first_cap, digest_cap;
    near_batch *batch;
    size_t batches, batch_cap;
    near_known *known;
    size_t knowns, known_cap;
    uint64_t keys_hash; /* of all batches */
    int64_t compared, duplicates, reused;
} near_job;

enum { NEAR_TEXT, NEAR_NAMES, NEAR_KEYS, NEAR_JOINED };

/* Reads the corpus; afterwards everything but parent is there. */
eid_status near_read(near_job *j, const char *const *paths, size_t n_paths,
                     const eid_corpus_opts *read, eid_corpus **summary);
/* Candidates by bands, compared and united: fills parent. */
eid_status near_join(near_job *j);
/* corpus.tar and clusters.jsonl in j->part. */
eid_status near_write(near_job *j, eid_near_result *out);

uint32_t near_root(uint32_t *parent, uint32_t d);
/* All of a file's bytes from `at`, or EID_EIO with the file's name. */
eid_status near_pread(int fd, const char *path, void *to, size_t n, int64_t at);
eid_status near_append(int fd, const char *path, const void *bytes, size_t n);
eid_status near_io_failed(const char *path);
static inline size_t near_size(const near_job *j, uint32_t d)
{
    return (size_t)(j->text_at[d + 1] - j->text_at[d]);
}

/* A distinct document's text, into memory that grows. */
eid_status near_text(const near_job *j, uint32_t d, uint8_t **to, size_t *cap);

/* joined: written after some bands, found by the next call when everything that decides agrees. */
typedef struct near_pairs {
    uint64_t *slot; /* a set of pairs u << 32 | v with u < v, 0: empty */
    size_t slots, n, most;
} near_pairs;
bool near_pairs_has(const near_pairs *p, uint64_t pair);
eid_status near_pairs_add(near_pairs *p, uint64_t pair); /* forgotten beyond `most` */
eid_status near_state_write(const near_job *j, int64_t bands_done, const near_pairs *no);
/* *bands_done = 0 when there is none that fits. */
eid_status near_state_read(near_job *j, int64_t *bands_done, near_pairs *no);
#endif
