/* keep_cmi.c - what `eidetic cmi` can be asked, answered and kept as a run. */
#include "recipe/cmi_runs.h"
#include "recipe/keep.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

eid_cmi_ask eid_cmi_ask_default(void)
{
    return (eid_cmi_ask){.cmi = eid_cmi_opts_default(),
                         .training = eid_classifier_opts_default(),
                         .read = eid_dataset_opts_default()};
}

#define AT(field) offsetof(eid_cmi_ask, field)
const eid_opt eid_cmi_source_table[] = {
    {EID_OPT_STR, "data", AT(data), 0, 0,
     "train networks on pairs of these examples, as \"eidetic dataset\" reads them", NULL,
     EID_OPT_PATH_IN},
    {EID_OPT_LIST, "bank", AT(banks), 0, 0,
     "a finished bank: --design pairs --outputs logits; again for other super-samples", NULL,
     EID_OPT_PATH_IN},
    {EID_OPT_STR, "members", AT(files.members), 0, 0,
     "models from elsewhere, .npy (model x example), super-samples first if several: 1 where "
     "trained on; of examples 2i and 2i + 1 exactly one",
     NULL, EID_OPT_PATH_IN},
    {EID_OPT_STR, "outputs", AT(files.outputs), 0, 0,
     "their logits or probabilities (... x class); --labels too", NULL, EID_OPT_PATH_IN},
    {EID_OPT_STR, "predictions", AT(files.predictions), 0, 0,
     "or what they predict, whole numbers; --labels or --losses too", NULL, EID_OPT_PATH_IN},
    {EID_OPT_STR, "losses", AT(files.losses), 0, 0, "or their losses, in [0, 1]", NULL,
     EID_OPT_PATH_IN},
    {EID_OPT_STR, "labels", AT(files.labels), 0, 0, "file of the labels", NULL, EID_OPT_PATH_IN},
    {EID_OPT_I64, "loss-levels", AT(files.loss_levels), 0, 1 << 20,
     "round --losses to so many steps of [0, 1]; 0: as they are", NULL, 0},
    {0}};
#undef AT

/* ---- answering --------------------------------------------------------------------------------
 */

static eid_status check_sources(const eid_cmi_ask *a)
{
    const eid_cmi_files *f = &a->files;
    int given = (f->members != NULL) + (a->banks.n > 0) + (a->data != NULL);

    if (given > 1)
        return eid_fail(EID_EINVAL, "cmi: give one of --data, --bank and --members");
    if (!f->members && (f->outputs || f->predictions || f->losses))
        return eid_fail(EID_EINVAL, "cmi: arrays need --members: who was trained on what");
    return EID_OK;
}

/* `out` NULL: only looks whether it can be done. */
static eid_status train(eid_cmi_runs **out, eid_ctx *ctx, const eid_cmi_ask *a, const char *dir)
{
    eid_status st = EID_OK;
    eid_dataset *data = NULL, *test = NULL;
    eid_dataset_opts read = a->read;

    read.labels = a->files.labels;
    read.seed = a->cmi.seed;
    EID_TRY(eid_dataset_read(&data, &test, ctx, a->data, &read));
    if (out)
        EID_TRY(eid_cmi_runs_train(out, ctx, data, &a->training, &a->cmi, dir));
    else
        EID_TRY(cmi_runs_check(ctx, data, &a->training, &a->cmi));
done:
    eid_dataset_free(data);
    eid_dataset_free(test);
    return st;
}

eid_status eid_cmi_answer(eid_cmi_result **out, eid_ctx *ctx, const eid_cmi_ask *a, const char *dir)
{
    eid_status st = EID_OK;
    eid_cmi_runs *runs = NULL;
    eid_cmi_result *r = NULL;
    const char *name = "elsewhere";

    EID_TRY(check_sources(a));
    if (!a->files.members && !a->banks.n && !a->data)
        return eid_cmi(out, ctx, &a->cmi);
    if (a->files.members) {
        EID_TRY(eid_cmi_runs_files(&runs, ctx, &a->files));
    } else if (a->banks.n) {
        name = "bank";
        EID_TRY(eid_cmi_runs_banks(&runs, ctx, &a->banks));
    } else {
        name = a->training.model;
        if (!dir)
            EID_TRY(eid_fail(EID_EINVAL, "cmi: networks are trained into banks: --out says where"));
        EID_TRY(train(&runs, ctx, a, dir));
    }
    EID_TRY(eid_cmi_measure_runs(&r, ctx, runs, &a->cmi));
    r->learner = name;
    *out = r;
    r = NULL;
done:
    eid_cmi_result_free(r);
    eid_cmi_runs_free(runs);
    return st;
}

/* ---- the page ---------------------------------------------------------------------------------
 */

