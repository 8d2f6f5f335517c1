/* dataset.c - made, checked, hashed, copied, picked. */
#include "dataset/dataset.h"
#include "base/hash.h"
#include "dataset/array.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

void eid_dataset_free(eid_dataset *d)
{
    if (!d)
        return;
    eid_free((void *)(uintptr_t)d->u8);
    eid_free((void *)(uintptr_t)d->f32);
    eid_free((void *)(uintptr_t)d->label);
    eid_free((void *)(uintptr_t)d->clean);
    eid_free((void *)(uintptr_t)d->id);
    eid_free((void *)(uintptr_t)d->name);
    eid_free(d);
}

void eid_making_drop(eid_making *m)
{
    eid_free(m->u8);
    eid_free(m->f32);
    eid_free(m->label);
    eid_free(m->clean);
    eid_free(m->id);
    eid_free(m->name);
    *m = (eid_making){0};
}

eid_rng eid_draw(uint64_t seed, eid_purpose purpose, const eid_dataset *d, int64_t id)
{
    return eid_rng_stream(seed, (uint64_t)purpose << 56 | (uint64_t)d->part << 55 |
                                    ((uint64_t)id & ((UINT64_C(1) << 55) - 1)));
}

/* ---- making ---------------------------------------------------------------------------------- */

static eid_status check_sizes(eid_ctx *ctx, const char *name, eid_dataset *d, bool f32)
{
    int64_t numbers, bytes, labels;

    if (d->n < 1 || d->channels < 1 || d->height < 1 || d->width < 1)
        return eid_fail(EID_EFORMAT,
                        "%s: %" PRId64 " examples of %" PRId64 " x %" PRId64 " x %" PRId64
                        " numbers; at least one of each is needed",
                        name, d->n, d->channels, d->height, d->width);
    if (__builtin_mul_overflow(d->channels, d->height, &d->features) ||
        __builtin_mul_overflow(d->features, d->width, &d->features) ||
        __builtin_mul_overflow(d->features, d->n, &numbers) ||
        __builtin_mul_overflow(numbers, (int64_t)(f32 ? sizeof(float) : 1), &bytes) ||
        __builtin_mul_overflow(d->n, (int64_t)16, &labels) ||
        __builtin_add_overflow(bytes, labels, &bytes))
        return eid_fail(EID_EFORMAT, "%s: sizes too large for any machine", name);
    return eid_memory_check(ctx, name, (size_t)bytes);
}

eid_status eid_making_start(eid_making *m, eid_ctx *ctx, const char *name, const eid_dataset *shape,
                            bool f32)
{
    eid_status st = EID_OK;
    size_t numbers;

    *m = (eid_making){.d = *shape};
    EID_TRY(check_sizes(ctx, name, &m->d, f32));
    numbers = (size_t)m->d.n * (size_t)m->d.features;
    EID_TRY(eid_strdup(&m->name, name));
    if (f32)
        EID_TRY(EID_NEW(m->f32, numbers));
    else
        EID_TRY(EID_NEW(m->u8, numbers));
    EID_TRY(EID_NEW(m->label, m->d.n));
    EID_TRY(EID_NEW(m->id, m->d.n));
    for (int64_t i = 0; i < m->d.n; i++)
        m->id[i] = i;
    if (m->u8 && m->d.scale == 0)
        m->d.scale = 1.0f / 255;
done:
    return st;
}

static eid_status check_labels(const eid_making *m, const int32_t *label)
{
    for (int64_t i = 0; i < m->d.n; i++)
        if (label[i] < 0 || label[i] >= m->d.classes)
            return eid_fail(EID_EFORMAT,
                            "%s: the label of example %" PRId64 " is %" PRId32 ", not one of the "
                            "%" PRId32 " classes 0 to %" PRId32,
                            m->name, i, label[i], m->d.classes, m->d.classes - 1);
    return EID_OK;
}

