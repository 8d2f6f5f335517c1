/* bpe_count.c - how often each pre-token occurs: a table per worker, added up afterwards. */
#include "corpus/bpe_train.h"
#include "par/par.h"

enum { RUN = 1 << 19 }; /* bytes of text that make a task */

typedef struct job {
    const eid_corpus *corpus;
    const eid_splitter *splitter;
    eid_split *split; /* one per worker */
    eid_words *words; /* one per worker */
    size_t *first;
    size_t from;
} job;

static eid_status count_run(void *arg, int64_t task, int worker)
{
    job *j = arg;
    eid_status st = EID_OK;
    size_t run = j->from + (size_t)task, n;
    eid_split *s = &j->split[worker];
    const uint8_t *token;

    for (size_t i = j->first[run]; i < j->first[run + 1]; i++) {
        eid_document d = eid_corpus_doc(j->corpus, i);
        eid_split_text(s, d.bytes, d.size);
        for (;;) {
            EID_TRY(eid_split_next(s, &token, &n));
            if (!n)
                break;
            EID_TRY(eid_words_add(&j->words[worker], token, n, 1, NULL));
        }
    }
done:
    return st;
}

/* A word takes its bytes, its entry and places in the table now, and a dozen bytes per byte later.
 */
static eid_status within_memory(eid_ctx *ctx, const job *j)
{
    double bytes = 0;

    for (int w = 0; w < eid_ctx_threads(ctx); w++)
        bytes += 14.0 * (double)j->words[w].text.n + 48.0 * (double)j->words[w].n;
    if (bytes <= (double)eid_ctx_memory(ctx))
        return EID_OK;
    return eid_fail(EID_ENOMEM,
                    "training a tokenizer outgrows the memory bound of %lld bytes: too many "
                    "distinct words",
                    (long long)eid_ctx_memory(ctx));
}

static eid_status add_up(eid_words *sum, const eid_words *w)
{
    for (size_t i = 0; i < w->n; i++) {
        eid_status st =
            eid_words_add(sum, eid_words_bytes(w, i), w->word[i].n, w->word[i].count, NULL);
        if (st != EID_OK)
            return st;
    }
    return EID_OK;
}

eid_status eid_bpe_count_words(eid_ctx *ctx, const eid_corpus *c, eid_words *words)
{
    eid_status st = EID_OK;
    job j = {.corpus = c};
    eid_splitter *splitter = NULL;
    size_t runs = 0, step = (size_t)eid_ctx_threads(ctx) * 2;
    int64_t bytes = 0;

    EID_TRY(eid_splitter_new(&splitter, true));
    EID_TRY(EID_NEW(j.split, eid_ctx_threads(ctx)));
    EID_TRY(EID_NEW(j.words, eid_ctx_threads(ctx)));
    for (int w = 0; w < eid_ctx_threads(ctx); w++)
        EID_TRY(eid_split_open(&j.split[w], splitter));
    EID_TRY(eid_corpus_runs(c, RUN, &j.first, &runs));
    for (; j.from < runs; j.from += step) {
        size_t todo = runs - j.from < step ? runs - j.from : step;
        EID_TRY(eid_tick(ctx, "counting words", "bytes", bytes, eid_corpus_bytes(c)));
        EID_TRY(eid_par_for(ctx, (int64_t)todo, count_run, &j));
        EID_TRY(within_memory(ctx, &j));
        for (size_t i = j.first[j.from]; i < j.first[j.from + todo]; i++)
            bytes += (int64_t)eid_corpus_doc(c, i).size;
    }
    for (int w = 1; w < eid_ctx_threads(ctx); w++) {
        EID_TRY(add_up(&j.words[0], &j.words[w]));
        eid_words_free(&j.words[w]);
    }
    *words = j.words[0];
    j.words[0] = (eid_words){0};
done:
    for (int w = 0; w < eid_ctx_threads(ctx); w++) {
        if (j.split)
            eid_split_close(&j.split[w]);
        if (j.words)
            eid_words_free(&j.words[w]);
    }
    eid_free(j.split);
    eid_free(j.words);
    eid_free(j.first);
    eid_splitter_free(splitter);
    return st;
}
