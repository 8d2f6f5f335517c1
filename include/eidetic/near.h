/* near.h - near-duplicates: documents that share most of their word n-grams, found and removed.
 *
 * Words are what ASCII white space separates; a document's shingles are the set of its runs of
 * `words` words, compared word by word as bytes.  One with fewer words has one shingle, all of
 * them; one without a word has none and equals only its own copies.
 *
 *     Jaccard          J = |A and B| / |A or B|                             of the sets of shingles
 *     edit similarity  E = 1 - (edit distance in words) / (words of the longer one)
 *
 * Two documents are duplicates when their bytes are equal, or when they share a band of their
 * MinHash signatures (Broder 1997; bands as in Lee et al. 2022: `bands` of `band` hashes, found
 * with probability 1 - (1 - J^band)^bands) and J >= near and E >= edit.  Clusters are the connected
 * components; one document of each is kept.  J and E are computed from the bytes for every pair
 * that joins two clusters, so no false positive is in the output; a member may be less like the one
 * kept than `near` says, when others between them link the two ("chained" in the ledger). */
#ifndef EID_NEAR_H
#define EID_NEAR_H
#include "eidetic/corpus.h"

enum { EID_NEAR_KEEP_FIRST, EID_NEAR_KEEP_LONGEST };

typedef struct eid_near_opts {
    double near;          /* least Jaccard */
    double edit;          /* least edit similarity; 0: none asked for; below 0: as near */
    int64_t words;        /* of a shingle */
    int64_t band, bands;  /* hashes of a band; bands */
    int64_t permutations; /* not 0: hashes in all, with the best bands for `near` */
    int64_t keep; /* EID_NEAR_KEEP_*: the first, or the one of most bytes (then the first) */
    int64_t seed;
    int64_t format; /* of what is kept: 0 corpus.tar, 1 corpus.jsonl */
    bool replace;   /* write over an output of this function */
} eid_near_opts;
EID_API eid_near_opts eid_near_opts_default(void);
EID_API extern const eid_opt eid_near_opt_table[];

typedef struct eid_near_size {
    int64_t documents, clusters; /* so many clusters of so many documents */
} eid_near_size;

typedef struct eid_near_result {
    int64_t documents, kept, identical; /* identical: removed with equal bytes */
    int64_t near, chained; /* removed otherwise; of them, less like the kept than asked */
    int64_t bytes, bytes_kept, bytes_cut;
    int64_t band, bands;
    int64_t clusters; /* of two documents and more */
    int64_t compared,
        duplicates;      /* pairs that share a band and were compared; that were found so */
    int64_t reused;      /* documents whose signatures an earlier, interrupted call left */
    eid_near_size *size; /* ascending */
    size_t sizes;
} eid_near_result;

/* Reads the corpus as eid_corpus_stream does and makes FOLDER: corpus.tar (or .jsonl), what is kept
 * in its order and with its names; clusters.jsonl, a line for every document of a cluster of two or
 * more.  Works in FOLDER.part, within the context's memory: the corpus, 8 bytes a band and
 * document, and nothing else are spilled there.  Stopped or killed, the same call goes on and comes
 * to the same bytes, for any number of threads.  EID_EEXIST: FOLDER is there.  `summary` as in
 * eid_corpus_stream; the result is freed by eid_near_result_free. */
EID_API EID_CHECKED eid_status eid_near(eid_ctx *ctx, const char *const *paths, size_t n_paths,
                                        const eid_corpus_opts *read, const eid_near_opts *opts,
                                        const char *folder, eid_near_result *out,
                                        eid_corpus **summary);
EID_API void eid_near_result_free(eid_near_result *r);

/* The probability that two documents of Jaccard s share a band. */
EID_API double eid_near_found(double s, int64_t band, int64_t bands);
/* The bands that `permutations` hashes are best cut into for a threshold: least integral of 9 parts
 * missed pairs above it and 1 part candidates below it, which cost time and nothing else. */
EID_API EID_CHECKED eid_status eid_near_bands(double near, int64_t permutations, int64_t *band,
                                              int64_t *bands);
/* J and E of two texts, exactly. */
EID_API EID_CHECKED eid_status eid_near_similarity(const uint8_t *a, size_t n, const uint8_t *b,
                                                   size_t m, int64_t words, double *jaccard,
                                                   double *edit);
#endif
