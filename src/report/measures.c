/* measures.c - a section per measure: what was asked, what came out, in words and in a figure. */
#include "report/document.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static void open_pair(page *p)
{
    put(p, "<div class=\"pair\"><div class=\"words\">\n");
}

static void to_figure(page *p)
{
    put(p, "</div><div>\n");
}

static void close_pair(page *p)
{
    put(p, "</div></div>\n");
}

/* First and last point that are known; false when there are not two. */
static bool ends(const ev_series *s, const ev_point **first, const ev_point **last)
{
    *first = *last = NULL;
    for (size_t i = 0; s && i < s->n; i++)
        if (isfinite(s->at[i].y.value) && s->at[i].x > 0) {
            *first = *first ? *first : &s->at[i];
            *last = &s->at[i];
        }
    return *first && *first != *last;
}

/* "once", "8 times" */
static void put_times(page *p, double copies)
{
    if (copies == 1) {
        put(p, "once");
        return;
    }
    put_number(p, copies, AS_COUNT);
    put(p, " times");
}

/* ---- extraction ---------------------------------------------------------------------------------
 */

static void say_by_copies(document *d)
{
    page *p = &d->p;
    const ev_curve *c = ev_find_curve(&d->ev, "extraction.by_copies");
    const eid_estimate *heldout = ev_find(&d->ev, "extraction.heldout");
    const eid_estimate *novel = ev_find(&d->ev, "extraction.heldout.novel");
    const ev_point *first, *last;

    if (ends(ev_find_series(c, "planted"), &first, &last)) {
        put(p, "<p class=\"finding\">Of passages that stand in the training text ");
        put_times(p, first->x);
        put(p, ", ");
        put_estimate(p, &first->y, AS_PERCENT);
        put(p, " come back word for word; of those that stand there ");
        put_times(p, last->x);
        put(p, ", ");
        put_estimate(p, &last->y, AS_PERCENT);
        put(p, ".</p>\n");
    }
    if (heldout && isfinite(heldout->value)) {
        put(p, "<p>Of text that is not in training, ");
        put_estimate(p, heldout, AS_PERCENT);
        put(p, " comes back: that much is fluent guessing, not memory.");
        if (novel && isfinite(novel->value)) {
            put(p, " Where its continuation is not in training either, ");
            put_estimate(p, novel, AS_PERCENT);
            put(p, ".");
        }
        put(p, "</p>\n");
    } else {
        put(p, "<p>There is no baseline: ");
        put_word(p, heldout ? heldout->why : ev_missing(&d->ev, "baseline"));
        put(p, ". Without it, part of what comes back may be fluent guessing.</p>\n");
    }
}

/* Not all or nothing: how far into a continuation the model stays right. */
static void say_matched(document *d)
{
    page *p = &d->p;
    const eid_estimate *matched = ev_find(&d->ev, "extraction.matched");
    if (!matched || !isfinite(matched->value))
        return;
    put(p, "<p class=\"small\">Of a random training sequence's continuation, the first ");
    put_estimate(p, matched, AS_PERCENT);
    put(p, " come out right before the first mistake, on average.</p>\n");
}

static void say_slope(document *d)
{
    page *p = &d->p;
    const eid_estimate *slope = ev_find(&d->ev, "extraction.slope");
    double r2 = ev_number(&d->ev, "extraction.slope.r2");
    double points = ev_number(&d->ev, "extraction.slope.points");
    if (!slope || !isfinite(slope->value))
        return;
    put(p, "<p>Between the floor and the ceiling, each doubling of copies adds ");
    put_estimate(p, slope, AS_POINTS);
    put(p, " percentage points");
    if (isfinite(points))
        put(p, " (a line through "), put_number(p, points, AS_COUNT), put(p, " groups");
    if (isfinite(points) && isfinite(r2))
        put(p, ", R² = "), put_number(p, r2, AS_PLAIN);
    put(p, isfinite(points) ? ").</p>\n" : ".</p>\n");
}

static void say_question(document *d)
{
    page *p = &d->p;
    double prompt = ev_number(&d->ev, "extraction.prompt_tokens");
    double match = ev_number(&d->ev, "extraction.match_tokens");
    if (isfinite(prompt) && isfinite(match)) {
        put(p, "<p class=\"small\">The model is given ");
        put_number(p, prompt, AS_COUNT);
        put(p, " tokens of a string and continues greedily. It counts only if all ");
        put_number(p, match, AS_COUNT);
        put(p, " tokens that follow are right and the whole stands in the training text.</p>\n");
    }
}

