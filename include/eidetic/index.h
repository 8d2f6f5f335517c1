/* index.h - the training text as a suffix array: how often, where, how long a match.
 *
 * A match is a run of equal bytes inside one document: none crosses from one document into the
 * next, whatever bytes the documents hold.  All answers are exact.  An index that is open is read
 * only: any number of threads may ask it at once.
 *
 * A file that lies (its suffix array is not one) gives wrong answers or EID_EFORMAT, never a crash,
 * and no place ever lies outside its document; eid_index_verify tells.  The file must not be
 * shortened while it is open. */
#ifndef EID_INDEX_H
#define EID_INDEX_H
#include "eidetic/base.h"
#include "eidetic/corpus.h"

typedef struct eid_index eid_index;

/* A corpus that went into an index of several shards. */
typedef struct eid_index_input {
    const char *path;
    int64_t bytes, documents, skipped; /* as stored; that came out of it; that could not be read */
    int64_t shard;                     /* in which its first document may stand */
    char sha256[65];
} eid_index_input;

/* Builds the index of all documents into one file, which appears whole or not at all.  Takes about
 * 5.3 bytes of memory for each byte of text (9.3 from 2 GiB on); EID_ENOMEM, before anything is
 * allocated, when that is more than the context's bound.  Cancelled during the sort, which cannot
 * be stopped, it answers at once; the sort's memory is freed when it ends. */
EID_API EID_CHECKED eid_status eid_index_build(eid_ctx *ctx, const eid_corpus *c, const char *path);
/* How a corpus is cut into shards: parts of whole documents, each with a suffix array of its own.
 * Answers are the same for any; each shard costs a query its time. */
typedef struct eid_index_opts {
    int64_t shard; /* most bytes of text in one, names and tables of documents included; 0: as many
                      as memory and threads allow, up to 1 GiB.  Below 2 GB. */
    bool
        replace; /* build: an index that exists is replaced in one step when the new one is whole */
    bool again;  /* add: inputs that the index holds already, told by their SHA-256, too */
} eid_index_opts;
EID_API eid_index_opts eid_index_opts_default(void);
EID_API extern const eid_opt eid_index_opt_table[];

/* Reads a corpus as eid_corpus_stream does and builds an index of shards in the folder `folder`,
 * which appears whole or not at all; several at once, one to a thread.  Peak memory stays within
 * the context's bound.  While it is made it stands in FOLDER.part; killed or cancelled, the same
 * call goes on with the shards that are finished there.  The same shard size gives the same bytes
 * for any number of threads.  *summary, unless `summary` is NULL: as of eid_corpus_stream.
 *
 * EID_EEXIST: `folder` exists, or another process is building it.  EID_ENOMEM: the bound is too
 * small, or a document is larger than a shard and than what memory
 * allows to a shard of its own (none is split; where the options name a size none is larger). */
EID_API EID_CHECKED eid_status eid_index_build_shards(eid_ctx *ctx, const char *const *paths,
                                                      size_t n_paths, const eid_corpus_opts *read,
                                                      const eid_index_opts *opts,
                                                      const char *folder, eid_corpus **summary);
/* Adds shards with another corpus behind those of an index folder.  They belong to it when all of
 * them are on disk, and not before; killed, the same call goes on.  An index that is open does not
 * see them.  EID_EEXIST: an input is in the index already. */
EID_API EID_CHECKED eid_status eid_index_add(eid_ctx *ctx, const char *const *paths, size_t n_paths,
                                             const eid_corpus_opts *read,
                                             const eid_index_opts *opts, const char *folder,
                                             eid_corpus **summary);
/* What building would take: the largest shard in bytes, how many are built at once. */
EID_API EID_CHECKED eid_status eid_index_plan(const eid_ctx *ctx, const eid_index_opts *opts,
                                              int64_t *shard, int64_t *at_once);
/* PATH: one file, or a folder of shards.  Maps the files; checks magic, version, every size against
 * the file's length, the document table. Costs a look at each document's entry, not at the text. */
EID_API EID_CHECKED eid_status eid_index_open(eid_index **out, const char *path);
EID_API void eid_index_free(eid_index *ix);
/* Reads everything: the text has the hash it was written with, and the suffix array holds each
 * place once, in order.  EID_EFORMAT says which does not.  Takes up to 8 bytes of memory for each
 * byte of text (EID_ENOMEM beyond the bound). */
EID_API EID_CHECKED eid_status eid_index_verify(const eid_index *ix, eid_ctx *ctx);

