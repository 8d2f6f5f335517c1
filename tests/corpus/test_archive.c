/* test_archive.c - .tar, .zip, .jsonl and compressed files: what is read, what is refused. */
#include "archives.h"

static const member some[] = {
    {"d", "", 0, AE_IFDIR},
    {"d/z.txt", "last by name, first as stored", 29, 0},
    {"d/b.jsonl", "{\"text\":\"one\"}\r\n\n{\"text\":\"tw\\u0000o\",\"n\":1}\n{}", 46, 0},
    {"d/none", "", 0, 0},
    {"d/\xc3\xa4", "\xff\x00\xfe", 3, 0},
    {"d/plain.gz", "not unpacked twice", 18, 0},
};
enum { SOME = 6 };

static void check_some(const char *path)
{
    const char *file = strrchr(path, '/') + 1;
    eid_corpus *c = read_one(path, NULL);
    const eid_corpus_skip *skip;
    const eid_corpus_input *in;
    static const char *const name[] = {"d/z.txt", "d/b.jsonl#1", "d/b.jsonl#3", "d/\xc3\xa4",
                                       "d/plain.gz"};
    static const size_t size[] = {29, 3, 4, 3, 18};
    char want[200];

    CHECK_INT(eid_corpus_size(c), 5);
    for (size_t i = 0; i < 5 && i < eid_corpus_size(c); i++) {
        snprintf(want, sizeof want, "%s!%s", file, name[i]);
        CHECK_STR(eid_corpus_doc(c, i).name, want);
        CHECK_INT(eid_corpus_doc(c, i).size, size[i]);
    }
    CHECK(eid_corpus_size(c) > 3 && !memcmp(eid_corpus_doc(c, 2).bytes, "tw\0o", 4));
    CHECK(eid_corpus_size(c) > 3 && !memcmp(eid_corpus_doc(c, 3).bytes, "\xff\0\xfe", 3));
    CHECK_INT(eid_corpus_skips(c, &skip), 2);
    CHECK_STR(skip[0].why, "no field \"text\"");
    CHECK_STR(skip[1].why, "empty");
    eid_corpus_inputs(c, &in);
    CHECK_INT(in->bytes, file_size(path));
    CHECK_INT(in->documents, 5);
    CHECK_INT(in->skipped, 2);
    char hex[65];
    int64_t bytes;
    CHECK_OK(eid_file_sha256(ctx, path, hex, &bytes));
    CHECK_STR(in->sha256, hex);
    eid_corpus_free(c);
}

static void every_archive_in_every_packing(void)
{
    const char *dir = fresh("every");
    char name[40];

    for (const struct packing *p = packing; p->end; p++)
        for (int zip = 0; zip < 2; zip++) {
            snprintf(name, sizeof name, "x.%s%s", zip ? "zip" : "tar", p->end);
            check_some(pack(dir, name, zip ? "zip" : "tar", p->filter, some, SOME));
        }
    check_some(pack(dir, "x.TGZ", "tar", ARCHIVE_FILTER_GZIP, some, SOME));
    check_some(pack(dir, "x.txz", "tar", ARCHIVE_FILTER_XZ, some, SOME));
}

static void a_compressed_file_is_one_document_or_lines(void)
{
    const char *dir = fresh("whole");
    const member text = {"x", "some text\n", 10, 0};
    const member lines = {"x", "\xEF\xBB\xBF{\"text\": \"first\"}\n{\"text\": \"second\"}", 39, 0};
    char name[40];

    for (const struct packing *p = packing; p->end; p++) {
        snprintf(name, sizeof name, "a.txt%s", p->end);
        eid_corpus *c = read_one(pack(dir, name, "raw", p->filter, &text, 1), NULL);
        CHECK_INT(eid_corpus_size(c), 1);
        CHECK_STR(eid_corpus_doc(c, 0).name, name);
        CHECK_INT(eid_corpus_doc(c, 0).size, 10);
        eid_corpus_free(c);

        snprintf(name, sizeof name, "a.jsonl%s", p->end);
        c = read_one(pack(dir, name, "raw", p->filter, &lines, 1), NULL);
        CHECK_INT(eid_corpus_size(c), 2);
        CHECK_INT(eid_corpus_doc(c, 0).size, 5);
        CHECK_INT(eid_corpus_doc(c, 1).size, 6);
        snprintf(name, sizeof name, "a.jsonl%s#2", p->end);
        CHECK_STR(eid_corpus_doc(c, 1).name, name);
        eid_corpus_free(c);
    }
}

