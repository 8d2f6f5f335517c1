/* gather.c - see gather.h. */
#include "corpus/gather.h"
#include "corpus/echo.h"
#include "corpus/utf8.h"
#include <inttypes.h>
#include <string.h>

/* What a document costs besides its bytes and its name: its row, its entry and slots in the table
 * of equal ones, at their fullest just after growing. */
enum { ROW = 2 * (sizeof(eid_document) + sizeof(struct eid_same_entry) + 2 * sizeof(size_t)) };

int64_t eid_gather_bound(const eid_gather *g)
{
    return g->memory ? g->memory : g->ctx->memory;
}

size_t eid_gather_left(const eid_gather *g)
{
    size_t bound = (size_t)eid_gather_bound(g);
    size_t rows = g->take ? eid_digests_bytes(&g->seen) : g->c->docs * ROW;
    return rows >= bound || g->c->arena.total >= bound - rows ? 0
                                                              : bound - rows - g->c->arena.total;
}

/* Adds to the sentence of a failed allocation what was being read. */
static eid_status too_much(const eid_gather *g, eid_status st)
{
    if (st != EID_ENOMEM)
        return st;
    return eid_fail(st,
                    "%s: %s, after %" PRId64 " documents (%" PRId64
                    " bytes are allowed; raise --memory, or read less)",
                    g->path, eid_last_error(), (int64_t)g->c->docs + g->c->passed,
                    eid_gather_bound(g));
}

eid_status eid_gather_room(eid_gather *g, size_t n, uint8_t **at, size_t *room)
{
    eid_arena *a = &g->c->arena;
    size_t left = eid_gather_left(g);

    if (g->opts->max_document > 0) {
        size_t most = (size_t)g->opts->max_document + 1 - a->open; /* not full: at least 1 */
        n = n < most ? n : most;
    }
    a->limit = left ? left + a->total : 1;
    *room = n;
    return too_much(g, eid_arena_room(a, n, at));
}

void eid_gather_wrote(eid_gather *g, size_t n)
{
    eid_arena_wrote(&g->c->arena, n);
}

eid_status eid_gather_add(eid_gather *g, const void *bytes, size_t n)
{
    uint8_t *at;
    size_t room;
    eid_status st;

    if (!n || eid_gather_full(g))
        return EID_OK;
    st = eid_gather_room(g, n, &at, &room);
    if (st != EID_OK)
        return st;
    memcpy(at, bytes, room);
    eid_gather_wrote(g, room);
    return EID_OK;
}

bool eid_gather_full(const eid_gather *g)
{
    return g->opts->max_document > 0 && g->c->arena.open > (size_t)g->opts->max_document;
}

void eid_gather_drop(eid_gather *g)
{
    eid_arena_close(&g->c->arena, 0);
}

eid_status eid_gather_skip(eid_gather *g, const char *name, const char *why)
{
    eid_corpus *c = g->c;
    uint8_t *kept_name, *kept_why;
    eid_status st = EID_OK;

    if (g->rehearsing)
        return EID_OK;
    c->input[c->inputs - 1].skipped++;
    if (c->skips == EID_SKIPS_KEPT)
        return EID_OK;
    EID_TRY(EID_GROW(c->skip, &c->skip_cap, c->skips + 1));
    EID_TRY(eid_arena_copy(&c->arena, name, strlen(name) + 1, &kept_name));
    EID_TRY(eid_arena_copy(&c->arena, why, strlen(why) + 1, &kept_why));
    c->skip[c->skips++] = (eid_corpus_skip){(const char *)kept_name, (const char *)kept_why};
done:
    return st;
}

/* Hands the document on; its bytes are gone afterwards. */
static eid_status pass_on(eid_gather *g, eid_document d, bool cut)
{
    eid_corpus *c = g->c;
    bool known = false;

    if (g->rehearsing)
        return EID_OK;
    if (g->opts->drop_identical) {
        eid_status st = eid_digests_add(&g->seen, d.bytes, d.size, &known);
        if (st != EID_OK)
            return too_much(g, st);
    }
    if (known) {
        c->identical++;
        return g->echo ? g->echo->dropped(g->echo->user) : EID_OK;
    }
    c->passed++;
    c->passed_cut += cut;
    c->bytes += (int64_t)d.size;
    c->input[c->inputs - 1].documents++;
    return g->take(g->user, &d);
}

eid_status eid_gather_filter(eid_gather *g, const char *name)
{
    uint8_t *kept;
    eid_status st = EID_OK;

    if (g->filtered++)
        return EID_OK;
    EID_TRY(eid_arena_copy(&g->c->arena, name, strlen(name) + 1, &kept));
    g->first_filtered = (const char *)kept;
done:
    return st;
}

eid_status eid_gather_end(eid_gather *g, const char *name)
{
    eid_corpus *c = g->c;
    eid_arena_mark before = eid_arena_mark_now(&c->arena);
    size_t size = c->arena.open, first;
    bool cut = eid_gather_full(g);
    eid_document d;
    uint8_t *at;
    eid_status st = EID_OK;

    if (!size)
        return eid_gather_skip(g, name, "empty");
    at = eid_arena_close(&c->arena, size);
    if (cut) /* one byte more was read than is kept, and tells whether a character is cut */
        size = eid_utf8_cut(at, (size_t)g->opts->max_document);
    if (g->take) {
        st = pass_on(g, (eid_document){name, at, size}, cut);
        eid_arena_back(&c->arena, before);
        return st;
    }
    d = (eid_document){NULL, at, size};
    EID_TRY(EID_GROW(c->doc, &c->doc_cap, c->docs + 1));
    c->doc[c->docs] = d;
    EID_TRY(eid_same_add(&g->same, c->doc, c->docs, &first));
    if (first != c->docs) {
        c->identical++;
        if (g->opts->drop_identical) {
            eid_arena_back(&c->arena, before);
            return EID_OK;
        }
    }
    EID_TRY(eid_arena_copy(&c->arena, name, strlen(name) + 1, &at));
    d.name = (const char *)at;
    EID_TRY(eid_corpus_push(c, d));
    c->shortened[c->docs - 1] = cut;
    c->input[c->inputs - 1].documents++;
done:
    return too_much(g, st);
}

eid_status eid_gather_tick(eid_gather *g, size_t n)
{
    g->read += (int64_t)n;
    return eid_tick(g->ctx, "reading", "bytes", g->read, 0);
}

eid_gather_mark eid_gather_mark_now(const eid_gather *g)
{
    const eid_corpus *c = g->c;
    const eid_corpus_input *in = &c->input[c->inputs - 1];
    return (eid_gather_mark){.arena = eid_arena_mark_now(&c->arena),
                             .docs = c->docs,
                             .skips = c->skips,
                             .bytes = c->bytes,
                             .identical = c->identical,
                             .documents = in->documents,
                             .skipped = in->skipped};
}

void eid_gather_back(eid_gather *g, const eid_gather_mark *m)
{
    eid_corpus *c = g->c;
    eid_corpus_input *in = &c->input[c->inputs - 1];

    eid_same_back(&g->same, m->docs);
    eid_arena_back(&c->arena, m->arena);
    c->docs = m->docs;
    c->skips = m->skips;
    c->bytes = m->bytes;
    c->identical = m->identical;
    in->documents = m->documents;
    in->skipped = m->skipped;
}
