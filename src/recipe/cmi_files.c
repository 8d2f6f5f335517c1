/* cmi_files.c - super-samples of models that were trained elsewhere, from arrays. */
#include "base/ctx.h"
#include "eidetic/array.h"
#include "recipe/cmi_runs.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

enum { MEMBERS, OUTPUTS, PREDICTIONS, LOSSES, LABELS, ARRAYS };
enum { MOST_CLASSES = 1 << 24 };

typedef struct reading {
    eid_array *a[ARRAYS];
    int lead; /* dimensions of members: 2, or 3 with super-samples first */
    int64_t supers, models, examples, classes;
    int64_t levels;
} reading;

/* ---- shapes -----------------------------------------------------------------------------------
 */

static void shape_text(const eid_array *a, char *text, size_t size)
{
    int used = snprintf(text, size, "(");
    for (int i = 0; i < a->ndim && used > 0 && (size_t)used < size; i++)
        used +=
            snprintf(text + used, size - (size_t)used, i ? ", %" PRId64 : "%" PRId64, a->shape[i]);
    if (used > 0 && (size_t)used < size)
        snprintf(text + used, size - (size_t)used, ")");
}

/* The first `n` dimensions must be those of members. */
static eid_status check_shape(const reading *r, const eid_array *a, int more)
{
    const eid_array *m = r->a[MEMBERS];
    char got[200], want[200];
    bool fits = a->ndim == r->lead + more;

    for (int i = 0; fits && i < r->lead; i++)
        fits = a->shape[i] == m->shape[i];
    if (fits)
        return EID_OK;
    shape_text(a, got, sizeof got);
    shape_text(m, want, sizeof want);
    return eid_fail(EID_EINVAL, "%s: its shape is %s, and members are %s%s", a->name, got, want,
                    more ? ", classes to follow" : "");
}

static eid_status check_members(reading *r)
{
    const eid_array *m = r->a[MEMBERS];

    if (m->ndim != 2 && m->ndim != 3)
        return eid_fail(EID_EINVAL,
                        "%s: want (models, examples) or (super-samples, models, examples), not %d "
                        "dimensions",
                        m->name, m->ndim);
    r->lead = m->ndim;
    r->supers = m->ndim == 3 ? m->shape[0] : 1;
    r->models = m->shape[m->ndim - 2];
    r->examples = m->shape[m->ndim - 1];
    if (r->supers < 1 || r->models < 2 || r->examples < 2 || r->examples % 2)
        return eid_fail(EID_EINVAL,
                        "%s: %" PRId64 " super-samples, %" PRId64 " models, %" PRId64
                        " examples: want at least 1 and 2, and examples in pairs",
                        m->name, r->supers, r->models, r->examples);
    return EID_OK;
}

static eid_status check_labels(const reading *r)
{
    const eid_array *y = r->a[LABELS];
    bool fits = y->ndim >= 1 && y->ndim <= 2 && y->shape[y->ndim - 1] == r->examples &&
                (y->ndim == 1 || y->shape[0] == r->supers);
    char got[200];

    if (fits)
        return EID_OK;
    shape_text(y, got, sizeof got);
    return eid_fail(EID_EINVAL,
                    "%s: its shape is %s: want a label for each of %" PRId64
                    " examples, or of each super-sample's",
                    y->name, got, r->examples);
}

static eid_status check_all(reading *r)
{
    eid_status st = EID_OK;

    EID_TRY(check_members(r));
    for (int k = PREDICTIONS; k <= LOSSES; k++)
        if (r->a[k])
            EID_TRY(check_shape(r, r->a[k], 0));
    if (r->a[OUTPUTS]) {
        EID_TRY(check_shape(r, r->a[OUTPUTS], 1));
        r->classes = r->a[OUTPUTS]->shape[r->lead];
        if (r->classes < 2 || r->classes > MOST_CLASSES)
            EID_TRY(eid_fail(EID_EINVAL, "%s: %" PRId64 " classes: want 2 to %d",
                             r->a[OUTPUTS]->name, r->classes, MOST_CLASSES));
    }
    if (r->a[LABELS])
        EID_TRY(check_labels(r));
done:
    return st;
}