EID_API int64_t eid_index_docs(const eid_index *ix);
EID_API int64_t eid_index_bytes(const eid_index *ix);  /* of text */
EID_API int64_t eid_index_shards(const eid_index *ix); /* 1 for a single file */
EID_API int64_t eid_index_size(const eid_index *ix);   /* bytes of the shards' files */
/* What it was made from, in order, as the folder's manifest tells; 0 for a single file. */
EID_API size_t eid_index_inputs(const eid_index *ix, const eid_index_input **inputs);
/* SHA-256 of all documents' bytes one after the other, 64 hexadecimal digits and a NUL; of several
 * shards, the SHA-256 of theirs (32 bytes each, one after the other). */
EID_API const char *eid_index_sha256(const eid_index *ix);
/* NULL when there is no such document. */
EID_API const char *eid_index_doc_name(const eid_index *ix, int64_t doc);
/* The text of document `doc`, borrowed from the map; NULL when there is no such document. */
EID_API const uint8_t *eid_index_doc(const eid_index *ix, int64_t doc, size_t *size);

/* ---- one string ------------------------------------------------------------------------------ */

typedef struct eid_place {
    int64_t doc;    /* document */
    int64_t offset; /* byte in it */
} eid_place;

/* Occurrences of pat[0..n), overlapping ones included, never across two documents.  `documents` may
 * be NULL; counting documents costs the number of occurrences.  n = 0 is EID_EINVAL. */
EID_API EID_CHECKED eid_status eid_index_count(const eid_index *ix, const uint8_t *pat, size_t n,
                                               int64_t *count, int64_t *documents);
/* The first `max` places in order of document and offset; *found says how many were written.  Takes
 * no memory of its own; time grows with the occurrences, however few are wanted. */
EID_API EID_CHECKED eid_status eid_index_locate(const eid_index *ix, const uint8_t *pat, size_t n,
                                                eid_place *places, int64_t max, int64_t *found);
/* The longest prefix of pat that stands in the text, and its number of copies (0 when length 0). */
EID_API EID_CHECKED eid_status eid_index_longest(const eid_index *ix, const uint8_t *pat, size_t n,
                                                 size_t *length, int64_t *count);

/* ---- many strings ---------------------------------------------------------------------------- */

typedef struct eid_pattern {
    const uint8_t *bytes;
    size_t n;
} eid_pattern;

/* eid_index_count of pats[0..m) on all threads: count[i] and, unless NULL, documents[i].  On
 * failure the contents of both are unspecified. */
EID_API EID_CHECKED eid_status eid_index_count_many(const eid_index *ix, eid_ctx *ctx,
                                                    const eid_pattern *pats, size_t m,
                                                    int64_t *count, int64_t *documents);

/* ---- all strings of one length --------------------------------------------------------------- */

/* Distinct strings of exactly `length` bytes that stand between low and high times (high excluded),
 * drawn uniformly without replacement, at most `want`; each with its first place and its count.
 *
 * Which ones depends on the seed and on the strings alone: not on threads, not on what else the
 * index holds.  They come in random order, and fewer wanted is the beginning of more wanted. */
typedef struct eid_repeat {
    eid_place place;
    int64_t count;
} eid_repeat;
EID_API EID_CHECKED eid_status eid_index_sample(const eid_index *ix, eid_ctx *ctx, size_t length,
                                                int64_t low, int64_t high, int64_t want,
                                                uint64_t seed, eid_repeat *out, int64_t *found);

/* The same for several ranges of copies in one pass over the index, which is what costs: range b's
 * sample goes to out[b * want ...].  With want = 0 (out may be NULL) it only counts. */
typedef struct eid_copies_range {
    int64_t low, high;   /* in: 1 <= low < high; ranges may overlap */
    int64_t strings;     /* out: distinct strings whose count lies in [low, high) */
    int64_t occurrences; /* out: places where they stand */
    int64_t found;       /* out: how many were drawn: min(want, strings) */
} eid_copies_range;
EID_API EID_CHECKED eid_status eid_index_sample_ranges(const eid_index *ix, eid_ctx *ctx,
                                                       size_t length, eid_copies_range *ranges,
                                                       size_t n_ranges, int64_t want, uint64_t seed,
                                                       eid_repeat *out);

/* How much of the text is said more than once, looking at every window of `length` bytes. */
typedef struct eid_repeats {
    int64_t windows;  /* places where `length` bytes are left in the document */
    int64_t distinct; /* different strings among them */
    int64_t repeated; /* of those, how many stand at least twice */
    int64_t bytes;    /* of text that lie in a window whose string stands at least twice */
    eid_repeat most;  /* the most frequent string, its first place (count 0: no window); among
                       * equals the one that sorts first */
} eid_repeats;
EID_API EID_CHECKED eid_status eid_index_repeats(const eid_index *ix, eid_ctx *ctx, size_t length,
                                                 eid_repeats *out);
#endif
