/* stream.h - bytes in memory, plain or gzip, read once from front to back. */
#ifndef EID_SRC_STREAM_H
#define EID_SRC_STREAM_H
#include "base/status.h"
#include <zlib.h>

typedef struct eid_stream {
    const char *name; /* borrowed */
    const uint8_t *at;
    size_t left; /* of the input as stored */
    size_t got;  /* bytes handed out so far */
    bool gz, ended;
    z_stream z;
} eid_stream;

/* gzip is recognized by its first two bytes, which begin neither an IDX file nor a label below 31.
 */
eid_status eid_stream_open(eid_stream *s, const char *name, const uint8_t *bytes, size_t n);
void eid_stream_close(eid_stream *s); /* a zeroed one is fine */
/* Exactly n bytes, else EID_EFORMAT says where the file ended. */
eid_status eid_stream_read(eid_stream *s, void *out, size_t n);
/* No byte may be left. */
eid_status eid_stream_end(eid_stream *s);
/* No more than these can still come: hold a claimed size against it before allocating. */
size_t eid_stream_most(const eid_stream *s);
/* Refuses `bytes` still to come when the input cannot hold them. */
eid_status eid_stream_claim(const eid_stream *s, size_t bytes);
#endif
