/* tokenizer.json and its older form: what is honoured, what is refused, and by what sentence. */
#include "base/file.h"
#include "base/json.h"
#include "check.h"
#include "corpus/bpe_key.h"
#include "corpus/bpe_model.h"

/* A tokenizer.json out of parts; NULL: the usual.  Entries 0..255 are the bytes. */
typedef struct parts {
    const char *vocab;   /* more entries, ", \"ab\": 256" */
    const char *merges;  /* inside of the list */
    const char *model;   /* more fields of the model */
    const char *added;   /* inside of the list */
    const char *around;  /* fields beside the model */
    const char *replace; /* instead of the 256 entries */
} parts;

static const char byte_level[] =
    "\"pre_tokenizer\": {\"type\": \"ByteLevel\", \"add_prefix_space\": false}";

static const char *json_of(parts p)
{
    static eid_buf b;

    b.n = 0;
    CHECK_OK(eid_buf_printf(
        &b, "{%s, \"added_tokens\": [%s], \"model\": {\"type\": \"BPE\", %s \"vocab\": {",
        p.around ? p.around : byte_level, p.added ? p.added : "", p.model ? p.model : ""));
    for (int i = 0; i < 256 && !p.replace; i++) {
        uint8_t byte = eid_bpe_nth_byte(i);
        CHECK_OK(eid_buf_str(&b, i ? ", \"" : "\""));
        CHECK_OK(eid_key_json(&b, &byte, 1, false));
        CHECK_OK(eid_buf_printf(&b, "\": %d", i));
    }
    CHECK_OK(eid_buf_printf(&b, "%s%s}, \"merges\": [%s]}}", p.replace ? p.replace : "",
                            p.vocab ? p.vocab : "", p.merges ? p.merges : ""));
    return (const char *)b.at;
}

static eid_status read_parts(eid_bpe **b, parts p)
{
    const char *json = json_of(p);

    return eid_bpe_read(b, "t.json", json, strlen(json));
}

/* Ids of a text, as words: "64 256". */
static const char *ids_of(const eid_bpe *b, const char *text, bool special)
{
    static char shown[512];
    int32_t *ids = NULL;
    size_t n = 0, at = 0;

    CHECK_OK(eid_bpe_encode(b, (const uint8_t *)text, strlen(text), special, &ids, &n));
    for (size_t i = 0; i < n && at + 16 < sizeof shown; i++)
        at += (size_t)snprintf(shown + at, sizeof shown - at, i ? " %d" : "%d", (int)ids[i]);
    shown[at] = 0;
    eid_ids_free(ids);
    return shown;
}

static void check_ids(parts p, const char *text, bool special, const char *want)
{
    eid_bpe *b = NULL;

    CHECK_OK(read_parts(&b, p));
    if (b)
        CHECK_STR(ids_of(b, text, special), want);
    eid_bpe_free(b);
}

/* a b c are 64 65 66, a blank is 220. */
static void merges_come_in_two_spellings(void)
{
    parts p = {.vocab = ", \"ab\": 256, \"abc\": 257", .merges = "\"a b\", \"ab c\""};

    check_ids(p, "abcab", false, "257 256");
    p.merges = "[\"a\", \"b\"], [\"ab\", \"c\"]";
    check_ids(p, "abcab", false, "257 256");
    p.merges = "\"a b\"";
    check_ids(p, "abcab", false, "256 66 256");
    p.model = "\"ignore_merges\": true,";
    check_ids(p, "abc", false, "257");
    check_ids(p, "abcab", false, "256 66 256");
}

static void components_are_honoured(void)
{
    parts p = {.vocab = ", \"\u0120a\": 256", .merges = "\"\u0120 a\""};

    check_ids(p, "a a", false, "64 256");
    p.around = "\"pre_tokenizer\": {\"type\": \"ByteLevel\", \"add_prefix_space\": true}";
    check_ids(p, "a a", false, "256 256");
    check_ids(p, "", false, "");
    p.around = "\"pre_tokenizer\": {\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": "
               "\"ByteLevel\", \"add_prefix_space\": false, \"use_regex\": false}]}, "
               "\"normalizer\": {\"type\": \"Sequence\", \"normalizers\": []}";
    p.vocab = ", \"a\u0120\": 256";
    p.merges = "\"a \u0120\"";
    check_ids(p, "a a", false, "256 64");
}

