/* checkpoint.h - a training in the middle, as one file; written whole or not at all.
 *
 *     byte 0     8    "eid-ckpt"
 *          8    u32   version, 1
 *         12    u32   state: 0 training, 1 finished
 *         16    64    identity: SHA-256, in hexadecimal, of options, shape and text
 *         80    64    SHA-256 of model.safetensors; once finished, else zeros
 *        144    i64   S: optimizer steps done
 *        152    i64   E: held-out losses taken
 *        160    i64   P: parameters; 0 once finished, the model has them
 *        168    f64   loss[S], of every step
 *               f64   heldout[E]
 *               f32   value[P], first moment[P], second moment[P]
 *        end    64    SHA-256 of all bytes before, in hexadecimal
 *
 * Little-endian throughout.  The order of text is a function of seed and step, so no generator has
 * state to be kept. */
#ifndef EID_SRC_CHECKPOINT_H
#define EID_SRC_CHECKPOINT_H
#include "base/memory.h"
#include "eidetic/nn.h"

typedef struct eid_checkpoint {
    bool finished;
    char identity[65], model[65]; /* "" for zeros */
    int64_t steps, evals, floats;
    const uint8_t *loss, *heldout, *values; /* borrowed from the bytes, not aligned */
} eid_checkpoint;

/* Reads hostile bytes: lengths, then checksum.  EID_EFORMAT names path and place. */
eid_status eid_checkpoint_parse(eid_checkpoint *out, const char *path, const uint8_t *bytes,
                                size_t n);
/* One tensor's numbers, and its two moments (NULL: kept as zeros). */
typedef struct eid_checkpoint_block {
    float *at[3];
    int64_t n;
} eid_checkpoint_block;
/* Puts values and moments where they belong; EID_EFORMAT when they are not as many. */
eid_status eid_checkpoint_into(const eid_checkpoint *c, const char *path,
                               const eid_checkpoint_block *block, size_t n);
/* c's loss and heldout are read, values comes from the blocks (none once finished). */
eid_status eid_checkpoint_write(const eid_checkpoint *c, const char *path,
                                const eid_checkpoint_block *block, size_t n);
/* The same for a decoder and its optimizer (a NULL: finished). */
eid_status eid_checkpoint_restore(const eid_checkpoint *c, const char *path, eid_gpt *m,
                                  eid_adamw *a, eid_ctx *ctx);
eid_status eid_checkpoint_save(const eid_checkpoint *c, const char *path, eid_gpt *m, eid_adamw *a);
#endif
