/* Training, encoding, decoding: against the definition, for any bytes and any number of threads. */
#include "bpe_ref.h"
#include "check.h"
#include "eidetic/rng.h"

static eid_ctx *ctx_of(int threads)
{
    eid_ctx *ctx = NULL;
    eid_ctx_opts o = eid_ctx_opts_default();

    o.threads = threads;
    CHECK_OK(eid_ctx_new(&ctx, &o));
    return ctx;
}

/* Text of few letters, so that pairs repeat and tie; `style` picks the alphabet, 4 is any bytes. */
static size_t babble(uint8_t *text, size_t n, uint64_t seed, int style)
{
    static const char *const alphabet[] = {"ab ", "aaab", "abcde  \n'",
                                           "the cat sat on it, 12 's\xC3\xA9", ""};
    size_t letters = strlen(alphabet[style]);
    eid_rng rng = eid_rng_seed(seed);

    for (size_t i = 0; i < n; i++)
        text[i] = style == 4 ? (uint8_t)eid_rng_below(&rng, 256)
                             : (uint8_t)alphabet[style][eid_rng_below(&rng, letters)];
    return n;
}

static eid_bpe *trained(eid_ctx *ctx, const uint8_t *text, size_t n, int64_t vocab, int64_t least)
{
    eid_corpus *c = NULL;
    eid_bpe *b = NULL;
    eid_document d = {.bytes = text, .size = n};
    eid_bpe_opts o = {.vocab = vocab, .min_frequency = least};

    CHECK_OK(eid_corpus_from(&c, &d, 1));
    CHECK_OK(eid_bpe_train(&b, ctx, c, &o));
    eid_corpus_free(c);
    return b;
}

static bool same_ids(const int32_t *a, size_t n, const int32_t *b, size_t m)
{
    return n == m && memcmp(a, b, n * sizeof *a) == 0;
}

/* The words of a text, for the naive trainer; its alphabet as the first 256 entries. */
static int ref_words(ref_bpe *r, ref_word *word, const uint8_t *text, size_t n)
{
    eid_splitter *splitter = NULL;
    eid_split s;
    const uint8_t *token;
    int words = 0, id_of[256];

    memset(r, 0, sizeof *r);
    for (int i = 0; i < 256; i++) {
        uint8_t byte = eid_bpe_nth_byte(i);
        id_of[byte] = ref_entry(r, (const char *)&byte, 1);
    }
    CHECK_OK(eid_splitter_new(&splitter, true));
    CHECK_OK(eid_split_open(&s, splitter));
    eid_split_text(&s, text, n);
    while (eid_split_next_ref(&s, &token, &n) == EID_OK && n) {
        ref_word w = {.n = (int)n, .count = 1};
        int at = 0;
        for (size_t i = 0; i < n; i++)
            w.id[i] = id_of[token[i]];
        while (at < words && !(word[at].n == w.n && memcmp(word[at].id, w.id, sizeof w.id) == 0))
            at++;
        if (at == words)
            word[words++] = w;
        else
            word[at].count++;
    }
    eid_split_close(&s);
    eid_splitter_free(splitter);
    return words;
}

static void training_is_the_naive_trainers(void)
{
    static ref_bpe r;
    static ref_word word[REF_WORDS];
    uint8_t text[600];
    eid_ctx *ctx = ctx_of(2);

    for (uint64_t seed = 0; seed < 40; seed++) {
        size_t n = babble(text, 40 + 14 * seed, seed, (int)(seed % 5));
        int64_t vocab = 257 + (int64_t)(seed * 7 % 60), least = 1 + (int64_t)(seed % 3);
        eid_bpe *b = trained(ctx, text, n, vocab, least);
        ref_train(&r, word, ref_words(&r, word, text, n), (int)vocab - 1, least);
        CHECK_INT(b->merges, r.merges);
        CHECK_INT(b->vocab, r.entries + 1);
        if (b->merges == (size_t)r.merges && r.merges)
            CHECK(memcmp(b->merge, r.merge, b->merges * sizeof *b->merge) == 0);
        eid_bpe_free(b);
    }
    eid_ctx_free(ctx);
}

static void encoding_is_the_naive_encoders(void)
{
    uint8_t text[4000], word[120];
    eid_ctx *ctx = ctx_of(1);

    for (int style = 0; style < 5; style++) {
        eid_bpe *b = trained(ctx, text, babble(text, sizeof text, 9, style), 420, 1);
        b->by_pattern = false; /* whole words, however they look */
        eid_splitter_free(b->splitter);
        b->splitter = NULL;
        CHECK_OK(eid_splitter_new(&b->splitter, false));
        for (uint64_t seed = 0; seed < 200; seed++) {
            size_t n = babble(word, 1 + seed % sizeof word, 100 + seed, style), m = 0;
            int32_t want[120], *got = NULL;
            if (style >= 3) /* no stretches of UTF-8 */
                for (size_t i = 0; i < n; i++)
                    word[i] &= 0x7F;
            int len = ref_encode(b, word, n, want);
            CHECK_OK(eid_bpe_encode(b, word, n, false, &got, &m));
            CHECK(same_ids(got, m, want, (size_t)len));
            eid_ids_free(got);
        }
        eid_bpe_free(b);
    }
    eid_ctx_free(ctx);
}

