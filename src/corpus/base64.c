/* base64.c - see base64.h. */
#include "corpus/base64.h"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

eid_status eid_base64_add(eid_buf *b, const uint8_t *bytes, size_t n)
{
    eid_status st = EID_OK;

    for (size_t i = 0; i < n && st == EID_OK; i += 3) {
        size_t k = n - i < 3 ? n - i : 3;
        uint32_t v = (uint32_t)bytes[i] << 16;
        char out[4] = {0};
        if (k > 1)
            v |= (uint32_t)bytes[i + 1] << 8;
        if (k > 2)
            v |= bytes[i + 2];
        for (size_t j = 0; j < 4; j++)
            out[j] = j <= k ? letters[v >> (18 - 6 * j) & 63] : '=';
        st = eid_buf_add(b, out, 4);
    }
    return st;
}

static int value(char c)
{
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+'             ? 62
           : c == '/'             ? 63
                                  : -1;
}

eid_status eid_base64_decode(eid_buf *b, const char *text, size_t n)
{
    eid_status st = n % 4 ? EID_EFORMAT : EID_OK;

    for (size_t i = 0; i < n && st == EID_OK; i += 4) {
        size_t pad =
            i + 4 < n ? 0
                      : (size_t)(text[i + 3] == '=') + (text[i + 2] == '=' && text[i + 3] == '=');
        uint32_t v = 0;
        uint8_t out[3];
        for (size_t j = 0; j < 4 - pad; j++) {
            int x = value(text[i + j]);
            if (x < 0)
                return eid_fail(EID_EFORMAT, "not base64 at byte %zu", i + j);
            v |= (uint32_t)x << (18 - 6 * j);
        }
        if (v & ((1u << 8 * pad) - 1))
            return eid_fail(EID_EFORMAT, "not base64: bits left over");
        out[0] = (uint8_t)(v >> 16);
        out[1] = (uint8_t)(v >> 8);
        out[2] = (uint8_t)v;
        st = eid_buf_add(b, out, 3 - pad);
    }
    return st == EID_EFORMAT ? eid_fail(st, "not base64: %zu letters, not a multiple of 4", n) : st;
}