static void added_tokens_are_honoured(void)
{
    parts p = {
        .added = "{\"id\": 256, \"content\": \"<s>\", \"special\": true},"
                 "{\"id\": 257, \"content\": \"<s>a\", \"special\": false, \"normalized\": false},"
                 "{\"id\": 258, \"content\": \"L\u00e9\", \"lstrip\": true},"
                 "{\"id\": 259, \"content\": \"[R]\", \"rstrip\": true, \"special\": true},"
                 "{\"id\": 64, \"content\": \"a\"}"};

    check_ids(p, "<s>b", true, "256 65");
    check_ids(p, "<s>b", false, "27 82 29 65");
    check_ids(p, "<s>ab", true, "257 65"); /* the longest */
    check_ids(p, "<s>ab", false, "257 65");
    check_ids(p, "b \u3000L\u00e9 b", false, "65 258 220 65");
    check_ids(p, "b [R] \xC2\x85 b", true, "65 220 259 65");
    check_ids(p, "[R] [R]", true, "259 259");
}

typedef struct refusal {
    parts p;
    eid_status st;
    const char *part;
} refusal;

static void what_is_not_gpt2_is_refused_by_name(void)
{
#define AROUND(x)   \
    {               \
        .around = x \
    }
#define PRE "\"pre_tokenizer\": {\"type\": \"ByteLevel\"}, "
    static const refusal r[] = {
        {AROUND("\"normalizer\": {\"type\": \"NFC\"}"), EID_EUNSUPPORTED, "normalizer NFC"},
        {AROUND("\"normalizer\": {\"type\": \"A\\u001b[31m\"}"), EID_EUNSUPPORTED,
         "normalizer A?[31m"},
        {AROUND("\"pre_tokenizer\": null"), EID_EUNSUPPORTED, "no pre_tokenizer"},
        {AROUND("\"pre_tokenizer\": {\"type\": \"Metaspace\"}"), EID_EUNSUPPORTED, "Metaspace"},
        {AROUND("\"pre_tokenizer\": {\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": "
                "\"Digits\"}, "
                "{\"type\": \"ByteLevel\"}]}"),
         EID_EUNSUPPORTED, "pre_tokenizer Sequence"},
        {AROUND(PRE "\"post_processor\": {\"type\": \"BertProcessing\"}"), EID_EUNSUPPORTED,
         "BertProcessing"},
        {AROUND(PRE "\"post_processor\": {\"type\": \"TemplateProcessing\", \"single\": "
                    "[{\"SpecialToken\": {\"id\": \"<s>\"}}, {\"Sequence\": {\"id\": \"A\"}}]}"),
         EID_EUNSUPPORTED, "TemplateProcessing"},
        {AROUND(PRE "\"decoder\": {\"type\": \"WordPiece\"}"), EID_EUNSUPPORTED,
         "decoder WordPiece"},
        {AROUND(PRE "\"version\": \"2.0\""), EID_EUNSUPPORTED, "version 1.0"},
        {AROUND("\"pre_tokenizer\": {\"type\": \"ByteLevel\", \"add_prefix_space\": 1}"),
         EID_EFORMAT, "add_prefix_space is neither"},
        {{.model = "\"dropout\": 0.1,"}, EID_EUNSUPPORTED, "dropout"},
        {{.model = "\"end_of_word_suffix\": \"</w>\","}, EID_EUNSUPPORTED, "end_of_word_suffix"},
        {{.added = "{\"id\": 256, \"content\": \"x y\", \"single_word\": true}"},
         EID_EUNSUPPORTED,
         "single_word"},
        {{.replace = "\"a\": 0"}, EID_EUNSUPPORTED, "no entry for the byte 0x00"},
    };
    for (size_t i = 0; i < sizeof r / sizeof *r; i++) {
        eid_bpe *b = NULL;
        CHECK_FAILS(read_parts(&b, r[i].p), r[i].st, r[i].part);
        CHECK(!b);
    }
}

