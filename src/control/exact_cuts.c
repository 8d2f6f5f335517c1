/* exact_cuts.c - see exact_cuts.h. */
#include "control/exact_cuts.h"
#include "corpus/utf8.h"
#include <string.h>

enum { STEP = 1024, NEAR = 4 };

/* Where units stand in bytes, all documents one after the other. */
typedef struct ruler {
    const control_units *u;
    const eid_bpe *bpe;
    int64_t *mark;        /* of every STEP-th unit; NULL: units are bytes */
    int64_t *own;         /* what `start` points to, for tokens */
    const int64_t *start; /* docs + 1: of documents */
} ruler;

static size_t token_bytes(const ruler *r, const uint8_t *unit, const uint8_t **bytes)
{
    size_t n = 1;
    int32_t id;

    *bytes = unit;
    if (!r->bpe)
        return 1;
    memcpy(&id, unit, 4);
    *bytes = eid_bpe_bytes(r->bpe, id, &n);
    return n;
}

static eid_status byte_of(const ruler *r, int64_t unit, int64_t *byte)
{
    uint8_t room[STEP * 4];
    const uint8_t *at, *bytes;
    size_t n = (size_t)(unit % STEP);
    eid_status st = EID_OK;

    *byte = unit;
    if (!r->bpe)
        return EID_OK;
    *byte = r->mark[unit / STEP];
    EID_TRY(control_units_at(r->u, unit - (int64_t)n, n, room, &at));
    for (size_t i = 0; i < n; i++)
        *byte += (int64_t)token_bytes(r, at + 4 * i, &bytes);
done:
    return st;
}

static eid_status ruler_init(ruler *r)
{
    uint8_t room[STEP * 4];
    const uint8_t *at, *bytes;
    const control_units *u = r->u;
    int64_t byte = 0;
    size_t d = 0;
    eid_status st = EID_OK;

    r->start = u->start;
    if (!r->bpe)
        return EID_OK;
    EID_TRY(EID_NEW(r->mark, u->n / STEP + 1));
    EID_TRY(EID_NEW(r->own, u->docs + 1));
    r->start = r->own;
    for (int64_t unit = 0; unit <= u->n; unit += STEP) {
        size_t n = u->n - unit < STEP ? (size_t)(u->n - unit) : STEP;
        r->mark[unit / STEP] = byte;
        EID_TRY(control_units_at(u, unit, n, room, &at));
        for (size_t i = 0; i <= n; i++) {
            for (; d <= u->docs && u->start[d] == unit + (int64_t)i; d++)
                r->own[d] = byte;
            byte += i < n ? (int64_t)token_bytes(r, at + 4 * i, &bytes) : 0;
        }
    }
done:
    return st;
}

/* ---- whole characters ------------------------------------------------------------------------ */

/* How far before and behind the boundary `unit` the nearest ends of characters are: 0 and 0 unless
 * it stands inside one. */
static eid_status inside(const ruler *r, int64_t unit, size_t *before, size_t *behind)
{
    const control_units *u = r->u;
    size_t d = control_units_doc(u, unit < u->n ? unit : unit - 1);
    int64_t from = unit - NEAR > u->start[d] ? unit - NEAR : u->start[d];
    int64_t to = unit + NEAR < u->start[d + 1] ? unit + NEAR : u->start[d + 1];
    uint8_t room[2 * NEAR * 4];
    const uint8_t *at, *bytes;
    eid_buf text = {0};
    size_t here = 0;
    eid_status st = EID_OK;

    *before = *behind = 0;
    if (unit <= from || unit >= to)
        return EID_OK;
    EID_TRY(control_units_at(u, from, (size_t)(to - from), room, &at));
    for (int64_t i = from; i < to; i++) {
        size_t n = token_bytes(r, at + (size_t)(i - from) * (size_t)u->width, &bytes);
        here = i == unit ? text.n : here;
        EID_TRY(eid_buf_add(&text, bytes, n));
    }
    for (size_t back = 1; back <= 3 && back <= here; back++) {
        size_t n = eid_utf8_char(text.at + here - back, text.n - here + back);
        if (n > back) {
            *before = back;
            *behind = n - back;
            break;
        }
        if (n) /* a character that ends before: what follows begins anew */
            break;
    }
done:
    eid_buf_free(&text);
    return st;
}

/* ---- in bytes -------------------------------------------------------------------------------- */

/* Matches i .. j - 1 touch each other in one document: one range.  They become bytes in place;
 * *kept: how many are left, from `to` on. */
