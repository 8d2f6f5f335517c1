/* membership_blind.c - can the two sets be told apart without any model?
 *
 * If a classifier that sees the texts alone does it, the sets differ in topic, date or source, and
 * no attack's success says anything about membership (the flaw of WikiMIA and its kin).  Naive
 * Bayes on which tokens a window holds, log-odds with one count added (Wang and Manning 2012 found
 * it hard to beat on short texts); trained on four fifths of the documents of either side, tried on
 * the rest. */
#include "measure/membership.h"
#include "eidetic/rng.h"
#include "stats/estimate.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FOLDS = 5 };

/* A document of either side; `side` is 1 for members. */
typedef struct blind_doc {
    int side;
    int64_t fold;
} blind_doc;

/* Both sets in one row, members first. */
typedef struct blind {
    const eid_window **w;
    size_t n, n_docs;
    int64_t tokens;
    int32_t vocab;
    size_t *doc; /* of each window */
    blind_doc *docs;
    double *score;
    double *weight;  /* log-odds by token */
    double *held[2]; /* windows of non-members, members, by token */
    uint32_t *seen;  /* stamp by token: counts each once per window */
    uint32_t stamp;
    /* One side's scores at a time, for the area. */
    double *part_score[2];
    int64_t *part_doc[2], *part_fold[2];
} blind;

typedef struct named {
    int64_t document;
    size_t at;
} named;

static int by_document(const void *a, const void *b)
{
    int64_t x = ((const named *)a)->document, y = ((const named *)b)->document;
    return (x > y) - (x < y);
}

/* Numbers the documents of windows [from, to), all of one side. */
static eid_status number_documents(blind *b, size_t from, size_t to, int side)
{
    eid_status st = EID_OK;
    named *sorted = NULL;
    EID_TRY(EID_NEW(sorted, to - from));
    for (size_t i = from; i < to; i++)
        sorted[i - from] = (named){b->w[i]->at.document, i};
    qsort(sorted, to - from, sizeof *sorted, by_document);
    for (size_t i = 0; i < to - from; i++) {
        if (i == 0 || sorted[i].document != sorted[i - 1].document)
            b->docs[b->n_docs++].side = side;
        b->doc[sorted[i].at] = b->n_docs - 1;
    }
done:
    eid_free(sorted);
    return st;
}

/* Deals each side's documents out to the folds; false when a side has fewer than the folds. */
static bool deal_folds(blind *b, eid_rng *rng, int64_t *order)
{
    int64_t turn[2] = {0, 0};
    for (size_t d = 0; d < b->n_docs; d++)
        order[d] = (int64_t)d;
    eid_rng_shuffle(rng, order, b->n_docs);
    for (size_t d = 0; d < b->n_docs; d++) {
        blind_doc *doc = &b->docs[order[d]];
        doc->fold = turn[doc->side]++ % FOLDS;
    }
    return turn[0] >= FOLDS && turn[1] >= FOLDS;
}

static bool first_time(blind *b, int32_t tok)
{
    bool is_new = b->seen[tok] != b->stamp;
    b->seen[tok] = b->stamp;
    return is_new;
}

static void train_without(blind *b, int64_t fold)
{
    double total[2] = {0, 0};
    for (int side = 0; side < 2; side++)
        memset(b->held[side], 0, (size_t)b->vocab * sizeof **b->held);
    for (size_t i = 0; i < b->n; i++) {
        const blind_doc *doc = &b->docs[b->doc[i]];
        if (doc->fold == fold)
            continue;
        b->stamp++;
        for (int64_t t = 0; t < b->tokens; t++)
            if (first_time(b, b->w[i]->tok[t])) {
                b->held[doc->side][b->w[i]->tok[t]]++;
                total[doc->side]++;
            }
    }
    for (int32_t v = 0; v < b->vocab; v++)
        b->weight[v] = log((b->held[1][v] + 1) / (b->held[0][v] + 1)) -
                       log((total[1] + b->vocab) / (total[0] + b->vocab));
}

/* Mean log-odds of the fold's windows, by the classifier that saw none of their documents. */
static void score_fold(blind *b, int64_t fold)
{
    for (size_t i = 0; i < b->n; i++) {
        if (b->docs[b->doc[i]].fold != fold)
            continue;
        double sum = 0, distinct = 0;
        b->stamp++;
        for (int64_t t = 0; t < b->tokens; t++)
            if (first_time(b, b->w[i]->tok[t])) {
                sum += b->weight[b->w[i]->tok[t]];
                distinct++;
            }
        b->score[i] = sum / distinct;
    }
}

/* Windows are compared within their fold: across folds, each was scored by a classifier that had
 * learned the other's label. */
