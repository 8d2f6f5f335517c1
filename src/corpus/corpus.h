/* corpus.h - what a corpus is made of; for the files of this room. */
#ifndef EID_SRC_CORPUS_H
#define EID_SRC_CORPUS_H
#include "corpus/arena.h"
#include "eidetic/corpus.h"

enum { EID_SKIPS_KEPT = 100 };

struct eid_corpus {
    eid_document *doc; /* bytes and names point into `arena`, or are borrowed */
    size_t docs, doc_cap;
    bool *shortened; /* by max_document or max_share; one per document */
    size_t shortened_cap;
    eid_arena arena;
    int64_t bytes;
    int64_t passed, passed_cut; /* documents handed on and not kept; of them, shortened */
    eid_corpus_input *input;    /* in order; documents of one input stand side by side */
    size_t inputs, input_cap;
    eid_corpus_skip *skip;
    size_t skips, skip_cap;
    int64_t identical;
};

/* Puts a document behind the others; borrows name and bytes. */
eid_status eid_corpus_push(eid_corpus *c, eid_document d);
#endif
