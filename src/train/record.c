/* record.c - writes what a training says about every example, row by row, into .npy files.
 *
 * The files have their final size from the start; a row is written when its moment comes, and again
 * when a resumed training comes past it.  step.npy holds -1 where nothing was written yet. */
#include "dataset/npy.h"
#include "train/outcome.h"
#include "train/trajectory.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { UNSEEN = 2 }; /* in `presented`, neither right nor wrong */

struct eid_record {
    eid_ctx *ctx;
    const eid_dataset *train;
    eid_record_opts opts;
    eid_watch watch;
    int64_t *at; /* steps of the moments */
    size_t moments;
    int64_t parameters;
    int64_t epochs;     /* whole ones: rows of presented */
    char *part, *whole; /* folders */
    int fd[EID_RECORD_ARRAYS];
    size_t header[EID_RECORD_ARRAYS];
    uint8_t *presented, *correct;
    float *logits, *row[5]; /* loss, probability, margin, el2n, grand */
    double *norm2;
};

eid_record_opts eid_record_opts_default(void)
{
    return (eid_record_opts){.grand = -1};
}

const eid_opt eid_record_opt_table[] = {
    {EID_OPT_ENUM, "record-epochs", offsetof(eid_record_opts, epochs), 0, 0,
     "the end of every epoch, or of 1, 2, 5, 10, 20, 50, ... and the last", "full|sparse", 0},
    {EID_OPT_F64, "record-grand", offsetof(eid_record_opts, grand), -1, 1e6,
     "up to this epoch every example's gradient norm, too; -1: never", NULL, 0},
    {EID_OPT_BOOL, "record-weights", offsetof(eid_record_opts, weights), 0, 0,
     "the network's weights at every checkpoint, too, for \"influence --method tracin\"", NULL, 0},
    {0},
};

static eid_status failed(const eid_record *r, int k)
{
    return eid_fail(EID_EIO, "%s/%s.npy: %s", r->part, eid_record_kinds[k].name, strerror(errno));
}

