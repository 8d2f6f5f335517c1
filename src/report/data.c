/* data.c - the page of a training set's audit. */
#include "report/document.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

bool doc_is_data(const document *d)
{
    const char *kind = ev_find_text(&d->ev, "audit.kind");
    return strcmp(d->ev.run->command, "audit") == 0 && kind && strcmp(kind, "data") == 0;
}

/* ---- the first screen ------------------------------------------------------------------------ */

static const struct level {
    const char *name, *word, *lead;
} levels[] = {
    {"unknown", "Unknown", "This audit cannot tell. Too little was measured for a verdict."},
    {"pass", "Pass", "This audit found nothing in the training set that calls for an action."},
    {"caution", "Caution",
     "Some of the training set needs a look before you train on it, or release what was trained."},
    {"stop", "Stop",
     "Do not train on this set, or release what was trained on it, before you have acted on the "
     "reasons below."},
};

static void put_reason(document *d, const doc_reason *r, int number)
{
    page *p = &d->p;
    bool clean = strcmp(r->level, "pass") == 0;
    (void)number;
    if (clean && !d->clean++)
        put(p, d->reasons ? "</ol>\n<p>Measured, and found clean:</p>\n<ul class=\"clean\">\n"
                          : "<ul class=\"clean\">\n");
    else if (!clean && !d->reasons++)
        put(p, "<ol class=\"reasons\">\n");
    put(p, "<li>");
    put_word(p, r->text);
    if (doc_has(d, r->figure)) { /* then it is one of our own names */
        put(p, " <a href=\"#");
        put_word(p, r->figure);
        put(p, "\">See the figure</a>");
    }
    put(p, "</li>\n");
}

static void put_verdict(document *d)
{
    page *p = &d->p;
    const char *name = ev_find_text(&d->ev, "verdict.level");
    const struct level *v = &levels[0];
    for (size_t i = 0; name && i < sizeof levels / sizeof *levels; i++)
        if (strcmp(name, levels[i].name) == 0)
            v = &levels[i];
    putf(p,
         "<section class=\"verdict %s\" aria-label=\"Verdict\">\n<p class=\"level\">"
         "<svg viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path d=\"%s\"/></svg>%s</p>\n"
         "<p class=\"lead\">%s</p>\n",
         v->name, doc_icon(v->name), v->word, v->lead);
    if (strcmp(d->ev.run->state, "done") != 0)
        put(p, "<p>This run did not finish: what follows is what it had measured by then.</p>\n");
    doc_reasons(d, put_reason);
    put(p, d->clean ? "</ul>\n" : d->reasons ? "</ol>\n" : "");
    put(p, "</section>\n");
}

static void put_key(document *d, const char *name, const char *metric, number_as as,
                    const char *note)
{
    page *p = &d->p;
    const eid_estimate *e = ev_find(&d->ev, metric);
    if (!e || isnan(e->value))
        return;
    putf(p, "<div><dt>%s</dt><dd class=\"big\">", name);
    put_number(p, e->value, as);
    put(p, "</dd><dd class=\"range\">");
    if (has_interval(e)) {
        put(p, "<span>");
        put_interval(p, e, as);
        put(p, " at 95%</span>");
        if (e->n > 0)
            put(p, ", <span>n = "), put_number(p, (double)e->n, AS_COUNT), put(p, "</span>");
        put(p, *note ? "<br>" : "");
    }
    put(p, note);
    put(p, "</dd></div>\n");
}

static void put_keys(document *d)
{
    put(&d->p, "<dl class=\"keys\" aria-label=\"Key numbers\">\n");
    put_key(d, "Labels that look wrong", "labels.suspected", AS_PERCENT, "of the examples");
    put_key(d, "Examples that are memorized", "memorization.share", AS_PERCENT,
            "mem of 0.25 and more");
    put_key(d, "Members found at 1% false alarms", "membership.lira.tpr.0.01", AS_PERCENT,
            "n: networks that were attacked");
    put_key(d, "Accuracy on examples not trained on", "accuracy.unseen", AS_PERCENT,
            "against the labels as they stand");
    put_key(d, "Easy examples that can go", "redundant.share", AS_PERCENT,
            "at a cost of at most half a point on the choosing half of the test set");
    put_key(d, "Accuracy, trained on everything", "dropping.all", AS_PERCENT,
            "n: trainings, judging half of the test set");
    put(&d->p, "</dl>\n");
}

