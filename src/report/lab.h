/* lab.h - a lab's result as the report reads it back: every text is hostile, every figure checked.
 */
#ifndef EID_SRC_REPORT_LAB_H
#define EID_SRC_REPORT_LAB_H
#include "report/document.h"
#include <jansson.h>

enum { LAB_FIGURES = 12, LAB_MOST = 64 };

struct lab_view {
    json_t *json;     /* owns the texts below and those of the figures */
    const char *name; /* [a-z0-9-]+, no other lab's */
    const char *title, *claim, *meaning, *source, *scale, *verdict; /* "" where absent */
    double seconds;                                                 /* NaN: unknown */
    fig figure[LAB_FIGURES];
    int figures;
};

/* The text of a field, "" when it is not there or no text. */
const char *lab_word(const json_t *j, const char *field);
#endif
