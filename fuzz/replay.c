/* replay.c - runs a fuzz target on files, so that seeds are ordinary tests. */
#include "fuzz.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

static int replay(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return 0;
    uint8_t *bytes = malloc(1 << 24);
    size_t n = bytes ? fread(bytes, 1, 1 << 24, f) : 0;
    fclose(f);
    LLVMFuzzerTestOneInput(bytes, n);
    free(bytes);
    return 1;
}

int main(int argc, char **argv)
{
    int n = 0;
    for (int i = 1; i < argc; i++) {
        DIR *d = opendir(argv[i]);
        char path[4096];
        for (struct dirent *e; d && (e = readdir(d));)
            if (e->d_name[0] != '.') {
                snprintf(path, sizeof path, "%s/%s", argv[i], e->d_name);
                n += replay(path);
            }
        if (d)
            closedir(d);
    }
    printf("%sok 1 - replayed %d seeds\n1..1\n", n ? "" : "not ", n);
    return n == 0;
}
