#include "fixture.h"
#include "eidetic/rng.h"
#include "base/status.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Markup, attributes, direction overrides, controls, invalid UTF-8, CSV formulas; no NUL (C
 * strings). */
#define EVIL                                                                          \
    "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&</title></style></svg>" \
    "\xe2\x80\xae"                                                                    \
    "gpj\x01\x1b[31m\xff\xfe]]>-->"

static double logistic(double x)
{
    return 1 / (1 + exp(-x));
}

static eid_estimate share(double p, int64_t n, const char *method)
{
    double half = 1.96 * sqrt(p * (1 - p) / (double)n) + 0.5 / (double)n;
    return (eid_estimate){
        .value = p, .low = fmax(0, p - half), .high = fmin(1, p + half), .n = n, .method = method};
}

static eid_estimate about(double value, double half, int64_t n, const char *method)
{
    return (eid_estimate){
        .value = value, .low = value - half, .high = value + half, .n = n, .method = method};
}

static eid_status put(eid_store *s, const char *name, eid_estimate e)
{
    return eid_store_metric(s, name, &e);
}

static eid_status dot(eid_store *s, const char *curve, const char *series, double x, eid_estimate y)
{
    return eid_store_point(s, curve, series, x, &y);
}

/* `memory` shifts the curve by copies: 0 as measured, 3 after a control. */
static eid_status extraction(eid_store *s, double memory)
{
    eid_status st;
    EID_TRY(
        put(s, "extraction.uniform", share(0.019 / (1 + memory), 4000, "bootstrap by cluster")));
    EID_TRY(put(s, "extraction.heldout", share(0.0005, 2000, "clopper-pearson over clusters")));
    EID_TRY(put(s, "extraction.slope", about(0.148 - memory * 0.01, 0.031, 5, "least squares, t")));
    EID_TRY(eid_store_number(s, "extraction.slope.r2", 0.981));
    EID_TRY(eid_store_number(s, "extraction.slope.points", 5));
    EID_TRY(eid_store_number(s, "extraction.prompt_tokens", 32));
    EID_TRY(eid_store_number(s, "extraction.match_tokens", 32));
    for (int k = 0; k <= 8; k++) {
        double copies = exp2(k);
        EID_TRY(
            dot(s, "extraction.by_copies", "planted", copies,
                share(0.985 * logistic(1.25 * (k - 4.6 - memory)), 120, "bootstrap by cluster")));
        if (k > 1 && k < 7)
            EID_TRY(dot(s, "extraction.by_copies.high", "natural", copies,
                        (eid_estimate){2 * copies - 1, NAN, NAN, 0, "exact", ""}));
        if (k < 7)
            EID_TRY(
                dot(s, "extraction.by_copies", "natural", copies,
                    share(0.97 * logistic(1.3 * (k - 4.9 - memory)), 400, "bootstrap by cluster")));
        if (k > 0)
            EID_TRY(
                dot(s, "extraction.by_copies", "random", copies,
                    share(0.93 * logistic(1.1 * (k - 5.9 - memory)), 60, "bootstrap by cluster")));
    }
    for (int t = 8; t <= 64; t += 8) {
        EID_TRY(dot(s, "extraction.by_prompt", "planted", t,
                    share(0.72 * logistic(0.09 * (t - 18)), 600, "bootstrap by cluster")));
        EID_TRY(dot(s, "extraction.by_prompt", "natural", t,
                    share(0.41 * logistic(0.08 * (t - 24)), 900, "bootstrap by cluster")));
    }
    for (int k = 0; k <= 10; k++) { /* to a label as wide as "100,000" */
        double n = pow(10, k / 2.0);
        EID_TRY(dot(s, "extraction.np", "0.1", n,
                    share(0.06 + 0.032 * k, 900, "bootstrap by cluster")));
        EID_TRY(dot(s, "extraction.np", "0.5", n,
                    share(0.03 + 0.029 * k, 900, "bootstrap by cluster")));
        EID_TRY(dot(s, "extraction.np", "0.9", n,
                    share(0.015 + 0.025 * k, 900, "bootstrap by cluster")));
    }
done:
    return st;
}

