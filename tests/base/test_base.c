#include "check.h"
#include "base/ctx.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "eidetic/rng.h"

/* Known answers of Philox4x32-10 from Random123's kat_vectors: counter and key all zero, all ones,
 * and digits of pi.  Our counter is block (low half) and stream (high half); the key is the seed.
 */
static void philox_gives_its_known_answers(void)
{
    eid_rng r = eid_rng_stream(0, 0);
    CHECK_INT(eid_rng_u32(&r), 0x6627e8d5);
    CHECK_INT(eid_rng_u32(&r), 0xe169c58d);
    CHECK_INT(eid_rng_u32(&r), 0xbc57ac4c);
    CHECK_INT(eid_rng_u32(&r), 0x9b00dbd8);
    r = eid_rng_stream(UINT64_MAX, UINT64_MAX);
    r.block = UINT64_MAX;
    CHECK_INT(eid_rng_u32(&r), 0x408f276d);
    CHECK_INT(eid_rng_u32(&r), 0x41c83b0e);
    r = eid_rng_stream(UINT64_C(0x299f31d0a4093822), UINT64_C(0x0370734413198a2e));
    r.block = UINT64_C(0x85a308d3243f6a88);
    CHECK_INT(eid_rng_u32(&r), 0xd16cfe09);
    CHECK_INT(eid_rng_u32(&r), 0x94fdcceb);
}

static void random_numbers_have_their_moments(void)
{
    enum { N = 200000 };
    eid_rng r = eid_rng_seed(7);
    double sum = 0, squares = 0, unit = 0;
    int64_t below[7] = {0};

    for (int i = 0; i < N; i++) {
        double z = eid_rng_normal(&r);
        sum += z;
        squares += z * z;
        unit += eid_rng_unit(&r);
        below[eid_rng_below(&r, 7)]++;
    }
    CHECK_CLOSE(sum / N, 0, 0, 5 / sqrt(N)); /* five standard errors */
    CHECK_CLOSE(squares / N, 1, 0, 5 * sqrt(2.0 / N));
    CHECK_CLOSE(unit / N, 0.5, 0, 5 * sqrt(1.0 / 12 / N));
    for (int i = 0; i < 7; i++)
        CHECK_CLOSE((double)below[i], N / 7.0, 0, 5 * sqrt(N / 7.0));
}

static void shuffling_is_a_permutation(void)
{
    int64_t x[100], seen[100] = {0};
    eid_rng r = eid_rng_seed(1);

    for (int64_t i = 0; i < 100; i++)
        x[i] = i;
    eid_rng_shuffle(&r, x, 100);
    for (int i = 0; i < 100; i++)
        seen[x[i]]++;
    for (int i = 0; i < 100; i++)
        CHECK_INT(seen[i], 1);
}

static void failing_keeps_the_sentence(void)
{
    CHECK_INT(eid_fail(EID_EIO, "%s: %d", "file", 3), EID_EIO);
    CHECK_STR(eid_last_error(), "file: 3");
    (void)eid_fail(EID_EFORMAT, "reading: %s", eid_last_error());
    CHECK_STR(eid_last_error(), "reading: file: 3");
    CHECK_STR(eid_status_name(EID_ECANCELLED), "cancelled");
}

static void allocation_checks_and_fails_on_request(void)
{
    double *x = NULL;
    size_t cap = 0;

    CHECK_FAILS(EID_NEW(x, SIZE_MAX / 4), EID_ENOMEM, "no memory");
    eid_fail_allocation(2);
    CHECK_OK(EID_NEW(x, 10));
    CHECK_INT((uintptr_t)x % 64, 0);
    CHECK_FAILS(EID_GROW(x, &cap, 1000), EID_ENOMEM, "no memory");
    eid_free(x);
    x = NULL;
    for (size_t n = 1; n < 1000; n++) {
        CHECK_OK(EID_GROW(x, &cap, n));
        CHECK(x[n - 1] == 0);
        x[n - 1] = (double)n;
    }
    CHECK(x[500] == 501);
    eid_free(x);
}

