/* match.c - the longest match at every place of a text.
 *
 * Ends of longest matches never go back from one place to the next, and among matches with one end
 * copies never become fewer.  So when the places at both ends of a range agree, all between them
 * do, and need not be searched for: a text that stands whole in the corpus costs a few searches in
 * all, where each search looks at the rest of the text. */
#include "index/match.h"
#include "base/ctx.h"
#include "index/search.h"
#include "par/par.h"

enum { TASK = 2048, ROUND = 256 };

typedef struct asked {
    const eid_index *ix;
    const uint8_t *text;
    size_t n;
    eid_match *out;
    int64_t begin; /* the round's first task */
} asked;

static eid_status ask(const asked *a, size_t i)
{
    return eid_index_longest(a->ix, a->text + i, a->n - i, &a->out[i].length, &a->out[i].count);
}

/* Places between lo and hi, which are known. */
static eid_status fill(const asked *a, size_t lo, size_t hi)
{
    eid_status st = EID_OK;
    if (hi - lo < 2)
        return EID_OK;
    const eid_match *l = &a->out[lo], *h = &a->out[hi];
    if (l->length > 0 && lo + l->length == hi + h->length && l->count == h->count) {
        for (size_t i = lo + 1; i < hi; i++)
            a->out[i] = (eid_match){l->length - (i - lo), l->count};
        return EID_OK;
    }
    size_t mid = lo + (hi - lo) / 2;
    EID_TRY(ask(a, mid));
    EID_TRY(fill(a, lo, mid));
    EID_TRY(fill(a, mid, hi));
done:
    return st;
}

static eid_status match_task(void *arg, int64_t task, int worker)
{
    const asked *a = arg;
    eid_status st = EID_OK;
    size_t lo = (size_t)(a->begin + task) * TASK, hi = lo + TASK < a->n ? lo + TASK : a->n;
    (void)worker;
    EID_TRY(ask(a, lo));
    EID_TRY(ask(a, hi - 1));
    EID_TRY(fill(a, lo, hi - 1));
done:
    return st;
}

eid_status eid_index_matches(const eid_index *ix, eid_ctx *ctx, const uint8_t *text, size_t n,
                             eid_match *out)
{
    asked a = {ix, text, n, out, 0};
    int64_t tasks = (int64_t)((n + TASK - 1) / TASK);
    eid_status st = EID_OK;
    for (; a.begin < tasks && st == EID_OK; a.begin += ROUND) {
        int64_t round = tasks - a.begin < ROUND ? tasks - a.begin : ROUND;
        st = eid_par_for(ctx, round, match_task, &a);
        if (st == EID_OK)
            st = eid_tick(ctx, "matching", "tasks", a.begin + round, tasks);
    }
    return st;
}

/* ---- ends alone, at some places -------------------------------------------------------------- */

static size_t end_at(const eid_index *ix, const uint8_t *text, size_t n, size_t at)
{
    size_t most = 0;
    for (size_t s = 0; s < ix->shards; s++) {
        size_t here = index_reach(&ix->shard[s], text + at, n - at);
        most = here > most ? here : most;
    }
    return at + most;
}

void index_match_ends(const eid_index *ix, const uint8_t *text, size_t n, const size_t *at,
                      size_t m, size_t *end)
{
    struct range {
        size_t lo, hi;
    } stack[2 * 64];
    size_t depth = 0;

    if (m == 0)
        return;
    end[0] = end_at(ix, text, n, at[0]);
    end[m - 1] = end_at(ix, text, n, at[m - 1]);
    stack[depth++] = (struct range){0, m - 1};
    while (depth > 0) {
        struct range r = stack[--depth];
        if (r.hi - r.lo < 2)
            continue;
        if (end[r.lo] == end[r.hi]) {
            for (size_t k = r.lo + 1; k < r.hi; k++)
                end[k] = end[r.lo];
            continue;
        }
        size_t mid = r.lo + (r.hi - r.lo) / 2;
        end[mid] = end_at(ix, text, n, at[mid]);
        stack[depth++] = (struct range){mid, r.hi};
        stack[depth++] = (struct range){r.lo, mid};
    }
}
