/* bpe.h - a tokenizer from inside: entries, merges, added tokens.
 *
 * An entry of the vocabulary is a byte string, written in tokenizer.json with one character per
 * byte (GPT-2's alphabet: printable Latin-1 stands for itself, the other 68 bytes for
 * U+0100..U+0143). Entries whose key leaves that alphabet, and added tokens beyond the model's
 * vocabulary, stand for the UTF-8 of their key: `raw`. */
#ifndef EID_SRC_BPE_H
#define EID_SRC_BPE_H
#include "corpus/bpe_pairs.h"
#include "corpus/bpe_split.h"
#include "corpus/bpe_words.h"
#include "eidetic/bpe.h"

#define EID_BPE_END "<|endoftext|>"

typedef struct eid_bpe_merge {
    int32_t left, right, id; /* bytes of id = bytes of left and of right */
} eid_bpe_merge;

/* A string that is found in the text before anything is split (tokenizer.json: added_tokens). */
typedef struct eid_bpe_added {
    char *content; /* UTF-8, not empty, `n` bytes and a NUL */
    size_t n;
    int32_t id;
    bool special;        /* recognised only when asked for */
    bool normalized;     /* searched in what the others left over */
    bool lstrip, rstrip; /* swallows the white space beside it */
} eid_bpe_added;

struct eid_bpe {
    int32_t vocab, model_vocab; /* ids; those of the model itself come first */
    int32_t end;                /* separates documents; -1: none */
    eid_buf text;               /* the entries' bytes, in the order of their ids */
    size_t *start;              /* vocab + 1 */
    size_t start_cap;
    bool *raw; /* model_vocab */
    size_t raw_cap;
    eid_bpe_merge *merge; /* in the order of rank: the first is merged first */
    size_t merges, merge_cap;
    eid_bpe_added *added; /* sorted for eid_bpe_added_at */
    size_t n_added, added_cap;
    bool prefix_space, by_pattern, ignore_merges;

    /* made by eid_bpe_finish */
    int32_t byte_id[256];
    eid_pairs rank;            /* of the merge of a pair */
    eid_words whole;           /* ignore_merges: the count of an entry is its id */
    size_t added_from[2][257]; /* [normalized][first byte]: place in `added` */
    eid_splitter *splitter;
};

/* Appends an entry; a raw one keeps its key. */
eid_status eid_bpe_entry(eid_bpe *b, const uint8_t *bytes, size_t n, bool raw);
/* Checks that all bytes have entries and builds what encoding needs; `name` goes into messages. */
eid_status eid_bpe_finish(eid_bpe *b, const char *name);
/* A tokenizer.json of `n` bytes. */
eid_status eid_bpe_read(eid_bpe **out, const char *name, const char *json, size_t n);

/* GPT-2's alphabet.  The order of the first 256 ids is that of these characters. */
uint32_t eid_bpe_char(uint8_t byte);
int eid_bpe_byte(uint32_t ch);    /* -1: not of the alphabet */
uint8_t eid_bpe_nth_byte(int id); /* the byte that has id 0..255 in a trained tokenizer */

/* The added token of that pass that begins text[0..n), the longest; NULL: none. */
const eid_bpe_added *eid_bpe_added_at(const eid_bpe *b, bool normalized, const uint8_t *text,
                                      size_t n);
eid_status eid_bpe_added_sort(eid_bpe *b, const char *name);

/* Scratch memory of one thread that encodes. */
typedef struct eid_encoder eid_encoder;
eid_status eid_encoder_new(eid_encoder **out, const eid_bpe *bpe, size_t text_size);
void eid_encoder_free(eid_encoder *e);
/* Appends the ids of a text; eid_encoder_ids lends all of them until the next call. */
eid_status eid_encoder_text(eid_encoder *e, const uint8_t *text, size_t n, bool special);
const int32_t *eid_encoder_ids(const eid_encoder *e, size_t *n);
void eid_encoder_clear(eid_encoder *e);

/* Cuts the documents into runs of about `bytes` bytes: run k is [first[k], first[k + 1]). */
eid_status eid_corpus_runs(const eid_corpus *c, size_t bytes, size_t **first, size_t *runs);
#endif
