/* test_read.c - files and folders become documents: names, order, what is skipped. */
#include "check.h"
#include "corpus_files.h"
#include "eidetic/corpus.h"
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

static void a_file_is_one_document(void)
{
    const char *dir = fresh("one");
    const char *path = put(dir, "a.txt", "hello\n\0\xff binary", 15);
    eid_corpus *c = read_one(path, NULL);
    const eid_corpus_input *in;

    CHECK_INT(eid_corpus_size(c), 1);
    CHECK_STR(eid_corpus_doc(c, 0).name, "a.txt");
    CHECK_INT(eid_corpus_doc(c, 0).size, 15);
    CHECK(!memcmp(eid_corpus_doc(c, 0).bytes, "hello\n\0\xff binary", 15));
    CHECK_INT(eid_corpus_bytes(c), 15);
    CHECK_INT(eid_corpus_inputs(c, &in), 1);
    CHECK_STR(in->path, path);
    CHECK_INT(in->bytes, 15);
    CHECK_INT(in->documents, 1);
    CHECK_INT(in->skipped, 0);
    char hex[65];
    int64_t bytes;
    CHECK_OK(eid_file_sha256(ctx, path, hex, &bytes));
    CHECK_STR(in->sha256, hex);
    eid_corpus_free(c);
}

/* The order of `LC_ALL=C sort` on whole paths, whatever order the file system knows them in. */
static void order_depends_on_names_alone(void)
{
    static const char *const name[] = {"B",  "a-b/x", "a.txt", "a/b/c", "a/x",
                                       "a0", "b",     ".hid",  "\xff"};
    static const char *const want[] = {".hid", "B",  "a-b/x", "a.txt", "a/b/c",
                                       "a/x",  "a0", "b",     "\xff"};
    char sum[2][65];

    for (int turn = 0; turn < 2; turn++) {
        const char *dir = fresh(turn ? "order1" : "order2");
        for (int i = 0; i < 9; i++) {
            const char *n = name[turn ? 8 - i : i];
            put(dir, n, n, strlen(n));
        }
        eid_corpus *c = read_one(dir, NULL);
        const eid_corpus_input *in;
        CHECK_INT(eid_corpus_size(c), 9);
        for (size_t i = 0; i < 9 && i < eid_corpus_size(c); i++) {
            CHECK_STR(eid_corpus_doc(c, i).name, want[i]);
            CHECK_INT(eid_corpus_doc(c, i).size, strlen(want[i]));
        }
        eid_corpus_inputs(c, &in);
        memcpy(sum[turn], in->sha256, 65);
        eid_corpus_free(c);
    }
    CHECK_STR(sum[0], sum[1]);
}

/* As docs/corpus.md says: the SHA-256 of what sha256sum prints for the files, paths sorted. */
static void a_folders_hash_can_be_made_by_hand(void)
{
    const char *dir = fresh("hash");
    const eid_corpus_input *in;
    char command[1200], hex[65] = "";

    put(dir, "x/1", "one", 3);
    put(dir, "x-y", "two", 3);
    put(dir, "empty", "", 0);
    eid_corpus *c = read_one(dir, NULL);
    snprintf(
        command, sizeof command,
        "cd %s && find -L . -type f -printf '%%P\\n' | LC_ALL=C sort | xargs sha256sum | sha256sum",
        dir);
    FILE *f = popen(command, "r");
    CHECK(f && fread(hex, 1, 64, f) == 64);
    if (f)
        pclose(f);
    eid_corpus_inputs(c, &in);
    CHECK_STR(in->sha256, hex);
    CHECK_INT(in->bytes, 6);
    CHECK_INT(in->documents, 2);
    CHECK_INT(in->skipped, 1);
    eid_corpus_free(c);
}

