/* confident.c - which labels are wrong, from out-of-sample probabilities (Northcutt, Jiang and
 * Chuang 2021, "Confident learning").
 *
 * An example is confidently of class j when p_j reaches the mean p_j of those labelled j: classes
 * of which a model is less sure get a lower bar.  Counting labels i against such classes j gives
 * the confident joint; scaled so that each row sums to the examples labelled i, it estimates the
 * joint distribution of given and true labels. */
#include "base/file.h"
#include "eidetic/trajectory.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* Sums of probabilities that went through half precision or three printed digits. */
static const double SUM_TOLERANCE = 1e-3;

void eid_confident_free(eid_confident *c)
{
    if (!c)
        return;
    eid_free(c->threshold);
    eid_free(c->count);
    eid_free(c->joint);
    eid_free(c->error);
    eid_free(c->guess);
    eid_free(c);
}

static eid_status check(const double *probs, const int32_t *label, int64_t n, int32_t k)
{
    if (n < 1 || k < 2)
        return eid_fail(EID_EINVAL,
                        "confident learning: %" PRId64 " examples, %" PRId32
                        " classes; at least one and two are needed",
                        n, k);
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        if (label[i] < 0 || label[i] >= k)
            return eid_fail(EID_EFORMAT,
                            "labels: example %" PRId64 " has %" PRId32 ", not one of %" PRId32
                            " classes",
                            i, label[i], k);
        for (int32_t j = 0; j < k; j++) {
            double p = probs[i * k + j];
            if (!(p >= 0 && p <= 1 + SUM_TOLERANCE))
                return eid_fail(EID_EFORMAT,
                                "probabilities: class %" PRId32 " of example %" PRId64
                                " has %g, which is none",
                                j, i, p);
            sum += p;
        }
        if (fabs(sum - 1) > SUM_TOLERANCE)
            return eid_fail(EID_EFORMAT,
                            "probabilities: those of example %" PRId64 " sum to %g, not 1", i, sum);
    }
    return EID_OK;
}

/* A class that nobody is labelled with gets a bar that nobody reaches. */
static void thresholds(const double *probs, const int32_t *label, int64_t n, int32_t k, double *t)
{
    for (int32_t j = 0; j < k; j++) {
        int64_t members = 0;
        double sum = 0;
        for (int64_t i = 0; i < n; i++)
            if (label[i] == j) {
                sum += probs[i * k + j];
                members++;
            }
        t[j] = members ? sum / (double)members : INFINITY;
    }
}

/* The likeliest of the classes whose bar is reached, -1: none.  A mean of equal numbers may be
 * rounded above them: a few units in the last place are let pass. */
static int32_t confident_class(const double *p, const double *t, int32_t k)
{
    int32_t best = -1;

    for (int32_t j = 0; j < k; j++)
        if (p[j] >= t[j] * (1 - 1e-12) && (best < 0 || p[j] > p[best]))
            best = j;
    return best;
}

/* Rows that sum to the class's examples; a class without any confident example is taken as right.
 */
static void calibrate(eid_confident *c, const int32_t *label)
{
    int32_t k = c->classes;

    for (int32_t i = 0; i < k; i++) {
        int64_t members = 0, counted = 0;
        for (int64_t x = 0; x < c->examples; x++)
            members += label[x] == i;
        for (int32_t j = 0; j < k; j++)
            counted += c->count[i * k + j];
        for (int32_t j = 0; j < k; j++)
            c->joint[i * k + j] =
                (double)members / (double)c->examples *
                (counted ? (double)c->count[i * k + j] / (double)counted : (double)(i == j));
        c->share += (double)members / (double)c->examples - c->joint[i * k + i];
    }
}

/* ---- choosing -------------------------------------------------------------------------------- */

typedef struct ranked {
    double value;
    int64_t example;
} ranked;

static int highest_first(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->value != y->value)
        return x->value < y->value ? 1 : -1;
    return (x->example > y->example) - (x->example < y->example);
}

