/* verify.c - does a run still hold what it says?  Its database, files and inputs. */
#define _GNU_SOURCE /* realpath */
#include "recipe/verify.h"
#include "base/file.h"
#include "base/json.h"
#include "eidetic/text.h"
#include "recipe/audit.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

eid_verify_opts eid_verify_opts_default(void)
{
    return (eid_verify_opts){.replay = 32, .seed = 1};
}

const eid_opt eid_verify_opt_table[] = {
    {EID_OPT_I64, "replay", offsetof(eid_verify_opts, replay), 0, 1e6,
     "questions of each measure that are put to the model again, at most; 0: none", NULL, 0},
    {EID_OPT_I64, "seed", offsetof(eid_verify_opts, seed), 0, 1e15, "which ones", NULL, 0},
    {0}};

void eid_verify_result_free(eid_verify_result *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n_problems; i++) {
        eid_free(r->problems[i].what);
        eid_free(r->problems[i].text);
    }
    for (size_t i = 0; i < r->n_checked; i++) {
        eid_free(r->checked[i].role);
        eid_free(r->checked[i].path);
    }
    eid_free(r->problems);
    eid_free(r->checked);
    eid_free(r->version);
    eid_free(r->kernels);
    eid_free(r->bits);
    eid_free(r);
}

eid_status verify_problem(verify *v, const char *what, const char *fmt, ...)
{
    eid_status st = EID_OK;
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    EID_TRY(EID_GROW(v->r->problems, &v->problems_cap, v->r->n_problems + 1));
    eid_problem *p = &v->r->problems[v->r->n_problems];
    *p = (eid_problem){0};
    v->r->n_problems++;
    EID_TRY(eid_strdup(&p->what, what));
    EID_TRY(eid_strdup(&p->text, text));
done:
    return st;
}

const char *verify_tame(const char *hostile, char *text, size_t size)
{
    char *shown = NULL;

    text[0] = '\0';
    if (eid_mask((const uint8_t *)hostile, strlen(hostile), &shown) == EID_OK)
        snprintf(text, size, "%s", shown);
    eid_string_free(shown);
    return text;
}

static eid_status add_problem(void *user, const char *what, const char *text)
{
    char shown[400];
    return verify_problem(user, what, "%s", verify_tame(text, shown, sizeof shown));
}

static eid_status add_checked(verify *v, const char *role, const char *path, bool input, bool same)
{
    eid_status st = EID_OK;

    EID_TRY(EID_GROW(v->r->checked, &v->checked_cap, v->r->n_checked + 1));
    eid_checked *c = &v->r->checked[v->r->n_checked];
    *c = (eid_checked){.input = input, .same = same};
    v->r->n_checked++;
    EID_TRY(eid_strdup(&c->role, role));
    EID_TRY(eid_strdup(&c->path, path));
done:
    return st;
}

/* ---- where things are ------------------------------------------------------------------------ */

/* `path`, which stood somewhere about `then`, seen from `now` in the same way: both absolute.
 * /a/run and /a/mail, with the run now at /b/c/run: /b/c/run/../mail. */
static eid_status carried_over(const char *path, const char *then, const char *now, char **out)
{
    eid_status st = EID_OK;
    size_t same = 0, common = 0;
    eid_buf b = {0};

    for (; path[same] && path[same] == then[same]; same++)
        if (path[same] == '/')
            common = same + 1;
    if (!then[same] && path[same] == '/') /* below the run itself */
        common = same + 1;
    EID_TRY(eid_buf_str(&b, now));
    if (common <= strlen(then)) {
        EID_TRY(eid_buf_str(&b, "/.."));
        for (const char *p = then + common; *p; p++)
            if (*p == '/')
                EID_TRY(eid_buf_str(&b, "/.."));
    }
    EID_TRY(eid_buf_printf(&b, "/%s", path + common));
    *out = (char *)b.at;
    b.at = NULL;
done:
    eid_buf_free(&b);
    return st;
}

/* The k-th place where `path` may be now, NULL: no such place. */
static eid_status place(const verify *v, const char *path, int k, char **out)
{
    eid_status st = EID_OK;
    char *then = NULL;

    *out = NULL;
    if (path[0] == '/')
        EID_TRY(eid_strdup(&then, path));
    else if (v->folder)
        EID_TRY(eid_format(&then, "%s/%s", v->folder, path));
    if (k == 0 && then) {
        *out = then;
        then = NULL;
    } else if (k == 1 && then && v->run_then) {
        EID_TRY(carried_over(then, v->run_then, v->run_now, out));
    } else if (k == 2 && path[0] != '/') {
        EID_TRY(eid_strdup(out, path));
    }
done:
    eid_free(then);
    return st;
}

