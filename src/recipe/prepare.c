#include "base/file.h"
#include "recipe/audit.h"
#include <math.h>
#include <string.h>

enum { LEARN, HELD_OUT, DONOR, SIDES };

static eid_status pick_side(audit *a, const uint8_t *side, uint8_t which, eid_corpus **out)
{
    eid_status st = EID_OK;
    size_t n = eid_corpus_size(a->whole), picked = 0;
    int64_t *at = NULL;

    EID_TRY(EID_NEW(at, n));
    for (size_t i = 0; i < n; i++)
        if (side[i] == which)
            at[picked++] = (int64_t)i;
    if (!picked && which != DONOR) {
        st = eid_fail(
            EID_EINVAL,
            "the corpus has %zu document%s: too few to learn from some and judge by others; "
            "give more documents (a .jsonl holds one a line)",
            n, n == 1 ? "" : "s");
        goto done;
    }
    EID_TRY(eid_corpus_pick(out, a->whole, at, picked));
done:
    eid_free(at);
    return st;
}

/* An audit that trains splits its one corpus; one that questions a finished model takes the corpus
 * as what was learned, and held-out text only if it was given: text that was learned, scored as if
 * it were not, would be a false all-clear. */
/* The most is taken while the index is built: all text, and 5.3 bytes (9.3 beyond 2 GiB) for each
 * byte of what is learned, planted strings included. */
static eid_status check_memory(const audit *a)
{
    double bytes = (double)eid_corpus_bytes(a->whole), bound = (double)eid_ctx_memory(a->ctx);
    double index = 1.05 * (double)eid_corpus_bytes(a->learned ? a->learned : a->whole);
    double need = bytes + (index < INT32_MAX ? 5.3 : 9.3) * index;

    if (a->heldout && a->opts->model)
        need += (double)eid_corpus_bytes(a->heldout);
    if (need <= bound)
        return EID_OK;
    return eid_fail(EID_ENOMEM,
                    "auditing %.0f bytes of text takes about %.0f MiB of memory, the bound is %.0f "
                    "MiB; raise --memory, or read less (--read-include, --read-max-document)",
                    bytes, ceil(need / (1 << 20)), floor(bound / (1 << 20)));
}

static eid_status read_all(audit *a)
{
    eid_status st = EID_OK;
    const eid_audit_opts *o = a->opts;
    uint8_t *side = NULL;
    double share[SIDES] = {1 - o->heldout_share - o->donor_share, o->heldout_share, o->donor_share};

    if (!o->model && (o->heldout.n || o->ledger))
        return eid_fail(EID_EINVAL,
                        "%s: belongs to a model that is given; an audit that trains one takes both "
                        "from its corpus",
                        o->heldout.n ? o->heldout.at[0] : o->ledger);
    if (share[LEARN] < 0.05)
        return eid_fail(EID_EINVAL,
                        "held-out and donor shares of %g and %g leave too little to learn",
                        o->heldout_share, o->donor_share);
    EID_TRY(eid_corpus_read(&a->whole, a->ctx, o->corpus.at, o->corpus.n, &o->read));
    if (o->model) {
        if (o->heldout.n)
            st = eid_corpus_read(&a->heldout, a->ctx, o->heldout.at, o->heldout.n, &o->read);
        if (st == EID_EINVAL)
            st = eid_fail(st, "held-out text: %.900s", eid_last_error());
        goto done;
    }
    EID_TRY(EID_NEW(side, eid_corpus_size(a->whole)));
    EID_TRY(eid_corpus_split(a->whole, share, SIDES, (uint64_t)o->seed, side));
    EID_TRY(pick_side(a, side, LEARN, &a->learned));
    EID_TRY(pick_side(a, side, HELD_OUT, &a->heldout));
    EID_TRY(pick_side(a, side, DONOR, &a->donors));
done:
    eid_free(side);
    return st;
}

eid_status audit_read(audit *a)
{
    eid_status st = read_all(a);
    return st == EID_OK ? check_memory(a) : st;
}

/* The tokenizer learns from what the model learns, without the planted strings, so that a twin has
 * the same one. */
static eid_status tokenizer(audit *a)
{
    eid_bpe_opts o = eid_bpe_opts_default();
    char *path = NULL;
    eid_status st = EID_OK;

    if (a->opts->model)
        return eid_bpe_load(&a->bpe, a->opts->model);
    EID_TRY(eid_format(&path, "%s/tokenizer.json", a->model_dir));
    if (eid_exists(path)) {
        st = eid_bpe_load(&a->bpe, path);
        goto done;
    }
    o.vocab = a->vocab;
    EID_TRY(eid_bpe_train(&a->bpe, a->ctx, a->learned, &o));
    EID_TRY(eid_bpe_save(a->bpe, path));
done:
    eid_free(path);
    return st;
}

static eid_status plant(audit *a)
{
    eid_plant_opts o = a->opts->plant;
    eid_corpus *planted = NULL;
    eid_status st = EID_OK;

    o.seed = a->opts->seed;
    EID_TRY(eid_plant(&planted, &a->ledger, a->ctx, a->learned, a->donors, a->bpe, &o));
    EID_TRY(eid_ledger_write(a->ledger, a->ledger_path));
    if (!a->opts->twin) {
        a->train_text = planted;
        planted = NULL;
    }
done:
    eid_corpus_free(planted);
    return st;
}

eid_status audit_tokenizer(audit *a)
{
    eid_status st = EID_OK;

    EID_TRY(tokenizer(a));
    if (!a->opts->model)
        EID_TRY(plant(a));
    else if (a->opts->ledger)
        EID_TRY(eid_ledger_read(&a->ledger, a->opts->ledger));
done:
    return st;
}

