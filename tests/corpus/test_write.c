/* test_write.c - written and read back: the same documents, the same names. */
#include "corpus_files.h"
#include "eidetic/rng.h"

static void check_same(const eid_corpus *a, const eid_corpus *b)
{
    CHECK_INT(eid_corpus_size(b), eid_corpus_size(a));
    CHECK_INT(eid_corpus_bytes(b), eid_corpus_bytes(a));
    for (size_t i = 0; i < eid_corpus_size(a) && i < eid_corpus_size(b); i++) {
        eid_document x = eid_corpus_doc(a, i), y = eid_corpus_doc(b, i);
        CHECK_STR(y.name, x.name);
        CHECK_INT(y.size, x.size);
        CHECK(x.size == y.size && !memcmp(x.bytes, y.bytes, x.size));
    }
}

static void check_round_trip(const eid_corpus *c, const char *path)
{
    eid_corpus *back;

    CHECK_OK(eid_corpus_write(ctx, c, path));
    back = read_one(path, NULL);
    check_same(c, back);
    eid_corpus_free(back);
}

static const char *const names[] = {
    "plain.txt", "a/b/c.txt",  "/etc/passwd", "../../up",  "a.tar.gz!b.jsonl#17", "",
    "twice",     "twice",      "ends/",       "new\nline", "\xc3\xa4.x",          "planted/12#3",
    ".",         "..",         "x.jsonl",     "y.tar",     "quote\"back\\slash",  "a",
    "a/below",   "  spaces  ",
};
enum { NAMES = sizeof names / sizeof *names };

static void both_formats_round_trip(void)
{
    const char *dir = fresh("round");
    eid_document d[NAMES];
    char path[800];
    eid_corpus *c = NULL;

    for (size_t i = 0; i < NAMES; i++) /* 23 bytes, or some that end between characters */
        d[i] = (eid_document){names[i], (const uint8_t *)"text \xe2\x82\xac \0 {\"text\": 1}\n",
                              i < 3   ? 23
                              : i % 2 ? 1 + i % 5
                                      : 8 + i % 5};
    CHECK_OK(eid_corpus_from(&c, d, NAMES));
    snprintf(path, sizeof path, "%s/x.tar", dir);
    check_round_trip(c, path);
    snprintf(path, sizeof path, "%s/x.jsonl", dir);
    check_round_trip(c, path);
    snprintf(path, sizeof path, "%s/x.txt", dir);
    CHECK_FAILS(eid_corpus_write(ctx, c, path), EID_EINVAL, "written to a .tar or a .jsonl");
    eid_corpus_free(c);
}

static void a_tar_takes_any_bytes(void)
{
    const char *dir = fresh("bytes");
    eid_document d[3];
    uint8_t text[3000];
    char path[800];
    eid_rng rng = eid_rng_seed(7);
    eid_corpus *c = NULL;

    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)eid_rng_u32(&rng);
    d[0] = (eid_document){"\xff\xfe", text, 3000};
    d[1] = (eid_document){"a", text, 512};
    d[2] = (eid_document){"b=\xff\n", text + 1, 1};
    CHECK_OK(eid_corpus_from(&c, d, 3));
    snprintf(path, sizeof path, "%s/x.tar", dir);
    check_round_trip(c, path);
    snprintf(path, sizeof path, "%s/x.jsonl", dir);
    CHECK_FAILS(eid_corpus_write(ctx, c, path), EID_EINVAL, "document 0");
    CHECK(access(path, F_OK) != 0); /* nothing half-written */
    snprintf(path, sizeof path, "%s/x.jsonl.part", dir);
    CHECK(access(path, F_OK) != 0);
    snprintf(path, sizeof path, "%s/absent/x.tar", dir);
    CHECK_FAILS(eid_corpus_write(ctx, c, path), EID_EIO, "absent/x.tar");
    eid_corpus_free(c);
}

static void writing_twice_gives_the_same_bytes(void)
{
    const char *dir = fresh("twice");
    const eid_document d[2] = {{"x", (const uint8_t *)"one", 3}, {"y", (const uint8_t *)"two", 3}};
    char path[2][800], hex[2][65];
    int64_t bytes;
    eid_corpus *c = NULL;

    CHECK_OK(eid_corpus_from(&c, d, 2));
    for (int i = 0; i < 2; i++) {
        snprintf(path[i], sizeof path[i], "%s/%d.tar", dir, i);
        CHECK_OK(eid_corpus_write(ctx, c, path[i]));
        CHECK_OK(eid_file_sha256(ctx, path[i], hex[i], &bytes));
    }
    CHECK_STR(hex[0], hex[1]);
    eid_corpus_free(c);
}

int main(void)
{
    setup();
    RUN(both_formats_round_trip);
    RUN(a_tar_takes_any_bytes);
    RUN(writing_twice_gives_the_same_bytes);
    teardown();
    return DONE();
}
