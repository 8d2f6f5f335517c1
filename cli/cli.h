/* cli.h - what every command shares: options from tables, help, progress, JSON, exit codes.
 *
 * A command is one file, cmd_NAME.c, and one line in commands.def.  It fills the defaults of its
 * option structs, describes itself in a cli_usage, and then:
 *
 *     cli c;
 *     int rc = cli_begin(&c, argc, argv, &usage, groups);
 *     if (rc != CLI_GO)
 *         return rc;                             help was printed, or usage was wrong
 *     if (eid_x(..., c.ctx, ...) != EID_OK)
 *         rc = cli_failed(&c);                   the sentence on stderr, or JSON on stdout; 1
 *     else if (c.json)
 *         rc = cli_result(&c, json);             the envelope of docs/json.md; takes `json`
 *     else
 *         rc = (printf(...), CLI_OK);
 *     return cli_end(&c, rc);                    closes stdout and checks it; frees
 *
 * Data go to stdout, words and progress to stderr. */
#ifndef CLI_H
#define CLI_H
#include "eidetic/eidetic.h"
#include <jansson.h>
#include <stdio.h>

enum { CLI_GO = -1, CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_GATE = 3 };

/* Options of one algorithm: its table, and the struct that the values go into.  An option name that
 * stands in several groups (seed) is one option and sets them all.  With a prefix, "prompt" is
 * spelled
 * --PREFIX-prompt; seed never takes one. */
typedef struct cli_group {
    const char *title; /* heading in --help */
    const char *prefix;
    const eid_opt *table;
    void *opts;
} cli_group;

typedef struct cli_usage {
    const char *verb;               /* "count" */
    const char *synopsis;           /* "INDEX TEXT [options]" */
    const char *description;        /* a paragraph */
    const char *example;            /* a line that can be pasted, without the "eidetic" */
    int min_operands, max_operands; /* -1: any number */
} cli_usage;

enum { CLI_GROUPS = 64 };

typedef struct cli {
    cli_group groups[CLI_GROUPS]; /* the command's and the common ones; a zero row ends them */
    const cli_usage *usage;
    eid_ctx *ctx;
    int argc;
    char **argv;
    int64_t seed, threads, memory; /* the common options */
    const char *out;
    bool json, quiet, dry_run;
    eid_strings operands;
    json_t *options, *inputs, *warnings;
    double began;
} cli;

/* groups ends with a row whose table is NULL. */
int cli_begin(cli *c, int argc, char **argv, const cli_usage *usage, const cli_group *groups);
int cli_failed(cli *c); /* after a library call failed: says why; 1 */
/* The command itself says why, with a code of docs/json.md ("io", "exists"); 1. */
int cli_refuse(cli *c, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int cli_wrong(cli *c, const char *fmt, ...) __attribute__((format(printf, 2, 3))); /* usage; 2 */
int cli_result(cli *c, char *json);     /* prints the envelope; frees json by eid_string_free */
int cli_object(cli *c, json_t *result); /* the same; releases result, and fails when it is NULL */
int cli_end(cli *c, int rc);

/* For the envelope's inputs; prints nothing without --json. */
void cli_input(cli *c, const char *path, int64_t bytes, const char *sha256, int64_t documents,
               int64_t skipped);
void cli_corpus_inputs(cli *c, const eid_corpus *corpus); /* its inputs, and a warning per skip */
/* Any bytes as a JSON string, invalid ones as U+FFFD; NULL without memory (in string.c). */
json_t *cli_string(const char *s);
json_t *cli_path(const cli *c, const char *name); /* OUT/name, likewise */
/* A sentence on stderr, and an entry of the envelope's warnings. */
void cli_warn(cli *c, const char *code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* A sentence on stderr, unless --quiet or --json. */
void cli_say(const cli *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The command as typed, quoted for a shell; borrowed, static for the life of the process. */
const char *cli_command_line(const cli *c);

void cli_help(const cli_usage *usage, const cli_group *groups); /* in help.c */
void cli_progress(void *user, const eid_progress *p);           /* in progress.c */
void cli_progress_clear(void);                                  /* before other words on stderr */
extern const eid_opt cli_common_table[];

#define COMMAND(verb, function, help) int function(int argc, char **argv);
#include "commands.def"
#undef COMMAND
#endif
