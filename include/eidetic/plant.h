/* plant.h - strings with known numbers of copies, planted into a corpus, and their ledger.
 *
 * A canary is a secret in a template ("the code of the vault is 4711"), a random token string, or a
 * passage of real text held out of training.  Only planted strings carry a causal claim: their
 * number of copies was drawn by us, not by what kind of text they are. */
#ifndef EID_PLANT_H
#define EID_PLANT_H
#include "eidetic/bpe.h"
#include "eidetic/corpus.h"

typedef enum eid_canary_kind {
    EID_CANARY_SECRET = 0, /* template + digits: exposure */
    EID_CANARY_RANDOM,     /* uniform random tokens: out of distribution, extraction */
    EID_CANARY_PASSAGE     /* held-out real text: in distribution, extraction */
} eid_canary_kind;

typedef struct eid_canary {
    int64_t id;
    eid_canary_kind kind;
    const char *tmpl;    /* template with the secret's place as "{}"; "" for the other kinds */
    const char *secret;  /* the digits; "" for the other kinds */
    const uint8_t *text; /* the whole string as planted */
    size_t size;
    int64_t copies; /* times planted; 0: never, a null */
    int64_t source; /* PASSAGE: document of the donor corpus, else -1 */
} eid_canary;

typedef struct eid_plant_opts {
    double budget;      /* most tokens that may be planted, as a share of the training tokens */
    int64_t max_copies; /* buckets 1, 2, 4 ... up to this */
    int64_t tokens;     /* length of a passage and of a random string */
    int64_t digits;     /* of a secret: the space is 10^digits */
    int64_t nulls;      /* secrets never planted */
    int64_t seed;
} eid_plant_opts;
EID_API eid_plant_opts eid_plant_opts_default(void);
EID_API extern const eid_opt eid_plant_opt_table[];

typedef struct eid_ledger eid_ledger;
EID_API void eid_ledger_free(eid_ledger *l);
EID_API size_t eid_ledger_size(const eid_ledger *l);
EID_API const eid_canary *eid_ledger_at(const eid_ledger *l, size_t i); /* borrowed */
/* JSONL, a line per canary: {id, kind, template, secret, text, copies, documents}; text that is not
 * UTF-8 stands as "base64" instead. */
EID_API EID_CHECKED eid_status eid_ledger_write(const eid_ledger *l, const char *path);
EID_API EID_CHECKED eid_status eid_ledger_read(eid_ledger **out, const char *path);

/* Makes `*planted` from `train`: each copy stands as a document of its own, named "planted/ID#COPY"
 * (the id is the place in the ledger, copies count from 1), put at uniformly random places among
 * the others, which keep their order.  Passages come from `donors`, documents that are in neither
 * train nor held-out; NULL: no passages.  No string of the ledger, planted or null, stands in
 * `train`.
 *
 * Token counts are `bpe`'s, and all planted tokens are at most budget * (training + planted).
 * Passages take about 75% of them, secrets 15%, random strings 10%; the bucket of r copies gets
 * about r^-1/2 times as many strings as the first.  What does not fit the budget is left out, high
 * copies first; EID_EINVAL when not even one passage per bucket up to 8 copies fits, or is found.
 *
 * Secrets share a few templates: rank one against secrets that were not planted, for the planted
 * ones of its template stand before them too.  `*planted` borrows the bytes of `train`. */
EID_API EID_CHECKED eid_status eid_plant(eid_corpus **planted, eid_ledger **ledger, eid_ctx *ctx,
                                         const eid_corpus *train, const eid_corpus *donors,
                                         const eid_bpe *bpe, const eid_plant_opts *opts);
#endif
