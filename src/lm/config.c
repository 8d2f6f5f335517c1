/* config.c - reads what transformers and we write, refuses by name what the decoder cannot do. */
#include "lm/config.h"
#include "base/file.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A whole number in [min, 2^31), `preset` when it is missing or null. */
static eid_status read_int(const char *path, json_t *config, const char *key, int64_t preset,
                           int64_t *out)
{
    json_t *j = json_object_get(config, key);
    if (!j || json_is_null(j)) {
        *out = preset;
        return EID_OK;
    }
    if (!json_is_integer(j))
        return eid_fail(EID_EFORMAT, "%s: %s is not a whole number", path, key);
    if (json_integer_value(j) < 1 || json_integer_value(j) > INT32_MAX)
        return eid_fail(EID_EFORMAT, "%s: %s is %" JSON_INTEGER_FORMAT ", want 1 to 2147483647",
                        path, key, json_integer_value(j));
    *out = json_integer_value(j);
    return EID_OK;
}

/* An id or the first of a list of ids; -1 for none and for one outside the vocabulary. */
static eid_status read_id(const char *path, json_t *config, const char *key, int64_t vocab,
                          int64_t *out)
{
    json_t *j = json_object_get(config, key);
    if (json_is_array(j))
        j = json_array_get(j, 0);
    if (j && !json_is_null(j) && !json_is_integer(j))
        return eid_fail(EID_EFORMAT, "%s: %s is not a token id", path, key);
    int64_t id = json_is_integer(j) ? json_integer_value(j) : j ? -1 : 50256;
    *out = id >= 0 && id < vocab ? id : -1;
    return EID_OK;
}

/* A switch that must stand as the decoder has it. */
static eid_status want_flag(const char *path, json_t *config, const char *key, bool want)
{
    json_t *j = json_object_get(config, key);
    if (!j || json_is_null(j) || (json_is_boolean(j) && json_boolean_value(j) == want))
        return EID_OK;
    if (!json_is_boolean(j))
        return eid_fail(EID_EFORMAT, "%s: %s is neither true nor false", path, key);
    return eid_fail(EID_EUNSUPPORTED, "%s: models with %s = %s cannot be run", path, key,
                    want ? "false" : "true");
}

static eid_status check_type(const char *path, json_t *config)
{
    const char *type = json_string_value(json_object_get(config, "model_type"));
    if (!type)
        return eid_fail(EID_EFORMAT, "%s: no model_type", path);
    if (strcmp(type, "gpt2") != 0)
        return eid_fail(EID_EUNSUPPORTED, "%s: model_type is \"%.40s\"; this release runs gpt2",
                        path, type);
    return EID_OK;
}

/* All of these names stand for gelu by tanh; "gelu" alone is the exact one, by erf. */
static eid_status check_activation(const char *path, json_t *config)
{
    static const char *const same[] = {"gelu_new", "gelu_pytorch_tanh", "gelu_fast",
                                       "gelu_accurate"};
    json_t *j = json_object_get(config, "activation_function");
    if (!j)
        return EID_OK;
    if (!json_is_string(j))
        return eid_fail(EID_EFORMAT, "%s: activation_function is not text", path);
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        if (!strcmp(json_string_value(j), same[i]))
            return EID_OK;
    return eid_fail(EID_EUNSUPPORTED,
                    "%s: activation_function is \"%.40s\"; this release runs gelu_new", path,
                    json_string_value(j));
}

static eid_status check_features(const char *path, json_t *config, int64_t width)
{
    eid_status st = EID_OK;
    int64_t inner;
    json_t *heads = json_object_get(config, "pruned_heads");
    json_t *quantized = json_object_get(config, "quantization_config");

    EID_TRY(check_activation(path, config));
    EID_TRY(want_flag(path, config, "scale_attn_weights", true));
    EID_TRY(want_flag(path, config, "scale_attn_by_inverse_layer_idx", false));
    EID_TRY(want_flag(path, config, "add_cross_attention", false));
    EID_TRY(want_flag(path, config, "is_encoder_decoder", false));
    EID_TRY(want_flag(path, config, "tie_word_embeddings", true));
    EID_TRY(read_int(path, config, "n_inner", 4 * width, &inner));
    if (inner != 4 * width)
        EID_TRY(eid_fail(EID_EUNSUPPORTED, "%s: n_inner is %" PRId64 "; only 4 x n_embd can be run",
                         path, inner));
    if (json_object_size(heads) || json_array_size(heads))
        EID_TRY(eid_fail(EID_EUNSUPPORTED, "%s: models with pruned_heads cannot be run", path));
    if (quantized && !json_is_null(quantized))
        EID_TRY(eid_fail(EID_EUNSUPPORTED, "%s: quantization_config: only plain weights can be run",
                         path));
done:
    return st;
}

