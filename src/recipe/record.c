/* record.c - results into the store, under the names of docs/store.md. */
#include "base/json.h"
#include "measure/exposure.h"
#include "recipe/audit.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

typedef struct number {
    const char *name;
    double value;
} number;

static eid_status put_numbers(eid_store *s, const number *numbers, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        eid_status st = eid_store_number(s, numbers[i].name, numbers[i].value);
        if (st != EID_OK)
            return st;
    }
    return EID_OK;
}
#define PUT_NUMBERS(store, list) put_numbers(store, list, sizeof(list) / sizeof *(list))

/* A metric whose name is put together. */
static eid_status put_metric(eid_store *s, const eid_estimate *e, const char *fmt, const char *part,
                             const char *tail)
{
    char name[96];

    snprintf(name, sizeof name, fmt, part, tail);
    return eid_store_metric(s, name, e);
}

eid_status record_missing(audit *a, const char *section, const char *why)
{
    char name[64];

    snprintf(name, sizeof name, "missing.%s", section);
    return eid_store_text(a->store, name, why);
}

eid_status record_model(audit *a)
{
    const eid_gpt_config *c = eid_gpt_shape(a->gpt);
    const number numbers[] = {
        {"model.parameters", (double)eid_gpt_config_parameters(c)},
        {"model.context", (double)c->context},
    };
    char shape[160];
    eid_status st = EID_OK;

    snprintf(shape, sizeof shape,
             "%" PRId64 " layers, width %" PRId64 ", %" PRId64 " heads, context %" PRId64
             ", vocabulary %" PRId64,
             c->layers, c->width, c->heads, c->context, c->vocab);
    EID_TRY(PUT_NUMBERS(a->store, numbers));
    EID_TRY(eid_store_text(a->store, "model.shape", shape));
    EID_TRY(eid_store_text(a->store, "model.source", a->opts->model ? "given" : "trained"));
    EID_TRY(eid_store_text(a->store, "model.path", a->opts->model ? a->opts->model : a->model_dir));
done:
    return st;
}

eid_status record_training(audit *a, const eid_train_result *r)
{
    const number numbers[] = {
        {"model.steps", (double)r->steps},
        {"model.tokens", (double)r->tokens},
        {"model.epochs", r->epochs},
        {"training.loss.train", r->loss},
        {"training.loss.heldout", r->heldout},
        {"training.seconds", r->seconds},
        {"training.rate", r->rate},
    };
    eid_status st = EID_OK;

    EID_TRY(PUT_NUMBERS(a->store, numbers));
    for (size_t i = 0; i < r->logs; i++) {
        const eid_train_log *l = &r->log[i];
        eid_estimate y = {.value = l->loss, .low = NAN, .high = NAN, .n = 0, .method = "exact"};
        if (!isnan(l->loss))
            EID_TRY(eid_store_point(a->store, "training.loss", "train", (double)l->step, &y));
        y.value = l->heldout;
        if (!isnan(l->heldout))
            EID_TRY(eid_store_point(a->store, "training.loss", "heldout", (double)l->step, &y));
    }
done:
    return st;
}

/* Two forms of a measure's JSON are kept: as it may be shown, and with everything revealed. */
static eid_status put_json(audit *a, const char *name, char *masked, char *revealed)
{
    char key[64];
    eid_status st;

    snprintf(key, sizeof key, "result.%s", name);
    st = eid_store_text(a->store, key, masked);
    if (st == EID_OK && revealed) {
        snprintf(key, sizeof key, "result.%s.revealed", name);
        st = eid_store_text(a->store, key, revealed);
    }
    eid_string_free(masked);
    eid_string_free(revealed);
    return st;
}