static void what_a_file_holds_does_not_overrule_its_name(void)
{
    const char *dir = fresh("name");
    const char *path = pack(dir, "x.dat", "tar", ARCHIVE_FILTER_GZIP, some, SOME);
    eid_corpus *c = read_one(path, NULL);

    CHECK_INT(eid_corpus_size(c), 1);
    CHECK_INT(eid_corpus_doc(c, 0).size, file_size(path));
    eid_corpus_free(c);
    for (const struct packing *p = packing + 1; p->end; p++)
        for (size_t n = 0; n < 40; n += 13) {
            char name[40];
            snprintf(name, sizeof name, "a.txt%s", p->end);
            CHECK_FAILS(
                try_read(put(dir, name, "just text, more than forty bytes of it....", n), NULL),
                EID_EFORMAT, name);
        }
    CHECK_FAILS(try_read(put(dir, "a.tar", "text", 4), NULL), EID_EFORMAT, "not a .tar archive");
    CHECK_FAILS(try_read(put(dir, "a.zip", "text", 4), NULL), EID_EFORMAT, "not a .zip archive");
    CHECK_FAILS(try_read(put(dir, "a.tar", "", 0), NULL), EID_EFORMAT, "not a .tar archive");
}

/* Text that compresses badly, so that a cut in the middle is a cut in the data. */
static const member *noise(void)
{
    static char text[2][60000];
    static member m[2] = {{"one", text[0], sizeof text[0], 0}, {"two", text[1], sizeof text[1], 0}};
    uint32_t x = 1;

    for (size_t k = 0; k < 2 * sizeof text[0]; k++) {
        x = x * 1664525u + 1013904223u;
        text[k / sizeof text[0]][k % sizeof text[0]] = (char)(' ' + (x >> 16) % 90);
    }
    return m;
}

/* A truncated file is refused when named, at whatever place it ends (but in the padding of a .tar),
 * and is a skip inside a folder: no part of it is kept. */
static void truncated_files_are_refused_or_skipped(void)
{
    const char *dir = fresh("whole2"), *cut = fresh("cut"), *path;
    const eid_corpus_skip *skip;
    char name[40];

    for (const struct packing *p = packing; p->end; p++)
        for (int kind = 0; kind < 3; kind++) {
            static const char *const format[] = {"raw", "tar", "zip"};
            if (!*p->end && !kind)
                continue;
            snprintf(name, sizeof name, "x%s%s%s", kind ? "." : "", kind ? format[kind] : "",
                     p->end);
            path = pack(dir, name, format[kind], p->filter, noise(), kind ? 2 : 1);
            size_t n = file_size(path), tail = kind == 1 ? 11000 : 200;
            if (kind == 1 && *p->end)
                tail = 400; /* the padding's zeros compress well */
            for (size_t k = 1; k < n - tail; k += n / 7 + 1) {
                const char *bad = spoil(cut, path, k, n);
                CHECK_FAILS(try_read(bad, NULL), EID_EFORMAT, bad);
            }
            const char *bad = spoil(cut, path, n - n / 4, n);
            put(cut, "a", "good", 4);
            put(cut, "z", "good as well", 12);
            eid_corpus *c = read_one(cut, NULL);
            CHECK_INT(eid_corpus_size(c), 2);
            CHECK_INT(eid_corpus_skips(c, &skip), 1);
            CHECK_STR(skip[0].name, name);
            eid_corpus_free(c);
            unlink(bad);
        }
}

