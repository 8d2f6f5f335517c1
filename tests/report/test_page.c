/* test_page.c - hostile text, numbers, axes: the small pieces of a report. */
#include "base/memory.h"
#include "check.h"
#include "report/axis.h"
#include "report/page.h"

static char shown[2048];

static const char *take(page *p)
{
    CHECK(p->st == EID_OK);
    snprintf(shown, sizeof shown, "%s", p->b.at ? (const char *)p->b.at : "");
    eid_buf_free(&p->b);
    return shown;
}

static const char *hostile(const char *bytes, size_t n, bool reveal, hostile_as as)
{
    page p = {.reveal = reveal};
    put_hostile(&p, bytes, n, as);
    return take(&p);
}
#define SHOWN(literal, reveal, as) hostile(literal, sizeof(literal) - 1, reveal, as)

static void markup_stays_text(void)
{
    CHECK_STR(SHOWN("<b a=\"1\" b='2'>&amp;</b>", true, AS_LINE),
              "&lt;b a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;amp;&lt;/b&gt;");
    CHECK_STR(SHOWN("<script>", false, AS_BLOCK), "&lt;script&gt;");
    CHECK_STR(SHOWN("]]>--></style>", false, AS_LINE), "]]&gt;--&gt;&lt;/style&gt;");
}

static void what_cannot_be_seen_is_named(void)
{
    CHECK_STR(SHOWN("a\0b\x1b[31m\x7f", true, AS_LINE), "a\u2400b\u241b[31m\u2421");
    CHECK_STR(SHOWN("\u202egpj\u2066x\u200b\ufeff\U000e0041", true, AS_LINE),
              "[U+202E]gpj[U+2066]x[U+200B][U+FEFF][U+E0041]");
    CHECK_STR(SHOWN("a\n\n\n\n\n  b", true, AS_BLOCK), "a[5 line breaks]  b");
    CHECK_STR(SHOWN("a\n\n\n", true, AS_BLOCK), "a\n\n\n");
    CHECK_STR(SHOWN("a\nb\tc", true, AS_BLOCK), "a\nb\tc");
    CHECK_STR(SHOWN("a\nb\tc", true, AS_LINE), "a\u240ab\u2409c");
    /* overlong, surrogate, cut off, beyond Unicode, stray: one sign per byte, and what follows
     * lives */
    CHECK_STR(SHOWN("\xc0\xafx", true, AS_LINE), "\ufffd\ufffdx");
    CHECK_STR(SHOWN("\xed\xa0\x80x", true, AS_LINE), "\ufffd\ufffd\ufffdx");
    CHECK_STR(SHOWN("\xe2\x82<", true, AS_LINE), "\ufffd\ufffd&lt;");
    CHECK_STR(SHOWN("\xf4\x90\x80\x80\xff", true, AS_LINE), "\ufffd\ufffd\ufffd\ufffd\ufffd");
    CHECK_STR(SHOWN("\u00e9\u4e2d\U0001f600", true, AS_LINE), "\u00e9\u4e2d\U0001f600");
}

static void personal_data_is_masked_unless_revealed(void)
{
    CHECK(!strstr(SHOWN("write to ada@example.org now", false, AS_LINE), "example"));
    CHECK(strstr(SHOWN("write to ada@example.org now", true, AS_LINE), "ada@example.org"));
    CHECK(!strstr(SHOWN("code 4711081523", false, AS_LINE), "081523"));
    page p = {0};
    put_path(&p, "eidetic audit --seed 20261124 --corpus /home/ada@example.org");
    const char *path = take(&p);
    CHECK(strstr(path, "--seed 20261124"));
    CHECK(!strstr(path, "ada@example"));
}

static const char *field(const char *s)
{
    page p = {0};
    put_field(&p, s);
    return take(&p);
}

static void csv_fields_are_quoted_and_run_nothing(void)
{
    CHECK_STR(field("plain"), "plain");
    CHECK_STR(field("a,b"), "\"a,b\"");
    CHECK_STR(field("say \"x\"\n"), "\"say \"\"x\"\"\n\"");
    CHECK_STR(field("=1+1"), "'=1+1");
    CHECK_STR(field("@SUM(A1),\xff"), "\"'@SUM(A1),\ufffd\"");
    CHECK_STR(field(NULL), "");
}

static const char *number(double x, number_as as)
{
    static char text[48];
    return number_text(x, as, text);
}