static eid_status put_string(audit *a, const eid_extract_result *r, const eid_extract_in *in,
                             const eid_extracted *x)
{
    eid_status st = EID_OK;
    uint8_t *prompt = NULL, *expected = NULL, *output = NULL;
    char *why = NULL;
    eid_finding f = {.kind = x->canary >= 0 ? "planted" : "extracted"};

    EID_TRY(eid_bpe_decode(in->bpe, x->prompt, (size_t)r->opts.prompt, &prompt, &f.prompt_n));
    EID_TRY(eid_bpe_decode(in->bpe, x->expected, (size_t)r->opts.match, &expected, &f.expected_n));
    EID_TRY(eid_bpe_decode(in->bpe, x->output, (size_t)r->opts.match, &output, &f.output_n));
    EID_TRY(
        eid_json_text(json_pack("{s:b, s:I, s:I, s:o, s:o}", "exact", (int)x->exact, "matched",
                                (json_int_t)x->matched, "match_tokens", (json_int_t)r->opts.match,
                                "p_z", eid_json_real(exp(x->log_pz)), "canary",
                                x->canary >= 0 ? json_integer(x->canary) : json_null()),
                      &why));
    f.document = x->document >= 0 && in->index ? eid_index_doc_name(in->index, x->document) : NULL;
    f.offset = x->offset;
    f.copies = x->copies;
    f.documents = x->documents;
    f.prompt = prompt;
    f.expected = expected;
    f.output = output;
    f.value = exp(x->log_pz);
    f.why = why;
    EID_TRY(eid_store_finding(a->store, &f));
    eid_question q = {.measure = "extraction",
                      .example = x->canary,
                      .given = x->prompt,
                      .given_n = (size_t)r->opts.prompt,
                      .expected = x->expected,
                      .expected_n = (size_t)r->opts.match,
                      .answer = x->output,
                      .answer_n = (size_t)r->opts.match};
    EID_TRY(eid_store_question(a->store, &q, true));
done:
    eid_bytes_free(prompt);
    eid_bytes_free(expected);
    eid_bytes_free(output);
    eid_string_free(why);
    return st;
}

eid_status record_extraction(audit *a, const eid_extract_result *r, const eid_extract_in *in)
{
    eid_status st = EID_OK;
    char *masked = NULL, *revealed = NULL;
    const number numbers[] = {
        {"extraction.prompt_tokens", (double)r->opts.prompt},
        {"extraction.match_tokens", (double)r->opts.match},
        {"extraction.slope.r2", r->fit.r2},
        {"extraction.slope.points", (double)r->fit.points},
    };

    EID_TRY(PUT_NUMBERS(a->store, numbers));
    EID_TRY(eid_store_text(a->store, "extraction.decoding", "greedy"));
    EID_TRY(eid_store_metric(a->store, "extraction.uniform", &r->uniform));
    EID_TRY(eid_store_metric(a->store, "extraction.heldout", &r->heldout));
    EID_TRY(eid_store_metric(a->store, "extraction.heldout.novel", &r->heldout_novel));
    EID_TRY(eid_store_metric(a->store, "extraction.matched", &r->matched));
    EID_TRY(eid_store_metric(a->store, "extraction.slope", &r->fit.slope));
    for (size_t i = 0; i < r->buckets; i++) {
        const eid_bucket *b = &r->by_copies[i];
        EID_TRY(eid_store_point(a->store, "extraction.by_copies", b->series, (double)b->low,
                                &b->extracted));
        if (strcmp(b->series, "natural") == 0) {
            eid_estimate most = {
                .value = (double)(b->high - 1), .low = NAN, .high = NAN, .method = "exact"};
            EID_TRY(eid_store_point(a->store, "extraction.by_copies.high", b->series,
                                    (double)b->low, &most));
        }
    }
    for (size_t i = 0; i < r->prompts; i++)
        EID_TRY(eid_store_point(a->store, "extraction.by_prompt",
                                r->by_prompt[i].planted ? "planted" : "natural",
                                (double)r->by_prompt[i].prompt_tokens, &r->by_prompt[i].extracted));
    for (size_t i = 0; i < r->nps; i++) {
        char series[32];
        snprintf(series, sizeof series, "%g", r->np[i].p);
        EID_TRY(eid_store_point(a->store, "extraction.np", series, (double)r->np[i].n,
                                &r->np[i].discoverable));
    }
    for (size_t i = 0; i < r->n_strings; i++)
        EID_TRY(put_string(a, r, in, &r->strings[i]));
    EID_TRY(eid_extract_json(r, in, false, &masked));
    EID_TRY(eid_extract_json(r, in, true, &revealed));
    st = put_json(a, "extraction", masked, revealed);
    masked = revealed = NULL;
done:
    eid_string_free(masked);
    eid_string_free(revealed);
    return st;
}

