/* utf8.h - telling text from bytes. */
#ifndef EID_SRC_UTF8_H
#define EID_SRC_UTF8_H
#include <stddef.h>
#include <stdint.h>

#define EID_UTF8_BAD "\xEF\xBF\xBD" /* U+FFFD, shown for what is not UTF-8 */

/* Length of the well-formed UTF-8 sequence at p, 0 when there is none (Unicode 15, table 3-7); n
 * >= 1. */
static inline size_t eid_utf8_length(const uint8_t *p, size_t n)
{
    size_t len = p[0] < 0x80   ? 1
                 : p[0] < 0xC2 ? 0
                 : p[0] < 0xE0 ? 2
                 : p[0] < 0xF0 ? 3
                 : p[0] < 0xF5 ? 4
                               : 0;

    if (len > n)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F) ||
        (p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F))
        return 0;
    return len;
}
#endif