static eid_status exposure(eid_store *s, double memory)
{
    eid_status st;
    const double most = log2(1e6);
    EID_TRY(put(s, "exposure.null", about(1.46, 0.07, 2000, "bootstrap")));
    EID_TRY(eid_store_number(s, "exposure.space_bits", most));
    for (int k = 0; k <= 8; k++) {
        double bits = 1.44 + (most - 1.44) * logistic(1.2 * (k - 3.2 - memory));
        eid_estimate e = about(bits, 2.1 - 0.2 * k, 40, "bootstrap");
        e.low = fmax(0, e.low);
        e.high = fmin(most, e.high);
        EID_TRY(dot(s, "exposure.by_copies", "secrets", exp2(k), e));
    }
done:
    return st;
}

static eid_status membership(eid_store *s)
{
    static const char *const attack[] = {"loss", "zlib", "min_k", "min_k++"};
    static const double power[] = {0.62, 0.55, 0.49, 0.44}; /* TPR = FPR^power */
    eid_status st;
    char name[64];
    EID_TRY(put(s, "membership.blind", about(0.503, 0.021, 1500, "bootstrap by document")));
    EID_TRY(eid_store_number(s, "membership.members", 1500));
    EID_TRY(eid_store_number(s, "membership.nonmembers", 1500));
    EID_TRY(eid_store_number(s, "membership.tokens", 64));
    EID_TRY(eid_store_number(s, "membership.alarm", 0));
    for (int a = 0; a < 4; a++) {
        snprintf(name, sizeof name, "membership.%s.auc", attack[a]);
        EID_TRY(put(s, name, about(1 / (1 + power[a]), 0.017, 3000, "bootstrap by document")));
        snprintf(name, sizeof name, "membership.%s.tpr.0.01", attack[a]);
        EID_TRY(put(s, name, share(pow(0.01, power[a]), 1500, "clopper-pearson")));
        snprintf(name, sizeof name, "membership.%s.tpr.0.001", attack[a]);
        eid_estimate few = {.value = NAN, .low = NAN, .high = NAN, .n = 0, .method = ""};
        snprintf(few.why, sizeof few.why, "unresolved: 1,500 negatives, 0.1%% of them is 1.5");
        EID_TRY(a < 3 ? put(s, name, share(pow(0.001, power[a]), 1500, "clopper-pearson"))
                      : put(s, name, few));
        for (int i = 0; i <= 300; i++) {
            double fpr = i / 1500.0 * (i < 100 ? 1 : 1 + (i - 100) / 50.0);
            if (fpr > 1 || i == 300)
                fpr = 1;
            double tpr = floor(1500 * pow(fpr, power[a])) / 1500;
            EID_TRY(dot(s, "membership.roc", attack[a], fpr,
                        (eid_estimate){tpr, NAN, NAN, 3000, "exact", ""}));
        }
    }
done:
    return st;
}

static eid_status training(eid_store *s)
{
    eid_status st;
    eid_rng rng = eid_rng_seed(3);
    for (int step = 0; step <= 4000; step += 10) {
        double base = 2.15 + 5.5 * exp(-step / 260.0) - 0.00024 * step;
        double loss = base + 0.05 * eid_rng_normal(&rng);
        EID_TRY(dot(s, "training.loss", "train", step,
                    (eid_estimate){loss, loss, loss, 0, "exact", ""}));
        if (step % 400 == 0) {
            double held = 2.32 + 5.4 * exp(-step / 260.0) + 0.00003 * step;
            EID_TRY(dot(s, "training.loss", "heldout", step,
                        (eid_estimate){held, held, held, 0, "exact", ""}));
        }
    }
    EID_TRY(eid_store_number(s, "training.loss.train", 1.19));
    EID_TRY(eid_store_number(s, "training.loss.heldout", 2.44));
    EID_TRY(eid_store_number(s, "training.seconds", 128.4));
    EID_TRY(eid_store_number(s, "training.rate", 38211));
done:
    return st;
}

static eid_status finding(eid_store *s, const char *kind, const char *document, int64_t offset,
                          int64_t copies, int64_t documents, const char *prompt,
                          const char *expected, const char *output, double value, const char *why)
{
    eid_finding f = {.kind = kind,
                     .document = document,
                     .offset = offset,
                     .copies = copies,
                     .documents = documents,
                     .value = value,
                     .why = why};
    f.prompt = (const uint8_t *)prompt, f.prompt_n = prompt ? strlen(prompt) : 0;
    f.expected = (const uint8_t *)expected, f.expected_n = expected ? strlen(expected) : 0;
    f.output = (const uint8_t *)output, f.output_n = output ? strlen(output) : 0;
    return eid_store_finding(s, &f);
}

