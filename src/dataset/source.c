/* source.c - from a name to files, by the names that such files commonly have. */
#include "dataset/source.h"
#include "base/file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Data sets that Debian ships. */
static const struct {
    const char *name, *folder, *package;
} SHIPPED[] = {
    {"fashion-mnist", "/usr/share/datasets/fashion-mnist", "dataset-fashion-mnist"},
};

/* Names of images and labels, behind a folder's or a prefix's; tried in this order. */
static const char *const IDX[][2] = {
    {"train-images-idx3-ubyte", "train-labels-idx1-ubyte"},
    {"train-images.idx3-ubyte", "train-labels.idx1-ubyte"},
};
static const char *const IDX_TEST[][2] = {
    {"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"},
    {"t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte"},
    {"test-images-idx3-ubyte", "test-labels-idx1-ubyte"},
    {"test-images.idx3-ubyte", "test-labels.idx1-ubyte"},
};
static const char *const IDX_PREFIX[][2] = {
    {"-images-idx3-ubyte", "-labels-idx1-ubyte"},
    {"-images.idx3-ubyte", "-labels.idx1-ubyte"},
};
static const char *const NPY[][2] = {
    {"x_train.npy", "y_train.npy"},
    {"X_train.npy", "y_train.npy"},
    {"train_x.npy", "train_y.npy"},
    {"x.npy", "y.npy"},
    {"X.npy", "y.npy"},
    {"train_images.npy", "train_labels.npy"},
    {"images.npy", "labels.npy"},
    {"features.npy", "labels.npy"},
};
static const char *const NPY_TEST[][2] = {
    {"x_test.npy", "y_test.npy"},
    {"X_test.npy", "y_test.npy"},
    {"test_x.npy", "test_y.npy"},
    {"test_images.npy", "test_labels.npy"},
};
static const char *const NPY_PREFIX[][2] = {
    {"_x.npy", "_y.npy"},           {"-x.npy", "-y.npy"},           {".x.npy", ".y.npy"},
    {"_images.npy", "_labels.npy"}, {"-images.npy", "-labels.npy"},
};
/* What stands in the name of a file of images, and in that of its labels. */
static const char *const TWINS[][2] = {
    {"-images-idx3-", "-labels-idx1-"},
    {"-images.idx3-", "-labels.idx1-"},
    {"images", "labels"},
    {"features", "labels"},
    {"x.npy", "y.npy"},
    {"X.npy", "y.npy"},
    {"x_", "y_"},
    {"X_", "y_"},
};
#define COUNT(a) (sizeof(a) / sizeof *(a))

void eid_source_free(eid_source *s)
{
    for (int p = 0; p < 2; p++)
        for (size_t i = 0; i < EID_SOURCE_FILES; i++)
            eid_free(s->part[p].file[i]);
    *s = (eid_source){0};
}

static bool is_file(const char *path)
{
    struct stat s;

    return stat(path, &s) == 0 && S_ISREG(s.st_mode);
}

