/* Model folders: round trip, the spellings that are met in the field, and every way a folder can
 * lie. */
#include "golden.h"
#include "lm/config.h"
#include "lm/safetensors.h"

enum { ROOM = 40 };

/* A folder made from the golden model: tests change entries and shape, then write it. */
typedef struct folder {
    eid_map map;
    eid_st file;
    eid_st_entry entry[ROOM];
    char name[ROOM][80];
    float *value[ROOM];
    size_t n;
    eid_gpt_config config;
    char dir[600];
} folder;

static folder *folder_new(const char *name)
{
    golden g = golden_open("gpt2-tiny");
    folder *f = calloc(1, sizeof *f);
    char path[700];

    snprintf(path, sizeof path, "%s/config.json", g.dir);
    CHECK_OK(eid_config_read(&f->config, path));
    snprintf(path, sizeof path, "%s/model.safetensors", g.dir);
    CHECK_OK(eid_map_open(&f->map, path));
    CHECK_OK(eid_st_parse(&f->file, "golden", f->map.at, f->map.n));
    for (size_t i = 0; i < f->file.n; i++) {
        const eid_st_tensor *t = &f->file.tensor[i];
        f->value[i] = calloc((size_t)t->count, sizeof(float));
        CHECK_OK(eid_st_widen(&f->file, t, f->value[i]));
        snprintf(f->name[i], sizeof f->name[i], "%s", t->name);
        f->entry[i] = (eid_st_entry){f->name[i], t->ndim, {t->shape[0], t->shape[1]}, f->value[i]};
    }
    f->n = f->file.n;
    snprintf(f->dir, sizeof f->dir, "%s", check_tmp(name));
    CHECK_OK(eid_mkdirs(f->dir));
    eid_free(g.bytes);
    return f;
}

static size_t place(const folder *f, const char *name)
{
    for (size_t i = 0; i < f->n; i++)
        if (!strcmp(f->name[i], name))
            return i;
    CHECK_FAIL("no %s in the golden model", name);
    return 0;
}

static void add(folder *f, const char *name, int ndim, int64_t rows, int64_t cols, float value)
{
    size_t count = (size_t)(rows * cols);
    free(f->value[f->n]); /* of one that was dropped */
    f->value[f->n] = calloc(count, sizeof(float));
    for (size_t i = 0; i < count; i++)
        f->value[f->n][i] = value;
    snprintf(f->name[f->n], sizeof f->name[0], "%s", name);
    f->entry[f->n] = (eid_st_entry){f->name[f->n], ndim, {rows, cols}, f->value[f->n]};
    f->n++;
}

static void drop(folder *f, size_t at)
{
    memmove(&f->entry[at], &f->entry[at + 1], (f->n - at - 1) * sizeof f->entry[0]);
    f->n--; /* value[] and name[] keep their places: folder_free frees all of them */
}

/* Writes, loads, and answers what loading says; the model into *m when asked for. */
static eid_status load(folder *f, eid_gpt **m)
{
    char path[700];
    eid_gpt *own = NULL;
    eid_ctx *ctx = golden_ctx(1);

    snprintf(path, sizeof path, "%s/config.json", f->dir);
    CHECK_OK(eid_config_write(&f->config, path));
    snprintf(path, sizeof path, "%s/model.safetensors", f->dir);
    CHECK_OK(eid_st_write(path, f->entry, f->n));
    eid_status st = eid_gpt_load(&own, ctx, f->dir);
    if (m)
        *m = own;
    else
        eid_gpt_free(own);
    eid_ctx_free(ctx);
    return st;
}

static void folder_free(folder *f)
{
    for (size_t i = 0; i < ROOM; i++)
        free(f->value[i]);
    eid_st_free(&f->file);
    eid_map_close(&f->map);
    char command[700];
    snprintf(command, sizeof command, "rm -r '%s'", f->dir);
    CHECK_INT(system(command), 0);
    free(f);
}