static void links_are_followed_but_not_in_circles(void)
{
    const char *dir = fresh("links");
    char a[600], b[600];
    const eid_corpus_skip *skip;

    put(dir, "d/real", "text", 4);
    snprintf(a, sizeof a, "%s/again", dir);
    CHECK(!symlink("d/real", a));
    snprintf(a, sizeof a, "%s/d/up", dir);
    CHECK(!symlink("..", a));
    snprintf(a, sizeof a, "%s/d/self", dir);
    CHECK(!symlink("self", a));
    snprintf(a, sizeof a, "%s/d/gone", dir);
    CHECK(!symlink("nowhere", a));
    snprintf(b, sizeof b, "%s/e", dir);
    CHECK(!symlink("d", b));

    eid_corpus *c = read_one(dir, NULL);
    CHECK_INT(eid_corpus_size(c), 3);
    CHECK_STR(eid_corpus_doc(c, 0).name, "again");
    CHECK_STR(eid_corpus_doc(c, 1).name, "d/real");
    CHECK_STR(eid_corpus_doc(c, 2).name, "e/real");
    CHECK_INT(eid_corpus_skips(c, &skip), 6);
    CHECK_STR(skip[0].name, "d/gone");
    CHECK_STR(skip[0].why, "a symbolic link to nothing");
    CHECK_STR(skip[1].name, "d/self");
    CHECK_STR(skip[1].why, "a symbolic link in a circle");
    CHECK_STR(skip[2].name, "d/up");
    CHECK_STR(skip[2].why, "leads back to a folder that it stands in");
    eid_corpus_free(c);

    eid_corpus_opts o = eid_corpus_opts_default();
    o.follow_links = false;
    c = read_one(dir, &o);
    CHECK_INT(eid_corpus_size(c), 1);
    CHECK_INT(eid_corpus_skips(c, &skip), 5);
    CHECK_STR(skip[0].why, "a symbolic link, not followed");
    eid_corpus_free(c);
}

static void only_names_that_match_are_read(void)
{
    const char *dir = fresh("include");
    eid_corpus_opts o = eid_corpus_opts_default();
    const eid_corpus_input *in;
    char path[700];

    put(dir, "a/copyright", "one", 3);
    put(dir, "b/readme", "two", 3);
    put(dir, "copyright/c", "three", 5); /* the pattern is about files, not folders */
    snprintf(path, sizeof path, "%s/gone", dir);
    CHECK(!symlink("nothing", path));
    o.include = "copy*";
    eid_corpus *c = read_one(dir, &o);
    CHECK_INT(eid_corpus_size(c), 1);
    CHECK_STR(eid_corpus_doc(c, 0).name, "a/copyright");
    eid_corpus_inputs(c, &in);
    CHECK_INT(in->skipped, 0); /* not asked for is not skipped */
    CHECK_INT(in->bytes, 3);
    eid_corpus_free(c);
    o.include = "none";
    CHECK_FAILS(try_read(dir, &o), EID_EINVAL, "no document there");
}

static void special_and_unreadable_files_are_named(void)
{
    const char *dir = fresh("special");
    char path[600];
    const eid_corpus_skip *skip;
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int s = socket(AF_UNIX, SOCK_STREAM, 0);

    put(dir, "file", "text", 4);
    snprintf(path, sizeof path, "%s/pipe", dir);
    CHECK(!mkfifo(path, 0600));
    snprintf(name.sun_path, sizeof name.sun_path, "%s/sock", dir);
    CHECK(!bind(s, (struct sockaddr *)&name, sizeof name));
    snprintf(path, sizeof path, "%s", put(dir, "locked", "x", 1));
    chmod(path, 0);
    eid_corpus *c = read_one(dir, NULL);
    bool reads_all = geteuid() == 0; /* may read anything */
    CHECK_INT(eid_corpus_size(c), reads_all ? 2 : 1);
    size_t n = eid_corpus_skips(c, &skip);
    CHECK_INT(n, reads_all ? 2 : 3);
    CHECK_STR(skip[n - 2].name, "pipe");
    CHECK_STR(skip[n - 2].why, "a pipe");
    CHECK_STR(skip[n - 1].name, "sock");
    CHECK_STR(skip[n - 1].why, "a socket");
    if (!reads_all)
        CHECK_STR(skip[0].why, "Permission denied");
    eid_corpus_free(c);

    snprintf(path, sizeof path, "%s/pipe", dir);
    CHECK_FAILS(try_read(path, NULL), EID_EINVAL, "pipe: neither a file nor a folder");
    snprintf(path, sizeof path, "%s/absent", dir);
    CHECK_FAILS(try_read(path, NULL), EID_EIO, "absent: No such file");
    close(s);
}

static void without_a_document_there_is_no_corpus(void)
{
    const char *dir = fresh("none");
    CHECK_FAILS(try_read(dir, NULL), EID_EINVAL, "no document there");
    put(dir, "a/b", "", 0);
    put(dir, "a/c", "", 0);
    CHECK_FAILS(try_read(dir, NULL), EID_EINVAL, "2 skipped, the first: a/b: empty");
}

