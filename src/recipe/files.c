/* files.c - the files that a run is made with and that it writes, besides its corpora. */
#define _GNU_SOURCE /* realpath */
#include "base/file.h"
#include "recipe/audit.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The parts of a model's folder; a tokenizer may stand in GPT-2's older files. */
static const struct {
    const char *role, *name;
} parts[] = {
    {"model", "config.json"},    {"model", "model.safetensors"}, {"tokenizer", "tokenizer.json"},
    {"tokenizer", "vocab.json"}, {"tokenizer", "merges.txt"},
};

eid_status audit_absolute(const char *path, char **out)
{
    char real[PATH_MAX];

    if (!realpath(path, real))
        return eid_fail(EID_EIO, "%s: %s", path, strerror(errno));
    return eid_strdup(out, real);
}

static eid_status each_given(const char *role, const char *path, audit_file_fn fn, void *user)
{
    char *real = NULL;
    eid_status st;

    if (!path)
        return EID_OK;
    EID_TRY(audit_absolute(path, &real));
    EID_TRY(fn(user, role, real));
done:
    eid_free(real);
    return st;
}

/* The folder's path is made absolute, not the file's: links inside keep the names they have there.
 * What must be there is looked for before a run is begun, and named as the user did. */
static eid_status each_of_model(const char *model, audit_file_fn fn, void *user)
{
    eid_status st = EID_OK;
    char *path = NULL, real[PATH_MAX];
    bool is_there = realpath(model, real) != NULL;

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        eid_free(path);
        path = NULL;
        EID_TRY(eid_format(&path, "%s/%s", is_there ? real : model, parts[i].name));
        if (eid_exists(path)) {
            EID_TRY(fn(user, parts[i].role, path));
        } else if (strcmp(parts[i].role, "model") == 0) {
            st = eid_fail(EID_EIO, "%s/%s: No such file or directory", model, parts[i].name);
            goto done;
        }
    }
done:
    eid_free(path);
    return st;
}

eid_status audit_given_files(const audit *a, audit_file_fn fn, void *user)
{
    eid_status st = EID_OK;

    if (a->opts->model)
        EID_TRY(each_of_model(a->opts->model, fn, user));
    EID_TRY(each_given("ledger", a->opts->model ? a->opts->ledger : NULL, fn, user));
    EID_TRY(each_given("secrets", a->opts->secrets, fn, user));
done:
    return st;
}

/* ---- recording ------------------------------------------------------------------------------- */

static eid_status put_file(void *user, const char *role, const char *path)
{
    audit *a = user;
    eid_status st = EID_OK;
    char *full = NULL, hex[65];
    int64_t bytes = 0;

    EID_TRY(path[0] == '/' ? eid_strdup(&full, path)
                           : eid_format(&full, "%s/%s", a->call->out, path));
    EID_TRY(eid_file_sha256(a->ctx, full, hex, &bytes));
    EID_TRY(eid_store_file(a->store, role, path, bytes, hex));
done:
    eid_free(full);
    return st;
}

/* Those that stand in the run's own folder are named from there, so that the folder may move. */
eid_status record_files(audit *a)
{
    eid_status st = EID_OK;

    EID_TRY(audit_given_files(a, put_file, a));
    EID_TRY(put_file(a, "index", "index.eid"));
    if (a->opts->model)
        goto done;
    EID_TRY(put_file(a, "model", "model/config.json"));
    EID_TRY(put_file(a, "model", "model/model.safetensors"));
    EID_TRY(put_file(a, "tokenizer", "model/tokenizer.json"));
    EID_TRY(put_file(a, "ledger", "ledger.jsonl"));
done:
    return st;
}

/* Where relative paths begin, and where the run stood then: `verify` finds the inputs from another
 * folder, and after run and inputs moved together. */
eid_status record_places(audit *a)
{
    eid_status st = EID_OK;
    char *run = NULL, here[PATH_MAX];

    if (!getcwd(here, sizeof here))
        return eid_fail(EID_EIO, "the current folder: %s", strerror(errno));
    EID_TRY(audit_absolute(a->call->out, &run));
    EID_TRY(eid_store_text(a->store, "path.folder", here));
    EID_TRY(eid_store_text(a->store, "path.run", run));
done:
    eid_free(run);
    return st;
}
