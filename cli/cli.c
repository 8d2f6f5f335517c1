#include "cli.h"
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

const eid_opt cli_common_table[] = {
    {EID_OPT_I64, "seed", offsetof(cli, seed), 0, 1e15, "random seed: same seed, same numbers",
     NULL, 0},
    {EID_OPT_I64, "threads", offsetof(cli, threads), 0, 1024,
     "worker threads, 0: one per processor; results do not depend on it", NULL, EID_OPT_NEUTRAL},
    {EID_OPT_SIZE, "memory", offsetof(cli, memory), 0, 1e15,
     "bytes to stay within (512M, 4G), 0: three quarters of the machine", NULL, EID_OPT_NEUTRAL},
    {EID_OPT_STR, "out", offsetof(cli, out), 0, 0, "file or folder to write", NULL,
     EID_OPT_NEUTRAL | EID_OPT_PATH_OUT},
    {EID_OPT_BOOL, "json", offsetof(cli, json), 0, 0, "one JSON object on stdout (docs/json.md)",
     NULL, EID_OPT_NEUTRAL},
    {EID_OPT_BOOL, "quiet", offsetof(cli, quiet), 0, 0, "no progress, no remarks", NULL,
     EID_OPT_NEUTRAL},
    {EID_OPT_BOOL, "dry-run", offsetof(cli, dry_run), 0, 0,
     "say what would be done and what it would cost, where the command is long", NULL,
     EID_OPT_NEUTRAL},
    {0},
};

static eid_ctx *volatile running; /* for the signal handler alone */

