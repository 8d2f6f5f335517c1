/* dedup.h - takes what stands more than once out of a corpus, exactly, and keeps a ledger of it.
 *
 * A repeat of length L is a run of L bytes (or tokens of one tokenizer) inside one document that
 * stands elsewhere, too: at another place of it or in another document.
 *   keep-first  cuts every byte that lies in a repeat which also stands earlier (in an earlier
 *               document, or before it in its own) without overlapping it.  Every cut byte has a
 *               kept one whose text it was; the ledger says where.
 *   keep-none   cuts every byte that lies in any repeat, overlapping or not.
 * Ranges are then shrunk to whole characters where the text is UTF-8. */
#ifndef EID_DEDUP_H
#define EID_DEDUP_H
#include "eidetic/base.h"
#include "eidetic/bpe.h"
#include "eidetic/corpus.h"

/* Bytes [start, end) of a document are taken out. */
typedef struct eid_dedup_cut {
    int64_t document;      /* in the order of the corpus, from 0 */
    int64_t start, end;    /* bytes */
    int64_t kept_document; /* where its text stays: there, as many bytes from kept_start on; */
    int64_t kept_start;    /* -1: nowhere, or (a near-duplicate) not in this text */
    double similarity;     /* 1 for an exact repeat */
} eid_dedup_cut;

/* In order of document and start; disjoint. */
typedef struct eid_dedup_cuts eid_dedup_cuts;
EID_API EID_CHECKED eid_status eid_dedup_cuts_new(eid_dedup_cuts **out);
/* Puts a cut behind the others; EID_EINVAL when it does not come after them. */
EID_API EID_CHECKED eid_status eid_dedup_cuts_add(eid_dedup_cuts *cuts, const eid_dedup_cut *cut);
EID_API size_t eid_dedup_cuts_size(const eid_dedup_cuts *cuts);
EID_API const eid_dedup_cut *eid_dedup_cuts_at(const eid_dedup_cuts *cuts,
                                               size_t i); /* NULL: no such */
EID_API int64_t eid_dedup_cuts_bytes(const eid_dedup_cuts *cuts);
EID_API void eid_dedup_cuts_free(eid_dedup_cuts *cuts);
/* A ledger: JSONL, an object for each cut (docs/dedup.md).  Reading checks order and bounds. */
EID_API EID_CHECKED eid_status eid_dedup_cuts_read(eid_dedup_cuts **out, const char *path);

typedef enum eid_dedup_keep { EID_KEEP_FIRST, EID_KEEP_NONE } eid_dedup_keep;

typedef struct eid_dedup_opts {
    const char *exact; /* "200b" or "50t": shortest repeat, in bytes or tokens */
    int64_t keep;      /* eid_dedup_keep */
    bool recheck;      /* files: look for repeats in what is left, too */
} eid_dedup_opts;
EID_API eid_dedup_opts eid_dedup_opts_default(void);
EID_API extern const eid_opt eid_dedup_opt_table[];

/* What to cut of a corpus in memory.  bpe: for tokens, else NULL.  The same for any number of
 * threads.  EID_ENOMEM within the context's bound. */
EID_API EID_CHECKED eid_status eid_dedup_exact(eid_dedup_cuts **out, eid_ctx *ctx,
                                               const eid_corpus *c, const eid_bpe *bpe,
                                               const eid_dedup_opts *opts);
/* What is left; documents of which nothing is left are left out.  Copies the bytes. */
EID_API EID_CHECKED eid_status eid_dedup_apply(eid_corpus **out, const eid_corpus *c,
                                               const eid_dedup_cuts *cuts);

/* What was written; bytes_in = bytes_kept + bytes_cut, each counted by itself. */
typedef struct eid_dedup_result {
    int64_t documents_in, documents_out, documents_changed; /* changed: cut, and not wholly */
    int64_t bytes_in, bytes_kept, bytes_cut;
    int64_t ranges;                    /* cuts of the ledger */
    int64_t unit_length, units;        /* L; bytes or tokens looked at */
    int64_t passes;                    /* over the text */
    int64_t again_ranges, again_bytes; /* recheck: what a second run would cut */
} eid_dedup_result;

/* Deduplicates files of any size: reads `paths` as eid_corpus_stream does, twice, and writes what
 * is left, each input in its own form, into the folder `folder`: corpus/ and ledger.jsonl.  The
 * text is spooled there in between unless it takes less than a quarter of the context's memory,
 * which bounds all.  The folder appears whole or not at all; it is FOLDER.part before, which a
 * later call removes.  "-" is standard input, written as stdin.jsonl.
 *
 * With recheck, what is left is looked at once more.  Of bytes, keep-first leaves no repeat but
 * where a cut has brought its parts together, in the repeat or in the earlier text it equals; those
 * are written to again.jsonl: as in the ledger, but documents and places of what is left, and
 * `joints`, the places where cuts were that touch the repeat or its kept copy.
 *
 * EID_EEXIST: `folder` exists.  EID_EIO: an input changed while it was read. */
EID_API EID_CHECKED eid_status eid_dedup_exact_files(eid_dedup_result *out, eid_corpus **summary,
                                                     eid_ctx *ctx, const char *const *paths,
                                                     size_t n_paths, const eid_corpus_opts *read,
                                                     const eid_bpe *bpe, const eid_dedup_opts *opts,
                                                     const char *folder);
#endif
