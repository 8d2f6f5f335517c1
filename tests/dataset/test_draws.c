/* test_draws.c - subsets, splits and noise: exact counts, and the same for the same seed. */
#include "bytes.h"

static void subsets_keep_every_class_share(void)
{
    eid_dataset *d = small_set(100, 4, 0), *part = NULL;
    int64_t index[100], smaller[100], count[4] = {0};

    CHECK_OK(eid_dataset_stratified(d, 42, 5, index));
    for (int i = 0; i < 42; i++) {
        count[d->label[index[i]]]++;
        CHECK(i == 0 || index[i] > index[i - 1]);
    }
    CHECK(count[0] == 11 && count[1] == 11 && count[2] == 10 && count[3] == 10); /* 10.5 each */
    CHECK_OK(eid_dataset_stratified(d, 12, 5, smaller));
    for (int i = 0, j = 0; i < 12; i++) { /* the smaller lies in the larger */
        while (j < 42 && index[j] < smaller[i])
            j++;
        CHECK(j < 42 && index[j] == smaller[i]);
    }
    CHECK_OK(eid_dataset_pick(&part, ctx, d, index, 42));
    CHECK(part && part->n == 42 && part->id[3] == index[3] && part->label[3] == d->label[index[3]]);
    CHECK(memcmp(part->u8 + 6 * 7, d->u8 + 6 * index[7], 6) == 0);
    CHECK(strcmp(part->sha256, d->sha256) != 0);
    CHECK_FAILS(eid_dataset_stratified(d, 101, 5, index), EID_EINVAL,
                "101 examples are wanted of the 100");
    CHECK_FAILS(eid_dataset_stratified(d, 0, 5, index), EID_EINVAL, "0 examples");
    index[0] = 100;
    CHECK_FAILS(eid_dataset_pick(&part, ctx, d, index, 1), EID_EINVAL, "no example 100");
    eid_dataset_free(part);
    eid_dataset_free(d);
}

static void splits_are_right_in_every_class_and_in_all(void)
{
    const double share[3] = {0.5, 0.3, 0.2};
    eid_dataset *d = small_set(103, 10, 0);
    uint8_t side[103], again[103];
    int64_t all[3] = {0}, of[10][3] = {{0}};
    double wrong[2] = {0.5, 0.6};

    CHECK_OK(eid_dataset_split(d, share, 3, 9, side));
    CHECK_OK(eid_dataset_split(d, share, 3, 9, again));
    CHECK(memcmp(side, again, sizeof side) == 0);
    for (int i = 0; i < 103; i++) {
        all[side[i]]++;
        of[d->label[i]][side[i]]++;
    }
    for (int k = 0; k < 3; k++) {
        CHECK(fabs((double)all[k] - share[k] * 103) <= 1);
        for (int c = 0; c < 10; c++)
            CHECK(fabs((double)of[c][k] - share[k] * (c < 3 ? 11 : 10)) <= 1);
    }
    CHECK_FAILS(eid_dataset_split(d, wrong, 2, 9, side), EID_EINVAL, "add up to 1.1");
    eid_dataset_free(d);
}

static void wrong_labels_are_wrong_and_so_many(void)
{
    eid_dataset *d = small_set(1000, 5, 0), *noisy = NULL, *again = NULL;
    uint8_t chosen[1000];
    int64_t flips = 0, to[5] = {0};

    CHECK_OK(eid_dataset_noise(&noisy, ctx, d, EID_NOISE_WRONG, 0.25, 3, chosen));
    CHECK_OK(eid_dataset_noise(&again, ctx, d, EID_NOISE_WRONG, 0.25, 3, NULL));
    CHECK_STR(again->sha256, noisy->sha256);
    for (int i = 0; i < 1000; i++) {
        bool flipped = noisy->label[i] != d->label[i];
        flips += flipped;
        CHECK(flipped == chosen[i] && noisy->clean[i] == d->label[i] && noisy->id[i] == i);
        if (flipped)
            to[noisy->label[i]]++;
    }
    CHECK_INT(flips, 250);
    for (int c = 0; c < 5; c++) /* 50 +- 4.4 standard deviations of a binomial */
        CHECK(to[c] > 22 && to[c] < 78);
    eid_dataset_free(again);
    CHECK_OK(eid_dataset_noise(&again, ctx, d, EID_NOISE_WRONG, 0.25, 4, NULL));
    CHECK(strcmp(again->sha256, noisy->sha256) != 0);
    CHECK_FAILS(eid_dataset_noise(&again, ctx, d, EID_NOISE_WRONG, 1.5, 4, NULL), EID_EINVAL,
                "1.5");
    eid_dataset_free(again);
    eid_dataset_free(noisy);
    eid_dataset_free(d);
}

