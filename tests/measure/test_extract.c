/* Extraction against models that know exactly what they were told. */
#include "world.h"
#include "eidetic/measure.h"

/* Documents of random words; the model knows the even ones, and of the odd ones 20 tokens in 50,
 * which is never enough. */
static void half_known(world *w, int threads)
{
    eid_rng rng = eid_rng_seed(7);

    *w = (world){0};
    for (int d = 0; d < 60; d++)
        world_add_words(w, &rng, 300);
    world_build(w, threads, 20, "half");
    for (size_t d = 0; d < w->tokens->docs; d++) {
        const eid_tokens *t = w->tokens;
        if (d % 2 == 0)
            world_learn(w, d);
        else
            for (int64_t at = t->start[d]; at + 20 < t->start[d + 1]; at += 50)
                table_learn(&w->model, t->id + at, 20);
    }
}

static eid_extract_opts few(void)
{
    eid_extract_opts o = eid_extract_opts_default();
    o.uniform = 150;
    o.per_bucket = 60;
    o.heldout = 60;
    o.strings = 1000;
    o.resamples = 200;
    return o;
}

static void known_documents_come_back_and_others_do_not(void)
{
    world w;
    eid_extract_result *r = NULL;
    eid_extract_opts o = few();
    int64_t hits = 0, natural = 0, partial = 0;

    half_known(&w, 2);
    o.per_bucket = 0;
    CHECK_OK(eid_extract(&r, w.ctx, w.lm, &w.in, &o));
    if (!r)
        return;
    CHECK(r->uniform.n > 100);
    for (size_t i = 0; i < r->n_strings; i++) {
        const eid_extracted *s = &r->strings[i];
        CHECK_INT(s->exact, s->document % 2 == 0);
        CHECK_INT(s->copies, 1);
        CHECK_INT(s->documents, 1);
        CHECK_INT(s->canary, -1);
        CHECK(s->exact == (memcmp(s->output, s->expected, 32 * sizeof(int32_t)) == 0));
        CHECK(i == 0 || s->exact <= r->strings[i - 1].exact);
        hits += s->exact;
        natural++;
    }
    CHECK_INT(natural, r->uniform.n);
    CHECK_CLOSE(r->uniform.value, (double)hits / (double)natural, 1e-12, 0);
    CHECK(r->uniform.low > 0.3 && r->uniform.high < 0.7 && r->uniform.low < r->uniform.value);
    CHECK_CLOSE(r->heldout.value, 0, 0, 0);
    CHECK(r->heldout.n > 30 && r->heldout.high < 0.3);
    CHECK_INT(r->heldout_novel.n, r->heldout.n);
    CHECK_INT(r->matches[32], hits);
    CHECK(r->matched.value > r->uniform.value + 0.01);
    for (int m = 0; m < 32; m++)
        partial += m > 0 ? r->matches[m] : 0;
    CHECK(partial > 0 && partial + r->matches[0] == natural - hits);
    eid_extract_result_free(r);
    world_free(&w);
}

/* What the index does not hold is no extraction from it, but it does move the baseline. */
static void the_baseline_sees_a_model_that_knows_the_heldout_text(void)
{
    world w;
    eid_extract_result *r = NULL;
    eid_extract_opts o = few();

    half_known(&w, 2);
    o.uniform = o.per_bucket = 0;
    for (size_t d = 0; d < w.heldout_tokens->docs; d++)
        table_learn(&w.model, w.heldout_tokens->id + w.heldout_tokens->start[d],
                    w.heldout_tokens->start[d + 1] - w.heldout_tokens->start[d]);
    CHECK_OK(eid_extract(&r, w.ctx, w.lm, &w.in, &o));
    CHECK_CLOSE(r->heldout.value, 1, 0, 0);
    CHECK(isnan(r->uniform.value) && strcmp(r->uniform.why, "not asked for") == 0);
    eid_extract_result_free(r);
    w.in.heldout = NULL;
    CHECK_OK(eid_extract(&r, w.ctx, w.lm, &w.in, &o));
    CHECK(isnan(r->heldout.value) && strstr(r->heldout.why, "no held-out text"));
    eid_extract_result_free(r);
    world_free(&w);
}

