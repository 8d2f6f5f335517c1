/* dedup.c - exact-substring removal: the text in units, its repeats, the cuts. */
#include "base/ctx.h"
#include "control/dedup.h"
#include "control/folder.h"
#include "control/survivors.h"
#include "corpus/stream.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum { LEAST_BYTES = 8, LEAST_TOKENS = 2, MOST = 1 << 16 };

eid_dedup_opts eid_dedup_opts_default(void)
{
    return (eid_dedup_opts){.exact = NULL, .keep = EID_KEEP_FIRST};
}

const eid_opt eid_dedup_opt_table[] = {
    {EID_OPT_STR, "exact", offsetof(eid_dedup_opts, exact), 0, 0,
     "cut repeats of at least so many bytes (200b) or tokens (50t)", NULL, 0},
    {EID_OPT_ENUM, "keep", offsetof(eid_dedup_opts, keep), 0, 0,
     "of a repeat, keep the first copy or none", "first|none", 0},
    {EID_OPT_BOOL, "recheck", offsetof(eid_dedup_opts, recheck), 0, 0,
     "look for repeats in what is left, and say which a cut has made", NULL, EID_OPT_NEUTRAL},
    {0},
};

/* "200b" or "50t". */
static eid_status read_length(const char *text, const eid_bpe *bpe, size_t *length)
{
    size_t n = 0, i = 0;

    for (; text && text[i] >= '0' && text[i] <= '9' && n <= MOST; i++)
        n = n * 10 + (size_t)(text[i] - '0');
    if (!i || (text[i] != 'b' && text[i] != 't') || text[i + 1])
        return eid_fail(EID_EINVAL, "exact: bytes (200b) or tokens (50t) are wanted, not \"%.40s\"",
                        text ? text : "");
    if (n > MOST || n < (size_t)(text[i] == 'b' ? LEAST_BYTES : LEAST_TOKENS))
        return eid_fail(EID_EINVAL, "exact: %.40s is not within %d and %d %s", text,
                        text[i] == 'b' ? LEAST_BYTES : LEAST_TOKENS, MOST,
                        text[i] == 'b' ? "bytes" : "tokens");
    if (text[i] == 't' && !bpe)
        return eid_fail(EID_EINVAL, "exact: tokens (%.40s) are a tokenizer's: name one", text);
    if (text[i] == 'b' && bpe)
        return eid_fail(EID_EINVAL, "exact: %.40s is bytes, for which no tokenizer is used", text);
    *length = n;
    return EID_OK;
}

eid_status control_add_document(void *user, const eid_document *d)
{
    const control_reader *r = user;
    int32_t *ids = NULL;
    size_t n = 0, bytes = 0;
    eid_status st = EID_OK;

    if (!r->bpe) {
        st = control_units_add(r->u, d->bytes, d->size);
        goto done;
    }
    EID_TRY(eid_bpe_encode(r->bpe, d->bytes, d->size, false, &ids, &n));
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        if (eid_bpe_bytes(r->bpe, ids[i], &k))
            bytes += k;
    }
    if (bytes != d->size) {
        st = eid_fail(EID_EUNSUPPORTED,
                      "%.200s: its tokens are %zu bytes, not %zu: this tokenizer "
                      "changes the text",
                      d->name, bytes, d->size);
        goto done;
    }
    EID_TRY(control_units_add(r->u, ids, n));
done:
    eid_ids_free(ids);
    /* the reader would take it for damage of what it reads */
    return st == EID_EIO ? eid_fail(EID_EINTERNAL, "%s", eid_last_error()) : st;
}

eid_status control_cuts_of(eid_dedup_cuts **out, eid_ctx *ctx, const control_units *u,
                           const eid_bpe *bpe, size_t length, const eid_dedup_opts *opts,
                           int64_t *passes)
{
    exact_opts o = exact_opts_for(eid_ctx_memory(ctx), u->width, u->n, length);
    exact_matches m = {0};
    eid_status st = EID_OK;

    o.overlap = opts->keep == EID_KEEP_NONE;
    EID_TRY(exact_find(&m, ctx, u, &o, o.overlap, passes));
    EID_TRY(exact_cuts(out, u, bpe, &m));
done:
    eid_free(m.at);
    return st;
}

eid_status eid_dedup_exact(eid_dedup_cuts **out, eid_ctx *ctx, const eid_corpus *c,
                           const eid_bpe *bpe, const eid_dedup_opts *opts)
{
    control_units u = {0};
    control_reader r = {&u, bpe};
    size_t length;
    int64_t passes;
    eid_status st = EID_OK;

    EID_TRY(read_length(opts->exact, bpe, &length));
    EID_TRY(control_units_init(&u, bpe ? 4 : 1, (size_t)eid_ctx_memory(ctx) / 4, NULL));
    for (size_t i = 0; i < eid_corpus_size(c); i++) {
        eid_document d = eid_corpus_doc(c, i);
        EID_TRY(control_add_document(&r, &d));
    }
    EID_TRY(control_cuts_of(out, ctx, &u, bpe, length, opts, &passes));
done:
    control_units_free(&u);
    return st;
}

/* ---- files ----------------------------------------------------------------------------------- */

