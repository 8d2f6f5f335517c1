#include "asking.h"
#include <inttypes.h>
#include <stdlib.h>

typedef struct args {
    eid_strings files;
    int64_t min;
} args;

static const eid_opt own[] = {
    {EID_OPT_LIST, "file", offsetof(args, files), 0, 0,
     "ask about this file, - for standard input; may be repeated", NULL, EID_OPT_PATH_IN},
    {EID_OPT_I64, "min", offsetof(args, min), 0, 1e12,
     "tell only of places whose match has so many bytes", NULL, 0},
    {0},
};

static const cli_usage usage = {
    .verb = "longest",
    .synopsis = "INDEX [TEXT...] [--file FILE...] [options]",
    .description =
        "For every byte of a text, the longest match that begins there and stands in the corpus of "
        "an index, and its copies: a line of byte, length, copies. A length of 0 is a byte that "
        "the corpus does not hold. Texts are told apart by a line \"# name\" when there are "
        "several. Without a text, standard input is one.",
    .example = "longest corpus.idx --file output.txt --min 50",
    .min_operands = 1,
    .max_operands = -1,
};

static json_t *as_json(const cli_text *t, const eid_match *m, int64_t min)
{
    json_t *matches = json_array();

    for (size_t i = 0; i < t->n; i++)
        if (m[i].length >= (size_t)min)
            json_array_append_new(matches,
                                  json_pack("[I, I, I]", (json_int_t)i, (json_int_t)m[i].length,
                                            (json_int_t)m[i].count));
    return json_pack("{s:o, s:I, s:o}", "path", t->name ? cli_string(t->name) : json_null(),
                     "bytes", (json_int_t)t->n, "matches", matches);
}

static int one(cli *c, const eid_index *ix, const args *a, const cli_texts *t, size_t k,
               json_t *all)
{
    const cli_text *x = &t->at[k];
    eid_match *m = calloc(x->n + 1, sizeof *m);
    int rc = CLI_OK;

    if (!m)
        return cli_refuse(c, "memory", "no memory for the matches of %zu bytes", x->n);
    if (eid_index_matches(ix, c->ctx, x->bytes, x->n, m) != EID_OK) {
        rc = cli_failed(c);
    } else if (all) {
        json_array_append_new(all, as_json(x, m, a->min));
    } else {
        if (t->n > 1) {
            printf("# ");
            cli_print_title(x, k + 1);
            putchar('\n');
        }
        for (size_t i = 0; i < x->n; i++)
            if (m[i].length >= (size_t)a->min)
                printf("%zu\t%zu\t%" PRId64 "\n", i, m[i].length, m[i].count);
    }
    free(m);
    return rc;
}

int cmd_longest(int argc, char **argv)
{
    args a = {.min = 0};
    const cli_group groups[] = {{"What to ask", NULL, own, &a}, {0}};
    eid_index *ix = NULL;
    cli_texts t = {0};
    cli c;
    int rc = cli_begin(&c, argc, argv, &usage, groups);

    if (rc != CLI_GO)
        return rc;
    rc = cli_index_open(&c, &ix, c.operands.at[0]);
    if (rc == CLI_OK)
        rc = cli_texts_behind(&c, 1, &a.files, &t);
    json_t *all = c.json ? json_array() : NULL;
    for (size_t i = 0; i < t.n && rc == CLI_OK; i++)
        rc = one(&c, ix, &a, &t, i, all);
    if (rc == CLI_OK && all)
        rc = cli_object(&c, json_pack("{s:O}", "texts", all));
    json_decref(all);
    cli_texts_free(&t);
    eid_index_free(ix);
    return cli_end(&c, rc);
}
