#include "base/status.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* One message per thread: the code tells a program what, the text a person why. */
static _Thread_local char last_error[1024];
static _Thread_local eid_status last_status;

eid_status eid_fail(eid_status code, const char *fmt, ...)
{
    char text[sizeof last_error];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    memcpy(last_error, text, sizeof text);
    last_status = code;
    return code;
}

const char *eid_last_error(void)
{
    return last_error;
}

eid_status eid_last_status(void)
{
    return last_status;
}

const char *eid_status_name(eid_status st)
{
    static const char *const names[] = {
        [EID_OK] = "ok",
        [EID_EINVAL] = "invalid",
        [EID_ENOMEM] = "memory",
        [EID_EIO] = "io",
        [EID_EFORMAT] = "format",
        [EID_EEXIST] = "exists",
        [EID_ECANCELLED] = "cancelled",
        [EID_EUNSUPPORTED] = "unsupported",
        [EID_EINTERNAL] = "internal",
    };
    return (unsigned)st < sizeof names / sizeof *names ? names[st] : "unknown";
}

const char *eid_version(void)
{
    return EID_VERSION;
}
