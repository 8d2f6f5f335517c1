/* lab_dedup_texts.c - one corpus three times: as it is, without later copies, and with as many
 * bytes taken out at random; and held-out text that stands in none of them. */
#include "base/file.h"
#include "eidetic/dedup.h"
#include "eidetic/questions.h"
#include "eidetic/rng.h"
#include "recipe/lab_dedup.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- the corpus ------------------------------------------------------------------------------ */

static eid_status read_corpus(dedup_texts *t, lab_work *w, const dedup_opts *o)
{
    eid_status st = EID_OK;
    eid_corpus_opts read = eid_corpus_opts_default();
    const char *usual[] = {"/usr/share/doc"};
    const eid_corpus_input *in;

    read.drop_identical = true; /* what is left to find is more than whole files */
    read.follow_links = true;
    read.max_share = 0.02; /* no single file decides */
    if (!o->corpus.n)
        read.include = "copyright";
    EID_TRY(eid_corpus_read(&t->whole, w->ctx, o->corpus.n ? o->corpus.at : usual,
                            o->corpus.n ? o->corpus.n : 1, &read));
    int64_t least = 400000;
    if (eid_corpus_bytes(t->whole) < least || eid_corpus_size(t->whole) < 50) {
        st = eid_fail(EID_EINVAL,
                      "the lab on deduplication wants %lld bytes of text in 50 documents, here are "
                      "%lld in %zu: name a corpus with --dedup-corpus",
                      (long long)least, (long long)eid_corpus_bytes(t->whole),
                      eid_corpus_size(t->whole));
        goto done;
    }
    size_t n = eid_corpus_inputs(t->whole, &in);
    for (size_t i = 0; i < n; i++)
        EID_TRY(
            lab_input(w, in[i].path, in[i].sha256, in[i].bytes, in[i].documents, in[i].skipped));
done:
    return st;
}

/* A tenth is held out. */
static eid_status split(dedup_texts *t, lab_work *w, eid_corpus **heldout)
{
    eid_status st = EID_OK;
    size_t n = eid_corpus_size(t->whole), picked = 0, held = 0;
    uint8_t *side = NULL;
    int64_t *at = NULL;

    EID_TRY(EID_NEW(side, n));
    EID_TRY(EID_NEW(at, 2 * n));
    EID_TRY(eid_corpus_split(t->whole, (const double[]){0.9, 0.1}, 2, w->seed, side));
    for (size_t i = 0; i < n; i++)
        if (side[i])
            at[n + held++] = (int64_t)i;
        else
            at[picked++] = (int64_t)i;
    EID_TRY(eid_corpus_pick(&t->text[DEDUP_ORIGINAL], t->whole, at, picked));
    EID_TRY(eid_corpus_pick(heldout, t->whole, at + n, held));
done:
    eid_free(side);
    eid_free(at);
    return st;
}

/* What seconds are enough to learn: short documents cut from the text, each headed by one of a few
 * passages, as licences head files. */
static eid_status shorten(eid_corpus **c, const eid_corpus *heads)
{
    enum { DOCS = 160, HEADS = 3, HEAD = 360, BODY = 440 };
    eid_status st = EID_OK;
    eid_document docs[DOCS];
    eid_corpus *shorter = NULL;
    uint8_t *text = NULL;
    size_t n = 0;

    EID_TRY(EID_NEW(text, DOCS * (HEAD + BODY)));
    for (size_t d = 0; d < eid_corpus_size(*c) && n < DOCS; d++) {
        eid_document doc = eid_corpus_doc(*c, d);
        for (size_t at = 0; at + BODY <= doc.size && at < 4 * BODY && n < DOCS; at += BODY) {
            uint8_t *to = text + n * (HEAD + BODY);
            size_t head = 0;
            if (heads) {
                eid_document donor = eid_corpus_doc(heads, n % HEADS);
                head = donor.size < HEAD ? donor.size : HEAD;
                memcpy(to, donor.bytes, head);
            }
            memcpy(to + head, doc.bytes + at, BODY);
            docs[n++] = (eid_document){doc.name, to, head + BODY};
        }
    }
    EID_TRY(eid_corpus_from(&shorter, docs, n));
    eid_corpus_free(*c);
    *c = shorter;
done:
    eid_free(text);
    return st;
}

/* ---- cutting --------------------------------------------------------------------------------- */

static bool is_set(const uint64_t *bits, int64_t at)
{
    return bits[at / 64] >> at % 64 & 1;
}

/* The documents without the bytes that are set; what is left of one stays one.  Those of which
 * nothing is left go. */
static eid_status without(eid_corpus **out, const eid_corpus *c, const uint64_t *bits)
{
    eid_status st = EID_OK;
    size_t n = eid_corpus_size(c), kept = 0, used = 0;
    eid_document *docs = NULL;
    uint8_t *text = NULL;
    int64_t at = 0;

    EID_TRY(EID_NEW(docs, n));
    EID_TRY(EID_NEW(text, eid_corpus_bytes(c) + 1));
    for (size_t d = 0; d < n; d++) {
        eid_document doc = eid_corpus_doc(c, d), rest = {doc.name, text + used, 0};
        for (size_t i = 0; i < doc.size; i++, at++)
            if (!is_set(bits, at))
                text[used + rest.size++] = doc.bytes[i];
        used += rest.size;
        if (rest.size > 0)
            docs[kept++] = rest;
    }
    EID_TRY(eid_corpus_from(out, docs, kept));
done:
    eid_free(docs);
    eid_free(text);
    return st;
}