static eid_status csv_line(eid_buf *b, const char *name, const eid_estimate *e)
{
    eid_status st = EID_OK;
    const double x[] = {e->value, e->low, e->high};

    EID_TRY(eid_buf_str(b, name));
    for (int i = 0; i < 3; i++)
        EID_TRY(isfinite(x[i]) ? eid_buf_printf(b, ",%.9g", x[i]) : eid_buf_str(b, ","));
    EID_TRY(eid_buf_str(b, "\n"));
done:
    return st;
}

/* A row of the page, and the same of the CSV. */
static eid_status tell(lab_work *w, eid_buf *b, bool control, const char *name,
                       const eid_estimate *e, lab_range range)
{
    eid_status st = EID_OK;

    EID_TRY((control ? lab_control : lab_measured)(w, name, e, range));
    EID_TRY(csv_line(b, name, e));
done:
    return st;
}

static eid_status tell_measure(lab_work *w, eid_buf *b, eid_lab_figure *f, const char *of,
                               const eid_cmi_measure *m)
{
    const struct {
        const char *name;
        const eid_estimate *e;
        bool control;
    } row[] = {
        {"plug-in", &m->plugin, false},
        {"less Miller and Madow's bias", &m->miller_madow, false},
        {"adjusted for chance", &m->adjusted, false},
        {"plug-in under permuted coins", &m->null_plugin, true},
        {"less Miller and Madow's bias under permuted coins", &m->null_miller_madow, true},
        {"adjusted under permuted coins", &m->null_adjusted, true},
        {"bound on the gap", &m->bound, false},
        {"bound on the gap by the plug-in", &m->bound_plugin, false},
    };
    eid_status st = EID_OK;
    char name[128];

    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        snprintf(name, sizeof name, "%s: %s", of, row[i].name);
        EID_TRY(tell(w, b, row[i].control, name, row[i].e, lab_any()));
    }
    EID_TRY(lab_bar(f, "adjusted for chance", of, &m->adjusted));
    EID_TRY(lab_bar(f, "under permuted coins", of, &m->null_adjusted));
done:
    return st;
}

static eid_status bounds(lab_work *w, const eid_cmi_result *r)
{
    eid_status st = EID_OK;
    eid_lab_figure *f;
    const eid_estimate cmi = lab_exact(r->cmi_bound);

    EID_TRY(lab_figure(&f, w,
                       &(eid_chart){.name = "bounds",
                                    .title = "Gap and what bounds say of it, losses in [0, 1]",
                                    .kind = EID_CHART_BARS,
                                    .y_title = "loss",
                                    .from_zero = true}));
    EID_TRY(lab_bar(f, "loss", "measured gap", &r->gap));
    EID_TRY(lab_bar(f, "loss", "bound by ΔL", &r->dl.bound));
    EID_TRY(lab_bar(f, "loss", "bound by L", &r->l.bound));
    EID_TRY(lab_bar(f, "loss", "bound by F", &r->f.bound));
    EID_TRY(lab_bar(f, "loss", "bound by the parameters' CMI", &cmi));
done:
    return st;
}

static eid_status page(lab_work *w, const eid_cmi_result *r)
{
    eid_status st = EID_OK;
    eid_buf b = {0};
    eid_lab_figure *f;
    const eid_estimate disordered = lab_exact((double)r->disordered);
    const eid_estimate cmi = lab_exact(r->cmi_bound);

    EID_TRY(eid_buf_str(&b, "name,value,low,high\n"));
    EID_TRY(lab_figure(&f, w,
                       &(eid_chart){.name = "information",
                                    .title = "Nats of a coin that outputs tell",
                                    .kind = EID_CHART_BARS,
                                    .y_title = "nats a pair",
                                    .from_zero = true,
                                    .rule = M_LN2,
                                    .rule_label = "log 2"}));
    EID_TRY(tell_measure(w, &b, f, "F", &r->f));
    EID_TRY(tell_measure(w, &b, f, "L", &r->l));
    EID_TRY(tell_measure(w, &b, f, "ΔL", &r->dl));
    EID_TRY(tell(w, &b, false, "pairs against F ≥ L ≥ ΔL", &disordered, lab_at_most(0)));
    EID_TRY(tell(w, &b, false, "loss on learned examples", &r->train, lab_any()));
    EID_TRY(tell(w, &b, false, "loss on the others", &r->test, lab_any()));
    EID_TRY(tell(w, &b, false, "gap", &r->gap, lab_any()));
    EID_TRY(tell(w, &b, false, "I(ΔL; U) / log 2, pairs pooled", &r->interpolating, lab_any()));
    EID_TRY(tell(w, &b, false, "bound by the parameters' CMI", &cmi, lab_any()));
    EID_TRY(tell(w, &b, false, "Xu and Raginsky's bound", &r->xu_raginsky, lab_any()));
    EID_TRY(bounds(w, r));
    EID_TRY(keep_text(w->folder, "rows.csv", (const char *)b.at));
done:
    eid_buf_free(&b);
    return st;
}

