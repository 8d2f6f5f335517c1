/* write.c - from a run's folder to report.html and its figures. */
#include "base/ctx.h"
#include "base/file.h"
#include "eidetic/report.h"
#include "report/document.h"
#include <string.h>
#include <sys/stat.h>

eid_report_opts eid_report_opts_default(void)
{
    return (eid_report_opts){.reveal = false};
}

const eid_opt eid_report_opt_table[] = {
    {EID_OPT_BOOL, "reveal", offsetof(eid_report_opts, reveal), 0, 0,
     "show e-mail addresses, numbers and keys as they are", NULL, EID_OPT_NEUTRAL},
    {0}};

/* A whole file with mode 0600: what a model gives back is as private as its corpus. */
static eid_status write_file(const char *path, const void *bytes, size_t n)
{
    eid_status st;
    eid_out *f = NULL;
    EID_TRY(eid_out_open(&f, path));
    if (fchmod(eid_out_fd(f), 0600) != 0) { /* a file system without modes has none to set */
    }
    EID_TRY(eid_out_write(f, bytes, n));
    EID_TRY(eid_out_commit(&f));
done:
    eid_out_abort(&f);
    return st;
}

static eid_status write_page(const char *dir, const char *name, const char *suffix, const page *p)
{
    eid_status st;
    char *path = NULL;
    EID_TRY(p->st);
    EID_TRY(eid_format(&path, "%s/%s%s", dir, name, suffix));
    EID_TRY(write_file(path, p->b.at, p->b.n));
done:
    eid_free(path);
    return st;
}

static eid_status write_figure(const char *dir, const fig *f, bool reveal)
{
    eid_status st;
    page svg = {.reveal = reveal}, csv = {.reveal = reveal}, vega = {.reveal = reveal};
    char *json = NULL;

    put(&svg, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    fig_svg(&svg, f, FIG_WIDE, true);
    EID_TRY(write_page(dir, f->name, ".svg", &svg));
    fig_csv(&csv, f);
    EID_TRY(write_page(dir, f->name, ".csv", &csv));
    EID_TRY(fig_vega(f, &json));
    put(&vega, json);
    put(&vega, "\n");
    EID_TRY(write_page(dir, f->name, ".vl.json", &vega));
done:
    eid_buf_free(&svg.b);
    eid_buf_free(&csv.b);
    eid_buf_free(&vega.b);
    eid_string_free(json);
    return st;
}

typedef struct figure_folder {
    const char *dir;
    bool reveal;
} figure_folder;

static eid_status write_lab_figure(void *user, const fig *f)
{
    const figure_folder *to = user;
    return write_figure(to->dir, f, to->reveal);
}

static eid_status write_figures(document *d, eid_ctx *ctx, const char *dir)
{
    eid_status st = EID_OK;
    figure_folder to = {.dir = dir, .reveal = d->p.reveal};

    if (doc_is_lab(d)) {
        EID_TRY(doc_lab_read(d));
        return doc_lab_figures(d, write_lab_figure, &to);
    }
    if (doc_is_duplicates(d))
        return doc_duplicates_figures(d, write_lab_figure, &to);
    if (doc_is_data(d))
        return doc_data_figures(d, write_lab_figure, &to);
    for (int i = 0; i < FIGURES; i++) {
        EID_TRY(eid_tick(ctx, "writing the report", "figures", i, FIGURES));
        d->has[i] = fig_fill(&d->figure[i], &d->ev, i);
        if (d->has[i])
            EID_TRY(write_figure(dir, &d->figure[i], d->p.reveal));
    }
done:
    return st;
}

eid_status eid_report_write(eid_ctx *ctx, const char *run, const eid_report_opts *opts)
{
    eid_status st;
    document *d = NULL;
    char *figures = NULL;

    EID_TRY(EID_NEW(d, 1));
    d->p.reveal = opts->reveal;
    EID_TRY(ev_read(&d->ev, run));
    EID_TRY(eid_format(&figures, "%s/figures", run));
    EID_TRY(eid_mkdirs(figures));
    EID_TRY(write_figures(d, ctx, figures));
    if (doc_is_lab(d))
        doc_lab_page(d);
    else if (doc_is_duplicates(d))
        doc_duplicates_page(d);
    else if (doc_is_data(d))
        doc_data_page(d);
    else
        doc_page(d);
    EID_TRY(write_page(run, "report", ".html", &d->p));
    EID_TRY(eid_tick(ctx, "writing the report", "figures", FIGURES, FIGURES));
done:
    if (d) {
        doc_lab_free(d);
        ev_free(&d->ev);
        eid_buf_free(&d->p.b);
    }
    eid_free(d);
    eid_free(figures);
    return st;
}
