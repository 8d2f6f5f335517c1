/* audit_data_infl.c - which training example helps which test example. */
#include "recipe/audit_data.h"

eid_status data_influence(data_audit *a)
{
    eid_high_influence_opts o = eid_high_influence_opts_default();

    o.permutations = 19;
    o.keep = DATA_PAIRS;
    o.seed = a->opts->seed;
    return eid_high_influence_of(&a->pairs, a->ctx, a->bank, a->score[DATA_MEM], &o);
}
