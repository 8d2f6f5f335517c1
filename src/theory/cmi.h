/* cmi.h - the built-in learners of eid_cmi. */
#ifndef EID_SRC_THEORY_CMI_H
#define EID_SRC_THEORY_CMI_H
#include "base/ctx.h"
#include "eidetic/cmi.h"

/* Checks the options that concern it; `opts` is borrowed as the learner's user. */
eid_status eid_cmi_points_learner(eid_cmi_learner *out, const eid_cmi_opts *opts);
eid_status eid_cmi_convex_learner(eid_cmi_learner *out, const eid_cmi_opts *opts);
eid_status eid_cmi_check_sizes(const eid_ctx *ctx, const eid_cmi_opts *opts);
/* What is known of I(W; U | Z) and I(W; S) in closed form. */
eid_status eid_cmi_points_bounds(const eid_cmi_opts *opts, eid_cmi_result *r);
eid_status eid_cmi_convex_bounds(const eid_cmi_opts *opts, eid_cmi_result *r);
/* Xu and Raginsky's bound for losses in [0, 1], which are 1/2-sub-Gaussian. */
eid_estimate eid_cmi_xu_raginsky(double information, int64_t n);
#endif
