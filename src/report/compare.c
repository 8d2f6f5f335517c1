/* compare.c - two runs side by side. */
#include "eidetic/compare.h"
#include "report/evidence.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* What the caller holds stands first; the evidence behind it lives as long. */
typedef struct comparison {
    eid_comparison shown; /* first, so that one pointer is both */
    evidence a, b;
    size_t cap;
} comparison;

static bool is_exact(const eid_estimate *e)
{
    return e->n == 0 && e->low == e->high && e->low == e->value;
}

eid_estimate eid_difference(const eid_estimate *a, const eid_estimate *b)
{
    const eid_estimate *lost = isfinite(a->value) ? b : a;
    if (!isfinite(a->value) || !isfinite(b->value)) {
        eid_estimate none = eid_estimate_none("");
        snprintf(none.why, sizeof none.why, "%s: %.80s", lost == a ? "first" : "second",
                 lost->why[0] ? lost->why : "unresolved");
        return none;
    }
    double d = b->value - a->value;
    if (is_exact(a) && is_exact(b))
        return (eid_estimate){.value = d, .low = d, .high = d, .method = "exact"};
    eid_estimate e = {.value = d,
                      .low = d - hypot(b->value - b->low, a->high - a->value),
                      .high = d + hypot(b->high - b->value, a->value - a->low),
                      .n = a->n == 0 || (b->n > 0 && b->n < a->n) ? b->n : a->n,
                      .method = "square-and-add"};
    if (!isfinite(e.low) || !isfinite(e.high)) {
        e.low = e.high = NAN;
        e.method = "";
        snprintf(e.why, sizeof e.why, "no interval to compare by");
    }
    return e;
}

const char *eid_change_name(eid_change c)
{
    static const char *const names[] = {
        "none", "up", "down", "unresolved", "only in first", "only in second"};
    return (size_t)c < sizeof names / sizeof *names ? names[c] : "unresolved";
}

static eid_change change_of(const eid_estimate *d)
{
    if (!isfinite(d->value) || isnan(d->low))
        return EID_CHANGE_UNRESOLVED;
    return d->low > 0 ? EID_CHANGE_UP : d->high < 0 ? EID_CHANGE_DOWN : EID_CHANGE_NONE;
}

/* One row; a or b NULL: the other run does not hold it. */
static eid_status add(comparison *c, const char *name, const char *series, double x,
                      const eid_estimate *a, const eid_estimate *b)
{
    eid_status st = EID_GROW(c->shown.rows, &c->cap, c->shown.n_rows + 1);
    if (st != EID_OK)
        return st;
    const eid_estimate none = eid_estimate_none("not measured");
    eid_compared *r = &c->shown.rows[c->shown.n_rows++];
    *r = (eid_compared){
        .name = name, .series = series, .x = x, .a = a ? *a : none, .b = b ? *b : none};
    r->difference = eid_difference(&r->a, &r->b);
    r->change = !a ? EID_CHANGE_ONLY_B : !b ? EID_CHANGE_ONLY_A : change_of(&r->difference);
    return EID_OK;
}

static const eid_estimate *point_at(const evidence *ev, const char *curve, const char *series,
                                    double x)
{
    const ev_series *s = ev_find_series(ev_find_curve(ev, curve), series);
    for (size_t i = 0; s && i < s->n; i++)
        if (s->at[i].x == x)
            return &s->at[i].y;
    return NULL;
}

static bool is_compared(const char *curve)
{
    size_t n = strlen(curve);
    return strcmp(curve, "membership.roc") != 0 &&
           !(n > 5 && strcmp(curve + n - 5, ".high") == 0); /* bounds of buckets, no measure */
}

static eid_status add_metrics(comparison *c, bool only_b)
{
    const evidence *from = only_b ? &c->b : &c->a, *to = only_b ? &c->a : &c->b;
    eid_status st = EID_OK;
    for (size_t i = 0; i < from->metrics && st == EID_OK; i++) {
        const ev_metric *m = &from->metric[i];
        const eid_estimate *other = ev_find(to, m->name);
        if (!only_b)
            st = add(c, m->name, NULL, NAN, &m->e, other);
        else if (!other)
            st = add(c, m->name, NULL, NAN, NULL, &m->e);
    }
    return st;
}

static eid_status add_points(comparison *c, bool only_b)
{
    const evidence *from = only_b ? &c->b : &c->a, *to = only_b ? &c->a : &c->b;
    eid_status st = EID_OK;
    for (size_t i = 0; i < from->curves; i++) {
        const ev_curve *curve = &from->curve[i];
        for (size_t k = 0; k < curve->n && is_compared(curve->name); k++)
            for (size_t p = 0; p < curve->at[k].n && st == EID_OK; p++) {
                const ev_series *s = &curve->at[k];
                const eid_estimate *y = &s->at[p].y;
                const eid_estimate *other = point_at(to, curve->name, s->name, s->at[p].x);
                if (!only_b)
                    st = add(c, curve->name, s->name, s->at[p].x, y, other);
                else if (!other)
                    st = add(c, curve->name, s->name, s->at[p].x, NULL, y);
            }
    }
    return st;
}

/* The same texts, whatever they are called and in whatever order they were named. */
static bool same_inputs(const evidence *a, const evidence *b)
{
    if (a->inputs != b->inputs)
        return false;
    for (size_t i = 0; i < a->inputs; i++) {
        bool found = false;
        for (size_t k = 0; k < b->inputs; k++)
            found = found || strcmp(a->input[i].sha256, b->input[k].sha256) == 0;
        if (!found)
            return false;
    }
    return true;
}

eid_status eid_compare(eid_comparison **out, const char *run_a, const char *run_b)
{
    eid_status st;
    comparison *c = NULL;

    EID_TRY(EID_NEW(c, 1));
    EID_TRY(ev_read(&c->a, run_a));
    EID_TRY(ev_read(&c->b, run_b));
    const char *a = ev_find_text(&c->a, "verdict.level"), *b = ev_find_text(&c->b, "verdict.level");
    c->shown.level_a = a ? a : "";
    c->shown.level_b = b ? b : "";
    c->shown.same_command = strcmp(c->a.run->command, c->b.run->command) == 0;
    c->shown.same_bits = strcmp(c->a.run->bits, c->b.run->bits) == 0;
    c->shown.same_input = same_inputs(&c->a, &c->b);
    EID_TRY(add_metrics(c, false));
    EID_TRY(add_points(c, false));
    EID_TRY(add_metrics(c, true));
    EID_TRY(add_points(c, true));
    *out = &c->shown;
    c = NULL;
done:
    eid_comparison_free((eid_comparison *)c);
    return st;
}

void eid_comparison_free(eid_comparison *shown)
{
    comparison *c = (comparison *)shown; /* its first member */
    if (!c)
        return;
    ev_free(&c->a);
    ev_free(&c->b);
    eid_free(c->shown.rows);
    eid_free(c);
}
