#include "cli.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const cli_usage usage = {
    .verb = "verify",
    .synopsis = "RUN [options]",
    .description = "Does a run still hold what it says? Checks the database (mode, SQLite's "
                   "integrity check, schema, "
                   "whether the run is done), that the report, its figures and a trained model's "
                   "files are there, and that "
                   "every input has the SHA-256 that was stored. Paths are taken as they were "
                   "typed, so start it in the "
                   "same folder as the run. Prints a line for each thing that differs and exits 1; "
                   "nothing and 0 "
                   "otherwise. It does not compute any measure again: the run's own command, given "
                   "once more with "
                   "another --out, does.",
    .example = "verify demo-run",
    .min_operands = 1,
    .max_operands = 1,
};

typedef struct found {
    cli *c;
    json_t *problems, *inputs;
    eid_corpus_opts read; /* as the run read its corpus */
    const char *run;
    bool trained;
} found;

/* Words from a database may steer a terminal: they are masked like any other text. */
static char *tame(const char *hostile)
{
    char *shown = NULL;
    return eid_mask((const uint8_t *)hostile, strlen(hostile), &shown) == EID_OK ? shown : NULL;
}

static void note(found *f, const char *what, const char *tamed)
{
    json_array_append_new(f->problems, json_pack("{s:s, s:s}", "what", what, "text", tamed));
    if (!f->c->json)
        printf("%s: %s\n", what, tamed);
}

static eid_status problem(void *user, const char *what, const char *text)
{
    char *shown = tame(text);
    note(user, what, shown ? shown : "");
    eid_string_free(shown);
    return EID_OK;
}

/* ---- inputs
 * --------------------------------------------------------------------------------------- */

static eid_status hash_of(found *f, const char *path, bool folder, char hex[65], int64_t *bytes)
{
    eid_corpus *corpus = NULL;
    const eid_corpus_input *in;
    eid_status st;

    if (!folder)
        return eid_file_sha256(f->c->ctx, path, hex, bytes);
    st = eid_corpus_read(&corpus, f->c->ctx, &path, 1, &f->read);
    if (st == EID_OK && eid_corpus_inputs(corpus, &in) == 1) {
        memcpy(hex, in->sha256, 65);
        *bytes = in->bytes;
    }
    eid_corpus_free(corpus);
    return st;
}

static eid_status check_input(void *user, const char *path, int64_t bytes, const char *sha256,
                              int64_t documents, int64_t skipped)
{
    found *f = user;
    struct stat info;
    char hex[65] = "", text[256];
    int64_t now = 0;
    (void)documents, (void)skipped;

    bool there = stat(path, &info) == 0;
    eid_status st = there ? hash_of(f, path, S_ISDIR(info.st_mode), hex, &now) : EID_EIO;
    if (st == EID_ECANCELLED)
        return st;
    char *shown = tame(path);
    if (!there)
        snprintf(text, sizeof text, "%.150s is not there", shown ? shown : "");
    else if (st != EID_OK)
        snprintf(text, sizeof text, "%.200s", eid_last_error());
    else if (strcmp(hex, sha256) != 0)
        snprintf(text, sizeof text, "%.100s has changed: %lld bytes then, %lld now",
                 shown ? shown : "", (long long)bytes, (long long)now);
    else
        text[0] = '\0';
    json_array_append_new(
        f->inputs, json_pack("{s:s, s:b}", "path", shown ? shown : "", "same", text[0] == '\0'));
    eid_string_free(shown);
    if (text[0])
        note(f, "input", text);
    return EID_OK;
}

/* The two reading options that a folder's hash depends on, from the stored options. */
static void read_as_the_run_did(found *f, json_t *options)
{
    const char *key;
    json_t *value;
    json_object_foreach(options, key, value)
    {
        size_t n = strlen(key);
        if (n >= 12 && strcmp(key + n - 12, "follow-links") == 0 && json_is_boolean(value))
            f->read.follow_links = json_is_true(value);
        else if (strcmp(key, "field") == 0 && json_is_string(value))
            f->read.field = json_string_value(value);
    }
}

/* ---- files
 * ------------------------------------------------------------------------------------------ */

static eid_status is_trained(void *user, const char *name, const char *value)
{
    found *f = user;
    if (strcmp(name, "model.source") == 0)
        f->trained = strcmp(value, "trained") == 0;
    return EID_OK;
}

static void check_file(found *f, const char *name)
{
    struct stat info;
    size_t size = strlen(f->run) + strlen(name) + 2;
    char *path = malloc(size), text[128];
    if (!path)
        return;
    snprintf(path, size, "%s/%s", f->run, name);
    if (stat(path, &info) != 0 || (S_ISREG(info.st_mode) && info.st_size == 0)) {
        snprintf(text, sizeof text, "%s is missing or empty", name);
        note(f, "file", text);
    }
    free(path);
}

static eid_status check_run(found *f)
{
    eid_store *s = NULL;
    json_t *options = NULL;
    eid_status st = eid_store_check(f->run, problem, f);

    if (st == EID_OK)
        st = eid_store_open(&s, f->run);
    if (st == EID_OK) {
        options = json_loads(eid_store_run(s)->options, 0, NULL);
        read_as_the_run_did(f, options);
        st = eid_store_texts(s, "model.source", is_trained, f);
    }
    if (st == EID_OK && strcmp(eid_store_run(s)->command, "audit") == 0) {
        check_file(f, "report.html");
        check_file(f, "figures");
    }
    if (st == EID_OK && f->trained) {
        check_file(f, "model/config.json");
        check_file(f, "model/model.safetensors");
        check_file(f, "model/tokenizer.json");
    }
    if (st == EID_OK)
        st = eid_store_inputs(s, check_input, f);
    json_decref(options);
    eid_store_free(s);
    return st;
}

int cmd_verify(int argc, char **argv)
{
    const cli_group groups[] = {{0}};
    cli c;
    int rc = cli_begin(&c, argc, argv, &usage, groups);

    if (rc != CLI_GO)
        return rc;
    found f = {.c = &c,
               .problems = json_array(),
               .inputs = json_array(),
               .read = eid_corpus_opts_default(),
               .run = c.operands.at[0]};
    if (check_run(&f) != EID_OK) {
        rc = cli_failed(&c);
    } else {
        rc = json_array_size(f.problems) ? CLI_FAILED : CLI_OK;
        if (c.json && cli_object(&c, json_pack("{s:b, s:O, s:O}", "ok", rc == CLI_OK, "problems",
                                               f.problems, "inputs", f.inputs)) != CLI_OK)
            rc = CLI_FAILED;
        else if (rc == CLI_OK)
            cli_say(&c, "%s: everything is as it was", f.run);
    }
    json_decref(f.problems);
    json_decref(f.inputs);
    return cli_end(&c, rc);
}
