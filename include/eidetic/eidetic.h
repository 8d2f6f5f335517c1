/* eidetic.h - the whole public interface; include this one. */
#ifndef EID_EIDETIC_H
#define EID_EIDETIC_H
#include "eidetic/audit.h"
#include "eidetic/base.h"
#include "eidetic/bpe.h"
#include "eidetic/classifier.h"
#include "eidetic/compare.h"
#include "eidetic/corpus.h"
#include "eidetic/index.h"
#include "eidetic/lm.h"
#include "eidetic/measure.h"
#include "eidetic/nn.h"
#include "eidetic/plant.h"
#include "eidetic/privacy.h"
#include "eidetic/report.h"
#include "eidetic/rng.h"
#include "eidetic/seq.h"
#include "eidetic/stats.h"
#include "eidetic/store.h"
#include "eidetic/text.h"
#include "eidetic/train.h"
#endif
