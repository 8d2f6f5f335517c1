/* make_fixture.c - a run and its report for the checks that are written in Python:
 *     make_fixture DIR rich|bare|hostile|after [reveal]
 *     make_fixture DIR labs       every lab of theory, at small scale
 *     make_fixture DIR data       the audit of a small training set
 *     make_fixture DIR duplicates a corpus of hostile text, and what it shares with another */
#include "eidetic/audit_data.h"
#include "eidetic/duplicates_run.h"
#include "eidetic/lab.h"
#include "eidetic/report.h"
#include "eidetic/rng.h"
#include "fixture.h"
#include <stdio.h>
#include <string.h>

static eid_status run_labs(eid_ctx *ctx, const char *dir)
{
    const char *group[] = {"theory"};
    const eid_lab **labs = NULL;
    const eid_lab_call call = {.command_line = "eidetic lab theory", .out = dir};
    eid_lab_opts o = eid_lab_opts_default();
    eid_lab_ask ask[32];
    size_t n;
    eid_status st = eid_labs_named(&labs, &n, &(eid_strings){group, 1});

    o.scale = EID_LAB_CHECK;
    n = n < 32 ? n : 32;
    for (size_t i = 0; st == EID_OK && i < n; i++)
        ask[i] = (eid_lab_ask){labs[i], NULL};
    if (st == EID_OK)
        st = eid_labs_run(ctx, ask, n, &o, &call);
    eid_labs_free(labs);
    return st;
}

enum { PICTURES = 400, SIDE = 8, CLASSES = 4 };

/* Pictures with one bright quarter, which is the class. */
static eid_status pictures(eid_dataset **out, eid_ctx *ctx, int32_t part)
{
    static uint8_t x[PICTURES * SIDE * SIDE];
    static int32_t y[PICTURES];
    eid_rng rng = eid_rng_stream(1, (uint64_t)part);

    for (int i = 0; i < PICTURES; i++) {
        y[i] = (int32_t)eid_rng_below(&rng, CLASSES);
        for (int k = 0; k < SIDE * SIDE; k++)
            x[i * SIDE * SIDE + k] =
                (uint8_t)(eid_rng_below(&rng, 110) + (k / 16 == y[i] ? 100 : 0));
    }
    return eid_dataset_from(out, ctx,
                            &(eid_dataset){.n = PICTURES,
                                           .channels = 1,
                                           .height = SIDE,
                                           .width = SIDE,
                                           .classes = CLASSES,
                                           .part = part,
                                           .u8 = x,
                                           .scale = 1 / 255.0f,
                                           .label = y,
                                           .name = "pictures"});
}

static eid_status run_data(eid_ctx *ctx, const char *dir)
{
    eid_audit_data_opts o = eid_audit_data_opts_default();
    const eid_audit_call call = {.command_line = "eidetic audit --data pictures", .out = dir};
    eid_dataset *train = NULL, *test = NULL;
    char path[4200];
    eid_status st = pictures(&train, ctx, 0);

    snprintf(path, sizeof path, "%s.npz", dir);
    if (st == EID_OK)
        st = pictures(&test, ctx, 1);
    if (st == EID_OK)
        st = eid_dataset_write(ctx, path, train, test);
    o.data = path;
    o.class_names = "a class with a rather long name,second,third,last";
    o.models = 40;
    o.training.model = "mlp:32";
    o.read.wrong_labels = 0.1;
    if (st == EID_OK)
        st = eid_audit_data(ctx, &o, &call);
    eid_dataset_free(train);
    eid_dataset_free(test);
    return st;
}

static int make_run(const char *dir, eid_status (*fn)(eid_ctx *ctx, const char *dir))
{
    eid_ctx *ctx = NULL;
    eid_status st = eid_ctx_new(&ctx, NULL);

    if (st == EID_OK)
        st = fn(ctx, dir);
    eid_ctx_free(ctx);
    if (st != EID_OK)
        fprintf(stderr, "make_fixture: %s\n", eid_last_error());
    return st != EID_OK;
}

/* Documents of few words, some of them hostile, so that strings stand in them any number of times.
 */
