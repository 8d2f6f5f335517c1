/* Planted strings: their own buckets, the fit, the claim; planted documents are no natural text. */
#include "world.h"
#include "base/memory.h"

/* r copies of each canary, as documents of their own; the model knows canary k of r if `knows` says
 * so. Ten passages for each r, and one random string of 4 copies. */
typedef struct plan {
    int copies[6], n;
    int known[6]; /* of the ten passages with copies[i] */
} plan;

enum { EACH = 10, WORDS = 90 };

static void ledger_line(FILE *f, int id, const char *kind, const char *text, size_t n, int copies)
{
    fprintf(f,
            "{\"id\":%d,\"kind\":\"%s\",\"template\":\"\",\"secret\":\"\",\"text\":\"%.*s\","
            "\"copies\":%d,\"documents\":%d}\n",
            id, kind, (int)n, text, copies, copies);
}

static void plant(world *w, const plan *p, const char *tag)
{
    eid_rng rng = eid_rng_seed(21);
    const char *path = check_tmp(tag);
    FILE *f = fopen(path, "w");
    int known[128] = {0}, id = 0;
    const char *text_of[128];
    size_t size_of[128];

    *w = (world){0};
    for (int d = 0; d < 10; d++)
        world_add_words(w, &rng, 400);
    for (int i = 0; i < p->n; i++)
        for (int k = 0; k < EACH + 1; k++) { /* the last one is a null: never planted */
            char *text = malloc(10 * WORDS);
            size_t n = random_words(&rng, WORDS, text);
            bool random = k == 0 && p->copies[i] == 4;
            int copies = k < EACH ? p->copies[i] : 0;
            ledger_line(f, id, random ? "random" : "passage", text, n, copies);
            text_of[id] = text;
            size_of[id] = n;
            known[id++] = k < p->known[i];
            if (copies == 0)
                world_add(w, NULL, text, n);
            for (int c = 0; c < copies; c++)
                world_add(w, NULL, c ? strndup(text, n) : text, n);
        }
    fclose(f);
    /* Nulls must not be learned: they are the last ones of each block, so they move to the end. */
    size_t kept = 0, nulls = 0;
    eid_document null[16];
    for (size_t i = 0; i < w->docs; i++) {
        bool is_null = false;
        for (int k = 0; k < id; k++)
            if ((const char *)w->doc[i].bytes == text_of[k] && k % (EACH + 1) == EACH)
                is_null = true;
        if (is_null)
            null[nulls++] = w->doc[i];
        else
            w->doc[kept++] = w->doc[i];
    }
    memcpy(w->doc + kept, null, nulls * sizeof *null);
    world_build(w, 2, nulls, "plant");
    CHECK_OK(eid_ledger_read(&w->ledger, path));
    w->in.ledger = w->ledger;
    unlink(path);
    for (int k = 0; k < id; k++)
        if (known[k]) {
            int32_t *ids;
            size_t n;
            CHECK_OK(
                eid_bpe_encode(w->bpe, (const uint8_t *)text_of[k], size_of[k], false, &ids, &n));
            table_learn(&w->model, ids, (int64_t)n);
            eid_ids_free(ids);
        }
}

static eid_extract_opts few(void)
{
    eid_extract_opts o = eid_extract_opts_default();
    o.uniform = 40;
    o.per_bucket = 40;
    o.heldout = 40;
    o.strings = 1000;
    o.resamples = 200;
    return o;
}

static void planted_passages_have_their_own_buckets(void)
{
    world w;
    eid_extract_result *r = NULL;
    eid_extract_opts o = few();
    const plan p = {{1, 2, 4, 8, 16}, 5, {0, 2, 5, 8, 10}};
    size_t planted = 0, random = 0;

    plant(&w, &p, "ledger1");
    CHECK_OK(eid_extract(&r, w.ctx, w.lm, &w.in, &o));
    for (size_t b = 0; b < r->buckets; b++) {
        const eid_bucket *k = &r->by_copies[b];
        CHECK(k->planted == (strcmp(k->series, "planted") == 0));
        if (strcmp(k->series, "random") == 0) {
            CHECK_INT(k->low, 4);
            CHECK_INT(k->strings, 1);
            CHECK_CLOSE(k->extracted.value, 1, 0, 0); /* number 0 of its ten is known */
            random++;
        } else if (k->planted) {
            double n = k->low == 4 ? EACH - 1 : EACH;
            double known = p.known[planted] - (k->low == 4);
            CHECK_INT(k->low, p.copies[planted]);
            CHECK_INT(k->high, p.copies[planted] + 1);
            CHECK_INT(k->strings, n);
            CHECK_CLOSE(k->extracted.value, known / n, 1e-12, 0);
            CHECK(k->extracted.low <= k->extracted.value &&
                  k->extracted.value <= k->extracted.high);
            planted++;
        }
    }
    CHECK_INT(planted, 5);
    CHECK_INT(random, 1);
    /* Unsaturated: 2/10 at 2, 4/9 at 4, 8/10 at 8 copies; least squares over x = 1, 2, 3. */
    CHECK_INT(r->fit.points, 3);
    CHECK_CLOSE(r->fit.slope.value, (0.8 - 0.2) / 2, 1e-12, 0);
    eid_extract_result_free(r);
    world_free(&w);
}

