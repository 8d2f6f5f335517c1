#include "check.h"
#include "base/memory.h"

typedef struct opts {
    bool on;
    int64_t count, size, word;
    double rate;
    const char *path;
    eid_strings list;
} opts;

static const eid_opt table[] = {
    {EID_OPT_BOOL, "on", offsetof(opts, on), 0, 0, "a switch", NULL, 0},
    {EID_OPT_I64, "count", offsetof(opts, count), 1, 10, "how many", NULL, 0},
    {EID_OPT_SIZE, "size", offsetof(opts, size), 0, 1e15, "bytes", NULL, 0},
    {EID_OPT_F64, "rate", offsetof(opts, rate), 0, 1, "share", NULL, 0},
    {EID_OPT_STR, "path", offsetof(opts, path), 0, 0, "file", NULL, 0},
    {EID_OPT_ENUM, "word", offsetof(opts, word), 0, 0, "which", "exact|sampled", 0},
    {EID_OPT_LIST, "list", offsetof(opts, list), 0, 0, "several", NULL, 0},
    {0},
};

static void values_are_read_and_bounded(void)
{
    opts o = {.count = 3};

    CHECK_OK(eid_opt_set(&table[1], &o, "7"));
    CHECK_INT(o.count, 7);
    CHECK_FAILS(eid_opt_set(&table[1], &o, "11"), EID_EINVAL,
                "--count: 11 is not between 1 and 10");
    CHECK_FAILS(eid_opt_set(&table[1], &o, "x"), EID_EINVAL, "not a number");
    CHECK_FAILS(eid_opt_set(&table[1], &o, "7x"), EID_EINVAL, "not a number");
    CHECK_FAILS(eid_opt_set(&table[1], &o, "99999999999999999999"), EID_EINVAL, "not between");
    CHECK_INT(o.count, 7);
    CHECK_OK(eid_opt_set(&table[2], &o, "2G"));
    CHECK_INT(o.size, INT64_C(2) << 30);
    CHECK_OK(eid_opt_set(&table[2], &o, "512MiB"));
    CHECK_INT(o.size, INT64_C(512) << 20);
    CHECK_FAILS(eid_opt_set(&table[2], &o, "9999999999G"), EID_EINVAL, "not between");
    CHECK_FAILS(eid_opt_set(&table[3], &o, "nan"), EID_EINVAL, "not a number");
    CHECK_FAILS(eid_opt_set(&table[3], &o, "1.5"), EID_EINVAL, "not between 0 and 1");
    CHECK_FAILS(eid_opt_set(&table[5], &o, "guess"), EID_EINVAL, "none of exact|sampled");
    CHECK_FAILS(eid_opt_set(&table[0], &o, "maybe"), EID_EINVAL, "yes or no");
}

static void values_are_told_as_json(void)
{
    opts o = {.count = 3, .rate = 0.5};
    char *json = NULL;

    CHECK_OK(eid_opt_set(&table[5], &o, "sampled"));
    CHECK_OK(eid_opt_set(&table[6], &o, "a"));
    CHECK_OK(eid_opt_set(&table[6], &o, "b\"c"));
    CHECK_OK(eid_opts_json(table, &o, &json));
    CHECK_STR(json, "{\"on\":false,\"count\":3,\"size\":0,\"rate\":0.5,\"path\":null,"
                    "\"word\":\"sampled\",\"list\":[\"a\",\"b\\\"c\"]}");
    eid_string_free(json);
    eid_opts_free(table, &o);
    CHECK(!o.list.at && !o.list.n);
}

int main(void)
{
    RUN(values_are_read_and_bounded);
    RUN(values_are_told_as_json);
    return DONE();
}
