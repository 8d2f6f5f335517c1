/* bench_near.c - what `eidetic dedup --near` found, beside every pair of documents.
 *
 * Every pair of distinct documents whose sets of shingles could reach the threshold by their sizes
 * is compared; a comparison ends early only when the threshold is out of reach.  Pairs above it are
 * compared once more from the bytes, with their edit similarity.  Then:
 *   pairs      of duplicates; how many stand in one cluster of the ledger (recall), and how many
 * bands alone should find by the formula removed    documents that the components over all pairs
 * take out, and that the command did
 *
 *     eidetic dedup CORPUS --near T --out FOLDER; bench_near CORPUS FOLDER T BAND BANDS */
#include "base/ctx.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "control/near_words.h"
#include "eidetic/near.h"
#include "par/par.h"
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 5 };

typedef struct doc {
    const uint8_t *text;
    size_t size, number; /* in the corpus */
    near_hashes set;
} doc;

typedef struct pair {
    uint32_t a, b; /* numbers in the corpus */
    double jaccard;
} pair;

typedef struct bench {
    double near;
    doc *d; /* distinct ones, by size of set */
    size_t n;
    pair **found; /* of each */
    size_t *n_found;
    int64_t *compared, *above;
} bench;

static void must(eid_status st)
{
    if (st != EID_OK) {
        fprintf(stderr, "bench_near: %s\n", eid_last_error());
        exit(1);
    }
}

static int by_text(const void *x, const void *y)
{
    const doc *a = x, *b = y;
    if (a->size != b->size)
        return a->size < b->size ? -1 : 1;
    int c = memcmp(a->text, b->text, a->size);
    return c ? c : a->number < b->number ? -1 : 1;
}

static int by_set(const void *x, const void *y)
{
    const doc *a = x, *b = y;
    if (a->set.n != b->set.n)
        return a->set.n < b->set.n ? -1 : 1;
    return a->number < b->number ? -1 : 1;
}

static eid_status make_set(void *arg, int64_t i, int worker)
{
    bench *t = arg;
    (void)worker;
    eid_status st = near_shingles(t->d[i].text, t->d[i].size, WORDS, &t->d[i].set);
    if (st == EID_OK)
        near_set_of(&t->d[i].set);
    return st;
}

/* Whether J >= near, or -1 as soon as too many differ. */
static bool alike(const near_hashes *a, const near_hashes *b, double near)
{
    size_t i = 0, j = 0, both = 0;
    double most = (1 - near) / (1 + near) * (double)(a->n + b->n) + 1, apart = 0;
    while (i < a->n && j < b->n && apart <= most) {
        uint64_t x = a->at[i], y = b->at[j];
        both += x == y;
        apart += x != y;
        i += x <= y;
        j += y <= x;
    }
    return (double)both / (double)(a->n + b->n - both) >= near;
}

static eid_status against_all(void *arg, int64_t i, int worker)
{
    bench *t = arg;
    doc *a = &t->d[i];
    size_t cap = 0;
    eid_status st = EID_OK;
    (void)worker;
    for (size_t k = (size_t)i + 1; k < t->n && (double)a->set.n >= t->near * (double)t->d[k].set.n;
         k++) {
        doc *b = &t->d[k];
        near_similar s;
        t->compared[i]++;
        if (a->set.n == 0 || !alike(&a->set, &b->set, t->near))
            continue;
        t->above[i]++;
        EID_TRY(near_compare(a->text, a->size, b->text, b->size, WORDS, t->near, t->near, &s));
        if (s.jaccard < t->near || s.edit < t->near)
            continue;
        EID_TRY(EID_GROW(t->found[i], &cap, t->n_found[i] + 1));
        t->found[i][t->n_found[i]++] = (pair){(uint32_t)a->number, (uint32_t)b->number, s.jaccard};
    }
done:
    return st;
}

static uint32_t root_of(uint32_t *parent, uint32_t d)
{
    while (parent[d] != d)
        d = parent[d] = parent[parent[d]];
    return d;
}

static void unite(uint32_t *parent, uint32_t u, uint32_t v)
{
    u = root_of(parent, u);
    v = root_of(parent, v);
    parent[u > v ? u : v] = u > v ? v : u;
}

/* cluster[document] as the ledger has it, -1 where it has none; removed[] its other lines. */
static void read_ledger(const char *folder, size_t docs, int64_t *cluster, bool *removed)
{
    char path[4096], *line = NULL;
    size_t cap = 0;
    snprintf(path, sizeof path, "%s/clusters.jsonl", folder);
    FILE *f = fopen(path, "r");
    for (size_t i = 0; i < docs; i++)
        cluster[i] = -1;
    while (f && getline(&line, &cap, f) > 0) {
        json_t *j = json_loads(line, 0, NULL);
        size_t d = (size_t)json_integer_value(json_object_get(j, "document"));
        if (j && d < docs) {
            cluster[d] = json_integer_value(json_object_get(j, "cluster"));
            removed[d] = strcmp(json_string_value(json_object_get(j, "what")), "kept") != 0;
        }
        json_decref(j);
    }
    if (f)
        fclose(f);
    free(line);
}

