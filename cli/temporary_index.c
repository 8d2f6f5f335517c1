#include "temporary_index.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool begins_with(const char *path, const char *magic)
{
    char head[8] = "";
    FILE *f = fopen(path, "rb");
    bool yes = f && fread(head, 1, 8, f) == 8 && memcmp(head, magic, 8) == 0;
    if (f)
        fclose(f);
    return yes;
}

static bool is_index(const char *path)
{
    char manifest[4096];
    struct stat info;
    if (stat(path, &info) != 0)
        return false;
    if (!S_ISDIR(info.st_mode))
        return S_ISREG(info.st_mode) && begins_with(path, "EIDINDEX");
    return snprintf(manifest, sizeof manifest, "%s/manifest", path) < (int)sizeof manifest &&
           begins_with(manifest, "EIDSHARD");
}

/* The folder holds nothing but an index, in one folder more, finished or not. */
static void remove_all(const char *folder, int depth)
{
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        char path[4096];
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
            snprintf(path, sizeof path, "%s/%s", folder, e->d_name) >= (int)sizeof path)
            continue;
        if (unlink(path) != 0 && errno == EISDIR && depth > 0)
            remove_all(path, depth - 1);
    }
    if (dir)
        closedir(dir);
    rmdir(folder);
}

static int make(cli *c, cli_index *x, const char *const *paths, size_t n,
                const eid_corpus_opts *read)
{
    const char *tmp = getenv("TMPDIR");
    char path[sizeof x->folder + 16];
    eid_corpus *summary = NULL;

    snprintf(x->folder, sizeof x->folder, "%s/eidetic-index-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(x->folder)) {
        int rc = cli_refuse(c, "io", "%s: %s", x->folder, strerror(errno));
        x->folder[0] = '\0';
        return rc;
    }
    snprintf(path, sizeof path, "%s/idx", x->folder);
    if (eid_index_build_shards(c->ctx, paths, n, read, NULL, path, &summary) != EID_OK)
        return cli_failed(c);
    cli_corpus_inputs(c, summary);
    eid_corpus_free(summary);
    return eid_index_open(&x->ix, path) == EID_OK ? CLI_OK : cli_failed(c);
}

int cli_index_of(cli *c, cli_index *x, const char *const *paths, size_t n,
                 const eid_corpus_opts *read)
{
    *x = (cli_index){0};
    if (n == 1 && is_index(paths[0]))
        return cli_index_open(c, &x->ix, paths[0]);
    return make(c, x, paths, n, read);
}

void cli_index_close(cli_index *x)
{
    eid_index_free(x->ix);
    if (x->folder[0])
        remove_all(x->folder, 1);
    *x = (cli_index){0};
}
