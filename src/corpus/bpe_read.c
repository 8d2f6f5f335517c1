/* bpe_read.c - tokenizer.json: what GPT-2-like tokenizers use of it; the rest is refused by name.
 *
 *     {"version": "1.0", "truncation": ..., "padding": ...,          (a caller's settings: not
 * read) "added_tokens": [{"id", "content", "special", "normalized", "lstrip", "rstrip",
 * "single_word"}], "normalizer": null, "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space",
 * "use_regex"}, "post_processor": ..., "decoder": {"type": "ByteLevel"}, "model": {"type": "BPE",
 * "vocab": {key: id}, "merges": ["a b", ...] or [["a", "b"], ...], "dropout",
 * "continuing_subword_prefix", "end_of_word_suffix", "ignore_merges"}} */
#include "base/file.h"
#include "base/json.h"
#include "corpus/bpe.h"
#include "corpus/bpe_key.h"
#include <string.h>
#include <sys/stat.h>

enum { FILE_MAX = 128 << 20, ADDED_MAX = 1 << 16, ENTRIES_MAX = 1 << 24 };

typedef struct reader {
    const char *name; /* of the file, for messages */
    json_t *vocab;
    eid_bpe *b;
    eid_buf key; /* scratch */
} reader;

/* ---- the components around the model ----------------------------------------------------------
 */

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

static eid_status refuse(const reader *r, const char *part, const json_t *j, const char *why)
{
    char shown[40];

    return eid_fail(EID_EUNSUPPORTED, "%s: %s %s: %s", r->name, part, type_of(j, shown), why);
}

static eid_status get_bool(const reader *r, const json_t *j, const char *part, const char *field,
                           bool otherwise, bool *value)
{
    const json_t *x = json_object_get(j, field);

    if (!absent(x) && !json_is_boolean(x))
        return eid_fail(EID_EFORMAT, "%s: %s: %s is neither true nor false", r->name, part, field);
    *value = absent(x) ? otherwise : json_is_true(x);
    return EID_OK;
}

static eid_status read_normalizer(const reader *r, const json_t *j)
{
    if (absent(j) ||
        (is_type(j, "Sequence") && json_array_size(json_object_get(j, "normalizers")) == 0))
        return EID_OK;
    return refuse(r, "normalizer", j, "a text must stay as it is to be encoded here");
}

static eid_status read_pre_tokenizer(const reader *r, const json_t *j)
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

static eid_status read_post_processor(const reader *r, const json_t *j)
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

static eid_status read_decoder(const reader *r, const json_t *j)
{
    j = absent(j) ? j : only(j, "decoders");
    return absent(j) || is_type(j, "ByteLevel")
               ? EID_OK
               : refuse(r, "decoder", j, "only ByteLevel is supported");
}

/* ---- the model --------------------------------------------------------------------------------
 */

static eid_status read_vocab(reader *r)
{
    eid_status st = EID_OK;
    size_t n = json_object_size(r->vocab), len;
    const char **key_of = NULL, *key;
    size_t *len_of = NULL;
    json_t *value;

    if (n > ENTRIES_MAX)
        return eid_fail(EID_EFORMAT, "%s: a vocabulary of %zu entries is too large", r->name, n);
    EID_TRY(EID_NEW(key_of, n));
    EID_TRY(EID_NEW(len_of, n));
    json_object_keylen_foreach(r->vocab, key, len, value)
    {
        json_int_t id = json_integer_value(value);
        if (!json_is_integer(value) || id < 0 || id >= (json_int_t)n) {
            st = eid_fail(EID_EFORMAT,
                          "%s: the vocabulary's %zu entries must have the ids 0 to %zu without "
                          "holes, and one has %lld",
                          r->name, n, n - 1, json_is_integer(value) ? (long long)id : -1LL);
            goto done;
        }
        if (key_of[id] || !len) {
            st = eid_fail(EID_EFORMAT, "%s: %s id %lld", r->name,
                          len ? "two entries of the vocabulary have the"
                              : "an empty entry of the vocabulary has the",
                          (long long)id);
            goto done;
        }
        key_of[id] = key;
        len_of[id] = len;
    }
    for (size_t id = 0; id < n; id++) {
        bool raw = !eid_key_bytes(&r->key, key_of[id], len_of[id], &st);
        EID_TRY(st);
        EID_TRY(raw ? eid_bpe_entry(r->b, (const uint8_t *)key_of[id], len_of[id], true)
                    : eid_bpe_entry(r->b, r->key.at, r->key.n, false));
    }
    r->b->model_vocab = r->b->vocab;
done:
    eid_free(key_of);
    eid_free(len_of);
    return st;
}

