/* lab_dedup.c - a model repeats its text because the text repeats itself.
 *
 * Three models of one shape see as many tokens of one corpus: as it is; without the later copies of
 * strings of `length` bytes; and with as many bytes taken out at random.  Each writes text without
 * a prompt (Lee et al. 2022, sec. 6.1), and the share of it that stands verbatim in the original
 * corpus is measured.  Audits question the first two about the original text. */
#define _GNU_SOURCE /* nftw, mkdtemp */
#include "recipe/lab_dedup.h"
#include "base/ctx.h"
#include "base/file.h"
#include "eidetic/audit.h"
#include "eidetic/compare.h"
#include "eidetic/questions.h"
#include "eidetic/train.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <ftw.h>

static const char *const names[DEDUP_TEXTS] = {"original", "deduplicated", "random"};
static const char *const labels[DEDUP_TEXTS] = {"original", "deduplicated", "random bytes removed"};

typedef struct measured {
    eid_estimate share; /* of what it writes, that stands in the original */
    double heldout;
    double epochs;
} measured;

/* ---- a folder for models and audits ---------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info, (void)kind, (void)at;
    return remove(path);
}

static eid_status workplace(const lab_work *w, char **folder)
{
    const char *tmp = getenv("TMPDIR");
    eid_status st;

    if (w->folder) {
        EID_TRY(eid_strdup(folder, w->folder));
        return eid_mkdirs(*folder);
    }
    EID_TRY(eid_format(folder, "%s/eidetic-lab-XXXXXX", tmp && *tmp ? tmp : "/tmp"));
    if (!mkdtemp(*folder))
        st = eid_fail(EID_EIO, "%s: no folder can be made there", *folder);
done:
    return st;
}

/* ---- training -------------------------------------------------------------------------------- */

static eid_train_opts shape(const lab_work *w)
{
    eid_train_opts o = eid_train_opts_default();
    o.width = w->full ? 128 : 64;
    o.layers = 2;
    o.heads = w->full ? 4 : 2;
    o.context = w->full ? 128 : 64;
    o.batch_tokens = w->full ? 1024 : 512;
    o.lr = w->full ? 4e-3 : 6e-3;
    o.steps = w->full ? 2400 : 650;
    o.seed = (int64_t)w->seed;
    return o;
}

static eid_status train(lab_work *w, const eid_bpe *bpe, const dedup_texts *t, int which,
                        const char *folder, eid_gpt **gpt, measured *m)
{
    eid_status st = EID_OK;
    eid_train_opts o = shape(w);
    eid_train_result *r = NULL;
    eid_tokens *train = NULL, *heldout = NULL;
    char *dir = NULL;

    EID_TRY(eid_format(&dir, "%s/model-%s", folder, names[which]));
    EID_TRY(eid_mkdirs(dir));
    EID_TRY(eid_bpe_save(bpe, dir));
    EID_TRY(eid_bpe_encode_corpus(&train, w->ctx, bpe, t->text[which]));
    EID_TRY(eid_bpe_encode_corpus(&heldout, w->ctx, bpe, t->heldout));
    EID_TRY(eid_train_lm(gpt, &r, w->ctx, train, heldout, eid_bpe_vocab(bpe), eid_bpe_end(bpe), &o,
                         dir));
    m->heldout = r->heldout;
    m->epochs = r->epochs;
done:
    eid_train_result_free(r);
    eid_tokens_free(train);
    eid_tokens_free(heldout);
    eid_free(dir);
    return st;
}

/* ---- what it writes -------------------------------------------------------------------------- */

/* One text, up to where it ends. */
static eid_status copied_bytes(const lab_work *w, const eid_bpe *bpe, const dedup_texts *t,
                               size_t length, const int32_t *ids, size_t n, double *copied,
                               double *written)
{
    eid_status st = EID_OK;
    uint8_t *text = NULL;
    size_t size = 0, spans = 0, covered = 0, k = 0;
    eid_span *span = NULL;

    while (k < n && ids[k] >= 0 && ids[k] != eid_bpe_end(bpe))
        k++;
    EID_TRY(eid_bpe_decode(bpe, ids, k, &text, &size));
    if (size > 0)
        EID_TRY(eid_index_spans(t->index, w->ctx, text, size, length, &span, &spans, &covered));
    *copied = (double)covered;
    *written = (double)size;
done:
    eid_spans_free(span);
    eid_bytes_free(text);
    return st;
}

