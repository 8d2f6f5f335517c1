/* membership_attacks.c - scores that are higher for texts that the model was trained on. */
#include "measure/membership.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <zlib.h>

enum { CHUNK = 512 }; /* windows scored at a time */

const char *const eid_attack_name[EID_ATTACKS] = {"loss", "zlib", "min_k", "min_k++", "lowercase"};

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double eid_lowest_mean(double *x, size_t n, int64_t percent)
{
    size_t k = (size_t)((int64_t)n * percent / 100);
    double sum = 0;
    if (k < 1)
        k = 1;
    qsort(x, n, sizeof *x, ascending);
    for (size_t i = 0; i < k; i++)
        sum += x[i];
    return sum / (double)k;
}

void eid_standard_scores(const float *logp, const float *mean, const float *var, size_t n,
                         double *z)
{
    for (size_t i = 0; i < n; i++)
        z[i] = ((double)logp[i] - (double)mean[i]) / sqrt(fmax((double)var[i], 1e-6));
}

static double mean_of(const float *x, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (double)x[i];
    return sum / (double)n;
}

/* What scoring a chunk needs besides the windows. */
typedef struct scorer {
    eid_ctx *ctx;
    eid_lm *lm;
    const eid_bpe *bpe;
    const eid_membership_opts *opts;
    eid_seq seq[CHUNK];
    int32_t *lower[CHUNK]; /* ids of the lower-cased texts */
    double *scratch;       /* a window's worth */
    eid_buf text;
    uint8_t *packed; /* zlib's output */
    size_t packed_cap;
} scorer;

static eid_status zlib_bytes(scorer *s, uLongf *bytes)
{
    eid_status st = EID_OK;
    EID_TRY(EID_GROW(s->packed, &s->packed_cap, compressBound(s->text.n)));
    *bytes = s->packed_cap;
    if (compress2(s->packed, bytes, s->text.at, s->text.n, 6) != Z_OK)
        st = eid_fail(EID_EINTERNAL, "membership: zlib refused %zu bytes", s->text.n);
done:
    return st;
}

/* The scores that need the window's own probabilities and bytes. */
static eid_status score_window(scorer *s, const eid_window *w, const eid_scores *got, size_t at,
                               double *const *score, size_t out)
{
    eid_status st = EID_OK;
    int64_t from = got->start[at], n = got->start[at + 1] - from;
    double loss = mean_of(got->logp + from, n);
    uLongf packed = 0;

    if (isnan(loss)) {
        st = eid_fail(EID_EINVAL, "membership: the model's score of a window is not a number");
        goto done;
    }
    EID_TRY(eid_window_text(s->bpe, w->tok, s->opts->tokens, &s->text));
    EID_TRY(zlib_bytes(s, &packed));
    score[EID_ATTACK_LOSS][out] = loss;
    score[EID_ATTACK_ZLIB][out] = loss / (double)packed;
    for (int64_t i = 0; i < n; i++)
        s->scratch[i] = (double)got->logp[from + i];
    score[EID_ATTACK_MIN_K][out] = eid_lowest_mean(s->scratch, (size_t)n, s->opts->min_k);
    if (score[EID_ATTACK_MIN_K_PP]) {
        eid_standard_scores(got->logp + from, got->mean + from, got->var + from, (size_t)n,
                            s->scratch);
        score[EID_ATTACK_MIN_K_PP][out] = eid_lowest_mean(s->scratch, (size_t)n, s->opts->min_k);
    }
done:
    return st;
}

/* Sequences of the lower-cased texts (ASCII letters; other bytes stay), cut to the context. */
static eid_status lower_chunk(scorer *s, const eid_window *w, size_t n)
{
    eid_status st = EID_OK;
    for (size_t i = 0; i < n; i++) {
        size_t ids = 0;
        EID_TRY(eid_window_text(s->bpe, w[i].tok, s->opts->tokens, &s->text));
        for (size_t b = 0; b < s->text.n; b++)
            if (s->text.at[b] >= 'A' && s->text.at[b] <= 'Z')
                s->text.at[b] = (uint8_t)(s->text.at[b] - 'A' + 'a');
        EID_TRY(eid_bpe_encode(s->bpe, s->text.at, s->text.n, false, &s->lower[i], &ids));
        int64_t most = eid_lm_context(s->lm);
        s->seq[i] = (eid_seq){s->lower[i], (int32_t)((int64_t)ids < most ? (int64_t)ids : most), 1};
    }
done:
    return st;
}

static eid_status score_lower(scorer *s, const eid_window *w, size_t n, double *const *score,
                              size_t out)
{
    eid_status st = EID_OK;
    eid_scores *got = NULL;
    EID_TRY(lower_chunk(s, w, n));
    EID_TRY(eid_lm_score(s->ctx, s->lm, s->seq, n, EID_WANT_LOGP, NULL, &got));
    for (size_t i = 0; i < n; i++) {
        int64_t from = got->start[i], scored = got->start[i + 1] - from;
        /* A text of one token in lower case has no score: it says nothing. */
        score[EID_ATTACK_LOWERCASE][out + i] =
            scored > 0 ? score[EID_ATTACK_LOSS][out + i] - mean_of(got->logp + from, scored) : 0;
    }
done:
    eid_scores_free(got);
    for (size_t i = 0; i < n; i++) {
        eid_ids_free(s->lower[i]);
        s->lower[i] = NULL;
    }
    return st;
}

static eid_status score_chunk(scorer *s, const eid_window *w, size_t n, double *const *score,
                              size_t out)
{
    eid_status st = EID_OK;
    eid_scores *got = NULL;
    unsigned want = EID_WANT_LOGP;
    if (score[EID_ATTACK_MIN_K_PP])
        want |= EID_WANT_MEAN | EID_WANT_VAR;
    for (size_t i = 0; i < n; i++)
        s->seq[i] = (eid_seq){w[i].tok, (int32_t)s->opts->tokens, 1};
    EID_TRY(eid_lm_score(s->ctx, s->lm, s->seq, n, want, NULL, &got));
    for (size_t i = 0; i < n; i++)
        EID_TRY(score_window(s, &w[i], got, i, score, out + i));
    EID_TRY(score_lower(s, w, n, score, out));
done:
    eid_scores_free(got);
    return st;
}

eid_status eid_attack_windows(eid_ctx *ctx, eid_lm *lm, const eid_bpe *bpe, const eid_window *w,
                              size_t n, const eid_membership_opts *opts, double *const *score)
{
    eid_status st = EID_OK;
    scorer *s = NULL;
    EID_TRY(EID_NEW(s, 1));
    s->ctx = ctx;
    s->lm = lm;
    s->bpe = bpe;
    s->opts = opts;
    EID_TRY(EID_NEW(s->scratch, opts->tokens));
    for (size_t at = 0; at < n; at += CHUNK) {
        EID_TRY(eid_tick(ctx, "membership", "windows", (int64_t)at, (int64_t)n));
        EID_TRY(score_chunk(s, w + at, n - at < CHUNK ? n - at : CHUNK, score, at));
    }
    EID_TRY(eid_tick(ctx, "membership", "windows", (int64_t)n, (int64_t)n));
done:
    if (s) {
        eid_free(s->scratch);
        eid_free(s->packed);
        eid_buf_free(&s->text);
    }
    eid_free(s);
    return st;
}
