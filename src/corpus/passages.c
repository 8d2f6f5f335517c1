/* passages.c - see passages.h. */
#include "corpus/passages.h"
#include "corpus/pieces.h"
#include "corpus/strings.h"
#include "eidetic/rng.h"
#include <string.h>

/* PIECE: about half of a passage of 64 tokens, so that what is continued
 * from the first half is not known as a whole from elsewhere.  ROUNDS: how often more candidates
 * are looked for. */
enum { PIECE = 96, ROUNDS = 4, TO_LINE = 200, TRIES = 24 };

typedef struct search {
    eid_rng rng;
    const eid_corpus *donors;
    const eid_bpe *bpe;
    size_t tokens;
    int64_t *start; /* of each donor, in all their bytes */
    uint8_t *taken; /* a bit per byte of the donors */
    eid_canary *found;
    size_t n, cap;
    eid_pieces pieces; /* of those found */
} search;

static bool space(uint8_t b)
{
    return b == ' ' || b == '\n' || b == '\t' || b == '\r';
}

/* The next beginning of a line, or of a word where the line is long; d->size: there is none. */
static size_t boundary(const eid_document *d, size_t at)
{
    size_t n = d->size - at, near = n < TO_LINE ? n : TO_LINE;
    const uint8_t *line = memchr(d->bytes + at, '\n', near);

    if (line)
        at = (size_t)(line - d->bytes);
    while (at < d->size && !space(d->bytes[at]))
        at++;
    while (at < d->size && space(d->bytes[at]))
        at++;
    return at;
}

static bool overlaps(const search *s, size_t from, size_t upto)
{
    for (size_t i = from; i < upto; i++)
        if (s->taken[i / 8] >> i % 8 & 1)
            return true;
    return false;
}

static size_t document_of(const search *s, int64_t place)
{
    size_t low = 0, high = eid_corpus_size(s->donors);
    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (s->start[mid] <= place)
            low = mid;
        else
            high = mid;
    }
    return low;
}

/* A passage that begins at d->bytes[at], if enough tokens follow: *size, or 0. */
static eid_status measure(const search *s, const eid_document *d, size_t at, size_t *size)
{
    size_t left = d->size - at;
    eid_status st = EID_OK;

    *size = 0;
    for (size_t window = 8 * s->tokens + 64;; window *= 4) {
        size_t n = window < left ? window : left;
        EID_TRY(eid_first_tokens(s->bpe, d->bytes + at, n, s->tokens, size));
        if (*size || n == left || window > 64 * s->tokens + 64)
            break;
    }
done:
    return st;
}

/* One attempt: a random place, every fourth time the beginning of a document, so that short ones
 * have their turn. */
static eid_status attempt(search *s, bool from_start)
{
    int64_t place = (int64_t)eid_rng_below(&s->rng, (uint64_t)eid_corpus_bytes(s->donors));
    size_t doc = document_of(s, place), at, size, base = (size_t)s->start[doc];
    eid_document d = eid_corpus_doc(s->donors, doc);
    eid_canary c;
    eid_status st = EID_OK;

    at = from_start ? 0 : boundary(&d, (size_t)(place - s->start[doc]));
    if (at >= d.size || (s->taken[(base + at) / 8] >> (base + at) % 8 & 1))
        return EID_OK;
    EID_TRY(measure(s, &d, at, &size));
    if (size < s->pieces.window || overlaps(s, base + at, base + at + size) ||
        eid_pieces_scan(&s->pieces, d.bytes + at, size, NULL))
        return EID_OK;
    c = (eid_canary){.kind = EID_CANARY_PASSAGE, .tmpl = "", .secret = "", .source = (int64_t)doc};
    c.text = d.bytes + at;
    c.size = size;
    EID_TRY(EID_GROW(s->found, &s->cap, s->n + 1));
    EID_TRY(eid_pieces_add(&s->pieces, c.text, c.size, s->n, true));
    s->found[s->n++] = c;
    for (size_t i = base + at; i < base + at + size; i++)
        s->taken[i / 8] |= (uint8_t)(1u << i % 8);
done:
    return st;
}

static eid_status search_init(search *s, const eid_corpus *donors, const eid_bpe *bpe,
                              const eid_plant_opts *opts)
{
    size_t docs = eid_corpus_size(donors);
    /* A passage has a byte per token at least. */
    size_t window = opts->tokens < PIECE ? (size_t)opts->tokens : PIECE;
    eid_status st = EID_OK;

    *s = (search){.rng = eid_rng_stream((uint64_t)opts->seed, 3),
                  .donors = donors,
                  .bpe = bpe,
                  .tokens = (size_t)opts->tokens};
    EID_TRY(EID_NEW(s->start, docs + 1));
    for (size_t i = 0; i < docs; i++)
        s->start[i + 1] = s->start[i] + (int64_t)eid_corpus_doc(donors, i).size;
    EID_TRY(EID_NEW(s->taken, (size_t)s->start[docs] / 8 + 1));
    EID_TRY(eid_pieces_init(&s->pieces, window));
done:
    return st;
}

/* found[] becomes: those of which no piece stands in `train`, then those that do not stand there
 * whole. *good: how many of the first kind. */
static void sort_out(search *s, const uint8_t *flags, eid_canary *sorted, size_t *good,
                     size_t *usable)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n; i++)
        if (!flags[i])
            sorted[n++] = s->found[i];
    *good = n;
    for (size_t i = 0; i < s->n; i++)
        if (flags[i] == EID_PIECE_STANDS)
            sorted[n++] = s->found[i];
    *usable = n;
}

eid_status eid_find_passages(eid_canary **out, size_t *n, size_t want, eid_ctx *ctx,
                             const eid_corpus *train, const eid_corpus *donors, const eid_bpe *bpe,
                             const eid_plant_opts *opts)
{
    search s = {0};
    eid_canary *sorted = NULL;
    uint8_t *flags = NULL;
    size_t good = 0, usable = 0, target = want + want / 4 + 8;
    eid_status st = EID_OK;

    EID_TRY(search_init(&s, donors, bpe, opts));
    for (int round = 0; round < ROUNDS && good < want && s.start[eid_corpus_size(donors)];
         round++) {
        size_t before = s.n;
        for (size_t k = 0; k < TRIES * target && s.n < before + target; k++) {
            EID_TRY(attempt(&s, k % 4 == 3));
            EID_TRY(eid_tick(ctx, "choosing passages", "passages", (int64_t)s.n, 0));
        }
        if (s.n == before)
            break;
        eid_free(flags);
        eid_free(sorted);
        flags = NULL;
        sorted = NULL;
        EID_TRY(EID_NEW(flags, s.n));
        EID_TRY(EID_NEW(sorted, s.n));
        EID_TRY(eid_find_strings(ctx, train, s.found, s.n, s.pieces.window, true, flags));
        sort_out(&s, flags, sorted, &good, &usable);
        target *= 2;
    }
    *n = usable < want ? usable : want;
    *out = sorted;
    sorted = NULL;
done:
    eid_free(s.start);
    eid_free(s.taken);
    eid_free(s.found);
    eid_pieces_free(&s.pieces);
    eid_free(sorted);
    eid_free(flags);
    return st;
}