/* ---- contents ---------------------------------------------------------------------------------
 */

/* Of equal outputs the lowest class; NaN is none. */
static eid_status named(const reading *r, int64_t at, double *row, int32_t *class)
{
    const eid_array *a = r->a[OUTPUTS];
    int64_t best = 0;

    eid_array_f64(a, at * r->classes, r->classes, row);
    for (int64_t k = 0; k < r->classes; k++) {
        if (isnan(row[k]))
            return eid_fail(EID_EFORMAT, "%s: element %" PRId64 " is not a number", a->name,
                            at * r->classes + k);
        if (row[k] > row[best])
            best = k;
    }
    *class = (int32_t)best;
    return EID_OK;
}

static eid_status loss_at(const reading *r, int64_t at, double *loss)
{
    const eid_array *a = r->a[LOSSES];
    double x = eid_array_at(a, at);

    if (!(x >= 0 && x <= 1))
        return eid_fail(EID_EINVAL,
                        "%s: element %" PRId64 " is %g: losses must lie in [0, 1], for the bounds "
                        "are of such",
                        a->name, at, x);
    *loss = round(x * (double)r->levels) / (double)r->levels;
    return EID_OK;
}

static eid_status label_at(const reading *r, int64_t super, int64_t example, int64_t *label)
{
    const eid_array *y = r->a[LABELS];
    int64_t at = (y->ndim == 2 ? super * r->examples : 0) + example;

    return eid_array_whole(y, at, 1, INT32_MIN, INT32_MAX, label);
}

/* Example `e` of a model whose elements begin at `first`. */
static eid_status read_one(const reading *r, int64_t super, int64_t first, int64_t e, double *row,
                           int32_t *prediction, double *loss)
{
    eid_status st = EID_OK;
    int64_t whole = 0, label = 0;

    if (r->a[OUTPUTS])
        EID_TRY(named(r, first + e, row, prediction));
    else if (r->a[PREDICTIONS]) {
        EID_TRY(eid_array_whole(r->a[PREDICTIONS], first + e, 1, INT32_MIN, INT32_MAX, &whole));
        *prediction = (int32_t)whole;
    }
    if (r->a[LOSSES]) {
        EID_TRY(loss_at(r, first + e, loss));
        if (!r->a[OUTPUTS] && !r->a[PREDICTIONS])
            *prediction = (int32_t)lround(*loss * (double)r->levels);
    } else {
        EID_TRY(label_at(r, super, e, &label));
        *loss = *prediction != label;
    }
done:
    return st;
}

static eid_status read_model(const reading *r, eid_cmi_runs *runs, int64_t super, int64_t model,
                             int64_t *in, double *row)
{
    eid_status st = EID_OK;
    int64_t first = (super * r->models + model) * r->examples;

    EID_TRY(eid_array_whole(r->a[MEMBERS], first, r->examples, 0, 1, in));
    for (int64_t i = 0; i < runs->pairs; i++) {
        if (in[2 * i] + in[2 * i + 1] != 1)
            EID_TRY(eid_fail(EID_EINVAL,
                             "%s: model %" PRId64 " of super-sample %" PRId64
                             " was trained on %s of examples %" PRId64 " and %" PRId64
                             ": want one of each pair",
                             r->a[MEMBERS]->name, model, super, in[2 * i] ? "both" : "neither",
                             2 * i, 2 * i + 1));
        runs->side[first / 2 + i] = in[2 * i + 1] == 1;
    }
    for (int64_t e = 0; e < r->examples; e++)
        EID_TRY(read_one(r, super, first, e, row, &runs->prediction[first + e],
                         &runs->loss[first + e]));
done:
    return st;
}

