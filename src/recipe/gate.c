/* gate.c - "extraction.uniform.high>0.001": what must not be, asked of a run. */
#include "base/memory.h"
#include "eidetic/audit_data.h"
#include "eidetic/store.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct gate {
    char name[96];
    enum { VALUE, LOW, HIGH } end;
    char op[3];
    double bound;
} gate;

static bool strip(char *name, const char *tail)
{
    size_t n = strlen(name), t = strlen(tail);

    if (n <= t || strcmp(name + n - t, tail) != 0)
        return false;
    name[n - t] = 0;
    return true;
}

static eid_status parse(const char *text, gate *g)
{
    size_t n = strcspn(text, "<>"), ops;
    char *end = NULL;

    while (n && text[n - 1] == ' ')
        n--;
    const char *op = text + strcspn(text, "<>");
    ops = *op ? 1 + (op[1] == '=') : 0;
    if (!n || n >= sizeof g->name || !ops)
        goto wrong;
    memcpy(g->name, text, n);
    g->name[n] = 0;
    memcpy(g->op, op, ops);
    g->op[ops] = 0;
    g->bound = strtod(op + ops, &end);
    if (end == op + ops || end[strspn(end, " ")] || isnan(g->bound))
        goto wrong;
    g->end = strip(g->name, ".high") ? HIGH : strip(g->name, ".low") ? LOW : VALUE;
    strip(g->name, ".value");
    return EID_OK;
wrong:
    return eid_fail(EID_EINVAL,
                    "the gate \"%s\" cannot be read; write one like "
                    "extraction.uniform.high>0.001",
                    text);
}

/* ---- what can be asked ----------------------------------------------------------------------- */

typedef enum need { NOTHING, TRAINED, HELD_OUT, LEDGER, SECRETS } need;

/* The numbers of docs/store.md: FIRST.LAST, or FIRST.MIDDLE.LAST; words apart by commas. */
typedef struct askable {
    const char *first, *middle, *last;
    need need; /* what an audit must have been given to know them */
} askable;

static const askable numbers[] = {
    {"corpus", NULL,
     "read,identical,cut,skipped,documents,bytes,tokens,train,heldout,planted,planted.share",
     NOTHING},
    {"model", NULL, "parameters,context", NOTHING},
    {"model", NULL, "steps,tokens,epochs", TRAINED},
    {"training", NULL, "loss.train,loss.heldout,seconds,rate", TRAINED},
    {"extraction", NULL, "uniform,matched,slope,slope.r2,slope.points,prompt_tokens,match_tokens",
     NOTHING},
    {"extraction", NULL, "heldout,heldout.novel", HELD_OUT},
    {"exposure", NULL, "null,space_bits,canaries,fit.ks,fit.ks_p", LEDGER},
    {"membership", NULL, "blind,alarm,members,nonmembers,tokens", HELD_OUT},
    {"membership", "loss,zlib,min_k,min_k++,lowercase", "auc,tpr.0.01,tpr.0.001", HELD_OUT},
    {"personal", "email,phone,card,iban,key,uuid",
     "in_training,asked,emitted,single_document,share,chance", NOTHING},
    {"personal", "listed", "in_training,asked,emitted,single_document,share,chance", SECRETS},
};

/* Of a training set's audit. */
static const askable data_numbers[] = {
    {"data", NULL, "examples,test_examples,classes,features,flips,duplicates,conflicts,leaks",
     NOTHING},
    {"model", NULL, "epochs,steps,runs", NOTHING},
    {"bank", NULL, "models", NOTHING},
    {"accuracy", NULL, "train,unseen", NOTHING},
    {"labels", NULL, "suspected,share,precision,recall", NOTHING},
    {"labels",
     "el2n,grand,forgetting,aum,confidence,variability,correctness,self-confidence,mem,risk", "auc",
     NOTHING},
    {"agrees", NULL, "el2n,grand,forgetting,aum,confidence,variability,correctness", NOTHING},
    {"memorization", NULL, "share,mean,clean,flipped,split_half", NOTHING},
    {"membership", "lira,loss", "auc,tpr.0.01,tpr.0.001", NOTHING},
    {"influence", NULL, "candidates,found,pairs,tests,bar", NOTHING},
    {"dropping", NULL, "all,best,best.share,best.gain,best.over_random", NOTHING},
    {"redundant", NULL, "share,cost", NOTHING},
};
#define COUNT(a) (sizeof(a) / sizeof *(a))

