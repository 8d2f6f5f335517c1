/* cmi_options.c - options of the super-sample experiment, and the whole of it. */
#include "base/memory.h"
#include "theory/cmi.h"
#include <stddef.h>

eid_cmi_opts eid_cmi_opts_default(void)
{
    return (eid_cmi_opts){
        .pairs = 100,
        .supers = 10,
        .masks = 60,
        .permutations = 200,
        .levels = 2,
        .separation = 3,
        .flip = 0.1,
        .cells = 1000000,
        .accuracy = 0.1,
        .soundness = 0.01,
        .seed = 1,
    };
}

#define AT(field) offsetof(eid_cmi_opts, field)
const eid_opt eid_cmi_opt_table[] = {
    {EID_OPT_ENUM, "learner", AT(learner), 0, 0, "who learns", "nearest|lookup|mean|sgd|private",
     0},
    {EID_OPT_I64, "n", AT(pairs), -1e15, 1e15, "pairs of a super-sample: examples learned from",
     NULL, 0},
    {EID_OPT_I64, "supers", AT(supers), -1e6, 1e6, "super-samples", NULL, 0},
    {EID_OPT_I64, "masks", AT(masks), -1e6, 1e6, "draws of the coins for each", NULL, 0},
    {EID_OPT_I64, "permutations", AT(permutations), 0, 1e6, "of the memberships, for the null",
     NULL, 0},
    {EID_OPT_I64, "d", AT(d), -1e15, 1e15,
     "dimension, 0: 10 for nearest, 2500 for mean, sgd and private", NULL, 0},
    {EID_OPT_F64, "separation", AT(separation), -1e6, 1e6, "nearest: distance of the classes", NULL,
     0},
    {EID_OPT_F64, "label-noise", AT(flip), -1, 2, "nearest: share of wrong labels", NULL, 0},
    {EID_OPT_I64, "cells", AT(cells), -1e15, 1e15, "lookup: equally likely cells", NULL, 0},
    {EID_OPT_F64, "accuracy", AT(accuracy), -1e300, 1e300, "convex: scale of the prior's means",
     NULL, 0},
    {EID_OPT_F64, "soundness", AT(soundness), -1, 2,
     "convex: the middle edge flags this share of fresh examples", NULL, 0},
    {EID_OPT_I64, "levels", AT(levels), -1e6, 1e6, "convex: levels of a prediction, an even number",
     NULL, 0},
    {EID_OPT_F64, "noise", AT(noise), -1e300, 1e300, "private: noise multiplier", NULL, 0},
    {EID_OPT_I64, "seed", AT(seed), 0, 1e15, "random seed", NULL, 0},
    {0}};
#undef AT

static bool keeps_points(const eid_cmi_opts *o)
{
    return o->learner == EID_CMI_NEAREST || o->learner == EID_CMI_LOOKUP;
}

/* The learner that the options ask for, its dimension filled in; `o` becomes its user. */
static eid_status learner_of(eid_cmi_learner *out, eid_cmi_opts *o)
{
    if (o->d == 0)
        o->d = keeps_points(o) ? 10 : 2500;
    return keeps_points(o) ? eid_cmi_points_learner(out, o) : eid_cmi_convex_learner(out, o);
}

eid_status eid_cmi_check(const eid_ctx *ctx, const eid_cmi_opts *opts)
{
    eid_cmi_opts o = *opts;
    eid_cmi_learner learner;
    eid_status st = eid_cmi_check_sizes(ctx, &o);
    return st == EID_OK ? learner_of(&learner, &o) : st;
}

eid_status eid_cmi(eid_cmi_result **out, eid_ctx *ctx, const eid_cmi_opts *opts)
{
    eid_status st = EID_OK;
    eid_cmi_opts o = *opts;
    eid_cmi_learner learner;
    eid_cmi_runs *runs = NULL;
    eid_cmi_result *r = NULL;
    EID_TRY(learner_of(&learner, &o));
    EID_TRY(eid_cmi_collect(&runs, ctx, &learner, &o));
    EID_TRY(eid_cmi_measure_runs(&r, ctx, runs, &o));
    r->learner = learner.name;
    EID_TRY(keeps_points(&o) ? eid_cmi_points_bounds(&o, r) : eid_cmi_convex_bounds(&o, r));
    *out = r;
    r = NULL;
done:
    eid_cmi_result_free(r);
    eid_cmi_runs_free(runs);
    return st;
}
