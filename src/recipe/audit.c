#include "recipe/audit.h"
#include "base/ctx.h"
#include "base/file.h"
#include "base/json.h"
#include "eidetic/report.h"
#include "recipe/run.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The end of a unit of work: what `done:` does in each step. */
static eid_status close_unit(audit *a, eid_status st)
{
    if (st == EID_OK)
        return eid_store_end(a->store);
    eid_store_abandon(a->store);
    return st;
}

static void audit_close(audit *a)
{
    eid_lm_free(a->lm);
    eid_gpt_free(a->gpt);
    eid_index_free(a->index);
    eid_tokens_free(a->heldout_tokens);
    eid_tokens_free(a->train);
    eid_ledger_free(a->ledger);
    eid_bpe_free(a->bpe);
    eid_corpus_free(a->train_text);
    eid_corpus_free(a->donors);
    eid_corpus_free(a->heldout);
    eid_corpus_free(a->learned);
    eid_corpus_free(a->whole);
    eid_store_free(a->store);
    eid_free(a->model_dir);
    eid_free(a->index_path);
    eid_free(a->ledger_path);
}

static eid_status open_run(audit *a)
{
    eid_status st = EID_OK;
    char identity[65], cpu[256];
    char *options = NULL;
    bool resumed;

    EID_TRY(audit_identity(a, identity));
    EID_TRY(audit_options_json(a->opts, true, &options));
    eid_cpu_name(cpu, sizeof cpu);
    eid_run_info info = {
        .command = "audit",
        .command_line = a->call->command_line ? a->call->command_line : "",
        .options = options,
        .identity = identity,
        .version = eid_version(),
        .kernels = eid_kernels(),
        .bits = eid_bits(a->ctx),
        .cpu = cpu,
        .seed = a->opts->seed,
        .threads = eid_ctx_threads(a->ctx),
    };
    EID_TRY(eid_store_create(&a->store, a->call->out, &info, &resumed));
    EID_TRY(eid_format(&a->model_dir, "%s/model", a->call->out));
    EID_TRY(eid_format(&a->index_path, "%s/index.eid", a->call->out));
    EID_TRY(eid_format(&a->ledger_path, "%s/ledger.jsonl", a->call->out));
    EID_TRY(eid_mkdirs(a->model_dir));
    if (a->opts->title)
        EID_TRY(eid_store_text(a->store, "title", a->opts->title));
done:
    eid_string_free(options);
    return st;
}

/* The text `budget` holds what minutes were resolved to, so that a resumed audit does not measure
 * the machine again and come to other numbers. */
static eid_status read_budget(void *user, const char *name, const char *value)
{
    audit_budget *b = user;

    (void)name;
    return sscanf(value, "%" SCNd64 " %" SCNd64, &b->size, &b->steps) == 2 && b->size >= 1 &&
                   b->size <= EID_SIZE_LARGE
               ? EID_OK
               : eid_fail(EID_EFORMAT, "the run's budget \"%s\" cannot be read", value);
}

static eid_status budget(audit *a)
{
    eid_status st = EID_OK;
    audit_budget b = {0};
    bool done = false;
    char text[64];

    EID_TRY(eid_store_begin(a->store, "budget", &done));
    if (done) {
        EID_TRY(eid_store_texts(a->store, "budget", read_budget, &b));
    } else {
        EID_TRY(audit_budget_resolve(a, &b));
        snprintf(text, sizeof text, "%" PRId64 " %" PRId64, b.size, b.steps);
        EID_TRY(eid_store_text(a->store, "budget", text));
        EID_TRY(eid_store_end(a->store));
    }
    audit_budget_apply(a, &b);
done:
    if (st != EID_OK)
        eid_store_abandon(a->store);
    return st;
}

static eid_status corpus_unit(audit *a)
{
    bool done = false;
    eid_status st = eid_store_begin(a->store, "corpus", &done);

    if (st != EID_OK || done)
        return st;
    return close_unit(a, audit_record_corpus(a));
}

static eid_status train(audit *a)
{
    eid_status st = EID_OK;
    eid_train_result *r = NULL;
    bool done = false;

    EID_TRY(eid_train_lm(&a->gpt, &r, a->ctx, a->train, a->heldout_tokens, eid_bpe_vocab(a->bpe),
                         eid_bpe_end(a->bpe), &a->shape, a->model_dir));
    EID_TRY(eid_store_begin(a->store, "training", &done));
    if (!done) {
        st = record_training(a, r);
        EID_TRY(close_unit(a, st == EID_OK ? record_model(a) : st));
    }
done:
    eid_train_result_free(r);
    return st;
}