/* Standard input can be read once: a copy of it in the folder. */
static eid_status copy_input(char **path, const char *folder)
{
    uint8_t chunk[1 << 14];
    ssize_t got;
    int fd = -1;
    eid_status st = EID_OK;

    EID_TRY(eid_format(path, "%s/.input/stdin.jsonl", folder));
    char *above = NULL;
    EID_TRY(eid_format(&above, "%s/.input", folder));
    st = eid_mkdirs(above);
    eid_free(above);
    if (st != EID_OK)
        goto done;
    fd = open(*path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        st = eid_fail(EID_EIO, "%s: %s", *path, strerror(errno));
    while (st == EID_OK && (got = read(STDIN_FILENO, chunk, sizeof chunk)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            st = eid_fail(EID_EIO, "standard input: %s", strerror(errno));
            break;
        }
        for (ssize_t at = 0; at < got && st == EID_OK;) {
            ssize_t put = write(fd, chunk + at, (size_t)(got - at));
            if (put < 0 && errno != EINTR)
                st = eid_fail(EID_EIO, "%s: %s", *path, strerror(errno));
            at += put > 0 ? put : 0;
        }
    }
done:
    if (fd >= 0)
        close(fd);
    return st;
}

static eid_status remove_input(const char *path, const char *folder)
{
    char *above = NULL;
    eid_status st = EID_OK;

    EID_TRY(eid_format(&above, "%s/.input", folder));
    if (unlink(path) != 0 || rmdir(above) != 0)
        st = eid_fail(EID_EIO, "%s: %s", path, strerror(errno));
done:
    eid_free(above);
    return st;
}

static eid_status same_inputs(const eid_corpus *first, const eid_corpus *second)
{
    const eid_corpus_input *a, *b;
    size_t n = eid_corpus_inputs(first, &a), m = eid_corpus_inputs(second, &b);

    for (size_t i = 0; i < n && i < m; i++)
        if (strcmp(a[i].sha256, b[i].sha256) != 0)
            return eid_fail(EID_EIO, "%s: changed while it was read", a[i].path);
    return n == m ? EID_OK : eid_fail(EID_EINTERNAL, "inputs were read twice, but not the same");
}

typedef struct job {
    eid_dedup_result r;
    control_folder folder;
    control_units u;
    eid_dedup_cuts *cuts;
    eid_corpus *first, *second;
    char *input; /* the copy of standard input */
    const char **paths;
} job;

static eid_status choose_paths(job *j, const char *const *paths, size_t n)
{
    eid_status st = EID_OK;

    EID_TRY(EID_NEW(j->paths, n));
    for (size_t i = 0; i < n; i++) {
        j->paths[i] = paths[i];
        if (strcmp(paths[i], "-") != 0)
            continue;
        if (j->input) {
            st = eid_fail(EID_EINVAL, "standard input (-) can be read once only");
            goto done;
        }
        EID_TRY(copy_input(&j->input, j->folder.part));
        j->paths[i] = j->input;
    }
done:
    return st;
}

static eid_status run(job *j, eid_ctx *ctx, const char *const *paths, size_t n_paths,
                      const eid_corpus_opts *read, const eid_bpe *bpe, size_t length,
                      const eid_dedup_opts *opts, const char *folder)
{
    int64_t memory = eid_ctx_memory(ctx);
    control_reader r = {&j->u, bpe};
    eid_status st = EID_OK;

    EID_TRY(control_folder_open(&j->folder, folder));
    EID_TRY(choose_paths(j, paths, n_paths));
    EID_TRY(control_units_init(&j->u, bpe ? 4 : 1, (size_t)memory / 4, j->folder.part));
    EID_TRY(eid_corpus_stream_within(&j->first, ctx, j->paths, n_paths, read, memory / 3,
                                     control_add_document, &r));
    EID_TRY(control_units_done(&j->u));
    EID_TRY(control_cuts_of(&j->cuts, ctx, &j->u, bpe, length, opts, &j->r.passes));
    j->r.unit_length = (int64_t)length;
    j->r.units = j->u.n;
    if (opts->recheck)
        EID_TRY(control_recheck(&j->r, ctx, &j->u, bpe, length, opts, j->cuts, j->folder.part));
    control_units_free(&j->u);
    const control_rewrite what = {j->paths, n_paths, read, memory / 3, j->cuts, j->folder.part};
    EID_TRY(control_write_survivors(&j->r, &j->second, ctx, &what));
    EID_TRY(same_inputs(j->first, j->second));
    if (j->input)
        EID_TRY(remove_input(j->input, j->folder.part));
    EID_TRY(control_folder_commit(&j->folder));
done:
    return st;
}

eid_status eid_dedup_exact_files(eid_dedup_result *out, eid_corpus **summary, eid_ctx *ctx,
                                 const char *const *paths, size_t n_paths,
                                 const eid_corpus_opts *read, const eid_bpe *bpe,
                                 const eid_dedup_opts *opts, const char *folder)
{
    job j = {.folder.lock = -1};
    size_t length;
    eid_status st = EID_OK;

    EID_TRY(read_length(opts->exact, bpe, &length));
    EID_TRY(run(&j, ctx, paths, n_paths, read, bpe, length, opts, folder));
    *out = j.r;
    if (summary) {
        *summary = j.second;
        j.second = NULL;
    }
done:
    control_units_free(&j.u);
    eid_dedup_cuts_free(j.cuts);
    eid_corpus_free(j.first);
    eid_corpus_free(j.second);
    eid_free(j.input);
    eid_free(j.paths);
    control_folder_close(&j.folder);
    return st;
}
