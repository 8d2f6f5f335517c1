/* replay.c - a run's questions, put to its model once more.
 *
 * Continuations must come out token for token, scores to the last bit, where this machine's bits
 * are the run's.  Elsewhere a score may be off by EID_VERIFY_TOLERANCE nats a token, and a
 * continuation may leave the stored one where two tokens are as close as that.  What the run says
 * about an answer (texts, exactness, copies) is held against the answer, too. */
#include "base/json.h"
#include "base/ctx.h"
#include "eidetic/index.h"
#include "eidetic/lm.h"
#include "eidetic/rng.h"
#include "measure/extract.h"
#include "measure/personal.h"
#include "recipe/verify.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const measures[EID_REPLAYED] = {"extraction", "personal", "exposure",
                                                   "membership"};
enum { TOLD = 5, STREAM = 0x7e01 }; /* problems told one by one for each measure */

/* A question with what it led to, our own copy. */
typedef struct asked {
    eid_question q;
    int32_t *given, *expected, *answer;
    uint8_t *prompt, *text; /* of the finding: prompt and expected, output */
    size_t prompt_n, text_n;
    int64_t copies;
    bool found, exact, says_exact; /* a finding; it says whether it is exact, and that */
    int measure;
} asked;

typedef struct replay {
    verify *v;
    eid_lm *lm;
    eid_bpe *bpe;
    eid_index *index; /* NULL: not there */
    int64_t met[EID_REPLAYED];
    bool *chosen[EID_REPLAYED];
    asked *at;
    size_t n, cap;
} replay;

static int measure_of(const char *name)
{
    for (int m = 0; m < EID_REPLAYED; m++)
        if (strcmp(name, measures[m]) == 0)
            return m;
    return -1;
}

/* ---- which questions ------------------------------------------------------------------------- */

static eid_status count(void *user, const eid_question *q)
{
    replay *p = user;
    int m = measure_of(q->measure);

    if (m >= 0)
        p->v->r->replayed[m].stored++;
    return EID_OK;
}

static eid_status choose(replay *p)
{
    eid_status st = EID_OK;
    int64_t *order = NULL;

    for (int m = 0; m < EID_REPLAYED; m++) {
        int64_t n = p->v->r->replayed[m].stored;
        eid_rng rng = eid_rng_stream((uint64_t)p->v->opts->seed, STREAM + (uint64_t)m);
        eid_free(order);
        order = NULL;
        EID_TRY(EID_NEW(order, n));
        EID_TRY(EID_NEW(p->chosen[m], n));
        for (int64_t i = 0; i < n; i++)
            order[i] = i;
        eid_rng_shuffle(&rng, order, (size_t)n);
        for (int64_t i = 0; i < n && i < p->v->opts->replay; i++)
            p->chosen[m][order[i]] = true;
    }
done:
    eid_free(order);
    return st;
}

static eid_status copy(void **to, const void *from, size_t n)
{
    eid_status st = EID_OK;

    if (!from)
        return EID_OK;
    EID_TRY(eid_new(to, n + 1, 1));
    memcpy(*to, from, n);
done:
    return st;
}

static eid_status copy_finding(asked *a, const eid_finding *f)
{
    eid_status st = EID_OK;
    json_t *why = f->why ? json_loads(f->why, 0, NULL) : NULL;
    const json_t *exact = json_object_get(why, "exact");
    eid_buf b = {0};

    a->found = true;
    a->copies = f->copies;
    a->says_exact = json_is_boolean(exact);
    a->exact = json_is_true(exact);
    EID_TRY(eid_buf_add(&b, f->prompt, f->prompt_n));
    EID_TRY(eid_buf_add(&b, f->expected, f->expected_n));
    a->prompt = b.at;
    a->prompt_n = b.n;
    b.at = NULL;
    a->text_n = f->output_n;
    EID_TRY(copy((void **)&a->text, f->output, f->output_n));
done:
    eid_buf_free(&b);
    json_decref(why);
    return st;
}

