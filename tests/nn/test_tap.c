/* test_tap.c - what taps show rebuilds the gradients, which are the loss's derivatives. */
#include "plain.h"
#include "small.h"

enum { B = 3, T = 21 };
static int32_t x[B * T], y[B * T];

static eid_batch batch_of(int64_t vocab)
{
    random_tokens(x, B * T, vocab, 5);
    random_tokens(y, B * T, vocab, 6);
    y[4] = -1;
    return (eid_batch){.rows = B, .cols = T, .x = x, .y = y};
}

/* Gradients as the taps tell them, in double; one array per parameter. */
typedef struct rebuilt {
    eid_param *p;
    size_t n;
    double **g, **bias;
    int calls, fail_at;
    char order[512];
    bool gradients;
} rebuilt;

static eid_status rebuild(void *user, const eid_gpt_tap *t)
{
    rebuilt *r = user;
    size_t at = (size_t)(t->param - r->p);
    bool head = t->layer < 0;
    if (++r->calls == r->fail_at)
        return EID_ECANCELLED;
    snprintf(r->order + strlen(r->order), sizeof r->order - strlen(r->order), "%s ",
             head ? "head" : t->param->name);
    CHECK(at < r->n);
    CHECK((t->gradient != NULL) == r->gradients);
    CHECK_INT(t->inputs, head ? t->param->cols : t->param->rows);
    CHECK_INT(t->outputs, head ? t->param->rows : t->param->cols);
    for (int64_t i = 0; t->gradient && i < t->rows; i++)
        for (int64_t o = 0; o < t->outputs; o++) {
            double dy = t->gradient[i * t->gradient_ld + o];
            if (!head)
                r->bias[at][o] += dy;
            for (int64_t k = 0; k < t->inputs; k++)
                r->g[at][head ? o * t->inputs + k : k * t->outputs + o] +=
                    t->input[i * t->input_ld + k] * dy;
        }
    return EID_OK;
}

static rebuilt rebuilt_for(eid_gpt *m)
{
    rebuilt r = {.gradients = true};
    r.n = eid_gpt_params(m, &r.p);
    r.g = calloc(r.n, sizeof *r.g);
    r.bias = calloc(r.n, sizeof *r.bias);
    for (size_t i = 0; i < r.n; i++) {
        r.g[i] = calloc((size_t)(r.p[i].rows * r.p[i].cols), sizeof **r.g);
        r.bias[i] = calloc((size_t)r.p[i].cols, sizeof **r.bias);
    }
    return r;
}

static void rebuilt_free(rebuilt *r)
{
    for (size_t i = 0; i < r->n; i++) {
        free(r->g[i]);
        free(r->bias[i]);
    }
    free(r->g);
    free(r->bias);
}

/* Float sums of 63 rows; the gradient's own error against differences is test_gpt's. */
static void taps_rebuild_the_gradient(void)
{
    eid_ctx *ctx = ctx_of(2);
    eid_gpt *m = small_gpt(ctx, tiny(), 4);
    rebuilt r = rebuilt_for(m);
    eid_batch b = batch_of(tiny().vocab);
    double loss, plain;
    int matrices = 0;

    CHECK_OK(eid_gpt_loss(m, ctx, &b, true, &plain));
    eid_gpt_on_tap(m, rebuild, &r);
    CHECK_OK(eid_gpt_loss(m, ctx, &b, true, &loss));
    CHECK(loss == plain);
    for (size_t i = 1; i < r.n; i++) {
        if (!r.p[i].prunable)
            continue;
        matrices++;
        for (int64_t k = 0; k < r.p[i].rows * r.p[i].cols; k++)
            CHECK_CLOSE(r.p[i].gradient[k], r.g[i][k], 1e-4, 1e-7);
        for (int64_t k = 0; k < r.p[i].cols; k++) /* its bias comes next */
            CHECK_CLOSE(r.p[i + 1].gradient[k], r.bias[i][k], 1e-4, 1e-7);
    }
    CHECK_INT(matrices, 4 * tiny().layers);
    for (int64_t v = 0; v < tiny().vocab; v++) { /* tokens that are only ever predicted */
        bool fed = false;
        for (int i = 0; i < B * T; i++)
            fed = fed || x[i] == v;
        for (int64_t k = 0; !fed && k < tiny().width; k++)
            CHECK_CLOSE(r.p[0].gradient[v * tiny().width + k], r.g[0][v * tiny().width + k], 1e-4,
                        1e-7);
    }
    rebuilt_free(&r);
    eid_gpt_free(m);
    eid_ctx_free(ctx);
}

/* Central differences of the double-precision loss. */
static void taps_rebuild_the_derivative(void)
{
    eid_ctx *ctx = ctx_of(1);
    eid_gpt *m = small_gpt(ctx, tiny(), 8);
    rebuilt r = rebuilt_for(m);
    eid_batch b = batch_of(tiny().vocab);
    double **v = plain_values(m), loss, h = 1e-5;

    eid_gpt_on_tap(m, rebuild, &r);
    CHECK_OK(eid_gpt_loss(m, ctx, &b, true, &loss));
    for (size_t i = 1; i < r.n; i++) {
        eid_rng rng = eid_rng_stream(9, i);
        for (int k = 0; r.p[i].prunable && k < 8; k++) {
            int64_t at = (int64_t)eid_rng_below(&rng, (uint64_t)(r.p[i].rows * r.p[i].cols));
            double was = v[i][at], up, down;
            v[i][at] = was + h;
            up = plain_loss(m, v, &b);
            v[i][at] = was - h;
            down = plain_loss(m, v, &b);
            v[i][at] = was;
            CHECK_CLOSE(r.g[i][at], (up - down) / (2 * h), 1e-4, 2e-6);
        }
    }
    plain_free(v);
    rebuilt_free(&r);
    eid_gpt_free(m);
    eid_ctx_free(ctx);
}

static void taps_come_in_order_and_may_stop(void)
{
    eid_ctx *ctx = ctx_of(2);
    eid_gpt_config c = tiny();
    c.layers = 1;
    eid_gpt *m = small_gpt(ctx, c, 4);
    rebuilt r = rebuilt_for(m);
    eid_batch b = batch_of(c.vocab);
    double loss = -1;

    eid_gpt_on_tap(m, rebuild, &r);
    CHECK_OK(eid_gpt_loss(m, ctx, &b, true, &loss));
    CHECK_STR(r.order, "head h.0.mlp.c_proj.weight h.0.mlp.c_fc.weight h.0.attn.c_proj.weight "
                       "h.0.attn.c_attn.weight ");
    r.order[0] = 0;
    r.gradients = false;
    CHECK_OK(eid_gpt_loss(m, ctx, &b, false, &loss));
    CHECK_STR(r.order, "h.0.attn.c_attn.weight h.0.attn.c_proj.weight h.0.mlp.c_fc.weight "
                       "h.0.mlp.c_proj.weight head ");
    r.calls = 0;
    r.fail_at = 2;
    loss = -1;
    CHECK(eid_gpt_loss(m, ctx, &b, false, &loss) == EID_ECANCELLED);
    CHECK(loss == -1);
    CHECK_INT(r.calls, 2);
    eid_gpt_on_tap(m, NULL, NULL);
    CHECK_OK(eid_gpt_loss(m, ctx, &b, false, &loss));
    CHECK_INT(r.calls, 2);
    rebuilt_free(&r);
    eid_gpt_free(m);
    eid_ctx_free(ctx);
}

int main(void)
{
    RUN(taps_rebuild_the_gradient);
    RUN(taps_rebuild_the_derivative);
    RUN(taps_come_in_order_and_may_stop);
    return DONE();
}
