/* fixture.h - runs to report on: plausible numbers in every section, nothing at all, hostile text.
 */
#ifndef FIXTURE_H
#define FIXTURE_H
#include "eidetic/store.h"

typedef enum fixture_kind {
    FIXTURE_RICH,   /* every section has data */
    FIXTURE_BARE,   /* nothing was measured; the texts say why */
    FIXTURE_HOSTILE /* every text that can come from outside is an attack */
} fixture_kind;

/* Makes a finished run in DIR, which must not exist. */
eid_status fixture_make(const char *dir, fixture_kind kind);
/* The same run as FIXTURE_RICH after a control: fewer strings come back. */
eid_status fixture_make_after(const char *dir);
#endif
