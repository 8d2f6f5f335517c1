#include "evidence.h"
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AT(field) offsetof(cli_evidence_args, field)
const eid_opt cli_evidence_table[] = {
    {EID_OPT_STR, "model", AT(model), 0, 0,
     "a Hugging Face directory: config.json, model.safetensors, tokenizer.json", NULL,
     EID_OPT_REQUIRED | EID_OPT_PATH_IN},
    {EID_OPT_LIST, "corpus", AT(corpus), 0, 0,
     "text that the model was trained on, all of it; may be repeated", NULL,
     EID_OPT_REQUIRED | EID_OPT_PATH_IN},
    {EID_OPT_LIST, "heldout", AT(heldout), 0, 0,
     "text like it that it was not trained on, for the baseline, read with the same options; may "
     "be "
     "repeated",
     NULL, EID_OPT_PATH_IN},
    {EID_OPT_STR, "index", AT(index), 0, 0,
     "index of that corpus, as `eidetic index` wrote it; without it one is made and thrown away",
     NULL, EID_OPT_PATH_IN},
    {EID_OPT_BOOL, "reveal", AT(reveal), 0, 0, "show addresses, numbers and keys as they are", NULL,
     EID_OPT_NEUTRAL},
    {0},
};
#undef AT

/* Made in a folder of its owner's alone, and unlinked while it is mapped: the index holds the text.
 */
static int temporary_index(cli *c, cli_evidence *e)
{
    const char *base = getenv("TMPDIR");
    char dir[4096], path[4128];
    int rc = CLI_OK;

    if (!base || !*base)
        base = "/tmp";
    if ((size_t)snprintf(dir, sizeof dir, "%s/eidetic-XXXXXX", base) >= sizeof dir)
        return cli_refuse(c, "invalid", "TMPDIR: the path is too long");
    if (!mkdtemp(dir))
        return cli_refuse(c, "io", "%s: %s", dir, strerror(errno));
    snprintf(path, sizeof path, "%s/corpus.idx", dir);
    if (eid_index_build(c->ctx, e->train, path) != EID_OK ||
        eid_index_open(&e->index, path) != EID_OK)
        rc = cli_failed(c);
    unlink(path);
    rmdir(dir);
    return rc;
}

/* An index of other text would call every string unknown: sizes must agree, document by document.
 */
static int given_index(cli *c, cli_evidence *e, const char *path)
{
    if (eid_index_open(&e->index, path) != EID_OK)
        return cli_failed(c);
    cli_input(c, path, eid_index_bytes(e->index), eid_index_sha256(e->index),
              eid_index_docs(e->index), 0);
    bool same = eid_index_docs(e->index) == (int64_t)eid_corpus_size(e->train);
    for (size_t d = 0; same && d < eid_corpus_size(e->train); d++) {
        size_t size;
        const uint8_t *text = eid_index_doc(e->index, (int64_t)d, &size);
        eid_document doc = eid_corpus_doc(e->train, d);
        same = size == doc.size && (size == 0 || memcmp(text, doc.bytes, size) == 0);
    }
    return same ? CLI_OK
                : cli_refuse(c, "invalid",
                             "%s: not an index of this corpus; make one with "
                             "`eidetic index` and the same reading options",
                             path);
}

int cli_evidence_open(cli *c, cli_evidence *e, const cli_evidence_args *a)
{
    int rc = cli_model_open(c, &e->model, a->model);

    if (rc != CLI_OK)
        return rc;
    if (eid_corpus_read(&e->train, c->ctx, a->corpus.at, a->corpus.n, &a->read) != EID_OK)
        return cli_failed(c);
    cli_corpus_inputs(c, e->train);
    if (a->heldout.n > 0) {
        if (eid_corpus_read(&e->heldout, c->ctx, a->heldout.at, a->heldout.n, &a->read) != EID_OK)
            return cli_failed(c);
        cli_corpus_inputs(c, e->heldout);
    }
    if (c->dry_run)
        return CLI_OK;
    return a->index ? given_index(c, e, a->index) : temporary_index(c, e);
}

void cli_evidence_close(cli_evidence *e)
{
    eid_index_free(e->index);
    eid_corpus_free(e->train);
    eid_corpus_free(e->heldout);
    cli_model_close(&e->model);
}

void cli_print_estimate(const eid_estimate *e)
{
    if (isnan(e->value))
        printf("%s", e->why);
    else
        printf("%.4f\t%.4f\t%.4f", e->value, e->low, e->high);
}
