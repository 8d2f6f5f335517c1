/* Detectors against examples that must be found and texts that must stay silent. */
#include "check.h"
#include "eidetic/text.h"

/* "kind:text|kind:text" of all that is found. */
static const char *found_in(const char *text, const eid_strings *listed)
{
    static char out[2048];
    eid_secret *s = NULL;
    size_t n = 0, at = 0;

    CHECK_OK(eid_detect((const uint8_t *)text, strlen(text), listed, &s, &n));
    out[0] = 0;
    for (size_t i = 0; i < n; i++) {
        CHECK(i == 0 || s[i].offset >= s[i - 1].offset + s[i - 1].size);
        at += (size_t)snprintf(out + at, sizeof out - at, "%s%s:%.*s", i ? "|" : "", s[i].kind,
                               (int)s[i].size, text + s[i].offset);
    }
    eid_secrets_free(s);
    return out;
}

#define FINDS(text, want) CHECK_STR(found_in(text, NULL), want)
#define SILENT(text)      CHECK_STR(found_in(text, NULL), "")

static void emails_are_found(void)
{
    FINDS("Jane <jane.doe+x@mail.example.co.uk>", "email:jane.doe+x@mail.example.co.uk");
    FINDS("write to a@b.org.", "email:a@b.org");
    FINDS("mailto:x_y@z-w.de, and (me@here.net)", "email:x_y@z-w.de|email:me@here.net");
    FINDS("...foo@bar.com", "email:foo@bar.com");
    FINDS("555-123-4567@example.org", "email:555-123-4567@example.org");
    FINDS("a@xn--bcher-kva.xn--p1ai", "email:a@xn--bcher-kva.xn--p1ai");
}

static void what_looks_like_an_address_is_not_one(void)
{
    SILENT("icon@2x.png");
    SILENT("clone git@host.example.org:project/x.git");
    SILENT("ssh://user@host.example.org/");
    SILENT("pkg@1.2.3 and @param x.y and a@b and a@bcd and foo@.com");
    SILENT("foo.@bar.com");
    SILENT("@@ -1,7 +1,7 @@");
}

static void phones_are_found(void)
{
    FINDS("+49 (0)30 1234567", "phone:+49 (0)30 1234567");
    FINDS("+44-20-7946-0958, ok", "phone:+44-20-7946-0958");
    FINDS("+15551234567", "phone:+15551234567");
    FINDS("+1 617 542 5942 1991", "phone:+1 617 542 5942");
    FINDS("call (617) 542-5942 now", "phone:(617) 542-5942");
    FINDS("617-542-5942", "phone:617-542-5942");
    FINDS("1-800-555-1234", "phone:1-800-555-1234");
    FINDS("Tel.: 030 1234567", "phone:030 1234567");
    FINDS("fax number is 5551234", "phone:5551234");
    FINDS("0171/1234567", "phone:0171/1234567");
    FINDS("(030) 1234567", "phone:(030) 1234567");
}

static void numbers_of_licences_are_no_phones(void)
{
    SILENT("Copyright (C) 1989, 1991-2007 Free Software Foundation, 1998-2003, 2005.");
    SILENT("ISBN 0-201-63361-2, ISBN 978-0-13-110362-7, ISSN 1234-5678, 978-3-16-148410-0");
    SILENT("version 10.4.1.20210215, 1.2.3-4567, libfoo 3.14159265358979, 2:1.2.11.dfsg-2");
    SILENT("51 Franklin Street, Fifth Floor, Boston, MA 02110-1301 USA; 675 Mass Ave 02139");
    SILENT("2024-01-31 12:00:00 +0200, 20240131, 31.01.2024, +2024-01-31 10");
    SILENT("192.168.100.1000, 300 400 5000, 123-456-7890, 217-142-5942, 0-1-2-3, 4.2.2.1 (a) "
           "12345678");
    SILENT("section 4.1.2, 17 U.S.C. 107, RFC 2822 (2001), 0x12345678, 1234567890");
}

