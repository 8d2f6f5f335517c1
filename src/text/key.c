/* key.c - credentials that say what they are: tokens with an issuer's prefix, private key blocks.
 *
 * A prefix alone is not enough ("sk-learn", "AKIAXXXXXXXXXXXXXXXX" in a manual): the rest must have
 * the issuer's length and alphabet, and look drawn at random. */
#include "text/scan.h"
#include <math.h>
#include <string.h>

typedef enum alphabet {
    UPPER, /* A-Z 0-9 */
    ALNUM, /* A-Z a-z 0-9 */
    WORD   /* and _ - */
} alphabet;

typedef struct issuer {
    const char *prefix;
    int min, max; /* characters after the prefix */
    alphabet of;
} issuer;

static const issuer issuers[] = {
    {"AKIA", 16, 16, UPPER},
    {"ASIA", 16, 16, UPPER}, /* Amazon */
    {"ghp_", 36, 251, ALNUM},
    {"gho_", 36, 251, ALNUM}, /* GitHub */
    {"ghu_", 36, 251, ALNUM},
    {"ghs_", 36, 251, ALNUM},
    {"ghr_", 36, 251, ALNUM},
    {"github_pat_", 40, 251, WORD},
    {"glpat-", 20, 64, WORD},
    {"hf_", 30, 64, ALNUM}, /* GitLab, Hugging Face */
    {"AIza", 35, 35, WORD},
    {"ya29.", 20, 251, WORD}, /* Google */
    {"xoxb-", 20, 251, WORD},
    {"xoxp-", 20, 251, WORD}, /* Slack */
    {"xoxa-", 20, 251, WORD},
    {"xoxr-", 20, 251, WORD},
    {"xoxs-", 20, 251, WORD},
    {"npm_", 36, 36, ALNUM},
    {"pypi-AgEIcHlwaS5vcmc", 50, 251, WORD},
    {"sk_live_", 16, 251, ALNUM},
    {"rk_live_", 16, 251, ALNUM}, /* Stripe */
    {"sk_test_", 16, 251, ALNUM},
    {"sk-ant-", 24, 251, WORD}, /* Anthropic */
    {"sk-proj-", 24, 251, WORD},
    {"sk-", 32, 251, WORD}, /* OpenAI and likewise */
    {"dop_v1_", 64, 64, ALNUM},
    {"SG.", 60, 70, WORD}, /* DigitalOcean, SendGrid */
};

static bool is_of(uint8_t c, alphabet a)
{
    if (eid_is_digit(c) || eid_is_upper(c))
        return true;
    return a != UPPER && (eid_is_alpha(c) || (a == WORD && (c == '_' || c == '-')));
}

/* Bits per character of the empirical distribution: 16 random characters of 36 have about 3.6,
 * words and placeholders less than 3 or no digit among them. */
static bool looks_random(const uint8_t *p, size_t n)
{
    int count[256] = {0};
    double bits = 0;
    bool digit = false;

    for (size_t i = 0; i < n; i++) {
        count[p[i]]++;
        digit = digit || eid_is_digit(p[i]);
    }
    for (int c = 0; c < 256; c++)
        if (count[c])
            bits -= count[c] / (double)n * log2(count[c] / (double)n);
    return digit && bits >= 3.0;
}

static size_t issued_token(const uint8_t *t, size_t n, size_t i)
{
    for (size_t k = 0; k < sizeof issuers / sizeof *issuers; k++) {
        const issuer *s = &issuers[k];
        size_t b = i + strlen(s->prefix);
        if (b >= n || memcmp(t + i, s->prefix, b - i) != 0)
            continue;
        size_t e = b;
        bool dot = s->prefix[1] == 'G'; /* SendGrid's has one dot in the middle */
        while (e < n && (is_of(t[e], s->of) || (dot && t[e] == '.')) && e - b <= (size_t)s->max)
            e++;
        size_t size = e - b;
        if (size >= (size_t)s->min && size <= (size_t)s->max && looks_random(t + b, size))
            return e - i;
    }
    return 0;
}

/* header.payload.signature, each base64url, the first two JSON objects ("eyJ"): RFC 7519. */
static size_t web_token(const uint8_t *t, size_t n, size_t i)
{
    size_t e = i, part = i;
    int dots = 0;

    if (n - i < 40 || memcmp(t + i, "eyJ", 3) != 0)
        return 0;
    for (; e < n && e - i < 4096; e++) {
        if (t[e] == '.' && dots < 2 && e - part >= 8) {
            if (dots == 0 && (n - e < 4 || memcmp(t + e + 1, "eyJ", 3) != 0))
                return 0;
            dots++;
            part = e + 1;
        } else if (!is_of(t[e], WORD)) {
            break;
        }
    }
    return dots == 2 && e - part >= 16 ? e - i : 0;
}

/* "-----BEGIN ... PRIVATE KEY-----" to the end of its END line, or of the text; what is read here
 * is never read again, so many unclosed blocks still cost one pass. */
static size_t private_key(const uint8_t *t, size_t n, size_t i)
{
    static const char begin[] = "-----BEGIN ", secret[] = "PRIVATE KEY";
    size_t b = i + sizeof begin - 1, e;
    bool is_private = false;

    if (b >= n || memcmp(t + i, begin, sizeof begin - 1) != 0)
        return 0;
    for (e = b; e < n && e - b < 64 && (eid_is_upper(t[e]) || t[e] == ' ' || eid_is_digit(t[e]));
         e++)
        if (n - e >= sizeof secret - 1 && memcmp(t + e, secret, sizeof secret - 1) == 0)
            is_private = true;
    if (!is_private || n - e < 5 || memcmp(t + e, "-----", 5) != 0)
        return 0;
    for (e += 5; e < n; e++) {
        if (t[e] != '-' || n - e < 5 || memcmp(t + e, "-----", 5) != 0)
            continue;
        if (n - e < 9 || memcmp(t + e, "-----END ", 9) != 0)
            break;
        for (e += 9; e < n && t[e] != '-' && t[e] != '\n'; e++)
            ;
        while (e < n && t[e] == '-')
            e++;
        break;
    }
    return e - i;
}

size_t eid_scan_key(const uint8_t *t, size_t n, size_t i)
{
    if (t[i] == '-')
        return private_key(t, n, i);
    if (i > 0 && (t[i - 1] == '-' || t[i - 1] == '_')) /* inside a longer name */
        return 0;
    size_t size = web_token(t, n, i);
    return size ? size : issued_token(t, n, i);
}
