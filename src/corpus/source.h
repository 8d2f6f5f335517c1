/* source.h - the bytes of a file as libarchive asks for them: counted, cancellable, gunzipped.
 *
 * .gz is inflated here: libarchive 3.6 does not compare a gzip member's checksum. */
#ifndef EID_SRC_SOURCE_H
#define EID_SRC_SOURCE_H
#include "corpus/file.h"
#include <archive.h>
#include <zlib.h>

typedef struct eid_source {
    eid_gather *g;
    int fd;
    bool gzip, between, ended; /* between: members of a gzip file */
    eid_status st;             /* of a cancelled read */
    z_stream z;
    uint8_t *in, *out; /* out: only for gzip */
} eid_source;

eid_status eid_source_open(eid_source *s, eid_gather *g, int fd, eid_pack pack);
/* Gives `a` its callbacks and opens it.  What libarchive says of itself, otherwise (ARCHIVE_FATAL).
 */
int eid_source_attach(eid_source *s, struct archive *a);
/* Reads what libarchive had no use for, so that a checksum at the end is seen. */
eid_status eid_source_drain(eid_source *s);
void eid_source_close(eid_source *s);
#endif
