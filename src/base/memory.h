/* memory.h - allocation that checks its arithmetic and reports, never aborts.
 *
 *     EID_TRY(EID_NEW(x, n));       x: pointer to n zeroed elements of *x, n * sizeof checked
 *     EID_TRY(EID_GROW(x, &cap, n)) x holds at least n elements; grows by half as much again
 *     eid_free(x);
 * All memory is aligned to 64 bytes, a cache line and the widest vector.  Big blocks ask for
 * 2 MiB pages.  EID_FAIL_ALLOC=n in the environment of a test build makes the n-th allocation fail.
 */
#ifndef EID_SRC_MEMORY_H
#define EID_SRC_MEMORY_H
#include "base/status.h"

eid_status eid_new(void **out, size_t n, size_t size); /* zeroed; n = 0 gives a valid pointer */
eid_status eid_grow(void **p, size_t *cap, size_t n, size_t size);
void eid_free(void *p);
#define EID_NEW(p, n)       eid_new((void **)&(p), (size_t)(n), sizeof *(p))
#define EID_GROW(p, cap, n) eid_grow((void **)&(p), (cap), (size_t)(n), sizeof *(p))

/* For tests: the n-th allocation from now fails with EID_ENOMEM (0: none). */
void eid_fail_allocation(int64_t n);

eid_status eid_strdup(char **out, const char *s);
eid_status eid_format(char **out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Growing bytes; always NUL-terminated at [n] once something was added. */
typedef struct eid_buf {
    uint8_t *at;
    size_t n, cap;
} eid_buf;
eid_status eid_buf_add(eid_buf *b, const void *bytes, size_t n);
eid_status eid_buf_str(eid_buf *b, const char *s);
eid_status eid_buf_printf(eid_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void eid_buf_free(eid_buf *b);
#endif
