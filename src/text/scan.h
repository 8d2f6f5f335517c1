/* scan.h - the scanners behind detection and masking: hand-written, so that their time is bounded.
 *
 * Each looks at text t[0..n) around one trigger byte t[i], reads at most a few hundred bytes (a
 * private key's block: up to its own end), and answers whether personal data begins there.  No
 * backtracking, so hostile text costs no more than dull text. */
#ifndef EID_SRC_TEXT_SCAN_H
#define EID_SRC_TEXT_SCAN_H
#include "base/memory.h"
#include "eidetic/text.h"

typedef enum eid_secret_kind {
    EID_SECRET_EMAIL = 0,
    EID_SECRET_PHONE,
    EID_SECRET_CARD,
    EID_SECRET_IBAN,
    EID_SECRET_KEY,
    EID_SECRET_UUID,
    EID_SECRET_LISTED,
    EID_SECRET_NUMBER, /* six digits or more: masked, but no personal data by itself */
    EID_SECRET_KINDS
} eid_secret_kind;

/* "email", "phone", "card", "iban", "key", "uuid", "listed", "number"; static. */
const char *eid_secret_kind_name(eid_secret_kind k);

/* Trigger '@'; the address begins before it.  `loose` takes what may be the stump of an address
 * (no dot in the domain, or cut off at the end of the text): right for hiding, not for counting. */
bool eid_scan_email(const uint8_t *t, size_t n, size_t i, bool loose, size_t *begin, size_t *end);
/* The rest begin at i, which must not stand inside a word or number; 0: nothing there, else bytes.
 */
size_t eid_scan_phone(const uint8_t *t, size_t n, size_t i); /* trigger '+', '(' or a digit */
size_t eid_scan_card(const uint8_t *t, size_t n, size_t i);  /* trigger a digit */
size_t eid_scan_iban(const uint8_t *t, size_t n, size_t i);  /* trigger A-Z */
size_t eid_scan_uuid(const uint8_t *t, size_t n, size_t i);  /* trigger a hexadecimal digit */
size_t eid_scan_key(const uint8_t *t, size_t n, size_t i);   /* trigger a letter or '-' */

static inline bool eid_is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}
static inline bool eid_is_upper(uint8_t c)
{
    return c >= 'A' && c <= 'Z';
}
static inline bool eid_is_alpha(uint8_t c)
{
    return (c | 32) >= 'a' && (c | 32) <= 'z';
}
static inline bool eid_is_alnum(uint8_t c)
{
    return eid_is_digit(c) || eid_is_alpha(c);
}
static inline bool eid_is_hex(uint8_t c)
{
    return eid_is_digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'f');
}
/* Whether a word or number starts at i: the byte before is no letter or digit. */
static inline bool eid_word_starts(const uint8_t *t, size_t i)
{
    return i == 0 || !eid_is_alnum(t[i - 1]);
}
/* Whether it ends before e. */
static inline bool eid_word_ends(const uint8_t *t, size_t n, size_t e)
{
    return e >= n || !eid_is_alnum(t[e]);
}

/* ---- the lines of a user's own list
 * --------------------------------------------------------------- */

/* A sorted list with a filter on its first two bytes; keeps copies of nothing, borrows the strings.
 */
typedef struct eid_listed eid_listed;
eid_status eid_listed_new(eid_listed **out, const eid_strings *lines);
void eid_listed_free(eid_listed *l);
/* Bytes of the longest listed string that stands at t[i] as whole words, 0: none. */
size_t eid_listed_at(const eid_listed *l, const uint8_t *t, size_t n, size_t i);

/* eid_detect with the list prepared once for many texts (`listed` may be NULL).  `hide`: loose
 * addresses and numbers too, for masking. */
eid_status eid_detect_all(const uint8_t *text, size_t n, const eid_listed *listed, bool hide,
                          eid_secret **found, size_t *n_found);
/* The mask of one secret whose kind is known: "j…@…". */
eid_status eid_mask_secret(const char *kind, const uint8_t *text, size_t n, char **out);
#endif
