/* personal_find.c - the distinct personal data of a corpus, with all their places. */
#define _GNU_SOURCE /* qsort_r */
#include "eidetic/rng.h"
#include "measure/personal.h"
#include "par/par.h"
#include <stdlib.h>
#include <string.h>

void eid_data_free(eid_data *d)
{
    for (size_t i = 0; i < d->n; i++) {
        eid_free(d->at[i].prompt);
        eid_free(d->at[i].output);
        eid_free(d->at[i].answer);
    }
    eid_free(d->at);
    eid_free(d->places);
    *d = (eid_data){0};
}

static eid_secret_kind kind_of(const char *name)
{
    int k = 0;
    while (k < EID_SECRET_KINDS - 1 && strcmp(name, eid_secret_kind_name((eid_secret_kind)k)) != 0)
        k++;
    return (eid_secret_kind)k;
}

/* ---- one pass over the documents
 * --------------------------------------------------------------------- */

typedef struct found {
    eid_secret *at;
    size_t n;
} found;

typedef struct find_job {
    const eid_corpus *c;
    const eid_listed *listed;
    found *per_doc;
} find_job;

static eid_status find_in(void *arg, int64_t task, int worker)
{
    const find_job *job = arg;
    eid_document doc = eid_corpus_doc(job->c, (size_t)task);
    found *f = &job->per_doc[task];

    (void)worker;
    return eid_detect_all(doc.bytes, doc.size, job->listed, false, &f->at, &f->n);
}

static eid_status gather(const found *per_doc, size_t docs, eid_occurrence **out, size_t *n)
{
    size_t total = 0, k = 0;

    for (size_t d = 0; d < docs; d++)
        total += per_doc[d].n;
    if (EID_NEW(*out, total) != EID_OK)
        return EID_ENOMEM;
    for (size_t d = 0; d < docs; d++)
        for (size_t i = 0; i < per_doc[d].n; i++) {
            const eid_secret *s = &per_doc[d].at[i];
            (*out)[k++] = (eid_occurrence){kind_of(s->kind), (int64_t)d, s->offset, s->size};
        }
    *n = total;
    return EID_OK;
}

/* ---- distinct ones
 * ------------------------------------------------------------------------------------ */

static const uint8_t *text_at(const eid_corpus *c, const eid_occurrence *o)
{
    return eid_corpus_doc(c, (size_t)o->doc).bytes + o->offset;
}

/* By kind and bytes alone; 0: the same datum. */
static int by_text(const eid_corpus *c, const eid_occurrence *x, const eid_occurrence *y)
{
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    int order = memcmp(text_at(c, x), text_at(c, y), x->size < y->size ? x->size : y->size);
    return order ? order : (x->size > y->size) - (x->size < y->size);
}

static int by_text_and_place(const void *a, const void *b, void *corpus)
{
    const eid_occurrence *x = a, *y = b;
    int order = by_text(corpus, x, y);

    if (order == 0)
        order = (x->doc > y->doc) - (x->doc < y->doc);
    return order ? order : (x->offset > y->offset) - (x->offset < y->offset);
}

static eid_status make_distinct(eid_data *d, size_t n)
{
    size_t distinct = 0;

    for (size_t i = 0; i < n; i++)
        distinct += i == 0 || by_text(d->corpus, &d->places[i - 1], &d->places[i]) != 0;
    if (EID_NEW(d->at, distinct) != EID_OK)
        return EID_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        const eid_occurrence *o = &d->places[i];
        if (i == 0 || by_text(d->corpus, o - 1, o) != 0)
            d->at[d->n++] = (eid_datum){.kind = o->kind,
                                        .text = text_at(d->corpus, o),
                                        .size = o->size,
                                        .at = o,
                                        .doc = -1};
        d->at[d->n - 1].n++;
    }
    return EID_OK;
}

eid_status eid_data_find(eid_ctx *ctx, const eid_corpus *c, const eid_listed *listed, eid_data *d)
{
    eid_status st = EID_OK;
    size_t docs = eid_corpus_size(c), n = 0;
    find_job job = {c, listed, NULL};

    *d = (eid_data){.corpus = c};
    EID_TRY(eid_tick(ctx, "looking for personal data", "documents", 0, (int64_t)docs));
    EID_TRY(EID_NEW(job.per_doc, docs));
    EID_TRY(eid_par_for(ctx, (int64_t)docs, find_in, &job));
    EID_TRY(gather(job.per_doc, docs, &d->places, &n));
    qsort_r(d->places, n, sizeof *d->places, by_text_and_place, (void *)(uintptr_t)c);
    EID_TRY(make_distinct(d, n));
done:
    for (size_t i = 0; job.per_doc && i < docs; i++)
        eid_secrets_free(job.per_doc[i].at);
    eid_free(job.per_doc);
    return st;
}

/* ---- what the training text does not hold
 * ---------------------------------------------------------------- */

typedef struct known_job {
    const eid_index *ix;
    const eid_datum *at;
    int64_t *count;
} known_job;

static eid_status count_one(void *arg, int64_t task, int worker)
{
    const known_job *job = arg;
    (void)worker;
    return eid_index_count(job->ix, job->at[task].text, job->at[task].size, &job->count[task],
                           NULL);
}

eid_status eid_data_drop_known(eid_ctx *ctx, const eid_index *ix, eid_data *d)
{
    eid_status st = EID_OK;
    known_job job = {ix, d->at, NULL};
    size_t kept = 0;

    EID_TRY(EID_NEW(job.count, d->n));
    EID_TRY(eid_par_for(ctx, (int64_t)d->n, count_one, &job));
    for (size_t i = 0; i < d->n; i++)
        if (job.count[i] == 0)
            d->at[kept++] = d->at[i];
    d->n = kept;
done:
    eid_free(job.count);
    return st;
}

/* ---- drawing
 * --------------------------------------------------------------------------------------------- */

eid_status eid_data_choose(eid_data *d, int64_t per_kind, uint64_t seed, uint64_t stream)
{
    eid_status st = EID_OK;
    int64_t *order = NULL;

    EID_TRY(EID_NEW(order, d->n));
    for (size_t begin = 0, end; begin < d->n; begin = end) {
        eid_secret_kind kind = d->at[begin].kind;
        for (end = begin; end < d->n && d->at[end].kind == kind; end++)
            order[end - begin] = (int64_t)end;
        eid_rng rng = eid_rng_stream(seed, stream + (uint64_t)kind);
        eid_rng_shuffle(&rng, order, end - begin);
        for (size_t i = 0; i < end - begin && (int64_t)i < per_kind; i++)
            d->at[order[i]].chosen = true;
    }
done:
    eid_free(order);
    return st;
}
