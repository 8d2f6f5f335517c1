/* bank.c - fills a bank: threads claim models, and whoever finishes one after a while commits all
 * that are finished; rank 0 also what other ranks finished.
 *
 * A model is trained and asked without a lock.  Its rows are written at once; that it is done is
 * told to the database later, in one go with others, after the files were synced: a sync for each
 * model would cost as much as a small one's training. */
#include "base/file.h"
#include "eidetic/stats.h"
#include "par/par.h"
#include "train/bank.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const double COMMIT_SECONDS = 2; /* what a kill may cost, besides the models under way */

static const double PATIENCE_SECONDS = 5; /* that rank 0 waits at least for a sign of the others */

typedef struct bank {
    eid_ctx *ctx;
    bank_plan plan;
    bank_ranks ranks;
    const char *dir;
    char identity[65];
    eid_store *store; /* rank 0's */
    uint8_t *masks;
    int64_t row;
    bank_file file[BANK_FILES];
    bank_worker *worker;
    int workers;
    int64_t *todo, n_todo;         /* this rank's share of the models without rows */
    int64_t missing;               /* models that the database did not have at first */
    pthread_mutex_t lock;          /* of what follows, and of the store */
    uint8_t *pending;              /* of every model: the database does not have it */
    int64_t *finished, n_finished; /* rows written, not yet committed */
    double commit_at, longest;     /* seconds: the next commit; a model's training, at most */
    atomic_int_fast64_t done;      /* of the missing ones, as far as this rank knows */
} bank;

/* ---- commits
 * --------------------------------------------------------------------------------------- */

static eid_status commit_model(void *user, int64_t k)
{
    eid_status st = EID_OK;
    bank *b = user;
    char unit[32];
    bool done;

    if (!b->pending[k])
        return EID_OK;
    snprintf(unit, sizeof unit, "model %" PRId64, k);
    EID_TRY(eid_store_begin(b->store, unit, &done));
    if (!done)
        EID_TRY(eid_store_end(b->store));
    b->pending[k] = 0;
    b->done++;
done:
    if (st != EID_OK)
        eid_store_abandon(b->store);
    return st;
}

/* With the lock held: what this rank finished, into the database or the ears of rank 0. */
static eid_status commit(bank *b)
{
    eid_status st = EID_OK;

    b->commit_at = eid_now() + COMMIT_SECONDS;
    if (b->n_finished) {
        EID_TRY(bank_files_sync(b->file));
        if (b->ranks.rank > 0) {
            EID_TRY(bank_ranks_tell(&b->ranks, b->finished, b->n_finished));
            b->done += b->n_finished;
            b->n_finished = 0;
        }
    }
    for (; b->n_finished > 0; b->n_finished--)
        EID_TRY(commit_model(b, b->finished[b->n_finished - 1]));
    if (b->ranks.rank == 0 && b->ranks.size > 1)
        EID_TRY(bank_ranks_collect(&b->ranks, b->plan.opts->models, commit_model, b));
done:
    return st;
}

static eid_status finished(bank *b, int64_t k, double seconds)
{
    eid_status st = EID_OK;
    pthread_mutex_lock(&b->lock);
    b->finished[b->n_finished++] = k;
    b->longest = seconds > b->longest ? seconds : b->longest;
    if (eid_now() >= b->commit_at)
        st = commit(b);
    pthread_mutex_unlock(&b->lock);
    return st;
}

static eid_status one_model(void *arg, int64_t task, int worker)
{
    eid_status st = EID_OK;
    bank *b = arg;
    bank_worker *w = &b->worker[worker];
    int64_t k = b->todo[task];
    double began = eid_now();

    if (worker == 0) /* the calling thread: the one that may tell progress */
        EID_TRY(eid_tick(b->ctx, "filling the bank", "models", b->done, b->missing));
    EID_TRY(bank_model(w, &b->plan, k, b->masks + k * b->row, b->ctx));
    EID_TRY(bank_worker_put(w, b->file, k));
    EID_TRY(finished(b, k, eid_now() - began));
done:
    return st;
}

/* ---- the folder
 * ------------------------------------------------------------------------------------ */

/* Makes the arrays, or finds them. */
static eid_status open_files(bank *b)
{
    eid_status st = EID_OK;
    bool done;

    EID_TRY(eid_store_begin(b->store, "arrays", &done));
    if (done)
        return bank_files_open(b->file, b->masks);
    EID_TRY(bank_ranks_forget(&b->ranks));
    EID_TRY(bank_files_make(b->file, b->dir, b->masks));
    EID_TRY(bank_run_tell(b->store, &b->plan));
    EID_TRY(eid_store_end(b->store));
done:
    if (st != EID_OK)
        eid_store_abandon(b->store);
    return st;
}