/* Sum over sum, with the interval of a ratio of means over independent texts (Cochran 1977, sec.
 * 6.4). When nothing was copied: at most 3 texts of n (the rule of three), each of mean size. */
static eid_estimate ratio(const double *copied, const double *written, size_t n)
{
    double c = 0, s = 0, spread = 0;
    for (size_t i = 0; i < n; i++)
        c += copied[i], s += written[i];
    if (s <= 0)
        return eid_estimate_none("the model wrote nothing");
    for (size_t i = 0; i < n; i++) {
        double d = copied[i] - c / s * written[i];
        spread += d * d;
    }
    double half = 1.96 * sqrt(spread * (double)n / (double)(n - 1)) / s;
    eid_estimate e = {.value = c / s,
                      .low = fmax(0, c / s - half),
                      .high = fmin(1, c / s + half),
                      .n = (int64_t)n,
                      .method = "ratio over texts"};
    if (c <= 0)
        e.high = 3 / (double)n;
    return e;
}

static eid_status write_freely(lab_work *w, eid_gpt *gpt, const eid_bpe *bpe, const dedup_texts *t,
                               size_t length, measured *m)
{
    eid_status st = EID_OK;
    size_t n = w->full ? 1500 : 300, tokens = (size_t)shape(w).context - 1;
    eid_sampler s = eid_sampler_greedy();
    eid_lm *lm = NULL;
    eid_seq *prompt = NULL;
    int32_t end = eid_bpe_end(bpe), *out = NULL;
    double *copied = NULL, *written = NULL;

    s.temperature = 1;
    s.top_k = 50; /* as in Lee et al. */
    s.seed = (int64_t)w->seed;
    EID_TRY(eid_lm_from_gpt(&lm, gpt));
    EID_TRY(EID_NEW(prompt, n));
    EID_TRY(EID_NEW(out, n * tokens));
    EID_TRY(EID_NEW(copied, n));
    EID_TRY(EID_NEW(written, n));
    for (size_t i = 0; i < n; i++)
        prompt[i] = (eid_seq){&end, 1, 1};
    EID_TRY(eid_lm_generate(w->ctx, lm, prompt, n, NULL, (int64_t)tokens, &s, end, out));
    for (size_t i = 0; i < n; i++) {
        EID_TRY(copied_bytes(w, bpe, t, length, out + i * tokens, tokens, &copied[i], &written[i]));
        if (i % 64 == 0)
            EID_TRY(eid_tick(w->ctx, "tracing", "texts", (int64_t)i, (int64_t)n));
    }
    m->share = ratio(copied, written, n);
done:
    eid_lm_free(lm);
    eid_free(prompt);
    eid_free(out);
    eid_free(copied);
    eid_free(written);
    return st;
}

/* ---- audits ---------------------------------------------------------------------------------- */

static eid_status audit(lab_work *w, const dedup_texts *t, int which, const char *folder)
{
    eid_status st = EID_OK;
    eid_audit_opts o = eid_audit_opts_default();
    eid_audit_call call = {0};
    char *model = NULL, *out = NULL, *line = NULL;
    const char *corpus[] = {t->path}, *heldout[] = {t->heldout_path};

    EID_TRY(eid_format(&model, "%s/model-%s", folder, names[which]));
    EID_TRY(eid_format(&out, "%s/audit-%s", folder, names[which]));
    o.model = model;
    o.corpus = (eid_strings){corpus, 1};
    o.heldout = (eid_strings){heldout, 1};
    o.title = labels[which];
    o.seed = (int64_t)w->seed;
    o.extract.prompt = o.extract.match = w->full ? 32 : 16;
    o.extract.uniform = w->full ? 1500 : 400;
    o.extract.heldout = w->full ? 1000 : 100;
    o.extract.per_bucket = w->full ? 200 : 30;
    o.extract.by_prompt = 0;
    o.membership.samples = w->full ? 400 : 60;
    o.personal.per_kind = w->full ? 100 : 10;
    EID_TRY(eid_format(&line,
                       "eidetic audit --model %s --corpus %s --heldout %s --seed %lld --out %s",
                       model, t->path, t->heldout_path, (long long)o.seed, out));
    call = (eid_audit_call){.command_line = line, .out = out};
    EID_TRY(eid_audit(w->ctx, &o, &call));
done:
    eid_free(model);
    eid_free(out);
    eid_free(line);
    return st;
}

