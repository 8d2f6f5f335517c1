/* mask.c - what may be shown of a text: personal data reduced to its first character and kind. */
#include "base/utf8.h"
#include "text/scan.h"
#include <string.h>

#define ELLIPSIS "\xE2\x80\xA6"

/* U+202A-202E and U+2066-2069 turn the direction of what follows; U+0080-009F are controls that
 * some terminals obey. */
static bool steers(const uint8_t *p, size_t len)
{
    if (len == 1)
        return (p[0] < 0x20 && p[0] != '\t' && p[0] != '\n') || p[0] == 0x7F;
    if (len == 2)
        return p[0] == 0xC2 && p[1] < 0xA0;
    return len == 3 && p[0] == 0xE2 &&
           ((p[1] == 0x80 && p[2] >= 0xAA && p[2] <= 0xAE) ||
            (p[1] == 0x81 && p[2] >= 0xA6 && p[2] <= 0xA9));
}

static eid_status add_plain(eid_buf *b, const uint8_t *p, size_t n)
{
    eid_status st = EID_OK;
    size_t kept = 0, i = 0; /* p[kept..i) is fine and not yet written */

    while (i < n && st == EID_OK) {
        size_t len = eid_utf8_length(p + i, n - i);
        if (len && !steers(p + i, len)) {
            i += len;
            continue;
        }
        st = eid_buf_add(b, p + kept, i - kept);
        if (st == EID_OK)
            st = eid_buf_str(b, EID_UTF8_BAD);
        i += len ? len : 1;
        kept = i;
    }
    return st == EID_OK ? eid_buf_add(b, p + kept, i - kept) : st;
}

static eid_status add_masked(eid_buf *b, const char *kind, const uint8_t *p, size_t n)
{
    size_t first = n ? eid_utf8_length(p, n) : 0;
    eid_status st = add_plain(b, p, first ? first : n > 0);

    if (st != EID_OK)
        return st;
    if (strcmp(kind, "email") == 0)
        return eid_buf_str(b, ELLIPSIS "@" ELLIPSIS);
    return eid_buf_printf(b, ELLIPSIS "[%s]", kind);
}

/* t[from..to) with the secrets s[*next...] in it masked; *next moves past those that begin here. */
static eid_status mask_part(const uint8_t *t, size_t from, size_t to, const eid_secret *s,
                            size_t n_secrets, size_t *next, char **out)
{
    eid_status st = EID_OK;
    eid_buf b = {0};
    size_t at = from;

    EID_TRY(eid_buf_str(&b, ""));
    if (*next > 0 && s[*next - 1].offset + s[*next - 1].size > from) { /* it came across the cut */
        EID_TRY(eid_buf_str(&b, ELLIPSIS));
        at = s[*next - 1].offset + s[*next - 1].size;
    }
    for (; *next < n_secrets && s[*next].offset < to; ++*next) {
        const eid_secret *x = &s[*next];
        EID_TRY(add_plain(&b, t + at, x->offset - at));
        EID_TRY(add_masked(&b, x->kind, t + x->offset, x->size));
        at = x->offset + x->size;
    }
    if (at < to)
        EID_TRY(add_plain(&b, t + at, to - at));
    *out = (char *)b.at;
    b.at = NULL;
done:
    eid_buf_free(&b);
    return st;
}

eid_status eid_mask_parts(const uint8_t *text, size_t n, const size_t *cut, size_t cuts, char **out)
{
    eid_status st = EID_OK;
    eid_secret *s = NULL;
    size_t n_secrets = 0, next = 0, made = 0;

    for (size_t k = 0; k < cuts; k++)
        if (cut[k] > n || (k > 0 && cut[k] < cut[k - 1]))
            return eid_fail(EID_EINVAL, "mask: cut %zu at byte %zu of %zu is out of order", k,
                            cut[k], n);
    EID_TRY(eid_detect_all(text, n, NULL, true, &s, &n_secrets));
    for (; made <= cuts; made++)
        EID_TRY(mask_part(text, made ? cut[made - 1] : 0, made < cuts ? cut[made] : n, s, n_secrets,
                          &next, &out[made]));
done:
    if (st != EID_OK)
        while (made > 0) {
            eid_string_free(out[--made]);
            out[made] = NULL;
        }
    eid_free(s);
    return st;
}

eid_status eid_mask(const uint8_t *text, size_t n, char **out)
{
    return eid_mask_parts(text, n, NULL, 0, out);
}

eid_status eid_mask_secret(const char *kind, const uint8_t *text, size_t n, char **out)
{
    eid_buf b = {0};
    eid_status st = add_masked(&b, kind, text, n);

    if (st == EID_OK)
        *out = (char *)b.at;
    else
        eid_buf_free(&b);
    return st;
}
