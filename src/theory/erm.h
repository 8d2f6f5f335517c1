/* erm.h - the words of the hard problem, and what a point loses there. */
#ifndef EID_SRC_THEORY_ERM_H
#define EID_SRC_THEORY_ERM_H
#include "eidetic/erm.h"
#include "theory/signs.h"

/* Words far from each other, by drawing and leaving out those that come too near. */
eid_status eid_erm_words(eid_signs *out, int64_t words, int64_t d, uint64_t seed);
/* Population loss of theta, dots[] its products with the words (reordered): of those above 1/2 the
 * largest counts when its word is in the set, else the next. */
double eid_erm_population(double *dots, int64_t words);
/* Loss on one set, a byte a word; *at: the word that decides, -1: none. */
double eid_erm_loss(const double *dots, const uint8_t *set, int64_t words, int64_t *at);
#endif
