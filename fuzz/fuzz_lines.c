/* fuzz_lines.c - hostile .jsonl: the same documents, in whatever pieces the bytes arrive. */
#define _GNU_SOURCE /* memfd_create */
#include "fuzz.h"
#include "corpus/lines.h"
#include "corpus_bytes.h"
#include <string.h>

static void in_pieces(surroundings *s, const uint8_t *bytes, size_t n, size_t piece)
{
    eid_lines l = {.g = &s->g, .name = "x.jsonl"};
    eid_status st = EID_OK;

    for (size_t at = 0; at < n && st == EID_OK; at += piece)
        st = eid_lines_add(&l, bytes + at, n - at < piece ? n - at : piece);
    if (st == EID_OK)
        st = eid_lines_end(&l);
    if (st != EID_OK && st != EID_ENOMEM)
        abort();
    eid_lines_free(&l);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    surroundings whole, pieces;

    begin(&whole);
    begin(&pieces);
    if (read_bytes(&whole, "x.jsonl", bytes, n) == EID_OK) {
        in_pieces(&pieces, bytes, n, 1 + n % 7);
        if (pieces.g.c->docs != whole.g.c->docs || pieces.g.c->skips != whole.g.c->skips)
            abort();
        for (size_t i = 0; i < whole.g.c->docs; i++) {
            eid_document a = whole.g.c->doc[i], b = pieces.g.c->doc[i];
            if (strcmp(a.name, b.name) || a.size != b.size || memcmp(a.bytes, b.bytes, a.size))
                abort();
        }
    }
    end(&whole);
    end(&pieces);
    return 0;
}
