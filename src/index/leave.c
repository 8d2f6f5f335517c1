#include "index/leave.h"
#include "base/ctx.h"
#include "base/memory.h"
#include "index/sort.h"
#include "par/par.h"
#include <pthread.h>
#include <stdio.h>
#include <time.h>

/* Belongs to both threads until one of them is through: the last frees it. */
typedef struct sorting {
    uint8_t *text;
    void *sa;
    int64_t n;
    bool wide;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* under the lock: */
    bool done, left;
    eid_status status;
    char message[256];
} sorting;

static void free_all(sorting *s)
{
    eid_free(s->text);
    eid_free(s->sa);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->changed);
    eid_free(s);
}

static void *sort_main(void *arg)
{
    sorting *s = arg;
    eid_status st = index_sort(s->text, s->sa, s->n, s->wide);

    pthread_mutex_lock(&s->lock);
    s->done = true;
    s->status = st;
    if (st != EID_OK)
        snprintf(s->message, sizeof s->message, "%s", eid_last_error());
    bool left = s->left;
    pthread_cond_signal(&s->changed);
    pthread_mutex_unlock(&s->lock);
    if (left)
        free_all(s);
    return NULL;
}

static eid_status start(sorting *s, pthread_t *thread)
{
    sigset_t before;
    eid_signals_hold(&before); /* what a thread begins with: this one never takes a signal */
    int rc = pthread_create(thread, NULL, sort_main, s);
    eid_signals_release(&before);
    return rc == 0 ? EID_OK : eid_fail(EID_ENOMEM, "the system gives no thread for sorting");
}

/* Until it is done, or *left: then it is not ours any more. */
static eid_status wait_for(eid_ctx *ctx, sorting *s, bool *left)
{
    eid_status st = EID_OK;
    pthread_mutex_lock(&s->lock);
    while (!s->done && st == EID_OK) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 100000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&s->changed, &s->lock, &until);
        st = eid_tick(ctx, "sorting", "bytes", 0, s->n);
    }
    *left = s->left = !s->done;
    pthread_mutex_unlock(&s->lock);
    return st;
}

eid_status index_sort_or_leave(eid_ctx *ctx, uint8_t **text, void **sa, int64_t n, bool wide)
{
    eid_status st = EID_OK;
    sorting *s = NULL;
    pthread_t thread;

    EID_TRY(EID_NEW(s, 1));
    s->n = n;
    s->wide = wide;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    s->text = *text;
    s->sa = *sa;
    st = start(s, &thread);
    if (st == EID_OK) {
        bool left;
        st = wait_for(ctx, s, &left);
        if (left) { /* the sorter's thread frees everything */
            pthread_detach(thread);
            *text = NULL;
            *sa = NULL;
            return st;
        }
        pthread_join(thread, NULL);
        if (s->status != EID_OK)
            st = eid_fail(s->status, "%s", s->message);
    }
    s->text = NULL; /* they are the caller's */
    s->sa = NULL;
    free_all(s);
done:
    return st;
}