/* b / a, with the intervals' far ends: rather too wide. */
static eid_estimate part(const eid_estimate *b, const eid_estimate *a)
{
    if (!(a->low > 0))
        return eid_estimate_none("unresolved: the original is not told from 0");
    return (eid_estimate){.value = b->value / a->value,
                          .low = b->low / a->high,
                          .high = b->high / a->low,
                          .n = b->n,
                          .method = "ends of two intervals"};
}

static const char *const compared[][2] = {
    {"extraction.uniform", "prompted: extraction, deduplicated less original"},
    {"extraction.heldout", "prompted: held-out text, deduplicated less original"},
    {"membership.loss.auc", "membership by loss: area, deduplicated less original"},
};

static eid_status compare(lab_work *w, const char *folder)
{
    eid_status st = EID_OK;
    eid_comparison *c = NULL;
    char *a = NULL, *b = NULL;
    eid_lab_figure *f;

    EID_TRY(eid_format(&a, "%s/audit-%s", folder, names[DEDUP_ORIGINAL]));
    EID_TRY(eid_format(&b, "%s/audit-%s", folder, names[DEDUP_CUT]));
    EID_TRY(eid_compare(&c, a, b));
    EID_TRY(lab_figure(&f, w,
                       &(eid_chart){.name = "by-copies",
                                    .title = "Prompted strings that come back, by copies in the "
                                             "original",
                                    .x_title = "copies in the original text",
                                    .x_unit = "copies",
                                    .y_title = "share extracted",
                                    .x_scale = EID_SCALE_LOG2,
                                    .x_as = EID_AS_COUNT,
                                    .y_as = EID_AS_PERCENT,
                                    .from_zero = true}));
    for (size_t i = 0; i < c->n_rows; i++) {
        const eid_compared *r = &c->rows[i];
        for (size_t k = 0; k < sizeof compared / sizeof *compared; k++)
            if (isnan(r->x) && strcmp(r->name, compared[k][0]) == 0)
                EID_TRY(lab_measured(w, compared[k][1], &r->difference,
                                     k == 0 ? lab_at_most(0) : lab_any()));
        if (strcmp(r->name, "extraction.by_copies") != 0 || strcmp(r->series, "natural") != 0)
            continue;
        EID_TRY(lab_point(f, labels[DEDUP_ORIGINAL], r->x, &r->a));
        EID_TRY(lab_point(f, labels[DEDUP_CUT], r->x, &r->b));
    }
    if (w->folder)
        EID_TRY(lab_note(w, "The audits compared: eidetic compare %s %s", a, b));
done:
    eid_comparison_free(c);
    eid_free(a);
    eid_free(b);
    return st;
}

/* ---- the lab --------------------------------------------------------------------------------- */

