#include "recipe/run.h"
#include <stdio.h>
#include <string.h>

eid_status recipe_add_options(json_t *to, const char *prefix, const eid_opt *table,
                              const void *opts, bool all)
{
    for (const eid_opt *row = table; row->type != EID_OPT_END; row++) {
        eid_opt one[2] = {*row, {0}};
        char *text = NULL, name[96];
        json_t *value;
        eid_status st;
        if (!all && (row->flags & (EID_OPT_NEUTRAL | EID_OPT_PATH_IN)))
            continue;
        st = eid_opts_json(one, opts, &text);
        if (st != EID_OK)
            return st;
        st = eid_json_parse(&value, "option", text, strlen(text));
        eid_string_free(text);
        if (st != EID_OK)
            return st;
        snprintf(name, sizeof name, "%s%s%s", prefix, *prefix ? "-" : "", row->name);
        json_object_set(to, name, json_object_get(value, row->name));
        json_decref(value);
    }
    return EID_OK;
}
