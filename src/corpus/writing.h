/* writing.h - a corpus written one document at a time, none kept. */
#ifndef EID_SRC_WRITING_H
#define EID_SRC_WRITING_H
#include "eidetic/corpus.h"

/* Document i of `docs`, asked for in order; borrowed until the next is asked for. */
typedef eid_status (*eid_document_get_fn)(void *user, size_t i, eid_document *d);

/* As eid_corpus_write; `bytes` of all documents, for progress. */
eid_status eid_corpus_write_each(eid_ctx *ctx, size_t docs, int64_t bytes, eid_document_get_fn get,
                                 void *user, const char *path);
#endif
