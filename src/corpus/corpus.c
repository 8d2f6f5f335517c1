/* corpus.c - documents in memory: made from others, counted, handed out. */
#include "corpus/corpus.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

eid_status eid_corpus_push(eid_corpus *c, eid_document d)
{
    eid_status st = EID_OK;

    EID_TRY(EID_GROW(c->doc, &c->doc_cap, c->docs + 1));
    EID_TRY(EID_GROW(c->shortened, &c->shortened_cap, c->docs + 1));
    c->shortened[c->docs] = false;
    c->doc[c->docs++] = d;
    c->bytes += (int64_t)d.size;
done:
    return st;
}

static eid_status push_copy(eid_corpus *c, const eid_document *d, size_t i)
{
    char number[32];
    const char *name = d->name;
    uint8_t *named, *bytes;
    eid_status st = EID_OK;

    if (!name) {
        snprintf(number, sizeof number, "#%zu", i);
        name = number;
    }
    if (!d->bytes && d->size)
        return eid_fail(EID_EINVAL, "document %zu: %zu bytes, but no address", i, d->size);
    EID_TRY(eid_arena_copy(&c->arena, name, strlen(name) + 1, &named));
    EID_TRY(eid_arena_copy(&c->arena, d->bytes, d->size, &bytes));
    EID_TRY(eid_corpus_push(c, (eid_document){(const char *)named, bytes, d->size}));
done:
    return st;
}

eid_status eid_corpus_from(eid_corpus **out, const eid_document *docs, size_t n)
{
    eid_corpus *c = NULL;
    eid_status st = EID_OK;

    EID_TRY(EID_NEW(c, 1));
    for (size_t i = 0; i < n; i++)
        EID_TRY(push_copy(c, &docs[i], i));
    *out = c;
    c = NULL;
done:
    eid_corpus_free(c);
    return st;
}

eid_status eid_corpus_pick(eid_corpus **out, const eid_corpus *whole, const int64_t *picked,
                           size_t n)
{
    eid_corpus *c = NULL;
    eid_status st = EID_OK;

    EID_TRY(EID_NEW(c, 1));
    EID_TRY(EID_GROW(c->doc, &c->doc_cap, n));
    for (size_t i = 0; i < n; i++) {
        if (picked[i] < 0 || (uint64_t)picked[i] >= whole->docs) {
            st = eid_fail(EID_EINVAL, "document %" PRId64 " of a corpus of %zu", picked[i],
                          whole->docs);
            goto done;
        }
        EID_TRY(eid_corpus_push(c, whole->doc[picked[i]]));
    }
    *out = c;
    c = NULL;
done:
    eid_corpus_free(c);
    return st;
}

void eid_corpus_free(eid_corpus *c)
{
    if (!c)
        return;
    eid_free(c->doc);
    eid_free(c->shortened);
    eid_free(c->input);
    eid_free(c->skip);
    eid_arena_free(&c->arena);
    eid_free(c);
}

size_t eid_corpus_size(const eid_corpus *c)
{
    return c->docs;
}

int64_t eid_corpus_bytes(const eid_corpus *c)
{
    return c->bytes;
}

eid_document eid_corpus_doc(const eid_corpus *c, size_t i)
{
    return i < c->docs ? c->doc[i] : (eid_document){"", (const uint8_t *)"", 0};
}

size_t eid_corpus_inputs(const eid_corpus *c, const eid_corpus_input **inputs)
{
    if (inputs)
        *inputs = c->input;
    return c->inputs;
}

size_t eid_corpus_skips(const eid_corpus *c, const eid_corpus_skip **skips)
{
    if (skips)
        *skips = c->skip;
    return c->skips;
}

int64_t eid_corpus_identical(const eid_corpus *c)
{
    return c->identical;
}

int64_t eid_corpus_cut(const eid_corpus *c)
{
    int64_t n = c->passed_cut;

    for (size_t i = 0; i < c->docs; i++)
        n += c->shortened[i];
    return n;
}