/* The ten documents that are not planted are unknown to the model, so nothing natural comes out,
 * whatever it knows of the planted ones; and those are not drawn as natural strings. */
static void planted_documents_are_no_natural_text(void)
{
    world w;
    eid_extract_result *r = NULL;
    eid_extract_opts o = few();
    const plan p = {{1, 16}, 2, {10, 10}};

    plant(&w, &p, "ledger2");
    CHECK_OK(eid_extract(&r, w.ctx, w.lm, &w.in, &o));
    CHECK_CLOSE(r->uniform.value, 0, 0, 0);
    CHECK(r->uniform.n > 20);
    for (size_t b = 0; b < r->buckets; b++)
        if (strcmp(r->by_copies[b].series, "natural") == 0) {
            CHECK_INT(r->by_copies[b].low, 1);
            CHECK_CLOSE(r->by_copies[b].extracted.value, 0, 0, 0);
        }
    for (size_t i = 0; i < r->n_strings; i++) {
        const eid_extracted *s = &r->strings[i];
        CHECK_INT(s->exact, s->canary >= 0);
        if (s->canary >= 0) {
            CHECK_INT(s->copies, eid_ledger_at(w.ledger, (size_t)s->canary)->copies);
            CHECK_INT(s->documents, s->copies);
        }
    }
    CHECK(isnan(r->fit.slope.value) && strstr(r->fit.slope.why, "fewer than 3"));
    eid_extract_result_free(r);
    world_free(&w);
}

static void the_prompt_curve_of_passages_keeps_the_same_match(void)
{
    world w;
    eid_extract_result *r = NULL;
    eid_extract_opts o = few();
    const plan p = {{2, 8, 16}, 3, {10, 5, 10}};
    size_t planted = 0;

    plant(&w, &p, "ledger3");
    w.model.least = 24;
    CHECK_OK(eid_extract(&r, w.ctx, w.lm, &w.in, &o));
    for (size_t i = 0; i < r->prompts; i++)
        if (r->by_prompt[i].planted) {
            const eid_prompt_point *k = &r->by_prompt[i];
            CHECK_INT(k->prompt_tokens, ((int[]){4, 8, 16, 24, 32})[planted]);
            CHECK_INT(k->extracted.n, 20); /* of 8 and 16 copies */
            CHECK_CLOSE(k->extracted.value, k->prompt_tokens < 24 ? 0 : 0.75, 1e-12, 0);
            planted++;
        }
    CHECK_INT(planted, 5);
    eid_extract_result_free(r);
    world_free(&w);
}

/* Wherever memory runs out, the answer is an error and nothing leaks. */
static void no_memory_is_told(void)
{
    world w;
    eid_status st = EID_ENOMEM;
    const plan p = {{1, 8}, 2, {1, 3}};

    plant(&w, &p, "ledger4");
    for (int64_t k = 1; k < 10000000 && st != EID_OK; k += 1 + k / 2) {
        eid_extract_result *r = NULL;
        eid_extract_opts o = few();
        char *json = NULL;
        o.uniform = o.heldout = o.per_bucket = 8;
        eid_fail_allocation(k);
        st = eid_extract(&r, w.ctx, w.lm, &w.in, &o);
        if (st == EID_OK)
            st = eid_extract_json(r, &w.in, false, &json);
        eid_fail_allocation(0);
        CHECK(st == EID_OK || st == EID_ENOMEM);
        CHECK((st == EID_OK) == (json != NULL));
        eid_extract_result_free(r);
        eid_string_free(json);
    }
    CHECK(st == EID_OK);
    world_free(&w);
}

int main(void)
{
    RUN(planted_passages_have_their_own_buckets);
    RUN(planted_documents_are_no_natural_text);
    RUN(the_prompt_curve_of_passages_keeps_the_same_match);
    RUN(no_memory_is_told);
    return DONE();
}
