/* kill -9 at random moments: the rerun ends in the same bits, whatever was being written. */
#include "small.h"
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

enum { KILLS = 10 };
static small corpus, heldout;

/* Trains in a process of its own; killed after `us` microseconds (0: never).  True if it finished.
 */
static bool attempt(const char *dir, int64_t us, int64_t threads)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        eid_train_opts o = small_opts(120);
        eid_ctx *ctx = small_ctx(threads);
        o.checkpoint = 0; /* every step, so that writing is what gets hit */
        eid_status st = eid_train_lm(NULL, NULL, ctx, &corpus.docs, &heldout.docs, SMALL_VOCAB,
                                     SMALL_END, &o, dir);
        if (st != EID_OK)
            printf("# %s\n", eid_last_error());
        fflush(stdout);
        _exit(st == EID_OK ? 0 : 1);
    }
    if (us > 0) {
        nanosleep(&(struct timespec){us / 1000000, us % 1000000 * 1000}, NULL);
        kill(child, SIGKILL);
    }
    waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFEXITED(status);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void a_killed_training_ends_in_the_same_bits(void)
{
    const char *whole = check_tmp("unharmed"), *killed = check_tmp("killed");
    char a[65], b[65];
    eid_rng r = eid_rng_seed((uint64_t)getpid()); /* other moments every time: any must do */
    int kills = 0, finished = 0;

    double began = seconds();
    CHECK(attempt(whole, 0, 2));
    double each = (seconds() - began) / (KILLS / 2); /* so that the kills fall all over the run */
    for (int i = 0; i < KILLS; i++) {
        bool done = attempt(killed, 1 + (int64_t)(1e6 * each * eid_rng_unit(&r)), 1 + i % 3);
        kills += !done;
        finished += done;
    }
    CHECK(attempt(killed, 0, 1));
    printf("# %d kills, %d came too late\n", kills, finished);
    CHECK(kills >= 1);
    CHECK_STR(small_hash(killed, "model.safetensors", a),
              small_hash(whole, "model.safetensors", b));
    CHECK_STR(small_hash(killed, "config.json", a), small_hash(whole, "config.json", b));
    CHECK_STR(small_hash(killed, "checkpoint.eid", a), small_hash(whole, "checkpoint.eid", b));
    small_remove(whole);
    small_remove(killed);
}

int main(void)
{
    small_make(&corpus, 1);
    small_make(&heldout, 2);
    RUN(a_killed_training_ends_in_the_same_bits);
    return DONE();
}
