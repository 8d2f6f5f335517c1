/* npz.h - a .npz in memory, for the reader and its fuzz target. */
#ifndef EID_SRC_NPZ_H
#define EID_SRC_NPZ_H
#include "dataset/array.h"

/* Opens the n bytes of a zip; takes the owner over, also on failure. */
eid_status eid_npz_take(eid_npz **out, const char *name, eid_array_owner *from, size_t n);
#endif
