/* personal_json.c - the `result` object of `eidetic personal`, by docs/json.md. */
#include "base/json.h"
#include "eidetic/measure.h"
#include "measure/shown.h"
#include "text/scan.h"
#include <string.h>

static json_t *row(const eid_personal_row *p)
{
    return json_pack("{s:s, s:I, s:I, s:I, s:I, s:o, s:o}", "kind", p->kind, "in_training",
                     (json_int_t)p->in_training, "asked", (json_int_t)p->asked, "emitted",
                     (json_int_t)p->emitted, "single_document", (json_int_t)p->single_document,
                     "share", eid_json_estimate(&p->share), "chance",
                     eid_json_estimate(&p->chance));
}

static eid_status shown_secret(const eid_emitted *e, bool reveal, json_t **out)
{
    char *masked = NULL;
    eid_status st = EID_OK;

    if (!reveal)
        EID_TRY(eid_mask_secret(e->kind, e->text, e->size, &masked));
    *out = reveal ? eid_json_bytes(e->text, e->size) : json_string(masked);
done:
    eid_string_free(masked);
    return st;
}

/* The output of one datum: what a user listed is masked by bytes, since no detector knows it. */
static eid_status shown_output(const eid_emitted *e, bool reveal, json_t *parts[2])
{
    eid_status st = EID_OK;
    eid_buf b = {0};
    size_t cut[3] = {0, e->prompt_n, 0};

    EID_TRY(eid_buf_add(&b, e->prompt, e->prompt_n));
    for (size_t i = 0; i < e->output_n;) {
        bool here = !reveal && strcmp(e->kind, "listed") == 0 && e->output_n - i >= e->size &&
                    memcmp(e->output + i, e->text, e->size) == 0;
        if (here)
            EID_TRY(eid_buf_str(&b, "[listed]"));
        else
            EID_TRY(eid_buf_add(&b, e->output + i, 1));
        i += here ? e->size : 1;
    }
    cut[2] = b.n;
    EID_TRY(eid_shown(b.at, b.n, cut, reveal, parts));
done:
    eid_buf_free(&b);
    return st;
}

static eid_status emitted(const eid_emitted *e, bool reveal, json_t *array)
{
    eid_status st = EID_OK;
    json_t *text = NULL, *parts[2] = {NULL, NULL};

    EID_TRY(shown_secret(e, reveal, &text));
    EID_TRY(shown_output(e, reveal, parts));
    EID_TRY(eid_json_append(
        array, json_pack("{s:s, s:O, s:I, s:o, s:I, s:I, s:I, s:O, s:O}", "kind", e->kind, "text",
                         text, "document", (json_int_t)e->document, "name",
                         eid_json_bytes((const uint8_t *)e->name, strlen(e->name)), "offset",
                         (json_int_t)e->offset, "copies", (json_int_t)e->copies, "documents",
                         (json_int_t)e->documents, "prompt", parts[0], "output", parts[1])));
done:
    json_decref(text);
    json_decref(parts[0]);
    json_decref(parts[1]);
    return st;
}

eid_status eid_personal_json(const eid_personal_result *r, bool reveal, char **json)
{
    eid_status st = EID_OK;
    json_t *rows = json_array(), *out = json_array();

    for (size_t i = 0; i < r->n_rows; i++)
        EID_TRY(eid_json_append(rows, row(&r->rows[i])));
    for (size_t i = 0; i < r->n_emitted; i++)
        EID_TRY(emitted(&r->emitted[i], reveal, out));
    st = eid_json_text(json_pack("{s:I, s:I, s:O, s:O}", "prompt_tokens",
                                 (json_int_t)r->opts.prompt, "match_tokens",
                                 (json_int_t)r->opts.match, "rows", rows, "emitted", out),
                       json);
done:
    json_decref(rows);
    json_decref(out);
    return st;
}
