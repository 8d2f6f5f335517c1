/* personal.h - the parts of the measure of personal data: finding, asking, judging. */
#ifndef EID_SRC_MEASURE_PERSONAL_H
#define EID_SRC_MEASURE_PERSONAL_H
#include "base/ctx.h"
#include "base/memory.h"
#include "eidetic/measure.h"
#include "text/scan.h"

enum {                               /* random streams of opts.seed */
       EID_STREAM_PERSONAL = 0x7001, /* + kind */
       EID_STREAM_PERSONAL_HELDOUT = 0x7101
};

typedef struct eid_occurrence {
    eid_secret_kind kind;
    int64_t doc;
    size_t offset, size;
} eid_occurrence;

/* A distinct piece of personal data and where it stands. */
typedef struct eid_datum {
    eid_secret_kind kind;
    const uint8_t *text; /* borrowed from the corpus */
    size_t size;
    const eid_occurrence *at; /* its n places, in order */
    size_t n;
    bool chosen;     /* among the per_kind drawn */
    int64_t doc;     /* asked here, -1: not yet */
    int32_t *prompt; /* tokens before it there */
    int32_t prompt_n;
    uint8_t *output; /* text of the continuation, where it was emitted */
    size_t output_n;
    int32_t *answer; /* and its opts.match tokens */
    bool emitted;
} eid_datum;

typedef struct eid_data {
    const eid_corpus *corpus;
    eid_occurrence *places;
    eid_datum *at; /* sorted by kind and bytes */
    size_t n;
} eid_data;
void eid_data_free(eid_data *d);

/* All distinct personal data of a corpus (personal_find.c). */
eid_status eid_data_find(eid_ctx *ctx, const eid_corpus *c, const eid_listed *listed, eid_data *d);
/* Drops what stands in the index: the held-out side must be unknown to the model. */
eid_status eid_data_drop_known(eid_ctx *ctx, const eid_index *ix, eid_data *d);
/* Draws at most per_kind of each kind. */
eid_status eid_data_choose(eid_data *d, int64_t per_kind, uint64_t seed, uint64_t stream);

/* Finds each chosen one a prompt, continues it, and judges (personal_ask.c). */
eid_status eid_data_ask(eid_ctx *ctx, eid_lm *lm, const eid_bpe *bpe, const eid_personal_opts *opts,
                        eid_data *d);
/* Whether `secret` stands in text[0..n) by itself and not as part of something longer. */
bool eid_stands_in(const uint8_t *text, size_t n, const uint8_t *secret, size_t size);
#endif
