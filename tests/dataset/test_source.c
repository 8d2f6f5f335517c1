/* test_source.c - from names to files to the sets asked for; back through a file; every allocation
 * failing. */
#include "bytes.h"

static char dir[700];
static eid_dataset *train, *test;
static eid_dataset_opts o;

static void drop(void)
{
    eid_dataset_free(train);
    eid_dataset_free(test);
    train = test = NULL;
}

static eid_status get(const char *below)
{
    char path[900];

    drop();
    snprintf(path, sizeof path, "%s/%s", dir, below);
    return eid_dataset_read(&train, &test, ctx, path, &o);
}

static const char *folder(const char *name)
{
    static char path[800];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    CHECK_OK(eid_mkdirs(path));
    return path;
}

/* n examples of 2 x 2, as IDX below dir under these names. */
static void put_idx(const char *in, const char *images, const char *labels, int64_t n, int classes)
{
    const int64_t shape[3] = {n, 2, 2};
    uint8_t x[400], y[100], file[500];

    for (int64_t i = 0; i < n * 4; i++)
        x[i] = (uint8_t)(i * 31 + classes);
    for (int64_t i = 0; i < n; i++)
        y[i] = (uint8_t)(i % classes);
    put_file(in, images, file, idx_bytes(file, 8, 3, shape, x, (size_t)n * 4));
    if (labels)
        put_file(in, labels, file, idx_bytes(file, 8, 1, shape, y, (size_t)n));
}

static void idx_by_folder_file_and_prefix(void)
{
    const char *in = folder("idx");

    put_idx(in, "train-images-idx3-ubyte", "train-labels-idx1-ubyte", 20, 3);
    put_idx(in, "t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte", 8, 4);
    o = eid_dataset_opts_default();
    CHECK_OK(get("idx"));
    CHECK(train && test && train->n == 20 && test->n == 8);
    CHECK(train->classes == 4 && test->classes == 4 && train->part == 0 && test->part == 1);
    CHECK_OK(get("idx/train"));
    CHECK(train && !test && train->n == 20 && train->classes == 3);
    CHECK_OK(get("idx/t10k-images.idx3-ubyte"));
    CHECK(train && !test && train->n == 8);
    CHECK_FAILS(get("nothing"), EID_EINVAL, "neither a data set by name");
    CHECK_FAILS(get(""), EID_EINVAL, "no data set in this folder");
    put_idx(folder("bare"), "train-images-idx3-ubyte", NULL, 4, 2);
    CHECK_FAILS(get("bare"), EID_EINVAL, "no file of labels");
    put_file(dir, "what.txt", "hello", 5);
    CHECK_FAILS(get("what.txt"), EID_EFORMAT, "begins neither");
}

static void arrays_by_folder_file_and_prefix(void)
{
    float x[12] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    int64_t y[4] = {0, 1, 0, 1};
    const eid_array_view v[2] = {{.type = EID_F4, .ndim = 2, .shape = {4, 3}, .data = x},
                                 {.type = EID_I8, .ndim = 1, .shape = {4}, .data = y}};
    const char *names[] = {"x.npy", "y.npy", "a_x.npy", "a_y.npy", "other.npy"};
    char path[900];

    folder("npy");
    for (int i = 0; i < 5; i++) {
        snprintf(path, sizeof path, "%s/npy/%s", dir, names[i]);
        CHECK_OK(eid_array_write(ctx, path, &v[i == 4 ? 0 : i % 2]));
    }
    o = eid_dataset_opts_default();
    CHECK_OK(get("npy"));
    CHECK(train && train->n == 4 && train->width == 3 && train->f32[4] == 4);
    CHECK_OK(get("npy/x.npy"));
    CHECK_OK(get("npy/a"));
    CHECK_FAILS(get("npy/other.npy"), EID_EINVAL, "--labels");
    snprintf(path, sizeof path, "%s/npy/y.npy", dir);
    o.labels = path;
    CHECK_OK(get("npy/other.npy"));
    CHECK(train && train->label[1] == 1);
    o.labels = NULL;
    o.test_share = 0.5;
    CHECK_OK(get("npy"));
    CHECK(train && test && train->n == 2 && test->n == 2 && test->part == 1);
    CHECK(train->label[0] != train->label[1]);
    o.test_share = 0;
    o.classes = 1;
    CHECK_FAILS(get("npy"), EID_EFORMAT, "element 1 is 1, not between 0 and 0");
}

static void cifar_by_folder(void)
{
    const char *in = folder("cifar/cifar-10-batches-bin");
    uint8_t *b = calloc(2, 3073);

    b[0] = 7;
    put_file(in, "data_batch_1.bin", b, 2 * 3073);
    put_file(in, "data_batch_2.bin", b, 2 * 3073);
    put_file(in, "test_batch.bin", b, 3073);
    o = eid_dataset_opts_default();
    CHECK_OK(get("cifar"));
    CHECK(train && test && train->n == 4 && test->n == 1 && train->classes == 10);
    CHECK_OK(get("cifar/cifar-10-batches-bin/data_batch_2.bin"));
    CHECK(train && train->n == 2);
    memset(b, 0, 3074);
    put_file(folder("cifar100"), "train.bin", b, 3074);
    CHECK_FAILS(get("cifar100"), EID_EINVAL, "all 1 labels are 0; two classes are needed");
    free(b);
}

