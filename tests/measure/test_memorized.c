/* Extraction from a model trained then and there: what stood once is not memorized, what stood
 * often is, and the more of it is given the more comes back. */
#include "world.h"
#include "eidetic/measure.h"
#include "eidetic/train.h"

enum { EACH = 12, TIMES = 4, PROMPT = 16, MATCH = 16 };
static const int copies[TIMES] = {1, 4, 16, 64};

/* Background of words drawn at random, in which there is nothing to generalize, and passages of the
 * same words: EACH for every number of copies. */
static void plant(world *w)
{
    eid_rng rng = eid_rng_seed(41);
    const char *path = check_tmp("memorized.jsonl");
    FILE *f = fopen(path, "w");

    *w = (world){0};
    for (int d = 0; d < 60; d++)
        world_add_words(w, &rng, 300);
    for (int k = 0, id = 0; k < TIMES; k++)
        for (int i = 0; i < EACH; i++, id++) {
            char *text = malloc(10 * (PROMPT + MATCH + 8));
            size_t n = random_words(&rng, PROMPT + MATCH + 4, text);
            fprintf(f,
                    "{\"id\":%d,\"kind\":\"passage\",\"template\":\"\",\"secret\":\"\","
                    "\"text\":\"%.*s\",\"copies\":%d,\"documents\":%d}\n",
                    id, (int)n, text, copies[k], copies[k]);
            for (int c = 0; c < copies[k]; c++)
                world_add(w, NULL, c ? strndup(text, n) : text, n);
        }
    fclose(f);
    for (int d = 0; d < 20; d++)
        world_add_words(w, &rng, 300);
    world_build(w, 2, 20, "memorized.idx");
    CHECK_OK(eid_ledger_read(&w->ledger, path));
    w->in.ledger = w->ledger;
    unlink(path);
}

static eid_gpt *train(world *w)
{
    eid_train_opts o = eid_train_opts_default();
    eid_train_result *r = NULL;
    eid_gpt *m = NULL;

    o.width = 64;
    o.layers = 2;
    o.heads = 2;
    o.context = 64;
    o.batch_tokens = 1024;
    o.lr = 4e-3;
    o.steps = 500;
    CHECK_OK(eid_train_lm(&m, &r, w->ctx, w->tokens, NULL, eid_bpe_vocab(w->bpe),
                          eid_bpe_end(w->bpe), &o, check_tmp("memorized-model")));
    if (r)
        printf("# %" PRId64 " parameters, %.1f epochs, %.1f s, loss %.3f\n", r->parameters,
               r->epochs, r->seconds, r->loss);
    eid_train_result_free(r);
    return m;
}

static void extraction_rises_with_copies_and_with_the_prompt(void)
{
    world w;
    eid_extract_opts o = eid_extract_opts_default();
    eid_extract_result *r = NULL;
    eid_lm *lm = NULL;
    double rate[TIMES] = {-1, -1, -1, -1}, by_prompt[8];
    size_t seen = 0, lengths = 0;

    plant(&w);
    eid_gpt *m = train(&w);
    CHECK_OK(eid_lm_from_gpt(&lm, m));
    o.prompt = PROMPT;
    o.match = MATCH;
    o.uniform = 200;
    o.heldout = 100;
    o.per_bucket = 50;
    o.resamples = 500;
    CHECK_OK(eid_extract(&r, w.ctx, lm, &w.in, &o));
    for (size_t b = 0; r && b < r->buckets; b++) {
        const eid_bucket *k = &r->by_copies[b];
        printf("# %s %" PRId64 ": %.3f [%.3f, %.3f] of %" PRId64 "\n", k->series, k->low,
               k->extracted.value, k->extracted.low, k->extracted.high, k->strings);
        if (k->planted && seen < TIMES)
            rate[seen++] = k->extracted.value;
    }
    CHECK_INT(seen, TIMES);
    for (size_t k = 1; k < TIMES; k++)
        CHECK(rate[k] >= rate[k - 1] - 0.1);
    CHECK(rate[0] < 0.1); /* as the baseline: one copy is no more than none */
    CHECK(rate[TIMES - 1] > 0.9);
    CHECK(r->uniform.value < 0.05 && r->heldout.value < 0.05);
    for (size_t i = 0; r && i < r->prompts; i++)
        if (r->by_prompt[i].planted && lengths < 8) {
            printf("# prompt of %" PRId64 ": %.3f\n", r->by_prompt[i].prompt_tokens,
                   r->by_prompt[i].extracted.value);
            by_prompt[lengths++] = r->by_prompt[i].extracted.value;
        }
    CHECK_INT(lengths, 3); /* 4, 8, 16 */
    CHECK(by_prompt[lengths - 1] >= by_prompt[0]);
    /* (n, p) overtakes greedy when n is large: what greedy finds has a fair chance each time. */
    for (size_t i = 0; r && i < r->nps; i++)
        CHECK(i == 0 || r->np[i].discoverable.value >= r->np[i - 1].discoverable.value);
    CHECK(r->np[r->nps - 1].discoverable.value >= r->uniform.value);
    eid_extract_result_free(r);
    eid_lm_free(lm);
    eid_gpt_free(m);
    world_free(&w);
}

/* A string is extracted exactly when teacher forcing finds its right tokens on top, one after the
 * other. */
static void greedy_agrees_with_teacher_forcing(void)
{
    world w;
    eid_extract_opts o = eid_extract_opts_default();
    eid_extract_result *r = NULL;
    eid_scores *s = NULL;
    eid_lm *lm = NULL;
    int hits = 0;

    plant(&w);
    eid_gpt *m = train(&w);
    CHECK_OK(eid_lm_from_gpt(&lm, m));
    o.prompt = PROMPT;
    o.match = MATCH;
    o.uniform = o.heldout = 50;
    o.per_bucket = 0;
    o.by_prompt = 0;
    CHECK_OK(eid_extract(&r, w.ctx, lm, &w.in, &o));
    for (size_t i = 0; r && i < r->n_strings; i++) {
        const eid_seq seq = {r->strings[i].prompt, PROMPT + MATCH, PROMPT};
        bool all = true;
        CHECK_OK(eid_lm_score(w.ctx, lm, &seq, 1, EID_WANT_ARGMAX, NULL, &s));
        for (int k = 0; k < MATCH; k++)
            all = all && s->argmax[k] == r->strings[i].expected[k];
        CHECK_INT(r->strings[i].exact, all);
        hits += all;
        eid_scores_free(s);
        s = NULL;
    }
    CHECK(hits > 5 && r && hits < (int)r->n_strings);
    eid_extract_result_free(r);
    eid_lm_free(lm);
    eid_gpt_free(m);
    world_free(&w);
}

int main(void)
{
    RUN(extraction_rises_with_copies_and_with_the_prompt);
    RUN(greedy_agrees_with_teacher_forcing);
    return DONE();
}
