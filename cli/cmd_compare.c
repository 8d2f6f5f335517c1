#include "cli.h"
#include <math.h>
#include <string.h>

static const cli_usage usage = {
    .verb = "compare",
    .synopsis = "RUN_A RUN_B [options]",
    .description = "The same measures of two runs side by side, and how far the second lies from "
                   "the first, with a "
                   "95% interval. The interval of a difference is made from the two estimates' own "
                   "intervals by the "
                   "square-and-add method (Newcombe 1998, Zou and Donner 2008), as for independent "
                   "estimates: runs "
                   "that share their strings vary together, so it is then wider than it need be. "
                   "Two intervals that "
                   "overlap may still differ; what counts is whether the difference's own interval "
                   "holds 0. Among many "
                   "rows, one in twenty that did not change will seem to. Prints tab-separated "
                   "columns: name, series, "
                   "x, first, second, difference, low, high, change (up, down, none, unresolved). "
                   "Equal plain numbers "
                   "are left out unless --all is given.",
    .example = "compare before after",
    .min_operands = 2,
    .max_operands = 2,
};

typedef struct args {
    bool all;
} args;

static const eid_opt own[] = {
    {EID_OPT_BOOL, "all", offsetof(args, all), 0, 0, "also plain numbers that are equal", NULL,
     EID_OPT_NEUTRAL},
    {0},
};

/* A plain number is no estimate: equal ones say nothing. */
static bool is_dull(const eid_compared *r)
{
    return r->change == EID_CHANGE_NONE && strcmp(r->difference.method, "exact") == 0;
}

/* ---- --json ---------------------------------------------------------------------------------- */

static json_t *real(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

/* Names and methods come from a database that anyone may have written. */
static json_t *words(const char *hostile)
{
    char *masked = NULL;
    json_t *j = NULL;
    if (eid_mask((const uint8_t *)hostile, strlen(hostile), &masked) == EID_OK)
        j = json_string(masked);
    eid_string_free(masked);
    return j ? j : json_string("");
}

static json_t *estimate(const eid_estimate *e)
{
    return json_pack("{s:o, s:o, s:o, s:I, s:o, s:o}", "value", real(e->value), "low", real(e->low),
                     "high", real(e->high), "n", (json_int_t)e->n, "method",
                     words(e->method ? e->method : ""), "why", words(e->why));
}

static int print_json(cli *c, const eid_comparison *cmp)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < cmp->n_rows; i++) {
        const eid_compared *r = &cmp->rows[i];
        json_array_append_new(
            rows, json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:s}", "name", words(r->name), "series",
                            r->series ? words(r->series) : json_null(), "x", real(r->x), "a",
                            estimate(&r->a), "b", estimate(&r->b), "difference",
                            estimate(&r->difference), "change", eid_change_name(r->change)));
    }
    return cli_object(c, json_pack("{s:{s:o, s:o}, s:b, s:b, s:b, s:o}", "verdict", "a",
                                   words(cmp->level_a), "b", words(cmp->level_b), "same_command",
                                   cmp->same_command, "same_input", cmp->same_input, "same_bits",
                                   cmp->same_bits, "rows", rows));
}

/* ---- the table ---------------------------------------------------------------------------------
 */

static void print_words(const char *hostile)
{
    char *masked = NULL;
    if (eid_mask((const uint8_t *)hostile, strlen(hostile), &masked) != EID_OK)
        return;
    for (char *s = masked; *s; s++) /* a column ends where we say */
        if (*s == '\t' || *s == '\n')
            *s = ' ';
    fputs(masked, stdout);
    eid_string_free(masked);
}

static void print_number(double x)
{
    if (isfinite(x))
        printf("\t%.6g", x);
    else
        printf("\t");
}

static void print_row(const eid_compared *r)
{
    print_words(r->name);
    printf("\t");
    print_words(r->series ? r->series : "");
    print_number(r->x);
    print_number(r->a.value);
    print_number(r->b.value);
    print_number(r->difference.value);
    print_number(r->difference.low);
    print_number(r->difference.high);
    printf("\t%s\n", eid_change_name(r->change));
}

static void print_table(const eid_comparison *cmp, bool all)
{
    printf("name\tseries\tx\tfirst\tsecond\tdifference\tlow\thigh\tchange\n");
    printf("verdict\t\t\t");
    print_words(cmp->level_a);
    printf("\t");
    print_words(cmp->level_b);
    printf("\t\t\t\t%s\n", strcmp(cmp->level_a, cmp->level_b) == 0 ? "none" : "changed");
    for (size_t i = 0; i < cmp->n_rows; i++)
        if (all || !is_dull(&cmp->rows[i]))
            print_row(&cmp->rows[i]);
}

static void warn(cli *c, const eid_comparison *cmp)
{
    if (!cmp->same_command)
        cli_warn(c, "command", "the two runs are of different commands");
    if (!cmp->same_input)
        cli_warn(c, "input", "the two runs read different input: what differs may be the text");
    if (!cmp->same_bits)
        cli_warn(c, "bits", "the two runs used kernels that do not agree to the last bit");
}

int cmd_compare(int argc, char **argv)
{
    args a = {0};
    const cli_group groups[] = {{"What to show", NULL, own, &a}, {0}};
    eid_comparison *cmp = NULL;
    cli c;
    int rc = cli_begin(&c, argc, argv, &usage, groups);

    if (rc != CLI_GO)
        return rc;
    if (eid_compare(&cmp, c.operands.at[0], c.operands.at[1]) != EID_OK)
        return cli_end(&c, cli_failed(&c));
    warn(&c, cmp);
    rc = CLI_OK;
    if (c.json)
        rc = print_json(&c, cmp);
    else
        print_table(cmp, a.all);
    eid_comparison_free(cmp);
    return cli_end(&c, rc);
}
