/* string.c - any bytes as a JSON string. */
#include "cli.h"
#include <stdlib.h>
#include <string.h>

/* Names of files need not be UTF-8, and Jansson refuses what is not. */
json_t *cli_string(const char *s)
{
    static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */
    size_t n = strlen(s), k = 0;
    json_t *j = json_string(s);
    char *text;

    if (j || !(text = malloc(3 * n + 1)))
        return j;
    for (size_t i = 0; i < n;) {
        size_t len = 1;
        while (len <= 4 && i + len <= n && !(j = json_stringn(s + i, len)))
            len++;
        if (j) {
            memcpy(text + k, s + i, len);
            k += len;
            i += len;
        } else {
            memcpy(text + k, replacement, 3);
            k += 3;
            i++;
        }
        json_decref(j);
    }
    j = json_stringn(text, k);
    free(text);
    return j;
}

json_t *cli_path(const cli *c, const char *name)
{
    char path[4400];
    snprintf(path, sizeof path, "%s/%s", c->out, name);
    return cli_string(path);
}
