/* spans.c - which parts of a text stand verbatim in the corpus. */
#include "base/ctx.h"
#include "base/utf8.h"
#include "eidetic/questions.h"
#include "index/match.h"
#include "index/search.h"
#include "par/par.h"
#include <inttypes.h>
#include <stdlib.h>

static bool is_utf8(const uint8_t *text, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t length = eid_utf8_length(text + i, n - i);
        if (length == 0)
            return false;
        i += length;
    }
    return true;
}

static bool inside_character(const uint8_t *text, size_t n, size_t at)
{
    return at < n && (text[at] & 0xC0) == 0x80;
}

/* Spans that nothing can be added to, in order of place: a match that goes further than the one
 * before it.  `whole`: cut to whole characters, after which one may lie inside another. */
static eid_status collect(const uint8_t *text, size_t n, const eid_match *match, size_t min_length,
                          bool whole, eid_span **spans, size_t *n_spans)
{
    eid_status st = EID_OK;
    size_t cap = 0, k = 0, reached = 0;
    eid_span *out = NULL;

    for (size_t i = 0; i < n; i++) {
        size_t start = i, end = i + match[i].length;
        if (end <= reached)
            continue;
        reached = end;
        while (whole && start < end && inside_character(text, n, start))
            start++;
        while (whole && end > start && inside_character(text, n, end))
            end--;
        if (end - start < min_length || (k > 0 && end <= out[k - 1].end))
            continue;
        if (k > 0 && out[k - 1].start == start)
            k--; /* the one before lies inside */
        EID_TRY(EID_GROW(out, &cap, k + 1));
        out[k++] = (eid_span){.start = start, .end = end};
    }
    *spans = out;
    *n_spans = k;
    out = NULL;
done:
    eid_free(out);
    return st;
}

static int longest_first(const void *a, const void *b)
{
    const eid_span *x = a, *y = b;
    size_t p = x->end - x->start, q = y->end - y->start;
    if (p != q)
        return p > q ? -1 : 1;
    return (x->start > y->start) - (x->start < y->start);
}

typedef struct counting {
    const eid_index *ix;
    const uint8_t *text;
    eid_span *spans;
} counting;

static eid_status count_task(void *arg, int64_t task, int worker)
{
    const counting *c = arg;
    eid_span *s = &c->spans[task];
    (void)worker;
    return eid_index_count(c->ix, c->text + s->start, s->end - s->start, &s->count, &s->documents);
}

eid_status eid_index_spans(const eid_index *ix, eid_ctx *ctx, const uint8_t *text, size_t n,
                           size_t min_length, eid_span **spans, size_t *n_spans, size_t *covered)
{
    eid_status st = EID_OK;
    eid_match *match = NULL;
    eid_span *found = NULL;
    size_t k = 0, bytes = 0, until = 0;

    if (min_length == 0)
        return eid_fail(EID_EINVAL, "spans of at least 0 bytes: every place begins one");
    EID_TRY(EID_NEW(match, n));
    EID_TRY(eid_index_matches(ix, ctx, text, n, match));
    EID_TRY(collect(text, n, match, min_length, is_utf8(text, n), &found, &k));
    for (size_t i = 0; i < k; i++) {
        size_t from = found[i].start > until ? found[i].start : until;
        bytes += found[i].end - from;
        until = found[i].end;
    }
    counting c = {ix, text, found};
    EID_TRY(eid_par_for(ctx, (int64_t)k, count_task, &c));
    if (k > 0)
        qsort(found, k, sizeof *found, longest_first);
    *spans = found;
    *n_spans = k;
    *covered = bytes;
    found = NULL;
done:
    eid_free(match);
    eid_free(found);
    return st;
}

void eid_spans_free(eid_span *spans)
{
    eid_free(spans);
}
