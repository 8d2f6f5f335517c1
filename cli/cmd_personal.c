#include "evidence.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct args {
    const char *secrets;
} args;

static const eid_opt own[] = {
    {EID_OPT_STR, "secrets", offsetof(args, secrets), 0, 0,
     "a file with one string a line that must not come out, besides what is detected", NULL,
     EID_OPT_PATH_IN},
    {0},
};

static const cli_usage usage = {
    .verb = "personal",
    .synopsis = "--model DIR --corpus PATH... [options]",
    .description =
        "Which personal data of its training text does a model give away? Finds e-mail addresses, "
        "telephone, card and account numbers, keys and UUIDs, gives the model the text before "
        "each, "
        "and looks for it in what comes next. Prints a line per kind: distinct ones in the text, "
        "asked for, given away, of these in one document only; then the share of held-out ones "
        "that "
        "came out the same way, by chance, with its 95% interval.",
    .example = "personal --model run/model --corpus mail/ --secrets names.txt",
    .min_operands = 0,
    .max_operands = 0,
};

/* A file's lines, cut in place; blank ones are left out. */
typedef struct lines {
    char *text;
    eid_strings s;
} lines;

static int read_all(cli *c, const char *path, char **text)
{
    FILE *f = fopen(path, "rb");
    size_t n = 0, cap = 0;
    char *t = NULL;

    if (!f)
        return cli_refuse(c, "io", "%s: %s", path, strerror(errno));
    do {
        char *more = cap < SIZE_MAX / 4 ? realloc(t, cap = 2 * cap + 4096) : NULL;
        if (!more) {
            free(t);
            fclose(f);
            return cli_refuse(c, "memory", "%s: no memory for its lines", path);
        }
        t = more;
        n += fread(t + n, 1, cap - n - 1, f);
    } while (n == cap - 1);
    int failed = ferror(f) ? errno : 0;
    fclose(f);
    t[n] = 0;
    if (!failed && strlen(t) == n) {
        *text = t;
        return CLI_OK;
    }
    free(t);
    return failed ? cli_refuse(c, "io", "%s: %s", path, strerror(failed))
                  : cli_refuse(c, "format", "%s: a NUL byte; a string a line is wanted", path);
}

static int read_lines(cli *c, const char *path, lines *l)
{
    size_t n = 1;
    int rc = cli_file_input(c, path);

    if (rc == CLI_OK)
        rc = read_all(c, path, &l->text);
    if (rc != CLI_OK)
        return rc;
    for (const char *p = l->text; *p; p++)
        n += *p == '\n';
    l->s.at = calloc(n, sizeof *l->s.at);
    if (!l->s.at)
        return cli_refuse(c, "memory", "%s: no memory for its lines", path);
    char *rest = l->text, *line;
    while ((line = strsep(&rest, "\r\n")) != NULL)
        if (*line)
            l->s.at[l->s.n++] = line;
    if (l->s.n == 0)
        return cli_refuse(c, "format", "%s: holds no line", path);
    return CLI_OK;
}

static int print_result(cli *c, const eid_personal_result *r, bool reveal)
{
    char *json = NULL;

    if (c->json)
        return eid_personal_json(r, reveal, &json) == EID_OK ? cli_result(c, json) : cli_failed(c);
    for (size_t i = 0; i < r->n_rows; i++) {
        const eid_personal_row *p = &r->rows[i];
        printf("%s\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t", p->kind, p->in_training,
               p->asked, p->emitted, p->single_document);
        cli_print_estimate(&p->chance);
        printf("\n");
    }
    return CLI_OK;
}

static int plan(cli *c, const cli_evidence *e, const eid_personal_opts *o)
{
    int64_t prompts = 7 * o->per_kind * (e->heldout ? 2 : 1);

    if (c->json)
        return cli_object(c, json_pack("{s:I, s:I, s:I, s:I}", "documents",
                                       (json_int_t)eid_corpus_size(e->train), "bytes",
                                       (json_int_t)eid_corpus_bytes(e->train), "prompts",
                                       (json_int_t)prompts, "tokens",
                                       (json_int_t)(prompts * (o->prompt + o->match))));
    printf("documents\t%zu\nbytes\t%" PRId64 "\nprompts\tat most %" PRId64
           "\ntokens\tat most %" PRId64 "\n",
           eid_corpus_size(e->train), eid_corpus_bytes(e->train), prompts,
           prompts * (o->prompt + o->match));
    return CLI_OK;
}

int cmd_personal(int argc, char **argv)
{
    args a = {0};
    cli_evidence_args ea = {.read = eid_corpus_opts_default()};
    eid_personal_opts o = eid_personal_opts_default();
    const cli_group groups[] = {
        {"What to question", NULL, cli_evidence_table, &ea},
        {"What must not come out", NULL, own, &a},
        {"Prompts", NULL, eid_personal_opt_table, &o},
        {"Reading the corpora", NULL, eid_corpus_opt_table, &ea.read},
        {0},
    };
    cli_evidence e = {0};
    lines listed = {0};
    eid_personal_result *r = NULL;
    cli c;
    int rc = cli_begin(&c, argc, argv, &usage, groups);

    if (rc != CLI_GO)
        return rc;
    rc = cli_evidence_open(&c, &e, &ea);
    if (rc == CLI_OK && a.secrets)
        rc = read_lines(&c, a.secrets, &listed);
    if (rc == CLI_OK && c.dry_run)
        rc = plan(&c, &e, &o);
    else if (rc == CLI_OK && eid_personal(&r, c.ctx, e.model.lm, e.model.bpe, e.index, e.train,
                                          e.heldout, a.secrets ? &listed.s : NULL, &o) != EID_OK)
        rc = cli_failed(&c);
    else if (rc == CLI_OK)
        rc = print_result(&c, r, ea.reveal);
    eid_personal_result_free(r);
    free(listed.s.at);
    free(listed.text);
    cli_evidence_close(&e);
    return cli_end(&c, rc);
}
