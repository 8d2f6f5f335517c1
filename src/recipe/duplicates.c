/* duplicates.c - repeated strings as a run: numbers, curves and strings in a store, with a report.
 */
#include "base/ctx.h"
#include "base/hash.h"
#include "base/json.h"
#include "eidetic/duplicates_run.h"
#include "eidetic/report.h"
#include "eidetic/store.h"
#include "recipe/run.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { STORED = 4096 }; /* bytes of a string */

static eid_estimate exact(double x)
{
    return (eid_estimate){.value = x, .low = x, .high = x, .method = "exact"};
}

static eid_status open_run(eid_store **s, eid_ctx *ctx, const eid_duplicates_found *f,
                           const char *out)
{
    eid_status st = EID_OK;
    json_t *to = json_object();
    char *options = NULL, hex[65], cpu[256];
    eid_buf b = {0};
    bool resumed;

    EID_TRY(recipe_add_options(to, "", eid_duplicates_opt_table, f->opts, true));
    EID_TRY(eid_json_text(json_incref(to), &options));
    EID_TRY(eid_buf_printf(&b, "%s\n%s\n%s\n%s\n%.17g\n", options, eid_version(),
                           eid_index_sha256(f->index), f->other ? eid_index_sha256(f->other) : "",
                           f->near ? f->threshold : 0));
    EID_TRY(eid_sha256_of(b.at, b.n, hex));
    eid_cpu_name(cpu, sizeof cpu);
    eid_run_info info = {
        .command = "duplicates",
        .command_line = f->command_line ? f->command_line : "",
        .options = options,
        .identity = hex,
        .version = eid_version(),
        .kernels = eid_kernels(),
        .bits = eid_bits(ctx),
        .cpu = cpu,
        .threads = eid_ctx_threads(ctx),
    };
    EID_TRY(eid_store_create(s, out, &info, &resumed));
done:
    json_decref(to);
    eid_string_free(options);
    eid_buf_free(&b);
    return st;
}

static eid_status number(eid_store *s, const char *what, int64_t length, double x)
{
    char name[64];
    snprintf(name, sizeof name, "duplicates.%s.%" PRId64, what, length);
    return eid_store_number(s, name, x);
}

static double share(int64_t part, int64_t whole)
{
    return whole > 0 ? (double)part / (double)whole : 0;
}

static eid_status keep_row(eid_store *s, const eid_duplicates_row *r, int64_t bytes)
{
    eid_status st = EID_OK;
    char series[32];
    eid_estimate e = exact(share(r->bytes, bytes));

    EID_TRY(number(s, "windows", r->length, (double)r->windows));
    EID_TRY(number(s, "distinct", r->length, (double)r->distinct));
    EID_TRY(number(s, "repeated", r->length, (double)r->repeated));
    EID_TRY(number(s, "bytes", r->length, (double)r->bytes));
    EID_TRY(number(s, "share", r->length, e.value));
    EID_TRY(eid_store_point(s, "duplicates.share", "in the corpus", (double)r->length, &e));
    snprintf(series, sizeof series, "%" PRId64 " bytes", r->length);
    for (size_t k = 0; k < r->n_copies; k++) {
        const eid_copies *c = &r->copies[k];
        e = exact((double)c->strings);
        EID_TRY(eid_store_point(s, "duplicates.copies", series, (double)c->low, &e));
        e = exact((double)c->high);
        EID_TRY(eid_store_point(s, "duplicates.copies.high", series, (double)c->low, &e));
    }
done:
    return st;
}

static const uint8_t *text_at(const eid_index *ix, eid_place p)
{
    size_t size;
    return eid_index_doc(ix, p.doc, &size) + p.offset;
}

static eid_status keep_string(eid_store *s, const eid_index *ix, const eid_duplicate *x)
{
    char why[160];
    snprintf(why, sizeof why,
             "{\"length\":%" PRId64 ",\"bytes\":%" PRId64 ",\"fresh\":%" PRId64 "}", x->length,
             x->bytes, x->fresh);
    return eid_store_finding(
        s, &(eid_finding){.kind = "repeated",
                          .document = eid_index_doc_name(ix, x->place.doc),
                          .offset = x->place.offset,
                          .copies = x->copies,
                          .documents = x->documents,
                          .expected = text_at(ix, x->place),
                          .expected_n = (size_t)(x->length < STORED ? x->length : STORED),
                          .value = (double)x->bytes,
                          .why = why});
}

