/* file.h - the readers: a named path, a folder, one regular file. */
#ifndef EID_SRC_CORPUS_FILE_H
#define EID_SRC_CORPUS_FILE_H
#include "base/hash.h"
#include "corpus/gather.h"
#include <sys/stat.h>

/* Reads the regular file `fd` under the name `name`; hex: the SHA-256 of its bytes.  Damage
 * (EID_EIO, EID_EFORMAT) of a file met inside a folder becomes a skip, and hex "". */
eid_status eid_read_regular(eid_gather *g, int fd, const char *name, const struct stat *info,
                            char hex[65]);
/* Reads standard input as .jsonl. */
eid_status eid_read_standard_input(eid_gather *g, char hex[65]);
/* Reads what stands below the folder `fd`, in the bytewise order of the paths below it, and adds a
 * line "HEX  PATH" per file to `sum`. */
eid_status eid_read_folder(eid_gather *g, int fd, eid_sha256 *sum);

/* What a name's end says: "x.tar.gz" is TAR in GZIP.  Case does not matter. */
typedef enum eid_form { EID_FORM_PLAIN, EID_FORM_JSONL, EID_FORM_TAR, EID_FORM_ZIP } eid_form;
typedef enum eid_pack {
    EID_PACK_NONE,
    EID_PACK_GZIP,
    EID_PACK_XZ,
    EID_PACK_ZSTD,
    EID_PACK_BZIP2
} eid_pack;
void eid_form_of(const char *name, eid_form *form, eid_pack *pack);
#endif
