/* base.h - what every other header stands on: status codes, the context, option tables.
 *
 * Rules that hold for the whole library:
 *  - Every function that can fail returns eid_status; eid_last_error() says why, per thread.
 *  - Outputs are written only on success.  What comes out of `**out` is the caller's, to be
 *    freed by the matching _free, which accepts NULL; a returned pointer is borrowed.
 *  - The library never prints, never exits, never reads a hidden setting but EID_KERNELS.
 *  - Same input, same seed, same library and instruction set: same bits, for any number of
 *    threads and any batch. */
#ifndef EID_BASE_H
#define EID_BASE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef EID_CFFI
#define EID_API
#define EID_CHECKED
#else
#define EID_API     __attribute__((visibility("default")))
#define EID_CHECKED __attribute__((warn_unused_result))
#endif

typedef enum eid_status {
    EID_OK = 0,
    EID_EINVAL,       /* an argument or option that makes no sense */
    EID_ENOMEM,       /* no memory, or more than the context's bound */
    EID_EIO,          /* the operating system refused to read or write */
    EID_EFORMAT,      /* a file is not what it says it is */
    EID_EEXIST,       /* the output exists and is not ours to touch */
    EID_ECANCELLED,   /* eid_ctx_cancel was called; finished work is kept */
    EID_EUNSUPPORTED, /* well-formed, but this build or model cannot do it */
    EID_EINTERNAL     /* a bug of ours, told rather than hidden */
} eid_status;

EID_API const char *eid_status_name(eid_status st); /* "format", "memory", ...; static */
EID_API const char *eid_last_error(void);           /* this thread's last failure, a sentence */
EID_API eid_status eid_last_status(void);           /* and its code */
EID_API const char *eid_version(void);              /* "0.1.0" */

/* ---- the context: threads, memory bound, progress, cancelling --------------------------- */

typedef struct eid_ctx eid_ctx;

typedef struct eid_ctx_opts {
    int64_t threads; /* workers, 0: as many as there are processors */
    int64_t memory;  /* bytes that data structures may take, 0: three quarters of the machine */
} eid_ctx_opts;

/* What a long call reports about itself.  `total` is 0 while it is unknown. */
typedef struct eid_progress {
    const char *what; /* "training" */
    const char *unit; /* "tokens" */
    int64_t done, total;
    double seconds; /* since this `what` began */
} eid_progress;
typedef void (*eid_progress_fn)(void *user, const eid_progress *p);

EID_API eid_ctx_opts eid_ctx_opts_default(void);
EID_API EID_CHECKED eid_status eid_ctx_new(eid_ctx **out, const eid_ctx_opts *opts);
EID_API void eid_ctx_free(eid_ctx *ctx);
EID_API int eid_ctx_threads(const eid_ctx *ctx);
EID_API int64_t eid_ctx_memory(const eid_ctx *ctx);
/* `fn` is called from the thread that called the library, at most about ten times a second. */
EID_API void eid_ctx_on_progress(eid_ctx *ctx, eid_progress_fn fn, void *user);
/* Safe in a signal handler and from any thread: the running call stops at the end of its unit
 * of work with EID_ECANCELLED. */
EID_API void eid_ctx_cancel(eid_ctx *ctx);

/* ---- option tables ------------------------------------------------------------------------
 * One options struct per algorithm, one table row per field.  The command line, --help, Python
 * keywords and the stored run all read the table, so that a run cannot forget a parameter. */

typedef enum eid_opt_type {
    EID_OPT_END = 0,
    EID_OPT_BOOL, /* bool */
    EID_OPT_I64,  /* int64_t within [min, max] */
    EID_OPT_SIZE, /* int64_t bytes, written 512M, 2G; within [min, max] */
    EID_OPT_F64,  /* double within [min, max] */
    EID_OPT_STR,  /* const char *, NULL: not given */
    EID_OPT_ENUM, /* int64_t, one of `words` ("greedy|sample"), its place counted from 0 */
    EID_OPT_LIST  /* eid_strings; the option may be repeated */
} eid_opt_type;

enum {
    EID_OPT_NEUTRAL = 1, /* does not change results (threads, memory): not part of "same command" */
    EID_OPT_REQUIRED = 2, /* the command refuses to run without it */
    EID_OPT_PATH_IN = 4,  /* names an input: hashed, not compared by spelling */
    EID_OPT_PATH_OUT = 8  /* names an output */
};

typedef struct eid_strings {
    const char **at;
    size_t n;
} eid_strings;

typedef struct eid_opt {
    eid_opt_type type;
    const char *name; /* "top-k", spelled --top-k on the command line, top_k in Python */
    size_t offset;    /* of the field in the options struct */
    double min, max;  /* bounds, for numbers */
    const char *help; /* one line, lower case, no full stop */
    const char *words;
    unsigned flags;
} eid_opt;

/* The values of an options struct as one JSON object, {"top-k": 40, ...}.  Free with
 * eid_string_free. */
EID_API EID_CHECKED eid_status eid_opts_json(const eid_opt *table, const void *opts, char **json);
/* Sets one field from text; EID_EINVAL with a sentence that names option, bound and value. */
EID_API EID_CHECKED eid_status eid_opt_set(const eid_opt *row, void *opts, const char *text);
/* Frees the lists that eid_opt_set made, not the texts in them, which are the caller's. */
EID_API void eid_opts_free(const eid_opt *table, void *opts);
EID_API void eid_string_free(char *s);

/* ---- what a run depends on ------------------------------------------------------------------ */

/* The instruction set in use ("avx512"), and the hash of a fixed probe product: two machines that
 * print the same hash give the same bits.  Both static for the life of the process. */
EID_API const char *eid_kernels(void);
EID_API const char *eid_bits(eid_ctx *ctx);

/* SHA-256 of a file as 64 hexadecimal digits and a NUL. */
EID_API EID_CHECKED eid_status eid_file_sha256(eid_ctx *ctx, const char *path, char hex[65],
                                               int64_t *bytes);
#endif
