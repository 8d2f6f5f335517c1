/* longtail_exact.c - who pays how much, in closed form, for shares that are given.
 *
 * A learner that decides point by point costs sum_x D(x) sum_l P(x seen l times) miss(l).  One with
 * little room decides by all counts at once: of a point seen l times it keeps
 *     min(1, max(0, (capacity - A) / E))
 * of the chance, A points seen more often and E as often (itself among them).  Counts of n examples
 * are independent Poisson numbers given their sum, so the law of (A, E) given the sum is a
 * coefficient of
 *     prod_x (a_x + v b_x + u c_x),   powers of u: A, of v: E, of w within a, b, c: the sum
 * with a_x, b_x, c_x the Poisson chances of less than l, of l, and of more, each times w^count.
 * Coefficients come from values on the unit circles.  As many points on a circle as there are
 * values give them without error; where the law is narrow, fewer do, for what lies further off is
 * below the last digit (Bernstein's inequality), and most products may be left off, for factors
 * are at most 1 and what has fallen below the last digit stays there. */
#include "par/par.h"
#include "theory/longtail_room.h"
#include <complex.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum { MOST_CELLS = 20000, BATCH = 32, LANES = 8 };
static const double SMALL = 32; /* e^-32 = 1e-14: what is left off of numbers of about 1 */

typedef double complex number;

/* Deviation that a sum of independent bits of this variance exceeds with a chance below e^-32. */
static double reach(double variance)
{
    return SMALL / 3 + sqrt(SMALL * SMALL / 9 + 2 * SMALL * variance) + 1;
}

typedef struct circle {
    int64_t first, points; /* values first .. first + points - 1 are told apart */
} circle;

static circle circle_of(double mean, double variance, int64_t most)
{
    double far = reach(variance);
    int64_t low = (int64_t)fmax(0, floor(mean - far)),
            high = (int64_t)fmin((double)most, ceil(mean + far));
    return (circle){low, high - low + 1};
}

typedef struct work {
    const eid_tail_cells *cells;
    int64_t n, capacity, l;
    circle above, equal;
    int64_t turns;        /* points on the circle of the sum */
    const double *less;   /* [cell][l]: Poisson chances of 0 .. l - 1 */
    const double *same;   /* [cell]: of l */
    const int64_t *order; /* of the cells: those that shrink the product most come first */
    number *room;         /* [above][equal]: transform of what is not kept */
    double (*sum)[EID_TAIL_GROUPS]; /* [turn] */
} work;

static number turn(int64_t k, int64_t of)
{
    return cexp(2 * M_PI * I * (double)k / (double)of);
}

/* The share of a point's chance that is lost when A are seen more often and E as often. */
static double lost(int64_t capacity, int64_t above, int64_t equal)
{
    double left = (double)(capacity - above);
    return equal < 1 || left >= (double)equal ? 0 : left <= 0 ? 1 : 1 - left / (double)equal;
}

/* sum over A, E of lost(A, E) u^-A v^-E on the grid, one variable after the other. */
static eid_status fill_room(work *w)
{
    eid_status st = EID_OK;
    int64_t p = w->above.points, q = w->equal.points;
    number *half = NULL;

    EID_TRY(EID_NEW(half, p * q));
    for (int64_t j = 0; j < p; j++)
        for (int64_t k = 0; k < q; k++)
            for (int64_t m = 0; m < q; m++)
                half[j * q + k] += lost(w->capacity, w->above.first + j, w->equal.first + m) *
                                   conj(turn(k * ((w->equal.first + m) % q) % q, q));
    for (int64_t i = 0; i < p; i++)
        for (int64_t j = 0; j < p; j++) {
            number u = conj(turn(i * ((w->above.first + j) % p) % p, p));
            for (int64_t k = 0; k < q; k++)
                w->room[i * q + k] += u * half[j * q + k];
        }
done:
    eid_free(half);
    return st;
}

/* ---- lanes: several u at once, in plain numbers, for C's complex product looks for NaN
 * ----------- */

typedef struct lanes {
    double re[LANES], im[LANES];
} lanes;

static inline void times(lanes *x, const lanes *y)
{
    for (int i = 0; i < LANES; i++) {
        double re = x->re[i] * y->re[i] - x->im[i] * y->im[i];
        x->im[i] = x->re[i] * y->im[i] + x->im[i] * y->re[i];
        x->re[i] = re;
    }
}

/* x *= f^k. */
static void times_power(lanes *x, lanes f, int64_t k)
{
    for (; k > 1; k >>= 1) {
        if (k & 1)
            times(x, &f);
        lanes square = f;
        times(&square, &f);
        f = square;
    }
    times(x, &f);
}

/* A cell's factor a + v b + u c at one v: of every lane's u. */
typedef struct factor {
    double re, im, c_re, c_im; /* a + v b; c */
} factor;

static inline lanes factor_at(const factor *f, const lanes *u)
{
    lanes x;
    for (int i = 0; i < LANES; i++) {
        x.re[i] = f->re + u->re[i] * f->c_re - u->im[i] * f->c_im;
        x.im[i] = f->im + u->re[i] * f->c_im + u->im[i] * f->c_re;
    }
    return x;
}