/* Labels are only moved: every class keeps its size, and 1/k of the chosen stay right. */
static void permuted_labels_keep_the_class_sizes(void)
{
    eid_dataset *d = small_set(5000, 5, 0), *noisy = NULL;
    uint8_t *chosen = malloc(5000);
    int64_t count[5] = {0}, n = 0, right = 0;

    CHECK_OK(eid_dataset_noise(&noisy, ctx, d, EID_NOISE_PERMUTE, 0.4, 3, chosen));
    for (int i = 0; i < 5000; i++) {
        count[noisy->label[i]]++;
        n += chosen[i];
        right += chosen[i] && noisy->label[i] == d->label[i];
        CHECK(chosen[i] || noisy->label[i] == d->label[i]);
    }
    for (int c = 0; c < 5; c++)
        CHECK_INT(count[c], 1000);
    CHECK_INT(n, 2000);
    CHECK(right > 320 && right < 480); /* 400 +- 4.5 standard deviations */
    free(chosen);
    eid_dataset_free(noisy);
    eid_dataset_free(d);
}

/* An example's draw depends on its id alone: a subset of the noisy is the noisy subset. */
static void random_labels_do_not_depend_on_neighbours(void)
{
    eid_dataset *d = small_set(2000, 4, 0), *noisy = NULL, *few = NULL, *few_noisy = NULL;
    int64_t index[500], same = 0;

    CHECK_OK(eid_dataset_noise(&noisy, ctx, d, EID_NOISE_RANDOM, 1, 7, NULL));
    for (int i = 0; i < 2000; i++)
        same += noisy->label[i] == d->label[i];
    CHECK(same > 410 && same < 590); /* 500 +- 4.6 standard deviations */
    for (int i = 0; i < 500; i++)
        index[i] = 3 * i + 1;
    CHECK_OK(eid_dataset_pick(&few, ctx, d, index, 500));
    CHECK_OK(eid_dataset_noise(&few_noisy, ctx, few, EID_NOISE_RANDOM, 1, 7, NULL));
    for (int i = 0; i < 500; i++)
        CHECK(few_noisy->label[i] == noisy->label[index[i]]);
    eid_dataset_free(few_noisy);
    eid_dataset_free(few);
    eid_dataset_free(noisy);
    eid_dataset_free(d);
}

static int by_byte(const void *a, const void *b)
{
    return *(const uint8_t *)a - *(const uint8_t *)b;
}

static void shuffled_pixels_are_the_same_pixels(void)
{
    eid_dataset *train = small_set(50, 2, 0), *test = small_set(50, 2, 1), *a[3] = {NULL};
    int differ = 0, unlike = 0;

    CHECK_OK(eid_dataset_pixels(&a[0], ctx, train, EID_PIXELS_SHUFFLED, NULL, 2));
    CHECK_OK(eid_dataset_pixels(&a[1], ctx, test, EID_PIXELS_SHUFFLED, NULL, 2));
    CHECK_OK(eid_dataset_pixels(&a[2], ctx, train, EID_PIXELS_RANDOM, NULL, 2));
    CHECK(memcmp(a[0]->u8, a[1]->u8, 300) == 0); /* one permutation for both sets */
    CHECK(memcmp(a[0]->u8, train->u8, 300) != 0);
    for (int i = 0; i < 50; i++) {
        uint8_t want[6], one[6], each[6];
        memcpy(want, train->u8 + 6 * i, 6);
        memcpy(one, a[0]->u8 + 6 * i, 6);
        memcpy(each, a[2]->u8 + 6 * i, 6);
        differ += memcmp(one, each, 6) != 0;
        for (int k = 0; k < 6; k++) /* where the first example's pixel k came from */
            for (int j = 0; j < 6; j++)
                if (a[0]->u8[k] == train->u8[j])
                    unlike += one[k] != want[j];
        qsort(want, 6, 1, by_byte);
        qsort(one, 6, 1, by_byte);
        qsort(each, 6, 1, by_byte);
        CHECK(memcmp(want, one, 6) == 0 && memcmp(want, each, 6) == 0);
    }
    CHECK_INT(unlike, 0);
    CHECK(differ > 40);
    for (int i = 0; i < 3; i++)
        eid_dataset_free(a[i]);
    eid_dataset_free(train);
    eid_dataset_free(test);
}

