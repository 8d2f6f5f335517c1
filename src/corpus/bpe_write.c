/* bpe_write.c - tokenizer.json, as the `tokenizers` package writes it; merges as "a b", which all
 * its versions read. */
#include "base/file.h"
#include "corpus/bpe.h"
#include "corpus/bpe_key.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *word(bool x)
{
    return x ? "true" : "false";
}

static int by_id(const void *x, const void *y)
{
    int32_t a = (*(const eid_bpe_added *const *)x)->id, b = (*(const eid_bpe_added *const *)y)->id;

    return (a > b) - (a < b);
}

static eid_status put_added(eid_buf *out, const eid_bpe *b)
{
    eid_status st = EID_OK;
    const eid_bpe_added **token = NULL;

    EID_TRY(EID_NEW(token, b->n_added));
    for (size_t i = 0; i < b->n_added; i++)
        token[i] = &b->added[i];
    if (b->n_added)
        qsort(token, b->n_added, sizeof *token, by_id);
    EID_TRY(eid_buf_str(out, "  \"added_tokens\": ["));
    for (size_t i = 0; i < b->n_added; i++) {
        const eid_bpe_added *a = token[i];
        EID_TRY(
            eid_buf_printf(out, "%s\n    {\"id\": %d, \"content\": \"", i ? "," : "", (int)a->id));
        EID_TRY(eid_key_json(out, (const uint8_t *)a->content, a->n, true));
        EID_TRY(eid_buf_printf(out,
                               "\", \"single_word\": false, \"lstrip\": %s, \"rstrip\": %s, "
                               "\"normalized\": %s, \"special\": %s}",
                               word(a->lstrip), word(a->rstrip), word(a->normalized),
                               word(a->special)));
    }
    EID_TRY(eid_buf_str(out, "\n  ],\n"));
done:
    eid_free(token);
    return st;
}

static eid_status put_entry(eid_buf *out, const eid_bpe *b, int32_t id)
{
    size_t at = b->start[id];

    return eid_key_json(out, b->text.at + at, b->start[id + 1] - at, b->raw[id]);
}

static eid_status put_model(eid_buf *out, const eid_bpe *b)
{
    eid_status st = EID_OK;

    EID_TRY(
        eid_buf_printf(out,
                       "  \"model\": {\n    \"type\": \"BPE\", \"dropout\": null, \"unk_token\": "
                       "null, \"continuing_subword_prefix\": null, \"end_of_word_suffix\": null, "
                       "\"fuse_unk\": false, \"byte_fallback\": false, \"ignore_merges\": %s,\n"
                       "    \"vocab\": {",
                       word(b->ignore_merges)));
    for (int32_t id = 0; id < b->model_vocab; id++) {
        EID_TRY(eid_buf_str(out, id ? ",\n      \"" : "\n      \""));
        EID_TRY(put_entry(out, b, id));
        EID_TRY(eid_buf_printf(out, "\": %d", (int)id));
    }
    EID_TRY(eid_buf_str(out, "\n    },\n    \"merges\": ["));
    for (size_t i = 0; i < b->merges; i++) {
        EID_TRY(eid_buf_str(out, i ? ",\n      \"" : "\n      \""));
        EID_TRY(put_entry(out, b, b->merge[i].left));
        EID_TRY(eid_buf_str(out, " "));
        EID_TRY(put_entry(out, b, b->merge[i].right));
        EID_TRY(eid_buf_str(out, "\""));
    }
    EID_TRY(eid_buf_str(out, "\n    ]\n  }\n"));
done:
    return st;
}

static eid_status put_tokenizer(eid_buf *out, const eid_bpe *b)
{
    eid_status st = EID_OK;

    EID_TRY(eid_buf_str(out, "{\n  \"version\": \"1.0\",\n  \"truncation\": null,\n"
                             "  \"padding\": null,\n"));
    EID_TRY(put_added(out, b));
    EID_TRY(
        eid_buf_printf(out,
                       "  \"normalizer\": null,\n"
                       "  \"pre_tokenizer\": {\"type\": \"ByteLevel\", \"add_prefix_space\": %s, "
                       "\"trim_offsets\": true, \"use_regex\": %s},\n"
                       "  \"post_processor\": {\"type\": \"ByteLevel\", \"add_prefix_space\": "
                       "true, \"trim_offsets\": false, \"use_regex\": true},\n"
                       "  \"decoder\": {\"type\": \"ByteLevel\", \"add_prefix_space\": true, "
                       "\"trim_offsets\": true, \"use_regex\": true},\n",
                       word(b->prefix_space), word(b->by_pattern)));
    EID_TRY(put_model(out, b));
    EID_TRY(eid_buf_str(out, "}\n"));
done:
    return st;
}

/* For transformers: the class that takes tokenizer.json as it is, and decoding that adds no finery.
 */
static eid_status put_config(eid_buf *out, const eid_bpe *b)
{
    eid_status st = EID_OK;
    size_t n;
    const uint8_t *end = eid_bpe_bytes(b, b->end, &n);
    static const char *const role[] = {"bos_token", "eos_token", "unk_token"};

    EID_TRY(eid_buf_printf(out, "{\n  \"tokenizer_class\": \"PreTrainedTokenizerFast\",\n"));
    for (int i = 0; end && i < 3; i++) {
        EID_TRY(eid_buf_printf(out, "  \"%s\": \"", role[i]));
        EID_TRY(eid_key_json(out, end, n, true));
        EID_TRY(eid_buf_str(out, "\",\n"));
    }
    EID_TRY(eid_buf_printf(out, "  \"add_prefix_space\": %s,\n", word(b->prefix_space)));
    EID_TRY(eid_buf_str(out, "  \"clean_up_tokenization_spaces\": false\n}\n"));
done:
    return st;
}

static eid_status write_whole(const char *path, const eid_buf *bytes)
{
    eid_status st = EID_OK;
    eid_out *f = NULL;

    EID_TRY(eid_out_open(&f, path));
    EID_TRY(eid_out_write(f, bytes->at, bytes->n));
    EID_TRY(eid_out_commit(&f));
done:
    eid_out_abort(&f);
    return st;
}

static bool ends_in_json(const char *path)
{
    size_t n = strlen(path);

    return n > 5 && strcmp(path + n - 5, ".json") == 0;
}

eid_status eid_bpe_save(const eid_bpe *b, const char *path)
{
    eid_status st = EID_OK;
    struct stat s;
    bool folder = !ends_in_json(path) || (stat(path, &s) == 0 && S_ISDIR(s.st_mode));
    eid_buf json = {0}, config = {0};
    char *json_path = NULL, *config_path = NULL;

    EID_TRY(put_tokenizer(&json, b));
    if (folder) {
        EID_TRY(put_config(&config, b));
        EID_TRY(eid_mkdirs(path));
        EID_TRY(eid_format(&config_path, "%s/tokenizer_config.json", path));
        EID_TRY(write_whole(config_path, &config));
        EID_TRY(eid_format(&json_path, "%s/tokenizer.json", path));
    }
    EID_TRY(write_whole(folder ? json_path : path, &json));
done:
    eid_buf_free(&json);
    eid_buf_free(&config);
    eid_free(json_path);
    eid_free(config_path);
    return st;
}
