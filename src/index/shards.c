/* shards.c - a corpus larger than memory in, a folder of index files out.
 *
 * Documents are read one after another into a corpus that is handed to a builder when it is full,
 * and so on.  What stands in memory at one time: for each builder a shard's text and what sorting
 * takes, the shard being filled, and the document being read. */
#include "index/shards.h"
#include "base/ctx.h"
#include "corpus/corpus.h"
#include "corpus/stream.h"
#include "index/builders.h"
#include "index/folder.h"
#include <inttypes.h>
#include <unistd.h>

enum {
    ROW = 64,              /* what a document costs besides its bytes and name: rows of tables */
    LEAST = 64 << 10,      /* a shard that is worth its file */
    WORTHWHILE = 64 << 20, /* rather fewer builders than smaller shards: each costs a query time */
    MOST = 1 << 30,        /* unless asked: so that two threads have something to do */
    OVERHEAD = 80 << 20,   /* the program, its libraries, an archive's dictionary */
    SOME = 1 << 20,        /* reading begins with blocks that do not depend on the shard */
    BLOCK = 32 << 20,      /* the last block of an arena may be empty */
};

/* Sorting holds the text as it is and coded, its array, and 2 bits a byte: 6.25; 9 / 4 more for
 * a text whose entries are wide is never needed, as shards stay below 2 GiB. */
static const double BUILDING = 6.25;
/* The shard being filled, and a document that grows: its block is at most half as large again, and
 * is copied once. */
static const double FILLING = 4;

eid_index_opts eid_index_opts_default(void)
{
    return (eid_index_opts){0};
}

const eid_opt eid_index_opt_table[] = {
    {EID_OPT_SIZE, "shard", offsetof(eid_index_opts, shard), 0, 2e9,
     "most text in a shard; 0: as --memory and --threads allow, up to 1G", NULL, 0},
    {EID_OPT_BOOL, "replace", offsetof(eid_index_opts, replace), 0, 0,
     "build: write over an index that exists", NULL, EID_OPT_NEUTRAL},
    {EID_OPT_BOOL, "again", offsetof(eid_index_opts, again), 0, 0,
     "add: also what the index holds already", NULL, 0},
    {0},
};

eid_status index_plan_for(index_plan *p, int64_t memory, int threads, int64_t shard)
{
    double overhead = memory / 8.0 < OVERHEAD ? memory / 8.0 : OVERHEAD, room = memory - overhead;
    double want = shard > 0 ? (double)shard : WORTHWHILE;
    double fit = (room - FILLING * want) / (BUILDING * want);
    int builders = fit < 1 ? 1 : fit < threads ? (int)fit : threads;
    double most = room / (BUILDING * builders + FILLING);

    if (most < (shard > 0 ? (double)shard : LEAST)) {
        int64_t least = shard > 0 ? shard : LEAST;
        return eid_fail(EID_ENOMEM,
                        "index: shards of %" PRId64 " bytes take about %.0f bytes of memory, the "
                        "bound is %" PRId64,
                        least, (BUILDING + FILLING) * (double)least + overhead, memory);
    }
    *p = (index_plan){.shard = shard > 0 ? shard : (int64_t)(most < MOST ? most : MOST),
                      .builders = builders};
    p->each = (int64_t)((BUILDING + 0.25) * (double)p->shard) + BLOCK;
    p->reading = (int64_t)((FILLING - 1) * (double)p->shard) + SOME;
    return EID_OK;
}

eid_status eid_index_plan(const eid_ctx *ctx, const eid_index_opts *opts, int64_t *shard,
                          int64_t *at_once)
{
    index_plan p = {0};
    eid_status st =
        index_plan_for(&p, eid_ctx_memory(ctx), eid_ctx_threads(ctx), opts ? opts->shard : 0);
    if (st != EID_OK)
        return st;
    *shard = p.shard;
    *at_once = p.builders;
    return EID_OK;
}

typedef struct fill {
    eid_ctx *ctx;
    index_plan plan;
    int64_t memory; /* the whole bound; 0: no shard may be larger than was said */
    index_builders *builders;
    eid_corpus *corpus; /* being filled */
    int64_t cost;       /* of it, in the plan's measure */
    size_t shard;       /* its number */
} fill;

static eid_status hand_over(fill *f)
{
    if (!f->corpus)
        return EID_OK;
    f->cost = 0;
    return index_builders_give(f->builders, f->shard++, &f->corpus);
}

