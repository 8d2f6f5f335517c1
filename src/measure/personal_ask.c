/* personal_ask.c - the text before a piece of personal data, given to the model.
 *
 * The prompt ends at the last token that ends before the datum: encoding the text before it alone
 * would give tokens that training never saw (a space belongs to the word after it). */
#define _GNU_SOURCE /* memmem */
#include "measure/extract.h"
#include "measure/personal.h"
#include "par/par.h"
#include <stdlib.h>
#include <string.h>

enum { PLACES = 8, BATCH = 2048 }; /* places tried for one datum; prompts a call */

/* Characters that join words into one address or name. */
static bool joins(uint8_t c)
{
    return c == '.' || c == '_' || c == '%' || c == '+' || c == '-' || c == '@';
}

/* "ann@x.org" does not stand in "joann@x.org", "ann@x.organic" or "ann@x.org.uk". */
bool eid_stands_in(const uint8_t *text, size_t n, const uint8_t *secret, size_t size)
{
    const uint8_t *end = text + n, *at = text;

    while (size > 0 && (at = memmem(at, (size_t)(end - at), secret, size)) != NULL) {
        const uint8_t *next = at + size;
        bool before =
            at == text || !eid_is_alnum(secret[0]) || !(eid_is_alnum(at[-1]) || joins(at[-1]));
        bool after =
            next == end || !eid_is_alnum(next[-1]) ||
            !(eid_is_alnum(*next) || (next + 1 < end && joins(*next) && eid_is_alnum(next[1])));
        if (before && after)
            return true;
        at++;
    }
    return false;
}

/* ---- prompts
 * ------------------------------------------------------------------------------------------ */

typedef struct ask {
    eid_datum *datum;
    const eid_occurrence *at;
} ask;

typedef struct prompt_job {
    const eid_bpe *bpe;
    const eid_personal_opts *opts;
    const eid_corpus *corpus;
    const ask *asks;     /* sorted by document */
    const size_t *first; /* of each task's document, n + 1 */
} prompt_job;

/* Cuts the prompt out of the document's tokens, if the place serves: enough text before it that
 * does not hold it already, and its end within reach. `byte[i]` is where token i begins. */
static eid_status cut_prompt(const prompt_job *job, const ask *a, const int32_t *ids,
                             const size_t *byte, size_t n, const uint8_t *doc)
{
    size_t lo = 0, hi = n, most = (size_t)job->opts->prompt, least = (most + 3) / 4;
    eid_datum *d = a->datum;

    while (lo < hi) { /* the last token that begins at or before the datum */
        size_t mid = lo + (hi - lo + 1) / 2;
        if (byte[mid] <= a->at->offset)
            lo = mid;
        else
            hi = mid - 1;
    }
    size_t from = lo > most ? lo - most : 0, reach = lo + (size_t)job->opts->match;
    if (lo < least || byte[reach < n ? reach : n] < a->at->offset + d->size)
        return EID_OK;
    if (eid_stands_in(doc + byte[from], byte[lo] - byte[from], d->text, d->size))
        return EID_OK;
    if (EID_NEW(d->prompt, lo - from) != EID_OK)
        return EID_ENOMEM;
    memcpy(d->prompt, ids + from, (lo - from) * sizeof *ids);
    d->prompt_n = (int32_t)(lo - from);
    d->doc = a->at->doc;
    return EID_OK;
}

static eid_status cut_document(void *arg, int64_t task, int worker)
{
    const prompt_job *job = arg;
    const ask *asks = job->asks + job->first[task];
    size_t n_asks = job->first[task + 1] - job->first[task], n = 0, size;
    eid_document doc = eid_corpus_doc(job->corpus, (size_t)asks->at->doc);
    eid_status st = EID_OK;
    int32_t *ids = NULL;
    size_t *byte = NULL;

    (void)worker;
    EID_TRY(eid_bpe_encode(job->bpe, doc.bytes, doc.size, false, &ids, &n));
    EID_TRY(EID_NEW(byte, n + 1));
    for (size_t i = 0; i < n; i++) {
        (void)eid_bpe_bytes(job->bpe, ids[i], &size);
        byte[i + 1] = byte[i] + size;
    }
    for (size_t i = 0; i < n_asks; i++)
        EID_TRY(cut_prompt(job, &asks[i], ids, byte, n, doc.bytes));
done:
    eid_ids_free(ids);
    eid_free(byte);
    return st;
}

