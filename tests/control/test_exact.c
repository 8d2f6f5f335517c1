/* test_exact.c - what is cut equals brute force: any threads, any memory, any hash. */
#include "../check.h"
#include "control/cuts.h"
#include "control/exact_cuts.h"
#include "eidetic/index.h"
#include "eidetic/rng.h"

static eid_ctx *ctx_of(int threads)
{
    eid_ctx_opts o = {.threads = threads, .memory = 1 << 26};
    eid_ctx *ctx = NULL;
    CHECK_OK(eid_ctx_new(&ctx, &o));
    return ctx;
}

enum { MOST = 4096, DOCS = 16 };

typedef struct text {
    uint8_t at[MOST];
    size_t n, docs, start[DOCS + 1];
} text;

/* Documents of random letters, of copies of what came before, and of one letter. */
static void make(text *t, eid_rng *rng, size_t most)
{
    size_t letters = 1 + (size_t)eid_rng_below(rng, 4);

    t->n = 0;
    t->docs = 1 + (size_t)eid_rng_below(rng, DOCS);
    for (size_t d = 0; d < t->docs; d++) {
        size_t size = (size_t)eid_rng_below(rng, most / t->docs + 1);
        t->start[d] = t->n;
        for (size_t i = 0; i < size;) {
            size_t n = 1 + (size_t)eid_rng_below(rng, 40), how = (size_t)eid_rng_below(rng, 4);
            n = n < size - i ? n : size - i;
            size_t from = t->n > 0 ? (size_t)eid_rng_below(rng, t->n) : 0;
            for (size_t k = 0; k < n; k++, t->n++)
                t->at[t->n] = how == 0 || t->n == 0 ? (uint8_t)('a' + eid_rng_below(rng, letters))
                              : how == 1            ? 'a'
                                                    : t->at[from + k];
            i += n;
        }
    }
    t->start[t->docs] = t->n;
}

static void brute(const text *t, size_t length, bool both, bool *cut)
{
    memset(cut, 0, t->n);
    for (size_t d = 0; d < t->docs; d++)
        for (size_t p = t->start[d]; p + length <= t->start[d + 1]; p++) {
            bool found = false;
            for (size_t e = 0; e <= (both ? t->docs - 1 : d) && !found; e++)
                for (size_t q = t->start[e]; q + length <= t->start[e + 1] && !found; q++)
                    found = q != p && (both || e < d || q + length <= p) &&
                            memcmp(t->at + p, t->at + q, length) == 0;
            for (size_t i = p; found && i < p + length; i++)
                cut[i] = true;
        }
}

/* Of every cut byte, its kept one: not cut, and equal. */
static void check_places(const text *t, const eid_dedup_cuts *cuts, const bool *cut)
{
    for (size_t i = 0; i < eid_dedup_cuts_size(cuts); i++) {
        const eid_dedup_cut *c = eid_dedup_cuts_at(cuts, i);
        size_t from = t->start[c->kept_document] + (size_t)c->kept_start;
        size_t at = t->start[c->document] + (size_t)c->start;
        for (int64_t k = 0; k < c->end - c->start; k++) {
            CHECK(!cut[from + (size_t)k]);
            CHECK(t->at[from + (size_t)k] == t->at[at + (size_t)k]);
        }
        CHECK(from + (size_t)(c->end - c->start) <= t->start[c->kept_document + 1]);
    }
}

static void units_of(control_units *u, const text *t)
{
    CHECK_OK(control_units_init(u, 1, SIZE_MAX / 2, NULL));
    for (size_t d = 0; d < t->docs; d++)
        CHECK_OK(control_units_add(u, t->at + t->start[d], t->start[d + 1] - t->start[d]));
}

static void compare(eid_ctx *ctx, const text *t, const exact_opts *o, bool both)
{
    static bool want[MOST], got[MOST];
    control_units u;
    exact_matches m = {0};
    eid_dedup_cuts *cuts = NULL;
    int64_t passes = 0;

    brute(t, o->length, both, want);
    units_of(&u, t);
    CHECK_OK(exact_find(&m, ctx, &u, o, both, &passes));
    CHECK_OK(exact_cuts(&cuts, &u, NULL, &m));
    memset(got, 0, sizeof got);
    for (size_t i = 0; i < eid_dedup_cuts_size(cuts); i++) {
        const eid_dedup_cut *c = eid_dedup_cuts_at(cuts, i);
        for (int64_t k = c->start; k < c->end; k++)
            got[t->start[c->document] + (size_t)k] = true;
    }
    CHECK(memcmp(want, got, t->n) == 0);
    if (!both)
        check_places(t, cuts, got);
    eid_dedup_cuts_free(cuts);
    eid_free(m.at);
    control_units_free(&u);
}

