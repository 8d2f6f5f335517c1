/* memorization.c - mem and consistency of every example, from bits.
 *
 * Masks and answers are rows of bits, a row a model; a count is a sum over a column.  A task has
 * the columns of 512 bytes of every row; their counts stand in planes of binary digits, so that one
 * operation adds to as many columns as a register has bits. */
#include "eidetic/memorization.h"
#include "base/ctx.h"
#include "base/memory.h"
#include "par/par.h"
#include "tensor/kernels.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { FLUSH = (1 << EID_COUNT_PLANES) - EID_COUNT_ROWS }; /* models that planes can count */
enum { IN, RIGHT, BOTH, KINDS };

typedef struct counting {
    const uint8_t *masks, *correct;
    int64_t row, models, n; /* bytes of a row, rows that count, columns */
    const int64_t *pick;
    int32_t *count[KINDS];
    eid_planes (*room)[KINDS]; /* of each worker */
} counting;

/* The eight bits of a byte, each as a byte of 0 or 1, the highest bit in the lowest byte. */
static uint64_t spread(uint8_t byte)
{
    return (byte * UINT64_C(0x8040201008040201) >> 7) & UINT64_C(0x0101010101010101);
}

/* Adds what the planes hold to count[0..n) and empties them: eight columns at a time, the lower
 * eight planes' worth in the bytes of one word, the others' in those of another. */
static void flush(eid_planes planes, int32_t *count, int64_t n)
{
    for (int64_t byte = 0; byte * 8 < n; byte++) {
        uint64_t low = 0, high = 0;
        for (int p = 0; p < 8; p++)
            low |= spread(planes[p][byte]) << p;
        for (int p = 8; p < EID_COUNT_PLANES; p++)
            high |= spread(planes[p][byte]) << (p - 8);
        for (int64_t i = byte * 8; i < n && i < byte * 8 + 8; i++) {
            int shift = 8 * (7 - (int)(i % 8));
            count[i] += (int32_t)(low >> shift & 0xff) + ((int32_t)(high >> shift & 0xff) << 8);
        }
    }
    memset(planes, 0, sizeof(eid_planes));
}

static eid_status count_columns(void *arg, int64_t task, int worker)
{
    static const uint8_t none[EID_COUNT_BYTES];
    const counting *c = arg;
    const eid_kernel_table *kernels = eid_k();
    eid_planes *planes = c->room[worker];
    const uint8_t *mask[EID_COUNT_ROWS], *right[EID_COUNT_ROWS];
    int64_t at = task * EID_COUNT_BYTES, bytes = c->row - at, columns = c->n - at * 8;

    bytes = bytes < EID_COUNT_BYTES ? bytes : EID_COUNT_BYTES;
    columns = columns < bytes * 8 ? columns : bytes * 8;
    memset(planes, 0, sizeof c->room[0]);
    for (int64_t k = 0; k < c->models; k += EID_COUNT_ROWS) {
        for (int64_t r = 0; r < EID_COUNT_ROWS; r++) {
            bool there = k + r < c->models;
            int64_t model = there && c->pick ? c->pick[k + r] : k + r;
            mask[r] = there ? c->masks + model * c->row + at : none;
            right[r] = there ? c->correct + model * c->row + at : none;
        }
        kernels->add_bits(mask, right, bytes, planes);
        if ((k + EID_COUNT_ROWS) % FLUSH == 0 || k + EID_COUNT_ROWS >= c->models)
            for (int kind = 0; kind < KINDS; kind++)
                flush(planes[kind], c->count[kind] + at * 8, columns);
    }
    return EID_OK;
}

/* ---- scores ---------------------------------------------------------------------------------- */

/* Variance of a share with one right and one wrong added. */
static double variance(double right, double n)
{
    double p = (right + 1) / (n + 2);
    return p * (1 - p) / (n + 2);
}

static void scores(eid_memorization *m)
{
    for (int64_t i = 0; i < m->examples; i++) {
        double in = m->in[i], out = m->out[i], in_right = m->in_right[i];
        double out_right = m->out_right[i], var = variance(out_right, out);
        bool told = in > 0 && out > 0;
        m->consistency[i] = out > 0 ? out_right / out : NAN;
        m->consistency_se[i] = out > 0 ? sqrt(var) : NAN;
        m->mem[i] = told ? in_right / in - out_right / out : NAN;
        m->se[i] = told ? sqrt(variance(in_right, in) + var) : NAN;
        m->unseen += !told;
    }
}

static eid_status make(eid_memorization **out, int64_t n)
{
    eid_status st = EID_OK;
    eid_memorization *m = NULL;

    EID_TRY(EID_NEW(m, 1));
    m->examples = n;
    EID_TRY(EID_NEW(m->in, n));
    EID_TRY(EID_NEW(m->in_right, n));
    EID_TRY(EID_NEW(m->out, n));
    EID_TRY(EID_NEW(m->out_right, n));
    EID_TRY(EID_NEW(m->mem, n));
    EID_TRY(EID_NEW(m->se, n));
    EID_TRY(EID_NEW(m->consistency, n));
    EID_TRY(EID_NEW(m->consistency_se, n));
    *out = m;
    m = NULL;
done:
    eid_memorization_free(m);
    return st;
}

static eid_status check(const eid_bank *bank, const int64_t *pick, int64_t n)
{
    if (n < 1 || n > INT32_MAX)
        return eid_fail(EID_EINVAL, "memorization: %" PRId64 " models", n);
    for (int64_t i = 0; pick && i < n; i++)
        if (pick[i] < 0 || pick[i] >= bank->models)
            return eid_fail(EID_EINVAL,
                            "memorization: there is no model %" PRId64 " in a bank of %" PRId64,
                            pick[i], bank->models);
    return EID_OK;
}

eid_status eid_memorization_of(eid_memorization **out, eid_ctx *ctx, const eid_bank *bank,
                               const int64_t *pick, int64_t n)
{
    eid_status st = EID_OK;
    eid_memorization *m = NULL;
    counting c = {.masks = bank->masks,
                  .correct = bank->train.correct,
                  .row = bank->train.row,
                  .models = pick ? n : bank->models,
                  .n = bank->train.n,
                  .pick = pick};

    EID_TRY(check(bank, pick, c.models));
    EID_TRY(make(&m, c.n));
    m->models = c.models;
    c.count[IN] = m->in;
    c.count[RIGHT] = m->out_right; /* of all, for now */
    c.count[BOTH] = m->in_right;
    EID_TRY(EID_NEW(c.room, eid_ctx_threads(ctx)));
    EID_TRY(eid_par_for(ctx, (c.row + EID_COUNT_BYTES - 1) / EID_COUNT_BYTES, count_columns, &c));
    for (int64_t i = 0; i < c.n; i++) {
        m->out[i] = (int32_t)m->models - m->in[i];
        m->out_right[i] -= m->in_right[i];
    }
    scores(m);
    *out = m;
    m = NULL;
done:
    eid_free(c.room);
    eid_memorization_free(m);
    return st;
}

void eid_memorization_free(eid_memorization *m)
{
    if (!m)
        return;
    eid_free(m->in);
    eid_free(m->in_right);
    eid_free(m->out);
    eid_free(m->out_right);
    eid_free(m->mem);
    eid_free(m->se);
    eid_free(m->consistency);
    eid_free(m->consistency_se);
    eid_free(m);
}