/* Into the shard that is being filled. */
static eid_status put(fill *f, const eid_document *d)
{
    eid_status st = EID_OK;
    size_t name = strlen(d->name) + 1;
    uint8_t *bytes, *named;

    if (!f->corpus)
        EID_TRY(EID_NEW(f->corpus, 1));
    EID_TRY(eid_arena_copy(&f->corpus->arena, d->name, name, &named));
    EID_TRY(eid_arena_copy(&f->corpus->arena, d->bytes, d->size, &bytes));
    EID_TRY(eid_corpus_push(f->corpus, (eid_document){(const char *)named, bytes, d->size}));
done:
    return st;
}

/* A document larger than a shard gets one of its own, with all memory, when that is enough: it
 * stands there once as it was read and once in the corpus. */
static eid_status take_alone(fill *f, const eid_document *d, int64_t cost)
{
    eid_status st = EID_OK;
    double room = (double)f->memory * 7 / 8 - 1.5 * (double)cost;

    if (BUILDING * (double)cost > room || cost > INT32_MAX / 8 * 7)
        return eid_fail(EID_ENOMEM,
                        "%s: a document of %zu bytes; shards hold %" PRId64
                        " bytes, and none is split: it takes more --memory%s, or --max-document",
                        d->name, d->size, f->plan.shard, f->memory ? "" : ", a larger --shard");
    EID_TRY(hand_over(f));
    EID_TRY(put(f, d));
    EID_TRY(index_builders_give_alone(f->builders, f->shard++, &f->corpus, (int64_t)room));
done:
    return st;
}

static eid_status take(void *user, const eid_document *d)
{
    fill *f = user;
    eid_status st = EID_OK;
    int64_t cost = (int64_t)(d->size + strlen(d->name) + 1) + ROW;

    if (cost > f->plan.shard)
        return take_alone(f, d, cost);
    if (f->cost + cost > f->plan.shard)
        EID_TRY(hand_over(f));
    EID_TRY(put(f, d));
    f->cost += cost;
done:
    return st;
}

static eid_status take_all(fill *f, const eid_corpus *c)
{
    eid_status st = EID_OK;
    for (size_t d = 0; d < eid_corpus_size(c) && st == EID_OK; d++) {
        eid_document doc = eid_corpus_doc(c, d);
        st = take(f, &doc);
    }
    return st;
}

static eid_status add_inputs(index_manifest *m, const eid_corpus *summary, size_t shard)
{
    const eid_corpus_input *in;
    size_t n = eid_corpus_inputs(summary, &in);
    for (size_t i = 0; i < n; i++) {
        eid_index_input x = {in[i].path,    in[i].bytes,    in[i].documents,
                             in[i].skipped, (int64_t)shard, ""};
        memcpy(x.sha256, in[i].sha256, sizeof x.sha256);
        eid_status st = index_manifest_add_input(m, &x);
        if (st != EID_OK)
            return st;
    }
    return EID_OK;
}

/* Inputs that the index holds, told by their hashes. */
static eid_status all_new(const index_manifest *m, const eid_corpus *summary, const char *folder)
{
    const eid_corpus_input *in;
    size_t n = eid_corpus_inputs(summary, &in);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < m->inputs; k++)
            if (in[i].sha256[0] && strcmp(in[i].sha256, m->input[k].sha256) == 0)
                return eid_fail(EID_EEXIST,
                                "%s: the index holds %s already; --again adds it once more", folder,
                                in[i].path);
    return EID_OK;
}

typedef struct request {
    eid_ctx *ctx;
    const char *const *paths;
    size_t n_paths;
    const eid_corpus_opts *read;
    const eid_index_opts *opts;
    const eid_corpus *given; /* in place of paths */
} request;

