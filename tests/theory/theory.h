/* theory.h - contexts for the theory tests. */
#ifndef TESTS_THEORY_H
#define TESTS_THEORY_H
#include "check.h"

static inline eid_ctx *context(int64_t threads, int64_t memory)
{
    eid_ctx *ctx = NULL;
    eid_ctx_opts o = {.threads = threads, .memory = memory};
    CHECK_OK(eid_ctx_new(&ctx, &o));
    return ctx;
}
#endif
