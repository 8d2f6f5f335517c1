/* read.c - the named inputs, one after another. */
#include "corpus/echo.h"
#include "corpus/file.h"
#include "corpus/share.h"
#include "corpus/stream.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

eid_corpus_opts eid_corpus_opts_default(void)
{
    return (eid_corpus_opts){.field = "text", .max_share = 1, .follow_links = true};
}

const eid_opt eid_corpus_opt_table[] = {
    {EID_OPT_STR, "field", offsetof(eid_corpus_opts, field), 0, 0,
     "field of a .jsonl line that holds the text", NULL, 0},
    {EID_OPT_BOOL, "drop-identical", offsetof(eid_corpus_opts, drop_identical), 0, 0,
     "keep only the first of documents with equal bytes", NULL, 0},
    {EID_OPT_SIZE, "max-document", offsetof(eid_corpus_opts, max_document), 0, 1e15,
     "cut longer documents here; 0: no limit", NULL, 0},
    {EID_OPT_F64, "max-share", offsetof(eid_corpus_opts, max_share), 1e-9, 1,
     "cut documents longer than this share of all bytes; 1: no limit", NULL, 0},
    {EID_OPT_STR, "include", offsetof(eid_corpus_opts, include), 0, 0,
     "of a folder, read only files whose name matches this pattern ('*.txt')", NULL, 0},
    {EID_OPT_BOOL, "follow-links", offsetof(eid_corpus_opts, follow_links), 0, 0,
     "follow symbolic links inside folders", NULL, 0},
    {0},
};

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static eid_status read_folder_named(eid_gather *g, int fd)
{
    eid_sha256 *sum = NULL;
    eid_status st = EID_OK;

    EID_TRY(eid_sha256_new(&sum));
    EID_TRY(eid_read_folder(g, fd, sum));
    eid_sha256_hex(sum, g->c->input[g->c->inputs - 1].sha256);
done:
    eid_sha256_free(sum);
    return st;
}

static eid_status read_named(eid_gather *g, const char *path)
{
    eid_corpus *c = g->c;
    struct stat info;
    uint8_t *kept;
    int fd = -1;
    eid_status st = EID_OK;

    g->path = path;
    EID_TRY(EID_GROW(c->input, &c->input_cap, c->inputs + 1));
    EID_TRY(eid_arena_copy(&c->arena, path, strlen(path) + 1, &kept));
    c->input[c->inputs++] = (eid_corpus_input){.path = (const char *)kept};
    if (strcmp(path, "-") == 0) {
        int64_t before = g->read;
        g->named = true;
        if (g->echo)
            EID_TRY(g->echo->input(g->echo->user, path, false));
        st = eid_read_standard_input(g, c->input[c->inputs - 1].sha256);
        c->input[c->inputs - 1].bytes = g->read - before;
        goto done;
    }
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &info)) {
        st = eid_fail(EID_EIO, "%s: %s", path, strerror(errno));
        goto done;
    }
    if (g->echo)
        EID_TRY(g->echo->input(g->echo->user, path, S_ISDIR(info.st_mode)));
    if (S_ISDIR(info.st_mode)) {
        g->named = false;
        st = read_folder_named(g, fd);
    } else if (S_ISREG(info.st_mode)) {
        eid_corpus_input *in = &c->input[c->inputs - 1];
        g->named = true;
        in->bytes = info.st_size;
        st = eid_read_regular(g, fd, base_name(path), &info, in->sha256);
    } else {
        st = eid_fail(EID_EINVAL, "%s: neither a file nor a folder", path);
    }
done:
    if (fd >= 0)
        close(fd);
    return st;
}

static eid_status check_opts(const eid_corpus_opts *o, size_t n_paths)
{
    if (!n_paths)
        return eid_fail(EID_EINVAL, "no path was given to read documents from");
    if (!o->field || !*o->field)
        return eid_fail(EID_EINVAL, "field: the name of a .jsonl line's field is wanted");
    if (o->max_document < 0)
        return eid_fail(EID_EINVAL, "max-document: %" PRId64 " is negative", o->max_document);
    if (!(o->max_share > 0 && o->max_share <= 1))
        return eid_fail(EID_EINVAL, "max-share: %g is not in (0, 1]", o->max_share);
    return EID_OK;
}

