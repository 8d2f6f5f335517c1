/* extract_prompts.c - the curve over prompt length: the same tokens to match, more and more before
 * them. */
#include "measure/extract.h"
#include <stdlib.h>

/* Strings of at least 8 copies, 300 of a series: enough for +-6%, and eight lengths stay cheap. */
enum { COPIES = 8, STRINGS = 300, LENGTHS = 24 };

/* 4, 8, 16, 24, 32, 48, 64, 96, 128 ... up to `most`, and the prompt asked for everywhere else. */
static size_t lengths(int64_t prompt, int64_t most, int64_t *k)
{
    size_t n = 0;
    int64_t next = 4;

    while (next <= most && n < LENGTHS - 1) {
        if ((n > 0 ? k[n - 1] : 0) < prompt && prompt < next)
            k[n++] = prompt;
        if (n < LENGTHS - 1)
            k[n++] = next;
        next = next < 8            ? 8
               : next < 32         ? next + 8
               : next & (next - 1) ? next / 3 * 4
                                   : next / 2 * 3;
    }
    if ((n == 0 || k[n - 1] < prompt) && prompt <= most)
        k[n++] = prompt;
    return n;
}

static int downwards(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x < y) - (x > y);
}

/* The most tokens of prompt that at least half of the strings have before them, within `most`. */
static eid_status reach(const eid_cut *const *w, size_t n, int64_t prompt, int64_t most,
                        int64_t *out)
{
    eid_status st = EID_OK;
    int64_t *before = NULL;

    EID_TRY(EID_NEW(before, n));
    for (size_t i = 0; i < n; i++)
        before[i] = w[i]->before + prompt;
    qsort(before, n, sizeof *before, downwards);
    *out = n == 0 ? 0 : before[(n - 1) / 2] < most ? before[(n - 1) / 2] : most;
done:
    eid_free(before);
    return st;
}

static eid_status curve(eid_extraction *x, const eid_cut **w, size_t n, bool planted,
                        eid_extract_result *r)
{
    eid_status st = EID_OK;
    double *hit = NULL;
    int64_t k[LENGTHS], most, prompt = x->opts->prompt;
    size_t n_k, kept = 0, cap = r->prompts;

    EID_TRY(reach(w, n, prompt, eid_lm_context(x->lm) - x->opts->match, &most));
    n_k = lengths(prompt, most, k);
    if (n_k == 0)
        goto done;
    for (size_t i = 0; i < n; i++) /* the same strings at every length */
        if (w[i]->before + prompt >= k[n_k - 1])
            w[kept++] = w[i];
    EID_TRY(EID_NEW(hit, kept));
    EID_TRY(EID_GROW(r->by_prompt, &cap, r->prompts + n_k));
    for (size_t i = 0; i < n_k; i++) {
        eid_prompt_point *point = &r->by_prompt[r->prompts];
        EID_TRY(eid_ask_prompt(x, w, kept, k[i], hit));
        EID_TRY(eid_mean_of(x, w, hit, kept, &point->extracted));
        point->prompt_tokens = k[i];
        point->planted = planted;
        r->prompts++;
    }
done:
    eid_free(hit);
    return st;
}

/* At most STRINGS of those with enough copies, evenly from the order of drawing. */
static eid_status enough_copies(const eid_cuts *all, eid_series series, const eid_cut ***out,
                                size_t *n)
{
    size_t m = 0, kept = 0;

    if (EID_NEW(*out, all->n) != EID_OK)
        return EID_ENOMEM;
    for (size_t i = 0; i < all->n; i++) {
        const eid_cut *w = &all->at[i];
        if (w->series == series && (series == EID_PLANTED ? w->planted : w->copies) >= COPIES)
            (*out)[m++] = w;
    }
    if (m <= STRINGS)
        kept = m;
    else
        for (; kept < STRINGS; kept++)
            (*out)[kept] = (*out)[kept * m / STRINGS];
    *n = kept;
    return EID_OK;
}

eid_status eid_sum_prompts(eid_extraction *x, const eid_cuts *planted, const eid_cuts *natural,
                           eid_extract_result *r)
{
    eid_status st = EID_OK;
    const eid_cut **some = NULL;
    size_t n;

    EID_TRY(enough_copies(planted, EID_PLANTED, &some, &n));
    EID_TRY(curve(x, some, n, true, r));
    eid_free(some);
    some = NULL;
    EID_TRY(enough_copies(natural, EID_NATURAL, &some, &n));
    EID_TRY(curve(x, some, n, false, r));
done:
    eid_free(some);
    return st;
}