eid_status audit_encode(audit *a)
{
    eid_status st = EID_OK;

    EID_TRY(eid_bpe_encode_corpus(&a->train, a->ctx, a->bpe, audit_text(a)));
    if (a->heldout)
        EID_TRY(eid_bpe_encode_corpus(&a->heldout_tokens, a->ctx, a->bpe, a->heldout));
done:
    return st;
}

/* Documents of `learned` stand in `train_text` in their order, with the same bytes at the same
 * place; the others are planted. */
void audit_drop_planted(audit *a)
{
    eid_tokens *t = a->train;
    size_t kept = 0, docs = a->train_text ? t->docs : 0;
    int64_t from = 0, to;

    for (size_t i = 0; i < docs; i++, from = to) {
        to = t->start[i + 1];
        if (eid_corpus_doc(a->train_text, i).bytes != eid_corpus_doc(a->learned, kept).bytes)
            continue;
        memmove(t->id + t->start[kept], t->id + from, (size_t)(to - from) * sizeof *t->id);
        t->start[kept + 1] = t->start[kept] + to - from;
        kept++;
    }
    t->docs = docs ? kept : t->docs;
}

const eid_corpus *audit_text(const audit *a)
{
    return a->train_text ? a->train_text : a->learned ? a->learned : a->whole;
}

eid_status audit_index(audit *a)
{
    eid_status st = EID_OK;
    bool done = false;

    EID_TRY(eid_store_begin(a->store, "index", &done));
    if (!done) {
        EID_TRY(eid_index_build(a->ctx, audit_text(a), a->index_path));
        EID_TRY(eid_store_end(a->store));
    }
    EID_TRY(eid_index_open(&a->index, a->index_path));
done:
    if (st != EID_OK)
        eid_store_abandon(a->store);
    return st;
}

static eid_status record_inputs(audit *a, const eid_corpus *c, const char *role)
{
    const eid_corpus_input *input;
    size_t n = c ? eid_corpus_inputs(c, &input) : 0;
    eid_status st = EID_OK;

    for (size_t i = 0; i < n && st == EID_OK; i++) {
        char *name = NULL;
        st = eid_store_input(a->store, input[i].path, input[i].bytes, input[i].sha256,
                             input[i].documents, input[i].skipped);
        if (st == EID_OK)
            st = eid_format(&name, "input.role.%s", input[i].path);
        if (st == EID_OK)
            st = eid_store_text(a->store, name, role);
        eid_free(name);
    }
    return st;
}

static eid_status count_planted_tokens(audit *a, int64_t *tokens)
{
    for (size_t i = 0; i < eid_ledger_size(a->ledger); i++) {
        const eid_canary *c = eid_ledger_at(a->ledger, i);
        int32_t *ids = NULL;
        size_t n = 0;
        if (!c->copies)
            continue;
        eid_status st = eid_bpe_encode(a->bpe, c->text, c->size, false, &ids, &n);
        if (st != EID_OK)
            return st;
        eid_ids_free(ids);
        *tokens += c->copies * (int64_t)n;
    }
    return EID_OK;
}

eid_status audit_record_corpus(audit *a)
{
    const eid_corpus *text = audit_text(a);
    const eid_corpus_skip *skip;
    int64_t planted = 0, planted_tokens = 0, skipped = 0, tokens = a->train->start[a->train->docs];
    const eid_corpus_input *input;
    size_t n = eid_corpus_inputs(a->whole, &input);
    eid_status st = EID_OK;

    for (size_t i = 0; i < n; i++)
        skipped += input[i].skipped;
    if (a->train_text) {
        planted = (int64_t)(eid_corpus_size(text) - eid_corpus_size(a->learned));
        EID_TRY(count_planted_tokens(a, &planted_tokens));
    }
    const struct {
        const char *name;
        double value;
    } numbers[] = {
        {"corpus.read", (double)eid_corpus_size(a->whole)},
        {"corpus.identical", (double)eid_corpus_identical(a->whole)},
        {"corpus.cut", (double)eid_corpus_cut(a->whole)},
        {"corpus.skipped", (double)skipped},
        {"corpus.documents", (double)eid_corpus_size(text)},
        {"corpus.bytes", (double)eid_corpus_bytes(text)},
        {"corpus.tokens", (double)tokens},
        {"corpus.train", (double)eid_corpus_size(text) - (double)planted},
        {"corpus.heldout", a->heldout ? (double)eid_corpus_size(a->heldout) : 0},
        {"corpus.planted", (double)planted},
        {"corpus.planted.share", tokens ? (double)planted_tokens / (double)tokens : 0},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        EID_TRY(eid_store_number(a->store, numbers[i].name, numbers[i].value));
    EID_TRY(record_places(a));
    EID_TRY(record_inputs(a, a->whole, "corpus"));
    if (a->opts->model)
        EID_TRY(record_inputs(a, a->heldout, "heldout"));
    n = eid_corpus_skips(a->whole, &skip);
    for (size_t i = 0; i < n && i < 20 && st == EID_OK; i++) {
        char *text_name = NULL, *why = NULL;
        EID_TRY(eid_format(&text_name, "skip.%zu", i + 1));
        st = eid_format(&why, "%s: %s", skip[i].name, skip[i].why);
        if (st == EID_OK)
            st = eid_store_text(a->store, text_name, why);
        eid_free(text_name);
        eid_free(why);
    }
done:
    return st;
}
