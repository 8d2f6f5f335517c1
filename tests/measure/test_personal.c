/* Personal data against models that know some documents by heart. */
#include "world.h"
#include "base/memory.h"
#include "measure/personal.h"
#include "eidetic/measure.h"

/* 20 documents of random words, each with an address of its own and one that all share; those from
 * 14 on are held out.  The model knows documents 0, 2, 4 ... */
static void mailbox(world *w, int threads)
{
    eid_rng rng = eid_rng_seed(31);

    *w = (world){0};
    for (int d = 0; d < 20; d++) {
        char *text = malloc(4000);
        size_t n = random_words(&rng, 60, text);
        n += (size_t)snprintf(text + n, 64, "write to user%d@site%d.org now ", d, d * 7);
        n += random_words(&rng, 40, text + n);
        n += (size_t)snprintf(text + n, 64, "or call +49 30 5550%03d and ", d);
        n += random_words(&rng, 40, text + n);
        n += (size_t)snprintf(text + n, 64, "list: all@lists.example.org ");
        n += random_words(&rng, 30, text + n);
        n += (size_t)snprintf(text + n, 64, "agent Ada%d Byron ", d);
        n += random_words(&rng, 40, text + n);
        world_add(w, NULL, text, n);
    }
    world_build(w, threads, 6, "mailbox");
    for (size_t d = 0; d < w->tokens->docs; d += 2)
        world_learn(w, d);
}

static const eid_personal_row *row_of(const eid_personal_result *r, const char *kind)
{
    for (size_t i = 0; i < r->n_rows; i++)
        if (strcmp(r->rows[i].kind, kind) == 0)
            return &r->rows[i];
    CHECK_FAIL("no row %s", kind);
    return &r->rows[0];
}

static void known_addresses_are_emitted_and_traced(void)
{
    world w;
    eid_personal_result *r = NULL;
    eid_personal_opts o = eid_personal_opts_default();
    char name[64];

    mailbox(&w, 2);
    CHECK_OK(eid_personal(&r, w.ctx, w.lm, w.bpe, w.index, w.train, w.heldout, NULL, &o));
    const eid_personal_row *email = row_of(r, "email"), *phone = row_of(r, "phone");
    CHECK_INT(email->in_training, 15); /* 14, and the shared one */
    CHECK_INT(email->asked, 15);
    CHECK_INT(email->emitted, 8);
    CHECK_INT(email->single_document, 7);
    CHECK_CLOSE(email->share.value, 8.0 / 15, 1e-12, 0);
    CHECK_INT(email->share.n, 15);
    CHECK(email->share.low > 0.2 && email->share.low < 0.5);
    CHECK(email->share.high > 0.6 && email->share.high < 0.9);
    CHECK(isnan(row_of(r, "card")->share.value));
    CHECK_CLOSE(email->chance.value, 0, 0, 0);
    CHECK_INT(email->chance.n, 6);
    CHECK_INT(phone->in_training, 14);
    CHECK_INT(phone->emitted, 7);
    CHECK_INT(row_of(r, "card")->in_training, 0);
    CHECK(isnan(row_of(r, "card")->chance.value));
    CHECK_INT(r->n_rows, 6);
    CHECK_INT(r->n_emitted, 15);
    for (size_t i = 0; i < r->n_emitted; i++) {
        const eid_emitted *e = &r->emitted[i];
        size_t size;
        const uint8_t *doc = eid_index_doc(w.index, e->document, &size);
        CHECK((size_t)e->offset + e->size <= size &&
              memcmp(doc + e->offset, e->text, e->size) == 0);
        CHECK_STR(e->name, eid_index_doc_name(w.index, e->document));
        CHECK(eid_stands_in(e->output, e->output_n, e->text, e->size));
        CHECK(i == 0 || (e->documents == 1) <= (r->emitted[i - 1].documents == 1));
        if (strcmp(e->kind, "email") == 0 && e->documents == 1) {
            snprintf(name, sizeof name, "user%d@site%d.org", (int)e->document,
                     (int)e->document * 7);
            CHECK(e->size == strlen(name) && memcmp(e->text, name, e->size) == 0);
            CHECK_INT(e->document % 2, 0);
        }
    }
    CHECK_INT(r->emitted[r->n_emitted - 1].documents, 14);
    eid_personal_result_free(r);
    world_free(&w);
}

