/* work.h - the memory of one training step, and who does what in it.
 *
 * A step is a handful of parallel loops:
 *   1. per group: embeddings and all layers forward, last norm                       (loss.c)
 *   2. per chunk of rows: logits, loss and their gradient per panel; then the head's weight
 *      gradient per tile                                                             (loss.c)
 *   3. per layer, downwards: activations' gradients per group; then weight gradients per tile
 *                                                                                    (backward.c)
 *   4. the embeddings' gradients, per slice of columns                               (backward.c)
 * Groups, chunks and tiles depend on shapes alone, and every sum over rows is one product call, one
 * column sum, or partial sums added in order: no bit depends on the number of threads. */
#ifndef EID_SRC_WORK_H
#define EID_SRC_WORK_H
#include "nn/gpt.h"

/* A piece of a layer's weight gradient: rows and columns of one matrix; `bias`: and the bias's
 * slice. */
typedef struct eid_tile {
    int which; /* L_ATTN, L_PROJ, L_FC, L_OUT; -1: the norms' gradients */
    int64_t row, rows, col, cols;
    bool bias;
} eid_tile;

typedef struct eid_train_work {
    int64_t rows, seqs, T;     /* of the batch: rows = seqs x T */
    int64_t per_group, groups; /* sequences of a group */
    int64_t room, context;     /* rows and positions that there is memory for */
    int threads;
    float *block;                 /* owns what follows */
    eid_acts *acts;               /* one per layer */
    float *final, *meanf, *rstdf; /* after the last norm */
    float *dfinal;
    float *logits;  /* chunk x eid_ld(vocab) */
    int64_t chunk;  /* rows of logits at a time */
    float *dres[3]; /* gradients of the residual stream: below, between, above */
    float *dfc, *dqkv;
    float *norms; /* per group: gain and bias gradients of three norms */
    int64_t norms_ld;
    double *loss;         /* one per row */
    eid_scratch *scratch; /* one per worker */
    eid_tile *tile;       /* of a layer */
    int64_t tiles;
} eid_train_work;

/* Makes or enlarges the model's work for `seqs` sequences of T. */
eid_status eid_train_work_for(eid_gpt *m, eid_ctx *ctx, int64_t seqs, int64_t T);

static inline int64_t eid_group_rows(const eid_train_work *w, int64_t group)
{
    int64_t from = group * w->per_group * w->T, rows = w->per_group * w->T;
    return from + rows > w->rows ? w->rows - from : rows;
}
/* A layer's activations from row `row` on. */
eid_acts eid_acts_at(const eid_gpt *m, const eid_acts *a, int64_t row);

/* Tells the tap, if there is one: of a block's matrices, given the gradients above, between and of
 * the two inner products (all NULL: forward only), and of a chunk of the head. */
eid_status eid_tap_layer(const eid_gpt *m, int64_t layer, const float *above, const float *between);
eid_status eid_tap_head(const eid_gpt *m, int64_t first, int64_t rows, bool backward);

/* Steps 3 and 4: from dfinal to every gradient (the head's share of wte's is there already). */
eid_status eid_gpt_backward(eid_gpt *m, eid_ctx *ctx, const eid_batch *batch);
#endif
