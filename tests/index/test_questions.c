/* test_questions.c - matches, continuations, spans and overlaps against brute force. */
#include "eidetic/questions.h"
#include "index/many.h"

static const uint8_t letters[] = "ab \xC3\xA9";

/* Half noise, half pieces of the corpus one after another. */
static size_t random_text(const brute *b, eid_rng *rng, uint8_t *text, size_t max)
{
    size_t n = 0;
    while (n < max) {
        const eid_document *d = &b->docs[eid_rng_below(rng, b->n)];
        size_t piece = 1 + (size_t)eid_rng_below(rng, 20), at = 0;
        bool copied = d->size > 0 && eid_rng_below(rng, 3) > 0;
        if (copied)
            at = (size_t)eid_rng_below(rng, d->size);
        for (size_t i = 0; i < piece && n < max; i++)
            text[n++] = copied && at + i < d->size ? d->bytes[at + i] : (uint8_t)('a' + i % 3);
    }
    return n;
}

static int64_t brute_count(const brute *b, const uint8_t *pat, size_t n)
{
    int64_t documents;
    return brute_places(b, pat, n, NULL, 0, &documents);
}

static void matches_are_what_brute_force_finds(void)
{
    enum { N = 300 };
    static eid_match got[N];
    uint8_t text[N];
    for (uint64_t seed = 0; seed < 8; seed++) {
        brute b = brute_random(seed, 12, 60, letters, seed % 2 ? 2 : 5);
        eid_index *ix = test_shards(&b, 1 + seed % 5, 2);
        eid_ctx *ctx = test_ctx(1 + (int)seed % 4);
        eid_rng rng = eid_rng_seed(seed);
        size_t n = random_text(&b, &rng, text, N);
        CHECK_OK(eid_index_matches(ix, ctx, text, n, got));
        for (size_t i = 0; i < n; i++) {
            size_t length = brute_longest(&b, text + i, n - i);
            CHECK_INT(got[i].length, length);
            CHECK_INT(got[i].count, length ? brute_count(&b, text + i, length) : 0);
        }
        CHECK_OK(eid_index_matches(ix, ctx, text, 0, got));
        eid_ctx_free(ctx);
        eid_index_free(ix);
        brute_free(&b);
    }
}

/* More than one task, and long copies whose insides are not searched. */
static void long_matches_equal_single_questions(void)
{
    enum { N = 9000 };
    static eid_match got[N];
    static uint8_t text[N];
    brute b = brute_random(3, 6, 6000, letters, 3);
    size_t n = 0;
    for (size_t d = 0; d < b.n && n < N; d += 2)
        for (size_t i = 0; i < b.docs[d].size && n < N; i++)
            text[n++] = b.docs[d].bytes[i];
    eid_index *ix = test_shards(&b, 3, 2);
    eid_ctx *ctx = test_ctx(3);
    CHECK_OK(eid_index_matches(ix, ctx, text, n, got));
    for (size_t i = 0; i < n; i++) {
        size_t length;
        int64_t count;
        CHECK_OK(eid_index_longest(ix, text + i, n - i, &length, &count));
        CHECK(got[i].length == length && got[i].count == count);
    }
    eid_ctx_free(ctx);
    eid_index_free(ix);
    brute_free(&b);
}

/* ---- what follows ---------------------------------------------------------------------------- */

static void next_bytes_are_what_brute_force_finds(void)
{
    for (uint64_t seed = 0; seed < 10; seed++) {
        brute b = brute_random(50 + seed, 15, 40, letters, 5);
        eid_index *ix = test_shards(&b, 1 + seed % 4, 2);
        eid_rng rng = eid_rng_seed(seed);
        for (int q = 0; q < 60; q++) {
            uint8_t c[12];
            int64_t want[257] = {0}, sum = 0;
            eid_continuation k = {0};
            size_t n = random_text(&b, &rng, c, 1 + (size_t)q % 12), from = 0;
            if (q % 7 == 0)
                c[n - 1] = 'z'; /* stands nowhere: nothing is left of the context */
            while (from < n && brute_count(&b, c + from, n - from) == 0)
                from++;
            for (size_t d = 0; d < b.n; d++)
                for (size_t o = 0; o < b.docs[d].size; o++)
                    if (brute_at(&b.docs[d], o, c + from, n - from)) {
                        size_t at = o + n - from;
                        want[at < b.docs[d].size ? b.docs[d].bytes[at] : 256]++;
                        sum++;
                    }
            CHECK_OK(eid_index_next_bytes(ix, c, n, &k));
            CHECK_INT(k.used, n - from);
            CHECK_INT(k.count, sum);
            CHECK_INT(k.places, sum);
            for (size_t i = 0; i < k.n; i++) {
                CHECK_INT(k.next[i].count, want[k.next[i].id < 0 ? 256 : k.next[i].id]);
                CHECK(i == 0 || k.next[i - 1].count >= k.next[i].count);
                sum -= k.next[i].count;
            }
            CHECK_INT(sum, 0);
            eid_continuation_free(&k);
        }
        eid_index_free(ix);
        brute_free(&b);
    }
}

