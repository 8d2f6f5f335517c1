/* survivors.c - see survivors.h. */
#include "control/survivors.h"
#include "base/ctx.h"
#include "base/json.h"
#include "control/field.h"
#include "control/sink.h"
#include "corpus/echo.h"
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

typedef struct writer {
    const control_rewrite *what;
    eid_dedup_result *r;
    size_t cut; /* the next one */
    eid_out *ledger;
    eid_buf root, path; /* of the input's files; of the present one */
    size_t input;
    /* the present file */
    control_sink *sink;
    eid_form form;
    eid_pack pack;
    unsigned mode;
    /* what a document stands in: */
    const uint8_t *line;
    size_t line_n;
    bool in_line, taken; /* taken: a document came of it, or was dropped */
    struct archive_entry *entry;
    bool lines; /* of the entry, which is written when its size is known: */
    int body;   /* a file without a name; -1 */
    int64_t body_n;
    uint8_t *left; /* of the present document */
    size_t left_cap;
    eid_buf changed;   /* a line with another text */
    eid_status failed; /* what ended the reading, which only hears "cancelled" */
    char why[1024];
} writer;

/* The reader would take EID_EIO of ours for damage of the input. */
static eid_status told(writer *w, eid_status st)
{
    if (st == EID_OK || w->failed != EID_OK)
        return w->failed == EID_OK ? EID_OK : EID_ECANCELLED;
    w->failed = st;
    snprintf(w->why, sizeof w->why, "%s", eid_last_error());
    return EID_ECANCELLED;
}

/* ---- inputs and files ------------------------------------------------------------------------ */

static const char *base_of(const char *path, size_t *n)
{
    const char *from = path + strlen(path);
    while (from > path && from[-1] == '/')
        from--;
    const char *end = from;
    while (from > path && from[-1] != '/')
        from--;
    *n = (size_t)(end - from);
    return *n && strncmp(from, "..", 2) != 0 && !(*n == 1 && *from == '.') ? from : NULL;
}

/* How many earlier inputs have the same last part. */
static int namesakes(const control_rewrite *what, size_t input, const char *base, size_t n)
{
    int found = 0;
    for (size_t i = 0; i < input; i++) {
        size_t k;
        const char *other = base_of(what->paths[i], &k);
        found += other && k == n && memcmp(other, base, n) == 0;
    }
    return found;
}

static eid_status begin_input(writer *w, const char *path, bool folder)
{
    size_t n, input = w->input++;
    const char *base = base_of(path, &n);
    int before = base ? namesakes(w->what, input, base, n) : 0;
    eid_status st = EID_OK;

    w->root.n = 0;
    EID_TRY(eid_buf_printf(&w->root, "%s/corpus", w->what->folder));
    if (folder && w->what->n_paths > 1) {
        if (!base)
            EID_TRY(eid_buf_printf(&w->root, "/input-%zu", input + 1));
        else
            EID_TRY(eid_buf_printf(&w->root, "/%.*s", (int)n, base));
    }
    if (before && folder)
        EID_TRY(eid_buf_printf(&w->root, ".%d", before + 1));
    else if (before) /* its form stands at the name's end */
        EID_TRY(eid_buf_printf(&w->root, "/%d", before + 1));
done:
    return st;
}

static eid_status open_sink(writer *w)
{
    return control_sink_open(&w->sink, (const char *)w->path.at, w->form, w->pack, w->mode);
}

static eid_status begin_file(writer *w, const char *name, eid_form form, eid_pack pack,
                             unsigned mode)
{
    eid_status st = EID_OK;

    w->path.n = 0;
    w->form = form;
    w->pack = pack;
    w->mode = mode;
    w->taken = false;
    EID_TRY(eid_buf_printf(&w->path, "%s/%s", (const char *)w->root.at, name));
    if (form != EID_FORM_PLAIN)
        EID_TRY(open_sink(w));
done:
    return st;
}

static eid_status end_file(writer *w, bool lost)
{
    eid_status st = EID_OK;

    if (lost) {
        control_sink_abort(&w->sink);
        return EID_OK;
    }
    if (w->form == EID_FORM_PLAIN && !w->taken) /* an empty one stays */
        EID_TRY(open_sink(w));
    EID_TRY(control_sink_close(&w->sink));
done:
    return st;
}

/* ---- lines ----------------------------------------------------------------------------------- */

