/* run.h - what every recipe tells its run's store. */
#ifndef EID_SRC_RECIPE_RUN_H
#define EID_SRC_RECIPE_RUN_H
#include "base/json.h"

/* A table's rows into `to`, named PREFIX-NAME ("": NAME alone); `all`: neutral ones and spellings
 * of paths, too. */
eid_status recipe_add_options(json_t *to, const char *prefix, const eid_opt *table,
                              const void *opts, bool all);
#endif
