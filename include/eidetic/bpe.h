/* bpe.h - byte-level byte-pair encoding, as GPT-2 does it, in Hugging Face's tokenizer.json. */
#ifndef EID_BPE_H
#define EID_BPE_H
#include "eidetic/base.h"
#include "eidetic/corpus.h"

typedef struct eid_bpe eid_bpe;

typedef struct eid_bpe_opts {
    int64_t vocab;         /* entries, the 256 bytes and <|endoftext|> included */
    int64_t min_frequency; /* a pair must occur so often to be merged */
} eid_bpe_opts;
EID_API eid_bpe_opts eid_bpe_opts_default(void);
EID_API extern const eid_opt eid_bpe_opt_table[];

/* Ids 0 to 255 are the bytes in the order of GPT-2's alphabet, then merges: always the most
 * frequent pair, among equals the one of the lowest ids, left before right; <|endoftext|> is the
 * last id.  The merges are those of the `tokenizers` package on the same text.  A vocabulary ends
 * early when no pair is frequent enough.  Same corpus, same tokenizer, for any number of threads.
 * EID_ENOMEM when the distinct pre-tokens outgrow the context's memory bound. */
EID_API EID_CHECKED eid_status eid_bpe_train(eid_bpe **out, eid_ctx *ctx, const eid_corpus *c,
                                             const eid_bpe_opts *opts);
/* PATH: a tokenizer.json, or a folder that holds one, or one with GPT-2's vocab.json and
 * merges.txt. EID_EUNSUPPORTED names what no GPT-2-like tokenizer has; EID_EFORMAT what is wrong,
 * and where. */
EID_API EID_CHECKED eid_status eid_bpe_load(eid_bpe **out, const char *path);
/* PATH: a file when it ends in .json, else a folder, made if need be; that also gets a
 * tokenizer_config.json, so that transformers opens it. */
EID_API EID_CHECKED eid_status eid_bpe_save(const eid_bpe *bpe, const char *path);
EID_API void eid_bpe_free(eid_bpe *bpe);

EID_API int32_t eid_bpe_vocab(const eid_bpe *bpe);
/* Id that separates documents: of the special token <|endoftext|>, or of another with a name usual
 * for it (</s>, <eos>, ...); -1: none. */
EID_API int32_t eid_bpe_end(const eid_bpe *bpe);
/* The bytes of one id; borrowed; NULL for an id out of range. */
EID_API const uint8_t *eid_bpe_bytes(const eid_bpe *bpe, int32_t id, size_t *n);

/* Ids of any bytes.  Special tokens in the text are recognised only if `special`; added tokens that
 * are not special always are.  Bytes outside well-formed UTF-8 never merge.  *ids is the caller's,
 * freed by eid_ids_free.  Thread-safe: many threads may encode with one eid_bpe. */
EID_API EID_CHECKED eid_status eid_bpe_encode(const eid_bpe *bpe, const uint8_t *text, size_t n,
                                              bool special, int32_t **ids, size_t *n_ids);
/* The bytes of all ids, one after the other, and a NUL behind them; *text is the caller's, freed by
 * eid_bytes_free.  EID_EINVAL: an id out of range. */
EID_API EID_CHECKED eid_status eid_bpe_decode(const eid_bpe *bpe, const int32_t *ids, size_t n,
                                              uint8_t **text, size_t *size);
EID_API void eid_ids_free(int32_t *ids);
EID_API void eid_bytes_free(uint8_t *bytes);

/* A corpus as tokens: document i is id[start[i] .. start[i+1]), without separators; special tokens
 * in it are mere text. */
typedef struct eid_tokens {
    int32_t *id;
    int64_t *start; /* docs + 1 of them */
    size_t docs;
} eid_tokens;
EID_API EID_CHECKED eid_status eid_bpe_encode_corpus(eid_tokens **out, eid_ctx *ctx,
                                                     const eid_bpe *bpe, const eid_corpus *c);
EID_API void eid_tokens_free(eid_tokens *t);
#endif
