/* near_bands.c - options, and how a signature is cut into bands. */
#include "control/near_words.h"
#include "eidetic/near.h"
#include <inttypes.h>
#include <math.h>

eid_near_opts eid_near_opts_default(void)
{
    return (eid_near_opts){
        .near = 0.8, .edit = -1, .words = 5, .band = 20, .bands = 450, .seed = 1};
}

const eid_opt eid_near_opt_table[] = {
    {EID_OPT_F64, "near", offsetof(eid_near_opts, near), 0, 1,
     "least Jaccard of two documents' sets of shingles", NULL, 0},
    {EID_OPT_F64, "edit", offsetof(eid_near_opts, edit), -1, 1,
     "least edit similarity in words, too; 0: none; below 0: as --near", NULL, 0},
    {EID_OPT_I64, "words", offsetof(eid_near_opts, words), 1, NEAR_WORDS_MOST, "words of a shingle",
     NULL, 0},
    {EID_OPT_I64, "band", offsetof(eid_near_opts, band), 1, 1000, "hashes of a band", NULL, 0},
    {EID_OPT_I64, "bands", offsetof(eid_near_opts, bands), 1, 10000, "bands", NULL, 0},
    {EID_OPT_I64, "permutations", offsetof(eid_near_opts, permutations), 0, 100000,
     "hashes in all, with the best bands for --near; 0: --band and --bands", NULL, 0},
    {EID_OPT_ENUM, "survivor", offsetof(eid_near_opts, keep), 0, 0,
     "which document of a cluster stays", "first|longest", 0},
    {EID_OPT_I64, "seed", offsetof(eid_near_opts, seed), 0, 1e15, "random seed", NULL, 0},
    {EID_OPT_ENUM, "format", offsetof(eid_near_opts, format), 0, 0,
     "of the corpus that is kept; jsonl holds UTF-8 only", "tar|jsonl", 0},
    {EID_OPT_BOOL, "replace", offsetof(eid_near_opts, replace), 0, 0,
     "write over what the same command made", NULL, EID_OPT_NEUTRAL},
    {0},
};

double eid_near_found(double s, int64_t band, int64_t bands)
{
    double one = pow(s, (double)band); /* 1 - (1 - one)^bands, without cancelling */
    return one >= 1 ? 1 : -expm1((double)bands * log1p(-one));
}

/* Midpoint rule on both sides of the threshold. */
static double badness(double near, int64_t band, int64_t bands)
{
    enum { POINTS = 200 };
    double below = 0, above = 0;
    for (int i = 0; i < POINTS; i++) {
        double u = (i + 0.5) / POINTS;
        below += eid_near_found(near * u, band, bands) * near / POINTS;
        above += (1 - eid_near_found(near + (1 - near) * u, band, bands)) * (1 - near) / POINTS;
    }
    return 0.1 * below + 0.9 * above;
}

eid_status eid_near_bands(double near, int64_t permutations, int64_t *band, int64_t *bands)
{
    double best = INFINITY;

    if (!(near > 0 && near <= 1) || permutations < 1 || permutations > 100000)
        return eid_fail(EID_EINVAL,
                        "near: a threshold in (0, 1] and 1 to 100000 permutations are wanted, not "
                        "%g and %" PRId64,
                        near, permutations);
    /* Longer bands than 100 find nothing at any threshold that matters but 1. */
    for (int64_t b = 1; b <= permutations && b <= 100; b++) {
        double bad = badness(near, b, permutations / b);
        if (bad < best) {
            best = bad;
            *band = b;
            *bands = permutations / b;
        }
    }
    return EID_OK;
}
