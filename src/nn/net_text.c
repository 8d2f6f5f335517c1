/* net_text.c - from "cnn:c6k5-p2-f84" to layers, activations and parameters. */
#include "base/memory.h"
#include "nn/net.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MOST_LAYERS = 1024 };
static const int64_t MOST_WIDTH = 1 << 20, MOST_FLOATS = (int64_t)1 << 31;

static const struct {
    const char *name, *layers;
} presets[] = {
    {"lenet", "c6k5-p2-c16k5v-p2-f120-f84"},
    {"resnet", "c16k3n4-r16n4-r32s2n4-r64s2n4-a"},
};

/* The text while it is read; `at` is on the present layer. */
typedef struct text {
    eid_net *m;
    const char *all, *at;
    int now; /* the last activation */
} text;

static eid_status wrong(const text *t, const char *why)
{
    int n = (int)strcspn(t->at, "-");
    return eid_fail(EID_EINVAL, "model \"%.80s\": layer \"%.*s\": %s", t->m->model, n < 40 ? n : 40,
                    t->at, why);
}

/* A letter's number in the present layer; `otherwise` where it has none. */
static eid_status number(const text *t, char letter, int64_t otherwise, int64_t most, int64_t *out)
{
    const char *end = t->at + strcspn(t->at, "-");
    const char *p = memchr(t->at, letter, (size_t)(end - t->at));
    int64_t n = 0;

    *out = otherwise;
    if (!p)
        return EID_OK;
    const char *digits = ++p;
    for (; p < end && *p >= '0' && *p <= '9'; p++)
        if ((n = 10 * n + (*p - '0')) > most)
            return wrong(t, "a number is too large");
    if (p == digits || n < 1)
        return wrong(t, "a letter lacks its number, or the number is 0");
    *out = n;
    return EID_OK;
}

/* Only these letters, each once at most, and digits behind those that take one. */
static eid_status letters(const text *t, const char *with, const char *without)
{
    const char *end = t->at + strcspn(t->at, "-");
    for (const char *p = t->at; p < end; p++) {
        bool digit = *p >= '0' && *p <= '9';
        if (digit ? p == t->at || (strchr(without, p[-1]) && p[-1])
                  : !strchr(with, *p) && !strchr(without, *p))
            return wrong(t, "is not written as docs/classifier.md says");
        if (!digit && memchr(t->at, *p, (size_t)(p - t->at)))
            return wrong(t, "a letter stands twice");
    }
    return EID_OK;
}

static eid_status new_map(text *t, int64_t h, int64_t w, int64_t c, int *out)
{
    eid_net *m = t->m;
    int64_t n;

    if (h < 1 || w < 1)
        return wrong(t, "nothing is left of the picture");
    if (__builtin_mul_overflow(h, w, &n) || __builtin_mul_overflow(n, c, &n) || n > MOST_FLOATS)
        return wrong(t, "is too large");
    eid_status st = EID_GROW(m->map, &m->maps_cap, m->maps + 1);
    if (st != EID_OK)
        return st;
    m->map[m->maps] = (net_map){h, w, c, n};
    *out = (int)m->maps++;
    return EID_OK;
}

static eid_status new_param(text *t, int64_t rows, int64_t cols, bool matrix, int *out)
{
    eid_net *m = t->m;
    int64_t n;

    if (__builtin_mul_overflow(rows, cols, &n) || n > MOST_FLOATS || m->floats > MOST_FLOATS - n)
        return wrong(t, "has too many parameters");
    eid_status st = EID_GROW(m->param, &m->params_cap, m->params + 1);
    if (st != EID_OK)
        return st;
    m->param[m->params] = (eid_param){.rows = rows,
                                      .cols = cols,
                                      .ndim = matrix ? 2 : 1,
                                      .prunable = matrix,
                                      .decay = matrix,
                                      .tied_to = -1};
    m->floats += n;
    *out = (int)m->params++;
    return EID_OK;
}

static eid_status add(text *t, net_layer l)
{
    eid_net *m = t->m;
    if (m->layers == MOST_LAYERS)
        return wrong(t, "is one layer too many");
    eid_status st = EID_GROW(m->layer, &m->layers_cap, m->layers + 1);
    if (st != EID_OK)
        return st;
    m->layer[m->layers++] = l;
    m->convs = m->convs || l.kind != NET_DENSE;
    t->now = l.out;
    return EID_OK;
}

