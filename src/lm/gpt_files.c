/* gpt_files.c - a decoder as a Hugging Face directory: config.json and model.safetensors. */
#include "base/file.h"
#include "eidetic/lm.h"
#include "base/ctx.h"
#include "lm/config.h"
#include "lm/safetensors.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* GPT2LMHeadModel keeps its trunk under this name; a bare GPT2Model does without. */
static const char PREFIX[] = "transformer.";

/* Says which other file is there instead, since that is what people meet. */
static eid_status no_weights(const char *dir)
{
    static const struct {
        const char *file, *why;
    } other[] = {
        {"model.safetensors.index.json", "weights in several files cannot be read"},
        {"pytorch_model.bin", "pickled weights can run code and are never read; save the model "
                              "again with safe_serialization=True"},
    };
    eid_status st = eid_fail(EID_EIO, "%s: no model.safetensors", dir);
    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
        char *path = NULL;
        if (eid_format(&path, "%s/%s", dir, other[i].file) == EID_OK && eid_exists(path))
            st = eid_fail(EID_EUNSUPPORTED, "%s: no model.safetensors but %s: %s", dir,
                          other[i].file, other[i].why);
        eid_free(path);
    }
    return st;
}

/* "transformer.NAME" or "NAME"; both would leave open which one counts. */
static eid_status find_weight(const eid_st *file, const char *name, const eid_st_tensor **out)
{
    char longer[160];
    snprintf(longer, sizeof longer, "%s%s", PREFIX, name);
    const eid_st_tensor *a = eid_st_find(file, longer), *b = eid_st_find(file, name);
    if (a && b)
        return eid_fail(EID_EFORMAT, "%s: tensor \"%s\" stands there both with and without \"%s\"",
                        file->path, name, PREFIX);
    if (!a && !b)
        return eid_fail(EID_EFORMAT, "%s: tensor \"%s\" is missing", file->path, name);
    *out = a ? a : b;
    return EID_OK;
}

static eid_status check_shape(const eid_st *file, const eid_st_tensor *t, const eid_param *p)
{
    const int64_t want[2] = {p->ndim == 1 ? p->cols : p->rows, p->cols};
    char has[160], wants[160];
    if (t->ndim == p->ndim && t->shape[0] == want[0] && (p->ndim == 1 || t->shape[1] == want[1]))
        return EID_OK;
    return eid_fail(EID_EFORMAT, "%s: tensor \"%s\" has shape %s, config.json wants %s", file->path,
                    t->name, eid_st_shape(t->shape, t->ndim, has),
                    eid_st_shape(want, p->ndim, wants));
}

/* "h.3.attn.bias" and "h.3.attn.masked_bias": the causal mask, which old versions saved along. */
static bool is_mask(const char *name)
{
    int end = 0, layer;
    if (!strncmp(name, PREFIX, strlen(PREFIX)))
        name += strlen(PREFIX);
    return sscanf(name, "h.%9d.attn.%n", &layer, &end) == 1 && end > 0 &&
           (!strcmp(name + end, "bias") || !strcmp(name + end, "masked_bias"));
}

/* A head that is stored must be the embedding: that is what a tied head means. */
static eid_status check_head(const eid_st *file, const eid_param *wte, float *scratch)
{
    eid_status st = EID_OK;
    const eid_st_tensor *head = eid_st_find(file, "lm_head.weight");
    if (!head)
        return EID_OK;
    EID_TRY(check_shape(file, head, wte));
    EID_TRY(eid_st_widen(file, head, scratch));
    if (memcmp(scratch, wte->value, (size_t)head->count * sizeof(float)) != 0)
        EID_TRY(eid_fail(EID_EUNSUPPORTED,
                         "%s: lm_head.weight differs from wte.weight; this release runs tied heads",
                         file->path));
done:
    return st;
}