static void damage_is_noticed_where_a_checksum_is(void)
{
    const char *dir = fresh("whole3"), *bad = fresh("bad");
    const char *path = pack(dir, "x.gz", "raw", ARCHIVE_FILTER_GZIP, noise(), 1);
    size_t n = file_size(path);

    CHECK_FAILS(try_read(spoil(bad, path, n, n - 6), NULL), EID_EFORMAT, "incorrect data check");
    CHECK_FAILS(try_read(spoil(bad, path, n, n - 1), NULL), EID_EFORMAT, "incorrect length check");
    path = pack(dir, "x.zip", "zip", ARCHIVE_FILTER_NONE, noise(), 2);
    CHECK_FAILS(try_read(spoil(bad, path, file_size(path), 30000), NULL), EID_EFORMAT, "entry 1");
    path = pack(dir, "x.bz2", "raw", ARCHIVE_FILTER_BZIP2, noise(), 1);
    CHECK_FAILS(try_read(spoil(bad, path, file_size(path), 30000), NULL), EID_EFORMAT, "x.bz2");
    path = pack(dir, "x.xz", "raw", ARCHIVE_FILTER_XZ, noise(), 1);
    CHECK_FAILS(try_read(spoil(bad, path, file_size(path), 30000), NULL), EID_EFORMAT, "x.xz");
    path = pack(dir, "x.tar", "tar", ARCHIVE_FILTER_NONE, noise(), 2);
    CHECK_FAILS(try_read(spoil(bad, path, file_size(path), 150), NULL), EID_EFORMAT, "x.tar");
}

/* A tar's end may be followed by much padding, which its reader leaves alone; the checksum stands
 * behind it. */
static void a_tars_padding_is_checked_too(void)
{
    const char *dir = fresh("padding"), *bad = fresh("padding2");
    const char *path = pack(dir, "x.tar", "tar", ARCHIVE_FILTER_NONE, some, SOME);
    static char bytes[300000];
    member m = {"x", bytes, sizeof bytes, 0};
    FILE *f = fopen(path, "rb");

    CHECK(f && fread(bytes, 1, sizeof bytes, f) > 1000);
    if (f)
        fclose(f);
    path = pack(dir, "x.tar.gz", "raw", ARCHIVE_FILTER_GZIP, &m, 1);
    check_some(path);
    size_t n = file_size(path);
    CHECK_FAILS(try_read(spoil(bad, path, n, n - 1), NULL), EID_EFORMAT, "incorrect length check");
}

static void members_of_a_gzip_file_are_joined(void)
{
    const char *dir = fresh("members");
    const member m = {"x", "part ", 5, 0};
    char bytes[200];
    size_t n = file_size(pack(dir, "a.gz", "raw", ARCHIVE_FILTER_GZIP, &m, 1));
    FILE *f = fopen(strcat(strcpy(bytes, dir), "/a.gz"), "rb");

    CHECK(f && fread(bytes, 1, n, f) == n);
    fclose(f);
    memcpy(bytes + n, bytes, n);
    memset(bytes + 2 * n, 0, 20); /* padding, as on tapes */
    eid_corpus *c = read_one(put(dir, "b.gz", bytes, 2 * n + 20), NULL);
    CHECK_INT(eid_corpus_doc(c, 0).size, 10);
    eid_corpus_free(c);
    bytes[2 * n] = 'x';
    CHECK_FAILS(try_read(put(dir, "b.gz", bytes, 2 * n + 1), NULL), EID_EFORMAT, "gzip");
}

static void links_inside_archives_are_not_followed(void)
{
    const char *dir = fresh("inside");
    const member m[2] = {{"a", "../../etc/passwd", 0, AE_IFLNK}, {"b", "text", 4, 0}};
    const eid_corpus_skip *skip;
    eid_corpus *c = read_one(pack(dir, "x.tar", "tar", ARCHIVE_FILTER_NONE, m, 2), NULL);

    CHECK_INT(eid_corpus_size(c), 1);
    CHECK_INT(eid_corpus_skips(c, &skip), 1);
    CHECK_STR(skip[0].why, "a symbolic link inside an archive");
    eid_corpus_free(c);
}

