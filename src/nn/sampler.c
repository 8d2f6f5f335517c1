/* sampler.c - which tokens a sampler keeps, and which one it picks. */
#include "nn/gpt.h"
#include <inttypes.h>
#include <math.h>

eid_sampler eid_sampler_greedy(void)
{
    return (eid_sampler){.temperature = 0, .top_p = 1, .top_k = 0, .seed = 0};
}

eid_status eid_sampler_check(const eid_sampler *s)
{
    if (!(s->temperature >= 0 && s->temperature <= 1e6) ||
        (s->temperature > 0 && s->temperature < 1e-6))
        return eid_fail(EID_EINVAL, "a sampler's temperature is 0 or 1e-6 to 1e6, not %g",
                        s->temperature);
    if (!(s->top_p > 0 && s->top_p <= 1))
        return eid_fail(EID_EINVAL, "a sampler's top-p is above 0 and at most 1, not %g", s->top_p);
    if (s->top_k < 0)
        return eid_fail(EID_EINVAL, "a sampler's top-k is 0 (all) or more, not %" PRId64, s->top_k);
    return EID_OK;
}

/* Likelier first, ties to the lower id: a total order, so that every machine keeps the same tokens.
 */
static bool before(const float *z, int32_t a, int32_t b)
{
    return z[a] > z[b] || (z[a] == z[b] && a < b);
}

static void sift(const float *z, int32_t *heap, int64_t n, int64_t at)
{
    int32_t x = heap[at];
    for (int64_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && before(z, heap[child + 1], heap[child]))
            child++;
        if (!before(z, heap[child], x))
            break;
        heap[at] = heap[child];
    }
    heap[at] = x;
}

/* Orders the kept tokens at the END of `order`, likeliest last; answers how many, and their mass.
 * A heap hands tokens out one by one, so a small set costs little. */
static int64_t keep(const eid_sampler *s, const float *z, const float *p, int64_t n, double sum,
                    int32_t *order, double *mass)
{
    int64_t most = s->top_k > 0 && s->top_k < n ? s->top_k : n, kept = 0;
    double total = sum, goal;
    for (int64_t i = 0; i < n; i++)
        order[i] = (int32_t)i;
    for (int64_t i = n / 2 - 1; i >= 0; i--)
        sift(z, order, n, i);
    goal = most == n ? s->top_p * total : INFINITY; /* top-p is of what top-k leaves */
    for (*mass = 0; kept < most && *mass < goal; kept++) {
        int64_t last = n - 1 - kept;
        int32_t best = order[0];
        order[0] = order[last];
        order[last] = best;
        sift(z, order, last, 0);
        *mass += p[best];
    }
    if (most < n && s->top_p < 1) {
        goal = s->top_p * *mass;
        kept = 0;
        for (*mass = 0; kept < most && *mass < goal; kept++)
            *mass += p[order[n - 1 - kept]];
    }
    return kept;
}

static bool cuts(const eid_sampler *s, int64_t n)
{
    return s->top_p < 1 || (s->top_k > 0 && s->top_k < n);
}

int32_t eid_sampler_pick(const eid_sampler *s, const float *z, int64_t n, double u, float *p,
                         int32_t *order)
{
    if (s->temperature == 0)
        return eid_k()->argmax(z, n);
    double mass = eid_k()->exp_row(p, z, n, (float)(1 / s->temperature)), sum = 0;
    int64_t kept = n;
    bool cut = cuts(s, n);
    if (cut)
        kept = keep(s, z, p, n, mass, order, &mass);
    int32_t id = 0;
    for (int64_t i = 0; i < kept; i++) {
        id = cut ? order[n - 1 - i] : (int32_t)i;
        sum += p[id];
        if (u * mass < sum && p[id] > 0)
            return id;
    }
    /* Rounding left u at the very end: the last token that has any mass. */
    for (int64_t i = kept - 1; i >= 0; i--) {
        id = cut ? order[n - 1 - i] : (int32_t)i;
        if (p[id] > 0)
            break;
    }
    return id;
}

double eid_sampler_logp(const eid_sampler *s, const float *z, int64_t n, int32_t target, float *p,
                        int32_t *order)
{
    if (s->temperature == 0)
        return eid_k()->argmax(z, n) == target ? 0 : -INFINITY;
    double mass = eid_k()->exp_row(p, z, n, (float)(1 / s->temperature));
    if (cuts(s, n)) {
        int64_t kept = keep(s, z, p, n, mass, order, &mass), i = 0;
        while (i < kept && order[n - 1 - i] != target)
            i++;
        if (i == kept)
            return -INFINITY;
    }
    float top = z[eid_k()->argmax(z, n)];
    return ((double)z[target] - top) / s->temperature - log(mass);
}
