/* extract_text.c - from tokens to bytes to places in the training text. */
#include "base/utf8.h"
#include "measure/extract.h"
#include "par/par.h"

void eid_cuts_free(eid_cuts *w)
{
    for (size_t i = 0; i < w->n_owned; i++)
        eid_ids_free(w->owned[i]);
    eid_free(w->owned);
    eid_free(w->output);
    eid_free(w->at);
    *w = (eid_cuts){0};
}

eid_status eid_text_of(const eid_bpe *bpe, const int32_t *tok, size_t n, eid_buf *b)
{
    b->n = 0;
    for (size_t i = 0; i < n; i++) {
        size_t size;
        const uint8_t *bytes = eid_bpe_bytes(bpe, tok[i], &size);
        if ((bytes ? eid_buf_add(b, bytes, size) : eid_buf_str(b, EID_UTF8_BAD)) != EID_OK)
            return EID_ENOMEM;
    }
    return EID_OK;
}

/* ---- places
 * --------------------------------------------------------------------------------------- */

typedef struct locate_job {
    eid_extraction *x;
    eid_cut *w;
} locate_job;

static eid_status locate_one(void *arg, int64_t task, int worker)
{
    const locate_job *job = arg;
    eid_cut *w = &job->w[task];
    const eid_index *ix = job->x->in->index;
    eid_status st = EID_OK;
    eid_buf b = {0};
    eid_place place;
    int64_t found = 0;

    (void)worker;
    EID_TRY(eid_text_of(job->x->in->bpe, w->tok, (size_t)job->x->length, &b));
    EID_TRY(eid_index_count(ix, b.at, b.n, &w->copies, &w->documents));
    if (w->copies > 0)
        EID_TRY(eid_index_locate(ix, b.at, b.n, &place, 1, &found));
    w->document = found ? place.doc : -1;
    w->offset = found ? place.offset : -1;
    if (w->cluster < 0)
        w->cluster = w->document;
done:
    eid_buf_free(&b);
    return st;
}

eid_status eid_cuts_locate(eid_extraction *x, eid_cuts *w)
{
    locate_job job = {x, w->at};
    return eid_par_for(x->ctx, (int64_t)w->n, locate_one, &job);
}

/* ---- claims
 * --------------------------------------------------------------------------------------- */

eid_status eid_claims_new(eid_claims *c, int64_t size, int64_t grain)
{
    c->grain = grain;
    return EID_NEW(c->bit, size / grain / 64 + 1);
}

bool eid_claim(eid_claims *c, int64_t begin, int64_t end)
{
    int64_t first = begin / c->grain, last = (end - 1) / c->grain;

    for (int64_t i = first; i <= last; i++)
        if (c->bit[i / 64] >> (i % 64) & 1)
            return false;
    for (int64_t i = first; i <= last; i++)
        c->bit[i / 64] |= 1ull << (i % 64);
    return true;
}

/* ---- positions
 * ------------------------------------------------------------------------------------ */

eid_status eid_positions_new(eid_positions *p, const eid_tokens *t, int64_t length,
                             const uint8_t *skip)
{
    *p = (eid_positions){.tokens = t};
    if (EID_NEW(p->first, t->docs + 1) != EID_OK)
        return EID_ENOMEM;
    for (size_t d = 0; d < t->docs; d++) {
        int64_t windows = t->start[d + 1] - t->start[d] - length + 1;
        p->first[d + 1] = p->first[d] + (windows > 0 && !(skip && skip[d]) ? windows : 0);
    }
    p->total = p->first[t->docs];
    return EID_OK;
}

int64_t eid_position(const eid_positions *p, int64_t u, int64_t *doc)
{
    size_t lo = 0, hi = p->tokens->docs; /* first[lo] <= u < first[hi] */

    while (hi - lo > 1) {
        size_t mid = lo + (hi - lo) / 2;
        if (p->first[mid] <= u)
            lo = mid;
        else
            hi = mid;
    }
    *doc = (int64_t)lo;
    return p->tokens->start[lo] + u - p->first[lo];
}
