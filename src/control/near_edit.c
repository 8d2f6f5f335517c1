/* near_edit.c - by furthest-reaching points on diagonals (Ukkonen 1985): far[k] is the largest i
 * such that a[0..i) becomes b[0..i+k) by e edits; what costs is the distance, not the length. */
#include "control/near_edit.h"

typedef struct front {
    const int32_t *a, *b;
    int64_t n, m;
} front;

static int64_t along(const front *f, int64_t i, int64_t k)
{
    while (i < f->n && i + k < f->m && f->a[i] == f->b[i + k])
        i++;
    return i;
}

static int64_t top(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* One more edit: from before[] (edits e - 1) to now[], both indexed from diagonal -limit - 1. */
static void step(const front *f, const int64_t *before, int64_t *now, int64_t e, int64_t zero)
{
    int64_t low = -e < -f->n ? -f->n : -e, high = e > f->m ? f->m : e;
    for (int64_t k = low; k <= high; k++) {
        const int64_t *p = before + zero + k;
        int64_t i = top(top(p[0] + 1, p[1] + 1), p[-1]);
        int64_t end = f->n < f->m - k ? f->n : f->m - k; /* the diagonal leaves the table here */
        now[zero + k] = i < 0 ? i : along(f, i < end ? i : end, k);
    }
}

eid_status near_edit(const int32_t *a, size_t n, const int32_t *b, size_t m, size_t limit,
                     size_t *distance)
{
    eid_status st = EID_OK;
    int64_t *before = NULL, *now = NULL;
    size_t most = n > m ? n : m;

    while (n && m && a[0] == b[0])
        a++, b++, n--, m--;
    while (n && m && a[n - 1] == b[m - 1])
        n--, m--;
    if (limit > most)
        limit = most;
    front f = {a, b, (int64_t)n, (int64_t)m};
    int64_t goal = f.m - f.n, zero = (int64_t)limit + 2, e = 0;
    *distance = limit + 1;
    if ((size_t)(goal < 0 ? -goal : goal) > limit)
        return EID_OK;
    EID_TRY(EID_NEW(before, 2 * limit + 5));
    EID_TRY(EID_NEW(now, 2 * limit + 5));
    for (size_t i = 0; i < 2 * limit + 5; i++)
        before[i] = now[i] = INT64_MIN / 2; /* out of reach */
    before[zero] = along(&f, 0, 0);
    while (before[zero + goal] < f.n && e < (int64_t)limit) {
        int64_t *t = before;
        step(&f, before, now, ++e, zero);
        before = now;
        now = t;
    }
    if (before[zero + goal] >= f.n)
        *distance = (size_t)e;
done:
    eid_free(before);
    eid_free(now);
    return st;
}
