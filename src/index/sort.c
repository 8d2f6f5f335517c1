/* sort.c - libsais where the system has it, else libdivsufsort. */
#include "index/sort.h"

#ifdef EID_HAVE_LIBSAIS
#include <libsais.h>
#include <libsais64.h>
#else
#include <divsufsort.h>
#include <divsufsort64.h>
#endif

const char *index_sorter(void)
{
#ifdef EID_HAVE_LIBSAIS
    return "libsais";
#else
    return "libdivsufsort";
#endif
}

eid_status index_sort(const uint8_t *text, void *sa, int64_t n, bool wide)
{
    int64_t rc;
    if (!wide && n > INT32_MAX)
        return eid_fail(EID_EINTERNAL, "suffix sort: %lld bytes need 64-bit entries", (long long)n);
#ifdef EID_HAVE_LIBSAIS
    rc = wide ? libsais64(text, sa, n, 0, NULL) : libsais(text, sa, (int32_t)n, 0, NULL);
#else
    rc = wide ? divsufsort64(text, sa, n) : divsufsort(text, sa, (int32_t)n);
#endif
    if (rc == -2)
        return eid_fail(EID_ENOMEM, "suffix sort: %s found no memory for its work on %lld bytes",
                        index_sorter(), (long long)n);
    if (rc < 0)
        return eid_fail(EID_EINTERNAL, "suffix sort: %s refused %lld bytes", index_sorter(),
                        (long long)n);
    return EID_OK;
}
