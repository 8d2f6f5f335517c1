#include "bank_scores.h"
#include <inttypes.h>
#include <math.h>

static json_t *number(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

json_t *cli_scores_estimate(const eid_estimate *e)
{
    return json_pack("{s:o, s:o, s:o, s:I, s:s, s:s}", "value", number(e->value), "low",
                     number(e->low), "high", number(e->high), "n", (json_int_t)e->n, "method",
                     e->method ? e->method : "", "why", e->why);
}

void cli_scores_print(const char *name, const eid_estimate *e)
{
    if (isfinite(e->value))
        printf("%s\t%.4f\t%.4f\t%.4f\n", name, e->value, e->low, e->high);
    else
        printf("%s\t%s\n", name, e->why);
}

int cli_scores_ids(cli *c, const cli_bank *b, const char *path)
{
    const eid_dataset *d = b->data.train;
    eid_array *ids = NULL;
    int rc = CLI_OK;

    if (!path)
        return CLI_OK;
    if (!d)
        return cli_wrong(c, "--ids are compared with those of --data");
    if (eid_array_read(&ids, c->ctx, path) != EID_OK)
        return cli_failed(c);
    if (ids->ndim != 1 || ids->count != d->n)
        rc = cli_refuse(c, "invalid", "%s: %" PRId64 " ids for %" PRId64 " examples", path,
                        ids->count, d->n);
    for (int64_t i = 0; rc == CLI_OK && i < d->n; i++)
        if (eid_array_at(ids, i) != (double)d->id[i])
            rc = cli_refuse(c, "invalid",
                            "%s: example %" PRId64 " has id %.17g, but %" PRId64 " in --data", path,
                            i, eid_array_at(ids, i), d->id[i]);
    eid_array_free(ids);
    return rc;
}

int cli_scores_keep(cli *c, eid_bank_scores *s)
{
    const eid_run_info info = {.command = c->usage->verb,
                               .command_line = cli_command_line(c),
                               .seed = c->seed,
                               .threads = c->threads};

    return eid_bank_scores_keep(c->ctx, s, &info, c->out) == EID_OK ? CLI_OK : cli_failed(c);
}
