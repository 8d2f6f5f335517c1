/* test_npy.c - every way a .npy header can lie; arrays written and read back. */
#include "bytes.h"
#include "dataset/npy.h"

/* A version 1 file with this text and `data` zero bytes. */
static eid_status parse(const char *text, size_t data)
{
    uint8_t file[2048] = "\x93NUMPY\x01";
    size_t n = strlen(text);
    eid_npy h;

    file[8] = (uint8_t)n;
    file[9] = (uint8_t)(n >> 8);
    memcpy(file + 10, text, n);
    return eid_npy_parse(&h, "a.npy", file, 10 + n + data, 10 + n + data);
}

static void honest_headers_are_read(void)
{
    CHECK_OK(parse("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", 12));
    CHECK_OK(parse("{'shape':(2,3),'descr':\"|u1\",'fortran_order':True}", 6));
    CHECK_OK(
        parse("  { 'shape' : ( 2 , 3 , ) , 'descr' : 'f8' , 'fortran_order' : False }  \n", 48));
    CHECK_OK(parse("{'descr': '<i8', 'fortran_order': False, 'shape': (), }", 8));
    CHECK_OK(parse("{'descr': '<i8', 'fortran_order': False, 'shape': (2L, 1L), }", 16));
    CHECK_OK(parse("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 9), }", 0));
    CHECK_OK(parse("{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1), }", 4));
}

static void the_beginning_is_checked(void)
{
    uint8_t file[128] = "\x93NUMPY\x01";
    eid_npy h;

    CHECK_FAILS(eid_npy_parse(&h, "a", file, 9, 9), EID_EFORMAT, "a: does not begin");
    file[8] = 100;
    CHECK_FAILS(eid_npy_parse(&h, "a", file, 64, 64), EID_EFORMAT, "within its header");
    file[6] = 4;
    CHECK_FAILS(eid_npy_parse(&h, "a", file, 128, 128), EID_EUNSUPPORTED, "version 4.0");
    file[6] = 2;
    memset(file + 8, 0xff, 4);
    CHECK_FAILS(eid_npy_parse(&h, "a", file, 128, 128), EID_EFORMAT, "4294967295 bytes");
    CHECK_FAILS(eid_npy_parse(&h, "a", file, 10, 10), EID_EFORMAT, "within its header");
    file[0] = 'x';
    CHECK_FAILS(eid_npy_parse(&h, "a", file, 128, 128), EID_EFORMAT, "does not begin");
}

#define HEAD "{'descr': '<f4', 'fortran_order': False, 'shape': "

static void lying_headers_are_refused(void)
{
    CHECK_FAILS(parse(HEAD "(3,), }", 13), EID_EFORMAT, "takes 12 bytes, the file has 13");
    CHECK_FAILS(parse(HEAD "(3,), }", 11), EID_EFORMAT,
                "[3] of f4 takes 12 bytes, the file has 11");
    CHECK_FAILS(parse(HEAD "(4294967296, 4294967296), }", 0), EID_EFORMAT, "too large");
    CHECK_FAILS(parse(HEAD "(4611686018427387904,), }", 0), EID_EFORMAT, "too large");
    CHECK_FAILS(parse(HEAD "(99999999999999999999,), }", 0), EID_EFORMAT, "too large");
    CHECK_FAILS(parse(HEAD "(-3,), }", 12), EID_EFORMAT, "natural number");
    CHECK_FAILS(parse(HEAD "(3.0,), }", 12), EID_EFORMAT, "comma");
    CHECK_FAILS(parse(HEAD "(3), }", 12), EID_EFORMAT, "comma");
    CHECK_FAILS(parse(HEAD "3, }", 12), EID_EFORMAT, "shape is wanted");
    CHECK_FAILS(parse(HEAD "(1,1,1,1,1,1,1,1,1), }", 4), EID_EFORMAT, "8 dimensions");
    CHECK_FAILS(parse(HEAD "(3,), 'shape': (3,), }", 12), EID_EFORMAT, "twice");
    CHECK_FAILS(parse(HEAD "(3,), 'order': True, }", 12), EID_EFORMAT, "unknown key");
    CHECK_FAILS(parse(HEAD "(3,), } {}", 12), EID_EFORMAT, "behind the }");
    CHECK_FAILS(parse(HEAD "(3,)", 12), EID_EFORMAT, "comma or }");
    CHECK_FAILS(parse("{'descr': '<f4', 'shape': (3,)}", 12), EID_EFORMAT, "'fortran_order'");
    CHECK_FAILS(parse("['descr']", 0), EID_EFORMAT, "begin with {");
    CHECK_FAILS(parse("{'descr': '<f4', 'fortran_order': 1, 'shape': (3,), }", 12), EID_EFORMAT,
                "True or False");
    CHECK_FAILS(parse("{'descr", 0), EID_EFORMAT, "character 7: a string without");
}

