/* advice.c - what the verdict means, and what to do next, by the codes of its reasons. */
#include "report/document.h"
#include <string.h>

/* A code that ends in "." stands for all that begin with it. */
static const struct {
    const char *code, *meaning, *action;
} advice[] = {
    {"extraction.natural", "Parts of your own training text come out of the model word for word.",
     "Remove repeated text from the corpus and train again: copies are the strongest cause, and "
     "the one "
     "that costs nothing to remove. Then compare the two runs with <code>eidetic compare</code>. "
     "Look at the strings above: if they are licences and headers that are public anyway, that may "
     "be "
     "acceptable; if they are not, do not release."},
    {"extraction.planted",
     "Passages that were planted to measure memory come back, the more so the more "
     "copies there are.",
     "Read the figure from the left: the number of copies at which the curve leaves the baseline "
     "is how "
     "often a text may stand in your corpus before this model, trained this long, knows it by "
     "heart. Keep "
     "repetitions below it, train for fewer epochs, or take a smaller model."},
    {"exposure.planted", "Planted secrets are likelier than chance allows.",
     "A secret in your corpus that is repeated as often must be taken as readable from the model. "
     "Search the "
     "corpus for credentials and numbers and remove them before training; train with differential "
     "privacy where they cannot be removed."},
    {"membership.leak", "Someone who holds a text can tell that the model was trained on it.",
     "If membership alone is sensitive (patients, customers), do not give out probabilities, train "
     "for "
     "fewer epochs, or train with differential privacy. Otherwise this is a warning sign, not harm "
     "in "
     "itself."},
    {"personal.single", "Personal data that stands in one document only came out.",
     "Treat this as a leak: removing duplicates does not cure it. Remove or mask personal data "
     "before "
     "training, and do not release the model's weights or an unfiltered interface to them."},
    {"personal.emitted", "Personal data came out.",
     "Compare with chance in the table: what comes out no more often than from text that was never "
     "trained "
     "on is guessed, not remembered. What exceeds it should be removed from the corpus before the "
     "next "
     "training."},
    {"membership.shift",
     "The texts that were compared differ by themselves, so the attacks show nothing.",
     "Split one corpus at random by document into training and held-out parts; do not take newer "
     "or "
     "other text as the comparison."},
    {"unresolved.", "Some measures had too little data to tell.",
     "Give the audit more text (held-out text above all) or more samples; the table of methods "
     "names "
     "what was missing for each number."},
    {"missing.", "Some measures were not taken.",
     "The sections say which and why. A verdict without them is a verdict on less: run the audit "
     "again "
     "with what they name."},
    {"clean.", "What was measured shows nothing beyond chance.",
     "Keep this run and its command: after the next change of corpus or training, the same command "
     "and "
     "<code>eidetic compare</code> tell whether it still holds."},
};

static int advice_for(const char *code)
{
    for (size_t i = 0; i < sizeof advice / sizeof *advice; i++) {
        size_t n = strlen(advice[i].code);
        if (advice[i].code[n - 1] == '.' ? strncmp(code, advice[i].code, n) == 0
                                         : strcmp(code, advice[i].code) == 0)
            return (int)i;
    }
    return -1;
}

static void put_advice(document *d, const doc_reason *r, int number)
{
    int i = advice_for(r->code);
    (void)number;
    const char *overall = ev_find_text(&d->ev, "verdict.level");
    bool passed = overall && strcmp(overall, "pass") == 0;
    if (i < 0 || d->advised & (1u << i))
        return; /* five missing sections need the advice once */
    if (strncmp(r->code, "clean.", 6) == 0 && !passed)
        return; /* one clean measure among grave ones calls for nothing */
    if (!d->advised)
        put(&d->p, "<ol class=\"advice\">\n");
    d->advised |= 1u << i;
    putf(&d->p, "<li><b>%s</b> ", advice[i].meaning);
    put(&d->p, advice[i].action);
    put(&d->p, "</li>\n");
}

void doc_advice(document *d)
{
    page *p = &d->p;
    doc_section(p, "meaning", "What it means, and what to do next");
    doc_reasons(d, put_advice);
    if (d->advised)
        put(p, "</ol>\n");
    else
        put(p, "<p>The verdict gives no reason that calls for an action.</p>\n");
    put(p, "</section>\n");
}