static void put_contents(page *p)
{
    static const char *const entry[][2] = {
        {"labels", "Labels"},         {"memorized", "Memorized"},
        {"redundant", "Redundant"},   {"influence", "Influence"},
        {"membership", "Membership"}, {"dropping", "Dropping"},
        {"meaning", "What to do"},    {"inputs", "What was measured"},
        {"reproduce", "Reproduce"},   {"methods", "Methods and limits"}};
    put(p, "<nav class=\"contents\" aria-label=\"Contents\"><ul>\n");
    for (size_t i = 0; i < sizeof entry / sizeof *entry; i++)
        putf(p, "<li><a href=\"#%s\">%s</a></li>\n", entry[i][0], entry[i][1]);
    put(p, "</ul></nav>\n");
}

/* ---- sections -------------------------------------------------------------------------------- */

static void open_pair(page *p)
{
    put(p, "<div class=\"pair\">\n<div class=\"words\">\n");
}

static void to_figure(page *p)
{
    put(p, "</div>\n<div>\n");
}

static void close_pair(page *p)
{
    put(p, "</div>\n</div>\n");
}

static void say(document *d, const char *before, const char *metric, number_as as,
                const char *after)
{
    const eid_estimate *e = ev_find(&d->ev, metric);
    if (!e)
        return;
    put(&d->p, before);
    put_estimate(&d->p, e, as);
    put(&d->p, after);
}

/* A table of one metric for each score: labels.NAME.auc, agrees.NAME. */
static void put_score_table(document *d)
{
    static const struct {
        const char *name, *words;
    } rows[] = {
        {"el2n", "EL2N"},
        {"grand", "GraNd"},
        {"aum", "AUM"},
        {"forgetting", "forgetting"},
        {"confidence", "confidence"},
        {"variability", "variability"},
        {"correctness", "correctness"},
        {"self-confidence", "self-confidence, unseen"},
        {"mem", "mem"},
        {"risk", "risk (LiRA)"},
    };
    page *p = &d->p;
    bool known = ev_find(&d->ev, "labels.el2n.auc") != NULL;
    put(p, "<details><summary>Every score, and how far two trainings agree on it</summary>\n"
           "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Scores\"><table>"
           "<thead><tr><th scope=\"col\">score</th>");
    if (known)
        put(p, "<th scope=\"col\" class=\"num\">AUC for changed labels</th>");
    put(p, "<th scope=\"col\" class=\"num\">rank correlation of two trainings</th>"
           "</tr></thead><tbody>\n");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char auc[64], agrees[64];
        snprintf(auc, sizeof auc, "labels.%s.auc", rows[i].name);
        snprintf(agrees, sizeof agrees, "agrees.%s", rows[i].name);
        const eid_estimate *a = ev_find(&d->ev, auc), *g = ev_find(&d->ev, agrees);
        putf(p, "<tr><th scope=\"row\">%s</th>", rows[i].words);
        if (known) {
            put(p, "<td class=\"num\">");
            if (a)
                put_estimate(p, a, AS_PLAIN);
            put(p, "</td>");
        }
        put(p, "<td class=\"num\">");
        if (g)
            put_estimate(p, g, AS_PLAIN);
        put(p, "</td></tr>\n");
    }
    put(p, "</tbody></table></div></details>\n");
}

static void put_labels(document *d)
{
    page *p = &d->p;
    bool known = ev_find(&d->ev, "labels.recall") != NULL;
    doc_section(p, "labels", "Labels that look wrong");
    open_pair(p);
    say(d, "<p class=\"finding\">", "labels.suspected", AS_PERCENT,
        " of the labels are suspected: networks that had not seen the example are surer of "
        "another class than they usually are of it.</p>\n");
    if (known) {
        say(d, "<p>Some labels were changed on purpose, to see how good the list is: it holds ",
            "labels.recall", AS_PERCENT, " of them; ");
        say(d, "", "labels.precision", AS_PERCENT,
            " of the list are such. The rest stood so in the data: look at them below.</p>\n");
    }
    put(p, "<p><a href=\"suspects.csv\" download>suspects.csv</a> lists them, the surest first, "
           "with every score; <a href=\"suspects.npy\" download>suspects.npy</a> holds their "
           "ids.</p>\n<p class=\"small\">By confident learning (Northcutt et al. 2021). Hard and "
           "rare examples are suspected, too: a person must look.</p>\n");
    to_figure(p);
    if (doc_has(d, "labels.roc"))
        doc_figure(d, "labels.roc");
    if (doc_has(d, "scores.el2n"))
        doc_figure(d, "scores.el2n");
    close_pair(p);
    put(p, known ? "<h3>The surest suspects among the labels as they came</h3>\n"
                 : "<h3>The surest suspects</h3>\n");
    doc_data_gallery(d, "mislabelled");
    if (known) {
        put(p, "<h3>The surest suspects among the labels that were changed</h3>\n");
        doc_data_gallery(d, "mislabelled.known");
    }
    put_score_table(d);
    put(p, "</section>\n");
}