/* No document is left: says what there was instead, and what the pattern has to do with it. */
static eid_status nothing_left(const eid_gather *g, const char *const *paths, size_t n_paths)
{
    const eid_corpus *c = g->c;
    const char *others = n_paths > 1 ? " and the other inputs" : "";
    int64_t skipped = 0;

    for (size_t i = 0; i < c->inputs; i++)
        skipped += c->input[i].skipped;
    if (g->filtered)
        return eid_fail(EID_EINVAL,
                        "%s%s: no document there: the include pattern '%.80s' leaves out %" PRId64
                        " file%s, the first: %.80s; give another pattern ('*': all), or name the "
                        "files themselves: those are read whatever the pattern says",
                        paths[0], others, g->opts->include, g->filtered,
                        g->filtered == 1 ? "" : "s", g->first_filtered);
    if (!skipped)
        return eid_fail(EID_EINVAL, "%s%s: no document there", paths[0], others);
    return eid_fail(EID_EINVAL, "%s%s: no document there; %" PRId64 " skipped, the first: %s: %s",
                    paths[0], others, skipped, c->skip[0].name, c->skip[0].why);
}

static eid_status read_all(eid_gather *g, const char *const *paths, size_t n_paths)
{
    eid_status st = EID_OK;

    EID_TRY(check_opts(g->opts, n_paths));
    EID_TRY(EID_NEW(g->c, 1));
    for (size_t i = 0; i < n_paths; i++)
        EID_TRY(read_named(g, paths[i]));
    if (!g->c->docs && !g->c->passed)
        st = nothing_left(g, paths, n_paths);
done:
    return st;
}

eid_status eid_corpus_read(eid_corpus **out, eid_ctx *ctx, const char *const *paths, size_t n_paths,
                           const eid_corpus_opts *opts)
{
    eid_corpus_opts defaults = eid_corpus_opts_default();
    eid_gather g = {.ctx = ctx, .opts = opts ? opts : &defaults};
    eid_status st = EID_OK;

    EID_TRY(read_all(&g, paths, n_paths));
    EID_TRY(eid_cap_shares(g.c, g.opts->max_share, g.opts->drop_identical));
    *out = g.c;
    g.c = NULL;
done:
    eid_same_free(&g.same);
    eid_corpus_free(g.c);
    return st;
}

eid_status eid_corpus_stream_echo(eid_corpus **summary, eid_ctx *ctx, const char *const *paths,
                                  size_t n_paths, const eid_corpus_opts *opts, int64_t memory,
                                  eid_document_fn take, void *user, const eid_echo *echo)
{
    eid_corpus_opts defaults = eid_corpus_opts_default();
    eid_gather g = {.ctx = ctx,
                    .opts = opts ? opts : &defaults,
                    .memory = memory,
                    .take = take,
                    .user = user,
                    .echo = echo};
    eid_status st = EID_OK;

    if (g.opts->max_share < 1)
        return eid_fail(EID_EUNSUPPORTED, "max-share: what share a document has is known when all "
                                          "have been read, and here none is kept; max-document "
                                          "cuts each by itself");
    EID_TRY(read_all(&g, paths, n_paths));
    if (summary) {
        *summary = g.c;
        g.c = NULL;
    }
done:
    eid_digests_free(&g.seen);
    eid_corpus_free(g.c);
    return st;
}

eid_status eid_corpus_stream_within(eid_corpus **summary, eid_ctx *ctx, const char *const *paths,
                                    size_t n_paths, const eid_corpus_opts *opts, int64_t memory,
                                    eid_document_fn take, void *user)
{
    return eid_corpus_stream_echo(summary, ctx, paths, n_paths, opts, memory, take, user, NULL);
}

eid_status eid_corpus_stream(eid_corpus **summary, eid_ctx *ctx, const char *const *paths,
                             size_t n_paths, const eid_corpus_opts *opts, eid_document_fn take,
                             void *user)
{
    return eid_corpus_stream_within(summary, ctx, paths, n_paths, opts, 0, take, user);
}
