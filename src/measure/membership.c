/* membership.c - which texts was the model trained on?  Samples, attacks, and how far to believe
 * them. */
#include "measure/membership.h"
#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

enum { PERMUTATIONS = 200 }; /* of documents, for the blind baseline's interval */

static const double low_fpr[2] = {0.01, 0.001};

eid_membership_opts eid_membership_opts_default(void)
{
    return (eid_membership_opts){.tokens = 64,
                                 .samples = 1000,
                                 .min_k = 20,
                                 .per_document = 16,
                                 .resamples = 1000,
                                 .seed = 1};
}

#define AT(field) offsetof(eid_membership_opts, field)
const eid_opt eid_membership_opt_table[] = {
    {EID_OPT_I64, "tokens", AT(tokens), 4, 65536, "length of a sample", NULL, 0},
    {EID_OPT_I64, "samples", AT(samples), 1, 1e7, "of members, and of non-members, at most", NULL,
     0},
    {EID_OPT_I64, "min-k", AT(min_k), 1, 100, "per cent of the tokens for Min-K% and Min-K%++",
     NULL, 0},
    {EID_OPT_I64, "per-document", AT(per_document), 1, 1e6, "samples from one document, at most",
     NULL, 0},
    {EID_OPT_I64, "resamples", AT(resamples), 1, 1e6, "of the bootstraps", NULL, 0},
    {EID_OPT_I64, "seed", AT(seed), 0, 1e15, "random seed", NULL, 0},
    {0}};
#undef AT

typedef struct membership {
    const eid_membership_opts *opts;
    eid_window *w; /* members, non-members, repeated members: as scores are kept */
    int64_t *document;
    size_t n_member, n_nonmember, n_repeated, n;
    double *score[EID_ATTACKS];
    int32_t vocab;
    eid_membership_result *result;
} membership;

/* ---- samples
 * -------------------------------------------------------------------------------------- */

static eid_status check_asked(eid_lm *lm, const eid_bpe *bpe, const eid_membership_opts *o)
{
    if (o->tokens < 4 || o->samples < 1 || o->min_k < 1 || o->min_k > 100 || o->per_document < 1)
        return eid_fail(EID_EINVAL, "membership: an option is out of its bounds");
    if (!(eid_lm_caps(lm) & EID_LM_SCORE))
        return eid_fail(EID_EUNSUPPORTED, "membership: this model cannot score text");
    if (o->tokens > eid_lm_context(lm))
        return eid_fail(EID_EINVAL,
                        "membership: samples of %" PRId64
                        " tokens do not fit the model's context of %" PRId64,
                        o->tokens, eid_lm_context(lm));
    if (eid_bpe_vocab(bpe) > eid_lm_vocab(lm))
        return eid_fail(EID_EINVAL,
                        "membership: the tokenizer has %" PRId32 " entries, the model %" PRId32,
                        eid_bpe_vocab(bpe), eid_lm_vocab(lm));
    return EID_OK;
}

static eid_status check_tokens(const char *side, const eid_tokens *docs, int32_t vocab)
{
    for (int64_t i = 0; i < docs->start[docs->docs]; i++)
        if (docs->id[i] < 0 || docs->id[i] >= vocab)
            return eid_fail(EID_EINVAL,
                            "membership: %s: token %" PRId32 " is beyond the vocabulary", side,
                            docs->id[i]);
    return EID_OK;
}

/* Leaves out the windows that another held-out document holds, and what is more than `samples`. */
static eid_status leave_out_shared(const membership *m, eid_ctx *ctx, const eid_tokens *nonmember,
                                   bool own, eid_windows *w)
{
    eid_status st = EID_OK;
    bool *shared = NULL;
    size_t kept = 0;
    EID_TRY(EID_NEW(shared, w->n));
    EID_TRY(eid_windows_shared(ctx, nonmember, m->opts->tokens, w->at, w->n, own, shared));
    for (size_t i = 0; i < w->n && kept < (size_t)m->opts->samples; i++)
        if (!shared[i])
            w->at[kept++] = w->at[i];
    w->n = kept;
done:
    eid_free(shared);
    return st;
}

