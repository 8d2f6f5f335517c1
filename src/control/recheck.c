/* recheck.c - what a second run would find: only what cuts have brought together. */
#include "control/dedup.h"
#include "base/json.h"
#include <inttypes.h>
#include <string.h>

/* Where cuts were, in what is left: document and byte, ascending. */
typedef struct joint {
    int64_t document, at;
} joint;

typedef struct joints {
    joint *at;
    size_t n, cap;
} joints;

/* Document d of u as bytes, in *text. */
static eid_status bytes_of(const control_units *u, const eid_bpe *bpe, size_t d, eid_buf *text)
{
    int64_t from = u->start[d];
    size_t n = (size_t)(u->start[d + 1] - from);
    uint8_t *room = NULL;
    const uint8_t *at;
    eid_status st = EID_OK;

    text->n = 0;
    EID_TRY(EID_NEW(room, n * (size_t)u->width));
    EID_TRY(control_units_at(u, from, n, room, &at));
    if (!bpe)
        EID_TRY(eid_buf_add(text, at, n));
    for (size_t i = 0; bpe && i < n; i++) {
        size_t k = 0;
        int32_t id;
        memcpy(&id, at + 4 * i, 4);
        const uint8_t *bytes = eid_bpe_bytes(bpe, id, &k);
        EID_TRY(eid_buf_add(text, bytes, k));
    }
done:
    eid_free(room);
    return st;
}

/* The text that is left as units, and its joints.  Documents of which nothing is left are none. */
static eid_status left_of(control_units *left, joints *where, const control_units *u,
                          const eid_bpe *bpe, const eid_dedup_cuts *cuts)
{
    control_reader reader = {left, bpe};
    eid_buf text = {0};
    uint8_t *rest = NULL;
    size_t cap = 0, at = 0, out = 0;
    eid_status st = EID_OK;

    for (size_t d = 0; d < u->docs; d++) {
        const eid_dedup_cut *cut = cuts->at + at;
        size_t n = 0;
        int64_t gone = 0;
        for (; at < cuts->n && cuts->at[at].document == (int64_t)d; at++, n++) {
            EID_TRY(EID_GROW(where->at, &where->cap, where->n + 1));
            where->at[where->n++] = (joint){(int64_t)out, cut[n].start - gone};
            gone += cut[n].end - cut[n].start;
        }
        EID_TRY(bytes_of(u, bpe, d, &text));
        eid_document doc = {"", text.at, text.n};
        EID_TRY(EID_GROW(rest, &cap, text.n + 1));
        doc.size = control_cut_out(&doc, cut, n, rest);
        doc.bytes = rest;
        while (!doc.size && where->n && where->at[where->n - 1].document == (int64_t)out)
            where->n--;
        if (doc.size)
            EID_TRY(control_add_document(&reader, &doc));
        out += doc.size > 0;
    }
    EID_TRY(control_units_done(left));
done:
    eid_free(rest);
    eid_buf_free(&text);
    return st;
}

/* Puts the joints inside [start, end) of a document, both ends included, behind `list`. */
static void add_joints(json_t *list, const joints *all, int64_t document, int64_t start,
                       int64_t end)
{
    size_t low = 0, high = all->n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const joint *j = &all->at[mid];
        if (j->document < document || (j->document == document && j->at < start))
            low = mid + 1;
        else
            high = mid;
    }
    for (; low < all->n && all->at[low].document == document && all->at[low].at <= end; low++)
        json_array_append_new(list, json_pack("{s:I, s:I}", "document", (json_int_t)document, "at",
                                              (json_int_t)all->at[low].at));
}

static eid_status write_line(eid_out *f, const eid_dedup_cut *c, json_t *list)
{
    char *line = NULL;
    json_t *j = json_pack("{s:I, s:I, s:I, s:I, s:I, s:O}", "document", (json_int_t)c->document,
                          "start", (json_int_t)c->start, "end", (json_int_t)c->end, "kept_document",
                          (json_int_t)c->kept_document, "kept_start", (json_int_t)c->kept_start,
                          "joints", list);
    eid_status st = EID_OK;

    EID_TRY(eid_json_text(j, &line));
    EID_TRY(eid_out_write(f, line, strlen(line)));
    EID_TRY(eid_out_write(f, "\n", 1));
done:
    eid_string_free(line);
    return st;
}

/* Cuts i .. j - 1 touch each other: one range of repeats. */
static eid_status tell(eid_out *f, const eid_dedup_cuts *again, size_t i, size_t j,
                       const joints *all)
{
    json_t *list = json_array();
    eid_status st = EID_OK;

    for (size_t k = i; k < j; k++) {
        const eid_dedup_cut *c = &again->at[k];
        add_joints(list, all, c->document, c->start, c->end);
        if (c->kept_document >= 0)
            add_joints(list, all, c->kept_document, c->kept_start,
                       c->kept_start + c->end - c->start);
    }
    for (size_t k = i; k < j; k++)
        EID_TRY(write_line(f, &again->at[k], list));
done:
    json_decref(list);
    return st;
}

eid_status control_recheck(eid_dedup_result *r, eid_ctx *ctx, const control_units *u,
                           const eid_bpe *bpe, size_t length, const eid_dedup_opts *opts,
                           const eid_dedup_cuts *cuts, const char *folder)
{
    control_units left = {0};
    joints where = {0};
    eid_dedup_cuts *again = NULL;
    eid_out *f = NULL;
    char *path = NULL;
    int64_t passes;
    eid_status st = EID_OK;

    EID_TRY(control_units_init(&left, u->width, u->fd < 0 ? u->text_most : 0, folder));
    EID_TRY(left_of(&left, &where, u, bpe, cuts));
    EID_TRY(control_cuts_of(&again, ctx, &left, bpe, length, opts, &passes));
    EID_TRY(eid_format(&path, "%s/again.jsonl", folder));
    EID_TRY(eid_out_open(&f, path));
    for (size_t i = 0, j; i < again->n; i = j) {
        for (j = i + 1; j < again->n && again->at[j].document == again->at[j - 1].document &&
                        again->at[j].start == again->at[j - 1].end;)
            j++;
        EID_TRY(tell(f, again, i, j, &where));
        r->again_ranges++;
    }
    r->again_bytes = again->bytes;
    EID_TRY(eid_out_commit(&f));
done:
    eid_out_abort(&f);
    eid_free(path);
    eid_free(where.at);
    eid_dedup_cuts_free(again);
    control_units_free(&left);
    return st;
}