static void gaussian_pixels_match_mean_and_variance(void)
{
    eid_dataset *train = small_set(2000, 2, 0), *test = small_set(2000, 2, 1), *a[2] = {NULL};
    double mean[2] = {0}, square[2] = {0};

    CHECK_OK(eid_dataset_pixels(&a[0], ctx, train, EID_PIXELS_GAUSSIAN, NULL, 2));
    CHECK_OK(eid_dataset_pixels(&a[1], ctx, test, EID_PIXELS_GAUSSIAN, train, 2));
    CHECK(a[0]->f32 && !a[0]->u8);
    CHECK(memcmp(a[0]->f32, a[1]->f32, 6 * sizeof(float)) != 0); /* test noise is other noise */
    for (int i = 0; i < 12000; i++) {
        double x = train->u8[i] / 255.0, y = (double)a[0]->f32[i];
        mean[0] += x / 12000, square[0] += x * x / 12000;
        mean[1] += y / 12000, square[1] += y * y / 12000;
    }
    CHECK_CLOSE(mean[1], mean[0], 0, 0.012); /* 4.5 standard errors of .284 / sqrt 12000 */
    CHECK_CLOSE(square[1] - mean[1] * mean[1], square[0] - mean[0] * mean[0], 0.06, 0);
    for (int i = 0; i < 2; i++)
        eid_dataset_free(a[i]);
    eid_dataset_free(train);
    eid_dataset_free(test);
}

static void centred_pixels_have_no_mean(void)
{
    enum { M = 300, T = 90 };
    eid_dataset *train = small_set(M, 2, 0), *test = small_set(T, 2, 1), *a = NULL, *b = NULL;
    int64_t f = train->features;

    CHECK_OK(eid_dataset_pixels(&a, ctx, train, EID_PIXELS_CENTRED, NULL, 2));
    CHECK_OK(eid_dataset_pixels(&b, ctx, test, EID_PIXELS_CENTRED, train, 2));
    CHECK(a && b && a->f32 && !a->u8 && a->features == f && b->id[T - 1] == test->id[T - 1]);
    for (int64_t k = 0; k < f; k++) {
        double was = 0, is = 0;
        for (int64_t i = 0; i < M; i++) {
            was += train->u8[i * f + k] / 255.0 / M;
            is += (double)a->f32[i * f + k] / M;
        }
        CHECK_CLOSE(is, 0, 0, 1e-7);
        for (int64_t i = 0; i < T; i++) /* the training set's mean */
            CHECK_CLOSE(b->f32[i * f + k], test->u8[i * f + k] / 255.0 - was, 0, 1e-6);
    }
    eid_dataset_free(a);
    eid_dataset_free(b);
    eid_dataset_free(train);
    eid_dataset_free(test);
}

static void classes_are_kept_in_the_order_given(void)
{
    eid_dataset *d = small_set(40, 4, 0), *two = NULL;
    const int32_t some[2] = {3, 1}, twice[2] = {1, 1}, none[1] = {4};

    CHECK_OK(eid_dataset_classes(&two, ctx, d, some, 2));
    CHECK(two && two->n == 20 && two->classes == 2);
    for (int i = 0; i < 20; i++)
        CHECK(two->label[i] == (two->id[i] % 4 == 3 ? 0 : 1) && two->id[i] == 2 * i + 1);
    CHECK_FAILS(eid_dataset_classes(&two, ctx, d, twice, 2), EID_EINVAL, "class 1 is named twice");
    CHECK_FAILS(eid_dataset_classes(&two, ctx, d, none, 1), EID_EINVAL, "class 4 does not exist");
    eid_dataset_free(two);
    eid_dataset_free(d);
}

int main(void)
{
    CHECK_OK(eid_ctx_new(&ctx, &(eid_ctx_opts){.threads = 1}));
    RUN(subsets_keep_every_class_share);
    RUN(splits_are_right_in_every_class_and_in_all);
    RUN(wrong_labels_are_wrong_and_so_many);
    RUN(permuted_labels_keep_the_class_sizes);
    RUN(random_labels_do_not_depend_on_neighbours);
    RUN(shuffled_pixels_are_the_same_pixels);
    RUN(gaussian_pixels_match_mean_and_variance);
    RUN(centred_pixels_have_no_mean);
    RUN(classes_are_kept_in_the_order_given);
    eid_ctx_free(ctx);
    return DONE();
}
