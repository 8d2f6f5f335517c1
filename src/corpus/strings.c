/* strings.c - see strings.h. */
#include "corpus/strings.h"
#include "base/memory.h"
#include "corpus/pieces.h"
#include "corpus/utf8.h"
#include <string.h>

eid_status eid_find_strings(eid_ctx *ctx, const eid_corpus *c, const eid_canary *s, size_t n,
                            size_t window, bool all, uint8_t *flags)
{
    eid_pieces p = {0};
    int64_t done = 0;
    eid_status st = EID_OK;

    for (size_t i = 0; i < n; i++)
        window = s[i].size < window ? s[i].size : window;
    EID_TRY(eid_pieces_init(&p, window));
    for (size_t i = 0; i < n; i++)
        EID_TRY(eid_pieces_add(&p, s[i].text, s[i].size, i, all));
    memset(flags, 0, n);
    for (size_t i = 0; i < eid_corpus_size(c); i++) {
        eid_document d = eid_corpus_doc(c, i);
        eid_pieces_scan(&p, d.bytes, d.size, flags);
        done += (int64_t)d.size;
        EID_TRY(eid_tick(ctx, "searching the training text", "bytes", done, eid_corpus_bytes(c)));
    }
done:
    eid_pieces_free(&p);
    return st;
}

/* Where the first `tokens` tokens of an encoded text end; 0: it has fewer. */
static size_t end_of_tokens(const eid_bpe *bpe, const int32_t *ids, size_t n, size_t tokens)
{
    size_t end = 0;
    if (n < tokens)
        return 0;
    for (size_t i = 0; i < tokens; i++) {
        size_t size;
        eid_bpe_bytes(bpe, ids[i], &size);
        end += size;
    }
    return end;
}

eid_status eid_first_tokens(const eid_bpe *bpe, const uint8_t *text, size_t n, size_t tokens,
                            size_t *end)
{
    int32_t *ids = NULL;
    size_t count, again;
    eid_status st = EID_OK;

    *end = 0;
    EID_TRY(eid_bpe_encode(bpe, text, n, false, &ids, &count));
    *end = end_of_tokens(bpe, ids, count, tokens);
    if (!*end || *end > n || !eid_utf8_valid(text, *end)) {
        *end = 0;
        goto done;
    }
    eid_ids_free(ids);
    ids = NULL;
    /* A cut inside a word may merge differently. */
    EID_TRY(eid_bpe_encode(bpe, text, *end, false, &ids, &again));
    if (again != tokens)
        *end = 0;
done:
    eid_ids_free(ids);
    return st;
}