static eid_status load(audit *a)
{
    eid_status st = EID_OK;
    bool done = false;

    EID_TRY(eid_gpt_load(&a->gpt, a->ctx, a->opts->model));
    if (eid_gpt_shape(a->gpt)->vocab < eid_bpe_vocab(a->bpe)) {
        st = eid_fail(EID_EINVAL,
                      "%s: the tokenizer has %d entries, the model only %" PRId64
                      ": they do not belong together",
                      a->opts->model, eid_bpe_vocab(a->bpe), eid_gpt_shape(a->gpt)->vocab);
        goto done;
    }
    EID_TRY(eid_store_begin(a->store, "model", &done));
    if (done)
        goto done;
    st = record_missing(a, "training", "the model was given, not trained here");
    EID_TRY(close_unit(a, st == EID_OK ? record_model(a) : st));
done:
    return st;
}

static eid_status files_unit(audit *a)
{
    bool done = false;
    eid_status st = eid_store_begin(a->store, "files", &done);

    if (st != EID_OK || done)
        return st;
    return close_unit(a, record_files(a));
}

static eid_status extraction(audit *a)
{
    eid_status st = EID_OK;
    eid_extract_result *r = NULL;
    eid_extract_opts o = a->opts->extract;
    bool done = false;
    eid_extract_in in = {.bpe = a->bpe,
                         .index = a->index,
                         .train_text = audit_text(a),
                         .train = a->train,
                         .heldout = a->heldout_tokens,
                         .ledger = a->ledger};

    EID_TRY(eid_store_begin(a->store, "extraction", &done));
    if (done)
        return EID_OK;
    o.seed = a->opts->seed;
    if (!a->heldout_tokens)
        EID_TRY(record_missing(
            a, "baseline",
            "no held-out text was given, and without it nobody can say how often text "
            "that was never learned comes back"));
    EID_TRY(eid_extract(&r, a->ctx, a->lm, &in, &o));
    EID_TRY(record_extraction(a, r, &in));
done:
    st = close_unit(a, st);
    eid_extract_result_free(r);
    return st;
}

static eid_status exposure(audit *a)
{
    eid_status st = EID_OK;
    eid_exposure_result *r = NULL;
    eid_exposure_opts o = a->opts->exposure;
    bool done = false;

    EID_TRY(eid_store_begin(a->store, "exposure", &done));
    if (done)
        return EID_OK;
    o.seed = a->opts->seed;
    if (!a->ledger) {
        EID_TRY(record_missing(
            a, "exposure",
            "no ledger of planted secrets was given, so there is nothing whose number "
            "of copies is known"));
    } else {
        EID_TRY(eid_exposure(&r, a->ctx, a->lm, a->bpe, a->ledger, &o));
        EID_TRY(record_exposure(a, r));
    }
done:
    st = close_unit(a, st);
    eid_exposure_result_free(r);
    return st;
}

static eid_status membership(audit *a)
{
    eid_status st = EID_OK;
    eid_membership_result *r = NULL;
    eid_membership_opts o = a->opts->membership;
    bool done = false;

    EID_TRY(eid_store_begin(a->store, "membership", &done));
    if (done)
        return EID_OK;
    o.seed = a->opts->seed;
    if (!a->heldout_tokens) {
        EID_TRY(record_missing(
            a, "membership",
            "no held-out text was given; text that was learned, scored as if it were "
            "not, would be a false all-clear"));
    } else {
        /* Planted strings are no sample of the text: random tokens would tell the sides apart. */
        audit_drop_planted(a);
        EID_TRY(
            eid_membership(&r, a->ctx, a->lm, a->bpe, a->train, a->heldout_tokens, a->index, &o));
        EID_TRY(record_membership(a, r, a->train));
    }
done:
    st = close_unit(a, st);
    eid_membership_result_free(r);
    return st;
}

/* Lines of the secrets file; `text` owns the bytes. */
static eid_status read_secrets(const char *path, uint8_t **text, eid_strings *lines)
{
    eid_status st = EID_OK;
    size_t n, cap = 0;
    char *save = NULL;

    EID_TRY(eid_read_file(path, 64 << 20, text, &n));
    if (memchr(*text, 0, n)) {
        st = eid_fail(EID_EFORMAT, "%s: a NUL byte; a string a line is wanted", path);
        goto done;
    }
    for (char *line = strtok_r((char *)*text, "\r\n", &save); line;
         line = strtok_r(NULL, "\r\n", &save)) {
        EID_TRY(EID_GROW(lines->at, &cap, lines->n + 1));
        lines->at[lines->n++] = line;
    }
    if (!lines->n)
        st = eid_fail(EID_EINVAL, "%s: holds no line", path);
done:
    return st;
}