/* a, b, c of every cell, in the order of the product, at one point of the sum's circle. */
static void fill_parts(const work *w, number z, number *part)
{
    for (size_t k = 0; k < w->cells->n; k++) {
        int64_t i = w->order[k];
        double rate = (double)w->n * w->cells->at[i].share;
        number a = 0, power = 1;
        for (int64_t s = 0; s < w->l; s++, power *= z)
            a += w->less[i * w->l + s] * power;
        part[3 * k] = a;
        part[3 * k + 1] = w->same[i] * power;
        part[3 * k + 2] = cexp(rate * (z - 1)) - a - part[3 * k + 1];
    }
}

static double largest2(const lanes *x)
{
    double most = 0;
    for (int i = 0; i < LANES; i++)
        most = fmax(most, x->re[i] * x->re[i] + x->im[i] * x->im[i]);
    return most;
}

/* The whole product; false once it is small in every lane. */
static bool product(const work *w, const factor *f, const lanes *u, lanes *all)
{
    const double least = exp(-2 * SMALL - log(1 + (double)w->n));

    *all = (lanes){0};
    for (int i = 0; i < LANES; i++)
        all->re[i] = 1;
    for (size_t k = 0; k < w->cells->n; k++) {
        lanes x = factor_at(&f[k], u);
        if (w->cells->at[w->order[k]].many == 1)
            times(all, &x);
        else
            times_power(all, x, w->cells->at[w->order[k]].many);
        if (k % BATCH == BATCH - 1 && largest2(all) < least)
            return false;
    }
    return true;
}

/* sum by group of D(x) v b / (a + v b + u c). */
static void sum_points(const work *w, const factor *f, const number *part, number v, const lanes *u,
                       lanes point[])
{
    for (int g = 0; g < EID_TAIL_GROUPS; g++)
        point[g] = (lanes){0};
    for (size_t k = 0; k < w->cells->n; k++) {
        const eid_tail_cell *c = &w->cells->at[w->order[k]];
        number b = c->share * (double)c->many * v * part[3 * k + 1];
        double re = creal(b), im = cimag(b);
        lanes x = factor_at(&f[k], u), *to = &point[c->group];
        for (int i = 0; i < LANES; i++) {
            double size = x.re[i] * x.re[i] + x.im[i] * x.im[i], per = size > 0 ? 1 / size : 0;
            to->re[i] += (re * x.re[i] + im * x.im[i]) * per;
            to->im[i] += (im * x.re[i] - re * x.im[i]) * per;
        }
    }
}

/* Adds what the points i .. i + LANES - 1 of u's circle give, at number k of v's. */
static void add_lanes(const work *w, const factor *f, const number *part, int64_t i, int64_t k,
                      number back, double sum[])
{
    int64_t p = w->above.points, q = w->equal.points;
    number v = turn(k, q);
    lanes u, all, point[EID_TAIL_GROUPS];

    for (int s = 0; s < LANES; s++) {
        number at = turn(i + s, p);
        u.re[s] = creal(at);
        u.im[s] = cimag(at);
    }
    if (!product(w, f, &u, &all))
        return;
    sum_points(w, f, part, v, &u, point);
    for (int s = 0; s < LANES && i + s < p; s++) {
        number weight = (all.re[s] + I * all.im[s]) * back * w->room[(i + s) * q + k];
        for (int g = 0; g < EID_TAIL_GROUPS; g++)
            sum[g] += creal(weight * (point[g].re[s] + I * point[g].im[s]));
    }
}

static eid_status one_turn(void *arg, int64_t t, int worker)
{
    const work *w = arg;
    eid_status st = EID_OK;
    number *part = NULL;
    factor *f = NULL;
    number z = turn(t, w->turns), back = conj(turn(t * (w->n % w->turns) % w->turns, w->turns));
    size_t cells = w->cells->n;
    double twice = t == 0 || 2 * t == w->turns ? 1 : 2; /* its mirror image is its conjugate */

    (void)worker;
    if ((double)w->n * (1 - creal(z)) > SMALL + log(1 + (double)w->n))
        return EID_OK;
    EID_TRY(EID_NEW(part, 3 * cells));
    EID_TRY(EID_NEW(f, cells));
    fill_parts(w, z, part);
    for (int64_t k = 0; k < w->equal.points; k++) {
        number v = turn(k, w->equal.points);
        for (size_t x = 0; x < cells; x++) {
            number ab = part[3 * x] + v * part[3 * x + 1];
            f[x] = (factor){creal(ab), cimag(ab), creal(part[3 * x + 2]), cimag(part[3 * x + 2])};
        }
        for (int64_t i = 0; i < w->above.points; i += LANES)
            add_lanes(w, f, part, i, k, twice * back, w->sum[t]);
    }
done:
    eid_free(part);
    eid_free(f);
    return st;
}

