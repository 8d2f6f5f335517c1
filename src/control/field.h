/* field.h - one field of a line of JSON gets another text; every other byte stays. */
#ifndef EID_SRC_FIELD_H
#define EID_SRC_FIELD_H
#include "base/memory.h"

/* line[0..n): an object that a parser has accepted, with a string in `field`; out: the same with
 * text[0..size), which is UTF-8, there.  EID_EINTERNAL when the field is not found. */
eid_status control_set_field(eid_buf *out, const uint8_t *line, size_t n, const char *field,
                             const uint8_t *text, size_t size);
#endif
