/* test_duplicates.c - repeated and shared strings against brute force, for any shards, threads. */
#include "index/duplicates.h"
#include "index/many.h"

/* ---- the truth, by looking everywhere -------------------------------------------------------- */

typedef struct text { /* all documents of one side or two */
    const eid_document *doc[512];
    int side[512];
    size_t n, base[512];
} text;

static text text_of(const brute *a, const brute *b)
{
    text t = {0};
    size_t base = 0;
    for (int side = 0; side < (b ? 2 : 1); side++)
        for (size_t d = 0; d < (side ? b : a)->n; d++) {
            t.doc[t.n] = &(side ? b : a)->docs[d];
            t.base[t.n] = base;
            base += t.doc[t.n]->size;
            t.side[t.n++] = side;
        }
    return t;
}

/* Copies of pat in either side. */
static void copies(const text *t, const uint8_t *pat, size_t n, int64_t count[2])
{
    count[0] = count[1] = 0;
    for (size_t d = 0; d < t->n; d++)
        for (size_t o = 0; o + n <= t->doc[d]->size; o++)
            count[t->side[d]] += memcmp(t->doc[d]->bytes + o, pat, n) == 0;
}

static bool first_place(const text *t, size_t d, size_t o, size_t n)
{
    for (size_t e = 0; e <= d; e++)
        for (size_t p = 0; p + n <= t->doc[e]->size && (e < d || p < o); p++)
            if (memcmp(t->doc[e]->bytes + p, t->doc[d]->bytes + o, n) == 0)
                return false;
    return true;
}

/* Not one byte can be added at either end without losing copies. */
static bool is_maximal(const text *t, const uint8_t *pat, size_t n, int64_t all)
{
    int64_t same_left = 0, same_right = 0;
    int left = -1, right = -1;
    for (size_t d = 0; d < t->n; d++)
        for (size_t o = 0; o + n <= t->doc[d]->size; o++) {
            const uint8_t *at = t->doc[d]->bytes + o;
            if (memcmp(at, pat, n) != 0)
                continue;
            int l = o > 0 ? at[-1] : -1, r = o + n < t->doc[d]->size ? at[n] : -1;
            left = left < 0 ? l : left;
            right = right < 0 ? r : right;
            same_left += l >= 0 && l == left;
            same_right += r >= 0 && r == right;
        }
    return same_left < all && same_right < all;
}

static void set_covered(const text *t, const uint8_t *pat, size_t n, int side, bool *covered)
{
    for (size_t d = 0; d < t->n; d++)
        for (size_t o = 0; o + n <= t->doc[d]->size; o++)
            if (t->side[d] == side && memcmp(t->doc[d]->bytes + o, pat, n) == 0)
                memset(covered + t->base[d] + o, 1, n);
}

static int64_t ones(const bool *x, size_t n)
{
    int64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return sum;
}

/* ---- one corpus ------------------------------------------------------------------------------ */

enum { MOST = 1024 };

static void check_row(const text *t, const eid_duplicates_row *row)
{
    static bool covered[MOST];
    size_t n = (size_t)row->length;
    int64_t windows = 0, distinct = 0, repeated = 0, count[2];
    eid_copies want[64] = {{0}};
    memset(covered, 0, sizeof covered);
    for (size_t d = 0; d < t->n; d++)
        for (size_t o = 0; o + n <= t->doc[d]->size; o++) {
            const uint8_t *at = t->doc[d]->bytes + o;
            windows++;
            copies(t, at, n, count);
            if (count[0] > 1)
                memset(covered + t->base[d] + o, 1, n);
            if (!first_place(t, d, o, n))
                continue;
            distinct++;
            if (count[0] < 2)
                continue;
            repeated++;
            int b = (int)floor(4 * log2((double)count[0]) + 1e-9);
            want[b].strings++;
            want[b].occurrences += count[0];
        }
    CHECK_INT(row->windows, windows);
    CHECK_INT(row->distinct, distinct);
    CHECK_INT(row->repeated, repeated);
    CHECK_INT(row->bytes, ones(covered, MOST));
    size_t k = 0;
    for (int b = 0; b < 64; b++) {
        if (want[b].strings == 0)
            continue;
        CHECK(k < row->n_copies);
        CHECK_INT(row->copies[k].low, (int64_t)ceil(exp2(b / 4.0) - 1e-9));
        CHECK_INT(row->copies[k].high, (int64_t)ceil(exp2((b + 1) / 4.0) - 1e-9) - 1);
        CHECK_INT(row->copies[k].strings, want[b].strings);
        CHECK_INT(row->copies[k].occurrences, want[b].occurrences);
        k++;
    }
    CHECK_INT((int64_t)row->n_copies, (int64_t)k);
}