/* Scores of so many examples are kept for `verify`, evenly spaced among all. */
enum { KEPT_SCORES = 64 };

static const eid_canary *canary_of(const eid_ledger *l, int64_t id)
{
    for (size_t i = 0; i < eid_ledger_size(l); i++)
        if (eid_ledger_at(l, i)->id == id)
            return eid_ledger_at(l, i);
    return NULL;
}

static eid_status put_exposed(audit *a, const eid_space_probe *probe, const eid_exposed *e)
{
    eid_status st = EID_OK;
    const eid_canary *c = canary_of(a->ledger, e->canary);
    eid_space space;
    uint64_t x;
    int32_t *tok = NULL;
    eid_question q = {.measure = "exposure", .example = e->canary, .first = 1, .value = e->nats};

    if (!c)
        return EID_OK;
    EID_TRY(eid_space_of(&space, c->id, c->tmpl, c->secret));
    EID_TRY(eid_space_member(&space, c->id, c->secret, &x));
    EID_TRY(eid_space_tokens(probe, &space, x, &tok, &q.given_n));
    q.given = tok;
    EID_TRY(eid_store_question(a->store, &q, false));
done:
    eid_free(tok);
    return st;
}

static eid_status put_exposed_some(audit *a, const eid_exposure_result *r)
{
    eid_status st = EID_OK;
    eid_space_probe probe;
    size_t n = r->n_canaries < KEPT_SCORES ? r->n_canaries : KEPT_SCORES;

    EID_TRY(eid_space_probe_new(&probe, a->ctx, a->lm, a->bpe));
    for (size_t i = 0; i < n; i++)
        EID_TRY(put_exposed(a, &probe, &r->canaries[i * r->n_canaries / n]));
done:
    return st;
}

eid_status record_exposure(audit *a, const eid_exposure_result *r)
{
    eid_status st = EID_OK;
    char *json = NULL;
    const number numbers[] = {
        {"exposure.space_bits", r->space_bits},
        {"exposure.canaries", (double)r->n_canaries},
        {"exposure.fit.ks", r->fit.ks},
        {"exposure.fit.ks_p", r->fit.ks_p},
    };

    EID_TRY(PUT_NUMBERS(a->store, numbers));
    EID_TRY(eid_store_metric(a->store, "exposure.null", &r->null));
    for (size_t i = 0; i < r->n_rows; i++)
        EID_TRY(eid_store_point(a->store, "exposure.by_copies", "secrets",
                                (double)r->rows[i].copies, &r->rows[i].bits));
    for (size_t i = 0; i < r->n_canaries; i++)
        EID_TRY(eid_store_score(a->store, "exposure", r->canaries[i].canary, r->canaries[i].bits));
    EID_TRY(put_exposed_some(a, r));
    EID_TRY(eid_exposure_json(r, &json));
    st = put_json(a, "exposure", json, NULL);
done:
    return st;
}

/* At most 1,000 points of a curve, the first and the last among them. */
static eid_status put_roc(audit *a, const eid_attack *k)
{
    size_t step = k->points > 1000 ? (k->points + 998) / 999 : 1;

    for (size_t i = 0; i < k->points; i += step) {
        size_t at = i + step >= k->points && i != k->points - 1 && step > 1 ? k->points - 1 : i;
        eid_estimate y = {.value = k->rate[at], .low = NAN, .high = NAN, .method = "exact"};
        eid_status st = eid_store_point(a->store, "membership.roc", k->name, k->fpr[at], &y);
        if (st != EID_OK)
            return st;
    }
    return EID_OK;
}

/* Windows `from`, ... of one side, whose documents are `docs`. */
static eid_status put_windows(audit *a, const eid_membership_result *r, int64_t from, int64_t n,
                              const eid_tokens *docs)
{
    int64_t kept = n < KEPT_SCORES ? n : KEPT_SCORES;

    for (int64_t k = 0; k < kept; k++) {
        int64_t i = from + k * n / kept;
        const eid_membership_sample *s = &r->samples[i];
        eid_question q = {.measure = "membership",
                          .example = i,
                          .first = 1,
                          .given = docs->id + docs->start[s->document] + s->offset,
                          .given_n = (size_t)r->tokens,
                          .value = r->attacks[0].score[i]};
        eid_status st = eid_store_question(a->store, &q, false);
        if (st != EID_OK)
            return st;
    }
    return EID_OK;
}

