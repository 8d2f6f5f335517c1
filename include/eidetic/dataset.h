/* dataset.h - labelled arrays: what a classifier is trained on.
 *
 * Every operation makes a new dataset and leaves its source as it is.  Whatever is drawn depends on
 * the seed, the examples' ids and their order alone. */
#ifndef EID_DATASET_H
#define EID_DATASET_H
#include "eidetic/array.h"

/* n examples of channels x height x width numbers; plain features are 1 x 1 x features.  Exactly
 * one of u8 and f32 is there: element k of example i is
 *     u8[i * features + k] * scale     or     f32[i * features + k]
 * Read-only, but for the library's own making. */
typedef struct eid_dataset {
    int64_t n;
    int64_t channels, height, width;
    int64_t features; /* channels * height * width */
    int32_t classes;  /* labels are 0 .. classes - 1 */
    int32_t part;     /* 0: training, 1: test */
    const uint8_t *u8;
    const float *f32;
    float scale;          /* of u8: 1/255 */
    const int32_t *label; /* what is trained on */
    const int32_t *clean; /* what stood in the file; differs from label where noise was put */
    const int64_t *id;    /* place in the file as read, kept by subsets, splits and noise */
    const char *name;     /* "fashion-mnist, train": for messages */
    char sha256[65];      /* of shape, pixels, labels and ids: equal hashes, equal training sets */
} eid_dataset;
EID_API void eid_dataset_free(eid_dataset *d);

/* Example i as floats, features of them. */
EID_API void eid_dataset_row(const eid_dataset *d, int64_t i, float *out);

/* ---- reading -------------------------------------------------------------------------------- */

enum { EID_LAYOUT_AUTO, EID_LAYOUT_CHANNELS_FIRST, EID_LAYOUT_CHANNELS_LAST };
enum {
    EID_PIXELS_TRUE,
    EID_PIXELS_SHUFFLED,
    EID_PIXELS_RANDOM,
    EID_PIXELS_GAUSSIAN,
    EID_PIXELS_CENTRED
};

/* What is read, and what is done to it, in this order. */
typedef struct eid_dataset_opts {
    const char *labels; /* file of the labels, where `data` holds none; NULL: guessed */
    int64_t classes;    /* 0: the largest label plus one */
    int64_t layout;     /* of 4-dimensional arrays */
    bool coarse;        /* CIFAR-100: its 20 superclasses */
    const char *only;   /* "6,2": these classes, which become 0, 1; NULL: all */
    double test_share;  /* of the examples, for a test set where the source has none */
    int64_t examples, test_examples;                     /* stratified subsets; 0: all */
    int64_t pixels;                                      /* EID_PIXELS_*, of both sets */
    double wrong_labels, permuted_labels, random_labels; /* shares; of the training set alone */
    int64_t seed;
} eid_dataset_opts;
EID_API eid_dataset_opts eid_dataset_opts_default(void);
EID_API extern const eid_opt eid_dataset_opt_table[];

/* `data` is a name that a package ships ("fashion-mnist"), a folder, a file, or what the names of
 * two files begin with; docs/dataset.md says which names are looked for.  *test is NULL where there
 * is none.  EID_EFORMAT: a file that lies, a label out of range, NaN; EID_EINVAL: one class only,
 * images without labels, a name that is not known, more examples wanted than there are. */
EID_API EID_CHECKED eid_status eid_dataset_read(eid_dataset **train, eid_dataset **test,
                                                eid_ctx *ctx, const char *data,
                                                const eid_dataset_opts *opts);
/* Names the files that `data` is read from, one by one; the path lives until fn returns. */
typedef void (*eid_dataset_file_fn)(void *user, const char *path);
EID_API EID_CHECKED eid_status eid_dataset_files(const char *data, const eid_dataset_opts *opts,
                                                 eid_dataset_file_fn fn, void *user);

/* From memory, copied: the fields of `from` but features and sha256 are read; clean, id and name
 * may be NULL (label; 0, 1, ...; "memory"). */
EID_API EID_CHECKED eid_status eid_dataset_from(eid_dataset **out, eid_ctx *ctx,
                                                const eid_dataset *from);

/* ---- parts ---------------------------------------------------------------------------------- */

/* Examples index[0..n) in that order; a place may be given more than once. */
EID_API EID_CHECKED eid_status eid_dataset_pick(eid_dataset **out, eid_ctx *ctx,
                                                const eid_dataset *d, const int64_t *index,
                                                int64_t n);
/* The examples of these classes, which become 0, 1, ... in the order given. */
EID_API EID_CHECKED eid_status eid_dataset_classes(eid_dataset **out, eid_ctx *ctx,
                                                   const eid_dataset *d, const int32_t *classes,
                                                   size_t n);
/* n places, ascending, with each class's share as in the whole (largest remainders), drawn at
 * random; EID_EINVAL when n exceeds the examples there are. */
EID_API EID_CHECKED eid_status eid_dataset_stratified(const eid_dataset *d, int64_t n,
                                                      uint64_t seed, int64_t *index);
/* side[i] in [0, n_sides): shares of every class alike; they add up to 1. */
EID_API EID_CHECKED eid_status eid_dataset_split(const eid_dataset *d, const double *share,
                                                 size_t n_sides, uint64_t seed, uint8_t *side);

/* ---- noise ----------------------------------------------------------------------------------- */

typedef enum eid_label_noise {
    EID_NOISE_WRONG,   /* of round(share * n) examples, each gets another label, uniformly drawn */
    EID_NOISE_PERMUTE, /* the labels of round(share * n) examples change places among them: about
                          the sum of the squared class shares of them stay right */
    EID_NOISE_RANDOM   /* each example with probability `share` gets a label drawn from all classes:
                          the corruption of Zhang et al. 2017; 1: random labels */
} eid_label_noise;

/* New labels; `clean` keeps those of d.  `chosen`, if not NULL, gets d->n flags: drawn for noise
 * (with EID_NOISE_PERMUTE and _RANDOM the label may have stayed). */
EID_API EID_CHECKED eid_status eid_dataset_noise(eid_dataset **out, eid_ctx *ctx,
                                                 const eid_dataset *d, eid_label_noise kind,
                                                 double share, uint64_t seed, uint8_t *chosen);

/* Other inputs (Zhang et al. 2017, sec. 2): EID_PIXELS_SHUFFLED: one permutation of an example's
 * numbers, the same for all, of both sets; _RANDOM: every example has its own; _GAUSSIAN: normal
 * numbers with the mean and variance over all numbers of `like` (NULL: of d), as f32; _CENTRED:
 * less the mean example of `like`, as f32. */
EID_API EID_CHECKED eid_status eid_dataset_pixels(eid_dataset **out, eid_ctx *ctx,
                                                  const eid_dataset *d, int64_t kind,
                                                  const eid_dataset *like, uint64_t seed);

/* ---- writing --------------------------------------------------------------------------------- */

/* A .npz with x, y, id and clean, which eid_dataset_read gives back with the same hash; x_test,
 * y_test, id_test and clean_test, where `test` is not NULL. */
EID_API EID_CHECKED eid_status eid_dataset_write(eid_ctx *ctx, const char *path,
                                                 const eid_dataset *train, const eid_dataset *test);
/* id,clean,label of every example whose label is not the clean one, as CSV. */
EID_API EID_CHECKED eid_status eid_dataset_write_flips(const char *path, const eid_dataset *d);
#endif