/* The greatest number of bytes that any maximal repeat covers and `covered` does not. */
static int64_t best_left(const text *t, size_t least, const bool *covered)
{
    static bool mine[MOST];
    int64_t best = 0, count[2];
    for (size_t d = 0; d < t->n; d++)
        for (size_t o = 0; o < t->doc[d]->size; o++)
            for (size_t n = least; o + n <= t->doc[d]->size; n++) {
                const uint8_t *at = t->doc[d]->bytes + o;
                copies(t, at, n, count);
                if (count[0] < 2)
                    break;
                if (!first_place(t, d, o, n) || !is_maximal(t, at, n, count[0]))
                    continue;
                memset(mine, 0, sizeof mine);
                set_covered(t, at, n, 0, mine);
                int64_t fresh = 0;
                for (size_t i = 0; i < MOST; i++)
                    fresh += mine[i] && !covered[i];
                best = fresh > best ? fresh : best;
            }
    return best;
}

static void check_strings(const text *t, const eid_duplicates *got, size_t least, int64_t top)
{
    static bool covered[MOST], mine[MOST];
    int64_t count[2];
    memset(covered, 0, sizeof covered);
    CHECK(got->whole);
    for (size_t k = 0; k < got->strings; k++) {
        const eid_duplicate *s = &got->string[k];
        const uint8_t *at = t->doc[s->place.doc]->bytes + s->place.offset;
        size_t n = (size_t)s->length;
        CHECK(n >= least);
        CHECK(first_place(t, (size_t)s->place.doc, (size_t)s->place.offset, n));
        copies(t, at, n, count);
        CHECK_INT(s->copies, count[0]);
        CHECK(is_maximal(t, at, n, count[0]));
        CHECK_INT(s->fresh, best_left(t, least, covered));
        memset(mine, 0, sizeof mine);
        set_covered(t, at, n, 0, mine);
        CHECK_INT(s->bytes, ones(mine, MOST));
        int64_t before = ones(covered, MOST);
        set_covered(t, at, n, 0, covered);
        CHECK_INT(s->fresh, ones(covered, MOST) - before);
    }
    if ((int64_t)got->strings < top)
        CHECK_INT(best_left(t, least, covered), 0);
}

static void one_corpus_is_what_brute_force_finds(void)
{
    const uint8_t hard[] = {0, 1, 255};
    for (uint64_t seed = 0; seed < 10; seed++) {
        brute b = brute_random(seed, 3 + seed, seed % 5 ? 15 : 40, hard, 2 + seed % 2);
        if (seed % 2) { /* long copies, and a document that stands inside another */
            b.docs[1].size = b.docs[0].size;
            free((void *)b.docs[1].bytes);
            uint8_t *copy = malloc(b.docs[0].size + 1);
            memcpy(copy, b.docs[0].bytes, b.docs[0].size);
            b.docs[1].bytes = copy;
        }
        eid_index *ix = test_shards(&b, 1 + seed % 7, 2);
        eid_ctx *ctx = test_ctx(1 + (int)seed % 8);
        eid_duplicates_opts o = {.lengths = seed % 2 ? "2,3,5" : "1,4", .top = 4};
        text t = text_of(&b, NULL);
        eid_duplicates *got = NULL;
        for (size_t cap = 5; cap <= 1024; cap *= 200) {
            CHECK_OK(duplicates_as(&got, ctx, ix, &o, cap));
            CHECK_INT((int64_t)got->rows, seed % 2 ? 3 : 2);
            for (size_t r = 0; r < got->rows; r++)
                check_row(&t, &got->row[r]);
            check_strings(&t, got, seed % 2 ? 2 : 1, o.top);
            eid_duplicates_free(got);
        }
        eid_ctx_free(ctx);
        eid_index_free(ix);
        brute_free(&b);
    }
}

/* ---- two ------------------------------------------------------------------------------------- */

static void check_shared_row(const text *t, const eid_shared_row *row)
{
    static bool covered[MOST];
    size_t n = (size_t)row->length;
    int64_t strings = 0, bytes[2] = {0, 0}, count[2];
    memset(covered, 0, sizeof covered);
    for (size_t d = 0; d < t->n; d++)
        for (size_t o = 0; o + n <= t->doc[d]->size; o++) {
            copies(t, t->doc[d]->bytes + o, n, count);
            if (count[0] == 0 || count[1] == 0)
                continue;
            strings += first_place(t, d, o, n);
            memset(covered + t->base[d] + o, 1, n);
        }
    for (size_t d = 0; d < t->n; d++)
        bytes[t->side[d]] += ones(covered + t->base[d], t->doc[d]->size);
    CHECK_INT(row->strings, strings);
    CHECK_INT(row->bytes_a, bytes[0]);
    CHECK_INT(row->bytes_b, bytes[1]);
}