static eid_status check_numbers(const eid_making *m)
{
    if (m->u8 && !(m->d.scale > 0 && isfinite(m->d.scale)))
        return eid_fail(EID_EFORMAT, "%s: a scale of %g for its bytes", m->name,
                        (double)m->d.scale);
    for (int64_t i = 0; m->f32 && i < m->d.n; i++) {
        const float *x = m->f32 + i * m->d.features;
        for (int64_t k = 0; k < m->d.features; k++)
            if (!isfinite(x[k]))
                return eid_fail(EID_EFORMAT, "%s: number %" PRId64 " of example %" PRId64 " is %s",
                                m->name, k, i, isnan(x[k]) ? "NaN" : "infinite");
    }
    return EID_OK;
}

static eid_status hash(eid_dataset *d)
{
    eid_sha256 *h = NULL;
    char head[200];
    size_t numbers = (size_t)d->n * (size_t)d->features;
    eid_status st = eid_sha256_new(&h);
    int n = snprintf(head, sizeof head,
                     "eidetic dataset 1: %" PRId64 " x %" PRId64 " x %" PRId64 " x %" PRId64
                     ", %" PRId32 " classes, part %" PRId32 ", %s %a\n",
                     d->n, d->channels, d->height, d->width, d->classes, d->part,
                     d->u8 ? "u1" : "f4", d->u8 ? (double)d->scale : 1.0);

    if (st != EID_OK)
        return st;
    eid_sha256_add(h, head, (size_t)n);
    if (d->u8)
        eid_sha256_add(h, d->u8, numbers);
    else
        eid_sha256_add(h, d->f32, numbers * sizeof *d->f32);
    eid_sha256_add(h, d->label, (size_t)d->n * sizeof *d->label);
    eid_sha256_add(h, d->id, (size_t)d->n * sizeof *d->id);
    eid_sha256_hex(h, d->sha256);
    eid_sha256_free(h);
    return EID_OK;
}

eid_status eid_making_finish(eid_dataset **out, eid_ctx *ctx, eid_making *m)
{
    eid_dataset *d = NULL;
    eid_status st = EID_OK;

    if (m->d.classes < 1 || m->d.classes > EID_MOST_CLASSES)
        return eid_fail(EID_EFORMAT, "%s: %" PRId32 " classes; 1 to %d are possible", m->name,
                        m->d.classes, EID_MOST_CLASSES);
    EID_TRY(check_labels(m, m->label));
    if (m->clean)
        EID_TRY(check_labels(m, m->clean));
    EID_TRY(check_numbers(m));
    EID_TRY(eid_tick(ctx, "reading", "examples", m->d.n, m->d.n));
    if (!m->clean) {
        EID_TRY(EID_NEW(m->clean, m->d.n));
        memcpy(m->clean, m->label, (size_t)m->d.n * sizeof *m->clean);
    }
    EID_TRY(EID_NEW(d, 1));
    *d = m->d;
    d->u8 = m->u8;
    d->f32 = m->f32;
    if (!d->u8)
        d->scale = 1;
    d->label = m->label;
    d->clean = m->clean;
    d->id = m->id;
    d->name = m->name;
    st = hash(d);
    if (st != EID_OK) {
        eid_free(d);
        return st;
    }
    *m = (eid_making){0};
    *out = d;
done:
    return st;
}

/* ---- copies ---------------------------------------------------------------------------------- */

/* Example `from` of d becomes example `to` of m. */
static void copy_example(eid_making *m, int64_t to, const eid_dataset *d, int64_t from)
{
    size_t f = (size_t)m->d.features; /* eid_dataset_from does not read those of d */

    if (d->u8)
        memcpy(m->u8 + (size_t)to * f, d->u8 + (size_t)from * f, f);
    else
        memcpy(m->f32 + (size_t)to * f, d->f32 + (size_t)from * f, f * sizeof *d->f32);
    m->label[to] = d->label[from];
    m->clean[to] = d->clean ? d->clean[from] : d->label[from];
    m->id[to] = d->id ? d->id[from] : from;
}

static eid_status start_like(eid_making *m, eid_ctx *ctx, const eid_dataset *d, int64_t n)
{
    eid_dataset shape = *d;
    eid_status st;

    shape.n = n;
    st = eid_making_start(m, ctx, d->name ? d->name : "memory", &shape, d->f32 != NULL);
    return st == EID_OK ? EID_NEW(m->clean, n) : st;
}