/* As many bytes in ranges of the same mean length, anywhere. */
static void set_random(uint64_t *bits, const dedup_texts *t, int64_t n, uint64_t seed)
{
    eid_rng rng = eid_rng_seed(seed);
    int64_t length = t->ranges ? t->cut / t->ranges : 1, left = t->cut;
    while (left > 0) {
        int64_t at = (int64_t)eid_rng_below(&rng, (uint64_t)n);
        for (int64_t i = at; i < at + length && i < n && left > 0; i++) {
            left -= !is_set(bits, i);
            bits[i / 64] |= 1ull << i % 64;
        }
    }
}

static eid_status cut_both(dedup_texts *t, lab_work *w, const dedup_opts *o)
{
    eid_status st = EID_OK;
    const eid_corpus *c = t->text[DEDUP_ORIGINAL];
    int64_t n = eid_corpus_bytes(c);
    uint64_t *bits = NULL;
    char exact[32];
    eid_dedup_opts d = eid_dedup_opts_default();
    eid_dedup_cuts *cuts = NULL;

    d.exact = exact;
    snprintf(exact, sizeof exact, "%" PRId64 "b", o->length);
    EID_TRY(eid_dedup_exact(&cuts, w->ctx, c, NULL, &d));
    t->cut = eid_dedup_cuts_bytes(cuts);
    for (size_t i = 0; i < eid_dedup_cuts_size(cuts); i++) { /* side by side they are one range */
        const eid_dedup_cut *x = eid_dedup_cuts_at(cuts, i), *y = x;
        if (i > 0)
            y = eid_dedup_cuts_at(cuts, i - 1);
        t->ranges += i == 0 || x->document != y->document || x->start != y->end;
    }
    EID_TRY(eid_dedup_apply(&t->text[DEDUP_CUT], c, cuts));
    EID_TRY(EID_NEW(bits, n / 64 + 1));
    set_random(bits, t, n, w->seed);
    EID_TRY(without(&t->text[DEDUP_RANDOM], c, bits));
done:
    eid_dedup_cuts_free(cuts);
    eid_free(bits);
    return st;
}

/* Held-out text that stands in the training text would measure memory, not learning. */
static eid_status cut_heldout(dedup_texts *t, lab_work *w, const dedup_opts *o, const eid_corpus *c)
{
    eid_status st = EID_OK;
    uint64_t *bits = NULL;
    eid_match *m = NULL;
    int64_t base = 0;

    EID_TRY(EID_NEW(bits, eid_corpus_bytes(c) / 64 + 1));
    for (size_t d = 0; d < eid_corpus_size(c); d++) {
        eid_document doc = eid_corpus_doc(c, d);
        int64_t until = 0;
        EID_TRY(EID_NEW(m, doc.size));
        EID_TRY(eid_index_matches(t->index, w->ctx, doc.bytes, doc.size, m));
        for (int64_t i = 0; i < (int64_t)doc.size; i++, base++) {
            if (m[i].length >= (size_t)o->length)
                until = i + (int64_t)m[i].length > until ? i + (int64_t)m[i].length : until;
            if (i < until)
                bits[base / 64] |= 1ull << base % 64;
        }
        eid_free(m);
        m = NULL;
    }
    EID_TRY(without(&t->heldout, c, bits));
done:
    eid_free(bits);
    eid_free(m);
    return st;
}

eid_status dedup_texts_make(dedup_texts *t, lab_work *w, const dedup_opts *o, const char *folder)
{
    eid_status st = EID_OK;
    eid_corpus *heldout = NULL;
    char *path = NULL;

    EID_TRY(read_corpus(t, w, o));
    EID_TRY(split(t, w, &heldout));
    if (!w->full) {
        EID_TRY(shorten(&t->text[DEDUP_ORIGINAL], heldout));
        EID_TRY(shorten(&heldout, NULL));
    }
    EID_TRY(eid_format(&path, "%s/index.eid", folder));
    EID_TRY(eid_index_build(w->ctx, t->text[DEDUP_ORIGINAL], path));
    EID_TRY(eid_index_open(&t->index, path));
    EID_TRY(cut_both(t, w, o));
    EID_TRY(cut_heldout(t, w, o, heldout));
    EID_TRY(eid_format(&t->path, "%s/original.tar", folder));
    EID_TRY(eid_format(&t->heldout_path, "%s/heldout.tar", folder));
    EID_TRY(eid_corpus_write(w->ctx, t->text[DEDUP_ORIGINAL], t->path));
    EID_TRY(eid_corpus_write(w->ctx, t->heldout, t->heldout_path));
done:
    eid_corpus_free(heldout);
    eid_free(path);
    return st;
}

void dedup_texts_free(dedup_texts *t)
{
    eid_index_free(t->index);
    for (int i = 0; i < DEDUP_TEXTS; i++)
        eid_corpus_free(t->text[i]);
    eid_corpus_free(t->heldout);
    eid_corpus_free(t->whole);
    eid_free(t->path);
    eid_free(t->heldout_path);
}