/* Models that the database lacks, and no rank of a killed job finished. */
static eid_status list_missing(bank *b)
{
    eid_status st = EID_OK;
    char unit[32];
    bool done;

    for (int64_t k = 0; k < b->plan.opts->models; k++) {
        snprintf(unit, sizeof unit, "model %" PRId64, k);
        EID_TRY(eid_store_begin(b->store, unit, &done));
        eid_store_abandon(b->store);
        b->pending[k] = !done;
    }
    EID_TRY(bank_ranks_collect(&b->ranks, b->plan.opts->models, commit_model, b));
    b->done = 0;
    for (int64_t k = 0; k < b->plan.opts->models; k++)
        if (b->pending[k])
            b->todo[b->missing++] = k;
done:
    return st;
}

/* Of the missing models, in `todo`, every size-th. */
static void take_share(bank *b)
{
    for (int64_t i = b->ranks.rank; i < b->missing; i += b->ranks.size)
        b->todo[b->n_todo++] = b->todo[i];
}

/* Rank 0 opens run and arrays, and says what is missing; the others wait for that. */
static eid_status begin(bank *b, const eid_run_info *info, bool *resumed)
{
    eid_status st = EID_OK;

    EID_TRY(EID_NEW(b->todo, b->plan.opts->models));
    EID_TRY(EID_NEW(b->finished, b->plan.opts->models));
    EID_TRY(EID_NEW(b->pending, b->plan.opts->models));
    EID_TRY(bank_files_plan(b->file, &b->plan, b->dir));
    EID_TRY(bank_identity(&b->plan, b->identity));
    if (b->ranks.rank == 0) {
        EID_TRY(bank_run_open(&b->store, b->ctx, &b->plan, b->dir, info, resumed));
        EID_TRY(open_files(b));
        EID_TRY(list_missing(b));
        EID_TRY(bank_ranks_begin(&b->ranks, b->identity, eid_bits(b->ctx), b->todo, b->missing));
    } else {
        EID_TRY(bank_ranks_wait(&b->ranks, b->ctx, b->identity, eid_bits(b->ctx),
                                b->plan.opts->models, b->todo, &b->missing));
        EID_TRY(bank_files_open(b->file, b->masks));
    }
    take_share(b);
done:
    return st;
}

/* ---- the whole
 * -------------------------------------------------------------------------------------- */

static eid_status check(bank *b)
{
    eid_status st = EID_OK;
    const bank_plan *p = &b->plan;
    const eid_dataset *d = p->set[0];
    eid_net_shape shape = {d->channels, d->height, d->width, d->classes};
    eid_fit_plan fit;
    eid_net *m = NULL;
    size_t bytes;

    EID_TRY(bank_steps_read(&b->plan.steps, p->opts));
    EID_TRY(eid_fit_plan_make(&fit, p->training, d, d->n));
    if (p->set[1])
        EID_TRY(eid_fit_check_test(d, p->set[1]));
    if (p->opts->queries > 1 && !p->training->crop && !p->training->flip)
        EID_TRY(eid_fail(EID_EINVAL,
                         "bank: %" PRId64 " queries of one example differ by --crop or --flip only",
                         p->opts->queries));
    EID_TRY(eid_net_new(&m, b->ctx, p->training->model, &shape, 0));
    b->plan.parameters = eid_net_parameters(m);
    b->row = (d->n + 7) / 8;
    if (__builtin_mul_overflow((size_t)p->opts->models, (size_t)b->row, &bytes) ||
        bytes > (size_t)eid_ctx_memory(b->ctx) / 4)
        EID_TRY(eid_fail(EID_ENOMEM,
                         "bank: the masks of %" PRId64 " models exceed the memory bound",
                         p->opts->models));
    EID_TRY(EID_NEW(b->masks, bytes));
    EID_TRY(eid_bank_masks(b->ctx, p->opts, d->n, b->masks));
    for (int64_t k = 0; k < p->opts->models; k++) {
        int64_t n = 0;
        for (int64_t i = 0; i < b->row; i++)
            n += __builtin_popcount(b->masks[k * b->row + i]);
        if (n < p->training->batch)
            EID_TRY(eid_fail(EID_EINVAL,
                             "bank: model %" PRId64 " has %" PRId64
                             " examples, fewer than a batch of %" PRId64,
                             k, n, p->training->batch));
    }
done:
    eid_net_free(m);
    return st;
}

