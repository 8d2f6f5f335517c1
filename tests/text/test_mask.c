/* Masking: nothing personal gets through, nothing else changes, and the result is always UTF-8. */
#include "check.h"
#include "eidetic/rng.h"
#include "base/utf8.h"
#include "text/scan.h"

#define E   "\xE2\x80\xA6"
#define BAD "\xEF\xBF\xBD"

static const char *masked(const char *text, size_t n)
{
    static char kept[512];
    char *s = NULL;
    CHECK_OK(eid_mask((const uint8_t *)text, n, &s));
    snprintf(kept, sizeof kept, "%s", s ? s : "(null)");
    eid_string_free(s);
    return kept;
}
#define MASKS(text, want) CHECK_STR(masked(text, sizeof(text) - 1), want)

static void the_first_character_and_the_kind_stay(void)
{
    MASKS("to john@example.org!", "to j" E "@" E "!");
    MASKS("+49 30 1234567", "+" E "[phone]");
    MASKS("(617) 542-5942", "(" E "[phone]");
    MASKS("4111 1111 1111 1111.", "4" E "[card].");
    MASKS("DE89370400440532013000", "D" E "[iban]");
    MASKS("AKIAIOSFODNN7EXAMPLE", "A" E "[key]");
    MASKS("123e4567-e89b-12d3-a456-426614174000", "1" E "[uuid]");
}

static void six_digits_are_masked_five_are_not(void)
{
    MASKS("the code is 471193, was 47119", "the code is 4" E "[number], was 47119");
    MASKS("4711 0815 2342 is it", "4" E "[number] is it");
    MASKS("471-190-815", "4" E "[number]");
    MASKS("2010 2011 2012 2013, 1999-2004", "2010 2011 2012 2013, 1999-2004");
    MASKS("pages 100 200", "pages 100 200");
    MASKS("v123456x 2024 12345", "v1" E "[number]x 2024 12345");
}

static void stumps_of_addresses_are_masked(void)
{
    MASKS("jane.doe@deb", "j" E "@" E);
    MASKS("jane.doe@", "j" E "@" E);
    MASKS("a @ b, @x", "a @ b, @x");
}

static void what_is_not_text_is_replaced(void)
{
    MASKS("a\xFF\xC3", "a" BAD BAD);
    MASKS("a\0b\x1B[31m\tc\n", "a" BAD "b" BAD "[31m\tc\n");
    MASKS("\xE2\x80\xAEx\xC2\x9By\xC3\xA9", BAD "x" BAD "y\xC3\xA9");
    MASKS("", "");
}

static void parts_mask_across_cuts(void)
{
    static const char text[] = "hi john@example.org bye";
    const size_t cut[] = {5, 9};
    char *part[3];

    CHECK_OK(eid_mask_parts((const uint8_t *)text, sizeof text - 1, cut, 2, part));
    CHECK_STR(part[0], "hi j" E "@" E);
    CHECK_STR(part[1], E);
    CHECK_STR(part[2], E " bye");
    for (int k = 0; k < 3; k++)
        eid_string_free(part[k]);
    CHECK_FAILS(eid_mask_parts((const uint8_t *)text, 4, cut, 1, part), EID_EINVAL, "cut 0");
}

/* Random mixtures: the output is UTF-8, has no run of six digits and no address. */
static void random_bytes_come_out_clean(void)
{
    static const char *const bits[] = {"a", "@",    ".",    "1",   "23", "-",
                                       " ", "\xC3", "\xA9", "org", "\n"};
    for (uint64_t seed = 0; seed < 2000; seed++) {
        eid_rng rng = eid_rng_seed(seed);
        char text[128], *s;
        size_t n = 0, digits = 0;
        while (n < 100) {
            const char *b = bits[eid_rng_below(&rng, sizeof bits / sizeof *bits)];
            memcpy(text + n, b, strlen(b));
            n += strlen(b);
        }
        CHECK_OK(eid_mask((const uint8_t *)text, n, &s));
        for (size_t i = 0; s[i]; i++) {
            digits = s[i] >= '0' && s[i] <= '9' ? digits + 1 : 0;
            CHECK(digits < 6);
        }
        for (size_t i = 0, len, total = strlen(s); i < total; i += len) {
            len = eid_utf8_length((const uint8_t *)s + i, total - i);
            CHECK(len > 0);
            if (len == 0)
                break;
        }
        eid_secret *left;
        size_t n_left;
        CHECK_OK(eid_detect((const uint8_t *)s, strlen(s), NULL, &left, &n_left));
        CHECK_INT(n_left, 0);
        eid_secrets_free(left);
        eid_string_free(s);
    }
}

static void no_memory_is_an_error_without_leaks(void)
{
    static const char text[] = "a john@example.org 4711930 b";
    const size_t cut[] = {3};
    eid_status st = EID_ENOMEM;

    for (int k = 1; k < 30 && st != EID_OK; k++) {
        char *part[2] = {NULL, NULL};
        eid_fail_allocation(k);
        st = eid_mask_parts((const uint8_t *)text, sizeof text - 1, cut, 1, part);
        eid_fail_allocation(0);
        CHECK(st == EID_OK || st == EID_ENOMEM);
        CHECK((st == EID_OK) == (part[1] != NULL));
        eid_string_free(part[0]);
        eid_string_free(part[1]);
    }
    CHECK(st == EID_OK);
}

int main(void)
{
    RUN(the_first_character_and_the_kind_stay);
    RUN(six_digits_are_masked_five_are_not);
    RUN(stumps_of_addresses_are_masked);
    RUN(what_is_not_text_is_replaced);
    RUN(parts_mask_across_cuts);
    RUN(random_bytes_come_out_clean);
    RUN(no_memory_is_an_error_without_leaks);
    return DONE();
}
