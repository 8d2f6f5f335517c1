#include "membership_bank.h"
#include "model.h"
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct args {
    const char *model, *index, *scores;
    eid_strings member, nonmember;
} args;

static const eid_opt own[] = {
    {EID_OPT_STR, "model", offsetof(args, model), 0, 0,
     "a Hugging Face directory: config.json, model.safetensors, tokenizer.json", NULL,
     EID_OPT_REQUIRED | EID_OPT_PATH_IN},
    {EID_OPT_LIST, "member", offsetof(args, member), 0, 0,
     "documents that the model was trained on; may be repeated", NULL,
     EID_OPT_REQUIRED | EID_OPT_PATH_IN},
    {EID_OPT_LIST, "nonmember", offsetof(args, nonmember), 0, 0,
     "documents like them that it was not trained on; may be repeated", NULL,
     EID_OPT_REQUIRED | EID_OPT_PATH_IN},
    {EID_OPT_STR, "index", offsetof(args, index), 0, 0,
     "index of the training text: leaves text out that stands there in other documents too", NULL,
     EID_OPT_PATH_IN},
    {EID_OPT_STR, "scores", offsetof(args, scores), 0, 0,
     "write every sample's scores to this CSV file", NULL, EID_OPT_NEUTRAL | EID_OPT_PATH_OUT},
    {0},
};

static const cli_usage usage = {
    .verb = "membership",
    .synopsis = "--model DIR --member PATH... --nonmember PATH... | --bank DIR [options]",
    .description =
        "Can one tell from the model which texts it was trained on? Cuts samples from both sides "
        "and prints, for each attack, the area under its ROC curve and the share of members that "
        "it "
        "finds at 1% and at 0.1% false alarms, each with its 95% interval. The first line is a "
        "classifier that sees the texts and no model: where it tells the sides apart, they differ, "
        "and the attacks prove nothing. With --bank, or --logits or --probs, classifiers are "
        "attacked: \"membership --bank DIR --help\" says how.",
    .example = "membership --model run/model --member train.jsonl --nonmember heldout.jsonl",
    .min_operands = 0,
    .max_operands = 0,
};

/* One side: its documents and their tokens. */
typedef struct side {
    eid_corpus *corpus;
    eid_tokens *tokens;
} side;

static int read_side(cli *c, const cli_model *m, const eid_strings *paths,
                     const eid_corpus_opts *opts, side *s)
{
    if (eid_corpus_read(&s->corpus, c->ctx, paths->at, paths->n, opts) != EID_OK)
        return cli_failed(c);
    cli_corpus_inputs(c, s->corpus);
    if (!c->dry_run && eid_bpe_encode_corpus(&s->tokens, c->ctx, m->bpe, s->corpus) != EID_OK)
        return cli_failed(c);
    return CLI_OK;
}

static int plan(cli *c, const side *in, const side *out, const eid_membership_opts *o)
{
    json_int_t members = (json_int_t)eid_corpus_size(in->corpus);
    json_int_t nonmembers = (json_int_t)eid_corpus_size(out->corpus);
    json_int_t tokens = (json_int_t)(o->samples * 5 / 2 * o->tokens * 2);
    if (c->json)
        return cli_object(c, json_pack("{s:{s:I, s:I}, s:I}", "documents", "members", members,
                                       "nonmembers", nonmembers, "tokens", tokens));
    printf("members\t%" PRId64 " documents\nnonmembers\t%" PRId64 " documents\n"
           "tokens\tat most %" PRId64 " to score\n",
           (int64_t)members, (int64_t)nonmembers, (int64_t)tokens);
    return CLI_OK;
}

/* ---- --scores -------------------------------------------------------------------------------- */

/* SIDE/DOCUMENT/TOKEN: the sample's first token in that document. */
static void write_samples(FILE *f, const eid_membership_result *r)
{
    int64_t n = r->members + r->nonmembers + r->repeated;
    fprintf(f, "id,member,copies");
    for (size_t a = 0; a < r->n_attacks; a++)
        fprintf(f, ",%s", r->attacks[a].name);
    for (int64_t i = 0; i < n; i++) {
        const eid_membership_sample *s = &r->samples[i];
        bool member = i < r->members || i >= r->members + r->nonmembers;
        fprintf(f, "\n%s/%" PRId64 "/%" PRId64 ",%d,", member ? "member" : "nonmember", s->document,
                s->offset, member);
        if (s->copies >= 0)
            fprintf(f, "%" PRId64, s->copies);
        for (size_t a = 0; a < r->n_attacks; a++)
            fprintf(f, ",%.9g", r->attacks[a].score[i]);
    }
    fprintf(f, "\n");
}

