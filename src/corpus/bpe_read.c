/* bpe_read.c - tokenizer.json: what GPT-2-like tokenizers use of it; the rest is refused by name.
 *
 *     {"version": "1.0", "truncation": ..., "padding": ...,          (a caller's settings: not
 * read) "added_tokens": [{"id", "content", "special", "normalized", "lstrip", "rstrip",
 * "single_word"}], "normalizer": null, "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space",
 * "use_regex"}, "post_processor": ..., "decoder": {"type": "ByteLevel"}, "model": {"type": "BPE",
 * "vocab": {key: id}, "merges": ["a b", ...] or [["a", "b"], ...], "dropout",
 * "continuing_subword_prefix", "end_of_word_suffix", "ignore_merges"}} */
#include "corpus/bpe_model.h"
#include <string.h>

enum { ADDED_MAX = 1 << 14 };

/* ---- the components around the model --------------------------------------------------------- */

static bool absent(const json_t *j)
{
    return !j || json_is_null(j);
}

/* The type of a component, fit for a message: names in a file may be anything. */
static const char *type_of(const json_t *j, char shown[40])
{
    const char *type = json_string_value(json_object_get(j, "type"));
    size_t n = 0;

    for (; type && type[n] && n < 39; n++)
        shown[n] = type[n] >= ' ' && type[n] <= '~' ? type[n] : '?';
    if (!n)
        return "of no type";
    shown[n] = 0;
    return shown;
}

static bool is_type(const json_t *j, const char *type)
{
    const char *t = json_string_value(json_object_get(j, "type"));

    return t && strcmp(t, type) == 0;
}

/* A Sequence of one stands for that one; `list` names its array. */
static const json_t *only(const json_t *j, const char *list)
{
    const json_t *a = is_type(j, "Sequence") ? json_object_get(j, list) : NULL;

    return json_is_array(a) && json_array_size(a) == 1 ? json_array_get(a, 0) : j;
}

static eid_status refuse(const eid_key_reader *r, const char *part, const json_t *j,
                         const char *why)
{
    char shown[40];

    return eid_fail(EID_EUNSUPPORTED, "%s: %s %s: %s", r->name, part, type_of(j, shown), why);
}

static eid_status get_bool(const eid_key_reader *r, const json_t *j, const char *part,
                           const char *field, bool otherwise, bool *value)
{
    const json_t *x = json_object_get(j, field);

    if (!absent(x) && !json_is_boolean(x))
        return eid_fail(EID_EFORMAT, "%s: %s: %s is neither true nor false", r->name, part, field);
    *value = absent(x) ? otherwise : json_is_true(x);
    return EID_OK;
}

static eid_status read_normalizer(const eid_key_reader *r, const json_t *j)
{
    if (absent(j) ||
        (is_type(j, "Sequence") && json_array_size(json_object_get(j, "normalizers")) == 0))
        return EID_OK;
    return refuse(r, "normalizer", j, "a text must stay as it is to be encoded here");
}

static eid_status read_pre_tokenizer(const eid_key_reader *r, const json_t *j)
{
    eid_status st = EID_OK;

    j = absent(j) ? j : only(j, "pretokenizers");
    if (absent(j))
        return eid_fail(EID_EUNSUPPORTED, "%s: has no pre_tokenizer; only ByteLevel is supported",
                        r->name);
    if (!is_type(j, "ByteLevel"))
        return refuse(r, "pre_tokenizer", j, "only ByteLevel is supported");
    EID_TRY(get_bool(r, j, "pre_tokenizer", "add_prefix_space", true, &r->b->prefix_space));
    EID_TRY(get_bool(r, j, "pre_tokenizer", "use_regex", true, &r->b->by_pattern));
done:
    return st;
}

/* A template that adds no token to a text: {"Sequence": ...} alone. */
static bool adds_nothing(const json_t *template)
{
    const json_t *single = json_object_get(template, "single"), *item;
    size_t i;

    json_array_foreach(single, i, item)
    {
        if (!json_object_get(item, "Sequence"))
            return false;
    }
    return json_is_array(single);
}

static eid_status read_post_processor(const eid_key_reader *r, const json_t *j)
{
    const json_t *one, *list = json_object_get(j, "processors");
    size_t i;

    if (absent(j) || is_type(j, "ByteLevel") ||
        (is_type(j, "TemplateProcessing") && adds_nothing(j)))
        return EID_OK;
    if (!is_type(j, "Sequence") || !json_is_array(list))
        return refuse(r, "post_processor", j, "it would add tokens to every text");
    json_array_foreach(list, i, one)
    {
        if (is_type(one, "Sequence"))
            return refuse(r, "post_processor", one, "inside another is not supported");
        eid_status st = read_post_processor(r, one);
        if (st != EID_OK)
            return st;
    }
    return EID_OK;
}

static eid_status read_decoder(const eid_key_reader *r, const json_t *j)
{
    j = absent(j) ? j : only(j, "decoders");
    return absent(j) || is_type(j, "ByteLevel")
               ? EID_OK
               : refuse(r, "decoder", j, "only ByteLevel is supported");
}

/* ---- the model ------------------------------------------------------------------------------- */