static void cards_need_luhn_and_an_issuer(void)
{
    FINDS("4111 1111 1111 1111", "card:4111 1111 1111 1111");
    FINDS("card=5555555555554444;", "card:5555555555554444");
    FINDS("3782-822463-10005", "card:3782-822463-10005");
    SILENT("4111 1111 1111 1112");
    SILENT("0.4111111111111111, x4111111111111111, 9111 1111 1111 1111");
    SILENT("41 111111 11111111");
}

static void ibans_need_mod_97(void)
{
    FINDS("IBAN DE89 3704 0044 0532 0130 00.", "iban:DE89 3704 0044 0532 0130 00");
    FINDS("GB82WEST12345698765432", "iban:GB82WEST12345698765432");
    FINDS("NO9386011117947", "iban:NO9386011117947");
    SILENT("DE88370400440532013000");
    SILENT("ZZ89370400440532013000");
    SILENT("XDE89370400440532013000 DE89370400440532013000X");
}

static void uuids_are_found(void)
{
    FINDS("{123e4567-e89b-12d3-a456-426614174000}", "uuid:123e4567-e89b-12d3-a456-426614174000");
    SILENT("00000000-0000-0000-0000-000000000000");
    SILENT("123e4567-e89b-12d3-a456-4266141740001 123e4567-e89b-12d3-a456-42661417400g");
}

static void keys_are_found(void)
{
    FINDS("aws AKIAIOSFODNN7EXAMPLE.", "key:AKIAIOSFODNN7EXAMPLE");
    FINDS("t=ghp_16C7e42F292c6912E7710c838347Ae178B4a",
          "key:ghp_16C7e42F292c6912E7710c838347Ae178B4a");
    FINDS("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0",
          "key:eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0."
          "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0");
    FINDS("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nx",
          "key:-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----");
    SILENT("-----BEGIN PGP PUBLIC KEY BLOCK-----\nabc\n-----END PGP PUBLIC KEY BLOCK-----");
    SILENT("AKIAXXXXXXXXXXXXXXXX, sk-learn-is-not-a-key-but-a-library-of-python, AKIA123");
    SILENT("ghp_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
}

static void listed_lines_are_found_as_words(void)
{
    const char *lines[] = {"hunter2", "Li", "Li Wei", "", "M\xC3\xBCller\n", "x"};
    const eid_strings listed = {lines, 6};

    CHECK_STR(found_in("License of Li Wei, Li, hunter22 hunter2", &listed),
              "listed:Li Wei|listed:Li|listed:hunter2");
    CHECK_STR(found_in("Frau M\xC3\xBCller xx x", &listed), "listed:M\xC3\xBCller|listed:x");
    CHECK_STR(found_in("", &listed), "");
    CHECK_STR(found_in("li@example.org Li@example.org", &listed),
              "email:li@example.org|email:Li@example.org");
}

/* Doubling the text must about double the time even where every scanner is triggered at every byte;
 * a quadratic scanner would need hours here. */
static void hostile_text_takes_linear_time(void)
{
    const char *unit[] = {
        "@",     "a@", "a.", "+1 ", "1-", "4111 ", "eyJ", "-eyJ", "-----BEGIN PRIVATE KEY-----",
        "DE89 ", "0",  "(0"};
    for (size_t u = 0; u < sizeof unit / sizeof *unit; u++) {
        size_t n = 1 << 20, len = strlen(unit[u]), found;
        uint8_t *t = malloc(n);
        eid_secret *s;
        for (size_t i = 0; i < n; i++)
            t[i] = (uint8_t)unit[u][i % len];
        CHECK_OK(eid_detect(t, n, NULL, &s, &found));
        eid_secrets_free(s);
        free(t);
    }
}

int main(void)
{
    RUN(emails_are_found);
    RUN(what_looks_like_an_address_is_not_one);
    RUN(phones_are_found);
    RUN(numbers_of_licences_are_no_phones);
    RUN(cards_need_luhn_and_an_issuer);
    RUN(ibans_need_mod_97);
    RUN(uuids_are_found);
    RUN(keys_are_found);
    RUN(listed_lines_are_found_as_words);
    RUN(hostile_text_takes_linear_time);
    return DONE();
}
