/* Windows against a stream that is written out by hand. */
#include "check.h"
#include "train/windows.h"

enum { END = 9, DOCS = 5 };
static int32_t id[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18};
static int64_t start[DOCS + 1] = {0, 3, 3, 4, 14, 18}; /* the second document is empty */
static const eid_tokens docs = {id, start, DOCS};

/* One window, which must come. */
static int64_t get(eid_windows *w, int64_t number, int32_t *x, int32_t *y)
{
    int64_t targets = -1;
    CHECK_OK(eid_windows_get(w, number, x, y, &targets));
    return targets;
}

static const int32_t stream[] = {END, 0,  1,  2,  END, END, 3,   END, 4,  5,  6,  7,
                                 8,   10, 11, 12, 13,  14,  END, 15,  16, 17, 18, END};
enum { STREAM = sizeof stream / sizeof *stream };

/* The next `end` at or after `at`. */
static int64_t next_end(int64_t at)
{
    while (stream[at] != END)
        at++;
    return at;
}

/* Whatever the context, the windows are the stream in its order, and a window ends early only in
 * front of a document that fits into the next one and would not have fitted into this one. */
static void windows_in_order_are_the_stream(void)
{
    for (int64_t T = 1; T <= 30; T++) {
        eid_windows *w = NULL;
        int32_t x[30], y[30];
        CHECK_OK(eid_windows_new(&w, &docs, END, T, 1, false));
        CHECK_INT(w->targets, STREAM - 1);
        for (int64_t k = 0, from = 0; k < 2 * w->count; k++) {
            int64_t targets = get(w, k, x, y);
            for (int64_t t = 0; t < T; t++) {
                CHECK_INT(x[t], t < targets ? stream[from + t] : END);
                CHECK_INT(y[t], t < targets ? stream[from + t + 1] : -1);
            }
            from += targets;
            if (targets < T && from < STREAM - 1) {
                CHECK_INT(stream[from - 1], END);
                int64_t document = next_end(from) - from;
                CHECK(document <= T && targets + document > T);
            }
            from = from == STREAM - 1 ? 0 : from;
        }
        eid_train_windows_free(w);
    }
}

/* In any epoch's order: a document that fits is read in one piece, up to its `end`. */
static void short_documents_are_whole(void)
{
    for (int64_t T = 4; T <= 12; T++) {
        eid_windows *w = NULL;
        int32_t x[12], y[12];
        int32_t last = END;
        int64_t starts = 0;
        CHECK_OK(eid_windows_new(&w, &docs, END, T, 5, true));
        for (int64_t k = 0; k < w->count; k++) { /* as they lie in the stream */
            int64_t turn = 0;
            while (w->window[turn] != k)
                turn++;
            int64_t n = get(w, turn, x, y);
            bool first = x[0] == 0 || x[0] == 3 || x[0] == 4 || x[0] == 15;
            if (last != END && !first) /* within the document that fits into none */
                CHECK(T < 10 && x[0] > 4 && x[0] <= 14);
            starts += last != END && first;
            last = y[n - 1];
        }
        CHECK(T > 4 || starts > 0);
        eid_train_windows_free(w);
    }
}

/* Targets before a window: what the windows before it gave, in whatever order one asks. */
static void targets_are_counted(void)
{
    for (int shuffled = 0; shuffled < 2; shuffled++) {
        eid_windows *w = NULL;
        int32_t x[6], y[6];
        int64_t sum[60], before;
        CHECK_OK(eid_windows_new(&w, &docs, END, 6, 5, shuffled));
        sum[0] = 0;
        for (int64_t k = 0; k < 59; k++)
            sum[k + 1] = sum[k] + get(w, k, x, y);
        for (int64_t k = 0; k < 60; k++) {
            CHECK_OK(eid_windows_before(w, k * 17 % 60, &before));
            CHECK_INT(before, sum[k * 17 % 60]);
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
    CHECK_INT(w->count, 1);
    for (int64_t epoch = 0; epoch < 20; epoch++) {
        int64_t seen = 0, ends = 0;
        CHECK_INT(get(w, epoch, x, y), 23);
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
    int64_t number = 0;
    for (int64_t epoch = 0; epoch < 8; epoch++) {
        int32_t count[19] = {0}, x[4], y[4];
        for (int64_t left = w->targets; left > 0;) {
            left -= get(w, number++, x, y);
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
        get(a, k, x, y);
        get(b, k * 17 % 40, x2, y2);
        get(b, k, x2, y2);
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
        get(a, k, x, y);
        get(b, k, x2, y2);
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
    RUN(short_documents_are_whole);
    RUN(targets_are_counted);
    RUN(an_epoch_shows_every_document_once);
    RUN(every_target_comes_once_an_epoch);
    RUN(a_window_depends_on_its_number_alone);
    RUN(seeds_give_other_orders);
    RUN(nothing_to_train_on_is_refused);
    return DONE();
}