static eid_status read_merges(eid_key_reader *r, const json_t *merges)
{
    eid_status st = EID_OK;
    const json_t *m;
    size_t i;

    if (!json_is_array(merges) || json_array_size(merges) > INT32_MAX)
        return eid_fail(EID_EFORMAT, "%s: model.merges is not a list", r->name);
    json_array_foreach(merges, i, m)
    {
        const json_t *left = json_array_get(m, 0), *right = json_array_get(m, 1);
        if (json_is_string(m))
            EID_TRY(eid_key_merge_line(r, json_string_value(m), json_string_length(m)));
        else if (json_array_size(m) == 2 && json_is_string(left) && json_is_string(right))
            EID_TRY(eid_key_merge(r, json_string_value(left), json_string_length(left),
                                  json_string_value(right), json_string_length(right)));
        else
            return eid_fail(EID_EFORMAT, "%s: merge %zu: want \"a b\" or [\"a\", \"b\"]", r->name,
                            i);
    }
done:
    return st;
}

static eid_status read_model(eid_key_reader *r, const json_t *model)
{
    static const char *const affix[] = {"continuing_subword_prefix", "end_of_word_suffix"};
    eid_status st = EID_OK;
    const json_t *dropout = json_object_get(model, "dropout");

    if (!json_is_object(model))
        return eid_fail(EID_EFORMAT, "%s: has no model", r->name);
    /* GPT-2's own file gives no type. */
    if (!is_type(model, "BPE") &&
        (json_object_get(model, "type") || !json_object_get(model, "merges")))
        return refuse(r, "model", model, "only BPE is supported");
    if (json_number_value(dropout) != 0)
        return eid_fail(EID_EUNSUPPORTED, "%s: model.dropout would make encoding random", r->name);
    for (int i = 0; i < 2; i++) {
        const json_t *x = json_object_get(model, affix[i]);
        if (!absent(x) && !(json_is_string(x) && json_string_length(x) == 0))
            return eid_fail(EID_EUNSUPPORTED, "%s: model.%s is not supported", r->name, affix[i]);
    }
    EID_TRY(get_bool(r, model, "model", "ignore_merges", false, &r->b->ignore_merges));
    r->vocab = json_object_get(model, "vocab");
    if (!json_is_object(r->vocab))
        return eid_fail(EID_EFORMAT, "%s: has no model.vocab", r->name);
    EID_TRY(eid_key_entries(r));
    EID_TRY(read_merges(r, json_object_get(model, "merges")));
done:
    return st;
}

/* ---- added tokens ---------------------------------------------------------------------------- */

static eid_status read_added(eid_key_reader *r, const json_t *list)
{
    eid_status st = EID_OK;
    const json_t *j;
    size_t i;

    if (absent(list))
        return EID_OK;
    if (!json_is_array(list) || json_array_size(list) > ADDED_MAX)
        return eid_fail(EID_EFORMAT, "%s: added_tokens is not a list of at most %d", r->name,
                        ADDED_MAX);
    json_array_foreach(list, i, j)
    {
        const json_t *content = json_object_get(j, "content"), *id = json_object_get(j, "id");
        eid_bpe_added token = {0};
        bool single_word = false;
        if (!json_is_string(content) || !json_is_integer(id))
            return eid_fail(EID_EFORMAT, "%s: added token %zu: has no content or no id", r->name,
                            i);
        EID_TRY(get_bool(r, j, "added_tokens", "special", false, &token.special));
        EID_TRY(get_bool(r, j, "added_tokens", "normalized", !token.special, &token.normalized));
        EID_TRY(get_bool(r, j, "added_tokens", "lstrip", false, &token.lstrip));
        EID_TRY(get_bool(r, j, "added_tokens", "rstrip", false, &token.rstrip));
        EID_TRY(get_bool(r, j, "added_tokens", "single_word", false, &single_word));
        if (single_word)
            return eid_fail(EID_EUNSUPPORTED, "%s: added token %zu: single_word is not supported",
                            r->name, i);
        EID_TRY(eid_key_added(r, json_string_value(content), json_string_length(content),
                              json_integer_value(id), token));
    }
done:
    return st;
}

/* ---- the whole ------------------------------------------------------------------------------- */

eid_status eid_bpe_read(eid_bpe **out, const char *name, const char *json, size_t n)
{
    eid_status st = EID_OK;
    json_t *j = NULL;
    eid_key_reader r = {.name = name};
    const char *version;

    EID_TRY(eid_json_parse(&j, name, json, n));
    version = json_string_value(json_object_get(j, "version"));
    if (version && strcmp(version, "1.0") != 0) {
        st = eid_fail(EID_EUNSUPPORTED, "%s: only version 1.0 of the format is supported", name);
        goto done;
    }
    EID_TRY(EID_NEW(r.b, 1));
    EID_TRY(read_normalizer(&r, json_object_get(j, "normalizer")));
    EID_TRY(read_model(&r, json_object_get(j, "model")));
    EID_TRY(read_pre_tokenizer(&r, json_object_get(j, "pre_tokenizer")));
    EID_TRY(read_post_processor(&r, json_object_get(j, "post_processor")));
    EID_TRY(read_decoder(&r, json_object_get(j, "decoder")));
    EID_TRY(read_added(&r, json_object_get(j, "added_tokens")));
    EID_TRY(eid_bpe_finish(r.b, name));
    *out = r.b;
    r.b = NULL;
done:
    json_decref(j);
    eid_buf_free(&r.key);
    eid_bpe_free(r.b);
    return st;
}
