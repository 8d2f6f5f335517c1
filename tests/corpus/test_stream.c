/* test_stream.c - one document at a time: the same as all at once. */
#include "archives.h"
#include "base/ctx.h"
#include "base/memory.h"
#include "corpus/digests.h"
#include "corpus/stream.h"

typedef struct heard {
    const eid_corpus *want; /* document by document; NULL: anything */
    size_t n;
    int64_t bytes;
    size_t stop; /* after so many: fail */
} heard;

static eid_status hear(void *user, const eid_document *d)
{
    heard *h = user;
    if (h->want) {
        eid_document w = eid_corpus_doc(h->want, h->n);
        CHECK(h->n < eid_corpus_size(h->want) && w.size == d->size &&
              memcmp(w.bytes, d->bytes, d->size) == 0);
        CHECK_STR(d->name, w.name);
    }
    h->n++;
    h->bytes += (int64_t)d->size;
    return h->stop && h->n == h->stop ? eid_fail(EID_EEXIST, "enough") : EID_OK;
}

/* Streams and reads, and compares all that both tell. */
static void same_both_ways(const char *const *paths, size_t n, const eid_corpus_opts *o)
{
    eid_corpus *all = NULL, *sum = NULL;
    const eid_corpus_input *a, *b;
    const eid_corpus_skip *s, *t;
    CHECK_OK(eid_corpus_read(&all, ctx, paths, n, o));
    heard h = {.want = all};
    CHECK_OK(eid_corpus_stream(&sum, ctx, paths, n, o, hear, &h));
    if (all && sum) {
        CHECK_INT(h.n, eid_corpus_size(all));
        CHECK_INT(eid_corpus_bytes(sum), eid_corpus_bytes(all));
        CHECK_INT(eid_corpus_size(sum), 0);
        CHECK_INT(eid_corpus_cut(sum), eid_corpus_cut(all));
        CHECK_INT(eid_corpus_identical(sum), o->drop_identical ? eid_corpus_identical(all) : 0);
        CHECK_INT(eid_corpus_inputs(sum, &b), eid_corpus_inputs(all, &a));
        for (size_t i = 0; i < eid_corpus_inputs(all, NULL); i++) {
            CHECK_STR(b[i].sha256, a[i].sha256);
            CHECK_INT(b[i].documents, a[i].documents);
            CHECK_INT(b[i].skipped, a[i].skipped);
            CHECK_INT(b[i].bytes, a[i].bytes);
        }
        CHECK_INT(eid_corpus_skips(sum, &t), eid_corpus_skips(all, &s));
        for (size_t i = 0; i < eid_corpus_skips(all, NULL); i++)
            CHECK(strcmp(s[i].name, t[i].name) == 0 && strcmp(s[i].why, t[i].why) == 0);
    }
    eid_corpus_free(all);
    eid_corpus_free(sum);
}

static const member members[] = {
    {"a.txt", "first", 5, 0},
    {"b.jsonl", "{\"text\": \"one\"}\nnot json\n{\"text\": \"first\"}\n", 43, 0},
    {"empty", "", 0, 0},
    {"link", "a.txt", 0, AE_IFLNK},
    {"c\xC3\xA9", "caf\xC3\xA9 caf\xC3\xA9", 11, 0},
};

static const char *make_folder(void)
{
    const char *dir = fresh("stream");
    const char *tar = pack(dir, "b.tar.xz", "tar", ARCHIVE_FILTER_XZ, members, 5);
    spoil(fresh("stream/d"), tar, file_size(tar) - 20, SIZE_MAX); /* damaged: skipped whole */
    put(dir, "a.txt", "plain text", 10);
    put(dir, "z.jsonl", "{\"text\": \"plain text\"}\n[1]\n", 27);
    put(dir, "empty", "", 0);
    return dir;
}

static void streaming_equals_reading(void)
{
    const char *dir = make_folder();
    char tar[800];
    snprintf(tar, sizeof tar, "%s/b.tar.xz", dir);
    const char *const paths[] = {dir, tar, dir};
    for (int k = 0; k < 8; k++) {
        eid_corpus_opts o = eid_corpus_opts_default();
        o.drop_identical = k & 1;
        o.max_document = k & 2 ? 4 : 0;
        o.include = k & 4 ? "*.t*" : NULL;
        same_both_ways(paths, 3, &o);
    }
}

static void what_it_refuses(void)
{
    const char *dir = make_folder();
    eid_corpus_opts o = eid_corpus_opts_default();
    eid_corpus *sum = NULL;
    heard h = {.stop = 2};
    CHECK_FAILS(eid_corpus_stream(&sum, ctx, &dir, 1, &o, hear, &h), EID_EEXIST, "enough");
    CHECK_INT(h.n, 2);
    h.stop = 0;
    CHECK_FAILS(eid_corpus_stream_within(&sum, ctx, &dir, 1, &o, 40, hear, &h), EID_ENOMEM,
                "40 bytes");
    o.max_share = 0.5;
    CHECK_FAILS(eid_corpus_stream(&sum, ctx, &dir, 1, &o, hear, &h), EID_EUNSUPPORTED, "max-share");
    o = eid_corpus_opts_default();
    o.include = "empty";
    CHECK_FAILS(eid_corpus_stream(&sum, ctx, &dir, 1, &o, hear, &h), EID_EINVAL, "no document");
    o.include = NULL;
    o.drop_identical = true;
    for (int64_t k = 1; k < 200; k++) { /* each allocation fails once */
        eid_fail_allocation(k);
        eid_status st = eid_corpus_stream(&sum, ctx, &dir, 1, &o, hear, &h);
        eid_fail_allocation(0);
        CHECK(st == EID_OK || st == EID_ENOMEM);
        if (st != EID_OK)
            continue;
        CHECK(sum != NULL);
        break;
    }
    eid_corpus_free(sum);
}

/* Memory for one document at a time is enough for any number of them. */
static void memory_does_not_grow(void)
{
    enum { DOCS = 3000, SIZE = 700 };
    const char *dir = fresh("many");
    char path[800];
    snprintf(path, sizeof path, "%s/many.jsonl", dir);
    FILE *f = fopen(path, "wb");
    for (int d = 0; f && d < DOCS; d++)
        fprintf(f, "{\"text\": \"%0*d\"}\n", SIZE, d);
    CHECK(f && fclose(f) == 0);
    eid_corpus *sum = NULL;
    heard h = {0};
    const char *p = path;
    CHECK_OK(eid_corpus_stream_within(&sum, ctx, &p, 1, NULL, 100000, hear, &h));
    CHECK_INT(h.n, DOCS);
    CHECK_INT(eid_corpus_bytes(sum), DOCS * SIZE);
    eid_corpus_free(sum);
}

static void digests_know(void)
{
    eid_digests s = {0};
    bool known;
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 5000; i++) {
            CHECK_OK(eid_digests_add(&s, (const uint8_t *)&i, sizeof i, &known));
            CHECK(known == (round == 1));
        }
    CHECK_INT(s.n, 5000);
    eid_digests_free(&s);
}

int main(void)
{
    setup();
    RUN(streaming_equals_reading);
    RUN(what_it_refuses);
    RUN(memory_does_not_grow);
    RUN(digests_know);
    teardown();
    return DONE();
}