static int32_t id_of(const reader *r, const char *key, size_t n)
{
    const json_t *id = json_object_getn(r->vocab, key, n);

    return id ? (int32_t)json_integer_value(id) : -1;
}

static eid_status add_merge(reader *r, const char *left, size_t n_left, const char *right,
                            size_t n_right)
{
    eid_status st = EID_OK;
    eid_bpe *b = r->b;
    eid_bpe_merge m = {id_of(r, left, n_left), id_of(r, right, n_right), -1};
    size_t number = b->merges;

    r->key.n = 0;
    EID_TRY(eid_buf_add(&r->key, left, n_left));
    EID_TRY(eid_buf_add(&r->key, right, n_right));
    m.id = id_of(r, (const char *)r->key.at, r->key.n);
    if (m.left < 0 || m.right < 0 || m.id < 0)
        return eid_fail(EID_EFORMAT, "%s: merge %zu: %s is not in the vocabulary", r->name, number,
                        m.left < 0    ? "its left side"
                        : m.right < 0 ? "its right side"
                                      : "what it makes");
    if (b->raw[m.left] || b->raw[m.right])
        return eid_fail(EID_EUNSUPPORTED, "%s: merge %zu: joins what is no sequence of bytes",
                        r->name, number);
    EID_TRY(EID_GROW(b->merge, &b->merge_cap, number + 1));
    b->merge[b->merges++] = m;
done:
    return st;
}

static eid_status add_merge_line(reader *r, const char *line, size_t n)
{
    const char *blank = memchr(line, ' ', n);
    size_t left = blank ? (size_t)(blank - line) : 0;

    if (!blank || memchr(blank + 1, ' ', n - left - 1))
        return eid_fail(EID_EFORMAT, "%s: merge %zu: want two entries with one blank between",
                        r->name, r->b->merges);
    return add_merge(r, line, left, blank + 1, n - left - 1);
}

static eid_status read_merges(reader *r, const json_t *merges)
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
            EID_TRY(add_merge_line(r, json_string_value(m), json_string_length(m)));
        else if (json_array_size(m) == 2 && json_is_string(left) && json_is_string(right))
            EID_TRY(add_merge(r, json_string_value(left), json_string_length(left),
                              json_string_value(right), json_string_length(right)));
        else
            return eid_fail(EID_EFORMAT, "%s: merge %zu: want \"a b\" or [\"a\", \"b\"]", r->name,
                            i);
    }
done:
    return st;
}

static eid_status read_model(reader *r, const json_t *model)
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
    EID_TRY(read_vocab(r));
    EID_TRY(read_merges(r, json_object_get(model, "merges")));
done:
    return st;
}

/* ---- added tokens -----------------------------------------------------------------------------
 */

/* The id is the vocabulary's, or the next free one: the package gives ids so, whatever the file
 * says. */
static eid_status add_token(reader *r, const char *content, size_t n, json_int_t id,
                            eid_bpe_added token)
{
    eid_status st = EID_OK;
    eid_bpe *b = r->b;
    int32_t known = id_of(r, content, n), want = known >= 0 ? known : b->vocab;

    if (!n || id != want)
        return eid_fail(EID_EFORMAT, "%s: added token %zu: %s%lld, want %d", r->name, b->n_added,
                        n ? "its id is " : "it is empty; its id is ", (long long)id, (int)want);
    if (known < 0)
        EID_TRY(eid_bpe_entry(b, (const uint8_t *)content, n, true));
    EID_TRY(EID_GROW(b->added, &b->added_cap, b->n_added + 1));
    token.id = want;
    token.n = n;
    EID_TRY(EID_NEW(token.content, n + 1));
    memcpy(token.content, content, n);
    b->added[b->n_added++] = token;
done:
    return st;
}

static eid_status read_added(reader *r, const json_t *list)
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
        EID_TRY(add_token(r, json_string_value(content), json_string_length(content),
                          json_integer_value(id), token));
    }
