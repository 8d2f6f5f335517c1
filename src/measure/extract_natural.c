/* extract_natural.c - natural strings by number of copies.
 *
 * Windows are drawn uniformly and counted in the index, many at once.  A string with c copies is c
 * times as likely to be drawn as one that stands once, so the high buckets fill without a search
 * for them. Copies of one text are one string: a window is judged by its first place in the index,
 * and strings whose first places overlap are refused, however they were cut. */
#include "eidetic/rng.h"
#include "base/ctx.h"
#include "measure/extract.h"
#include "par/par.h"
#include <math.h>

/* Quarters of an octave, [2^(q/4), 2^((q+1)/4)); 12 buckets at most come out of them. */
enum { QUARTERS = 4 * 40, BUCKETS = 12, DRAWS = 16384, ROUNDS = 48, FEW = 20, FILLED = 100 };

/* The least whole number in quarter q; exact where 2^(q/4) is whole. */
static int64_t quarter_low(int q)
{
    double low = exp2(q / 4.0);
    return q % 4 == 0 ? (int64_t)1 << (q / 4) : (int64_t)ceil(low);
}

static int quarter_of(int64_t copies)
{
    int q = (int)(4 * log2((double)copies));
    while (q > 0 && quarter_low(q) > copies)
        q--;
    while (q + 1 < QUARTERS && quarter_low(q + 1) <= copies)
        q++;
    return q < QUARTERS ? q : QUARTERS - 1;
}

typedef struct draw {
    int64_t at, before; /* position among all tokens, in its document */
    int64_t copies;
    size_t size;     /* bytes of its text */
    eid_place place; /* first, looked up where the bucket has room */
    bool located;
} draw;

typedef struct draw_job {
    eid_extraction *x;
    draw *d;
    const int64_t *have; /* per quarter */
} draw_job;

static eid_status count_draw(void *arg, int64_t task, int worker)
{
    const draw_job *job = arg;
    const eid_extract_in *in = job->x->in;
    draw *d = &job->d[task];
    eid_status st = EID_OK;
    eid_buf b = {0};
    int64_t found = 0;

    (void)worker;
    EID_TRY(eid_text_of(in->bpe, in->train->id + d->at, (size_t)job->x->length, &b));
    EID_TRY(eid_index_count(in->index, b.at, b.n, &d->copies, NULL));
    if (d->copies > 0 && job->have[quarter_of(d->copies)] < job->x->opts->per_bucket)
        EID_TRY(eid_index_locate(in->index, b.at, b.n, &d->place, 1, &found));
    d->size = b.n;
    d->located = found > 0;
done:
    eid_buf_free(&b);
    return st;
}

/* One round of draws; *taken: how many strings it added. */
static eid_status draw_round(eid_extraction *x, const eid_positions *p, eid_rng *rng, draw *d,
                             eid_claims *claims, int64_t *have, eid_cuts *w, int64_t *taken)
{
    eid_status st = EID_OK;
    draw_job job = {x, d, have};
    int64_t doc;

    *taken = 0;
    for (int i = 0; i < DRAWS; i++) {
        int64_t at = eid_position(p, (int64_t)eid_rng_below(rng, (uint64_t)p->total), &doc);
        d[i] = (draw){.at = at, .before = at - x->in->train->start[doc]};
    }
    EID_TRY(eid_par_for(x->ctx, DRAWS, count_draw, &job));
    for (int i = 0; i < DRAWS; i++) {
        int q = d[i].located ? quarter_of(d[i].copies) : 0;
        int64_t from = d[i].located ? x->byte_start[d[i].place.doc] + d[i].place.offset : 0;
        if (!d[i].located || have[q] >= x->opts->per_bucket ||
            !eid_claim(claims, from, from + (int64_t)d[i].size))
            continue;
        EID_TRY(EID_GROW(w->at, &w->cap, w->n + 1));
        w->at[w->n++] = (eid_cut){.tok = x->in->train->id + d[i].at,
                                  .before = d[i].before,
                                  .cluster = -1,
                                  .canary = -1,
                                  .copies = d[i].copies,
                                  .series = EID_NATURAL};
        have[q]++;
        ++*taken;
    }
done:
    return st;
}