typedef struct told {
    lab_work *w;
    eid_status st;
} told;

static void tell_file(void *user, const char *path)
{
    told *t = user;
    if (t->st == EID_OK)
        t->st = lab_input_file(t->w, path);
}

static eid_status inputs(lab_work *w, const eid_cmi_ask *a)
{
    const char *file[] = {a->files.members, a->files.outputs, a->files.predictions, a->files.losses,
                          a->data ? NULL : a->files.labels};
    eid_dataset_opts read = a->read;
    told t = {w, EID_OK};
    eid_status st = EID_OK;

    for (size_t i = 0; i < sizeof file / sizeof *file; i++)
        if (file[i])
            EID_TRY(lab_input_file(w, file[i]));
    read.labels = a->files.labels;
    if (a->data)
        EID_TRY(eid_dataset_files(a->data, &read, tell_file, &t));
    EID_TRY(t.st);
done:
    return st;
}

static eid_status run(lab_work *w)
{
    const eid_cmi_ask *a = w->own;
    eid_status st = EID_OK;
    eid_cmi_result *r = NULL;
    char *json = NULL;

    EID_TRY(inputs(w, a));
    EID_TRY(eid_cmi_answer(&r, w->ctx, a, w->folder));
    EID_TRY(lab_note(w, "Learner: %s; %lld super-samples of %lld pairs, %lld draws of the coins.",
                     r->learner, (long long)r->supers, (long long)r->pairs, (long long)r->masks));
    EID_TRY(page(w, r));
    EID_TRY(eid_cmi_json(r, &json));
    EID_TRY(keep_text(w->folder, "result.json", json));
done:
    eid_cmi_result_free(r);
    eid_string_free(json);
    return st;
}

/* What cannot be is refused before a run is begun. */
static eid_status rehearse(eid_ctx *ctx, const eid_cmi_ask *a)
{
    eid_status st = EID_OK;
    eid_cmi_runs *runs = NULL;

    EID_TRY(check_sources(a));
    if (a->files.members)
        EID_TRY(eid_cmi_runs_files(&runs, ctx, &a->files));
    else if (a->banks.n)
        EID_TRY(eid_cmi_runs_banks(&runs, ctx, &a->banks));
    else if (a->data)
        EID_TRY(train(NULL, ctx, a, NULL));
    else
        EID_TRY(eid_cmi_check(ctx, &a->cmi));
done:
    eid_cmi_runs_free(runs);
    return st;
}

/* ---- the run ----------------------------------------------------------------------------------
 */

/* One table of all that an ask holds: what a run is the same by. */
static eid_status whole_table(eid_opt **out)
{
    static const struct {
        const eid_opt *table;
        size_t at;
    } part[] = {{eid_cmi_opt_table, offsetof(eid_cmi_ask, cmi)},
                {eid_cmi_source_table, 0},
                {eid_classifier_opt_table, offsetof(eid_cmi_ask, training)},
                {eid_dataset_opt_table, offsetof(eid_cmi_ask, read)}};
    eid_status st = EID_OK;
    eid_opt *all = NULL;
    size_t n = 0, cap = 0;

    for (size_t k = 0; k < sizeof part / sizeof *part; k++)
        for (const eid_opt *row = part[k].table; row->type != EID_OPT_END; row++) {
            bool again = false;
            for (size_t i = 0; i < n; i++)
                again = again || strcmp(all[i].name, row->name) == 0;
            if (again) /* seed and labels: the first is the one that counts */
                continue;
            EID_TRY(EID_GROW(all, &cap, n + 2));
            all[n] = *row;
            all[n++].offset += part[k].at;
        }
    all[n] = (eid_opt){0};
    *out = all;
    all = NULL;
done:
    eid_free(all);
    return st;
}

eid_status eid_cmi_keep(char **json, eid_ctx *ctx, const eid_cmi_ask *ask, const eid_lab_call *call)
{
    eid_status st = EID_OK;
    eid_opt *table = NULL;
    eid_lab_call named = *call;
    eid_lab as_lab = {
        .name = "cmi",
        .group = "cmi",
        .title = "What outputs tell about who was in the sample",
        .claim = "Predictions tell at least as much as losses, and losses as their differences.",
        .meaning = "Each bounds the gap between the loss on learned and on other examples. What is "
                   "told under permuted coins is what chance alone makes of so few runs.",
        .source = "Steinke and Zakynthinou 2020; Harutyunyan et al. 2021; Wang and Mao 2023",
        .opts_size = sizeof(eid_cmi_ask),
        .run = run,
    };

    named.command = "cmi";
    EID_TRY(rehearse(ctx, ask));
    EID_TRY(whole_table(&table));
    as_lab.table = table;
    EID_TRY(keep_run(json, ctx, &as_lab, ask, ask->cmi.seed, &named));
done:
    eid_free(table);
    return st;
}
