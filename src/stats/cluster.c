#include "stats/cluster.h"
#include "base/memory.h"
#include <stdlib.h>

typedef struct named {
    int64_t name;
    size_t at;
} named;

static int by_name(const void *a, const void *b)
{
    const named *x = a, *y = b;
    if (x->name != y->name)
        return x->name < y->name ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

eid_status eid_clusters_new(eid_clusters *c, const int64_t *cluster, size_t n)
{
    eid_status st = EID_OK;
    named *sorted = NULL;
    *c = (eid_clusters){.n = n};
    EID_TRY(EID_NEW(c->start, n + 1));
    EID_TRY(EID_NEW(c->member, n));
    EID_TRY(EID_NEW(sorted, n));
    for (size_t i = 0; i < n; i++)
        sorted[i] = (named){cluster ? cluster[i] : (int64_t)i, i};
    if (cluster)
        qsort(sorted, n, sizeof *sorted, by_name);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || sorted[i].name != sorted[i - 1].name)
            c->start[c->groups++] = i;
        c->member[i] = sorted[i].at;
    }
    c->start[c->groups] = n;
done:
    eid_free(sorted);
    if (st != EID_OK)
        eid_clusters_free(c);
    return st;
}

void eid_clusters_free(eid_clusters *c)
{
    eid_free(c->start);
    eid_free(c->member);
    *c = (eid_clusters){0};
}
