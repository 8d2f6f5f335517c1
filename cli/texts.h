/* texts.h - texts that a command is asked about: arguments, then files, else standard input. */
#ifndef CLI_TEXTS_H
#define CLI_TEXTS_H
#include "cli.h"

typedef struct cli_text {
    const char *name; /* a file's path, "-" for standard input, NULL for an argument */
    uint8_t *bytes;
    size_t n;
} cli_text;

typedef struct cli_texts {
    cli_text *at;
    size_t n;
} cli_texts;

/* The operands, then each of `files` whole ("-": standard input).  With neither, all of standard
 * input is one text.  CLI_OK, or what cli_refuse said; free in either case. */
int cli_texts_read(cli *c, const eid_strings *files, cli_texts *t);
void cli_texts_free(cli_texts *t);
/* Text as JSON: masked, or with `reveal` as it is, null where that is not UTF-8. */
json_t *cli_shown(const uint8_t *bytes, size_t n, bool reveal);
#endif