static eid_bpe *trained(eid_ctx *ctx, const brute *b)
{
    eid_corpus *c = NULL;
    eid_bpe *bpe = NULL;
    eid_bpe_opts o = eid_bpe_opts_default();
    o.vocab = 300;
    CHECK_OK(eid_corpus_from(&c, b->docs, b->n));
    CHECK_OK(eid_bpe_train(&bpe, ctx, c, &o));
    eid_corpus_free(c);
    return bpe;
}

/* The first token of what follows a place. */
static int32_t first_token(const eid_bpe *bpe, const uint8_t *text, size_t n)
{
    int32_t *ids = NULL, id = -1;
    size_t k = 0;
    if (n > 0) {
        CHECK_OK(eid_bpe_encode(bpe, text, n < 256 ? n : 256, false, &ids, &k));
        id = k > 0 ? ids[0] : -2;
        eid_ids_free(ids);
    }
    return id;
}

static void ask_tokens(const brute *b, const eid_index *ix, eid_ctx *ctx, const eid_bpe *bpe,
                       const int32_t *ids, size_t n)
{
    static int64_t want[400];
    uint8_t *text = NULL;
    size_t size = 0, from = 0, skip = 0;
    eid_continuation k = {0};
    memset(want, 0, sizeof want);
    CHECK_OK(eid_bpe_decode(bpe, ids, n, &text, &size));
    while (from < n && brute_count(b, text + skip, size - skip) == 0) {
        size_t bytes;
        (void)eid_bpe_bytes(bpe, ids[from++], &bytes);
        skip += bytes;
    }
    int64_t sum = 0;
    for (size_t d = 0; d < b->n && skip < size; d++)
        for (size_t o = 0; o < b->docs[d].size; o++)
            if (brute_at(&b->docs[d], o, text + skip, size - skip)) {
                size_t at = o + size - skip;
                want[1 + first_token(bpe, b->docs[d].bytes + at, b->docs[d].size - at)]++;
                sum++;
            }
    CHECK_OK(eid_index_next_tokens(ix, ctx, bpe, ids, n, 1 << 20, &k));
    CHECK_INT(k.used, size - skip);
    CHECK_INT(k.tokens, n - from);
    CHECK_INT(k.places, sum);
    for (size_t i = 0; i < k.n; i++) {
        CHECK_INT(k.next[i].count, want[1 + k.next[i].id]);
        sum -= k.next[i].count;
    }
    CHECK_INT(sum, 0);
    if (k.count > 3 && k.places > 3) { /* a sample of the places */
        eid_continuation few = {0};
        CHECK_OK(eid_index_next_tokens(ix, ctx, bpe, ids, n, 3, &few));
        CHECK_INT(few.places, 3);
        CHECK_INT(few.count, k.count);
        eid_continuation_free(&few);
    }
    eid_continuation_free(&k);
    eid_bytes_free(text);
}

static void next_tokens_are_what_brute_force_finds(void)
{
    brute b = brute_random(9, 30, 300, letters, 5);
    eid_index *ix = test_shards(&b, 3, 2);
    eid_ctx *ctx = test_ctx(2);
    eid_bpe *bpe = trained(ctx, &b);
    eid_rng rng = eid_rng_seed(4);
    eid_continuation k = {0};
    for (int q = 0; bpe && q < 60; q++) {
        uint8_t text[24];
        int32_t *ids = NULL;
        size_t n_ids = 0, n = random_text(&b, &rng, text, 1 + (size_t)q % 24);
        CHECK_OK(eid_bpe_encode(bpe, text, n, false, &ids, &n_ids));
        ask_tokens(&b, ix, ctx, bpe, ids, n_ids);
        eid_ids_free(ids);
    }
    CHECK_FAILS(eid_index_next_tokens(ix, ctx, bpe, (int32_t[]){100000}, 1, 9, &k), EID_EINVAL, "");
    CHECK_FAILS(eid_index_next_tokens(ix, ctx, bpe, NULL, 0, 0, &k), EID_EINVAL, "places");
    CHECK_OK(eid_index_next_tokens(ix, ctx, bpe, NULL, 0, 9, &k)); /* nothing: no continuation */
    CHECK_INT(k.n, 0);
    eid_continuation_free(&k);
    eid_bpe_free(bpe);
    eid_ctx_free(ctx);
    eid_index_free(ix);
    brute_free(&b);
}