/* The first Ctrl-C asks for a clean stop at the end of the unit of work, a second one kills. */
static void on_interrupt(int number)
{
    if (running)
        eid_ctx_cancel(running);
    signal(number, SIG_DFL);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Does `arg` ("--extract-prompt") name this row of this group? */
static bool names(const char *arg, size_t n, const cli_group *g, const eid_opt *row)
{
    char full[96];
    bool prefixed = g->prefix && strcmp(row->name, "seed") != 0;

    snprintf(full, sizeof full, "%s%s%s", prefixed ? g->prefix : "", prefixed ? "-" : "",
             row->name);
    return strlen(full) == n && memcmp(full, arg, n) == 0;
}

/* Sets every row that `arg` names; *used says whether the next argument was its value. */
static int set_option(cli *c, const cli_group *all, const char *arg, const char *next, bool *used)
{
    const char *equals = strchr(arg, '='), *value = equals ? equals + 1 : next;
    size_t n = equals ? (size_t)(equals - arg) : strlen(arg);
    bool found = false;

    *used = false;
    for (const cli_group *g = all; g->table; g++)
        for (const eid_opt *row = g->table; row->type != EID_OPT_END; row++) {
            bool flag = row->type == EID_OPT_BOOL && !equals;
            bool off = flag && n > 3 && memcmp(arg, "no-", 3) == 0 && names(arg + 3, n - 3, g, row);
            if (!off && !names(arg, n, g, row))
                continue;
            found = true;
            if (!flag && !value)
                return cli_wrong(c, "--%s wants a value", arg);
            if (eid_opt_set(row, g->opts, flag ? (off ? "no" : "yes") : value) != EID_OK)
                return cli_wrong(c, "%s", eid_last_error());
            *used = !flag && !equals;
        }
    return found ? CLI_GO : cli_wrong(c, "there is no option --%.*s", (int)n, arg);
}

static int add_operand(cli *c, const char *text)
{
    const char **more = realloc(c->operands.at, (c->operands.n + 1) * sizeof *more);

    if (!more)
        return cli_wrong(c, "no memory for the arguments");
    c->operands.at = more;
    c->operands.at[c->operands.n++] = text;
    return CLI_GO;
}

static int parse(cli *c, const cli_group *all)
{
    bool only_operands = false;

    for (int i = 1; i < c->argc; i++) {
        const char *arg = c->argv[i];
        bool used = false;
        int rc;
        if (!only_operands && strcmp(arg, "--") == 0) {
            only_operands = true;
            continue;
        }
        if (!only_operands && (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0)) {
            cli_help(c->usage, all);
            return CLI_OK;
        }
        if (only_operands || arg[0] != '-' || !arg[1])
            rc = add_operand(c, arg);
        else if (arg[1] == '-')
            rc = set_option(c, all, arg + 2, i + 1 < c->argc ? c->argv[i + 1] : NULL, &used);
        else
            rc = cli_wrong(c, "there is no option %s", arg);
        if (rc != CLI_GO)
            return rc;
        i += used;
    }
    if ((int)c->operands.n < c->usage->min_operands)
        return cli_wrong(c, "an argument is missing");
    if (c->usage->max_operands >= 0 && (int)c->operands.n > c->usage->max_operands)
        return cli_wrong(c, "\"%s\" is one argument too many", c->operands.at[c->operands.n - 1]);
    for (const cli_group *g = all; g->table; g++)
        for (const eid_opt *row = g->table; row->type != EID_OPT_END; row++) {
            if (!(row->flags & EID_OPT_REQUIRED))
                continue; /* only texts and lists are ever required */
            const void *at = (const char *)g->opts + row->offset;
            bool given = row->type == EID_OPT_LIST ? ((const eid_strings *)at)->n > 0
                                                   : *(const char *const *)at != NULL;
            if (!given)
                return cli_wrong(c, "--%s is needed", row->name);
        }
    return CLI_GO;
}

/* {"prompt": 32, ...}: prefixed groups as spelled. */
static json_t *all_options(const cli_group *all)
{
    json_t *options = json_object();

    for (const cli_group *g = all; g->table; g++) {
        char *text = NULL;
        const char *key;
        json_t *part, *value;
        if (eid_opts_json(g->table, g->opts, &text) != EID_OK)
            continue;
        part = json_loads(text, 0, NULL);
        eid_string_free(text);
        json_object_foreach(part, key, value)
        {
            char full[96];
            bool prefixed = g->prefix && strcmp(key, "seed") != 0;
            snprintf(full, sizeof full, "%s%s%s", prefixed ? g->prefix : "", prefixed ? "-" : "",
                     key);
            json_object_set(options, full, value);
        }
        json_decref(part);
    }
    return options;
}

int cli_begin(cli *c, int argc, char **argv, const cli_usage *usage, const cli_group *groups)
{
    cli_group *all = c->groups;
    size_t n = 0;
    int rc;

    *c = (cli){.usage = usage, .argc = argc, .argv = argv, .seed = 1, .began = now()};
    for (const cli_group *g = groups; g && g->table && n < CLI_GROUPS - 2; g++)
        all[n++] = *g;
    all[n] = (cli_group){.title = "Common options", .table = cli_common_table, .opts = c};
    for (int i = 1; i < argc; i++)
        c->json |= strcmp(argv[i], "--json") == 0; /* so that usage errors are JSON, too */
    rc = parse(c, all);
    if (rc != CLI_GO)
        return cli_end(c, rc);
    c->options = all_options(all);
    c->inputs = json_array();
    c->warnings = json_array();
    if (eid_ctx_new(&c->ctx, &(eid_ctx_opts){.threads = c->threads, .memory = c->memory}) != EID_OK)
        return cli_end(c, cli_failed(c));
    if (!c->quiet && isatty(STDERR_FILENO))
        eid_ctx_on_progress(c->ctx, cli_progress, NULL);
    running = c->ctx;
    signal(SIGINT, on_interrupt);
    signal(SIGTERM, on_interrupt);
    return CLI_GO;
}

static int print_failure(cli *c, const char *code, const char *message, int rc)
{
    cli_progress_clear();
    if (c->json) {
        json_t *j = json_pack("{s:i, s:s, s:{s:s, s:o}}", "schema", 1, "command", c->usage->verb,
                              "error", "code", code, "message", cli_string(message));
        if (!j || json_dumpf(j, stdout, 0) != 0)
            fprintf(stderr, "eidetic %s: stdout: cannot write the error there\n", c->usage->verb);
        putchar('\n');
        json_decref(j);
    }
    fprintf(stderr, "eidetic %s: %s\n", c->usage->verb, message);
    return rc;
}

int cli_failed(cli *c)
{
    char message[1024];
    const char *why = eid_last_error();

    snprintf(message, sizeof message, "%s", why && *why ? why : "failed without saying why");
    return print_failure(c, eid_status_name(eid_last_status()), message, CLI_FAILED);
}

int cli_refuse(cli *c, const char *code, const char *fmt, ...)
{
    char message[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);
    return print_failure(c, code, message, CLI_FAILED);
}

int cli_wrong(cli *c, const char *fmt, ...)
{
    char message[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);
    print_failure(c, "usage", message, CLI_USAGE);
    fprintf(stderr, "Usage: eidetic %s %s\n       eidetic %s --help tells more\n", c->usage->verb,
            c->usage->synopsis, c->usage->verb);
    return CLI_USAGE;
}

int cli_result(cli *c, char *json)
{
    json_t *result = json_loads(json, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

    eid_string_free(json);
    return cli_object(c, result);
}

int cli_object(cli *c, json_t *result)
{
    json_t *whole =
        json_pack("{s:i, s:s, s:s, s:O, s:I, s:i, s:s, s:s, s:f, s:O, s:O, s:o}", "schema", 1,
                  "version", eid_version(), "command", c->usage->verb, "options", c->options,
                  "seed", (json_int_t)c->seed, "threads", eid_ctx_threads(c->ctx), "kernels",
                  eid_kernels(), "bits", eid_bits(c->ctx), "seconds", now() - c->began, "inputs",
                  c->inputs, "warnings", c->warnings, "result", result);
    int rc;

    cli_progress_clear();
    if (!whole)
        return cli_refuse(c, "memory", "no memory for the JSON object");
    rc = json_dumpf(whole, stdout, JSON_COMPACT) == 0 ? CLI_OK : CLI_FAILED; /* cli_end says why */
    putchar('\n');
    json_decref(whole);
    return rc;
}

int cli_end(cli *c, int rc)
{
    cli_progress_clear();
    running = NULL;
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "eidetic %s: stdout: %s\n", c->usage->verb, strerror(errno));
        rc = rc == CLI_OK ? CLI_FAILED : rc;
    }
    json_decref(c->options);
    json_decref(c->inputs);
    json_decref(c->warnings);
    for (const cli_group *g = c->groups; g->table; g++)
        eid_opts_free(g->table, g->opts);
    free(c->operands.at);
    eid_ctx_free(c->ctx);
    return rc;
}

