/* bpe.c - entries and alphabet of a tokenizer; decoding. */
#include "corpus/bpe.h"
#include <stddef.h>
#include <string.h>

eid_bpe_opts eid_bpe_opts_default(void)
{
    return (eid_bpe_opts){.vocab = 4096, .min_frequency = 2};
}

const eid_opt eid_bpe_opt_table[] = {
    {EID_OPT_I64, "vocab", offsetof(eid_bpe_opts, vocab), 257, 1 << 20,
     "entries of the vocabulary, 256 bytes and " EID_BPE_END " included", NULL, 0},
    {EID_OPT_I64, "min-frequency", offsetof(eid_bpe_opts, min_frequency), 1, 1e15,
     "times that a pair must occur to be merged", NULL, 0},
    {0}};

/* Latin-1 without blanks, control characters and the soft hyphen. */
static bool printable(uint32_t c)
{
    return (c >= 0x21 && c <= 0x7E) || (c >= 0xA1 && c <= 0xFF && c != 0xAD);
}

/* The 68 others, in ascending order, become U+0100..U+0143: 33 below '!', 34 from DEL to U+00A0,
 * and the soft hyphen. */
uint32_t eid_bpe_char(uint8_t byte)
{
    if (printable(byte))
        return byte;
    return byte <= 0x20 ? 0x100u + byte : byte == 0xAD ? 0x143 : 0x121u + (byte - 0x7Fu);
}

int eid_bpe_byte(uint32_t ch)
{
    if (printable(ch))
        return (int)ch;
    if (ch < 0x100 || ch > 0x143)
        return -1;
    return ch <= 0x120 ? (int)ch - 0x100 : ch == 0x143 ? 0xAD : (int)ch - 0x121 + 0x7F;
}

uint8_t eid_bpe_nth_byte(int id)
{
    uint32_t ch = 0;

    for (int seen = -1; seen < id; ch++)
        seen += eid_bpe_byte(ch) >= 0;
    return (uint8_t)eid_bpe_byte(ch - 1);
}

eid_status eid_bpe_entry(eid_bpe *b, const uint8_t *bytes, size_t n, bool raw)
{
    eid_status st = EID_OK;
    size_t id = (size_t)b->vocab;

    EID_TRY(EID_GROW(b->start, &b->start_cap, id + 2));
    EID_TRY(EID_GROW(b->raw, &b->raw_cap, id + 1));
    EID_TRY(eid_buf_add(&b->text, bytes, n));
    b->raw[id] = raw;
    b->start[id + 1] = b->text.n;
    b->vocab++;
done:
    return st;
}

static eid_status find_bytes(eid_bpe *b, const char *name)
{
    for (int i = 0; i < 256; i++)
        b->byte_id[i] = -1;
    for (int32_t id = 0; id < b->model_vocab; id++)
        if (!b->raw[id] && b->start[id + 1] - b->start[id] == 1)
            b->byte_id[b->text.at[b->start[id]]] = id;
    for (int i = 0; i < 256; i++)
        if (b->byte_id[i] < 0)
            return eid_fail(
                EID_EUNSUPPORTED,
                "%s: the vocabulary has no entry for the byte 0x%02X, so not every text "
                "could be encoded",
                name, (unsigned)i);
    return EID_OK;
}

static eid_status index_merges(eid_bpe *b, const char *name)
{
    for (size_t i = 0; i < b->merges; i++) {
        const eid_bpe_merge *m = &b->merge[i];
        eid_status st;
        if (eid_pairs_find(&b->rank, m->left, m->right) >= 0)
            return eid_fail(EID_EFORMAT, "%s: merge %zu is there twice", name, i);
        if ((st = eid_pairs_add(&b->rank, m->left, m->right, (int32_t)i)) != EID_OK)
            return st;
    }
    return EID_OK;
}

/* With ignore_merges a pre-token that is an entry is that entry.  Keys are distinct, so the byte
 * strings of those that are not raw are too, and a count can hold the id. */
static eid_status index_entries(eid_bpe *b)
{
    for (int32_t id = 0; b->ignore_merges && id < b->model_vocab; id++) {
        size_t at = b->start[id], n = b->start[id + 1] - at;
        eid_status st =
            b->raw[id] ? EID_OK : eid_words_add(&b->whole, b->text.at + at, n, id, NULL);
        if (st != EID_OK)
            return st;
    }
    return EID_OK;
}

/* Names that end-of-document tokens have in the wild; the first that is a special token wins. */
static int32_t find_end(const eid_bpe *b)
{
    static const char *const name[] = {EID_BPE_END, "<|end_of_text|>", "</s>",
                                       "<eos>",     "<|eos|>",         "[EOS]"};

    for (size_t k = 0; k < sizeof name / sizeof *name; k++)
        for (size_t i = 0; i < b->n_added; i++)
            if (b->added[i].special && strcmp(b->added[i].content, name[k]) == 0)
                return b->added[i].id;
    return -1;
}

eid_status eid_bpe_finish(eid_bpe *b, const char *name)
{
    eid_status st = EID_OK;

    EID_TRY(find_bytes(b, name));
    EID_TRY(index_merges(b, name));
    EID_TRY(index_entries(b));
    EID_TRY(eid_bpe_added_sort(b, name));
    b->end = find_end(b);
    EID_TRY(eid_splitter_new(&b->splitter, b->by_pattern));
done:
    return st;
}

void eid_bpe_free(eid_bpe *b)
{
    if (!b)
        return;
    for (size_t i = 0; i < b->n_added; i++)
        eid_free(b->added[i].content);
    eid_free(b->added);
    eid_free(b->merge);
    eid_free(b->start);
    eid_free(b->raw);
    eid_buf_free(&b->text);
    eid_pairs_free(&b->rank);
    eid_words_free(&b->whole);
    eid_splitter_free(b->splitter);
    eid_free(b);
}

int32_t eid_bpe_vocab(const eid_bpe *b)
{
    return b->vocab;
}

int32_t eid_bpe_end(const eid_bpe *b)
{
    return b->end;
}

const uint8_t *eid_bpe_bytes(const eid_bpe *b, int32_t id, size_t *n)
{
    if (id < 0 || id >= b->vocab)
        return NULL;
    *n = b->start[id + 1] - b->start[id];
    return b->text.at + b->start[id];
}

eid_status eid_bpe_decode(const eid_bpe *b, const int32_t *ids, size_t n, uint8_t **text,
                          size_t *size)
{
    uint8_t *bytes = NULL;
    size_t total = 0, len, at = 0;
    eid_status st;

    for (size_t i = 0; i < n; i++) {
        if (!eid_bpe_bytes(b, ids[i], &len))
            return eid_fail(EID_EINVAL, "id %d at place %zu is none of the tokenizer's %d",
                            (int)ids[i], i, (int)b->vocab);
        if (__builtin_add_overflow(total, len, &total) || total == SIZE_MAX)
            return eid_fail(EID_ENOMEM, "no memory for the text of %zu ids", n);
    }
    st = EID_NEW(bytes, total + 1); /* a NUL behind, as everywhere */
    if (st != EID_OK)
        return st;
    for (size_t i = 0; i < n; i++) {
        const uint8_t *p = eid_bpe_bytes(b, ids[i], &len);
        memcpy(bytes + at, p, len);
        at += len;
    }
    *text = bytes;
    *size = total;
    return EID_OK;
}

void eid_ids_free(int32_t *ids)
{
    eid_free(ids);
}

void eid_bytes_free(uint8_t *bytes)
{
    eid_free(bytes);
}
