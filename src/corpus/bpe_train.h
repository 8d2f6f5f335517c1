/* bpe_train.h - the two halves of training: counting words, and choosing merges. */
#ifndef EID_SRC_BPE_TRAIN_H
#define EID_SRC_BPE_TRAIN_H
#include "corpus/bpe.h"

/* The distinct pre-tokens of all documents with their counts, in no particular order. */
eid_status eid_bpe_count_words(eid_ctx *ctx, const eid_corpus *c, eid_words *words);
/* Fills entries and merges of `b`: 256 bytes, then merges up to `entries`.  Sorts `words`. */
eid_status eid_bpe_choose_merges(eid_ctx *ctx, eid_bpe *b, eid_words *words, int64_t entries,
                                 int64_t min_frequency);
#endif