/* Small tables make many passes, few bits of hash many collisions, small pieces many borders. */
static void equals_brute_force(void)
{
    static text t;
    for (int threads = 1; threads <= 8; threads += threads < 2 ? 1 : 3) {
        eid_ctx *ctx = ctx_of(threads);
        for (uint64_t seed = 0; seed < 150; seed++) {
            eid_rng rng = eid_rng_seed(seed);
            make(&t, &rng, seed % 10 ? 300 : 1500);
            size_t length = 2 + (size_t)eid_rng_below(&rng, 24);
            bool both = seed % 2;
            exact_opts o = exact_opts_for(1 << 26, 1, (int64_t)t.n, length);
            o.overlap = both;
            o.piece = 1 + (size_t)eid_rng_below(&rng, 200);
            o.pieces = 1 + (size_t)eid_rng_below(&rng, 5);
            if (seed % 3 == 0)
                o.mask = 7ull << 61 | 0x3F;
            else
                o.slots = 8 + (size_t)eid_rng_below(&rng, 64);
            o.filter = seed % 5 == 0 ? 64 : o.filter;
            o.regions = seed % 7 == 0 ? 3 : o.regions;
            compare(ctx, &t, &o, both);
        }
        eid_ctx_free(ctx);
    }
}

/* Eight documents and their copies: every table finds each copy, and none needs to be held twice.
 */
static void a_match_found_by_all_tables_is_held_once(void)
{
    static text t;
    eid_ctx *ctx = ctx_of(2);
    eid_rng rng = eid_rng_seed(4);

    t = (text){.n = 3200, .docs = DOCS};
    for (size_t i = 0; i < t.n; i++)
        t.at[i] = i < 1600 ? (uint8_t)eid_rng_below(&rng, 256) : t.at[i - 1600];
    for (size_t d = 0; d <= t.docs; d++)
        t.start[d] = d * 200;
    exact_opts o = exact_opts_for(1 << 26, 1, (int64_t)t.n, 20);
    o.piece = 16;
    o.pieces = 1;
    o.matches = 4; /* of each table, 32 in all: the tables find 64 */
    compare(ctx, &t, &o, false);
    o.matches = 1;
    exact_matches m = {0};
    control_units u;
    int64_t passes;
    for (size_t i = 0; i < t.n; i++)
        t.at[i] = (uint8_t)(i % 40 < 20 ? i % 40 : eid_rng_below(&rng, 256));
    units_of(&u, &t);
    CHECK_FAILS(exact_find(&m, ctx, &u, &o, false, &passes), EID_ENOMEM, "raise --memory");
    eid_free(m.at);
    control_units_free(&u);
    eid_ctx_free(ctx);
}

static void cuts_are(const char *const *docs, size_t n, const char *exact, int64_t keep,
                     const char *want)
{
    eid_document d[16];
    eid_dedup_opts o = {.exact = exact, .keep = keep};
    eid_corpus *c = NULL;
    eid_dedup_cuts *cuts = NULL;
    eid_ctx *ctx = ctx_of(2);
    char got[512] = "";

    for (size_t i = 0; i < n; i++)
        d[i] = (eid_document){NULL, (const uint8_t *)docs[i], strlen(docs[i])};
    CHECK_OK(eid_corpus_from(&c, d, n));
    CHECK_OK(eid_dedup_exact(&cuts, ctx, c, NULL, &o));
    for (size_t i = 0; cuts && i < eid_dedup_cuts_size(cuts); i++) {
        const eid_dedup_cut *x = eid_dedup_cuts_at(cuts, i);
        size_t k = strlen(got);
        snprintf(got + k, sizeof got - k, "%s%d:%d-%d<%d:%d", i ? " " : "", (int)x->document,
                 (int)x->start, (int)x->end, (int)x->kept_document, (int)x->kept_start);
    }
    if (strcmp(got, want) != 0)
        CHECK_FAIL("got \"%s\", want \"%s\"", got, want);
    eid_dedup_cuts_free(cuts);
    eid_corpus_free(c);
    eid_ctx_free(ctx);
}