static eid_status need_workers(bank *b, int64_t n)
{
    eid_status st = EID_OK;
    int threads = eid_ctx_threads(b->ctx);

    if (!b->worker)
        EID_TRY(EID_NEW(b->worker, threads));
    while (b->workers < threads && b->workers < n) /* counted first: one half made is freed, too */
        EID_TRY(bank_worker_make(&b->worker[b->workers++], &b->plan, b->ctx));
done:
    return st;
}

/* Trains the models of `todo`; what is finished stays, also when stopped. */
static eid_status fill(bank *b)
{
    eid_status st = EID_OK, last;

    EID_TRY(need_workers(b, b->n_todo));
    b->commit_at = eid_now() + COMMIT_SECONDS;
    st = eid_par_for(b->ctx, b->n_todo, one_model, b);
    last = commit(b);
    st = st != EID_OK ? st : last;
done:
    return st;
}

/* As many models as there are threads, of those that nobody told of. */
static void take_over(bank *b)
{
    b->n_todo = 0;
    for (int64_t k = 0; k < b->plan.opts->models && b->n_todo < eid_ctx_threads(b->ctx); k++)
        if (b->pending[k])
            b->todo[b->n_todo++] = k;
}

/* Rank 0, when its share is done: until the others' are, or are its own. */
static eid_status wait_for_others(bank *b)
{
    eid_status st = EID_OK;
    double sign = eid_now();

    while (b->done < b->missing) {
        int64_t before = b->done;
        double patience = 4 * b->longest > PATIENCE_SECONDS ? 4 * b->longest : PATIENCE_SECONDS;
        EID_TRY(eid_tick(b->ctx, "filling the bank", "models", b->done, b->missing));
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
        EID_TRY(commit(b));
        if (b->done > before)
            sign = eid_now();
        if (b->done < b->missing && eid_now() - sign > patience) {
            take_over(b);
            EID_TRY(fill(b));
        }
    }
done:
    return st;
}

static void tear_down(bank *b)
{
    for (int t = 0; b->worker && t < b->workers; t++)
        bank_worker_free(&b->worker[t]);
    eid_free(b->worker);
    bank_files_close(b->file);
    bank_steps_free(&b->plan.steps);
    eid_free(b->masks);
    eid_free(b->todo);
    eid_free(b->finished);
    eid_free(b->pending);
    bank_ranks_free(&b->ranks);
    pthread_mutex_destroy(&b->lock);
    eid_store_free(b->store);
}

eid_status eid_bank_make(eid_bank_result *out, eid_ctx *ctx, const eid_dataset *train,
                         const eid_dataset *test, const eid_classifier_opts *training,
                         const eid_bank_opts *opts, const eid_run_info *info, const char *dir)
{
    eid_status st = EID_OK;
    bank b = {
        .ctx = ctx, .dir = dir, .plan = {.opts = opts, .training = training, .set = {train, test}}};
    eid_bank_result r = {
        .models = opts->models, .examples = train->n, .test_examples = test ? test->n : 0};
    double began = eid_now();

    pthread_mutex_init(&b.lock, NULL);
    EID_TRY(bank_ranks_make(&b.ranks, opts->ranks, dir));
    EID_TRY(check(&b));
    EID_TRY(begin(&b, info, &r.resumed));
    if (b.n_todo > 0)
        EID_TRY(fill(&b));
    r.accuracy_in = r.accuracy_out = r.accuracy_test = NAN;
    r.trained = b.n_todo;
    if (b.ranks.rank == 0) {
        EID_TRY(wait_for_others(&b));
        EID_TRY(bank_sum_up(&r, &b.plan, b.file, b.masks, b.store));
        r.trained = b.missing;
    }
    r.parameters = b.plan.parameters;
    r.seconds = eid_now() - began;
    r.rate = r.seconds > 0 ? (double)r.trained / r.seconds : 0;
    if (b.ranks.rank == 0) {
        EID_TRY(eid_store_finish(b.store, "done", r.seconds));
        EID_TRY(bank_ranks_begin(&b.ranks, b.identity, eid_bits(ctx), NULL, 0)); /* for late ones */
    }
    EID_TRY(eid_tick(ctx, "filling the bank", "models", b.missing, b.missing));
    *out = r;
done:
    tear_down(&b);
    return st;
}
