/* removal.c - what the memorized examples are worth: trainings without them, against trainings
 * without as many at random (Feldman and Zhang 2020, sec. 3.3).  A replica has the same seed
 * whatever was removed, so that differences are paired. */
#include "base/ctx.h"
#include "base/memory.h"
#include "eidetic/memorization.h"
#include "eidetic/rng.h"
#include "par/par.h"
#include "train/bank.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { MEMORIZED, RANDOM, SIDES };

eid_removal_opts eid_removal_opts_default(void)
{
    return (eid_removal_opts){.replicas = 5, .seed = 1};
}

#define ROW(name, field, min, max, help)                                              \
    {                                                                                 \
        EID_OPT_I64, name, offsetof(eid_removal_opts, field), min, max, help, NULL, 0 \
    }
const eid_opt eid_removal_opt_table[] = {
    ROW("replicas", replicas, 2, 10000, "trainings for every level of mem and either side"),
    ROW("seed", seed, 0, 1e15, "random seed"),
    {0}};
#undef ROW

typedef struct job {
    const double *mem;
    const eid_removal_opts *o;
    bank_plan plan;
    eid_ctx *ctx;
    int64_t row, removed[EID_REMOVAL_LEVELS];
    bank_worker *worker;
    uint8_t *mask;    /* of each worker */
    int64_t *order;   /* of each worker */
    double *accuracy; /* (1 + levels * sides) x replicas */
} job;

static double level_of(int g)
{
    return 0.9 - 0.1 * g;
}

static bool is_memorized(const job *j, int64_t i, int g)
{
    return j->mem[i] >= level_of(g) - 1e-12;
}

static void without_random(const job *j, uint8_t *mask, int64_t *order, int g, int64_t replica)
{
    int64_t n = j->plan.set[0]->n;
    eid_rng rng =
        eid_rng_stream((uint64_t)j->o->seed, (uint64_t)(g * (j->o->replicas + 1) + replica + 1));

    for (int64_t i = 0; i < n; i++)
        order[i] = i;
    eid_rng_shuffle(&rng, order, (size_t)n);
    for (int64_t i = 0; i < j->removed[g]; i++)
        mask[order[i] / 8] &= (uint8_t) ~(1u << order[i] % 8);
}

static eid_status one_training(void *arg, int64_t task, int worker)
{
    eid_status st = EID_OK;
    job *j = arg;
    bank_worker *w = &j->worker[worker];
    int64_t n = j->plan.set[0]->n, test = j->plan.set[1]->n, right = 0;
    int64_t arm = task / j->o->replicas, replica = task % j->o->replicas;
    int g = (int)(arm - 1) / SIDES, side = (int)(arm - 1) % SIDES;
    uint8_t *mask = j->mask + worker * j->row;

    if (worker == 0)
        EID_TRY(eid_tick(j->ctx, "training without them", "trainings", task,
                         (1 + EID_REMOVAL_LEVELS * SIDES) * j->o->replicas));
    if (arm > 0 && j->removed[g] == 0)
        return EID_OK;
    memset(mask, 0xff, (size_t)j->row);
    if (n % 8)
        mask[j->row - 1] = (uint8_t)((1u << n % 8) - 1);
    if (arm > 0 && side == RANDOM)
        without_random(j, mask, j->order + worker * n, g, replica);
    for (int64_t i = 0; arm > 0 && side == MEMORIZED && i < n; i++)
        if (is_memorized(j, i, g))
            mask[i / 8] &= (uint8_t) ~(1u << i % 8);
    EID_TRY(bank_model(w, &j->plan, replica, mask, j->ctx));
    for (int64_t i = 0; i < (test + 7) / 8; i++)
        right += __builtin_popcount(w->correct[1][i]);
    j->accuracy[task] = (double)right / (double)test;
done:
    return st;
}

