/* gate.c - "extraction.uniform.high>0.001": what must not be, asked of a run. */
#include "base/memory.h"
#include "eidetic/audit.h"
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
