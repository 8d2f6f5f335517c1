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
#include "corpus/corpus.h"
#include "par/par.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct writing {
    near_job *j;
    eid_near_result *out;
    uint32_t *kept;        /* of a root: the distinct document that stays */
    uint32_t *members;     /* of a root: documents */
    uint32_t *cluster;     /* of a root with two members or more */
    near_similar *similar; /* of a distinct document to the one kept */
    eid_map text, names;
    int64_t chunk; /* first of the distinct documents being compared */
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

/* Roots are looked up without shortening paths: several threads do so at once. */
static eid_status compare_one(void *arg, int64_t i, int worker)
{
    writing *w = arg;
    const near_job *j = w->j;
    uint32_t d = (uint32_t)(w->chunk + i), r = d;

    (void)worker;
    while (j->parent[r] != r)
        r = j->parent[r];
    uint32_t k = w->kept[r];
    if (k == d) {
        w->similar[d] = (near_similar){1, 1};
        return EID_OK;
    }
    return near_compare(w->text.at + j->text_at[d], near_size(j, d), w->text.at + j->text_at[k],
                        near_size(j, k), j->o.words, 0, j->o.edit / 2, &w->similar[d]);
}

static eid_status compare_all(writing *w)
{
    enum { CHUNK = 512 };
    int64_t n = (int64_t)w->j->n;
    eid_status st = EID_OK;

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

static eid_status write_corpus(writing *w)
{
    near_job *j = w->j;
    eid_near_result *o = w->out;
    eid_status st = EID_OK;
    eid_corpus *c = NULL;
    char *path = NULL;

    EID_TRY(EID_NEW(c, 1));
    for (size_t i = 0; i < j->docs; i++) {
        uint32_t d = j->distinct[i];
        if (kept_for(w, d) != d || j->first[d] != i) {
            o->bytes_cut += (int64_t)near_size(j, d);
            continue;
        }
        EID_TRY(eid_corpus_push(
            c, (eid_document){name_of(w, i), w->text.at + j->text_at[d], near_size(j, d)}));
    }
    o->kept = (int64_t)eid_corpus_size(c);
    o->bytes_kept = eid_corpus_bytes(c);
    if (o->bytes_kept + o->bytes_cut != j->bytes)
        return eid_fail(EID_EINTERNAL,
                        "near: %" PRId64 " bytes kept and %" PRId64 " cut are not the %" PRId64
                        " that were read",
                        o->bytes_kept, o->bytes_cut, j->bytes);
    EID_TRY(eid_format(&path, "%s/corpus.%s", j->part, j->o.format ? "jsonl" : "tar"));
    EID_TRY(eid_corpus_write(j->ctx, c, path));
done:
    eid_corpus_free(c);
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

    EID_TRY(eid_map_open(&w.text, j->path[NEAR_TEXT]));
    EID_TRY(eid_map_open(&w.names, j->path[NEAR_NAMES]));
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
    eid_map_close(&w.text);
    eid_map_close(&w.names);
    eid_free(w.kept);
    eid_free(w.members);
    eid_free(w.cluster);
    eid_free(w.similar);
    return st;
}
