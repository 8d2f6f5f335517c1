/* archive.h - .tar, .zip and compressed files, through libarchive. */
#ifndef EID_SRC_ARCHIVE_H
#define EID_SRC_ARCHIVE_H
#include "corpus/file.h"

/* The attribute of a .tar entry in which eid_corpus_write keeps a document's name. */
#define EID_NAME_ATTRIBUTE "user.eidetic.name"

/* Reads `fd`, a file of this form and packing, under the name `name`.  EID_EFORMAT, with the place
 * but not the file's name, when it is damaged: what was gathered from it must then be taken back.
 */
eid_status eid_read_archive(eid_gather *g, int fd, const char *name, eid_form form, eid_pack pack);
#endif