static int64_t longest_common(const text *t)
{
    int64_t best = 0, count[2];
    for (size_t d = 0; d < t->n; d++)
        for (size_t o = 0; o < t->doc[d]->size; o++)
            for (size_t n = 1; o + n <= t->doc[d]->size; n++) {
                copies(t, t->doc[d]->bytes + o, n, count);
                if (count[0] == 0 || count[1] == 0)
                    break;
                best = (int64_t)n > best ? (int64_t)n : best;
            }
    return best;
}

static void check_shared_strings(const brute *a, const text *t, const eid_shared *got, size_t least)
{
    static bool covered[MOST], mine[MOST];
    int64_t count[2], longest = longest_common(t);
    memset(covered, 0, sizeof covered);
    CHECK_INT(got->strings > 0 ? got->string[0].length : 0,
              longest >= (int64_t)least ? longest : 0);
    for (size_t k = 0; k < got->strings; k++) {
        const eid_shared_string *s = &got->string[k];
        const uint8_t *at = a->docs[s->a.doc].bytes + s->a.offset;
        size_t n = (size_t)s->length, b = a->n + (size_t)s->b.doc;
        CHECK(k == 0 || s->length <= got->string[k - 1].length);
        copies(t, at, n, count);
        CHECK_INT(s->copies_a, count[0]);
        CHECK_INT(s->copies_b, count[1]);
        CHECK(count[0] > 0 && count[1] > 0 && is_maximal(t, at, n, count[0] + count[1]));
        CHECK(memcmp(t->doc[b]->bytes + s->b.offset, at, n) == 0);
        memset(mine, 0, sizeof mine);
        set_covered(t, at, n, 0, mine);
        int64_t before = ones(covered, MOST);
        set_covered(t, at, n, 0, covered);
        CHECK(2 * (ones(covered, MOST) - before) >= ones(mine, MOST));
    }
}

static void two_corpora_are_what_brute_force_finds(void)
{
    const uint8_t hard[] = {0, 1, 255};
    for (uint64_t seed = 0; seed < 14; seed++) {
        brute a = brute_random(50 + seed, 3 + seed, 25, hard, 2 + seed % 2);
        brute b = brute_random(90 + seed, 2 + seed % 5, 40, hard, 2 + seed % 2);
        eid_index *x = test_shards(&a, 1 + seed % 5, 2), *y = test_shards(&b, 1 + seed % 3, 2);
        eid_ctx *ctx = test_ctx(1 + (int)seed % 8);
        eid_duplicates_opts o = {.lengths = seed % 2 ? "2,3,5,6" : "1,4", .top = 5};
        text t = text_of(&a, &b);
        eid_shared *got = NULL;
        for (size_t cap = 6; cap <= 1200; cap *= 200) {
            CHECK_OK(duplicate_shared_as(&got, ctx, x, y, &o, cap));
            for (size_t r = 0; r < got->rows; r++)
                check_shared_row(&t, &got->row[r]);
            check_shared_strings(&a, &t, got, seed % 2 ? 2 : 1);
            eid_shared_free(got);
        }
        eid_ctx_free(ctx);
        eid_index_free(x);
        eid_index_free(y);
        brute_free(&a);
        brute_free(&b);
    }
}

/* ---- larger texts ---------------------------------------------------------------------------- */

/* Several pieces, classes that reach over many, a document twice, a run of one byte. */
static brute big(void)
{
    static uint8_t zeros[120000], noise[150000], words[200000];
    static eid_document docs[6];
    eid_rng rng = eid_rng_seed(5);
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (uint8_t)eid_rng_below(&rng, 256);
    for (size_t i = 0; i < sizeof words; i++)
        words[i] = "the quick brown fox jumps "[(eid_rng_below(&rng, 7) + i) % 26];
    memcpy(words + 150000, words + 1000, 30000);
    docs[0] = (eid_document){"zeros", zeros, sizeof zeros};
    docs[1] = (eid_document){"noise", noise, sizeof noise};
    docs[2] = (eid_document){"words", words, sizeof words};
    docs[3] = (eid_document){"again", noise, sizeof noise};
    docs[4] = (eid_document){"part", noise + 777, 5000};
    docs[5] = (eid_document){"more", words + 100, 90000};
    return (brute){docs, 6};
}

static bool same_duplicates(const eid_duplicates *x, const eid_duplicates *y)
{
    bool same = x->rows == y->rows && x->strings == y->strings && x->whole == y->whole &&
                memcmp(x->string, y->string, x->strings * sizeof *x->string) == 0;
    for (size_t r = 0; same && r < x->rows; r++)
        same = x->row[r].windows == y->row[r].windows && x->row[r].distinct == y->row[r].distinct &&
               x->row[r].repeated == y->row[r].repeated && x->row[r].bytes == y->row[r].bytes &&
               x->row[r].n_copies == y->row[r].n_copies &&
               memcmp(x->row[r].copies, y->row[r].copies,
                      x->row[r].n_copies * sizeof *x->row[r].copies) == 0;
    return same;
}

