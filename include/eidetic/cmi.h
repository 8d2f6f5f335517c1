/* cmi.h - what a learner's outputs tell about who was in its sample, and what follows for its
 * error.
 *
 * Super-sample (Steinke and Zakynthinou 2020): n pairs of examples Z; one of each pair, by fair
 * coins U, is learned from.  From many draws of U, pair by pair, in nats:
 *
 *     F   I(F_i; U_i | Z)    F_i: predictions on both examples of pair i (Harutyunyan et al. 2021)
 *     L   I(L_i; U_i | Z)    L_i: losses on both
 *     dL  I(dL_i; U_i | Z)   dL_i: their difference (Wang and Mao 2023)
 *
 * L is a function of F and dL of L, so F >= L >= dL; each bounds the gap between loss on fresh and
 * on learned examples by the mean over pairs of sqrt(2 I), for losses in [0, 1]. */
#ifndef EID_CMI_H
#define EID_CMI_H
#include "eidetic/base.h"
#include "eidetic/stats.h"

/* ---- a learner ---------------------------------------------------------------------------------
 */

/* Whoever learns from the chosen half of a super-sample and answers for all of it.  Example 2i + s
 * is side s of pair i. */
typedef struct eid_cmi_learner {
    const char *name;
    void *user;
    /* Super-sample `number`, drawn anew; from the calling thread. */
    eid_status (*draw)(void *user, eid_ctx *ctx, int64_t pairs, int64_t number, void **super);
    /* Learns from example 2i + side[i] of every pair i.  Writes, for each of the 2 pairs examples,
     * a prediction, of which the loss is a function, and the loss, in [0, 1].  `run` numbers the
     * calls over all super-samples.  Called from several threads at once. */
    eid_status (*train)(void *user, const void *super, const uint8_t *side, int64_t run,
                        int32_t *prediction, double *loss);
    void (*release)(void *user, void *super); /* accepts NULL */
} eid_cmi_learner;

/* What runs left behind, from a learner or from models trained elsewhere. */
typedef struct eid_cmi_runs {
    int64_t supers, masks, pairs;
    uint8_t *side;       /* [super][mask][pair], 0 or 1 */
    int32_t *prediction; /* [super][mask][pair][2] */
    double *loss;        /* the same, in [0, 1] */
} eid_cmi_runs;

typedef enum eid_cmi_who {
    EID_CMI_NEAREST = 0, /* nearest neighbour of two Gaussians with flipped labels: interpolates */
    EID_CMI_LOOKUP,      /* a table of the cells seen, else 0; labels by chance: mere memory */
    EID_CMI_MEAN,        /* the convex learners of trace.h, linear problem, prior by accuracy */
    EID_CMI_SGD,
    EID_CMI_PRIVATE
} eid_cmi_who;

typedef struct eid_cmi_opts {
    int64_t learner;
    int64_t pairs, supers, masks;
    int64_t permutations; /* of the null */
    int64_t levels;       /* convex learners: predictions are so many levels of phi, an even number,
                             the middle edge at the threshold of `soundness` */
    int64_t d;            /* dimension of nearest neighbour's points, or of the convex problem */
    double separation,
        flip;      /* nearest: distance of the classes; share of wrong labels (--label-noise) */
    int64_t cells; /* lookup: equally likely ones */
    double accuracy, soundness, noise; /* convex; noise multiplier of private */
    int64_t seed;
} eid_cmi_opts;
EID_API eid_cmi_opts eid_cmi_opts_default(void);
EID_API extern const eid_opt eid_cmi_opt_table[];

/* ---- results -----------------------------------------------------------------------------------
 */

/* One of F, L, dL; means over pairs; intervals between super-samples. */
typedef struct eid_cmi_measure {
    eid_estimate plugin;       /* entropies of the counts: too high by about (|A| - 1) / 2 masks */
    eid_estimate miller_madow; /* less that bias to first order (Miller 1955) */
    /* log 2 (I - E) / (H(U) - E), E the plug-in's exact mean over all permutations of the
     * memberships (Vinh, Epps, Bailey 2010): 0 on average where there is nothing, log 2 where all
     * is told. */
    eid_estimate adjusted;
    /* Under `permutations` random permutations: mean and central 95% of them. */
    eid_estimate null_plugin, null_miller_madow, null_adjusted;
    double p;           /* share of permutations whose plug-in is as high, this one counted */
    eid_estimate bound; /* sqrt(2 miller_madow): of the gap */
    eid_estimate bound_plugin; /* mean over pairs of sqrt(2 plugin), as published */
} eid_cmi_measure;

typedef struct eid_cmi_result {
    const char *learner; /* static, or the caller's */
    int64_t pairs, supers, masks;
    eid_cmi_measure f, l, dl;
    int64_t disordered; /* pairs and super-samples where F >= L >= dL fails in the counts: 0 */
    eid_estimate train, test, gap; /* losses on learned and on other examples; test - train */
    /* I(dL; U) with the pair itself drawn, too (not conditional on Z), sides exchanged where U = 1.
     * Of a learner that fits its sample by 0-1 loss, I = test error * log 2 (Wang and Mao 2023). */
    eid_estimate dl_pooled;
    eid_estimate interpolating; /* dl_pooled / log 2, to compare with `test` */
    /* Of the parameters W: cmi_low <= I(W; U | Z) <= cmi_high <= n log 2, the first n times the
     * larger of f.adjusted and dl_pooled, which both bound it from below; the bound sqrt(2 cmi_high
     * / n); Xu and Raginsky's sqrt(I(W; S) / 2n), from an upper bound on I(W; S).
     */
    eid_estimate cmi_low;
    double cmi_cap, cmi_high, cmi_bound;
    eid_estimate xu_raginsky;
} eid_cmi_result;

/* Trains on `supers` x `masks` draws.  Same runs for any number of threads. */
EID_API EID_CHECKED eid_status eid_cmi_collect(eid_cmi_runs **out, eid_ctx *ctx,
                                               const eid_cmi_learner *learner,
                                               const eid_cmi_opts *opts);
EID_API void eid_cmi_runs_free(eid_cmi_runs *runs);
/* Measures runs; of opts only permutations and seed matter.  EID_EINVAL: under 2 masks, a side that
 * is neither 0 nor 1, a loss outside of [0, 1]. */
EID_API EID_CHECKED eid_status eid_cmi_measure_runs(eid_cmi_result **out, eid_ctx *ctx,
                                                    const eid_cmi_runs *runs,
                                                    const eid_cmi_opts *opts);
/* What eid_cmi would refuse, before anything is drawn. */
EID_API EID_CHECKED eid_status eid_cmi_check(const eid_ctx *ctx, const eid_cmi_opts *opts);
/* A built-in learner from draw to result. */
EID_API EID_CHECKED eid_status eid_cmi(eid_cmi_result **out, eid_ctx *ctx,
                                       const eid_cmi_opts *opts);
EID_API void eid_cmi_result_free(eid_cmi_result *r);
EID_API EID_CHECKED eid_status eid_cmi_json(const eid_cmi_result *r, char **json);
#endif