/* Takes one of `words` and the dot behind it (or the end) from the beginning of *name, the longest
 * that fits the rest: `last` must reach the end. */
static bool take(const char **name, const char *words, bool last)
{
    for (const char *w = words; *w; w += strspn(w, ",")) {
        size_t n = strcspn(w, ",");
        if (strncmp(*name, w, n) == 0 && (*name)[n] == (last ? '\0' : '.')) {
            *name += n + !last;
            return true;
        }
        w += n;
    }
    return false;
}

static const askable *find(const askable *table, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        const askable *a = &table[i];
        const char *rest = name;
        if (take(&rest, a->first, false) && (!a->middle || take(&rest, a->middle, false)) &&
            take(&rest, a->last, true))
            return a;
    }
    return NULL;
}

static eid_status unknown(const askable *table, size_t n, const gate *g)
{
    eid_status st = EID_OK;
    eid_buf b = {0};

    for (size_t i = 0; i < n; i++) {
        const askable *a = &table[i];
        EID_TRY(eid_buf_printf(&b, "%s%s", i ? ", " : "", a->first));
        if (a->middle)
            EID_TRY(eid_buf_printf(&b, strchr(a->middle, ',') ? ".{%s}" : ".%s", a->middle));
        EID_TRY(eid_buf_printf(&b, ".{%s}", a->last));
    }
    st = eid_fail(EID_EINVAL,
                  "no audit measures \"%.40s\"; a gate can ask for %s; .low or .high behind a name "
                  "is an end of its interval",
                  g->name, (const char *)b.at);
done:
    eid_buf_free(&b);
    return st;
}

eid_status eid_audit_gate_check(const eid_audit_opts *o, const char *text)
{
    static const char *const lacking[] = {
        [TRAINED] = "a model that is given was not trained here",
        [HELD_OUT] = "without --heldout nothing is known of text that a given model did not learn",
        [LEDGER] = "without --ledger nothing is known of secrets planted for a given model",
        [SECRETS] = "without --secrets there is no list",
    };
    gate g = {.end = VALUE};
    eid_status st = parse(text, &g);

    if (st != EID_OK)
        return st;
    const askable *a = find(numbers, COUNT(numbers), g.name);
    if (!a)
        return unknown(numbers, COUNT(numbers), &g);
    bool known = a->need == NOTHING || (a->need == SECRETS ? o->secrets != NULL : !o->model) ||
                 (a->need == HELD_OUT && o->heldout.n) || (a->need == LEDGER && o->ledger);
    return known ? EID_OK
                 : eid_fail(EID_EINVAL, "the gate \"%.80s\" could not be judged: %s", text,
                            lacking[a->need]);
}

eid_status eid_audit_data_gate_check(const char *text)
{
    gate g = {.end = VALUE};
    eid_status st = parse(text, &g);

    if (st == EID_OK && !find(data_numbers, COUNT(data_numbers), g.name))
        st = unknown(data_numbers, COUNT(data_numbers), &g);
    return st;
}

/* ---- asking ---------------------------------------------------------------------------------- */

eid_status eid_audit_gate(const char *run, const char *text, bool *holds)
{
    eid_status st = EID_OK;
    eid_store *s = NULL;
    gate g = {.end = VALUE};
    eid_estimate e;
    double x;

    EID_TRY(parse(text, &g));
    EID_TRY(eid_store_open(&s, run));
    EID_TRY(eid_store_get(s, g.name, &e));
    x = g.end == HIGH ? e.high : g.end == LOW ? e.low : e.value;
    if (isnan(x)) {
        st = eid_fail(EID_EINVAL, "the gate \"%s\" cannot be judged: %s is not in the run (%s)",
                      text, g.name, e.why[0] ? e.why : "it has no interval");
        goto done;
    }
    bool tripped = strcmp(g.op, ">") == 0    ? x > g.bound
                   : strcmp(g.op, ">=") == 0 ? x >= g.bound
                   : strcmp(g.op, "<") == 0  ? x < g.bound
                                             : x <= g.bound;
    *holds = !tripped;
done:
    eid_store_free(s);
    return st;
}