/* Held-out documents: one stands in training word for word; in the others training text follows on
 * words of their own, so that a continuation may be known though the whole is not. */
static void the_baseline_leaves_out_what_training_holds(void)
{
    world w = {0};
    eid_extract_result *r = NULL;
    eid_extract_opts o = few();
    eid_rng rng = eid_rng_seed(17);

    for (int d = 0; d < 20; d++)
        world_add_words(&w, &rng, 300);
    for (int d = 0; d < 10; d++) {
        char *text = malloc(3000);
        size_t n = 0;
        for (int k = 0; k < 3; k++) {
            const uint8_t *from = w.doc[d].bytes + 400 * k;
            n += random_words(&rng, 25, text + n);
            memcpy(text + n, from, 350);
            n += 350;
        }
        world_add(&w, NULL, text, n);
    }
    world_add(&w, NULL, strndup((const char *)w.doc[0].bytes, w.doc[0].size), w.doc[0].size);
    world_build(&w, 2, 11, "known");
    for (size_t d = 0; d < 20; d++)
        world_learn(&w, d);
    o.uniform = o.per_bucket = 0;
    CHECK_OK(eid_extract(&r, w.ctx, w.lm, &w.in, &o));
    CHECK(r->heldout.value > 0 && r->heldout.value < 1);
    CHECK(r->heldout_novel.n > 0 && r->heldout_novel.n < r->heldout.n);
    CHECK_CLOSE(r->heldout_novel.value, 0, 0, 0);
    eid_extract_result_free(r);
    eid_tokens_free(w.heldout_tokens); /* the copy alone is left */
    eid_corpus_free(w.heldout);
    CHECK_OK(eid_corpus_from(&w.heldout, w.doc + w.docs - 1, 1));
    CHECK_OK(eid_bpe_encode_corpus(&w.heldout_tokens, w.ctx, w.bpe, w.heldout));
    w.in.heldout = w.heldout_tokens;
    CHECK_OK(eid_extract(&r, w.ctx, w.lm, &w.in, &o));
    CHECK(isnan(r->heldout.value) && strstr(r->heldout.why, "absent from training"));
    eid_extract_result_free(r);
    world_free(&w);
}

/* ---- by copies
 * ---------------------------------------------------------------------------------------- */

enum { PARAGRAPH = 2600 }; /* words: room for 40 strings of 64 tokens */

/* A paragraph with 2, 4, 12 and 30 copies in documents that are otherwise random; the model knows
 * the two common ones. */
static void paragraphs(world *w, int threads)
{
    static const int copies[] = {2, 4, 12, 30};
    eid_rng rng = eid_rng_seed(11);
    char *par[4];
    size_t size[4];

    *w = (world){0};
    for (int p = 0; p < 4; p++) {
        par[p] = malloc(10 * PARAGRAPH);
        size[p] = random_words(&rng, PARAGRAPH, par[p]);
    }
    for (int d = 0; d < 40; d++) {
        char *text = malloc(10 * (60 + 4 * (PARAGRAPH + 20)));
        size_t n = random_words(&rng, 60, text);
        for (int p = 0; p < 4; p++)
            if ((d + 7 * p) % 40 < copies[p]) {
                memcpy(text + n, par[p], size[p]);
                n += size[p];
                n += random_words(&rng, 20, text + n);
            }
        world_add(w, NULL, text, n);
    }
    world_build(w, threads, 0, "paragraphs");
    for (int p = 2; p < 4; p++) {
        int32_t *ids;
        size_t n;
        CHECK_OK(eid_bpe_encode(w->bpe, (const uint8_t *)par[p], size[p], false, &ids, &n));
        table_learn(&w->model, ids, (int64_t)n);
        eid_ids_free(ids);
    }
    for (int p = 0; p < 4; p++)
        free(par[p]);
}

static int64_t text_size(const world *w, const eid_extracted *s)
{
    size_t sum = 0, size;
    for (int i = 0; i < 64; i++) {
        (void)eid_bpe_bytes(w->bpe, s->prompt[i], &size);
        sum += size;
    }
    return (int64_t)sum;
}

