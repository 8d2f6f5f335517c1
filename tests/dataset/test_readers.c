/* test_readers.c - IDX, CIFAR and pairs of arrays: what is read, and what is refused. */
#include "bytes.h"
#include "dataset/readers.h"
#include <zlib.h>

static eid_dataset *made; /* by the last read */

static eid_status idx(const uint8_t *images, size_t n, const uint8_t *labels, size_t k,
                      int64_t classes)
{
    eid_making m = {0};
    eid_status st = eid_idx_read(&m, ctx, "set", (eid_bytes){"i", images, n},
                                 (eid_bytes){"l", labels, k}, classes);

    eid_dataset_free(made);
    made = NULL;
    if (st == EID_OK)
        st = eid_making_finish(&made, ctx, &m);
    eid_making_drop(&m);
    return st;
}

/* Four images of 2 x 3 with labels 0 2 1 2. */
static uint8_t images[100], labels[100];
static size_t n_images, n_labels;

static void make_idx(void)
{
    const int64_t shape[3] = {4, 2, 3};
    uint8_t x[24];
    const uint8_t y[4] = {0, 2, 1, 2};

    for (int i = 0; i < 24; i++)
        x[i] = (uint8_t)(i * 10);
    n_images = idx_bytes(images, 0x08, 3, shape, x, 24);
    n_labels = idx_bytes(labels, 0x08, 1, shape, y, 4);
}

static void idx_is_read(void)
{
    float row[6];

    CHECK_OK(idx(images, n_images, labels, n_labels, 0));
    CHECK(made->n == 4 && made->channels == 1 && made->height == 2 && made->width == 3);
    CHECK(made->features == 6 && made->classes == 3 && made->u8 && !made->f32);
    CHECK(made->label[1] == 2 && made->clean[1] == 2 && made->id[3] == 3);
    eid_dataset_row(made, 3, row);
    CHECK_CLOSE((double)row[5], 230 / 255.0, 1e-6,
                0); /* one rounding of 1/255, one of the product */
    CHECK_OK(idx(images, n_images, labels, n_labels, 10));
    CHECK_INT(made->classes, 10);
}