static eid_status put(const eid_record *r, int k, size_t at, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;

    for (at += r->header[k]; n;) {
        ssize_t got = pwrite(r->fd[k], p, n, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return failed(r, k);
        p += got;
        at += (size_t)got;
        n -= (size_t)got;
    }
    return EID_OK;
}

/* Row c of an array of checkpoint x example. */
static eid_status put_row(const eid_record *r, int k, int64_t c, const void *row)
{
    size_t n = (size_t)r->train->n * eid_type_size(eid_record_kinds[k].type);

    return put(r, k, (size_t)c * n, row, n);
}

/* ---- files ----------------------------------------------------------------------------------- */

static eid_array_view view_of(const eid_record *r, int k)
{
    const eid_record_kind *kind = &eid_record_kinds[k];
    int64_t rows = k == EID_RECORD_PRESENTED                     ? r->epochs
                   : k == EID_RECORD_CLASSES                     ? 1
                   : k == EID_RECORD_LABEL || k == EID_RECORD_ID ? r->train->n
                                                                 : (int64_t)r->moments;

    int64_t columns = k == EID_RECORD_WEIGHTS ? r->parameters : r->train->n;

    return (eid_array_view){.type = kind->type, .ndim = kind->ndim, .shape = {rows, columns}};
}

/* Opens a file of the right size and header, made anew unless it is there from before. */
static eid_status open_file(eid_record *r, int k, bool *kept)
{
    char header[EID_NPY_WRITTEN], there[EID_NPY_WRITTEN];
    eid_array_view v = view_of(r, k);
    char *path = NULL;
    int64_t count;
    size_t bytes;
    struct stat s;
    eid_status st = EID_OK;

    EID_TRY(eid_npy_sizes(&v, &count, &bytes));
    r->header[k] = eid_npy_header(&v, header);
    EID_TRY(eid_format(&path, "%s/%s.npy", r->part, eid_record_kinds[k].name));
    r->fd[k] = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (r->fd[k] < 0 || fstat(r->fd[k], &s) != 0)
        EID_TRY(failed(r, k));
    *kept = s.st_size == (off_t)(r->header[k] + bytes) &&
            pread(r->fd[k], there, r->header[k], 0) == (ssize_t)r->header[k] &&
            memcmp(there, header, r->header[k]) == 0;
    if (!*kept &&
        (ftruncate(r->fd[k], 0) != 0 || ftruncate(r->fd[k], (off_t)(r->header[k] + bytes)) != 0 ||
         pwrite(r->fd[k], header, r->header[k], 0) != (ssize_t)r->header[k]))
        EID_TRY(failed(r, k));
done:
    eid_free(path);
    return st;
}

/* What was seen before this process began. */
static eid_status load_presented(eid_record *r, bool kept)
{
    size_t n = (size_t)r->epochs * (size_t)r->train->n;

    memset(r->presented, UNSEEN, n);
    if (kept && pread(r->fd[EID_RECORD_PRESENTED], r->presented, n,
                      (off_t)r->header[EID_RECORD_PRESENTED]) != (ssize_t)n)
        return failed(r, EID_RECORD_PRESENTED);
    return EID_OK;
}

static eid_status open_files(eid_record *r)
{
    const int64_t none = -1;
    bool kept = false, all = true;
    eid_status st = EID_OK;

    for (int k = 0; k < EID_RECORD_ARRAYS; k++) {
        if ((k == EID_RECORD_GRAND && r->opts.grand < 0) ||
            (k == EID_RECORD_WEIGHTS && !r->opts.weights))
            continue;
        EID_TRY(open_file(r, k, &kept));
        all &= kept;
        if (k == EID_RECORD_PRESENTED)
            EID_TRY(load_presented(r, kept));
    }
    for (size_t c = 0; c < r->moments && !all; c++)
        EID_TRY(put(r, EID_RECORD_STEP, c * sizeof none, &none, sizeof none));
    EID_TRY(put(r, EID_RECORD_LABEL, 0, r->train->label, (size_t)r->train->n * sizeof(int32_t)));
    EID_TRY(put(r, EID_RECORD_ID, 0, r->train->id, (size_t)r->train->n * sizeof(int64_t)));
    EID_TRY(put(r, EID_RECORD_CLASSES, 0, &r->train->classes, sizeof(int32_t)));
done:
    return st;
}

/* ---- looking --------------------------------------------------------------------------------- */

static eid_status ask_grand(eid_record *r, eid_ctx *ctx, const eid_moment *m)
{
    int64_t n = r->train->n;
    eid_status st = EID_OK;

    if (floor(m->epoch) > r->opts.grand) { /* the end of epoch 1 may be 1.0005 */
        st = eid_classifier_logits(m->net, ctx, r->train, NULL, n, r->logits);
        for (int64_t i = 0; i < n; i++)
            r->row[4][i] = NAN;
        return st;
    }
    st = eid_classifier_norms(m->net, ctx, r->train, NULL, n, r->norm2, NULL, r->logits);
    for (int64_t i = 0; i < n && st == EID_OK; i++)
        r->row[4][i] = (float)sqrt(r->norm2[i]);
    return st;
}

static void judge(eid_record *r)
{
    int32_t k = r->train->classes;
    double z[1024];

    for (int64_t i = 0; i < r->train->n; i++) {
        for (int32_t c = 0; c < k; c++)
            z[c] = (double)r->logits[i * k + c];
        eid_outcome o = eid_outcome_of(z, k, r->train->label[i]);
        r->row[0][i] = (float)o.loss;
        r->row[1][i] = (float)o.probability;
        r->row[2][i] = (float)o.margin;
        r->row[3][i] = (float)o.el2n;
        r->correct[i] = o.margin > 0;
    }
}

static eid_status keep_weights(const eid_record *r, const eid_moment *m)
{
    eid_param *p;
    size_t n = (size_t)r->parameters * sizeof(float);

    if (!r->opts.weights)
        return EID_OK;
    eid_net_params(m->net, &p); /* one block, in order */
    return put(r, EID_RECORD_WEIGHTS, (size_t)m->number * n, p[0].value, n);
}

static eid_status on_moment(void *user, eid_ctx *ctx, const eid_moment *m)
{
    eid_record *r = user;
    eid_status st = EID_OK;

    EID_TRY(ask_grand(r, ctx, m));
    judge(r);
    for (int k = 0; k < (r->opts.grand < 0 ? 4 : 5); k++)
        EID_TRY(put_row(r, k, m->number, r->row[k]));
    EID_TRY(put_row(r, EID_RECORD_CORRECT, m->number, r->correct));
    EID_TRY(
        put(r, EID_RECORD_EPOCH, (size_t)m->number * sizeof m->epoch, &m->epoch, sizeof m->epoch));
    EID_TRY(put(r, EID_RECORD_RATE, (size_t)m->number * sizeof m->lr, &m->lr, sizeof m->lr));
    EID_TRY(keep_weights(r, m));
    EID_TRY(put(r, EID_RECORD_STEP, (size_t)m->number * sizeof m->step, &m->step, sizeof m->step));
done:
    return st;
}

static eid_status on_presented(void *user, const eid_presented *p)
{
    eid_record *r = user;
    int32_t k = r->train->classes;

    for (int64_t i = 0; i < p->n; i++) {
        const float *z = p->logits + i * k;
        int32_t y = r->train->label[p->index[i]];
        bool right = true;
        for (int32_t c = 0; c < k; c++)
            right &= c == y || z[c] < z[y];
        if (p->epoch[i] < r->epochs)
            r->presented[p->epoch[i] * r->train->n + p->index[i]] = right;
    }
    return EID_OK;
}

static eid_status on_keep(void *user)
{
    eid_record *r = user;
    eid_status st =
        put(r, EID_RECORD_PRESENTED, 0, r->presented, (size_t)r->epochs * (size_t)r->train->n);

    for (int k = 0; k < EID_RECORD_ARRAYS && st == EID_OK; k++)
        if (r->fd[k] >= 0 && fsync(r->fd[k]) != 0)
            st = failed(r, k);
    return st;
}

/* ---- beginning and ending -------------------------------------------------------------------- */

/* Epochs 1, 2, 5 of every power of ten. */
static bool is_sparse(int64_t epoch)
{
    while (epoch >= 10 && epoch % 10 == 0)
        epoch /= 10;
    return epoch == 0 || epoch == 1 || epoch == 2 || epoch == 5;
}

static eid_status choose_moments(eid_record *r, const eid_classifier_opts *o)
{
    eid_status st = eid_moments(o, r->train->n, &(eid_watch){0}, &r->at, &r->moments);
    size_t kept = 0;

    if (st != EID_OK || r->opts.epochs == EID_RECORD_FULL)
        return st;
    for (size_t i = 0; i < r->moments; i++) /* moment i is the end of epoch i */
        if (is_sparse((int64_t)i) || i + 1 == r->moments)
            r->at[kept++] = r->at[i];
    r->moments = kept;
    return EID_OK;
}

static eid_status count_parameters(eid_record *r, const eid_classifier_opts *o)
{
    const eid_dataset *d = r->train;
    const eid_net_shape shape = {d->channels, d->height, d->width, d->classes};
    eid_net *m = NULL;
    eid_status st = eid_net_new(&m, r->ctx, o->model, &shape, 0);

    if (st == EID_OK)
        r->parameters = eid_net_parameters(m);
    eid_net_free(m);
    return st;
}

static eid_status allocate(eid_record *r)
{
    int64_t n = r->train->n;
    eid_status st = EID_OK;

    EID_TRY(EID_NEW(r->presented, (size_t)r->epochs * (size_t)n));
    EID_TRY(EID_NEW(r->correct, n));
    EID_TRY(EID_NEW(r->logits, (size_t)n * (size_t)r->train->classes));
    for (int k = 0; k < 5; k++)
        EID_TRY(EID_NEW(r->row[k], n));
    EID_TRY(EID_NEW(r->norm2, n));
done:
    return st;
}

/* A record that is there already is gone on with: a training found finished adds nothing to it. */
static eid_status open_folder(eid_record *r, const char *dir)
{
    eid_status st = EID_OK;

    EID_TRY(eid_format(&r->whole, "%s/record", dir));
    EID_TRY(eid_format(&r->part, "%s/record.part", dir));
    EID_TRY(eid_mkdirs(dir));
    if (eid_exists(r->whole) && !eid_exists(r->part) && rename(r->whole, r->part) != 0)
        EID_TRY(eid_fail(EID_EIO, "%s: %s", r->whole, strerror(errno)));
    EID_TRY(eid_mkdirs(r->part));
done:
    return st;
}

eid_status eid_record_new(eid_record **out, eid_ctx *ctx, const char *dir, const eid_dataset *train,
                          const eid_classifier_opts *opts, const eid_record_opts *record)
{
    eid_record *r = NULL;
    eid_status st = EID_OK;

    if (train->classes > 1024)
        return eid_fail(EID_EUNSUPPORTED, "record: %" PRId32 " classes; up to 1024 are recorded",
                        train->classes);
    EID_TRY(EID_NEW(r, 1));
    for (int k = 0; k < EID_RECORD_ARRAYS; k++)
        r->fd[k] = -1;
    r->ctx = ctx;
    r->train = train;
    r->opts = *record;
    EID_TRY(choose_moments(r, opts));
    if (record->weights)
        EID_TRY(count_parameters(r, opts));
    r->epochs = eid_classifier_steps(opts, train->n) * opts->batch / train->n;
    EID_TRY(allocate(r));
    EID_TRY(open_folder(r, dir));
    EID_TRY(open_files(r));
    r->watch = (eid_watch){.at = r->at,
                           .n = r->moments,
                           .moment = on_moment,
                           .presented = on_presented,
                           .keep = on_keep,
                           .user = r};
    *out = r;
    r = NULL;
done:
    eid_record_free(r);
    return st;
}

const eid_watch *eid_record_watch(eid_record *r)
{
    return &r->watch;
}

/* A training that began without a record cannot be recorded from its middle. */
static eid_status check_whole(const eid_record *r)
{
    size_t cells = (size_t)r->epochs * (size_t)r->train->n, seen = 0, steps = 0;
    int64_t step;

    for (size_t c = 0; c < r->moments; c++) {
        if (pread(r->fd[EID_RECORD_STEP], &step, sizeof step,
                  (off_t)(r->header[EID_RECORD_STEP] + c * sizeof step)) != sizeof step)
            return failed(r, EID_RECORD_STEP);
        steps += step == r->at[c];
    }
    for (size_t i = 0; i < cells; i++)
        seen += r->presented[i] != UNSEEN;
    if (steps != r->moments || seen != cells)
        return eid_fail(EID_EINVAL,
                        "%s: holds %zu of %zu checkpoints: the training was begun without this "
                        "record; train into another folder",
                        r->part, steps, r->moments);
    return EID_OK;
}

eid_status eid_record_finish(eid_record *r)
{
    eid_status st = on_keep(r);

    if (st == EID_OK)
        st = check_whole(r);
    if (st == EID_OK && rename(r->part, r->whole) != 0)
        st = eid_fail(EID_EIO, "%s: %s", r->whole, strerror(errno));
    return st;
}

void eid_record_free(eid_record *r)
{
    if (!r)
        return;
    for (int k = 0; k < EID_RECORD_ARRAYS; k++)
        if (r->fd[k] >= 0)
            close(r->fd[k]);
    eid_free(r->at);
    eid_free(r->part);
    eid_free(r->whole);
    eid_free(r->presented);
    eid_free(r->correct);
    eid_free(r->logits);
    for (int k = 0; k < 5; k++)
        eid_free(r->row[k]);
    eid_free(r->norm2);
    eid_free(r);
}
