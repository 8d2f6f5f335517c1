/* test_survivors.c - what is written after cuts: bytes, forms, ledger, and nothing half. */
#include "../check.h"
#include "control/cuts.h"
#include "control/field.h"
#include "control/units.h"
#include <sys/stat.h>

static char top[] = "/tmp/eid-dedup-XXXXXX";

static const char *path_of(const char *name)
{
    static char path[64][512];
    static int turn;
    char *p = path[turn++ % 64];
    snprintf(p, 512, "%s/%s", top, name);
    return p;
}

static void put(const char *name, const char *text)
{
    FILE *f = fopen(path_of(name), "wb");
    CHECK(f && fwrite(text, 1, strlen(text), f) == strlen(text));
    CHECK(f && fclose(f) == 0);
}

static void holds(const char *name, const char *want)
{
    char got[2048] = "";
    FILE *f = fopen(path_of(name), "rb");
    size_t n = f ? fread(got, 1, sizeof got - 1, f) : 0;
    if (f)
        fclose(f);
    if (!f || strcmp(got, want) != 0 || n != strlen(want))
        CHECK_FAIL("%s: got \"%s\", want \"%s\"", name, f ? got : "(no file)", want);
}

static eid_status dedup(const char *const *paths, size_t n, const char *out, eid_dedup_result *r)
{
    eid_ctx_opts o = {.threads = 2, .memory = 1 << 27};
    eid_corpus_opts read = eid_corpus_opts_default();
    eid_dedup_opts how = {.exact = "10b", .recheck = true};
    eid_ctx *ctx = NULL;
    eid_status st = eid_ctx_new(&ctx, &o);
    if (st == EID_OK)
        st = eid_dedup_exact_files(r, NULL, ctx, paths, n, &read, NULL, &how, out);
    eid_ctx_free(ctx);
    return st;
}

static void each_in_its_form(void)
{
    const char *in = path_of("in"), *out = path_of("out");
    eid_dedup_cuts *cuts = NULL;
    eid_dedup_result r = {0};

    CHECK(mkdir(in, 0755) == 0);
    put("in/a.txt", "the quick brown fox\n");
    put("in/b.jsonl",
        "{\"id\": 1.50, \"text\" : \"_quick brown_\", \"more\": [\"text\", {\"text\": "
        "\"quick brown\"}]}\nnot an object\n\n{\"text\": \"the quick brown fox\"}\n");
    put("in/c.txt", "quick brown");
    put("in/empty", "");
    CHECK_OK(dedup(&in, 1, out, &r));
    holds("out/corpus/a.txt", "the quick brown fox\n");
    holds("out/corpus/b.jsonl", "{\"id\": 1.50, \"text\" : \"__\", \"more\": [\"text\", {\"text\": "
                                "\"quick brown\"}]}\nnot an object\n\n");
    holds("out/corpus/empty", "");
    CHECK(access(path_of("out/corpus/c.txt"), F_OK) != 0);
    CHECK(access(path_of("out.part"), F_OK) != 0);
    CHECK_INT(r.documents_in, 4);
    CHECK_INT(r.documents_out, 2);
    CHECK_INT(r.documents_changed, 1);
    CHECK_INT(r.bytes_in, 20 + 13 + 19 + 11);
    CHECK_INT(r.bytes_cut, 11 + 19 + 11);
    CHECK_INT(r.bytes_kept, r.bytes_in - r.bytes_cut);
    CHECK_OK(eid_dedup_cuts_read(&cuts, path_of("out/ledger.jsonl")));
    CHECK_INT(eid_dedup_cuts_size(cuts), 3);
    const eid_dedup_cut *c = eid_dedup_cuts_at(cuts, 0);
    CHECK(c && c->document == 1 && c->start == 1 && c->end == 12 && c->kept_document == 0 &&
          c->kept_start == 4);
    eid_dedup_cuts_free(cuts);
    CHECK_FAILS(dedup(&in, 1, out, &r), EID_EEXIST, "exists");
}

/* The toy of Lee et al.'s program, each letter four times: a cut makes a new neighbour. */
static void a_cut_makes_a_repeat(void)
{
    const char *in = path_of("toy.txt");
    eid_dedup_result r = {0};

    put("toy.txt", "eeeeaaaabbbbccccddddffffgggghhhh.eeeeffffaaaabbbbccccddddgggghhhh");
    CHECK_OK(dedup(&in, 1, path_of("toy"), &r));
    holds("toy/corpus/toy.txt", "eeeeaaaabbbbccccddddffffgggghhhh.eeeeffffgggghhhh");
    CHECK_INT(r.again_ranges, 1);
    CHECK_INT(r.again_bytes, 12);
    holds("toy/again.jsonl", "{\"document\":0,\"start\":37,\"end\":49,\"kept_document\":0,"
                             "\"kept_start\":20,\"joints\":[{\"document\":0,\"at\":41}]}\n");
}

static void several_inputs(void)
{
    const char *paths[] = {path_of("in/a.txt"), path_of("in"), path_of("in/a.txt")};
    eid_dedup_result r = {0};

    CHECK_OK(dedup(paths, 3, path_of("three"), &r));
    holds("three/corpus/a.txt", "the quick brown fox\n");
    holds("three/corpus/in/empty", "");
    CHECK(access(path_of("three/corpus/in/a.txt"), F_OK) != 0);
    CHECK(access(path_of("three/corpus/2/a.txt"), F_OK) != 0);
    CHECK_INT(r.bytes_in, 2 * 20 + 20 + 43);
}

