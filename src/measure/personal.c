/* personal.c - which personal data of the training text the model gives away. */
#include "measure/personal.h"
#include "measure/extract.h"
#include "measure/shown.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { RESAMPLES = 2000 };

eid_personal_opts eid_personal_opts_default(void)
{
    return (eid_personal_opts){.prompt = 32, .match = 32, .per_kind = 1000, .seed = 1};
}

#define AT(field) offsetof(eid_personal_opts, field)
const eid_opt eid_personal_opt_table[] = {
    {EID_OPT_I64, "prompt", AT(prompt), 1, 1e6, "tokens of the text before that are given", NULL,
     0},
    {EID_OPT_I64, "match", AT(match), 1, 1e6, "tokens that the model continues", NULL, 0},
    {EID_OPT_I64, "per-kind", AT(per_kind), 1, 1e7, "distinct ones asked for per kind, at most",
     NULL, 0},
    {EID_OPT_I64, "seed", AT(seed), 0, 1e15, "seed of sampling", NULL, 0},
    {0}};
#undef AT

void eid_personal_result_free(eid_personal_result *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n_emitted; i++) {
        eid_free(r->emitted[i].text);
        eid_free(r->emitted[i].prompt);
        eid_free(r->emitted[i].output);
        eid_free(r->emitted[i].prompt_ids);
        eid_free(r->emitted[i].output_ids);
        eid_string_free(r->emitted[i].name);
    }
    eid_free(r->emitted);
    eid_free(r->rows);
    eid_free(r);
}

/* ---- the list of what came out
 * -------------------------------------------------------------------------- */

static eid_status copy(uint8_t **out, const uint8_t *bytes, size_t n)
{
    eid_status st = EID_NEW(*out, n + 1);
    if (st == EID_OK && n > 0)
        memcpy(*out, bytes, n);
    return st;
}

static eid_status copy_ids(int32_t **out, const int32_t *ids, size_t n)
{
    eid_status st = EID_NEW(*out, n + 1);
    if (st == EID_OK && n > 0)
        memcpy(*out, ids, n * sizeof *ids);
    return st;
}

static eid_status add_emitted(const eid_bpe *bpe, const eid_index *ix, const eid_datum *d,
                              size_t match, eid_emitted *e)
{
    eid_status st = EID_OK;
    eid_buf prompt = {0};
    eid_place place;
    int64_t found = 0;

    e->kind = eid_secret_kind_name(d->kind);
    e->size = d->size;
    e->output_n = d->output_n;
    EID_TRY(copy(&e->text, d->text, d->size));
    EID_TRY(copy(&e->output, d->output, d->output_n));
    e->prompt_ids_n = (size_t)d->prompt_n;
    e->output_ids_n = match;
    EID_TRY(copy_ids(&e->prompt_ids, d->prompt, e->prompt_ids_n));
    EID_TRY(copy_ids(&e->output_ids, d->answer, match));
    EID_TRY(eid_text_of(bpe, d->prompt, (size_t)d->prompt_n, &prompt));
    e->prompt = prompt.at;
    e->prompt_n = prompt.n;
    prompt.at = NULL;
    EID_TRY(eid_index_count(ix, d->text, d->size, &e->copies, &e->documents));
    if (e->copies > 0)
        EID_TRY(eid_index_locate(ix, d->text, d->size, &place, 1, &found));
    e->document = found ? place.doc : -1;
    e->offset = found ? place.offset : -1;
    EID_TRY(eid_strdup(&e->name, found ? eid_index_doc_name(ix, place.doc) : ""));
done:
    eid_buf_free(&prompt);
    return st;
}

/* What stands in one document alone is the gravest. */
static int by_gravity(const void *a, const void *b)
{
    const eid_emitted *x = a, *y = b;
    bool single_x = x->documents == 1, single_y = y->documents == 1;

    if (single_x != single_y)
        return single_x ? -1 : 1;
    int c = strcmp(x->kind, y->kind);
    if (c == 0)
        c = (x->document > y->document) - (x->document < y->document);
    if (c == 0)
        c = (x->offset > y->offset) - (x->offset < y->offset);
    return c ? c : (x->size > y->size) - (x->size < y->size);
}

static eid_status list_emitted(const eid_bpe *bpe, const eid_index *ix, const eid_data *d,
                               eid_personal_result *r)
{
    eid_status st = EID_OK;
    size_t n = 0;

    for (size_t i = 0; i < d->n; i++)
        n += d->at[i].emitted;
    EID_TRY(EID_NEW(r->emitted, n));
    for (size_t i = 0; i < d->n; i++)
        if (d->at[i].emitted)
            EID_TRY(add_emitted(bpe, ix, &d->at[i], (size_t)r->opts.match,
                                &r->emitted[r->n_emitted++]));
    qsort(r->emitted, r->n_emitted, sizeof *r->emitted, by_gravity);
done:
    return st;
}

/* ---- rows
 * --------------------------------------------------------------------------------------------------
 */

