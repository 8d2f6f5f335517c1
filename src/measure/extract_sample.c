/* extract_sample.c - windows drawn uniformly: from the training tokens, and from held-out ones. */
#include "eidetic/rng.h"
#include "measure/extract.h"
#include "par/par.h"
#include <stdlib.h>
#include <string.h>

/* Draws until `want` windows do not overlap, or 20 draws for each were not enough: small corpora
 * have no room for more.  Overlap is judged in steps of `grain` tokens. */
static eid_status draw_apart(eid_extraction *x, const eid_tokens *t, const uint8_t *skip,
                             uint64_t stream, int64_t want, eid_cuts *w)
{
    eid_status st = EID_OK;
    eid_positions p = {0};
    eid_claims claims = {0};
    int64_t grain = x->length >= 16 ? x->length / 16 : 1, doc;
    eid_rng rng = eid_rng_stream((uint64_t)x->opts->seed, stream);

    EID_TRY(eid_positions_new(&p, t, x->length, skip));
    EID_TRY(eid_claims_new(&claims, t->start[t->docs], grain));
    for (int64_t tries = 0; p.total > 0 && (int64_t)w->n < want && tries < 20 * want; tries++) {
        int64_t at = eid_position(&p, (int64_t)eid_rng_below(&rng, (uint64_t)p.total), &doc);
        if (!eid_claim(&claims, at, at + x->length))
            continue;
        EID_TRY(EID_GROW(w->at, &w->cap, w->n + 1));
        w->at[w->n++] = (eid_cut){.tok = t->id + at,
                                  .before = at - t->start[doc],
                                  .cluster = -1,
                                  .canary = -1,
                                  .document = doc};
    }
done:
    eid_free(p.first);
    eid_free(claims.bit);
    return st;
}

static int by_place(const void *a, const void *b)
{
    const eid_cut *x = *(const eid_cut *const *)a, *y = *(const eid_cut *const *)b;
    if (x->document != y->document)
        return x->document < y->document ? -1 : 1;
    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    return (x > y) - (x < y); /* both in one array: order of drawing */
}

/* Two windows with the same first place and the same tokens are one string: the later one goes. */
static eid_status drop_repeats(eid_extraction *x, eid_cuts *w)
{
    eid_status st = EID_OK;
    eid_cut **order = NULL;
    uint8_t *drop = NULL;
    size_t kept = 0, size = (size_t)x->length * sizeof(int32_t);

    EID_TRY(EID_NEW(order, w->n));
    EID_TRY(EID_NEW(drop, w->n));
    for (size_t i = 0; i < w->n; i++)
        order[i] = &w->at[i];
    qsort(order, w->n, sizeof *order, by_place);
    for (size_t i = 1, first = 0; i < w->n; i++) {
        if (order[i]->document != order[first]->document ||
            order[i]->offset != order[first]->offset)
            first = i;
        for (size_t k = first; k < i && !drop[order[i] - w->at]; k++)
            drop[order[i] - w->at] = memcmp(order[k]->tok, order[i]->tok, size) == 0;
    }
    for (size_t i = 0; i < w->n; i++)
        if (!drop[i])
            w->at[kept++] = w->at[i];
    w->n = kept;
done:
    eid_free(order);
    eid_free(drop);
    return st;
}

eid_status eid_sample_uniform(eid_extraction *x, eid_cuts *w)
{
    eid_status st = EID_OK;

    EID_TRY(draw_apart(x, x->in->train, x->skip, EID_STREAM_UNIFORM, x->opts->uniform, w));
    EID_TRY(eid_cuts_locate(x, w));
    EID_TRY(drop_repeats(x, w));
done:
    return st;
}

/* ---- held-out
 * -------------------------------------------------------------------------------------- */

typedef struct novel_job {
    eid_extraction *x;
    eid_cut *w;
} novel_job;

/* Whether the continuation alone stands in the training text. */
static eid_status judge_novel(void *arg, int64_t task, int worker)
{
    const novel_job *job = arg;
    const eid_extraction *x = job->x;
    eid_cut *w = &job->w[task];
    eid_status st = EID_OK;
    eid_buf b = {0};
    int64_t count;

    (void)worker;
    EID_TRY(eid_text_of(x->in->bpe, w->tok + x->opts->prompt, (size_t)x->opts->match, &b));
    EID_TRY(eid_index_count(x->in->index, b.at, b.n, &count, NULL));
    w->novel = count == 0;
done:
    eid_buf_free(&b);
    return st;
}

/* Windows whose whole text stands nowhere in training; the cluster is the held-out document. */
eid_status eid_sample_heldout(eid_extraction *x, eid_cuts *w)
{
    eid_status st = EID_OK;
    novel_job job;
    size_t kept = 0;

    if (!x->in->heldout)
        return EID_OK;
    EID_TRY(draw_apart(x, x->in->heldout, NULL, EID_STREAM_HELDOUT, x->opts->heldout, w));
    for (size_t i = 0; i < w->n; i++) {
        w->at[i].cluster = w->at[i].document;
        w->at[i].series = EID_HELDOUT;
    }
    EID_TRY(eid_cuts_locate(x, w));
    for (size_t i = 0; i < w->n; i++)
        if (w->at[i].copies == 0)
            w->at[kept++] = w->at[i];
    w->n = kept;
    job = (novel_job){x, w->at};
    EID_TRY(eid_par_for(x->ctx, (int64_t)w->n, judge_novel, &job));
done:
    return st;
}
