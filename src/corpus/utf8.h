/* utf8.h - is it UTF-8, and where may it be cut? */
#ifndef EID_SRC_UTF8_H
#define EID_SRC_UTF8_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Length of the well-formed character at p[0..n) (Unicode 15, table 3-7: no surrogates, no overlong
 * forms, nothing above U+10FFFF); 0 when there is none. */
size_t eid_utf8_char(const uint8_t *p, size_t n);
bool eid_utf8_valid(const uint8_t *p, size_t n);
/* The largest place <= n at which p, longer than n, may be cut without cutting a character: at most
 * 3 bytes less, never to nothing.  What is not UTF-8 is cut at n. */
size_t eid_utf8_cut(const uint8_t *p, size_t n);
#endif
