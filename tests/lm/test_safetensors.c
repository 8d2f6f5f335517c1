/* Every way a safetensors file can lie, and what an honest one says. */
#include "check.h"
#include "base/file.h"
#include "lm/safetensors.h"

/* A file with this header and `data` zero bytes; parsed, and freed if it parses. */
static eid_status parse(const char *header, size_t data)
{
    size_t n = strlen(header);
    uint64_t length = n;
    uint8_t *file = calloc(8 + n + data, 1);
    eid_st s = {0};

    memcpy(file, &length, 8);
    memcpy(file + 8, header, n);
    eid_status st = eid_st_parse(&s, "m", file, 8 + n + data);
    if (st == EID_OK)
        eid_st_free(&s);
    free(file);
    return st;
}

static void honest_headers_are_read(void)
{
    CHECK_OK(parse("{}", 0));
    CHECK_OK(parse("{}   ", 0));
    CHECK_OK(parse("{\"__metadata__\":{\"a\":\"b\"}}", 0));
    CHECK_OK(parse("{\"x\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", 4));
    CHECK_OK(parse("{\"x\":{\"dtype\":\"F32\",\"shape\":[0,7],\"data_offsets\":[0,0]},"
                   "\"y\":{\"dtype\":\"BOOL\",\"shape\":[3],\"data_offsets\":[0,3]}}",
                   3));
    CHECK_OK(parse("{\"y\":{\"dtype\":\"F16\",\"shape\":[2,1],\"data_offsets\":[8,12]},"
                   "\"x\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]}}",
                   12));
}

static void lengths_are_checked_against_the_file(void)
{
    eid_st s = {0};
    uint8_t file[16] = {0};
    uint64_t length;

    CHECK_FAILS(eid_st_parse(&s, "m", file, 0), EID_EFORMAT, "m: 0 bytes");
    CHECK_FAILS(eid_st_parse(&s, "m", file, 7), EID_EFORMAT, "too few");
    CHECK_FAILS(eid_st_parse(&s, "m", file, 16), EID_EFORMAT, "begin with");
    length = 9;
    memcpy(file, &length, 8);
    CHECK_FAILS(eid_st_parse(&s, "m", file, 16), EID_EFORMAT, "has 8");
    length = UINT64_MAX;
    memcpy(file, &length, 8);
    CHECK_FAILS(eid_st_parse(&s, "m", file, 16), EID_EFORMAT, "100 million");
}

static void bad_json_is_refused_with_its_place(void)
{
    CHECK_FAILS(parse("{\"x\":", 0), EID_EFORMAT, "line 1");
    CHECK_FAILS(parse("{} {}", 0), EID_EFORMAT, "m: line 1");
    CHECK_FAILS(parse("[1]", 0), EID_EFORMAT, "begin with");
    CHECK_FAILS(parse("{\"x\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
                      "\"x\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
                      1),
                EID_EFORMAT, "duplicate");
    CHECK_FAILS(parse("{\"x\":{\"dtype\":\"U8\",\"dtype\":\"I8\",\"shape\":[1],"
                      "\"data_offsets\":[0,1]}}",
                      1),
                EID_EFORMAT, "duplicate");
    CHECK_FAILS(parse("{\"x\":1}", 0), EID_EFORMAT, "not an object");
    CHECK_FAILS(parse("{\"__metadata__\":[]}", 0), EID_EFORMAT, "__metadata__");
    CHECK_FAILS(parse("{\"__metadata__\":{\"a\":1}}", 0), EID_EFORMAT, "not text");
}

static eid_status one(const char *dtype, const char *shape, const char *offsets, size_t data)
{
    char header[300];
    snprintf(header, sizeof header,
             "{\"a\\u001bb\":{\"dtype\":%s,\"shape\":%s,\"data_offsets\":%s}}", dtype, shape,
             offsets);
    return parse(header, data);
}

