/* test_shard_files.c - the folder of an index: whole or not at all, resumed, grown, never believed.
 */
#include "base/file.h"
#include "base/hash.h"
#include "index/many.h"
#include <sys/stat.h>

enum { SHARDS = 4 };

static char dir[600], idx[700], tar[700];

static void setup(void)
{
    snprintf(dir, sizeof dir, "%s", check_tmp("shard-files"));
    snprintf(idx, sizeof idx, "%s/x.idx", dir);
    snprintf(tar, sizeof tar, "%s/docs.tar", dir);
    mkdir(dir, 0700);
}

static void clean(void)
{
    char command[800];
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    if (system(command))
        printf("# %s is left behind\n", dir);
}

static brute documents(uint64_t seed)
{
    brute b = brute_random(seed, 60, 50, (const uint8_t *)"abc\xFF", 4);
    for (size_t d = 0; d < b.n; d++)
        if (b.docs[d].size == 0)
            b.docs[d].size = 1, *(uint8_t *)b.docs[d].bytes = 'a';
    return b;
}

static int64_t bytes_of(const brute *b)
{
    int64_t n = 0;
    for (size_t d = 0; d < b->n; d++)
        n += (int64_t)b->docs[d].size;
    return n;
}

static void write_corpus(const brute *b, const char *path)
{
    eid_ctx *ctx = test_ctx(1);
    eid_corpus *c = NULL;
    CHECK_OK(eid_corpus_from(&c, b->docs, b->n));
    CHECK_OK(eid_corpus_write(ctx, c, path));
    eid_corpus_free(c);
    eid_ctx_free(ctx);
}

static eid_status build(int threads, bool replace)
{
    eid_ctx *ctx = test_ctx(threads);
    eid_index_opts o = {.shard = 1800, .replace = replace};
    const char *path = tar;
    eid_status st = eid_index_build_shards(ctx, &path, 1, NULL, &o, idx, NULL);
    eid_ctx_free(ctx);
    return st;
}

static eid_status try_open(void)
{
    eid_index *ix = NULL;
    eid_status st = eid_index_open(&ix, idx);
    eid_index_free(ix);
    return st;
}

/* A file of the index, read whole; free it. */
static uint8_t *slurp(const char *folder, const char *name, size_t *n)
{
    char path[900];
    uint8_t *bytes = NULL;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    CHECK_OK(eid_read_file(path, 1 << 24, &bytes, n));
    return bytes;
}

static void put(const char *name, const uint8_t *bytes, size_t n)
{
    char path[900];
    snprintf(path, sizeof path, "%s/%s", idx, name);
    FILE *f = fopen(path, "wb");
    CHECK(f && fwrite(bytes, 1, n, f) == n && fclose(f) == 0);
}

static void the_same_files_for_any_threads(void)
{
    brute b = documents(1);
    uint8_t *first[SHARDS + 1] = {NULL};
    size_t size[SHARDS + 1];
    eid_index *ix = NULL;
    write_corpus(&b, tar);
    for (int threads = 1; threads <= 8; threads += 7) {
        CHECK_OK(build(threads, threads > 1));
        for (int s = 0; s <= SHARDS; s++) {
            char name[40] = "manifest";
            size_t n;
            if (s < SHARDS)
                snprintf(name, sizeof name, "shard-%06d.idx", s);
            uint8_t *bytes = slurp(idx, name, &n);
            if (threads == 1)
                first[s] = bytes, size[s] = n;
            CHECK(n == size[s] && memcmp(bytes, first[s], n) == 0);
            if (threads > 1)
                eid_free(bytes);
        }
    }
    for (int s = 0; s <= SHARDS; s++)
        eid_free(first[s]);
    CHECK_OK(eid_index_open(&ix, idx));
    const eid_index_input *in;
    CHECK_INT(eid_index_shards(ix), SHARDS);
    CHECK_INT(eid_index_inputs(ix, &in), 1);
    CHECK_STR(in->path, tar);
    CHECK_INT(in->documents, b.n);
    CHECK_STR(eid_index_doc_name(ix, 5), "#5");
    eid_index_free(ix);
    index_folder_remove(idx);
    brute_free(&b);
}

