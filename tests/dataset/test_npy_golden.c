/* test_npy_golden.c - arrays that NumPy wrote (tools/golden/npy.py says what they hold). */
#include "bytes.h"

static int64_t value(int64_t i, eid_type type)
{
    int64_t v = i * 37 % 101;
    bool no_sign = type == EID_U1 || type == EID_U2 || type == EID_U4 || type == EID_U8;

    return type == EID_B1 ? v % 2 : no_sign ? v : v - 50;
}

static void compare(const char *name, const eid_array *a)
{
    float single[60];
    double twice[60];
    int64_t whole[60];
    int64_t wrong = 0;

    if (a->count > 60)
        CHECK_FAIL("%s: %" PRId64 " elements", name, a->count);
    eid_array_f32(a, 0, a->count, single);
    eid_array_f64(a, 0, a->count, twice);
    CHECK_OK(eid_array_whole(a, 0, a->count, -50, 100, whole));
    for (int64_t i = 0; i < a->count; i++) {
        int64_t want = value(i, a->type);
        wrong += eid_array_at(a, i) != (double)want || single[i] != (float)want ||
                 twice[i] != (double)want || whole[i] != want;
    }
    if (wrong)
        CHECK_FAIL("%s: %" PRId64 " values are wrong", name, wrong);
}

static void check_file(const char *name, eid_type type, int ndim, const int64_t *shape)
{
    char path[900];
    eid_array *a = NULL;

    snprintf(path, sizeof path, "%s/golden/npy/%s.npy", getenv("EID_TEST_DATA"), name);
    CHECK_OK(eid_array_read(&a, ctx, path));
    if (!a)
        return;
    if (a->type != type || a->ndim != ndim || memcmp(a->shape, shape, (size_t)ndim * sizeof *shape))
        CHECK_FAIL("%s: another type or shape", name);
    compare(name, a);
    eid_array_free(a);
}

static void every_type(void)
{
    const int64_t shape[3] = {3, 4, 5};

    for (int t = EID_B1; t <= EID_F8; t++)
        check_file(eid_type_name((eid_type)t), (eid_type)t, 3, shape);
}

static void either_byte_order(void)
{
    const int64_t shape[3] = {3, 4, 5};

    check_file("big-i2", EID_I2, 3, shape);
    check_file("big-u4", EID_U4, 3, shape);
    check_file("big-i8", EID_I8, 3, shape);
    check_file("big-f2", EID_F2, 3, shape);
    check_file("big-f4", EID_F4, 3, shape);
    check_file("big-f8", EID_F8, 3, shape);
}

static void fortran_order(void)
{
    const int64_t shape[3] = {3, 4, 5};

    check_file("fortran-u1", EID_U1, 3, shape);
    check_file("fortran-f4", EID_F4, 3, shape);
    check_file("fortran-f8", EID_F8, 3, shape);
    check_file("fortran-big-f4", EID_F4, 3, shape);
    check_file("fortran-matrix-i4", EID_I4, 2, shape + 1);
}

static void versions_and_odd_shapes(void)
{
    const int64_t shape[3] = {3, 4, 5}, seven = 7, empty[2] = {0, 3};

    check_file("version2-f4", EID_F4, 3, shape);
    check_file("version3-f4", EID_F4, 3, shape);
    check_file("scalar-f8", EID_F8, 0, shape);
    check_file("vector-i4", EID_I4, 1, &seven);
    check_file("empty-f4", EID_F4, 2, empty);
}

static void archives(void)
{
    static const char *const names[] = {"stored", "deflated"};

    for (int i = 0; i < 2; i++) {
        char path[900];
        eid_npz *z = NULL;
        eid_array *a = NULL;
        snprintf(path, sizeof path, "%s/golden/npy/%s.npz", getenv("EID_TEST_DATA"), names[i]);
        CHECK_OK(eid_npz_open(&z, ctx, path));
        if (!z)
            continue;
        CHECK_OK(eid_npz_get(&a, ctx, z, "x"));
        CHECK(a && a->ndim == 3 && a->type == (i ? EID_F8 : EID_F4));
        compare(names[i], a);
        eid_array_free(a);
        CHECK_OK(eid_npz_get(&a, ctx, z, "y"));
        CHECK(a && a->ndim == 1 && a->count == 3 && a->type == (i ? EID_U1 : EID_I4));
        compare(names[i], a);
        eid_array_free(a);
        eid_npz_free(z);
    }
}

int main(void)
{
    CHECK_OK(eid_ctx_new(&ctx, &(eid_ctx_opts){.threads = 1}));
    RUN(every_type);
    RUN(either_byte_order);
    RUN(fortran_order);
    RUN(versions_and_odd_shapes);
    RUN(archives);
    eid_ctx_free(ctx);
    return DONE();
}
