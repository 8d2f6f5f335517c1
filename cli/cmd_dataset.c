#include "data.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct args {
    bool replace;
} args;

static const eid_opt own[] = {
    {EID_OPT_BOOL, "replace", offsetof(args, replace), 0, 0, "write over a file that exists", NULL,
     EID_OPT_NEUTRAL},
    {0},
};

static const cli_usage usage = {
    .verb = "dataset",
    .synopsis = "DATA [--out FILE.npz] [options]",
    .description =
        "Reads labelled examples as every other command would, and says what they are: numbers, "
        "shape, classes, hash. DATA is fashion-mnist, a folder or a file in the formats of IDX, "
        "CIFAR or NumPy, or what the names of two files begin with. With --out, writes what is "
        "left after taking a subset and adding noise, and beside it, as FILE.flips.csv, every "
        "label that was changed.",
    .example = "dataset fashion-mnist --examples 5000 --wrong-labels 0.1 --out noisy.npz",
    .min_operands = 1,
    .max_operands = 1,
};

/* Examples of each class; NULL without memory. */
static int64_t *count_classes(const eid_dataset *d)
{
    int64_t *count = calloc((size_t)d->classes, sizeof *count);

    for (int64_t i = 0; count && i < d->n; i++)
        count[d->label[i]]++;
    return count;
}

static int64_t count_flips(const eid_dataset *d)
{
    int64_t n = 0;

    for (int64_t i = 0; i < d->n; i++)
        n += d->label[i] != d->clean[i];
    return n;
}

static json_t *part_object(const eid_dataset *d)
{
    int64_t *count = count_classes(d);
    json_t *balance = json_array();

    for (int32_t c = 0; count && c < d->classes; c++)
        json_array_append_new(balance, json_integer(count[c]));
    free(count);
    return json_pack("{s:I, s:I, s:s, s:o}", "examples", (json_int_t)d->n, "flips",
                     (json_int_t)count_flips(d), "sha256", d->sha256, "by_class", balance);
}

static json_t *as_json(const cli *c, const eid_dataset *train, const eid_dataset *test,
                       const char *flips)
{
    return json_pack(
        "{s:[I, I, I], s:s, s:i, s:o, s:o, s:o, s:o}", "shape", (json_int_t)train->channels,
        (json_int_t)train->height, (json_int_t)train->width, "type", train->u8 ? "u1" : "f4",
        "classes", (int)train->classes, "train", part_object(train), "test",
        test ? part_object(test) : json_null(), "out", c->out ? cli_string(c->out) : json_null(),
        "flips", flips ? cli_string(flips) : json_null());
}

/* A class a line, up to a screenful; then the smallest and the largest. */
static void print_balance(const eid_dataset *train, const eid_dataset *test)
{
    int64_t *count = count_classes(train), *other = test ? count_classes(test) : NULL;
    int64_t least = INT64_MAX, most = 0;

    for (int32_t c = 0; count && c < train->classes; c++) {
        least = count[c] < least ? count[c] : least;
        most = count[c] > most ? count[c] : most;
        if (train->classes <= 20 && other)
            printf("class %" PRId32 "\t%" PRId64 "\t%" PRId64 "\n", c, count[c], other[c]);
        else if (train->classes <= 20)
            printf("class %" PRId32 "\t%" PRId64 "\n", c, count[c]);
    }
    if (count && train->classes > 20)
        printf("class sizes\t%" PRId64 " to %" PRId64 "\n", least, most);
    free(count);
    free(other);
}

static void print(const eid_dataset *train, const eid_dataset *test)
{
    printf("examples\t%" PRId64, train->n);
    if (test)
        printf("\t%" PRId64, test->n);
    printf("\nshape\t%" PRId64 " x %" PRId64 " x %" PRId64 " %s\nclasses\t%" PRId32 "\n",
           train->channels, train->height, train->width, train->u8 ? "bytes" : "floats",
           train->classes);
    printf("changed labels\t%" PRId64 "\nsha256\t%s\n", count_flips(train), train->sha256);
    if (test)
        printf("test sha256\t%s\n", test->sha256);
    print_balance(train, test);
}

static int write_out(cli *c, const args *a, const eid_dataset *train, const eid_dataset *test,
                     const char *flips)
{
    const char *path[2] = {c->out, flips};

    for (int i = 0; i < 2 && !a->replace; i++)
        if (access(path[i], F_OK) == 0)
            return cli_refuse(c, "exists", "%s exists; --replace writes over it", path[i]);
    if (eid_dataset_write_flips(flips, train) != EID_OK)
        return cli_failed(c);
    if (eid_dataset_write(c->ctx, c->out, train, test) != EID_OK) {
        unlink(flips); /* both files or none */
        return cli_failed(c);
    }
    return CLI_OK;
}

static int run(cli *c, const args *a, const eid_dataset *train, const eid_dataset *test)
{
    size_t n = c->out ? strlen(c->out) : 0;
    char *flips = c->out ? malloc(n + 16) : NULL;
    int rc = CLI_OK;

    if (c->out && (n < 5 || strcmp(c->out + n - 4, ".npz") != 0))
        rc = cli_refuse(c, "invalid", "%s: a data set is written as .npz", c->out);
    else if (c->out && !flips)
        rc = cli_refuse(c, "memory", "no memory for a name");
    if (rc == CLI_OK && c->out) {
        snprintf(flips, n + 16, "%.*s.flips.csv", (int)n - 4, c->out);
        if (!c->dry_run)
            rc = write_out(c, a, train, test, flips);
    }
    if (rc == CLI_OK && c->json)
        rc = cli_object(c, as_json(c, train, test, flips));
    else if (rc == CLI_OK)
        print(train, test);
    free(flips);
    return rc;
}

int cmd_dataset(int argc, char **argv)
{
    args a = {0};
    eid_dataset_opts read = eid_dataset_opts_default();
    const cli_group groups[] = {
        {"Reading, reducing, changing", NULL, eid_dataset_opt_table, &read},
        {"Output", NULL, own, &a},
        {0},
    };
    cli_data d = {0};
    cli c;
    int rc = cli_begin(&c, argc, argv, &usage, groups);

    if (rc != CLI_GO)
        return rc;
    rc = cli_data_open(&c, &d, c.operands.at[0], &read);
    if (rc == CLI_OK)
        rc = run(&c, &a, d.train, d.test);
    cli_data_close(&d);
    return cli_end(&c, rc);
}
