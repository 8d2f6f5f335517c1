/* test_plant.c - what is planted is what the ledger says, counted by brute force. */
#define _GNU_SOURCE /* memmem */
#include "corpus/plan.h"
#include "corpus_files.h"
#include "eidetic/plant.h"
#include "words.h"

static eid_corpus *train, *donors;
static eid_bpe *bpe;

static int64_t tokens_of(const uint8_t *text, size_t n)
{
    int32_t *ids = NULL;
    size_t count = 0;
    CHECK_OK(eid_bpe_encode(bpe, text, n, false, &ids, &count));
    eid_ids_free(ids);
    return (int64_t)count;
}

static int64_t tokens_in(const eid_corpus *c)
{
    int64_t sum = 0;
    for (size_t i = 0; i < eid_corpus_size(c); i++)
        sum += tokens_of(eid_corpus_doc(c, i).bytes, eid_corpus_doc(c, i).size);
    return sum;
}

/* Places at which a string stands in a corpus. */
static int64_t count_in(const eid_corpus *c, const uint8_t *s, size_t n)
{
    int64_t found = 0;
    for (size_t i = 0; i < eid_corpus_size(c); i++) {
        eid_document d = eid_corpus_doc(c, i);
        const uint8_t *at = d.bytes, *end = d.bytes + d.size;
        while ((at = memmem(at, (size_t)(end - at), s, n)))
            found++, at++;
    }
    return found;
}

static eid_plant_opts small(void)
{
    eid_plant_opts o = eid_plant_opts_default();
    o.tokens = 16;
    o.nulls = 40;
    o.max_copies = 32;
    return o;
}

static void copies_are_those_of_the_ledger(void)
{
    eid_plant_opts o = small();
    eid_corpus *planted = NULL;
    eid_ledger *l = NULL;
    int64_t total = 0, tokens = 0, kinds[3][6] = {{0}}, nulls = 0;

    CHECK_OK(eid_plant(&planted, &l, ctx, train, donors, bpe, &o));
    for (size_t i = 0; l && i < eid_ledger_size(l); i++) {
        const eid_canary *c = eid_ledger_at(l, i);
        CHECK_INT(c->id, i);
        CHECK_INT(count_in(planted, c->text, c->size), c->copies);
        CHECK_INT(count_in(train, c->text, c->size), 0);
        total += c->copies;
        tokens += c->copies * tokens_of(c->text, c->size);
        if (c->kind != EID_CANARY_SECRET)
            CHECK_INT(tokens_of(c->text, c->size), o.tokens);
        if (c->copies)
            kinds[c->kind][(int)log2((double)c->copies)]++;
        else
            nulls += c->kind == EID_CANARY_SECRET;
    }
    CHECK_INT(eid_corpus_size(planted), (int64_t)eid_corpus_size(train) + total);
    CHECK_INT(nulls, o.nulls);
    int64_t all = tokens_in(train) + tokens;
    CHECK((double)tokens <= o.budget * (double)all);
    CHECK((double)tokens > 0.8 * o.budget * (double)all); /* the budget is used */
    for (int b = 0; b < 6; b++) {
        CHECK(kinds[EID_CANARY_PASSAGE][b] >= 1);
        CHECK(kinds[EID_CANARY_SECRET][b] >= (b < 3));
        if (b) /* fewer of those that are planted more often */
            CHECK(kinds[EID_CANARY_PASSAGE][b] <= kinds[EID_CANARY_PASSAGE][b - 1]);
    }
    CHECK(kinds[EID_CANARY_RANDOM][0] >= 1);
    eid_corpus_free(planted);
    eid_ledger_free(l);
}

/* A cut inside a word may merge differently when the string stands alone: among thousands it shows.
 */
