/* index_folder.h - `eidetic index build`, `add`, `info` and `verify`: indexes of shards. */
#ifndef CLI_INDEX_FOLDER_H
#define CLI_INDEX_FOLDER_H
#include "cli.h"

int cli_index_build(cli *c, const eid_corpus_opts *read, const eid_index_opts *opts);
int cli_index_add(cli *c, const eid_corpus_opts *read, const eid_index_opts *opts);
int cli_index_info(cli *c, bool verify);
#endif
