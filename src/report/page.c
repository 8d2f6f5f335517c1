#include "report/page.h"
#include "base/utf8.h"
#include "text/scan.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void keep(page *p, eid_status st)
{
    if (p->st == EID_OK)
        p->st = st;
}

void put(page *p, const char *ours)
{
    if (p->st == EID_OK)
        keep(p, eid_buf_str(&p->b, ours));
}

void putf(page *p, const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof text)
        keep(p, eid_fail(EID_EINTERNAL, "report: a line of %d bytes", n));
    else
        put(p, text);
}

/* ---- hostile text -------------------------------------------------------------------------------
 */

/* The code point of a valid sequence of `length` bytes. */
static uint32_t code_point(const uint8_t *s, size_t length)
{
    uint32_t c = length == 1 ? s[0] : s[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++)
        c = c << 6 | (s[i] & 0x3f);
    return c;
}

/* Characters that show nothing but move other text about, break lines or hide: they are named. */
static bool is_treacherous(uint32_t c)
{
    return (c >= 0x80 && c < 0xa0) || c == 0xad || c == 0x061c || c == 0x200b || c == 0x200e ||
           c == 0x200f || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
           c == 0xfeff || (c >= 0xfff0 && c <= 0xfffb) || (c & 0xfffe) == 0xfffe ||
           (c >= 0xfdd0 && c <= 0xfdef) || (c >= 0xe0000 && c <= 0xe0fff);
}

static void put_ascii(page *p, uint32_t c, hostile_as as)
{
    char sign[4] = {(char)c, 0};
    switch (c) {
    case '&':
        put(p, "&amp;");
        return;
    case '<':
        put(p, "&lt;");
        return;
    case '>':
        put(p, "&gt;");
        return;
    case '"':
        put(p, "&quot;");
        return;
    case '\'':
        put(p, "&#39;");
        return;
    case '\n':
    case '\t':
        if (as == AS_BLOCK) {
            put(p, sign);
            return;
        }
        break;
    default:
        break;
    }
    if (c < 0x20 || c == 0x7f) { /* the "control pictures" of Unicode: U+2400 + code */
        uint32_t picture = c == 0x7f ? 0x21 : c;
        sign[0] = (char)0xe2, sign[1] = (char)0x90, sign[2] = (char)(0x80 + picture);
    }
    put(p, sign);
}

/* A model that knows no more repeats itself: long runs of blanks are counted, not shown. */
static size_t put_run(page *p, const uint8_t *s, size_t n)
{
    const size_t least = s[0] == '\n' ? 4 : 24;
    size_t run = 1;
    if (s[0] != '\n' && s[0] != ' ')
        return 0;
    while (run < n && s[run] == s[0])
        run++;
    if (run < least)
        return 0;
    putf(p, "[%zu %s]", run, s[0] == '\n' ? "line breaks" : "spaces");
    return run;
}

void put_masked(page *p, const char *utf8, size_t n, hostile_as as)
{
    const uint8_t *s = (const uint8_t *)utf8;
    for (size_t at = 0, length; at < n && p->st == EID_OK; at += length) {
        length = as == AS_BLOCK ? put_run(p, s + at, n - at) : 0;
        if (length)
            continue;
        length = eid_utf8_length(s + at, n - at);
        uint32_t c = length ? code_point(s + at, length) : 0;
        if (length == 0) {
            put(p, EID_UTF8_BAD);
            length = 1;
        } else if (length == 1) {
            put_ascii(p, c, as);
        } else if (is_treacherous(c)) {
            putf(p, "[U+%04X]", c);
        } else {
            keep(p, eid_buf_add(&p->b, s + at, length));
        }
    }
}

void put_hostile(page *p, const void *bytes, size_t n, hostile_as as)
{
    char *masked = NULL;
    if (p->st != EID_OK || !bytes)
        return;
    if (p->reveal) {
        put_masked(p, bytes, n, as);
        return;
    }
    keep(p, eid_mask(bytes, n, &masked));
    if (p->st == EID_OK)
        put_masked(p, masked, strlen(masked), as);
    eid_string_free(masked);
}

void put_title(page *p, const char *hostile)
{
    if (hostile)
        put_masked(p, hostile, strlen(hostile), AS_LINE);
}

void put_word(page *p, const char *hostile)
{
    if (hostile)
        put_hostile(p, hostile, strlen(hostile), AS_LINE);
}

void put_path(page *p, const char *word)
{
    const uint8_t *t = (const uint8_t *)(word ? word : "");
    size_t n = strlen((const char *)t), found = 0, at = 0;
    eid_secret *s = NULL;
    if (p->st != EID_OK)
        return;
    if (!p->reveal)
        keep(p, eid_detect(t, n, NULL, &s, &found));
    for (size_t i = 0; i < found && p->st == EID_OK; i++) {
        put_masked(p, (const char *)t + at, s[i].offset - at, AS_LINE);
        put_secret(p, s[i].kind, t + s[i].offset, s[i].size);
        at = s[i].offset + s[i].size;
    }
    put_masked(p, (const char *)t + at, n - at, AS_LINE);
    eid_secrets_free(s);
}

void put_secret(page *p, const char *kind, const void *bytes, size_t n)
{
    char *masked = NULL;
    if (p->st != EID_OK)
        return;
    if (p->reveal) {
        put_masked(p, bytes, n, AS_LINE);
        return;
    }
    keep(p, eid_mask_secret(kind, bytes, n, &masked));
    if (p->st == EID_OK)
        put_masked(p, masked, strlen(masked), AS_LINE);
    eid_string_free(masked);
}

/* A spreadsheet runs what begins with one of =+-@, so such a field gets a quote sign in front. */
void put_field(page *p, const char *hostile)
{
    const char *s = hostile ? hostile : "";
    bool quoted = s[strcspn(s, ",\"\r\n")] != '\0', formula = *s && strchr("=+-@\t\r", *s);
    if (p->st != EID_OK)
        return;
    put(p, quoted ? "\"" : "");
    put(p, formula ? "'" : "");
    for (; *s; s++) {
        const uint8_t *at = (const uint8_t *)s;
        size_t length = eid_utf8_length(at, strlen(s));
        if (length == 0)
            put(p, EID_UTF8_BAD);
        else
            keep(p, eid_buf_add(&p->b, s, length));
        put(p, *s == '"' ? "\"" : "");
        s += length ? length - 1 : 0;
    }
    put(p, quoted ? "\"" : "");
}
