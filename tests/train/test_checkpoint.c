/* The checkpoint file: what is saved is restored, and every damage is noticed. */
#include "small.h"
#include "base/hash.h"
#include "train/checkpoint.h"

enum { STEPS = 3 };
static const char *ID = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

typedef struct made {
    eid_ctx *ctx;
    eid_gpt *m;
    eid_adamw *a;
    char path[600];
    uint8_t *bytes;
    size_t n;
} made;

/* A model after one step, so that the moments are not all zero. */
static made make(void)
{
    const int32_t x[4] = {1, 2, 3, 4}, y[4] = {2, 3, 4, 5};
    const double loss[STEPS] = {3, 2.5, 2}, heldout[2] = {2.75, NAN};
    const eid_gpt_config c = {.vocab = 8,
                              .context = 4,
                              .width = 16,
                              .layers = 1,
                              .heads = 2,
                              .norm_eps = 1e-5,
                              .bos = -1,
                              .eos = -1};
    eid_adamw_opts o = eid_adamw_opts_default();
    eid_checkpoint k = {.steps = STEPS,
                        .evals = 2,
                        .loss = (const uint8_t *)loss,
                        .heldout = (const uint8_t *)heldout};
    made f = {.ctx = small_ctx(1)};
    double unused;

    snprintf(f.path, sizeof f.path, "%s", check_tmp("checkpoint.eid"));
    memcpy(k.identity, ID, 65);
    CHECK_OK(eid_gpt_new(&f.m, f.ctx, &c, 1));
    CHECK_OK(eid_adamw_new(&f.a, f.m, &o));
    CHECK_OK(eid_gpt_loss(f.m, f.ctx, &(eid_batch){.rows = 1, .cols = 4, .x = x, .y = y}, true,
                          &unused));
    CHECK_OK(eid_adamw_step(f.a, f.m, f.ctx, 0.1, NULL));
    CHECK_OK(eid_checkpoint_save(&k, f.path, f.m, f.a));
    CHECK_OK(eid_read_file(f.path, 1 << 20, &f.bytes, &f.n));
    return f;
}

static void made_free(made *f)
{
    eid_free(f->bytes);
    eid_adamw_free(f->a);
    eid_gpt_free(f->m);
    eid_ctx_free(f->ctx);
    unlink(f->path);
}

static void what_is_saved_is_restored(void)
{
    made f = make();
    eid_checkpoint c;
    eid_gpt *m = NULL;
    eid_adamw *a = NULL;
    eid_param *p, *q;
    float **first[2], **second[2];
    int64_t *steps[2];
    eid_adamw_opts o = eid_adamw_opts_default();
    double loss[STEPS], heldout[2];

    CHECK_OK(eid_checkpoint_parse(&c, "c", f.bytes, f.n));
    CHECK_STR(c.identity, ID);
    CHECK_STR(c.model, "");
    CHECK(!c.finished);
    CHECK_INT(c.steps, STEPS);
    memcpy(loss, c.loss, sizeof loss);
    memcpy(heldout, c.heldout, sizeof heldout);
    CHECK(loss[0] == 3 && loss[2] == 2 && heldout[0] == 2.75 && isnan(heldout[1]));
    CHECK_OK(eid_gpt_new(&m, f.ctx, eid_gpt_shape(f.m), 2));
    CHECK_OK(eid_adamw_new(&a, m, &o));
    CHECK_OK(eid_checkpoint_restore(&c, "c", m, a, f.ctx));
    size_t n = eid_gpt_params(f.m, &p);
    eid_gpt_params(m, &q);
    eid_adamw_moments(f.a, &first[0], &second[0], &steps[0]);
    eid_adamw_moments(a, &first[1], &second[1], &steps[1]);
    CHECK_INT(*steps[1], STEPS);
    for (size_t i = 0; i < n; i++) {
        size_t bytes = (size_t)(p[i].rows * p[i].cols) * sizeof(float);
        if (p[i].tied_to >= 0)
            continue;
        CHECK(!memcmp(p[i].value, q[i].value, bytes));
        CHECK(!memcmp(first[0][i], first[1][i], bytes));
        CHECK(!memcmp(second[0][i], second[1][i], bytes));
    }
    eid_adamw_free(a);
    eid_gpt_free(m);
    made_free(&f);
}

