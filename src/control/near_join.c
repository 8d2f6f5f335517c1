/* near_join.c - which documents belong together.
 *
 * One band after another is gathered from disk and sorted, in as many passes as memory asks for (a
 * pass takes the keys of one range).  Documents with one key share a bucket, and every pair of a
 * bucket is to be compared, unless both belong to one cluster already: then its answer changes
 * nothing.  So all buckets of a band go through rounds.  In a round a bucket proposes one of its
 * documents (of its smallest cluster that still has one that has not had its turn) against all
 * of other clusters.  100,000 near copies are joined in one round, and what a bucket costs is the
 * number of its pairs that are really different, each compared once over all bands.
 *
 * The clusters are the components of a graph that the options and documents decide, so that no
 * order of comparing changes them; and rounds are the same for any number of threads. */
#include "control/near_check.h"
#include <stdlib.h>
#include <string.h>

typedef struct entry {
    uint64_t key;
    uint32_t doc, root; /* root: while it stands in a bucket */
} entry;

/* What an entry of a bucket was compared with: nothing, the first of every other cluster, all. */
enum { NO_TURN, HALF_TURN, FULL_TURN };

typedef struct bucket {
    size_t first, n; /* entries, of those in work */
} bucket;

typedef struct joining {
    near_job *j;
    near_checker *checker;
    near_pairs no;
    entry *at, *spare;
    size_t most;    /* entries that at and spare hold */
    uint64_t *keys; /* of one batch and band */
    size_t keys_cap;
    bucket *bucket;
    size_t buckets, bucket_cap;
    uint64_t *pair;
    uint8_t *yes;
    near_similar *similar;
    size_t pairs, pair_cap, yes_cap, similar_cap;
} joining;

uint32_t near_root(uint32_t *parent, uint32_t d)
{
    while (parent[d] != d)
        d = parent[d] = parent[parent[d]];
    return d;
}

static void unite(uint32_t *parent, uint32_t u, uint32_t v)
{
    u = near_root(parent, u);
    v = near_root(parent, v);
    if (u < v)
        parent[v] = u;
    else
        parent[u] = v;
}

/* Keys of the band whose upper half lies in part `pass` of `passes`, in order of documents. */
static eid_status gather(joining *g, int64_t band, uint64_t pass, uint64_t passes, size_t *n)
{
    const near_job *j = g->j;
    eid_status st = EID_OK;

    *n = 0;
    for (size_t b = 0; b < j->batches; b++) {
        const near_batch *t = &j->batch[b];
        EID_TRY(EID_GROW(g->keys, &g->keys_cap, t->n));
        EID_TRY(near_pread(j->fd[NEAR_KEYS], j->path[NEAR_KEYS], g->keys, 8 * (size_t)t->n,
                           t->at + 8 * band * t->n));
        for (int64_t i = 0; i < t->n; i++) {
            if (g->keys[i] == 0 || (g->keys[i] >> 32) * passes >> 32 != pass)
                continue;
            if (*n == g->most)
                return eid_fail(EID_ENOMEM, "near: one band's keys do not fit into --memory");
            g->at[(*n)++] = (entry){g->keys[i], (uint32_t)(t->first + i), 0};
        }
    }
done:
    return st;
}

/* By key, stably: documents of one key stay in order. */
static void sort(joining *g, size_t n)
{
    for (int shift = 0; shift < 64; shift += 8) {
        size_t from[257] = {0};
        for (size_t i = 0; i < n; i++)
            from[(g->at[i].key >> shift & 255) + 1]++;
        for (int d = 0; d < 256; d++)
            from[d + 1] += from[d];
        for (size_t i = 0; i < n; i++)
            g->spare[from[g->at[i].key >> shift & 255]++] = g->at[i];
        entry *t = g->at;
        g->at = g->spare;
        g->spare = t;
    }
}

static eid_status find_buckets(joining *g, size_t n)
{
    g->buckets = 0;
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && g->at[end].key == g->at[i].key;)
            end++;
        if (end - i < 2)
            continue;
        eid_status st = EID_GROW(g->bucket, &g->bucket_cap, g->buckets + 1);
        if (st != EID_OK)
            return st;
        g->bucket[g->buckets++] = (bucket){i, end - i};
        for (; i < end; i++)
            g->at[i].key = NO_TURN; /* the key has done its work */
    }
    return EID_OK;
}

static int by_cluster(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->root != y->root)
        return x->root < y->root ? -1 : 1;
    return (x->doc > y->doc) - (x->doc < y->doc);
}

static size_t group_end(const entry *e, size_t i, size_t n)
{
    size_t end = i + 1;
    while (end < n && e[end].root == e[i].root)
        end++;
    return end;
}

/* Sorts a bucket into clusters and drops those of which every member has had its turn: it was
 * compared with all that were in other clusters. */
static void tidy(joining *g, bucket *b)
{
    entry *e = g->at + b->first;
    size_t kept = 0;

    for (size_t i = 0; i < b->n; i++)
        e[i].root = near_root(g->j->parent, e[i].doc);
    qsort(e, b->n, sizeof *e, by_cluster);
    for (size_t i = 0, end; i < b->n; i = end) {
        bool open = false;
        end = group_end(e, i, b->n);
        for (size_t k = i; k < end; k++)
            open = open || e[k].key != FULL_TURN;
        if (open) {
            memmove(e + kept, e + i, (end - i) * sizeof *e);
            kept += end - i;
        }
    }
    b->n = kept;
}