static void by_hand(void)
{
    cuts_are((const char *[]){"one two three", "", "one two three"}, 3, "8b", EID_KEEP_FIRST,
             "2:0-13<0:0");
    cuts_are((const char *[]){"one two three", "", "one two three"}, 3, "8b", EID_KEEP_NONE,
             "0:0-13<-1:-1 2:0-13<-1:-1");
    /* a run of one letter keeps one copy of the length */
    cuts_are((const char *[]){"aaaaaaaaaaaaaaaaaaaa"}, 1, "8b", EID_KEEP_FIRST,
             "0:8-16<0:0 0:16-20<0:0");
    cuts_are((const char *[]){"aaaaaaaaaaaaaaa"}, 1, "8b", EID_KEEP_FIRST, "");
    cuts_are((const char *[]){"aaaaaaaaaaaaaaa"}, 1, "8b", EID_KEEP_NONE, "0:0-15<-1:-1");
    /* no match crosses a border */
    cuts_are((const char *[]){"abcd", "efgh", "abcdefgh"}, 3, "8b", EID_KEEP_FIRST, "");
    /* the source is cut itself: its text stays in the first */
    cuts_are((const char *[]){"ABCDEFGHIJ", "_ABCDEFGHIJ_klmnop_", "J_klmnop_ABCDEFGHI"}, 3, "8b",
             EID_KEEP_FIRST, "1:1-11<0:0 2:0-1<0:9 2:1-9<1:11 2:9-18<0:0");
}

/* Ranges shrink to whole characters; what is not UTF-8 is cut where it is. */
static void characters_stay_whole(void)
{
    cuts_are((const char *[]){"x\xC3\xA9"
                              "abcdefgh\xC3\xA9y",
                              "z\xC4\xA9"
                              "abcdefgh\xC3\xAAz"},
             2, "8b", EID_KEEP_FIRST, "1:3-11<0:3");
    cuts_are((const char *[]){"x\xA9"
                              "abcdefgh\xC3y",
                              "z\xA9"
                              "abcdefgh\xC3z"},
             2, "8b", EID_KEEP_FIRST, "1:1-11<0:1");
}

/* Tokens: repeats of whole tokens, whatever bytes lie between. */
static void tokens_are_units(void)
{
    static text t;
    static bool want[MOST];
    eid_bpe_opts small = eid_bpe_opts_default();
    eid_ctx *ctx = ctx_of(3);
    int64_t cut = 0;

    small.vocab = 300;
    for (uint64_t seed = 0; seed < 30; seed++) {
        eid_rng rng = eid_rng_seed(seed);
        eid_document d[DOCS];
        eid_corpus *c = NULL;
        eid_bpe *bpe = NULL;
        eid_dedup_cuts *cuts = NULL;
        eid_dedup_opts o = {.exact = seed % 2 ? "3t" : "6t"};
        size_t length = seed % 2 ? 3 : 6;
        make(&t, &rng, 1200);
        for (size_t i = 0; i < t.n; i++) /* one byte in some is half of a character */
            t.at[i] = t.at[i] == 'd' ? 0xC3 : t.at[i] == 'c' ? ' ' : t.at[i];
        for (size_t i = 0; i < t.docs; i++)
            d[i] = (eid_document){NULL, t.at + t.start[i], t.start[i + 1] - t.start[i]};
        CHECK_OK(eid_corpus_from(&c, d, t.docs));
        CHECK_OK(eid_bpe_train(&bpe, ctx, c, &small));
        CHECK_OK(eid_dedup_exact(&cuts, ctx, c, bpe, &o));
        /* brute force: windows of tokens, as bytes */
        memset(want, 0, sizeof want);
        static int32_t id[MOST];
        static size_t at[MOST + 1], from[DOCS + 1];
        size_t n = 0, byte = 0;
        for (size_t i = 0; i < t.docs; i++) {
            int32_t *ids = NULL;
            size_t k = 0, size;
            from[i] = n;
            CHECK_OK(eid_bpe_encode(bpe, d[i].bytes, d[i].size, false, &ids, &k));
            for (size_t j = 0; j < k; j++) {
                id[n] = ids[j];
                at[n++] = byte;
                if (eid_bpe_bytes(bpe, ids[j], &size))
                    byte += size;
            }
            eid_ids_free(ids);
        }
        from[t.docs] = n;
        at[n] = byte;
        for (size_t e = 0; e < t.docs; e++)
            for (size_t p = from[e]; p + length <= from[e + 1]; p++)
                for (size_t f = 0; f <= e; f++)
                    for (size_t q = from[f]; q + length <= from[f + 1]; q++)
                        if ((f < e || q + length <= p) &&
                            memcmp(id + p, id + q, length * sizeof *id) == 0)
                            memset(want + at[p], 1, at[p + length] - at[p]);
        for (size_t i = 0; i < eid_dedup_cuts_size(cuts); i++) {
            const eid_dedup_cut *x = eid_dedup_cuts_at(cuts, i);
            for (int64_t b = x->start; b < x->end; b++, cut++) {
                size_t b_at = t.start[x->document] + (size_t)b;
                CHECK(want[b_at]);
                CHECK(t.at[b_at] ==
                      t.at[t.start[x->kept_document] + (size_t)(x->kept_start + b - x->start)]);
                want[b_at] = false;
            }
        }
        for (size_t b = 0; b < t.n; b++) /* no character is two bytes here: nothing shrinks */
            CHECK(!want[b]);
        eid_dedup_cuts_free(cuts);
        eid_bpe_free(bpe);
        eid_corpus_free(c);
    }
    CHECK(cut > 1000);
    eid_ctx_free(ctx);
}