static eid_status make_index(eid_index **ix, eid_ctx *ctx, const char *dir, uint64_t seed)
{
    static const char *const words[] = {
        "<script>alert(1)</script> ",       "the quick brown fox ",
        "\xe2\x80\xaegpj\x01\x1b[31m\xff ", "write to mail@victim.example.org ",
        "</style></svg>]]>-->\"'& ",        "=cmd() "};
    enum { DOCS = 40, WORDS = 60 };
    static char text[DOCS][WORDS * 40];
    eid_document docs[DOCS];
    eid_corpus *c = NULL;
    eid_rng rng = eid_rng_seed(seed);
    char path[4096];
    eid_status st;

    for (int d = 0; d < DOCS; d++) {
        size_t n = 0;
        for (int i = 0; i < WORDS; i++)
            n += (size_t)snprintf(text[d] + n, sizeof text[d] - n, "%s",
                                  words[eid_rng_below(&rng, 2 + (uint64_t)i % 5)]);
        docs[d] = (eid_document){d % 2 ? "<script>alert(4)</script>" : "a.txt",
                                 (const uint8_t *)text[d], n};
    }
    snprintf(path, sizeof path, "%s.idx", dir);
    st = eid_corpus_from(&c, docs, DOCS);
    if (st == EID_OK)
        st = eid_index_build(ctx, c, path);
    if (st == EID_OK)
        st = eid_index_open(ix, path);
    remove(path);
    eid_corpus_free(c);
    return st;
}

static int make_duplicates(const char *dir)
{
    eid_ctx *ctx = NULL;
    eid_index *a = NULL, *b = NULL;
    eid_duplicates *own = NULL;
    eid_shared *shared = NULL;
    eid_duplicates_opts o = {.lengths = "20,50,100,200,400", .top = 15};
    eid_status st = eid_ctx_new(&ctx, NULL);

    if (st == EID_OK)
        st = make_index(&a, ctx, dir, 1);
    if (st == EID_OK)
        st = make_index(&b, ctx, dir, 2);
    if (st == EID_OK)
        st = eid_index_duplicates(&own, ctx, a, &o);
    if (st == EID_OK)
        st = eid_index_shared(&shared, ctx, a, b, &o);
    eid_near_size sizes[] = {{2, 7}, {3, 2}, {12, 1}};
    const eid_near_result near = {
        .documents = 40, .kept = 15, .bytes_cut = 31000, .clusters = 10, .size = sizes, .sizes = 3};
    const eid_duplicates_found found = {.index = a,
                                        .other = b,
                                        .path = "<script>alert(1)</script>",
                                        .other_path = "other.idx",
                                        .own = own,
                                        .shared = shared,
                                        .near = &near,
                                        .threshold = 0.8,
                                        .opts = &o,
                                        .command_line = "eidetic duplicates a --other b"};
    if (st == EID_OK)
        st = eid_duplicates_write(ctx, &found, dir);
    eid_duplicates_free(own);
    eid_shared_free(shared);
    eid_index_free(a);
    eid_index_free(b);
    eid_ctx_free(ctx);
    if (st != EID_OK)
        fprintf(stderr, "make_fixture: %s\n", eid_last_error());
    return st != EID_OK;
}

int main(int argc, char **argv)
{
    static const char *const kinds[] = {"rich", "bare", "hostile", "after"};
    eid_report_opts opts = eid_report_opts_default();
    eid_ctx *ctx = NULL;
    int kind = 0;
    if (argc < 3)
        return 2;
    if (strcmp(argv[2], "labs") == 0)
        return make_run(argv[1], run_labs);
    if (strcmp(argv[2], "data") == 0)
        return make_run(argv[1], run_data);
    if (strcmp(argv[2], "duplicates") == 0)
        return make_duplicates(argv[1]);
    while (kind < 4 && strcmp(kinds[kind], argv[2]) != 0)
        kind++;
    opts.reveal = argc > 3;
    if (kind == 4 ||
        (kind == 3 ? fixture_make_after(argv[1]) : fixture_make(argv[1], (fixture_kind)kind)) !=
            EID_OK ||
        eid_ctx_new(&ctx, NULL) != EID_OK || eid_report_write(ctx, argv[1], &opts) != EID_OK) {
        fprintf(stderr, "make_fixture: %s\n", eid_last_error());
        return 1;
    }
    eid_ctx_free(ctx);
    return 0;
}
