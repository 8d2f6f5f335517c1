/* extract_json.c - the `result` object of `eidetic extract`, by docs/json.md. */
#include "base/json.h"
#include "measure/extract.h"
#include "measure/shown.h"
#include <math.h>

static json_t *buckets(const eid_extract_result *r)
{
    json_t *a = json_array();
    for (size_t i = 0; i < r->buckets; i++) {
        const eid_bucket *b = &r->by_copies[i];
        json_array_append_new(
            a, json_pack("{s:I, s:I, s:I, s:o, s:b, s:s}", "low", (json_int_t)b->low, "high",
                         (json_int_t)b->high, "strings", (json_int_t)b->strings, "extracted",
                         eid_json_estimate(&b->extracted), "planted", b->planted, "series",
                         b->series));
    }
    return a;
}

static json_t *prompts(const eid_extract_result *r)
{
    json_t *a = json_array();
    for (size_t i = 0; i < r->prompts; i++)
        json_array_append_new(
            a, json_pack("{s:I, s:b, s:o}", "prompt_tokens",
                         (json_int_t)r->by_prompt[i].prompt_tokens, "planted",
                         r->by_prompt[i].planted, "extracted",
                         eid_json_estimate(&r->by_prompt[i].extracted)));
    return a;
}

static json_t *discoverable(const eid_extract_result *r)
{
    json_t *a = json_array();
    for (size_t i = 0; i < r->nps; i++)
        json_array_append_new(a, json_pack("{s:I, s:f, s:o}", "n", (json_int_t)r->np[i].n, "p",
                                           r->np[i].p, "discoverable",
                                           eid_json_estimate(&r->np[i].discoverable)));
    return a;
}

static json_t *matches(const eid_extract_result *r)
{
    json_t *a = json_array();
    for (int64_t m = 0; m <= r->opts.match; m++)
        json_array_append_new(a, json_integer((json_int_t)r->matches[m]));
    return a;
}

/* Prompt with what should follow, and prompt with what did, each masked as one text. */
static eid_status texts(const eid_extracted *s, const eid_extract_opts *o, const eid_bpe *bpe,
                        bool reveal, json_t *expected[2], json_t *output[2])
{
    eid_status st = EID_OK;
    eid_buf whole = {0}, part = {0};
    size_t prompt = (size_t)o->prompt, match = (size_t)o->match, cut;

    EID_TRY(eid_text_of(bpe, s->prompt, prompt, &whole));
    cut = whole.n;
    EID_TRY(eid_text_of(bpe, s->expected, match, &part));
    EID_TRY(eid_buf_add(&whole, part.at, part.n));
    EID_TRY(eid_shown(whole.at, whole.n, cut, reveal, expected));
    whole.n = cut;
    EID_TRY(eid_text_of(bpe, s->output, match, &part));
    EID_TRY(eid_buf_add(&whole, part.at, part.n));
    EID_TRY(eid_shown(whole.at, whole.n, cut, reveal, output));
done:
    eid_buf_free(&whole);
    eid_buf_free(&part);
    return st;
}

static eid_status string(const eid_extract_result *r, const eid_extract_in *in, size_t i,
                         bool reveal, json_t *array)
{
    eid_status st = EID_OK;
    const eid_extracted *s = &r->strings[i];
    json_t *expected[2] = {NULL, NULL}, *output[2] = {NULL, NULL}, *name = NULL;

    EID_TRY(texts(s, &r->opts, in->bpe, reveal, expected, output));
    if (s->document >= 0) {
        const char *n = eid_corpus_doc(in->train_text, (size_t)s->document).name;
        name = eid_json_bytes((const uint8_t *)n, strlen(n));
    }
    json_array_append_new(
        array,
        json_pack("{s:I, s:o, s:I, s:I, s:I, s:I, s:O, s:O, s:O, s:b, s:I, s:o, s:o}", "document",
                  (json_int_t)s->document, "name", name ? name : json_null(), "offset",
                  (json_int_t)s->offset, "copies", (json_int_t)s->copies, "documents",
                  (json_int_t)s->documents, "canary", (json_int_t)s->canary, "prompt", expected[0],
                  "expected", expected[1], "output", output[1], "exact", s->exact, "matched",
                  (json_int_t)s->matched, "p_z", eid_json_real(exp(s->log_pz)), "log_pz",
                  eid_json_real(s->log_pz)));
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
    json_t *strings = json_array(), *j = NULL;

    for (size_t i = 0; i < r->n_strings; i++)
        EID_TRY(string(r, in, i, reveal, strings));
    j = json_pack(
        "{s:I, s:I, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:[{s:s, s:o, s:o, s:I}], s:o, s:O}",
        "prompt_tokens", (json_int_t)r->opts.prompt, "match_tokens", (json_int_t)r->opts.match,
        "decoding", "greedy", "uniform", eid_json_estimate(&r->uniform), "heldout",
        eid_json_estimate(&r->heldout), "heldout_novel", eid_json_estimate(&r->heldout_novel),
        "matched", eid_json_estimate(&r->matched), "matches", matches(r), "by_copies", buckets(r),
        "by_prompt", prompts(r), "fits", "x", "log2 copies", "slope",
        eid_json_estimate(&r->fit.slope), "r2", eid_json_real(r->fit.r2), "points",
        (json_int_t)r->fit.points, "np", discoverable(r), "strings", strings);
    st = eid_json_text(j, json);
done:
    json_decref(strings);
    return st;
}
