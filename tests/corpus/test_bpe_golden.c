/* The `tokenizers` package as the judge: the merges it chooses, the ids it gives (tools/golden). */
#include "base/file.h"
#include "base/json.h"
#include "check.h"
#include "corpus/bpe.h"

static const char *path_of(const char *name)
{
    static char path[4][1024];
    static int turn;
    char *p = path[turn++ % 4];

    snprintf(p, sizeof path[0], "%s/golden/tokenizer/%s", getenv("EID_TEST_DATA"), name);
    return p;
}

static void the_merges_are_the_packages(void)
{
    eid_ctx *ctx = NULL;
    eid_ctx_opts o = eid_ctx_opts_default();
    eid_corpus *c = NULL;
    eid_bpe *ours = NULL, *theirs = NULL;
    eid_document d = {0};
    uint8_t *text = NULL;

    o.threads = 2;
    CHECK_OK(eid_ctx_new(&ctx, &o));
    CHECK_OK(eid_read_file(path_of("text.txt"), 1 << 20, &text, &d.size));
    d.bytes = text;
    CHECK_OK(eid_corpus_from(&c, &d, 1));
    CHECK_OK(eid_bpe_train(&ours, ctx, c, &(eid_bpe_opts){.vocab = 700, .min_frequency = 2}));
    CHECK_OK(eid_bpe_load(&theirs, path_of("tokenizer.json")));
    if (ours && theirs) {
        CHECK_INT(ours->vocab, theirs->vocab);
        CHECK_INT(ours->end, theirs->end);
        CHECK(ours->merges == theirs->merges &&
              memcmp(ours->merge, theirs->merge, ours->merges * sizeof *ours->merge) == 0);
        CHECK(ours->text.n == theirs->text.n &&
              memcmp(ours->text.at, theirs->text.at, ours->text.n) == 0);
    }
    eid_bpe_free(ours);
    eid_bpe_free(theirs);
    eid_corpus_free(c);
    eid_free(text);
    eid_ctx_free(ctx);
}

static void check_case(const eid_bpe *b, const json_t *j, const char *kind, bool special)
{
    const json_t *text = json_object_get(j, "text"), *want = json_object_get(j, kind);
    const uint8_t *bytes = (const uint8_t *)json_string_value(text);
    size_t n = json_string_length(text), m = 0, size = 0;
    int32_t *ids = NULL;
    uint8_t *back = NULL;
    bool same;

    CHECK_OK(eid_bpe_encode(b, bytes, n, special, &ids, &m));
    same = m == json_array_size(want);
    for (size_t i = 0; same && i < m; i++)
        same = ids[i] == json_integer_value(json_array_get(want, i));
    if (!same)
        CHECK_FAIL("%s ids of \"%.60s\": %zu, want %zu", kind, (const char *)bytes, m,
                   json_array_size(want));
    CHECK_OK(eid_bpe_decode(b, ids, m, &back, &size));
    if (!b->prefix_space) /* nothing was put in or swallowed */
        CHECK(size == n && memcmp(back, bytes, n) == 0);
    eid_ids_free(ids);
    eid_bytes_free(back);
}

static void check_ids(const char *file)
{
    eid_bpe *b = NULL;
    uint8_t *text = NULL;
    size_t n = 0, i, cases = 0;
    json_t *all = NULL, *j;

    CHECK_OK(eid_bpe_load(&b, path_of(file)));
    CHECK_OK(eid_read_file(path_of("ids.json"), 1 << 20, &text, &n));
    CHECK_OK(eid_json_parse(&all, "ids.json", (const char *)text, n));
    json_array_foreach(all, i, j)
    {
        if (strcmp(json_string_value(json_object_get(j, "file")), file) != 0)
            continue;
        check_case(b, j, "special", true);
        check_case(b, j, "plain", false);
        cases++;
    }
    CHECK(cases > 200);
    json_decref(all);
    eid_free(text);
    eid_bpe_free(b);
}

static void the_ids_are_the_packages(void)
{
    check_ids("tokenizer.json");
}

static void the_ids_are_the_packages_with_added_tokens(void)
{
    check_ids("added.json");
}

int main(void)
{
    RUN(the_merges_are_the_packages);
    RUN(the_ids_are_the_packages);
    RUN(the_ids_are_the_packages_with_added_tokens);
    return DONE();
}
