/* bpe_model.c - vocabulary, merges and added tokens, told by their keys. */
#include "corpus/bpe_model.h"
#include "corpus/bpe_key.h"
#include <string.h>

enum { ENTRIES_MAX = 1 << 24 };

eid_status eid_key_entries(eid_key_reader *r)
{
    eid_status st = EID_OK;
    size_t n = json_object_size(r->vocab), len;
    const char **key_of = NULL, *key;
    size_t *len_of = NULL;
    json_t *value;

    if (n > ENTRIES_MAX)
        return eid_fail(EID_EFORMAT, "%s: a vocabulary of %zu entries is too large", r->name, n);
    EID_TRY(EID_NEW(key_of, n));
    EID_TRY(EID_NEW(len_of, n));
    json_object_keylen_foreach(r->vocab, key, len, value)
    {
        json_int_t id = json_integer_value(value);
        if (!json_is_integer(value) || id < 0 || id >= (json_int_t)n) {
            st = eid_fail(EID_EFORMAT,
                          "%s: the vocabulary's %zu entries must have the ids 0 to %zu without "
                          "holes, and one has %lld",
                          r->name, n, n - 1, json_is_integer(value) ? (long long)id : -1LL);
            goto done;
        }
        if (key_of[id] || !len) {
            st = eid_fail(EID_EFORMAT, "%s: %s id %lld", r->name,
                          len ? "two entries of the vocabulary have the"
                              : "an empty entry of the vocabulary has the",
                          (long long)id);
            goto done;
        }
        key_of[id] = key;
        len_of[id] = len;
    }
    for (size_t id = 0; id < n; id++) {
        bool raw = !eid_key_bytes(&r->key, key_of[id], len_of[id], &st);
        EID_TRY(st);
        EID_TRY(raw ? eid_bpe_entry(r->b, (const uint8_t *)key_of[id], len_of[id], true)
                    : eid_bpe_entry(r->b, r->key.at, r->key.n, false));
    }
    r->b->model_vocab = r->b->vocab;
done:
    eid_free(key_of);
    eid_free(len_of);
    return st;
}

int32_t eid_key_id(const eid_key_reader *r, const char *key, size_t n)
{
    const json_t *id = json_object_getn(r->vocab, key, n);

    return id ? (int32_t)json_integer_value(id) : -1;
}

eid_status eid_key_merge(eid_key_reader *r, const char *left, size_t n_left, const char *right,
                         size_t n_right)
{
    eid_status st = EID_OK;
    eid_bpe *b = r->b;
    eid_bpe_merge m = {eid_key_id(r, left, n_left), eid_key_id(r, right, n_right), -1};
    size_t number = b->merges;

    r->key.n = 0;
    EID_TRY(eid_buf_add(&r->key, left, n_left));
    EID_TRY(eid_buf_add(&r->key, right, n_right));
    m.id = eid_key_id(r, (const char *)r->key.at, r->key.n);
    if (m.left < 0 || m.right < 0 || m.id < 0)
        return eid_fail(EID_EFORMAT, "%s: merge %zu: %s is not in the vocabulary", r->name, number,
                        m.left < 0    ? "its left side"
                        : m.right < 0 ? "its right side"
                                      : "what it makes");
    if (b->raw[m.left] || b->raw[m.right])
        return eid_fail(EID_EUNSUPPORTED, "%s: merge %zu: joins what is no sequence of bytes",
                        r->name, number);
    EID_TRY(EID_GROW(b->merge, &b->merge_cap, number + 1));
    b->merge[b->merges++] = m;
done:
    return st;
}

eid_status eid_key_merge_line(eid_key_reader *r, const char *line, size_t n)
{
    const char *blank = memchr(line, ' ', n);
    size_t left = blank ? (size_t)(blank - line) : 0;

    if (!blank || memchr(blank + 1, ' ', n - left - 1))
        return eid_fail(EID_EFORMAT, "%s: merge %zu: want two entries with one blank between",
                        r->name, r->b->merges);
    return eid_key_merge(r, line, left, blank + 1, n - left - 1);
}

/* The id is the vocabulary's, or the next free one: the package gives ids so, whatever the file
 * says. */
eid_status eid_key_added(eid_key_reader *r, const char *content, size_t n, json_int_t id,
                         eid_bpe_added token)
{
    eid_status st = EID_OK;
    eid_bpe *b = r->b;
    int32_t known = eid_key_id(r, content, n), want = known >= 0 ? known : b->vocab;

    if (!n || id != want)
        return eid_fail(EID_EFORMAT, "%s: added token %zu: %s%lld, want %d", r->name, b->n_added,
                        n ? "its id is " : "it is empty; its id is ", (long long)id, (int)want);
    if (known < 0)
        EID_TRY(eid_bpe_entry(b, (const uint8_t *)content, n, true));
    EID_TRY(EID_GROW(b->added, &b->added_cap, b->n_added + 1));
    token.id = want;
    token.n = n;
    EID_TRY(EID_NEW(token.content, n + 1));
    memcpy(token.content, content, n);
    b->added[b->n_added++] = token;
done:
    return st;
}