static void lying_files_get_one_sentence(void)
{
    static const refusal r[] = {
        {{.vocab = ", \"ab\": 257"}, EID_EFORMAT, "ids 0 to 256 without holes, and one has 257"},
        {{.vocab = ", \"ab\": -3"}, EID_EFORMAT, "one has -3"},
        {{.vocab = ", \"ab\": 99999999999"}, EID_EFORMAT, "one has 99999999999"},
        {{.vocab = ", \"ab\": \"x\""}, EID_EFORMAT, "one has -1"},
        {{.vocab = ", \"ab\": 255"}, EID_EFORMAT, "two entries of the vocabulary have the id 255"},
        {{.vocab = ", \"ab\": 256, \"ab\": 257"}, EID_EFORMAT, "duplicate"},
        {{.vocab = ", \"\": 256"}, EID_EFORMAT, "an empty entry of the vocabulary has the id 256"},
        {{.merges = "\"a b\""}, EID_EFORMAT, "merge 0: what it makes is not in the vocabulary"},
        {{.merges = "\"ab c\""}, EID_EFORMAT, "merge 0: its left side"},
        {{.merges = "\"a bc\""}, EID_EFORMAT, "merge 0: its right side"},
        {{.merges = "\"a\""}, EID_EFORMAT, "merge 0: want two entries"},
        {{.merges = "\"a b c\""}, EID_EFORMAT, "merge 0: want two entries"},
        {{.merges = "\" a\""}, EID_EFORMAT, "merge 0: its left side"},
        {{.merges = "[\"a\"]"}, EID_EFORMAT, "merge 0: want"},
        {{.merges = "[\"\", \"a\"]"},
         EID_EFORMAT,
         "merge 0: its left side"}, /* a cycle, a = "" + a */
        {{.merges = "7"}, EID_EFORMAT, "merge 0: want"},
        {{.vocab = ", \"ab\": 256", .merges = "\"a b\", \"a b\""},
         EID_EFORMAT,
         "merge 1 is there twice"},
        {{.vocab = ", \"\u65e5\": 256, \"\u65e5a\": 257", .merges = "\"\u65e5 a\""},
         EID_EUNSUPPORTED,
         "no sequence of bytes"},
        {{.added = "{\"id\": 300, \"content\": \"<s>\"}"},
         EID_EFORMAT,
         "added token 0: its id is 300, want 256"},
        {{.added = "{\"id\": 256, \"content\": \"a\"}"}, EID_EFORMAT, "its id is 256, want 64"},
        {{.added = "{\"id\": 256, \"content\": \"\"}"}, EID_EFORMAT, "it is empty"},
        {{.added = "{\"id\": 64, \"content\": \"a\"}, {\"id\": 64, \"content\": \"a\"}"},
         EID_EFORMAT,
         "is there twice"},
        {{.added = "{\"content\": \"a\"}"}, EID_EFORMAT, "no content or no id"},
        {{.added = "5"}, EID_EFORMAT, "no content or no id"},
    };
    for (size_t i = 0; i < sizeof r / sizeof *r; i++) {
        eid_bpe *b = NULL;
        CHECK_FAILS(read_parts(&b, r[i].p), r[i].st, r[i].part);
        CHECK(!b && strstr(eid_last_error(), "t.json"));
    }
}

static void no_object_is_no_tokenizer(void)
{
    static const char *const text[] = {
        "",
        "null",
        "[]",
        "{",
        "{}",
        "{\"model\": []}",
        "{\"model\": {}}",
        "{\"model\": {\"type\": \"BPE\", \"vocab\": [], \"merges\": []}}",
        "{\"model\": {\"type\": \"BPE\", \"vocab\": {}}}",
        "{\"model\": {\"type\": \"Unigram\", \"vocab\": []}}"};

    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        eid_bpe *b = NULL;
        CHECK(eid_bpe_read(&b, "t.json", text[i], strlen(text[i])) != EID_OK && !b);
        CHECK(strstr(eid_last_error(), "t.json"));
    }
}

/* Every prefix of a file fails cleanly (under the sanitizers: without a leak), and the whole does
 * not. */
static void cut_files_fail(void)
{
    parts p = {.vocab = ", \"ab\": 256",
               .merges = "\"a b\"",
               .added = "{\"id\": 257, \"content\": \"<s>\", \"special\": true}"};
    char *whole = NULL;
    eid_bpe *b = NULL;

    CHECK_OK(eid_strdup(&whole, json_of(p)));
    for (size_t n = 0; n < strlen(whole); n += 7)
        CHECK(eid_bpe_read(&b, "cut", whole, n) == EID_EFORMAT && !b);
    CHECK_OK(eid_bpe_read(&b, "whole", whole, strlen(whole)));
    eid_bpe_free(b);
    for (int64_t k = 1, st = EID_ENOMEM; st != EID_OK && k < 3000; k++) {
        b = NULL;
        eid_fail_allocation(k);
        st = eid_bpe_read(&b, "whole", whole, strlen(whole));
        eid_fail_allocation(0);
        CHECK((st == EID_OK) == (b != NULL));
        eid_bpe_free(b);
    }
    eid_free(whole);
}