static void lying_tensors_are_refused_by_name(void)
{
    CHECK_FAILS(one("\"F31\"", "[1]", "[0,4]", 4), EID_EFORMAT, "\"a?b\": unknown dtype");
    CHECK_FAILS(one("\"F32\\u0000\"", "[1]", "[0,4]", 4), EID_EFORMAT, "unknown dtype");
    CHECK_FAILS(one("7", "[1]", "[0,4]", 4), EID_EFORMAT, "no dtype");
    CHECK_FAILS(one("\"F32\"", "4", "[0,4]", 4), EID_EFORMAT, "no shape");
    CHECK_FAILS(one("\"F32\"", "[1,1,1,1,1,1,1,1,1]", "[0,4]", 4), EID_EFORMAT, "8 dimensions");
    CHECK_FAILS(one("\"F32\"", "[-1]", "[0,4]", 4), EID_EFORMAT, "natural number");
    CHECK_FAILS(one("\"F32\"", "[1.0]", "[0,4]", 4), EID_EFORMAT, "natural number");
    CHECK_FAILS(one("\"F32\"", "[4294967296,4294967296]", "[0,4]", 4), EID_EFORMAT, "overflows");
    CHECK_FAILS(one("\"F32\"", "[4611686018427387904]", "[0,0]", 0), EID_EFORMAT, "does not take");
    CHECK_FAILS(one("\"F32\"", "[99999999999999999999]", "[0,0]", 0), EID_EFORMAT, "integer");
    CHECK_FAILS(one("\"F32\"", "[2]", "[0,4]", 4), EID_EFORMAT, "[2] does not take the 4 bytes");
    CHECK_FAILS(one("\"F32\"", "[1]", "[0]", 4), EID_EFORMAT, "two whole numbers");
    CHECK_FAILS(one("\"F32\"", "[1]", "[0,4,8]", 4), EID_EFORMAT, "two whole numbers");
    CHECK_FAILS(one("\"F32\"", "[1]", "[4,0]", 4), EID_EFORMAT, "backwards");
    CHECK_FAILS(one("\"F32\"", "[1]", "[-4,0]", 4), EID_EFORMAT, "backwards");
    CHECK_FAILS(one("\"F32\"", "[1]", "[4,8]", 4), EID_EFORMAT, "beyond the end");
    CHECK_FAILS(one("\"F32\"", "[1]", "[0,4]", 3), EID_EFORMAT, "beyond the end");
    CHECK_FAILS(one("\"F32\"", "[1]", "[4,8]", 8), EID_EFORMAT, "belong to no tensor");
    CHECK_FAILS(one("\"F32\"", "[1]", "[0,4]", 5), EID_EFORMAT, "1 bytes at the end");
    CHECK_FAILS(parse("{\"x\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
                      "\"y\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[3,7]}}",
                      7),
                EID_EFORMAT, "overlaps");
}

/* All 65,536 halves against their definition, (-1)^s 2^(e-15) (1 + m/1024). */
static void halves_are_widened_exactly(void)
{
    int wrong = 0, refused = 0;
    for (uint32_t h = 0; h < 65536; h++) {
        uint16_t half = (uint16_t)h;
        eid_st s = {.path = "m", .data = (const uint8_t *)&half};
        eid_st_tensor t = {.name = "x", .dtype = "F16", .element = 2, .count = 1, .bytes = 2};
        int e = (h >> 10) & 31, m = h & 1023;
        double want = e ? ldexp(1 + m / 1024.0, e - 15) : ldexp(m / 1024.0, -14);
        float got;
        if (e == 31) {
            refused += eid_st_widen(&s, &t, &got) == EID_EFORMAT;
            continue;
        }
        CHECK_OK(eid_st_widen(&s, &t, &got));
        wrong += (double)got != (h >> 15 ? -want : want) || !signbit(got) != !(h >> 15);
    }
    CHECK_INT(wrong, 0);
    CHECK_INT(refused, 2048);
}

