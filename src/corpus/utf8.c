/* utf8.c - see utf8.h. */
#include "corpus/utf8.h"

static bool tail(uint8_t b)
{
    return (b & 0xC0) == 0x80;
}

size_t eid_utf8_char(const uint8_t *p, size_t n)
{
    if (n && p[0] < 0x80)
        return 1;
    if (n >= 2 && p[0] >= 0xC2 && p[0] <= 0xDF)
        return tail(p[1]) ? 2 : 0;
    if (n >= 3 && (p[0] & 0xF0) == 0xE0) {
        bool second = p[0] == 0xE0   ? p[1] >= 0xA0 && p[1] <= 0xBF
                      : p[0] == 0xED ? p[1] >= 0x80 && p[1] <= 0x9F
                                     : tail(p[1]);
        return second && tail(p[2]) ? 3 : 0;
    }
    if (n >= 4 && p[0] >= 0xF0 && p[0] <= 0xF4) {
        bool second = p[0] == 0xF0   ? p[1] >= 0x90 && p[1] <= 0xBF
                      : p[0] == 0xF4 ? p[1] >= 0x80 && p[1] <= 0x8F
                                     : tail(p[1]);
        return second && tail(p[2]) && tail(p[3]) ? 4 : 0;
    }
    return 0;
}

bool eid_utf8_valid(const uint8_t *p, size_t n)
{
    while (n) {
        size_t k = eid_utf8_char(p, n);
        if (!k)
            return false;
        p += k;
        n -= k;
    }
    return true;
}

size_t eid_utf8_cut(const uint8_t *p, size_t n)
{
    for (size_t back = 0; back <= 3 && back < n; back++)
        if (!tail(p[n - back]))
            return n - back;
    return n;
}
