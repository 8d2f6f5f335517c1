#include "measure/shown.h"
#include "base/json.h"
#include "eidetic/text.h"

eid_status eid_shown(const uint8_t *text, size_t n, const size_t cut[3], bool reveal,
                     json_t *parts[2])
{
    char *masked[4] = {NULL, NULL, NULL, NULL};

    if (!reveal && eid_mask_parts(text, n, cut, 3, masked) != EID_OK)
        return EID_ENOMEM;
    for (int k = 0; k < 2; k++)
        parts[k] = reveal ? eid_json_bytes(text + cut[k], cut[k + 1] - cut[k])
                          : json_string(masked[k + 1]);
    for (int k = 0; k < 4; k++)
        eid_string_free(masked[k]);
    if (parts[0] && parts[1])
        return EID_OK;
    json_decref(parts[0]);
    json_decref(parts[1]);
    parts[0] = parts[1] = NULL;
    return eid_fail(EID_ENOMEM, "no memory for JSON");
}

eid_status eid_json_append(json_t *array, json_t *item)
{
    if (array && item && json_array_append_new(array, item) == 0)
        return EID_OK;
    if (!array)
        json_decref(item);
    return eid_fail(EID_ENOMEM, "no memory for JSON");
}
