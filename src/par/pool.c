#include "par/par.h"
#include "base/memory.h"
#include <pthread.h>
#include <string.h>
#include <unistd.h>

/* Workers wait for a job number to change; a job is an atomic counter that hands out tasks.  The
 * caller is worker 0, so one thread means no thread at all.  A forked child makes a new pool:
 * threads do not survive fork(). */
enum { SPINS = 2000 };

typedef struct eid_pool {
    pthread_t *thread;
    int threads; /* workers besides the caller */
    pid_t owner;
    pthread_mutex_t lock;
    pthread_cond_t wake, quiet;
    atomic_uint_fast64_t job; /* changes when there is work; the lock guards the change */
    bool stop;
    int busy; /* workers that have not finished the present job; under the lock */
    /* the present job */
    eid_task_fn fn;
    void *arg;
    int64_t tasks;
    atomic_int_fast64_t next;
    /* the lowest-numbered failure; under the lock */
    int64_t failed_task;
    eid_status status;
    char message[1024];
} eid_pool;

typedef struct worker {
    eid_pool *pool;
    int number;
} worker;

static void record_failure(eid_pool *p, int64_t task, eid_status st)
{
    pthread_mutex_lock(&p->lock);
    if (p->failed_task < 0 || task < p->failed_task) {
        p->failed_task = task;
        p->status = st;
        strncpy(p->message, eid_last_error(), sizeof p->message - 1);
    }
    pthread_mutex_unlock(&p->lock);
    atomic_store(&p->next, p->tasks); /* hand out no more */
}

/* All but those that tell of a fault in the very instruction. */
void eid_signals_hold(sigset_t *before)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
    sigset_t held;

    sigfillset(&held);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        sigdelset(&held, faults[i]);
    pthread_sigmask(SIG_SETMASK, &held, before);
}

void eid_signals_release(const sigset_t *before)
{
    pthread_sigmask(SIG_SETMASK, before, NULL);
}

/* A task in the caller's thread, which may be the one that signals go to. */
static eid_status undisturbed(eid_task_fn fn, void *arg, int64_t task)
{
    sigset_t before;

    eid_signals_hold(&before);
    eid_status st = fn(arg, task, 0);
    eid_signals_release(&before);
    return st;
}

static void work(eid_pool *p, int number)
{
    if (number >= p->tasks)
        return; /* par.h: no more workers than tasks, so that scratch is made for those alone */
    for (;;) {
        int64_t task = atomic_fetch_add_explicit(&p->next, 1, memory_order_relaxed);
        if (task >= p->tasks)
            return;
        eid_status st = number ? p->fn(p->arg, task, number) : undisturbed(p->fn, p->arg, task);
        if (st != EID_OK)
            record_failure(p, task, st);
    }
}

static void *worker_main(void *arg)
{
    worker w = *(worker *)arg;
    eid_pool *p = w.pool;
    uint64_t seen = 0;

    eid_free(arg);
    for (;;) {
        for (int i = 0; i < SPINS && atomic_load_explicit(&p->job, memory_order_acquire) == seen;
             i++)
            __asm__ volatile("" ::: "memory");
        pthread_mutex_lock(&p->lock);
        while (atomic_load(&p->job) == seen && !p->stop)
            pthread_cond_wait(&p->wake, &p->lock);
        seen = atomic_load(&p->job);
        bool stop = p->stop;
        pthread_mutex_unlock(&p->lock);
        if (stop)
            return NULL;
        work(p, w.number);
        pthread_mutex_lock(&p->lock);
        if (--p->busy == 0)
            pthread_cond_signal(&p->quiet);
        pthread_mutex_unlock(&p->lock);
    }
}

static void pool_free(void *pool)
{
    eid_pool *p = pool;

    if (!p)
        return;
    if (p->owner == getpid()) {
        pthread_mutex_lock(&p->lock);
        p->stop = true;
        pthread_cond_broadcast(&p->wake);
        pthread_mutex_unlock(&p->lock);
        for (int i = 0; i < p->threads; i++)
            pthread_join(p->thread[i], NULL);
        pthread_mutex_destroy(&p->lock);
        pthread_cond_destroy(&p->wake);
        pthread_cond_destroy(&p->quiet);
    }
    eid_free(p->thread);
    eid_free(p);
}

static eid_status pool_new(eid_pool **out, int workers)
{
    eid_status st = EID_OK;
    eid_pool *p = NULL;
    sigset_t before;
    bool held = false;

    EID_TRY(EID_NEW(p, 1));
    p->owner = getpid();
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    pthread_cond_init(&p->quiet, NULL);
    EID_TRY(EID_NEW(p->thread, workers));
    eid_signals_hold(&before); /* what a thread begins with: workers never take a signal */
    held = true;
    for (; p->threads < workers; p->threads++) {
        worker *w = NULL;
        EID_TRY(EID_NEW(w, 1));
        *w = (worker){.pool = p, .number = p->threads + 1};
        if (pthread_create(&p->thread[p->threads], NULL, worker_main, w) != 0) {
            eid_free(w);
            st = eid_fail(EID_ENOMEM, "the system gives no thread number %d", p->threads + 1);
            goto done;
        }
    }
    *out = p;
    p = NULL;
done:
    if (held)
        eid_signals_release(&before);
    pool_free(p);
    return st;
}

eid_status eid_par_for(eid_ctx *ctx, int64_t n, eid_task_fn fn, void *arg)
{
    eid_pool *p = ctx->pool;
    eid_status st;

    if (n <= 0)
        return EID_OK;
    if (n == 1 || ctx->threads == 1) {
        for (int64_t task = 0; task < n; task++)
            if ((st = undisturbed(fn, arg, task)) != EID_OK)
                return st;
        return EID_OK;
    }
    if (p && p->owner != getpid()) {
        pool_free(p);
        p = ctx->pool = NULL;
    }
    if (!p) {
        st = pool_new(&p, ctx->threads - 1);
        if (st != EID_OK)
            return st;
        ctx->pool = p;
        ctx->pool_free = pool_free;
    }
    pthread_mutex_lock(&p->lock);
    p->fn = fn;
    p->arg = arg;
    p->tasks = n;
    p->failed_task = -1;
    p->status = EID_OK;
    p->busy = p->threads;
    atomic_store(&p->next, 0);
    atomic_fetch_add_explicit(&p->job, 1, memory_order_release);
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
    work(p, 0);
    pthread_mutex_lock(&p->lock);
    while (p->busy)
        pthread_cond_wait(&p->quiet, &p->lock);
    pthread_mutex_unlock(&p->lock);
    return p->failed_task < 0 ? EID_OK : eid_fail(p->status, "%s", p->message);
}
