/* check.h - the test harness: TAP on stdout, continue after a failure, nothing hidden.
 *
 *     static void doubling_works(void) { CHECK(twice(2) == 4); }
 *     int main(void) { RUN(doubling_works); return DONE(); }
 */
#ifndef CHECK_H
#define CHECK_H
#include "eidetic/base.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int check_cases, check_failed_cases, check_failures;

static inline bool check_close(double got, double want, double rtol, double atol)
{
    if (isnan(want) || isnan(got))
        return isnan(want) && isnan(got);
    if (isinf(want)) /* every distance to it is within a share of it */
        return got == want;
    return got == want || fabs(got - want) <= atol + rtol * fabs(want);
}

#define CHECK_FAIL(...)                          \
    do {                                         \
        check_failures++;                        \
        printf("# %s:%d: ", __FILE__, __LINE__); \
        printf(__VA_ARGS__);                     \
        printf("\n");                            \
    } while (0)
#define CHECK(cond)                  \
    do {                             \
        if (!(cond))                 \
            CHECK_FAIL("%s", #cond); \
    } while (0)
/* A call that must succeed; prints its sentence when it does not. */
#define CHECK_OK(call)                                     \
    do {                                                   \
        if ((call) != EID_OK)                              \
            CHECK_FAIL("%s: %s", #call, eid_last_error()); \
    } while (0)
/* A call that must fail with `code`, and say something with `part` in it. */
#define CHECK_FAILS(call, code, part)                                                    \
    do {                                                                                 \
        eid_status check_st = (call);                                                    \
        if (check_st != (code))                                                          \
            CHECK_FAIL("%s: got %s, want %s", #call, eid_status_name(check_st),          \
                       eid_status_name(code));                                           \
        else if (!strstr(eid_last_error(), (part)))                                      \
            CHECK_FAIL("%s: says \"%s\", want \"%s\"", #call, eid_last_error(), (part)); \
    } while (0)
#define CHECK_INT(got, want)                                                       \
    do {                                                                           \
        int64_t check_g = (int64_t)(got), check_w = (int64_t)(want);               \
        if (check_g != check_w)                                                    \
            CHECK_FAIL("%s = %" PRId64 ", want %" PRId64, #got, check_g, check_w); \
    } while (0)
#define CHECK_STR(got, want)                                                                     \
    do {                                                                                         \
        const char *check_g = (got), *check_w = (want);                                          \
        if (!check_g || strcmp(check_g, check_w) != 0)                                           \
            CHECK_FAIL("%s = \"%s\", want \"%s\"", #got, check_g ? check_g : "(null)", check_w); \
    } while (0)
#define CHECK_CLOSE(got, want, rtol, atol)                                \
    do {                                                                  \
        double check_g = (got), check_w = (want);                         \
        if (!check_close(check_g, check_w, (rtol), (atol)))               \
            CHECK_FAIL("%s = %.17g, want %.17g", #got, check_g, check_w); \
    } while (0)
/* Two arrays of any arithmetic type; prints the worst place. */
#define CHECK_ALLCLOSE(got, want, n, rtol, atol)                                                  \
    do {                                                                                          \
        size_t check_n = (n), check_at = 0, check_bad = 0;                                        \
        double check_worst = -1;                                                                  \
        for (size_t check_i = 0; check_i < check_n; check_i++)                                    \
            if (!check_close((double)(got)[check_i], (double)(want)[check_i], (rtol), (atol))) {  \
                double check_e = fabs((double)(got)[check_i] - (double)(want)[check_i]);          \
                check_bad++;                                                                      \
                if (!(check_e <= check_worst))                                                    \
                    check_worst = check_e, check_at = check_i;                                    \
            }                                                                                     \
        if (check_bad)                                                                            \
            CHECK_FAIL("%s: %zu of %zu differ, worst at [%zu]: %.9g, want %.9g", #got, check_bad, \
                       check_n, check_at, (double)(got)[check_at], (double)(want)[check_at]);     \
    } while (0)

#define RUN(test)                                                                   \
    do {                                                                            \
        check_failures = 0;                                                         \
        test();                                                                     \
        check_cases++;                                                              \
        check_failed_cases += check_failures > 0;                                   \
        printf("%sok %d - %s\n", check_failures ? "not " : "", check_cases, #test); \
        fflush(stdout);                                                             \
    } while (0)
#define SKIP(test, why)                                            \
    do {                                                           \
        check_cases++;                                             \
        printf("ok %d - %s # SKIP %s\n", check_cases, #test, why); \
    } while (0)
static inline int check_done(void)
{
    printf("1..%d\n", check_cases);
    return check_failed_cases > 0;
}
#define DONE() check_done()

/* A folder of its own for a test's files, removed by the build folder's next wipe; static storage.
 */
static inline const char *check_tmp(const char *name)
{
    static char path[8][512];
    static int turn;
    const char *base = getenv("EID_TEST_TMP");
    char *p = path[turn++ % 8];
    snprintf(p, sizeof path[0], "%s/eid-test-%ld-%s", base ? base : "/tmp", (long)getpid(), name);
    return p;
}
#endif
