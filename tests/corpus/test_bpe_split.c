/* Pre-tokens: the short cut for ASCII against PCRE2 alone, and what the pattern must do. */
#include "check.h"
#include "corpus/bpe_split.h"
#include "eidetic/rng.h"

static eid_splitter *splitter;

/* Splits, the pre-tokens parted by '|'. */
static const char *split(const char *text, size_t n, bool twin)
{
    static char shown[2][4096];
    static int turn;
    char *out = shown[turn++ % 2];
    size_t at = 0, m;
    eid_split s;
    const uint8_t *token;

    memset(out, 0, sizeof shown[0]);
    CHECK_OK(eid_split_open(&s, splitter));
    eid_split_text(&s, (const uint8_t *)text, n);
    for (;;) {
        CHECK_OK(twin ? eid_split_next_ref(&s, &token, &m) : eid_split_next(&s, &token, &m));
        if (!m || at + m + 2 > sizeof shown[0])
            break;
        if (at)
            out[at++] = '|';
        memcpy(out + at, token, m);
        at += m;
    }
    out[at] = 0;
    eid_split_close(&s);
    return out;
}

static void the_pattern_splits_as_gpt2(void)
{
    static const char *const known[] = {
        "Hello world",
        "Hello| world",
        "we'll don't I'd they've 'Twas",
        "we|'ll| don|'t| I|'d| they|'ve| '|Twas",
        "it's'''s 'S",
        "it|'s|'''|s| '|S",
        "a  b   c\n\n d ",
        "a| | b|  | c|\n\n| d| ",
        "x1y22 333!!",
        "x|1|y|22| 333|!!",
        " \t x",
        " \t| x",
        "\t\tx",
        "\t|\t|x",
        "   ",
        "   ",
        "caf\xC3\xA9 \xC3\x89t\xC3\xA9",
        "caf\xC3\xA9| \xC3\x89t\xC3\xA9",
        "e\xCC\x81",
        "e|\xCC\x81", /* a combining mark is no letter */
        "\xC2\xB2"
        "3",
        "\xC2\xB2"
        "3", /* superscript two is a number */
        "a\xC2\xA0"
        "b",
        "a|\xC2\xA0|b", /* U+00A0 is white */
        "a\xC2\x85\xC2\x85"
        "b",
        "a|\xC2\x85|\xC2\x85|b", /* U+0085 is white */
        "a\xE1\xA0\x8E!",
        "a|\xE1\xA0\x8E!", /* U+180E is not, since Unicode 6.3 */
        "a\xE2\x80\x8B!",
        "a|\xE2\x80\x8B!", /* U+200B never was */
        "a\x1C!",
        "a|\x1C!", /* nor are the ASCII separators */
        "a\xEA\xB2\x89",
        "a\xEA\xB2\x89",
        "a\xEA\x9F\x8B",
        "a\xEA\x9F\x8B", /* U+A7CB, a letter since Unicode 16 */
        "a \xFF\xFE b",
        "a| |\xFF|\xFE| b",
        "\xE2\x82",
        "\xE2|\x82",
        "\xED\xA0\x80",
        "\xED|\xA0|\x80", /* a surrogate is no character */
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i += 2) {
        CHECK_STR(split(known[i], strlen(known[i]), false), known[i + 1]);
        CHECK_STR(split(known[i], strlen(known[i]), true), known[i + 1]);
    }
}

static void the_short_cut_is_pcre2(void)
{
    static const char *const part[] = {"'",
                                       "s",
                                       "t",
                                       "re",
                                       "ve",
                                       "ll",
                                       "d",
                                       "m",
                                       " ",
                                       "  ",
                                       "\n",
                                       "\t",
                                       "a",
                                       "Zz",
                                       "0",
                                       "99",
                                       "!",
                                       "-",
                                       "\x7F",
                                       "\x1C",
                                       "\xC3\xA9",
                                       "\xC2\xA0",
                                       "\xE2\x80\x83",
                                       "\xD9\xA3",
                                       "\xFF",
                                       "\xE2\x82",
                                       "\r",
                                       "\xF0\x9F\x98\x80",
                                       "\x00"};
    char text[512];

    for (uint64_t seed = 0; seed < 20000; seed++) {
        eid_rng rng = eid_rng_seed(seed);
        uint64_t kinds = seed % 3 ? sizeof part / sizeof *part : 20; /* 20: ASCII alone */
        size_t n = 0;
        for (uint64_t k = eid_rng_below(&rng, 30); k; k--) {
            const char *p = part[eid_rng_below(&rng, kinds)];
            size_t len = *p ? strlen(p) : 1;
            memcpy(text + n, p, len);
            n += len;
        }
        const char *got = split(text, n, false), *want = split(text, n, true);
        CHECK(memcmp(got, want, sizeof text) == 0);
    }
}

int main(void)
{
    CHECK_OK(eid_splitter_new(&splitter, true));
    RUN(the_pattern_splits_as_gpt2);
    RUN(the_short_cut_is_pcre2);
    eid_splitter_free(splitter);
    return DONE();
}