static void put_memorized(document *d)
{
    page *p = &d->p;
    doc_section(p, "memorized", "Examples that are memorized");
    open_pair(p);
    say(d, "<p class=\"finding\">", "memorization.share", AS_PERCENT,
        " of the examples with a label as it came are memorized: a network that was trained on one "
        "is right about it at least 25 points oftener than one that was not.</p>\n");
    say(d, "<p>Of labels that were changed on purpose mem is ", "memorization.flipped", AS_PLAIN,
        " in the mean, ");
    say(d, "", "memorization.clean", AS_PLAIN, " of the others.</p>\n");
    say(d, "<p class=\"small\">By ", "bank.models", AS_COUNT,
        " networks, each trained on a random half. ");
    say(d, "Mem by half of them and by the others correlates at ", "memorization.split_half",
        AS_PLAIN, ". ");
    put(p, "What is memorized is shown here with its label as it came: atypical, ambiguous or "
           "wrong.</p>\n");
    to_figure(p);
    if (doc_has(d, "scores.mem"))
        doc_figure(d, "scores.mem");
    close_pair(p);
    doc_data_gallery(d, "memorized");
    put(p, "</section>\n");
}

static void put_redundant(document *d)
{
    page *p = &d->p;
    double share = ev_number(&d->ev, "redundant.share");
    doc_section(p, "redundant", "Examples that can go");
    open_pair(p);
    if (share > 0) {
        put(p, "<p class=\"finding\">Without the ");
        put_number(p, share, AS_PERCENT);
        put(p, " that are easiest, ");
        say(d, "accuracy changes by ", "redundant.cost", AS_POINTS, " points.</p>\n");
    } else if (isfinite(share)) {
        put(p, "<p class=\"finding\">No share of the easy examples that was tried can go without "
               "costing half a point.</p>\n");
    }
    put(p, "<p>The examples with the lowest EL2N teach little that the others do not. Below are "
           "some of each class. Dropping too many of them tips over: read the figure to the "
           "right.</p>\n");
    say(d, "<p class=\"small\">", "data.duplicates", AS_COUNT,
        " examples are equal to an earlier one, number by number.</p>\n");
    to_figure(p);
    doc_figure(d, "dropping.easiest");
    close_pair(p);
    doc_data_gallery(d, "redundant");
    put(p, "</section>\n");
}

static void put_influence(document *d)
{
    page *p = &d->p;
    double found = ev_number(&d->ev, "influence.found");
    double pairs = ev_number(&d->ev, "influence.pairs");
    size_t shown = doc_data_count(d, "influence");
    doc_section(p, "influence", "Test examples that hang on a training example");
    if (!isfinite(pairs)) {
        doc_absent(d, "influence");
        put(p, "</section>\n");
        return;
    }
    put(p, "<p class=\"finding\">");
    if (pairs > 0) {
        put_number(p, pairs, AS_COUNT);
        put(p, pairs == 1 ? " pair is resolved" : " pairs are resolved");
        say(d, ", with ", "influence.tests", AS_COUNT, " different test examples");
        if (pairs > (double)shown)
            putf(p, "; the %zu of greatest influence are shown", shown);
    } else {
        put(p, "No pair is resolved");
    }
    put(p, ".</p>\n<p class=\"small\">Influence: how much oftener networks that were trained on "
           "the training example are right about the test example. ");
    put_number(p, found, AS_COUNT);
    put(p, " pairs of a memorized example (");
    put_number(p, ev_number(&d->ev, "influence.candidates"), AS_COUNT);
    put(p, " of them) and a test example have 0.15 and more. Resolved are those that stand out "
           "further than any pair does when the networks' training sets are dealt out anew, 19 "
           "times");
    if (isfinite(ev_number(&d->ev, "influence.bar")))
        say(d, " (z above ", "influence.bar", AS_PLAIN, ")");
    put(p, ".</p>\n");
    if (shown)
        doc_data_gallery(d, "influence");
    put(p, "</section>\n");
}

