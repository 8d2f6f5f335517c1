/* sort.h - suffix sorting by whichever library the build found. */
#ifndef EID_INDEX_SORT_H
#define EID_INDEX_SORT_H
#include "base/status.h"

/* Fills sa with 0..n-1 in the order of the suffixes of text[0..n).  One thread, no ticks; the
 * entries are int32_t, or int64_t when `wide` (n of 2^31 and more must be). */
eid_status index_sort(const uint8_t *text, void *sa, int64_t n, bool wide);
const char *index_sorter(void); /* "libsais" or "libdivsufsort" */
#endif
