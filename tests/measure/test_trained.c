/* Exposure and membership of models trained then and there: what was seen often is found, what was
 * seen once is not. */
#include "random_text.h"
#include "base/memory.h"
#include "corpus/ledger.h"
#include "eidetic/rng.h"

static eid_ctx *ctx;
static eid_bpe *bpe;

static eid_gpt *train(const texts *t, int64_t epochs, const char *name)
{
    eid_train_opts o = eid_train_opts_default();
    eid_train_result *r = NULL;
    eid_gpt *m = NULL;
    const char *dir = check_tmp(name);
    o.width = 64;
    o.layers = 2;
    o.heads = 2;
    o.context = 64;
    o.batch_tokens = 512;
    o.steps = t->tokens->start[t->n] * epochs / o.batch_tokens;
    CHECK_OK(
        eid_train_lm(&m, &r, ctx, t->tokens, NULL, eid_bpe_vocab(bpe), eid_bpe_end(bpe), &o, dir));
    printf("# %s: %" PRId64 " parameters, %.1f epochs, %.1f s, loss %.3f\n", name, r->parameters,
           r->epochs, r->seconds, r->loss);
    eid_train_result_free(r);
    return m;
}

static eid_membership_result *attack(eid_gpt *m, const texts *in, const texts *out)
{
    eid_membership_opts o = eid_membership_opts_default();
    eid_membership_result *r = NULL;
    eid_lm *lm = NULL;
    o.tokens = 32;
    CHECK_OK(eid_lm_from_gpt(&lm, m));
    CHECK_OK(eid_membership(&r, ctx, lm, bpe, in->tokens, out->tokens, NULL, &o));
    printf("# %" PRId64 " members, %" PRId64 " non-members, blind %.3f [%.3f, %.3f]\n", r->members,
           r->nonmembers, r->blind.value, r->blind.low, r->blind.high);
    for (size_t a = 0; a < r->n_attacks; a++)
        printf("# %-9s AUC %.3f [%.3f, %.3f], TPR at 1%% %.3f\n", r->attacks[a].name,
               r->attacks[a].auc.value, r->attacks[a].auc.low, r->attacks[a].auc.high,
               r->attacks[a].tpr[0].value);
    eid_lm_free(lm);
    return r;
}

static void fifty_epochs_give_every_member_away(void)
{
    texts *in = random_texts(30, 600, 1, 1), *out = random_texts(30, 600, 1, 2);
    encode(in, ctx, bpe);
    encode(out, ctx, bpe);
    eid_gpt *m = train(in, 50, "fifty");
    eid_membership_result *r = attack(m, in, out);
    CHECK_INT(r->n_attacks, 5);
    for (size_t a = 0; a < r->n_attacks; a++)
        CHECK(r->attacks[a].auc.value > 0.8);
    CHECK(!r->alarm);
    eid_membership_result_free(r);
    eid_gpt_free(m);
    texts_free(in);
    texts_free(out);
}

static void one_epoch_of_unique_text_gives_nobody_away(void)
{
    texts *in = random_texts(500, 600, 1, 3), *out = random_texts(300, 600, 1, 4);
    encode(in, ctx, bpe);
    encode(out, ctx, bpe);
    eid_gpt *m = train(in, 1, "one");
    eid_membership_result *r = attack(m, in, out);
    for (size_t a = 0; a < r->n_attacks; a++)
        CHECK(r->attacks[a].auc.value <= 0.56);
    CHECK(!r->alarm && r->blind.low <= 0.5 && r->blind.high >= 0.5);
    eid_membership_result_free(r);
    eid_gpt_free(m);
    texts_free(in);
    texts_free(out);
}

/* ---- exposure
 * -------------------------------------------------------------------------------------- */

enum { BUCKETS = 5, EACH = 8, NULLS = 2000 };
static const int64_t copies_of[BUCKETS] = {1, 4, 16, 64, 128};

