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
    eid_free(w->from);
    eid_free(w->window);
    eid_free(w->before);
    eid_free(w->first);
    eid_free(w);
}

static int64_t size_of(const eid_windows *w, int64_t document)
{
    return w->docs->start[document + 1] - w->docs->start[document];
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

/* Where the window that begins at `from` ends. */
static int64_t window_end(const eid_windows *w, int64_t from)
{
    int64_t upto = from + w->context;
    if (upto >= w->targets)
        return w->targets;
    int64_t place = place_of(w, upto), size = size_of(w, w->order[place]);
    bool cut = upto < w->at[place] + size, fits = size <= w->context;
    return cut && fits && w->at[place] > from ? w->at[place] : upto;
}

static void draw_documents(eid_windows *w, eid_rng *r)
{
    size_t docs = w->docs->docs;
    for (size_t i = 0; i < docs; i++)
        w->order[i] = (int64_t)i;
    if (w->shuffled)
        eid_rng_shuffle(r, w->order, docs);
    w->at[0] = 1; /* after the leading `end` */
    for (size_t i = 0; i < docs; i++)
        w->at[i + 1] = w->at[i] + size_of(w, w->order[i]) + 1;
}

static eid_status cut_windows(eid_windows *w)
{
    eid_status st = EID_OK;
    w->count = 0;
    for (int64_t from = 0;; from = window_end(w, from)) {
        EID_TRY(EID_GROW(w->from, &w->from_cap, (size_t)w->count + 1));
        w->from[w->count] = from;
        if (from == w->targets)
            break;
        w->count++;
    }
done:
    return st;
}

static eid_status draw_windows(eid_windows *w, eid_rng *r)
{
    eid_status st = EID_OK;
    EID_TRY(EID_GROW(w->window, &w->window_cap, (size_t)w->count));
    EID_TRY(EID_GROW(w->before, &w->before_cap, (size_t)w->count + 1));
    for (int64_t k = 0; k < w->count; k++)
        w->window[k] = k;
    if (w->shuffled)
        eid_rng_shuffle(r, w->window, (size_t)w->count);
    w->before[0] = 0;
    for (int64_t k = 0; k < w->count; k++)
        w->before[k + 1] = w->before[k] + w->from[w->window[k] + 1] - w->from[w->window[k]];
done:
    return st;
}

static eid_status turn_to(eid_windows *w, int64_t epoch)
{
    eid_rng r = eid_rng_stream(w->seed, (uint64_t)epoch);
    eid_status st = EID_OK;

    w->epoch = -1;
    draw_documents(w, &r);
    EID_TRY(cut_windows(w));
    EID_TRY(draw_windows(w, &r));
    w->epoch = epoch;
done:
    return st;
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
    EID_TRY(EID_NEW(w->order, docs->docs));
    EID_TRY(EID_NEW(w->at, docs->docs + 1));
    EID_TRY(turn_to(w, 0));
    *out = w;
    w = NULL;
done:
    eid_train_windows_free(w);
    return st;
}

/* How many windows an epoch has depends on its order: they are counted from the first epoch on.
 * *turn: of window `number` in its epoch, which becomes the present one. */
static eid_status find_turn(eid_windows *w, int64_t number, int64_t *turn)
{
    int64_t epoch;
    eid_status st = EID_OK;

    if (!w->shuffled) { /* all epochs are alike */
        *turn = number % w->count;
        goto done;
    }
    while (!w->epochs || w->first[w->epochs] <= number) {
        EID_TRY(EID_GROW(w->first, &w->first_cap, (size_t)w->epochs + 2));
        w->first[0] = 0;
        EID_TRY(turn_to(w, w->epochs));
        w->first[w->epochs + 1] = w->first[w->epochs] + w->count;
        w->epochs++;
    }
    for (epoch = w->epochs - 1; w->first[epoch] > number; epoch--)
        ;
    if (w->epoch != epoch)
        EID_TRY(turn_to(w, epoch));
    *turn = number - w->first[epoch];
done:
    return st;
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

eid_status eid_windows_get(eid_windows *w, int64_t number, int32_t *x, int32_t *y, int64_t *targets)
{
    int64_t turn, from, n;
    eid_status st = EID_OK;

    EID_TRY(find_turn(w, number, &turn));
    from = w->from[w->window[turn]];
    n = w->from[w->window[turn] + 1] - from;
    copy_stream(w, from, n, x);
    copy_stream(w, from + 1, n, y);
    for (int64_t t = n; t < w->context; t++) {
        x[t] = w->end;
        y[t] = -1;
    }
    *targets = n;
done:
    return st;
}

eid_status eid_windows_before(eid_windows *w, int64_t number, int64_t *targets)
{
    int64_t turn, epochs;
    eid_status st = EID_OK;

    EID_TRY(find_turn(w, number, &turn));
    epochs = w->shuffled ? w->epoch : number / w->count;
    *targets = epochs * w->targets + w->before[turn];
done:
    return st;
}
