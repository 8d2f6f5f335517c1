/* extract_json.c - the `result` object of `eidetic extract`, by docs/json.md. */
#include "base/json.h"
#include "measure/extract.h"
#include "measure/shown.h"
#include <math.h>
#include <string.h>

/* Each writes its rows into an array that the caller frees. */
static eid_status add_buckets(const eid_extract_result *r, json_t *a)
{
    eid_status st = EID_OK;
    for (size_t i = 0; i < r->buckets; i++) {
        const eid_bucket *b = &r->by_copies[i];
        EID_TRY(eid_json_append(a, json_pack("{s:I, s:I, s:I, s:o, s:b, s:s}", "low",
                                             (json_int_t)b->low, "high", (json_int_t)b->high,
                                             "strings", (json_int_t)b->strings, "extracted",
                                             eid_json_estimate(&b->extracted), "planted",
                                             b->planted, "series", b->series)));
    }
done:
    return st;
}

static eid_status add_prompts(const eid_extract_result *r, json_t *a)
{
    eid_status st = EID_OK;
    for (size_t i = 0; i < r->prompts; i++) {
        const eid_prompt_point *p = &r->by_prompt[i];
        EID_TRY(eid_json_append(a, json_pack("{s:I, s:b, s:o}", "prompt_tokens",
                                             (json_int_t)p->prompt_tokens, "planted", p->planted,
                                             "extracted", eid_json_estimate(&p->extracted))));
    }
done:
    return st;
}

static eid_status add_nps(const eid_extract_result *r, json_t *a)
{
    eid_status st = EID_OK;
    for (size_t i = 0; i < r->nps; i++)
        EID_TRY(eid_json_append(a, json_pack("{s:I, s:f, s:o}", "n", (json_int_t)r->np[i].n, "p",
                                             r->np[i].p, "discoverable",
                                             eid_json_estimate(&r->np[i].discoverable))));
done:
    return st;
}

static eid_status add_matches(const eid_extract_result *r, json_t *a)
{
    eid_status st = EID_OK;
    for (int64_t m = 0; m <= r->opts.match; m++)
        EID_TRY(eid_json_append(a, json_integer((json_int_t)r->matches[m])));
done:
    return st;
}

/* Bytes of the document around a string that are looked at when it is masked. */
enum { AROUND = 256 };

/* Prompt and continuation where they stand: some of the document before, and after if `whole`. */
static eid_status text_in_place(const eid_extracted *s, const int32_t *next, bool whole,
                                const eid_extract_opts *o, const eid_extract_in *in, bool reveal,
                                json_t *parts[2])
{
    eid_status st = EID_OK;
    eid_buf all = {0}, part = {0};
    eid_document doc = {NULL, NULL, 0};
    size_t cut[3] = {0, 0, 0}, end;

    EID_TRY(eid_buf_str(&all, ""));
    if (s->document >= 0) {
        doc = eid_corpus_doc(in->train_text, (size_t)s->document);
        cut[0] = s->offset < AROUND ? (size_t)s->offset : AROUND;
        EID_TRY(eid_buf_add(&all, doc.bytes + s->offset - cut[0], cut[0]));
    }
    EID_TRY(eid_text_of(in->bpe, s->prompt, (size_t)o->prompt, &part));
    EID_TRY(eid_buf_add(&all, part.at, part.n));
    cut[1] = all.n;
    EID_TRY(eid_text_of(in->bpe, next, (size_t)o->match, &part));
    EID_TRY(eid_buf_add(&all, part.at, part.n));
    cut[2] = all.n;
    end = (size_t)s->offset + cut[2] - cut[0];
    if (whole && s->document >= 0 && end < doc.size)
        EID_TRY(
            eid_buf_add(&all, doc.bytes + end, doc.size - end < AROUND ? doc.size - end : AROUND));
    EID_TRY(eid_shown(all.at, all.n, cut, reveal, parts));
done:
    eid_buf_free(&all);
    eid_buf_free(&part);
    return st;
}

static eid_status add_string(const eid_extract_result *r, const eid_extract_in *in, size_t i,
                             bool reveal, json_t *array)
{
    eid_status st = EID_OK;
    const eid_extracted *s = &r->strings[i];
    json_t *expected[2] = {NULL, NULL}, *output[2] = {NULL, NULL}, *name = NULL;

    EID_TRY(text_in_place(s, s->expected, true, &r->opts, in, reveal, expected));
    EID_TRY(text_in_place(s, s->output, s->exact, &r->opts, in, reveal, output));
    if (s->document >= 0) {
        const char *n = eid_corpus_doc(in->train_text, (size_t)s->document).name;
        name = eid_json_bytes((const uint8_t *)n, strlen(n));
    }
    EID_TRY(eid_json_append(
        array, json_pack("{s:I, s:o, s:I, s:I, s:I, s:I, s:O, s:O, s:O, s:b, s:I, s:o, s:o}",
                         "document", (json_int_t)s->document, "name", name ? name : json_null(),
                         "offset", (json_int_t)s->offset, "copies", (json_int_t)s->copies,
                         "documents", (json_int_t)s->documents, "canary", (json_int_t)s->canary,
                         "prompt", expected[0], "expected", expected[1], "output", output[1],
                         "exact", s->exact, "matched", (json_int_t)s->matched, "p_z",
                         eid_json_real(exp(s->log_pz)), "log_pz", eid_json_real(s->log_pz))));
done:
    for (int k = 0; k < 2; k++) {
        json_decref(expected[k]);
        json_decref(output[k]);
    }
    return st;
}

eid_status eid_extract_json(const eid_extract_result *r, const eid_extract_in *in, bool reveal,
                            char **json)
{
    eid_status st = EID_OK;
    json_t *by_copies = json_array(), *by_prompt = json_array(), *np = json_array(),
           *matches = json_array(), *strings = json_array();

    EID_TRY(add_buckets(r, by_copies));
    EID_TRY(add_prompts(r, by_prompt));
    EID_TRY(add_nps(r, np));
    EID_TRY(add_matches(r, matches));
    for (size_t i = 0; i < r->n_strings; i++)
        EID_TRY(add_string(r, in, i, reveal, strings));
    EID_TRY(eid_json_text(
        json_pack("{s:I, s:I, s:s, s:o, s:o, s:o, s:o, s:O, s:O, s:O, s:[{s:s, s:o, s:o, s:I}], "
                  "s:O, s:O}",
                  "prompt_tokens", (json_int_t)r->opts.prompt, "match_tokens",
                  (json_int_t)r->opts.match, "decoding", "greedy", "uniform",
                  eid_json_estimate(&r->uniform), "heldout", eid_json_estimate(&r->heldout),
                  "heldout_novel", eid_json_estimate(&r->heldout_novel), "matched",
                  eid_json_estimate(&r->matched), "matches", matches, "by_copies", by_copies,
                  "by_prompt", by_prompt, "fits", "x", "log2 copies", "slope",
                  eid_json_estimate(&r->fit.slope), "r2", eid_json_real(r->fit.r2), "points",
                  (json_int_t)r->fit.points, "np", np, "strings", strings),
        json));
done:
    json_decref(by_copies);
    json_decref(by_prompt);
    json_decref(np);
    json_decref(matches);
    json_decref(strings);
    return st;
}
