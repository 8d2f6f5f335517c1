/* schedule.c - learning rates and changed pictures: pure functions, so that a training which was
 * stopped needs no state to go on. */
#include "eidetic/classifier.h"
#include "eidetic/rng.h"
#include <math.h>
#include <string.h>

static const double PI = 3.14159265358979323846;

static double cosine(double from, double to, double share)
{
    return to + (from - to) * 0.5 * (1 + cos(PI * (share < 1 ? share : 1)));
}

double eid_schedule_at(const eid_schedule *s, int64_t step, int64_t steps)
{
    double up = s->warmup * (double)steps, lr = s->lr, low = s->lr * s->floor, t = (double)step;
    double down = (double)steps - 1 - up > 0 ? (t - up) / ((double)steps - 1 - up) : 1;

    if (t < up)
        return s->kind == EID_SCHEDULE_ONECYCLE ? cosine(lr / 25, lr, t / up)
                                                : lr * (t + 1) / (up + 1);
    switch (s->kind) {
    case EID_SCHEDULE_CONSTANT:
        return lr;
    case EID_SCHEDULE_STEP:
        for (int i = 0; i < s->n_drops; i++)
            if (t >= s->drops[i] * (double)steps)
                lr *= s->factor;
        return lr;
    case EID_SCHEDULE_COSINE:
    case EID_SCHEDULE_ONECYCLE:
        return cosine(lr, low, down);
    }
    return lr;
}

static void flip(const eid_net_shape *s, float *x)
{
    for (int64_t r = 0; r < s->channels * s->height; r++, x += s->width)
        for (int64_t i = 0, j = s->width - 1; i < j; i++, j--) {
            float t = x[i];
            x[i] = x[j];
            x[j] = t;
        }
}

/* In place: rows and columns are taken from the side that the picture moves away from. */
static void shift(const eid_net_shape *s, int64_t down, int64_t right, float *x)
{
    int64_t H = s->height, W = s->width;
    size_t keep = (size_t)(W - (right < 0 ? -right : right));
    for (int64_t c = 0; c < s->channels; c++, x += H * W)
        for (int64_t k = 0; k < H; k++) {
            int64_t i = down > 0 ? H - 1 - k : k, from = i - down;
            float *row = x + i * W;
            if (from < 0 || from >= H) {
                memset(row, 0, (size_t)W * sizeof *row);
                continue;
            }
            memmove(row + (right > 0 ? right : 0), x + from * W + (right < 0 ? -right : 0),
                    keep * sizeof *row);
            memset(right > 0 ? row : row + keep, 0, ((size_t)W - keep) * sizeof *row);
        }
}

void eid_augment_example(const eid_augment *a, const eid_net_shape *shape, uint64_t seed,
                         int64_t epoch, int64_t example, float *x)
{
    /* A stream per epoch and example; the top bit keeps off the streams of small numbers. */
    eid_rng rng = eid_rng_stream(seed ^ 0x8000000000000000u,
                                 (uint64_t)epoch * 0x9e3779b97f4a7c15u + (uint64_t)example);
    int64_t limit_h = a->crop < shape->height ? a->crop : shape->height - 1;
    int64_t limit_w = a->crop < shape->width ? a->crop : shape->width - 1;

    if (a->flip && eid_rng_below(&rng, 2))
        flip(shape, x);
    if (a->crop > 0) {
        int64_t down = (int64_t)eid_rng_below(&rng, (uint64_t)(2 * limit_h + 1)) - limit_h;
        int64_t right = (int64_t)eid_rng_below(&rng, (uint64_t)(2 * limit_w + 1)) - limit_w;
        shift(shape, down, right, x);
    }
}