static void another_shape_is_refused(void)
{
    made f = make();
    eid_gpt_config shape = *eid_gpt_shape(f.m);
    eid_checkpoint c;
    eid_gpt *m = NULL;
    eid_adamw *a = NULL;
    eid_adamw_opts o = eid_adamw_opts_default();

    shape.vocab++;
    CHECK_OK(eid_gpt_new(&m, f.ctx, &shape, 1));
    CHECK_OK(eid_adamw_new(&a, m, &o));
    CHECK_OK(eid_checkpoint_parse(&c, "c", f.bytes, f.n));
    CHECK_FAILS(eid_checkpoint_restore(&c, "c", m, a, f.ctx), EID_EFORMAT, "c: ");
    eid_adamw_free(a);
    eid_gpt_free(m);
    made_free(&f);
}

static void a_finished_one_holds_no_parameters(void)
{
    made f = make();
    const double loss[STEPS] = {3, 2.5, 2}, heldout[1] = {1};
    eid_checkpoint k = {.finished = true,
                        .steps = STEPS,
                        .evals = 1,
                        .loss = (const uint8_t *)loss,
                        .heldout = (const uint8_t *)heldout};
    eid_checkpoint c;

    memcpy(k.identity, ID, 65);
    memcpy(k.model, ID, 65);
    eid_free(f.bytes);
    f.bytes = NULL;
    CHECK_OK(eid_checkpoint_save(&k, f.path, f.m, NULL));
    CHECK_OK(eid_read_file(f.path, 1 << 20, &f.bytes, &f.n));
    CHECK_INT(f.n, 168 + 8 * (STEPS + 1) + 64);
    CHECK_OK(eid_checkpoint_parse(&c, "c", f.bytes, f.n));
    CHECK(c.finished);
    CHECK_STR(c.model, ID);
    CHECK_INT(c.floats, 0);
    made_free(&f);
}

static void every_flipped_bit_and_every_cut_is_noticed(void)
{
    made f = make();
    eid_checkpoint c;
    size_t taken = 0;
    for (size_t at = 0; at < f.n; at += at < 200 || at + 70 > f.n ? 1 : 997) {
        f.bytes[at] ^= (uint8_t)(1 << at % 8);
        taken += eid_checkpoint_parse(&c, "c", f.bytes, f.n) != EID_EFORMAT;
        f.bytes[at] ^= (uint8_t)(1 << at % 8);
        taken += eid_checkpoint_parse(&c, "c", f.bytes, at) != EID_EFORMAT;
    }
    CHECK_INT(taken, 0);
    made_free(&f);
}

/* Sets 8 bytes and makes the checksum fit again. */
static eid_status with(made *f, size_t at, int64_t value, const char *part)
{
    uint8_t *copy = malloc(f->n);
    eid_checkpoint c;
    char hex[65];
    memcpy(copy, f->bytes, f->n);
    memcpy(copy + at, &value, 8);
    CHECK_OK(eid_sha256_of(copy, f->n - 64, hex));
    memcpy(copy + f->n - 64, hex, 64);
    eid_status st = eid_checkpoint_parse(&c, "c", copy, f->n);
    CHECK_FAILS(st, EID_EFORMAT, part);
    free(copy);
    return st;
}

static void headers_that_lie_are_refused(void)
{
    made f = make();
    eid_checkpoint c;
    (void)with(&f, 0, 7, "not a checkpoint");
    (void)with(&f, 8, 2, "version 2");
    (void)with(&f, 8, 1 + ((int64_t)2 << 32), "makes no sense");
    (void)with(&f, 8, 1 + ((int64_t)1 << 32), "makes no sense"); /* finished, with parameters */
    (void)with(&f, 16, -1, "makes no sense");
    (void)with(&f, 144, -1, "not what its");
    (void)with(&f, 144, STEPS + 1, "not what its");
    (void)with(&f, 144, INT64_MAX, "not what its");
    (void)with(&f, 152, INT64_MAX / 8, "not what its");
    (void)with(&f, 160, INT64_MAX / 12 + 5, "not what its");
    CHECK_FAILS(eid_checkpoint_parse(&c, "c", f.bytes, 0), EID_EFORMAT, "not a checkpoint");
    made_free(&f);
}

int main(void)
{
    RUN(what_is_saved_is_restored);
    RUN(another_shape_is_refused);
    RUN(a_finished_one_holds_no_parameters);
    RUN(every_flipped_bit_and_every_cut_is_noticed);
    RUN(headers_that_lie_are_refused);
    return DONE();
}
