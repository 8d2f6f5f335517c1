/* bank.c - fills a bank: threads claim models, and whoever finishes one after a while commits all
 * that are finished.
 *
 * A model is trained and asked without a lock.  Its rows are written at once; that it is done is
 * told to the database later, in one go with others, after the files were synced: a sync for each
 * model would cost as much as a small one's training. */
#include "base/file.h"
#include "base/json.h"
#include "eidetic/stats.h"
#include "par/par.h"
#include "train/bank.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const double COMMIT_SECONDS = 2; /* what a kill may cost, besides the models under way */

typedef struct bank {
    eid_ctx *ctx;
    bank_plan plan;
    const char *dir;
    eid_store *store;
    uint8_t *masks;
    int64_t row;
    bank_file file[BANK_FILES];
    bank_worker *worker;
    int workers;
    int64_t *todo, n_todo;         /* models that the database does not have */
    pthread_mutex_t lock;          /* of what follows, and of the store */
    int64_t *finished, n_finished; /* rows written, not yet committed */
    int64_t committed;
    double commit_at;
    atomic_int_fast64_t done;
} bank;

/* ---- commits
 * --------------------------------------------------------------------------------------- */

static eid_status commit_model(bank *b, int64_t k)
{
    eid_status st = EID_OK;
    char unit[32];
    bool done;

    snprintf(unit, sizeof unit, "model %" PRId64, k);
    EID_TRY(eid_store_begin(b->store, unit, &done));
    if (!done)
        EID_TRY(eid_store_end(b->store));
done:
    if (st != EID_OK)
        eid_store_abandon(b->store);
    return st;
}

/* With the lock held. */
static eid_status commit(bank *b)
{
    eid_status st = EID_OK;

    if (b->n_finished == 0)
        return EID_OK;
    EID_TRY(bank_files_sync(b->file));
    for (; b->n_finished > 0; b->n_finished--, b->committed++)
        EID_TRY(commit_model(b, b->finished[b->n_finished - 1]));
    b->commit_at = eid_now() + COMMIT_SECONDS;
done:
    return st;
}

static eid_status finished(bank *b, int64_t k)
{
    eid_status st = EID_OK;
    pthread_mutex_lock(&b->lock);
    b->finished[b->n_finished++] = k;
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

    if (worker == 0) /* the calling thread: the one that may tell progress */
        EID_TRY(eid_tick(b->ctx, "filling the bank", "models", b->done, b->n_todo));
    EID_TRY(bank_model(w, &b->plan, k, b->masks + k * b->row, b->ctx));
    EID_TRY(bank_worker_put(w, b->file, k));
    EID_TRY(finished(b, k));
    b->done++;
done:
    return st;
}

/* ---- the folder
 * ------------------------------------------------------------------------------------ */

static eid_status describe(const bank_plan *p, char **json)
{
    eid_status st = EID_OK;
    char *text[2] = {0};
    json_t *all = NULL, *own = NULL;

    EID_TRY(eid_opts_json(eid_classifier_opt_table, p->training, &text[0]));
    EID_TRY(eid_opts_json(eid_bank_opt_table, p->opts, &text[1]));
    EID_TRY(eid_json_parse(&all, "options", text[0], strlen(text[0])));
    EID_TRY(eid_json_parse(&own, "options", text[1], strlen(text[1])));
    json_object_update(all, own);
    st = eid_json_text(all, json);
    all = NULL;
done:
    json_decref(all);
    json_decref(own);
    eid_string_free(text[0]);
    eid_string_free(text[1]);
    return st;
}

static eid_status open_run(bank *b, const eid_run_info *given, bool *resumed)
{
    eid_status st = EID_OK;
    char identity[65], cpu[256];
    char *options = NULL;
    eid_run_info info = given ? *given : (eid_run_info){.command = "bank", .command_line = ""};

    EID_TRY(bank_identity(&b->plan, identity));
    EID_TRY(describe(&b->plan, &options));
    eid_cpu_name(cpu, sizeof cpu);
    info.options = options;
    info.identity = identity;
    info.version = eid_version();
    info.kernels = eid_kernels();
    info.bits = eid_bits(b->ctx);
    info.cpu = cpu;
    info.seed = b->plan.training->seed;
    info.threads = eid_ctx_threads(b->ctx);
    EID_TRY(eid_store_create(&b->store, b->dir, &info, resumed));
done:
    eid_string_free(options);
    return st;
}