/* Whoever predicts the same of an example must lose the same: else F >= L does not follow.  Two
 * models are compared with each one's predecessor of the same prediction, by a table that is
 * small: predictions of one example. */
static eid_status check_function(const reading *r, const eid_cmi_runs *runs, int64_t super,
                                 int64_t example)
{
    int64_t base = super * r->models * r->examples + example;

    for (int64_t m = 1; m < r->models; m++)
        for (int64_t k = m; k-- > 0;) {
            int64_t a = base + m * r->examples, b = base + k * r->examples;
            if (runs->prediction[a] != runs->prediction[b])
                continue;
            if (runs->loss[a] != runs->loss[b])
                return eid_fail(EID_EINVAL,
                                "%s: of example %" PRId64 " models %" PRId64 " and %" PRId64
                                " predict %" PRId32 ", and lose %g and %g: a loss must be a "
                                "function of the prediction",
                                r->a[LOSSES]->name, example, k, m, runs->prediction[a],
                                runs->loss[b], runs->loss[a]);
            break; /* the earlier ones were compared with this one */
        }
    return EID_OK;
}

static eid_status read_all(const reading *r, eid_cmi_runs *runs, eid_ctx *ctx)
{
    eid_status st = EID_OK;
    int64_t *in = NULL;
    double *row = NULL;

    EID_TRY(EID_NEW(in, r->examples));
    EID_TRY(EID_NEW(row, r->classes));
    for (int64_t s = 0; s < r->supers; s++) {
        for (int64_t m = 0; m < r->models; m++) {
            EID_TRY(eid_tick(ctx, "reading", "models", s * r->models + m, r->supers * r->models));
            EID_TRY(read_model(r, runs, s, m, in, row));
        }
        for (int64_t e = 0; r->a[LOSSES] && e < r->examples; e++)
            EID_TRY(check_function(r, runs, s, e));
    }
done:
    eid_free(in);
    eid_free(row);
    return st;
}

static eid_status check_given(const eid_cmi_files *f)
{
    if (!f->members)
        return eid_fail(EID_EINVAL, "cmi: arrays need --members: who was trained on what");
    if (f->outputs && f->predictions)
        return eid_fail(EID_EINVAL, "cmi: outputs say what is predicted: give no predictions, too");
    if (!f->losses && !f->outputs && !f->predictions)
        return eid_fail(EID_EINVAL, "cmi: --members need --outputs, --predictions or --losses");
    if (!f->losses && !f->labels)
        return eid_fail(EID_EINVAL, "cmi: without --losses, --labels are needed to judge by");
    if (f->loss_levels < 0 || f->loss_levels > 1 << 20)
        return eid_fail(EID_EINVAL, "cmi: %" PRId64 " levels of losses: want 0 to %d",
                        f->loss_levels, 1 << 20);
    return EID_OK;
}

eid_status eid_cmi_runs_files(eid_cmi_runs **out, eid_ctx *ctx, const eid_cmi_files *f)
{
    const char *path[ARRAYS] = {f->members, f->outputs, f->predictions, f->losses, f->labels};
    reading r = {.levels = f->loss_levels ? f->loss_levels : 1 << 20};
    eid_cmi_runs *runs = NULL;
    eid_status st = EID_OK;

    EID_TRY(check_given(f));
    for (int k = 0; k < ARRAYS; k++)
        if (path[k])
            EID_TRY(eid_array_read(&r.a[k], ctx, path[k]));
    EID_TRY(check_all(&r));
    EID_TRY(cmi_runs_new(&runs, ctx, r.supers, r.models, r.examples / 2));
    EID_TRY(read_all(&r, runs, ctx));
    *out = runs;
    runs = NULL;
done:
    for (int k = 0; k < ARRAYS; k++)
        eid_array_free(r.a[k]);
    eid_cmi_runs_free(runs);
    return st;
}
