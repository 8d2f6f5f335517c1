/* windows.c - see windows.h. */
#include "train/windows.h"
#include "eidetic/rng.h"
#include <string.h>

void eid_train_windows_free(eid_windows *w)
{
    if (!w)
        return;
    eid_free(w->order);
    eid_free(w->at);
    eid_free(w->window);
    eid_free(w);
}

eid_status eid_windows_new(eid_windows **out, const eid_tokens *docs, int32_t end, int64_t context,
                           uint64_t seed, bool shuffled)
{
    eid_status st = EID_OK;
    eid_windows *w = NULL;

    if (docs->docs == 0)
        return eid_fail(EID_EINVAL, "no documents to train on");
    EID_TRY(EID_NEW(w, 1));
    *w = (eid_windows){.docs = docs,
                       .end = end,
                       .context = context,
                       .seed = seed,
                       .shuffled = shuffled,
                       .epoch = -1};
    w->targets = docs->start[docs->docs] - docs->start[0] + (int64_t)docs->docs;
    w->per_epoch = (w->targets - 1) / context + 1;
    EID_TRY(EID_NEW(w->order, docs->docs));
    EID_TRY(EID_NEW(w->at, docs->docs + 1));
    EID_TRY(EID_NEW(w->window, w->per_epoch));
    *out = w;
    w = NULL;
done:
    eid_train_windows_free(w);
    return st;
}

static int64_t size_of(const eid_windows *w, int64_t document)
{
    return w->docs->start[document + 1] - w->docs->start[document];
}

/* Draws the two orders of an epoch. */
static void turn_to(eid_windows *w, int64_t epoch)
{
    size_t docs = w->docs->docs;
    for (size_t i = 0; i < docs; i++)
        w->order[i] = (int64_t)i;
    for (int64_t k = 0; k < w->per_epoch; k++)
        w->window[k] = k;
    if (w->shuffled) {
        eid_rng r = eid_rng_stream(w->seed, (uint64_t)epoch);
        eid_rng_shuffle(&r, w->order, docs);
        eid_rng_shuffle(&r, w->window, (size_t)w->per_epoch);
    }
    w->at[0] = 1; /* after the leading `end` */
    for (size_t i = 0; i < docs; i++)
        w->at[i + 1] = w->at[i] + size_of(w, w->order[i]) + 1;
    w->epoch = epoch;
}

/* The last place that begins at or before `position`. */
static int64_t place_of(const eid_windows *w, int64_t position)
{
    int64_t low = 0, high = (int64_t)w->docs->docs - 1;
    while (low < high) {
        int64_t mid = low + (high - low + 1) / 2;
        if (w->at[mid] <= position)
            low = mid;
        else
            high = mid - 1;
    }
    return low;
}

/* stream[from .. from + n) into out; the caller stays within the stream. */
static void copy_stream(const eid_windows *w, int64_t from, int64_t n, int32_t *out)
{
    int64_t place = place_of(w, from);
    for (int64_t done = 0; done < n;) {
        int64_t position = from + done, document = w->order[place];
        int64_t within = position - w->at[place], left = size_of(w, document) - within;
        if (position == 0 || left == 0) { /* an `end`: the leading one or a document's */
            out[done++] = w->end;
            place += position > 0;
            continue;
        }
        int64_t take = left < n - done ? left : n - done;
        memcpy(out + done, w->docs->id + w->docs->start[document] + within,
               (size_t)take * sizeof *out);
        done += take;
    }
}

int64_t eid_windows_get(eid_windows *w, int64_t number, int32_t *x, int32_t *y)
{
    int64_t epoch = w->shuffled ? number / w->per_epoch : 0;
    if (w->epoch != epoch)
        turn_to(w, epoch);
    int64_t from = w->window[number % w->per_epoch] * w->context;
    int64_t n = w->targets - from < w->context ? w->targets - from : w->context;
    copy_stream(w, from, n, x);
    copy_stream(w, from + 1, n, y);
    for (int64_t t = n; t < w->context; t++) {
        x[t] = w->end;
        y[t] = -1;
    }
    return n;
}