static eid_status cross_validate(blind *b, int64_t resamples, uint64_t seed, eid_estimate *out)
{
    size_t n[2] = {0, 0};
    for (int64_t fold = 0; fold < FOLDS; fold++) {
        train_without(b, fold);
        score_fold(b, fold);
    }
    for (size_t i = 0; i < b->n; i++) {
        const blind_doc *doc = &b->docs[b->doc[i]];
        size_t at = n[doc->side]++;
        b->part_score[doc->side][at] = b->score[i];
        b->part_doc[doc->side][at] = (int64_t)b->doc[i];
        b->part_fold[doc->side][at] = doc->fold;
    }
    eid_score_set set[2];
    for (int side = 0; side < 2; side++)
        set[side] =
            (eid_score_set){b->part_score[side], b->part_doc[side], b->part_fold[side], n[side]};
    return eid_auc_bootstrap(&set[1], &set[0], resamples, seed, out);
}

/* Resampling documents whose scores stand leaves out that classifiers learned from documents, too.
 * So the interval is made at least as wide as the area varies when documents change sides at
 * random, which is also how it varies when the sides do not differ: false alarms stay at 1 in 40.
 */
static eid_status widen(blind *b, int64_t permutations, uint64_t seed, int64_t *order,
                        eid_estimate *e)
{
    eid_status st = EID_OK;
    double *area = NULL;
    EID_TRY(EID_NEW(area, permutations));
    for (int64_t p = 0; p < permutations; p++) {
        eid_rng rng = eid_rng_stream(seed, UINT64_C(4) << 40 | (uint64_t)p);
        eid_estimate permuted;
        for (size_t d = b->n_docs; d > 1; d--) {
            size_t other = (size_t)eid_rng_below(&rng, d);
            int side = b->docs[other].side;
            b->docs[other].side = b->docs[d - 1].side;
            b->docs[d - 1].side = side;
        }
        deal_folds(b, &rng, order);
        EID_TRY(cross_validate(b, 1, seed, &permuted));
        area[p] = permuted.value;
    }
    double low, high;
    eid_percentile_interval(area, (size_t)permutations, &low, &high);
    e->low = fmax(0, fmin(e->low, e->value + 0.5 - high));
    e->high = fmin(1, fmax(e->high, e->value + 0.5 - low));
    e->method = "bootstrap by cluster, widened by permuting documents";
done:
    eid_free(area);
    return st;
}

static eid_status blind_new(blind *b, const eid_window *member, size_t n_member,
                            const eid_window *nonmember)
{
    eid_status st = EID_OK;
    EID_TRY(EID_NEW(b->w, b->n));
    EID_TRY(EID_NEW(b->doc, b->n));
    EID_TRY(EID_NEW(b->docs, b->n));
    EID_TRY(EID_NEW(b->score, b->n));
    EID_TRY(EID_NEW(b->weight, b->vocab));
    EID_TRY(EID_NEW(b->seen, b->vocab));
    for (int side = 0; side < 2; side++) {
        EID_TRY(EID_NEW(b->held[side], b->vocab));
        EID_TRY(EID_NEW(b->part_score[side], b->n));
        EID_TRY(EID_NEW(b->part_doc[side], b->n));
        EID_TRY(EID_NEW(b->part_fold[side], b->n));
    }
    for (size_t i = 0; i < b->n; i++)
        b->w[i] = i < n_member ? &member[i] : &nonmember[i - n_member];
    EID_TRY(number_documents(b, 0, n_member, 1));
    EID_TRY(number_documents(b, n_member, b->n, 0));
done:
    return st;
}

static void blind_free(blind *b)
{
    eid_free(b->w);
    eid_free(b->doc);
    eid_free(b->docs);
    eid_free(b->score);
    eid_free(b->weight);
    eid_free(b->seen);
    for (int side = 0; side < 2; side++) {
        eid_free(b->held[side]);
        eid_free(b->part_score[side]);
        eid_free(b->part_doc[side]);
        eid_free(b->part_fold[side]);
    }
}

eid_status eid_blind_baseline(const eid_window *member, size_t n_member,
                              const eid_window *nonmember, size_t n_nonmember, int32_t vocab,
                              int64_t permutations, const eid_membership_opts *opts,
                              eid_estimate *out)
{
    eid_status st = EID_OK;
    blind b = {.n = n_member + n_nonmember, .tokens = opts->tokens, .vocab = vocab};
    int64_t *order = NULL;
    uint64_t seed = (uint64_t)opts->seed;
    eid_rng rng = eid_rng_stream(seed, UINT64_C(3) << 40);

    EID_TRY(blind_new(&b, member, n_member, nonmember));
    EID_TRY(EID_NEW(order, b.n_docs));
    if (!deal_folds(&b, &rng, order)) {
        *out = eid_estimate_none("unresolved: fewer than 5 documents on a side");
        goto done;
    }
    EID_TRY(cross_validate(&b, opts->resamples, seed, out));
    if (permutations > 0)
        EID_TRY(widen(&b, permutations, seed, order, out));
done:
    eid_free(order);
    blind_free(&b);
    return st;
}