static eid_status draw_samples(membership *m, eid_ctx *ctx, const eid_bpe *bpe,
                               const eid_tokens *member, const eid_tokens *nonmember,
                               const eid_index *index)
{
    eid_status st = EID_OK;
    eid_windows unique = {0}, outside = {0}, repeated = {0};

    EID_TRY(eid_windows_members(&unique, &repeated, ctx, bpe, member, index, m->opts));
    EID_TRY(eid_windows_nonmembers(&outside, ctx, bpe, nonmember, index, m->opts));
    if (index) {
        EID_TRY(leave_out_shared(m, ctx, nonmember, false, &unique));
        EID_TRY(leave_out_shared(m, ctx, nonmember, true, &outside));
    }
    m->n_member = unique.n;
    m->n_nonmember = outside.n;
    m->n_repeated = repeated.n;
    m->n = unique.n + outside.n + repeated.n;
    EID_TRY(EID_NEW(m->w, m->n));
    EID_TRY(EID_NEW(m->document, m->n));
    EID_TRY(EID_NEW(m->result->samples, m->n));
    const eid_windows *part[] = {&unique, &outside, &repeated};
    size_t n = 0;
    for (int p = 0; p < 3; p++)
        for (size_t i = 0; i < part[p]->n; i++, n++) {
            m->w[n] = part[p]->at[i];
            m->document[n] = part[p]->at[i].at.document;
            m->result->samples[n] = part[p]->at[i].at;
        }
done:
    eid_free(unique.at);
    eid_free(outside.at);
    eid_free(repeated.at);
    return st;
}

/* ---- attacks
 * -------------------------------------------------------------------------------------- */

static eid_score_set part(const membership *m, const double *score, size_t from, size_t n)
{
    return (eid_score_set){score + from, m->document + from, NULL, n};
}

static eid_status low_rate(const membership *m, const eid_roc *roc, const double *score, double fpr,
                           eid_estimate *out)
{
    eid_status st = EID_OK;
    double *hit = NULL;
    *out = eid_roc_tpr(roc, fpr);
    if (isnan(out->value)) /* too few of one side: it has said so */
        return EID_OK;
    double threshold = eid_roc_threshold(roc, fpr);
    EID_TRY(EID_NEW(hit, m->n_member));
    for (size_t i = 0; i < m->n_member; i++)
        hit[i] = score[i] >= threshold;
    EID_TRY(eid_proportion_by_cluster(hit, m->document, m->n_member, out));
done:
    eid_free(hit);
    return st;
}

static eid_status judge_attack(const membership *m, eid_attack *a)
{
    eid_status st = EID_OK;
    eid_roc *roc = NULL;
    const double *fpr, *tpr, *score = a->score;

    EID_TRY(eid_roc_new(&roc, score, m->n_member, score + m->n_member, m->n_nonmember));
    eid_score_set pos = part(m, score, 0, m->n_member);
    eid_score_set neg = part(m, score, m->n_member, m->n_nonmember);
    EID_TRY(eid_auc_bootstrap(&pos, &neg, m->opts->resamples, (uint64_t)m->opts->seed, &a->auc));
    for (int i = 0; i < 2; i++)
        EID_TRY(low_rate(m, roc, score, low_fpr[i], &a->tpr[i]));
    a->points = eid_roc_points(roc, &fpr, &tpr);
    EID_TRY(EID_NEW(a->fpr, a->points));
    EID_TRY(EID_NEW(a->rate, a->points));
    memcpy(a->fpr, fpr, a->points * sizeof *fpr);
    memcpy(a->rate, tpr, a->points * sizeof *tpr);
done:
    eid_roc_free(roc);
    return st;
}

static eid_status run_attacks(membership *m, eid_ctx *ctx, eid_lm *lm, const eid_bpe *bpe)
{
    eid_status st = EID_OK;
    eid_membership_result *r = m->result;
    bool moments = eid_lm_caps(lm) & EID_LM_MOMENTS;

    EID_TRY(EID_NEW(r->attacks, EID_ATTACKS));
    for (int a = 0; a < EID_ATTACKS; a++) {
        if (a == EID_ATTACK_MIN_K_PP && !moments)
            continue;
        EID_TRY(EID_NEW(m->score[a], m->n));
        r->attacks[r->n_attacks].name = eid_attack_name[a];
        r->attacks[r->n_attacks++].score = m->score[a];
    }
    EID_TRY(eid_attack_windows(ctx, lm, bpe, m->w, m->n, m->opts, m->score));
    for (size_t a = 0; a < r->n_attacks; a++)
        EID_TRY(judge_attack(m, &r->attacks[a]));
done:
    return st;
}

/* ---- by copies
 * ------------------------------------------------------------------------------------ */

/* Members whose copies lie in [low, high), unique and repeated, gathered into a row's sets. */
typedef struct picked {
    size_t *at;
    size_t n;
    eid_window *w;
    double *score;
    int64_t *document;
} picked;