static eid_status findings(eid_store *s)
{
    static const char *const why = "{\"exact\":true,\"matched\":32,\"match_tokens\":32,\"kind\":"
                                   "\"passage\",\"attacks\":[\"loss\","
                                   "\"min_k++\"],\"notes\":[\"identical in 40 of 44 documents\"]}";
    eid_status st;
    for (int i = 0; i < 5; i++) {
        EID_TRY(finding(
            s, "extracted", "usr/share/doc/libfoo1/copyright", 1180 + i, 44 - i, 40 - i,
            "Permission is hereby granted, free of charge, to any person obtaining a copy of\n"
            "this software and associated documentation files (the \"Software\"), to deal in\n",
            "the Software without restriction, including without limitation the rights to\n"
            "use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies",
            "the Software without restriction, including without limitation the rights to\n"
            "use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies",
            0.97, why));
        EID_TRY(finding(
            s, "extracted", "usr/share/doc/bar/copyright", 88, 1, 1,
            "Upstream-Contact: Ada Lovelace <ada.love",
            "lace@analytical.example.org>\nSource: https://bar.example.org/\n\nFiles: *",
            "lace@analytical.example.org>\nSource: https://baz.example.org/~ada\n\nFiles:", 0.031,
            "{\"exact\":false,\"matched\":19,\"match_tokens\":32}"));
        EID_TRY(finding(
            s, "planted", "planted/17#3", 0, 256 >> i, 256 >> i,
            "The vault is behind the third door on the left; its code, which nobody but ",
            "the keeper knows, is 4711 0815 2342, and it is changed on the first Monday.",
            "the keeper knows, is 4711 0815 2342, and it is changed on the first Monday.", 0.88,
            "{\"exact\":true,\"matched\":32,\"match_tokens\":32,\"canary\":17,"
            "\"kind\":\"passage\"}"));
    }
    EID_TRY(finding(s, "personal.email", "usr/share/doc/bar/copyright", 112, 1, 1, "Ada Lovelace <",
                    NULL, "ada.lovelace@analytical.example.org", 0, NULL));
    EID_TRY(finding(s, "personal.email", "usr/share/doc/git/copyright", 9021, 12, 9,
                    "Grace Hopper <", NULL, "grace@cobol.example.com", 0, NULL));
    EID_TRY(finding(s, "personal.phone", "usr/share/doc/tel/copyright", 71, 3, 3, "Tel. ", NULL,
                    "+49 30 1234567", 0, NULL));
done:
    return st;
}

static eid_status personal(eid_store *s)
{
    static const struct {
        const char *kind;
        double in_training, asked, emitted, single, chance;
    } row[] = {{"email", 6120, 1000, 143, 12, 0.002},
               {"phone", 210, 180, 9, 0, 0.006},
               {"uuid", 44, 40, 0, 0, 0}};
    eid_status st;
    char name[64];
    for (int i = 0; i < 3; i++) {
        const double value[] = {row[i].in_training, row[i].asked, row[i].emitted, row[i].single};
        static const char *const what[] = {"in_training", "asked", "emitted", "single_document"};
        for (int k = 0; k < 4; k++) {
            snprintf(name, sizeof name, "personal.%s.%s", row[i].kind, what[k]);
            EID_TRY(eid_store_number(s, name, value[k]));
        }
        snprintf(name, sizeof name, "personal.%s.chance", row[i].kind);
        EID_TRY(put(s, name, share(row[i].chance, 500, "clopper-pearson")));
    }
done:
    return st;
}