static bool is_folder(const char *path)
{
    struct stat s;

    return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

/* base + name, or that packed; NULL in *path where neither is a file. */
static eid_status find_file(const char *base, const char *name, char **path)
{
    char *found = NULL;

    *path = NULL;
    for (int packed = 0; packed < 2; packed++) {
        eid_status st = eid_format(&found, "%s%s%s", base, name, packed ? ".gz" : "");
        if (st != EID_OK)
            return st;
        if (is_file(found)) {
            *path = found;
            return EID_OK;
        }
        eid_free(found);
    }
    return EID_OK;
}

static eid_status no_labels(const char *images)
{
    return eid_fail(EID_EINVAL, "%s: no file of labels beside it; --labels FILE names one", images);
}

/* The first pair whose images are there; their labels must be, too, or be named. */
static eid_status find_pair(eid_source_part *part, const char *base, const char *const (*names)[2],
                            size_t n, const char *labels)
{
    for (size_t i = 0; i < n; i++) {
        eid_status st = find_file(base, names[i][0], &part->file[0]);
        if (st != EID_OK)
            return st;
        if (!part->file[0])
            continue;
        part->n = 2;
        st = labels ? eid_strdup(&part->file[1], labels)
                    : find_file(base, names[i][1], &part->file[1]);
        if (st != EID_OK)
            return st;
        return part->file[1] ? EID_OK : no_labels(part->file[0]);
    }
    return EID_OK;
}

static eid_status find_cifar(eid_source *s, const char *base)
{
    char name[32];
    eid_status st = EID_OK;

    s->kind = EID_SOURCE_CIFAR10;
    for (int i = 1; i <= 5 && st == EID_OK; i++) {
        snprintf(name, sizeof name, "data_batch_%d.bin", i);
        st = find_file(base, name, &s->part[0].file[s->part[0].n]);
        s->part[0].n += s->part[0].file[s->part[0].n] != NULL;
    }
    if (st == EID_OK)
        st = find_file(base, "test_batch.bin", &s->part[1].file[0]);
    if (st == EID_OK && !s->part[0].n) {
        s->kind = EID_SOURCE_CIFAR100;
        st = find_file(base, "train.bin", &s->part[0].file[0]);
        s->part[0].n = s->part[0].file[0] != NULL;
        if (st == EID_OK && s->part[0].n && !s->part[1].file[0])
            st = find_file(base, "test.bin", &s->part[1].file[0]);
    }
    s->part[1].n = s->part[1].file[0] != NULL;
    return st;
}

/* A folder, with its slash in `base`; nothing is found where part[0].n stays 0. */
static eid_status look_in(eid_source *s, const char *base, const char *labels)
{
    eid_status st = EID_OK;

    s->kind = EID_SOURCE_IDX;
    EID_TRY(find_pair(&s->part[0], base, IDX, COUNT(IDX), labels));
    if (s->part[0].n)
        return find_pair(&s->part[1], base, IDX_TEST, COUNT(IDX_TEST), NULL);
    EID_TRY(find_cifar(s, base));
    if (s->part[0].n)
        return EID_OK;
    s->kind = EID_SOURCE_NPY;
    EID_TRY(find_pair(&s->part[0], base, NPY, COUNT(NPY), labels));
    if (s->part[0].n)
        EID_TRY(find_pair(&s->part[1], base, NPY_TEST, COUNT(NPY_TEST), NULL));
done:
    return st;
}

/* Folders that the archives of CIFAR unpack to are looked into, too. */
static eid_status find_in_folder(eid_source *s, const char *folder, const char *labels)
{
    static const char *const INNER[] = {"", "cifar-10-batches-bin/", "cifar-100-binary/"};
    char *base = NULL;
    eid_status st = EID_OK;

    for (size_t i = 0; i < COUNT(INNER) && !s->part[0].n && st == EID_OK; i++) {
        st = eid_format(&base, "%s/%s", folder, INNER[i]);
        if (st == EID_OK)
            st = look_in(s, base, labels);
        eid_free(base);
        base = NULL;
    }
    if (st == EID_OK && !s->part[0].n)
        return eid_fail(EID_EINVAL,
                        "%s: no data set in this folder; looked for train-images-idx3-ubyte[.gz], "
                        "data_batch_1.bin, train.bin, x.npy and x_train.npy",
                        folder);
    return st;
}

/* The labels of a file of images: its name with images turned into labels in the last part. */
static eid_status find_twin(eid_source_part *part, const char *path, const char *labels)
{
    const char *last = strrchr(path, '/');
    size_t from = last ? (size_t)(last - path) + 1 : 0;
    eid_status st = eid_strdup(&part->file[0], path);

    part->n = 2;
    if (st == EID_OK && labels)
        return eid_strdup(&part->file[1], labels);
    for (size_t i = 0; i < COUNT(TWINS) && st == EID_OK; i++) {
        const char *at = strstr(path + from, TWINS[i][0]);
        if (!at)
            continue;
        st = eid_format(&part->file[1], "%.*s%s%s", (int)(at - path), path, TWINS[i][1],
                        at + strlen(TWINS[i][0]));
        if (st != EID_OK || is_file(part->file[1]))
            return st;
        eid_free(part->file[1]);
        part->file[1] = NULL;
    }
    return st == EID_OK ? no_labels(path) : st;
}

/* Some other name than theirs: the size tells, else CIFAR-10 is meant. */
static bool is_hundred(const char *path)
{
    const char *last = strrchr(path, '/');
    struct stat s;

    last = last ? last + 1 : path;
    if (stat(path, &s) != 0 || s.st_size % 3074)
        return false;
    return s.st_size % 3073 || !strcmp(last, "train.bin") || !strcmp(last, "test.bin");
}

/* A file is told by its first bytes; CIFAR's has none of its own and is told by its name. */
static eid_status find_file_kind(eid_source *s, const char *path, const char *labels)
{
    uint8_t b[6] = {0};
    size_t n = strlen(path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got;

    if (fd < 0)
        return eid_fail(EID_EIO, "%s: %s", path, strerror(errno));
    got = read(fd, b, sizeof b);
    close(fd);
    if (got < 0)
        return eid_fail(EID_EIO, "%s: %s", path, strerror(errno));
    bool idx = (b[0] == 0x1f && b[1] == 0x8b) ||
               (!b[0] && !b[1] && b[2] >= 8 && b[2] <= 14 && b[3] >= 1 && b[3] <= 4);
    bool zip = !memcmp(b, "PK", 2), npy = !memcmp(b, "\x93NUMPY", 6);
    if (zip || (!npy && n > 4 && !strcmp(path + n - 4, ".bin"))) {
        s->kind = zip                ? EID_SOURCE_NPZ
                  : is_hundred(path) ? EID_SOURCE_CIFAR100
                                     : EID_SOURCE_CIFAR10;
        s->part[0].n = 1;
        return eid_strdup(&s->part[0].file[0], path);
    }
    if (!npy && !idx)
        return eid_fail(EID_EFORMAT,
                        "%s: begins neither as IDX nor .npy nor .npz, and is not named .bin as "
                        "CIFAR's files are",
                        path);
    s->kind = npy ? EID_SOURCE_NPY : EID_SOURCE_IDX;
    return find_twin(&s->part[0], path, labels);
}

static eid_status find_prefix(eid_source *s, const char *prefix, const char *labels)
{
    eid_status st = EID_OK;

    s->kind = EID_SOURCE_IDX;
    EID_TRY(find_pair(&s->part[0], prefix, IDX_PREFIX, COUNT(IDX_PREFIX), labels));
    if (s->part[0].n)
        return EID_OK;
    s->kind = EID_SOURCE_NPY;
    EID_TRY(find_pair(&s->part[0], prefix, NPY_PREFIX, COUNT(NPY_PREFIX), labels));
    if (!s->part[0].n)
        return eid_fail(EID_EINVAL,
                        "%s: neither a data set by name (fashion-mnist) nor a file, a folder or "
                        "the beginning of files' names",
                        prefix);
done:
    return st;
}

static eid_status find(eid_source *s, const char *data, const char *labels)
{
    for (size_t i = 0; i < COUNT(SHIPPED); i++)
        if (!strcmp(data, SHIPPED[i].name)) {
            if (!is_folder(SHIPPED[i].folder))
                return eid_fail(EID_EINVAL, "%s is not installed: apt-get install %s", data,
                                SHIPPED[i].package);
            return find_in_folder(s, SHIPPED[i].folder, labels);
        }
    if (is_folder(data))
        return find_in_folder(s, data, labels);
    return is_file(data) ? find_file_kind(s, data, labels) : find_prefix(s, data, labels);
}

eid_status eid_source_find(eid_source *out, const char *data, const eid_dataset_opts *opts)
{
    eid_source s = {0};
    eid_status st = find(&s, data, opts->labels);

    if (st == EID_OK)
        *out = s;
    else
        eid_source_free(&s);
    return st;
}

eid_status eid_dataset_files(const char *data, const eid_dataset_opts *opts, eid_dataset_file_fn fn,
                             void *user)
{
    eid_source s;
    eid_status st = eid_source_find(&s, data, opts);

    if (st != EID_OK)
        return st;
    for (int p = 0; p < 2; p++)
        for (size_t i = 0; i < s.part[p].n; i++)
            fn(user, s.part[p].file[i]);
    eid_source_free(&s);
    return EID_OK;
}
