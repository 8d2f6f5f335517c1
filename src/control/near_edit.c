/* near_edit.c - by furthest-reaching points on diagonals (Ukkonen 1985): far[k] is the largest i
 * such that a[0..i) becomes b[0..i+k) by e edits; what costs is the distance, not the length. */
#include "control/near_edit.h"

typedef struct front {
    const int32_t *a, *b;
    int32_t n, m, limit;
} front;

static int32_t top(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static int32_t low(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* One more edit: from before[] (edits e - 1) to now[], both indexed by diagonal.  Diagonals from
 * which the last cell is out of reach of the edits left are no longer followed. */
static void step(const front *f, const int32_t *before, int32_t *restrict now, int32_t e)
{
    int32_t goal = f->m - f->n, left = f->limit - e;
    int32_t first = top(top(-e, -f->n), goal - left), last = low(low(e, f->m), goal + left);

    for (int32_t k = first; k <= last; k++)
        now[k] = top(top(before[k], before[k + 1]) + 1, before[k - 1]);
    for (int32_t k = first; k <= last; k++) {
        int32_t end = low(f->n, f->m - k), i = low(now[k], end); /* the diagonal ends there */
        while (i < end && f->a[i] == f->b[i + k])
            i++;
        now[k] = i;
    }
}

eid_status near_edit(const int32_t *a, size_t n, const int32_t *b, size_t m, size_t limit,
                     size_t *distance)
{
    eid_status st = EID_OK;
    int32_t *rows = NULL, *before, *now, e = 0;
    size_t most = n > m ? n : m, same = 0;

    limit = limit < most ? limit : most;
    *distance = limit + 1;
    if ((n > m ? n - m : m - n) > limit)
        return EID_OK;
    while (same < n && same < m && a[same] == b[same])
        same++;
    front f = {a + same, b + same, (int32_t)(n - same), (int32_t)(m - same), (int32_t)limit};
    while (f.n && f.m && f.a[f.n - 1] == f.b[f.m - 1])
        f.n--, f.m--;
    size_t width = 2 * limit + 5;
    EID_TRY(EID_NEW(rows, 2 * width));
    for (size_t i = 0; i < 2 * width; i++)
        rows[i] = INT32_MIN / 2; /* out of reach */
    before = rows + limit + 2;
    now = before + width;
    before[0] = 0; /* what begins alike was left out */
    while (before[f.m - f.n] < f.n && e < f.limit) {
        int32_t *t = before;
        step(&f, before, now, ++e);
        before = now;
        now = t;
    }
    if (before[f.m - f.n] >= f.n)
        *distance = (size_t)e;
done:
    eid_free(rows);
    return st;
}
