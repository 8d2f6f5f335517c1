/* exposure_space.c - candidates of a template: their text, their tokens, what the model thinks of
 * them. */
#include "measure/exposure.h"
#include "base/hash.h"
#include "base/memory.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CHUNK = 4096 }; /* candidates that are tokenised and scored at a time */

eid_status eid_space_of(eid_space *space, int64_t id, const char *tmpl, const char *secret)
{
    const char *place = strstr(tmpl, "{}");
    size_t digits = strlen(secret);
    if (!place || strstr(place + 2, "{}"))
        return eid_fail(EID_EINVAL,
                        "exposure: canary %" PRId64 ": its template must hold \"{}\" once", id);
    if (digits < 1 || digits > 18)
        return eid_fail(EID_EINVAL,
                        "exposure: canary %" PRId64 ": its secret has %zu characters, want 1 to 18 "
                        "digits",
                        id, digits);
    *space = (eid_space){tmpl, (size_t)(place - tmpl), (int)digits, 1};
    for (size_t i = 0; i < digits; i++)
        space->size *= 10;
    return EID_OK;
}

eid_status eid_space_member(const eid_space *space, int64_t id, const char *secret, uint64_t *x)
{
    uint64_t value = 0;
    if (strlen(secret) != (size_t)space->digits)
        return eid_fail(EID_EINVAL,
                        "exposure: canary %" PRId64 ": its secret has %zu digits, others of its "
                        "template have %d",
                        id, strlen(secret), space->digits);
    for (const char *c = secret; *c; c++) {
        if (*c < '0' || *c > '9')
            return eid_fail(EID_EINVAL,
                            "exposure: canary %" PRId64 ": its secret is not all digits", id);
        value = value * 10 + (uint64_t)(*c - '0');
    }
    *x = value;
    return EID_OK;
}

eid_status eid_space_probe_new(eid_space_probe *probe, eid_ctx *ctx, eid_lm *lm, const eid_bpe *bpe)
{
    if (!(eid_lm_caps(lm) & EID_LM_SCORE))
        return eid_fail(EID_EUNSUPPORTED, "exposure: this model cannot score text");
    if (eid_bpe_vocab(bpe) > eid_lm_vocab(lm))
        return eid_fail(EID_EINVAL,
                        "exposure: the tokenizer has %" PRId32 " entries, the model %" PRId32,
                        eid_bpe_vocab(bpe), eid_lm_vocab(lm));
    *probe = (eid_space_probe){ctx, lm, bpe, eid_lm_bos(lm), 0, 0};
    if (probe->start < 0)
        probe->start = eid_bpe_end(bpe);
    return EID_OK;
}

eid_status eid_space_tokens(const eid_space_probe *probe, const eid_space *space, uint64_t x,
                            int32_t **tok, size_t *n)
{
    eid_status st = EID_OK;
    int32_t *ids = NULL, *all = NULL;
    size_t ids_n = 0, start = probe->start >= 0;
    eid_buf text = {0};
    char digits[24];

    snprintf(digits, sizeof digits, "%0*" PRIu64, space->digits, x);
    EID_TRY(eid_buf_add(&text, space->tmpl, space->prefix));
    EID_TRY(eid_buf_str(&text, digits));
    EID_TRY(eid_buf_str(&text, space->tmpl + space->prefix + 2));
    EID_TRY(eid_bpe_encode(probe->bpe, text.at, text.n, false, &ids, &ids_n));
    if ((int64_t)ids_n + 1 > eid_lm_context(probe->lm)) {
        st = eid_fail(
            EID_EINVAL,
            "exposure: template \"%.60s\" takes %zu tokens, the model's context is %" PRId64,
            space->tmpl, ids_n + 1, eid_lm_context(probe->lm));
        goto done;
    }
    EID_TRY(EID_NEW(all, ids_n + 1));
    if (start)
        all[0] = probe->start;
    memcpy(all + start, ids, ids_n * sizeof *ids);
    *tok = all;
    *n = start + ids_n;
done:
    eid_ids_free(ids);
    eid_buf_free(&text);
    return st;
}

/* Candidates of one chunk, token after token in one array. */
typedef struct chunk {
    int32_t *tok;
    size_t cap, used;
    size_t start[CHUNK + 1];
    eid_seq seq[CHUNK];
} chunk;

