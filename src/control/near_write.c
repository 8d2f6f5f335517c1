/* near_write.c - what is kept, and the ledger of what is not.
 *
 * clusters.jsonl: for every document of a cluster of two or more, in the corpus's order,
 *     {"document", "name", "bytes", "cluster", "what", "kept", "kept_name", "jaccard",
 *      "edit_similarity"}
 * what: kept, identical (to the one kept), near, chained.  cluster: numbered by first document. */
#include "base/file.h"
#include "base/json.h"
#include "control/near.h"
#include "control/near_words.h"
#include "corpus/stream.h"
#include "corpus/writing.h"
#include "par/par.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct desk { /* a worker's own */
    uint8_t *a, *b;
    size_t a_cap, b_cap;
} desk;

typedef struct writing {
    near_job *j;
    eid_near_result *out;
    uint32_t *kept;        /* of a root: the distinct document that stays */
    uint32_t *members;     /* of a root: documents */
    uint32_t *cluster;     /* of a root with two members or more */
    near_similar *similar; /* of a distinct document to the one kept */
    eid_map names;
    desk *desk;
    uint32_t *left; /* documents that stay, in order */
    int64_t chunk;  /* first of the distinct documents being compared */
} writing;

static const char *name_of(const writing *w, size_t doc)
{
    return (const char *)w->names.at + w->j->name_at[doc];
}

static void choose(writing *w)
{
    near_job *j = w->j;
    uint32_t clusters = 0;

    for (uint32_t d = 0; d < j->n; d++) {
        uint32_t r = near_root(j->parent, d);
        if (r == d ||
            (j->o.keep == EID_NEAR_KEEP_LONGEST && near_size(j, d) > near_size(j, w->kept[r])))
            w->kept[r] = d;
    }
    for (size_t i = 0; i < j->docs; i++)
        w->members[near_root(j->parent, j->distinct[i])]++;
    for (uint32_t d = 0; d < j->n; d++)
        if (w->members[d] > 1)
            w->cluster[d] = clusters++;
    w->out->clusters = clusters;
}

static uint32_t kept_for(const writing *w, uint32_t d)
{
    return w->kept[near_root(w->j->parent, d)];
}

static int by_pair(const void *a, const void *b)
{
    const near_known *x = a, *y = b;
    return (x->pair > y->pair) - (x->pair < y->pair);
}

/* Roots are looked up without shortening paths: several threads do so at once. */
static eid_status compare_one(void *arg, int64_t i, int worker)
{
    writing *w = arg;
    const near_job *j = w->j;
    uint32_t d = (uint32_t)(w->chunk + i), r = d;

    desk *t = &w->desk[worker];
    eid_status st = EID_OK;

    while (j->parent[r] != r)
        r = j->parent[r];
    uint32_t k = w->kept[r];
    if (k == d) {
        w->similar[d] = (near_similar){1, 1};
        return EID_OK;
    }
    near_known this = {.pair = d < k ? (uint64_t)d << 32 | k : (uint64_t)k << 32 | d};
    const near_known *known =
        j->knowns ? bsearch(&this, j->known, j->knowns, sizeof this, by_pair) : NULL;
    if (known) {
        w->similar[d] = known->similar;
        return EID_OK;
    }
    EID_TRY(near_text(j, d, &t->a, &t->a_cap));
    EID_TRY(near_text(j, k, &t->b, &t->b_cap));
    st = near_compare(t->a, near_size(j, d), t->b, near_size(j, k), j->o.words, 0, j->o.edit / 2,
                      &w->similar[d]);
done:
    return st;
}

static eid_status compare_all(writing *w)
{
    enum { CHUNK = 512 };
    int64_t n = (int64_t)w->j->n;
    eid_status st = EID_OK;

    if (w->j->knowns)
        qsort(w->j->known, w->j->knowns, sizeof *w->j->known, by_pair);
    for (w->chunk = 0; w->chunk < n; w->chunk += CHUNK) {
        int64_t some = n - w->chunk < CHUNK ? n - w->chunk : CHUNK;
        EID_TRY(eid_par_for(w->j->ctx, some, compare_one, w));
        EID_TRY(eid_tick(w->j->ctx, "ledger", "documents", w->chunk + some, n));
    }
done:
    return st;
}

static const char *what_of(const writing *w, size_t doc, uint32_t k)
{
    const near_job *j = w->j;
    uint32_t d = j->distinct[doc];
    if (d == k)
        return j->first[d] == doc ? "kept" : "identical";
    bool chained = w->similar[d].jaccard < j->o.near || w->similar[d].edit < j->o.edit;
    return chained ? "chained" : "near";
}

static eid_status write_line(writing *w, eid_out *f, size_t doc)
{
    const near_job *j = w->j;
    eid_status st = EID_OK;
    uint32_t d = j->distinct[doc], root = near_root(j->parent, d), k = w->kept[root];
    const near_similar *s = &w->similar[d];
    const char *what = what_of(w, doc, k), *name = name_of(w, doc), *kept = name_of(w, j->first[k]);
    char *line = NULL;

    w->out->identical += *what == 'i';
    w->out->near += *what == 'n' || *what == 'c';
    w->out->chained += *what == 'c';
    EID_TRY(eid_json_text(
        json_pack("{s:I, s:o, s:I, s:I, s:s, s:I, s:o, s:o, s:o}", "document", (json_int_t)doc,
                  "name", eid_json_bytes((const uint8_t *)name, strlen(name)), "bytes",
                  (json_int_t)near_size(j, d), "cluster", (json_int_t)w->cluster[root], "what",
                  what, "kept", (json_int_t)j->first[k], "kept_name",
                  eid_json_bytes((const uint8_t *)kept, strlen(kept)), "jaccard",
                  eid_json_real(s->jaccard), "edit_similarity",
                  s->edit < 0 ? json_null() : eid_json_real(s->edit)),
        &line));
    EID_TRY(eid_out_write(f, line, strlen(line)));
    EID_TRY(eid_out_write(f, "\n", 1));
done:
    eid_string_free(line);
    return st;
}

