/* diet.c - train with records, score, drop, train again, compare. */
#include "recipe/diet.h"
#include "base/hash.h"
#include "recipe/run.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

eid_diet_opts eid_diet_opts_default(void)
{
    return (eid_diet_opts){.measure = EID_SCORE_EL2N,
                           .seeds = 2,
                           .score_epoch = 5,
                           .validation = 0.1,
                           .replicas = 1,
                           .seed = 1};
}

#define AT(field) offsetof(eid_diet_opts, field)
const eid_opt eid_diet_opt_table[] = {
    {EID_OPT_ENUM, "measure", AT(measure), 0, 0, "the score that decides who is dropped",
     "el2n|grand|forgetting|aum|confidence|variability|correctness", 0},
    {EID_OPT_I64, "seeds", AT(seeds), 1, 1000, "trainings whose scores are averaged", NULL, 0},
    {EID_OPT_F64, "score-epoch", AT(score_epoch), 0, 1e6, "checkpoint of EL2N and GraNd", NULL, 0},
    {EID_OPT_F64, "prune", AT(prune), 0, 0.99, "share of the training set to drop, 0: none", NULL,
     0},
    {EID_OPT_F64, "offset", AT(offset), -1, 0.99,
     "share to drop at the hard end, the rest at the easy end; -1: chosen on a validation split",
     NULL, 0},
    {EID_OPT_F64, "validation", AT(validation), 0.01, 0.5,
     "share of the training set to choose the offset by", NULL, 0},
    {EID_OPT_I64, "replicas", AT(replicas), 1, 100, "trainings on each subset", NULL, 0},
    {EID_OPT_BOOL, "suspects", AT(suspects), 0, 0,
     "whom AUM suspects of a wrong label: two more trainings, with a class of their own", NULL, 0},
    {EID_OPT_I64, "seed", AT(seed), 0, 1e15, "random seed", NULL, 0},
    {0},
};

/* ---- the run --------------------------------------------------------------------------------- */

typedef struct diet {
    eid_ctx *ctx;
    const eid_dataset *train, *test;
    const eid_classifier_opts *model;
    const eid_diet_opts *o;
    const eid_diet_call *call;
    eid_dataset *learn, *validate; /* the training set cut in two, where an offset is chosen */
    eid_store *store;
    eid_trajectory **run;
    eid_diet_result *r;
    int64_t *order, *place;
} diet;

static eid_status options_text(char **out, const eid_diet_opts *o, const eid_classifier_opts *model,
                               bool all)
{
    json_t *j = json_object();
    eid_status st = EID_OK;

    EID_TRY(recipe_add_options(j, "", eid_diet_opt_table, o, all));
    if (model)
        EID_TRY(recipe_add_options(j, "model", eid_classifier_opt_table, model, all));
    return eid_json_text(j, out);
done:
    json_decref(j);
    return st;
}

/* The same command: all options that matter to results, and the same data. */
static eid_status open_store(eid_store **out, eid_ctx *ctx, const eid_diet_opts *o,
                             const eid_classifier_opts *model, const char *data[2],
                             const eid_diet_call *call)
{
    char *text = NULL, *matter = NULL, hex[65], cpu[256];
    eid_buf b = {0};
    bool resumed;
    eid_status st = EID_OK;

    EID_TRY(options_text(&text, o, model, true));
    EID_TRY(options_text(&matter, o, model, false));
    EID_TRY(eid_buf_printf(&b, "%s\n%s\n%s\n", matter, data[0], data[1] ? data[1] : ""));
    EID_TRY(eid_sha256_of(b.at, b.n, hex));
    eid_cpu_name(cpu, sizeof cpu);
    eid_run_info info = {.command = "diet",
                         .command_line = call->command_line ? call->command_line : "",
                         .options = text,
                         .identity = hex,
                         .version = eid_version(),
                         .kernels = eid_kernels(),
                         .bits = eid_bits(ctx),
                         .cpu = cpu,
                         .seed = o->seed,
                         .threads = eid_ctx_threads(ctx)};
    EID_TRY(eid_store_create(out, call->out, &info, &resumed));
done:
    eid_string_free(text);
    eid_string_free(matter);
    eid_buf_free(&b);
    return st;
}