static eid_status add_dense(text *t, int64_t width, bool relu)
{
    eid_status st = EID_OK;
    net_layer l = {.kind = NET_DENSE, .relu = relu, .in = t->now};

    EID_TRY(new_param(t, t->m->map[t->now].n, width, true, &l.weight));
    EID_TRY(new_param(t, 1, width, false, &l.bias));
    EID_TRY(new_map(t, 1, 1, width, &l.out));
    EID_TRY(add(t, l));
done:
    return st;
}

/* A convolution, and its norm where there is one. */
static eid_status add_conv(text *t, int64_t channels, int64_t window, int64_t stride, bool padded,
                           int64_t groups, bool relu)
{
    eid_status st = EID_OK;
    net_map in = t->m->map[t->now];
    net_layer l = {.kind = NET_CONV,
                   .relu = relu && !groups,
                   .in = t->now,
                   .window = window,
                   .stride = stride,
                   .pad = padded ? (window - 1) / 2 : 0,
                   .bias = -1};
    int64_t h = in.h + 2 * l.pad - window, w = in.w + 2 * l.pad - window;

    if (h < 0 || w < 0)
        return wrong(t, "its kernel is larger than the picture");
    if (groups && channels % groups != 0)
        return wrong(t, "its channels cannot be cut into so many groups");
    EID_TRY(new_param(t, window * window * in.c, channels, true, &l.weight));
    if (!groups)
        EID_TRY(new_param(t, 1, channels, false, &l.bias));
    EID_TRY(new_map(t, h / stride + 1, w / stride + 1, channels, &l.out));
    EID_TRY(add(t, l));
    if (!groups)
        goto done;
    net_map out = t->m->map[t->now];
    net_layer n = {.kind = NET_NORM, .relu = relu, .in = t->now, .groups = groups};
    EID_TRY(new_param(t, 1, channels, false, &n.weight));
    EID_TRY(new_param(t, 1, channels, false, &n.bias));
    EID_TRY(new_map(t, out.h, out.w, out.c, &n.out));
    EID_TRY(add(t, n));
done:
    return st;
}

static eid_status read_conv(text *t)
{
    eid_status st = EID_OK;
    int64_t channels, window, stride, groups;
    bool valid = memchr(t->at, 'v', strcspn(t->at, "-")) != NULL;

    EID_TRY(letters(t, "cksn", "v"));
    EID_TRY(number(t, 'c', 0, MOST_WIDTH, &channels));
    EID_TRY(number(t, 'k', 3, 1024, &window));
    EID_TRY(number(t, 's', 1, 1024, &stride));
    EID_TRY(number(t, 'n', 0, MOST_WIDTH, &groups));
    if (!valid && window % 2 == 0)
        EID_TRY(wrong(t, "an even kernel needs v: no padding keeps it centred"));
    EID_TRY(add_conv(t, channels, window, stride, !valid, groups, true));
done:
    return st;
}

static eid_status read_residual(text *t)
{
    eid_status st = EID_OK;
    int64_t channels, stride, groups;
    int from = t->now, way;

    EID_TRY(letters(t, "rsn", ""));
    EID_TRY(number(t, 'r', 0, MOST_WIDTH, &channels));
    EID_TRY(number(t, 's', 1, 1024, &stride));
    EID_TRY(number(t, 'n', 0, MOST_WIDTH, &groups));
    EID_TRY(add_conv(t, channels, 3, stride, true, groups, true));
    EID_TRY(add_conv(t, channels, 3, 1, true, groups, false));
    way = t->now;
    t->now = from;
    if (stride != 1 || t->m->map[from].c != channels)
        EID_TRY(add_conv(t, channels, 1, stride, true, groups, false));
    net_map out = t->m->map[way];
    net_layer l = {
        .kind = NET_ADD, .relu = true, .in = way, .skip = t->now, .weight = -1, .bias = -1};
    EID_TRY(new_map(t, out.h, out.w, out.c, &l.out));
    EID_TRY(add(t, l));
done:
    return st;
}