/* An independent count: the suffix array's. */
static void agrees_with_the_index(void)
{
    enum { N = 60000 };
    static uint8_t at[N];
    eid_rng rng = eid_rng_seed(5);
    eid_document d[3];
    eid_corpus *c = NULL;
    eid_dedup_cuts *cuts = NULL;
    eid_index *ix = NULL;
    eid_repeats r = {0};
    eid_ctx *ctx = ctx_of(2);
    char path[] = "/tmp/eid-exact-XXXXXX";
    eid_dedup_opts o = {.exact = "12b", .keep = EID_KEEP_NONE};

    for (size_t i = 0; i < N; i++)
        at[i] =
            (uint8_t)(i > 100 && eid_rng_below(&rng, 20) ? at[i - 1 - eid_rng_below(&rng, 2)] + 1u
                                                         : eid_rng_below(&rng, 7));
    for (int i = 0; i < 3; i++)
        d[i] = (eid_document){NULL, at + i * (N / 3), N / 3};
    CHECK(close(mkstemp(path)) == 0);
    CHECK_OK(eid_corpus_from(&c, d, 3));
    CHECK_OK(eid_index_build(ctx, c, path));
    CHECK_OK(eid_index_open(&ix, path));
    CHECK_OK(eid_index_repeats(ix, ctx, 12, &r));
    CHECK_OK(eid_dedup_exact(&cuts, ctx, c, NULL, &o));
    CHECK(r.bytes > N / 20 && r.bytes < N);
    int64_t torn = r.bytes - eid_dedup_cuts_bytes(cuts); /* characters at the ends of ranges */
    CHECK(torn >= 0 && torn <= 6 * (int64_t)eid_dedup_cuts_size(cuts));
    eid_index_free(ix);
    eid_dedup_cuts_free(cuts);
    eid_corpus_free(c);
    eid_ctx_free(ctx);
    unlink(path);
}

/* Would take hours if any of it were quadratic. */
static void hard_text_is_quick(void)
{
    enum { N = 1 << 21 };
    static uint8_t at[N];
    eid_ctx *ctx = ctx_of(2);
    eid_dedup_opts o = {.exact = "200b"};

    for (int kind = 0; kind < 4; kind++) {
        static eid_document d[20000];
        size_t docs = kind == 2 ? 20000 : kind == 3 ? 2 : 1;
        eid_corpus *c = NULL;
        eid_dedup_cuts *cuts = NULL;
        for (size_t i = 0; i < N; i++)
            at[i] = kind == 1 ? "abc"[i % 3] : kind == 2 ? (uint8_t)(i * i >> 3) : 'a';
        for (size_t i = 0; i < docs; i++)
            d[i] = (eid_document){NULL, at, kind == 2 ? 300 : kind == 3 && !i ? 200 : N};
        CHECK_OK(eid_corpus_from(&c, d, docs));
        CHECK_OK(eid_dedup_exact(&cuts, ctx, c, NULL, &o));
        CHECK_INT(eid_dedup_cuts_bytes(cuts), kind == 2   ? 19999 * 300
                                              : kind == 0 ? N - 200
                                              : kind == 1 ? N - 201
                                                          : N);
        eid_dedup_cuts_free(cuts);
        eid_corpus_free(c);
    }
    eid_ctx_free(ctx);
}

int main(void)
{
    RUN(by_hand);
    RUN(characters_stay_whole);
    RUN(equals_brute_force);
    RUN(a_match_found_by_all_tables_is_held_once);
    RUN(tokens_are_units);
    RUN(agrees_with_the_index);
    RUN(hard_text_is_quick);
    return DONE();
}