/* ---- spans ----------------------------------------------------------------------------------- */

static void spans_are_what_brute_force_finds(void)
{
    enum { N = 80 };
    for (uint64_t seed = 0; seed < 10; seed++) {
        brute b = brute_random(seed, 14, 30, (const uint8_t *)"abc", 3);
        eid_index *ix = test_shards(&b, 1 + seed % 3, 2);
        eid_ctx *ctx = test_ctx(2);
        eid_rng rng = eid_rng_seed(seed);
        uint8_t text[N], cover[N] = {0};
        size_t n = random_text(&b, &rng, text, N), min = 1 + (size_t)seed, n_got, covered, k = 0;
        eid_span *got = NULL;
        CHECK_OK(eid_index_spans(ix, ctx, text, n, min, &got, &n_got, &covered));
        for (size_t i = 0; i < n; i++) {
            size_t end = i + brute_longest(&b, text + i, n - i);
            size_t left = i > 0 ? i - 1 + brute_longest(&b, text + i - 1, n - i + 1) : 0;
            if (end <= left || end - i < min)
                continue;
            size_t at = 0;
            while (at < n_got && (got[at].start != i || got[at].end != end))
                at++;
            CHECK(at < n_got);
            if (at < n_got) {
                int64_t documents, count = brute_places(&b, text + i, end - i, NULL, 0, &documents);
                CHECK_INT(got[at].count, count);
                CHECK_INT(got[at].documents, documents);
            }
            memset(cover + i, 1, end - i);
            k++;
        }
        CHECK_INT(n_got, k);
        for (size_t i = 1; i < n_got; i++)
            CHECK(got[i - 1].end - got[i - 1].start >= got[i].end - got[i].start);
        for (size_t i = k = 0; i < n; i++)
            k += cover[i];
        CHECK_INT(covered, k);
        eid_spans_free(got);
        eid_ctx_free(ctx);
        eid_index_free(ix);
        brute_free(&b);
    }
}

static void spans_hold_whole_characters(void)
{
    /* e with acute is C3 A9, with grave C3 A8: their first bytes are alike */
    eid_document docs[] = {{"a", (const uint8_t *)"caf\xC3\xA9", 5},
                           {"b", (const uint8_t *)"xy\xA9z", 4}};
    eid_index *ix = test_index(&(brute){docs, 2}, false, false);
    eid_ctx *ctx = test_ctx(1);
    eid_span *s = NULL;
    size_t n = 0, covered = 0;
    CHECK_OK(eid_index_spans(ix, ctx, (const uint8_t *)"caf\xC3\xA8z", 6, 1, &s, &n, &covered));
    CHECK_INT(n, 2);
    CHECK(s[0].start == 0 && s[0].end == 3 && s[1].start == 5);
    CHECK_INT(covered, 4);
    eid_spans_free(s);
    CHECK_OK(eid_index_spans(ix, ctx, (const uint8_t *)"\xA9z", 2, 1, &s, &n, &covered));
    CHECK_INT(n, 1); /* not UTF-8 itself: bytes are bytes */
    CHECK_INT(covered, 2);
    eid_spans_free(s);
    CHECK_FAILS(eid_index_spans(ix, ctx, docs[0].bytes, 5, 0, &s, &n, &covered), EID_EINVAL,
                "0 bytes");
    eid_ctx_free(ctx);
    eid_index_free(ix);
}

/* ---- overlaps -------------------------------------------------------------------------------- */