static eid_status in_bytes(const ruler *r, exact_match *m, size_t i, size_t j, size_t *to)
{
    size_t before, behind;
    int64_t first, last;
    eid_status st = EID_OK;

    EID_TRY(byte_of(r, m[i].start, &first));
    EID_TRY(inside(r, m[i].start, &before, &behind));
    first += (int64_t)behind;
    EID_TRY(byte_of(r, m[j - 1].end, &last));
    EID_TRY(inside(r, m[j - 1].end, &before, &behind));
    last -= (int64_t)before;
    for (; i < j; i++) {
        exact_match b;
        EID_TRY(byte_of(r, m[i].start, &b.start));
        EID_TRY(byte_of(r, m[i].end, &b.end));
        b.source = -1;
        if (m[i].source >= 0)
            EID_TRY(byte_of(r, m[i].source, &b.source));
        if (b.start < first) {
            b.source += b.source < 0 ? 0 : first - b.start;
            b.start = first;
        }
        b.end = b.end > last ? last : b.end;
        if (b.start < b.end)
            m[(*to)++] = b;
    }
done:
    return st;
}

static eid_status all_in_bytes(const ruler *r, exact_matches *m)
{
    size_t to = 0;
    eid_status st = EID_OK;

    for (size_t i = 0, j; i < m->n; i = j) {
        int64_t end = r->u->start[control_units_doc(r->u, m->at[i].start) + 1];
        for (j = i + 1; j < m->n && m->at[j].start == m->at[j - 1].end && m->at[j].start < end;)
            j++;
        EID_TRY(in_bytes(r, m->at, i, j, &to));
    }
    m->n = to;
done:
    return st;
}

/* ---- where the text stays -------------------------------------------------------------------- */

static size_t document_of(const ruler *r, int64_t byte)
{
    size_t low = 0, high = r->u->docs;

    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (r->start[mid] <= byte)
            low = mid;
        else
            high = mid;
    }
    return low;
}

/* Puts bytes [start, end), kept at `source`, behind the cuts, or makes the last one longer. */
static eid_status add_cut(eid_dedup_cuts *cuts, const ruler *r, const exact_match *m)
{
    eid_dedup_cut *last = cuts->n ? &cuts->at[cuts->n - 1] : NULL;
    size_t d = document_of(r, m->start), kept = m->source < 0 ? 0 : document_of(r, m->source);
    eid_dedup_cut c = {.document = (int64_t)d,
                       .start = m->start - r->start[d],
                       .end = m->end - r->start[d],
                       .kept_document = m->source < 0 ? -1 : (int64_t)kept,
                       .kept_start = m->source < 0 ? -1 : m->source - r->start[kept],
                       .similarity = 1};

    if (last && last->document == c.document && last->end == c.start &&
        last->kept_document == c.kept_document &&
        (m->source < 0 || last->kept_start + (last->end - last->start) == c.kept_start)) {
        cuts->bytes += c.end - c.start;
        last->end = c.end;
        return EID_OK;
    }
    return eid_dedup_cuts_add(cuts, &c);
}

/* The cut that holds byte `at`, or the first behind it; cuts->n: none. */
static size_t find_cut(const eid_dedup_cuts *cuts, const ruler *r, int64_t at)
{
    size_t d = document_of(r, at), low = 0, high = cuts->n;
    int64_t in = at - r->start[d];

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const eid_dedup_cut *c = &cuts->at[mid];
        if (c->document < (int64_t)d || (c->document == (int64_t)d && c->end <= in))
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* A match whose source is partly cut itself: everything before `m->start` is in the list already,
 * each with its kept place, and so is, step by step, what this match adds. */
static eid_status follow(eid_dedup_cuts *cuts, const ruler *r, const exact_match *m)
{
    eid_status st = EID_OK;

    for (int64_t at = m->start; at < m->end;) {
        int64_t from = m->source + (at - m->start), n = m->end - at;
        size_t i = find_cut(cuts, r, from);
        exact_match step = {at, at, from};
        n = at - from < n ? at - from : n;
        if (i < cuts->n) {
            const eid_dedup_cut *c = &cuts->at[i];
            int64_t first = r->start[c->document] + c->start;
            if (first <= from) {
                step.source = r->start[c->kept_document] + c->kept_start + (from - first);
                first = r->start[c->document] + c->end;
            }
            n = first - from < n ? first - from : n;
        }
        step.end = at + n;
        EID_TRY(add_cut(cuts, r, &step));
        at += n;
    }
done:
    return st;
}

eid_status exact_cuts(eid_dedup_cuts **out, const control_units *u, const eid_bpe *bpe,
                      exact_matches *m)
{
    ruler r = {.u = u, .bpe = bpe};
    eid_dedup_cuts *cuts = NULL;
    eid_status st = EID_OK;

    EID_TRY(eid_dedup_cuts_new(&cuts));
    if (m->n)
        EID_TRY(ruler_init(&r));
    if (m->n)
        EID_TRY(all_in_bytes(&r, m));
    for (size_t i = 0; i < m->n; i++)
        EID_TRY(m->at[i].source < 0 ? add_cut(cuts, &r, &m->at[i]) : follow(cuts, &r, &m->at[i]));
    *out = cuts;
    cuts = NULL;
done:
    eid_free(r.mark);
    eid_free(r.own);
    eid_dedup_cuts_free(cuts);
    return st;
}