/* One training with its record, or what is there of it. */
static eid_status score_run(diet *d, int64_t k)
{
    eid_classifier_opts m = *d->model;
    eid_record_opts ro = eid_record_opts_default();
    eid_record *rec = NULL;
    char *dir = NULL, *record = NULL;
    eid_status st = EID_OK;

    m.seed += k;
    if (d->o->measure == EID_SCORE_GRAND)
        ro.grand = d->o->score_epoch;
    EID_TRY(eid_format(&dir, "%s/score-%" PRId64, d->call->out, k + 1));
    EID_TRY(eid_format(&record, "%s/record", dir));
    EID_TRY(eid_record_new(&rec, d->ctx, dir, d->learn ? d->learn : d->train, &m, &ro));
    EID_TRY(eid_train_classifier(NULL, NULL, d->ctx, d->learn ? d->learn : d->train, NULL, &m,
                                 eid_record_watch(rec), dir));
    EID_TRY(eid_record_finish(rec));
    EID_TRY(eid_trajectory_read(&d->run[k], d->ctx, record));
done:
    eid_record_free(rec);
    eid_free(dir);
    eid_free(record);
    return st;
}

static int64_t share_of(double share, int64_t n)
{
    return llround(share * (double)n);
}

static int by_place(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Trains on order[from .. from + kept), as many steps as the whole set would get, and judges. */
static eid_status train_part(diet *d, eid_diet_part *p, const char *name, const int64_t *order,
                             int64_t from, int64_t kept, const eid_dataset *judge)
{
    const eid_dataset *all = d->learn ? d->learn : d->train;
    eid_dataset *part = NULL;
    eid_classifier_result *r = NULL;
    double accuracy[100];
    char *dir = NULL;
    eid_status st = EID_OK;

    memcpy(d->place, order + from, (size_t)kept * sizeof *order);
    qsort(d->place, (size_t)kept, sizeof *d->place, by_place);
    EID_TRY(eid_dataset_pick(&part, d->ctx, all, d->place, kept));
    snprintf(p->name, sizeof p->name, "%s", name);
    p->kept = kept;
    for (int64_t i = 0; i < kept; i++)
        p->flips += part->label[i] != part->clean[i];
    for (int64_t k = 0; k < d->o->replicas; k++) {
        eid_classifier_opts m = *d->model;
        m.seed += 1000 + k;
        m.steps = eid_classifier_steps(d->model, all->n);
        EID_TRY(eid_format(&dir, "%s/%s-%" PRId64, d->call->out, name, k + 1));
        EID_TRY(eid_train_classifier(NULL, &r, d->ctx, part, judge, &m, NULL, dir));
        accuracy[k] = r->test_accuracy;
        eid_classifier_result_free(r);
        r = NULL;
        eid_free(dir);
        dir = NULL;
    }
    p->accuracy = d->o->replicas > 1
                      ? eid_mean_t(accuracy, (size_t)d->o->replicas)
                      : eid_proportion(llround(accuracy[0] * (double)judge->n), judge->n);
done:
    eid_classifier_result_free(r);
    eid_dataset_free(part);
    eid_free(dir);
    return st;
}

/* The offset with the best accuracy on the validation split; the first of equals. */
static eid_status choose_offset(diet *d)
{
    static const double GRID[] = {0, 0.05, 0.1, 0.15, 0.2};
    int64_t n = d->learn->n, drop = share_of(d->o->prune, n);
    double best = -1;
    eid_status st = EID_OK;

    for (size_t i = 0; i < sizeof GRID / sizeof *GRID && GRID[i] <= d->o->prune; i++) {
        eid_diet_part p;
        char name[32];
        memset(&p, 0, sizeof p);
        snprintf(name, sizeof name, "offset-%.2f", GRID[i]);
        EID_TRY(
            train_part(d, &p, name, d->order, drop - share_of(GRID[i], n), n - drop, d->validate));
        if (p.accuracy.value > best) {
            best = p.accuracy.value;
            d->r->offset = GRID[i];
        }
    }
done:
    return st;
}

static eid_status retrain(diet *d)
{
    const eid_dataset *all = d->learn ? d->learn : d->train;
    int64_t n = all->n, drop = share_of(d->o->prune, n), keep = n - drop, *lots = NULL, cut;
    struct {
        const char *name;
        const int64_t *order;
        int64_t from, kept;
    } part[EID_DIET_PARTS];
    eid_status st = EID_OK;

    EID_TRY(EID_NEW(lots, n));
    EID_TRY(diet_order(lots, n, NULL, 1, all->id, (uint64_t)d->o->seed));
    if (d->o->offset < 0)
        EID_TRY(choose_offset(d));
    else
        d->r->offset = d->o->offset;
    cut = share_of(d->r->offset, n);
    part[0].name = "all", part[0].order = d->order, part[0].from = 0, part[0].kept = n;
    part[1].name = "window", part[1].order = d->order, part[1].from = drop - cut;
    part[2].name = "highest", part[2].order = d->order, part[2].from = drop;
    part[3].name = "lowest", part[3].order = d->order, part[3].from = 0;
    part[4].name = "random", part[4].order = lots, part[4].from = 0;
    for (int i = 0; i < EID_DIET_PARTS; i++) {
        if (i)
            part[i].kept = keep;
        EID_TRY(train_part(d, &d->r->part[i], part[i].name, part[i].order, part[i].from,
                           part[i].kept, d->test));
        if (i)
            EID_TRY(diet_write_subset(d->ctx, all, d->call->out, part[i].name, d->place, keep));
        d->r->parts = (size_t)i + 1;
    }
done:
    eid_free(lots);
    return st;
}

static eid_status check(const eid_dataset *train, const eid_dataset *test,
                        const eid_classifier_opts *model, const eid_diet_opts *o)
{
    double n = (double)train->n * (o->prune > 0 && o->offset < 0 ? 1 - o->validation : 1);
    int64_t kept = (int64_t)n - share_of(o->prune, (int64_t)n);

    if (o->prune > 0 && !test)
        return eid_fail(EID_EINVAL, "diet: comparing subsets needs a test set; --test-share makes "
                                    "one");
    if (o->offset < 0 && o->offset != -1)
        return eid_fail(EID_EINVAL,
                        "diet: an offset of %g is no share; -1 has it chosen on a validation split",
                        o->offset);
    if (o->offset < 0 && !(o->prune > 0))
        return eid_fail(EID_EINVAL, "diet: an offset without a share to drop: --prune");
    if (o->offset > o->prune)
        return eid_fail(EID_EINVAL, "diet: an offset of %g is more than the share to drop, %g",
                        o->offset, o->prune);
    if (o->prune > 0 && kept < model->batch)
        return eid_fail(EID_EINVAL,
                        "diet: dropping %g leaves %" PRId64
                        " examples, fewer than a batch of %" PRId64 ": lower --batch",
                        o->prune, kept, model->batch);
    if (o->measure < 0 || o->measure > EID_SCORE_CORRECTNESS)
        return eid_fail(EID_EINVAL, "diet: nobody is dropped by measure %" PRId64, o->measure);
    if (o->seeds < 1 || o->replicas < 1 || o->replicas > 100)
        return eid_fail(EID_EINVAL, "diet: %" PRId64 " seeds, %" PRId64 " replicas", o->seeds,
                        o->replicas);
    return EID_OK;
}

/* The validation split is taken away before anything is trained, so that scores and subsets are of
 * the rest. */
static eid_status hold_out(diet *d)
{
    const double share[2] = {1 - d->o->validation, d->o->validation};
    uint8_t *side = NULL;
    eid_dataset **to[2] = {&d->learn, &d->validate};
    eid_status st = EID_OK;

    EID_TRY(EID_NEW(side, d->train->n));
    EID_TRY(eid_dataset_split(d->train, share, 2, (uint64_t)d->o->seed, side));
    for (int p = 0; p < 2; p++) {
        int64_t k = 0;
        for (int64_t i = 0; i < d->train->n; i++)
            if (side[i] == p)
                d->place[k++] = i;
        EID_TRY(eid_dataset_pick(to[p], d->ctx, d->train, d->place, k));
    }
done:
    eid_free(side);
    return st;
}

static void diet_free(diet *d)
{
    for (int64_t k = 0; d->run && k < d->o->seeds; k++)
        eid_trajectory_free(d->run[k]);
    eid_free(d->run);
    eid_dataset_free(d->learn);
    eid_dataset_free(d->validate);
    eid_store_free(d->store);
    eid_diet_result_free(d->r);
    eid_free(d->order);
    eid_free(d->place);
}

eid_status eid_diet(eid_diet_result **out, eid_ctx *ctx, const eid_dataset *train,
                    const eid_dataset *test, const eid_classifier_opts *model,
                    const eid_diet_opts *opts, const eid_diet_call *call)
{
    diet d = {.ctx = ctx, .train = train, .test = test, .model = model, .o = opts, .call = call};
    const char *data[2] = {train->sha256, test ? test->sha256 : NULL};
    const eid_dataset *all;
    double began = eid_now();
    eid_status st = EID_OK;

    EID_TRY(check(train, test, model, opts));
    EID_TRY(open_store(&d.store, ctx, opts, model, data, call));
    EID_TRY(EID_NEW(d.order, train->n));
    EID_TRY(EID_NEW(d.place, train->n));
    EID_TRY(EID_NEW(d.run, opts->seeds));
    if (opts->prune > 0 && opts->offset < 0)
        EID_TRY(hold_out(&d));
    all = d.learn ? d.learn : train;
    for (int64_t k = 0; k < opts->seeds; k++)
        EID_TRY(score_run(&d, k));
    EID_TRY(diet_read_scores(&d.r, (const eid_trajectory *const *)d.run, (size_t)opts->seeds,
                             all->clean, opts));
    EID_TRY(diet_order(d.order, all->n, d.r->score[opts->measure],
                       eid_score_hard((eid_score_kind)opts->measure), all->id,
                       (uint64_t)opts->seed));
    EID_TRY(diet_write_scores(ctx, d.r, d.run[0], all->clean, call->out));
    EID_TRY(diet_keep_scores(d.store, d.r, d.run[0]));
    if (opts->suspects)
        EID_TRY(diet_suspect(d.r, ctx, all, model, call->out, (uint64_t)opts->seed));
    if (opts->suspects)
        EID_TRY(eid_store_number(d.store, "diet.suspected", (double)d.r->suspected));
    if (opts->prune > 0) {
        EID_TRY(retrain(&d));
        EID_TRY(diet_keep_parts(d.store, d.r));
    }
    EID_TRY(eid_store_finish(d.store, "done", eid_now() - began));
    *out = d.r;
    d.r = NULL;
done:
    diet_free(&d);
    return st;
}

eid_status eid_diet_scores(eid_diet_result **out, eid_ctx *ctx, const eid_trajectory *const *runs,
                           size_t n, const int32_t *clean, const eid_diet_opts *opts,
                           const eid_diet_call *call)
{
    eid_diet_result *r = NULL;
    eid_store *store = NULL;
    eid_sha256 *h = NULL;
    char hex[65];
    const char *data[2] = {hex, NULL};
    double began = eid_now();
    eid_status st = EID_OK;

    EID_TRY(diet_read_scores(&r, runs, n, clean, opts));
    if (call->out) {
        EID_TRY(eid_sha256_new(&h));
        for (size_t k = 0; k < n; k++)
            eid_sha256_add(h, runs[k]->loss,
                           (size_t)(runs[k]->checkpoints * runs[k]->examples) * sizeof(float));
        eid_sha256_add(h, runs[0]->label, (size_t)runs[0]->examples * sizeof(int32_t));
        eid_sha256_hex(h, hex);
        EID_TRY(open_store(&store, ctx, opts, NULL, data, call));
        EID_TRY(diet_write_scores(ctx, r, runs[0], clean, call->out));
        EID_TRY(diet_keep_scores(store, r, runs[0]));
        EID_TRY(eid_store_finish(store, "done", eid_now() - began));
    }
    *out = r;
    r = NULL;
done:
    eid_sha256_free(h);
    eid_store_free(store);
    eid_diet_result_free(r);
    return st;
}
