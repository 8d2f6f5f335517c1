/* overlap.c - which test examples stand in the training text: whole, or n words in a row. */
#include "base/ctx.h"
#include "eidetic/questions.h"
#include "index/match.h"
#include "index/search.h"
#include "par/par.h"
#include <inttypes.h>

enum { ROUND = 256 };

eid_overlap_opts eid_overlap_opts_default(void)
{
    return (eid_overlap_opts){.ngram = 13, .min_words = 8, .share = 0};
}

const eid_opt eid_overlap_opt_table[] = {
    {EID_OPT_I64, "ngram", offsetof(eid_overlap_opts, ngram), 1, 1000, "words in a row", NULL, 0},
    {EID_OPT_I64, "min-words", offsetof(eid_overlap_opts, min_words), 1, 1e6,
     "do not judge examples of fewer words: they stand anywhere by chance", NULL, 0},
    {EID_OPT_F64, "share", offsetof(eid_overlap_opts, share), 0, 1,
     "share of an example's n-grams above which it overlaps; 0: any", NULL, 0},
    {0},
};

const char *eid_overlap_level_name(eid_overlap_level level)
{
    static const char *const names[] = {"clean", "short", "ngram", "whole"};
    return level >= EID_OVERLAP_CLEAN && level <= EID_OVERLAP_WHOLE ? names[level] : "?";
}

static bool is_space(uint8_t b)
{
    return b == ' ' || (b >= '\t' && b <= '\r');
}

typedef struct words {
    size_t *start, *end; /* bytes of the text */
    size_t n, start_cap, end_cap;
} words;

static eid_status split(words *w, const uint8_t *text, size_t n)
{
    eid_status st = EID_OK;
    for (size_t i = 0; i < n;) {
        while (i < n && is_space(text[i]))
            i++;
        if (i == n)
            break;
        EID_TRY(EID_GROW(w->start, &w->start_cap, w->n + 1));
        EID_TRY(EID_GROW(w->end, &w->end_cap, w->n + 1));
        w->start[w->n] = i;
        while (i < n && !is_space(text[i]))
            i++;
        w->end[w->n++] = i;
    }
done:
    return st;
}

/* Windows of `ngram` words that end before their first word's match does. */
static void count_ngrams(eid_overlap *o, const words *w, const size_t *end, size_t ngram)
{
    size_t until = 0; /* words before this one are counted as found */
    for (size_t k = 0; k + ngram <= w->n; k++) {
        o->ngrams++;
        if (end[k] < w->end[k + ngram - 1])
            continue;
        o->ngrams_found++;
        o->words_found += (int64_t)(k + ngram - (k > until ? k : until));
        until = k + ngram;
    }
}

static eid_overlap_level judge(const eid_overlap *o, const eid_overlap_opts *opts)
{
    if (o->words < opts->min_words)
        return EID_OVERLAP_SHORT;
    if (o->copies > 0)
        return EID_OVERLAP_WHOLE;
    return (double)o->ngrams_found > opts->share * (double)o->ngrams ? EID_OVERLAP_NGRAM
                                                                     : EID_OVERLAP_CLEAN;
}

typedef struct job {
    const eid_index *ix;
    const eid_corpus *tests;
    const eid_overlap_opts *opts;
    eid_overlap *out;
    int64_t begin;
} job;

static eid_status look(const job *j, eid_document d, eid_overlap *out)
{
    eid_status st = EID_OK;
    words w = {0};
    size_t *end = NULL;
    eid_overlap o = {.place = {-1, -1}};

    EID_TRY(split(&w, d.bytes, d.size));
    o.words = (int64_t)w.n;
    if (w.n > 0) {
        size_t first = w.start[0], size = w.end[w.n - 1] - first;
        int64_t found = 0;
        EID_TRY(EID_NEW(end, w.n));
        index_match_ends(j->ix, d.bytes, w.end[w.n - 1], w.start, w.n, end);
        for (size_t k = 0; k < w.n; k++)
            if (end[k] - w.start[k] > o.longest) {
                o.longest_start = w.start[k];
                o.longest = end[k] - w.start[k];
            }
        count_ngrams(&o, &w, end, (size_t)j->opts->ngram);
        if (end[0] == first + size)
            EID_TRY(eid_index_count(j->ix, d.bytes + first, size, &o.copies, &o.documents));
        o.level = judge(&o, j->opts);
        if (o.level >= EID_OVERLAP_NGRAM)
            EID_TRY(
                eid_index_locate(j->ix, d.bytes + o.longest_start, o.longest, &o.place, 1, &found));
    } else {
        o.level = EID_OVERLAP_SHORT;
    }
    *out = o;
done:
    eid_free(end);
    eid_free(w.start);
    eid_free(w.end);
    return st;
}

static eid_status look_task(void *arg, int64_t task, int worker)
{
    const job *j = arg;
    size_t i = (size_t)(j->begin + task);
    (void)worker;
    return look(j, eid_corpus_doc(j->tests, i), &j->out[i]);
}

eid_status eid_index_overlaps(const eid_index *ix, eid_ctx *ctx, const eid_corpus *tests,
                              const eid_overlap_opts *opts, eid_overlap *out)
{
    eid_overlap_opts defaults = eid_overlap_opts_default();
    job j = {ix, tests, opts ? opts : &defaults, out, 0};
    int64_t n = (int64_t)eid_corpus_size(tests);
    eid_status st = EID_OK;

    if (j.opts->ngram < 1 || j.opts->min_words < 1)
        return eid_fail(EID_EINVAL, "overlap: n-grams of %" PRId64 " words, examples of %" PRId64,
                        j.opts->ngram, j.opts->min_words);
    for (; j.begin < n && st == EID_OK; j.begin += ROUND) {
        int64_t round = n - j.begin < ROUND ? n - j.begin : ROUND;
        st = eid_par_for(ctx, round, look_task, &j);
        if (st == EID_OK)
            st = eid_tick(ctx, "comparing", "examples", j.begin + round, n);
    }
    return st;
}
