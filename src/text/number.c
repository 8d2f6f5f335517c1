/* number.c - numbers that carry their own check: payment cards (Luhn), IBANs (mod 97); and UUIDs.
 */
#include "text/scan.h"
#include <string.h>

/* ---- payment cards: ISO/IEC 7812
 * ------------------------------------------------------------------- */

/* The sum over digits, every second one from the right doubled with its digits added, is 0 mod 10.
 */
static bool luhn(const uint8_t *d, int n)
{
    int sum = 0;
    for (int i = 0; i < n; i++) {
        int v = d[n - 1 - i] - '0';
        v = i % 2 ? 2 * v - (v > 4 ? 9 : 0) : v;
        sum += v;
    }
    return sum % 10 == 0;
}

/* Issuers by their ranges of first digits; a bare Luhn check would take a tenth of all long
 * numbers. */
static bool is_issued(const uint8_t *d, int n)
{
    int four = (d[0] - '0') * 1000 + (d[1] - '0') * 100 + (d[2] - '0') * 10 + (d[3] - '0');
    int two = four / 100, three = four / 10;

    if (d[0] == '4') /* Visa */
        return n == 13 || n == 16 || n == 19;
    if ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720)) /* Mastercard */
        return n == 16;
    if (two == 34 || two == 37) /* American Express */
        return n == 15;
    if (two == 36 || two == 38 || (three >= 300 && three <= 305)) /* Diners Club */
        return n == 14;
    if (four == 6011 || two == 65 || (three >= 644 && three <= 649)) /* Discover */
        return n == 16;
    return four >= 3528 && four <= 3589 && n == 16; /* JCB */
}

/* How cards are printed: in fours, American Express 4-6-5, Diners 4-6-4, or in one go. */
static bool is_card_grouping(const int *len, int groups)
{
    if (groups == 1)
        return true;
    if (groups == 3)
        return len[0] == 4 && len[1] == 6 && (len[2] == 5 || len[2] == 4);
    for (int g = 0; g + 1 < groups; g++)
        if (len[g] != 4)
            return false;
    return groups >= 4 && len[groups - 1] <= 4;
}

size_t eid_scan_card(const uint8_t *t, size_t n, size_t i)
{
    uint8_t d[19], sep = 0;
    int digits = 0, len[5] = {0}, groups = 1;
    size_t e = i;

    if (i > 0 && (t[i - 1] == '.' || t[i - 1] == '-')) /* a fraction, or the middle of something */
        return 0;
    for (; e < n; e++) {
        if (eid_is_digit(t[e])) {
            if (digits == 19)
                return 0;
            d[digits++] = t[e];
            len[groups - 1]++;
        } else if ((t[e] == ' ' || t[e] == '-') && e + 1 < n && eid_is_digit(t[e + 1]) &&
                   (sep == 0 || t[e] == sep) && groups < 5) {
            sep = t[e];
            groups++;
        } else {
            break;
        }
    }
    if (digits < 13 || !eid_word_ends(t, n, e) || !is_card_grouping(len, groups))
        return 0;
    return is_issued(d, digits) && luhn(d, digits) ? e - i : 0;
}

/* ---- IBAN: ISO 13616
 * ------------------------------------------------------------------------------- */

/* Length by country, from the registry that SWIFT keeps. */
static const char iban_lengths[] = "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BR29BY28CH21CR22CY28CZ24DE2"
                                   "2DK18DO28EE20EG29ES24FI18FO18FR27"
                                   "GB22GE22GI23GL18GR27GT28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ2"
                                   "0LB28LC32LI21LT20LU20LV21LY25MC27"
                                   "MD24ME22MK19MR27MT31MU30NL18NO15PK24PL28PS29PT25QA29RO24RS22SA2"
                                   "4SC31SE24SI19SK24SM27ST25SV28TL23"
                                   "TN24TR26UA29VA22VG24XK20";

static int iban_length(const uint8_t *country)
{
    for (const char *p = iban_lengths; *p; p += 4)
        if (p[0] == (char)country[0] && p[1] == (char)country[1])
            return (p[2] - '0') * 10 + (p[3] - '0');
    return 0;
}

/* The first four characters moved to the end, letters as 10..35: the number is 1 mod 97. */
static bool iban_checks(const uint8_t *c, int n)
{
    int rest = 0;
    for (int i = 0; i < n; i++) {
        uint8_t x = c[(i + 4) % n];
        rest = eid_is_digit(x) ? (rest * 10 + (x - '0')) % 97 : (rest * 100 + (x - 'A' + 10)) % 97;
    }
    return rest == 1;
}

size_t eid_scan_iban(const uint8_t *t, size_t n, size_t i)
{
    uint8_t c[34];
    int have = 0, want;
    size_t e = i;
    bool spaced = false;

    if (n - i < 15 || !eid_is_upper(t[i + 1]) || !eid_is_digit(t[i + 2]) || !eid_is_digit(t[i + 3]))
        return 0;
    want = iban_length(t + i);
    while (have < want && e < n) {
        if (eid_is_digit(t[e]) || eid_is_upper(t[e])) {
            if (spaced && have % 4 == 0 && have > 4 && t[e - 1] != ' ')
                return 0;
            c[have++] = t[e++];
        } else if (t[e] == ' ' && have > 0 && have % 4 == 0 && (spaced || have == 4)) {
            spaced = true;
            e++;
        } else {
            return 0;
        }
    }
    return want && have == want && eid_word_ends(t, n, e) && iban_checks(c, want) ? e - i : 0;
}

/* ---- UUID: RFC 9562
 * --------------------------------------------------------------------------------- */

size_t eid_scan_uuid(const uint8_t *t, size_t n, size_t i)
{
    bool zero = true; /* the nil UUID names nothing */

    if (n - i < 36 || !eid_word_ends(t, n, i + 36) || (i > 0 && t[i - 1] == '-') ||
        (n - i > 37 && t[i + 36] == '-' && eid_is_hex(t[i + 37])))
        return 0;
    for (size_t k = 0; k < 36; k++) {
        bool dash = k == 8 || k == 13 || k == 18 || k == 23;
        if (dash ? t[i + k] != '-' : !eid_is_hex(t[i + k]))
            return 0;
        zero = zero && (dash || t[i + k] == '0');
    }
    return zero ? 0 : 36;
}
