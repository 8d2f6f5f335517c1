/* Windows against a stream that is written out by hand. */
#include "check.h"
#include "train/windows.h"

enum { END = 9, DOCS = 5 };
static int32_t id[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18};
static int64_t start[DOCS + 1] = {0, 3, 3, 4, 14, 18}; /* the second document is empty */
static const eid_tokens docs = {id, start, DOCS};

static void windows_in_order_are_the_stream(void)
{
    static const int32_t stream[] = {END, 0,  1,  2,  END, END, 3,   END, 4,  5,  6,  7,
                                     8,   10, 11, 12, 13,  14,  END, 15,  16, 17, 18, END};
    const int64_t n = sizeof stream / sizeof *stream;
    for (int64_t T = 1; T <= 30; T++) {
        eid_windows *w = NULL;
        int32_t x[30], y[30];
        CHECK_OK(eid_windows_new(&w, &docs, END, T, 1, false));
        CHECK_INT(w->targets, n - 1);
        CHECK_INT(w->per_epoch, (n - 2) / T + 1);
        for (int64_t k = 0; k < 2 * w->per_epoch; k++) {
            int64_t from = k % w->per_epoch * T, targets = eid_windows_get(w, k, x, y);
            CHECK_INT(targets, n - 1 - from < T ? n - 1 - from : T);
            for (int64_t t = 0; t < T; t++) {
                CHECK_INT(x[t], t < targets ? stream[from + t] : END);
                CHECK_INT(y[t], t < targets ? stream[from + t + 1] : -1);
            }
        }
        eid_train_windows_free(w);
    }
}

/* Each document, whole and followed by `end`, once an epoch; told by putting the windows of T =
 * stream together, which are the epoch's stream itself. */
static void an_epoch_shows_every_document_once(void)
{
    eid_windows *w = NULL;
    int32_t x[23], y[23];
    int orders = 0;
    int64_t first = -1;

    CHECK_OK(eid_windows_new(&w, &docs, END, 23, 7, true));
    CHECK_INT(w->per_epoch, 1);
    for (int64_t epoch = 0; epoch < 20; epoch++) {
        int64_t seen = 0, ends = 0;
        CHECK_INT(eid_windows_get(w, epoch, x, y), 23);
        CHECK_INT(x[0], END);
        for (int t = 0; t < 23; t++) {
            ends += y[t] == END;
            seen += y[t];
            if (y[t] != END && x[t] != END) /* within a document: the next of its ids */
                CHECK_INT(y[t], x[t] + (x[t] == 8 ? 2 : 1));
        }
        CHECK_INT(ends, DOCS);
        CHECK_INT(seen, 0 + 1 + 2 + 3 + 4 + 5 + 6 + 7 + 8 + 10 + 11 + 12 + 13 + 14 + 15 + 16 + 17 +
                            18 + DOCS * END);
        orders += w->order[0] != first;
        first = w->order[0];
    }
    CHECK(orders > 5);
    eid_train_windows_free(w);
}

static void every_target_comes_once_an_epoch(void)
{
    eid_windows *w = NULL;
    CHECK_OK(eid_windows_new(&w, &docs, END, 4, 3, true));
    for (int64_t epoch = 0; epoch < 8; epoch++) {
        int32_t count[19] = {0}, x[4], y[4];
        for (int64_t k = 0; k < w->per_epoch; k++) {
            eid_windows_get(w, epoch * w->per_epoch + k, x, y);
            for (int t = 0; t < 4; t++)
                if (y[t] >= 0)
                    count[y[t]]++;
        }
        for (int v = 0; v < 19; v++)
            CHECK_INT(count[v], v == END ? DOCS : 1);
    }
    eid_train_windows_free(w);
}

/* Asked in any order, from a fresh start: that is what resuming relies on. */
static void a_window_depends_on_its_number_alone(void)
{
    eid_windows *a = NULL, *b = NULL;
    int32_t x[5], y[5], x2[5], y2[5];
    CHECK_OK(eid_windows_new(&a, &docs, END, 5, 3, true));
    CHECK_OK(eid_windows_new(&b, &docs, END, 5, 3, true));
    for (int64_t k = 0; k < 40; k++) {
        eid_windows_get(a, k, x, y);
        eid_windows_get(b, k * 17 % 40, x2, y2);
        eid_windows_get(b, k, x2, y2);
        CHECK(!memcmp(x, x2, sizeof x) && !memcmp(y, y2, sizeof y));
    }
    eid_train_windows_free(a);
    eid_train_windows_free(b);
}

static void seeds_give_other_orders(void)
{
    eid_windows *a = NULL, *b = NULL;
    int32_t x[5], y[5], x2[5], y2[5];
    int same = 0;
    CHECK_OK(eid_windows_new(&a, &docs, END, 5, 3, true));
    CHECK_OK(eid_windows_new(&b, &docs, END, 5, 4, true));
    for (int64_t k = 0; k < 40; k++) {
        eid_windows_get(a, k, x, y);
        eid_windows_get(b, k, x2, y2);
        same += !memcmp(x, x2, sizeof x);
    }
    CHECK(same < 20);
    eid_train_windows_free(a);
    eid_train_windows_free(b);
}

static void nothing_to_train_on_is_refused(void)
{
    eid_windows *w = NULL;
    int64_t none[1] = {0};
    const eid_tokens empty = {id, none, 0};
    CHECK_FAILS(eid_windows_new(&w, &empty, END, 4, 1, true), EID_EINVAL, "no documents");
    CHECK(!w);
}

int main(void)
{
    RUN(windows_in_order_are_the_stream);
    RUN(an_epoch_shows_every_document_once);
    RUN(every_target_comes_once_an_epoch);
    RUN(a_window_depends_on_its_number_alone);
    RUN(seeds_give_other_orders);
    RUN(nothing_to_train_on_is_refused);
    return DONE();
}
