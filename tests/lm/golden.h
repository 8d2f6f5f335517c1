/* golden.h - tests/golden/gpt2-tiny*: made by tools/golden/gpt2_tiny.py, which says what stands
 * there. */
#ifndef GOLDEN_H
#define GOLDEN_H
#include "check.h"
#include "base/file.h"
#include "eidetic/lm.h"

typedef struct golden {
    char dir[600];
    uint8_t *bytes;
    int32_t rows, cols, vocab, fresh;
    const int32_t *token, *greedy;
    const float *logits;
} golden;

static inline golden golden_open(const char *name)
{
    const char *root = getenv("EID_TEST_DATA");
    golden g = {0};
    char path[700];
    size_t n;

    snprintf(g.dir, sizeof g.dir, "%s/golden/%s", root ? root : "tests", name);
    snprintf(path, sizeof path, "%s/expected.bin", g.dir);
    CHECK_OK(eid_read_file(path, 1 << 20, &g.bytes, &n));
    if (!g.bytes)
        return g;
    const int32_t *head = (const int32_t *)(const void *)g.bytes;
    g.rows = head[0];
    g.cols = head[1];
    g.vocab = head[2];
    g.fresh = head[3];
    g.token = head + 4;
    g.logits = (const float *)(const void *)(g.token + g.rows * g.cols);
    g.greedy = (const int32_t *)(const void *)(g.logits + (int64_t)g.rows * g.cols * g.vocab);
    CHECK_INT(n, (const uint8_t *)(g.greedy + g.rows * g.fresh) - g.bytes);
    return g;
}

static inline eid_ctx *golden_ctx(int64_t threads)
{
    eid_ctx_opts o = eid_ctx_opts_default();
    eid_ctx *ctx = NULL;
    o.threads = threads;
    CHECK_OK(eid_ctx_new(&ctx, &o));
    return ctx;
}
#endif
