/* test_augment.c - learning rates against closed forms, and moved pictures against their
 * definition. */
#include "check.h"
#include "eidetic/classifier.h"

static void schedules_have_their_shapes(void)
{
    eid_schedule s = {.kind = EID_SCHEDULE_CONSTANT, .lr = 0.5, .factor = 0.2, .floor = 0.1};
    CHECK_CLOSE(eid_schedule_at(&s, 0, 10), 0.5, 0, 0);
    CHECK_CLOSE(eid_schedule_at(&s, 9, 10), 0.5, 0, 0);
    s.kind = EID_SCHEDULE_COSINE;
    CHECK_CLOSE(eid_schedule_at(&s, 0, 101), 0.5, 1e-15, 0);
    CHECK_CLOSE(eid_schedule_at(&s, 50, 101), 0.275, 1e-14, 0); /* half way: the mean of the ends */
    CHECK_CLOSE(eid_schedule_at(&s, 100, 101), 0.05, 1e-14, 0);
    s.warmup = 0.1; /* ten steps: 1/11, 2/11, ... of the peak, which step 10 has */
    CHECK_CLOSE(eid_schedule_at(&s, 0, 100), 0.5 / 11, 1e-14, 0);
    CHECK_CLOSE(eid_schedule_at(&s, 10, 100), 0.5, 1e-14, 0);
    CHECK_CLOSE(eid_schedule_at(&s, 99, 100), 0.05, 1e-14, 0);
    s.kind = EID_SCHEDULE_ONECYCLE;
    s.warmup = 0.3;
    CHECK_CLOSE(eid_schedule_at(&s, 0, 100), 0.02, 1e-14, 0);
    CHECK_CLOSE(eid_schedule_at(&s, 15, 100), 0.26, 1e-14, 0);
    CHECK_CLOSE(eid_schedule_at(&s, 30, 100), 0.5, 1e-14, 0);
    CHECK_CLOSE(eid_schedule_at(&s, 99, 100), 0.05, 1e-14, 0);
    s = (eid_schedule){
        .kind = EID_SCHEDULE_STEP, .lr = 1, .factor = 0.2, .n_drops = 3, .drops = {0.3, 0.6, 0.8}};
    CHECK_CLOSE(eid_schedule_at(&s, 59, 200), 1, 0, 0);
    CHECK_CLOSE(eid_schedule_at(&s, 60, 200), 0.2, 1e-15, 0);
    CHECK_CLOSE(eid_schedule_at(&s, 120, 200), 0.04, 1e-15, 0);
    CHECK_CLOSE(eid_schedule_at(&s, 199, 200), 0.008, 1e-15, 0);
    for (int kind = 0; kind < 4; kind++) /* a training of one step */
        CHECK(isfinite(eid_schedule_at(&(eid_schedule){.kind = kind, .lr = 1, .warmup = 1}, 0, 1)));
}

enum { C = 2, H = 5, W = 7, CROP = 2 };

/* Is `got` the picture moved by (down, right), mirrored before if `flip`? */
static bool is_moved(const float *x, const float *got, int down, int right, bool flip)
{
    for (int c = 0; c < C; c++)
        for (int i = 0; i < H; i++)
            for (int j = 0; j < W; j++) {
                int a = i - down, b = j - right;
                float want = a < 0 || b < 0 || a >= H || b >= W
                                 ? 0
                                 : x[(c * H + a) * W + (flip ? W - 1 - b : b)];
                if (got[(c * H + i) * W + j] != want)
                    return false;
            }
    return true;
}

static void pictures_move_and_turn(void)
{
    eid_net_shape shape = {C, H, W, 2};
    eid_augment a = {.crop = CROP, .flip = true};
    int seen[2][2 * CROP + 1][2 * CROP + 1] = {0}, kinds = 0;
    float x[C * H * W], got[C * H * W], again[C * H * W];
    for (int i = 0; i < C * H * W; i++)
        x[i] = (float)(i + 1);
    for (int64_t e = 0; e < 2000; e++) {
        memcpy(got, x, sizeof x), memcpy(again, x, sizeof x);
        eid_augment_example(&a, &shape, 5, e / 100, e % 100, got);
        eid_augment_example(&a, &shape, 5, e / 100, e % 100, again);
        CHECK(memcmp(got, again, sizeof got) == 0);
        for (int f = 0; f < 2; f++)
            for (int d = -CROP; d <= CROP; d++)
                for (int r = -CROP; r <= CROP; r++)
                    seen[f][d + CROP][r + CROP] += is_moved(x, got, d, r, f);
    }
    int all = 0;
    for (int f = 0; f < 2; f++)
        for (int d = 0; d <= 2 * CROP; d++)
            for (int r = 0; r <= 2 * CROP; r++) {
                all += seen[f][d][r];
                kinds += seen[f][d][r] > 0;
                CHECK(seen[f][d][r] < 80); /* of 50 kinds each has 40 +- 6 */
            }
    CHECK_INT(all, 2000);
    CHECK_INT(kinds, 50);
    memcpy(got, x, sizeof x); /* a move beyond the picture's size is cut to it */
    eid_augment_example(&(eid_augment){.crop = 1000}, &shape, 1, 1, 1, got);
    eid_augment_example(&(eid_augment){0}, &shape, 1, 1, 1, x);
    CHECK(x[0] == 1 && x[C * H * W - 1] == C * H * W);
}

int main(void)
{
    RUN(schedules_have_their_shapes);
    RUN(pictures_move_and_turn);
    return DONE();
}