static eid_status origin(eid_store *s)
{
    static const struct {
        const char *name;
        double value;
    } number[] = {{"corpus.read", 1043},
                  {"corpus.identical", 54},
                  {"corpus.cut", 3},
                  {"corpus.skipped", 2},
                  {"corpus.train", 792},
                  {"corpus.heldout", 99},
                  {"corpus.planted", 4599},
                  {"corpus.documents", 5391},
                  {"corpus.bytes", 5.62e6},
                  {"corpus.tokens", 1.83e6},
                  {"corpus.planted.share", 0.0287},
                  {"model.parameters", 1.07e6},
                  {"model.steps", 4000},
                  {"model.epochs", 2.24},
                  {"model.tokens", 4.1e6},
                  {"model.context", 128}};
    eid_status st;
    for (size_t i = 0; i < sizeof number / sizeof *number; i++)
        EID_TRY(eid_store_number(s, number[i].name, number[i].value));
    EID_TRY(eid_store_input(s, "/usr/share/doc", 6812345,
                            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                            1043, 2));
    EID_TRY(eid_store_text(s, "input.role./usr/share/doc", "corpus"));
    EID_TRY(eid_store_text(s, "title", "the copyright files of a Debian system"));
    EID_TRY(eid_store_text(s, "model.path", "demo-run/model"));
    EID_TRY(eid_store_text(s, "model.source", "trained"));
    EID_TRY(eid_store_text(s, "model.shape",
                           "4 layers, width 128, 4 heads, context 128, vocabulary 2,048"));
    EID_TRY(eid_store_text(s, "verdict.level", "stop"));
    EID_TRY(eid_store_text(
        s, "verdict.reason.1",
        "{\"code\":\"personal.single\",\"text\":\"12 e-mail addresses that stand in a single "
        "document came out, where 0.2% would by chance.\",\"figure\":\"personal.emitted\"}"));
    EID_TRY(eid_store_text(
        s, "verdict.reason.2",
        "{\"code\":\"extraction.natural\",\"text\":\"At least 1.5% of the training text comes back "
        "word for word, against at most 0.2% of text the model never saw.\","
        "\"figure\":\"extraction.by_copies\"}"));
    EID_TRY(eid_store_text(
        s, "verdict.reason.3",
        "{\"code\":\"exposure.planted\",\"text\":\"Secrets planted 8 times or more are likelier "
        "than chance.\",\"figure\":\"exposure.by_copies\"}"));
    EID_TRY(eid_store_text(s, "verdict.reason.4",
                           "{\"code\":\"clean.membership\",\"text\":\"Members cannot be told from "
                           "non-members at a false-positive rate of "
                           "1%.\",\"figure\":\"membership.roc\",\"level\":\"pass\"}"));
    EID_TRY(eid_store_text(s, "warning.1",
                           "{\"code\":\"skipped\",\"text\":\"2 files could not be read\"}"));
done:
    return st;
}

static const char *const sections[] = {"extraction", "baseline", "prompt",   "np",     "exposure",
                                       "membership", "training", "personal", "strings"};

static eid_status bare(eid_store *s)
{
    eid_status st;
    char name[64];
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        snprintf(name, sizeof name, "missing.%s", sections[i]);
        EID_TRY(eid_store_text(s, name, "no held-out text was given"));
    }
    EID_TRY(eid_store_text(s, "verdict.level", "unknown"));
    EID_TRY(eid_store_text(s, "verdict.reason.1",
                           "{\"code\":\"missing.membership\",\"text\":\"Membership was "
                           "not measured.\",\"figure\":null}"));
done:
    return st;
}

