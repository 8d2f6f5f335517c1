/* file.h - files that are read whole or mapped, and written whole or not at all. */
#ifndef EID_SRC_FILE_H
#define EID_SRC_FILE_H
#include "base/memory.h"
#include <stdio.h>

/* A file being written beside its destination, as PATH.part; it takes PATH's place at commit:
 *     EID_TRY(eid_out_open(&f, path));
 *     EID_TRY(eid_out_write(f, bytes, n));  ...
 *     EID_TRY(eid_out_commit(&f));           fsync, rename, fsync of the folder; f becomes NULL
 * done:
 *     eid_out_abort(&f);                     removes the part; nothing after a commit
 * A part left by a killed process is overwritten by the next. `mode`: 0644 unless told. */
typedef struct eid_out eid_out;
eid_status eid_out_open(eid_out **out, const char *path);
eid_status eid_out_write(eid_out *f, const void *bytes, size_t n);
eid_status eid_out_printf(eid_out *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int eid_out_fd(eid_out *f); /* for ftruncate, pwrite; flush first */
eid_status eid_out_flush(eid_out *f);
eid_status eid_out_commit(eid_out **f);
void eid_out_abort(eid_out **f);

/* The whole file, with a NUL after the last byte.  More than `max` bytes is EID_EFORMAT. */
eid_status eid_read_file(const char *path, size_t max, uint8_t **bytes, size_t *n);

/* A read-only map. An empty file maps to n = 0 and a valid pointer. */
typedef struct eid_map {
    const uint8_t *at;
    size_t n;
    int fd;
} eid_map;
eid_status eid_map_open(eid_map *m, const char *path);
void eid_map_close(eid_map *m); /* a zeroed map is fine */

/* Makes a folder and its parents; fine when it exists. */
eid_status eid_mkdirs(const char *path);
bool eid_exists(const char *path);
#endif
