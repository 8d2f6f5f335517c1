/* share.c - see share.h. */
#include "corpus/share.h"
#include "corpus/same.h"
#include "corpus/utf8.h"
#include <math.h>
#include <stdlib.h>

static int longer_first(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x < y) - (x > y);
}

/* With the k longest cut to L and R bytes in the others, L = share (k L + R), hence
 *     L = share R / (1 - k share),
 * for the first k at which the next document is not longer than that. */
static eid_status common_length(const eid_corpus *c, double share, size_t *length)
{
    size_t *size = NULL, n = c->docs;
    double rest = (double)c->bytes, cap = 0;
    eid_status st = EID_OK;

    EID_TRY(EID_NEW(size, n));
    for (size_t i = 0; i < n; i++)
        size[i] = c->doc[i].size;
    qsort(size, n, sizeof *size, longer_first);
    for (size_t k = 0; k < n; k++) {
        if (1 - (double)k * share <= 0)
            break;
        cap = share * rest / (1 - (double)k * share);
        if ((double)size[k] <= cap)
            break;
        rest -= (double)size[k];
    }
    *length = cap >= 1 ? (size_t)floor(cap) : 1;
done:
    eid_free(size);
    return st;
}

/* Tells whether anything was longer. */
static bool cut_to(eid_corpus *c, size_t length)
{
    bool any = false;

    for (size_t i = 0; i < c->docs; i++) {
        eid_document *d = &c->doc[i];
        size_t kept = d->size > length ? eid_utf8_cut(d->bytes, length) : d->size;
        if (kept == d->size)
            continue;
        c->shortened[i] = any = true;
        c->bytes -= (int64_t)(d->size - kept);
        d->size = kept;
    }
    return any;
}

/* Takes out documents that equal an earlier one, and off the count of their input. */
static eid_status drop_equal(eid_corpus *c, bool *dropped)
{
    eid_same same = {0};
    size_t kept = 0, input = 0, first;
    int64_t upto = c->inputs ? c->input[0].documents : 0;
    eid_status st = EID_OK;

    *dropped = false;
    for (size_t i = 0; i < c->docs; i++) {
        while (input + 1 < c->inputs && (int64_t)i >= upto)
            upto += c->input[++input].documents;
        c->doc[kept] = c->doc[i];
        c->shortened[kept] = c->shortened[i];
        EID_TRY(eid_same_add(&same, c->doc, kept, &first));
        if (first == kept) {
            kept++;
            continue;
        }
        c->bytes -= (int64_t)c->doc[kept].size;
        c->identical++;
        c->input[input].documents--;
        *dropped = true;
    }
    c->docs = kept;
done:
    eid_same_free(&same);
    return st;
}

eid_status eid_cap_shares(eid_corpus *c, double share, bool drop_identical)
{
    bool again = share < 1;
    eid_status st = EID_OK;

    while (again) {
        size_t length;
        if (share * (double)c->docs < 1) {
            st = eid_fail(
                EID_EINVAL,
                "max-share %g wants at least %.0f documents, there are %zu: one of them is "
                "always more",
                share, ceil(1 / share), c->docs);
            goto done;
        }
        EID_TRY(common_length(c, share, &length));
        again = false;
        if (cut_to(c, length) && drop_identical)
            EID_TRY(drop_equal(c, &again));
    }
done:
    return st;
}
