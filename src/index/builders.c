/* builders.c - see builders.h.
 *
 * Sorting takes minutes and cannot be interrupted, reading goes on meanwhile: so these are threads
 * of their own and not tasks of the pool, whose caller would have to wait. */
#include "index/builders.h"
#include "base/ctx.h"
#include "par/par.h"
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <time.h>

typedef struct job {
    eid_corpus *corpus; /* NULL: none */
    size_t shard;
    int64_t memory; /* 0: what each thread may take */
} job;

struct index_builders {
    eid_ctx *ctx; /* the caller's: for progress and cancelling */
    const char *folder;
    int threads;
    pthread_t *thread;
    eid_ctx **own; /* a context for each thread */
    pthread_mutex_t lock;
    pthread_cond_t given, changed;
    /* under the lock: */
    job next;
    int busy;
    bool stop;
    index_row *row; /* of the shards from `first` on */
    size_t rows, row_cap, first;
    int64_t kept, bytes_given, bytes_done;
    eid_status status; /* of the lowest-numbered shard that failed */
    size_t failed;
    char message[1024];
};

typedef struct seat {
    index_builders *b;
    eid_ctx *ctx;
} seat;

/* Whether the file holds these documents, byte for byte. */
static bool holds(const index_shard *s, const eid_corpus *c)
{
    if (s->docs != (int64_t)eid_corpus_size(c) || s->n != eid_corpus_bytes(c))
        return false;
    for (int64_t d = 0; d < s->docs; d++) {
        eid_document doc = eid_corpus_doc(c, (size_t)d);
        int64_t at = index_doc_start(s, d);
        if (index_doc_start(s, d + 1) - at != (int64_t)doc.size ||
            memcmp(s->text + at, doc.bytes, doc.size) != 0 ||
            strcmp(s->names + index_get64(s->table + 16 * (size_t)d + 8), doc.name) != 0)
            return false;
    }
    return true;
}

/* Builds the shard's file, or finds it; *kept says which. */
static eid_status build_one(const index_builders *b, eid_ctx *ctx, const job *j, index_row *row,
                            bool *kept)
{
    eid_status st = EID_OK;
    index_shard s = {0};
    char *path = NULL;

    EID_TRY(index_shard_path(&path, b->folder, j->shard));
    *kept = eid_exists(path) && index_shard_open(&s, path) == EID_OK && holds(&s, j->corpus);
    if (!*kept) {
        index_shard_close(&s);
        EID_TRY(eid_index_build(ctx, j->corpus, path));
        EID_TRY(index_shard_open(&s, path));
    }
    *row = index_row_of(&s);
done:
    index_shard_close(&s);
    eid_free(path);
    return st;
}

static void record(index_builders *b, size_t shard, eid_status st, const index_row *row, bool kept)
{
    if (st == EID_OK) {
        b->row[shard - b->first] = *row;
        b->kept += kept;
        b->bytes_done += row->bytes;
    } else if (b->status == EID_OK || shard < b->failed) {
        b->status = st;
        b->failed = shard;
        snprintf(b->message, sizeof b->message, "%s", eid_last_error());
    }
}

static void *seat_main(void *arg)
{
    seat s = *(seat *)arg;
    index_builders *b = s.b;

    eid_free(arg);
    pthread_mutex_lock(&b->lock);
    for (;;) {
        while (!b->next.corpus && !b->stop)
            pthread_cond_wait(&b->given, &b->lock);
        if (!b->next.corpus)
            break;
        job j = b->next;
        b->next.corpus = NULL;
        b->busy++;
        bool drop = b->stop || b->status != EID_OK, kept = false;
        pthread_cond_broadcast(&b->changed);
        pthread_mutex_unlock(&b->lock);
        index_row row = {0};
        int64_t usual = s.ctx->memory;
        s.ctx->memory = j.memory > 0 ? j.memory : usual;
        eid_status st = drop ? EID_OK : build_one(b, s.ctx, &j, &row, &kept);
        s.ctx->memory = usual;
        eid_corpus_free(j.corpus);
        pthread_mutex_lock(&b->lock);
        if (!drop)
            record(b, j.shard, st, &row, kept);
        b->busy--;
        pthread_cond_broadcast(&b->changed);
    }
    pthread_mutex_unlock(&b->lock);
    return NULL;
}

static eid_status start(index_builders *b, int64_t memory)
{
    eid_status st = EID_OK;
    eid_ctx_opts o = {.threads = 1, .memory = memory};
    seat *s = NULL;

    EID_TRY(eid_ctx_new(&b->own[b->threads], &o));
    EID_TRY(EID_NEW(s, 1));
    *s = (seat){b, b->own[b->threads]};
    if (pthread_create(&b->thread[b->threads], NULL, seat_main, s) != 0) {
        st = eid_fail(EID_ENOMEM, "the system gives no thread number %d", b->threads + 1);
        goto done;
    }
    b->threads++;
    s = NULL;
done:
    if (st != EID_OK) {
        eid_ctx_free(b->own[b->threads]);
        b->own[b->threads] = NULL;
    }
    eid_free(s);
    return st;
}