static bool same(const eid_bpe *a, const eid_bpe *b)
{
    return a->vocab == b->vocab && a->model_vocab == b->model_vocab && a->end == b->end &&
           a->merges == b->merges && a->n_added == b->n_added &&
           a->prefix_space == b->prefix_space && a->by_pattern == b->by_pattern &&
           a->ignore_merges == b->ignore_merges && a->text.n == b->text.n &&
           memcmp(a->text.at, b->text.at, a->text.n) == 0 &&
           memcmp(a->merge, b->merge, a->merges * sizeof *a->merge) == 0;
}

static void what_is_saved_is_loaded(void)
{
    parts p = {.vocab = ", \"\u0120\\\"\": 256, \"<s>\": 257, \"\u65e5\": 258",
               .merges = "\"\u0120 \\\"\"",
               .model = "\"ignore_merges\": true,",
               .around = "\"pre_tokenizer\": {\"type\": \"ByteLevel\", \"use_regex\": false}",
               .added =
                   "{\"id\": 257, \"content\": \"<s>\", \"special\": true, \"lstrip\": true},"
                   "{\"id\": 259, \"content\": \"a\\n\\\"\\\\\\u0001\u65e5 \", \"rstrip\": true}"};
    const char *folder = check_tmp("bpe");
    char path[600];
    eid_bpe *b = NULL, *again = NULL;

    CHECK_OK(read_parts(&b, p));
    snprintf(path, sizeof path, "%s/tokenizer.json", folder);
    CHECK_OK(eid_bpe_save(b, folder)); /* makes the folder */
    CHECK_OK(eid_bpe_load(&again, folder));
    CHECK(again && same(b, again));
    CHECK(again && strcmp(again->added[0].content, b->added[0].content) == 0 &&
          again->added[1].rstrip == b->added[1].rstrip &&
          again->added[0].special == b->added[0].special);
    eid_bpe_free(again);
    again = NULL;
    CHECK_OK(eid_bpe_save(b, path)); /* over it */
    CHECK_OK(eid_bpe_load(&again, path));
    CHECK(again && same(b, again));
    eid_bpe_free(again);
    eid_bpe_free(b);
    CHECK_FAILS(eid_bpe_load(&again, "/nonexistent/tokenizer.json"), EID_EIO, "/nonexistent");
}

static void put(const char *folder, const char *name, const char *text)
{
    char path[600];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    f = fopen(path, "w");
    CHECK(f && fputs(text, f) >= 0);
    if (f)
        fclose(f);
}

static void gpt2s_older_files_are_read(void)
{
    const char *folder = check_tmp("gpt2");
    const char *json = json_of((parts){.vocab = ", \"ab\": 256, \"" EID_BPE_END "\": 257"});
    char *vocab = NULL;
    eid_bpe *b = NULL;

    json = strstr(json, "\"vocab\": ") + 9;
    CHECK_OK(eid_strdup(&vocab, json));
    strstr(vocab, ", \"merges\"")[0] = 0;
    CHECK_OK(eid_mkdirs(folder));
    CHECK_FAILS(eid_bpe_load(&b, folder), EID_EIO, "holds no tokenizer.json");
    put(folder, "vocab.json", vocab);
    put(folder, "merges.txt", "#version: 0.2\na b\r\n\n");
    CHECK_OK(eid_bpe_load(&b, folder));
    CHECK(b && eid_bpe_end(b) == 257);
    if (b)
        CHECK_STR(ids_of(b, "ab" EID_BPE_END "a", true), "256 257 64");
    eid_bpe_free(b);
    b = NULL;
    put(folder, "merges.txt", "a b\na");
    CHECK_FAILS(eid_bpe_load(&b, folder), EID_EFORMAT, "merges.txt: merge 1");
    put(folder, "added_tokens.json", "{}");
    CHECK_FAILS(eid_bpe_load(&b, folder), EID_EUNSUPPORTED, "added_tokens.json");
    put(folder, "tokenizer.json", "{}");
    CHECK_FAILS(eid_bpe_load(&b, folder), EID_EFORMAT, "has no model");
    eid_free(vocab);
}

int main(void)
{
    RUN(merges_come_in_two_spellings);
    RUN(components_are_honoured);
    RUN(added_tokens_are_honoured);
    RUN(what_is_not_gpt2_is_refused_by_name);
    RUN(lying_files_get_one_sentence);
    RUN(no_object_is_no_tokenizer);
    RUN(cut_files_fail);
    RUN(what_is_saved_is_loaded);
    RUN(gpt2s_older_files_are_read);
    return DONE();
}