static void overlaps_are_what_brute_force_finds(void)
{
    enum { TESTS = 40 };
    for (uint64_t seed = 0; seed < 6; seed++) {
        brute b = brute_random(seed, 10, 200, (const uint8_t *)"ab  ", 4);
        brute t = brute_random(99 + seed, TESTS, 40, (const uint8_t *)"ab \n", 4);
        for (size_t i = 0; i < t.n; i += 3) { /* pieces of the text */
            const eid_document *d = &b.docs[i % b.n];
            for (size_t k = 0; k < t.docs[i].size && 5 + k < d->size; k++)
                ((uint8_t *)t.docs[i].bytes)[k] = d->bytes[5 + k];
        }
        eid_index *ix = test_shards(&b, 1 + seed % 3, 2);
        eid_ctx *ctx = test_ctx(1 + (int)seed);
        eid_corpus *c = NULL;
        eid_overlap out[TESTS];
        eid_overlap_opts o = {.ngram = 2 + (int64_t)seed % 3, .min_words = 2, .share = 0};
        CHECK_OK(eid_corpus_from(&c, t.docs, t.n));
        CHECK_OK(eid_index_overlaps(ix, ctx, c, &o, out));
        for (size_t i = 0; i < t.n; i++) {
            const uint8_t *x = t.docs[i].bytes;
            size_t start[64], end[64], n = 0, g = (size_t)o.ngram, covered = 0;
            bool in[64] = {false};
            int64_t found = 0, whole = 0;
            for (size_t k = 0; k < t.docs[i].size; k++)
                if (x[k] > ' ') {
                    if (k == 0 || x[k - 1] <= ' ')
                        start[n++] = k;
                    end[n - 1] = k + 1;
                }
            for (size_t k = 0; k + g <= n; k++)
                if (brute_count(&b, x + start[k], end[k + g - 1] - start[k]) > 0) {
                    found++;
                    for (size_t w = k; w < k + g; w++)
                        in[w] = true;
                }
            for (size_t k = 0; k < n; k++)
                covered += in[k];
            if (n > 0)
                whole = brute_count(&b, x + start[0], end[n - 1] - start[0]);
            CHECK_INT(out[i].words, n);
            CHECK_INT(out[i].ngrams, n >= g ? n - g + 1 : 0);
            CHECK_INT(out[i].ngrams_found, found);
            CHECK_INT(out[i].words_found, covered);
            CHECK_INT(out[i].copies, whole);
            CHECK_INT(out[i].level, n < 2   ? EID_OVERLAP_SHORT
                                    : whole ? EID_OVERLAP_WHOLE
                                    : found ? EID_OVERLAP_NGRAM
                                            : EID_OVERLAP_CLEAN);
            if (out[i].level >= EID_OVERLAP_NGRAM)
                CHECK(brute_at(&b.docs[out[i].place.doc], (size_t)out[i].place.offset,
                               x + out[i].longest_start, out[i].longest));
            else
                CHECK_INT(out[i].place.doc, -1);
        }
        o.ngram = 0;
        CHECK_FAILS(eid_index_overlaps(ix, ctx, c, &o, out), EID_EINVAL, "0 words");
        eid_corpus_free(c);
        eid_ctx_free(ctx);
        eid_index_free(ix);
        brute_free(&t);
        brute_free(&b);
    }
}

/* No failed allocation is swallowed or leaks. */
static void failed_allocations_are_told(void)
{
    brute b = brute_random(2, 10, 50, letters, 5);
    eid_index *ix = test_shards(&b, 2, 1);
    eid_ctx *ctx = test_ctx(1);
    eid_corpus *c = NULL;
    eid_overlap out[10];
    CHECK_OK(eid_corpus_from(&c, b.docs, b.n));
    for (int64_t k = 1; k < 40; k++) {
        eid_span *s = NULL;
        size_t n, covered;
        eid_continuation next = {0};
        const uint8_t *text = b.docs[3].bytes;
        eid_fail_allocation(k);
        eid_status a = eid_index_spans(ix, ctx, text, b.docs[3].size, 2, &s, &n, &covered);
        eid_fail_allocation(k);
        eid_status d = eid_index_next_bytes(ix, text, 2, &next);
        eid_fail_allocation(k);
        eid_status e = eid_index_overlaps(ix, ctx, c, NULL, out);
        eid_fail_allocation(0);
        CHECK((a == EID_OK || a == EID_ENOMEM) && (d == EID_OK || d == EID_ENOMEM) &&
              (e == EID_OK || e == EID_ENOMEM));
        eid_spans_free(s);
        eid_continuation_free(&next);
    }
    eid_corpus_free(c);
    eid_ctx_free(ctx);
    eid_index_free(ix);
    brute_free(&b);
}

int main(void)
{
    RUN(matches_are_what_brute_force_finds);
    RUN(long_matches_equal_single_questions);
    RUN(next_bytes_are_what_brute_force_finds);
    RUN(next_tokens_are_what_brute_force_finds);
    RUN(spans_are_what_brute_force_finds);
    RUN(spans_hold_whole_characters);
    RUN(overlaps_are_what_brute_force_finds);
    RUN(failed_allocations_are_told);
    return DONE();
}
