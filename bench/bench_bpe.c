/* bench_bpe.c - training a tokenizer on 20 MB of text, and encoding it.
 *
 * The text is that of a folder's files (/usr/share/doc: real, of many kinds), repeated where there
 * are less than 20 MB.  A peer is timed on the same text: bench/peers/tokenizer.py TEXT.
 *
 *     bench_bpe [folder [file to write the text to]] */
#include "base/ctx.h"
#include "base/file.h"
#include "corpus/bpe.h"
#include <stdio.h>
#include <stdlib.h>

enum { BYTES = 20000000, VOCAB = 4096, ROUNDS = 5 };

static void must(eid_status st)
{
    if (st != EID_OK) {
        fprintf(stderr, "bench_bpe: %s\n", eid_last_error());
        exit(1);
    }
}

static eid_ctx *ctx_of(int threads)
{
    eid_ctx *ctx = NULL;
    eid_ctx_opts o = eid_ctx_opts_default();

    o.threads = threads;
    must(eid_ctx_new(&ctx, &o));
    return ctx;
}

/* Documents of the folder, round and round, until there are enough bytes. */
static eid_corpus *gather(eid_ctx *ctx, const char *folder, eid_corpus **all)
{
    eid_corpus_opts o = eid_corpus_opts_default();
    eid_corpus *c = NULL;
    int64_t *picked = NULL, bytes = 0;
    size_t n = 0, cap = 0;

    o.max_document = 200000; /* no single file decides */
    must(eid_corpus_read(all, ctx, &folder, 1, &o));
    for (size_t i = 0; bytes < BYTES; i = (i + 1) % eid_corpus_size(*all)) {
        must(EID_GROW(picked, &cap, n + 1));
        picked[n++] = (int64_t)i;
        bytes += (int64_t)eid_corpus_doc(*all, i).size;
    }
    must(eid_corpus_pick(&c, *all, picked, n));
    eid_free(picked);
    return c;
}

static void write_text(const eid_corpus *c, const char *path)
{
    eid_out *f = NULL;

    must(eid_out_open(&f, path));
    for (size_t i = 0; i < eid_corpus_size(c); i++)
        must(eid_out_write(f, eid_corpus_doc(c, i).bytes, eid_corpus_doc(c, i).size));
    must(eid_out_commit(&f));
}

static int ascending(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;

    return (a > b) - (a < b);
}

/* Median seconds of training, and of encoding by the tokenizer that came out. */
static void measure(const eid_corpus *c, int threads)
{
    eid_ctx *ctx = ctx_of(threads);
    double train[ROUNDS], encode[ROUNDS], mb = (double)eid_corpus_bytes(c) / 1e6;
    int64_t tokens = 0;

    for (int r = 0; r < ROUNDS; r++) {
        eid_bpe *b = NULL;
        eid_tokens *t = NULL;
        double began = eid_now();
        must(eid_bpe_train(&b, ctx, c, &(eid_bpe_opts){.vocab = VOCAB, .min_frequency = 2}));
        train[r] = eid_now() - began;
        began = eid_now();
        must(eid_bpe_encode_corpus(&t, ctx, b, c));
        encode[r] = eid_now() - began;
        tokens = t->start[t->docs];
        eid_tokens_free(t);
        eid_bpe_free(b);
    }
    qsort(train, ROUNDS, sizeof *train, ascending);
    qsort(encode, ROUNDS, sizeof *encode, ascending);
    printf("%d threads\ttrain %.2f s\tencode %.1f MB/s, %.1f per thread\t%.2f bytes a token\n",
           threads, train[ROUNDS / 2], mb / encode[ROUNDS / 2], mb / encode[ROUNDS / 2] / threads,
           mb * 1e6 / (double)tokens);
    eid_ctx_free(ctx);
}

int main(int argc, char **argv)
{
    eid_ctx *ctx = ctx_of(0);
    eid_corpus *all = NULL, *c = gather(ctx, argc > 1 ? argv[1] : "/usr/share/doc", &all);

    printf("%.1f MB, %zu documents, %d entries\n", (double)eid_corpus_bytes(c) / 1e6,
           eid_corpus_size(c), VOCAB);
    if (argc > 2)
        write_text(c, argv[2]);
    measure(c, 1);
    if (eid_ctx_threads(ctx) > 1)
        measure(c, eid_ctx_threads(ctx));
    eid_corpus_free(c);
    eid_corpus_free(all);
    eid_ctx_free(ctx);
    return 0;
}
