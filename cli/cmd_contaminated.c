#include "asking.h"
#include <inttypes.h>
#include <stdlib.h>

typedef struct args {
    bool all;
} args;

static const eid_opt own[] = {
    {EID_OPT_BOOL, "all", offsetof(args, all), 0, 0, "list clean and short examples, too", NULL,
     EID_OPT_NEUTRAL},
    {0},
};

static const cli_usage usage = {
    .verb = "contaminated",
    .synopsis = "INDEX TEST... [options]",
    .description =
        "Which examples of a test stand in the training text that an index holds. An example is "
        "`whole` when all of it does, without the white space around it; `ngram` when words in a "
        "row do (13 unless told); else `clean`; `short` ones have too few words to be judged. "
        "Bytes "
        "are compared as they stand: capitals, punctuation and white space count. A test is read "
        "as a corpus is: a .jsonl with a field \"text\", a file, a folder, or - for .jsonl on "
        "standard input.",
    .example = "contaminated corpus.idx test.jsonl --field question",
    .min_operands = 2,
    .max_operands = -1,
};

static const char *const names[] = {"clean", "short", "ngram", "whole"};

static json_t *example_json(const eid_index *ix, const char *name, const eid_overlap *o)
{
    json_t *longest = o->longest ? json_pack("{s:I, s:I}", "start", (json_int_t)o->longest_start,
                                             "end", (json_int_t)(o->longest_start + o->longest))
                                 : json_null();
    return json_pack("{s:o, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "name", cli_string(name),
                     "level", eid_overlap_level_name(o->level), "copies", (json_int_t)o->copies,
                     "documents", (json_int_t)o->documents, "words", (json_int_t)o->words, "ngrams",
                     (json_int_t)o->ngrams, "ngrams_found", (json_int_t)o->ngrams_found,
                     "words_found", (json_int_t)o->words_found, "longest", longest, "place",
                     cli_place(ix, o->place, false));
}

static int print_json(cli *c, const eid_index *ix, const eid_corpus *tests, const eid_overlap *o,
                      const int64_t n[4], bool all)
{
    json_t *list = json_array();

    for (size_t i = 0; i < eid_corpus_size(tests); i++)
        if (all || o[i].level >= EID_OVERLAP_NGRAM)
            json_array_append_new(list, example_json(ix, eid_corpus_doc(tests, i).name, &o[i]));
    return cli_object(c, json_pack("{s:I, s:I, s:I, s:I, s:I, s:o}", "examples",
                                   (json_int_t)eid_corpus_size(tests), "whole",
                                   (json_int_t)n[EID_OVERLAP_WHOLE], "ngram",
                                   (json_int_t)n[EID_OVERLAP_NGRAM], "clean",
                                   (json_int_t)n[EID_OVERLAP_CLEAN], "short",
                                   (json_int_t)n[EID_OVERLAP_SHORT], "list", list));
}

static void print_name(const char *name)
{
    cli_text t = {.name = name};
    cli_print_title(&t, 0);
}

static void print(const eid_index *ix, const eid_corpus *tests, const eid_overlap *o,
                  const int64_t n[4], bool all)
{
    printf("examples\t%zu\n", eid_corpus_size(tests));
    for (int level = EID_OVERLAP_WHOLE; level >= EID_OVERLAP_CLEAN; level--)
        printf("%s\t%" PRId64 "\n", names[level], n[level]);
    for (size_t i = 0; i < eid_corpus_size(tests); i++) {
        if (!all && o[i].level < EID_OVERLAP_NGRAM)
            continue;
        printf("%s\t%" PRId64 " of %" PRId64 " n-grams\t", names[o[i].level], o[i].ngrams_found,
               o[i].ngrams);
        print_name(eid_corpus_doc(tests, i).name);
        if (o[i].place.doc >= 0) {
            printf("\t%" PRId64 "\t%" PRId64 "\t", o[i].place.doc, o[i].place.offset);
            cli_print_name(ix, o[i].place.doc);
        }
        putchar('\n');
    }
}

int cmd_contaminated(int argc, char **argv)
{
    args a = {0};
    eid_corpus_opts read = eid_corpus_opts_default();
    eid_overlap_opts opts = eid_overlap_opts_default();
    const cli_group groups[] = {
        {"What counts", NULL, eid_overlap_opt_table, &opts},
        {"Showing", NULL, own, &a},
        {"Reading the test", NULL, eid_corpus_opt_table, &read},
        {0},
    };
    eid_index *ix = NULL;
    eid_corpus *tests = NULL;
    eid_overlap *o = NULL;
    int64_t n[4] = {0};
    cli c;
    int rc = cli_begin(&c, argc, argv, &usage, groups);

    if (rc != CLI_GO)
        return rc;
    rc = cli_index_open(&c, &ix, c.operands.at[0]);
    if (rc == CLI_OK &&
        eid_corpus_read(&tests, c.ctx, c.operands.at + 1, c.operands.n - 1, &read) != EID_OK)
        rc = cli_failed(&c);
    if (rc == CLI_OK) {
        cli_corpus_inputs(&c, tests);
        o = calloc(eid_corpus_size(tests), sizeof *o);
        if (!o)
            rc = cli_refuse(&c, "memory", "no memory for %zu examples", eid_corpus_size(tests));
        else if (eid_index_overlaps(ix, c.ctx, tests, &opts, o) != EID_OK)
            rc = cli_failed(&c);
    }
    for (size_t i = 0; rc == CLI_OK && i < eid_corpus_size(tests); i++)
        n[o[i].level]++;
    if (rc == CLI_OK && c.json)
        rc = print_json(&c, ix, tests, o, n, a.all);
    else if (rc == CLI_OK)
        print(ix, tests, o, n, a.all);
    free(o);
    eid_corpus_free(tests);
    eid_index_free(ix);
    return cli_end(&c, rc);
}
