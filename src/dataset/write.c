/* write.c - a dataset as a .npz that reads back as the same, and its flips. */
#include "base/file.h"
#include "dataset/dataset.h"
#include <inttypes.h>

/* Examples as NumPy users expect them: (n, features), (n, height, width) or with the channels. */
static eid_array_view numbers(const eid_dataset *d, const char *key)
{
    eid_array_view v = {.key = key, .type = d->u8 ? EID_U1 : EID_F4, .ndim = 1};

    v.shape[0] = d->n;
    if (d->channels > 1)
        v.shape[v.ndim++] = d->channels;
    if (d->channels > 1 || d->height > 1)
        v.shape[v.ndim++] = d->height;
    v.shape[v.ndim++] = d->width;
    v.data = d->u8 ? (const void *)d->u8 : (const void *)d->f32;
    return v;
}

static eid_array_view column(const char *key, eid_type type, int64_t n, const void *data)
{
    return (eid_array_view){.key = key, .type = type, .ndim = 1, .shape = {n}, .data = data};
}

eid_status eid_dataset_write(eid_ctx *ctx, const char *path, const eid_dataset *train,
                             const eid_dataset *test)
{
    int64_t own[5] = {1, train->classes, train->channels, train->height, train->width};
    eid_array_view v[10] = {
        numbers(train, "x"),
        column("y", EID_I4, train->n, train->label),
        column("clean", EID_I4, train->n, train->clean),
        column("id", EID_I8, train->n, train->id),
        column("eidetic", EID_I8, 5, own),
        column("scale", EID_F4, 1, &train->scale),
    };
    size_t n = 6;

    if (test) {
        v[n++] = numbers(test, "x_test");
        v[n++] = column("y_test", EID_I4, test->n, test->label);
        v[n++] = column("clean_test", EID_I4, test->n, test->clean);
        v[n++] = column("id_test", EID_I8, test->n, test->id);
    }
    return eid_npz_write(ctx, path, v, n);
}

eid_status eid_dataset_write_flips(const char *path, const eid_dataset *d)
{
    eid_out *f = NULL;
    eid_status st = EID_OK;

    EID_TRY(eid_out_open(&f, path));
    EID_TRY(eid_out_printf(f, "id,clean,label\n"));
    for (int64_t i = 0; i < d->n; i++)
        if (d->label[i] != d->clean[i])
            EID_TRY(eid_out_printf(f, "%" PRId64 ",%" PRId32 ",%" PRId32 "\n", d->id[i],
                                   d->clean[i], d->label[i]));
    EID_TRY(eid_out_commit(&f));
done:
    eid_out_abort(&f);
    return st;
}
