/* number.c - numbers as a reader wants them, and the same in every locale. */
#include "report/page.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* printf's decimal sign belongs to the locale of whoever loaded the library; ours is a point. */
static void with_point(char *text)
{
    char *to = text;
    bool in_sign = false;
    for (const char *c = text; *c; c++) {
        if (strchr("0123456789+-einfa", *c)) {
            *to++ = *c;
            in_sign = false;
        } else if (!in_sign) {
            *to++ = '.';
            in_sign = true;
        }
    }
    *to = '\0';
}

static void fixed(double x, int decimals, char text[48])
{
    if (!(fabs(x) < 1e15)) { /* wider than the text, or not a number */
        snprintf(text, 48, "%g", x);
        with_point(text);
        return;
    }
    snprintf(text, 48, "%.*f", decimals, x);
    with_point(text);
    if (text[0] == '-' && strspn(text + 1, "0.") == strlen(text + 1))
        memmove(text, text + 1, strlen(text)); /* no "-0.0" */
}

/* "12345" to "12,345". */
static void grouped(double x, char text[48])
{
    char digits[48];
    fixed(x, 0, digits);
    size_t n = strlen(digits), start = digits[0] == '-', at = 0;
    if (strpbrk(digits, "einfa")) {
        memcpy(text, digits, n + 1);
        return;
    }
    for (size_t i = 0; i < n && at + 2 < 48; i++) {
        if (i > start && (n - i) % 3 == 0)
            text[at++] = ',';
        text[at++] = digits[i];
    }
    text[at] = '\0';
}

/* Decimals that keep what a reader can use of a percentage, without a show of precision; what is
 * neither 0 nor 100 never reads as if it were. */
static int percent_decimals(double percent)
{
    double a = fabs(percent);
    bool high = a > 50 && a < 100;
    double rest = high ? 100 - a : a; /* from the end that it must not be taken for */
    if (rest == 0 || a >= 100 || rest >= (high ? 0.95 : 9.95))
        return 0;
    if (rest >= 0.1 || rest < 1e-9)
        return 1;
    return (int)ceil(-log10(rest)) + (!high && rest < 0.05);
}

const char *number_text(double x, number_as as, char text[48])
{
    if (isnan(x)) {
        snprintf(text, 48, "–");
        return text;
    }
    switch (as) {
    case AS_PERCENT:
        fixed(100 * x, percent_decimals(100 * x), text);
        strncat(text, "%", 2);
        break;
    case AS_POINTS: {
        char size[48];
        fixed(fabs(100 * x), 1, size);
        snprintf(text, 48, "%c%.46s", x < 0 && strcmp(size, "0.0") != 0 ? '-' : '+', size);
        break;
    }
    case AS_COUNT:
        grouped(x, text);
        break;
    case AS_BITS:
        fixed(x, 1, text);
        break;
    case AS_PLAIN:
        if (x == floor(x) && fabs(x) < 1e15)
            grouped(x, text);
        else if (fabs(x) >= 1000)
            grouped(x, text);
        else if (fabs(x) >= 100)
            fixed(x, 0, text);
        else if (fabs(x) >= 10)
            fixed(x, 1, text);
        else if (fabs(x) >= 0.1)
            fixed(x, 2, text);
        else {
            snprintf(text, 48, "%.2g", x);
            with_point(text);
        }
        break;
    }
    return text;
}

const char *tick_text(double x, number_as as, char text[48])
{
    number_text(x, as, text);
    char *point = strchr(text, '.');
    if (!point)
        return text;
    size_t digits = strspn(point + 1, "0123456789"), keep = digits;
    while (keep > 0 && point[keep] == '0')
        keep--;
    /* "1.0%" becomes "1%", "0.50" becomes "0.5" */
    memmove(point + (keep ? keep + 1 : 0), point + 1 + digits, strlen(point + 1 + digits) + 1);
    return text;
}

void put_number(page *p, double x, number_as as)
{
    char text[48];
    put(p, number_text(x, as, text));
}

void put_fixed(page *p, double x, int decimals)
{
    char text[48];
    fixed(x, decimals, text);
    put(p, text);
}

void put_exact(page *p, double x)
{
    char text[48];
    if (isnan(x))
        return; /* an empty field */
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, x);
        double back;
        if (sscanf(text, "%lf", &back) == 1 && back == x)
            break;
    }
    with_point(text);
    put(p, text);
}

void put_bytes(page *p, double n)
{
    static const char *const unit[] = {"bytes", "kB", "MB", "GB", "TB"};
    int u = 0;
    for (; n >= 999.5 && u < 4; u++)
        n /= 1000;
    put_fixed(p, n, u > 0 && n < 99.95 ? 1 : 0);
    putf(p, " %s", unit[u]);
}

void put_seconds(page *p, double s)
{
    if (!(s >= 0 && s < 1e9))
        put(p, "–");
    else if (s < 10)
        put_fixed(p, s, 1), put(p, " s");
    else if (s < 60)
        put_fixed(p, s, 0), put(p, " s");
    else if (s < 3600)
        putf(p, "%d min %d s", (int)s / 60, (int)s % 60);
    else
        putf(p, "%d h %d min", (int)s / 3600, (int)s / 60 % 60);
}

bool has_interval(const eid_estimate *e)
{
    return isfinite(e->value) && isfinite(e->low) && isfinite(e->high) &&
           !(e->n == 0 && e->low == e->high);
}

void put_interval(page *p, const eid_estimate *e, number_as as)
{
    char low[48], high[48];
    if (!has_interval(e))
        return;
    number_text(e->low, as, low);
    number_text(e->high, as, high);
    size_t n = strlen(low);
    if (as == AS_PERCENT && n && low[n - 1] == '%')
        low[n - 1] = '\0'; /* "1.2–2.7%" */
    putf(p, strchr(high, '-') || as == AS_POINTS ? "%s to %s" : "%s–%s", low, high);
}

void put_estimate(page *p, const eid_estimate *e, number_as as)
{
    if (isnan(e->value)) {
        put_word(p, e->why[0] ? e->why : "unresolved");
        return;
    }
    put_number(p, e->value, as);
    if (has_interval(e)) {
        put(p, " (");
        put_interval(p, e, as);
        put(p, ")");
    }
}