static void report(const bench *t, size_t docs, uint32_t *parent, const char *folder, int64_t band,
                   int64_t bands)
{
    int64_t pairs = 0, together = 0, compared = 0, above = 0, want = 0, got = 0, both = 0, *cluster;
    double by_bands = 0;
    bool *removed;

    must(EID_NEW(cluster, docs));
    must(EID_NEW(removed, docs));
    read_ledger(folder, docs, cluster, removed);
    for (size_t i = 0; i < t->n; i++) {
        compared += t->compared[i];
        above += t->above[i];
        for (size_t k = 0; k < t->n_found[i]; k++) {
            const pair *p = &t->found[i][k];
            unite(parent, p->a, p->b);
            pairs++;
            together += cluster[p->a] >= 0 && cluster[p->a] == cluster[p->b];
            by_bands += eid_near_found(p->jaccard, band, bands);
        }
    }
    for (size_t i = 0; i < docs; i++) {
        bool should = root_of(parent, (uint32_t)i) != i;
        want += should;
        got += removed[i];
        both += should && removed[i];
    }
    printf("documents\t%zu\ndistinct\t%zu\npairs compared\t%" PRId64 "\n", docs, t->n, compared);
    printf("pairs of Jaccard >= %g\t%" PRId64 "\nof them duplicates\t%" PRId64 "\n", t->near, above,
           pairs);
    printf("in one cluster\t%" PRId64 "\nrecall of pairs\t%.5f\n", together,
           (double)together / (double)(pairs ? pairs : 1));
    printf("expected of bands alone\t%.5f\n", by_bands / (double)(pairs ? pairs : 1));
    printf("to remove\t%" PRId64 "\nremoved\t%" PRId64 "\nboth\t%" PRId64 "\n", want, got, both);
    printf("recall of removals\t%.5f\nprecision of removals\t%.5f\n", (double)both / (double)want,
           (double)both / (double)got);
    eid_free(cluster);
    eid_free(removed);
}

int main(int argc, char **argv)
{
    eid_ctx *ctx = NULL;
    eid_ctx_opts o = eid_ctx_opts_default();
    eid_corpus *c = NULL;
    bench t = {.near = argc > 3 ? strtod(argv[3], NULL) : 0.8};
    uint32_t *parent;

    if (argc < 3) {
        fprintf(stderr, "bench_near CORPUS FOLDER [T BAND BANDS]\n");
        return 2;
    }
    o.threads = 2;
    must(eid_ctx_new(&ctx, &o));
    const char *const paths[] = {argv[1]};
    must(eid_corpus_read(&c, ctx, paths, 1, NULL));
    size_t docs = eid_corpus_size(c);
    must(EID_NEW(t.d, docs));
    must(EID_NEW(parent, docs));
    for (size_t i = 0; i < docs; i++) {
        eid_document d = eid_corpus_doc(c, i);
        t.d[i] = (doc){.text = d.bytes, .size = d.size, .number = i};
        parent[i] = (uint32_t)i;
    }
    qsort(t.d, docs, sizeof *t.d, by_text);
    for (size_t i = 0; i < docs; i++) {
        doc *last = t.n ? &t.d[t.n - 1] : NULL;
        if (last && last->size == t.d[i].size && !memcmp(last->text, t.d[i].text, last->size))
            unite(parent, (uint32_t)last->number, (uint32_t)t.d[i].number);
        else
            t.d[t.n++] = t.d[i];
    }
    must(eid_par_for(ctx, (int64_t)t.n, make_set, &t));
    qsort(t.d, t.n, sizeof *t.d, by_set);
    must(EID_NEW(t.found, t.n));
    must(EID_NEW(t.n_found, t.n));
    must(EID_NEW(t.compared, t.n));
    must(EID_NEW(t.above, t.n));
    must(eid_par_for(ctx, (int64_t)t.n, against_all, &t));
    report(&t, docs, parent, argv[2], argc > 4 ? (int)strtol(argv[4], NULL, 10) : 20,
           argc > 5 ? (int)strtol(argv[5], NULL, 10) : 450);
    for (size_t i = 0; i < t.n; i++) {
        eid_free(t.found[i]);
        eid_free(t.d[i].set.at);
    }
    eid_free(t.found);
    eid_free(t.n_found);
    eid_free(t.compared);
    eid_free(t.above);
    eid_free(t.d);
    eid_free(parent);
    eid_corpus_free(c);
    eid_ctx_free(ctx);
    return 0;
}
