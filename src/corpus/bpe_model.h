/* bpe_model.h - filling a tokenizer from files that name its entries by key. */
#ifndef EID_SRC_BPE_MODEL_H
#define EID_SRC_BPE_MODEL_H
#include "base/json.h"
#include "corpus/bpe.h"

typedef struct eid_key_reader {
    const char *name; /* of the file, for messages */
    json_t *vocab;    /* {key: id} */
    eid_bpe *b;
    eid_buf key; /* scratch */
} eid_key_reader;

/* All entries of r->vocab, whose ids must be 0 to n - 1 without holes. */
eid_status eid_key_entries(eid_key_reader *r);
int32_t eid_key_id(const eid_key_reader *r, const char *key, size_t n); /* -1: no entry */
/* The next merge; both sides and what they make must be entries. */
eid_status eid_key_merge(eid_key_reader *r, const char *left, size_t n_left, const char *right,
                         size_t n_right);
eid_status eid_key_merge_line(eid_key_reader *r, const char *line, size_t n); /* "a b" */
/* An added token.  Its id must be the vocabulary's, or the next free one: the package gives ids so,
 * whatever the file says. */
eid_status eid_key_added(eid_key_reader *r, const char *content, size_t n, json_int_t id,
                         eid_bpe_added token);
#endif
