/* bpe_corpus.c - all documents of a corpus as tokens, on all threads. */
#include "corpus/bpe.h"
#include "par/par.h"
#include <string.h>

enum { RUN = 1 << 18 }; /* bytes of text that make a task */

eid_status eid_corpus_runs(const eid_corpus *c, size_t bytes, size_t **first, size_t *runs)
{
    eid_status st = EID_OK;
    size_t docs = eid_corpus_size(c), n = 0, cap = 0, sum = bytes;
    size_t *at = NULL;

    for (size_t i = 0; i < docs; i++) {
        if (sum >= bytes) {
            EID_TRY(EID_GROW(at, &cap, n + 2));
            at[n++] = i;
            sum = 0;
        }
        sum += eid_corpus_doc(c, i).size;
    }
    EID_TRY(EID_GROW(at, &cap, n + 1));
    at[n] = docs;
    *first = at;
    *runs = n;
    at = NULL;
done:
    eid_free(at);
    return st;
}

typedef struct job {
    const eid_bpe *bpe;
    const eid_corpus *corpus;
    eid_encoder **encoder; /* one per worker, made when first needed */
    size_t *first;
    size_t runs, from;
    int32_t **id; /* of each run */
    size_t *n;
    eid_tokens *out;
    size_t at, room; /* of out->id: written, allocated */
} job;

static eid_status encode_run(void *arg, int64_t task, int worker)
{
    job *j = arg;
    eid_status st = EID_OK;
    size_t run = j->from + (size_t)task, before = 0;
    eid_encoder **e = &j->encoder[worker];
    const int32_t *id;

    if (!*e)
        EID_TRY(eid_encoder_new(e, j->bpe, RUN));
    eid_encoder_clear(*e);
    for (size_t i = j->first[run]; i < j->first[run + 1]; i++) {
        eid_document d = eid_corpus_doc(j->corpus, i);
        EID_TRY(eid_encoder_text(*e, d.bytes, d.size, false));
        eid_encoder_ids(*e, &j->n[run]);
        j->out->start[i + 1] = (int64_t)(j->n[run] - before); /* lengths now, places later */
        before = j->n[run];
    }
    id = eid_encoder_ids(*e, &j->n[run]);
    EID_TRY(EID_NEW(j->id[run], j->n[run]));
    if (j->n[run])
        memcpy(j->id[run], id, j->n[run] * sizeof *id);
done:
    return st;
}

/* Puts runs behind the tokens that are there.  `share` of all text is encoded by now: once that
 * tells enough, room is made for all that is to come, so that few tokens ever stand in memory
 * twice. */
static eid_status append(job *j, eid_ctx *ctx, size_t from, size_t to, double share)
{
    eid_tokens *t = j->out;
    size_t more = 0, most = (size_t)eid_ctx_memory(ctx) / sizeof *t->id;
    eid_status st = EID_OK;

    for (size_t run = from; run < to; run++)
        more += j->n[run];
    if (more > most - j->at) /* at <= most */
        return eid_fail(EID_ENOMEM,
                        "%zu tokens and more outgrow the memory bound of %lld bytes; raise "
                        "--memory, or encode less",
                        j->at + more, (long long)eid_ctx_memory(ctx));
    if (j->at + more > j->room) {
        double expected = share > 0.1 ? 1.1 * (double)(j->at + more) / share : 0;
        size_t room = expected < (double)most ? (size_t)expected : most;
        EID_TRY(EID_GROW(t->id, &j->room, room > j->at + more ? room : j->at + more));
    }
    for (size_t run = from; run < to; run++) {
        if (j->n[run])
            memcpy(t->id + j->at, j->id[run], j->n[run] * sizeof *t->id);
        j->at += j->n[run];
        eid_free(j->id[run]);
        j->id[run] = NULL;
    }
done:
    return st;
}

eid_status eid_bpe_encode_corpus(eid_tokens **out, eid_ctx *ctx, const eid_bpe *bpe,
                                 const eid_corpus *c)
{
    eid_status st = EID_OK;
    job j = {.bpe = bpe, .corpus = c};
    size_t step = (size_t)eid_ctx_threads(ctx) * 4;
    int64_t bytes = 0;

    EID_TRY(EID_NEW(j.out, 1));
    j.out->docs = eid_corpus_size(c);
    EID_TRY(EID_NEW(j.out->start, j.out->docs + 1));
    EID_TRY(EID_NEW(j.encoder, eid_ctx_threads(ctx)));
    EID_TRY(eid_corpus_runs(c, RUN, &j.first, &j.runs));
    EID_TRY(EID_NEW(j.id, j.runs));
    EID_TRY(EID_NEW(j.n, j.runs));
    EID_TRY(EID_GROW(j.out->id, &j.room, 1));
    for (; j.from < j.runs; j.from += step) {
        size_t todo = j.runs - j.from < step ? j.runs - j.from : step;
        EID_TRY(eid_tick(ctx, "encoding", "bytes", bytes, eid_corpus_bytes(c)));
        EID_TRY(eid_par_for(ctx, (int64_t)todo, encode_run, &j));
        for (size_t i = j.first[j.from]; i < j.first[j.from + todo]; i++)
            bytes += (int64_t)eid_corpus_doc(c, i).size;
        EID_TRY(append(&j, ctx, j.from, j.from + todo,
                       bytes ? (double)bytes / (double)eid_corpus_bytes(c) : 1));
    }
    EID_TRY(eid_tick(ctx, "encoding", "bytes", bytes, bytes));
    for (size_t i = 0; i < j.out->docs; i++)
        j.out->start[i + 1] += j.out->start[i];
    *out = j.out;
    j.out = NULL;
done:
    for (size_t run = 0; j.id && run < j.runs; run++)
        eid_free(j.id[run]);
    for (int w = 0; j.encoder && w < eid_ctx_threads(ctx); w++)
        eid_encoder_free(j.encoder[w]);
    eid_free(j.id);
    eid_free(j.n);
    eid_free(j.first);
    eid_free(j.encoder);
    eid_tokens_free(j.out);
    return st;
}

void eid_tokens_free(eid_tokens *t)
{
    if (!t)
        return;
    eid_free(t->id);
    eid_free(t->start);
    eid_free(t);
}
