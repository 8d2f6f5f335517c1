/* bpe_key.h - an entry's bytes as its key in tokenizer.json, and back. */
#ifndef EID_SRC_BPE_KEY_H
#define EID_SRC_BPE_KEY_H
#include "base/memory.h"

/* The bytes that a key of GPT-2's alphabet stands for, replacing what is in `bytes`; false: a
 * character is none of it, or *st tells of a failure. */
bool eid_key_bytes(eid_buf *bytes, const char *key, size_t n, eid_status *st);
/* Appends the key of an entry, or (raw) its bytes, with JSON's escapes. */
eid_status eid_key_json(eid_buf *out, const uint8_t *bytes, size_t n, bool raw);
#endif
