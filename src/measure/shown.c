#include "measure/shown.h"
#include "base/json.h"
#include "eidetic/text.h"

eid_status eid_shown(const uint8_t *text, size_t n, size_t cut, bool reveal, json_t *parts[2])
{
    char *masked[2] = {NULL, NULL};

    if (!reveal && eid_mask_parts(text, n, &cut, 1, masked) != EID_OK)
        return EID_ENOMEM;
    parts[0] = reveal ? eid_json_bytes(text, cut) : json_string(masked[0]);
    parts[1] = reveal ? eid_json_bytes(text + cut, n - cut) : json_string(masked[1]);
    eid_string_free(masked[0]);
    eid_string_free(masked[1]);
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
