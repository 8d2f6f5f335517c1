/* safetensors_write.c - F32 files, laid out as safetensors.h draws them. */
#include "base/file.h"
#include "lm/safetensors.h"
#include <string.h>

static size_t count_of(const eid_st_entry *e)
{
    size_t count = 1;
    for (int d = 0; d < e->ndim; d++)
        count *= (size_t)e->shape[d];
    return count;
}

/* transformers asks for the metadata: "pt" says that matrices are stored as PyTorch stores them. */
static eid_status make_header(const eid_st_entry *entry, size_t n, char **text)
{
    json_t *header = json_pack("{s:{s:s}}", "__metadata__", "format", "pt");
    size_t at = 0;
    for (size_t i = 0; header && i < n; i++) {
        size_t end = at + sizeof(float) * count_of(&entry[i]);
        json_t *shape = json_array();
        for (int d = 0; d < entry[i].ndim; d++)
            json_array_append_new(shape, json_integer(entry[i].shape[d]));
        json_t *tensor = json_pack("{s:s, s:o, s:[I, I]}", "dtype", "F32", "shape", shape,
                                   "data_offsets", (json_int_t)at, (json_int_t)end);
        if (json_object_set_new(header, entry[i].name, tensor) != 0) {
            json_decref(header);
            header = NULL;
        }
        at = end;
    }
    if (!header)
        return eid_fail(EID_ENOMEM, "no memory for a header of %zu tensors", n);
    return eid_json_text(header, text);
}

eid_status eid_st_write(const char *path, const eid_st_entry *entry, size_t n)
{
    static const char pad[8] = "       ";
    eid_status st = EID_OK;
    eid_out *f = NULL;
    char *text = NULL;

    EID_TRY(make_header(entry, n, &text));
    size_t size = strlen(text), padding = (8 - size % 8) % 8;
    uint64_t header = size + padding;
    EID_TRY(eid_out_open(&f, path));
    EID_TRY(eid_out_write(f, &header, sizeof header));
    EID_TRY(eid_out_write(f, text, size));
    EID_TRY(eid_out_write(f, pad, padding));
    for (size_t i = 0; i < n; i++)
        EID_TRY(eid_out_write(f, entry[i].value, sizeof(float) * count_of(&entry[i])));
    EID_TRY(eid_out_commit(&f));
done:
    eid_out_abort(&f);
    eid_free(text);
    return st;
}