/* Beside its place first, so that it appears whole or not at all. */
static int write_scores(cli *c, const char *path, const eid_membership_result *r)
{
    size_t size = strlen(path) + 6;
    char *part = malloc(size);
    int rc = CLI_OK;

    if (!part)
        return cli_refuse(c, "memory", "no memory for a path");
    snprintf(part, size, "%s.part", path);
    FILE *f = fopen(part, "w");
    if (!f) {
        rc = cli_refuse(c, "io", "%s: %s", part, strerror(errno));
        free(part);
        return rc;
    }
    write_samples(f, r);
    bool written = fflush(f) == 0 && fsync(fileno(f)) == 0 && !ferror(f);
    int why = errno;
    if (fclose(f) != 0 && written) {
        written = false;
        why = errno;
    }
    if (written && rename(part, path) != 0) {
        written = false;
        why = errno;
    }
    if (!written) {
        unlink(part);
        rc = cli_refuse(c, "io", "%s: %s", path, strerror(why));
    }
    free(part);
    return rc;
}

/* ---- what is said ---------------------------------------------------------------------------- */

static void print_estimate(const eid_estimate *e)
{
    if (isnan(e->value))
        printf("\t%s", e->why);
    else
        printf("\t%.3f\t%.3f\t%.3f", e->value, e->low, e->high);
}

static int print_result(cli *c, const eid_membership_result *r)
{
    char *json = NULL;
    if (r->alarm)
        cli_warn(c, "shift",
                 "members and non-members differ without any model (blind AUC %.2f): the attacks "
                 "prove nothing",
                 r->blind.value);
    if (c->json)
        return eid_membership_json(r, &json) == EID_OK ? cli_result(c, json) : cli_failed(c);
    printf("blind");
    print_estimate(&r->blind);
    for (size_t a = 0; a < r->n_attacks; a++) {
        printf("\n%s", r->attacks[a].name);
        print_estimate(&r->attacks[a].auc);
        print_estimate(&r->attacks[a].tpr[0]);
        print_estimate(&r->attacks[a].tpr[1]);
    }
    printf("\n");
    return CLI_OK;
}

static int question(cli *c, const args *a, const cli_model *m, const side *in, const side *out,
                    const eid_membership_opts *o)
{
    eid_index *index = NULL;
    eid_membership_result *r = NULL;
    int rc = CLI_OK;

    if (a->index && eid_index_open(&index, a->index) != EID_OK)
        rc = cli_failed(c);
    if (index)
        cli_input(c, a->index, eid_index_bytes(index), eid_index_sha256(index),
                  eid_index_docs(index), 0);
    if (rc == CLI_OK &&
        eid_membership(&r, c->ctx, m->lm, m->bpe, in->tokens, out->tokens, index, o) != EID_OK)
        rc = cli_failed(c);
    if (rc == CLI_OK && a->scores)
        rc = write_scores(c, a->scores, r);
    if (rc == CLI_OK)
        rc = print_result(c, r);
    eid_membership_result_free(r);
    eid_index_free(index);
    return rc;
}

int cmd_membership(int argc, char **argv)
{
    args a = {0};
    eid_membership_opts o = eid_membership_opts_default();
    eid_corpus_opts read = eid_corpus_opts_default();
    const cli_group groups[] = {
        {"What to question", NULL, own, &a},
        {"Samples", NULL, eid_membership_opt_table, &o},
        {"Reading the corpora", NULL, eid_corpus_opt_table, &read},
        {0},
    };
    cli_model m = {0};
    side in = {0}, out = {0};
    cli c;

    if (cli_asks_bank(argc, argv))
        return cli_membership_bank(argc, argv);
    int rc = cli_begin(&c, argc, argv, &usage, groups);
    if (rc != CLI_GO)
        return rc;
    if (a.scores && access(a.scores, F_OK) == 0)
        return cli_end(&c, cli_refuse(&c, "exists", "%s exists", a.scores));
    rc = cli_model_open(&c, &m, a.model);
    if (rc == CLI_OK)
        rc = read_side(&c, &m, &a.member, &read, &in);
    if (rc == CLI_OK)
        rc = read_side(&c, &m, &a.nonmember, &read, &out);
    if (rc == CLI_OK)
        rc = c.dry_run ? plan(&c, &in, &out, &o) : question(&c, &a, &m, &in, &out, &o);
    eid_tokens_free(in.tokens);
    eid_tokens_free(out.tokens);
    eid_corpus_free(in.corpus);
    eid_corpus_free(out.corpus);
    cli_model_close(&m);
    return cli_end(&c, rc);
}