static void a_killed_run_leaves_nothing(void)
{
    const char *in = path_of("in");
    eid_dedup_result r = {0};

    CHECK(mkdir(path_of("k.part"), 0755) == 0);
    CHECK(mkdir(path_of("k.part/corpus"), 0755) == 0);
    put("k.part/corpus/half", "half");
    CHECK_FAILS(dedup(&in, 1, path_of("k"), &r), EID_EEXIST, "not ours");
    holds("k.part/corpus/half", "half");
    put("k.part/.eidetic-dedup", "");
    CHECK_OK(dedup(&in, 1, path_of("k"), &r));
    CHECK(access(path_of("k/corpus/half"), F_OK) != 0);
    CHECK(access(path_of("k/.eidetic-dedup"), F_OK) != 0);
    holds("k/corpus/a.txt", "the quick brown fox\n");
}

static void field(const char *line, const char *name, const char *want)
{
    eid_buf b = {0};
    CHECK_OK(control_set_field(&b, (const uint8_t *)line, strlen(line), name,
                               (const uint8_t *)"n\"w", 3));
    if (strcmp((const char *)b.at, want) != 0)
        CHECK_FAIL("got %s, want %s", (const char *)b.at, want);
    eid_buf_free(&b);
}

static void one_field_changes(void)
{
    field("{\"text\":\"old\"}", "text", "{\"text\":\"n\\\"w\"}");
    field(" { \"a\" : {\"text\":\"x\"} , \"text\" : \"o\\\"ld\" , \"z\" : [1, \"}\"] } \r", "text",
          " { \"a\" : {\"text\":\"x\"} , \"text\" : \"n\\\"w\" , \"z\" : [1, \"}\"] } \r");
    field("{\"a\":-1.0e5,\"b\":null,\"te\\u0078t\":\"\"}", "text",
          "{\"a\":-1.0e5,\"b\":null,\"te\\u0078t\":\"n\\\"w\"}");
    field("\xEF\xBB\xBF{\"text\":\"\\\\\",\"b\":\"text\"}", "text",
          "\xEF\xBB\xBF{\"text\":\"n\\\"w\",\"b\":\"text\"}");
    field("{\"text\":\"t\",\"\\\"}\":\"q\"}", "\"}", "{\"text\":\"t\",\"\\\"}\":\"n\\\"w\"}");
}

static void bad_ledger(const char *line, const char *says)
{
    eid_dedup_cuts *cuts = NULL;
    CHECK_FAILS(control_ledger_parse(&cuts, "L", (const uint8_t *)line, strlen(line)), EID_EFORMAT,
                says);
}

static void hostile_ledgers(void)
{
    const char *good =
        "{\"document\":3,\"start\":2,\"end\":9,\"kept_document\":null,\"kept_start\":"
        "null,\"similarity\":1.0}\n";
    char twice[512];
    eid_dedup_cuts *cuts = NULL;

    CHECK_OK(control_ledger_parse(&cuts, "L", (const uint8_t *)good, strlen(good)));
    CHECK_INT(eid_dedup_cuts_size(cuts), 1);
    eid_dedup_cuts_free(cuts);
    snprintf(twice, sizeof twice, "%s%s", good, good);
    bad_ledger(twice, "line 2");
    bad_ledger("[]", "not an object");
    bad_ledger("{\"document\":-3,\"start\":2,\"end\":9}", "from 0 on");
    bad_ledger("{\"document\":3,\"start\":9,\"end\":9,\"kept_document\":null,\"kept_start\":null,"
               "\"similarity\":1}",
               "a cut of bytes 9 to 9");
    bad_ledger("{\"document\":3,\"start\":2,\"end\":9,\"kept_document\":1,\"kept_start\":"
               "9223372036854775807,\"similarity\":1}",
               "too large");
    bad_ledger("{\"document\":3,\"start\":2,\"end\":9,\"kept_document\":1,\"kept_start\":0,"
               "\"similarity\":2}",
               "similarity");
    bad_ledger("\n", "line 1");
}

/* The same text, whether it stays in memory or goes to a file. */
static void spooled_text(void)
{
    uint8_t doc[1000], room[1000];
    const uint8_t *at;
    control_units u;

    CHECK_OK(control_units_init(&u, 1, 1500, top));
    for (int d = 0; d < 5; d++) {
        memset(doc, 'a' + d, sizeof doc);
        CHECK_OK(control_units_add(&u, doc, d == 2 ? 0 : sizeof doc));
    }
    CHECK_OK(control_units_done(&u));
    CHECK(u.fd >= 0 && u.n == 4000 && u.docs == 5);
    CHECK_OK(control_units_at(&u, 1990, 20, room, &at));
    CHECK(memcmp(at, "bbbbbbbbbbdddddddddd", 20) == 0);
    CHECK_INT(control_units_doc(&u, 1999), 1);
    CHECK_INT(control_units_doc(&u, 2000), 3);
    CHECK_INT(control_units_doc(&u, 3999), 4);
    control_units_free(&u);
    CHECK_OK(control_units_init(&u, 1, 1500, NULL));
    CHECK_OK(control_units_add(&u, doc, 1000));
    CHECK_FAILS(control_units_add(&u, doc, 1000), EID_ENOMEM, "raise --memory");
    control_units_free(&u);
}

int main(void)
{
    if (!mkdtemp(top))
        return 1;
    RUN(each_in_its_form);
    RUN(a_cut_makes_a_repeat);
    RUN(several_inputs);
    RUN(a_killed_run_leaves_nothing);
    RUN(one_field_changes);
    RUN(hostile_ledgers);
    RUN(spooled_text);
    char command[600];
    snprintf(command, sizeof command, "rm -rf %s", top);
    return system(command) ? 1 : DONE();
}
