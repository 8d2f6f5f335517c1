/* labs_keep.c - labs as a run: a unit of work each, resumable, with one report. */
#include "base/ctx.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "eidetic/report.h"
#include "eidetic/store.h"
#include "recipe/lab.h"
#include "recipe/run.h"
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* A lab's own options, or its defaults in *defaults, which the caller frees. */
static eid_status own_options(const eid_lab_ask *a, const void **own, void **defaults)
{
    eid_status st = EID_OK;

    *own = a->own;
    if (a->own || !a->lab->table)
        return EID_OK;
    EID_TRY(eid_new(defaults, 1, a->lab->opts_size));
    if (a->lab->defaults)
        a->lab->defaults(*defaults);
    *own = *defaults;
done:
    return st;
}

static eid_status options_json(const eid_lab_ask *ask, size_t n, const eid_lab_opts *opts, bool all,
                               char **json)
{
    eid_status st = EID_OK;
    json_t *to = json_object(), *labs = json_array();
    void *defaults = NULL;

    for (size_t i = 0; i < n; i++)
        json_array_append_new(labs, json_string(ask[i].lab->name));
    json_object_set_new(to, "labs", labs);
    EID_TRY(recipe_add_options(to, "", eid_lab_opt_table, opts, all));
    for (size_t i = 0; i < n; i++) {
        const void *own;
        EID_TRY(own_options(&ask[i], &own, &defaults));
        if (ask[i].lab->table)
            EID_TRY(recipe_add_options(to, ask[i].lab->name, ask[i].lab->table, own, all));
        eid_free(defaults);
        defaults = NULL;
    }
    EID_TRY(eid_json_text(json_incref(to), json));
done:
    eid_free(defaults);
    json_decref(to);
    return st;
}

/* What a path option names is part of the run's identity by its content: files by their hash, other
 * things by their name. */
static eid_status add_path(eid_ctx *ctx, eid_buf *b, const char *name, const char *path)
{
    struct stat info;
    char hex[65];
    eid_status st = EID_OK;

    if (!path)
        return EID_OK;
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode))
        return eid_buf_printf(b, "%s %s\n", name, path);
    EID_TRY(eid_file_sha256(ctx, path, hex, NULL));
    EID_TRY(eid_buf_printf(b, "%s %s\n", name, hex));
done:
    return st;
}

static eid_status add_paths(eid_ctx *ctx, eid_buf *b, const eid_lab_ask *a)
{
    eid_status st = EID_OK;
    const void *own;
    void *defaults = NULL;

    EID_TRY(own_options(a, &own, &defaults));
    for (const eid_opt *row = a->lab->table; row && row->type != EID_OPT_END; row++) {
        const void *at = (const char *)own + row->offset;
        if (!(row->flags & EID_OPT_PATH_IN))
            continue;
        if (row->type == EID_OPT_STR)
            EID_TRY(add_path(ctx, b, row->name, *(const char *const *)at));
        for (size_t i = 0; row->type == EID_OPT_LIST && i < ((const eid_strings *)at)->n; i++)
            EID_TRY(add_path(ctx, b, row->name, ((const eid_strings *)at)->at[i]));
    }
done:
    eid_free(defaults);
    return st;
}

static eid_status identity(eid_ctx *ctx, const eid_lab_ask *ask, size_t n, const eid_lab_opts *opts,
                           char hex[65])
{
    eid_status st = EID_OK;
    char *json = NULL;
    eid_buf b = {0};

    EID_TRY(options_json(ask, n, opts, false, &json));
    EID_TRY(eid_buf_printf(&b, "%s\nversion %s\nbits %s\n", json, eid_version(), eid_bits(ctx)));
    for (size_t i = 0; i < n; i++)
        EID_TRY(add_paths(ctx, &b, &ask[i]));
    EID_TRY(eid_sha256_of(b.at, b.n, hex));
done:
    eid_string_free(json);
    eid_buf_free(&b);
    return st;
}

static eid_status open_run(eid_store **s, eid_ctx *ctx, const eid_lab_ask *ask, size_t n,
                           const eid_lab_opts *opts, const eid_lab_call *call)
{
    eid_status st = EID_OK;
    char hex[65], cpu[256];
    char *options = NULL;
    bool resumed;

    EID_TRY(identity(ctx, ask, n, opts, hex));
    EID_TRY(options_json(ask, n, opts, true, &options));
    eid_cpu_name(cpu, sizeof cpu);
    eid_run_info info = {
        .command = call->command ? call->command : "lab",
        .command_line = call->command_line ? call->command_line : "",
        .options = options,
        .identity = hex,
        .version = eid_version(),
        .kernels = eid_kernels(),
        .bits = eid_bits(ctx),
        .cpu = cpu,
        .seed = opts->seed,
        .threads = eid_ctx_threads(ctx),
    };
    EID_TRY(eid_store_create(s, call->out, &info, &resumed));
done:
    eid_string_free(options);
    return st;
}

/* ---- from a result to the store ------------------------------------------------------------ */

static eid_status keep_figure(eid_store *s, const eid_lab_result *r, const eid_lab_figure *f)
{
    eid_status st = EID_OK;
    char *curve = NULL;

    EID_TRY(eid_format(&curve, "%s.%s", r->lab->name, f->chart.name));
    for (size_t i = 0; i < f->n_series; i++)
        for (size_t k = 0; k < f->series[i].n; k++)
            EID_TRY(eid_store_point(s, curve, f->series[i].name, f->series[i].at[k].x,
                                    &f->series[i].at[k].y));
done:
    eid_free(curve);
    return st;
}

