#include "recipe/keep.h"
#include <string.h>

eid_status keep_text(const char *folder, const char *name, const char *text)
{
    eid_status st = EID_OK;
    char *path = NULL;
    eid_out *f = NULL;

    EID_TRY(eid_mkdirs(folder));
    EID_TRY(eid_format(&path, "%s/%s", folder, name));
    EID_TRY(eid_out_open(&f, path));
    EID_TRY(eid_out_write(f, text, strlen(text)));
    EID_TRY(eid_out_commit(&f));
done:
    eid_out_abort(&f);
    eid_free(path);
    return st;
}

eid_status keep_run(char **json, eid_ctx *ctx, const eid_lab *lab, const void *own, int64_t seed,
                    const eid_lab_call *call)
{
    enum { MOST = 1 << 26 };
    eid_status st = EID_OK;
    const eid_lab_ask ask = {.lab = lab, .own = own};
    const eid_lab_opts opts = {.scale = EID_LAB_FULL, .seed = seed};
    char *path = NULL;
    uint8_t *text = NULL;
    size_t n = 0;

    EID_TRY(eid_labs_run(ctx, &ask, 1, &opts, call));
    EID_TRY(eid_format(&path, "%s/%s/result.json", call->out, lab->name));
    EID_TRY(eid_read_file(path, MOST, &text, &n));
    *json = (char *)text;
    text = NULL;
done:
    eid_free(text);
    eid_free(path);
    return st;
}
