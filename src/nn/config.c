#include "nn/gpt.h"
#include <inttypes.h>
#include <math.h>

eid_gpt_config eid_gpt_config_default(void)
{
    return (eid_gpt_config){.vocab = 2048,
                            .context = 128,
                            .width = 128,
                            .layers = 4,
                            .heads = 4,
                            .norm_eps = 1e-5,
                            .bos = -1,
                            .eos = -1};
}

int64_t eid_gpt_config_parameters(const eid_gpt_config *c)
{
    int64_t d = c->width;
    return (c->vocab + c->context) * d + c->layers * (12 * d * d + 13 * d) + 2 * d;
}

static eid_status bounded(const char *name, int64_t value, int64_t max)
{
    if (value < 1 || value > max)
        return eid_fail(EID_EINVAL, "a decoder's %s is 1 to %" PRId64 ", not %" PRId64, name, max,
                        value);
    return EID_OK;
}

/* The bounds keep every product of sizes below 2^63: 2^27 * 2^17 and 2^12 * 13 * 2^34. */
eid_status eid_gpt_config_check(const eid_gpt_config *c, int64_t memory)
{
    eid_status st = EID_OK;
    EID_TRY(bounded("vocabulary", c->vocab, INT64_C(1) << 27));
    EID_TRY(bounded("context", c->context, INT64_C(1) << 24));
    EID_TRY(bounded("width", c->width, INT64_C(1) << 17));
    EID_TRY(bounded("number of layers", c->layers, INT64_C(1) << 12));
    EID_TRY(bounded("number of heads", c->heads, c->width));
    if (c->width % c->heads)
        return eid_fail(EID_EINVAL,
                        "a decoder's width is a multiple of its heads: %" PRId64
                        " is not one of %" PRId64,
                        c->width, c->heads);
    if (!(c->norm_eps > 0 && c->norm_eps < 1))
        return eid_fail(EID_EINVAL, "a decoder's norm epsilon lies between 0 and 1, not at %g",
                        c->norm_eps);
    if (c->bos < -1 || c->bos >= c->vocab || c->eos < -1 || c->eos >= c->vocab)
        return eid_fail(EID_EINVAL,
                        "a decoder's special tokens lie in its vocabulary of %" PRId64
                        ": bos %" PRId64 ", eos %" PRId64,
                        c->vocab, c->bos, c->eos);
    /* values, and both copies of matrices */
    int64_t floats = eid_gpt_config_parameters(c);
    if (memory > 0 && floats > memory / 12)
        return eid_fail(EID_ENOMEM,
                        "a decoder of %" PRId64 " parameters takes %" PRId64
                        " MiB to run, more than the memory bound of %" PRId64 " MiB",
                        floats, (floats * 12) >> 20, memory >> 20);
done:
    return st;
}

double eid_schedule_cosine(int64_t step, int64_t steps, int64_t warmup, double lr, double floor)
{
    if (step < warmup)
        return lr * (double)(step + 1) / (double)warmup;
    if (step >= steps)
        return lr * floor;
    double t = (double)(step - warmup) / (double)(steps - warmup);
    return lr * (floor + (1 - floor) * 0.5 * (1 + cos(3.14159265358979323846 * t)));
}
