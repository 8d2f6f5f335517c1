/* cluster.h - values grouped by the text that they were cut from. */
#ifndef EID_SRC_STATS_CLUSTER_H
#define EID_SRC_STATS_CLUSTER_H
#include "base/status.h"

/* Group g holds the positions member[start[g] .. start[g+1]), ascending; groups come in the order
 * of their names, so that the order of the values does not matter to who is resampled. */
typedef struct eid_clusters {
    size_t n, groups;
    size_t *start, *member;
} eid_clusters;

/* `cluster` NULL: each position is its own group. */
eid_status eid_clusters_new(eid_clusters *c, const int64_t *cluster, size_t n);
void eid_clusters_free(eid_clusters *c);
#endif
