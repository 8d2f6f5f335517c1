/* fuzz_archive.c - hostile archives and compressed files: the first byte chooses the form.  What is
 * not read to its end leaves nothing behind when it stood in a folder. */
#define _GNU_SOURCE /* memfd_create */
#include "fuzz.h"
#include "corpus_bytes.h"

static const char *const name[] = {"x.tar",     "x.zip",     "x.gz",       "x.xz",     "x.zst",
                                   "x.bz2",     "x.tar.gz",  "x.jsonl.gz", "x.zip.gz", "x.tar.xz",
                                   "x.tar.zst", "x.tar.bz2", "x.jsonl.xz"};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    surroundings s;

    if (!n)
        return 0;
    begin(&s);
    s.g.named = bytes[0] & 0x80;
    s.opts.drop_identical = bytes[0] & 0x40;
    s.opts.max_document = bytes[0] & 0x20 ? 10 : 0;
    if (read_bytes(&s, name[(bytes[0] & 0x1F) % (sizeof name / sizeof *name)], bytes + 1, n - 1) ==
            EID_EFORMAT &&
        !s.g.named)
        abort();
    end(&s);
    return 0;
}