static void equal_documents_are_counted_and_dropped_on_request(void)
{
    const char *dir = fresh("equal");
    eid_corpus_opts o = eid_corpus_opts_default();

    for (int i = 0; i < 600; i++) {
        char name[20], text[20];
        snprintf(name, sizeof name, "%03d", i);
        snprintf(text, sizeof text, "text %d", i % 200);
        put(dir, name, text, strlen(text));
    }
    eid_corpus *c = read_one(dir, &o);
    CHECK_INT(eid_corpus_size(c), 600);
    CHECK_INT(eid_corpus_identical(c), 400);
    eid_corpus_free(c);
    o.drop_identical = true;
    c = read_one(dir, &o);
    CHECK_INT(eid_corpus_size(c), 200);
    CHECK_INT(eid_corpus_identical(c), 400);
    CHECK_STR(eid_corpus_doc(c, 199).name, "199");
    const eid_corpus_input *in;
    eid_corpus_inputs(c, &in);
    CHECK_INT(in->documents, 200);
    CHECK_INT(in->skipped, 0);
    eid_corpus_free(c);
}

static void long_documents_are_cut_between_characters(void)
{
    const char *dir = fresh("cut");
    eid_corpus_opts o = eid_corpus_opts_default();

    put(dir, "a", "123456\xc3\xa4rest", 12);
    put(dir, "b", "1234567\xc3\xa4", 9);
    put(dir, "c", "1234567", 7);
    put(dir, "d", "\x80\x80\x80\x80\x80\x80\x80\x80\x80", 9);
    o.max_document = 7;
    eid_corpus *c = read_one(dir, &o);
    CHECK_INT(eid_corpus_doc(c, 0).size, 6);
    CHECK_INT(eid_corpus_doc(c, 1).size, 7);
    CHECK_INT(eid_corpus_doc(c, 2).size, 7);
    CHECK_INT(eid_corpus_doc(c, 3).size, 7);
    CHECK_INT(eid_corpus_cut(c), 3);
    CHECK_INT(eid_corpus_bytes(c), 27);
    char hex[65];
    const eid_corpus_input *in;
    eid_corpus_inputs(c, &in);
    CHECK_INT(in->bytes, 12 + 9 + 7 + 9);
    eid_corpus_free(c);
    char path[600];
    int64_t bytes;
    snprintf(path, sizeof path, "%s/a", dir);
    c = read_one(path, &o);
    CHECK_OK(eid_file_sha256(ctx, path, hex, &bytes)); /* of the whole file */
    eid_corpus_inputs(c, &in);
    CHECK_STR(in->sha256, hex);
    eid_corpus_free(c);
}

static void no_document_exceeds_its_share(void)
{
    const char *dir = fresh("share");
    static char text[4000];
    eid_corpus_opts o = eid_corpus_opts_default();

    for (int i = 0; i < 60; i++) {
        char name[20];
        size_t size = i < 3 ? 4000 - 500 * (size_t)i : 20 + (size_t)i;
        memset(text, 'a' + i % 26, size);
        text[0] = (char)i;
        snprintf(name, sizeof name, "%03d", i);
        put(dir, name, text, size);
    }
    o.max_share = 0.05;
    eid_corpus *c = read_one(dir, &o);
    CHECK_INT(eid_corpus_cut(c), 3);
    size_t longest = 0;
    for (size_t i = 0; i < eid_corpus_size(c); i++)
        if (eid_corpus_doc(c, i).size > longest)
            longest = eid_corpus_doc(c, i).size;
    CHECK((double)longest <= 0.05 * (double)eid_corpus_bytes(c));
    CHECK((double)(longest + 2) > 0.05 * (double)eid_corpus_bytes(c)); /* and no more than needed */
    eid_corpus_free(c);
    o.max_share = 0.01;
    CHECK_FAILS(try_read(dir, &o), EID_EINVAL, "wants at least 100 documents, there are 60");
    o.max_share = 0;
    CHECK_FAILS(try_read(dir, &o), EID_EINVAL, "max-share");
}

