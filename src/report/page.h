/* page.h - writing HTML and SVG: a growing page whose first failure sticks.
 *
 * Two kinds of text never mix.  What this program says goes through put and putf as it is.  What
 * came from a corpus, a model, a file name or a database is hostile: it goes through the other
 * put_ functions alone, which mask personal data (unless reveal), escape markup, and make control
 * and direction characters visible. */
#ifndef EID_SRC_REPORT_PAGE_H
#define EID_SRC_REPORT_PAGE_H
#include "base/memory.h"
#include "eidetic/stats.h"

typedef struct page {
    eid_buf b;
    eid_status st; /* the first failure; later writing is skipped */
    bool reveal;
} page;

void put(page *p, const char *ours);
void putf(page *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

typedef enum hostile_as {
    AS_LINE, /* one line: line breaks and tabs become visible signs */
    AS_BLOCK /* white space kept, for elements with white-space: pre-wrap */
} hostile_as;
void put_hostile(page *p, const void *bytes, size_t n, hostile_as as);
void put_word(page *p, const char *hostile); /* a NUL-terminated line; NULL puts nothing */
/* A path or command line: masks what is personal data, but lets plain numbers (dates, seeds) stand.
 */
void put_path(page *p, const char *word);
/* A string that is known to be personal data of `kind`. */
void put_secret(page *p, const char *kind, const void *bytes, size_t n);
/* Escapes and makes visible, without masking: for text that eid_mask has seen already. */
void put_masked(page *p, const char *utf8, size_t n, hostile_as as);

/* The same for a title that a program chose but that came through a database; NULL puts nothing. */
void put_title(page *p, const char *hostile);

void put_field(page *p, const char *hostile); /* a CSV field (RFC 4180), quoted where it must be */

/* ---- numbers, the same in every locale --------------------------------------------------- */

typedef enum number_as {
    AS_PLAIN,   /* 3 significant digits: 0.0123, 1.44 */
    AS_PERCENT, /* of a fraction: 1.9% */
    AS_COUNT,   /* 12,345 */
    AS_BITS,    /* 19.9 */
    AS_POINTS   /* of a fraction, signed, in percentage points: +12.1 */
} number_as;
void put_number(page *p, double x, number_as as);
const char *number_text(double x, number_as as, char text[48]);  /* returns text */
const char *tick_text(double x, number_as as, char text[48]);    /* without trailing zeros */
void put_fixed(page *p, double x, int decimals);                 /* a coordinate: "12.5" */
void put_exact(page *p, double x);                               /* 17 digits, for data files */
void put_bytes(page *p, double n);                               /* "6.8 MB" */
void put_seconds(page *p, double s);                             /* "3 min 20 s" */
void put_interval(page *p, const eid_estimate *e, number_as as); /* "1.2–2.7%"; "" if none */
void put_estimate(page *p, const eid_estimate *e, number_as as); /* "1.9% (1.2–2.7%)" or why not */
bool has_interval(const eid_estimate *e); /* known, and not an exact number */
#endif