static size_t pick(const membership *m, int64_t low, int64_t high, picked *p)
{
    p->n = 0;
    for (size_t i = 0; i < m->n; i++) {
        bool member = i < m->n_member || i >= m->n_member + m->n_nonmember;
        if (member && m->w[i].at.copies >= low && m->w[i].at.copies < high) {
            p->w[p->n] = m->w[i];
            p->document[p->n] = m->document[i];
            p->at[p->n++] = i;
        }
    }
    return p->n;
}

static eid_status judge_row(const membership *m, eid_membership_row *row, picked *p)
{
    eid_status st = EID_OK;
    eid_membership_result *r = m->result;
    row->members = (int64_t)p->n;
    EID_TRY(EID_NEW(row->auc, r->n_attacks));
    EID_TRY(eid_blind_baseline(p->w, p->n, m->w + m->n_member, m->n_nonmember, m->vocab, 0, m->opts,
                               &row->blind));
    for (size_t a = 0; a < r->n_attacks; a++) {
        for (size_t i = 0; i < p->n; i++)
            p->score[i] = r->attacks[a].score[p->at[i]];
        eid_score_set pos = {p->score, p->document, NULL, p->n};
        eid_score_set neg = part(m, r->attacks[a].score, m->n_member, m->n_nonmember);
        EID_TRY(eid_auc_bootstrap(&pos, &neg, m->opts->resamples, (uint64_t)m->opts->seed,
                                  &row->auc[a]));
    }
done:
    return st;
}

static eid_status run_rows(membership *m)
{
    eid_status st = EID_OK;
    picked p = {0};
    EID_TRY(EID_NEW(p.at, m->n));
    EID_TRY(EID_NEW(p.w, m->n));
    EID_TRY(EID_NEW(p.score, m->n));
    EID_TRY(EID_NEW(p.document, m->n));
    EID_TRY(EID_NEW(m->result->by_copies, 63));
    for (int bit = 0; bit < 62; bit++) {
        int64_t low = INT64_C(1) << bit;
        if (pick(m, low, 2 * low, &p) == 0)
            continue;
        eid_membership_row *row = &m->result->by_copies[m->result->n_rows++];
        row->low = low;
        row->high = 2 * low;
        EID_TRY(judge_row(m, row, &p));
    }
done:
    eid_free(p.at);
    eid_free(p.w);
    eid_free(p.score);
    eid_free(p.document);
    return st;
}

eid_status eid_membership(eid_membership_result **out, eid_ctx *ctx, eid_lm *lm, const eid_bpe *bpe,
                          const eid_tokens *member, const eid_tokens *nonmember,
                          const eid_index *index, const eid_membership_opts *opts)
{
    eid_status st = EID_OK;
    membership m = {.opts = opts, .vocab = eid_lm_vocab(lm)};
    eid_membership_result *r = NULL;

    EID_TRY(check_asked(lm, bpe, opts));
    EID_TRY(check_tokens("members", member, m.vocab));
    EID_TRY(check_tokens("non-members", nonmember, m.vocab));
    EID_TRY(EID_NEW(r, 1));
    m.result = r;
    EID_TRY(draw_samples(&m, ctx, bpe, member, nonmember, index));
    r->opts = *opts;
    r->members = (int64_t)m.n_member;
    r->nonmembers = (int64_t)m.n_nonmember;
    r->repeated = (int64_t)m.n_repeated;
    r->tokens = opts->tokens;
    EID_TRY(eid_blind_baseline(m.w, m.n_member, m.w + m.n_member, m.n_nonmember, m.vocab,
                               PERMUTATIONS, opts, &r->blind));
    r->alarm = r->blind.low > 0.5;
    EID_TRY(run_attacks(&m, ctx, lm, bpe));
    if (index)
        EID_TRY(run_rows(&m));
    *out = r;
    r = NULL;
done:
    eid_free(m.w);
    eid_free(m.document);
    eid_membership_result_free(r);
    return st;
}

void eid_membership_result_free(eid_membership_result *r)
{
    if (!r)
        return;
    for (size_t a = 0; a < r->n_attacks; a++) {
        eid_free(r->attacks[a].score);
        eid_free(r->attacks[a].fpr);
        eid_free(r->attacks[a].rate);
    }
    for (size_t i = 0; i < r->n_rows; i++)
        eid_free(r->by_copies[i].auc);
    eid_free(r->attacks);
    eid_free(r->samples);
    eid_free(r->by_copies);
    eid_free(r);
}