/* Share of those of a kind that were asked for that came out; resampled by document, for a list of
 * addresses is remembered or forgotten as a whole. */
static eid_status share_of(const eid_data *d, eid_secret_kind kind, const char *none, uint64_t seed,
                           eid_estimate *e)
{
    eid_status st = EID_OK;
    double *x = NULL;
    int64_t *cluster = NULL;
    size_t n = 0;

    EID_TRY(EID_NEW(x, d->n));
    EID_TRY(EID_NEW(cluster, d->n));
    for (size_t i = 0; i < d->n; i++)
        if (d->at[i].kind == kind && d->at[i].prompt) {
            x[n] = d->at[i].emitted;
            cluster[n++] = d->at[i].doc;
        }
    *e = eid_estimate_none(none);
    if (n > 0)
        EID_TRY(eid_mean_bootstrap(x, cluster, n, RESAMPLES, seed, e));
done:
    eid_free(x);
    eid_free(cluster);
    return st;
}

static eid_status sum_rows(const eid_data *train, const eid_data *heldout, bool listed,
                           eid_personal_result *r)
{
    eid_status st = EID_OK;
    size_t kinds = listed ? EID_SECRET_LISTED + 1 : EID_SECRET_LISTED;

    EID_TRY(EID_NEW(r->rows, kinds));
    for (size_t k = 0; k < kinds; k++) {
        eid_personal_row *row = &r->rows[r->n_rows++];
        row->kind = eid_secret_kind_name((eid_secret_kind)k);
        for (size_t i = 0; i < train->n; i++) {
            const eid_datum *d = &train->at[i];
            if ((size_t)d->kind != k)
                continue;
            row->in_training++;
            row->asked += d->prompt != NULL;
            row->emitted += d->emitted;
        }
        for (size_t i = 0; i < r->n_emitted; i++)
            row->single_document += r->emitted[i].kind == row->kind && r->emitted[i].documents == 1;
        EID_TRY(share_of(train, (eid_secret_kind)k, "none was asked for", (uint64_t)r->opts.seed,
                         &row->share));
        EID_TRY(share_of(heldout, (eid_secret_kind)k,
                         heldout->corpus ? "none stands in the held-out text alone"
                                         : "no held-out text was given",
                         (uint64_t)r->opts.seed, &row->chance));
    }
done:
    return st;
}

/* ---- the whole
 * ------------------------------------------------------------------------------------------- */

static eid_status check_question(eid_lm *lm, const eid_bpe *bpe, const eid_personal_opts *o)
{
    if (!(eid_lm_caps(lm) & EID_LM_GENERATE))
        return eid_fail(EID_EUNSUPPORTED, "personal data: the probe cannot continue prompts");
    if (o->prompt < 1 || o->match < 1 || o->prompt + o->match > eid_lm_context(lm))
        return eid_fail(EID_EINVAL,
                        "personal data: a prompt of %" PRId64 " and %" PRId64
                        " tokens to match do not fit the model's context of %" PRId64,
                        o->prompt, o->match, eid_lm_context(lm));
    if (eid_bpe_vocab(bpe) > eid_lm_vocab(lm))
        return eid_fail(EID_EINVAL,
                        "personal data: the tokenizer has %d entries, the model only %d: they do "
                        "not belong together",
                        eid_bpe_vocab(bpe), eid_lm_vocab(lm));
    return EID_OK;
}

eid_status eid_personal(eid_personal_result **out, eid_ctx *ctx, eid_lm *lm, const eid_bpe *bpe,
                        const eid_index *index, const eid_corpus *train, const eid_corpus *heldout,
                        const eid_strings *listed, const eid_personal_opts *opts)
{
    eid_status st = EID_OK;
    eid_data in = {0}, unseen = {0};
    eid_listed *list = NULL;
    eid_personal_result *r = NULL;
    uint64_t seed = (uint64_t)opts->seed;

    EID_TRY(check_question(lm, bpe, opts));
    EID_TRY(eid_listed_new(&list, listed));
    EID_TRY(EID_NEW(r, 1));
    r->opts = *opts;
    EID_TRY(eid_data_find(ctx, train, list, &in));
    EID_TRY(eid_data_choose(&in, opts->per_kind, seed, EID_STREAM_PERSONAL));
    EID_TRY(eid_data_ask(ctx, lm, bpe, opts, &in));
    if (heldout) {
        EID_TRY(eid_data_find(ctx, heldout, list, &unseen));
        EID_TRY(eid_data_drop_known(ctx, index, &unseen));
        EID_TRY(eid_data_choose(&unseen, opts->per_kind, seed, EID_STREAM_PERSONAL_HELDOUT));
        EID_TRY(eid_data_ask(ctx, lm, bpe, opts, &unseen));
    }
    EID_TRY(list_emitted(bpe, index, &in, r));
    EID_TRY(sum_rows(&in, &unseen, listed && listed->n > 0, r));
    *out = r;
    r = NULL;
done:
    eid_data_free(&in);
    eid_data_free(&unseen);
    eid_listed_free(list);
    eid_personal_result_free(r);
    return st;
}