/* Builds shards behind those of *m in `folder` and adds them to *m; the manifest is not written. */
static eid_status build_shards(const request *r, const char *folder, index_manifest *m,
                               eid_corpus **summary)
{
    eid_status st = EID_OK;
    eid_corpus *sum = NULL;
    size_t first = m->shards;
    /* A share of all bytes can only be kept to when all are known: that corpus must fit, too. */
    bool at_once = !r->given && r->read->max_share < 1;
    int64_t memory = eid_ctx_memory(r->ctx) / (at_once ? 2 : 1);
    fill f = {.ctx = r->ctx, .shard = first};

    f.memory = r->opts->shard > 0 ? 0 : memory;
    EID_TRY(index_plan_for(&f.plan, memory, eid_ctx_threads(r->ctx), r->opts->shard));
    EID_TRY(index_builders_new(&f.builders, r->ctx, folder, f.plan.builders, f.plan.each));
    if (at_once)
        EID_TRY(eid_corpus_read(&sum, r->ctx, r->paths, r->n_paths, r->read));
    else if (!r->given)
        EID_TRY(eid_corpus_stream_within(&sum, r->ctx, r->paths, r->n_paths, r->read,
                                         f.plan.reading, take, &f));
    if (at_once || r->given)
        EID_TRY(take_all(&f, r->given ? r->given : sum));
    if (sum && !r->opts->again)
        EID_TRY(all_new(m, sum, folder));
    EID_TRY(hand_over(&f));
    EID_TRY(index_builders_finish(f.builders, m));
    if (sum)
        EID_TRY(add_inputs(m, sum, first));
    EID_TRY(index_folder_sweep(folder, m->shards));
    if (summary) {
        *summary = sum;
        sum = NULL;
    }
done:
    index_builders_free(f.builders);
    eid_corpus_free(f.corpus);
    eid_corpus_free(sum);
    return st;
}

static eid_status build_folder(const request *r, const char *folder, eid_corpus **summary)
{
    eid_status st = EID_OK;
    index_manifest m = {0};
    char *part = NULL, *bare = NULL;
    eid_corpus *sum = NULL;
    int lock = -1;

    EID_TRY(eid_strdup(&bare, folder));
    for (size_t n = strlen(bare); n > 1 && bare[n - 1] == '/';)
        bare[--n] = '\0';
    EID_TRY(index_folder_may_take(bare, r->opts->replace));
    EID_TRY(eid_format(&part, "%s.part", bare));
    EID_TRY(index_folder_lock(part, &lock));
    EID_TRY(build_shards(r, part, &m, &sum));
    EID_TRY(index_manifest_write(&m, part));
    EID_TRY(index_folder_put(part, bare));
    if (summary) {
        *summary = sum;
        sum = NULL;
    }
done:
    if (lock >= 0 && st != EID_OK && st != EID_ECANCELLED)
        index_folder_remove(part); /* stopped on request, it goes on another time */
    if (lock >= 0)
        close(lock);
    eid_corpus_free(sum);
    index_manifest_free(&m);
    eid_free(part);
    eid_free(bare);
    return st;
}

eid_status eid_index_build_shards(eid_ctx *ctx, const char *const *paths, size_t n_paths,
                                  const eid_corpus_opts *read, const eid_index_opts *opts,
                                  const char *folder, eid_corpus **summary)
{
    eid_corpus_opts read_defaults = eid_corpus_opts_default();
    eid_index_opts defaults = eid_index_opts_default();
    request r = {ctx, paths, n_paths, read ? read : &read_defaults, opts ? opts : &defaults, NULL};
    return build_folder(&r, folder, summary);
}

eid_status index_shards_from(eid_ctx *ctx, const eid_corpus *c, const eid_index_opts *opts,
                             const char *folder)
{
    request r = {.ctx = ctx, .opts = opts, .given = c};
    return build_folder(&r, folder, NULL);
}

eid_status eid_index_add(eid_ctx *ctx, const char *const *paths, size_t n_paths,
                         const eid_corpus_opts *read, const eid_index_opts *opts,
                         const char *folder, eid_corpus **summary)
{
    eid_status st = EID_OK;
    eid_corpus_opts read_defaults = eid_corpus_opts_default();
    eid_index_opts defaults = eid_index_opts_default();
    request r = {ctx, paths, n_paths, read ? read : &read_defaults, opts ? opts : &defaults, NULL};
    index_manifest m = {0};
    eid_corpus *sum = NULL;
    size_t before = 0;
    int lock = -1;

    EID_TRY(index_folder_may_grow(folder));
    EID_TRY(index_folder_lock(folder, &lock));
    EID_TRY(index_manifest_read(&m, folder));
    before = m.shards;
    EID_TRY(build_shards(&r, folder, &m, &sum));
    EID_TRY(index_manifest_write(&m, folder));
    if (summary) {
        *summary = sum;
        sum = NULL;
    }
done:
    if (before > 0 && st != EID_OK && st != EID_ECANCELLED)
        index_folder_undo(folder, before);
    if (lock >= 0)
        close(lock);
    eid_corpus_free(sum);
    index_manifest_free(&m);
    return st;
}
