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

/* A window that may be drawn: a document, and the first token in it. */
typedef struct candidate {
    int64_t doc, offset;
} candidate;

/* One side while it is being drawn. */
typedef struct draw {
    eid_ctx *ctx;
    const eid_bpe *bpe;
    const eid_tokens *docs;
    const eid_index *index;
    const eid_membership_opts *opts;
    bool member;
    candidate *at; /* in random order */
    size_t n;
    eid_buf text;
    eid_windows *unique, *repeated;
    size_t want, want_repeated;
} draw;

/* Adds a document's windows: a random phase, and of what it yields `per_document` at random. */
static void add_document(draw *d, size_t doc, int64_t *offset)
{
    int64_t tokens = d->opts->tokens, size = d->docs->start[doc + 1] - d->docs->start[doc];
    int64_t windows = size / tokens;
    eid_rng rng =
        eid_rng_stream((uint64_t)d->opts->seed, (uint64_t)(d->member ? 1 : 2) << 40 | (doc + 1));
    int64_t phase = (int64_t)eid_rng_below(&rng, (uint64_t)(size % tokens + 1));
    for (int64_t w = 0; w < windows; w++)
        offset[w] = phase + w * tokens;
    eid_rng_shuffle(&rng, offset, (size_t)windows);
    for (int64_t w = 0; w < windows && w < d->opts->per_document; w++)
        d->at[d->n++] = (candidate){(int64_t)doc, offset[w]};
}

static eid_status draw_new(draw *d)
{
    eid_status st = EID_OK;
    int64_t *offset = NULL, most = 0;
    size_t docs = d->docs->docs;

    for (size_t doc = 0; doc < docs; doc++)
        if (d->docs->start[doc + 1] - d->docs->start[doc] > most)
            most = d->docs->start[doc + 1] - d->docs->start[doc];
    EID_TRY(EID_NEW(offset, most / d->opts->tokens));
    EID_TRY(EID_NEW(d->at, d->docs->start[docs] / d->opts->tokens));
    for (size_t doc = 0; doc < docs; doc++)
        add_document(d, doc, offset);
    eid_rng rng = eid_rng_stream((uint64_t)d->opts->seed, (uint64_t)(d->member ? 1 : 2) << 40);
    for (size_t left = d->n; left > 1; left--) {
        size_t other = (size_t)eid_rng_below(&rng, left);
        candidate last = d->at[left - 1];
        d->at[left - 1] = d->at[other];
        d->at[other] = last;
    }
    EID_TRY(EID_NEW(d->unique->at, d->want));
    if (d->repeated)
        EID_TRY(EID_NEW(d->repeated->at, d->want_repeated));
done:
    eid_free(offset);
    return st;
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

/* Puts the window where it belongs. */
static eid_status sort_out(draw *d, eid_window *w)
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
    if (to && to->n < want)
        to->at[to->n++] = *w;
    return EID_OK;
}

static eid_status draw_side(draw *d)
{
    eid_status st = EID_OK;
    EID_TRY(draw_new(d));
    for (size_t i = 0; i < d->n && d->unique->n < d->want; i++) {
        const candidate *c = &d->at[i];
        eid_window w = {d->docs->id + d->docs->start[c->doc] + c->offset, {c->doc, c->offset, -1}};
        if (i % 64 == 0)
            EID_TRY(eid_tick(d->ctx, "drawing samples", "windows", (int64_t)i, (int64_t)d->n));
        EID_TRY(sort_out(d, &w));
    }
done:
    eid_free(d->at);
    eid_buf_free(&d->text);
    return st;
}

eid_status eid_windows_members(eid_windows *unique, eid_windows *repeated, eid_ctx *ctx,
                               const eid_bpe *bpe, const eid_tokens *docs, const eid_index *index,
                               const eid_membership_opts *opts)
{
    draw d = {ctx, bpe, docs, index, opts, .member = true, .unique = unique, .repeated = repeated};
    d.want = (size_t)opts->samples * (index ? 2 : 1);
    d.want_repeated = index ? ((size_t)opts->samples + 1) / 2 : 0;
    return draw_side(&d);
}

eid_status eid_windows_nonmembers(eid_windows *out, eid_ctx *ctx, const eid_bpe *bpe,
                                  const eid_tokens *docs, const eid_index *index,
                                  const eid_membership_opts *opts)
{
    draw d = {ctx, bpe, docs, index, opts, .member = false, .unique = out};
    d.want = (size_t)opts->samples * (index ? 2 : 1);
    return draw_side(&d);
}