eid_status eid_making_copy(eid_making *m, eid_ctx *ctx, const eid_dataset *d)
{
    eid_status st = start_like(m, ctx, d, d->n);

    for (int64_t i = 0; i < d->n && st == EID_OK; i++)
        copy_example(m, i, d, i);
    return st;
}

eid_status eid_dataset_from(eid_dataset **out, eid_ctx *ctx, const eid_dataset *from)
{
    eid_making m = {0};
    eid_status st = EID_OK;

    if (!from->label || !from->u8 == !from->f32)
        return eid_fail(EID_EINVAL, "a dataset needs labels, and either bytes or floats");
    EID_TRY(eid_making_copy(&m, ctx, from));
    EID_TRY(eid_making_finish(out, ctx, &m));
done:
    eid_making_drop(&m);
    return st;
}

eid_status eid_making_pick(eid_making *m, eid_ctx *ctx, const eid_dataset *d, const int64_t *index,
                           int64_t n)
{
    eid_status st;

    if (n < 1)
        return eid_fail(EID_EINVAL, "%s: no example is picked", d->name);
    for (int64_t i = 0; i < n; i++)
        if (index[i] < 0 || index[i] >= d->n)
            return eid_fail(EID_EINVAL, "%s: there is no example %" PRId64 " among %" PRId64,
                            d->name, index[i], d->n);
    st = start_like(m, ctx, d, n);
    for (int64_t i = 0; i < n && st == EID_OK; i++)
        copy_example(m, i, d, index[i]);
    return st;
}

eid_status eid_dataset_pick(eid_dataset **out, eid_ctx *ctx, const eid_dataset *d,
                            const int64_t *index, int64_t n)
{
    eid_making m = {0};
    eid_status st = EID_OK;

    EID_TRY(eid_making_pick(&m, ctx, d, index, n));
    EID_TRY(eid_making_finish(out, ctx, &m));
done:
    eid_making_drop(&m);
    return st;
}

eid_status eid_dataset_classes(eid_dataset **out, eid_ctx *ctx, const eid_dataset *d,
                               const int32_t *classes, size_t n)
{
    eid_making m = {0};
    int32_t *becomes = NULL;
    int64_t k = 0;
    eid_status st = EID_OK;

    EID_TRY(EID_NEW(becomes, d->classes));
    for (size_t c = 0; c < n; c++) {
        if (classes[c] < 0 || classes[c] >= d->classes || becomes[classes[c]])
            EID_TRY(eid_fail(EID_EINVAL, "%s: class %" PRId32 " %s", d->name, classes[c],
                             classes[c] >= 0 && classes[c] < d->classes ? "is named twice"
                                                                        : "does not exist"));
        becomes[classes[c]] = (int32_t)c + 1;
    }
    for (int64_t i = 0; i < d->n; i++)
        k += becomes[d->label[i]] && becomes[d->clean[i]];
    if (!k)
        EID_TRY(eid_fail(EID_EINVAL, "%s: no example is of these classes", d->name));
    EID_TRY(start_like(&m, ctx, d, k));
    m.d.classes = (int32_t)n;
    k = 0;
    for (int64_t i = 0; i < d->n; i++) {
        if (!becomes[d->label[i]] || !becomes[d->clean[i]])
            continue;
        copy_example(&m, k, d, i);
        m.label[k] = becomes[d->label[i]] - 1;
        m.clean[k] = becomes[d->clean[i]] - 1;
        k++;
    }
    EID_TRY(eid_making_finish(out, ctx, &m));
done:
    eid_making_drop(&m);
    eid_free(becomes);
    return st;
}

void eid_dataset_row(const eid_dataset *d, int64_t i, float *out)
{
    size_t f = (size_t)d->features;

    if (d->f32)
        memcpy(out, d->f32 + (size_t)i * f, f * sizeof *out);
    else
        for (size_t k = 0; k < f; k++)
            out[k] = (float)d->u8[(size_t)i * f + k] * d->scale;
}