/* What is written reads back as the same, and is the same file when written again. */
static void a_written_set_comes_back(void)
{
    char path[2][900], hash[3][65];
    int64_t bytes;

    o = eid_dataset_opts_default();
    o.examples = 15;
    o.wrong_labels = 0.2;
    CHECK_OK(get("idx"));
    if (!train || !test)
        return;
    for (int i = 0; i < 2; i++) {
        snprintf(path[i], sizeof path[i], "%s/w%d.npz", dir, i);
        CHECK_OK(eid_dataset_write(ctx, path[i], train, test));
        CHECK_OK(eid_file_sha256(ctx, path[i], hash[i], &bytes));
    }
    CHECK_STR(hash[0], hash[1]);
    memcpy(hash[0], train->sha256, 65);
    memcpy(hash[1], test->sha256, 65);
    int32_t clean = train->clean[4];
    o = eid_dataset_opts_default();
    CHECK_OK(get("w0.npz"));
    CHECK_STR(train->sha256, hash[0]);
    CHECK_STR(test->sha256, hash[1]);
    CHECK_INT(train->clean[4], clean);
}

static void flips_are_listed_by_id(void)
{
    char path[900], line[80];
    int lines = 0;

    o = eid_dataset_opts_default();
    o.examples = 15;
    o.wrong_labels = 0.2;
    CHECK_OK(get("idx"));
    snprintf(path, sizeof path, "%s/flips.csv", dir);
    CHECK_OK(eid_dataset_write_flips(path, train));
    FILE *f = fopen(path, "r");
    CHECK(f && fgets(line, sizeof line, f) && !strcmp(line, "id,clean,label\n"));
    while (f && fgets(line, sizeof line, f)) {
        int id, clean, label;
        CHECK_INT(sscanf(line, "%d,%d,%d", &id, &clean, &label), 3);
        for (int64_t i = 0; i < train->n; i++)
            if (train->id[i] == id)
                CHECK(train->clean[i] == clean && train->label[i] == label && clean == id % 3 &&
                      label != clean);
        lines++;
    }
    CHECK_INT(lines, 3);
    if (f)
        fclose(f);
}

static void what_cannot_be_had_is_refused(void)
{
    o = eid_dataset_opts_default();
    o.examples = 21;
    CHECK_FAILS(get("idx"), EID_EINVAL, "21 examples are wanted of the 20 there are");
    o = eid_dataset_opts_default();
    o.wrong_labels = o.random_labels = 0.1;
    CHECK_FAILS(get("idx"), EID_EINVAL, "one of them at a time");
    o = eid_dataset_opts_default();
    o.only = "1";
    CHECK_FAILS(get("idx"), EID_EINVAL, "two classes are needed");
    o.only = "1,x";
    CHECK_FAILS(get("idx"), EID_EINVAL, "not a list of classes");
    o.only = "1,0";
    CHECK_OK(get("idx"));
    CHECK(train && test && train->classes == 2 && test->n == 4 && train->label[0] == 1);
}

/* Whichever allocation fails, it is said and nothing leaks (the address sanitizer sees). */
static void no_memory_is_survived(void)
{
    int64_t n = 0;

    drop();
    for (n = 1; n < 2000; n++) {
        o = eid_dataset_opts_default();
        o.examples = 12;
        o.pixels = EID_PIXELS_SHUFFLED;
        o.permuted_labels = 0.5;
        char path[900];
        snprintf(path, sizeof path, "%s/w0.npz", dir);
        eid_fail_allocation(n);
        eid_status st = eid_dataset_read(&train, &test, ctx, path, &o);
        eid_fail_allocation(0);
        CHECK(st == EID_OK || st == EID_ENOMEM);
        CHECK((st == EID_OK) == (train != NULL));
        if (st == EID_OK)
            break;
    }
    CHECK(n > 50 && n < 2000);
}

static void the_bound_on_memory_holds(void)
{
    eid_ctx *whole = ctx;

    o = eid_dataset_opts_default();
    CHECK_OK(eid_ctx_new(&ctx, &(eid_ctx_opts){.threads = 1, .memory = 300}));
    CHECK_FAILS(get("idx"), EID_ENOMEM, "--memory allows 300");
    eid_ctx_free(ctx);
    ctx = whole;
}

static void fashion_mnist_by_name(void)
{
    o = eid_dataset_opts_default();
    o.examples = 100;
    if (access("/usr/share/datasets/fashion-mnist", F_OK) != 0) {
        CHECK_FAILS(eid_dataset_read(&train, &test, ctx, "fashion-mnist", &o), EID_EINVAL,
                    "apt-get install dataset-fashion-mnist");
        return;
    }
    drop();
    CHECK_OK(eid_dataset_read(&train, &test, ctx, "fashion-mnist", &o));
    CHECK(train && test && train->n == 100 && test->n == 10000 && train->features == 784);
}

int main(void)
{
    snprintf(dir, sizeof dir, "%s", check_tmp("source"));
    CHECK_OK(eid_mkdirs(dir));
    CHECK_OK(eid_ctx_new(&ctx, &(eid_ctx_opts){.threads = 1}));
    RUN(idx_by_folder_file_and_prefix);
    RUN(arrays_by_folder_file_and_prefix);
    RUN(cifar_by_folder);
    RUN(a_written_set_comes_back);
    RUN(flips_are_listed_by_id);
    RUN(what_cannot_be_had_is_refused);
    RUN(no_memory_is_survived);
    RUN(the_bound_on_memory_holds);
    RUN(fashion_mnist_by_name);
    drop();
    eid_ctx_free(ctx);
    return DONE();
}
