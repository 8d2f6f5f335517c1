/* trajectory.h - the memory behind an eid_trajectory. */
#ifndef EID_SRC_TRAJECTORY_H
#define EID_SRC_TRAJECTORY_H
#include "base/ctx.h"
#include "base/file.h"
#include "eidetic/trajectory.h"

/* The arrays of a record, by their places in it. */
typedef enum eid_record_array {
    EID_RECORD_LOSS,
    EID_RECORD_PROBABILITY,
    EID_RECORD_MARGIN,
    EID_RECORD_EL2N,
    EID_RECORD_GRAND,
    EID_RECORD_CORRECT,
    EID_RECORD_PRESENTED,
    EID_RECORD_EPOCH,
    EID_RECORD_STEP,
    EID_RECORD_LABEL,
    EID_RECORD_ID,
    EID_RECORD_CLASSES,
    EID_RECORD_RATE,
    EID_RECORD_WEIGHTS,
    EID_RECORD_ARRAYS
} eid_record_array;

typedef struct eid_record_kind {
    const char *name; /* of the file, without .npy */
    eid_type type;
    int ndim;      /* 2: checkpoint (or epoch) x example; weights: x parameter */
    bool optional; /* in a record that is read */
} eid_record_kind;
extern const eid_record_kind eid_record_kinds[EID_RECORD_ARRAYS];
#endif
