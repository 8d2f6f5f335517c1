/* cifar.c - the binary version of CIFAR-10 and CIFAR-100 (Krizhevsky 2009). */
#include "dataset/readers.h"
#include <inttypes.h>
#include <string.h>

enum { PIXELS = 3 * 32 * 32, MOST_FILES = 16 };

static eid_status read_file(eid_making *m, eid_bytes f, int64_t *at, bool hundred, bool coarse)
{
    size_t head = hundred ? 2 : 1, record = head + PIXELS;

    for (size_t i = 0; i < f.n / record; i++, ++*at) {
        const uint8_t *r = f.at + i * record;
        m->label[*at] = r[hundred && !coarse];
        if (m->label[*at] >= m->d.classes)
            return eid_fail(EID_EFORMAT,
                            "%s: record %zu, byte %zu: label %" PRId32 "; CIFAR-%s has the classes "
                            "0 to %" PRId32,
                            f.name, i, i * record, m->label[*at], hundred ? "100" : "10",
                            m->d.classes - 1);
        memcpy(m->u8 + *at * PIXELS, r + head, PIXELS);
    }
    return EID_OK;
}

eid_status eid_cifar_read(eid_making *m, eid_ctx *ctx, const char *name, const eid_bytes *file,
                          size_t n, bool hundred, bool coarse)
{
    eid_dataset shape = {.channels = 3, .height = 32, .width = 32};
    size_t record = PIXELS + (hundred ? 2 : 1);
    int64_t at = 0;
    eid_status st = EID_OK;

    if (n < 1 || n > MOST_FILES)
        return eid_fail(EID_EINVAL, "%s: %zu files; 1 to %d are possible", name, n, MOST_FILES);
    shape.classes = !hundred ? 10 : coarse ? 20 : 100;
    for (size_t i = 0; i < n; i++) {
        if (file[i].n % record || !file[i].n)
            return eid_fail(EID_EFORMAT, "%s: %zu bytes are not a whole number of %zu-byte records",
                            file[i].name, file[i].n, record);
        shape.n += (int64_t)(file[i].n / record);
    }
    EID_TRY(eid_making_start(m, ctx, name, &shape, false));
    for (size_t i = 0; i < n; i++)
        EID_TRY(read_file(m, file[i], &at, hundred, coarse));
done:
    return st;
}
