/* shown.h - text from corpora and models as JSON strings: masked, unless it is to be revealed. */
#ifndef EID_SRC_MEASURE_SHOWN_H
#define EID_SRC_MEASURE_SHOWN_H
#include "eidetic/base.h"
#include <jansson.h>

/* text[0..cut) and text[cut..n) as two strings; what stands across the cut is masked as a whole. */
eid_status eid_shown(const uint8_t *text, size_t n, size_t cut, bool reveal, json_t *parts[2]);
/* Appends `item`, which is taken; a NULL one or array tells that memory ran out. */
eid_status eid_json_append(json_t *array, json_t *item);
#endif
