/* membership_windows.c - the samples: windows of documents, members and not. */
#include "measure/membership.h"
#include "eidetic/rng.h"
#include <inttypes.h>

eid_status eid_window_text(const eid_bpe *bpe, const int32_t *tok, int64_t n, eid_buf *text)
{
    text->n = 0;
    for (int64_t i = 0; i < n; i++) {
        size_t size;
        const uint8_t *bytes = eid_bpe_bytes(bpe, tok[i], &size);
        if (!bytes)
            return eid_fail(EID_EINVAL, "membership: token %" PRId32 " is not the tokenizer's",
                            tok[i]);
        eid_status st = eid_buf_add(text, bytes, size);
        if (st != EID_OK)
            return st;
    }
    return EID_OK;
}

/* One side while it is being drawn.  Document d's windows begin at the token offsets
 * offset[first[d] .. first[d+1]), in random order. */
typedef struct draw {
    eid_ctx *ctx;
    const eid_bpe *bpe;
    const eid_tokens *docs;
    const eid_index *index;
    const eid_membership_opts *opts;
    bool member;
    int64_t *order; /* of documents */
    int64_t *offset, *first;
    int64_t *tried; /* windows of each document that were looked at */
    eid_buf text;
    eid_windows *unique, *repeated;
    size_t want, want_repeated;
} draw;

static eid_status draw_new(draw *d)
{
    eid_status st = EID_OK;
    size_t docs = d->docs->docs, at = 0;
    int64_t tokens = d->opts->tokens;
    uint64_t seed = (uint64_t)d->opts->seed, side = d->member ? 1 : 2;

    EID_TRY(EID_NEW(d->order, docs));
    EID_TRY(EID_NEW(d->tried, docs));
    EID_TRY(EID_NEW(d->first, docs + 1));
    EID_TRY(EID_NEW(d->offset, d->docs->start[docs] / tokens));
    for (size_t doc = 0; doc < docs; doc++) {
        int64_t size = d->docs->start[doc + 1] - d->docs->start[doc];
        eid_rng rng = eid_rng_stream(seed, side << 40 | (doc + 1));
        int64_t phase = (int64_t)eid_rng_below(&rng, (uint64_t)(size % tokens + 1));
        d->order[doc] = (int64_t)doc;
        d->first[doc] = (int64_t)at;
        for (int64_t w = 0; w < size / tokens; w++)
            d->offset[at++] = phase + w * tokens;
        eid_rng_shuffle(&rng, d->offset + d->first[doc], (size_t)(size / tokens));
    }
    d->first[docs] = (int64_t)at;
    eid_rng rng = eid_rng_stream(seed, side << 40);
    eid_rng_shuffle(&rng, d->order, docs);
    EID_TRY(EID_NEW(d->unique->at, d->want));
    if (d->repeated)
        EID_TRY(EID_NEW(d->repeated->at, d->want_repeated));
done:
    return st;
}

static void draw_free(draw *d)
{
    eid_free(d->order);
    eid_free(d->offset);
    eid_free(d->first);
    eid_free(d->tried);
    eid_buf_free(&d->text);
}

/* How often, and in how many training documents, the window stands. */
static eid_status look_up(draw *d, const eid_window *w, int64_t *copies, int64_t *documents)
{
    eid_status st = eid_window_text(d->bpe, w->tok, d->opts->tokens, &d->text);
    if (st != EID_OK)
        return st;
    st = eid_index_count(d->index, d->text.at, d->text.n, copies, documents);
    if (st == EID_OK && d->member && *copies == 0)
        st = eid_fail(EID_EINVAL,
                      "membership: member document %" PRId64 ", token %" PRId64
                      ": its text does not stand in the index: is that of the training text?",
                      w->at.document, w->at.offset);
    return st;
}

/* Puts the window where it belongs; *kept tells whether it counts for its document. */
static eid_status sort_out(draw *d, eid_window *w, bool *kept)
{
    int64_t documents = d->member;
    eid_windows *to = d->unique;
    size_t want = d->want;

    w->at.copies = -1;
    if (d->index) {
        eid_status st = look_up(d, w, &w->at.copies, &documents);
        if (st != EID_OK)
            return st;
    }
    if (documents != d->member) { /* some other training document holds it too */
        to = d->repeated;
        want = d->want_repeated;
    }
    *kept = to && to->n < want;
    if (*kept)
        to->at[to->n++] = *w;
    return EID_OK;
}

/* The next window of a document that counts, if it has one left. */
static eid_status take_one(draw *d, int64_t doc)
{
    bool kept = false;
    while (!kept && d->first[doc] + d->tried[doc] < d->first[doc + 1]) {
        int64_t offset = d->offset[d->first[doc] + d->tried[doc]++];
        eid_window w = {d->docs->id + d->docs->start[doc] + offset, {doc, offset, -1}};
        eid_status st = sort_out(d, &w, &kept);
        if (st != EID_OK)
            return st;
    }
    return EID_OK;
}

static eid_status draw_side(draw *d)
{
    eid_status st = EID_OK;
    EID_TRY(draw_new(d));
    for (int64_t round = 0; round < d->opts->per_document; round++)
        for (size_t i = 0; i < d->docs->docs && d->unique->n < d->want; i++) {
            if (i % 64 == 0)
                EID_TRY(eid_tick(d->ctx, "drawing samples", "windows", (int64_t)d->unique->n, 0));
            EID_TRY(take_one(d, d->order[i]));
        }
done:
    draw_free(d);
    return st;
}

eid_status eid_windows_members(eid_windows *unique, eid_windows *repeated, eid_ctx *ctx,
                               const eid_bpe *bpe, const eid_tokens *docs, const eid_index *index,
                               const eid_membership_opts *opts)
{
    draw d = {ctx, bpe, docs, index, opts, .member = true, .unique = unique, .repeated = repeated};
    d.want = (size_t)opts->samples;
    d.want_repeated = index ? (d.want + 1) / 2 : 0;
    return draw_side(&d);
}

eid_status eid_windows_nonmembers(eid_windows *out, eid_ctx *ctx, const eid_bpe *bpe,
                                  const eid_tokens *docs, const eid_index *index,
                                  const eid_membership_opts *opts)
{
    draw d = {ctx, bpe, docs, index, opts, .member = false, .unique = out};
    d.want = (size_t)opts->samples;
    return draw_side(&d);
}
