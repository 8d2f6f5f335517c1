/* bench_index.c - building an index beside the suffix sorter alone, and asking it.
 *
 * The sorter alone gets the same text as one block in memory, and the rounds alternate, so that a
 * drifting machine slows both; the median of the ratios is told.  "build" is all of it: counting,
 * hashing, coding, sorting, decoding, writing, and the disk's word that it is there; the sorter
 * alone includes the memory for its array.  Processor time is told too: on a shared machine it
 * compares the work where the clock compares the neighbours.  Queries are
 * pieces of the text of 8 to 200 bytes, some with one byte changed; each is timed by itself, after
 * a first pass that warms the map.
 *
 *     bench_index FOLDER [megabytes [where to write]]          (default 48, /tmp)
 *     bench_index IDX                                          only asks an index of shards */
#include "base/ctx.h"
#include "base/file.h"
#include "eidetic/index.h"
#include "eidetic/rng.h"
#include "index/sort.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 3, QUERIES = 20000, LONGEST = 200 };

static void must(eid_status st)
{
    if (st != EID_OK) {
        fprintf(stderr, "bench_index: %s\n", eid_last_error());
        exit(1);
    }
}

static int ascending(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;

    return (a > b) - (a < b);
}

static double cpu_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double median(double *x, size_t n)
{
    qsort(x, n, sizeof *x, ascending);
    return x[n / 2];
}

static eid_ctx *ctx_of(int threads)
{
    eid_ctx *ctx = NULL;
    eid_ctx_opts o = eid_ctx_opts_default();

    o.threads = threads;
    must(eid_ctx_new(&ctx, &o));
    return ctx;
}

/* The folder's documents up to the wanted size. */
static eid_corpus *gather(eid_ctx *ctx, const char *folder, int64_t wanted, eid_corpus **all)
{
    eid_corpus_opts o = eid_corpus_opts_default();
    eid_corpus *c = NULL;
    int64_t *picked = NULL, bytes = 0;
    size_t n = 0;

    o.max_document = 1 << 20; /* no single file decides */
    o.drop_identical = true;
    must(eid_corpus_read(all, ctx, &folder, 1, &o));
    must(EID_NEW(picked, eid_corpus_size(*all)));
    for (size_t i = 0; i < eid_corpus_size(*all) && bytes < wanted; i++) {
        picked[n++] = (int64_t)i;
        bytes += (int64_t)eid_corpus_doc(*all, i).size;
    }
    must(eid_corpus_pick(&c, *all, picked, n));
    eid_free(picked);
    return c;
}

typedef struct cost {
    double wall, cpu;
} cost;

static cost sort_alone(const eid_corpus *c)
{
    size_t n = (size_t)eid_corpus_bytes(c), at = 0;
    uint8_t *text = NULL;
    int32_t *sa = NULL;

    must(EID_NEW(text, n));
    for (size_t i = 0; i < eid_corpus_size(c); i++) {
        eid_document d = eid_corpus_doc(c, i);
        memcpy(text + at, d.bytes, d.size);
        at += d.size;
    }
    cost began = {eid_now(), cpu_seconds()};
    must(EID_NEW(sa, n));
    must(index_sort(text, sa, (int64_t)n, false));
    cost took = {eid_now() - began.wall, cpu_seconds() - began.cpu};
    eid_free(text);
    eid_free(sa);
    return took;
}

static void measure_build(eid_ctx *ctx, const eid_corpus *c, const char *path)
{
    double alone[ROUNDS], build[ROUNDS], ratio[ROUNDS], cpu_ratio[ROUNDS];
    double mb = (double)eid_corpus_bytes(c) / 1e6;

    for (int r = 0; r < ROUNDS; r++) {
        cost sort = sort_alone(c), began = {eid_now(), cpu_seconds()};
        must(eid_index_build(ctx, c, path));
        alone[r] = sort.wall;
        build[r] = eid_now() - began.wall;
        ratio[r] = alone[r] / build[r];
        cpu_ratio[r] = sort.cpu / (cpu_seconds() - began.cpu);
    }
    printf("%s alone\t%.1f MB/s\n", index_sorter(), mb / median(alone, ROUNDS));
    printf("build, %d threads\t%.1f MB/s\t%.0f%% of the sorter alone\t%.0f%% by processor time\n",
           eid_ctx_threads(ctx), mb / median(build, ROUNDS), 100 * median(ratio, ROUNDS),
           100 * median(cpu_ratio, ROUNDS));
}

