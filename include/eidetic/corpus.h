/* corpus.h - documents from files, folders, .jsonl and archives; splits. */
#ifndef EID_CORPUS_H
#define EID_CORPUS_H
#include "eidetic/base.h"

/* A document as it stands: its bytes are never changed, recoded or trimmed.
 * `name` is the path below the folder that the user named, or the file's own name, plus "!entry"
 * inside an archive and "#line" (from 1) inside a .jsonl: "data/a.tar.gz!b.jsonl#17". */
typedef struct eid_document {
    const char *name;
    const uint8_t *bytes;
    size_t size;
} eid_document;

typedef struct eid_corpus_opts {
    const char *field;    /* of a .jsonl line: where the text stands */
    bool drop_identical;  /* keep the first of documents with equal bytes */
    int64_t max_document; /* longer documents are cut here, at a UTF-8 boundary, and counted; 0: no
                             limit */
    double max_share;     /* cut documents longer than this share of all bytes; 1: no limit */
    const char *include; /* of a folder, only files whose name matches this pattern (fnmatch); NULL:
                            all */
    bool follow_links;   /* symbolic links inside folders (circles are noticed) */
} eid_corpus_opts;
EID_API eid_corpus_opts eid_corpus_opts_default(void);
EID_API extern const eid_opt eid_corpus_opt_table[];

/* What was met while reading one named input. */
typedef struct eid_corpus_input {
    const char *path;
    int64_t bytes; /* as stored: compressed size for an archive */
    char
        sha256[65]; /* of a file: its bytes; of a folder: of its files' names and hashes in order */
    int64_t documents; /* that came out of it */
    int64_t skipped;   /* unreadable, special, empty or malformed: not read, see `skips` */
} eid_corpus_input;

typedef struct eid_corpus_skip {
    const char *name, *why;
} eid_corpus_skip;

/* All documents in memory: input after input as named, folders in the bytewise order of the paths
 * below them, archives and .jsonl files as they stand.  What the file system thinks of order plays
 * no part. */
typedef struct eid_corpus eid_corpus;

/* Reads files, folders (recursively), .jsonl, .tar, .zip, each also .gz .xz .zst .bz2.  A path
 * given on the command line that cannot be read is an error; one met inside a folder is skipped,
 * counted and named.  The path "-" is standard input, read as .jsonl.  EID_ENOMEM when the
 * documents outgrow the context's memory bound; EID_EINVAL when no document is left. */
EID_API EID_CHECKED eid_status eid_corpus_read(eid_corpus **out, eid_ctx *ctx,
                                               const char *const *paths, size_t n_paths,
                                               const eid_corpus_opts *opts);
/* One document, borrowed for the call; a failure ends the reading and is handed back. */
typedef eid_status (*eid_document_fn)(void *user, const eid_document *d);
/* The same documents in the same order, one at a time and none kept: for corpora larger than
 * memory.  `take` is called from the thread that called.  *summary, unless `summary` is NULL: a
 * corpus without documents that knows inputs, skips, bytes, identical and cut.
 *
 * What reading ahead would take is different: `identical` counts only with drop_identical, and
 * documents are then equal when the first 128 bits of their SHA-256 are; an archive met inside a
 * folder is read twice, first to see that it is whole; max_share below 1 is EID_EUNSUPPORTED. */
EID_API EID_CHECKED eid_status eid_corpus_stream(eid_corpus **summary, eid_ctx *ctx,
                                                 const char *const *paths, size_t n_paths,
                                                 const eid_corpus_opts *opts, eid_document_fn take,
                                                 void *user);
/* From memory; bytes and names are copied.  `name` may be NULL ("#i"). */
EID_API EID_CHECKED eid_status eid_corpus_from(eid_corpus **out, const eid_document *docs,
                                               size_t n);
/* The documents picked[0..n) of `whole`, in that order; borrows the bytes of `whole`, which must
 * outlive it. */
EID_API EID_CHECKED eid_status eid_corpus_pick(eid_corpus **out, const eid_corpus *whole,
                                               const int64_t *picked, size_t n);
EID_API void eid_corpus_free(eid_corpus *c);

EID_API size_t eid_corpus_size(const eid_corpus *c); /* documents */
EID_API int64_t eid_corpus_bytes(const eid_corpus *c);
EID_API eid_document eid_corpus_doc(const eid_corpus *c, size_t i);
EID_API size_t eid_corpus_inputs(const eid_corpus *c, const eid_corpus_input **inputs);
EID_API size_t eid_corpus_skips(const eid_corpus *c, const eid_corpus_skip **skips); /* first 100 */
EID_API int64_t eid_corpus_identical(const eid_corpus *c); /* dropped or found as equal bytes */
EID_API int64_t eid_corpus_cut(const eid_corpus *c);       /* documents that max_* shortened */

/* Writes a corpus so that eid_corpus_read gives the same documents and names back: PATH ends in
 * .tar (any bytes) or .jsonl (UTF-8 only: EID_EINVAL names the first document that is not).  Empty
 * documents are written, but reading skips them.  Same corpus, same bytes. */
EID_API EID_CHECKED eid_status eid_corpus_write(eid_ctx *ctx, const eid_corpus *c,
                                                const char *path);

/* Random split by document: side[i] in [0, n_sides), side k gets about share[k] of the documents
 * (shares add up to 1).  Documents with equal bytes stay on one side; depends on seed, order and
 * bytes alone. */
EID_API EID_CHECKED eid_status eid_corpus_split(const eid_corpus *c, const double *share,
                                                size_t n_sides, uint64_t seed, uint8_t *side);
#endif
