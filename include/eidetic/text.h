/* text.h - personal data in text: finding it, and masking it before it is shown. */
#ifndef EID_TEXT_H
#define EID_TEXT_H
#include "eidetic/base.h"

typedef struct eid_secret {
    const char *kind; /* "email", "phone", "card", "iban", "key", "uuid", "listed": static */
    size_t offset, size;
} eid_secret;
/* Finds personal data in text[0..n): e-mail addresses, telephone numbers, card numbers (Luhn),
 * IBANs (mod 97), keys and UUIDs, and the lines of `listed` (NULL: none).  Sorted by offset, no
 * overlaps. */
EID_API EID_CHECKED eid_status eid_detect(const uint8_t *text, size_t n, const eid_strings *listed,
                                          eid_secret **found, size_t *n_found);
EID_API void eid_secrets_free(eid_secret *s);

/* Masks personal data and every string of six digits or more in bytes that will be shown: the first
 * character and the kind stay ("j…@…", "+…[phone]", "4…[number]").  Half an address is masked too,
 * since what is shown is often cut from the middle of a text.  *out is NUL-terminated UTF-8, freed
 * by eid_string_free: invalid bytes, control characters other than tab and newline, and marks that
 * turn the direction of text become U+FFFD, so that hostile text can't steer a terminal.  HTML is
 * still to be escaped. */
EID_API EID_CHECKED eid_status eid_mask(const uint8_t *text, size_t n, char **out);
/* The same for a text shown in parts (prompt, then continuation): out[k] is the part from cut[k -
 * 1] (k = 0: the beginning) to cut[k] (k = cuts: the end).  What stands across a cut is masked in
 * the part where it begins, which masking part by part would miss.  Cuts ascend, none above n.  out
 * holds cuts + 1 strings; on failure none. */
EID_API EID_CHECKED eid_status eid_mask_parts(const uint8_t *text, size_t n, const size_t *cut,
                                              size_t cuts, char **out);
#endif