static size_t make_queries(const eid_index *ix, uint8_t (*bytes)[LONGEST], eid_pattern *pats)
{
    eid_rng rng = eid_rng_seed(1);
    size_t total = 0;

    for (size_t q = 0; q < QUERIES; q++) {
        size_t size = 0, n = 8 + (size_t)eid_rng_below(&rng, LONGEST - 7);
        const uint8_t *doc = NULL;
        while (size < n)
            doc = eid_index_doc(ix, (int64_t)eid_rng_below(&rng, (uint64_t)eid_index_docs(ix)),
                                &size);
        memcpy(bytes[q], doc + eid_rng_below(&rng, size - n + 1), n);
        if (q % 4 == 0)
            bytes[q][eid_rng_below(&rng, n)] ^= 1;
        pats[q] = (eid_pattern){bytes[q], n};
        total += n;
    }
    return total;
}

static void measure_count(eid_ctx *ctx, const char *path)
{
    static uint8_t bytes[QUERIES][LONGEST];
    static eid_pattern pats[QUERIES];
    static int64_t counts[QUERIES];
    static double seconds[QUERIES];
    eid_index *ix = NULL;

    double began = eid_now();
    must(eid_index_open(&ix, path));
    printf("open\t%.1f ms\n", 1e3 * (eid_now() - began));
    make_queries(ix, bytes, pats);
    must(eid_index_count_many(ix, ctx, pats, QUERIES, counts, NULL)); /* warms the map */
    for (size_t q = 0; q < QUERIES; q++) {
        int64_t count;
        began = eid_now();
        must(eid_index_count(ix, pats[q].bytes, pats[q].n, &count, NULL));
        seconds[q] = eid_now() - began;
    }
    if (eid_index_shards(ix) > 1) {
        double median_of_all = median(seconds, QUERIES);
        printf("a shard, of %d\t%.2f us median\n", (int)eid_index_shards(ix),
               1e6 * median_of_all / (double)eid_index_shards(ix));
    }
    double half = median(seconds, QUERIES);
    printf("count\t%.2f us median\t%.2f us at 99%%\n", 1e6 * half,
           1e6 * seconds[QUERIES * 99 / 100]);
    began = eid_now();
    must(eid_index_count_many(ix, ctx, pats, QUERIES, counts, NULL));
    printf("count_many, %d threads\t%.0f a second\n", eid_ctx_threads(ctx),
           QUERIES / (eid_now() - began));
    if (eid_index_bytes(ix) > 1 << 28) { /* a walk over all of it: not for a quick look */
        eid_index_free(ix);
        return;
    }
    eid_repeats r;
    began = eid_now();
    must(eid_index_repeats(ix, ctx, 64, &r));
    printf("repeats of 64 bytes, %d threads\t%.1f MB/s\t%.1f%% of the bytes\n",
           eid_ctx_threads(ctx), (double)eid_index_bytes(ix) / 1e6 / (eid_now() - began),
           100.0 * (double)r.bytes / (double)eid_index_bytes(ix));
    eid_index_free(ix);
}

int main(int argc, char **argv)
{
    char path[4096];
    eid_ctx *one = ctx_of(1), *two = ctx_of(2);
    eid_corpus *all = NULL;

    if (argc < 2) {
        fprintf(stderr, "Usage: bench_index FOLDER [megabytes [where to write]]\n");
        return 2;
    }
    snprintf(path, sizeof path, "%s/manifest", argv[1]);
    if (eid_exists(path)) {
        measure_count(one, argv[1]);
        eid_ctx_free(one);
        eid_ctx_free(two);
        return 0;
    }
    snprintf(path, sizeof path, "%s/bench-index-%ld.idx", argc > 3 ? argv[3] : "/tmp",
             (long)getpid());
    eid_corpus *c = gather(two, argv[1], argc > 2 ? atol(argv[2]) * 1000000 : 48000000, &all);
    printf("text\t%.1f MB\t%zu documents\n", (double)eid_corpus_bytes(c) / 1e6, eid_corpus_size(c));
    measure_build(one, c, path);
    measure_build(two, c, path);
    measure_count(two, path);
    unlink(path);
    eid_corpus_free(c);
    eid_corpus_free(all);
    eid_ctx_free(one);
    eid_ctx_free(two);
    return 0;
}
