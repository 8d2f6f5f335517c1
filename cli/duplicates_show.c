#include "duplicates_show.h"
#include <inttypes.h>

/* A string's beginning, whole characters where it is UTF-8. */
static const uint8_t *string_at(const duplicates_found *f, eid_place p, int64_t length, size_t *n)
{
    size_t size;
    const uint8_t *doc = eid_index_doc(f->ix, p.doc, &size), *at = doc + p.offset;
    *n = (size_t)(length < f->show ? length : f->show);
    for (int i = 0; i < 3 && (int64_t)*n<length && * n> 0 && (at[*n] & 0xC0) == 0x80; i++)
        --*n;
    return at;
}

static double share(int64_t part, int64_t whole)
{
    return whole > 0 ? (double)part / (double)whole : 0;
}

/* ---- tables ---------------------------------------------------------------------------------- */

static void print_string(const duplicates_found *f, eid_place p, int64_t length)
{
    size_t n;
    const uint8_t *at = string_at(f, p, length, &n);
    cli_print_line(at, n, f->reveal);
    printf((int64_t)n < length ? "...\n" : "\n");
}

static void print_place(const eid_index *ix, eid_place p)
{
    printf("\t%" PRId64 "\t%" PRId64 "\t", p.doc, p.offset);
    cli_print_name(ix, p.doc);
    putchar('\n');
}

static void print_own(const duplicates_found *f)
{
    const eid_duplicates *d = f->own;
    int64_t bytes = eid_index_bytes(f->ix);

    printf("documents\t%" PRId64 "\nbytes\t%" PRId64 "\n", eid_index_docs(f->ix), bytes);
    for (size_t i = 0; i < d->rows; i++) {
        const eid_duplicates_row *r = &d->row[i];
        printf("%" PRId64 " bytes\trepeated\t%" PRId64 " of %" PRId64 " strings\t%" PRId64
               " bytes\t%.2f%%\n",
               r->length, r->repeated, r->distinct, r->bytes, 100 * share(r->bytes, bytes));
    }
    for (size_t i = 0; i < d->rows; i++)
        for (size_t k = 0; k < d->row[i].n_copies; k++) {
            const eid_copies *x = &d->row[i].copies[k];
            printf("%" PRId64 " bytes\t%" PRId64 "-%" PRId64 " copies\t%" PRId64
                   " strings\t%" PRId64 " places\n",
                   d->row[i].length, x->low, x->high, x->strings, x->occurrences);
        }
    for (size_t i = 0; i < d->strings; i++) {
        const eid_duplicate *s = &d->string[i];
        printf("%" PRId64 " bytes\t%" PRId64 " copies in %" PRId64 " documents\tcovers %" PRId64
               ", %" PRId64 " anew\t",
               s->length, s->copies, s->documents, s->bytes, s->fresh);
        print_string(f, s->place, s->length);
        print_place(f->ix, s->place);
    }
}

static void print_shared(const duplicates_found *f)
{
    const eid_shared *d = f->shared;
    for (size_t i = 0; i < d->rows; i++) {
        const eid_shared_row *r = &d->row[i];
        printf("%" PRId64 " bytes\tshared\t%" PRId64 " strings\t%" PRId64 " bytes, %.2f%%\tof the "
               "other %" PRId64 " bytes, %.2f%%\n",
               r->length, r->strings, r->bytes_a, 100 * share(r->bytes_a, eid_index_bytes(f->ix)),
               r->bytes_b, 100 * share(r->bytes_b, eid_index_bytes(f->other)));
    }
    for (size_t i = 0; i < d->strings; i++) {
        const eid_shared_string *s = &d->string[i];
        printf("%" PRId64 " bytes\tshared\t%" PRId64 " copies and %" PRId64 "\t", s->length,
               s->copies_a, s->copies_b);
        print_string(f, s->a, s->length);
        print_place(f->ix, s->a);
        print_place(f->other, s->b);
    }
}

static void print_near(const eid_near_result *r)
{
    printf("near\t%" PRId64 " clusters\t%" PRId64 " documents to remove\t%" PRId64 " bytes\n",
           r->clusters, r->documents - r->kept, r->bytes_cut);
    for (size_t i = 0; i < r->sizes; i++)
        printf("near\t%" PRId64 " documents\t%" PRId64 " clusters\n", r->size[i].documents,
               r->size[i].clusters);
}

