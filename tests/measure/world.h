/* world.h - a small training set and its index, for questioning table models. */
#ifndef WORLD_H
#define WORLD_H
#include "table_model.h"

enum { WORLD_DOCS = 1200 };

typedef struct world {
    eid_ctx *ctx;
    eid_corpus *train, *heldout;
    eid_bpe *bpe;
    eid_tokens *tokens, *heldout_tokens;
    eid_index *index;
    eid_ledger *ledger;
    table_model model;
    eid_lm *lm;
    char *text[2 * WORLD_DOCS];
    eid_document doc[2 * WORLD_DOCS];
    size_t docs;
    eid_extract_in in;
} world;

static inline void world_add(world *w, const char *name, char *text, size_t n)
{
    w->text[w->docs] = text;
    w->doc[w->docs++] = (eid_document){name, (const uint8_t *)text, n};
}

static inline void world_add_words(world *w, eid_rng *rng, int words)
{
    char *text = malloc((size_t)words * 10);
    size_t n = random_words(rng, words, text);
    world_add(w, NULL, text, n);
}

/* Everything that follows from the documents: the last `heldout` of them stay out of training. */
static inline void world_build(world *w, int threads, size_t heldout, const char *tag)
{
    eid_ctx_opts co = eid_ctx_opts_default();
    eid_bpe_opts bo = eid_bpe_opts_default();
    const char *path = check_tmp(tag);

    co.threads = threads;
    bo.vocab = 1600;
    CHECK_OK(eid_ctx_new(&w->ctx, &co));
    CHECK_OK(eid_corpus_from(&w->train, w->doc, w->docs - heldout));
    CHECK_OK(eid_bpe_train(&w->bpe, w->ctx, w->train, &bo));
    CHECK_OK(eid_bpe_encode_corpus(&w->tokens, w->ctx, w->bpe, w->train));
    if (heldout) {
        CHECK_OK(eid_corpus_from(&w->heldout, w->doc + w->docs - heldout, heldout));
        CHECK_OK(eid_bpe_encode_corpus(&w->heldout_tokens, w->ctx, w->bpe, w->heldout));
    }
    CHECK_OK(eid_index_build(w->ctx, w->train, path));
    CHECK_OK(eid_index_open(&w->index, path));
    unlink(path);
    table_new(&w->model, 8, eid_bpe_vocab(w->bpe), 100000);
    w->lm = table_probe(&w->model);
    w->in = (eid_extract_in){.bpe = w->bpe,
                             .index = w->index,
                             .train_text = w->train,
                             .train = w->tokens,
                             .heldout = w->heldout_tokens};
}

static inline void world_free(world *w)
{
    eid_lm_free(w->lm);
    free(w->model.slot);
    eid_ledger_free(w->ledger);
    eid_index_free(w->index);
    eid_tokens_free(w->tokens);
    eid_tokens_free(w->heldout_tokens);
    eid_bpe_free(w->bpe);
    eid_corpus_free(w->train);
    eid_corpus_free(w->heldout);
    eid_ctx_free(w->ctx);
    for (size_t i = 0; i < w->docs; i++)
        free(w->text[i]);
    *w = (world){0};
}

static inline void world_learn(world *w, size_t doc)
{
    const eid_tokens *t = w->tokens;
    table_learn(&w->model, t->id + t->start[doc], t->start[doc + 1] - t->start[doc]);
}
#endif
