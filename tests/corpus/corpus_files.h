/* corpus_files.h - small files for the tests of this room. */
#ifndef CORPUS_FILES_H
#define CORPUS_FILES_H
#include "check.h"
#include "eidetic/corpus.h"
#include <sys/stat.h>

static eid_ctx *ctx;
static char root[512];

static inline void setup(void)
{
    snprintf(root, sizeof root, "%s", check_tmp("corpus"));
    mkdir(root, 0700);
    if (eid_ctx_new(&ctx, NULL) != EID_OK)
        exit(1);
}

static inline void teardown(void)
{
    char command[1200];
    snprintf(command, sizeof command, "chmod -R u+rwX '%s' && rm -rf '%s'", root, root);
    if (system(command))
        printf("# %s is left behind\n", root);
    eid_ctx_free(ctx);
}

/* A new folder; static storage. */
static inline const char *fresh(const char *name)
{
    static char path[16][700];
    static int turn;
    char *p = path[turn++ % 16];
    snprintf(p, sizeof path[0], "%s/%.100s", root, name);
    mkdir(p, 0700);
    return p;
}

/* Writes dir/name, with the folders in between; the path, in static storage. */
static inline const char *put(const char *dir, const char *name, const void *bytes, size_t n)
{
    static char path[4][1200];
    static int turn;
    char *p = path[turn++ % 4];
    snprintf(p, sizeof path[0], "%s/%s", dir, name);
    for (char *s = strchr(p + strlen(dir) + 1, '/'); s; s = strchr(s + 1, '/')) {
        *s = 0;
        mkdir(p, 0700);
        *s = '/';
    }
    FILE *f = fopen(p, "wb");
    CHECK(f && fwrite(bytes, 1, n, f) == n);
    if (f)
        fclose(f);
    return p;
}

static inline eid_status try_read(const char *path, const eid_corpus_opts *opts)
{
    eid_corpus *c = NULL;
    eid_status st = eid_corpus_read(&c, ctx, &path, 1, opts);
    if (st != EID_OK)
        CHECK(c == NULL);
    eid_corpus_free(c);
    return st;
}

/* Must succeed; an empty corpus otherwise, so that a test can go on. */
static inline eid_corpus *read_one(const char *path, const eid_corpus_opts *opts)
{
    eid_corpus *c = NULL;
    CHECK_OK(eid_corpus_read(&c, ctx, &path, 1, opts));
    if (!c && eid_corpus_from(&c, NULL, 0) != EID_OK)
        exit(1);
    return c;
}
#endif
