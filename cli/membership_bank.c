#include "bank_of.h"
#include "membership_bank.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

typedef struct args {
    const char *bank;
} args;

static const eid_opt own[] = {
    {EID_OPT_STR, "bank", offsetof(args, bank), 0, 0, "a folder written by \"eidetic bank\"", NULL,
     EID_OPT_PATH_IN},
    {0},
};

static const cli_usage usage = {
    .verb = "membership",
    .synopsis = "--bank DIR | --logits F.npy --labels F.npy --masks F.npy [options]",
    .description =
        "Can one tell which examples a classifier was trained on? Each model of a bank in turn is "
        "attacked with the others' help: by its loss alone, by rank among models without the "
        "example (attack R), by likelihood ratio (LiRA) and by relative likelihood (RMIA), the "
        "last two also without models that had it. Prints the area under the ROC curve and the "
        "share of members found at 1% and 0.1% false alarms, with 95% intervals, and the area "
        "that LiRA reaches when memberships are dealt out anew: .5 but for chance.",
    .example = "membership --bank bank/ --data fashion-mnist --examples 5000 --out attack/",
    .min_operands = 0,
    .max_operands = 0,
};

bool cli_asks_bank(int argc, char **argv)
{
    static const char *const names[] = {"--bank", "--logits", "--probs"};

    for (int i = 0; i < argc; i++)
        for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
            size_t n = strlen(names[k]);
            if (strncmp(argv[i], names[k], n) == 0 && (!argv[i][n] || argv[i][n] == '='))
                return true;
        }
    return false;
}

static json_t *number(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *estimate(const eid_estimate *e)
{
    return json_pack("{s:o, s:o, s:o, s:I, s:s, s:s}", "value", number(e->value), "low",
                     number(e->low), "high", number(e->high), "n", (json_int_t)e->n, "method",
                     e->method ? e->method : "", "why", e->why);
}

static json_t *as_json(const cli *c, const eid_attack_result *r)
{
    json_t *attacks = json_array();

    for (int a = 0; a < EID_BANK_ATTACKS; a++)
        json_array_append_new(attacks, json_pack("{s:s, s:o, s:o, s:o}", "name",
                                                 eid_bank_attack_name((eid_bank_attack)a), "auc",
                                                 estimate(&r->attack[a].auc), "tpr_at_1",
                                                 estimate(&r->attack[a].tpr1), "tpr_at_01",
                                                 estimate(&r->attack[a].tpr01)));
    return json_pack("{s:I, s:I, s:I, s:s, s:o, s:o, s:o, s:I, s:I, s:o}", "models",
                     (json_int_t)r->models, "targets", (json_int_t)r->targets, "examples",
                     (json_int_t)r->n, "variance", r->fixed ? "fixed" : "each", "attacks", attacks,
                     "shuffled", estimate(&r->shuffled), "finds", estimate(&r->finds), "changed",
                     (json_int_t)r->changed, "changed_in_top_tenth", (json_int_t)r->in_top, "out",
                     c->out ? cli_string(c->out) : json_null());
}

static void column(const eid_estimate *e)
{
    if (isfinite(e->value))
        printf("\t%.4f (%.4f-%.4f)", e->value, e->low, e->high);
    else
        printf("\t%s", e->why);
}

static void print(const eid_attack_result *r)
{
    printf("models\t%" PRId64 "\ntargets\t%" PRId64 "\nexamples\t%" PRId64 "\nvariance\t%s\n",
           r->models, r->targets, r->n, r->fixed ? "one for all examples" : "each example its own");
    printf("attack\tarea under the ROC\tTPR at 1%% FPR\tTPR at 0.1%% FPR\n");
    for (int a = 0; a < EID_BANK_ATTACKS; a++) {
        printf("%s", eid_bank_attack_name((eid_bank_attack)a));
        column(&r->attack[a].auc);
        column(&r->attack[a].tpr1);
        column(&r->attack[a].tpr01);
        putchar('\n');
    }
    printf("lira, memberships dealt out anew");
    column(&r->shuffled);
    putchar('\n');
    if (!r->changed)
        return;
    printf("changed labels\t%" PRId64 "\nof them in the tenth that gives itself away most\t%" PRId64
           "\narea under the ROC for changed labels",
           r->changed, r->in_top);
    column(&r->finds);
    putchar('\n');
}

static int attack(cli *c, const cli_bank *b, const eid_attack_opts *o)
{
    eid_attack_result *r = NULL;
    int rc = CLI_OK;
    eid_status st = eid_attack_bank(&r, c->ctx, b->bank, b->data.train, b->data.test, o);

    if (st == EID_OK && c->out)
        st = eid_attack_write(c->ctx, r, b->data.train, c->out);
    if (st != EID_OK)
        rc = cli_failed(c);
    else if (c->json)
        rc = cli_object(c, as_json(c, r));
    else
        print(r);
    eid_attack_result_free(r);
    return rc;
}

int cli_membership_bank(int argc, char **argv)
{
    args own_args = {0};
    cli_bank_args a = {0};
    eid_attack_opts o = eid_attack_opts_default();
    eid_dataset_opts read = eid_dataset_opts_default();
    const cli_group groups[] = {
        {"Bank", NULL, own, &own_args},
        {"Evidence", NULL, cli_bank_table, &a},
        {"Attack", NULL, eid_attack_opt_table, &o},
        {"Reading, reducing, changing", NULL, eid_dataset_opt_table, &read},
        {0},
    };
    cli_bank b = {0};
    cli c;
    int rc = cli_begin(&c, argc, argv, &usage, groups);

    if (rc != CLI_GO)
        return rc;
    o.seed = c.seed;
    a.labels = read.labels;
    rc = cli_bank_open(&c, &b, own_args.bank, &a, &read);
    if (rc == CLI_OK && c.dry_run)
        rc = cli_bank_plan(&c, &b);
    else if (rc == CLI_OK)
        rc = attack(&c, &b, &o);
    cli_bank_close(&b);
    return cli_end(&c, rc);
}
