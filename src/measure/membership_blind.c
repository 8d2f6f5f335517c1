/* membership_blind.c - can the two sets be told apart without any model?
 *
 * If a classifier that sees the texts alone does it, the sets differ in topic, date or source, and
 * no attack's success says anything about membership (the flaw of WikiMIA and its kin).  Naive
 * Bayes on which tokens a window holds, log-odds with one count added (Wang and Manning 2012 found
 * it hard to beat on short texts); trained on four fifths of the documents of either side, tried on
 * the rest. */
#include "measure/membership.h"
#include "eidetic/rng.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FOLDS = 5 };

/* Both sets in one row: members first. */
typedef struct blind {
    const eid_window **w;
    size_t n_member, n;
    int64_t tokens;
    int32_t vocab;
    int *fold;
    double *score;
    double *weight;  /* log-odds by token */
    double *held[2]; /* windows of non-members, members, by token */
    uint32_t *seen;  /* stamp by token: counts each once per window */
    uint32_t stamp;
} blind;

static bool first_time(blind *b, int32_t tok)
{
    bool is_new = b->seen[tok] != b->stamp;
    b->seen[tok] = b->stamp;
    return is_new;
}

typedef struct doc_fold {
    int64_t document;
    int fold;
} doc_fold;

static int by_document(const void *a, const void *b)
{
    int64_t x = ((const doc_fold *)a)->document, y = ((const doc_fold *)b)->document;
    return (x > y) - (x < y);
}

/* Deals one side's documents out to the folds; *documents says how many there are. */
static eid_status deal_folds(blind *b, size_t from, size_t to, eid_rng rng, size_t *documents)
{
    eid_status st = EID_OK;
    doc_fold *docs = NULL;
    int64_t *turn = NULL;
    size_t n = 0;

    EID_TRY(EID_NEW(docs, to - from));
    for (size_t i = from; i < to; i++)
        docs[i - from].document = b->w[i]->at.document;
    qsort(docs, to - from, sizeof *docs, by_document);
    for (size_t i = 0; i < to - from; i++)
        if (n == 0 || docs[i].document != docs[n - 1].document)
            docs[n++] = docs[i];
    EID_TRY(EID_NEW(turn, n));
    for (size_t i = 0; i < n; i++)
        turn[i] = (int64_t)i;
    eid_rng_shuffle(&rng, turn, n);
    for (size_t i = 0; i < n; i++)
        docs[i].fold = (int)(turn[i] % FOLDS);
    for (size_t i = from; i < to; i++) {
        doc_fold key = {b->w[i]->at.document, 0};
        const doc_fold *found = bsearch(&key, docs, n, sizeof *docs, by_document);
        b->fold[i] = found->fold;
    }
    *documents = n;
done:
    eid_free(turn);
    eid_free(docs);
    return st;
}

static void train_without(blind *b, int fold)
{
    double total[2] = {0, 0};
    for (int side = 0; side < 2; side++)
        memset(b->held[side], 0, (size_t)b->vocab * sizeof **b->held);
    for (size_t i = 0; i < b->n; i++) {
        if (b->fold[i] == fold)
            continue;
        int side = i < b->n_member;
        b->stamp++;
        for (int64_t t = 0; t < b->tokens; t++)
            if (first_time(b, b->w[i]->tok[t])) {
                b->held[side][b->w[i]->tok[t]]++;
                total[side]++;
            }
    }
    for (int32_t v = 0; v < b->vocab; v++)
        b->weight[v] = log((b->held[1][v] + 1) / (total[1] + b->vocab)) -
                       log((b->held[0][v] + 1) / (total[0] + b->vocab));
}

typedef struct placed {
    double score;
    size_t at;
} placed;

static int by_score(const void *a, const void *b)
{
    double x = ((const placed *)a)->score, y = ((const placed *)b)->score;
    return (x > y) - (x < y);
}

/* Scores the fold's windows; then replaces scores by their place within the fold (0 to 1, ties
 * shared), because each fold has a classifier, and so a scale, of its own. */
