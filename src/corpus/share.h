/* share.h - no document may be more than a share of all bytes. */
#ifndef EID_SRC_SHARE_H
#define EID_SRC_SHARE_H
#include "corpus/corpus.h"

/* Cuts the longest documents to one common length, the largest L with
 *     L <= share * sum over documents of min(size, L),
 * so that each is at most `share` of what is left (cuts at UTF-8 boundaries: up to 3 bytes below L,
 * and the share of the others grows by as much).  With `drop_identical`, documents that have become
 * equal are dropped and the rest is capped again.  EID_EINVAL when there are fewer than 1 / share
 * documents: then one of them must be more. */
eid_status eid_cap_shares(eid_corpus *c, double share, bool drop_identical);
#endif