/* ---- hashes ---------------------------------------------------------------------------------- */

static eid_status let_go(void *user, const eid_document *doc)
{
    (void)user, (void)doc;
    return EID_OK;
}

static eid_status hash_of(verify *v, const char *path, char hex[65], int64_t *bytes)
{
    eid_corpus *corpus = NULL;
    const eid_corpus_input *in;
    struct stat info;
    eid_status st;

    if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode))
        return eid_file_sha256(v->ctx, path, hex, bytes);
    st = eid_corpus_stream(&corpus, v->ctx, &path, 1, &v->read, let_go, NULL);
    if (st == EID_OK && eid_corpus_inputs(corpus, &in) == 1) {
        memcpy(hex, in->sha256, 65);
        *bytes = in->bytes;
    }
    eid_corpus_free(corpus);
    return st;
}

/* Looks for `path` wherever it may be until one place has the hash.  *found: there, or the first
 * place that holds something else.  A file and its hash disagreeing is a problem, not a failure. */
static eid_status check_path(verify *v, const char *what, const char *path, int64_t bytes,
                             const char *sha256, bool *same, char **found)
{
    eid_status st = EID_OK;
    char *at = NULL, hex[65] = "", why[300] = "", shown[200];

    *same = false;
    for (int k = 0; k < 3 && !*same; k++) {
        int64_t now = 0;
        eid_free(at);
        EID_TRY(place(v, path, k, &at));
        if (!at || !eid_exists(at))
            continue;
        eid_status got = hash_of(v, at, hex, &now);
        if (got == EID_ECANCELLED || got == EID_ENOMEM) {
            st = got;
            goto done;
        }
        *same = got == EID_OK && strcmp(hex, sha256) == 0;
        if (!why[0] && got != EID_OK)
            verify_tame(eid_last_error(), why, sizeof why);
        else if (!why[0] && !*same)
            snprintf(why, sizeof why, "%s has changed: %lld bytes then, %lld now",
                     verify_tame(path, shown, sizeof shown), (long long)bytes, (long long)now);
        if (*same || !*found) {
            eid_free(*found);
            *found = at;
            at = NULL;
        }
    }
    if (!*same)
        EID_TRY(why[0] ? verify_problem(v, what, "%s", why)
                       : verify_problem(v, what, "%s is not there",
                                        verify_tame(path, shown, sizeof shown)));
done:
    eid_free(at);
    return st;
}

typedef struct role_of {
    const char *name;
    char role[24];
} role_of;

static eid_status take_role(void *user, const char *name, const char *value)
{
    role_of *r = user;
    if (strcmp(name, r->name) == 0)
        snprintf(r->role, sizeof r->role, "%s", value);
    return EID_OK;
}

static eid_status check_input(void *user, const char *path, int64_t bytes, const char *sha256,
                              int64_t documents, int64_t skipped)
{
    verify *v = user;
    eid_status st = EID_OK;
    char *found = NULL, *name = NULL;
    bool same;
    (void)documents, (void)skipped;

    EID_TRY(eid_format(&name, "input.role.%s", path));
    role_of r = {name, "corpus"};
    EID_TRY(eid_store_texts(v->store, name, take_role, &r));
    if (strcmp(path, "-") == 0) /* standard input is gone: nothing can be said, so nothing is */
        goto done;
    EID_TRY(check_path(v, "input", path, bytes, sha256, &same, &found));
    EID_TRY(add_checked(v, r.role, path, true, same));
done:
    eid_free(found);
    eid_free(name);
    return st;
}

static eid_status keep_dir(char **dir, const char *path)
{
    eid_free(*dir);
    *dir = NULL;
    eid_status st = eid_strdup(dir, path);
    if (st == EID_OK && strrchr(*dir, '/'))
        *strrchr(*dir, '/') = '\0';
    return st;
}

/* A path that does not begin with / is below the run's folder. */
static eid_status check_file(void *user, const char *role, const char *path, int64_t bytes,
                             const char *sha256)
{
    verify *v = user;
    eid_status st = EID_OK;
    char *found = NULL, *full = NULL, hex[65] = "", shown[200];
    bool same = false;

    if (path[0] == '/') {
        EID_TRY(check_path(v, "file", path, bytes, sha256, &same, &found));
    } else {
        int64_t now = 0;
        EID_TRY(eid_format(&full, "%s/%s", eid_store_dir(v->store), path));
        if (!eid_exists(full)) {
            EID_TRY(verify_problem(v, "file", "%s is not there",
                                   verify_tame(path, shown, sizeof shown)));
        } else {
            EID_TRY(eid_file_sha256(v->ctx, full, hex, &now));
            same = strcmp(hex, sha256) == 0;
            if (!same)
                EID_TRY(verify_problem(v, "file", "%s has changed: %lld bytes then, %lld now",
                                       verify_tame(path, shown, sizeof shown), (long long)bytes,
                                       (long long)now));
            found = full;
            full = NULL;
        }
    }
    if (found && strcmp(role, "model") == 0)
        EID_TRY(keep_dir(&v->model, found));
    if (found && strcmp(role, "index") == 0) {
        v->index = found;
        found = NULL;
    }
    EID_TRY(add_checked(v, role, path, false, same));
done:
    eid_free(found);
    eid_free(full);
    return st;
}

