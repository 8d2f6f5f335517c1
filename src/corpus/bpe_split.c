/* bpe_split.c - see bpe_split.h. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "corpus/bpe_split.h"
#include "base/memory.h"
#include "corpus/utf8.h"
#include <pcre2.h>

/* Insides of character classes.  Debian's PCRE2 10.42 knows Unicode 14; what became a letter or a
 * number in Unicode 15 and 16 is spelled out, so that the splits do not depend on PCRE2's version.
 * PCRE2's own \s would count U+180E, which lost White_Space in Unicode 6.3. */
#define LETTER                                                                                     \
    "\\p{L}\\x{1C89}-\\x{1C8A}\\x{A7CB}-\\x{A7CD}\\x{A7DA}-\\x{A7DC}\\x{105C0}-\\x{105F3}"         \
    "\\x{10D4A}-\\x{10D65}\\x{10D6F}-\\x{10D85}\\x{10EC2}-\\x{10EC4}\\x{1123F}-\\x{11240}"         \
    "\\x{11380}-\\x{11389}\\x{1138B}\\x{1138E}\\x{11390}-\\x{113B5}\\x{113B7}\\x{113D1}\\x{113D3}" \
    "\\x{11BC0}-\\x{11BE0}\\x{11F02}\\x{11F04}-\\x{11F10}\\x{11F12}-\\x{11F33}\\x{1342F}"          \
    "\\x{13441}-\\x{13446}\\x{13460}-\\x{143FA}\\x{16100}-\\x{1611D}\\x{16D40}-\\x{16D6C}"         \
    "\\x{18CFF}\\x{1B132}\\x{1B155}\\x{1DF25}-\\x{1DF2A}\\x{1E030}-\\x{1E06D}"                     \
    "\\x{1E4D0}-\\x{1E4EB}\\x{1E5D0}-\\x{1E5ED}\\x{1E5F0}\\x{2B739}\\x{2EBF0}-\\x{2EE5D}"          \
    "\\x{31350}-\\x{323AF}"
#define NUMBER                                                                                   \
    "\\p{N}\\x{10D40}-\\x{10D49}\\x{116D0}-\\x{116E3}\\x{11BF0}-\\x{11BF9}\\x{11F50}-\\x{11F59}" \
    "\\x{16130}-\\x{16139}\\x{16D70}-\\x{16D79}\\x{1CCF0}-\\x{1CCF9}\\x{1D2C0}-\\x{1D2D3}"       \
    "\\x{1E4F0}-\\x{1E4F9}\\x{1E5F1}-\\x{1E5FA}"
#define SPACE                                                                                   \
    "\\x{9}-\\x{D}\\x{20}\\x{85}\\x{A0}\\x{1680}\\x{2000}-\\x{200A}\\x{2028}\\x{2029}\\x{202F}" \
    "\\x{205F}\\x{3000}"

/* Possessive, since nothing follows that could ask for a character back. */
static const char pattern[] = "'s|'t|'re|'ve|'m|'ll|'d"
                              "| ?[" LETTER "]++"
                              "| ?[" NUMBER "]++"
                              "| ?[^" SPACE LETTER NUMBER "]++"
                              "|[" SPACE "]+(?![^" SPACE "])"
                              "|[" SPACE "]++";

/* What an ASCII byte is to the pattern; HIGH: more than ASCII decides. */
enum { HIGH, WHITE, ALPHA, DIGIT, OTHER };

struct eid_splitter {
    pcre2_code *code; /* NULL: not by pattern */
    uint8_t kind[256];
};

static uint8_t kind_of(int byte)
{
    if (byte >= 0x80)
        return HIGH;
    if (byte == ' ' || (byte >= '\t' && byte <= '\r'))
        return WHITE;
    if ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z'))
        return ALPHA;
    return byte >= '0' && byte <= '9' ? DIGIT : OTHER;
}

eid_status eid_splitter_new(eid_splitter **out, bool by_pattern)
{
    eid_status st = EID_OK;
    eid_splitter *s = NULL;
    int error;
    PCRE2_SIZE place;

    EID_TRY(EID_NEW(s, 1));
    for (int b = 0; b < 256; b++)
        s->kind[b] = kind_of(b);
    if (by_pattern) {
        s->code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                                PCRE2_UTF | PCRE2_UCP | PCRE2_ANCHORED, &error, &place, NULL);
        if (!s->code) {
            st = eid_fail(EID_EINTERNAL, "PCRE2 refuses the splitting pattern at %zu: error %d",
                          (size_t)place, error);
            goto done;
        }
        pcre2_jit_compile(s->code, PCRE2_JIT_COMPLETE); /* without it: slower, the same */
    }
    *out = s;
    s = NULL;
