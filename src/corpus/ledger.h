/* ledger.h - the list of canaries, as eid_plant fills it. */
#ifndef EID_SRC_LEDGER_H
#define EID_SRC_LEDGER_H
#include "corpus/arena.h"
#include "eidetic/plant.h"

struct eid_ledger {
    eid_canary *at;
    size_t n, cap;
    eid_arena arena; /* their texts */
};

/* Adds a copy of `c`. */
eid_status eid_ledger_add(eid_ledger *l, const eid_canary *c);
/* The ledger in bytes[0..n); `name` goes into messages. */
eid_status eid_ledger_parse(eid_ledger **out, const char *name, const uint8_t *bytes, size_t n);
/* The text of a secret: its template with the digits in the place of "{}". */
eid_status eid_secret_text(eid_buf *b, const char *tmpl, const char *secret);
#endif
