/* questions.h - a text against an index: how far each place is copied, what follows it in the
 * corpus, where its spans come from, whether a test stands in the training text.
 *
 * All answers are exact and byte for byte: nothing is folded or normalized, and no match crosses a
 * document.  Any number of threads may ask one index. */
#ifndef EID_QUESTIONS_H
#define EID_QUESTIONS_H
#include "eidetic/bpe.h"
#include "eidetic/index.h"

/* ---- every place of a text ------------------------------------------------------------------- */

typedef struct eid_match {
    size_t length; /* of the longest match that begins here; 0: this byte does not occur */
    int64_t count; /* its copies */
} eid_match;
/* out[i], for each of n places: eid_index_longest of text[i..n).  Places inside one long match are
 * not searched for one by one, so that a text that stands whole in the corpus is answered soonest.
 */
EID_API EID_CHECKED eid_status eid_index_matches(const eid_index *ix, eid_ctx *ctx,
                                                 const uint8_t *text, size_t n, eid_match *out);

/* ---- what follows ---------------------------------------------------------------------------- */

typedef struct eid_next {
    int32_t id; /* a byte, or a token; -1: the document ends */
    int64_t count;
} eid_next;

/* What follows the longest end of a context that the corpus holds (infinity-gram, Liu et al. 2024).
 * Counts add up to `places`. */
typedef struct eid_continuation {
    size_t used;    /* bytes of the context's end that stand in the corpus; 0: not even the last */
    size_t tokens;  /* the same in tokens; 0 without a tokenizer */
    int64_t count;  /* copies of that end; all bytes of text when it is empty */
    int64_t places; /* of them, looked at */
    eid_next *next; /* most frequent first, then by id */
    size_t n;
} eid_continuation;
/* Byte by byte: all 257 things that may follow are counted, whatever their number. */
EID_API EID_CHECKED eid_status eid_index_next_bytes(const eid_index *ix, const uint8_t *context,
                                                    size_t n, eid_continuation *out);
/* Token by token: the context backs off by whole tokens, and at each place the text that follows is
 * encoded from there on (256 bytes of it are looked at); its first token counts.  More than
 * max_places copies: so many of them, evenly spaced in the order of the suffix array.  An empty end
 * has no continuation: count is the bytes of text, places 0. */
EID_API EID_CHECKED eid_status eid_index_next_tokens(const eid_index *ix, eid_ctx *ctx,
                                                     const eid_bpe *bpe, const int32_t *context,
                                                     size_t n, int64_t max_places,
                                                     eid_continuation *out);
EID_API void eid_continuation_free(eid_continuation *c);

/* ---- where spans come from ------------------------------------------------------------------- */

typedef struct eid_span {
    size_t start, end; /* bytes of the text, end excluded */
    int64_t count, documents;
} eid_span;
/* The spans of at least min_length bytes that stand verbatim in the corpus and can be made longer
 * at neither end, longest first, then by place; spans inside longer ones are left out.  In a text
 * that is UTF-8 they hold whole characters.  *covered: bytes of the text that lie in any of them.
 * Free *spans with eid_spans_free. */
EID_API EID_CHECKED eid_status eid_index_spans(const eid_index *ix, eid_ctx *ctx,
                                               const uint8_t *text, size_t n, size_t min_length,
                                               eid_span **spans, size_t *n_spans, size_t *covered);
EID_API void eid_spans_free(eid_span *spans);

/* ---- tests that stand in the training text --------------------------------------------------- */

typedef struct eid_overlap_opts {
    int64_t ngram;     /* words in a row; 13 (Brown et al. 2020, app. C) */
    int64_t min_words; /* a shorter example is not judged: it stands anywhere by chance */
    double share;      /* n-grams that must be found: above it the example overlaps */
} eid_overlap_opts;
EID_API eid_overlap_opts eid_overlap_opts_default(void);
EID_API extern const eid_opt eid_overlap_opt_table[];

typedef enum eid_overlap_level {
    EID_OVERLAP_CLEAN,
    EID_OVERLAP_SHORT, /* fewer than min_words */
    EID_OVERLAP_NGRAM, /* n-grams stand in the corpus */
    EID_OVERLAP_WHOLE  /* the example does, without the white space around it */
} eid_overlap_level;
EID_API const char *eid_overlap_level_name(eid_overlap_level level); /* "clean", "short", ... */

/* Words are what white space separates; an n-gram is the bytes from its first word's begin to its
 * last word's end, white space in between as it stands. */
typedef struct eid_overlap {
    eid_overlap_level level;
    int64_t copies, documents;     /* of the whole example, the white space around it left out */
    int64_t words, ngrams;         /* ngrams: words - ngram + 1, or 0 */
    int64_t ngrams_found;          /* that stand in the corpus */
    int64_t words_found;           /* that lie in one of those */
    size_t longest_start, longest; /* the longest match that begins at a word: bytes */
    eid_place place; /* of the whole example, else of the longest match; doc -1: none */
} eid_overlap;
/* out[i] for each document of `tests`, on all threads. */
EID_API EID_CHECKED eid_status eid_index_overlaps(const eid_index *ix, eid_ctx *ctx,
                                                  const eid_corpus *tests,
                                                  const eid_overlap_opts *opts, eid_overlap *out);
#endif