static eid_status read_pool(text *t)
{
    eid_status st = EID_OK;
    net_map in = t->m->map[t->now];
    bool mean = *t->at == 'a';
    net_layer l = {.kind = mean ? NET_MEAN : NET_POOL, .in = t->now, .weight = -1, .bias = -1};

    EID_TRY(mean ? letters(t, "", "a") : letters(t, "p", ""));
    EID_TRY(number(t, 'p', 1, 1024, &l.window));
    EID_TRY(mean ? new_map(t, 1, 1, in.c, &l.out)
                 : new_map(t, in.h / l.window, in.w / l.window, in.c, &l.out));
    EID_TRY(add(t, l));
done:
    return st;
}

static eid_status read_layer(text *t)
{
    eid_status st = EID_OK;
    int64_t width;

    switch (*t->at) {
    case 'c':
        return read_conv(t);
    case 'r':
        return read_residual(t);
    case 'p':
    case 'a':
        return read_pool(t);
    case 'f':
        EID_TRY(letters(t, "f", ""));
        EID_TRY(number(t, 'f', 0, MOST_WIDTH, &width));
        return add_dense(t, width, true);
    default:
        return wrong(t, "begins with none of c r p a f");
    }
done:
    return st;
}

static eid_status read_width(text *t)
{
    const char *p = t->at;
    int64_t width = 0;

    for (; *p >= '0' && *p <= '9' && width <= MOST_WIDTH; p++)
        width = 10 * width + (*p - '0');
    if ((*p && *p != '-') || width < 1 || width > MOST_WIDTH)
        return wrong(t, "is not a width between 1 and 1048576");
    return add_dense(t, width, true);
}

/* Deltas are wanted for every activation that has weights below it. */
static eid_status mark_back(eid_net *m)
{
    eid_status st = EID_OK;
    bool *below = NULL, *written = NULL;

    EID_TRY(EID_NEW(below, m->maps));
    EID_TRY(EID_NEW(written, m->maps));
    for (size_t l = 0; l < m->layers; l++) {
        net_layer *y = &m->layer[l];
        y->back = below[y->in] || (y->kind == NET_ADD && below[y->skip]);
        below[y->out] = y->back || y->weight >= 0;
    }
    for (size_t l = m->layers; l-- > 0;) {
        net_layer *y = &m->layer[l];
        y->fresh = !written[y->in];
        written[y->in] = true;
        if (y->kind == NET_ADD)
            written[y->skip] = true;
    }
done:
    eid_free(below);
    eid_free(written);
    return st;
}

eid_status net_describe(eid_net *m, const char *model)
{
    eid_status st = EID_OK;
    text t = {.m = m};
    bool conv = strncmp(model, "cnn:", 4) == 0;
    const eid_net_shape *s = &m->shape;

    if (!conv && strncmp(model, "mlp:", 4) != 0)
        return eid_fail(EID_EINVAL, "model \"%.80s\": want mlp:... or cnn:...", model);
    if (strlen(model) > 4096)
        return eid_fail(EID_EINVAL, "model \"%.80s...\": is too long", model);
    t.at = t.all = model + 4;
    for (size_t i = 0; conv && i < sizeof presets / sizeof presets[0]; i++)
        if (strcmp(t.at, presets[i].name) == 0)
            t.at = t.all = presets[i].layers;
    if (conv && !*t.at)
        return eid_fail(EID_EINVAL,
                        "model \"cnn:\": names no layer; cnn:lenet is one that is known");
    EID_TRY(conv ? new_map(&t, s->height, s->width, s->channels, &t.now)
                 : new_map(&t, 1, 1, s->channels * s->height * s->width, &t.now));
    if (conv && s->channels > 1) {
        net_layer l = {.kind = NET_TURN, .weight = -1, .bias = -1};
        EID_TRY(new_map(&t, s->height, s->width, s->channels, &l.out));
        EID_TRY(add(&t, l));
    }
    while (*t.at) {
        EID_TRY(conv ? read_layer(&t) : read_width(&t));
        t.at += strcspn(t.at, "-");
        if (*t.at == '-' && !*++t.at)
            EID_TRY(wrong(&t, "nothing stands behind the last \"-\""));
    }
    EID_TRY(add_dense(&t, s->classes, false));
    EID_TRY(mark_back(m));
done:
    return st;
}