/* ---- the run --------------------------------------------------------------------------------- */

/* What every audit has, and version 1 of the schema keeps no hash of. */
static eid_status check_present(verify *v, const char *name)
{
    eid_status st = EID_OK;
    struct stat info;
    char *path = NULL;

    EID_TRY(eid_format(&path, "%s/%s", eid_store_dir(v->store), name));
    if (stat(path, &info) != 0 || (S_ISREG(info.st_mode) && info.st_size == 0))
        EID_TRY(verify_problem(v, "file", "%s is missing or empty", name));
done:
    eid_free(path);
    return st;
}

static eid_status check_all_present(verify *v)
{
    static const char *const always[] = {"report.html", "figures"};
    static const char *const trained[] = {"model/config.json", "model/model.safetensors",
                                          "model/tokenizer.json"};
    eid_status st = EID_OK;

    if (strcmp(eid_store_run(v->store)->command, "audit") == 0)
        for (size_t i = 0; i < sizeof always / sizeof *always; i++)
            EID_TRY(check_present(v, always[i]));
    if (v->trained && !v->r->n_checked)
        for (size_t i = 0; i < sizeof trained / sizeof *trained; i++)
            EID_TRY(check_present(v, trained[i]));
done:
    return st;
}

static eid_status take_text(void *user, const char *name, const char *value)
{
    verify *v = user;

    if (strcmp(name, "model.source") == 0)
        v->trained = strcmp(value, "trained") == 0;
    if (strcmp(name, "path.folder") == 0 && value[0] == '/' && !v->folder)
        return eid_strdup(&v->folder, value);
    if (strcmp(name, "path.run") == 0 && value[0] == '/' && !v->run_then)
        return eid_strdup(&v->run_then, value);
    return EID_OK;
}

/* The reading options that a folder's hash depends on. */
static void read_as_the_run_did(eid_corpus_opts *read, const json_t *options)
{
    const json_t *links = json_object_get(options, "read-follow-links");
    const char *field = json_string_value(json_object_get(options, "read-field"));

    *read = eid_corpus_opts_default();
    if (json_is_boolean(links))
        read->follow_links = json_is_true(links);
    if (field && *field)
        read->field = field;
    read->include = json_string_value(json_object_get(options, "read-include"));
}

static eid_status check_run(verify *v)
{
    eid_status st = EID_OK;
    const eid_run_info *info = eid_store_run(v->store);
    json_t *options = json_loads(info->options, 0, NULL);

    read_as_the_run_did(&v->read, options);
    EID_TRY(eid_strdup(&v->r->version, info->version));
    EID_TRY(eid_strdup(&v->r->kernels, info->kernels));
    EID_TRY(eid_strdup(&v->r->bits, info->bits));
    v->r->same_bits = strcmp(info->bits, eid_bits(v->ctx)) == 0;
    EID_TRY(audit_absolute(eid_store_dir(v->store), &v->run_now));
    EID_TRY(eid_store_texts(v->store, NULL, take_text, v));
    EID_TRY(eid_store_files(v->store, check_file, v));
    EID_TRY(check_all_present(v));
    EID_TRY(eid_store_inputs(v->store, check_input, v));
    EID_TRY(verify_replay(v));
done:
    json_decref(options);
    return st;
}

eid_status eid_verify(eid_verify_result **out, eid_ctx *ctx, const char *run,
                      const eid_verify_opts *opts)
{
    eid_status st = EID_OK;
    verify v = {.ctx = ctx, .opts = opts};

    EID_TRY(EID_NEW(v.r, 1));
    EID_TRY(eid_store_check(run, add_problem, &v));
    EID_TRY(eid_store_open(&v.store, run));
    EID_TRY(check_run(&v));
    *out = v.r;
    v.r = NULL;
done:
    eid_verify_result_free(v.r);
    eid_store_free(v.store);
    eid_free(v.folder);
    eid_free(v.run_then);
    eid_free(v.run_now);
    eid_free(v.model);
    eid_free(v.index);
    return st;
}
