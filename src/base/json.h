/* json.h - Jansson, with our contract: no NaN, no infinity, estimates as objects. */
#ifndef EID_SRC_JSON_H
#define EID_SRC_JSON_H
#include "base/memory.h"
#include "eidetic/stats.h"
#include <jansson.h>

json_t *eid_json_real(double x);                  /* null for NaN and infinities */
json_t *eid_json_estimate(const eid_estimate *e); /* {value, low, high, n, method, why} */
/* Any bytes as a JSON string: invalid UTF-8 becomes U+FFFD. */
json_t *eid_json_bytes(const uint8_t *bytes, size_t n);
/* The text of `j` (which is released, also on failure); keys stay in insertion order. */
eid_status eid_json_text(json_t *j, char **out);
/* Parses hostile text of at most `n` bytes; duplicate keys and trailing bytes are errors; `name`
 * goes into the message, with line and column. */
eid_status eid_json_parse(json_t **out, const char *name, const char *text, size_t n);
#endif