static eid_status keep_shared_string(eid_store *s, const eid_duplicates_found *f,
                                     const eid_shared_string *x)
{
    eid_status st = EID_OK;
    char *why = NULL;
    const char *other = eid_index_doc_name(f->other, x->b.doc);
    json_t *j =
        json_pack("{s:I, s:o, s:I, s:I}", "length", (json_int_t)x->length, "other",
                  eid_json_bytes((const uint8_t *)other, other ? strlen(other) : 0), "other_offset",
                  (json_int_t)x->b.offset, "other_copies", (json_int_t)x->copies_b);
    EID_TRY(eid_json_text(j, &why));
    EID_TRY(eid_store_finding(
        s, &(eid_finding){.kind = "shared",
                          .document = eid_index_doc_name(f->index, x->a.doc),
                          .offset = x->a.offset,
                          .copies = x->copies_a,
                          .documents = 0,
                          .expected = text_at(f->index, x->a),
                          .expected_n = (size_t)(x->length < STORED ? x->length : STORED),
                          .value = (double)x->length,
                          .why = why}));
done:
    eid_string_free(why);
    return st;
}

static eid_status keep_shared(eid_store *s, const eid_duplicates_found *f)
{
    eid_status st = EID_OK;
    int64_t a = eid_index_bytes(f->index), b = eid_index_bytes(f->other);

    EID_TRY(eid_store_number(s, "other.documents", (double)eid_index_docs(f->other)));
    EID_TRY(eid_store_number(s, "other.bytes", (double)b));
    for (size_t i = 0; i < f->shared->rows; i++) {
        const eid_shared_row *r = &f->shared->row[i];
        eid_estimate x = exact(share(r->bytes_a, a)), y = exact(share(r->bytes_b, b));
        EID_TRY(number(s, "shared.strings", r->length, (double)r->strings));
        EID_TRY(number(s, "shared.share", r->length, x.value));
        EID_TRY(number(s, "shared.share_other", r->length, y.value));
        EID_TRY(eid_store_point(s, "duplicates.shared", "of this corpus, in the other",
                                (double)r->length, &x));
        EID_TRY(eid_store_point(s, "duplicates.shared", "of the other, in this corpus",
                                (double)r->length, &y));
    }
    for (size_t i = 0; i < f->shared->strings; i++)
        EID_TRY(keep_shared_string(s, f, &f->shared->string[i]));
done:
    return st;
}

static eid_status keep_near(eid_store *s, const eid_duplicates_found *f)
{
    eid_status st = EID_OK;
    const eid_near_result *r = f->near;

    EID_TRY(eid_store_number(s, "near.threshold", f->threshold));
    EID_TRY(eid_store_number(s, "near.clusters", (double)r->clusters));
    EID_TRY(eid_store_number(s, "near.removed", (double)(r->documents - r->kept)));
    EID_TRY(eid_store_number(s, "near.bytes", (double)r->bytes_cut));
    for (size_t i = 0; i < r->sizes; i++) {
        eid_estimate e = exact((double)r->size[i].clusters);
        EID_TRY(eid_store_point(s, "duplicates.clusters", "near-duplicates",
                                (double)r->size[i].documents, &e));
    }
done:
    return st;
}

static eid_status keep(eid_store *s, const eid_duplicates_found *f)
{
    eid_status st = EID_OK;
    int64_t bytes = eid_index_bytes(f->index);

    EID_TRY(eid_store_input(s, f->path, bytes, eid_index_sha256(f->index), eid_index_docs(f->index),
                            0));
    if (f->other)
        EID_TRY(eid_store_input(s, f->other_path, eid_index_bytes(f->other),
                                eid_index_sha256(f->other), eid_index_docs(f->other), 0));
    EID_TRY(eid_store_number(s, "corpus.documents", (double)eid_index_docs(f->index)));
    EID_TRY(eid_store_number(s, "corpus.bytes", (double)bytes));
    EID_TRY(eid_store_number(s, "duplicates.whole", f->own->whole));
    for (size_t i = 0; i < f->own->rows; i++)
        EID_TRY(keep_row(s, &f->own->row[i], bytes));
    for (size_t i = 0; i < f->own->strings; i++)
        EID_TRY(keep_string(s, f->index, &f->own->string[i]));
    if (f->shared)
        EID_TRY(keep_shared(s, f));
    if (f->near)
        EID_TRY(keep_near(s, f));
done:
    return st;
}

eid_status eid_duplicates_write(eid_ctx *ctx, const eid_duplicates_found *f, const char *out)
{
    eid_status st = EID_OK;
    eid_store *s = NULL;
    double began = eid_now();
    bool done = false;

    EID_TRY(open_run(&s, ctx, f, out));
    if (strcmp(eid_store_run(s)->state, "done") == 0)
        goto done;
    EID_TRY(eid_store_begin(s, "duplicates", &done));
    if (!done) {
        EID_TRY(keep(s, f));
        EID_TRY(eid_store_end(s));
    }
    EID_TRY(eid_store_finish(s, "done", eid_now() - began));
done:
    if (s && st != EID_OK)
        eid_store_abandon(s);
    eid_store_free(s);
    return st == EID_OK ? eid_report_write(ctx, out, &(eid_report_opts){.reveal = false}) : st;
}
