/* units.c - see units.h. */
#include "control/units.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum { PENDING = 1 << 20 };

eid_status control_units_init(control_units *u, int width, size_t most, const char *folder)
{
    eid_status st = EID_OK;

    *u = (control_units){.width = width, .text_most = most, .fd = -1, .folder = folder};
    EID_TRY(EID_GROW(u->start, &u->cap, 1));
    u->start[0] = 0;
done:
    return st;
}

static eid_status write_all(control_units *u, const uint8_t *p, size_t n)
{
    while (n) {
        ssize_t got = write(u->fd, p, n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return eid_fail(EID_EIO, "spooling the text to %s: %s", u->folder, strerror(errno));
        p += got;
        n -= (size_t)got;
    }
    return EID_OK;
}

/* From here on in a file. */
static eid_status spill(control_units *u)
{
    char *path = NULL;
    eid_status st = EID_OK;

    if (!u->folder)
        return eid_fail(EID_ENOMEM,
                        "the text takes more than %zu bytes, a quarter of the memory that may be "
                        "taken; raise --memory",
                        u->text_most);
    EID_TRY(eid_format(&path, "%s/.text", u->folder));
    u->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (u->fd < 0 || unlink(path) != 0) {
        st = eid_fail(EID_EIO, "%s: %s", path, strerror(errno));
        goto done;
    }
    EID_TRY(EID_NEW(u->pending, PENDING));
    EID_TRY(write_all(u, u->text, (size_t)u->n * (size_t)u->width));
    eid_free(u->text);
    u->text = NULL;
done:
    eid_free(path);
    return st;
}

eid_status control_units_add(control_units *u, const void *units, size_t n)
{
    size_t had = (size_t)u->n * (size_t)u->width, bytes = n * (size_t)u->width;
    const uint8_t *p = units;
    eid_status st = EID_OK;

    if (u->fd < 0 && (bytes > u->text_most || had > u->text_most - bytes))
        EID_TRY(spill(u));
    if (u->fd < 0) {
        EID_TRY(EID_GROW(u->text, &u->text_cap, had + bytes));
        if (bytes)
            memcpy(u->text + had, p, bytes);
    } else {
        if (u->pending_n + bytes > PENDING) {
            EID_TRY(write_all(u, u->pending, u->pending_n));
            u->pending_n = 0;
        }
        if (bytes > PENDING) {
            EID_TRY(write_all(u, p, bytes));
        } else if (bytes) {
            memcpy(u->pending + u->pending_n, p, bytes);
            u->pending_n += bytes;
        }
    }
    EID_TRY(EID_GROW(u->start, &u->cap, u->docs + 2));
    u->n += (int64_t)n;
    u->start[++u->docs] = u->n;
done:
    return st;
}

eid_status control_units_done(control_units *u)
{
    eid_status st = EID_OK;

    if (u->fd >= 0)
        st = write_all(u, u->pending, u->pending_n);
    u->pending_n = 0;
    eid_free(u->pending);
    u->pending = NULL;
    return st;
}

void control_units_free(control_units *u)
{
    eid_free(u->start);
    eid_free(u->text);
    eid_free(u->pending);
    if (u->folder && u->fd >= 0)
        close(u->fd);
    *u = (control_units){.fd = -1};
}

eid_status control_units_at(const control_units *u, int64_t at, size_t n, uint8_t *room,
                            const uint8_t **out)
{
    size_t width = (size_t)u->width, want = n * width, have = 0;

    *out = room;
    if (u->fd < 0) {
        *out = u->text + (size_t)at * width;
        return EID_OK;
    }
    while (have < want) {
        ssize_t got = pread(u->fd, room + have, want - have, (off_t)((size_t)at * width + have));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return eid_fail(EID_EIO, "reading the spooled text in %s: %s", u->folder,
                            got ? strerror(errno) : "it ends early");
        have += (size_t)got;
    }
    return EID_OK;
}

size_t control_units_doc(const control_units *u, int64_t at)
{
    size_t low = 0, high = u->docs;

    while (high - low > 1) { /* start[low] <= at < start[high] */
        size_t mid = low + (high - low) / 2;
        if (u->start[mid] <= at)
            low = mid;
        else
            high = mid;
    }
    return low;
}