static eid_status add_candidate(chunk *c, size_t i, const eid_space_probe *probe,
                                const eid_space *space, uint64_t x)
{
    eid_status st = EID_OK;
    int32_t *ids = NULL;
    size_t n = 0;

    EID_TRY(eid_space_tokens(probe, space, x, &ids, &n));
    EID_TRY(EID_GROW(c->tok, &c->cap, c->used + n));
    memcpy(c->tok + c->used, ids, n * sizeof *ids);
    c->used += n;
    c->start[i + 1] = c->used;
    /* Without a start token the first one goes unscored, so it must not tell candidates apart. */
    if (probe->start < 0 && c->tok[c->start[i]] != c->tok[0])
        st = eid_fail(EID_EINVAL,
                      "exposure: the model has no start token, so template \"%.60s\" cannot begin "
                      "with its secret",
                      space->tmpl);
done:
    eid_ids_free(ids);
    return st;
}

static eid_status score_chunk(chunk *c, eid_space_probe *probe, size_t n, double *nats)
{
    eid_status st = EID_OK;
    eid_scores *scores = NULL;
    for (size_t i = 0; i < n; i++)
        c->seq[i] = (eid_seq){c->tok + c->start[i], (int32_t)(c->start[i + 1] - c->start[i]), 1};
    EID_TRY(eid_lm_score(probe->ctx, probe->lm, c->seq, n, EID_WANT_LOGP, NULL, &scores));
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t t = scores->start[i]; t < scores->start[i + 1]; t++)
            sum -= (double)scores->logp[t];
        if (isnan(sum)) {
            st = eid_fail(EID_EINVAL, "exposure: the model's score of a candidate is not a number");
            goto done;
        }
        nats[i] = sum;
    }
done:
    eid_scores_free(scores);
    return st;
}

eid_status eid_space_score(eid_space_probe *probe, const eid_space *space, const uint64_t *x,
                           size_t n, double *nats)
{
    eid_status st = EID_OK;
    chunk *c = NULL;

    EID_TRY(EID_NEW(c, 1));
    for (size_t at = 0; at < n; at += CHUNK) {
        size_t take = n - at < CHUNK ? n - at : CHUNK;
        EID_TRY(eid_tick(probe->ctx, "exposure", "candidates", probe->done, probe->total));
        c->used = 0;
        for (size_t i = 0; i < take; i++)
            EID_TRY(add_candidate(c, i, probe, space, x[at + i]));
        EID_TRY(score_chunk(c, probe, take, nats + at));
        probe->done += (int64_t)take;
    }
    EID_TRY(eid_tick(probe->ctx, "exposure", "candidates", probe->done, probe->total));
done:
    if (c)
        eid_free(c->tok);
    eid_free(c);
    return st;
}

/* A bijection of [0, 4^half): a Feistel network, with the seed in its round keys. */
static uint64_t permute(uint64_t x, int half, uint64_t seed)
{
    uint64_t mask = (UINT64_C(1) << half) - 1, left = x >> half, right = x & mask;
    for (uint64_t round = 0; round < 8; round++) {
        uint64_t key[2] = {right, round};
        uint64_t next = left ^ (eid_hash64(key, sizeof key, seed) & mask);
        left = right;
        right = next;
    }
    return left << half | right;
}

/* Walks a random permutation of the space, which needs no memory of what was drawn. */
void eid_space_draw(const eid_space *space, const uint64_t *taken, size_t n_taken, uint64_t seed,
                    uint64_t *x, size_t *n)
{
    size_t want = *n, got = 0;
    int half = 1;
    while (half < 32 && UINT64_C(1) << 2 * half < space->size)
        half++;
    for (uint64_t i = 0; i < space->size && got < want; i++) {
        uint64_t at = permute(i, half, seed);
        while (at >= space->size)
            at = permute(at, half, seed);
        if (!eid_space_has(taken, n_taken, at))
            x[got++] = at;
    }
    *n = got;
}

bool eid_space_has(const uint64_t *sorted, size_t n, uint64_t x)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sorted[middle] < x)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && sorted[low] == x;
}

size_t eid_count_up_to(const double *sorted, size_t n, double x)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sorted[middle] <= x)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
