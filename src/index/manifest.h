/* manifest.h - one index over several files: the folder, its manifest, and the open index.
 *
 *     IDX/manifest              what belongs to the index
 *     IDX/shard-000000.idx      an index file (format.h) of the first documents
 *     IDX/shard-000001.idx      of those that follow; document numbers go on
 *
 * A shard holds whole documents.  The manifest is written last and replaced as a whole, so that a
 * shard being added belongs to the index when all of it is on disk, and not before.  Files of the
 * folder that the manifest does not name are not read: they are left by a build that was killed,
 * and the next one goes on with them.  A single index file, by itself, is an index of one shard.
 *
 * The manifest; all numbers are unsigned and little-endian:
 *
 *     header, 64 bytes
 *        0   8  magic "EIDSHARD"
 *        8   4  version, 1
 *       12   4  shards, S
 *       16   8  size of the file
 *       24   8  documents, over all shards
 *       32   8  bytes of text, over all shards
 *       40   8  inputs, I
 *       48   8  zero
 *       56   8  eid_hash64 of what follows the header, then (as its seed) of bytes 0..55
 *
 *     shards, S entries of 64 bytes: shard s is the file shard-s.idx, s with six digits or more
 *        0   8  documents
 *        8   8  bytes of text
 *       16   8  size of the file
 *       24   8  the file's own checksum, its bytes 88..95
 *       32  32  SHA-256 of its text
 *
 *     inputs, I entries of 64 bytes and a path, in the order in which they were read
 *        0   8  bytes, as stored
 *        8   8  documents that came out of it
 *       16   8  skipped
 *       24  32  SHA-256 of the file, or of the folder's list (docs/corpus.md)
 *       56   4  the shard in which its first document may stand
 *       60   4  length of the path, and then the path, with a NUL behind it */
#ifndef EID_INDEX_MANIFEST_H
#define EID_INDEX_MANIFEST_H
#include "index/format.h"

#define INDEX_MANIFEST_MAGIC "EIDSHARD"

enum {
    INDEX_MANIFEST_VERSION = 1,
    INDEX_MANIFEST_HEADER = 64,
    INDEX_MANIFEST_SHARD = 64,
    INDEX_MANIFEST_INPUT = 64,
    INDEX_MOST_SHARDS = 1 << 20,
};

/* A row of the manifest. */
typedef struct index_row {
    int64_t docs, bytes, size;
    uint64_t check;
    uint8_t sha256[32];
} index_row;

typedef struct index_manifest {
    index_row *row;
    size_t shards, row_cap;
    eid_index_input *input; /* paths point into `paths` until the next input is added */
    size_t inputs, input_cap;
    eid_buf paths;
    size_t *path_at;
    size_t path_cap;
    int64_t docs, bytes;
} index_manifest;

/* Reads FOLDER/manifest.  Free in either case. */
eid_status index_manifest_read(index_manifest *m, const char *folder);
eid_status index_manifest_write(const index_manifest *m, const char *folder);
index_row index_row_of(const index_shard *s);
eid_status index_manifest_add_row(index_manifest *m, const index_row *row);
eid_status index_manifest_add_input(index_manifest *m, const eid_index_input *in);
void index_manifest_free(index_manifest *m);
/* "FOLDER/shard-000012.idx"; eid_free it. */
eid_status index_shard_path(char **path, const char *folder, size_t shard);

struct eid_index {
    index_shard *shard;
    size_t shards;
    int64_t *first_doc;  /* of each shard; one more: all documents */
    int64_t *first_byte; /* the same of text */
    char sha256[65];
    index_manifest manifest; /* of a folder */
};

/* The shard that holds document `doc` of the index; 0 <= doc < all. */
size_t index_shard_of(const eid_index *ix, int64_t doc);
#endif
