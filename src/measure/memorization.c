/* memorization.c - mem and consistency of every example, at the speed of reading the bits.
 *
 * Masks and answers are rows of bits, a row a model; a count is a sum over a column.  Bits of one
 * column are added in place: planes of bits hold the binary digits of 128 counts side by side, and
 * eight rows are added by seven full adders (Harley and Seal) before they ripple into the higher
 * digits. */
#include "eidetic/memorization.h"
#include "base/ctx.h"
#include "base/memory.h"
#include "par/par.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

typedef uint64_t lane __attribute__((vector_size(16)));
enum { LANE = 16, LANES = 32, WIDE = LANE * LANES }; /* bytes of a lane; of a task's columns */
enum { TURN = 8, LOW = 3, HIGH = 9, FLUSH = TURN * ((1 << HIGH) - 1) };

typedef struct digits {
    lane low[LOW], high[HIGH];
} digits;
enum { IN, RIGHT, BOTH, KINDS };

typedef struct counting {
    const uint8_t *masks, *correct;
    int64_t row, models, n; /* bytes of a row, rows that count, columns */
    const int64_t *pick;
    int32_t *count[KINDS];
    digits (*room)[KINDS][LANES]; /* of each worker */
} counting;

/* carry, sum: the two digits of sum + a + b. */
#define ADD(sum, carry, a, b)                      \
    do {                                           \
        lane add_u = (sum) ^ (a), add_b = (b);     \
        (carry) = ((sum) & (a)) | (add_u & add_b); \
        (sum) = add_u ^ add_b;                     \
    } while (0)

static void add_eight(digits *d, const lane x[TURN])
{
    lane t[2], f[2], up;

    ADD(d->low[0], t[0], x[0], x[1]);
    ADD(d->low[0], t[1], x[2], x[3]);
    ADD(d->low[1], f[0], t[0], t[1]);
    ADD(d->low[0], t[0], x[4], x[5]);
    ADD(d->low[0], t[1], x[6], x[7]);
    ADD(d->low[1], f[1], t[0], t[1]);
    ADD(d->low[2], up, f[0], f[1]);
    for (int p = 0; p < HIGH; p++) {
        lane over = d->high[p] & up;
        d->high[p] ^= up;
        up = over;
    }
}

/* Adds the counts of one lane's columns to count[0..n) and starts over. */
static void flush(digits *d, int32_t *count, int64_t n)
{
    for (int p = 0; p < LOW + HIGH; p++) {
        uint8_t byte[LANE];
        memcpy(byte, p < LOW ? &d->low[p] : &d->high[p - LOW], LANE);
        for (int64_t i = 0; i < n && i < LANE * 8; i++)
            count[i] += (int32_t)(byte[i / 8] >> i % 8 & 1) << p;
    }
    memset(d, 0, sizeof *d);
}

static void load(lane *x, const uint8_t *row, int64_t left)
{
    if (left >= LANE) {
        memcpy(x, row, LANE);
    } else {
        memset(x, 0, LANE);
        memcpy(x, row, (size_t)left);
    }
}

static void add_rows(const counting *c, int64_t from, int64_t rows, int64_t at, int lanes,
                     digits (*d)[LANES])
{
    const uint8_t *mask[TURN], *right[TURN];

    for (int64_t r = 0; r < rows; r++) {
        int64_t k = c->pick ? c->pick[from + r] : from + r;
        mask[r] = c->masks + k * c->row + at;
        right[r] = c->correct + k * c->row + at;
    }
    for (int l = 0; l < lanes; l++) {
        lane x[KINDS][TURN];
        int64_t left = c->row - at - l * LANE;
        for (int64_t r = 0; r < TURN; r++) {
            if (r < rows) {
                load(&x[IN][r], mask[r] + l * LANE, left);
                load(&x[RIGHT][r], right[r] + l * LANE, left);
            } else {
                x[IN][r] = x[RIGHT][r] = (lane){0};
            }
            x[BOTH][r] = x[IN][r] & x[RIGHT][r];
        }
        for (int kind = 0; kind < KINDS; kind++)
            add_eight(&d[kind][l], x[kind]);
    }
}

static eid_status count_columns(void *arg, int64_t task, int worker)
{
    const counting *c = arg;
    digits(*d)[LANES] = c->room[worker];
    int64_t at = task * WIDE, bytes = c->row - at < WIDE ? c->row - at : WIDE;
    int lanes = (int)((bytes + LANE - 1) / LANE);

    memset(d, 0, sizeof c->room[0]);
    for (int64_t k = 0, n; k < c->models; k += n) {
        n = c->models - k < TURN ? c->models - k : TURN;
        add_rows(c, k, n, at, lanes, d);
        if ((k + TURN) % FLUSH != 0 && k + n < c->models)
            continue;
        for (int kind = 0; kind < KINDS; kind++)
            for (int l = 0; l < lanes; l++) {
                int64_t first = (at + l * LANE) * 8;
                flush(&d[kind][l], c->count[kind] + first, c->n - first);
            }
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
    EID_TRY(eid_par_for(ctx, (c.row + WIDE - 1) / WIDE, count_columns, &c));
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