static void strings_have_their_tokens_when_alone(void)
{
    eid_plant_opts o = small();
    eid_corpus *planted = NULL;
    eid_ledger *l = NULL;
    int64_t n = 0;

    o.budget = 0.2;
    o.max_copies = 1;
    o.tokens = 5;
    CHECK_OK(eid_plant(&planted, &l, ctx, train, NULL, bpe, &o));
    for (size_t i = 0; l && i < eid_ledger_size(l); i++) {
        const eid_canary *c = eid_ledger_at(l, i);
        if (c->kind != EID_CANARY_RANDOM)
            continue;
        CHECK_INT(tokens_of(c->text, c->size), 5);
        n++;
    }
    CHECK(n > 500);
    eid_corpus_free(planted);
    eid_ledger_free(l);
}

static void secrets_stand_in_their_templates(void)
{
    eid_plant_opts o = small();
    eid_corpus *planted = NULL;
    eid_ledger *l = NULL;
    int digit[10] = {0}, n = 0, copies[5] = {0};

    o.nulls = 4000;
    o.max_copies = 4; /* then there is room for two a bucket */
    CHECK_OK(eid_plant(&planted, &l, ctx, train, NULL, bpe, &o));
    for (size_t i = 0; l && i < eid_ledger_size(l); i++) {
        const eid_canary *c = eid_ledger_at(l, i);
        size_t head = (size_t)(strstr(c->tmpl, "{}") - c->tmpl);
        CHECK(c->kind != EID_CANARY_PASSAGE); /* without donors there are none */
        if (c->kind != EID_CANARY_SECRET)
            continue;
        copies[c->copies]++;
        CHECK_INT(strlen(c->secret), 4);
        CHECK_INT(c->size, strlen(c->tmpl) + 2);
        CHECK(!memcmp(c->text, c->tmpl, head) && !memcmp(c->text + head, c->secret, 4));
        for (size_t k = 0; k < i; k++) {
            const eid_canary *b = eid_ledger_at(l, k);
            CHECK(b->kind != c->kind || strcmp(b->secret, c->secret) || strcmp(b->tmpl, c->tmpl));
        }
        for (int k = 0; k < 4; k++, n++)
            digit[c->secret[k] - '0']++;
    }
    CHECK(copies[1] >= 2 && copies[2] >= 2 && copies[4] >= 2);
    CHECK_INT(copies[0], 4000);
    for (int k = 0; k < 10; k++) /* uniform: 5 standard deviations of about 38 */
        CHECK_CLOSE(digit[k], n / 10.0, 0, 200);
    eid_corpus_free(planted);
    eid_ledger_free(l);
}

/* Every donor stands there twice, so that each passage could be taken twice. */
static void passages_are_distinct_pieces_of_the_donors(void)
{
    eid_plant_opts o = small();
    eid_corpus *planted = NULL, *twice = NULL;
    eid_ledger *l = NULL;
    int64_t picked[24], n = 0;

    for (int i = 0; i < 24; i++)
        picked[i] = i / 2;
    o.max_copies = 8;
    CHECK_OK(eid_corpus_pick(&twice, donors, picked, 24));
    CHECK_OK(eid_plant(&planted, &l, ctx, train, twice, bpe, &o));
    for (size_t i = 0; l && i < eid_ledger_size(l); i++) {
        const eid_canary *c = eid_ledger_at(l, i);
        if (c->kind != EID_CANARY_PASSAGE) {
            CHECK_INT(c->source, -1);
            continue;
        }
        eid_document d = eid_corpus_doc(twice, (size_t)c->source);
        const uint8_t *at = memmem(d.bytes, d.size, c->text, c->size);
        CHECK(at != NULL);
        CHECK(at && (at == d.bytes || at[-1] == ' ' || at[-1] == '\n'));
        for (size_t k = 0; k < i; k++) {
            const eid_canary *b = eid_ledger_at(l, k);
            for (size_t w = 0; w + 16 <= c->size; w++) /* as many bytes as tokens */
                CHECK(!memmem(b->text, b->size, c->text + w, 16));
        }
        n++;
    }
    CHECK(n > 50);
    eid_corpus_free(planted);
    eid_corpus_free(twice);
    eid_ledger_free(l);
}