static void natural_strings_fall_into_their_buckets(void)
{
    world w;
    eid_extract_result *r = NULL;
    eid_extract_opts o = few();
    int seen = 0;

    paragraphs(&w, 2);
    o.by_prompt = o.uniform = 0; /* uniform strings may overlap with those by copies */
    CHECK_OK(eid_extract(&r, w.ctx, w.lm, &w.in, &o));
    for (size_t b = 0; b < r->buckets; b++) {
        const eid_bucket *k = &r->by_copies[b];
        CHECK_STR(k->series, "natural");
        CHECK(b == 0 || k->low >= r->by_copies[b - 1].high);
        CHECK(k->strings <= o.per_bucket && k->strings == k->extracted.n);
        for (int p = 0; p < 4; p++) {
            int c = (int[]){2, 4, 12, 30}[p];
            if (k->low <= c && c < k->high && k->low > 1) {
                CHECK_CLOSE(k->extracted.value, p >= 2, 0,
                            0.1); /* some windows hang over the edge */
                seen++;
            }
        }
    }
    CHECK_INT(seen, 4);
    for (size_t i = 0; i < r->n_strings; i++) {
        const eid_extracted *a = &r->strings[i];
        CHECK(a->copies >= 1 && a->documents >= 1 && a->documents <= a->copies);
        for (size_t k = 0; k < i; k++) { /* no two share a byte of their first places */
            const eid_extracted *b = &r->strings[k];
            CHECK(a->document != b->document || a->offset >= b->offset + text_size(&w, b) ||
                  b->offset >= a->offset + text_size(&w, a));
        }
    }
    eid_extract_result_free(r);
    world_free(&w);
}

static void the_prompt_curve_rises_where_the_model_needs_context(void)
{
    world w;
    eid_extract_result *r = NULL;
    eid_extract_opts o = few();
    size_t points = 0;

    paragraphs(&w, 2);
    w.model.least = 20;
    o.uniform = 0;
    CHECK_OK(eid_extract(&r, w.ctx, w.lm, &w.in, &o));
    for (size_t i = 0; i < r->prompts; i++) {
        const eid_prompt_point *p = &r->by_prompt[i];
        CHECK(!p->planted && p->extracted.n > 10);
        CHECK(i == 0 || p->prompt_tokens > r->by_prompt[i - 1].prompt_tokens);
        if (p->prompt_tokens < 20)
            CHECK_CLOSE(p->extracted.value, 0, 0, 0);
        else
            CHECK(p->extracted.value > 0.9);
        points++;
    }
    CHECK(points >= 6); /* 4 8 16 24 32 48 ... */
    CHECK(r->prompts > 0 && r->by_prompt[r->prompts - 1].prompt_tokens > 32);
    eid_extract_result_free(r);
    world_free(&w);
}

/* Forty paragraphs of 110 words, eight copies of each, every copy a document: strings begin 0 to 32
 * tokens into them, and only those with enough text before them answer for the longer prompts. */
static void the_prompt_curve_asks_the_same_strings_at_every_length(void)
{
    world w = {0};
    eid_extract_result *r = NULL;
    eid_extract_opts o = few();
    eid_rng rng = eid_rng_seed(13);
    int64_t longest = 0;

    for (int p = 0; p < 40; p++) {
        char *text = malloc(1200);
        size_t n = random_words(&rng, 110, text);
        for (int c = 0; c < 8; c++)
            world_add(&w, NULL, c ? strndup(text, n) : text, n);
    }
    world_build(&w, 2, 0, "before");
    o.uniform = 0;
    CHECK_OK(eid_extract(&r, w.ctx, w.lm, &w.in, &o));
    CHECK_INT(r->buckets, 1);
    CHECK(r->prompts > 5);
    for (size_t i = 0; i < r->prompts; i++) {
        CHECK_INT(r->by_prompt[i].extracted.n, r->by_prompt[0].extracted.n);
        longest = r->by_prompt[i].prompt_tokens;
    }
    CHECK_INT(longest, 48); /* most, but not all, have 16 tokens before the usual 32 */
    CHECK(r->by_prompt[0].extracted.n >= r->by_copies[0].strings / 2 &&
          r->by_prompt[0].extracted.n < r->by_copies[0].strings);
    eid_extract_result_free(r);
    world_free(&w);
}