static eid_estimate paired(const double *a, const double *b, int64_t n, double *room)
{
    for (int64_t i = 0; i < n; i++)
        room[i] = a[i] - b[i];
    return eid_mean_t(room, (size_t)n);
}

static eid_status sum_up(eid_removal *out, const job *j)
{
    int64_t n = j->o->replicas;
    double *room = NULL;
    eid_status st = EID_NEW(room, n);

    if (st != EID_OK)
        return st;
    out->all = eid_mean_t(j->accuracy, (size_t)n);
    for (int g = 0; g < EID_REMOVAL_LEVELS; g++) {
        const double *without = j->accuracy + (1 + g * SIDES + MEMORIZED) * n;
        const double *random = j->accuracy + (1 + g * SIDES + RANDOM) * n;
        eid_removal_level *l = &out->level[g];
        *l = (eid_removal_level){.mem = level_of(g), .removed = j->removed[g]};
        if (l->removed) {
            l->memorized = eid_mean_t(without, (size_t)n);
            l->random = eid_mean_t(random, (size_t)n);
            l->cost = paired(random, without, n, room);
        } else {
            l->memorized = l->random = l->cost = eid_estimate_none("nobody is memorized so much");
        }
    }
    eid_free(room);
    return EID_OK;
}

static eid_status prepare(job *j)
{
    eid_status st = EID_OK;
    const eid_dataset *d = j->plan.set[0];
    int64_t threads = eid_ctx_threads(j->ctx);

    j->row = (d->n + 7) / 8;
    for (int g = 0; g < EID_REMOVAL_LEVELS; g++) {
        for (int64_t i = 0; i < d->n; i++)
            j->removed[g] += is_memorized(j, i, g);
        if (d->n - j->removed[g] < j->plan.training->batch)
            return eid_fail(EID_EINVAL,
                            "removal: without the %" PRId64 " examples of mem %g and more, %" PRId64
                            " are left, fewer than a batch of %" PRId64,
                            j->removed[g], level_of(g), d->n - j->removed[g],
                            j->plan.training->batch);
    }
    EID_TRY(eid_fit_check_test(d, j->plan.set[1]));
    EID_TRY(EID_NEW(j->worker, threads));
    EID_TRY(EID_NEW(j->mask, threads * j->row));
    EID_TRY(EID_NEW(j->order, threads * d->n));
    EID_TRY(EID_NEW(j->accuracy, (1 + EID_REMOVAL_LEVELS * SIDES) * j->o->replicas));
    for (int64_t t = 0; t < threads; t++)
        EID_TRY(bank_worker_make(&j->worker[t], &j->plan, j->ctx));
done:
    return st;
}

eid_status eid_removal_of(eid_removal *out, eid_ctx *ctx, const eid_dataset *train,
                          const eid_dataset *test, const eid_classifier_opts *training,
                          const double *mem, const eid_removal_opts *opts)
{
    eid_status st = EID_OK;
    eid_bank_opts plain = eid_bank_opts_default();
    eid_classifier_opts seeded = *training;
    eid_removal r = {0};
    job j = {.mem = mem,
             .o = opts,
             .ctx = ctx,
             .plan = {.opts = &plain, .training = &seeded, .set = {train, test}}};

    if (!test || opts->replicas < 2 || opts->replicas > 10000)
        return eid_fail(EID_EINVAL, "removal: a test set and two replicas are needed");
    seeded.seed = opts->seed;
    EID_TRY(prepare(&j));
    EID_TRY(eid_par_for(ctx, (1 + EID_REMOVAL_LEVELS * SIDES) * opts->replicas, one_training, &j));
    EID_TRY(sum_up(&r, &j));
    *out = r;
done:
    for (int t = 0; j.worker && t < eid_ctx_threads(ctx); t++)
        bank_worker_free(&j.worker[t]);
    eid_free(j.worker);
    eid_free(j.mask);
    eid_free(j.order);
    eid_free(j.accuracy);
    return st;
}