eid_status index_builders_new(index_builders **out, eid_ctx *ctx, const char *folder, int threads,
                              int64_t memory)
{
    eid_status st = EID_OK;
    index_builders *b = NULL;
    sigset_t before;

    EID_TRY(EID_NEW(b, 1));
    b->ctx = ctx;
    b->folder = folder;
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->given, NULL);
    pthread_cond_init(&b->changed, NULL);
    EID_TRY(EID_NEW(b->thread, threads));
    EID_TRY(EID_NEW(b->own, threads + 1));
    eid_signals_hold(&before); /* what a thread begins with: builders never take a signal */
    while (b->threads < threads && st == EID_OK)
        st = start(b, memory);
    eid_signals_release(&before);
    if (st == EID_OK) {
        *out = b;
        b = NULL;
    }
done:
    index_builders_free(b);
    return st;
}

/* Waits a little for something to change, under the lock, and tells how far it is. */
static eid_status wait_a_little(index_builders *b)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 100000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_cond_timedwait(&b->changed, &b->lock, &until);
    return eid_tick(b->ctx, "sorting", "bytes", b->bytes_done, b->bytes_given);
}

static eid_status failed(const index_builders *b)
{
    return eid_fail(b->status, "%s", b->message);
}

static eid_status give(index_builders *b, size_t shard, eid_corpus **corpus, int64_t memory)
{
    eid_status st = EID_OK;

    pthread_mutex_lock(&b->lock);
    b->first = b->rows ? b->first : shard;
    b->bytes_given += eid_corpus_bytes(*corpus);
    while (st == EID_OK && b->status == EID_OK && (b->next.corpus || b->busy == b->threads))
        st = wait_a_little(b);
    if (st == EID_OK && b->status != EID_OK)
        st = failed(b);
    if (st == EID_OK)
        st = EID_GROW(b->row, &b->row_cap, b->rows + 1);
    if (st == EID_OK) {
        b->rows++;
        b->next = (job){*corpus, shard, memory};
        *corpus = NULL;
        pthread_cond_signal(&b->given);
        while (b->next.corpus && st == EID_OK) /* taken at once: a thread is idle */
            st = wait_a_little(b);
    }
    pthread_mutex_unlock(&b->lock);
    eid_corpus_free(*corpus);
    *corpus = NULL;
    return st;
}

eid_status index_builders_give(index_builders *b, size_t shard, eid_corpus **corpus)
{
    return give(b, shard, corpus, 0);
}

eid_status index_builders_drain(index_builders *b)
{
    eid_status st = EID_OK;

    pthread_mutex_lock(&b->lock);
    while (st == EID_OK && b->status == EID_OK && (b->next.corpus || b->busy > 0))
        st = wait_a_little(b);
    if (st == EID_OK && b->status != EID_OK)
        st = failed(b);
    pthread_mutex_unlock(&b->lock);
    return st;
}

eid_status index_builders_give_alone(index_builders *b, size_t shard, eid_corpus **corpus,
                                     int64_t memory)
{
    eid_status st = index_builders_drain(b);
    if (st == EID_OK)
        st = give(b, shard, corpus, memory);
    return st == EID_OK ? index_builders_drain(b) : st;
}

eid_status index_builders_finish(index_builders *b, index_manifest *m)
{
    eid_status st = index_builders_drain(b);

    pthread_mutex_lock(&b->lock);
    for (size_t i = 0; i < b->rows && st == EID_OK; i++)
        st = index_manifest_add_row(m, &b->row[i]);
    pthread_mutex_unlock(&b->lock);
    return st;
}

int64_t index_builders_kept(const index_builders *b)
{
    return b->kept;
}

void index_builders_free(index_builders *b)
{
    if (!b)
        return;
    pthread_mutex_lock(&b->lock);
    b->stop = true;
    for (int t = 0; t < b->threads; t++)
        eid_ctx_cancel(b->own[t]);
    pthread_cond_broadcast(&b->given);
    pthread_mutex_unlock(&b->lock);
    for (int t = 0; t < b->threads; t++) {
        pthread_join(b->thread[t], NULL);
        eid_ctx_free(b->own[t]);
    }
    eid_corpus_free(b->next.corpus);
    pthread_mutex_destroy(&b->lock);
    pthread_cond_destroy(&b->given);
    pthread_cond_destroy(&b->changed);
    eid_free(b->thread);
    eid_free(b->own);
    eid_free(b->row);
    eid_free(b);
}
