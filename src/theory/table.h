/* table.h - a user's prior as text: a few numbers a line, separated by blanks or a comma; what
 * follows a # is a remark. */
#ifndef EID_SRC_THEORY_TABLE_H
#define EID_SRC_THEORY_TABLE_H
#include "base/status.h"

typedef struct eid_table {
    size_t rows;
    double *first, *second; /* second: NaN where a line has one number */
    int64_t *line;          /* of the text, from 1: for messages */
} eid_table;
/* EID_EFORMAT names the line: more than two numbers, something else than numbers, nothing at all.
 */
eid_status eid_table_parse(eid_table *out, const char *name, const uint8_t *text, size_t n);
eid_status eid_table_read(eid_table *out, const char *path);
void eid_table_free(eid_table *t);
/* Sums of many numbers keep their digits (Kahan). */
typedef struct eid_sum {
    double sum, lost;
} eid_sum;
static inline void eid_sum_add(eid_sum *s, double x)
{
    double y = x - s->lost, t = s->sum + y;
    s->lost = (t - s->sum) - y;
    s->sum = t;
}
#endif