static void say_prompt(document *d)
{
    page *p = &d->p;
    const ev_curve *c = ev_find_curve(&d->ev, "extraction.by_prompt");
    const ev_series *s = ev_find_series(c, "planted");
    const ev_point *first, *last;
    put(p, "<h3>By length of the prompt</h3>\n");
    if (ends(s ? s : ev_find_series(c, "natural"), &first, &last)) {
        putf(p, "<p>Given ");
        put_number(p, first->x, AS_COUNT);
        put(p, " tokens, ");
        put_estimate(p, &first->y, AS_PERCENT);
        put(p,
            s ? " of the planted passages come back; given " : " of the strings come back; given ");
        put_number(p, last->x, AS_COUNT);
        put(p, ", ");
        put_estimate(p, &last->y, AS_PERCENT);
        put(p,
            ".</p>\n<p class=\"small\">An attacker who holds more of a document gets more of the "
            "rest. How much is discoverable therefore depends on the prompt: quote the two "
            "together.</p>\n");
    }
}

void doc_extraction(document *d)
{
    page *p = &d->p;
    doc_section(p, "extraction", "What comes back word for word");
    open_pair(p);
    if (doc_has(d, "extraction.by_copies")) {
        say_by_copies(d);
        say_slope(d);
        say_matched(d);
        say_question(d);
        put(p, "<p class=\"small\">Only what was planted carries a claim of cause: how often it "
               "stands "
               "in the text was drawn by lot. Natural text that stands there often is also another "
               "kind of text, such as licences and headers.</p>\n");
    }
    to_figure(p);
    doc_figure(d, "extraction.by_copies");
    close_pair(p);
    open_pair(p);
    say_prompt(d);
    to_figure(p);
    doc_figure(d, "extraction.by_prompt");
    close_pair(p);
    if (doc_has(d, "extraction.np")) {
        open_pair(p);
        put(p, "<h3>With more than one try</h3>\n<p>An attacker may draw many samples. A string is "
               "(n, p)-"
               "discoverable if n samples hold it with chance p or more. This is computed from the "
               "model's own probabilities, under its truncated sampler.</p>\n");
        to_figure(p);
        doc_figure(d, "extraction.np");
        close_pair(p);
    }
    put(p, "</section>\n");
}

/* ---- exposure ---------------------------------------------------------------------------- */

static void say_exposure(document *d)
{
    page *p = &d->p;
    const ev_curve *c = ev_find_curve(&d->ev, "exposure.by_copies");
    const eid_estimate *null = ev_find(&d->ev, "exposure.null");
    double space = ev_number(&d->ev, "exposure.space_bits");
    const ev_point *first, *last;
    if (ends(ev_find_series(c, "secrets"), &first, &last)) {
        put(p, "<p class=\"finding\">A secret that was planted ");
        put_times(p, first->x);
        put(p, " has an exposure of ");
        put_estimate(p, &first->y, AS_BITS);
        put(p, " bits; planted ");
        put_times(p, last->x);
        put(p, ", ");
        put_estimate(p, &last->y, AS_BITS);
        put(p, " bits.</p>\n");
    }
    if (null) {
        put(p, "<p>Secrets that were never planted average ");
        put_estimate(p, null, AS_PLAIN);
        put(p, " bits; where nothing leaks it is 1.44.</p>\n");
    }
    put(p,
        "<p class=\"small\">Exposure asks how far ahead of its rivals the model places a secret. "
        "Each bit halves what is left to guess");
    if (isfinite(space)) {
        put(p, "; at ");
        put_number(p, space, AS_BITS);
        put(p, " bits, the size of the whole space, the secret is the model's first guess");
    }
    put(p, ".</p>\n");
}

void doc_exposure(document *d)
{
    page *p = &d->p;
    doc_section(p, "exposure", "How exposed planted secrets are");
    open_pair(p);
    if (doc_has(d, "exposure.by_copies"))
        say_exposure(d);
    to_figure(p);
    doc_figure(d, "exposure.by_copies");
    close_pair(p);
    put(p, "</section>\n");
}

/* ---- membership -------------------------------------------------------------------------- */