void duplicates_print(const duplicates_found *f)
{
    print_own(f);
    if (f->near)
        print_near(f->near);
    if (f->shared)
        print_shared(f);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static json_t *string_json(const duplicates_found *f, eid_place p, int64_t length)
{
    json_t *j = json_object();
    size_t n;
    const uint8_t *at = string_at(f, p, length, &n);
    json_object_set_new(j, "length", json_integer(length));
    cli_set_bytes(j, at, n, f->reveal);
    return j;
}

static json_t *row_json(const duplicates_found *f, const eid_duplicates_row *r)
{
    json_t *copies = json_array();
    for (size_t k = 0; k < r->n_copies; k++)
        json_array_append_new(copies,
                              json_pack("{s:I, s:I, s:I, s:I}", "low", (json_int_t)r->copies[k].low,
                                        "high", (json_int_t)r->copies[k].high, "strings",
                                        (json_int_t)r->copies[k].strings, "occurrences",
                                        (json_int_t)r->copies[k].occurrences));
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:f, s:o}", "length", (json_int_t)r->length,
                     "windows", (json_int_t)r->windows, "distinct", (json_int_t)r->distinct,
                     "repeated", (json_int_t)r->repeated, "bytes", (json_int_t)r->bytes, "share",
                     share(r->bytes, eid_index_bytes(f->ix)), "copies", copies);
}

static json_t *shared_json(const duplicates_found *f)
{
    const eid_shared *d = f->shared;
    json_t *lengths = json_array(), *strings = json_array();
    int64_t a = eid_index_bytes(f->ix), b = eid_index_bytes(f->other);

    for (size_t i = 0; i < d->rows; i++) {
        const eid_shared_row *r = &d->row[i];
        json_array_append_new(
            lengths, json_pack("{s:I, s:I, s:I, s:f, s:I, s:f}", "length", (json_int_t)r->length,
                               "strings", (json_int_t)r->strings, "bytes", (json_int_t)r->bytes_a,
                               "share", share(r->bytes_a, a), "bytes_other", (json_int_t)r->bytes_b,
                               "share_other", share(r->bytes_b, b)));
    }
    for (size_t i = 0; i < d->strings; i++) {
        const eid_shared_string *s = &d->string[i];
        json_t *j = string_json(f, s->a, s->length);
        json_object_set_new(j, "copies", json_integer(s->copies_a));
        json_object_set_new(j, "copies_other", json_integer(s->copies_b));
        json_object_set_new(j, "place", cli_place(f->ix, s->a, f->reveal));
        json_object_set_new(j, "place_other", cli_place(f->other, s->b, f->reveal));
        json_array_append_new(strings, j);
    }
    return json_pack("{s:I, s:I, s:o, s:o, s:b}", "documents", (json_int_t)eid_index_docs(f->other),
                     "bytes", (json_int_t)b, "lengths", lengths, "strings", strings, "whole",
                     d->whole);
}

static json_t *near_json(const duplicates_found *f)
{
    json_t *sizes = json_array();
    const eid_near_result *r = f->near;
    for (size_t i = 0; i < r->sizes; i++)
        json_array_append_new(sizes,
                              json_pack("{s:I, s:I}", "documents", (json_int_t)r->size[i].documents,
                                        "clusters", (json_int_t)r->size[i].clusters));
    return json_pack("{s:f, s:I, s:I, s:I, s:o}", "threshold", f->threshold, "clusters",
                     (json_int_t)r->clusters, "removed", (json_int_t)(r->documents - r->kept),
                     "bytes", (json_int_t)r->bytes_cut, "sizes", sizes);
}

json_t *duplicates_json(const duplicates_found *f, const char *out)
{
    const eid_duplicates *d = f->own;
    json_t *lengths = json_array(), *strings = json_array();

    for (size_t i = 0; i < d->rows; i++)
        json_array_append_new(lengths, row_json(f, &d->row[i]));
    for (size_t i = 0; i < d->strings; i++) {
        const eid_duplicate *s = &d->string[i];
        json_t *j = string_json(f, s->place, s->length);
        json_object_set_new(j, "copies", json_integer(s->copies));
        json_object_set_new(j, "documents", json_integer(s->documents));
        json_object_set_new(j, "bytes", json_integer(s->bytes));
        json_object_set_new(j, "fresh", json_integer(s->fresh));
        json_object_set_new(j, "place", cli_place(f->ix, s->place, f->reveal));
        json_array_append_new(strings, j);
    }
    json_t *all =
        json_pack("{s:I, s:I, s:I, s:o, s:o, s:b, s:o}", "documents",
                  (json_int_t)eid_index_docs(f->ix), "bytes", (json_int_t)eid_index_bytes(f->ix),
                  "shards", (json_int_t)eid_index_shards(f->ix), "lengths", lengths, "strings",
                  strings, "whole", d->whole, "overlap", f->shared ? shared_json(f) : json_null());
    json_object_set_new(all, "near", f->near ? near_json(f) : json_null());
    if (out)
        json_object_set_new(all, "files",
                            json_pack("{s:o, s:o}", "report", json_sprintf("%s/report.html", out),
                                      "database", json_sprintf("%s/eidetic.db", out)));
    return all;
}