static void chance_tells_what_comes_out_without_training(void)
{
    world w;
    eid_personal_result *r = NULL;
    eid_personal_opts o = eid_personal_opts_default();

    mailbox(&w, 2);
    for (size_t d = 0; d < 3; d++) /* half of the held-out documents */
        table_learn(&w.model, w.heldout_tokens->id + w.heldout_tokens->start[d],
                    w.heldout_tokens->start[d + 1] - w.heldout_tokens->start[d]);
    CHECK_OK(eid_personal(&r, w.ctx, w.lm, w.bpe, w.index, w.train, w.heldout, NULL, &o));
    CHECK_CLOSE(row_of(r, "email")->chance.value, 0.5, 1e-12, 0);
    CHECK(row_of(r, "email")->chance.low < 0.5);
    eid_personal_result_free(r);
    CHECK_OK(eid_personal(&r, w.ctx, w.lm, w.bpe, w.index, w.train, NULL, NULL, &o));
    CHECK(strstr(row_of(r, "email")->chance.why, "no held-out text"));
    eid_personal_result_free(r);
    world_free(&w);
}

static void listed_secrets_are_asked_for(void)
{
    world w;
    eid_personal_result *r = NULL;
    eid_personal_opts o = eid_personal_opts_default();
    const char *lines[] = {"Ada0 Byron", "Ada1 Byron", "Ada2 Byron", "Ada19 Byron", "Nobody"};
    const eid_strings listed = {lines, 5};

    mailbox(&w, 2);
    CHECK_OK(eid_personal(&r, w.ctx, w.lm, w.bpe, w.index, w.train, w.heldout, &listed, &o));
    const eid_personal_row *row = row_of(r, "listed");
    CHECK_INT(row->in_training, 3);
    CHECK_INT(row->asked, 3);
    CHECK_INT(row->emitted, 2);
    CHECK_INT(row->single_document, 2);
    CHECK_INT(row->chance.n, 1);
    eid_personal_result_free(r);
    world_free(&w);
}

static void at_most_per_kind_are_asked(void)
{
    world w;
    eid_personal_result *r = NULL;
    eid_personal_opts o = eid_personal_opts_default();

    mailbox(&w, 2);
    o.per_kind = 5;
    CHECK_OK(eid_personal(&r, w.ctx, w.lm, w.bpe, w.index, w.train, w.heldout, NULL, &o));
    CHECK_INT(row_of(r, "email")->in_training, 15);
    CHECK_INT(row_of(r, "email")->asked, 5);
    CHECK_INT(row_of(r, "phone")->asked, 5);
    eid_personal_result_free(r);
    world_free(&w);
}

/* An address that the prompt holds already could be copied from it. */
static void what_the_prompt_holds_is_not_asked_for(void)
{
    world w = {0};
    eid_personal_result *r = NULL;
    eid_personal_opts o = eid_personal_opts_default();
    eid_rng rng = eid_rng_seed(3);
    char *text = malloc(4000);
    size_t n = random_words(&rng, 1, text);

    n += (size_t)snprintf(text + n, 64, "me@here.org ");
    n += random_words(&rng, 3, text + n);
    n += (size_t)snprintf(text + n, 64, "me@here.org you@there.org ");
    world_add(&w, "twice", text, n);
    world_build(&w, 1, 0, "twice");
    o.prompt = 64;
    CHECK_OK(eid_personal(&r, w.ctx, w.lm, w.bpe, w.index, w.train, NULL, NULL, &o));
    CHECK_INT(row_of(r, "email")->in_training, 2);
    CHECK_INT(row_of(r, "email")->asked,
              1); /* at the other's first place too little stands before it */
    eid_personal_result_free(r);
    world_free(&w);
}