static eid_status keep(eid_store *s, const eid_lab_result *r)
{
    eid_status st = EID_OK;
    char *name = NULL, *json = NULL;

    for (size_t i = 0; i < r->n_rows; i++) {
        EID_TRY(eid_format(&name, "%s.%s.%s", r->lab->name,
                           r->rows[i].control ? "control" : "measured", r->rows[i].name));
        EID_TRY(eid_store_metric(s, name, &r->rows[i].value));
        eid_free(name);
        name = NULL;
    }
    for (size_t i = 0; i < r->n_figures; i++)
        EID_TRY(keep_figure(s, r, r->figures[i]));
    for (size_t i = 0; i < r->n_inputs; i++)
        EID_TRY(eid_store_input(s, r->inputs[i].path, r->inputs[i].bytes, r->inputs[i].sha256,
                                r->inputs[i].documents, r->inputs[i].skipped));
    EID_TRY(eid_lab_result_json(r, &json));
    EID_TRY(eid_format(&name, "lab.%s", r->lab->name));
    EID_TRY(eid_store_text(s, name, json));
done:
    eid_free(name);
    eid_string_free(json);
    return st;
}

/* The store's transaction is open while results are written, not while they are computed: the run
 * can be read meanwhile. */
static eid_status run_one(eid_ctx *ctx, eid_store *s, const eid_lab_ask *a,
                          const eid_lab_opts *opts, const char *out)
{
    eid_status st = EID_OK;
    eid_lab_result *r = NULL;
    char *unit = NULL, *folder = NULL;
    bool done = false;

    EID_TRY(eid_format(&unit, "lab.%s", a->lab->name));
    EID_TRY(eid_store_begin(s, unit, &done));
    if (done)
        goto done;
    eid_store_abandon(s);
    EID_TRY(eid_format(&folder, "%s/%s", out, a->lab->name));
    EID_TRY(eid_lab_run(&r, ctx, a->lab, opts, a->own, folder));
    EID_TRY(eid_store_begin(s, unit, &done));
    EID_TRY(keep(s, r));
    EID_TRY(eid_store_end(s));
done:
    if (st != EID_OK)
        eid_store_abandon(s);
    eid_lab_result_free(r);
    eid_free(unit);
    eid_free(folder);
    return st;
}

eid_status eid_labs_run(eid_ctx *ctx, const eid_lab_ask *ask, size_t n, const eid_lab_opts *opts,
                        const eid_lab_call *call)
{
    eid_status st = EID_OK;
    eid_store *s = NULL;
    double began = eid_now();

    if (!n)
        return eid_fail(EID_EINVAL, "no lab was named");
    if (!call->out || !*call->out)
        return eid_fail(EID_EINVAL, "labs want a folder for their run");
    EID_TRY(open_run(&s, ctx, ask, n, opts, call));
    if (strcmp(eid_store_run(s)->state, "done") != 0) {
        for (size_t i = 0; i < n; i++)
            EID_TRY(run_one(ctx, s, &ask[i], opts, call->out));
        EID_TRY(eid_store_finish(s, "done", eid_now() - began));
    }
done:
    eid_store_free(s);
    if (st == EID_OK)
        st = eid_report_write(ctx, call->out, &(eid_report_opts){.reveal = false});
    return st;
}

/* ---- back from the store ------------------------------------------------------------------ */

static eid_status take(void *user, const char *name, const char *value)
{
    json_t *labs = user, *one;
    eid_status st = eid_json_parse(&one, name, value, strlen(value));

    if (st != EID_OK)
        return st;
    if (json_array_append_new(labs, one) != 0)
        return eid_fail(EID_ENOMEM, "no memory for JSON");
    return EID_OK;
}

/* The gravest: one that fails, else one that could not be told. */
static const char *verdict_of_all(json_t *labs)
{
    const char *all = "holds";
    size_t i;
    json_t *one;

    json_array_foreach(labs, i, one)
    {
        const char *v = json_string_value(json_object_get(one, "verdict"));
        if (v && strcmp(v, "fails") == 0)
            return "fails";
        if (!v || strcmp(v, "holds") != 0)
            all = "unresolved";
    }
    return all;
}

eid_status eid_labs_json(const char *run, char **json)
{
    eid_status st = EID_OK;
    eid_store *s = NULL;
    json_t *labs = json_array(), *whole = NULL;

    EID_TRY(eid_store_open(&s, run));
    EID_TRY(eid_store_texts(s, "lab.", take, labs));
    if (json_array_size(labs) == 1)
        whole = json_incref(json_array_get(labs, 0));
    else
        whole = json_pack("{s:O, s:s}", "labs", labs, "verdict", verdict_of_all(labs));
    json_object_set_new(whole, "files",
                        json_pack("{s:o, s:o}", "report", json_sprintf("%s/report.html", run),
                                  "database", json_sprintf("%s/eidetic.db", run)));
    EID_TRY(eid_json_text(json_incref(whole), json));
done:
    json_decref(whole);
    json_decref(labs);
    eid_store_free(s);
    return st;
}
