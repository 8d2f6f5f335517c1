/* distribution.c - slow on purpose: sums in the order of the definition, a full sort to cut. */
#include "lm/distribution.h"
#include <math.h>
#include <stdlib.h>

/* The cut keeps order[0..kept), likeliest first when something was cut off, else by id; `mass` is
 * what they weigh together. */
struct eid_dist {
    int32_t vocab, argmax;
    double *logp; /* at temperature 1 */
    struct place {
        double weight; /* exp((z - max) / temperature) */
        int32_t token;
    } * order;
    int32_t kept;
    double mass;
    bool greedy;
};

eid_status eid_dist_new(eid_dist **out, int32_t vocab)
{
    eid_status st = EID_OK;
    eid_dist *d = NULL;

    EID_TRY(EID_NEW(d, 1));
    d->vocab = vocab;
    EID_TRY(EID_NEW(d->logp, vocab));
    EID_TRY(EID_NEW(d->order, vocab));
    *out = d;
    d = NULL;
done:
    eid_dist_free(d);
    return st;
}

void eid_dist_free(eid_dist *d)
{
    if (!d)
        return;
    eid_free(d->logp);
    eid_free(d->order);
    eid_free(d);
}

eid_status eid_dist_set(eid_dist *d, const float *logits)
{
    double sum = 0;

    d->argmax = 0;
    for (int32_t v = 0; v < d->vocab; v++) {
        if (!(logits[v] < INFINITY))
            return eid_fail(EID_EINVAL, "the model's logit of token %d is %s", (int)v,
                            isnan(logits[v]) ? "NaN" : "infinite");
        if (logits[v] > logits[d->argmax])
            d->argmax = v;
    }
    double top = logits[d->argmax];
    if (top == -INFINITY)
        return eid_fail(EID_EINVAL, "the model's logits are all -infinity");
    for (int32_t v = 0; v < d->vocab; v++)
        sum += exp(logits[v] - top);
    for (int32_t v = 0; v < d->vocab; v++)
        d->logp[v] = logits[v] - top - log(sum);
    return EID_OK;
}

double eid_dist_logp(const eid_dist *d, int32_t token)
{
    return d->logp[token];
}

int32_t eid_dist_argmax(const eid_dist *d)
{
    return d->argmax;
}

int32_t eid_dist_rank(const eid_dist *d, int32_t token)
{
    int32_t above = 0;
    for (int32_t v = 0; v < d->vocab; v++)
        above += d->logp[v] > d->logp[token];
    return above;
}

void eid_dist_moments(const eid_dist *d, double *mean, double *var)
{
    double first = 0, second = 0;
    for (int32_t v = 0; v < d->vocab; v++) {
        if (d->logp[v] == -INFINITY)
            continue;
        double p = exp(d->logp[v]);
        first += p * d->logp[v];
        second += p * d->logp[v] * d->logp[v];
    }
    *mean = first;
    *var = fmax(0, second - first * first); /* rounding may leave a little less than nothing */
}

/* Likeliest first; equal ones by id, so that the cut never depends on the sort. */
static int likelier(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->weight != y->weight)
        return x->weight > y->weight ? -1 : 1;
    return (x->token > y->token) - (x->token < y->token);
}

void eid_dist_cut(eid_dist *d, const eid_sampler *s)
{
    d->greedy = s->temperature == 0;
    if (d->greedy) {
        d->kept = 1;
        d->mass = 1;
        d->order[0] = (struct place){1, d->argmax};
        return;
    }
    double top = d->logp[d->argmax], within = 0;
    int64_t k = s->top_k > 0 && s->top_k < d->vocab ? s->top_k : d->vocab;
    for (int32_t v = 0; v < d->vocab; v++)
        d->order[v] = (struct place){exp((d->logp[v] - top) / s->temperature), v};
    if (k < d->vocab || s->top_p < 1)
        qsort(d->order, (size_t)d->vocab, sizeof *d->order, likelier);
    for (int64_t i = 0; i < k; i++)
        within += d->order[i].weight;
    d->kept = 0;
    d->mass = 0;
    while (d->kept < k && (s->top_p >= 1 || d->mass < s->top_p * within))
        d->mass += d->order[d->kept++].weight;
}

double eid_dist_logp_sampler(const eid_dist *d, int32_t token)
{
    for (int32_t i = 0; i < d->kept; i++)
        if (d->order[i].token == token)
            return log(d->order[i].weight / d->mass);
    return -INFINITY;
}

int32_t eid_dist_draw(const eid_dist *d, eid_rng *r)
{
    if (d->greedy)
        return d->argmax;
    double left = eid_rng_unit(r) * d->mass;
    int32_t last = 0; /* rounding may leave a little beyond the last that has any weight */
    for (int32_t i = 0; i < d->kept; i++) {
        if (d->order[i].weight == 0)
            continue;
        last = i;
        left -= d->order[i].weight;
        if (left < 0)
            break;
    }
    return d->order[last].token;
}