static eid_status tell(lab_work *w, const dedup_texts *t, const dedup_opts *o, const measured *m)
{
    eid_status st = EID_OK;
    eid_lab_figure *f;
    eid_estimate e = part(&m[DEDUP_CUT].share, &m[DEDUP_ORIGINAL].share);

    EID_TRY(lab_measured(w, "verbatim share of what is written, original", &m[DEDUP_ORIGINAL].share,
                         lab_any()));
    EID_TRY(lab_measured(w, "the same, deduplicated", &m[DEDUP_CUT].share, lab_any()));
    EID_TRY(lab_measured(w, "verbatim, deduplicated of original (1/14 in Lee et al.)", &e,
                         lab_at_most(0.2)));
    e = lab_exact(m[DEDUP_CUT].heldout - m[DEDUP_ORIGINAL].heldout);
    EID_TRY(lab_measured(w, "held-out loss, deduplicated less original, nats a token", &e,
                         w->full ? lab_at_most(0.05) : lab_any()));
    EID_TRY(
        lab_control(w, "verbatim share, random bytes removed", &m[DEDUP_RANDOM].share, lab_any()));
    e = part(&m[DEDUP_RANDOM].share, &m[DEDUP_ORIGINAL].share);
    EID_TRY(lab_control(w, "verbatim, random bytes removed of original", &e, lab_at_least(0.4)));
    e = lab_exact(m[DEDUP_RANDOM].heldout - m[DEDUP_ORIGINAL].heldout);
    EID_TRY(lab_control(w, "held-out loss, random bytes removed less original", &e, lab_any()));
    EID_TRY(lab_figure(&f, w,
                       &(eid_chart){.name = "verbatim",
                                    .title = "Share of what is written without a prompt that "
                                             "stands in the original text",
                                    .kind = EID_CHART_BARS,
                                    .y_title = "share of bytes",
                                    .y_as = EID_AS_PERCENT,
                                    .from_zero = true}));
    for (int i = 0; i < DEDUP_TEXTS; i++)
        EID_TRY(lab_bar(f, "verbatim", labels[i], &m[i].share));
    EID_TRY(lab_note(w,
                     "Of %lld bytes of training text, %lld in %lld ranges lie in strings of %lld "
                     "bytes that stand earlier, too, and were cut. Passes over the text, for the "
                     "same number of tokens: %.1f original, %.1f deduplicated, %.1f with random "
                     "bytes removed. Held-out losses: %.3f, %.3f, %.3f.",
                     (long long)eid_corpus_bytes(t->text[DEDUP_ORIGINAL]), (long long)t->cut,
                     (long long)t->ranges, (long long)o->length, m[0].epochs, m[1].epochs,
                     m[2].epochs, m[0].heldout, m[1].heldout, m[2].heldout));
done:
    return st;
}

static eid_status run(lab_work *w)
{
    eid_status st = EID_OK;
    const dedup_opts *o = w->own;
    dedup_texts t = {0};
    measured m[DEDUP_TEXTS] = {0};
    eid_bpe *bpe = NULL;
    eid_bpe_opts b = eid_bpe_opts_default();
    eid_gpt *gpt = NULL;
    char *folder = NULL;

    EID_TRY(workplace(w, &folder));
    EID_TRY(dedup_texts_make(&t, w, o, folder));
    b.vocab = w->full ? 2048 : 1024;
    EID_TRY(eid_bpe_train(&bpe, w->ctx, t.text[DEDUP_ORIGINAL], &b));
    for (int i = 0; i < DEDUP_TEXTS; i++) {
        EID_TRY(train(w, bpe, &t, i, folder, &gpt, &m[i]));
        EID_TRY(write_freely(w, gpt, bpe, &t, (size_t)o->length, &m[i]));
        eid_gpt_free(gpt);
        gpt = NULL;
        if (i != DEDUP_RANDOM)
            EID_TRY(audit(w, &t, i, folder));
    }
    EID_TRY(tell(w, &t, o, m));
    EID_TRY(compare(w, folder));
done:
    eid_gpt_free(gpt);
    eid_bpe_free(bpe);
    dedup_texts_free(&t);
    if (folder && !w->folder)
        nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    eid_free(folder);
    return st;
}

static const eid_opt table[] = {
    {EID_OPT_LIST, "corpus", offsetof(dedup_opts, corpus), 0, 0,
     "text to learn; without it, the copyright files of this system", NULL, EID_OPT_PATH_IN},
    {EID_OPT_I64, "length", offsetof(dedup_opts, length), 16, 10000,
     "bytes of a string that counts as a copy", NULL, 0},
    {0},
};

static void defaults(void *opts)
{
    *(dedup_opts *)opts = (dedup_opts){.length = 100};
}

const eid_lab eid_lab_dedup = {
    .name = "dedup",
    .group = "text",
    .title = "Deduplication keeps a model from repeating its text",
    .claim = "Trained on deduplicated text, as many tokens of it, a model writes about a tenth of "
             "the verbatim training text that it otherwise would, at equal loss on held-out text; "
             "removing as many bytes at random does not do that.",
    .meaning =
        "Deduplicate before you train: it is the cheapest control of memorization, and costs "
        "no quality. It does not protect a string that stands once.",
    .source = "Lee et al. 2022, Deduplicating training data makes language models better; Kandpal "
              "et al. 2022",
    .seconds = {12, 240},
    .table = table,
    .opts_size = sizeof(dedup_opts),
    .defaults = defaults,
    .run = run,
};