static ino_t inode(const char *folder, int shard)
{
    char path[900];
    struct stat s = {0};
    snprintf(path, sizeof path, "%s/shard-%06d.idx", folder, shard);
    return stat(path, &s) == 0 ? s.st_ino : 0;
}

/* What a kill leaves: some shards, one of them of other documents, parts, no manifest. */
static void goes_on_where_it_was_killed(void)
{
    brute b = documents(2);
    char part[800], from[900], to[900];
    size_t n, m;
    write_corpus(&b, tar);
    CHECK_OK(build(1, false));
    uint8_t *manifest = slurp(idx, "manifest", &n);
    snprintf(part, sizeof part, "%s.part", idx);
    CHECK(rename(idx, part) == 0);
    snprintf(from, sizeof from, "%s/manifest", part);
    unlink(from);
    snprintf(from, sizeof from, "%s/shard-000001.idx", part);
    unlink(from);
    snprintf(from, sizeof from, "%s/shard-000003.idx", part);
    snprintf(to, sizeof to, "%s/shard-000002.idx", part);
    CHECK(rename(from, to) == 0); /* not what belongs there */
    snprintf(to, sizeof to, "%s/shard-000009.idx.part", part);
    FILE *f = fopen(to, "wb");
    CHECK(f && fclose(f) == 0);
    ino_t kept = inode(part, 0), foreign = inode(part, 2);
    CHECK_FAILS(try_open(), EID_EIO, "x.idx");
    CHECK_OK(build(3, false));
    CHECK(inode(idx, 0) == kept && inode(idx, 2) != foreign);
    snprintf(to, sizeof to, "%s/shard-000009.idx.part", idx);
    CHECK(access(to, F_OK) != 0 && access(part, F_OK) != 0);
    uint8_t *again = slurp(idx, "manifest", &m);
    CHECK(n == m && memcmp(manifest, again, n) == 0);
    eid_free(manifest);
    eid_free(again);
    index_folder_remove(idx);
    brute_free(&b);
}

static void grows(void)
{
    brute a = documents(3), b = documents(4), both = {calloc(120, sizeof *both.docs), 120};
    eid_ctx *ctx = test_ctx(2);
    eid_index_opts o = {.shard = 1800};
    eid_index *ix = NULL;
    eid_corpus *sum = NULL;
    char more[700];
    const char *path = more;
    memcpy(both.docs, a.docs, 60 * sizeof *both.docs);
    memcpy(both.docs + 60, b.docs, 60 * sizeof *both.docs);
    snprintf(more, sizeof more, "%s/more.tar", dir);
    write_corpus(&a, tar);
    write_corpus(&b, more);
    CHECK_OK(build(2, false));
    size_t shard_bytes;
    uint8_t *leftover = slurp(idx, "shard-000000.idx", &shard_bytes);
    put("shard-000005.idx", leftover, shard_bytes); /* of an addition that was killed */
    put("shard-000017.idx", leftover, shard_bytes);
    eid_free(leftover);
    CHECK_OK(try_open()); /* is not read */
    CHECK_OK(eid_index_add(ctx, &path, 1, NULL, &o, idx, &sum));
    CHECK_INT(eid_corpus_bytes(sum), bytes_of(&b));
    eid_corpus_free(sum);
    CHECK_OK(eid_index_open(&ix, idx));
    CHECK_OK(eid_index_verify(ix, ctx));
    CHECK_INT(eid_index_docs(ix), 120);
    CHECK_INT(eid_index_inputs(ix, NULL), 2);
    CHECK(inode(idx, 17) == 0);
    for (size_t n = 1; n < 6; n++) {
        int64_t count, documents, truth = 0, seen;
        CHECK_OK(eid_index_count(ix, b.docs[7].bytes, n < b.docs[7].size ? n : 1, &count, &seen));
        truth =
            brute_places(&both, b.docs[7].bytes, n < b.docs[7].size ? n : 1, NULL, 0, &documents);
        CHECK_INT(count, truth);
        CHECK_INT(seen, documents);
    }
    int64_t shards = eid_index_shards(ix);
    eid_index_free(ix);
    CHECK_FAILS(eid_index_add(ctx, &path, 1, NULL, &o, idx, NULL), EID_EEXIST, "--again");
    CHECK(inode(idx, (int)shards) == 0 && inode(idx, (int)shards - 1) != 0);
    o.again = true;
    CHECK_OK(eid_index_add(ctx, &path, 1, NULL, &o, idx, NULL));
    CHECK_OK(eid_index_open(&ix, idx));
    CHECK_INT(eid_index_docs(ix), 180);
    eid_index_free(ix);
    CHECK_FAILS(eid_index_add(ctx, &path, 1, NULL, &o, dir, NULL), EID_EFORMAT, "manifest");
    CHECK_FAILS(eid_index_add(ctx, &path, 1, NULL, &o, tar, NULL), EID_EFORMAT, "not an index");
    path = "/nonexistent";
    CHECK_FAILS(eid_index_add(ctx, &path, 1, NULL, &o, idx, NULL), EID_EIO, "nonexistent");
    CHECK_OK(try_open());
    index_folder_remove(idx);
    eid_ctx_free(ctx);
    free(both.docs);
    brute_free(&a);
    brute_free(&b);
}