/* ---- samples
 * ------------------------------------------------------------------------------------------- */

/* With score s for the right token, 0 for the others and the top k of V, the right one has chance
 * e^s / (e^s + k - 1). */
static void p_z_has_its_closed_form(void)
{
    world w;
    eid_extract_result *r = NULL;
    eid_extract_opts o = few();
    double right = exp(3.0) / (exp(3.0) + 9), log_pz;

    half_known(&w, 2);
    w.model.score = 3;
    o.np_top_k = 10;
    o.match = 4;
    o.per_bucket = 0;
    CHECK_OK(eid_extract(&r, w.ctx, w.lm, &w.in, &o));
    log_pz = 4 * log(right);
    for (size_t i = 0; i < r->n_strings && r->strings[i].exact; i++)
        CHECK_CLOSE(r->strings[i].log_pz, log_pz, 1e-5, 0); /* four sums in float */
    for (size_t i = 0; i < r->nps; i++) {
        const eid_np_point *np = &r->np[i];
        bool found = 1 - pow(1 - exp(log_pz), (double)np->n) >= o.np_p;
        if (found) /* the known half, and by luck of ties little more */
            CHECK(np->discoverable.value >= r->uniform.value);
        else
            CHECK_CLOSE(np->discoverable.value, 0, 0, 0);
    }
    CHECK(r->nps >= 4 && r->np[0].discoverable.value == 0);
    CHECK(r->np[r->nps - 1].discoverable.value >= r->uniform.value);
    eid_extract_result_free(r);
    world_free(&w);
}

/* Samples are hits as often as p_z says: within 4 standard deviations, which a right one leaves
 * once in 16,000 seeds. */
static void sampling_agrees_with_p_z(void)
{
    enum { SAMPLES = 4000, MATCH = 3 };
    world w;
    eid_seq seq[SAMPLES], whole;
    eid_sampler sampler = {.temperature = 1, .top_p = 1, .top_k = 5, .seed = 3};
    eid_scores *s = NULL;
    static int32_t out[SAMPLES * MATCH];
    int hits = 0;

    half_known(&w, 2);
    w.model.score = 2;
    const int32_t *tok = w.tokens->id;
    for (int i = 0; i < SAMPLES; i++)
        seq[i] = (eid_seq){tok, 32, 32};
    whole = (eid_seq){tok, 32 + MATCH, 32};
    CHECK_OK(eid_lm_generate(w.ctx, w.lm, seq, SAMPLES, NULL, MATCH, &sampler, -1, out));
    CHECK_OK(eid_lm_score(w.ctx, w.lm, &whole, 1, EID_WANT_SAMPLER, &sampler, &s));
    double log_pz = 0;
    for (int64_t i = 0; i < s->total; i++)
        log_pz += (double)s->sampler[i];
    for (int i = 0; i < SAMPLES; i++)
        hits += memcmp(out + i * MATCH, tok + 32, MATCH * sizeof *out) == 0;
    double p = exp(log_pz);
    CHECK_CLOSE(p, pow(exp(2.0) / (exp(2.0) + 4), MATCH), 1e-5, 0);
    CHECK_CLOSE(hits, p * SAMPLES, 0, 4 * sqrt(SAMPLES * p * (1 - p)));
    eid_scores_free(s);
    world_free(&w);
}

/* ---- promises
 * ------------------------------------------------------------------------------------------- */

static void the_answer_is_the_same_for_any_number_of_threads(void)
{
    world w;
    char *json[3] = {NULL, NULL, NULL};

    paragraphs(&w, 2);
    for (int t = 0; t < 3; t++) {
        eid_extract_result *r = NULL;
        eid_extract_opts o = few();
        o.per_bucket = 20;
        eid_ctx_opts co = eid_ctx_opts_default();
        eid_ctx *ctx = NULL;
        co.threads = (int[]){1, 2, 5}[t];
        CHECK_OK(eid_ctx_new(&ctx, &co));
        CHECK_OK(eid_extract(&r, ctx, w.lm, &w.in, &o));
        CHECK_OK(eid_extract_json(r, &w.in, true, &json[t]));
        eid_extract_result_free(r);
        eid_ctx_free(ctx);
    }
    CHECK_STR(json[1], json[0]);
    CHECK_STR(json[2], json[0]);
    for (int t = 0; t < 3; t++)
        eid_string_free(json[t]);
    world_free(&w);
}

