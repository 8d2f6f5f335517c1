/* streams.h - who draws from which stream of a seed: purpose, trial and place, side by side. */
#ifndef EID_SRC_THEORY_STREAMS_H
#define EID_SRC_THEORY_STREAMS_H
#include "eidetic/rng.h"

typedef enum eid_purpose {
    EID_FOR_PRIOR = 1,
    EID_FOR_MEMBERS,
    EID_FOR_CALIBRATION,
    EID_FOR_FRESH,
    EID_FOR_NOISE,
    EID_FOR_ORDER,
    EID_FOR_MASKS,
    EID_FOR_POINTS,
    EID_FOR_PERMUTATIONS
} eid_purpose;

enum { EID_MOST_TRIALS = 1 << 20 };

/* Place: a word of a row (24 bits) below a chunk of rows (12 bits). */
static inline uint64_t eid_stream(eid_purpose purpose, int64_t trial, int64_t chunk)
{
    return (uint64_t)purpose << 56 | (uint64_t)trial << 36 | (uint64_t)chunk << 24;
}
#endif