eid_status record_membership(audit *a, const eid_membership_result *r, const eid_tokens *member)
{
    eid_status st = EID_OK;
    char *json = NULL;
    const number numbers[] = {
        {"membership.members", (double)r->members},
        {"membership.nonmembers", (double)r->nonmembers},
        {"membership.tokens", (double)r->tokens},
        {"membership.alarm", r->alarm},
    };

    EID_TRY(PUT_NUMBERS(a->store, numbers));
    EID_TRY(eid_store_metric(a->store, "membership.blind", &r->blind));
    for (size_t i = 0; i < r->n_attacks; i++) {
        const eid_attack *k = &r->attacks[i];
        EID_TRY(put_metric(a->store, &k->auc, "membership.%s.%s", k->name, "auc"));
        EID_TRY(put_metric(a->store, &k->tpr[0], "membership.%s.%s", k->name, "tpr.0.01"));
        EID_TRY(put_metric(a->store, &k->tpr[1], "membership.%s.%s", k->name, "tpr.0.001"));
        EID_TRY(put_roc(a, k));
    }
    if (r->n_attacks && strcmp(r->attacks[0].name, "loss") == 0) {
        EID_TRY(put_windows(a, r, 0, r->members, member));
        EID_TRY(put_windows(a, r, r->members, r->nonmembers, a->heldout_tokens));
    }
    EID_TRY(eid_membership_json(r, &json));
    st = put_json(a, "membership", json, NULL);
done:
    return st;
}

static eid_status put_personal_row(audit *a, const eid_personal_row *p)
{
    const number counts[] = {
        {"in_training", (double)p->in_training},
        {"asked", (double)p->asked},
        {"emitted", (double)p->emitted},
        {"single_document", (double)p->single_document},
    };
    char name[96];

    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        snprintf(name, sizeof name, "personal.%s.%s", p->kind, counts[i].name);
        eid_status st = eid_store_number(a->store, name, counts[i].value);
        if (st != EID_OK)
            return st;
    }
    eid_status st = put_metric(a->store, &p->share, "personal.%s.%s", p->kind, "share");
    return st == EID_OK ? put_metric(a->store, &p->chance, "personal.%s.%s", p->kind, "chance")
                        : st;
}

eid_status record_personal(audit *a, const eid_personal_result *r)
{
    eid_status st = EID_OK;
    char *masked = NULL, *revealed = NULL, kind[64];

    for (size_t i = 0; i < r->n_rows; i++)
        EID_TRY(put_personal_row(a, &r->rows[i]));
    for (size_t i = 0; i < r->n_emitted; i++) {
        const eid_emitted *e = &r->emitted[i];
        eid_finding f = {.kind = kind,
                         .document =
                             e->document >= 0 ? eid_index_doc_name(a->index, e->document) : NULL,
                         .offset = e->offset,
                         .copies = e->copies,
                         .documents = e->documents,
                         .prompt = e->prompt,
                         .prompt_n = e->prompt_n,
                         .output = e->text,
                         .output_n = e->size};
        snprintf(kind, sizeof kind, "personal.%s", e->kind);
        EID_TRY(eid_store_finding(a->store, &f));
        eid_question q = {.measure = "personal",
                          .example = -1,
                          .given = e->prompt_ids,
                          .given_n = e->prompt_ids_n,
                          .answer = e->output_ids,
                          .answer_n = e->output_ids_n};
        EID_TRY(eid_store_question(a->store, &q, true));
    }
    EID_TRY(eid_personal_json(r, false, &masked));
    EID_TRY(eid_personal_json(r, true, &revealed));
    st = put_json(a, "personal", masked, revealed);
    masked = revealed = NULL;
done:
    eid_string_free(masked);
    eid_string_free(revealed);
    return st;
}