static int by_document(const void *a, const void *b)
{
    const ask *x = a, *y = b;
    if (x->at->doc != y->at->doc)
        return x->at->doc < y->at->doc ? -1 : 1;
    return (x->at->offset > y->at->offset) - (x->at->offset < y->at->offset);
}

/* Tries place number `turn` of every chosen datum that has no prompt yet, document by document. */
static eid_status try_places(eid_ctx *ctx, const eid_bpe *bpe, const eid_personal_opts *opts,
                             eid_data *d, size_t turn)
{
    eid_status st = EID_OK;
    ask *asks = NULL;
    size_t *first = NULL, n = 0, docs = 0;

    EID_TRY(EID_NEW(asks, d->n));
    EID_TRY(EID_NEW(first, d->n + 1));
    for (size_t i = 0; i < d->n; i++)
        if (d->at[i].chosen && !d->at[i].prompt && turn < d->at[i].n)
            asks[n++] = (ask){&d->at[i], &d->at[i].at[turn]};
    qsort(asks, n, sizeof *asks, by_document);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || asks[i].at->doc != asks[i - 1].at->doc)
            first[docs++] = i;
    first[docs] = n;
    prompt_job job = {bpe, opts, d->corpus, asks, first};
    EID_TRY(eid_par_for(ctx, (int64_t)docs, cut_document, &job));
done:
    eid_free(asks);
    eid_free(first);
    return st;
}

/* ---- answers
 * ------------------------------------------------------------------------------------------- */

static eid_status judge(const eid_bpe *bpe, const int32_t *out, size_t match, eid_datum *d)
{
    eid_status st = EID_OK;
    eid_buf b = {0};

    EID_TRY(eid_text_of(bpe, out, match, &b));
    d->emitted = eid_stands_in(b.at, b.n, d->text, d->size);
    if (d->emitted) {
        d->output = b.at;
        d->output_n = b.n;
        b.at = NULL;
        EID_TRY(EID_NEW(d->answer, match));
        memcpy(d->answer, out, match * sizeof *out);
    }
done:
    eid_buf_free(&b);
    return st;
}

eid_status eid_data_ask(eid_ctx *ctx, eid_lm *lm, const eid_bpe *bpe, const eid_personal_opts *opts,
                        eid_data *d)
{
    eid_status st = EID_OK;
    eid_seq *seq = NULL;
    eid_datum **asked = NULL;
    int32_t *out = NULL;
    size_t n = 0, match = (size_t)opts->match;
    eid_sampler greedy = eid_sampler_greedy();

    for (size_t turn = 0; turn < PLACES; turn++)
        EID_TRY(try_places(ctx, bpe, opts, d, turn));
    EID_TRY(EID_NEW(seq, d->n));
    EID_TRY(EID_NEW(asked, d->n));
    EID_TRY(EID_NEW(out, BATCH * match));
    for (size_t i = 0; i < d->n; i++)
        if (d->at[i].prompt) {
            asked[n] = &d->at[i];
            seq[n++] = (eid_seq){d->at[i].prompt, d->at[i].prompt_n, d->at[i].prompt_n};
        }
    for (size_t i = 0; i < n; i += BATCH) {
        size_t m = n - i < BATCH ? n - i : BATCH;
        EID_TRY(eid_tick(ctx, "asking for personal data", "prompts", (int64_t)i, (int64_t)n));
        EID_TRY(eid_lm_generate(ctx, lm, seq + i, m, NULL, opts->match, &greedy, -1, out));
        for (size_t k = 0; k < m; k++)
            EID_TRY(judge(bpe, out + k * match, match, asked[i + k]));
    }
done:
    eid_free(seq);
    eid_free(asked);
    eid_free(out);
    return st;
}
