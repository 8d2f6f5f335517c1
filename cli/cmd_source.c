#include "asking.h"
#include <inttypes.h>
#include <stdlib.h>

typedef struct args {
    eid_strings files;
    int64_t min, top, places;
    bool reveal;
} args;

static const eid_opt own[] = {
    {EID_OPT_LIST, "file", offsetof(args, files), 0, 0,
     "trace this file, - for standard input; may be repeated", NULL, EID_OPT_PATH_IN},
    {EID_OPT_I64, "min", offsetof(args, min), 1, 1e12, "shortest span to tell of, in bytes", NULL,
     0},
    {EID_OPT_I64, "top", offsetof(args, top), 0, 1e9, "tell of the longest so many; 0: all", NULL,
     0},
    {EID_OPT_I64, "places", offsetof(args, places), 0, 1e6,
     "show the first so many places of each span", NULL, 0},
    {EID_OPT_BOOL, "reveal", offsetof(args, reveal), 0, 0,
     "show addresses, numbers and keys as they are", NULL, EID_OPT_NEUTRAL},
    {0},
};

static const cli_usage usage = {
    .verb = "source",
    .synopsis = "INDEX [FILE...] [--file FILE...] [options]",
    .description =
        "Where a text, such as a model's output, comes from: its spans that stand verbatim in the "
        "corpus of an index, longest first, each with its copies and the documents that hold it. A "
        "span can be made longer at neither end; spans inside longer ones are left out. Without a "
        "file, standard input is traced.",
    .example = "source corpus.idx output.txt --min 50",
    .min_operands = 1,
    .max_operands = -1,
};

typedef struct traced {
    eid_span *span;
    size_t n, covered, shown;
    eid_place *places; /* a->places of them for each span shown */
    int64_t *found;
} traced;

static void traced_free(traced *x)
{
    eid_spans_free(x->span);
    free(x->places);
    free(x->found);
}

static int trace(cli *c, const eid_index *ix, const args *a, const cli_text *t, traced *x)
{
    if (eid_index_spans(ix, c->ctx, t->bytes, t->n, (size_t)a->min, &x->span, &x->n, &x->covered) !=
        EID_OK)
        return cli_failed(c);
    x->shown = a->top > 0 && (size_t)a->top < x->n ? (size_t)a->top : x->n;
    x->places = calloc(x->shown + 1, (size_t)(a->places + 1) * sizeof *x->places);
    x->found = calloc(x->shown + 1, sizeof *x->found);
    if (!x->places || !x->found)
        return cli_refuse(c, "memory", "no memory for the places of %zu spans", x->shown);
    for (size_t i = 0; i < x->shown; i++) {
        const eid_span *s = &x->span[i];
        if (eid_index_locate(ix, t->bytes + s->start, s->end - s->start,
                             x->places + i * (size_t)a->places, a->places, &x->found[i]) != EID_OK)
            return cli_failed(c);
    }
    return CLI_OK;
}

static json_t *as_json(const eid_index *ix, const args *a, const cli_text *t, const traced *x)
{
    json_t *spans = json_array();

    for (size_t i = 0; i < x->shown; i++) {
        const eid_span *s = &x->span[i];
        json_t *places = json_array();
        json_t *j = json_pack("{s:I, s:I, s:I, s:I}", "start", (json_int_t)s->start, "end",
                              (json_int_t)s->end, "count", (json_int_t)s->count, "documents",
                              (json_int_t)s->documents);
        cli_set_bytes(j, t->bytes + s->start, s->end - s->start, a->reveal);
        for (int64_t p = 0; p < x->found[i]; p++)
            json_array_append_new(
                places, cli_place(ix, x->places[i * (size_t)a->places + (size_t)p], a->reveal));
        json_object_set_new(j, "places", places);
        json_array_append_new(spans, j);
    }
    return json_pack("{s:o, s:I, s:I, s:o, s:I, s:o}", "path",
                     t->name ? cli_string(t->name) : json_null(), "bytes", (json_int_t)t->n,
                     "covered", (json_int_t)x->covered, "share",
                     t->n ? json_real((double)x->covered / (double)t->n) : json_null(), "found",
                     (json_int_t)x->n, "spans", spans);
}

static void print(const eid_index *ix, const args *a, const cli_text *t, const traced *x)
{
    printf("covered\t%zu of %zu bytes in %zu spans\t", x->covered, t->n, x->n);
    cli_print_title(t, 1);
    putchar('\n');
    for (size_t i = 0; i < x->shown; i++) {
        const eid_span *s = &x->span[i];
        printf("%zu\tbytes %zu-%zu\t%" PRId64 " copies in %" PRId64 " documents\t",
               s->end - s->start, s->start, s->end, s->count, s->documents);
        cli_print_line(t->bytes + s->start, s->end - s->start, a->reveal);
        putchar('\n');
        for (int64_t p = 0; p < x->found[i]; p++) {
            eid_place at = x->places[i * (size_t)a->places + (size_t)p];
            printf("\t%" PRId64 "\t%" PRId64 "\t", at.doc, at.offset);
            cli_print_name(ix, at.doc);
            putchar('\n');
        }
    }
}

static int one(cli *c, const eid_index *ix, const args *a, const cli_text *t, json_t *all)
{
    traced x = {0};
    int rc = trace(c, ix, a, t, &x);

    if (rc == CLI_OK && all)
        json_array_append_new(all, as_json(ix, a, t, &x));
    else if (rc == CLI_OK)
        print(ix, a, t, &x);
    traced_free(&x);
    return rc;
}

/* Operands are files here: what is traced is rarely typed. */
static int read_files(cli *c, const args *a, cli_texts *t)
{
    size_t named = c->operands.n - 1;
    eid_strings files = {calloc(named + a->files.n + 1, sizeof *files.at), named + a->files.n};
    if (!files.at)
        return cli_refuse(c, "memory", "no memory for the names of %zu files", files.n);
    for (size_t i = 0; i < files.n; i++)
        files.at[i] = i < named ? c->operands.at[i + 1] : a->files.at[i - named];
    int rc = cli_texts_behind(c, c->operands.n, &files, t);
    free(files.at);
    return rc;
}

int cmd_source(int argc, char **argv)
{
    args a = {.min = 50, .top = 0, .places = 3};
    const cli_group groups[] = {{"What to trace", NULL, own, &a}, {0}};
    eid_index *ix = NULL;
    cli_texts t = {0};
    cli c;
    int rc = cli_begin(&c, argc, argv, &usage, groups);

    if (rc != CLI_GO)
        return rc;
    rc = cli_index_open(&c, &ix, c.operands.at[0]);
    if (rc == CLI_OK)
        rc = read_files(&c, &a, &t);
    json_t *all = c.json ? json_array() : NULL;
    for (size_t i = 0; i < t.n && rc == CLI_OK; i++)
        rc = one(&c, ix, &a, &t.at[i], all);
    if (rc == CLI_OK && all)
        rc = cli_object(&c, json_pack("{s:O}", "texts", all));
    json_decref(all);
    cli_texts_free(&t);
    eid_index_free(ix);
    return cli_end(&c, rc);
}
