/* gather.h - where every reader delivers: one document after another, cut, compared, stored.
 *
 * A reader writes the bytes of a document as they come, then ends it with a name:
 *     EID_TRY(eid_gather_add(g, bytes, n));  ...
 *     EID_TRY(eid_gather_end(g, name));
 * and may take back everything since a mark, when an archive turns out to be damaged. */
#ifndef EID_SRC_GATHER_H
#define EID_SRC_GATHER_H
#include "base/ctx.h"
#include "corpus/corpus.h"
#include "corpus/digests.h"
#include "corpus/same.h"

typedef struct eid_gather {
    eid_ctx *ctx;
    const eid_corpus_opts *opts;
    eid_corpus *c;
    eid_same same;
    const char *path; /* the named input being read, for messages */
    bool named;       /* it is a file: damage is an error; met inside a folder: a skip */
    int64_t read;     /* bytes read so far, of all inputs; for progress */
    int64_t memory;   /* what may be taken; 0: the context's bound */
    /* documents that are handed on instead of kept: */
    eid_document_fn take; /* NULL: they are kept */
    void *user;
    eid_digests seen;
    const struct eid_echo *echo; /* told what is met, or NULL */
    bool rehearsing;  /* only to see whether a file is whole: nothing is handed on or counted */
    int64_t filtered; /* files whose name does not match opts->include, and the first of them */
    const char *first_filtered;
} eid_gather;

typedef struct eid_gather_mark {
    eid_arena_mark arena;
    size_t docs, skips;
    int64_t bytes, identical, documents, skipped;
} eid_gather_mark;

/* Room for n more bytes of the open document, or for fewer where max_document ends it: *room says
 * how many may be written to *at. */
eid_status eid_gather_room(eid_gather *g, size_t n, uint8_t **at, size_t *room);
void eid_gather_wrote(eid_gather *g, size_t n);
eid_status eid_gather_add(eid_gather *g, const void *bytes, size_t n);
/* The open document is longer than it may be: what follows need not be delivered. */
bool eid_gather_full(const eid_gather *g);
/* Stores the open document, unless it is empty (a skip) or equal to an earlier one. */
eid_status eid_gather_end(eid_gather *g, const char *name);
void eid_gather_drop(eid_gather *g); /* the open document */

eid_status eid_gather_skip(eid_gather *g, const char *name, const char *why);
/* Counts a file that the pattern leaves out: told only where nothing else is left. */
eid_status eid_gather_filter(eid_gather *g, const char *name);
eid_status eid_gather_tick(eid_gather *g, size_t n); /* n more bytes were read */

eid_gather_mark eid_gather_mark_now(const eid_gather *g);
void eid_gather_back(eid_gather *g, const eid_gather_mark *m);
/* What may be taken in all, and how much of it is left. */
int64_t eid_gather_bound(const eid_gather *g);
size_t eid_gather_left(const eid_gather *g);
#endif
