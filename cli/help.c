#include "cli.h"
#include <string.h>

/* Prints `text`, broken at spaces so that no line passes column 88; later lines start at `indent`.
 */
static void print_wrapped(const char *text, int column, int indent)
{
    while (*text) {
        int word = (int)strcspn(text, " ");
        if (column > indent && column + word > 88) {
            printf("\n%*s", indent, "");
            column = indent;
        }
        printf("%.*s", word, text);
        column += word;
        text += word;
        if (*text == ' ') {
            text++;
            if (column + 1 + (int)strcspn(text, " ") <= 88)
                putchar(' ');
            column++;
        }
    }
    putchar('\n');
}

static const char *value_word(const eid_opt *row)
{
    switch (row->type) {
    case EID_OPT_I64:
        return " N";
    case EID_OPT_SIZE:
        return " BYTES";
    case EID_OPT_F64:
        return " X";
    case EID_OPT_STR:
    case EID_OPT_LIST:
        return row->flags & (EID_OPT_PATH_IN | EID_OPT_PATH_OUT) ? " PATH" : " TEXT";
    case EID_OPT_ENUM:
        return " WORD";
    case EID_OPT_BOOL:
    case EID_OPT_END:
        break;
    }
    return "";
}

static void default_text(const eid_opt *row, const char *prefix, const void *opts, char *out,
                         size_t size)
{
    const void *at = (const char *)opts + row->offset;

    out[0] = 0;
    if (row->type == EID_OPT_I64 || row->type == EID_OPT_SIZE)
        snprintf(out, size, " (default %lld)", (long long)*(const int64_t *)at);
    else if (row->type == EID_OPT_F64)
        snprintf(out, size, " (default %g)", *(const double *)at);
    else if (row->type == EID_OPT_BOOL && *(const bool *)at)
        snprintf(out, size, " (default yes; --no-%s%s%s)", prefix ? prefix : "", prefix ? "-" : "",
                 row->name);
    else if (row->type == EID_OPT_STR && *(const char *const *)at)
        snprintf(out, size, " (default %s)", *(const char *const *)at);
    else if (row->type == EID_OPT_ENUM) {
        const char *w = row->words;
        for (int64_t i = *(const int64_t *)at; i > 0 && *w; i--)
            w += strcspn(w, "|") + 1;
        snprintf(out, size, ": %s (default %.*s)", row->words, (int)strcspn(w, "|"), w);
    }
    if (row->flags & EID_OPT_REQUIRED)
        snprintf(out, size, " (needed)");
}

void cli_help(const cli_usage *usage, const cli_group *groups)
{
    printf("Usage: eidetic %s %s\n\n", usage->verb, usage->synopsis);
    print_wrapped(usage->description, 0, 0);
    if (usage->example)
        printf("\nExample:\n  eidetic %s\n", usage->example);
    for (const cli_group *g = groups; g->table; g++) {
        printf("\n%s:\n", g->title ? g->title : "Options");
        for (const eid_opt *row = g->table; row->type != EID_OPT_END; row++) {
            char left[96], tail[160], text[640];
            bool prefixed = g->prefix && strcmp(row->name, "seed") != 0;
            if (strcmp(row->name, "seed") == 0 && g->table != cli_common_table)
                continue; /* the common one sets it */
            int n = snprintf(left, sizeof left, "  --%s%s%s%s", prefixed ? g->prefix : "",
                             prefixed ? "-" : "", row->name, value_word(row));
            default_text(row, prefixed ? g->prefix : NULL, g->opts, tail, sizeof tail);
            snprintf(text, sizeof text, "%s%s", row->help, tail);
            if (n > 27)
                printf("%s\n%28s", left, "");
            else
                printf("%-28s", left);
            print_wrapped(text, 28, 28);
        }
    }
}
