/* arrays.c - a dataset of NumPy arrays. */
#include "dataset/array.h"
#include "dataset/readers.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Whether (n, a, b, c) is height, width, channels: told, or one to four channels at the end, as
 * pictures have them, and not at the front. */
static bool channels_last(const eid_array *x, int64_t layout)
{
    bool front = x->shape[1] <= 4, back = x->shape[3] <= 4 && x->shape[3] != 2;

    return layout == EID_LAYOUT_CHANNELS_LAST || (layout == EID_LAYOUT_AUTO && back && !front);
}

static eid_status read_shape(eid_dataset *shape, bool *last, const eid_arrays *a, int64_t layout)
{
    const eid_array *x = a->x;
    char text[192];

    *shape = (eid_dataset){.channels = 1, .height = 1, .width = 1};
    if (x->ndim < 1 || x->ndim > 4)
        return eid_fail(EID_EFORMAT,
                        "%s: shape %s; (n, features), (n, height, width) or (n, channels, height, "
                        "width) is wanted",
                        x->name, eid_npy_shape(x->shape, x->ndim, text));
    shape->n = x->shape[0];
    *last = x->ndim == 4 && channels_last(x, layout);
    if (x->ndim >= 2)
        shape->width = x->shape[x->ndim - 1];
    if (x->ndim >= 3)
        shape->height = x->shape[x->ndim - 2];
    if (x->ndim == 4)
        shape->channels = x->shape[1];
    if (*last) {
        shape->channels = x->shape[3];
        shape->width = x->shape[2];
        shape->height = x->shape[1];
    }
    return EID_OK;
}

/* As written by us: the five numbers say what the shape alone does not. */
static eid_status read_own(eid_dataset *shape, bool *last, const eid_arrays *a)
{
    int64_t own[5], features = a->x->count / (shape->n ? shape->n : 1);
    eid_status st;

    if (a->own->ndim != 1 || a->own->count != 5)
        return eid_fail(EID_EFORMAT, "%s: is not five numbers", a->own->name);
    st = eid_array_whole(a->own, 0, 5, 1, INT32_MAX, own);
    if (st != EID_OK)
        return st;
    if (own[0] != 1)
        return eid_fail(EID_EUNSUPPORTED, "%s: version %" PRId64 "; 1 is read", a->own->name,
                        own[0]);
    shape->classes = (int32_t)own[1];
    shape->channels = own[2];
    shape->height = own[3];
    shape->width = own[4];
    *last = false;
    if ((double)own[2] * (double)own[3] * (double)own[4] != (double)features)
        return eid_fail(EID_EFORMAT, "%s: not the shape of the examples", a->own->name);
    return EID_OK;
}

/* One number for each example. */
static eid_status check_column(const eid_array *y, int64_t n, const char *what)
{
    char text[192];
    bool column = y->ndim == 1 || (y->ndim == 2 && y->shape[1] == 1);

    if (!column || y->count != n)
        return eid_fail(EID_EFORMAT,
                        "%s: %s of shape %s for %" PRId64 " examples; one number each "
                        "is wanted",
                        y->name, what, eid_npy_shape(y->shape, y->ndim, text), n);
    return EID_OK;
}

static eid_status read_labels(const eid_array *y, int64_t n, int64_t classes, int32_t *label)
{
    int64_t block[512];
    eid_status st = check_column(y, n, "labels");

    for (int64_t at = 0; at < n && st == EID_OK; at += 512) {
        int64_t k = n - at < 512 ? n - at : 512;
        st = eid_array_whole(y, at, k, 0, classes ? classes - 1 : INT32_MAX, block);
        for (int64_t i = 0; i < k && st == EID_OK; i++)
            label[at + i] = (int32_t)block[i];
    }
    return st;
}

/* Elements in our order: channels, height, width. */
static void read_numbers(eid_making *m, const eid_array *x, bool last)
{
    int64_t f = m->d.features, c = m->d.channels, area = m->d.height * m->d.width;

    for (int64_t i = 0; i < m->d.n; i++) {
        if (!last && m->u8)
            memcpy(m->u8 + i * f, (const uint8_t *)x->data + i * f, (size_t)f);
        else if (!last)
            eid_array_f32(x, i * f, f, m->f32 + i * f);
        for (int64_t k = 0; last && k < f; k++) {
            int64_t from = i * f + k % area * c + k / area;
            if (m->u8)
                m->u8[i * f + k] = ((const uint8_t *)x->data)[from];
            else
                eid_array_f32(x, from, 1, m->f32 + i * f + k);
        }
    }
}

eid_status eid_arrays_read(eid_making *m, eid_ctx *ctx, const char *name, const eid_arrays *a,
                           int64_t classes, int64_t layout)
{
    eid_dataset shape;
    bool last = false;
    eid_status st = EID_OK;

    EID_TRY(read_shape(&shape, &last, a, layout));
    if (a->own)
        EID_TRY(read_own(&shape, &last, a));
    EID_TRY(check_column(a->y, shape.n, "labels"));
    if (a->scale && a->scale->count == 1)
        shape.scale = (float)eid_array_at(a->scale, 0);
    EID_TRY(eid_making_start(m, ctx, name, &shape, a->x->type != EID_U1));
    EID_TRY(read_labels(a->y, shape.n, classes, m->label));
    if (a->clean) {
        EID_TRY(EID_NEW(m->clean, shape.n));
        EID_TRY(read_labels(a->clean, shape.n, classes, m->clean));
    }
    if (a->id) {
        EID_TRY(check_column(a->id, shape.n, "ids"));
        EID_TRY(eid_array_whole(a->id, 0, shape.n, 0, INT64_MAX >> 9, m->id));
    }
    read_numbers(m, a->x, last);
    EID_TRY(eid_classes_seen(m, classes ? classes : shape.classes));
done:
    return st;
}
