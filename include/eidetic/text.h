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

/* Masks e-mail addresses, telephone numbers, keys and long digit strings in bytes that will be
 * shown: first character and kind stay ("j…@…").  *out is NUL-terminated UTF-8 (invalid bytes
 * become U+FFFD), freed by eid_string_free. */
EID_API EID_CHECKED eid_status eid_mask(const uint8_t *text, size_t n, char **out);
#endif
