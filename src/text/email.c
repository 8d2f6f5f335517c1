/* email.c - addresses as people write them: a local part, '@', a domain with a dot.
 *
 * Narrower than RFC 5322 (no quotes, no comments, no address literals), because what is looked for
 * is addresses in prose, and wide patterns find program code. */
#include "text/scan.h"
#include <string.h>

enum { LOCAL_MAX = 64, LABEL_MAX = 63, DOMAIN_MAX = 253 }; /* RFC 5321, 4.5.3.1 */

static bool is_local(uint8_t c)
{
    return eid_is_alnum(c) || c == '.' || c == '_' || c == '%' || c == '+' || c == '-';
}

/* Where the local part that ends at `at` begins; `at` itself when there is none. */
static size_t local_begin(const uint8_t *t, size_t at)
{
    size_t b = at;
    while (b > 0 && at - b < LOCAL_MAX && is_local(t[b - 1]))
        b--;
    while (b < at && !eid_is_alnum(t[b]) && t[b] != '_')
        b++;
    return at > b && t[at - 1] == '.' ? at : b;
}

/* Bytes of the domain at d, 0: none.  *dots counts its dots, *last is where its last label begins.
 */
static size_t domain_size(const uint8_t *t, size_t n, size_t d, int *dots, size_t *last)
{
    size_t e = d, good = d, label = d;

    *dots = 0;
    *last = d;
    while (e < n && e - d <= DOMAIN_MAX) {
        if (eid_is_alnum(t[e])) {
            if (e - label >= LABEL_MAX)
                return 0;
            if (label > *last) {
                *last = label;
                ++*dots;
            }
            good = ++e;
        } else if (t[e] == '-' && e > label) {
            e++;
        } else if (t[e] == '.' && e > label && t[e - 1] != '-') {
            label = ++e;
        } else {
            break;
        }
    }
    return good - d;
}

/* Letters alone, two or more, as every top-level domain but the punycode ones. */
static bool is_top_level(const uint8_t *t, size_t b, size_t e)
{
    if (e - b > 4 && memcmp(t + b, "xn--", 4) == 0)
        return true;
    for (size_t i = b; i < e; i++)
        if (!eid_is_alpha(t[i]))
            return false;
    return e - b >= 2 && e - b <= 24;
}

/* "icon@2x.png" is a picture for fine screens, "git@host.org:path" where a repository lies,
 * "//user@host" part of a URL: all shaped like addresses. */
static bool is_something_else(const uint8_t *t, size_t n, size_t b, size_t at, size_t e)
{
    if (at + 3 < n && eid_is_digit(t[at + 1]) && t[at + 2] == 'x' && t[at + 3] == '.')
        return true;
    if (b >= 2 && t[b - 1] == '/' && t[b - 2] == '/')
        return true;
    return at - b == 3 && memcmp(t + b, "git", 3) == 0 && e + 1 < n && t[e] == ':' &&
           (eid_is_alnum(t[e + 1]) || t[e + 1] == '/' || t[e + 1] == '~');
}

bool eid_scan_email(const uint8_t *t, size_t n, size_t i, bool loose, size_t *begin, size_t *end)
{
    size_t b = local_begin(t, i), last;
    int dots;
    size_t size = domain_size(t, n, i + 1, &dots, &last);
    size_t e = i + 1 + size;

    if (b == i)
        return false;
    if (loose ? size == 0 && i + 1 < n
              : size == 0 || dots == 0 || !is_top_level(t, last, e) ||
                    is_something_else(t, n, b, i, e))
        return false;
    *begin = b;
    *end = e;
    return true;
}
