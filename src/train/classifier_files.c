/* classifier_files.c - a classifier as a folder: config.json and model.safetensors. */
#include "base/file.h"
#include "base/json.h"
#include "eidetic/train.h"
#include "lm/safetensors.h"
#include <inttypes.h>
#include <string.h>

static const char TYPE[] = "eidetic-classifier";
enum { MOST_CONFIG = 1 << 20 };

static eid_status write_config(const eid_net *m, const char *path)
{
    eid_status st = EID_OK;
    const eid_net_shape *s = eid_net_shape_of(m);
    eid_out *f = NULL;
    char *text = NULL;

    EID_TRY(eid_json_text(json_pack("{s:s, s:s, s:I, s:I, s:I, s:I}", "model_type", TYPE, "model",
                                    eid_net_model(m), "channels", (json_int_t)s->channels, "height",
                                    (json_int_t)s->height, "width", (json_int_t)s->width, "classes",
                                    (json_int_t)s->classes),
                          &text));
    EID_TRY(eid_out_open(&f, path));
    EID_TRY(eid_out_write(f, text, strlen(text)));
    EID_TRY(eid_out_write(f, "\n", 1));
    EID_TRY(eid_out_commit(&f));
done:
    eid_out_abort(&f);
    eid_string_free(text);
    return st;
}

eid_status eid_classifier_save(eid_net *m, eid_ctx *ctx, const char *dir)
{
    eid_status st = EID_OK;
    char *path = NULL, *config = NULL;
    eid_st_entry *entry = NULL;
    eid_param *p;
    size_t n = eid_net_params(m, &p);

    (void)ctx;
    EID_TRY(eid_mkdirs(dir));
    EID_TRY(eid_format(&path, "%s/model.safetensors", dir));
    EID_TRY(eid_format(&config, "%s/config.json", dir));
    EID_TRY(EID_NEW(entry, n));
    for (size_t i = 0; i < n; i++) {
        entry[i] = (eid_st_entry){p[i].name, p[i].ndim, {p[i].rows, p[i].cols}, p[i].value};
        if (p[i].ndim == 1)
            entry[i].shape[0] = p[i].cols;
    }
    EID_TRY(eid_st_write(path, entry, n));
    EID_TRY(write_config(m, config));
done:
    eid_free(path);
    eid_free(config);
    eid_free(entry);
    return st;
}

static eid_status read_size(const char *path, json_t *j, const char *key, int64_t *out)
{
    json_t *v = json_object_get(j, key);
    if (!json_is_integer(v) || json_integer_value(v) < 1 || json_integer_value(v) > INT32_MAX)
        return eid_fail(EID_EFORMAT, "%s: %s is missing or no number from 1 to 2147483647", path,
                        key);
    *out = json_integer_value(v);
    return EID_OK;
}

/* The network that config.json describes, with weights yet to be read. */
static eid_status read_config(eid_net **out, eid_ctx *ctx, const char *path)
{
    eid_status st = EID_OK;
    uint8_t *bytes = NULL;
    json_t *j = NULL;
    eid_net_shape s;
    size_t n;

    EID_TRY(eid_read_file(path, MOST_CONFIG, &bytes, &n));
    EID_TRY(eid_json_parse(&j, path, (const char *)bytes, n));
    const char *type = json_string_value(json_object_get(j, "model_type"));
    const char *model = json_string_value(json_object_get(j, "model"));
    if (!type || strcmp(type, TYPE) != 0)
        EID_TRY(eid_fail(EID_EUNSUPPORTED, "%s: model_type is not \"%s\"", path, TYPE));
    if (!model)
        EID_TRY(eid_fail(EID_EFORMAT, "%s: names no model", path));
    EID_TRY(read_size(path, j, "channels", &s.channels));
    EID_TRY(read_size(path, j, "height", &s.height));
    EID_TRY(read_size(path, j, "width", &s.width));
    EID_TRY(read_size(path, j, "classes", &s.classes));
    eid_status made = eid_net_new(out, ctx, model, &s, 0);
    if (made != EID_OK)
        EID_TRY(
            eid_fail(made == EID_EINVAL ? EID_EFORMAT : made, "%s: %s", path, eid_last_error()));
done:
    json_decref(j);
    eid_free(bytes);
    return st;
}

static eid_status read_weights(eid_net *m, const eid_st *file)
{
    eid_status st = EID_OK;
    eid_param *p;
    size_t n = eid_net_params(m, &p);
    char has[160], wants[160];

    for (size_t i = 0; i < n; i++) {
        const eid_st_tensor *t = eid_st_find(file, p[i].name);
        const int64_t shape[2] = {p[i].ndim == 1 ? p[i].cols : p[i].rows, p[i].cols};
        if (!t)
            EID_TRY(eid_fail(EID_EFORMAT, "%s: tensor \"%s\" is missing", file->path, p[i].name));
        if (t->ndim != p[i].ndim || memcmp(t->shape, shape, (size_t)t->ndim * sizeof *shape) != 0)
            EID_TRY(eid_fail(EID_EFORMAT, "%s: tensor \"%s\" has shape %s, config.json wants %s",
                             file->path, p[i].name, eid_st_shape(t->shape, t->ndim, has),
                             eid_st_shape(shape, p[i].ndim, wants)));
        EID_TRY(eid_st_widen(file, t, p[i].value));
    }
    if (file->n != n)
        EID_TRY(
            eid_fail(EID_EFORMAT, "%s: %zu tensors, the network has %zu", file->path, file->n, n));
done:
    return st;
}

eid_status eid_classifier_load(eid_net **out, eid_ctx *ctx, const char *dir)
{
    eid_status st = EID_OK;
    eid_map map = {0};
    eid_st file = {0};
    eid_net *m = NULL;
    char *path = NULL, *config = NULL;

    EID_TRY(eid_format(&path, "%s/model.safetensors", dir));
    EID_TRY(eid_format(&config, "%s/config.json", dir));
    EID_TRY(read_config(&m, ctx, config));
    EID_TRY(eid_map_open(&map, path));
    EID_TRY(eid_st_parse(&file, path, map.at, map.n));
    EID_TRY(read_weights(m, &file));
    EID_TRY(eid_net_changed(m, ctx));
    *out = m;
    m = NULL;
done:
    eid_net_free(m);
    eid_st_free(&file);
    eid_map_close(&map);
    eid_free(path);
    eid_free(config);
    return st;
}
