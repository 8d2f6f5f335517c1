/* bank_open.c - a finished bank, mapped; and what it says in a few numbers. */
#include "base/file.h"
#include "eidetic/stats.h"
#include "train/bank.h"
#include "train/bank_owned.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

/* ---- in a few numbers
 * ------------------------------------------------------------------------------- */

static int64_t ones(const uint8_t *a, const uint8_t *b, int64_t n)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += __builtin_popcount((unsigned)(b ? a[i] & b[i] : a[i]));
    return sum;
}

static eid_status tell(eid_store *s, const char *name, const double *x, int64_t n, double *mean)
{
    eid_estimate e = eid_mean_t(x, (size_t)n);
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += x[i];
    *mean = sum / (double)n;
    return eid_store_metric(s, name, &e);
}

static eid_status accuracies(const bank_plan *p, const eid_map *train, const eid_map *test,
                             const bank_file *f, const uint8_t *masks, double *x[3], bool *outside)
{
    int64_t n = p->set[0]->n, row = (n + 7) / 8, models = p->opts->models;
    *outside = true;
    for (int64_t k = 0; k < models; k++) {
        const uint8_t *right = train->at + f[BANK_TRAIN].data + k * row, *mask = masks + k * row;
        int64_t in = ones(mask, NULL, row), both = ones(mask, right, row);
        x[0][k] = (double)both / (double)in;
        x[1][k] = n > in ? (double)(ones(right, NULL, row) - both) / (double)(n - in) : NAN;
        *outside = *outside && n > in;
        if (test) {
            int64_t m = p->set[1]->n, wide = (m + 7) / 8;
            x[2][k] = (double)ones(test->at + f[BANK_TEST].data + k * wide, NULL, wide) / (double)m;
        }
    }
    return EID_OK;
}

eid_status bank_sum_up(eid_bank_result *r, const bank_plan *p, const bank_file f[BANK_FILES],
                       const uint8_t *masks, eid_store *store)
{
    eid_status st = EID_OK;
    eid_map map[2] = {{0}, {0}};
    double *x[3] = {0};
    int64_t models = p->opts->models;
    bool outside;

    r->accuracy_in = r->accuracy_out = r->accuracy_test = NAN;
    for (int i = 0; i < 3; i++)
        EID_TRY(EID_NEW(x[i], models));
    EID_TRY(eid_map_open(&map[0], f[BANK_TRAIN].path));
    if (p->set[1])
        EID_TRY(eid_map_open(&map[1], f[BANK_TEST].path));
    EID_TRY(accuracies(p, &map[0], p->set[1] ? &map[1] : NULL, f, masks, x, &outside));
    EID_TRY(tell(store, "bank.accuracy_in", x[0], models, &r->accuracy_in));
    if (outside)
        EID_TRY(tell(store, "bank.accuracy_out", x[1], models, &r->accuracy_out));
    if (p->set[1])
        EID_TRY(tell(store, "bank.accuracy_test", x[2], models, &r->accuracy_test));
done:
    for (int i = 0; i < 3; i++)
        eid_free(x[i]);
    eid_map_close(&map[0]);
    eid_map_close(&map[1]);
    return st;
}

/* ---- opening
 * ------------------------------------------------------------------------------------------ */

static eid_status number(eid_store *s, const char *name, double low, double high, double *out)
{
    eid_status st = EID_OK;
    eid_estimate e;

    EID_TRY(eid_store_get(s, name, &e));
    if (!(e.value >= low && e.value <= high))
        EID_TRY(eid_fail(EID_EFORMAT, "%s: holds no bank: its %s is missing or makes no sense",
                         eid_store_dir(s), name));
    *out = e.value;
done:
    return st;
}

static eid_status whole(eid_store *s, const char *name, int64_t low, int64_t high, int64_t *out)
{
    double x;
    eid_status st = number(s, name, (double)low, (double)high, &x);
    if (st == EID_OK)
        *out = (int64_t)x;
    return st;
}

/* The hash of one set, as it was. */
typedef struct hash_of {
    const char *name;
    char hex[65];
} hash_of;

static eid_status take_hash(void *user, const char *name, const char *value)
{
    hash_of *h = user;
    if (strcmp(name, h->name) == 0 && strlen(value) < sizeof h->hex)
        memcpy(h->hex, value, strlen(value) + 1);
    return EID_OK;
}

static eid_status same_data(eid_store *s, const char *name, const eid_dataset *d)
{
    hash_of h = {.name = name};
    eid_status st = d ? eid_store_texts(s, name, take_hash, &h) : EID_OK;
    if (st == EID_OK && d && strcmp(h.hex, d->sha256) != 0)
        return eid_fail(EID_EINVAL,
                        "%s: is a bank of other data: its %s set has the hash %.16s..., %.80s has "
                        "%.16s...",
                        eid_store_dir(s), name + strlen("bank."), h.hex[0] ? h.hex : "none",
                        d->name ? d->name : "this", d->sha256);
    return st;
}

static eid_status take_then(void *user, const char *name, const char *value)
{
    bank_owned *o = user;
    if (strcmp(name, "bank.then") != 0 || o->then || !*value)
        return EID_OK;
    eid_status st = eid_format(&o->then, "%s", value);
    o->b.opts.then = o->then;
    return st;
}

