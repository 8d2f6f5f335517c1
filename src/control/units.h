/* units.h - the text of a corpus as one run of units: bytes, or token ids of four bytes.
 *
 * In memory, or in a file without a name that is read where it is wanted: pages of a map would
 * count as memory. */
#ifndef EID_SRC_UNITS_H
#define EID_SRC_UNITS_H
#include "base/memory.h"

typedef struct control_units {
    int width;      /* bytes of a unit: 1 or 4 */
    int64_t n;      /* units */
    int64_t *start; /* docs + 1: where documents begin */
    size_t docs, cap;
    uint8_t *text; /* NULL: in the file */
    size_t text_cap, text_most;
    int fd;
    int64_t spooled;  /* units in the file */
    uint8_t *pending; /* behind them */
    size_t pending_n;
    const char *folder; /* for the file */
} control_units;

/* most: bytes that may stay in memory; what is more goes to a file in `folder` (NULL: EID_ENOMEM).
 */
eid_status control_units_init(control_units *u, int width, size_t most, const char *folder);
eid_status control_units_add(control_units *u, const void *units, size_t n); /* a document */
eid_status control_units_done(control_units *u);                             /* no more come */
void control_units_free(control_units *u); /* a zeroed one is fine */

/* Units [at, at + n): the address, in `room` (n units) unless they are in memory. */
eid_status control_units_at(const control_units *u, int64_t at, size_t n, uint8_t *room,
                            const uint8_t **out);
size_t control_units_doc(const control_units *u, int64_t at); /* that holds unit `at` */
#endif