static void put_attack(document *d, const char *name, const char *words)
{
    static const char *const part[] = {"auc", "tpr.0.01", "tpr.0.001"};
    page *p = &d->p;
    putf(p, "<tr><th scope=\"row\">%s</th>", words);
    for (int k = 0; k < 3; k++) {
        char metric[64];
        snprintf(metric, sizeof metric, "membership.%s.%s", name, part[k]);
        const eid_estimate *e = ev_find(&d->ev, metric);
        put(p, e && isnan(e->value) ? "<td class=\"num why\">" : "<td class=\"num\">");
        if (e)
            put_estimate(p, e, k ? AS_PERCENT : AS_PLAIN);
        put(p, "</td>");
    }
    put(p, "</tr>\n");
}

static void put_membership(document *d)
{
    page *p = &d->p;
    doc_section(p, "membership", "Whether an example was trained on");
    open_pair(p);
    put(p, "<p class=\"finding\">An attacker who holds an example asks a network whether it was "
           "trained on it. What counts is how many are found while few are accused wrongly: the "
           "left of the figure.</p>\n<p>LiRA knows what networks of the same kind say about the "
           "example with it and without; the loss alone knows nothing but the answer.</p>\n"
           "<p class=\"small\">Networks of the bank in turn, each attacked with the others' help; "
           "intervals are over the networks attacked; the figure shows the first. Whoever trains "
           "on everything and gives out "
           "one network is a little less exposed than a network on half of the data.</p>\n");
    to_figure(p);
    doc_figure(d, "membership.roc");
    put(p, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Attacks\"><table>"
           "<thead><tr><th scope=\"col\">attack</th><th scope=\"col\" class=\"num\">AUC</th><th "
           "scope=\"col\" class=\"num\">found at 1% false</th><th scope=\"col\" class=\"num\">at "
           "0.1% false</th></tr></thead><tbody>\n");
    put_attack(d, "lira", "LiRA");
    put_attack(d, "loss", "loss");
    put(p, "</tbody></table></div>\n");
    close_pair(p);
    put(p, "</section>\n");
}

static void put_dropping(document *d)
{
    page *p = &d->p;
    const char *score = ev_find_text(&d->ev, "dropping.best.score");
    double share = ev_number(&d->ev, "dropping.best.share");
    doc_section(p, "dropping", "What dropping the hardest examples does");
    open_pair(p);
    if (share > 0) {
        put(p, "<p class=\"finding\">The choosing half of the test set prefers dropping the ");
        put_number(p, share, AS_PERCENT);
        put(p, " that are hardest by ");
        put_word(p, score);
        say(d, ". On the other half accuracy changes by ", "dropping.best.gain", AS_POINTS,
            " points");
        say(d, "; against dropping as many at random, by ", "dropping.best.over_random", AS_POINTS,
            "");
        put(p, ".</p>\n");
    } else if (score) {
        put(p, "<p class=\"finding\">The choosing half of the test set prefers to drop "
               "nothing.</p>\n");
    }
    put(p, "<p>Hard examples are of two kinds: wrong ones, without which a network is better, and "
           "rare ones, without which it is worse. The figure shows which kind a score finds "
           "first.</p>\n<p class=\"small\">Each part is trained on for as many steps as the "
           "whole. Intervals are over seeds, their spread pooled over all parts; the test set is "
           "taken as given.</p>\n");
    to_figure(p);
    doc_figure(d, "dropping.hardest");
    close_pair(p);
    put(p, "</section>\n");
}

/* ---- what to do ------------------------------------------------------------------------------ */

static const struct {
    const char *code, *meaning, *action;
} advice[] = {
    {"labels.wrong", "Some labels look wrong.",
     "Let a person go through <code>suspects.csv</code> from the top until what comes is mostly "
     "right, correct those labels, and run the same command again: <code>eidetic compare</code> "
     "tells what changed. To learn how good the list is on your data, run it once with "
     "<code>--wrong-labels 0.05</code>."},
    {"membership.leak", "Someone who holds an example can tell that it was trained on.",
     "If being in this set is sensitive (patients, customers), do not give out probabilities, stop "
     "training earlier, use more data or a smaller network, or train with differential privacy. "
     "Otherwise this is a warning sign, not harm in itself."},
    {"data.memorized", "Part of the set is known by heart.",
     "Look at the pictures above: where they are wrong, correct them; where they are rare but "
     "right, more examples like them help. What is memorized is what membership attacks find "
     "first."},
    {"data.drop", "Fewer examples train a better network.",
     "Drop them by the score and share that the section names (<code>scores.csv</code> has every "
     "example's score), or better, correct their labels."},
    {"data.leak", "Test and training set overlap.",
     "Remove the common examples from one of the two, and measure accuracy again."},
    {"data.conflict", "Equal examples have different labels.",
     "Decide on one label for each; no network can be right about both."},
    {"unresolved.memorization", "There were too few networks.",
     "Give the audit more <code>--minutes</code>, or fewer <code>--examples</code>."},
};