static eid_status read_store(eid_bank *b, eid_store *s)
{
    eid_status st = EID_OK;
    int64_t keep;

    EID_TRY(whole(s, "bank.models", 1, (int64_t)1 << 24, &b->opts.models));
    EID_TRY(whole(s, "bank.design", 0, EID_BANK_GROUPS, &b->opts.design));
    EID_TRY(number(s, "bank.fraction", 0, 1, &b->opts.fraction));
    EID_TRY(whole(s, "bank.groups", 0, (int64_t)1 << 40, &b->opts.groups));
    EID_TRY(whole(s, "bank.outputs", 0, EID_BANK_LOGITS, &b->opts.outputs));
    EID_TRY(whole(s, "bank.queries", 1, 1024, &b->opts.queries));
    EID_TRY(whole(s, "bank.keep_weights", 0, 1, &keep));
    EID_TRY(whole(s, "bank.seed", 0, (int64_t)1 << 53, &b->opts.seed));
    EID_TRY(whole(s, "bank.parameters", 1, (int64_t)1 << 40, &b->parameters));
    EID_TRY(whole(s, "bank.classes", 1, (int64_t)1 << 30, &b->classes));
    EID_TRY(whole(s, "bank.examples", 1, (int64_t)1 << 40, &b->train.n));
    EID_TRY(whole(s, "bank.test_examples", 0, (int64_t)1 << 40, &b->test.n));
    b->opts.keep_weights = keep != 0;
    b->models = b->opts.models;
    b->queries = b->opts.queries;
    b->train.row = (b->train.n + 7) / 8;
    b->test.row = (b->test.n + 7) / 8;
done:
    return st;
}

static eid_status map_array(bank_owned *o, eid_ctx *ctx, const char *dir, const char *name,
                            eid_array_view want, const void **data)
{
    eid_status st = EID_OK;
    eid_array *a = NULL;
    char *path = NULL;

    EID_TRY(eid_format(&path, "%s/%s.npy", dir, name));
    EID_TRY(eid_array_read(&a, ctx, path));
    bool fits = a->type == want.type && a->ndim == want.ndim;
    for (int i = 0; fits && i < want.ndim; i++)
        fits = a->shape[i] == want.shape[i];
    if (!fits) {
        eid_array_free(a);
        EID_TRY(eid_fail(EID_EFORMAT, "%s: is not of the shape that its bank wants", path));
    }
    o->array[o->arrays++] = a;
    *data = a->data;
done:
    eid_free(path);
    return st;
}

static eid_status map_set(bank_owned *o, eid_ctx *ctx, const char *dir, eid_bank_set *s, bool test)
{
    eid_status st = EID_OK;
    int64_t models = o->b.models, q = o->b.queries;
    eid_array_view bits = {.type = EID_U1, .ndim = 2, .shape = {models, s->row}};
    eid_array_view one = {.type = EID_F4, .ndim = 3, .shape = {models, q, s->n}};
    eid_array_view all = {.type = EID_F4, .ndim = 4, .shape = {models, q, s->n, o->b.classes}};
    const void *at;

    EID_TRY(map_array(o, ctx, dir, test ? "test_correct" : "train_correct", bits, &at));
    s->correct = at;
    if (o->b.opts.outputs == EID_BANK_LOGITS) {
        EID_TRY(map_array(o, ctx, dir, test ? "test_logits" : "train_logits", all, &at));
        s->logits = at;
        return EID_OK;
    }
    EID_TRY(map_array(o, ctx, dir, test ? "test_phi" : "train_phi", one, &at));
    s->phi = at;
    EID_TRY(map_array(o, ctx, dir, test ? "test_margin" : "train_margin", one, &at));
    s->margin = at;
done:
    return st;
}

static eid_status map_all(bank_owned *o, eid_ctx *ctx, const char *dir)
{
    eid_status st = EID_OK;
    eid_bank *b = &o->b;
    eid_array_view masks = {.type = EID_U1, .ndim = 2, .shape = {b->models, b->train.row}};
    eid_array_view weights = {.type = EID_F4, .ndim = 2, .shape = {b->models, b->parameters}};
    const void *at;

    EID_TRY(map_array(o, ctx, dir, "masks", masks, &at));
    b->masks = at;
    if (b->opts.keep_weights) {
        EID_TRY(map_array(o, ctx, dir, "weights", weights, &at));
        b->weights = at;
    }
    EID_TRY(map_set(o, ctx, dir, &b->train, false));
    if (b->test.n)
        EID_TRY(map_set(o, ctx, dir, &b->test, true));
done:
    return st;
}

eid_status bank_owned_new(bank_owned **out)
{
    bank_owned *o = NULL;
    eid_status st = EID_NEW(o, 1);

    if (st == EID_OK) {
        o->b.owner = o;
        *out = o;
    }
    return st;
}

eid_status eid_bank_open(eid_bank **out, eid_ctx *ctx, const char *dir, const eid_dataset *train,
                         const eid_dataset *test)
{
    eid_status st = EID_OK;
    eid_store *s = NULL;
    bank_owned *o = NULL;

    EID_TRY(bank_owned_new(&o));
    EID_TRY(eid_store_open(&s, dir));
    EID_TRY(read_store(&o->b, s));
    EID_TRY(eid_store_texts(s, "bank.then", take_then, o));
    if (strcmp(eid_store_run(s)->state, "done") != 0)
        EID_TRY(eid_fail(EID_EINVAL, "%s: this bank is unfinished; give its command again", dir));
    EID_TRY(same_data(s, "bank.train", train));
    EID_TRY(same_data(s, "bank.test", test));
    EID_TRY(map_all(o, ctx, dir));
    *out = &o->b;
    o = NULL;
done:
    eid_bank_free(o ? &o->b : NULL);
    eid_store_free(s);
    return st;
}

void eid_bank_free(eid_bank *b)
{
    bank_owned *o = b ? b->owner : NULL;
    if (!o)
        return;
    for (int64_t i = 0; i < o->arrays; i++)
        eid_array_free(o->array[i]);
    for (int64_t i = 0; i < o->blocks; i++)
        eid_free(o->block[i]);
    eid_free(o->then);
    eid_free(o);
}