static void what_is_saved_is_loaded(void)
{
    eid_ctx *ctx = golden_ctx(1);
    eid_gpt_config c = {.vocab = 40,
                        .context = 12,
                        .width = 16,
                        .layers = 3,
                        .heads = 2,
                        .norm_eps = 1e-5,
                        .bos = 3,
                        .eos = -1};
    eid_gpt *m = NULL, *again = NULL;
    eid_param *p, *q;
    const char *dir = check_tmp("saved");
    char path[600], command[700], hash[2][65];
    int64_t bytes;

    CHECK_OK(eid_gpt_new(&m, ctx, &c, 5));
    CHECK_OK(eid_gpt_save(m, ctx, dir));
    snprintf(path, sizeof path, "%s/model.safetensors", dir);
    CHECK_OK(eid_file_sha256(ctx, path, hash[0], &bytes));
    CHECK_OK(eid_gpt_load(&again, ctx, dir));
    CHECK(!memcmp(eid_gpt_shape(again), &c, sizeof c));
    size_t n = eid_gpt_params(m, &p);
    CHECK_INT(eid_gpt_params(again, &q), n);
    for (size_t i = 0; i < n; i++)
        CHECK(!memcmp(p[i].value, q[i].value, (size_t)(p[i].rows * p[i].cols) * sizeof(float)));
    CHECK_OK(eid_gpt_save(again, ctx, dir)); /* over the old one: the same bytes */
    CHECK_OK(eid_file_sha256(ctx, path, hash[1], &bytes));
    CHECK_STR(hash[1], hash[0]);
    eid_gpt_free(m);
    eid_gpt_free(again);
    eid_ctx_free(ctx);
    snprintf(command, sizeof command, "rm -r '%s'", dir);
    CHECK_INT(system(command), 0);
}

/* The spellings that are met: bare names, a stored head, masks of old versions. */
static void spellings_of_the_field_are_read(void)
{
    folder *f = folder_new("spellings");
    size_t wte = place(f, "transformer.wte.weight");
    CHECK_OK(load(f, NULL));
    for (size_t i = 0; i < f->n; i++)
        f->entry[i].name += strlen("transformer.");
    CHECK_OK(load(f, NULL));
    add(f, "lm_head.weight", 2, 53, 24, 0);
    memcpy(f->value[f->n - 1], f->value[wte], 53 * 24 * sizeof(float));
    CHECK_OK(load(f, NULL));
    add(f, "h.0.attn.bias", 2, 24, 24, 1);
    add(f, "transformer.h.1.attn.masked_bias", 1, 1, 1, -1e9f);
    CHECK_OK(load(f, NULL));
    f->value[wte][7] += 1;
    CHECK_FAILS(load(f, NULL), EID_EUNSUPPORTED, "lm_head.weight differs");
    folder_free(f);
}

static void tensors_that_lie_are_named(void)
{
    folder *f = folder_new("lying");
    size_t at = place(f, "transformer.h.1.mlp.c_fc.weight");
    f->value[at][100] = NAN;
    CHECK_FAILS(load(f, NULL), EID_EFORMAT, "h.1.mlp.c_fc.weight\": element 100 is NaN");
    f->value[at][100] = INFINITY;
    CHECK_FAILS(load(f, NULL), EID_EFORMAT, "h.1.mlp.c_fc.weight\": element 100 is infinite");
    f->value[at][100] = 0;
    f->entry[at].shape[0] = 96;
    f->entry[at].shape[1] = 24;
    CHECK_FAILS(load(f, NULL), EID_EFORMAT, "[96, 24], config.json wants [24, 96]");
    f->entry[at].shape[0] = 24;
    f->entry[at].shape[1] = 96;
    CHECK_OK(load(f, NULL));
    add(f, "wpe.weight", 2, 24, 24, 0);
    CHECK_FAILS(load(f, NULL), EID_EFORMAT, "\"wpe.weight\" stands there both");
    drop(f, f->n - 1);
    add(f, "score.weight", 2, 1, 24, 0);
    CHECK_FAILS(load(f, NULL), EID_EFORMAT, "\"score.weight\" belongs to no part");
    drop(f, f->n - 1);
    drop(f, place(f, "transformer.h.0.ln_2.bias"));
    CHECK_FAILS(load(f, NULL), EID_EFORMAT, "\"h.0.ln_2.bias\" is missing");
    folder_free(f);
}