/* Documents that a cut makes equal are dropped, and off the count of the input they came from. */
static void cutting_may_make_documents_equal(void)
{
    const char *one = fresh("equal1"), *two = fresh("equal2");
    eid_corpus_opts o = eid_corpus_opts_default();
    const char *paths[2] = {one, two};
    const eid_corpus_input *in;
    static char text[1000];
    eid_corpus *c = NULL;

    memset(text, 'x', sizeof text);
    for (int i = 0; i < 10; i++) {
        char name[20];
        snprintf(name, sizeof name, "%03d", i);
        put(one, name, name, 3);
    }
    put(one, "long", text, 900);
    put(two, "long", text, 800);
    put(two, "z", "zz", 2);
    o.max_share = 0.2;
    o.drop_identical = true;
    CHECK_OK(eid_corpus_read(&c, ctx, paths, 2, &o));
    CHECK_INT(eid_corpus_size(c), 12);
    CHECK_INT(eid_corpus_inputs(c, &in), 2);
    CHECK_INT(in[0].documents, 11);
    CHECK_INT(in[1].documents, 1);
    CHECK_INT(eid_corpus_identical(c), 1);
    CHECK_INT(eid_corpus_cut(c), 1);
    CHECK_INT(eid_corpus_bytes(c), 32 + 8); /* L = 0.2 (L + 32) */
    eid_corpus_free(c);
}

static void memory_is_bounded(void)
{
    const char *dir = fresh("bound");
    eid_ctx *small = NULL;
    eid_corpus *c = NULL;
    static char text[100000];
    eid_ctx_opts o = eid_ctx_opts_default();

    put(dir, "a", "small", 5);
    put(dir, "b", text, sizeof text);
    o.memory = 60000;
    CHECK_OK(eid_ctx_new(&small, &o));
    CHECK_FAILS(eid_corpus_read(&c, small, &dir, 1, NULL), EID_ENOMEM,
                "bytes more do not fit into memory, after 1 documents (60000 bytes");
    /* a sparse file that claims a terabyte is refused before it is read */
    char path[600];
    snprintf(path, sizeof path, "%s", put(dir, "huge", "", 0));
    CHECK(!truncate(path, (off_t)1 << 40));
    CHECK_FAILS(try_read(path, NULL), EID_ENOMEM, "huge");
    CHECK(!unlink(path));
    eid_ctx_free(small);
}

static void cancelling_stops_reading(void)
{
    const char *dir = fresh("cancel");
    eid_ctx *stopped = NULL;
    eid_corpus *c = NULL;

    put(dir, "a", "text", 4);
    CHECK_OK(eid_ctx_new(&stopped, NULL));
    eid_ctx_cancel(stopped);
    CHECK_FAILS(eid_corpus_read(&c, stopped, &dir, 1, NULL), EID_ECANCELLED, "reading");
    eid_ctx_free(stopped);
}

static void corpora_are_made_from_memory_and_picked_from(void)
{
    const eid_document docs[3] = {
        {"x", (const uint8_t *)"one", 3}, {NULL, (const uint8_t *)"\xff\0", 2}, {"", NULL, 0}};
    const int64_t picked[4] = {1, 0, 1, 2}, wrong[1] = {3};
    eid_corpus *c = NULL, *p = NULL;

    CHECK_OK(eid_corpus_from(&c, docs, 3));
    CHECK_INT(eid_corpus_size(c), 3);
    CHECK_STR(eid_corpus_doc(c, 1).name, "#1");
    CHECK_INT(eid_corpus_doc(c, 2).size, 0);
    CHECK_INT(eid_corpus_bytes(c), 5);
    CHECK_OK(eid_corpus_pick(&p, c, picked, 4));
    CHECK_INT(eid_corpus_size(p), 4);
    CHECK(eid_corpus_doc(p, 2).bytes == eid_corpus_doc(c, 1).bytes);
    CHECK_STR(eid_corpus_doc(p, 1).name, "x");
    CHECK_INT(eid_corpus_bytes(p), 7);
    eid_corpus_free(p);
    CHECK_FAILS(eid_corpus_pick(&p, c, wrong, 1), EID_EINVAL, "document 3 of a corpus of 3");
    eid_corpus_free(c);
    eid_corpus_free(NULL);
}

int main(void)
{
    setup();
    RUN(a_file_is_one_document);
    RUN(order_depends_on_names_alone);
    RUN(a_folders_hash_can_be_made_by_hand);
    RUN(links_are_followed_but_not_in_circles);
    RUN(only_names_that_match_are_read);
    RUN(special_and_unreadable_files_are_named);
    RUN(without_a_document_there_is_no_corpus);
    RUN(equal_documents_are_counted_and_dropped_on_request);
    RUN(long_documents_are_cut_between_characters);
    RUN(no_document_exceeds_its_share);
    RUN(cutting_may_make_documents_equal);
    RUN(memory_is_bounded);
    RUN(cancelling_stops_reading);
    RUN(corpora_are_made_from_memory_and_picked_from);
    teardown();
    return DONE();
}
