/* pieces.h - which of many strings, or pieces of them, stand in a text: one pass over the text.
 *
 * A hash of the last `window` bytes rolls along the text; where it meets that of a window that was
 * put in, the bytes are compared. */
#ifndef EID_SRC_PIECES_H
#define EID_SRC_PIECES_H
#include "base/memory.h"

enum {
    EID_PIECE_STANDS = 1, /* some window of the string */
    EID_WHOLE_STANDS = 2  /* all of it */
};

typedef struct eid_pieces {
    size_t window;
    uint64_t top; /* weight of the byte that leaves the window */
    struct eid_piece {
        uint64_t hash;
        const uint8_t *string;
        size_t size, offset, id;
        size_t next; /* entry + 1; 0: none */
    } * entry;
    size_t n, cap;
    size_t *head; /* entry + 1; a power of two of them */
    size_t heads;
    uint8_t *filter; /* bits: most windows of a text are in no entry */
} eid_pieces;

eid_status eid_pieces_init(eid_pieces *p, size_t window);
/* Puts the first window of a string in, or all of them; its bytes are borrowed.  Strings shorter
 * than the window must not be put in. */
eid_status eid_pieces_add(eid_pieces *p, const uint8_t *string, size_t size, size_t id, bool all);
/* Sets flags[id] of the strings that the text holds; true when it holds any.  With flags NULL, only
 * the answer is wanted. */
bool eid_pieces_scan(eid_pieces *p, const uint8_t *text, size_t n, uint8_t *flags);
void eid_pieces_free(eid_pieces *p);
#endif
