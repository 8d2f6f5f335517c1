/* shown.h - text from corpora and models as JSON strings: masked, unless it is to be revealed. */
#ifndef EID_SRC_MEASURE_SHOWN_H
#define EID_SRC_MEASURE_SHOWN_H
#include "eidetic/base.h"
#include <jansson.h>

/* text[cut[0]..cut[1]) and text[cut[1]..cut[2]) as two strings.  What stands around them (an
 * address that begins before, or ends after) is looked at but not shown, so that halves of personal
 * data are known for what they are. */
eid_status eid_shown(const uint8_t *text, size_t n, const size_t cut[3], bool reveal,
                     json_t *parts[2]);
/* Appends `item`, which is taken; a NULL one or array tells that memory ran out. */
eid_status eid_json_append(json_t *array, json_t *item);
#endif
