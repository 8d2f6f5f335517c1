/* folder.h - a folder of results that appears whole or not at all.
 *
 * It is made as FOLDER.part, where only one process works at a time, and takes its name at the end.
 * What a killed process left in FOLDER.part is removed by the next one that wants it; a FOLDER.part
 * that no such process made (it lacks the mark) is refused. */
#ifndef EID_SRC_CONTROL_FOLDER_H
#define EID_SRC_CONTROL_FOLDER_H
#include "base/memory.h"

typedef struct control_folder {
    char *path, *part;
    int lock; /* descriptor of the part */
} control_folder;

/* EID_EEXIST: FOLDER exists, FOLDER.part is not ours, or another process works there. */
eid_status control_folder_open(control_folder *f, const char *path);
/* Syncs what is in it and gives it its name. */
eid_status control_folder_commit(control_folder *f);
/* Removes the part, unless it was committed; a zeroed one is fine. */
void control_folder_close(control_folder *f);
#endif
