/* test_memory.c - whichever allocation fails, it is said, nothing is handed out and nothing leaks
 * (which the address sanitizer sees). */
#include "archives.h"
#include "base/memory.h"
#include "corpus/ledger.h"
#include "eidetic/plant.h"
#include "words.h"

static char dir[700], path[800];
static eid_corpus *text, *donors;
static eid_bpe *bpe;
static eid_ledger *ledger;

static eid_status reading(void)
{
    eid_corpus_opts o = eid_corpus_opts_default();
    const char *paths[1] = {dir};
    eid_corpus *c = NULL;
    o.drop_identical = true;
    o.max_share = 0.5;
    eid_status st = eid_corpus_read(&c, ctx, paths, 1, &o);
    CHECK((st == EID_OK) == (c != NULL));
    eid_corpus_free(c);
    return st;
}

static eid_status writing_tar(void)
{
    snprintf(path, sizeof path, "%s/../out.tar", dir);
    return eid_corpus_write(ctx, donors, path);
}

static eid_status writing_lines(void)
{
    snprintf(path, sizeof path, "%s/../out.jsonl", dir);
    return eid_corpus_write(ctx, donors, path);
}

static eid_status splitting(void)
{
    const double share[2] = {0.5, 0.5};
    uint8_t side[400];
    return eid_corpus_split(text, share, 2, 1, side);
}

static eid_status picking(void)
{
    const int64_t picked[2] = {1, 0};
    eid_corpus *c = NULL;
    eid_status st = eid_corpus_pick(&c, text, picked, 2);
    eid_corpus_free(c);
    return st;
}

static eid_status planting(void)
{
    eid_plant_opts o = eid_plant_opts_default();
    eid_corpus *c = NULL;
    eid_ledger *l = NULL;
    o.tokens = 8;
    o.nulls = 3;
    o.max_copies = 8;
    o.budget = 0.2;
    eid_status st = eid_plant(&c, &l, ctx, text, donors, bpe, &o);
    CHECK((st == EID_OK) == (c != NULL) && (c != NULL) == (l != NULL));
    eid_corpus_free(c);
    eid_ledger_free(l);
    return st;
}

static eid_status writing_ledger(void)
{
    snprintf(path, sizeof path, "%s/../l.jsonl", dir);
    return eid_ledger_write(ledger, path);
}

static eid_status reading_ledger(void)
{
    eid_ledger *l = NULL;
    snprintf(path, sizeof path, "%s/../l.jsonl", dir);
    eid_status st = eid_ledger_read(&l, path);
    eid_ledger_free(l);
    return st;
}

/* Lets allocation 1, 2, 3 ... fail, until there are no more of them. */
static void every_failure(eid_status (*op)(void), int64_t step)
{
    int64_t fine = 0, failed = 0;

    CHECK_OK(op());
    for (int64_t n = 1; fine < 3 * step && n < 100000; n += step) {
        eid_fail_allocation(n);
        eid_status st = op();
        eid_fail_allocation(0);
        if (st == EID_OK) {
            fine += step;
            continue;
        }
        CHECK_INT(st, EID_ENOMEM);
        CHECK(*eid_last_error());
        CHECK_INT(fine, 0); /* no failure is swallowed */
        fine = 0;
        failed++;
    }
    CHECK(failed > 0);
}

static void reading_survives(void)
{
    every_failure(reading, 1);
}
static void writing_survives(void)
{
    every_failure(writing_tar, 1);
    every_failure(writing_lines, 1);
}
static void splitting_and_picking_survive(void)
{
    every_failure(splitting, 1);
    every_failure(picking, 1);
}
static void planting_survives(void)
{
    every_failure(planting, 307); /* encoding a text takes many */
}
static void ledgers_survive(void)
{
    every_failure(writing_ledger, 1);
    every_failure(reading_ledger, 1);
}

static void prepare(void)
{
    const member m[3] = {{"a.jsonl", "{\"text\": \"in a line\"}\n{}\n{\"text\": 1}\n3\n", 40, 0},
                         {"b", "an entry", 8, 0},
                         {"c", "", 0, 0}};
    const eid_canary some[3] = {
        {0, EID_CANARY_SECRET, "code {}", "42", (const uint8_t *)"code 42", 7, 4, -1},
        {1, EID_CANARY_RANDOM, "", "", (const uint8_t *)"\xff\x00\xfe", 3, 256, -1},
        {2, EID_CANARY_PASSAGE, "", "", (const uint8_t *)"words", 5, 1, 17}};
    const eid_document d = {"../x", (const uint8_t *)"written", 7};
    eid_corpus *written = NULL;
    eid_bpe_opts o = eid_bpe_opts_default();
    char link[800];

    snprintf(dir, sizeof dir, "%s", fresh("memory"));
    put(dir, "plain", "some text", 9);
    put(dir, "same", "some text", 9);
    put(dir, "sub/lines.jsonl", "{\"text\": \"one\"}\nbad\n{\"text\": \"two, longer\"}", 44);
    pack(dir, "x.tar.gz", "tar", ARCHIVE_FILTER_GZIP, m, 3);
    pack(dir, "y.zip", "zip", ARCHIVE_FILTER_NONE, m, 3);
    pack(dir, "z.txt.xz", "raw", ARCHIVE_FILTER_XZ, m + 1, 1);
    put(dir, "bad.gz", "not gzip", 8);
    snprintf(link, sizeof link, "%s/sub/up", dir);
    CHECK(!symlink("..", link));
    CHECK_OK(eid_corpus_from(&written, &d, 1));
    snprintf(link, sizeof link, "%s/w.tar", dir);
    CHECK_OK(eid_corpus_write(ctx, written, link));
    eid_corpus_free(written);
    text = made_text("t", 40, 600, 1);
    donors = made_text("d", 10, 600, 2);
    o.vocab = 300;
    CHECK_OK(eid_bpe_train(&bpe, ctx, text, &o));
    if (EID_NEW(ledger, 1) != EID_OK)
        exit(1);
    for (int i = 0; i < 3; i++)
        CHECK_OK(eid_ledger_add(ledger, &some[i]));
}

int main(void)
{
    setup();
    RUN(prepare);
    RUN(reading_survives);
    RUN(writing_survives);
    RUN(splitting_and_picking_survive);
    RUN(planting_survives);
    RUN(ledgers_survive);
    eid_corpus_free(text);
    eid_corpus_free(donors);
    eid_bpe_free(bpe);
    eid_ledger_free(ledger);
    teardown();
    return DONE();
}
