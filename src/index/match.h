/* match.h - how far copies reach, for many places of one text. */
#ifndef EID_INDEX_MATCH_H
#define EID_INDEX_MATCH_H
#include "eidetic/questions.h"

/* end[k]: the longest match that begins at text[at[k]] ends before text[end[k]]; at[0..m) ascend.
 */
void index_match_ends(const eid_index *ix, const uint8_t *text, size_t n, const size_t *at,
                      size_t m, size_t *end);
#endif