/* Marks the `most` examples labelled i with the largest p_j - p_i; j = i: the smallest p_i. */
static void mark(const double *probs, const int32_t *label, const eid_confident *c, int32_t i,
                 int32_t j, int64_t most, ranked *r, uint8_t *out)
{
    int32_t k = c->classes;
    int64_t n = 0;

    for (int64_t x = 0; x < c->examples && most; x++)
        if (label[x] == i)
            r[n++] =
                (ranked){.value = (j == i ? 0 : probs[x * k + j]) - probs[x * k + i], .example = x};
    qsort(r, (size_t)n, sizeof *r, highest_first);
    for (int64_t x = 0; x < n && x < most; x++)
        out[r[x].example] = 1;
}

static eid_status choose(eid_confident *c, const double *probs, const int32_t *label,
                         eid_confident_method method)
{
    int32_t k = c->classes;
    double n = (double)c->examples;
    uint8_t *by_class = NULL, *by_rate = NULL;
    ranked *r = NULL;
    eid_status st = EID_OK;

    EID_TRY(EID_NEW(by_class, c->examples));
    EID_TRY(EID_NEW(by_rate, c->examples));
    EID_TRY(EID_NEW(r, c->examples));
    for (int32_t i = 0; i < k; i++) {
        double wrong = 0;
        for (int32_t j = 0; j < k; j++) {
            if (j == i)
                continue;
            wrong += c->joint[i * k + j];
            mark(probs, label, c, i, j, llround(n * c->joint[i * k + j]), r, by_rate);
        }
        mark(probs, label, c, i, i, llround(n * wrong), r, by_class);
    }
    for (int64_t x = 0; x < c->examples; x++) {
        c->error[x] = method == EID_CONFIDENT_JOINT   ? c->guess[x] != label[x]
                      : method == EID_CONFIDENT_CLASS ? by_class[x]
                      : method == EID_CONFIDENT_RATE  ? by_rate[x]
                                                      : by_class[x] && by_rate[x];
        c->errors += c->error[x];
    }
done:
    eid_free(by_class);
    eid_free(by_rate);
    eid_free(r);
    return st;
}

eid_status eid_confident_learn(eid_confident **out, const double *probs, const int32_t *label,
                               int64_t n, int32_t classes, eid_confident_method method)
{
    eid_confident *c = NULL;
    eid_status st = check(probs, label, n, classes);

    if (st != EID_OK)
        return st;
    EID_TRY(EID_NEW(c, 1));
    c->classes = classes;
    c->examples = n;
    EID_TRY(EID_NEW(c->threshold, classes));
    EID_TRY(EID_NEW(c->count, (size_t)classes * (size_t)classes));
    EID_TRY(EID_NEW(c->joint, (size_t)classes * (size_t)classes));
    EID_TRY(EID_NEW(c->error, n));
    EID_TRY(EID_NEW(c->guess, n));
    thresholds(probs, label, n, classes, c->threshold);
    for (int64_t i = 0; i < n; i++) {
        int32_t j = confident_class(probs + i * classes, c->threshold, classes);
        c->guess[i] = j < 0 ? label[i] : j;
        if (j >= 0)
            c->count[label[i] * classes + j]++;
    }
    calibrate(c, label);
    EID_TRY(choose(c, probs, label, method));
    *out = c;
    c = NULL;
done:
    eid_confident_free(c);
    return st;
}

eid_status eid_confident_write(const char *path, const eid_confident *c, const double *probs,
                               const int32_t *label, const int64_t *id)
{
    ranked *r = NULL;
    int64_t n = 0, k = c->classes;
    eid_out *f = NULL;
    eid_status st = EID_OK;

    EID_TRY(EID_NEW(r, c->examples));
    for (int64_t i = 0; i < c->examples; i++)
        if (c->error[i])
            r[n++] = (ranked){.value = probs[i * k + c->guess[i]] - probs[i * k + label[i]],
                              .example = i};
    qsort(r, (size_t)n, sizeof *r, highest_first);
    EID_TRY(eid_out_open(&f, path));
    EID_TRY(eid_out_printf(f, "id,label,guess,p_label,p_guess\n"));
    for (int64_t x = 0; x < n; x++) {
        int64_t i = r[x].example;
        EID_TRY(eid_out_printf(f, "%" PRId64 ",%" PRId32 ",%" PRId32 ",%.9g,%.9g\n", id[i],
                               label[i], c->guess[i], probs[i * k + label[i]],
                               probs[i * k + c->guess[i]]));
    }
    EID_TRY(eid_out_commit(&f));
done:
    eid_out_abort(&f);
    eid_free(r);
    return st;
}
