/* read.c - from a name to a training and a test set as they stand. */
#include "base/file.h"
#include "dataset/npz.h"
#include "dataset/readers.h"
#include "dataset/source.h"
#include <inttypes.h>
#include <string.h>

/* ---- files ----------------------------------------------------------------------------------- */

static eid_status part_name(char **out, const char *data, int part)
{
    return eid_format(out, "%s, %s", data, part ? "test" : "training");
}

/* The arrays of a .npz by the keys in use; ours come first. */
static const char *const KEYS[2][10][2] = {
    {{"x", "y"},
     {"x_train", "y_train"},
     {"X_train", "y_train"},
     {"train_x", "train_y"},
     {"train_images", "train_labels"},
     {"X", "y"},
     {"images", "labels"},
     {"features", "labels"},
     {"data", "target"},
     {"arr_0", "arr_1"}},
    {{"x_test", "y_test"},
     {"X_test", "y_test"},
     {"test_x", "test_y"},
     {"test_images", "test_labels"}},
};

static bool has(const eid_npz *z, const char *key)
{
    const char *const *keys;
    size_t n = eid_npz_keys(z, &keys);

    for (size_t i = 0; i < n; i++)
        if (!strcmp(keys[i], key))
            return true;
    return false;
}

/* An array that need not be there. */
static eid_status get(eid_array **out, eid_ctx *ctx, const eid_npz *z, const char *key)
{
    return key && has(z, key) ? eid_npz_get(out, ctx, z, key) : EID_OK;
}

/* Reads a part of a .npz; m stays empty where it has none. */
static eid_status read_npz(eid_making *m, eid_ctx *ctx, const char *name, const eid_npz *z,
                           int part, const eid_dataset_opts *o)
{
    eid_array *a[6] = {NULL}, *labels = NULL;
    const char *const *pair = NULL;
    eid_status st = EID_OK;

    for (int i = 0; i < 10 && !pair && KEYS[part][i][0]; i++)
        if (has(z, KEYS[part][i][0]) && (has(z, KEYS[part][i][1]) || (o->labels && !part)))
            pair = KEYS[part][i];
    if (!pair)
        return part ? EID_OK
                    : eid_fail(EID_EINVAL,
                               "%s: no arrays x and y, nor x_train and y_train, nor images and "
                               "labels",
                               name);
    bool ours = !strcmp(pair[0], part ? "x_test" : "x") && has(z, "eidetic");
    EID_TRY(eid_npz_get(&a[0], ctx, z, pair[0]));
    if (o->labels && !part)
        EID_TRY(eid_array_read(&labels, ctx, o->labels));
    else
        EID_TRY(eid_npz_get(&labels, ctx, z, pair[1]));
    if (ours) {
        EID_TRY(get(&a[1], ctx, z, part ? "clean_test" : "clean"));
        EID_TRY(get(&a[2], ctx, z, part ? "id_test" : "id"));
        EID_TRY(get(&a[3], ctx, z, "eidetic"));
        EID_TRY(get(&a[4], ctx, z, "scale"));
    }
    EID_TRY(eid_arrays_read(
        m, ctx, name,
        &(eid_arrays){
            .x = a[0], .y = labels, .clean = a[1], .id = a[2], .own = a[3], .scale = a[4]},
        o->classes, o->layout));
done:
    for (int i = 0; i < 6; i++)
        eid_array_free(a[i]);
    eid_array_free(labels);
    return st;
}

static eid_status read_npy(eid_making *m, eid_ctx *ctx, const char *name, const eid_source_part *p,
                           const eid_dataset_opts *o)
{
    eid_array *x = NULL, *y = NULL;
    eid_status st = EID_OK;

    EID_TRY(eid_array_read(&x, ctx, p->file[0]));
    EID_TRY(eid_array_read(&y, ctx, p->file[1]));
    EID_TRY(eid_arrays_read(m, ctx, name, &(eid_arrays){.x = x, .y = y}, o->classes, o->layout));
done:
    eid_array_free(x);
    eid_array_free(y);
    return st;
}