/* The bucket's next document against all of other clusters; none when it is done. */
static eid_status propose(joining *g, bucket *b)
{
    entry *e = g->at + b->first;
    size_t from = 0, to = 0;

    tidy(g, b);
    for (size_t i = 0, end; i < b->n; i = end) {
        end = group_end(e, i, b->n);
        if (to == 0 || end - i < to - from)
            from = i, to = end;
    }
    if (to - from == b->n) { /* one cluster, or nothing left */
        b->n = 0;
        return EID_OK;
    }
    while (e[from].key == FULL_TURN)
        from++;
    bool all = e[from].key++ == HALF_TURN;
    for (size_t i = 0; i < b->n; i = all ? i + 1 : group_end(e, i, b->n)) {
        uint32_t u = e[from].doc, v = e[i].doc;
        uint64_t pair = u < v ? (uint64_t)u << 32 | v : (uint64_t)v << 32 | u;
        if (e[i].root == e[from].root || near_pairs_has(&g->no, pair))
            continue;
        eid_status st = EID_GROW(g->pair, &g->pair_cap, g->pairs + 1);
        if (st != EID_OK)
            return st;
        g->pair[g->pairs++] = pair;
    }
    return EID_OK;
}

static eid_status settle(joining *g)
{
    near_job *j = g->j;
    eid_status st = EID_OK;

    EID_TRY(EID_GROW(g->yes, &g->yes_cap, g->pairs));
    EID_TRY(EID_GROW(g->similar, &g->similar_cap, g->pairs));
    EID_TRY(near_check(g->checker, g->pair, g->pairs, g->yes, g->similar));
    j->compared += (int64_t)g->pairs;
    for (size_t i = 0; i < g->pairs; i++) {
        j->duplicates += g->yes[i];
        if (!g->yes[i]) {
            EID_TRY(near_pairs_add(&g->no, g->pair[i]));
            continue;
        }
        unite(j->parent, (uint32_t)(g->pair[i] >> 32), (uint32_t)g->pair[i]);
        if (j->knowns >= j->n) /* the ledger can do without */
            continue;
        EID_TRY(EID_GROW(j->known, &j->known_cap, j->knowns + 1));
        j->known[j->knowns++] = (near_known){g->pair[i], g->similar[i]};
    }
done:
    return st;
}

/* All rounds of all buckets. */
static eid_status rounds(joining *g)
{
    eid_status st = EID_OK;

    while (g->buckets > 0) {
        size_t left = 0;
        g->pairs = 0;
        for (size_t b = 0; b < g->buckets; b++) {
            EID_TRY(propose(g, &g->bucket[b]));
            if (g->bucket[b].n > 0)
                g->bucket[left++] = g->bucket[b];
        }
        g->buckets = left;
        EID_TRY(settle(g));
    }
done:
    return st;
}

static eid_status join_band(joining *g, int64_t band, uint64_t passes)
{
    eid_status st = EID_OK;
    size_t n;

    for (uint64_t pass = 0; pass < passes; pass++) {
        EID_TRY(gather(g, band, pass, passes, &n));
        sort(g, n);
        EID_TRY(find_buckets(g, n));
        EID_TRY(rounds(g));
    }
done:
    return st;
}

/* How many passes, each with room for a third more keys than it should hold: one more key of one
 * document than that is told, not overrun. */
static eid_status plan(joining *g, uint64_t *passes)
{
    int64_t memory = eid_ctx_memory(g->j->ctx);
    size_t fit = (size_t)memory / 4 / (2 * sizeof *g->at);
    eid_status st = EID_OK;

    *passes = 1;
    g->most = g->j->n;
    if (g->j->n > fit) {
        *passes = 4 * (uint64_t)g->j->n / (3 * (uint64_t)fit) + 1;
        g->most = fit;
    }
    g->no.most = (size_t)memory / 8 / 32;
    EID_TRY(EID_NEW(g->at, g->most));
    EID_TRY(EID_NEW(g->spare, g->most));
    EID_TRY(near_checker_new(&g->checker, g->j, memory / 4));
done:
    return st;
}

eid_status near_join(near_job *j)
{
    eid_status st = EID_OK;
    joining g = {.j = j};
    uint64_t passes;
    int64_t done = 0;
    double saved = eid_now();

    EID_TRY(EID_NEW(j->parent, j->n));
    for (size_t d = 0; d < j->n; d++)
        j->parent[d] = (uint32_t)d;
    EID_TRY(plan(&g, &passes));
    EID_TRY(near_state_read(j, &done, &g.no));
    for (int64_t band = done; band < j->o.bands; band++) {
        EID_TRY(join_band(&g, band, passes));
        eid_status go = eid_tick(j->ctx, "comparing", "bands", band + 1, j->o.bands);
        if (go != EID_OK || eid_now() - saved > 5) {
            EID_TRY(near_state_write(j, band + 1, &g.no));
            saved = eid_now();
        }
        EID_TRY(go);
    }
    EID_TRY(near_state_write(j, j->o.bands, &g.no));
done:
    near_checker_free(g.checker);
    eid_free(g.no.slot);
    eid_free(g.at);
    eid_free(g.spare);
    eid_free(g.keys);
    eid_free(g.bucket);
    eid_free(g.pair);
    eid_free(g.yes);
    eid_free(g.similar);
    return st;
}