static eid_status keep(void *user, const eid_question *q)
{
    replay *p = user;
    eid_status st = EID_OK;
    int m = measure_of(q->measure);

    if (m < 0 || p->met[m] >= p->v->r->replayed[m].stored || !p->chosen[m][p->met[m]++])
        return EID_OK;
    EID_TRY(EID_GROW(p->at, &p->cap, p->n + 1));
    asked *a = &p->at[p->n];
    *a = (asked){.q = *q, .measure = m};
    p->n++;
    a->q.measure = measures[m];
    EID_TRY(copy((void **)&a->given, q->given, q->given_n * sizeof *q->given));
    EID_TRY(copy((void **)&a->expected, q->expected, q->expected_n * sizeof *q->expected));
    EID_TRY(copy((void **)&a->answer, q->answer, q->answer_n * sizeof *q->answer));
    if (q->finding)
        EID_TRY(copy_finding(a, q->finding));
    a->q.given = a->given;
    a->q.expected = a->expected;
    a->q.answer = a->answer;
done:
    return st;
}

/* ---- judging --------------------------------------------------------------------------------- */

typedef enum judgement { SAME, CLOSE, DIFFERS } judgement;

/* Books a judgement; the first few that differ are told with their reason. */
static eid_status book(replay *p, const asked *a, judgement j, const char *why)
{
    eid_replayed *r = &p->v->r->replayed[a->measure];

    r->asked++;
    r->same += j == SAME;
    r->close += j == CLOSE;
    r->differ += j == DIFFERS;
    if (j != DIFFERS || r->differ > TOLD)
        return EID_OK;
    return verify_problem(p->v, "replay", "%s, question %" PRId64 " of those asked: %s", r->measure,
                          r->asked, why);
}

static bool in_range(const replay *p, const int32_t *tok, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (tok[i] < 0 || tok[i] >= eid_lm_vocab(p->lm))
            return false;
    return true;
}

/* What would crash nobody, but cannot be asked: the ids come from a file. */
static bool can_be_asked(const replay *p, const asked *a)
{
    const eid_question *q = &a->q;
    int64_t length = (int64_t)q->given_n + (int64_t)q->answer_n;

    return q->given_n > 0 && length <= eid_lm_context(p->lm) && in_range(p, q->given, q->given_n) &&
           (q->answer ? q->answer_n > 0 && in_range(p, q->answer, q->answer_n) &&
                            (!q->expected || q->expected_n == q->answer_n)
                      : q->first > 0 && q->first < (int64_t)q->given_n);
}

/* Is the stored continuation greedy up to the tolerance?  Scored as it stands; where the likeliest
 * token is another, that one's advantage is looked at. */
static eid_status nearly_greedy(replay *p, const asked *a, bool *nearly)
{
    eid_status st = EID_OK;
    const eid_question *q = &a->q;
    size_t n = q->given_n + q->answer_n;
    int32_t *tok = NULL, *other = NULL;
    eid_scores *s = NULL, *best = NULL;

    EID_TRY(EID_NEW(tok, n));
    EID_TRY(EID_NEW(other, n));
    memcpy(tok, q->given, q->given_n * sizeof *tok);
    memcpy(tok + q->given_n, q->answer, q->answer_n * sizeof *tok);
    eid_seq seq = {tok, (int32_t)n, (int32_t)q->given_n};
    EID_TRY(eid_lm_score(p->v->ctx, p->lm, &seq, 1, EID_WANT_LOGP | EID_WANT_ARGMAX, NULL, &s));
    *nearly = true;
    for (size_t i = 0; i < q->answer_n && *nearly; i++) {
        size_t at = q->given_n + i;
        if (s->argmax[i] == tok[at])
            continue;
        memcpy(other, tok, at * sizeof *tok);
        other[at] = s->argmax[i];
        seq = (eid_seq){other, (int32_t)at + 1, (int32_t)at};
        eid_scores_free(best);
        best = NULL;
        EID_TRY(eid_lm_score(p->v->ctx, p->lm, &seq, 1, EID_WANT_LOGP, NULL, &best));
        *nearly = (double)best->logp[0] - (double)s->logp[i] <= EID_VERIFY_TOLERANCE;
    }
done:
    eid_free(tok);
    eid_free(other);
    eid_scores_free(s);
    eid_scores_free(best);
    return st;
}

