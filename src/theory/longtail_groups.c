/* longtail_groups.c - what each third of the population pays, exactly, and priors from a file. */
#include "base/file.h"
#include "theory/longtail_room.h"
#include "theory/table.h"
#include <inttypes.h>
#include <math.h>

double eid_tail_binomial(int64_t n, int64_t l, double share)
{
    if (share >= 1)
        return l == n;
    return exp(lgamma((double)n + 1) - lgamma((double)l + 1) - lgamma((double)(n - l) + 1) +
               (l ? (double)l * log(share) : 0) + (double)(n - l) * log1p(-share));
}

/* Groups as a sample's judge deals them: by the middle of the point's place in the population. */
eid_status eid_tail_cells_of(eid_tail_cells *out, const eid_tail_prior *p)
{
    eid_status st = EID_OK;
    eid_tail_cells c = {.points = p->points};
    size_t cap = 0;
    double total = 0, below = 0;

    for (size_t i = 0; i < p->n; i++)
        for (int64_t k = 0; k < p->many[i]; k++)
            total += p->share[i];
    for (size_t i = 0; i < p->n; i++)
        for (int64_t k = 0; k < p->many[i]; k++) {
            double share = p->share[i];
            below += share;
            int g = (int)((below - share / 2) / total * EID_TAIL_GROUPS);
            g = g < EID_TAIL_GROUPS ? g : EID_TAIL_GROUPS - 1;
            c.mass[g] += share;
            if (c.n && c.at[c.n - 1].share == share && c.at[c.n - 1].group == g) {
                c.at[c.n - 1].many++;
                continue;
            }
            EID_TRY(EID_GROW(c.at, &cap, c.n + 1));
            c.at[c.n++] = (eid_tail_cell){share, 1, g};
        }
    *out = c;
    c.at = NULL;
done:
    eid_free(c.at);
    return st;
}

/* Point by point: sum of D(x) sum over l >= 1 of P(x is seen l times) miss(l). */
static void each_point(double lost_by[], const eid_tail_cells *c, const eid_tail_learner *a,
                       int64_t n, int64_t classes)
{
    for (int g = 0; g < EID_TAIL_GROUPS; g++)
        lost_by[g] = 0;
    for (int64_t l = 1; l <= n; l++) {
        double miss = eid_tail_miss(a, l, classes);
        if (miss < 1e-18)
            break;
        for (size_t i = 0; i < c->n; i++)
            lost_by[c->at[i].group] += miss * c->at[i].share * (double)c->at[i].many *
                                       eid_tail_binomial(n, l, c->at[i].share);
    }
}

eid_status eid_tail_exact_of(eid_tail_exact *out, eid_ctx *ctx, const eid_tail_prior *p,
                             const eid_tail_learner *a, const eid_tail_opts *o)
{
    eid_status st = eid_tail_check(p, a, o);
    eid_tail_exact x = {0};
    eid_tail_cells c = {0};
    double guess = 1 - 1 / (double)o->classes;

    if (st != EID_OK)
        return st;
    if (p->dirichlet > 0)
        return eid_fail(EID_EINVAL, "long tail: of shares that are drawn anew (Dirichlet) no "
                                    "subgroup's cost is known exactly");
    EID_TRY(eid_tail_cells_of(&c, p));
    if (a->kind == EID_TAIL_COMPRESS)
        EID_TRY(eid_tail_compress_exact(x.group, ctx, &c, o->n, a->capacity));
    else
        each_point(x.group, &c, a, o->n, o->classes);
    for (int g = 0; g < EID_TAIL_GROUPS; g++) {
        if (a->kind == EID_TAIL_COMPRESS)
            x.group[g] *= guess;
        x.excess += x.group[g];
        x.group[g] = c.mass[g] > 0 ? x.group[g] / c.mass[g] : 0;
    }
    *out = x;
done:
    eid_free(c.at);
    return st;
}

/* ---- from a file ------------------------------------------------------------------------------
 */

eid_status eid_tail_parse(eid_tail_prior **out, const char *name, const uint8_t *text, size_t n)
{
    eid_status st = EID_OK;
    eid_table t = {0};
    int64_t *many = NULL;

    EID_TRY(eid_table_parse(&t, name, text, n));
    EID_TRY(EID_NEW(many, t.rows));
    for (size_t i = 0; i < t.rows; i++) {
        double k = isnan(t.second[i]) ? 1 : t.second[i];
        if (!(k >= 1 && k <= 1e8 && k == floor(k)))
            EID_TRY(eid_fail(EID_EINVAL,
                             "%s: line %" PRId64 ": %g points have this share: want a whole number "
                             "from 1 to 1e8",
                             name, t.line[i], k));
        if (!(t.first[i] > 0 && t.first[i] <= 1))
            EID_TRY(eid_fail(EID_EINVAL, "%s: line %" PRId64 ": a share is %g, want one in (0, 1]",
                             name, t.line[i], t.first[i]));
        many[i] = (int64_t)k;
    }
    st = eid_tail_shares(out, t.first, many, t.rows);
    if (st == EID_EINVAL)
        st = eid_fail(st, "%s: %s", name, eid_last_error());
done:
    eid_free(many);
    eid_table_free(&t);
    return st;
}

eid_status eid_tail_read(eid_tail_prior **out, const char *path)
{
    enum { MOST = 1 << 28 };
    eid_status st = EID_OK;
    uint8_t *text = NULL;
    size_t n = 0;

    EID_TRY(eid_read_file(path, MOST, &text, &n));
    EID_TRY(eid_tail_parse(out, path, text, n));
done:
    eid_free(text);
    return st;
}