static void what_is_no_plain_array_is_refused(void)
{
    CHECK_FAILS(parse("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", 8),
                EID_EUNSUPPORTED, "pickled");
    CHECK_FAILS(parse("{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (2,), }", 8),
                EID_EUNSUPPORTED, "records");
    CHECK_FAILS(parse("{'descr': '<U3', 'fortran_order': False, 'shape': (1,), }", 12),
                EID_EUNSUPPORTED, "\"<U3\"");
    CHECK_FAILS(parse("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", 8),
                EID_EUNSUPPORTED, "\"<c8\"");
}

static const char *dir;

/* Every type, through a file. */
static void arrays_come_back(void)
{
    for (int t = EID_B1; t <= EID_F8; t++) {
        uint8_t data[6 * 8];
        char name[40];
        eid_array_view v = {.type = (eid_type)t, .ndim = 2, .shape = {2, 3}, .data = data};
        eid_array *a = NULL;
        for (size_t i = 0; i < sizeof data; i++)
            data[i] = (uint8_t)(i * 5 + 1) & (t == EID_B1 ? 1 : 0x3f);
        snprintf(name, sizeof name, "t%d.npy", t);
        const char *path = put_file(dir, name, "", 0);
        CHECK_OK(eid_array_write(ctx, path, &v));
        CHECK_OK(eid_array_read(&a, ctx, path));
        if (!a)
            continue;
        CHECK(a->type == (eid_type)t && a->ndim == 2 && a->shape[1] == 3 && a->count == 6);
        CHECK(memcmp(a->data, data, 6 * eid_type_size(a->type)) == 0);
        eid_array_free(a);
    }
}

static void shapes_that_overflow_are_not_written(void)
{
    eid_array_view v = {.type = EID_F8, .ndim = 2, .shape = {INT64_MAX, 2}, .data = ""};
    const char *path = check_tmp("no.npy");

    CHECK_FAILS(eid_array_write(ctx, path, &v), EID_EINVAL, "too large");
    v.shape[0] = -1;
    CHECK_FAILS(eid_array_write(ctx, path, &v), EID_EINVAL, "negative");
    v.ndim = 9;
    CHECK_FAILS(eid_array_write(ctx, path, &v), EID_EINVAL, "9 dimensions");
    CHECK(access(path, F_OK) != 0);
}

static void whole_numbers_are_told_from_others(void)
{
    double x[4] = {3, -7, 2.5, 9e15};
    int64_t big[2] = {INT64_MAX, INT64_MIN + 1}, got[4];
    uint64_t huge[1] = {UINT64_MAX};
    eid_array a = {.type = EID_F8, .count = 4, .data = x, .name = "y.npy"};

    CHECK_OK(eid_array_whole(&a, 0, 2, -10, 10, got));
    CHECK(got[0] == 3 && got[1] == -7);
    CHECK_FAILS(eid_array_whole(&a, 0, 4, -10, 10, got), EID_EFORMAT, "y.npy: element 2 is 2.5");
    CHECK_FAILS(eid_array_whole(&a, 0, 2, 0, 10, got), EID_EFORMAT, "element 1 is -7, not between");
    x[0] = NAN;
    CHECK_FAILS(eid_array_whole(&a, 0, 1, 0, 10, got), EID_EFORMAT, "element 0 is nan");
    a = (eid_array){.type = EID_I8, .count = 2, .data = big, .name = "y.npy"};
    CHECK_OK(eid_array_whole(&a, 0, 2, INT64_MIN, INT64_MAX, got));
    CHECK(got[0] == INT64_MAX && got[1] == INT64_MIN + 1);
    a = (eid_array){.type = EID_U8, .count = 1, .data = huge, .name = "y.npy"};
    CHECK_FAILS(eid_array_whole(&a, 0, 1, 0, INT64_MAX, got), EID_EFORMAT,
                "whole number is wanted");
}

