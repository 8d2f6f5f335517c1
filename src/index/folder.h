/* folder.h - the folder of an index while it is being made or grown. */
#ifndef EID_INDEX_FOLDER_H
#define EID_INDEX_FOLDER_H
#include "eidetic/index.h"

/* Makes the folder if need be and locks it against other builders; *fd holds the lock. */
eid_status index_folder_lock(const char *folder, int *fd);
/* Removes what a killed build left: parts, and shards from number `shards` on. */
eid_status index_folder_sweep(const char *folder, size_t shards);
/* The same after a failure: says nothing, as what is left is not in the manifest. */
void index_folder_undo(const char *folder, size_t shards);
/* Removes an index's own files, then the folder if nothing else is in it.  Says nothing when it
 * cannot: what is left is then no index. */
void index_folder_remove(const char *folder);
/* Whether PATH is free, or is an index that `replace` allows to be replaced: EID_EEXIST. */
eid_status index_folder_may_take(const char *path, bool replace);
/* Whether PATH is an index that shards can be added to. */
eid_status index_folder_may_grow(const char *path);
/* The finished folder PART takes the place of PATH, in one step where the file system can. */
eid_status index_folder_put(const char *part, const char *path);
#endif