/* The documents of `train` keep their order and their bytes; the copies stand everywhere among
 * them. */
static void copies_stand_at_random_places(void)
{
    eid_plant_opts o = small();
    eid_corpus *planted = NULL;
    eid_ledger *l = NULL;
    size_t next = 0, quarter[4] = {0}, copies = 0;
    char name[64];

    CHECK_OK(eid_plant(&planted, &l, ctx, train, donors, bpe, &o));
    size_t docs = planted ? eid_corpus_size(planted) : 0;
    for (size_t i = 0; i < docs; i++) {
        eid_document d = eid_corpus_doc(planted, i);
        if (!strncmp(d.name, "planted/", 8)) {
            const eid_canary *c = eid_ledger_at(l, (size_t)atol(d.name + 8));
            long copy = atol(strchr(d.name, '#') + 1);
            CHECK(c && d.size == c->size && !memcmp(d.bytes, c->text, c->size));
            CHECK(c && copy >= 1 && copy <= c->copies);
            quarter[4 * i / docs]++;
            copies++;
            continue;
        }
        snprintf(name, sizeof name, "t-%zu", next);
        CHECK_STR(d.name, name);
        CHECK(d.bytes == eid_corpus_doc(train, next).bytes); /* borrowed */
        next++;
    }
    CHECK_INT(next, eid_corpus_size(train));
    for (int k = 0; k < 4; k++) /* 5 standard deviations */
        CHECK_CLOSE(quarter[k], copies / 4.0, 0, 5 * sqrt((double)copies * 3 / 16));
    eid_corpus_free(planted);
    eid_ledger_free(l);
}

static void the_seed_alone_decides(void)
{
    eid_plant_opts o = small();
    eid_corpus *c[3] = {NULL};
    eid_ledger *l[3] = {NULL};
    eid_ctx *three = NULL;
    bool differs = false;

    CHECK_OK(eid_ctx_new(&three, &(eid_ctx_opts){.threads = 3}));
    CHECK_OK(eid_plant(&c[0], &l[0], ctx, train, donors, bpe, &o));
    CHECK_OK(eid_plant(&c[1], &l[1], three, train, donors, bpe, &o));
    o.seed = 2;
    CHECK_OK(eid_plant(&c[2], &l[2], ctx, train, donors, bpe, &o));
    CHECK_INT(eid_corpus_size(c[1]), eid_corpus_size(c[0]));
    for (size_t i = 0; i < eid_corpus_size(c[0]); i++) {
        eid_document x = eid_corpus_doc(c[0], i), y = eid_corpus_doc(c[1], i);
        CHECK_STR(x.name, y.name);
        CHECK(x.size == y.size && !memcmp(x.bytes, y.bytes, x.size));
        differs |= strcmp(x.name, eid_corpus_doc(c[2], i).name) != 0;
    }
    CHECK(differs);
    CHECK(strcmp(eid_ledger_at(l[0], eid_ledger_size(l[0]) - 1)->secret,
                 eid_ledger_at(l[2], eid_ledger_size(l[2]) - 1)->secret) ||
          eid_ledger_size(l[0]) != eid_ledger_size(l[2]) || differs);
    for (int i = 0; i < 3; i++) {
        eid_corpus_free(c[i]);
        eid_ledger_free(l[i]);
    }
    eid_ctx_free(three);
}

static void planting_again_takes_other_strings(void)
{
    eid_plant_opts o = small();
    eid_corpus *once = NULL, *twice = NULL;
    eid_ledger *l1 = NULL, *l2 = NULL;

    o.seed = 5;
    CHECK_OK(eid_plant(&once, &l1, ctx, train, donors, bpe, &o));
    o.seed = 6;
    CHECK_OK(eid_plant(&twice, &l2, ctx, once, donors, bpe, &o));
    for (size_t i = 0; l2 && i < eid_ledger_size(l2); i++) {
        const eid_canary *c = eid_ledger_at(l2, i);
        CHECK_INT(count_in(once, c->text, c->size), 0);
    }
    eid_corpus_free(twice);
    eid_corpus_free(once);
    eid_ledger_free(l1);
    eid_ledger_free(l2);
}

