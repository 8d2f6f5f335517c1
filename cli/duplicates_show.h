/* duplicates_show.h - what `duplicates` found, as tables and as JSON. */
#ifndef CLI_DUPLICATES_SHOW_H
#define CLI_DUPLICATES_SHOW_H
#include "asking.h"

typedef struct duplicates_found {
    const eid_index *ix, *other; /* other NULL: none was named */
    eid_duplicates *own;
    eid_shared *shared;
    const eid_near_result *near; /* NULL: not asked for */
    double threshold;
    int64_t show; /* bytes of a string */
    bool reveal;
} duplicates_found;

void duplicates_print(const duplicates_found *f);
/* `out`: the run's folder, NULL: none. */
json_t *duplicates_json(const duplicates_found *f, const char *out);
#endif
