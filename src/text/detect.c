/* detect.c - one pass over a text: which scanner to ask at which byte, and who wins where two
 * match. */
#include "text/scan.h"

const char *eid_secret_kind_name(eid_secret_kind k)
{
    static const char *const names[EID_SECRET_KINDS] = {"email", "phone", "card",   "iban",
                                                        "key",   "uuid",  "listed", "number"};
    return names[k];
}

typedef struct finds {
    eid_secret *at;
    size_t n, cap;
} finds;

/* What begins at i, the most telling kind first; 0: nothing. */
static size_t begins(const uint8_t *t, size_t n, size_t i, eid_secret_kind *kind)
{
    uint8_t c = t[i];
    size_t size = 0;

    if (c == '-' && i + 10 < n && t[i + 1] == '-')
        return *kind = EID_SECRET_KEY, eid_scan_key(t, n, i);
    if (c == '+' || c == '(')
        return *kind = EID_SECRET_PHONE, eid_word_starts(t, i) ? eid_scan_phone(t, n, i) : 0;
    if (!eid_is_alnum(c) || !eid_word_starts(t, i))
        return 0;
    if (eid_is_alpha(c))
        *kind = EID_SECRET_KEY, size = eid_scan_key(t, n, i);
    if (!size && eid_is_hex(c))
        *kind = EID_SECRET_UUID, size = eid_scan_uuid(t, n, i);
    if (!size && eid_is_upper(c))
        *kind = EID_SECRET_IBAN, size = eid_scan_iban(t, n, i);
    if (!size && eid_is_digit(c))
        *kind = EID_SECRET_CARD, size = eid_scan_card(t, n, i);
    if (!size && eid_is_digit(c))
        *kind = EID_SECRET_PHONE, size = eid_scan_phone(t, n, i);
    return size;
}

static eid_status add(finds *f, eid_secret_kind kind, size_t b, size_t e)
{
    eid_status st = EID_GROW(f->at, &f->cap, f->n + 1);
    if (st == EID_OK)
        f->at[f->n++] = (eid_secret){eid_secret_kind_name(kind), b, e - b};
    return st;
}

/* An address is known by its '@', which comes after its local part: what was found inside that is
 * given up ("555-123-4567@example.org"), unless it reaches outside or is longer. */
static bool gives_way(finds *f, size_t b, size_t e)
{
    size_t keep = f->n;
    while (keep > 0 && f->at[keep - 1].offset + f->at[keep - 1].size > b) {
        if (f->at[keep - 1].offset < b || f->at[keep - 1].size >= e - b)
            return false;
        keep--;
    }
    f->n = keep;
    return true;
}

/* Digits from i on. */
static size_t digits(const uint8_t *t, size_t n, size_t i)
{
    size_t e = i;
    while (e < n && eid_is_digit(t[e]))
        e++;
    return e - i;
}

/* "1987", "2024": lists and ranges of years are no secrets. */
static bool is_year(const uint8_t *t, size_t size)
{
    return size == 4 && ((t[0] == '1' && t[1] == '9') || (t[0] == '2' && t[1] == '0'));
}

/* From i on: six digits or more in one go; or nine or more in groups of at least three, with one
 * and the same space, hyphen or point between them, unless all groups are years. */
static size_t long_number(const uint8_t *t, size_t n, size_t i)
{
    size_t first, size, groups = 1;
    bool years;
    uint8_t between;

    if (!eid_is_digit(t[i]) || (i > 0 && eid_is_digit(t[i - 1])))
        return 0;
    first = size = digits(t, n, i);
    between = i + size < n ? t[i + size] : 0;
    years = is_year(t + i, first);
    while (first >= 3 && (between == ' ' || between == '-' || between == '.') && i + size < n &&
           t[i + size] == between) {
        size_t next = digits(t, n, i + size + 1);
        if (next < 3)
            break;
        years = years && is_year(t + i + size + 1, next);
        size += 1 + next;
        groups++;
    }
    if (groups > 2 && !years)
        return size;
    return first >= 6 ? first : 0;
}

eid_status eid_detect_all(const uint8_t *t, size_t n, const eid_listed *listed, bool hide,
                          eid_secret **found, size_t *n_found)
{
    eid_status st = EID_OK;
    finds f = {0};
    size_t b, e;

    for (size_t i = 0; i < n;) {
        eid_secret_kind kind = EID_SECRET_LISTED;
        size_t size = eid_listed_at(listed, t, n, i);
        if (size == 0)
            size = begins(t, n, i, &kind);
        if (size == 0 && hide)
            kind = EID_SECRET_NUMBER, size = long_number(t, n, i);
        if (size) {
            EID_TRY(add(&f, kind, i, i + size));
            i += size;
            continue;
        }
        if (t[i] == '@' && eid_scan_email(t, n, i, hide, &b, &e) && gives_way(&f, b, e)) {
            EID_TRY(add(&f, EID_SECRET_EMAIL, b, e));
            i = e;
            continue;
        }
        i++;
    }
    *found = f.at;
    *n_found = f.n;
    f.at = NULL;
done:
    eid_free(f.at);
    return st;
}

eid_status eid_detect(const uint8_t *text, size_t n, const eid_strings *listed, eid_secret **found,
                      size_t *n_found)
{
    eid_status st = EID_OK;
    eid_listed *l = NULL;

    EID_TRY(eid_listed_new(&l, listed));
    EID_TRY(eid_detect_all(text, n, l, false, found, n_found));
done:
    eid_listed_free(l);
    return st;
}

void eid_secrets_free(eid_secret *s)
{
    eid_free(s);
}