static void what_cannot_be_planted_is_said(void)
{
    eid_plant_opts o = small();
    eid_corpus *planted = NULL, *tiny = made_text("tiny", 3, 300, 9);
    eid_ledger *l = NULL;

    CHECK_FAILS(eid_plant(&planted, &l, ctx, tiny, donors, bpe, &o), EID_EINVAL,
                "a passage of 16 tokens at 1 to 8 copies takes 240");
    CHECK_FAILS(eid_plant(&planted, &l, ctx, train, train, bpe, &o), EID_EINVAL,
                "the donors hold 0 passages");
    o.digits = 1;
    o.nulls = 200;
    CHECK_FAILS(eid_plant(&planted, &l, ctx, train, donors, bpe, &o), EID_EINVAL,
                "all 10 of a template are used up");
    o.digits = 0;
    CHECK_FAILS(eid_plant(&planted, &l, ctx, train, donors, bpe, &o), EID_EINVAL, "digits: 0");
    o = small();
    o.budget = NAN;
    CHECK_FAILS(eid_plant(&planted, &l, ctx, train, donors, bpe, &o), EID_EINVAL, "budget");
    CHECK(!planted && !l);
    eid_corpus_free(tiny);
}

/* Against the definition: nothing larger fits, and the buckets are in proportion. */
static void plans_keep_their_budget(void)
{
    int64_t n[EID_BUCKETS], more[EID_BUCKETS];

    CHECK_INT(eid_plan(n, 63, 64, 256, 1, INT64_MAX), 0);
    CHECK_INT(eid_plan(n, 64, 64, 256, 1, INT64_MAX), 1);
    CHECK_INT(eid_plan(n, 511 * 64, 64, 256, 1, INT64_MAX), 9);
    CHECK_INT(n[8], 1);
    CHECK_INT(eid_plan(n, 511 * 64 - 1, 64, 256, 1, INT64_MAX), 8);
    CHECK_INT(eid_plan(n, 1000000, 1, 5, 1, INT64_MAX), 3);
    for (int64_t budget = 3000; budget < 3000000; budget = budget * 7 / 3) {
        int buckets = eid_plan(n, budget, 10, 64, 1, INT64_MAX);
        int64_t copies = eid_plan_copies(n, buckets);
        CHECK_INT(buckets, 7);
        CHECK(10 * copies <= budget);
        CHECK((double)(10 * copies) >= 0.7 * (double)budget);
        for (int b = 0; b < buckets; b++) {
            double exact = (double)n[0] * exp2(-0.5 * b);
            CHECK_CLOSE(n[b], exact, 0, 1 + exp2(-0.5 * b));
        }
        int64_t strings = eid_plan_strings(n, buckets);
        CHECK(eid_plan(more, budget, 10, 64, 1, strings / 2) > 0);
        CHECK(eid_plan_strings(more, 7) <= (strings / 2 > 7 ? strings / 2 : 7));
    }
}

int main(void)
{
    eid_bpe_opts o = eid_bpe_opts_default();

    setup();
    o.vocab = 600;
    train = made_text("t", 300, 2000, 1);
    donors = made_text("d", 40, 2000, 2);
    CHECK_OK(eid_bpe_train(&bpe, ctx, train, &o));
    RUN(copies_are_those_of_the_ledger);
    RUN(strings_have_their_tokens_when_alone);
    RUN(secrets_stand_in_their_templates);
    RUN(passages_are_distinct_pieces_of_the_donors);
    RUN(copies_stand_at_random_places);
    RUN(the_seed_alone_decides);
    RUN(planting_again_takes_other_strings);
    RUN(what_cannot_be_planted_is_said);
    RUN(plans_keep_their_budget);
    eid_bpe_free(bpe);
    eid_corpus_free(train);
    eid_corpus_free(donors);
    teardown();
    return DONE();
}
