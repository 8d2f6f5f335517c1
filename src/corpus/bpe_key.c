/* bpe_key.c - see bpe_key.h. */
#include "corpus/bpe_key.h"
#include "corpus/bpe.h"

/* All characters of the alphabet lie below U+0800: one or two bytes each. */
bool eid_key_bytes(eid_buf *bytes, const char *key, size_t n, eid_status *st)
{
    const uint8_t *p = (const uint8_t *)key, *end = p + n;

    bytes->n = 0;
    *st = EID_OK;
    while (p < end) {
        uint32_t ch = *p++;
        if (ch >= 0xC0 && ch < 0xE0 && p < end)
            ch = (ch & 0x1F) << 6 | (*p++ & 0x3F);
        else if (ch >= 0x80)
            return false;
        int byte = eid_bpe_byte(ch);
        if (byte < 0)
            return false;
        *st = eid_buf_add(bytes, &(uint8_t){(uint8_t)byte}, 1);
        if (*st != EID_OK)
            return false;
    }
    return true;
}

static eid_status add_char(eid_buf *out, uint32_t ch)
{
    uint8_t two[2] = {(uint8_t)(0xC0 | ch >> 6), (uint8_t)(0x80 | (ch & 0x3F))};

    if (ch == '"' || ch == '\\')
        return eid_buf_printf(out, "\\%c", (char)ch);
    if (ch < 0x20)
        return eid_buf_printf(out, "\\u%04x", (unsigned)ch);
    return ch < 0x80 ? eid_buf_add(out, &(uint8_t){(uint8_t)ch}, 1) : eid_buf_add(out, two, 2);
}

eid_status eid_key_json(eid_buf *out, const uint8_t *bytes, size_t n, bool raw)
{
    eid_status st = EID_OK;

    for (size_t i = 0; i < n && st == EID_OK; i++) {
        if (raw && bytes[i] >= 0x80)
            st = eid_buf_add(out, bytes + i, 1); /* a part of UTF-8, as it came */
        else
            st = add_char(out, raw ? bytes[i] : eid_bpe_char(bytes[i]));
    }
    return st;
}