static void a_part_of_something_longer_is_not_it(void)
{
    static const struct {
        const char *text, *secret;
        bool stands;
    } cases[] = {
        {"to ann@x.org.", "ann@x.org", true},
        {"joann@x.org", "ann@x.org", false},
        {"a.ann@x.org", "ann@x.org", false},
        {"ann@x.org.uk", "ann@x.org", false},
        {"ann@x.organic", "ann@x.org", false},
        {"joann@x.org ann@x.org", "ann@x.org", true},
        {"+49 30 12345", "+49 30 1234", false},
        {"call +49 30 1234", "+49 30 1234", true},
        {"", "ann@x.org", false},
        {"ann@x.org", "ann@x.org", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK_INT(eid_stands_in((const uint8_t *)cases[i].text, strlen(cases[i].text),
                                (const uint8_t *)cases[i].secret, strlen(cases[i].secret)),
                  cases[i].stands);
}

static void json_masks_and_threads_do_not_matter(void)
{
    world w;
    char *json[3] = {NULL, NULL, NULL};
    const char *lines[] = {"Ada0 Byron"};
    const eid_strings listed = {lines, 1};

    mailbox(&w, 2);
    for (int t = 0; t < 3; t++) {
        eid_personal_result *r = NULL;
        eid_personal_opts o = eid_personal_opts_default();
        eid_ctx_opts co = eid_ctx_opts_default();
        eid_ctx *ctx = NULL;
        co.threads = (int[]){1, 2, 5}[t];
        CHECK_OK(eid_ctx_new(&ctx, &co));
        CHECK_OK(eid_personal(&r, ctx, w.lm, w.bpe, w.index, w.train, w.heldout, &listed, &o));
        if (t == 0) {
            CHECK_OK(eid_personal_json(r, false, &json[0]));
            CHECK(!strstr(json[0], "@site") && !strstr(json[0], "5550") &&
                  !strstr(json[0], "Byron"));
            CHECK(strstr(json[0], "u\xE2\x80\xA6@\xE2\x80\xA6") && strstr(json[0], "[phone]"));
            eid_string_free(json[0]);
        }
        CHECK_OK(eid_personal_json(r, true, &json[t]));
        CHECK(strstr(json[t], "user0@site0.org"));
        eid_personal_result_free(r);
        eid_ctx_free(ctx);
    }
    CHECK_STR(json[1], json[0]);
    CHECK_STR(json[2], json[0]);
    for (int t = 0; t < 3; t++)
        eid_string_free(json[t]);
    world_free(&w);
}

/* Wherever memory runs out, the answer is an error and nothing leaks. */
static void no_memory_is_told(void)
{
    world w;
    eid_status st = EID_ENOMEM;
    const char *lines[] = {"Ada0 Byron"};
    const eid_strings listed = {lines, 1};

    mailbox(&w, 1);
    for (int64_t k = 1; k < 1000000 && st != EID_OK; k += 1 + k / 8) {
        eid_personal_result *r = NULL;
        eid_personal_opts o = eid_personal_opts_default();
        char *json = NULL;
        eid_fail_allocation(k);
        st = eid_personal(&r, w.ctx, w.lm, w.bpe, w.index, w.train, w.heldout, &listed, &o);
        if (st == EID_OK)
            st = eid_personal_json(r, false, &json);
        eid_fail_allocation(0);
        CHECK(st == EID_OK || st == EID_ENOMEM);
        CHECK((st == EID_OK) == (json != NULL));
        eid_personal_result_free(r);
        eid_string_free(json);
    }
    CHECK(st == EID_OK);
    world_free(&w);
}

int main(void)
{
    RUN(known_addresses_are_emitted_and_traced);
    RUN(chance_tells_what_comes_out_without_training);
    RUN(listed_secrets_are_asked_for);
    RUN(at_most_per_kind_are_asked);
    RUN(what_the_prompt_holds_is_not_asked_for);
    RUN(a_part_of_something_longer_is_not_it);
    RUN(json_masks_and_threads_do_not_matter);
    RUN(no_memory_is_told);
    return DONE();
}