static void files_appear_whole_or_not_at_all(void)
{
    const char *path = check_tmp("out");
    char part[600], hex[65];
    eid_out *f = NULL;
    uint8_t *bytes = NULL;
    size_t n = 0;
    int64_t size = 0;

    snprintf(part, sizeof part, "%s.part", path);
    CHECK_OK(eid_out_open(&f, path));
    CHECK_OK(eid_out_printf(f, "abc %d", 1));
    CHECK(!eid_exists(path));
    eid_out_abort(&f);
    CHECK(!eid_exists(path) && !eid_exists(part));
    CHECK_OK(eid_out_open(&f, path));
    CHECK_OK(eid_out_write(f, "abc", 3));
    CHECK_OK(eid_out_commit(&f));
    CHECK(eid_exists(path) && !eid_exists(part) && !f);
    CHECK_OK(eid_read_file(path, 3, &bytes, &n));
    CHECK_INT(n, 3);
    CHECK_STR((char *)bytes, "abc");
    eid_free(bytes);
    CHECK_FAILS(eid_read_file(path, 2, &bytes, &n), EID_EFORMAT, "larger than 2 bytes");
    CHECK_OK(eid_file_sha256(NULL, path, hex, &size));
    CHECK_INT(size, 3); /* FIPS 180-2, appendix B.1 */
    CHECK_STR(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK_FAILS(eid_out_open(&f, "/nonexistent/x"), EID_EIO, "No such file");
    unlink(path);
}

static void json_keeps_the_contract(void)
{
    eid_estimate e = {.value = NAN, .low = 0, .high = INFINITY, .n = 3, .method = "exact"};
    char *text = NULL;
    json_t *j = NULL;

    snprintf(e.why, sizeof e.why, "unresolved: %d negatives", 412);
    CHECK_OK(eid_json_text(eid_json_estimate(&e), &text));
    CHECK_STR(text, "{\"value\":null,\"low\":0.0,\"high\":null,\"n\":3,\"method\":\"exact\","
                    "\"why\":\"unresolved: 412 negatives\"}");
    eid_string_free(text);
    CHECK_OK(eid_json_text(eid_json_bytes((const uint8_t *)"a\xFF\xC3\xA9\xED\xA0\x80", 7), &text));
    CHECK_STR(text, "\"a\uFFFD\u00E9\uFFFD\uFFFD\uFFFD\"");
    eid_string_free(text);
    CHECK_FAILS(eid_json_parse(&j, "x.json", "{\"a\":1,\"a\":2}", 13), EID_EFORMAT,
                "x.json: line 1");
    CHECK_FAILS(eid_json_parse(&j, "x.json", "{} {}", 5), EID_EFORMAT, "end of file");
}

static void hashes_are_fixed_and_spread(void)
{
    uint8_t text[64] = {0};
    int64_t bits = 0;

    for (int bit = 0; bit < 512; bit++) {
        uint64_t before = eid_hash64(text, 64, 1);
        text[bit / 8] ^= (uint8_t)(1 << bit % 8);
        bits += __builtin_popcountll(before ^ eid_hash64(text, 64, 1));
    }
    CHECK_CLOSE((double)bits / 512, 32, 0,
                1.5); /* half of 64; standard error 4 / sqrt(512) = .18 */
    CHECK(eid_hash64("a", 1, 0) != eid_hash64("a\0", 2, 0));
}

static void ticks_tell_and_cancel(void)
{
    eid_ctx *ctx = NULL;

    CHECK_OK(eid_ctx_new(&ctx, NULL));
    CHECK(eid_ctx_threads(ctx) >= 1 && eid_ctx_memory(ctx) > 0);
    CHECK_OK(eid_tick(ctx, "testing", "cases", 0, 2));
    eid_ctx_cancel(ctx);
    CHECK_FAILS(eid_tick(ctx, "testing", "cases", 1, 2), EID_ECANCELLED, "while testing");
    eid_ctx_free(ctx);
    eid_ctx_free(NULL);
}

static void big_writes_wait_for_small_ones(void)
{
    const char *path = check_tmp("order");
    size_t big = 200000, n = 0; /* more than half of the buffer, less than all of it */
    uint8_t *bytes = malloc(big), *back = NULL;
    eid_out *f = NULL;
    memset(bytes, 'x', big);
    CHECK_OK(eid_out_open(&f, path));
    CHECK_OK(eid_out_write(f, "first", 5));
    CHECK_OK(eid_out_write(f, bytes, big));
    CHECK_OK(eid_out_write(f, "last", 4));
    CHECK_OK(eid_out_commit(&f));
    CHECK_OK(eid_read_file(path, 1 << 20, &back, &n));
    CHECK_INT(n, big + 9);
    CHECK(n == big + 9 && memcmp(back, "firstx", 6) == 0 && memcmp(back + n - 5, "xlast", 5) == 0);
    eid_free(back);
    free(bytes);
    unlink(path);
}

int main(void)
{
    RUN(philox_gives_its_known_answers);
    RUN(random_numbers_have_their_moments);
    RUN(shuffling_is_a_permutation);
    RUN(failing_keeps_the_sentence);
    RUN(allocation_checks_and_fails_on_request);
    RUN(files_appear_whole_or_not_at_all);
    RUN(json_keeps_the_contract);
    RUN(hashes_are_fixed_and_spread);
    RUN(ticks_tell_and_cancel);
    RUN(big_writes_wait_for_small_ones);
    return DONE();
}
