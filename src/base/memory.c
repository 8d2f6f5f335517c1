#include "base/memory.h"
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { LINE = 64, HUGE_PAGE = 2 << 20 };

static _Atomic int64_t fail_after; /* allocations until one fails; 0: none will */

void eid_fail_allocation(int64_t n)
{
    atomic_store(&fail_after, n);
}

static bool must_fail(void)
{
    return atomic_load_explicit(&fail_after, memory_order_relaxed) > 0 &&
           atomic_fetch_sub(&fail_after, 1) == 1;
}

/* Aligned bytes.  Where a product streams through tens of megabytes, 2 MiB pages spare it the TLB
 * misses of 4 KiB ones. */
static void *grab(size_t bytes)
{
    size_t align = bytes >= 2 * HUGE_PAGE ? HUGE_PAGE : LINE;
    void *p;

    if (must_fail() || bytes > PTRDIFF_MAX - align)
        return NULL;
    p = aligned_alloc(align, (bytes + align - 1) / align * align + (bytes ? 0 : align));
    if (p && align == HUGE_PAGE)
        madvise(p, bytes, MADV_HUGEPAGE);
    return p;
}

static eid_status no_memory(size_t n, size_t size)
{
    return eid_fail(EID_ENOMEM, "no memory for %zu elements of %zu bytes", n, size);
}

eid_status eid_new(void **out, size_t n, size_t size)
{
    size_t bytes;
    void *p = __builtin_mul_overflow(n, size, &bytes) ? NULL : grab(bytes);

    if (!p)
        return no_memory(n, size);
    memset(p, 0, bytes);
    *out = p;
    return EID_OK;
}

eid_status eid_grow(void **p, size_t *cap, size_t n, size_t size)
{
    size_t want = *cap + *cap / 2, bytes;
    void *q;

    if (n <= *cap && *p)
        return EID_OK;
    if (want < n)
        want = n;
    if (want < 16)
        want = 16;
    q = __builtin_mul_overflow(want, size, &bytes) ? NULL : grab(bytes);
    if (!q)
        return no_memory(want, size);
    if (*p)
        memcpy(q, *p, *cap * size);
    memset((char *)q + *cap * size, 0, bytes - *cap * size);
    free(*p);
    *p = q;
    *cap = want;
    return EID_OK;
}

void eid_free(void *p)
{
    free(p);
}

void eid_string_free(char *s)
{
    free(s);
}

eid_status eid_strdup(char **out, const char *s)
{
    return eid_format(out, "%s", s);
}

static eid_status vformat(char **out, size_t *n, const char *fmt, va_list ap)
{
    va_list again;
    char *s = NULL;
    int len;

    va_copy(again, ap);
    len = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    if (len < 0)
        return eid_fail(EID_EINTERNAL, "a message could not be formatted");
    if (eid_new((void **)&s, (size_t)len + 1, 1) != EID_OK)
        return EID_ENOMEM;
    vsnprintf(s, (size_t)len + 1, fmt, ap);
    *out = s;
    if (n)
        *n = (size_t)len;
    return EID_OK;
}

eid_status eid_format(char **out, const char *fmt, ...)
{
    va_list ap;
    eid_status st;

    va_start(ap, fmt);
    st = vformat(out, NULL, fmt, ap);
    va_end(ap);
    return st;
}

eid_status eid_buf_add(eid_buf *b, const void *bytes, size_t n)
{
    if (n > PTRDIFF_MAX - b->n - 1)
        return no_memory(n, 1);
    if (eid_grow((void **)&b->at, &b->cap, b->n + n + 1, 1) != EID_OK)
        return EID_ENOMEM;
    if (n)
        memcpy(b->at + b->n, bytes, n);
    b->n += n;
    b->at[b->n] = 0;
    return EID_OK;
}

eid_status eid_buf_str(eid_buf *b, const char *s)
{
    return eid_buf_add(b, s, strlen(s));
}

eid_status eid_buf_printf(eid_buf *b, const char *fmt, ...)
{
    va_list ap;
    char *s = NULL;
    size_t n;
    eid_status st;

    va_start(ap, fmt);
    st = vformat(&s, &n, fmt, ap);
    va_end(ap);
    if (st == EID_OK)
        st = eid_buf_add(b, s, n);
    eid_free(s);
    return st;
}

void eid_buf_free(eid_buf *b)
{
    eid_free(b->at);
    *b = (eid_buf){0};
}