static void what_stands_there_is_respected(void)
{
    brute b = documents(5);
    struct stat s;
    write_corpus(&b, tar);
    mkdir(idx, 0700);
    CHECK_FAILS(build(1, false), EID_EEXIST, "--replace");
    CHECK_FAILS(build(1, true), EID_EEXIST, "not an index");
    CHECK(rmdir(idx) == 0);
    CHECK_OK(build(1, false));
    ino_t before = inode(idx, 0);
    CHECK_FAILS(build(1, false), EID_EEXIST, "--replace");
    CHECK_OK(build(2, true));
    CHECK(inode(idx, 0) != before);
    CHECK_OK(try_open());
    int lock = -1;
    CHECK_OK(index_folder_lock(idx, &lock));
    eid_ctx *ctx = test_ctx(1);
    const char *path = tar;
    CHECK_FAILS(eid_index_add(ctx, &path, 1, NULL, NULL, idx, NULL), EID_EEXIST, "another process");
    close(lock);
    eid_ctx_free(ctx);
    index_folder_remove(idx);
    CHECK(stat(idx, &s) != 0);
    brute_free(&b);
}

/* ---- a manifest that lies -------------------------------------------------------------------- */

static void sign(uint8_t *m, size_t n)
{
    index_put64(m + 56, eid_hash64(m, 56, eid_hash64(m + 64, n - 64, 0)));
}