void cli_input(cli *c, const char *path, int64_t bytes, const char *sha256, int64_t documents,
               int64_t skipped)
{
    json_array_append_new(c->inputs,
                          json_pack("{s:o, s:I, s:s, s:I, s:I}", "path", cli_string(path), "bytes",
                                    (json_int_t)bytes, "sha256", sha256, "documents",
                                    (json_int_t)documents, "skipped", (json_int_t)skipped));
}

void cli_corpus_inputs(cli *c, const eid_corpus *corpus)
{
    const eid_corpus_input *input;
    const eid_corpus_skip *skip;
    size_t n = eid_corpus_inputs(corpus, &input);

    for (size_t i = 0; i < n; i++)
        cli_input(c, input[i].path, input[i].bytes, input[i].sha256, input[i].documents,
                  input[i].skipped);
    n = eid_corpus_skips(corpus, &skip);
    for (size_t i = 0; i < n && i < 5; i++)
        cli_warn(c, "skipped", "skipped %s: %s", skip[i].name, skip[i].why);
    if (n > 5)
        cli_warn(c, "skipped", "... and %zu more were skipped", n - 5);
}

void cli_warn(cli *c, const char *code, const char *fmt, ...)
{
    char text[1024];
    json_t *entry;
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    entry = json_pack("{s:s, s:o}", "code", code, "text", cli_string(text));
    if (c->warnings && entry)
        json_array_append(c->warnings, entry);
    json_decref(entry);
    cli_progress_clear();
    fprintf(stderr, "eidetic %s: %s\n", c->usage->verb, text);
}

void cli_say(const cli *c, const char *fmt, ...)
{
    va_list ap;

    if (c->quiet || c->json)
        return;
    cli_progress_clear();
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
}

const char *cli_command_line(const cli *c)
{
    static char line[8192];
    size_t n = (size_t)snprintf(line, sizeof line, "eidetic");

    for (int i = 0; i < c->argc && n + 8 < sizeof line; i++) {
        bool plain = c->argv[i][0] && c->argv[i][strspn(c->argv[i], "abcdefghijklmnopqrstuvwxyz"
                                                                    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                                    "0123456789_-+=./:,@%")] == 0;
        line[n++] = ' ';
        if (!plain)
            line[n++] = '\'';
        for (const char *p = c->argv[i]; *p && n + 8 < sizeof line; p++) {
            if (*p == '\'')
                n += (size_t)snprintf(line + n, sizeof line - n, "'\\''");
            else
                line[n++] = *p;
        }
        if (!plain)
            line[n++] = '\'';
    }
    line[n] = 0;
    return line;
}
