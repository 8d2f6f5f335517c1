/* corpus_bytes.h - hostile bytes as a file that the corpus readers read. */
#ifndef FUZZ_CORPUS_BYTES_H
#define FUZZ_CORPUS_BYTES_H
#include "corpus/file.h"
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* A reader's surroundings with room for 16 MB of documents. */
typedef struct surroundings {
    eid_ctx *ctx;
    eid_corpus_opts opts;
    eid_gather g;
} surroundings;

static inline void begin(surroundings *s)
{
    *s = (surroundings){.opts = eid_corpus_opts_default()};
    if (eid_ctx_new(&s->ctx, &(eid_ctx_opts){.threads = 1, .memory = 1 << 24}) != EID_OK ||
        eid_corpus_from(&s->g.c, NULL, 0) != EID_OK ||
        EID_GROW(s->g.c->input, &s->g.c->input_cap, 1) != EID_OK)
        abort();
    s->g.c->inputs = 1;
    s->g.ctx = s->ctx;
    s->g.opts = &s->opts;
    s->g.path = "fuzz";
    s->g.named = true;
}

/* Every document is whole, named and counted. */
static inline void end(surroundings *s)
{
    eid_corpus *c = s->g.c;
    int64_t bytes = 0;
    for (size_t i = 0; i < c->docs; i++) {
        bytes += c->doc[i].size;
        if (!c->doc[i].name || !c->doc[i].size)
            abort();
    }
    if (bytes != c->bytes || (size_t)c->input[0].documents != c->docs)
        abort();
    eid_same_free(&s->g.same);
    eid_corpus_free(c);
    eid_ctx_free(s->ctx);
}

static inline eid_status read_bytes(surroundings *s, const char *name, const uint8_t *bytes,
                                    size_t n)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    struct stat info;
    char hex[65];
    eid_status st;

    if (fd < 0 || write(fd, bytes, n) != (ssize_t)n || lseek(fd, 0, SEEK_SET) || fstat(fd, &info))
        abort();
    st = eid_read_regular(&s->g, fd, name, &info, hex);
    close(fd);
    return st;
}
#endif