static void a_hostile_manifest_is_refused(void)
{
    brute b = documents(6);
    size_t n;
    write_corpus(&b, tar);
    CHECK_OK(build(1, false));
    uint8_t *m = slurp(idx, "manifest", &n);
    for (size_t k = 0; k < n; k++) {
        put("manifest", m, k);
        CHECK_FAILS(try_open(), EID_EFORMAT, k < 8 ? "not an index" : "truncated");
    }
    for (size_t bit = 0; bit < 8 * n; bit += 3) {
        m[bit / 8] ^= (uint8_t)(1 << bit % 8);
        put("manifest", m, n);
        eid_status st = try_open();
        CHECK(st == EID_EFORMAT || st == EID_EUNSUPPORTED);
        m[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t at = 8; at + 8 <= n; at += 4) { /* signed: what counts is what it says */
        uint64_t was = index_get64(m + at),
                 lies[] = {0, 1, was + 1, was - 1, UINT64_MAX, INT64_MAX};
        for (size_t k = 0; at != 56 && at != 52 && k < sizeof lies / sizeof *lies; k++) {
            index_put64(m + at, lies[k]);
            sign(m, n);
            put("manifest", m, n);
            eid_status st = try_open();
            CHECK(st == EID_EFORMAT || st == EID_EUNSUPPORTED || st == EID_EIO || st == EID_OK);
            if (at >= 16 && at < 48 && lies[k] != was)
                CHECK(st != EID_OK);
            if (at >= 64 && at < 64 * (1 + SHARDS) && lies[k] != was) /* a shard's row */
                CHECK(st != EID_OK);
        }
        index_put64(m + at, was);
    }
    sign(m, n);
    put("manifest", m, n);
    CHECK_OK(try_open());
    eid_free(m);
    index_folder_remove(idx);
    brute_free(&b);
}

static void a_shard_that_is_not_the_one_is_refused(void)
{
    brute b = documents(7);
    size_t n, k;
    write_corpus(&b, tar);
    CHECK_OK(build(1, false));
    uint8_t *one = slurp(idx, "shard-000001.idx", &n), *two = slurp(idx, "shard-000002.idx", &k);
    put("shard-000001.idx", two, k);
    CHECK_FAILS(try_open(), EID_EFORMAT, "shard-000001.idx: not the file that the manifest names");
    put("shard-000001.idx", one, n / 2);
    CHECK_FAILS(try_open(), EID_EFORMAT, "shard-000001.idx: truncated");
    char path[900];
    snprintf(path, sizeof path, "%s/shard-000001.idx", idx);
    unlink(path);
    CHECK_FAILS(try_open(), EID_EIO, "shard-000001.idx");
    put("shard-000001.idx", one, n);
    CHECK_OK(try_open());
    one[n - 1] ^= 1; /* in the suffixes, which opening does not read */
    put("shard-000001.idx", one, n);
    eid_index *ix = NULL;
    eid_ctx *ctx = test_ctx(1);
    CHECK_OK(eid_index_open(&ix, idx));
    CHECK_FAILS(eid_index_verify(ix, ctx), EID_EFORMAT, "shard-000001.idx");
    eid_index_free(ix);
    eid_ctx_free(ctx);
    eid_free(one);
    eid_free(two);
    index_folder_remove(idx);
    brute_free(&b);
}

/* ---- memory and failure ---------------------------------------------------------------------- */

static void the_plan_keeps_to_the_bound(void)
{
    index_plan p;
    for (int threads = 1; threads <= 64; threads *= 2)
        for (int64_t memory = 8 << 20; memory < 1ll << 42; memory *= 3) {
            CHECK_OK(index_plan_for(&p, memory, threads, 0));
            CHECK(p.builders >= 1 && p.builders <= threads);
            CHECK(p.shard <= 1 << 30);
            CHECK(6.25 * (double)p.shard * p.builders + 4 * (double)p.shard < (double)memory);
        }
    CHECK_OK(index_plan_for(&p, 4ll << 30, 2, 0));
    CHECK_INT(p.builders, 2);
    CHECK(p.shard > 200 << 20);
    CHECK_OK(index_plan_for(&p, 1 << 30, 16, 0));
    CHECK(p.builders < 4 && p.shard > 32 << 20); /* few builders rather than small shards */
    CHECK_OK(index_plan_for(&p, 1 << 30, 16, 1 << 20));
    CHECK_INT(p.builders, 16);
    CHECK_FAILS(index_plan_for(&p, 1000, 1, 0), EID_ENOMEM, "the bound is 1000");
    CHECK_FAILS(index_plan_for(&p, 1 << 30, 1, 1 << 30), EID_ENOMEM, "the bound is");
}

static void what_does_not_fit_leaves_nothing(void)
{
    brute b = documents(8);
    char part[800];
    snprintf(part, sizeof part, "%s.part", idx);
    eid_ctx *ctx = test_ctx(2);
    eid_index_opts o = {.shard = 100};
    const char *path = tar;
    write_corpus(&b, tar);
    CHECK_FAILS(eid_index_build_shards(ctx, &path, 1, NULL, &o, idx, NULL), EID_ENOMEM,
                "shards hold 100 bytes");
    CHECK(access(idx, F_OK) != 0 && access(part, F_OK) != 0);
    const char *none = "/nonexistent";
    CHECK_FAILS(eid_index_build_shards(ctx, &none, 1, NULL, NULL, idx, NULL), EID_EIO, none);
    CHECK(access(idx, F_OK) != 0 && access(part, F_OK) != 0);
    o.shard = 1800;
    for (int64_t k = 1; k < 120; k += 1 + k / 20) { /* allocations fail, of builders too */
        eid_fail_allocation(k);
        eid_status st = eid_index_build_shards(ctx, &path, 1, NULL, &o, idx, NULL);
        eid_fail_allocation(0);
        CHECK(st == EID_OK || st == EID_ENOMEM);
        CHECK((access(idx, F_OK) == 0) == (st == EID_OK));
        CHECK(access(part, F_OK) != 0);
        if (st == EID_OK)
            index_folder_remove(idx);
    }
    eid_ctx_free(ctx);
    brute_free(&b);
}

/* A document that no shard of the plan holds gets one of its own, when memory is enough. */
static void a_large_document_has_its_own_shard(void)
{
    eid_ctx *ctx = NULL;
    eid_ctx_opts o = {.threads = 2, .memory = 1 << 20};
    static uint8_t text[200000];
    eid_rng rng = eid_rng_seed(3);
    int64_t shard, at_once, count;
    const char *path = tar;
    CHECK_OK(eid_ctx_new(&ctx, &o));
    CHECK_OK(eid_index_plan(ctx, NULL, &shard, &at_once));
    CHECK(shard < 100000);
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)eid_rng_below(&rng, 256);
    for (size_t size = 105000; size <= 200000; size += 95000) {
        eid_document docs[] = {{"a", text, 500}, {"b", text, size}, {"c", text + 100, 700}};
        brute b = {docs, 3};
        eid_index *ix = NULL;
        write_corpus(&b, tar);
        if (size == 200000) {
            CHECK_FAILS(eid_index_build_shards(ctx, &path, 1, NULL, NULL, idx, NULL), EID_ENOMEM,
                        "b: a document of 200000 bytes");
            continue;
        }
        CHECK_OK(eid_index_build_shards(ctx, &path, 1, NULL, NULL, idx, NULL));
        CHECK_OK(eid_index_open(&ix, idx));
        CHECK_OK(eid_index_verify(ix, ctx));
        CHECK_INT(eid_index_shards(ix), 3);
        CHECK_OK(eid_index_count(ix, text + 150, 100, &count, NULL));
        CHECK_INT(count, 3);
        eid_index_free(ix);
        index_folder_remove(idx);
    }
    eid_ctx_free(ctx);
}

