/* scores.c - room for answers, laid out as eidetic/seq.h says and freed by eid_scores_free. */
#include "lm/probe.h"

eid_status eid_scores_new(eid_scores **out, const eid_seq *seqs, size_t n, unsigned want)
{
    eid_status st = EID_OK;
    eid_scores *s = NULL;

    EID_TRY(EID_NEW(s, 1));
    EID_TRY(EID_NEW(s->start, n + 1));
    for (size_t i = 0; i < n; i++)
        s->start[i + 1] = s->start[i] + seqs[i].n - seqs[i].from;
    s->total = s->start[n];
    if (want & EID_WANT_LOGP)
        EID_TRY(EID_NEW(s->logp, s->total));
    if (want & EID_WANT_MEAN)
        EID_TRY(EID_NEW(s->mean, s->total));
    if (want & EID_WANT_VAR)
        EID_TRY(EID_NEW(s->var, s->total));
    if (want & EID_WANT_SAMPLER)
        EID_TRY(EID_NEW(s->sampler, s->total));
    if (want & EID_WANT_ARGMAX)
        EID_TRY(EID_NEW(s->argmax, s->total));
    if (want & EID_WANT_RANK)
        EID_TRY(EID_NEW(s->rank, s->total));
    *out = s;
    s = NULL;
done:
    eid_scores_free(s);
    return st;
}
