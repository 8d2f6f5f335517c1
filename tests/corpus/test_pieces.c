/* test_pieces.c - the rolling search against a search byte by byte. */
#define _GNU_SOURCE /* memmem */
#include "check.h"
#include "corpus/pieces.h"
#include "eidetic/rng.h"

static bool stands(const uint8_t *text, size_t n, const uint8_t *s, size_t k)
{
    return memmem(text, n, s, k) != NULL;
}

/* Strings over few letters, so that there are many hits, partial ones and repeated windows. */
static void flags_are_those_of_a_plain_search(void)
{
    for (uint64_t seed = 0; seed < 300; seed++) {
        eid_rng rng = eid_rng_seed(seed);
        size_t window = 1 + eid_rng_below(&rng, 9), n = eid_rng_below(&rng, 400);
        uint64_t letters = 1 + eid_rng_below(&rng, 3);
        bool all = eid_rng_below(&rng, 2), any = false;
        uint8_t text[400], s[20][30], flags[20] = {0};
        size_t size[20];
        eid_pieces p = {0};

        for (size_t i = 0; i < n; i++)
            text[i] = (uint8_t)eid_rng_below(&rng, letters);
        CHECK_OK(eid_pieces_init(&p, window));
        for (size_t k = 0; k < 20; k++) {
            size[k] = window + eid_rng_below(&rng, 30 - window);
            for (size_t i = 0; i < size[k]; i++)
                s[k][i] = (uint8_t)eid_rng_below(&rng, letters);
            CHECK_OK(eid_pieces_add(&p, s[k], size[k], k, all));
        }
        bool only = eid_pieces_scan(&p, text, n, NULL);
        eid_pieces_scan(&p, text, n / 2, flags); /* in two texts, as a corpus has many */
        eid_pieces_scan(&p, text + n / 2, n - n / 2, flags);
        for (size_t k = 0; k < 20; k++) {
            bool piece = false, whole;
            for (size_t i = 0; i + window <= size[k] && (all || !i); i++) {
                piece |= stands(text, n / 2, s[k] + i, window) ||
                         stands(text + n / 2, n - n / 2, s[k] + i, window);
                any |= stands(text, n, s[k] + i, window);
            }
            whole = stands(text, n / 2, s[k], size[k]) ||
                    stands(text + n / 2, n - n / 2, s[k], size[k]);
            CHECK_INT(flags[k], (piece ? EID_PIECE_STANDS : 0) | (whole ? EID_WHOLE_STANDS : 0));
        }
        CHECK_INT(only, any);
        eid_pieces_free(&p);
    }
}

/* More strings than the table has places for at first. */
static void many_strings_are_found(void)
{
    static uint8_t s[5000][24], flags[5000];
    eid_rng rng = eid_rng_seed(3);
    eid_pieces p = {0};

    CHECK_OK(eid_pieces_init(&p, 16));
    for (size_t k = 0; k < 5000; k++) {
        for (size_t i = 0; i < 24; i++)
            s[k][i] = (uint8_t)eid_rng_u32(&rng);
        CHECK_OK(eid_pieces_add(&p, s[k], 24, k, true));
    }
    eid_pieces_scan(&p, s[0], 1000 * 24, flags);
    for (size_t k = 0; k < 5000; k++)
        CHECK_INT(flags[k], k < 1000 ? 3 : 0);
    eid_pieces_free(&p);
}

int main(void)
{
    RUN(flags_are_those_of_a_plain_search);
    RUN(many_strings_are_found);
    return DONE();
}