static void values_that_are_not_numbers_are_refused(void)
{
    const uint16_t bf16[3] = {0x3fc0, 0xc000, 0x7f80};
    const float f32[2] = {1, NAN};
    float got[3];
    eid_st s = {.path = "m", .data = (const uint8_t *)bf16};
    eid_st_tensor t = {.name = "w", .dtype = "BF16", .element = 2, .count = 2, .bytes = 4};

    CHECK_OK(eid_st_widen(&s, &t, got));
    CHECK(got[0] == 1.5f && got[1] == -2.0f);
    t.count = 3;
    CHECK_FAILS(eid_st_widen(&s, &t, got), EID_EFORMAT, "\"w\": element 2 is infinite");
    s.data = (const uint8_t *)f32;
    t = (eid_st_tensor){.name = "w", .dtype = "F32", .element = 4, .count = 2, .bytes = 8};
    CHECK_FAILS(eid_st_widen(&s, &t, got), EID_EFORMAT, "\"w\": element 1 is NaN");
    t.dtype = "I32";
    CHECK_FAILS(eid_st_widen(&s, &t, got), EID_EUNSUPPORTED, "I32");
}

static void what_is_written_is_read_back(void)
{
    const float a[6] = {1, -2, 3.5f, 0, 1e-30f, 7}, b[2] = {-1, 2};
    const eid_st_entry entry[] = {{"one.weight", 2, {2, 3}, a}, {"two", 1, {2}, b}};
    const char *path = check_tmp("written.safetensors");
    eid_map map = {0};
    eid_st s = {0};
    float got[6];

    CHECK_OK(eid_st_write(path, entry, 2));
    CHECK_OK(eid_map_open(&map, path));
    CHECK_OK(eid_st_parse(&s, path, map.at, map.n));
    CHECK_INT((s.data - map.at) % 8, 0);
    CHECK_INT(s.n, 2);
    const eid_st_tensor *t = eid_st_find(&s, "one.weight");
    CHECK(t && t->ndim == 2 && t->shape[0] == 2 && t->shape[1] == 3);
    CHECK_OK(eid_st_widen(&s, t, got));
    CHECK(!memcmp(got, a, sizeof a));
    t = eid_st_find(&s, "two");
    CHECK(t && t->ndim == 1);
    CHECK_OK(eid_st_widen(&s, t, got));
    CHECK(!memcmp(got, b, sizeof b));
    CHECK(!eid_st_find(&s, "three"));
    eid_st_free(&s);
    eid_map_close(&map);
    CHECK_FAILS(eid_st_write("/nonexistent/x", entry, 2), EID_EIO, "/nonexistent/x");
    unlink(path);
}

static void every_cut_of_a_file_is_refused(void)
{
    const float a[2] = {1, 2};
    const eid_st_entry entry[] = {{"w", 1, {2}, a}};
    const char *path = check_tmp("cut.safetensors");
    uint8_t *bytes;
    size_t n, taken = 0;

    CHECK_OK(eid_st_write(path, entry, 1));
    CHECK_OK(eid_read_file(path, 1 << 20, &bytes, &n));
    for (size_t cut = 0; cut < n; cut++) {
        uint8_t *copy = malloc(cut + 1); /* its own block, so that a sanitizer sees its end */
        eid_st s = {0};
        memcpy(copy, bytes, cut);
        taken += eid_st_parse(&s, "m", copy, cut) != EID_EFORMAT;
        free(copy);
    }
    CHECK_INT(taken, 0);
    eid_free(bytes);
    unlink(path);
}

int main(void)
{
    RUN(honest_headers_are_read);
    RUN(lengths_are_checked_against_the_file);
    RUN(bad_json_is_refused_with_its_place);
    RUN(lying_tensors_are_refused_by_name);
    RUN(halves_are_widened_exactly);
    RUN(values_that_are_not_numbers_are_refused);
    RUN(what_is_written_is_read_back);
    RUN(every_cut_of_a_file_is_refused);
    return DONE();
}