static eid_status to_body(writer *w, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    while (n) {
        ssize_t got = write(w->body, p, n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return eid_fail(EID_EIO, "%s: %s", w->what->folder, strerror(errno));
        p += got;
        n -= (size_t)got;
        w->body_n += got;
    }
    return EID_OK;
}

static eid_status put_line(writer *w, const uint8_t *line, size_t n)
{
    eid_status st = EID_OK;

    if (w->entry) {
        EID_TRY(to_body(w, line, n));
        EID_TRY(to_body(w, "\n", 1));
    } else {
        EID_TRY(control_sink_write(w->sink, line, n));
        EID_TRY(control_sink_write(w->sink, "\n", 1));
    }
done:
    return st;
}

static eid_status put_text(writer *w, size_t size, bool as_it_was)
{
    eid_status st = EID_OK;

    if (as_it_was)
        return put_line(w, w->line, w->line_n);
    if (!size)
        return EID_OK;
    w->changed.n = 0;
    EID_TRY(
        control_set_field(&w->changed, w->line, w->line_n, w->what->read->field, w->left, size));
    EID_TRY(put_line(w, w->changed.at, w->changed.n));
done:
    return st;
}

/* ---- entries --------------------------------------------------------------------------------- */

static eid_status begin_entry(writer *w, struct archive_entry *e, bool regular, bool lines)
{
    eid_status st = EID_OK;

    w->taken = false;
    w->lines = lines;
    if (!regular)
        return control_sink_entry(w->sink, e, 0);
    w->entry = archive_entry_clone(e);
    if (!w->entry)
        return eid_fail(EID_ENOMEM, "no memory for an entry of %s", (const char *)w->path.at);
    w->body_n = 0;
    if (lines && w->body < 0) {
        char *path = NULL;
        EID_TRY(eid_format(&path, "%s/.entry", w->what->folder));
        w->body = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (w->body < 0 || unlink(path) != 0)
            st = eid_fail(EID_EIO, "%s: %s", path, strerror(errno));
        eid_free(path);
    }
done:
    return st;
}

static eid_status copy_body(writer *w)
{
    uint8_t chunk[1 << 14];
    eid_status st = EID_OK;

    EID_TRY(control_sink_entry(w->sink, w->entry, w->body_n));
    for (int64_t at = 0; at < w->body_n;) {
        ssize_t got = pread(w->body, chunk, sizeof chunk, at);
        if (got <= 0) {
            st = eid_fail(EID_EIO, "%s: %s", w->what->folder, got ? strerror(errno) : "shortened");
            goto done;
        }
        EID_TRY(control_sink_data(w->sink, chunk, (size_t)got));
        at += got;
    }
    if (ftruncate(w->body, 0) != 0 || lseek(w->body, 0, SEEK_SET) < 0)
        st = eid_fail(EID_EIO, "%s: %s", w->what->folder, strerror(errno));
done:
    return st;
}

static eid_status end_entry(writer *w)
{
    eid_status st = EID_OK;

    if (w->entry && w->lines)
        st = copy_body(w);
    else if (w->entry && !w->taken)
        st = control_sink_entry(w->sink, w->entry, 0);
    archive_entry_free(w->entry);
    w->entry = NULL;
    return st;
}

static eid_status put_entry(writer *w, size_t size)
{
    eid_status st = EID_OK;

    if (!size)
        return EID_OK;
    EID_TRY(control_sink_entry(w->sink, w->entry, (int64_t)size));
    EID_TRY(control_sink_data(w->sink, w->left, size));
done:
    return st;
}

/* ---- documents ------------------------------------------------------------------------------- */

static eid_status put_file(writer *w, size_t size)
{
    eid_status st = EID_OK;

    if (!size)
        return EID_OK;
    EID_TRY(open_sink(w));
    EID_TRY(control_sink_write(w->sink, w->left, size));
done:
    return st;
}

static eid_status take(writer *w, const eid_document *d)
{
    const eid_dedup_cuts *cuts = w->what->cuts;
    const eid_dedup_cut *cut = cuts->n ? cuts->at + w->cut : NULL;
    eid_dedup_result *r = w->r;
    size_t n = 0, left;
    eid_status st = EID_OK;

    for (; w->cut < cuts->n && cuts->at[w->cut].document == r->documents_in; w->cut++, n++)
        EID_TRY(control_ledger_line(w->ledger, &cuts->at[w->cut], d->name));
    EID_TRY(control_cuts_fit(d, cut, n));
    EID_TRY(EID_GROW(w->left, &w->left_cap, d->size));
    left = control_cut_out(d, cut, n, w->left);
    w->taken = true;
    r->documents_in++;
    r->bytes_in += (int64_t)d->size;
    r->bytes_kept += (int64_t)left;
    r->documents_out += left > 0;
    r->documents_changed += left > 0 && n > 0;
    r->ranges += (int64_t)n;
    for (size_t i = 0; i < n; i++)
        r->bytes_cut += cut[i].end - cut[i].start;
    if (w->in_line)
        st = put_text(w, left, !n && !w->what->read->max_document);
    else if (w->entry)
        st = put_entry(w, left);
    else
        st = put_file(w, left);
done:
    return st;
}

/* ---- what the reader calls ------------------------------------------------------------------- */

static eid_status on_document(void *user, const eid_document *d)
{
    return told(user, take(user, d));
}

static eid_status on_input(void *user, const char *path, bool folder)
{
    return told(user, begin_input(user, path, folder));
}

static eid_status on_file_begin(void *user, const char *name, eid_form form, eid_pack pack,
                                unsigned mode)
{
    return told(user, begin_file(user, name, form, pack, mode));
}

static eid_status on_file_end(void *user, bool lost)
{
    return told(user, end_file(user, lost));
}

static eid_status on_line_begin(void *user, const uint8_t *line, size_t n)
{
    writer *w = user;
    w->line = line;
    w->line_n = n;
    w->in_line = true;
    w->taken = false;
    return EID_OK;
}

static eid_status on_line_end(void *user)
{
    writer *w = user;
    w->in_line = false;
    return told(w, w->taken ? EID_OK : put_line(w, w->line, w->line_n));
}

static eid_status on_entry_begin(void *user, struct archive_entry *e, bool regular, bool lines)
{
    return told(user, begin_entry(user, e, regular, lines));
}

static eid_status on_entry_end(void *user)
{
    return told(user, end_entry(user));
}

static eid_status on_dropped(void *user)
{
    ((writer *)user)->taken = true;
    return EID_OK;
}

/* ---- all ------------------------------------------------------------------------------------- */

static eid_status count_document(void *user, const eid_document *d)
{
    int64_t *sum = user;
    sum[0]++;
    sum[1] += (int64_t)d->size;
    return EID_OK;
}

/* Reads what was written, as anybody would. */
static eid_status read_back(eid_ctx *ctx, const writer *w)
{
    eid_corpus_opts opts = eid_corpus_opts_default();
    int64_t sum[2] = {0, 0};
    char *corpus = NULL;
    eid_status st = EID_OK;

    opts.field = w->what->read->field;
    EID_TRY(eid_format(&corpus, "%s/corpus", w->what->folder));
    if (w->r->documents_out) {
        const char *path = corpus;
        EID_TRY(eid_corpus_stream_within(NULL, ctx, &path, 1, &opts, w->what->memory,
                                         count_document, sum));
    }
    if (sum[0] != w->r->documents_out || sum[1] != w->r->bytes_kept)
        st = eid_fail(EID_EINTERNAL,
                      "what was written reads back as %" PRId64 " documents and %" PRId64
                      " bytes, not %" PRId64 " and %" PRId64,
                      sum[0], sum[1], w->r->documents_out, w->r->bytes_kept);
done:
    eid_free(corpus);
    return st;
}

static eid_status balance(const writer *w)
{
    const eid_dedup_result *r = w->r;

    if (w->cut < w->what->cuts->n)
        return eid_fail(EID_EIO,
                        "the inputs changed while they were read: document %" PRId64 " is gone",
                        w->what->cuts->at[w->cut].document);
    if (r->bytes_in != r->bytes_kept + r->bytes_cut)
        return eid_fail(EID_EINTERNAL,
                        "%" PRId64 " bytes in, but %" PRId64 " kept and %" PRId64 " cut",
                        r->bytes_in, r->bytes_kept, r->bytes_cut);
    return EID_OK;
}

static eid_status rewrite(eid_corpus **summary, eid_ctx *ctx, writer *w)
{
    const control_rewrite *what = w->what;
    const eid_echo echo = {w,           on_input,       on_file_begin, on_file_end, on_line_begin,
                           on_line_end, on_entry_begin, on_entry_end,  on_dropped};
    char *path = NULL;
    eid_status st = EID_OK;

    EID_TRY(eid_format(&path, "%s/corpus", what->folder));
    EID_TRY(eid_mkdirs(path));
    eid_free(path);
    path = NULL;
    EID_TRY(eid_format(&path, "%s/ledger.jsonl", what->folder));
    EID_TRY(eid_out_open(&w->ledger, path));
    st = eid_corpus_stream_echo(summary, ctx, what->paths, what->n_paths, what->read, what->memory,
                                on_document, w, &echo);
    if (w->failed != EID_OK)
        st = eid_fail(w->failed, "%s", w->why);
    if (st != EID_OK)
        goto done;
    EID_TRY(balance(w));
    EID_TRY(eid_out_commit(&w->ledger));
done:
    eid_free(path);
    return st;
}

eid_status control_write_survivors(eid_dedup_result *r, eid_corpus **summary, eid_ctx *ctx,
                                   const control_rewrite *what)
{
    writer w = {.what = what, .r = r, .body = -1};
    /* Names inside archives are UTF-8, as the reader takes them to be. */
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    locale_t before = utf8 ? uselocale(utf8) : (locale_t)0;
    eid_corpus *seen = NULL;
    eid_status st = rewrite(&seen, ctx, &w);

    if (st == EID_OK)
        st = read_back(ctx, &w);
    if (st == EID_OK && summary) {
        *summary = seen;
        seen = NULL;
    }
    eid_corpus_free(seen);
    control_sink_abort(&w.sink);
    eid_out_abort(&w.ledger);
    archive_entry_free(w.entry);
    if (w.body >= 0)
        close(w.body);
    eid_buf_free(&w.root);
    eid_buf_free(&w.path);
    eid_buf_free(&w.changed);
    eid_free(w.left);
    if (utf8) {
        uselocale(before);
        freelocale(utf8);
    }
    return st;
}
