/* lines.h - .jsonl: an object per line, whose text becomes a document. */
#ifndef EID_SRC_LINES_H
#define EID_SRC_LINES_H
#include "corpus/gather.h"

/* The field in which eid_corpus_write keeps a document's name. */
#define EID_NAME_FIELD "eidetic_name"

typedef struct eid_lines {
    eid_gather *g;
    const char *name; /* of the file: documents are NAME#1, NAME#2, ... */
    eid_buf line;     /* begun, its end not yet seen */
    eid_buf label;
    int64_t number; /* lines ended */
} eid_lines;

/* Bytes arrive in pieces of any size; eid_lines_end tells that no more will come.  A line that is
 * not an object with that text is skipped; a blank one is nothing.  EID_ENOMEM: a line too long for
 * the memory that is left. */
eid_status eid_lines_add(eid_lines *l, const uint8_t *bytes, size_t n);
eid_status eid_lines_end(eid_lines *l);
void eid_lines_free(eid_lines *l);
#endif