static eid_status read_eps(const char *path, json_t *config, double *eps)
{
    json_t *j = json_object_get(config, "layer_norm_epsilon");
    *eps = 1e-5;
    if (!j)
        return EID_OK;
    if (!json_is_number(j) || !(json_number_value(j) >= 0) || !(json_number_value(j) < 1))
        return eid_fail(EID_EFORMAT, "%s: layer_norm_epsilon is not a number in [0, 1)", path);
    *eps = json_number_value(j);
    return EID_OK;
}

eid_status eid_config_parse(eid_gpt_config *out, const char *path, const char *text, size_t n)
{
    eid_status st = EID_OK;
    json_t *config = NULL;
    eid_gpt_config c = {0};

    EID_TRY(eid_json_parse(&config, path, text, n));
    if (!json_is_object(config))
        EID_TRY(eid_fail(EID_EFORMAT, "%s: not a JSON object", path));
    EID_TRY(check_type(path, config));
    EID_TRY(read_int(path, config, "vocab_size", 50257, &c.vocab));
    EID_TRY(read_int(path, config, "n_ctx", 1024, &c.context));
    EID_TRY(read_int(path, config, "n_positions", c.context, &c.context));
    EID_TRY(read_int(path, config, "n_embd", 768, &c.width));
    EID_TRY(read_int(path, config, "n_layer", 12, &c.layers));
    EID_TRY(read_int(path, config, "n_head", 12, &c.heads));
    EID_TRY(read_eps(path, config, &c.norm_eps));
    EID_TRY(read_id(path, config, "bos_token_id", c.vocab, &c.bos));
    EID_TRY(read_id(path, config, "eos_token_id", c.vocab, &c.eos));
    EID_TRY(check_features(path, config, c.width));
    *out = c;
done:
    json_decref(config);
    return st;
}

eid_status eid_config_read(eid_gpt_config *out, const char *path)
{
    eid_status st = EID_OK;
    uint8_t *text = NULL;
    size_t n;

    EID_TRY(eid_read_file(path, 1 << 20, &text, &n));
    EID_TRY(eid_config_parse(out, path, (const char *)text, n));
done:
    eid_free(text);
    return st;
}

static json_t *id_or_null(int64_t id)
{
    return id < 0 ? json_null() : json_integer(id);
}

eid_status eid_config_write(const eid_gpt_config *c, const char *path)
{
    eid_status st = EID_OK;
    eid_out *f = NULL;
    char *text = NULL;
    json_t *config = json_pack(
        "{s:[s], s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:n, s:s, s:f, s:i, s:i, s:i, s:b, s:b, s:b, "
        "s:o, s:o, s:s}",
        "architectures", "GPT2LMHeadModel", "model_type", "gpt2", "vocab_size",
        (json_int_t)c->vocab, "n_positions", (json_int_t)c->context, "n_ctx",
        (json_int_t)c->context, "n_embd", (json_int_t)c->width, "n_layer", (json_int_t)c->layers,
        "n_head", (json_int_t)c->heads, "n_inner", "activation_function", "gelu_new",
        "layer_norm_epsilon", c->norm_eps, "resid_pdrop", 0, "embd_pdrop", 0, "attn_pdrop", 0,
        "scale_attn_weights", 1, "scale_attn_by_inverse_layer_idx", 0, "tie_word_embeddings", 1,
        "bos_token_id", id_or_null(c->bos), "eos_token_id", id_or_null(c->eos), "torch_dtype",
        "float32");

    if (!config)
        EID_TRY(eid_fail(EID_ENOMEM, "no memory for %s", path));
    text = json_dumps(config, JSON_INDENT(2)); /* people read this one */
    if (!text)
        EID_TRY(eid_fail(EID_ENOMEM, "no memory for %s", path));
    EID_TRY(eid_out_open(&f, path));
    EID_TRY(eid_out_write(f, text, strlen(text)));
    EID_TRY(eid_out_write(f, "\n", 1));
    EID_TRY(eid_out_commit(&f));
done:
    eid_out_abort(&f);
    json_decref(config);
    free(text);
    return st;
}
