/* asking.h - what the commands that question an index share. */
#ifndef CLI_ASKING_H
#define CLI_ASKING_H
#include "texts.h"

/* Opens an index and puts it among the inputs.  CLI_OK, or what cli_failed said. */
int cli_index_open(cli *c, eid_index **ix, const char *path);
/* cli_texts_read of the operands from number `first` on. */
int cli_texts_behind(cli *c, size_t first, const eid_strings *files, cli_texts *t);
/* "17 4 2" as ids; free *ids.  CLI_OK, or what cli_refuse said. */
int cli_ids(cli *c, const char *text, int32_t **ids, size_t *n);

/* Sets "text", masked; or, where that is not UTF-8 and `reveal` asks for it as it is, "base64". */
void cli_set_bytes(json_t *j, const uint8_t *bytes, size_t n, bool reveal);
/* {document, name, offset}; null for a place in no document. */
json_t *cli_place(const eid_index *ix, eid_place p, bool reveal);
/* Text on one line of stdout: masked unless `reveal`; control characters and bytes that are not
 * UTF-8 as \n, \t, \xFF. */
void cli_print_line(const uint8_t *bytes, size_t n, bool reveal);
/* A document's name on stdout, masked. */
void cli_print_name(const eid_index *ix, int64_t doc);
/* What a text is called in a list: its file, or "text 2". */
void cli_print_title(const cli_text *t, size_t number);
#endif