/* Nothing of such a size is ever allocated: a few kilobytes of file cannot hold it. */
static void absurd_shapes_are_refused(void)
{
    folder *f = folder_new("absurd");
    eid_gpt_config honest = f->config;
    f->config.layers = 4000;
    CHECK_FAILS(load(f, NULL), EID_EFORMAT, "cannot hold");
    f->config = honest;
    f->config.layers = INT32_MAX;
    CHECK_FAILS(load(f, NULL), EID_EFORMAT, "config.json");
    f->config = honest;
    f->config.width = INT32_MAX;
    CHECK_FAILS(load(f, NULL), EID_EFORMAT, "config.json");
    f->config = honest;
    f->config.heads = 5;
    CHECK_FAILS(load(f, NULL), EID_EFORMAT, "config.json");
    f->config = honest;
    f->config.layers = 3;
    CHECK_FAILS(load(f, NULL), EID_EFORMAT, "h.2.ln_1.weight\" is missing");
    f->config.layers = 1;
    CHECK_FAILS(load(f, NULL), EID_EFORMAT, "belongs to no part");
    f->config = honest;
    f->config.vocab = 54;
    CHECK_FAILS(load(f, NULL), EID_EFORMAT, "[53, 24], config.json wants [54, 24]");
    folder_free(f);
}

static void touch(const char *dir, const char *name)
{
    char path[700];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL);
    if (file)
        fclose(file);
}

static void folders_that_are_no_models_say_so(void)
{
    folder *f = folder_new("folders");
    eid_ctx *ctx = golden_ctx(1);
    eid_gpt *m = NULL;
    char path[700];

    CHECK_FAILS(eid_gpt_load(&m, ctx, "/nonexistent"), EID_EIO, "/nonexistent/config.json");
    CHECK_FAILS(eid_gpt_load(&m, ctx, f->dir), EID_EIO, "config.json");
    CHECK_OK(load(f, NULL));
    snprintf(path, sizeof path, "%s/model.safetensors", f->dir);
    CHECK_INT(truncate(path, 1000), 0);
    CHECK_FAILS(eid_gpt_load(&m, ctx, f->dir), EID_EFORMAT, "model.safetensors");
    CHECK_INT(truncate(path, 0), 0);
    CHECK_FAILS(eid_gpt_load(&m, ctx, f->dir), EID_EFORMAT, "model.safetensors");
    unlink(path);
    CHECK_FAILS(eid_gpt_load(&m, ctx, f->dir), EID_EIO, "no model.safetensors");
    touch(f->dir, "pytorch_model.bin");
    CHECK_FAILS(eid_gpt_load(&m, ctx, f->dir), EID_EUNSUPPORTED, "pytorch_model.bin");
    snprintf(path, sizeof path, "%s/pytorch_model.bin", f->dir);
    unlink(path);
    touch(f->dir, "model.safetensors.index.json");
    CHECK_FAILS(eid_gpt_load(&m, ctx, f->dir), EID_EUNSUPPORTED, "several files");
    CHECK(!m);
    eid_ctx_free(ctx);
    folder_free(f);
}

static void running_out_of_memory_leaves_nothing(void)
{
    golden g = golden_open("gpt2-tiny");
    eid_ctx *ctx = golden_ctx(1);
    eid_gpt *m = NULL;
    for (int64_t n = 1; n < 12; n++) {
        eid_fail_allocation(n);
        CHECK_FAILS(eid_gpt_load(&m, ctx, g.dir), EID_ENOMEM, "");
        eid_fail_allocation(0);
        CHECK(!m);
    }
    eid_ctx_free(ctx);
    eid_free(g.bytes);
}

int main(void)
{
    RUN(what_is_saved_is_loaded);
    RUN(spellings_of_the_field_are_read);
    RUN(tensors_that_lie_are_named);
    RUN(absurd_shapes_are_refused);
    RUN(folders_that_are_no_models_say_so);
    RUN(running_out_of_memory_leaves_nothing);
    return DONE();
}