static size_t gzip(const uint8_t *in, size_t n, uint8_t *out, size_t room)
{
    z_stream z = {.next_in = (uint8_t *)(uintptr_t)in,
                  .avail_in = (uInt)n,
                  .next_out = out,
                  .avail_out = (uInt)room};
    deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    CHECK_INT(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return room - z.avail_out;
}

static void gzip_is_unpacked(void)
{
    uint8_t packed[300];
    size_t first = gzip(images, 20, packed, sizeof packed);
    size_t n = first + gzip(images + 20, n_images - 20, packed + first, sizeof packed - first);
    char plain[65];

    CHECK_OK(idx(images, n_images, labels, n_labels, 0));
    memcpy(plain, made->sha256, sizeof plain);
    CHECK_OK(idx(packed, n, labels, n_labels, 0)); /* of two members */
    CHECK_STR(made->sha256, plain);
    for (size_t cut = 0; cut < n; cut++)
        CHECK(idx(packed, cut, labels, n_labels, 0) != EID_OK);
    packed[n] = 0;
    CHECK(idx(packed, n + 1, labels, n_labels, 0) != EID_OK);
    packed[n - 6] ^= 1; /* the checksum */
    CHECK_FAILS(idx(packed, n, labels, n_labels, 0), EID_EFORMAT, "damaged gzip");
}

static void idx_that_lies_is_refused(void)
{
    uint8_t bad[100];

    for (size_t cut = 0; cut < n_images; cut++)
        CHECK(idx(images, cut, labels, n_labels, 0) == EID_EFORMAT);
    for (size_t cut = 0; cut < n_labels; cut++)
        CHECK(idx(images, n_images, labels, cut, 0) == EID_EFORMAT);
    memcpy(bad, images, sizeof bad);
    CHECK_FAILS(idx(images, n_images + 1, labels, n_labels, 0), EID_EFORMAT, "1 bytes too many");
    bad[4] = 0xff; /* 4 billion images, of which memory is not asked */
    CHECK_FAILS(idx(bad, n_images, labels, n_labels, 0), EID_EFORMAT, "claims");
    memset(bad + 4, 0xff, 12);
    CHECK_FAILS(idx(bad, n_images, labels, n_labels, 0), EID_EFORMAT, "too large");
    memset(bad + 4, 0, 12);
    CHECK_FAILS(idx(bad, 16, labels, n_labels, 0), EID_EFORMAT, "at least one");
    memcpy(bad, images, sizeof bad);
    bad[2] = 7;
    CHECK_FAILS(idx(bad, n_images, labels, n_labels, 0), EID_EFORMAT, "does not begin");
    bad[2] = 8;
    bad[3] = 9;
    CHECK_FAILS(idx(bad, n_images, labels, n_labels, 0), EID_EFORMAT, "9 dimensions");
    memcpy(bad, labels, n_labels);
    CHECK_FAILS(idx(images, n_images, images, n_images, 0), EID_EFORMAT, "3 dimensions; labels");
    bad[7] = 3;
    CHECK_FAILS(idx(images, n_images, bad, n_labels - 1, 0), EID_EFORMAT, "3 labels for the 4");
    CHECK_FAILS(idx(images, n_images, labels, n_labels, 2), EID_EFORMAT,
                "label of example 1 is 2, not one of the 2 classes");
}

/* Floats, and labels of 32 bits, both big-endian. */
static void other_types_of_idx(void)
{
    const int64_t shape[2] = {2, 2};
    const uint8_t x[16] = {0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0, 0x7f, 0x80, 0, 0}; /* 1 -2 inf 0 */
    const uint8_t y[8] = {0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff};
    uint8_t i[64], l[64];
    size_t n = idx_bytes(i, 0x0D, 2, shape, x, 16), k = idx_bytes(l, 0x0C, 1, shape, y, 8);

    CHECK_FAILS(idx(i, n, l, k, 0), EID_EFORMAT, "label of example 1 is -1");
    memset(l + 12, 0, 4);
    CHECK_FAILS(idx(i, n, l, k, 0), EID_EFORMAT, "number 0 of example 1 is infinite");
    i[n - 8] = 0;
    i[n - 7] = 0;
    CHECK_OK(idx(i, n, l, k, 0));
    CHECK(made && made->f32 && made->f32[0] == 1 && made->f32[1] == -2 && made->width == 2);
}

static eid_status cifar(const uint8_t *bytes, size_t n, bool hundred, bool coarse)
{
    eid_making m = {0};
    eid_bytes file[2] = {{"a.bin", bytes, n}, {"b.bin", bytes, n}};
    eid_status st = eid_cifar_read(&m, ctx, "set", file, 2, hundred, coarse);

    eid_dataset_free(made);
    made = NULL;
    if (st == EID_OK)
        st = eid_making_finish(&made, ctx, &m);
    eid_making_drop(&m);
    return st;
}

static void cifar_is_read(void)
{
    enum { TEN = 3073, HUNDRED = 3074 };
    uint8_t *b = calloc(2, HUNDRED);

    b[0] = 9, b[1] = 5, b[TEN] = 1, b[2 * TEN - 1] = 77;
    CHECK_OK(cifar(b, 2 * TEN, false, false));
    CHECK(made && made->n == 4 && made->channels == 3 && made->height == 32 && made->classes == 10);
    CHECK(made->label[0] == 9 && made->label[1] == 1 && made->label[3] == 1);
    CHECK(made->u8[0] == 5 && made->u8[2 * 3072 - 1] == 77);
    CHECK_FAILS(cifar(b, 2 * TEN - 1, false, false), EID_EFORMAT, "6145 bytes are not a whole");
    CHECK_FAILS(cifar(b, 0, false, false), EID_EFORMAT, "whole number");
    b[TEN] = 10;
    CHECK_FAILS(cifar(b, 2 * TEN, false, false), EID_EFORMAT, "record 1, byte 3073: label 10");
    memset(b, 0, 2 * HUNDRED);
    b[0] = 19, b[1] = 99, b[2] = 8, b[HUNDRED + 1] = 3;
    CHECK_OK(cifar(b, 2 * HUNDRED, true, false));
    CHECK(made && made->label[0] == 99 && made->label[1] == 3 && made->classes == 100);
    CHECK_INT(made->u8[0], 8);
    CHECK_OK(cifar(b, 2 * HUNDRED, true, true));
    CHECK(made && made->label[0] == 19 && made->label[1] == 0 && made->classes == 20);
    b[1] = 100;
    CHECK_FAILS(cifar(b, 2 * HUNDRED, true, false), EID_EFORMAT, "label 100");
    free(b);
}

static eid_status arrays(const eid_array *x, const eid_array *y, int64_t classes, int64_t layout)
{
    eid_making m = {0};
    eid_status st = eid_arrays_read(&m, ctx, "set", &(eid_arrays){.x = x, .y = y}, classes, layout);

    eid_dataset_free(made);
    made = NULL;
    if (st == EID_OK)
        st = eid_making_finish(&made, ctx, &m);
    eid_making_drop(&m);
    return st;
}

static void arrays_are_read(void)
{
    float numbers[24];
    int64_t label[2] = {1, 0};
    double bad[2] = {0, 0.5};
    eid_array x = {.type = EID_F4, .ndim = 4, .shape = {2, 2, 2, 3}, .count = 24, .data = numbers};
    eid_array y = {.type = EID_I8, .ndim = 1, .shape = {2}, .count = 2, .data = label};

    x.name = "x.npy", y.name = "y.npy";
    for (int i = 0; i < 24; i++)
        numbers[i] = (float)i;
    CHECK_OK(arrays(&x, &y, 0, EID_LAYOUT_AUTO));
    CHECK(made->channels == 2 && made->height == 2 && made->width == 3 && made->f32[13] == 13);
    CHECK_OK(arrays(&x, &y, 0, EID_LAYOUT_CHANNELS_LAST));
    CHECK(made->channels == 3 && made->height == 2 && made->width == 2);
    CHECK(made->f32[0] == 0 && made->f32[1] == 3 && made->f32[4] == 1 && made->f32[12] == 12);
    x.ndim = 2, x.shape[1] = 12;
    y.ndim = 2, y.shape[1] = 1;
    CHECK_OK(arrays(&x, &y, 5, EID_LAYOUT_AUTO));
    CHECK(made->channels == 1 && made->height == 1 && made->width == 12 && made->classes == 5);
    y.shape[1] = 2, y.count = 4;
    CHECK_FAILS(arrays(&x, &y, 0, 0), EID_EFORMAT, "y.npy: labels of shape [2, 2] for 2 examples");
    y = (eid_array){.type = EID_F8, .ndim = 1, .shape = {2}, .count = 2, .data = bad, .name = "y"};
    CHECK_FAILS(arrays(&x, &y, 0, 0), EID_EFORMAT, "y: element 1 is 0.5");
    bad[1] = NAN;
    CHECK_FAILS(arrays(&x, &y, 0, 0), EID_EFORMAT, "y: element 1 is nan");
    bad[1] = 3;
    CHECK_FAILS(arrays(&x, &y, 3, 0), EID_EFORMAT, "element 1 is 3, not between 0 and 2");
    bad[1] = 1;
    numbers[17] = NAN;
    CHECK_FAILS(arrays(&x, &y, 0, 0), EID_EFORMAT, "number 5 of example 1 is NaN");
    x.ndim = 5;
    CHECK_FAILS(arrays(&x, &y, 0, 0), EID_EFORMAT, "is wanted");
}

/* (n, 28, 28, 3) is channels last, (n, 3, 28, 28) first, (n, 16, 8, 8) first. */
static void layouts_are_guessed(void)
{
    static const int64_t shapes[3][3] = {{7, 8, 3}, {3, 7, 8}, {16, 8, 8}};
    static const int64_t want[3][3] = {{3, 7, 8}, {3, 7, 8}, {16, 8, 8}};
    uint8_t *numbers = calloc(2 * 1024, 1);
    int32_t label[2] = {1, 0};
    eid_array y = {.type = EID_I4, .ndim = 1, .shape = {2}, .count = 2, .data = label, .name = "y"};

    for (int i = 0; i < 3; i++) {
        const int64_t *s = shapes[i];
        eid_array x = {.type = EID_U1,
                       .ndim = 4,
                       .shape = {2, s[0], s[1], s[2]},
                       .count = 2 * s[0] * s[1] * s[2],
                       .data = numbers,
                       .name = "x"};
        CHECK_OK(arrays(&x, &y, 0, EID_LAYOUT_AUTO));
        CHECK(made && made->channels == want[i][0] && made->height == want[i][1] &&
              made->width == want[i][2]);
    }
    free(numbers);
}

int main(void)
{
    CHECK_OK(eid_ctx_new(&ctx, &(eid_ctx_opts){.threads = 1, .memory = 1 << 20}));
    make_idx();
    RUN(idx_is_read);
    RUN(gzip_is_unpacked);
    RUN(idx_that_lies_is_refused);
    RUN(other_types_of_idx);
    RUN(cifar_is_read);
    RUN(arrays_are_read);
    RUN(layouts_are_guessed);
    eid_dataset_free(made);
    eid_ctx_free(ctx);
    return DONE();
}