/* IDX and CIFAR. */
static eid_status read_mapped(eid_making *m, eid_ctx *ctx, const char *name, eid_source_kind kind,
                              const eid_source_part *p, const eid_dataset_opts *o)
{
    eid_map map[EID_SOURCE_FILES] = {{0}};
    eid_bytes file[EID_SOURCE_FILES];
    eid_status st = EID_OK;

    for (size_t i = 0; i < p->n; i++) {
        EID_TRY(eid_map_open(&map[i], p->file[i]));
        file[i] = (eid_bytes){.name = p->file[i], .at = map[i].at, .n = map[i].n};
    }
    if (kind == EID_SOURCE_IDX)
        EID_TRY(eid_idx_read(m, ctx, name, file[0], file[1], o->classes));
    else
        EID_TRY(eid_cifar_read(m, ctx, name, file, p->n, kind == EID_SOURCE_CIFAR100, o->coarse));
done:
    for (size_t i = 0; i < p->n; i++)
        eid_map_close(&map[i]);
    return st;
}

/* Both parts; m[1] stays empty where there is no test set. */
static eid_status read_parts(eid_making m[2], eid_ctx *ctx, const char *data, const eid_source *s,
                             const eid_dataset_opts *o)
{
    eid_npz *z = NULL;
    char *name = NULL;
    eid_status st = EID_OK;

    if (s->kind == EID_SOURCE_NPZ)
        EID_TRY(eid_npz_open(&z, ctx, s->part[0].file[0]));
    for (int p = 0; p < 2; p++) {
        if (!z && !s->part[p].n)
            continue;
        EID_TRY(part_name(&name, data, p));
        if (z)
            EID_TRY(read_npz(&m[p], ctx, name, z, p, o));
        else if (s->kind == EID_SOURCE_NPY)
            EID_TRY(read_npy(&m[p], ctx, name, &s->part[p], o));
        else
            EID_TRY(read_mapped(&m[p], ctx, name, s->kind, &s->part[p], o));
        m[p].d.part = p;
        eid_free(name);
        name = NULL;
    }
done:
    eid_npz_free(z);
    eid_free(name);
    return st;
}

/* ---- the two together ------------------------------------------------------------------------ */

static eid_status same_kind(eid_making m[2])
{
    const eid_dataset *a = &m[0].d, *b = &m[1].d;

    if (a->channels != b->channels || a->height != b->height || a->width != b->width ||
        !m[0].u8 != !m[1].u8)
        return eid_fail(EID_EFORMAT,
                        "%s: %" PRId64 " x %" PRId64 " x %" PRId64
                        " %s an example, but %s: %" PRId64 " x %" PRId64 " x %" PRId64 " %s",
                        m[1].name, b->channels, b->height, b->width, m[1].u8 ? "bytes" : "floats",
                        m[0].name, a->channels, a->height, a->width, m[0].u8 ? "bytes" : "floats");
    return EID_OK;
}

eid_status eid_dataset_read_whole(eid_dataset *out[2], eid_ctx *ctx, const char *data,
                                  const eid_dataset_opts *o)
{
    eid_making m[2];
    eid_source s = {0};
    eid_status st = EID_OK;

    m[0] = m[1] = (eid_making){0};
    EID_TRY(eid_source_find(&s, data, o));
    EID_TRY(read_parts(m, ctx, data, &s, o));
    if (m[1].name) {
        EID_TRY(same_kind(m));
        if (m[1].d.classes > m[0].d.classes)
            m[0].d.classes = m[1].d.classes;
        m[1].d.classes = m[0].d.classes;
        EID_TRY(eid_making_finish(&out[1], ctx, &m[1]));
    }
    EID_TRY(eid_making_finish(&out[0], ctx, &m[0]));
done:
    eid_source_free(&s);
    eid_making_drop(&m[0]);
    eid_making_drop(&m[1]);
    return st;
}