static void numbers_read_well(void)
{
    CHECK_STR(number(0, AS_PERCENT), "0%");
    CHECK_STR(number(1, AS_PERCENT), "100%");
    CHECK_STR(number(0.0193, AS_PERCENT), "1.9%");
    CHECK_STR(number(0.42, AS_PERCENT), "42%");
    CHECK_STR(number(0.996, AS_PERCENT), "99.6%");
    CHECK_STR(number(0.0005, AS_PERCENT), "0.05%");
    CHECK_STR(number(0.0000012, AS_PERCENT), "0.00012%"); /* never 0.00% for what is not 0 */
    CHECK_STR(number(0.148, AS_POINTS), "+14.8");
    CHECK_STR(number(-0.021, AS_POINTS), "-2.1");
    CHECK_STR(number(-0.0001, AS_POINTS), "+0.0");
    CHECK_STR(number(1234567, AS_COUNT), "1,234,567");
    CHECK_STR(number(-1234, AS_COUNT), "-1,234");
    CHECK_STR(number(999, AS_COUNT), "999");
    CHECK_STR(number(1.4427, AS_PLAIN), "1.44");
    CHECK_STR(number(38211.4, AS_PLAIN), "38,211");
    CHECK_STR(number(19.93, AS_BITS), "19.9");
    CHECK_STR(number(NAN, AS_PLAIN), "–");
    CHECK_STR(number(1e300, AS_COUNT), "1e+300");
    CHECK_STR(number(INFINITY, AS_PERCENT), "inf%");
}

static void data_files_keep_every_bit(void)
{
    const double x[] = {0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308, -2.5, 3, 1e21};
    for (size_t i = 0; i < sizeof x / sizeof *x; i++) {
        page p = {0};
        put_exact(&p, x[i]);
        CHECK(strtod(take(&p), NULL) == x[i]);
    }
}

static void axes_hold_their_data_and_few_ticks(void)
{
    static const double ends[][2] = {{0, 1},    {0, 0.03}, {0, 19.93}, {1.2, 7.7},
                                     {0, 4000}, {5, 5},    {-3, 1e9}};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        for (int most = 3; most < 10; most++) {
            axis a = axis_fit(AXIS_LINEAR, ends[i][0], ends[i][1], false, 0, 100, most);
            CHECK(a.low <= ends[i][0] && a.high >= ends[i][1] * (1 - 1e-9));
            CHECK(a.ticks >= 2 && a.ticks <= most + 1);
            CHECK_CLOSE(axis_at(&a, a.tick[0].value), 0, 0, 1e-9);
            CHECK_CLOSE(axis_at(&a, a.tick[a.ticks - 1].value), 100, 1e-9, 0);
        }
    axis copies = axis_fit(AXIS_LOG2, 1, 256, true, 0, 100, 9);
    CHECK_INT(copies.ticks, 9);
    CHECK_CLOSE(axis_at(&copies, 0), 0, 0, 0); /* the slot for "never" */
    CHECK_CLOSE(axis_at(&copies, 1), 9, 1e-12, 0);
    CHECK_CLOSE(axis_at(&copies, 16), 54.5, 1e-12, 0);
    axis rates = axis_fit(AXIS_LOG10, 0.0006, 1, false, 0, 100, 5);
    CHECK_CLOSE(rates.low, 1e-4, 1e-12, 0);
    axis_cut(&rates, 0.0005);
    CHECK_CLOSE(rates.low, 0.0005, 0, 0);
    CHECK(rates.tick[0].value >= 0.0005);
}

static void axes_survive_anything(void)
{
    const double x[] = {0, 1, -1, NAN, INFINITY, -INFINITY, 1e308, -1e308, 5e-324};
    for (int kind = 0; kind < 3; kind++)
        for (int i = 0; i < 9; i++)
            for (int k = 0; k < 9; k++) {
                axis a = axis_fit((axis_kind)kind, x[i], x[k], true, 10, 90, 6);
                CHECK(a.ticks >= 1 && a.ticks <= AXIS_TICKS);
                for (int v = 0; v < 9; v++) {
                    double at = axis_at(&a, x[v]);
                    CHECK(at >= 10 && at <= 90);
                }
            }
}

int main(void)
{
    RUN(markup_stays_text);
    RUN(what_cannot_be_seen_is_named);
    RUN(personal_data_is_masked_unless_revealed);
    RUN(csv_fields_are_quoted_and_run_nothing);
    RUN(numbers_read_well);
    RUN(data_files_keep_every_bit);
    RUN(axes_hold_their_data_and_few_ticks);
    RUN(axes_survive_anything);
    return DONE();
}
