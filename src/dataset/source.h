/* source.h - which files a name stands for. */
#ifndef EID_SRC_DATASET_SOURCE_H
#define EID_SRC_DATASET_SOURCE_H
#include "eidetic/dataset.h"

typedef enum eid_source_kind {
    EID_SOURCE_IDX,
    EID_SOURCE_CIFAR10,
    EID_SOURCE_CIFAR100,
    EID_SOURCE_NPY,
    EID_SOURCE_NPZ
} eid_source_kind;

enum { EID_SOURCE_FILES = 8 };

/* Files of one part: CIFAR's batches; or images and labels; or one .npz (the training part's, which
 * may hold the test set too). */
typedef struct eid_source_part {
    char *file[EID_SOURCE_FILES];
    size_t n; /* 0: there is no such part */
} eid_source_part;

typedef struct eid_source {
    eid_source_kind kind;
    eid_source_part part[2]; /* training, test */
} eid_source;

/* EID_EINVAL: nothing of that name, or images without labels; the sentence says what was looked
 * for. */
eid_status eid_source_find(eid_source *out, const char *data, const eid_dataset_opts *opts);
void eid_source_free(eid_source *s);
#endif