/* A bomb: a few kilobytes that unpack to 16 megabytes, under a bound of 2. */
static void bombs_meet_the_memory_bound(void)
{
    const char *dir = fresh("bomb");
    size_t n = 16 << 20;
    char *zeros = calloc(1, n);
    const member m[2] = {{"x.jsonl", zeros, n, 0}, {"x.txt", zeros, n, 0}};
    eid_ctx_opts o = {.threads = 1, .memory = 2 << 20};
    eid_corpus_opts read = eid_corpus_opts_default();
    eid_ctx *small = NULL;
    eid_corpus *c = NULL;
    const char *path;

    CHECK_OK(eid_ctx_new(&small, &o));
    path = pack(dir, "x.tar.gz", "tar", ARCHIVE_FILTER_GZIP, m, 1);
    CHECK_FAILS(eid_corpus_read(&c, small, &path, 1, NULL), EID_ENOMEM, "line 1 is longer than");
    path = pack(dir, "y.zip", "zip", ARCHIVE_FILTER_NONE, m + 1, 1);
    CHECK_FAILS(eid_corpus_read(&c, small, &path, 1, NULL), EID_ENOMEM, "do not fit into memory");
    path = pack(dir, "z.txt.xz", "raw", ARCHIVE_FILTER_XZ, m + 1, 1);
    CHECK_FAILS(eid_corpus_read(&c, small, &path, 1, NULL), EID_ENOMEM, "z.txt.xz");
    CHECK_FAILS(eid_corpus_read(&c, small, &dir, 1, NULL), EID_ENOMEM, "bomb");
    read.max_document = 1000; /* what is cut away costs nothing */
    CHECK_OK(eid_corpus_read(&c, small, &path, 1, &read));
    CHECK_INT(c ? eid_corpus_bytes(c) : 0, 1000);
    eid_corpus_free(c);
    eid_ctx_free(small);
    free(zeros);
}

static void lines_that_are_no_documents_are_named(void)
{
    const char *dir = fresh("lines");
    static const char text[] = "{\"text\": \"kept\"}\n"
                               "{\"text\": \"a\", \"text\": \"b\"}\n"
                               "{\"text\": 5}\n"
                               "[1]\n"
                               "{\"text\": \"\\ud800\"}\n"
                               "{\"text\": \"\xff\"}\n"
                               "  \t\r\n"
                               "{\"text\": \"\"}\n"
                               "{\"body\": \"other\"}";
    const char *path = put(dir, "a.jsonl", text, sizeof text - 1);
    static const char *const why[] = {"not JSON: line 1",  "field \"text\" is not a string",
                                      "not a JSON object", "not JSON: line 1",
                                      "not JSON: line 1",  "empty",
                                      "no field \"text\""};
    eid_corpus *c = read_one(path, NULL);
    const eid_corpus_skip *skip;

    CHECK_INT(eid_corpus_size(c), 1);
    CHECK_INT(eid_corpus_skips(c, &skip), 7);
    for (size_t i = 0; i < eid_corpus_skips(c, &skip); i++)
        CHECK(!strncmp(skip[i].why, why[i], strlen(why[i])));
    CHECK_STR(skip[6].name, "a.jsonl#9");
    eid_corpus_free(c);

    eid_corpus_opts o = eid_corpus_opts_default();
    o.field = "body";
    c = read_one(path, &o);
    CHECK_INT(eid_corpus_doc(c, 0).size, 5);
    eid_corpus_free(c);
    o.field = "none";
    CHECK_FAILS(try_read(path, &o), EID_EINVAL, "no field \"none\"");
}

/* Lines are split wherever the reader's pieces happen to end. */
static void long_lines_are_put_together(void)
{
    const char *dir = fresh("long");
    enum { N = 700000 };
    char *text = malloc(N + 100), path[1200];
    FILE *f;

    snprintf(path, sizeof path, "%s/a.jsonl", dir);
    f = fopen(path, "wb");
    memset(text, 'y', N);
    text[N] = 0;
    for (int i = 0; i < 3; i++)
        fprintf(f, "{\"text\": \"%s\"}\n", text + i);
    fclose(f);
    eid_corpus *c = read_one(path, NULL);
    CHECK_INT(eid_corpus_size(c), 3);
    for (size_t i = 0; i < eid_corpus_size(c); i++)
        CHECK_INT(eid_corpus_doc(c, i).size, N - i);
    eid_corpus_free(c);
    free(text);
}

int main(void)
{
    setup();
    RUN(every_archive_in_every_packing);
    RUN(a_compressed_file_is_one_document_or_lines);
    RUN(what_a_file_holds_does_not_overrule_its_name);
    RUN(truncated_files_are_refused_or_skipped);
    RUN(damage_is_noticed_where_a_checksum_is);
    RUN(a_tars_padding_is_checked_too);
    RUN(members_of_a_gzip_file_are_joined);
    RUN(links_inside_archives_are_not_followed);
    RUN(bombs_meet_the_memory_bound);
    RUN(lines_that_are_no_documents_are_named);
    RUN(long_lines_are_put_together);
    teardown();
    return DONE();
}
