/* bank_files.c - a bank's arrays: made whole and empty, then filled row by row.
 *
 * A row counts only once the database says that its model is done, and the database says so after
 * the rows are on disk.  So a killed run leaves rows that are written again, never rows that lie.
 */
#include "base/file.h"
#include "dataset/npy.h"
#include "train/bank.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static eid_status io_failed(const char *path)
{
    return eid_fail(EID_EIO, "%s: %s", path, strerror(errno));
}

static eid_status plan(bank_file *f, const char *dir, const char *prefix, const char *name,
                       eid_array_view shape)
{
    eid_status st = EID_OK;
    char header[EID_NPY_WRITTEN];
    int64_t count;
    size_t bytes;

    EID_TRY(eid_format(&f->path, "%s/%s%s.npy", dir, prefix, name));
    EID_TRY(eid_npy_sizes(&shape, &count, &bytes));
    f->shape = shape;
    f->data = eid_npy_header(&shape, header);
    f->row = bytes / (size_t)shape.shape[0];
    f->size = f->data + bytes;
done:
    return st;
}

static eid_status plan_set(bank_file *f, const bank_plan *p, const char *dir, int which)
{
    eid_status st = EID_OK;
    int64_t models = p->opts->models, q = p->opts->queries, n = p->set[which]->n;
    const char *prefix = which ? "test_" : "train_";
    eid_array_view bits = {.type = EID_U1, .ndim = 2, .shape = {models, (n + 7) / 8}};
    eid_array_view one = {.type = EID_F4, .ndim = 3, .shape = {models, q, n}};
    eid_array_view all = {.type = EID_F4, .ndim = 4, .shape = {models, q, n, p->set[0]->classes}};

    EID_TRY(plan(&f[BANK_CORRECT], dir, prefix, "correct", bits));
    if (p->opts->outputs == EID_BANK_LOGITS) {
        EID_TRY(plan(&f[BANK_LOGITS], dir, prefix, "logits", all));
    } else {
        EID_TRY(plan(&f[BANK_PHI], dir, prefix, "phi", one));
        EID_TRY(plan(&f[BANK_MARGIN], dir, prefix, "margin", one));
    }
done:
    return st;
}

eid_status bank_files_plan(bank_file f[BANK_FILES], const bank_plan *p, const char *dir)
{
    eid_status st = EID_OK;
    int64_t models = p->opts->models;
    eid_array_view masks = {.type = EID_U1, .ndim = 2, .shape = {models, (p->set[0]->n + 7) / 8}};
    eid_array_view weights = {.type = EID_F4, .ndim = 2, .shape = {models, p->parameters}};

    for (int i = 0; i < BANK_FILES; i++)
        f[i] = (bank_file){.fd = -1};
    EID_TRY(plan(&f[BANK_MASKS], dir, "", "masks", masks));
    if (p->opts->keep_weights)
        EID_TRY(plan(&f[BANK_WEIGHTS], dir, "", "weights", weights));
    EID_TRY(plan_set(f + BANK_TRAIN, p, dir, 0));
    if (p->set[1])
        EID_TRY(plan_set(f + BANK_TEST, p, dir, 1));
done:
    return st;
}

static eid_status put_at(const bank_file *f, const void *bytes, size_t n, size_t at)
{
    const uint8_t *p = bytes;
    while (n) {
        ssize_t got = pwrite(f->fd, p, n, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return io_failed(f->path);
        p += got;
        n -= (size_t)got;
        at += (size_t)got;
    }
    return EID_OK;
}

eid_status bank_file_put(const bank_file *f, int64_t model, const void *row)
{
    return f->fd < 0 ? EID_OK : put_at(f, row, f->row, f->data + (size_t)model * f->row);
}

static eid_status sync_folder(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return io_failed(dir);
    fsync(fd); /* some file systems refuse */
    close(fd);
    return EID_OK;
}

eid_status bank_files_make(bank_file f[BANK_FILES], const char *dir, const uint8_t *masks)
{
    eid_status st = EID_OK;
    char header[EID_NPY_WRITTEN];

    for (int i = 0; i < BANK_FILES; i++) {
        if (!f[i].path)
            continue;
        f[i].fd = open(f[i].path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (f[i].fd < 0 || ftruncate(f[i].fd, (off_t)f[i].size) != 0)
            EID_TRY(io_failed(f[i].path));
        EID_TRY(put_at(&f[i], header, eid_npy_header(&f[i].shape, header), 0));
    }
    EID_TRY(
        put_at(&f[BANK_MASKS], masks, f[BANK_MASKS].size - f[BANK_MASKS].data, f[BANK_MASKS].data));
    EID_TRY(bank_files_sync(f));
    EID_TRY(sync_folder(dir));
done:
    return st;
}

static eid_status check_header(const bank_file *f)
{
    char want[EID_NPY_WRITTEN], is[EID_NPY_WRITTEN];
    struct stat info;
    size_t n = eid_npy_header(&f->shape, want);

    if (fstat(f->fd, &info) != 0)
        return io_failed(f->path);
    if ((uint64_t)info.st_size != f->size || pread(f->fd, is, n, 0) != (ssize_t)n ||
        memcmp(is, want, n) != 0)
        return eid_fail(EID_EFORMAT, "%s: is not the array that this bank had made", f->path);
    return EID_OK;
}

static eid_status check_masks(const bank_file *f, const uint8_t *masks)
{
    eid_map map = {0};
    eid_status st = eid_map_open(&map, f->path);
    if (st == EID_OK && memcmp(map.at + f->data, masks, f->size - f->data) != 0)
        st = eid_fail(EID_EFORMAT, "%s: was changed since the bank was begun", f->path);
    eid_map_close(&map);
    return st;
}

eid_status bank_files_open(bank_file f[BANK_FILES], const uint8_t *masks)
{
    eid_status st = EID_OK;

    for (int i = 0; i < BANK_FILES; i++) {
        if (!f[i].path)
            continue;
        f[i].fd = open(f[i].path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        if (f[i].fd < 0)
            EID_TRY(io_failed(f[i].path));
        EID_TRY(check_header(&f[i]));
    }
    EID_TRY(check_masks(&f[BANK_MASKS], masks));
done:
    return st;
}

eid_status bank_files_sync(const bank_file f[BANK_FILES])
{
    for (int i = 0; i < BANK_FILES; i++)
        if (f[i].fd >= 0 && fdatasync(f[i].fd) != 0)
            return io_failed(f[i].path);
    return EID_OK;
}

void bank_files_close(bank_file f[BANK_FILES])
{
    for (int i = 0; i < BANK_FILES; i++) {
        if (f[i].path && f[i].fd >= 0)
            close(f[i].fd);
        eid_free(f[i].path);
        f[i].path = NULL;
    }
}