static void json_masks_unless_told_otherwise(void)
{
    world w = {0};
    eid_extract_result *r = NULL;
    eid_extract_opts o = few();
    eid_rng rng = eid_rng_seed(5);
    char *text = malloc(20000), *json = NULL;
    size_t n = 0;

    for (int i = 0; i < 30; i++) {
        n += random_words(&rng, 8, text + n);
        n += (size_t)snprintf(text + n, 64, "john.doe%d@example.org 55%04d77 ", i, i * 37);
    }
    world_add(&w, "mail", text, n);
    world_build(&w, 1, 0, "mask");
    world_learn(&w, 0);
    CHECK_OK(eid_extract(&r, w.ctx, w.lm, &w.in, &o));
    CHECK(r->n_strings > 3);
    CHECK_OK(eid_extract_json(r, &w.in, false, &json));
    CHECK(!strstr(json, "example.org") && !strstr(json, "john.doe") &&
          strstr(json, "\"name\":\"mail\""));
    CHECK(!strstr(json, "77 ") && strstr(json, "[number]"));
    eid_string_free(json);
    CHECK_OK(eid_extract_json(r, &w.in, true, &json));
    CHECK(strstr(json, "@example.org"));
    eid_string_free(json);
    eid_extract_result_free(r);
    world_free(&w);
}

static void questions_without_sense_are_refused(void)
{
    world w;
    eid_extract_result *r = NULL;
    eid_extract_opts o = few();
    const eid_document one[] = {{"x", (const uint8_t *)"short", 5}};
    eid_corpus *other = NULL;

    half_known(&w, 1);
    o.prompt = 100;
    CHECK_FAILS(eid_extract(&r, w.ctx, w.lm, &w.in, &o), EID_EINVAL, "context of 128");
    CHECK_OK(eid_corpus_from(&other, one, 1));
    w.in.train_text = other;
    o = few();
    CHECK_FAILS(eid_extract(&r, w.ctx, w.lm, &w.in, &o), EID_EINVAL, "the index holds 40");
    CHECK(r == NULL);
    eid_corpus_free(other);
    world_free(&w);
}

static void short_documents_leave_everything_unresolved(void)
{
    world w = {0};
    eid_extract_result *r = NULL;
    eid_extract_opts o = few();
    char *text = malloc(64), *json = NULL;

    strcpy(text, "a few words");
    world_add(&w, "x", text, strlen(text));
    world_build(&w, 1, 0, "short");
    CHECK_OK(eid_extract(&r, w.ctx, w.lm, &w.in, &o));
    CHECK(isnan(r->uniform.value) && strstr(r->uniform.why, "long enough"));
    CHECK_INT(r->buckets, 0);
    CHECK_INT(r->n_strings, 0);
    CHECK_OK(eid_extract_json(r, &w.in, false, &json));
    CHECK(strstr(json, "\"uniform\":{\"value\":null"));
    eid_string_free(json);
    eid_extract_result_free(r);
    world_free(&w);
}

int main(void)
{
    RUN(known_documents_come_back_and_others_do_not);
    RUN(the_baseline_sees_a_model_that_knows_the_heldout_text);
    RUN(the_baseline_leaves_out_what_training_holds);
    RUN(natural_strings_fall_into_their_buckets);
    RUN(the_prompt_curve_rises_where_the_model_needs_context);
    RUN(the_prompt_curve_asks_the_same_strings_at_every_length);
    RUN(p_z_has_its_closed_form);
    RUN(sampling_agrees_with_p_z);
    RUN(the_answer_is_the_same_for_any_number_of_threads);
    RUN(json_masks_unless_told_otherwise);
    RUN(questions_without_sense_are_refused);
    RUN(short_documents_leave_everything_unresolved);
    return DONE();
}
