/* cuts.c - see cuts.h. */
#include "control/cuts.h"
#include "base/json.h"
#include <inttypes.h>
#include <string.h>

enum { LARGEST = 1 << 30 }; /* bytes of a ledger that are read */

eid_status eid_dedup_cuts_new(eid_dedup_cuts **out)
{
    return EID_NEW(*out, 1);
}

eid_status eid_dedup_cuts_add(eid_dedup_cuts *cuts, const eid_dedup_cut *cut)
{
    const eid_dedup_cut *last = cuts->n ? &cuts->at[cuts->n - 1] : NULL;
    eid_status st = EID_OK;

    if (cut->document < 0 || cut->start < 0 || cut->end <= cut->start)
        return eid_fail(EID_EINVAL,
                        "a cut of bytes %" PRId64 " to %" PRId64 " of document %" PRId64,
                        cut->start, cut->end, cut->document);
    if (last && (cut->document < last->document ||
                 (cut->document == last->document && cut->start < last->end)))
        return eid_fail(EID_EINVAL,
                        "cuts must follow one another: document %" PRId64 ", byte %" PRId64
                        " comes after document %" PRId64 ", byte %" PRId64,
                        cut->document, cut->start, last->document, last->end);
    if (cut->end - cut->start > INT64_MAX - cuts->bytes)
        return eid_fail(EID_EINVAL, "cuts of more bytes than can be counted");
    EID_TRY(EID_GROW(cuts->at, &cuts->cap, cuts->n + 1));
    cuts->at[cuts->n++] = *cut;
    cuts->bytes += cut->end - cut->start;
done:
    return st;
}

size_t eid_dedup_cuts_size(const eid_dedup_cuts *cuts)
{
    return cuts->n;
}

const eid_dedup_cut *eid_dedup_cuts_at(const eid_dedup_cuts *cuts, size_t i)
{
    return i < cuts->n ? &cuts->at[i] : NULL;
}

int64_t eid_dedup_cuts_bytes(const eid_dedup_cuts *cuts)
{
    return cuts->bytes;
}

void eid_dedup_cuts_free(eid_dedup_cuts *cuts)
{
    if (!cuts)
        return;
    eid_free(cuts->at);
    eid_free(cuts);
}

/* ---- applying -------------------------------------------------------------------------------- */

eid_status control_cuts_fit(const eid_document *d, const eid_dedup_cut *cuts, size_t n)
{
    if (n && (uint64_t)cuts[n - 1].end > d->size)
        return eid_fail(EID_EINVAL, "%.200s: a cut ends at byte %" PRId64 " of %zu", d->name,
                        cuts[n - 1].end, d->size);
    return EID_OK;
}

size_t control_cut_out(const eid_document *d, const eid_dedup_cut *cuts, size_t n, uint8_t *to)
{
    size_t at = 0, left = 0;

    for (size_t i = 0; i <= n; i++) {
        size_t until = i < n ? (size_t)cuts[i].start : d->size;
        if (until > at)
            memcpy(to + left, d->bytes + at, until - at);
        left += until - at;
        at = i < n ? (size_t)cuts[i].end : at;
    }
    return left;
}

eid_status eid_dedup_apply(eid_corpus **out, const eid_corpus *c, const eid_dedup_cuts *cuts)
{
    eid_status st = EID_OK;
    size_t docs = eid_corpus_size(c), kept = 0, used = 0, at = 0;
    eid_document *doc = NULL;
    uint8_t *text = NULL;

    EID_TRY(EID_NEW(doc, docs));
    EID_TRY(EID_NEW(text, eid_corpus_bytes(c)));
    for (size_t i = 0; i < docs; i++) {
        eid_document d = eid_corpus_doc(c, i);
        const eid_dedup_cut *first = cuts->at + at;
        size_t n = 0;
        while (at < cuts->n && cuts->at[at].document == (int64_t)i)
            at++, n++;
        EID_TRY(control_cuts_fit(&d, first, n));
        size_t left = control_cut_out(&d, first, n, text + used);
        if (left || !d.size)
            doc[kept++] = (eid_document){d.name, text + used, left};
        used += left;
    }
    if (at < cuts->n) {
        st = eid_fail(EID_EINVAL, "a cut of document %" PRId64 " of a corpus of %zu",
                      cuts->at[at].document, docs);
        goto done;
    }
    EID_TRY(eid_corpus_from(out, doc, kept));
done:
    eid_free(text);
    eid_free(doc);
    return st;
}