/* ---- one number of times seen -----------------------------------------------------------------
 */

static double poisson(double rate, int64_t k)
{
    return exp((double)k * log(rate) - rate - lgamma((double)k + 1));
}

typedef struct ranked {
    double variance;
    int64_t at;
} ranked;

static int by_variance(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    return x->variance != y->variance ? (x->variance < y->variance ? 1 : -1)
                                      : (x->at > y->at) - (x->at < y->at);
}

typedef struct level {
    double *less, *same;
    int64_t *order;
    ranked *rank;
    double above, above_variance, equal, equal_variance;
} level;

static void level_free(level *v)
{
    eid_free(v->less);
    eid_free(v->same);
    eid_free(v->order);
    eid_free(v->rank);
}

static eid_status level_make(level *v, const eid_tail_cells *c, int64_t n, int64_t l)
{
    eid_status st = EID_OK;

    EID_TRY(EID_NEW(v->less, (int64_t)c->n * l));
    EID_TRY(EID_NEW(v->same, c->n));
    EID_TRY(EID_NEW(v->order, c->n));
    EID_TRY(EID_NEW(v->rank, c->n));
    for (size_t i = 0; i < c->n; i++) {
        double rate = (double)n * c->at[i].share, below = 0, many = (double)c->at[i].many;
        for (int64_t k = 0; k < l; k++)
            below += v->less[(int64_t)i * l + k] = poisson(rate, k);
        double b = v->same[i] = poisson(rate, l), more = fmax(0, 1 - below - b);
        v->above += many * more;
        v->above_variance += many * more * (1 - more);
        v->equal += many * b;
        v->equal_variance += many * b * (1 - b);
        v->rank[i] = (ranked){many * (more * (1 - more) + b * (1 - b)), (int64_t)i};
    }
    qsort(v->rank, c->n, sizeof *v->rank, by_variance);
    for (size_t i = 0; i < c->n; i++)
        v->order[i] = v->rank[i].at;
done:
    return st;
}

/* Adds, by group, D(x) P(x is seen l times and not kept) to lost[]. */
static eid_status add_level(double lost_by[], eid_ctx *ctx, const eid_tail_cells *c, int64_t n,
                            int64_t capacity, int64_t l, const level *v)
{
    eid_status st = EID_OK;
    work w = {.cells = c, .n = n, .capacity = capacity, .l = l};
    double chance = exp((double)n * log((double)n) - (double)n - lgamma((double)n + 1));

    w.less = v->less;
    w.same = v->same;
    w.order = v->order;
    w.above = circle_of(v->above, v->above_variance, c->points);
    w.equal = circle_of(v->equal, v->equal_variance, c->points);
    w.turns = (int64_t)ceil(reach((double)n)) + 1;
    EID_TRY(EID_NEW(w.room, w.above.points * w.equal.points));
    EID_TRY(EID_NEW(w.sum, w.turns / 2 + 1));
    EID_TRY(fill_room(&w));
    EID_TRY(eid_par_for(ctx, w.turns / 2 + 1, one_turn, &w));
    double grid = (double)w.above.points * (double)w.equal.points * (double)w.turns * chance;
    for (int64_t t = w.turns / 2; t >= 0; t--)
        for (int g = 0; g < EID_TAIL_GROUPS; g++)
            lost_by[g] += w.sum[t][g] / grid;
done:
    eid_free(w.room);
    eid_free(w.sum);
    return st;
}

/* D(x) P(x is seen l times), by group. */
static void add_all(double lost_by[], const eid_tail_cells *c, int64_t n, int64_t l)
{
    for (size_t i = 0; i < c->n; i++)
        lost_by[c->at[i].group] +=
            c->at[i].share * (double)c->at[i].many * eid_tail_binomial(n, l, c->at[i].share);
}

eid_status eid_tail_compress_exact(double lost_by[EID_TAIL_GROUPS], eid_ctx *ctx,
                                   const eid_tail_cells *c, int64_t n, int64_t capacity)
{
    eid_status st = EID_OK;
    level v = {0};

    if (c->n > MOST_CELLS)
        return eid_fail(EID_EINVAL,
                        "long tail: %zu different shares are more than the %d of which a learner "
                        "with little room can be told exactly",
                        c->n, MOST_CELLS);
    for (int g = 0; g < EID_TAIL_GROUPS; g++)
        lost_by[g] = 0;
    for (int64_t l = 1; l <= n; l++) {
        EID_TRY(eid_tick(ctx, "long tail", "times seen", l - 1, n));
        v = (level){0};
        EID_TRY(level_make(&v, c, n, l));
        double far = reach(v.above_variance), all = v.above + v.equal;
        if (all + far + reach(v.equal_variance) < (double)capacity) /* room for every one of them */
            break;
        if (v.above - far > (double)capacity)
            add_all(lost_by, c, n, l);
        else
            EID_TRY(add_level(lost_by, ctx, c, n, capacity, l, &v));
        level_free(&v);
        v = (level){0};
    }
done:
    level_free(&v);
    return st;
}