static void a_npz_comes_back(void)
{
    float x[6] = {1, 2, 3, 4, 5, 6};
    int32_t y[2] = {7, 8};
    const eid_array_view v[2] = {
        {.key = "x", .type = EID_F4, .ndim = 2, .shape = {2, 3}, .data = x},
        {.key = "y", .type = EID_I4, .ndim = 1, .shape = {2}, .data = y},
    };
    const char *const *keys;
    const char *path = put_file(dir, "a.npz", "", 0);
    eid_npz *z = NULL;
    eid_array *a = NULL;

    CHECK_OK(eid_npz_write(ctx, path, v, 2));
    CHECK_OK(eid_npz_open(&z, ctx, path));
    if (!z)
        return;
    CHECK_INT(eid_npz_keys(z, &keys), 2);
    CHECK_STR(keys[0], "x");
    CHECK_STR(keys[1], "y");
    CHECK_FAILS(eid_npz_get(&a, ctx, z, "nothing"), EID_EINVAL, "no such array");
    CHECK_OK(eid_npz_get(&a, ctx, z, "y"));
    CHECK(a && a->type == EID_I4 && memcmp(a->data, y, sizeof y) == 0);
    eid_array_free(a);
    CHECK_OK(eid_npz_get(&a, ctx, z, "x"));
    CHECK(a && a->count == 6 && memcmp(a->data, x, sizeof x) == 0);
    eid_array_free(a);
    eid_npz_free(z);
}

/* Cut anywhere, or with any byte changed, a .npz fails or gives the same numbers. */
static void a_damaged_npz_is_noticed(void)
{
    float x[3] = {1, 2, 3};
    const eid_array_view v = {.key = "x", .type = EID_F4, .ndim = 1, .shape = {3}, .data = x};
    const char *path = put_file(dir, "b.npz", "", 0);
    uint8_t *bytes = NULL;
    size_t n = 0, silent = 0;

    CHECK_OK(eid_npz_write(ctx, path, &v, 1));
    CHECK_OK(eid_read_file(path, 1 << 20, &bytes, &n));
    for (size_t i = 0; i < 2 * n; i++) {
        bool cut = i >= n;
        size_t at = cut ? i - n : i;
        eid_npz *z = NULL;
        eid_array *a = NULL;
        if (!cut)
            bytes[at] ^= 0x55;
        path = put_file(dir, "c.npz", bytes, cut ? at : n);
        if (!cut)
            bytes[at] ^= 0x55;
        if (eid_npz_open(&z, ctx, path) == EID_OK && eid_npz_get(&a, ctx, z, "x") == EID_OK)
            silent += a->type != EID_F4 || a->count != 3 || memcmp(a->data, x, sizeof x) != 0;
        eid_array_free(a);
        eid_npz_free(z);
    }
    CHECK_INT(silent, 0);
    eid_free(bytes);
}

int main(void)
{
    dir = check_tmp("npy");
    CHECK_OK(eid_mkdirs(dir));
    CHECK_OK(eid_ctx_new(&ctx, &(eid_ctx_opts){.threads = 1, .memory = 1 << 20}));
    RUN(honest_headers_are_read);
    RUN(the_beginning_is_checked);
    RUN(lying_headers_are_refused);
    RUN(what_is_no_plain_array_is_refused);
    RUN(arrays_come_back);
    RUN(shapes_that_overflow_are_not_written);
    RUN(whole_numbers_are_told_from_others);
    RUN(a_npz_comes_back);
    RUN(a_damaged_npz_is_noticed);
    eid_ctx_free(ctx);
    return DONE();
}
