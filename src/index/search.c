/* search.c - binary search over suffixes that end with their document.
 *
 * The suffixes between two neighbours l and r of the search begin alike for as long as both match
 * the pattern, so a comparison starts at the shorter of the two matches (Manber and Myers 1993,
 * sec. 3, without the table of longest common prefixes). */
#include "index/search.h"
#include <inttypes.h>

typedef struct pattern {
    const uint8_t *at;
    size_t n;
} pattern;

/* The pattern against the suffix at `at`, cut at its document's end; their first `skip` bytes are
 * known to match.  *match: how many do.  < 0: the suffix sorts before the pattern; 0: it begins
 * with the pattern; > 0: it sorts after everything that does. */
static int compare(const index_shard *ix, int64_t at, pattern p, size_t skip, size_t *match)
{
    size_t room = (size_t)(ix->n - at);
    size_t limit = room < p.n ? room : p.n;
    if (skip > limit) /* only in a file that lies */
        skip = limit;
    size_t k = skip + index_match(p.at + skip, ix->text + at + skip, limit - skip);
    if (k > 0) {
        size_t left = (size_t)index_left(ix, at);
        if (k >= left && left < p.n) { /* the document ends first */
            *match = left;
            return -1;
        }
    }
    *match = k;
    if (k == p.n)
        return 0;
    return k == room || ix->text[(size_t)at + k] < p.at[k] ? -1 : 1;
}

/* The suffixes that share the pattern's first bytes, as far as the prefix table goes; *skip: how
 * many bytes those are. */
static index_range bucket(const index_shard *ix, pattern p, size_t *skip)
{
    *skip = 0;
    if (!ix->prefixes)
        return (index_range){0, ix->n};
    size_t first = p.at[0] * (size_t)INDEX_SYMBOLS, last = first + INDEX_SYMBOLS;
    *skip = 1;
    if (p.n >= 2) {
        first += 1u + p.at[1];
        last = first + 1;
        *skip = 2;
    }
    return (index_range){(int64_t)index_get64(ix->prefixes + 8 * first),
                         (int64_t)index_get64(ix->prefixes + 8 * last)};
}

/* The first entry of r that does not sort before the pattern.  left, right: in, what all of r share
 * with the pattern; out, the match of the entries before and at the answer (as far as looked at).
 * above, unless NULL: the least entry seen to sort after the pattern's places, else untouched. */
static int64_t lower(const index_shard *ix, pattern p, index_range r, size_t *left, size_t *right,
                     int64_t *above)
{
    while (r.lo < r.hi) {
        int64_t mid = r.lo + (r.hi - r.lo) / 2;
        size_t skip = *left < *right ? *left : *right, match;
        int order = compare(ix, index_suffix(ix, mid), p, skip, &match);
        if (order < 0) {
            r.lo = mid + 1;
            *left = match;
        } else {
            r.hi = mid;
            *right = match;
            if (order > 0 && above)
                *above = mid;
        }
    }
    return r.lo;
}

index_range index_find(const index_shard *ix, const uint8_t *pat, size_t n)
{
    pattern p = {pat, n};
    size_t skip, match;
    index_range r = bucket(ix, p, &skip);
    size_t left = skip, right = skip;
    r.lo = lower(ix, p, r, &left, &right, &r.hi);
    int64_t hi = r.hi;
    for (int64_t lo = r.lo; lo < hi;) { /* the first that sorts after */
        int64_t mid = lo + (hi - lo) / 2;
        if (compare(ix, index_suffix(ix, mid), p, skip, &match) > 0) {
            hi = mid;
            skip = match; /* whatever sorts between pattern and this one matches as far */
        } else {
            lo = mid + 1;
        }
    }
    return (index_range){r.lo, hi};
}

size_t index_reach(const index_shard *ix, const uint8_t *pat, size_t n)
{
    pattern p = {pat, n};
    size_t left, right;
    index_range r = bucket(ix, p, &left);
    if (r.lo == r.hi) { /* the longest match is shorter than what the table looks at */
        r = (index_range){0, ix->n};
        left = 0;
    }
    right = left;
    lower(ix, p, r, &left, &right, NULL);
    return left > right ? left : right;
}

eid_status eid_index_longest(const eid_index *ix, const uint8_t *pat, size_t n, size_t *length,
                             int64_t *count)
{
    size_t most = 0;
    int64_t copies = 0;
    if (n == 0)
        return eid_fail(EID_EINVAL, "longest: an empty pattern matches everywhere");
    for (size_t s = 0; s < ix->shards; s++) {
        size_t here = index_reach(&ix->shard[s], pat, n);
        most = here > most ? here : most;
    }
    for (size_t s = 0; s < ix->shards && most > 0; s++) {
        index_range r = index_find(&ix->shard[s], pat, most);
        copies += r.hi - r.lo;
    }
    *length = most;
    *count = copies;
    return EID_OK;
}
