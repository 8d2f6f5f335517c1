/* sink.h - a file of the surviving corpus being written: plain, compressed, or an archive. */
#ifndef EID_SRC_SINK_H
#define EID_SRC_SINK_H
#include "base/memory.h"
#include "corpus/file.h"

struct archive_entry;
typedef struct control_sink control_sink;

/* A new file at PATH, whose folders are made if need be. */
eid_status control_sink_open(control_sink **out, const char *path, eid_form form, eid_pack pack,
                             unsigned mode);
/* Bytes of a plain file or of a .jsonl. */
eid_status control_sink_write(control_sink *s, const void *bytes, size_t n);
/* An entry of an archive with `size` bytes, which then follow. */
eid_status control_sink_entry(control_sink *s, struct archive_entry *e, int64_t size);
eid_status control_sink_data(control_sink *s, const void *bytes, size_t n);
eid_status control_sink_close(control_sink **s);
/* Removes the file; nothing after a close. */
void control_sink_abort(control_sink **s);
#endif
