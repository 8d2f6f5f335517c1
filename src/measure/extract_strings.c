/* extract_strings.c - the findings: which of all strings asked for are worth a reader's time. */
#include "measure/extract.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct pick {
    const eid_cut *w;
    int bucket;   /* series and octave of copies */
    int64_t turn; /* place within its bucket, likeliest first */
} pick;

static int octave(int64_t copies)
{
    int o = 0;
    while (copies >>= 1)
        o++;
    return o;
}

static int by_first_place(const eid_cut *x, const eid_cut *y)
{
    if (x->document != y->document)
        return x->document < y->document ? -1 : 1;
    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    return (x->canary > y->canary) - (x->canary < y->canary);
}

/* Hits first; among others, the longest match. */
static int by_success(const eid_cut *x, const eid_cut *y)
{
    if (x->hit != y->hit)
        return x->hit ? -1 : 1;
    return (x->matched < y->matched) - (x->matched > y->matched);
}

static int by_bucket(const void *a, const void *b)
{
    const pick *x = a, *y = b;
    double px = isnan(x->w->log_pz) ? -INFINITY : x->w->log_pz;
    double py = isnan(y->w->log_pz) ? -INFINITY : y->w->log_pz;

    if (x->bucket != y->bucket)
        return x->bucket < y->bucket ? -1 : 1;
    int c = by_success(x->w, y->w);
    if (c == 0)
        c = (px < py) - (px > py);
    return c ? c : by_first_place(x->w, y->w);
}

/* Every bucket in turn, so that a licence with a hundred copies leaves room for an address with
 * one. */
static int by_turn(const void *a, const void *b)
{
    const pick *x = a, *y = b;
    int c = by_success(x->w, y->w);

    if (c == 0)
        c = (x->turn > y->turn) - (x->turn < y->turn);
    if (c == 0)
        c = (x->bucket < y->bucket) - (x->bucket > y->bucket);
    return c ? c : by_first_place(x->w, y->w);
}

static int by_copies(const void *a, const void *b)
{
    const pick *x = a, *y = b;
    int c = by_success(x->w, y->w);

    if (c == 0)
        c = (x->w->copies < y->w->copies) - (x->w->copies > y->w->copies);
    return c ? c : by_first_place(x->w, y->w);
}

/* Natural strings may have been drawn twice, uniformly and by copies. */
static bool same_string(const eid_cut *x, const eid_cut *y, size_t tokens)
{
    return by_first_place(x, y) == 0 && memcmp(x->tok, y->tok, tokens * sizeof *x->tok) == 0;
}

static size_t take_turns(pick *p, size_t n, size_t tokens)
{
    size_t kept = 0;
    int64_t turn = 0;

    qsort(p, n, sizeof *p, by_bucket);
    for (size_t i = 0; i < n; i++) {
        if (kept > 0 && same_string(p[kept - 1].w, p[i].w, tokens))
            continue;
        turn = kept > 0 && p[kept - 1].bucket == p[i].bucket ? turn + 1 : 0;
        p[kept] = p[i];
        p[kept++].turn = turn;
    }
    qsort(p, kept, sizeof *p, by_turn);
    return kept;
}

/* Copies the picked windows into the result, their tokens into one block. */
static eid_status hand_out(eid_extraction *x, const pick *p, size_t n, eid_extract_result *r,
                           int32_t **tok)
{
    eid_status st = EID_OK;
    size_t length = (size_t)x->length, match = (size_t)x->opts->match, each = length + match;

    EID_TRY(EID_NEW(*tok, n * each));
    EID_TRY(EID_NEW(r->strings, n));
    for (size_t i = 0; i < n; i++) {
        const eid_cut *w = p[i].w;
        int32_t *t = *tok + i * each;
        memcpy(t, w->tok, length * sizeof *t);
        memcpy(t + length, w->output, match * sizeof *t);
        r->strings[i] = (eid_extracted){.document = w->document,
                                        .offset = w->offset,
                                        .copies = w->copies,
                                        .documents = w->documents,
                                        .canary = w->canary,
                                        .prompt = t,
                                        .expected = t + x->opts->prompt,
                                        .output = t + length,
                                        .matched = w->matched,
                                        .exact = w->hit,
                                        .log_pz = w->log_pz};
    }
    r->n_strings = n;
done:
    return st;
}

eid_status eid_pick_strings(eid_extraction *x, const eid_cuts *const *sets, size_t n_sets,
                            eid_extract_result *r, int32_t **tok)
{
    eid_status st = EID_OK;
    pick *p = NULL;
    size_t n = 0;

    for (size_t s = 0; s < n_sets; s++)
        n += sets[s]->n;
    EID_TRY(EID_NEW(p, n));
    n = 0;
    for (size_t s = 0; s < n_sets; s++)
        for (size_t i = 0; i < sets[s]->n; i++) {
            const eid_cut *w = &sets[s]->at[i];
            p[n++] = (pick){.w = w, .bucket = (int)w->series * 64 + octave(w->copies)};
        }
    n = take_turns(p, n, (size_t)x->length);
    if (n > (size_t)x->opts->strings)
        n = (size_t)x->opts->strings;
    qsort(p, n, sizeof *p, by_copies);
    EID_TRY(hand_out(x, p, n, r, tok));
done:
    eid_free(p);
    return st;
}
