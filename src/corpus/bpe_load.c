/* bpe_load.c - a tokenizer from a tokenizer.json, a folder with one, or GPT-2's older pair of
 * files. */
#include "base/file.h"
#include "corpus/bpe_model.h"
#include <string.h>
#include <sys/stat.h>

enum { FILE_MAX = 128 << 20 };

/* merges.txt: a "#version" line, then a merge a line. */
static eid_status read_merge_lines(eid_key_reader *r, const char *text, size_t n)
{
    const char *end = text + n;

    for (const char *line = text; line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        size_t len = (size_t)((stop ? stop : end) - line);
        eid_status st = EID_OK;
        if (len && line[len - 1] == '\r')
            len--;
        if (len && !(len >= 8 && memcmp(line, "#version", 8) == 0))
            st = eid_key_merge_line(r, line, len);
        if (st != EID_OK)
            return st;
        line = stop ? stop + 1 : end;
    }
    return EID_OK;
}

static eid_status load_gpt2(eid_bpe **out, const char *vocab_path, const char *merges_path)
{
    eid_status st = EID_OK;
    eid_key_reader r = {.name = vocab_path};
    uint8_t *vocab = NULL, *merges = NULL;
    size_t n_vocab, n_merges;
    int32_t end;

    EID_TRY(eid_read_file(vocab_path, FILE_MAX, &vocab, &n_vocab));
    EID_TRY(eid_read_file(merges_path, FILE_MAX, &merges, &n_merges));
    EID_TRY(eid_json_parse(&r.vocab, vocab_path, (const char *)vocab, n_vocab));
    if (!json_is_object(r.vocab)) {
        st = eid_fail(EID_EFORMAT, "%s: is not an object of entries", vocab_path);
        goto done;
    }
    EID_TRY(EID_NEW(r.b, 1));
    r.b->by_pattern = true;
    EID_TRY(eid_key_entries(&r));
    r.name = merges_path;
    EID_TRY(read_merge_lines(&r, (const char *)merges, n_merges));
    r.name = vocab_path;
    end = eid_key_id(&r, EID_BPE_END, strlen(EID_BPE_END));
    if (end >= 0)
        EID_TRY(eid_key_added(&r, EID_BPE_END, strlen(EID_BPE_END), end,
                              (eid_bpe_added){.special = true}));
    EID_TRY(eid_bpe_finish(r.b, vocab_path));
    *out = r.b;
    r.b = NULL;
done:
    json_decref(r.vocab);
    eid_free(vocab);
    eid_free(merges);
    eid_buf_free(&r.key);
    eid_bpe_free(r.b);
    return st;
}

static eid_status load_file(eid_bpe **out, const char *path)
{
    eid_status st = EID_OK;
    uint8_t *json = NULL;
    size_t n;

    EID_TRY(eid_read_file(path, FILE_MAX, &json, &n));
    EID_TRY(eid_bpe_read(out, path, (const char *)json, n));
done:
    eid_free(json);
    return st;
}

static eid_status load_folder(eid_bpe **out, const char *path)
{
    eid_status st = EID_OK;
    char *json = NULL, *vocab = NULL, *merges = NULL, *added = NULL;

    EID_TRY(eid_format(&json, "%s/tokenizer.json", path));
    EID_TRY(eid_format(&vocab, "%s/vocab.json", path));
    EID_TRY(eid_format(&merges, "%s/merges.txt", path));
    EID_TRY(eid_format(&added, "%s/added_tokens.json", path));
    if (eid_exists(json))
        EID_TRY(load_file(out, json));
    else if (!eid_exists(vocab) || !eid_exists(merges))
        st = eid_fail(EID_EIO, "%s: holds no tokenizer.json, and no vocab.json with merges.txt",
                      path);
    else if (eid_exists(added))
        st = eid_fail(
            EID_EUNSUPPORTED,
            "%s: is not supported beside vocab.json; save the tokenizer as tokenizer.json", added);
    else
        EID_TRY(load_gpt2(out, vocab, merges));
done:
    eid_free(json);
    eid_free(vocab);
    eid_free(merges);
    eid_free(added);
    return st;
}

eid_status eid_bpe_load(eid_bpe **out, const char *path)
{
    struct stat s;

    return stat(path, &s) == 0 && S_ISDIR(s.st_mode) ? load_folder(out, path)
                                                     : load_file(out, path);
}