/* ---- merging
 * --------------------------------------------------------------------------------------- */

/* Merges quarters `wide` at a time; how many buckets hold anything, and the fewest strings in one.
 */
static int spread(const int64_t *have, int wide, int64_t *fewest)
{
    int used = 0;
    *fewest = INT64_MAX;
    for (int q = 0; q < QUARTERS; q += wide) {
        int64_t sum = 0;
        for (int k = q; k < q + wide && k < QUARTERS; k++)
            sum += have[k];
        used += sum > 0;
        if (sum > 0 && sum < *fewest)
            *fewest = sum;
    }
    return used;
}

/* The finest of quarters, halves and octaves whose buckets all fill; octaves if none.  Then a
 * bucket with few strings joins the one below it, and what lies above the twelfth joins the
 * twelfth. */
static eid_status merge(const int64_t *have, eid_bucket **out, size_t *n_out)
{
    eid_status st = EID_OK;
    eid_bucket *b = NULL;
    size_t n = 0;
    int wide = 1;
    int64_t fewest;

    while (wide < 4 && (spread(have, wide, &fewest) > BUCKETS || fewest < FILLED))
        wide *= 2;
    EID_TRY(EID_NEW(b, QUARTERS));
    for (int q = 0; q < QUARTERS; q += wide) {
        int64_t sum = 0;
        for (int k = q; k < q + wide && k < QUARTERS; k++)
            sum += have[k];
        if (sum == 0)
            continue;
        int64_t high = q + wide < QUARTERS ? quarter_low(q + wide) : INT64_MAX;
        if (n > 0 && (sum < FEW || n == BUCKETS)) {
            b[n - 1].high = high;
            b[n - 1].strings += sum;
        } else {
            b[n++] = (eid_bucket){
                .low = quarter_low(q), .high = high, .strings = sum, .series = "natural"};
        }
    }
    *out = b;
    *n_out = n;
    b = NULL;
done:
    eid_free(b);
    return st;
}

/* Keeps the first per_bucket strings of each bucket, in the order of drawing. */
static void trim(eid_extraction *x, eid_cuts *w, eid_bucket *b, size_t n)
{
    size_t kept = 0;

    for (size_t k = 0; k < n; k++)
        b[k].strings = 0;
    for (size_t i = 0; i < w->n; i++) {
        size_t k = 0;
        while (k < n && w->at[i].copies >= b[k].high)
            k++;
        if (k < n && b[k].strings < x->opts->per_bucket) {
            b[k].strings++;
            w->at[kept++] = w->at[i];
        }
    }
    w->n = kept;
}

eid_status eid_sample_natural(eid_extraction *x, eid_cuts *w, eid_bucket **buckets,
                              size_t *n_buckets)
{
    eid_status st = EID_OK;
    eid_positions p = {0};
    eid_claims claims = {0};
    draw *d = NULL;
    int64_t have[QUARTERS] = {0}, taken;
    eid_rng rng = eid_rng_stream((uint64_t)x->opts->seed, EID_STREAM_NATURAL);

    EID_TRY(eid_positions_new(&p, x->in->train, x->length, x->skip));
    EID_TRY(eid_claims_new(&claims, x->byte_start[x->in->train->docs], 16));
    EID_TRY(EID_NEW(d, DRAWS));
    /* A round that adds less than half a per cent says that the rest would, too. */
    for (int r = 0; r < ROUNDS && p.total > 0 && x->opts->per_bucket > 0; r++) {
        EID_TRY(eid_tick(x->ctx, "counting copies", "windows", (int64_t)r * DRAWS, 0));
        EID_TRY(draw_round(x, &p, &rng, d, &claims, have, w, &taken));
        if (taken * 200 <= (int64_t)w->n)
            break;
    }
    EID_TRY(merge(have, buckets, n_buckets));
    trim(x, w, *buckets, *n_buckets);
    EID_TRY(eid_cuts_locate(x, w));
done:
    eid_free(p.first);
    eid_free(claims.bit);
    eid_free(d);
    return st;
}