static eid_ctx *bounded_ctx(int threads, int64_t memory)
{
    eid_ctx *ctx = NULL;
    eid_ctx_opts o = {.threads = threads, .memory = memory};
    CHECK_OK(eid_ctx_new(&ctx, &o));
    return ctx;
}

static void the_same_for_any_threads_shards_and_memory(void)
{
    brute b = big();
    eid_duplicates_opts o = {.lengths = "50,100,4000", .top = 12};
    eid_duplicates *first = NULL, *got = NULL;
    const int64_t memory[] = {1 << 30, 1 << 30, 600000};
    for (int k = 0; k < 3; k++) {
        eid_index *ix = test_shards(&b, (size_t)(1 + k), 2);
        eid_ctx *ctx = bounded_ctx(1 + 3 * k, memory[k]);
        CHECK_OK(eid_index_duplicates(&got, ctx, ix, &o));
        for (size_t r = 0; r < got->rows && k == 0; r++) {
            eid_repeats one;
            CHECK_OK(eid_index_repeats(ix, ctx, (size_t)got->row[r].length, &one));
            CHECK_INT(got->row[r].windows, one.windows);
            CHECK_INT(got->row[r].distinct, one.distinct);
            CHECK_INT(got->row[r].repeated, one.repeated);
            CHECK_INT(got->row[r].bytes, one.bytes);
        }
        if (k == 0) {
            first = got;
            CHECK_INT(got->string[0].length,
                      150000); /* the whole of a document that stands twice */
            CHECK_INT(got->string[0].fresh, 300000);
        } else {
            CHECK(same_duplicates(first, got));
            eid_duplicates_free(got);
        }
        eid_ctx_free(ctx);
        eid_index_free(ix);
    }
    eid_duplicates_free(first);
}

static void buckets_hold_whole_numbers(void)
{
    for (int64_t c = 1; c < 5000; c++) {
        eid_copies k = eid_copies_bucket(c);
        int n = (int)floor(4 * log2((double)c) + 1e-9);
        CHECK_INT(k.low, (int64_t)ceil(exp2(n / 4.0) - 1e-9));
        CHECK_INT(k.high, (int64_t)ceil(exp2((n + 1) / 4.0) - 1e-9) - 1);
    }
    CHECK_INT(eid_copies_bucket((int64_t)1 << 40).low, (int64_t)1 << 40);
    CHECK_INT(eid_copies_bucket(((int64_t)1 << 40) - 1).high, ((int64_t)1 << 40) - 1);
}

static void senseless_arguments_are_refused(void)
{
    eid_document doc = {"x", (const uint8_t *)"abcabc", 6};
    eid_index *ix = test_index(&(brute){&doc, 1}, false, false);
    eid_ctx *ctx = test_ctx(1), *tiny = bounded_ctx(1, 4);
    const char *wrong[] = {
        "",   "0", "-1",  "5,5",      "9,3",
        "3,", "a", "3 4", "99999999", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17"};
    eid_duplicates *d = NULL;
    eid_shared *s = NULL;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        eid_duplicates_opts o = {.lengths = wrong[i], .top = 1};
        CHECK_FAILS(eid_index_duplicates(&d, ctx, ix, &o), EID_EINVAL, "--lengths");
        CHECK_FAILS(eid_index_shared(&s, ctx, ix, ix, &o), EID_EINVAL, "--lengths");
    }
    CHECK_FAILS(eid_index_duplicates(&d, tiny, ix, NULL), EID_ENOMEM, "bound");
    CHECK_OK(eid_index_duplicates(&d, ctx, ix, NULL)); /* all lengths are longer than the text */
    CHECK_INT(d->row[0].windows, 0);
    CHECK_INT((int64_t)d->strings, 0);
    eid_duplicates_free(d);
    eid_ctx_cancel(ctx);
    CHECK_FAILS(eid_index_duplicates(&d, ctx, ix, NULL), EID_ECANCELLED, "");
    CHECK_FAILS(eid_index_shared(&s, ctx, ix, ix, NULL), EID_ECANCELLED, "");
    eid_ctx_free(ctx);
    eid_ctx_free(tiny);
    eid_index_free(ix);
}

int main(void)
{
    RUN(one_corpus_is_what_brute_force_finds);
    RUN(two_corpora_are_what_brute_force_finds);
    RUN(the_same_for_any_threads_shards_and_memory);
    RUN(buckets_hold_whole_numbers);
    RUN(senseless_arguments_are_refused);
    return DONE();
}
