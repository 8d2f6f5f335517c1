/* config.json: what is taken, what is refused, and by which name. */
#include "check.h"
#include "base/file.h"
#include "lm/config.h"

static eid_gpt_config c;

static eid_status parse(const char *fields)
{
    char text[1000];
    int n =
        snprintf(text, sizeof text, "{\"model_type\": \"gpt2\"%s%s}", *fields ? ", " : "", fields);
    return eid_config_parse(&c, "config.json", text, (size_t)n);
}

static void fields_are_read(void)
{
    CHECK_OK(parse("\"vocab_size\": 100, \"n_positions\": 32, \"n_ctx\": 64, \"n_embd\": 24, "
                   "\"n_layer\": 3, \"n_head\": 4, \"layer_norm_epsilon\": 1e-6, "
                   "\"bos_token_id\": 7, \"eos_token_id\": [8, 9], \"n_inner\": 96, "
                   "\"activation_function\": \"gelu_pytorch_tanh\""));
    CHECK_INT(c.vocab, 100);
    CHECK_INT(c.context, 32);
    CHECK_INT(c.width, 24);
    CHECK_INT(c.layers, 3);
    CHECK_INT(c.heads, 4);
    CHECK_INT(c.bos, 7);
    CHECK_INT(c.eos, 8);
    CHECK(c.norm_eps == 1e-6);
}

static void missing_fields_are_those_of_gpt2(void)
{
    CHECK_OK(parse(""));
    CHECK_INT(c.vocab, 50257);
    CHECK_INT(c.context, 1024);
    CHECK_INT(c.width, 768);
    CHECK_INT(c.layers, 12);
    CHECK_INT(c.heads, 12);
    CHECK_INT(c.bos, 50256);
    CHECK(c.norm_eps == 1e-5);
    CHECK_OK(parse("\"n_ctx\": 64"));
    CHECK_INT(c.context, 64);
}

static void ids_outside_the_vocabulary_are_none(void)
{
    CHECK_OK(parse("\"vocab_size\": 100"));
    CHECK_INT(c.bos, -1);
    CHECK_OK(parse("\"bos_token_id\": null, \"eos_token_id\": -5"));
    CHECK_INT(c.bos, -1);
    CHECK_INT(c.eos, -1);
    CHECK_FAILS(parse("\"bos_token_id\": \"x\""), EID_EFORMAT, "bos_token_id");
}

static void what_cannot_be_run_is_refused_by_name(void)
{
    static const char *const fields[] = {
        "\"activation_function\": \"gelu\"", "\"activation_function\": \"relu\"",
        "\"scale_attn_weights\": false",     "\"scale_attn_by_inverse_layer_idx\": true",
        "\"add_cross_attention\": true",     "\"is_encoder_decoder\": true",
        "\"tie_word_embeddings\": false",    "\"n_inner\": 100",
        "\"pruned_heads\": {\"0\": [1]}",    "\"quantization_config\": {\"bits\": 4}",
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        char name[64];
        sscanf(fields[i], "\"%63[^\"]", name);
        CHECK_FAILS(parse(fields[i]), EID_EUNSUPPORTED, name);
    }
    CHECK_FAILS(eid_config_parse(&c, "f", "{\"model_type\": \"llama\"}", 23), EID_EUNSUPPORTED,
                "f: model_type is \"llama\"");
    CHECK_OK(parse("\"pruned_heads\": {}, \"quantization_config\": null, \"n_inner\": null"));
}

static void nonsense_is_refused(void)
{
    CHECK_FAILS(eid_config_parse(&c, "f", "", 0), EID_EFORMAT, "f: ");
    CHECK_FAILS(eid_config_parse(&c, "f", "[]", 2), EID_EFORMAT, "not a JSON object");
    CHECK_FAILS(eid_config_parse(&c, "f", "{}", 2), EID_EFORMAT, "no model_type");
    CHECK_FAILS(parse("\"n_embd\": 0"), EID_EFORMAT, "n_embd is 0");
    CHECK_FAILS(parse("\"n_embd\": -3"), EID_EFORMAT, "n_embd is -3");
    CHECK_FAILS(parse("\"n_embd\": 1e3"), EID_EFORMAT, "n_embd is not a whole");
    CHECK_FAILS(parse("\"n_layer\": 99999999999"), EID_EFORMAT, "n_layer");
    CHECK_FAILS(parse("\"vocab_size\": \"many\""), EID_EFORMAT, "vocab_size");
    CHECK_FAILS(parse("\"n_embd\": 8, \"n_embd\": 8"), EID_EFORMAT, "duplicate");
    CHECK_FAILS(parse("\"layer_norm_epsilon\": -1"), EID_EFORMAT, "layer_norm_epsilon");
    CHECK_FAILS(parse("\"layer_norm_epsilon\": \"x\""), EID_EFORMAT, "layer_norm_epsilon");
    CHECK_FAILS(parse("\"scale_attn_weights\": 1"), EID_EFORMAT, "scale_attn_weights");
    CHECK_FAILS(eid_config_read(&c, "/nonexistent.json"), EID_EIO, "/nonexistent.json");
}

static void what_is_written_is_read_back(void)
{
    const eid_gpt_config want = {.vocab = 77,
                                 .context = 33,
                                 .width = 20,
                                 .layers = 2,
                                 .heads = 5,
                                 .norm_eps = 1.25e-5,
                                 .bos = -1,
                                 .eos = 3};
    const char *path = check_tmp("config.json");

    CHECK_OK(eid_config_write(&want, path));
    CHECK_OK(eid_config_read(&c, path));
    CHECK(c.vocab == 77 && c.context == 33 && c.width == 20 && c.layers == 2 && c.heads == 5);
    CHECK(c.norm_eps == want.norm_eps);
    CHECK_INT(c.bos, -1);
    CHECK_INT(c.eos, 3);
    unlink(path);
}

int main(void)
{
    RUN(fields_are_read);
    RUN(missing_fields_are_those_of_gpt2);
    RUN(ids_outside_the_vocabulary_are_none);
    RUN(what_cannot_be_run_is_refused_by_name);
    RUN(nonsense_is_refused);
    RUN(what_is_written_is_read_back);
    return DONE();
}
