/* test_compare.c - differences of two estimates, and of two runs. */
#include "check.h"
#include "eidetic/compare.h"
#include "eidetic/rng.h"
#include "fixture.h"

static eid_estimate of(double value, double low, double high, int64_t n)
{
    return (eid_estimate){.value = value, .low = low, .high = high, .n = n, .method = "given"};
}

/* Newcombe 1998, "Interval estimation for the difference between independent proportions", table
 * II, method 10 (square-and-add of two Wilson intervals): 56/70 - 48/80 is 0.2 (0.0524 to 0.3339).
 */
static eid_estimate wilson(double k, double n)
{
    const double z = 1.959963984540054, p = k / n, mid = (2 * k + z * z) / (2 * (n + z * z));
    const double half = z * sqrt(z * z + 4 * k * (1 - p)) / (2 * (n + z * z));
    return of(p, mid - half, mid + half, (int64_t)n);
}

static void newcombes_examples_come_out(void)
{
    static const struct {
        double k1, n1, k2, n2, low, high;
    } row[] = {{56, 70, 48, 80, 0.0524, 0.3339},
               {9, 10, 3, 10, 0.1705, 0.8090},
               {10, 10, 0, 20, 0.6791, 1.0000},
               {5, 56, 0, 29, -0.0381, 0.1926}};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        eid_estimate b = wilson(row[i].k1, row[i].n1), a = wilson(row[i].k2, row[i].n2);
        eid_estimate d = eid_difference(&a, &b);
        CHECK_CLOSE(d.value, row[i].k1 / row[i].n1 - row[i].k2 / row[i].n2, 0, 1e-15);
        CHECK_CLOSE(d.low, row[i].low, 0, 5e-5); /* printed to four digits */
        CHECK_CLOSE(d.high, row[i].high, 0, 5e-5);
        CHECK_STR(d.method, "square-and-add");
    }
}

/* Symmetric intervals of normal estimates: the classical sqrt(se1^2 + se2^2). */
static void symmetric_intervals_add_in_squares(void)
{
    eid_estimate a = of(2, 2 - 0.3, 2 + 0.3, 10), b = of(5, 5 - 0.4, 5 + 0.4, 7);
    eid_estimate d = eid_difference(&a, &b);
    CHECK_CLOSE(d.low, 3 - 0.5, 1e-15, 0);
    CHECK_CLOSE(d.high, 3 + 0.5, 1e-15, 0);
    CHECK_INT(d.n, 7);
}

/* At least 95 of 100 intervals hold the truth, near 0 as well, where b +- 1.96 se fails.  4,000
 * draws have a standard error of 0.35%: 94% is nearly three of them away. */
static void intervals_cover_the_truth(void)
{
    static const struct {
        double p, q;
        int n, m;
    } row[] = {{0.01, 0.05, 100, 80}, {0.3, 0.3, 60, 60}, {0.97, 0.5, 40, 120}};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        eid_rng rng = eid_rng_stream(5, i);
        int held = 0;
        for (int t = 0; t < 4000; t++) {
            int x = 0, y = 0;
            for (int k = 0; k < row[i].n; k++)
                x += eid_rng_unit(&rng) < row[i].p;
            for (int k = 0; k < row[i].m; k++)
                y += eid_rng_unit(&rng) < row[i].q;
            eid_estimate a = eid_proportion(x, row[i].n), b = eid_proportion(y, row[i].m);
            eid_estimate d = eid_difference(&a, &b);
            held += d.low <= row[i].q - row[i].p && row[i].q - row[i].p <= d.high;
        }
        CHECK(held >= 0.94 * 4000);
        printf("# %.2f - %.2f: %.1f%% covered\n", row[i].q, row[i].p, held / 40.0);
    }
}

static void what_cannot_be_told_is_not_compared(void)
{
    eid_estimate none = eid_estimate_none("unresolved: 3 negatives"), x = of(1, 0, 2, 5);
    eid_estimate point = of(1, NAN, NAN, 5), exact = of(7, 7, 7, 0), more = of(9, 9, 9, 0);
    eid_estimate d = eid_difference(&none, &x);
    CHECK(isnan(d.value));
    CHECK_STR(d.why, "first: unresolved: 3 negatives");
    d = eid_difference(&x, &none);
    CHECK_STR(d.why, "second: unresolved: 3 negatives");
    d = eid_difference(&x, &point);
    CHECK_CLOSE(d.value, 0, 0, 0);
    CHECK(isnan(d.low) && isnan(d.high));
    d = eid_difference(&exact, &more);
    CHECK_CLOSE(d.value, 2, 0, 0);
    CHECK_CLOSE(d.low, 2, 0, 0);
    CHECK_STR(d.method, "exact");
    d = eid_difference(&exact, &x); /* one interval is enough */
    CHECK_CLOSE(d.low, -7, 0, 0);
    CHECK_CLOSE(d.high, -5, 0, 0);
}

static const eid_compared *row(const eid_comparison *c, const char *name, const char *series,
                               double x)
{
    for (size_t i = 0; i < c->n_rows; i++)
        if (strcmp(c->rows[i].name, name) == 0 &&
            (series
                 ? c->rows[i].series && strcmp(c->rows[i].series, series) == 0 && c->rows[i].x == x
                 : !c->rows[i].series))
            return &c->rows[i];
    CHECK_FAIL("no row %s %s %g", name, series ? series : "-", x);
    return &c->rows[0];
}

static void two_runs_are_laid_side_by_side(void)
{
    const char *before = check_tmp("before"), *after = check_tmp("after"),
               *bare = check_tmp("bare");
    eid_comparison *c = NULL;
    CHECK_OK(fixture_make(before, FIXTURE_RICH));
    CHECK_OK(fixture_make_after(after));
    CHECK_OK(fixture_make(bare, FIXTURE_BARE));
    CHECK_OK(eid_compare(&c, before, after));
    CHECK_STR(c->level_a, "stop");
    CHECK(c->same_command && c->same_input && c->same_bits);
    CHECK_INT(row(c, "extraction.uniform", NULL, 0)->change, EID_CHANGE_DOWN);
    CHECK_INT(row(c, "membership.blind", NULL, 0)->change, EID_CHANGE_NONE);
    CHECK_INT(row(c, "membership.min_k++.tpr.0.001", NULL, 0)->change, EID_CHANGE_UNRESOLVED);
    CHECK_INT(row(c, "corpus.bytes", NULL, 0)->change, EID_CHANGE_NONE);
    CHECK_INT(row(c, "extraction.by_copies", "planted", 32)->change, EID_CHANGE_DOWN);
    CHECK_INT(row(c, "extraction.by_copies", "planted", 1)->change, EID_CHANGE_NONE);
    for (size_t i = 0; i < c->n_rows; i++)
        CHECK(strcmp(c->rows[i].name, "membership.roc") != 0);
    eid_comparison_free(c);
    c = NULL;
    CHECK_OK(eid_compare(&c, bare, before));
    CHECK(!c->same_input);
    CHECK_INT(row(c, "extraction.uniform", NULL, 0)->change, EID_CHANGE_ONLY_B);
    eid_comparison_free(c);
    c = NULL;
    CHECK_FAILS(eid_compare(&c, before, "/nowhere"), EID_EIO, "/nowhere");
    CHECK(c == NULL);
}

int main(void)
{
    RUN(newcombes_examples_come_out);
    RUN(symmetric_intervals_add_in_squares);
    RUN(intervals_cover_the_truth);
    RUN(what_cannot_be_told_is_not_compared);
    RUN(two_runs_are_laid_side_by_side);
    return DONE();
}