static void any_bytes_come_back(void)
{
    uint8_t text[3000];
    eid_ctx *ctx = ctx_of(1);
    eid_bpe *b = trained(ctx, text, babble(text, sizeof text, 3, 3), 400, 1);

    for (uint64_t seed = 0; seed < 100; seed++) {
        size_t n = babble(text, seed * 29, seed, (int)(seed % 5)), m, size;
        int32_t *ids = NULL;
        uint8_t *back = NULL;
        CHECK_OK(eid_bpe_encode(b, text, n, seed & 1, &ids, &m));
        CHECK_OK(eid_bpe_decode(b, ids, m, &back, &size));
        CHECK(size == n && memcmp(back, text, n) == 0);
        eid_ids_free(ids);
        eid_bytes_free(back);
    }
    eid_bpe_free(b);
    eid_ctx_free(ctx);
}

/* 0xFF is the most frequent neighbour of itself, and yet no pair; a cut-off character is bytes. */
static void invalid_bytes_never_merge(void)
{
    const char *text = "\xFF\xFF\xFF\xFF\xFF\xFF \xE2\x82\xE2\x82\xE2\x82 \xE2\x82\xAC\xE2\x82\xAC";
    eid_ctx *ctx = ctx_of(1);
    eid_bpe *b = trained(ctx, (const uint8_t *)text, strlen(text), 300, 1);
    int32_t *ids = NULL;
    size_t n;

    for (int32_t id = 256; id < b->vocab - 1; id++) {
        const uint8_t *p = eid_bpe_bytes(b, id, &n);
        CHECK(!memchr(p, 0xFF, n));
    }
    CHECK(b->merges > 0); /* the euro signs' */
    CHECK_OK(eid_bpe_encode(b, (const uint8_t *)"\xE2\x82\xE2\x82\xAC", 5, false, &ids, &n));
    CHECK(n >= 3 && ids[0] == b->byte_id[0xE2] && ids[1] == b->byte_id[0x82]);
    eid_ids_free(ids);
    eid_bpe_free(b);
    eid_ctx_free(ctx);
}

enum { DOCS = 57 };

static eid_corpus *many(uint8_t *text, size_t each)
{
    eid_document doc[DOCS];
    eid_corpus *c = NULL;

    for (size_t i = 0; i < DOCS; i++) {
        doc[i] = (eid_document){.bytes = text + i * each, .size = i % 7 ? each - i : 0};
        babble(text + i * each, each, i, (int)(i % 4));
    }
    CHECK_OK(eid_corpus_from(&c, doc, DOCS));
    return c;
}

static void threads_change_nothing(void)
{
    enum { EACH = 40000 };
    uint8_t *text = malloc(DOCS * (size_t)EACH);
    eid_corpus *c = many(text, EACH);
    eid_bpe_opts o = eid_bpe_opts_default();
    eid_bpe *first = NULL;
    eid_tokens *tokens = NULL;

    o.vocab = 600;
    for (int threads = 1; threads <= 5; threads += 2) {
        eid_ctx *ctx = ctx_of(threads);
        eid_bpe *b = NULL;
        eid_tokens *t = NULL;
        CHECK_OK(eid_bpe_train(&b, ctx, c, &o));
        CHECK_OK(eid_bpe_encode_corpus(&t, ctx, b, c));
        if (first) {
            CHECK(b->merges == first->merges &&
                  memcmp(b->merge, first->merge, b->merges * sizeof *b->merge) == 0);
            CHECK(b->text.n == first->text.n && memcmp(b->text.at, first->text.at, b->text.n) == 0);
            CHECK(memcmp(t->start, tokens->start, (DOCS + 1) * sizeof *t->start) == 0);
            CHECK(memcmp(t->id, tokens->id, (size_t)t->start[DOCS] * sizeof *t->id) == 0);
        }
        eid_bpe_free(first);
        eid_tokens_free(tokens);
        first = b;
        tokens = t;
        eid_ctx_free(ctx);
    }
    for (size_t i = 0; i < DOCS; i++) {
        eid_document d = eid_corpus_doc(c, i);
        int32_t *ids = NULL;
        size_t n;
        CHECK_OK(eid_bpe_encode(first, d.bytes, d.size, false, &ids, &n));
        CHECK(same_ids(ids, n, tokens->id + tokens->start[i],
                       (size_t)(tokens->start[i + 1] - tokens->start[i])));
        eid_ids_free(ids);
    }
    eid_tokens_free(tokens);
    eid_bpe_free(first);
    eid_corpus_free(c);
    free(text);
}

