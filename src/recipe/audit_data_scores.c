/* audit_data_scores.c - numbers for each example: of its trajectory, of networks that had not seen
 * it, of the bank. */
#include "base/hash.h"
#include "recipe/audit_data.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *data_score_name(int score)
{
    static const char *const own[] = {"self-confidence", "mem", "risk"};

    return score < DATA_SELF ? eid_score_name((eid_score_kind)score) : own[score - DATA_SELF];
}

int data_score_hard(int score)
{
    if (score < DATA_SELF)
        return eid_score_hard((eid_score_kind)score);
    return score == DATA_SELF ? -1 : 1;
}

eid_status data_scores(data_audit *a)
{
    eid_status st = EID_OK;
    size_t runs = (size_t)a->opts->runs;
    int64_t n = a->set[0]->n;
    double *right = NULL;

    for (int k = 0; k < DATA_SELF; k++) {
        EID_TRY(EID_NEW(a->score[k], n));
        EID_TRY(eid_score((const eid_trajectory *const *)a->run, runs, (eid_score_kind)k,
                          a->opts->score_epoch, a->score[k]));
    }
    EID_TRY(EID_NEW(right, runs));
    for (size_t r = 0; r < runs; r++) {
        const eid_trajectory *t = a->run[r];
        for (int64_t i = 0; i < n; i++)
            right[r] += t->correct[(t->checkpoints - 1) * n + i] / (double)n;
    }
    a->accuracy_train =
        runs > 1 ? eid_mean_t(right, runs) : eid_proportion(llround(right[0] * (double)n), n);
done:
    eid_free(right);
    return st;
}

/* ---- networks that had not seen the example -------------------------------------------------- */

static void add_softmax(const float *z, int32_t classes, double *p)
{
    double top = -INFINITY, sum = 0;

    for (int32_t c = 0; c < classes; c++)
        top = fmax(top, (double)z[c]);
    for (int32_t c = 0; c < classes; c++)
        sum += exp((double)z[c] - top);
    for (int32_t c = 0; c < classes; c++)
        p[c] += exp((double)z[c] - top) / sum;
}

typedef struct ranked {
    double gap; /* p of the label less p of the guess: the surest suspects have the least */
    int64_t place;
} ranked;

static int surest_first(const void *a, const void *b)
{
    const ranked *x = a, *y = b;

    if (x->gap != y->gap)
        return x->gap < y->gap ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static eid_status rank_suspects(data_audit *a)
{
    eid_status st = EID_OK;
    const eid_dataset *d = a->set[0];
    ranked *r = NULL;

    EID_TRY(EID_NEW(r, d->n));
    EID_TRY(EID_NEW(a->suspects, d->n));
    for (int64_t i = 0; i < d->n; i++)
        if (a->confident->error[i]) {
            const double *p = a->p + i * d->classes;
            r[a->n_suspects++] = (ranked){p[d->label[i]] - p[a->guess[i]], i};
        }
    qsort(r, (size_t)a->n_suspects, sizeof *r, surest_first);
    for (int64_t i = 0; i < a->n_suspects; i++)
        a->suspects[i] = r[i].place;
done:
    eid_free(r);
    return st;
}

eid_status data_out_of_fold(data_audit *a)
{
    eid_status st = EID_OK;
    const eid_dataset *d = a->set[0];
    const eid_bank *b = a->folds;
    int32_t classes = d->classes;

    EID_TRY(EID_NEW(a->p, d->n * classes));
    EID_TRY(EID_NEW(a->guess, d->n));
    EID_TRY(EID_NEW(a->score[DATA_SELF], d->n));
    for (int64_t i = 0; i < d->n; i++) {
        double *p = a->p + i * classes, models = 0;
        for (int64_t k = 0; k < b->models; k++) {
            if (eid_bank_bit(b->masks, b->train.row, k, i))
                continue;
            add_softmax(b->train.logits + (k * d->n + i) * classes, classes, p);
            models++;
        }
        for (int32_t c = 0; c < classes; c++)
            p[c] /= models;
        for (int32_t c = 1; c < classes; c++)
            if (p[c] > p[a->guess[i]])
                a->guess[i] = c;
        a->score[DATA_SELF][i] = p[d->label[i]];
    }
    EID_TRY(eid_confident_learn(&a->confident, a->p, d->label, d->n, classes, EID_CONFIDENT_BOTH));
    EID_TRY(rank_suspects(a));
done:
    return st;
}

/* ---- equal examples -------------------------------------------------------------------------- */

typedef struct keyed {
    uint64_t key;
    int64_t place; /* of training examples; of test ones: n + place */
} keyed;

static int by_key(const void *a, const void *b)
{
    const keyed *x = a, *y = b;

    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static const void *row_bytes(const data_audit *a, int64_t place, size_t *bytes)
{
    int64_t n = a->raw[0]->n;
    const eid_dataset *d = a->raw[place >= n];
    int64_t at = (place >= n ? place - n : place) * d->features;

    *bytes = (size_t)d->features * (d->u8 ? 1 : sizeof *d->f32);
    return d->u8 ? (const void *)(d->u8 + at) : (const void *)(d->f32 + at);
}

static bool equal_rows(const data_audit *a, int64_t x, int64_t y)
{
    size_t n, m;
    const void *p = row_bytes(a, x, &n), *q = row_bytes(a, y, &m);

    return n == m && memcmp(p, q, n) == 0;
}

eid_status data_duplicates(data_audit *a)
{
    eid_status st = EID_OK;
    const eid_dataset *d = a->raw[0];
    int64_t n = d->n, all = n + (a->raw[1] ? a->raw[1]->n : 0);
    keyed *k = NULL;
    size_t bytes;

    EID_TRY(EID_NEW(k, all));
    EID_TRY(EID_NEW(a->first_copy, n));
    for (int64_t i = 0; i < all; i++) {
        const void *row = row_bytes(a, i, &bytes);
        k[i] = (keyed){eid_hash64(row, bytes, 1), i};
    }
    qsort(k, (size_t)all, sizeof *k, by_key);
    for (int64_t i = 0; i < n; i++)
        a->first_copy[i] = i;
    for (int64_t from = 0, to; from < all; from = to) {
        for (to = from + 1; to < all && k[to].key == k[from].key; to++) {
            int64_t first = k[from].place, other = k[to].place;
            if (first >= n || !equal_rows(a, first, other))
                continue;
            if (other >= n) {
                a->leaks++;
            } else {
                a->first_copy[other] = first;
                a->duplicates++;
                a->conflicts += d->clean[first] != d->clean[other]; /* not those made on purpose */
            }
        }
    }
done:
    eid_free(k);
    return st;
}

/* ---- the bank -------------------------------------------------------------------------------- */

eid_estimate data_right(const data_audit *a, int64_t i, int in)
{
    const eid_memorization *m = a->memorized;

    return in ? eid_proportion(m->in_right[i], m->in[i])
              : eid_proportion(m->out_right[i], m->out[i]);
}

eid_status data_memorization(data_audit *a)
{
    eid_status st = EID_OK;
    int64_t n = a->set[0]->n;

    EID_TRY(eid_memorization_of(&a->memorized, a->ctx, a->bank, NULL, 0));
    EID_TRY(EID_NEW(a->score[DATA_MEM], n));
    EID_TRY(EID_NEW(a->score[DATA_RISK], n));
    memcpy(a->score[DATA_MEM], a->memorized->mem, (size_t)n * sizeof *a->score[DATA_MEM]);
    EID_TRY(eid_bank_separation(a->score[DATA_RISK], a->ctx, a->bank, NULL, NULL, 0));
done:
    return st;
}