done:
    eid_splitter_free(s);
    return st;
}

void eid_splitter_free(eid_splitter *s)
{
    if (!s)
        return;
    pcre2_code_free(s->code);
    eid_free(s);
}

eid_status eid_split_open(eid_split *s, const eid_splitter *how)
{
    *s = (eid_split){.how = how};
    if (!how->code)
        return EID_OK;
    s->match = pcre2_match_data_create(1, NULL);
    return s->match ? EID_OK : eid_fail(EID_ENOMEM, "no memory for PCRE2's match data");
}

void eid_split_close(eid_split *s)
{
    pcre2_match_data_free(s->match);
    s->match = NULL;
}

void eid_split_text(eid_split *s, const uint8_t *text, size_t n)
{
    s->at = s->stretch_end = text;
    s->end = text + n;
}

/* Steps into the next stretch of UTF-8; false: a byte that is none stands here. */
static bool next_stretch(eid_split *s)
{
    const uint8_t *p = s->at;

    for (size_t k; p < s->end; p += k) {
        k = *p < 0x80 ? 1 : eid_utf8_char(p, (size_t)(s->end - p));
        if (!k)
            break;
    }
    s->stretch_end = p;
    return p > s->at;
}

static size_t contraction(const uint8_t *p, size_t n)
{
    if (n < 2 || p[0] != '\'')
        return 0;
    if (p[1] == 's' || p[1] == 't' || p[1] == 'm' || p[1] == 'd')
        return 2;
    if (n < 3)
        return 0;
    return ((p[1] == 'r' || p[1] == 'v') && p[2] == 'e') || (p[1] == 'l' && p[2] == 'l') ? 3 : 0;
}

/* \s+(?!\S)|\s+ : of white space before something else the last character is left to that. */
static size_t ascii_white(const uint8_t *kind, const uint8_t *p, const uint8_t *end)
{
    const uint8_t *q = p;

    while (q < end && kind[*q] == WHITE)
        q++;
    if (q < end && kind[*q] == HIGH)
        return 0;
    return (size_t)(q - p) - (q < end && q - p > 1);
}

/* Length of the pre-token at p, if the bytes up to its end and the one behind are ASCII, which
 * decides it: the alternatives look one character ahead and never back.  0: ask PCRE2. */
static size_t ascii_token(const uint8_t *kind, const uint8_t *p, const uint8_t *end)
{
    const uint8_t *q = p;
    size_t n = contraction(p, (size_t)(end - p));
    uint8_t k;

    if (n)
        return n;
    if (*q == ' ' && q + 1 < end && kind[q[1]] != WHITE)
        q++;
    k = kind[*q];
    if (k == WHITE)
        return ascii_white(kind, p, end);
    if (k == HIGH)
        return 0;
    while (q < end && kind[*q] == k)
        q++;
    return q < end && kind[*q] == HIGH ? 0 : (size_t)(q - p);
}

static eid_status by_pcre2(eid_split *s, size_t *n)
{
    size_t left = (size_t)(s->stretch_end - s->at);
    int rc = pcre2_match(s->how->code, s->at, left, 0, PCRE2_NO_UTF_CHECK, s->match, NULL);
    const PCRE2_SIZE *ovector = pcre2_get_ovector_pointer(s->match);

    if (rc < 0 || ovector[1] == 0 || ovector[1] > left)
        return eid_fail(EID_EINTERNAL, "PCRE2 found no pre-token: error %d", rc);
    *n = ovector[1];
    return EID_OK;
}

static eid_status next(eid_split *s, const uint8_t **token, size_t *n, bool shortcut)
{
    eid_status st = EID_OK;
    size_t size = 0;

    if (s->at < s->end) {
        if (s->at == s->stretch_end && !next_stretch(s)) {
            size = 1;
            s->stretch_end = s->at + 1;
        } else if (!s->how->code) {
            size = (size_t)(s->stretch_end - s->at);
        } else {
            if (shortcut)
                size = ascii_token(s->how->kind, s->at, s->stretch_end);
            if (!size)
                EID_TRY(by_pcre2(s, &size));
        }
    }
    *token = s->at;
    *n = size;
    s->at += size;
done:
    return st;
}

eid_status eid_split_next(eid_split *s, const uint8_t **token, size_t *n)
{
    return next(s, token, n, true);
}

eid_status eid_split_next_ref(eid_split *s, const uint8_t **token, size_t *n)
{
    return next(s, token, n, false);
}
