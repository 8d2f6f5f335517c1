/* stream.h - reading one document after another within a bound of its own. */
#ifndef EID_SRC_STREAM_H
#define EID_SRC_STREAM_H
#include "eidetic/corpus.h"

/* As eid_corpus_stream; what is being read takes at most `memory` bytes, or EID_ENOMEM. */
eid_status eid_corpus_stream_within(eid_corpus **summary, eid_ctx *ctx, const char *const *paths,
                                    size_t n_paths, const eid_corpus_opts *opts, int64_t memory,
                                    eid_document_fn take, void *user);
#endif