static void score_fold(blind *b, int fold, placed *sorted)
{
    size_t n = 0;
    for (size_t i = 0; i < b->n; i++) {
        if (b->fold[i] != fold)
            continue;
        double sum = 0, distinct = 0;
        b->stamp++;
        for (int64_t t = 0; t < b->tokens; t++)
            if (first_time(b, b->w[i]->tok[t])) {
                sum += b->weight[b->w[i]->tok[t]];
                distinct++;
            }
        sorted[n++] = (placed){sum / distinct, i};
    }
    qsort(sorted, n, sizeof *sorted, by_score);
    for (size_t i = 0, j; i < n; i = j) {
        for (j = i; j < n && sorted[j].score == sorted[i].score; j++)
            ;
        for (size_t k = i; k < j; k++)
            b->score[sorted[k].at] = 0.5 * (double)(i + j) / (double)n;
    }
}

static eid_status blind_area(const blind *b, const eid_membership_opts *opts, eid_estimate *out)
{
    eid_status st = EID_OK;
    int64_t *doc = NULL;
    EID_TRY(EID_NEW(doc, b->n));
    for (size_t i = 0; i < b->n; i++)
        doc[i] = b->w[i]->at.document;
    eid_score_set pos = {b->score, doc, b->n_member};
    eid_score_set neg = {b->score + b->n_member, doc + b->n_member, b->n - b->n_member};
    EID_TRY(eid_auc_bootstrap(&pos, &neg, opts->resamples, (uint64_t)opts->seed, out));
done:
    eid_free(doc);
    return st;
}

static eid_status blind_new(blind *b, const eid_window *member, const eid_window *nonmember)
{
    eid_status st = EID_OK;
    EID_TRY(EID_NEW(b->w, b->n));
    EID_TRY(EID_NEW(b->fold, b->n));
    EID_TRY(EID_NEW(b->score, b->n));
    EID_TRY(EID_NEW(b->weight, b->vocab));
    EID_TRY(EID_NEW(b->held[0], b->vocab));
    EID_TRY(EID_NEW(b->held[1], b->vocab));
    EID_TRY(EID_NEW(b->seen, b->vocab));
    for (size_t i = 0; i < b->n; i++)
        b->w[i] = i < b->n_member ? &member[i] : &nonmember[i - b->n_member];
done:
    return st;
}

eid_status eid_blind_baseline(const eid_window *member, size_t n_member,
                              const eid_window *nonmember, size_t n_nonmember, int32_t vocab,
                              const eid_membership_opts *opts, eid_estimate *out)
{
    eid_status st = EID_OK;
    blind b = {
        .n_member = n_member, .n = n_member + n_nonmember, .tokens = opts->tokens, .vocab = vocab};
    placed *sorted = NULL;
    size_t docs[2];

    EID_TRY(blind_new(&b, member, nonmember));
    EID_TRY(EID_NEW(sorted, b.n));
    uint64_t seed = (uint64_t)opts->seed;
    EID_TRY(deal_folds(&b, 0, n_member, eid_rng_stream(seed, UINT64_C(3) << 40), &docs[0]));
    EID_TRY(deal_folds(&b, n_member, b.n, eid_rng_stream(seed, UINT64_C(4) << 40), &docs[1]));
    if (docs[0] < FOLDS || docs[1] < FOLDS) {
        *out = eid_estimate_none("unresolved: fewer than 5 documents on a side");
        goto done;
    }
    for (int fold = 0; fold < FOLDS; fold++) {
        train_without(&b, fold);
        score_fold(&b, fold, sorted);
    }
    EID_TRY(blind_area(&b, opts, out));
done:
    eid_free(sorted);
    eid_free(b.w);
    eid_free(b.fold);
    eid_free(b.score);
    eid_free(b.weight);
    eid_free(b.held[0]);
    eid_free(b.held[1]);
    eid_free(b.seen);
    return st;
}