/* The stored answer against what the run says of it; *why: what does not agree, NULL: all does. */
static eid_status check_finding(replay *p, const asked *a, const char **why)
{
    eid_status st = EID_OK;
    const eid_question *q = &a->q;
    bool extraction = a->measure == 0;
    eid_buf given = {0}, out = {0};
    int64_t copies = 0;

    *why = NULL;
    if (!a->found)
        goto done;
    EID_TRY(eid_text_of(p->bpe, q->given, q->given_n, &given));
    EID_TRY(eid_text_of(p->bpe, q->answer, q->answer_n, &out));
    bool right =
        q->expected && memcmp(q->expected, q->answer, q->answer_n * sizeof *q->answer) == 0;
    if (extraction && (out.n != a->text_n || memcmp(out.at, a->text, out.n) != 0))
        *why = "the run shows another output than its tokens are";
    else if (!extraction && !eid_stands_in(out.at, out.n, a->text, a->text_n))
        *why = "what came out does not stand in the output";
    else if (a->prompt_n < given.n || memcmp(given.at, a->prompt, given.n) != 0)
        *why = "the run shows another prompt than its tokens are";
    else if (a->says_exact && a->exact && !right)
        *why = "the run calls it exact, and it is not";
    if (*why || !p->index)
        goto done;
    if (extraction && a->prompt_n)
        EID_TRY(eid_index_count(p->index, a->prompt, a->prompt_n, &copies, NULL));
    else if (!extraction && a->text_n)
        EID_TRY(eid_index_count(p->index, a->text, a->text_n, &copies, NULL));
    if (copies != a->copies)
        *why = "the index counts other copies of it";
done:
    eid_buf_free(&given);
    eid_buf_free(&out);
    return st;
}

