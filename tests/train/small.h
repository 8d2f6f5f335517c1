/* small.h - a training small enough to be repeated: a few documents of a language with structure.
 */
#ifndef SMALL_H
#define SMALL_H
#include "check.h"
#include "base/file.h"
#include "eidetic/lm.h"
#include "eidetic/rng.h"
#include "eidetic/train.h"

enum { SMALL_VOCAB = 32, SMALL_END = 0, SMALL_DOCS = 40 };

typedef struct small {
    int32_t id[SMALL_DOCS * 64];
    int64_t start[SMALL_DOCS + 1];
    eid_tokens docs;
} small;

/* Each token is mostly 1 to 3 more than the one before; lengths differ, one document is empty. */
static inline void small_make(small *s, uint64_t seed)
{
    eid_rng r = eid_rng_seed(seed);
    int64_t n = 0;
    for (int d = 0; d < SMALL_DOCS; d++) {
        int64_t length = d == 3 ? 0 : 10 + (int64_t)eid_rng_below(&r, 50);
        int32_t token = 1;
        s->start[d] = n;
        for (int64_t t = 0; t < length; t++) {
            token = 1 + (int32_t)((token + eid_rng_below(&r, 3)) % (SMALL_VOCAB - 1));
            s->id[n++] = token;
        }
    }
    s->start[SMALL_DOCS] = n;
    s->docs = (eid_tokens){s->id, s->start, SMALL_DOCS};
}

static inline eid_train_opts small_opts(int64_t steps)
{
    eid_train_opts o = eid_train_opts_default();
    o.width = 32;
    o.layers = 2;
    o.heads = 2;
    o.context = 16;
    o.batch_tokens = 128;
    o.steps = steps;
    o.lr = 1e-2;
    return o;
}

static inline eid_ctx *small_ctx(int64_t threads)
{
    eid_ctx_opts o = eid_ctx_opts_default();
    eid_ctx *ctx = NULL;
    o.threads = threads;
    CHECK_OK(eid_ctx_new(&ctx, &o));
    return ctx;
}

/* SHA-256 of DIR/NAME. */
static inline const char *small_hash(const char *dir, const char *name, char hex[65])
{
    char path[700];
    int64_t bytes;
    eid_ctx *ctx = small_ctx(1);
    snprintf(path, sizeof path, "%s/%s", dir, name);
    hex[0] = 0;
    CHECK_OK(eid_file_sha256(ctx, path, hex, &bytes));
    eid_ctx_free(ctx);
    return hex;
}

static inline void small_remove(const char *dir)
{
    char command[700];
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    CHECK_INT(system(command), 0);
}
#endif
