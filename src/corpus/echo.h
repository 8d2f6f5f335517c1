/* echo.h - what a reader meets besides documents: for who writes a corpus again in its own form.
 *
 * Documents go to eid_document_fn as ever, between the begin and the end of what they stand in:
 *     file_begin  document  file_end                               a plain file
 *     file_begin  { line_begin  document  line_end }  file_end     a .jsonl
 *     file_begin  { entry_begin  ...as above...  entry_end }  file_end   an archive
 * No document between means that none was taken from there.  Any of the calls may fail, which ends
 * the reading; EID_EIO and EID_EFORMAT would pass for damage of what is read: fail with another.  A
 * reading that only finds out whether an archive is whole is not told. */
#ifndef EID_SRC_ECHO_H
#define EID_SRC_ECHO_H
#include "corpus/file.h"
#include "corpus/stream.h"

struct archive_entry;

typedef struct eid_echo {
    void *user;
    eid_status (*input)(void *user, const char *path, bool folder); /* a named input begins */
    eid_status (*file_begin)(void *user, const char *name, eid_form form, eid_pack pack,
                             unsigned mode);
    /* lost: damaged or unreadable, so skipped; nothing of it was handed on */
    eid_status (*file_end)(void *user, bool lost);
    eid_status (*line_begin)(void *user, const uint8_t *line, size_t n); /* without its newline */
    eid_status (*line_end)(void *user);
    /* regular: its bytes follow as a document or as lines; else it is a folder, a link, ... */
    eid_status (*entry_begin)(void *user, struct archive_entry *e, bool regular, bool lines);
    eid_status (*entry_end)(void *user);
    eid_status (*dropped)(void *user); /* a document that equals an earlier one was not handed on */
} eid_echo;

/* As eid_corpus_stream_within, telling `echo` as well. */
eid_status eid_corpus_stream_echo(eid_corpus **summary, eid_ctx *ctx, const char *const *paths,
                                  size_t n_paths, const eid_corpus_opts *opts, int64_t memory,
                                  eid_document_fn take, void *user, const eid_echo *echo);
#endif