static void put_advice(document *d, const doc_reason *r, int number)
{
    (void)number;
    for (size_t i = 0; i < sizeof advice / sizeof *advice; i++) {
        if (strcmp(r->code, advice[i].code) != 0 || d->advised & (1u << i))
            continue;
        put(&d->p, d->advised ? "" : "<ol class=\"advice\">\n");
        d->advised |= 1u << i;
        putf(&d->p, "<li><b>%s</b> ", advice[i].meaning);
        put(&d->p, advice[i].action);
        put(&d->p, "</li>\n");
    }
}

static void put_meaning(document *d)
{
    page *p = &d->p;
    doc_section(p, "meaning", "What it means, and what to do next");
    doc_reasons(d, put_advice);
    put(p, d->advised ? "</ol>\n"
                      : "<p>The verdict gives no reason that calls for an action. Keep this run "
                        "and its command: after the next change of the data, the same command and "
                        "<code>eidetic compare</code> tell whether it still holds.</p>\n");
    put(p, "</section>\n");
}

/* ---- origin ---------------------------------------------------------------------------------- */

static void put_fact(document *d, const char *name, const char *metric)
{
    double x = ev_number(&d->ev, metric);
    if (!isfinite(x))
        return;
    putf(&d->p, "<dt>%s</dt><dd>", name);
    put_number(&d->p, x, AS_PLAIN);
    put(&d->p, "</dd>\n");
}

static void put_inputs(document *d)
{
    page *p = &d->p;
    const char *model = ev_find_text(&d->ev, "model.shape");
    doc_section(p, "inputs", "What was measured, on what");
    doc_input_table(d);
    put(p, "<div class=\"two\">\n<div><h3>The data</h3>\n<dl class=\"facts\">\n");
    put_fact(d, "Training examples", "data.examples");
    put_fact(d, "Test examples", "data.test_examples");
    put_fact(d, "Classes", "data.classes");
    put_fact(d, "Numbers in an example", "data.features");
    put_fact(d, "Labels changed on purpose", "data.flips");
    put_fact(d, "Equal to an earlier one", "data.duplicates");
    put(p, "</dl></div>\n<div><h3>The networks</h3>\n<dl class=\"facts\">\n");
    if (model) {
        put(p, "<dt>Network</dt><dd>");
        put_word(p, model);
        put(p, "</dd>\n");
    }
    put_fact(d, "Epochs", "model.epochs");
    put_fact(d, "Steps each", "model.steps");
    put_fact(d, "Trained with records", "model.runs");
    put_fact(d, "Trained on random halves", "bank.models");
    put(p, "</dl></div></div></section>\n");
}

static void put_methods(document *d)
{
    page *p = &d->p;
    doc_section(p, "methods", "Methods and limits");
    put(p, "<p>Every estimate comes with a 95% interval. Intervals hold one by one: among "
           "thousands of examples some will miss.</p>\n"
           "<h3>What this audit cannot see</h3>\n<ul>\n"
           "<li>It sees the data through networks of one kind and one way of training; others "
           "memorize other examples.</li>\n"
           "<li>Memorization and membership are of networks trained on half of the examples. With "
           "all of them, less is memorized.</li>\n"
           "<li>A label that is wrong in the same way for all examples like it looks right.</li>\n"
           "<li>A pass is a statement about these measures on this data. It is no proof that "
           "nothing is wrong.</li>\n</ul>\n");
    doc_numbers(d);
    put(p, "</section>\n");
}

void doc_data_page(document *d)
{
    page *p = &d->p;
    const char *title = ev_find_text(&d->ev, "title"), *name = ev_find_text(&d->ev, "data.name");
    title = title ? title : name;
    doc_head(p, "What classifiers make of the training set", " · ", title);
    doc_eyebrow(d);
    put(p, "<h1>What classifiers make of ");
    if (title)
        put_word(p, title);
    else
        put(p, "the training set");
    put(p, "</h1>\n");
    put_verdict(d);
    put_keys(d);
    put_contents(p);
    put(p, "</header>\n<main class=\"wrap\" id=\"main\">\n");
    put_labels(d);
    put_memorized(d);
    put_redundant(d);
    put_influence(d);
    put_membership(d);
    put_dropping(d);
    put_meaning(d);
    put_inputs(d);
    doc_reproduce(d);
    put_methods(d);
    doc_foot(p);
}
