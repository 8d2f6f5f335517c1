/* base64.h - bytes as text (RFC 4648, section 4), for JSON. */
#ifndef EID_SRC_BASE64_H
#define EID_SRC_BASE64_H
#include "base/memory.h"

eid_status eid_base64_add(eid_buf *b, const uint8_t *bytes, size_t n);
/* Strict: no line breaks, full padding, no bits left over; EID_EFORMAT otherwise. */
eid_status eid_base64_decode(eid_buf *b, const char *text, size_t n);
#endif