done:
    return st;
}

/* ---- files ------------------------------------------------------------------------------------
 */

eid_status eid_bpe_read(eid_bpe **out, const char *name, const char *json, size_t n)
{
    eid_status st = EID_OK;
    json_t *j = NULL;
    reader r = {.name = name};
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

/* merges.txt: a "#version" line, then a merge a line. */
static eid_status read_merge_lines(reader *r, const char *text, size_t n)
{
    const char *end = text + n;

    for (const char *line = text; line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        size_t len = (size_t)((stop ? stop : end) - line);
        eid_status st = EID_OK;
        if (len && line[len - 1] == '\r')
            len--;
        if (len && !(len >= 8 && memcmp(line, "#version", 8) == 0))
            st = add_merge_line(r, line, len);
        if (st != EID_OK)
            return st;
        line = stop ? stop + 1 : end;
    }
    return EID_OK;
}

eid_status eid_bpe_read_gpt2(eid_bpe **out, const char *vocab_path, const char *merges_path)
{
    eid_status st = EID_OK;
    reader r = {.name = vocab_path};
    uint8_t *vocab = NULL, *merges = NULL;
    size_t n_vocab, n_merges;
    int32_t end;

    EID_TRY(eid_read_file(vocab_path, FILE_MAX, &vocab, &n_vocab));
    EID_TRY(eid_read_file(merges_path, FILE_MAX, &merges, &n_merges));
    EID_TRY(eid_json_parse(&r.vocab, vocab_path, (const char *)vocab, n_vocab));
    if (!json_is_object(r.vocab)) {
        st = eid_fail(EID_EFORMAT, "%s: is not an object of entries", vocab_path);
        goto done;
    }
    EID_TRY(EID_NEW(r.b, 1));
    r.b->by_pattern = true;
    EID_TRY(read_vocab(&r));
    r.name = merges_path;
    EID_TRY(read_merge_lines(&r, (const char *)merges, n_merges));
    r.name = vocab_path;
    end = id_of(&r, EID_BPE_END, strlen(EID_BPE_END));
    if (end >= 0)
        EID_TRY(
            add_token(&r, EID_BPE_END, strlen(EID_BPE_END), end, (eid_bpe_added){.special = true}));
    EID_TRY(eid_bpe_finish(r.b, vocab_path));
    *out = r.b;
    r.b = NULL;
done:
    json_decref(r.vocab);
    eid_free(vocab);
    eid_free(merges);
    eid_buf_free(&r.key);
    eid_bpe_free(r.b);
    return st;
}

static eid_status load_file(eid_bpe **out, const char *path)
{
    eid_status st = EID_OK;
    uint8_t *json = NULL;
    size_t n;

    EID_TRY(eid_read_file(path, FILE_MAX, &json, &n));
    EID_TRY(eid_bpe_read(out, path, (const char *)json, n));
done:
    eid_free(json);
    return st;
}

static eid_status load_folder(eid_bpe **out, const char *path)
{
    eid_status st = EID_OK;
    char *json = NULL, *vocab = NULL, *merges = NULL, *added = NULL;

    EID_TRY(eid_format(&json, "%s/tokenizer.json", path));
    EID_TRY(eid_format(&vocab, "%s/vocab.json", path));
    EID_TRY(eid_format(&merges, "%s/merges.txt", path));
    EID_TRY(eid_format(&added, "%s/added_tokens.json", path));
    if (eid_exists(json))
        EID_TRY(load_file(out, json));
    else if (!eid_exists(vocab) || !eid_exists(merges))
        st = eid_fail(EID_EIO, "%s: holds no tokenizer.json, and no vocab.json with merges.txt",
                      path);
    else if (eid_exists(added))
        st = eid_fail(
            EID_EUNSUPPORTED,
            "%s: is not supported beside vocab.json; save the tokenizer as tokenizer.json", added);
    else
        EID_TRY(eid_bpe_read_gpt2(out, vocab, merges));
done:
    eid_free(json);
    eid_free(vocab);
    eid_free(merges);
    eid_free(added);
    return st;
}

eid_status eid_bpe_load(eid_bpe **out, const char *path)
{
    struct stat s;

    return stat(path, &s) == 0 && S_ISDIR(s.st_mode) ? load_folder(out, path)
                                                     : load_file(out, path);
}