static void put_attacks(document *d)
{
    page *p = &d->p;
    put(p, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
           "aria-label=\"Attacks\"><table><thead><tr>"
           "<th scope=\"col\">attack</th><th scope=\"col\" class=\"num\">AUC</th><th scope=\"col\" "
           "class=\"num\">found at 1% false</th><th scope=\"col\" class=\"num\">at 0.1% false</th>"
           "</tr></thead><tbody>\n");
    for (int i = 0; i < FIGURES; i++) {
        const fig *f = &d->figure[i];
        if (!d->has[i] || strcmp(f->name, "membership.auc") != 0)
            continue;
        for (int s = 0; s < f->n; s++) {
            static const char *const at[] = {"0.01", "0.001"};
            put(p, "<tr><th scope=\"row\">");
            put_word(p, f->series[s].label);
            put(p, "</th><td class=\"num\">");
            put_estimate(p, &f->series[s].at->y, AS_PLAIN);
            for (int k = 0; k < 2; k++) {
                char name[128];
                snprintf(name, sizeof name, "membership.%s.tpr.%s", f->series[s].name, at[k]);
                const eid_estimate *tpr = ev_find(&d->ev, name);
                put(p, tpr && isnan(tpr->value) ? "</td><td class=\"num why\">"
                                                : "</td><td class=\"num\">");
                if (tpr)
                    put_estimate(p, tpr, AS_PERCENT);
            }
            put(p, "</td></tr>\n");
        }
    }
    put(p, "</tbody></table></div>\n");
}

static void say_blind(document *d)
{
    page *p = &d->p;
    const eid_estimate *blind = ev_find(&d->ev, "membership.blind");
    if (!blind)
        return;
    if (ev_number(&d->ev, "membership.alarm") > 0) {
        put(p, "<p><b>These attacks prove nothing here.</b> A classifier that never saw the model "
               "tells the "
               "two sets of texts apart (AUC ");
        put_estimate(p, blind, AS_PLAIN);
        put(p, "): they differ by themselves, in topic or in time.</p>\n");
    } else if (isfinite(blind->value)) {
        put(p, "<p>A classifier that never saw the model is at ");
        put_estimate(p, blind, AS_PLAIN);
        put(p, ": the two sets of texts do not differ by themselves, so what an attack gains comes "
               "from "
               "the model.</p>\n");
    }
}

void doc_membership(document *d)
{
    page *p = &d->p;
    double members = ev_number(&d->ev, "membership.members");
    double others = ev_number(&d->ev, "membership.nonmembers");
    doc_section(p, "membership", "Whether a text was in training");
    open_pair(p);
    if (doc_has(d, "membership.roc") || doc_has(d, "membership.auc")) {
        put(p,
            "<p class=\"finding\">An attacker who holds a text asks the model whether it was "
            "trained "
            "on it. What counts is how many are found while few are accused wrongly: the left of "
            "the figure.</p>\n");
        say_blind(d);
        if (isfinite(members) && isfinite(others)) {
            put(p, "<p class=\"small\">Asked about ");
            put_number(p, members, AS_COUNT);
            put(p, " samples from training and ");
            put_number(p, others, AS_COUNT);
            put(p, " from elsewhere.</p>\n");
        }
    }
    to_figure(p);
    doc_figure(d, "membership.roc");
    if (doc_has(d, "membership.auc")) {
        doc_figure(d, "membership.auc");
        put_attacks(d);
    }
    close_pair(p);
    put(p, "</section>\n");
}

/* ---- training ---------------------------------------------------------------------------- */

void doc_training(document *d)
{
    page *p = &d->p;
    double train = ev_number(&d->ev, "training.loss.train");
    double heldout = ev_number(&d->ev, "training.loss.heldout");
    double epochs = ev_number(&d->ev, "model.epochs");
    doc_section(p, "training", "What happened in training");
    open_pair(p);
    if (isfinite(train)) {
        put(p, "<p class=\"finding\">Loss ended at ");
        put_number(p, train, AS_PLAIN);
        put(p, " nats per token on the training text");
        if (isfinite(heldout)) {
            put(p, " and at ");
            put_number(p, heldout, AS_PLAIN);
            put(p, " on held-out text, ");
            put_number(p, fabs(heldout - train), AS_PLAIN);
            put(p, heldout >= train ? " more" : " less");
        }
        put(p, ".</p>\n");
    }
    if (isfinite(epochs)) {
        put(p, "<p>The model saw its text ");
        put_number(p, epochs, AS_PLAIN);
        put(p, " times over. Where the two curves part, it has begun to learn the text by heart "
               "rather "
               "than the language.</p>\n");
    }
    to_figure(p);
    doc_figure(d, "training.loss");
    close_pair(p);
    put(p, "</section>\n");
}
