#include "check.h"
#include "par/par.h"
#include <sys/wait.h>

typedef struct job {
    int64_t out[1000];
    int64_t fail_from;
} job;

static eid_status square(void *arg, int64_t task, int worker)
{
    job *j = arg;

    (void)worker;
    if (task >= j->fail_from)
        return eid_fail(EID_EFORMAT, "task %d failed", (int)task);
    j->out[task] = task * task;
    return EID_OK;
}

static void every_task_runs_once(void)
{
    for (int threads = 1; threads <= 5; threads++) {
        eid_ctx *ctx = NULL;
        static job j;
        eid_ctx_opts o = {.threads = threads};
        CHECK_OK(eid_ctx_new(&ctx, &o));
        for (int round = 0; round < 200; round++) {
            memset(&j, 0, sizeof j);
            j.fail_from = 1000;
            CHECK_OK(eid_par_for(ctx, 1000, square, &j));
            for (int64_t i = 0; i < 1000; i++)
                if (j.out[i] != i * i)
                    CHECK_FAIL("task %d", (int)i);
        }
        eid_ctx_free(ctx);
    }
}

static eid_status within(void *arg, int64_t task, int worker)
{
    (void)task;
    usleep(200); /* so that others wake and would take part */
    return worker < *(int *)arg ? EID_OK : eid_fail(EID_EINTERNAL, "worker %d", worker);
}

static void there_are_no_more_workers_than_tasks(void)
{
    eid_ctx *ctx = NULL;
    eid_ctx_opts o = {.threads = 5};

    CHECK_OK(eid_ctx_new(&ctx, &o));
    for (int round = 0; round < 100; round++)
        for (int tasks = 1; tasks < 6; tasks++)
            CHECK_OK(eid_par_for(ctx, tasks, within, &tasks));
    eid_ctx_free(ctx);
}

static void the_lowest_failure_is_told(void)
{
    eid_ctx *ctx = NULL;
    static job j;
    eid_ctx_opts o = {.threads = 4};

    CHECK_OK(eid_ctx_new(&ctx, &o));
    for (int round = 0; round < 200; round++) {
        j.fail_from = 17;
        CHECK_FAILS(eid_par_for(ctx, 1000, square, &j), EID_EFORMAT, "task 17 failed");
    }
    eid_ctx_free(ctx);
}

static void a_forked_child_has_its_own_pool(void)
{
    eid_ctx *ctx = NULL;
    static job j;
    eid_ctx_opts o = {.threads = 3};
    int wstatus = 0;

    j.fail_from = 1000;
    CHECK_OK(eid_ctx_new(&ctx, &o));
    CHECK_OK(eid_par_for(ctx, 1000, square, &j));
    pid_t child = fork();
    if (child == 0) {
        eid_status st = eid_par_for(ctx, 1000, square, &j);
        _exit(st == EID_OK && j.out[999] == 999 * 999 ? 0 : 1);
    }
    waitpid(child, &wstatus, 0);
    CHECK(WIFEXITED(wstatus) && WEXITSTATUS(wstatus) == 0);
    eid_ctx_free(ctx);
}

int main(void)
{
    RUN(every_task_runs_once);
    RUN(there_are_no_more_workers_than_tasks);
    RUN(the_lowest_failure_is_told);
    RUN(a_forked_child_has_its_own_pool);
    return DONE();
}