/* ---- the ledger ------------------------------------------------------------------------------ */

static json_t *place(int64_t at)
{
    return at < 0 ? json_null() : json_integer(at);
}

eid_status control_ledger_line(eid_out *f, const eid_dedup_cut *cut, const char *name)
{
    char *line = NULL;
    json_t *j = json_pack(
        "{s:I, s:o, s:I, s:I, s:o, s:o, s:o}", "document", (json_int_t)cut->document, "name",
        eid_json_bytes((const uint8_t *)name, strlen(name)), "start", (json_int_t)cut->start, "end",
        (json_int_t)cut->end, "kept_document", place(cut->kept_document), "kept_start",
        place(cut->kept_start), "similarity", eid_json_real(cut->similarity));
    eid_status st = EID_OK;

    EID_TRY(eid_json_text(j, &line));
    EID_TRY(eid_out_write(f, line, strlen(line)));
    EID_TRY(eid_out_write(f, "\n", 1));
done:
    eid_string_free(line);
    return st;
}

/* An integer from 0 on; with `none`, null is -1. */
static bool integer_of(const json_t *j, const char *key, bool none, int64_t *out)
{
    const json_t *v = json_object_get(j, key);

    *out = -1;
    if (none && json_is_null(v))
        return true;
    if (!json_is_integer(v) || json_integer_value(v) < 0)
        return false;
    *out = json_integer_value(v);
    return true;
}

static eid_status parse_cut(eid_dedup_cuts *cuts, const char *where, const json_t *j)
{
    const json_t *similarity = json_object_get(j, "similarity");
    eid_dedup_cut c = {.similarity = json_number_value(similarity)};

    if (!json_is_object(j))
        return eid_fail(EID_EFORMAT, "%s: not an object", where);
    if (!integer_of(j, "document", false, &c.document) ||
        !integer_of(j, "start", false, &c.start) || !integer_of(j, "end", false, &c.end))
        return eid_fail(EID_EFORMAT, "%s: document, start and end must be integers from 0 on",
                        where);
    if (!integer_of(j, "kept_document", true, &c.kept_document) ||
        !integer_of(j, "kept_start", true, &c.kept_start))
        return eid_fail(EID_EFORMAT, "%s: kept_document and kept_start must be integers or null",
                        where);
    if (!json_is_number(similarity) || !(c.similarity >= 0 && c.similarity <= 1))
        return eid_fail(EID_EFORMAT, "%s: similarity must be a number from 0 to 1", where);
    if (c.kept_start > INT64_MAX - c.end)
        return eid_fail(EID_EFORMAT, "%s: kept_start is too large", where);
    eid_status st = eid_dedup_cuts_add(cuts, &c);
    return st == EID_EINVAL ? eid_fail(EID_EFORMAT, "%s: %s", where, eid_last_error()) : st;
}

eid_status control_ledger_parse(eid_dedup_cuts **out, const char *name, const uint8_t *at, size_t n)
{
    eid_dedup_cuts *cuts = NULL;
    char *where = NULL;
    json_t *j = NULL;
    eid_status st = EID_OK;

    EID_TRY(eid_dedup_cuts_new(&cuts));
    for (int64_t line = 1; n; line++) {
        const uint8_t *end = memchr(at, '\n', n);
        size_t size = end ? (size_t)(end - at) : n;
        eid_free(where);
        where = NULL;
        EID_TRY(eid_format(&where, "%s, line %" PRId64, name, line));
        EID_TRY(eid_json_parse(&j, where, (const char *)at, size));
        EID_TRY(parse_cut(cuts, where, j));
        json_decref(j);
        j = NULL;
        size += end != NULL;
        at += size;
        n -= size;
    }
    *out = cuts;
    cuts = NULL;
done:
    json_decref(j);
    eid_free(where);
    eid_dedup_cuts_free(cuts);
    return st;
}

eid_status eid_dedup_cuts_read(eid_dedup_cuts **out, const char *path)
{
    uint8_t *bytes = NULL;
    size_t n = 0;
    eid_status st = eid_read_file(path, LARGEST, &bytes, &n);

    if (st == EID_OK)
        st = control_ledger_parse(out, path, bytes, n);
    eid_free(bytes);
    return st;
}