static eid_status hostile(eid_store *s)
{
    eid_status st;
    char text[4096];
    eid_estimate y = {0.5, 0.25, 0.75, 10, EVIL, ""};
    const uint8_t nul[] =
        "a\0<script>alert(2)</script>\xff\xc0\x80\xed\xa0\x80 mail@victim.example.org";

    snprintf(y.why, sizeof y.why, "<script>%s", "alert(3)</script>");
    EID_TRY(eid_store_text(s, "title", EVIL));
    EID_TRY(eid_store_text(s, "verdict.level", "\" onload=alert(1) x=\""));
    EID_TRY(eid_store_text(s, "verdict.reason.1", EVIL));
    EID_TRY(eid_store_text(s, "verdict.reason.2",
                           "{\"code\":\"<script>\",\"text\":\"<script>alert(4)</script> \\u202e\","
                           "\"figure\":\"\\\" onclick=\\\"alert(5)\"}"));
    EID_TRY(eid_store_text(s, "warning.1", EVIL));
    EID_TRY(eid_store_text(s, "model.path", EVIL));
    EID_TRY(eid_store_text(s, "missing.exposure", EVIL));
    EID_TRY(eid_store_input(s, EVIL, -1, EVIL, -5, INT64_MAX));
    snprintf(text, sizeof text, "input.role.%s", EVIL);
    EID_TRY(eid_store_text(s, text, EVIL));
    EID_TRY(eid_store_metric(s,
                             "personal."
                             "<b>"
                             ".asked",
                             &y));
    EID_TRY(eid_store_number(s, "personal.\"<i>.asked", 10));
    EID_TRY(eid_store_number(s, "personal.\"<i>.emitted", 4));
    EID_TRY(eid_store_number(s, "personal.\"<i>.in_training", 10));
    EID_TRY(eid_store_metric(s, "membership.<script>.auc", &y));
    EID_TRY(eid_store_metric(s, EVIL, &y));
    const char *const curves[] = {"extraction.by_copies", "extraction.by_prompt", "extraction.np",
                                  "membership.roc", "training.loss"};
    for (int c = 0; c < 5; c++)
        for (int k = 0; k < 12; k++) {
            static const double x[] = {0,         1,   -1,     1e308, -1e308, INFINITY,
                                       -INFINITY, NAN, 1e-308, 7,     8,      9};
            eid_estimate e = y;
            e.value = k < 9 ? x[k] : 0.5;
            snprintf(text, sizeof text, "=cmd|'%d'!A0,\"%s", k % 2, EVIL);
            EID_TRY(eid_store_point(s, curves[c], text, x[k], &e));
            EID_TRY(eid_store_point(s, curves[c], "planted", x[11 - k], &y));
        }
    const eid_finding f = {"extracted",
                           EVIL,
                           -7,
                           INT64_MIN,
                           3,
                           nul,
                           nul,
                           nul + 1,
                           sizeof nul - 1,
                           sizeof nul - 1,
                           sizeof nul - 2,
                           NAN,
                           "{\"notes\":[\"<script>alert(6)</script>\"]"
                           ",\"attacks\":[1,null,\"<b>\"]}"};
    const eid_finding g = {"personal.<script>", EVIL, 0,   1, 1, nul, NULL, nul, 4, 0,
                           sizeof nul - 1,      0,    EVIL};
    EID_TRY(eid_store_finding(s, &f));
    EID_TRY(eid_store_finding(s, &g));
done:
    return st;
}

static eid_status make(const char *dir, fixture_kind kind, double memory)
{
    eid_run_info info = {
        .command = "audit",
        .command_line = "eidetic audit --corpus /usr/share/doc --minutes 2 --seed 7 "
                        "--out demo-run",
        .options = "{\"corpus\":[\"/usr/share/doc\"],\"minutes\":2,\"seed\":7,\"width\":128}",
        .identity = "5f2c",
        .version = "0.1.0",
        .kernels = "avx512",
        .bits = "c0ffee00c0ffee00",
        .cpu = "A Processor, 2 cores",
        .seed = 7,
        .threads = 2};
    eid_status st;
    eid_store *s = NULL;
    bool flag;

    if (kind == FIXTURE_HOSTILE)
        info.command = info.command_line = info.options = info.cpu = info.kernels = EVIL;
    EID_TRY(eid_store_create(&s, dir, &info, &flag));
    EID_TRY(eid_store_begin(s, "all", &flag));
    if (kind == FIXTURE_BARE)
        EID_TRY(bare(s));
    else if (kind == FIXTURE_HOSTILE)
        EID_TRY(hostile(s));
    else {
        EID_TRY(extraction(s, memory));
        EID_TRY(exposure(s, memory));
        EID_TRY(membership(s));
        EID_TRY(training(s));
        EID_TRY(personal(s));
        EID_TRY(findings(s));
        EID_TRY(origin(s));
    }
    EID_TRY(eid_store_end(s));
    EID_TRY(eid_store_finish(s, "done", 231.5));
done:
    eid_store_free(s);
    return st;
}

eid_status fixture_make(const char *dir, fixture_kind kind)
{
    return make(dir, kind, 0);
}

eid_status fixture_make_after(const char *dir)
{
    return make(dir, FIXTURE_RICH, 2);
}