/* 300,000 equal letters are one pre-token: a quadratic merge would take minutes. */
static void a_long_pretoken_takes_no_time(void)
{
    size_t n = 300000, m;
    uint8_t *text = malloc(n);
    eid_ctx *ctx = ctx_of(1);
    eid_bpe *b;
    int32_t *ids = NULL;

    memset(text, 'a', n);
    b = trained(ctx, text, n, 270, 2); /* a, aa, aaaa, ... */
    CHECK_OK(eid_bpe_encode(b, text, n, false, &ids, &m));
    CHECK(m > 1 && m < 100);
    eid_ids_free(ids);
    eid_bpe_free(b);
    eid_ctx_free(ctx);
    free(text);
}

static void specials_only_when_asked_for(void)
{
    const char *text = "a" EID_BPE_END "b";
    size_t n = strlen(text), m, size;
    eid_ctx *ctx = ctx_of(1);
    eid_bpe *b = trained(ctx, (const uint8_t *)text, n, 257, 2);
    int32_t *ids = NULL;
    uint8_t *back = NULL;

    CHECK_INT(eid_bpe_vocab(b), 257);
    CHECK_INT(eid_bpe_end(b), 256);
    CHECK_OK(eid_bpe_encode(b, (const uint8_t *)text, n, true, &ids, &m));
    CHECK(m == 3 && ids[1] == 256);
    CHECK_OK(eid_bpe_decode(b, ids, m, &back, &size));
    CHECK_STR((char *)back, text);
    eid_ids_free(ids);
    eid_bytes_free(back);
    CHECK_OK(eid_bpe_encode(b, (const uint8_t *)text, n, false, &ids, &m));
    CHECK_INT(m, n);
    eid_ids_free(ids);
    eid_bpe_free(b);
    eid_ctx_free(ctx);
}

static void wrong_arguments_are_told(void)
{
    eid_ctx *ctx = ctx_of(1);
    eid_bpe *b = trained(ctx, (const uint8_t *)"ab", 2, 257, 1), *none = NULL;
    eid_corpus *c = NULL;
    eid_document d = {.bytes = (const uint8_t *)"x", .size = 1};
    eid_bpe_opts o = {.vocab = 256, .min_frequency = 1};
    uint8_t *text = NULL;
    size_t n;

    CHECK_OK(eid_corpus_from(&c, &d, 1));
    CHECK_FAILS(eid_bpe_train(&none, ctx, c, &o), EID_EINVAL, "256 entries");
    CHECK_FAILS(eid_bpe_decode(b, (int32_t[]){1, 257}, 2, &text, &n), EID_EINVAL,
                "id 257 at place 1");
    CHECK_FAILS(eid_bpe_decode(b, (int32_t[]){-1}, 1, &text, &n), EID_EINVAL, "id -1");
    CHECK(!eid_bpe_bytes(b, 257, &n) && !eid_bpe_bytes(b, -1, &n));
    eid_ctx_cancel(ctx);
    o.vocab = 300;
    CHECK_FAILS(eid_bpe_train(&none, ctx, c, &o), EID_ECANCELLED, "");
    eid_bpe_free(b);
    eid_corpus_free(c);
    eid_ctx_free(ctx);
}

/* Whichever allocation fails, the call says so and frees what it had. */
static void running_out_of_memory_leaves_nothing(void)
{
    uint8_t text[2000];
    size_t n = babble(text, sizeof text, 5, 3), m;
    eid_ctx *ctx = ctx_of(1);
    eid_corpus *c = NULL;
    eid_document d = {.bytes = text, .size = n};
    eid_bpe_opts o = {.vocab = 300, .min_frequency = 1};
    eid_status st = EID_ENOMEM;

    CHECK_OK(eid_corpus_from(&c, &d, 1));
    for (int64_t k = 1; st != EID_OK; k++) {
        eid_bpe *b = NULL;
        eid_tokens *t = NULL;
        int32_t *ids = NULL;
        eid_fail_allocation(k);
        st = eid_bpe_train(&b, ctx, c, &o);
        st = st != EID_OK ? st : eid_bpe_encode_corpus(&t, ctx, b, c);
        st = st != EID_OK ? st : eid_bpe_encode(b, text, n, true, &ids, &m);
        eid_fail_allocation(0);
        CHECK(st == EID_OK || st == EID_ENOMEM);
        CHECK(k < 3000);
        eid_ids_free(ids);
        eid_tokens_free(t);
        eid_bpe_free(b);
    }
    eid_corpus_free(c);
    eid_ctx_free(ctx);
}

int main(void)
{
    RUN(training_is_the_naive_trainers);
    RUN(encoding_is_the_naive_encoders);
    RUN(any_bytes_come_back);
    RUN(invalid_bytes_never_merge);
    RUN(threads_change_nothing);
    RUN(a_long_pretoken_takes_no_time);
    RUN(specials_only_when_asked_for);
    RUN(wrong_arguments_are_told);
    RUN(running_out_of_memory_leaves_nothing);
    return DONE();
}
