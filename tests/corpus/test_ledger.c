/* test_ledger.c - ledgers round-trip, and hostile ones are refused with file and line. */
#include "corpus/base64.h"
#include "corpus/ledger.h"
#include "corpus_files.h"

static void any_text_round_trips(void)
{
    const char *dir = fresh("ledger");
    static const eid_canary some[] = {
        {0, EID_CANARY_SECRET, "the code \"{}\"", "0042", (const uint8_t *)"the code \"0042\"", 15,
         4, -1},
        {1, EID_CANARY_RANDOM, "", "", (const uint8_t *)"\xff\x00\xfe", 3, 256, -1},
        {2, EID_CANARY_PASSAGE, "", "", (const uint8_t *)"a\0b\n\xc3\xa4", 6, 1, 17},
        {3, EID_CANARY_SECRET, "{}", "7", (const uint8_t *)"7", 1, 0, -1},
    };
    eid_ledger *l = NULL, *back = NULL;
    char path[800];

    snprintf(path, sizeof path, "%s/l.jsonl", dir);
    if (EID_NEW(l, 1) != EID_OK)
        exit(1);
    for (size_t i = 0; i < 4; i++)
        CHECK_OK(eid_ledger_add(l, &some[i]));
    CHECK_OK(eid_ledger_write(l, path));
    CHECK_OK(eid_ledger_read(&back, path));
    CHECK_INT(back ? eid_ledger_size(back) : 0, 4);
    for (size_t i = 0; back && i < eid_ledger_size(back); i++) {
        const eid_canary *a = &some[i], *b = eid_ledger_at(back, i);
        CHECK(a->id == b->id && a->kind == b->kind && a->copies == b->copies);
        CHECK_INT(b->source, a->source);
        CHECK_STR(b->tmpl, a->tmpl);
        CHECK_STR(b->secret, a->secret);
        CHECK(a->size == b->size && !memcmp(a->text, b->text, a->size));
    }
    CHECK(eid_ledger_at(back, 4) == NULL);
    eid_ledger_free(l);
    eid_ledger_free(back);
    eid_ledger_free(NULL);
}

#define GOOD "{\"id\":1,\"kind\":\"random\",\"text\":\"x\",\"copies\":1}\n"

static void wrong_ledgers_are_refused(void)
{
    static const struct {
        const char *text, *says;
    } wrong[] = {
        {"", "without a canary"},
        {GOOD "nonsense", "line 2: line 1, column"},
        {GOOD "\n" GOOD, "line 2"},
        {"[]", "line 1: not an object"},
        {GOOD GOOD, "line 2: ids must ascend"},
        {"{\"id\":-1,\"kind\":\"random\",\"text\":\"x\",\"copies\":1}", "line 1: id and copies"},
        {"{\"id\":1,\"kind\":\"random\",\"text\":\"x\",\"copies\":1.5}", "id and copies"},
        {"{\"id\":1,\"kind\":\"odd\",\"text\":\"x\",\"copies\":1}", "kind is not"},
        {"{\"id\":1,\"kind\":\"random\",\"text\":\"\",\"copies\":1}", "an empty text"},
        {"{\"id\":1,\"kind\":\"random\",\"copies\":1}", "text or base64"},
        {"{\"id\":1,\"kind\":\"random\",\"text\":\"x\",\"base64\":\"eA==\",\"copies\":1}",
         "text or base64"},
        {"{\"id\":1,\"kind\":\"random\",\"base64\":\"eA\",\"copies\":1}", "not base64"},
        {"{\"id\":1,\"kind\":\"random\",\"text\":\"x\",\"template\":\"{}\",\"copies\":1}",
         "not a secret"},
        {"{\"id\":1,\"kind\":\"random\",\"text\":\"x\",\"template\":\"\\u0000\",\"copies\":1}",
         "not a string"},
        {"{\"id\":1,\"kind\":\"secret\",\"text\":\"a1\",\"template\":\"a{}\",\"secret\":\"2\","
         "\"copies\":1}",
         "not the template"},
        {"{\"id\":1,\"kind\":\"secret\",\"text\":\"ax\",\"template\":\"a{}\",\"secret\":\"x\","
         "\"copies\":1}",
         "not digits"},
        {"{\"id\":1,\"kind\":\"secret\",\"text\":\"11\",\"template\":\"{}{}\",\"secret\":\"1\","
         "\"copies\":1}",
         "{} once"},
        {"{\"id\":1,\"kind\":\"secret\",\"text\":\"1\",\"template\":\"1\",\"secret\":\"1\","
         "\"copies\":1}",
         "{} once"},
        {"{\"id\":1,\"kind\":\"random\",\"text\":\"x\",\"copies\":1,\"source\":-2}", "source"},
        {"{\"id\":1,\"id\":2,\"kind\":\"random\",\"text\":\"x\",\"copies\":1}", "line 1"},
    };
    const char *dir = fresh("wrong");
    eid_ledger *l = NULL;

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *path = put(dir, "l.jsonl", wrong[i].text, strlen(wrong[i].text));
        CHECK_FAILS(eid_ledger_read(&l, path), EID_EFORMAT, wrong[i].says);
        CHECK(strstr(eid_last_error(), "l.jsonl"));
    }
    CHECK_FAILS(eid_ledger_read(&l, "/nowhere/l"), EID_EIO, "/nowhere/l");
    CHECK_OK(eid_ledger_read(&l, put(dir, "l.jsonl", GOOD, strlen(GOOD))));
    eid_ledger_free(l);
}

/* RFC 4648, section 10. */
static void base64_is_that_of_the_rfc(void)
{
    static const char *const pair[][2] = {{"", ""},
                                          {"f", "Zg=="},
                                          {"fo", "Zm8="},
                                          {"foo", "Zm9v"},
                                          {"foob", "Zm9vYg=="},
                                          {"fooba", "Zm9vYmE="},
                                          {"foobar", "Zm9vYmFy"},
                                          {"\xff\xfe\xfb", "//77"}};
    static const char *const wrong[] = {
        "Zg=",  "Zg",    "Z===",  "====", "Zh==", "Zm9=", "Zg==Zg==",
        "Zm 8", "Zm8\n", "Zm9v=", "=m9v", "Z=9v", "Zm-_"};

    for (size_t i = 0; i < 8; i++) {
        eid_buf b = {0}, d = {0};
        CHECK_OK(eid_base64_add(&b, (const uint8_t *)pair[i][0], strlen(pair[i][0])));
        CHECK_STR(b.n ? (const char *)b.at : "", pair[i][1]);
        CHECK_OK(eid_base64_decode(&d, pair[i][1], strlen(pair[i][1])));
        CHECK_STR(d.n ? (const char *)d.at : "", pair[i][0]);
        eid_buf_free(&b);
        eid_buf_free(&d);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        eid_buf d = {0};
        CHECK_FAILS(eid_base64_decode(&d, wrong[i], strlen(wrong[i])), EID_EFORMAT, "base64");
        eid_buf_free(&d);
    }
}

int main(void)
{
    setup();
    RUN(any_text_round_trips);
    RUN(wrong_ledgers_are_refused);
    RUN(base64_is_that_of_the_rfc);
    teardown();
    return DONE();
}