static eid_status read_weights(eid_gpt *m, eid_ctx *ctx, const eid_st *file)
{
    eid_status st = EID_OK;
    eid_param *p;
    size_t n = eid_gpt_params(m, &p), used = 0;
    bool *taken = NULL;
    float *scratch = NULL;

    EID_TRY(EID_NEW(taken, file->n));
    for (size_t i = 0; i < n; i++) {
        const eid_st_tensor *t = NULL;
        if (p[i].tied_to >= 0)
            continue;
        EID_TRY(find_weight(file, p[i].name, &t));
        EID_TRY(check_shape(file, t, &p[i]));
        EID_TRY(eid_st_widen(file, t, p[i].value));
        taken[t - file->tensor] = true;
        EID_TRY(eid_tick(ctx, "loading", "tensors", (int64_t)++used, (int64_t)file->n));
    }
    for (size_t i = 0; i < n; i++)
        if (!strcmp(p[i].name, "wte.weight")) {
            EID_TRY(EID_NEW(scratch, p[i].rows * p[i].cols));
            EID_TRY(check_head(file, &p[i], scratch));
        }
    for (size_t i = 0; i < file->n; i++) {
        const char *name = file->tensor[i].name;
        char shown[84];
        if (!taken[i] && !is_mask(name) && strcmp(name, "lm_head.weight") != 0)
            EID_TRY(eid_fail(EID_EFORMAT, "%s: tensor \"%s\" belongs to no part of this model",
                             file->path, eid_st_shown(name, shown)));
    }
    EID_TRY(eid_gpt_changed(m, ctx));
done:
    eid_free(taken);
    eid_free(scratch);
    return st;
}

/* Before anything is allocated: could a file of this size hold such a model, at two bytes a weight?
 */
static eid_status check_size(const char *path, const eid_gpt_config *c, size_t bytes)
{
    int64_t want = eid_gpt_config_parameters(c);
    if (want > (int64_t)(bytes / 2))
        return eid_fail(EID_EFORMAT,
                        "%s: %zu bytes cannot hold the %" PRId64 " weights that config.json wants",
                        path, bytes, want);
    return EID_OK;
}

eid_status eid_gpt_load(eid_gpt **out, eid_ctx *ctx, const char *dir)
{
    eid_status st = EID_OK;
    char *config_path = NULL, *path = NULL;
    eid_gpt_config config;
    eid_map map = {0};
    eid_st file = {0};
    eid_gpt *m = NULL;

    EID_TRY(eid_format(&config_path, "%s/config.json", dir));
    EID_TRY(eid_format(&path, "%s/model.safetensors", dir));
    EID_TRY(eid_config_read(&config, config_path));
    eid_status fits = eid_gpt_config_check(&config, ctx->memory);
    if (fits != EID_OK)
        EID_TRY(eid_fail(fits == EID_EINVAL ? EID_EFORMAT : fits, "%s: %s", config_path,
                         eid_last_error()));
    if (!eid_exists(path))
        EID_TRY(no_weights(dir));
    EID_TRY(eid_map_open(&map, path));
    EID_TRY(check_size(path, &config, map.n));
    EID_TRY(eid_st_parse(&file, path, map.at, map.n));
    EID_TRY(eid_gpt_new(&m, ctx, &config, 0));
    EID_TRY(read_weights(m, ctx, &file));
    *out = m;
    m = NULL;
done:
    eid_gpt_free(m);
    eid_st_free(&file);
    eid_map_close(&map);
    eid_free(config_path);
    eid_free(path);
    return st;
}

eid_status eid_gpt_save(const eid_gpt *m, eid_ctx *ctx, const char *dir)
{
    eid_status st = EID_OK;
    char *path = NULL, *config_path = NULL;
    char(*names)[160] = NULL;
    eid_st_entry *entry = NULL;
    eid_param *p;
    size_t n = eid_gpt_params((eid_gpt *)(uintptr_t)m, &p), used = 0; /* views are only read */

    EID_TRY(eid_tick(ctx, "saving", "models", 0, 1));
    EID_TRY(eid_mkdirs(dir));
    EID_TRY(eid_format(&path, "%s/model.safetensors", dir));
    EID_TRY(eid_format(&config_path, "%s/config.json", dir));
    EID_TRY(EID_NEW(names, n));
    EID_TRY(EID_NEW(entry, n));
    for (size_t i = 0; i < n; i++) {
        if (p[i].tied_to >= 0)
            continue;
        snprintf(names[used], sizeof *names, "%s%s", PREFIX, p[i].name);
        entry[used] = (eid_st_entry){names[used], p[i].ndim, {p[i].rows, p[i].cols}, p[i].value};
        if (p[i].ndim == 1)
            entry[used].shape[0] = p[i].cols;
        used++;
    }
    EID_TRY(eid_st_write(path, entry, used));
    EID_TRY(eid_config_write(eid_gpt_shape(m), config_path));
    EID_TRY(eid_tick(ctx, "saving", "models", 1, 1));
done:
    eid_free(path);
    eid_free(config_path);
    eid_free(names);
    eid_free(entry);
    return st;
}