/* What eid_bank_open needs to know. */
static eid_status tell_store(bank *b)
{
    eid_status st = EID_OK;
    const bank_plan *p = &b->plan;
    const struct {
        const char *name;
        double value;
    } number[] = {
        {"bank.models", (double)p->opts->models},
        {"bank.design", (double)p->opts->design},
        {"bank.fraction", p->opts->fraction},
        {"bank.groups", (double)p->opts->groups},
        {"bank.outputs", (double)p->opts->outputs},
        {"bank.queries", (double)p->opts->queries},
        {"bank.keep_weights", p->opts->keep_weights},
        {"bank.seed", (double)p->opts->seed},
        {"bank.parameters", (double)p->parameters},
        {"bank.classes", (double)p->set[0]->classes},
        {"bank.examples", (double)p->set[0]->n},
        {"bank.test_examples", p->set[1] ? (double)p->set[1]->n : 0},
    };

    for (size_t i = 0; i < sizeof number / sizeof *number; i++)
        EID_TRY(eid_store_number(b->store, number[i].name, number[i].value));
    EID_TRY(eid_store_text(b->store, "bank.then", p->opts->then ? p->opts->then : ""));
    EID_TRY(eid_store_text(b->store, "bank.train", p->set[0]->sha256));
    EID_TRY(eid_store_text(b->store, "bank.test", p->set[1] ? p->set[1]->sha256 : ""));
done:
    return st;
}

/* Makes the arrays, or finds them. */
static eid_status open_files(bank *b)
{
    eid_status st = EID_OK;
    bool done;

    EID_TRY(bank_files_plan(b->file, &b->plan, b->dir));
    EID_TRY(eid_store_begin(b->store, "arrays", &done));
    if (done)
        return bank_files_open(b->file, b->masks);
    EID_TRY(bank_files_make(b->file, b->dir, b->masks));
    EID_TRY(tell_store(b));
    EID_TRY(eid_store_end(b->store));
done:
    if (st != EID_OK)
        eid_store_abandon(b->store);
    return st;
}

static eid_status list_todo(bank *b)
{
    eid_status st = EID_OK;
    char unit[32];
    bool done;

    EID_TRY(EID_NEW(b->todo, b->plan.opts->models));
    EID_TRY(EID_NEW(b->finished, b->plan.opts->models));
    for (int64_t k = 0; k < b->plan.opts->models; k++) {
        snprintf(unit, sizeof unit, "model %" PRId64, k);
        EID_TRY(eid_store_begin(b->store, unit, &done));
        eid_store_abandon(b->store);
        if (!done)
            b->todo[b->n_todo++] = k;
    }
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

static eid_status fill(bank *b)
{
    eid_status st = EID_OK, last;

    b->workers = (int)(b->n_todo < eid_ctx_threads(b->ctx) ? b->n_todo : eid_ctx_threads(b->ctx));
    EID_TRY(EID_NEW(b->worker, b->workers));
    for (int t = 0; t < b->workers; t++)
        EID_TRY(bank_worker_make(&b->worker[t], &b->plan, b->ctx));
    b->commit_at = eid_now() + COMMIT_SECONDS;
    st = eid_par_for(b->ctx, b->n_todo, one_model, b);
    last = commit(b); /* also when stopped: what is finished stays */
    st = st != EID_OK ? st : last;
    if (st == EID_OK)
        st = eid_tick(b->ctx, "filling the bank", "models", b->n_todo, b->n_todo);
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
    EID_TRY(check(&b));
    EID_TRY(open_run(&b, info, &r.resumed));
    EID_TRY(open_files(&b));
    EID_TRY(list_todo(&b));
    if (b.n_todo > 0)
        EID_TRY(fill(&b));
    EID_TRY(bank_sum_up(&r, &b.plan, b.file, b.masks, b.store));
    r.parameters = b.plan.parameters;
    r.trained = b.n_todo;
    r.seconds = eid_now() - began;
    r.rate = r.seconds > 0 ? (double)r.trained / r.seconds : 0;
    EID_TRY(eid_store_finish(b.store, "done", r.seconds));
    *out = r;
done:
    tear_down(&b);
    return st;
}