/* Stopped on request, it keeps what is finished. */
static void stopping_keeps_what_is_finished(void)
{
    brute b = documents(9);
    char part[800];
    eid_ctx *ctx = test_ctx(1);
    eid_index_opts o = {.shard = 1800};
    const char *path = tar;
    snprintf(part, sizeof part, "%s.part", idx);
    write_corpus(&b, tar);
    eid_ctx_cancel(ctx);
    CHECK_FAILS(eid_index_build_shards(ctx, &path, 1, NULL, &o, idx, NULL), EID_ECANCELLED, "");
    CHECK(access(idx, F_OK) != 0 && access(part, F_OK) == 0);
    CHECK_OK(build(1, false));
    CHECK(access(part, F_OK) != 0);
    index_folder_remove(idx);
    eid_ctx_free(ctx);
    brute_free(&b);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    setup();
    RUN(the_same_files_for_any_threads);
    RUN(goes_on_where_it_was_killed);
    RUN(grows);
    RUN(what_stands_there_is_respected);
    RUN(a_hostile_manifest_is_refused);
    RUN(a_shard_that_is_not_the_one_is_refused);
    RUN(the_plan_keeps_to_the_bound);
    RUN(what_does_not_fit_leaves_nothing);
    RUN(a_large_document_has_its_own_shard);
    RUN(stopping_keeps_what_is_finished);
    clean();
    return DONE();
}