static eid_status write_ledger(writing *w)
{
    near_job *j = w->j;
    eid_status st = EID_OK;
    eid_out *f = NULL;
    char *path = NULL;

    EID_TRY(eid_format(&path, "%s/clusters.jsonl", j->part));
    EID_TRY(eid_out_open(&f, path));
    for (size_t i = 0; i < j->docs; i++)
        if (w->members[near_root(j->parent, j->distinct[i])] > 1)
            EID_TRY(write_line(w, f, i));
    EID_TRY(eid_out_commit(&f));
done:
    eid_out_abort(&f);
    eid_free(path);
    return st;
}

typedef struct tally {
    int64_t documents, bytes;
} tally;

static eid_status count(void *user, const eid_document *d)
{
    tally *t = user;
    t->documents++;
    t->bytes += (int64_t)d->size;
    return EID_OK;
}

/* What was written is read as what was to be kept; with what was cut it is all that came in. */
static eid_status reads_back(writing *w, const char *path)
{
    const eid_near_result *o = w->out;
    tally t = {0, 0};
    eid_corpus_opts plain = eid_corpus_opts_default();
    eid_status st = eid_corpus_stream_within(NULL, w->j->ctx, &path, 1, &plain,
                                             eid_ctx_memory(w->j->ctx) / 2, count, &t);
    if (st == EID_OK && (t.documents != o->kept || t.bytes != o->bytes_kept ||
                         t.bytes + o->bytes_cut != w->j->bytes))
        st =
            eid_fail(EID_EINTERNAL,
                     "%s: %" PRId64 " documents and %" PRId64 " bytes are read back of %" PRId64
                     " and %" PRId64 ", with %" PRId64 " cut of %" PRId64,
                     path, t.documents, t.bytes, o->kept, o->bytes_kept, o->bytes_cut, w->j->bytes);
    return st;
}

static eid_status get_left(void *user, size_t i, eid_document *out)
{
    writing *w = user;
    uint32_t doc = w->left[i], d = w->j->distinct[doc];
    eid_status st = near_text(w->j, d, &w->desk->a, &w->desk->a_cap);
    *out = (eid_document){name_of(w, doc), w->desk->a, near_size(w->j, d)};
    return st;
}

static eid_status write_corpus(writing *w)
{
    near_job *j = w->j;
    eid_near_result *o = w->out;
    eid_status st = EID_OK;
    char *path = NULL;

    EID_TRY(EID_NEW(w->left, j->n));
    for (size_t i = 0; i < j->docs; i++) {
        uint32_t d = j->distinct[i];
        bool stays = kept_for(w, d) == d && j->first[d] == i;
        *(stays ? &o->bytes_kept : &o->bytes_cut) += (int64_t)near_size(j, d);
        if (stays)
            w->left[o->kept++] = (uint32_t)i;
    }
    EID_TRY(eid_format(&path, "%s/corpus.%s", j->part, j->o.format ? "jsonl" : "tar"));
    EID_TRY(eid_corpus_write_each(j->ctx, (size_t)o->kept, o->bytes_kept, get_left, w, path));
    EID_TRY(reads_back(w, path));
done:
    eid_free(path);
    return st;
}

static int ascending(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Afterwards w->members is sorted and no longer by root. */
static eid_status count_sizes(writing *w)
{
    eid_near_result *o = w->out;
    size_t cap = 0, n = w->j->n;

    qsort(w->members, n, sizeof *w->members, ascending);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && w->members[end] == w->members[i];)
            end++;
        if (w->members[i] < 2)
            continue;
        eid_status st = EID_GROW(o->size, &cap, o->sizes + 1);
        if (st != EID_OK)
            return st;
        o->size[o->sizes++] = (eid_near_size){w->members[i], (int64_t)(end - i)};
    }
    return EID_OK;
}

eid_status near_write(near_job *j, eid_near_result *out)
{
    eid_status st = EID_OK;
    writing w = {.j = j, .out = out};

    EID_TRY(eid_map_open(&w.names, j->path[NEAR_NAMES]));
    EID_TRY(EID_NEW(w.desk, eid_ctx_threads(j->ctx)));
    EID_TRY(EID_NEW(w.kept, j->n));
    EID_TRY(EID_NEW(w.members, j->n));
    EID_TRY(EID_NEW(w.cluster, j->n));
    EID_TRY(EID_NEW(w.similar, j->n));
    choose(&w);
    EID_TRY(compare_all(&w));
    EID_TRY(write_ledger(&w));
    EID_TRY(write_corpus(&w));
    EID_TRY(count_sizes(&w));
    out->documents = (int64_t)j->docs;
    out->bytes = j->bytes;
    out->compared = j->compared;
    out->duplicates = j->duplicates;
    out->reused = j->reused;
    out->band = j->o.band;
    out->bands = j->o.bands;
done:
    for (int t = 0; w.desk && t < eid_ctx_threads(j->ctx); t++) {
        eid_free(w.desk[t].a);
        eid_free(w.desk[t].b);
    }
    eid_free(w.desk);
    eid_free(w.left);
    eid_map_close(&w.names);
    eid_free(w.kept);
    eid_free(w.members);
    eid_free(w.cluster);
    eid_free(w.similar);
    return st;
}
