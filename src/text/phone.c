/* phone.c - telephone numbers, told from years, versions, section numbers, ISBNs and dates.
 *
 * Digits alone are no telephone number.  Taken are: '+' and a country code (E.164: 8 to 15 digits);
 * the North American 3-3-4 in its printed forms; a trunk zero in brackets or before a slash; and
 * any 7 to 15 digits right after a word such as "phone" or "fax". */
#include "text/scan.h"
#include <string.h>

enum { GROUPS = 8 };

/* Digits in groups with one separator between: "+49 (0)30 123-456". */
typedef struct groups {
    int n, digits;
    int len[GROUPS];
    uint8_t sep[GROUPS]; /* before the group; 0 for none */
    bool paren[GROUPS];  /* the group stands in brackets */
    size_t end[GROUPS];  /* where it ends in the text, bracket included */
    bool more;           /* digits go on after the last group taken */
} groups;

static bool is_separator(uint8_t c)
{
    return c == ' ' || c == '-' || c == '.' || c == '/';
}

static void read_groups(const uint8_t *t, size_t n, size_t i, groups *g)
{
    memset(g, 0, sizeof *g);
    while (i < n) {
        size_t b = i;
        uint8_t sep = 0;
        if (g->n > 0 && is_separator(t[b]))
            sep = t[b++];
        bool paren = b < n && t[b] == '(';
        b += paren;
        size_t e = b;
        while (e < n && eid_is_digit(t[e]) && e - b <= 15)
            e++;
        if (e == b || (paren && (e >= n || t[e] != ')')))
            return;
        int len = (int)(e - b);
        if (g->n == GROUPS || g->digits + len > 15) {
            g->more = true;
            return;
        }
        i = e + paren;
        g->len[g->n] = len;
        g->sep[g->n] = sep;
        g->paren[g->n] = paren;
        g->end[g->n++] = i;
        g->digits += len;
    }
}

/* Whether what was taken up to `end` stops there: no letter, digit, or ".5", "-5" that goes on. */
static bool stops(const uint8_t *t, size_t n, size_t end)
{
    if (!eid_word_ends(t, n, end))
        return false;
    return !(end + 1 < n && (t[end] == '.' || t[end] == '-') && eid_is_digit(t[end + 1]));
}

/* "+CC ...": up to a trailing group that looks like a year is as good; length decides. */
static size_t international(const uint8_t *t, size_t n, size_t i)
{
    groups g;

    if (i + 1 >= n || t[i + 1] < '1' || t[i + 1] > '9' || (i > 0 && t[i - 1] == '+'))
        return 0;
    read_groups(t, n, i + 1, &g);
    if (g.n == 0 || g.digits < 8 || (g.n == 1 && g.more))
        return 0;
    if (g.n > 1 && (g.len[0] > 6 || (g.len[0] == 4 && g.len[1] <= 2))) /* "+2024-01-31 ..." */
        return 0;
    int last = g.n, digits = g.digits;
    if (t[i + 1] == '1') /* North America: eleven digits, whatever follows */
        while (last > 1 && digits > 11)
            digits -= g.len[--last];
    return digits >= 8 && eid_word_ends(t, n, g.end[last - 1]) ? g.end[last - 1] - i : 0;
}

/* Area and exchange begin with 2..9; "555-1234" alone is too little. */
static size_t north_american(const uint8_t *t, size_t n, size_t i)
{
    groups g;
    int a = 0;

    if (i > 0 && (t[i - 1] == '-' || t[i - 1] == '.'))
        return 0;
    read_groups(t, n, i, &g);
    if (g.n > 3 && g.len[0] == 1 && t[i] == '1')
        a = 1;
    if (g.n < a + 3 || g.len[a] != 3 || g.len[a + 1] != 3 || g.len[a + 2] != 4)
        return 0;
    const uint8_t *exchange = t + g.end[a + 1] - 3, *area = t + g.end[a] - 3 - g.paren[a];
    if (area[0] < '2' || exchange[0] < '2' || g.paren[a + 1] || g.paren[a + 2])
        return 0;
    uint8_t s1 = g.sep[a + 1], s2 = g.sep[a + 2];
    bool printed = g.paren[a] ? (s1 == 0 || s1 == ' ' || s1 == '-' || s1 == '.') && s2 != '/' && s2
                              : (s1 == '-' || s1 == '.') && s1 == s2;
    return printed && stops(t, n, g.end[a + 2]) ? g.end[a + 2] - i : 0;
}

/* "(030) 1234567", "0171/1234567": a trunk zero, an area code set apart, five digits or more. */
static size_t trunk_zero(const uint8_t *t, size_t n, size_t i)
{
    groups g;
    int digits = 0, last;

    read_groups(t, n, i, &g);
    if (g.n < 2 || t[i + g.paren[0]] != '0' || g.len[0] < 3 || g.len[0] > 6)
        return 0;
    if (!g.paren[0] && g.sep[1] != '/')
        return 0;
    for (last = 1; last < g.n && (last == 1 || g.sep[last] != '/'); last++)
        digits += g.len[last];
    return digits >= 5 && digits <= 11 && stops(t, n, g.end[last - 1]) ? g.end[last - 1] - i : 0;
}

/* The word that ends before `e`, at most `max` letters, as lower case; *b: where it begins. */
static void word_before(const uint8_t *t, size_t e, char *word, size_t max, size_t *b)
{
    while (e > 0 && (t[e - 1] == ' ' || t[e - 1] == ':' || t[e - 1] == '.' || t[e - 1] == '#' ||
                     t[e - 1] == '\t' || t[e - 1] == '(' || t[e - 1] == '='))
        e--;
    size_t begin = e;
    while (begin > 0 && eid_is_alpha(t[begin - 1]) && e - begin < max)
        begin--;
    for (size_t k = begin; k < e; k++)
        word[k - begin] = (char)(t[k] | 32);
    word[e - begin] = 0;
    *b = begin;
}

static bool is_in(const char *word, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(word, *list) == 0)
            return true;
    return false;
}

static bool is_called_phone(const uint8_t *t, size_t i)
{
    static const char *const names[] = {"tel",  "telephone", "phone",   "fax", "telefax",
                                        "cell", "mobile",    "telefon", "tlf", "call",
                                        "dial", "whatsapp",  "mob",     NULL};
    static const char *const between[] = {"number", "no", "nr", "is", "at", NULL};
    char word[16];
    size_t b;

    if (i > 32)
        t += i - 32, i = 32; /* the word must be near */
    word_before(t, i, word, sizeof word - 1, &b);
    for (int skipped = 0; skipped < 2 && is_in(word, between); skipped++)
        word_before(t, b, word, sizeof word - 1, &b);
    return is_in(word, names);
}

static size_t named(const uint8_t *t, size_t n, size_t i)
{
    groups g;

    if (!is_called_phone(t, i))
        return 0;
    read_groups(t, n, i, &g);
    if (g.n == 0 || g.digits < 7 || (g.n == 1 && g.more))
        return 0;
    if (g.len[0] == 4 && g.n > 1 && g.len[1] <= 2 && g.sep[1] == '-') /* a date */
        return 0;
    return eid_word_ends(t, n, g.end[g.n - 1]) ? g.end[g.n - 1] - i : 0;
}

size_t eid_scan_phone(const uint8_t *t, size_t n, size_t i)
{
    size_t size = 0;

    if (t[i] == '+')
        return international(t, n, i);
    size = north_american(t, n, i);
    if (size == 0)
        size = trunk_zero(t, n, i);
    return size ? size : named(t, n, i);
}
