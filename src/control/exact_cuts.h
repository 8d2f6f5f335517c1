/* exact_cuts.h - from matches of units to cuts of bytes: whole characters, and where the text
 * stays.
 */
#ifndef EID_SRC_EXACT_CUTS_H
#define EID_SRC_EXACT_CUTS_H
#include "control/cuts.h"
#include "control/exact.h"

/* m: in order and disjoint, as exact_find leaves them; they are used up.  bpe: whose tokens the
 * units are; NULL: bytes.  Of a cut whose text stays (source >= 0) the kept copy is found by going
 * from copy to copy until one is not cut; a match may be split for that. */
eid_status exact_cuts(eid_dedup_cuts **out, const control_units *u, const eid_bpe *bpe,
                      exact_matches *m);
#endif