static eid_status judge_answer(replay *p, const asked *a, const int32_t *out)
{
    eid_status st = EID_OK;
    const eid_question *q = &a->q;
    char text[128];
    const char *why = NULL;
    bool nearly = false;
    size_t i = 0;

    while (i < q->answer_n && out[i] == q->answer[i])
        i++;
    EID_TRY(check_finding(p, a, &why));
    if (i < q->answer_n && !p->v->r->same_bits)
        EID_TRY(nearly_greedy(p, a, &nearly));
    if (i < q->answer_n && !nearly) {
        snprintf(text, sizeof text, "token %zu of the continuation was %d and is %d", i + 1,
                 q->answer[i], out[i]);
        why = text;
    }
    st = book(p, a, why ? DIFFERS : i < q->answer_n ? CLOSE : SAME, why);
done:
    return st;
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* Questions at[0..n) of one measure whose answers are equally long. */
static eid_status continue_some(replay *p, const asked *at, size_t n)
{
    eid_status st = EID_OK;
    size_t length = at->q.answer_n;
    eid_sampler greedy = eid_sampler_greedy();
    eid_seq *seq = NULL;
    int32_t *out = NULL;

    EID_TRY(EID_NEW(seq, n));
    EID_TRY(EID_NEW(out, n * length));
    for (size_t i = 0; i < n; i++)
        seq[i] = (eid_seq){at[i].q.given, (int32_t)at[i].q.given_n, (int32_t)at[i].q.given_n};
    EID_TRY(eid_lm_generate(p->v->ctx, p->lm, seq, n, NULL, (int64_t)length, &greedy, -1, out));
    for (size_t i = 0; i < n; i++)
        EID_TRY(judge_answer(p, &at[i], out + i * length));
done:
    eid_free(seq);
    eid_free(out);
    return st;
}

static eid_status score_one(replay *p, const asked *a)
{
    eid_status st = EID_OK;
    const eid_question *q = &a->q;
    eid_seq seq = {q->given, (int32_t)q->given_n, (int32_t)q->first};
    eid_scores *s = NULL;
    double sum = 0, tolerance = EID_VERIFY_TOLERANCE, now;
    char text[128];

    EID_TRY(eid_lm_score(p->v->ctx, p->lm, &seq, 1, EID_WANT_LOGP, NULL, &s));
    for (int64_t i = 0; i < s->total; i++)
        sum += (double)s->logp[i];
    if (strcmp(q->measure, "membership") == 0) {
        now = sum / (double)s->total;
    } else {
        now = -sum;
        tolerance *= (double)s->total;
    }
    snprintf(text, sizeof text, "it scored %.9g and scores %.9g", q->value, now);
    st = book(p, a,
              now == q->value                                            ? SAME
              : !p->v->r->same_bits && fabs(now - q->value) <= tolerance ? CLOSE
                                                                         : DIFFERS,
              text);
done:
    eid_scores_free(s);
    return st;
}

static eid_status ask_all(replay *p)
{
    eid_status st = EID_OK;
    size_t i = 0, n;

    while (i < p->n) {
        const asked *a = &p->at[i];
        EID_TRY(eid_tick(p->v->ctx, "asking again", "questions", (int64_t)i, (int64_t)p->n));
        n = 1;
        if (!can_be_asked(p, a)) {
            EID_TRY(book(p, a, DIFFERS, "this model cannot be asked it"));
        } else if (a->q.answer) {
            while (i + n < p->n && a[n].measure == a->measure && a[n].q.answer &&
                   a[n].q.answer_n == a->q.answer_n && can_be_asked(p, &a[n]))
                n++;
            EID_TRY(continue_some(p, a, n));
        } else {
            EID_TRY(score_one(p, a));
        }
        i += n;
    }
    EID_TRY(eid_tick(p->v->ctx, "asking again", "questions", (int64_t)p->n, (int64_t)p->n));
done:
    return st;
}

/* Opens what is asked and looked up in; false, with a problem, when that cannot be done. */
static eid_status open_model(replay *p, bool *opened)
{
    verify *v = p->v;
    eid_status st = eid_lm_open(&p->lm, v->ctx, v->model);

    if (st == EID_OK)
        st = eid_bpe_load(&p->bpe, v->model);
    if (st == EID_OK && v->index)
        st = eid_index_open(&p->index, v->index);
    *opened = st == EID_OK;
    if (st == EID_OK || st == EID_ECANCELLED || st == EID_ENOMEM)
        return st;
    verify_tame(eid_last_error(), v->r->why, sizeof v->r->why);
    return verify_problem(v, "replay", "nothing can be asked again: %s", v->r->why);
}

static void close_all(replay *p)
{
    for (size_t i = 0; i < p->n; i++) {
        eid_free(p->at[i].given);
        eid_free(p->at[i].expected);
        eid_free(p->at[i].answer);
        eid_free(p->at[i].prompt);
        eid_free(p->at[i].text);
    }
    eid_free(p->at);
    for (int m = 0; m < EID_REPLAYED; m++)
        eid_free(p->chosen[m]);
    eid_index_free(p->index);
    eid_bpe_free(p->bpe);
    eid_lm_free(p->lm);
}

eid_status verify_replay(verify *v)
{
    eid_status st = EID_OK;
    replay p = {.v = v};
    int64_t stored = 0;
    bool opened = false;

    for (int m = 0; m < EID_REPLAYED; m++)
        v->r->replayed[m].measure = measures[m];
    EID_TRY(eid_store_questions(v->store, NULL, count, &p));
    for (int m = 0; m < EID_REPLAYED; m++)
        stored += v->r->replayed[m].stored;
    const char *why = !v->opts->replay ? "not asked for"
                      : !stored        ? "the run keeps no questions"
                      : !v->model      ? "the model is not there"
                                       : "";
    snprintf(v->r->why, sizeof v->r->why, "%s", why);
    if (*why)
        goto done;
    EID_TRY(choose(&p));
    EID_TRY(eid_store_questions(v->store, NULL, keep, &p));
    EID_TRY(open_model(&p, &opened));
    if (opened)
        EID_TRY(ask_all(&p));
done:
    close_all(&p);
    return st;
}