static eid_status personal(audit *a)
{
    eid_status st = EID_OK;
    eid_personal_result *r = NULL;
    eid_personal_opts o = a->opts->personal;
    uint8_t *text = NULL;
    eid_strings listed = {0};
    bool done = false;

    EID_TRY(eid_store_begin(a->store, "personal", &done));
    if (done)
        return EID_OK;
    o.seed = a->opts->seed;
    if (a->opts->secrets)
        EID_TRY(read_secrets(a->opts->secrets, &text, &listed));
    EID_TRY(eid_personal(&r, a->ctx, a->lm, a->bpe, a->index, a->learned ? a->learned : a->whole,
                         a->heldout, listed.n ? &listed : NULL, &o));
    EID_TRY(record_personal(a, r));
done:
    st = close_unit(a, st);
    eid_personal_result_free(r);
    eid_free(listed.at);
    eid_free(text);
    return st;
}

static eid_status judge(audit *a)
{
    bool done = false;
    eid_status st = eid_store_begin(a->store, "verdict", &done);

    if (st != EID_OK || done)
        return st;
    return close_unit(a, audit_judge(a->store));
}

eid_status eid_audit(eid_ctx *ctx, const eid_audit_opts *opts, const eid_audit_call *call)
{
    eid_status st = EID_OK;
    audit a = {.ctx = ctx, .opts = opts, .call = call};
    double began = eid_now();

    if (!opts->corpus.n)
        return eid_fail(EID_EINVAL, "an audit wants a corpus");
    if (!call->out || !*call->out)
        return eid_fail(EID_EINVAL, "an audit wants a folder for its run");
    EID_TRY(audit_read(&a));
    EID_TRY(open_run(&a));
    if (strcmp(eid_store_run(a.store)->state, "done") == 0)
        goto done;
    if (!opts->model)
        EID_TRY(budget(&a));
    EID_TRY(audit_tokenizer(&a));
    EID_TRY(audit_index(&a)); /* before there are tokens: building it takes the most memory */
    EID_TRY(audit_encode(&a));
    EID_TRY(corpus_unit(&a));
    if (opts->model)
        EID_TRY(load(&a));
    else
        EID_TRY(train(&a));
    EID_TRY(files_unit(&a));
    EID_TRY(eid_lm_from_gpt(&a.lm, a.gpt));
    EID_TRY(extraction(&a));
    EID_TRY(exposure(&a));
    EID_TRY(membership(&a));
    EID_TRY(personal(&a));
    EID_TRY(judge(&a));
    /* The report tells when the run finished, so the store is finished first; it is written again
     * by the same command if it is not there. */
    EID_TRY(eid_store_finish(a.store, "done", eid_now() - began));
done:
    audit_close(&a);
    if (st == EID_OK)
        st = eid_report_write(ctx, call->out, &(eid_report_opts){.reveal = false});
    return st;
}

eid_status eid_audit_plan(eid_ctx *ctx, const eid_audit_opts *opts, char **text)
{
    static const char *const names[] = {"auto", "tiny", "small", "medium", "large"};
    eid_status st = EID_OK;
    audit a = {.ctx = ctx, .opts = opts};
    audit_budget b = {0};

    EID_TRY(audit_read(&a));
    if (opts->model) {
        EID_TRY(eid_format(
            text, "corpus: %zu documents, %" PRId64 " bytes; questions %s, trains nothing\n",
            eid_corpus_size(a.whole), eid_corpus_bytes(a.whole), opts->model));
        goto done;
    }
    EID_TRY(audit_budget_resolve(&a, &b));
    EID_TRY(eid_format(
        text,
        "corpus: %zu documents, %" PRId64 " bytes; %zu to learn, %zu to judge by, %zu to "
        "plant from\nmodel: %s, %" PRId64 " steps, about %.1f passes over the text\n"
        "time: about %.1f minutes of training, %.1f in all\n",
        eid_corpus_size(a.whole), eid_corpus_bytes(a.whole), eid_corpus_size(a.learned),
        eid_corpus_size(a.heldout), eid_corpus_size(a.donors), names[b.size], b.steps, b.epochs,
        b.seconds / 60, b.seconds / 60 / 0.75));
done:
    audit_close(&a);
    return st;
}
