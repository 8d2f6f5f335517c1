/* test_split.c - shares hold within rounding, equal documents stay together, the seed decides. */
#include "check.h"
#include "eidetic/corpus.h"

/* n documents; every `same`-th repeats an earlier one (0: none does). */
static eid_corpus *make(size_t n, size_t same)
{
    static char text[5000][16];
    static eid_document d[5000];
    eid_corpus *c = NULL;

    for (size_t i = 0; i < n; i++) {
        size_t k = same && i % same == 0 ? i % 3 : i;
        snprintf(text[i], sizeof text[i], "document %zu", k);
        d[i] = (eid_document){NULL, (const uint8_t *)text[i], strlen(text[i])};
    }
    if (eid_corpus_from(&c, d, n) != EID_OK)
        exit(1);
    return c;
}

static void shares_hold_within_rounding(void)
{
    static const double share[4][3] = {
        {0.9, 0.1, 0}, {0.5, 0.25, 0.25}, {1, 0, 0}, {1.0 / 3, 1.0 / 3, 1.0 / 3}};
    static const size_t docs[] = {1, 2, 7, 10, 1000, 4999};
    uint8_t side[5000];

    for (size_t s = 0; s < 4; s++)
        for (size_t k = 0; k < 6; k++)
            for (size_t same = 0; same < 20; same += 7) {
                eid_corpus *c = make(docs[k], same);
                int64_t n[3] = {0};
                CHECK_OK(eid_corpus_split(c, share[s], 3, 11 + k, side));
                for (size_t i = 0; i < docs[k]; i++)
                    n[side[i]]++;
                /* a group of equal documents is small against 1000 / 4 */
                for (size_t i = 0; i < 3 && (!same || docs[k] >= 1000); i++)
                    CHECK_CLOSE((double)n[i], share[s][i] * (double)docs[k], 0, 1);
                eid_corpus_free(c);
            }
}

static void equal_documents_stay_together(void)
{
    const double share[2] = {0.5, 0.5};
    uint8_t side[5000];
    eid_corpus *c = make(3000, 5);

    for (uint64_t seed = 0; seed < 20; seed++) {
        CHECK_OK(eid_corpus_split(c, share, 2, seed, side));
        for (size_t i = 15; i < 3000; i += 5)
            CHECK_INT(side[i], side[i % 3 == 0 ? 0 : i % 3 == 1 ? 10 : 5]);
    }
    eid_corpus_free(c);
}

/* Every document is as likely to be held out as any other. */
static void sides_are_random_and_repeatable(void)
{
    const double share[2] = {0.75, 0.25};
    uint8_t side[40], again[40];
    int held[40] = {0};
    eid_corpus *c = make(40, 0);

    for (uint64_t seed = 0; seed < 4000; seed++) {
        CHECK_OK(eid_corpus_split(c, share, 2, seed, side));
        for (size_t i = 0; i < 40; i++)
            held[i] += side[i];
    }
    for (size_t i = 0; i < 40; i++) /* 1000 expected, a standard deviation of 27; 5 of them */
        CHECK_CLOSE(held[i], 1000, 0, 137);
    CHECK_OK(eid_corpus_split(c, share, 2, 3999, again));
    CHECK(!memcmp(side, again, sizeof side));
    eid_corpus_free(c);
}

static void shares_that_make_no_sense_are_refused(void)
{
    const double low[2] = {0.5, 0.4}, negative[2] = {1.5, -0.5}, none[2] = {NAN, 1};
    uint8_t side[4];
    eid_corpus *c = make(4, 0);

    CHECK_FAILS(eid_corpus_split(c, low, 2, 1, side), EID_EINVAL, "add up to 0.9");
    CHECK_FAILS(eid_corpus_split(c, negative, 2, 1, side), EID_EINVAL, "not in [0, 1]");
    CHECK_FAILS(eid_corpus_split(c, none, 2, 1, side), EID_EINVAL, "not in [0, 1]");
    CHECK_FAILS(eid_corpus_split(c, low, 0, 1, side), EID_EINVAL, "sides");
    eid_corpus_free(c);
}

int main(void)
{
    RUN(shares_hold_within_rounding);
    RUN(equal_documents_stay_together);
    RUN(sides_are_random_and_repeatable);
    RUN(shares_that_make_no_sense_are_refused);
    return DONE();
}
