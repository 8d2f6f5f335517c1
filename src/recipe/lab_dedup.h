/* lab_dedup.h - the texts of the lab on deduplication, and what is done with each. */
#ifndef EID_SRC_RECIPE_LAB_DEDUP_H
#define EID_SRC_RECIPE_LAB_DEDUP_H
#include "eidetic/bpe.h"
#include "eidetic/corpus.h"
#include "eidetic/index.h"
#include "recipe/lab.h"

typedef struct dedup_opts {
    eid_strings corpus;
    int64_t length;
} dedup_opts;

enum { DEDUP_ORIGINAL, DEDUP_CUT, DEDUP_RANDOM, DEDUP_TEXTS };

typedef struct dedup_texts {
    eid_corpus *whole, *text[DEDUP_TEXTS], *heldout;
    eid_index *index;          /* of the original */
    char *path, *heldout_path; /* original and held-out text as files */
    int64_t cut, ranges;
} dedup_texts;

/* Reads, splits, cuts; index and files stand in `folder`. */
eid_status dedup_texts_make(dedup_texts *t, lab_work *w, const dedup_opts *o, const char *folder);
void dedup_texts_free(dedup_texts *t);
#endif
