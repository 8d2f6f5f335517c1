/* membership.h - the parts of membership inference: windows, scores, the blind baseline. */
#ifndef EID_SRC_MEMBERSHIP_H
#define EID_SRC_MEMBERSHIP_H
#include "base/ctx.h"
#include "base/memory.h"
#include "eidetic/measure.h"

/* A sample: tok[0..tokens) of a document. */
typedef struct eid_window {
    const int32_t *tok;
    eid_membership_sample at;
} eid_window;

typedef struct eid_windows {
    eid_window *at;
    size_t n;
} eid_windows;

/* Text of a window's tokens, appended to an emptied `text`. */
eid_status eid_window_text(const eid_bpe *bpe, const int32_t *tok, int64_t n, eid_buf *text);

/* Draws windows that do not overlap.  Both sides follow one law, or the sampling itself would tell
 * them apart: at most `per_document` candidates of each document, and of all candidates that will
 * do each with the same chance.  (Taking one window of every document before a second of any would
 * give the smaller side more of its long documents.)  With an index, members that stand in several
 * documents go to `repeated` and non-members that stand in it are left out; twice `samples` are
 * drawn then, because eid_windows_shared will leave more out. */
eid_status eid_windows_members(eid_windows *unique, eid_windows *repeated, eid_ctx *ctx,
                               const eid_bpe *bpe, const eid_tokens *docs, const eid_index *index,
                               const eid_membership_opts *opts);
eid_status eid_windows_nonmembers(eid_windows *out, eid_ctx *ctx, const eid_bpe *bpe,
                                  const eid_tokens *docs, const eid_index *index,
                                  const eid_membership_opts *opts);

/* Sets shared[i] where the tokens of window i stand in some document of `docs`; not in its own,
 * where the windows are cut from `docs` themselves (`own`). */
eid_status eid_windows_shared(eid_ctx *ctx, const eid_tokens *docs, int64_t tokens,
                              const eid_window *w, size_t n, bool own, bool *shared);

enum {
    EID_ATTACK_LOSS,
    EID_ATTACK_ZLIB,
    EID_ATTACK_MIN_K,
    EID_ATTACK_MIN_K_PP,
    EID_ATTACK_LOWERCASE,
    EID_ATTACKS
};
extern const char *const eid_attack_name[EID_ATTACKS];

/* score[a][i] of windows w[0..n); score[a] NULL: attack a is not wanted. */
eid_status eid_attack_windows(eid_ctx *ctx, eid_lm *lm, const eid_bpe *bpe, const eid_window *w,
                              size_t n, const eid_membership_opts *opts, double *const *score);

/* Mean of the lowest max(1, percent n / 100) of x[0..n), which is sorted by the call. */
double eid_lowest_mean(double *x, size_t n, int64_t percent);
/* z[i] = (logp - mean) / sqrt(max(var, 1e-6)). */
void eid_standard_scores(const float *logp, const float *mean, const float *var, size_t n,
                         double *z);

/* AUC of naive Bayes between the two sets, cross-validated by document; its interval is widened by
 * `permutations` of the documents between the sides (0: not). */
eid_status eid_blind_baseline(const eid_window *member, size_t n_member,
                              const eid_window *nonmember, size_t n_nonmember, int32_t vocab,
                              int64_t permutations, const eid_membership_opts *opts,
                              eid_estimate *out);
#endif
