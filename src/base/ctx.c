#include "base/ctx.h"
#include "base/memory.h"
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MOST_THREADS = 1024 };

double eid_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

eid_ctx_opts eid_ctx_opts_default(void)
{
    return (eid_ctx_opts){.threads = 0, .memory = 0};
}

eid_status eid_ctx_new(eid_ctx **out, const eid_ctx_opts *opts)
{
    eid_ctx_opts o = opts ? *opts : eid_ctx_opts_default();
    eid_ctx *ctx = NULL;
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    if (o.threads < 0 || o.threads > MOST_THREADS || o.memory < 0)
        return eid_fail(EID_EINVAL, "threads must be 0 to %d and memory not negative",
                        MOST_THREADS);
    if (EID_NEW(ctx, 1) != EID_OK)
        return EID_ENOMEM;
    ctx->threads = (int)(o.threads ? o.threads : cores > 0 ? cores : 1);
    if (ctx->threads > MOST_THREADS)
        ctx->threads = MOST_THREADS;
    ctx->memory = o.memory                ? o.memory
                  : pages > 0 && page > 0 ? (int64_t)pages * page / 4 * 3
                                          : (int64_t)1 << 30;
    *out = ctx;
    return EID_OK;
}

void eid_ctx_free(eid_ctx *ctx)
{
    if (!ctx)
        return;
    if (ctx->pool_free)
        ctx->pool_free(ctx->pool);
    eid_free(ctx);
}

int eid_ctx_threads(const eid_ctx *ctx)
{
    return ctx->threads;
}

int64_t eid_ctx_memory(const eid_ctx *ctx)
{
    return ctx->memory;
}

void eid_ctx_on_progress(eid_ctx *ctx, eid_progress_fn fn, void *user)
{
    ctx->progress = fn;
    ctx->progress_user = user;
}

void eid_ctx_cancel(eid_ctx *ctx)
{
    atomic_store(&ctx->cancelled, true);
}

bool eid_cancelled(const eid_ctx *ctx)
{
    return atomic_load_explicit(&ctx->cancelled, memory_order_relaxed);
}

eid_status eid_tick(eid_ctx *ctx, const char *what, const char *unit, int64_t done, int64_t total)
{
    double now = eid_now();

    if (!ctx->what || strcmp(ctx->what, what) != 0 || done == 0) {
        ctx->what = what;
        ctx->began = now;
        ctx->told = 0;
    }
    if (ctx->progress && (now - ctx->told > 0.1 || (total && done >= total))) {
        ctx->told = now;
        ctx->progress(ctx->progress_user, &(eid_progress){.what = what,
                                                          .unit = unit,
                                                          .done = done,
                                                          .total = total,
                                                          .seconds = now - ctx->began});
    }
    return eid_cancelled(ctx) ? eid_fail(EID_ECANCELLED, "stopped on request while %s", what)
                              : EID_OK;
}

void eid_cpu_name(char *out, size_t size)
{
    FILE *f = fopen("/proc/cpuinfo", "re");
    char line[256];

    snprintf(out, size, "unknown");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, "model name", 10) == 0 && strchr(line, ':')) {
            snprintf(out, size, "%.*s", (int)strcspn(strchr(line, ':') + 2, "\n"),
                     strchr(line, ':') + 2);
            break;
        }
    if (f)
        fclose(f);
}