/* Distinct secrets of four digits: EACH per bucket of copies, then those never planted. */
static eid_ledger *draw_secrets(void)
{
    static int64_t order[10000];
    eid_rng rng = eid_rng_seed(9);
    eid_ledger *l = NULL;
    CHECK_OK(EID_NEW(l, 1));
    for (int64_t i = 0; i < 10000; i++)
        order[i] = i;
    eid_rng_shuffle(&rng, order, 10000);
    for (int64_t i = 0; i < BUCKETS * EACH + NULLS; i++) {
        char secret[8];
        int64_t copies = i < BUCKETS * EACH ? copies_of[i / EACH] : 0;
        snprintf(secret, sizeof secret, "%04" PRId64, order[i]);
        eid_canary c = {
            i, EID_CANARY_SECRET, "Vault code {}.", secret, (const uint8_t *)"-", 1, copies, -1};
        CHECK_OK(eid_ledger_add(l, &c));
    }
    return l;
}

/* Puts each planted secret, with its template, at random places of the texts, over what stood
 * there. */
static void plant_secrets(texts *t, size_t size, const eid_ledger *l)
{
    eid_rng rng = eid_rng_seed(10);
    bool *used = calloc(t->n * (size / 20), 1);
    for (size_t i = 0; i < BUCKETS * EACH; i++) {
        const eid_canary *c = eid_ledger_at(l, i);
        for (int64_t k = 0; k < c->copies; k++) {
            size_t place;
            do
                place = (size_t)eid_rng_below(&rng, t->n * (size / 20));
            while (used[place]);
            used[place] = true;
            char text[24];
            int n = snprintf(text, sizeof text, "Vault code %s. ", c->secret);
            memcpy(t->bytes[place / (size / 20)] + place % (size / 20) * 20, text, (size_t)n);
        }
    }
    free(used);
}

static void exposure_grows_with_copies(void)
{
    texts *t = random_texts(300, 600, 1, 5);
    eid_ledger *l = draw_secrets();
    eid_exposure_opts o = eid_exposure_opts_default();
    eid_exposure_result *r = NULL;
    eid_lm *lm = NULL;
    eid_estimate rho;
    double copies[BUCKETS * EACH], bits[BUCKETS * EACH];
    plant_secrets(t, 600, l);
    encode(t, ctx, bpe);
    eid_gpt *m = train(t, 3, "secrets");
    CHECK_OK(eid_lm_from_gpt(&lm, m));
    CHECK_OK(eid_exposure(&r, ctx, lm, bpe, l, &o));
    printf("# null %.3f [%.3f, %.3f]\n", r->null.value, r->null.low, r->null.high);
    for (size_t i = 0; i < r->n_rows; i++)
        printf("# %" PRId64 " copies: %.2f [%.2f, %.2f] bits\n", r->rows[i].copies,
               r->rows[i].bits.value, r->rows[i].bits.low, r->rows[i].bits.high);
    for (size_t i = 0; i < BUCKETS * EACH; i++) {
        copies[i] = (double)r->canaries[i].copies;
        bits[i] = r->canaries[i].bits;
    }
    CHECK_CLOSE(r->null.value, 1.44, 0, 0.1);
    CHECK_OK(eid_spearman(copies, bits, BUCKETS * EACH, &rho));
    printf("# rank correlation of bits with copies %.2f [%.2f, %.2f]\n", rho.value, rho.low,
           rho.high);
    CHECK(rho.low > 0.5);
    for (size_t i = 2; i < r->n_rows; i++)
        CHECK(r->rows[i].bits.value >= r->rows[i - 1].bits.value - 0.5);
    CHECK(r->rows[0].bits.low < 3);
    CHECK(r->rows[BUCKETS - 1].bits.value > 8);
    eid_exposure_result_free(r);
    eid_lm_free(lm);
    eid_gpt_free(m);
    eid_ledger_free(l);
    texts_free(t);
}

int main(void)
{
    eid_ctx_opts threads = {.threads = 2};
    CHECK_OK(eid_ctx_new(&ctx, &threads));
    texts *sample = random_texts(50, 600, 1, 6);
    eid_bpe_opts o = eid_bpe_opts_default();
    o.vocab = 320;
    CHECK_OK(eid_corpus_from(&sample->corpus, sample->doc, sample->n));
    CHECK_OK(eid_bpe_train(&bpe, ctx, sample->corpus, &o));
    texts_free(sample);
    RUN(fifty_epochs_give_every_member_away);
    RUN(one_epoch_of_unique_text_gives_nobody_away);
    RUN(exposure_grows_with_copies);
    eid_bpe_free(bpe);
    eid_ctx_free(ctx);
    return DONE();
}
