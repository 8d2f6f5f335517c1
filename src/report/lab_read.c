/* lab_read.c - from the texts lab.NAME to labs and their figures. */
#include "report/lab.h"
#include "base/json.h"
#include <math.h>
#include <string.h>

const char *lab_word(const json_t *j, const char *field)
{
    const char *s = json_string_value(json_object_get(j, field));
    return s ? s : "";
}

bool doc_is_lab(const document *d)
{
    static const char *const verbs[] = {"lab", "trace", "cmi"};
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(d->ev.run->command, verbs[i]) == 0)
            return true;
    return false;
}

/* Names become file names and anchors: nothing but letters, digits, '-' and inner dots. */
static bool is_name(const char *s, bool dots)
{
    size_t n = strlen(s);
    return n >= 1 && n <= 80 && s[0] != '.' && s[n - 1] != '.' && !strstr(s, "..") &&
           s[strspn(s, dots ? "abcdefghijklmnopqrstuvwxyz0123456789-."
                            : "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

/* The place of a word in a NULL-ended list; 0, the first, for one that is not there. */
static int word_of(const json_t *j, const char *field, const char *const *words)
{
    const char *s = lab_word(j, field);
    for (int i = 0; words[i]; i++)
        if (strcmp(s, words[i]) == 0)
            return i;
    return 0;
}

static void fill_series(fig *f, const json_t *spec, const evidence *ev)
{
    const json_t *all = json_object_get(spec, "series"), *one;
    const ev_curve *c = ev_find_curve(ev, f->name);
    size_t i;
    int colour = 0;

    json_array_foreach(all, i, one)
    {
        const ev_series *s = ev_find_series(c, lab_word(one, "name"));
        if (!s || !s->n || f->n == FIG_SERIES)
            continue;
        bool grey = json_is_true(json_object_get(one, "reference"));
        f->series[f->n++] =
            (fig_series){s->name, s->name, grey ? 0 : 1 + colour++ % 6, s->at, s->n};
    }
}

/* A bar's x is its row's number: it must be one that is there. */
static bool fill_rows(fig *f, const json_t *spec)
{
    const json_t *all = json_object_get(spec, "rows"), *one;
    size_t i;

    json_array_foreach(all, i, one)
    {
        if (f->rows == FIG_ROWS)
            return false;
        const char *s = json_string_value(one);
        f->row[f->rows++] = s ? s : "";
    }
    for (int s = 0; s < f->n; s++)
        for (size_t k = 0; k < f->series[s].n; k++) {
            double x = f->series[s].at[k].x;
            if (!(x >= 0 && x < f->rows && x == floor(x)))
                return false;
        }
    return f->rows > 0;
}

static bool fill_figure(fig *f, const lab_view *lab, const json_t *spec, const evidence *ev)
{
    static const char *const kind[] = {"lines", "steps", "bars", NULL};
    static const char *const scale[] = {"linear", "log2", "log10", NULL};
    static const char *const as[] = {"plain", "percent", "count", NULL};
    size_t n = strlen(lab->name);

    *f = (fig){.name = lab_word(spec, "name"),
               .section = lab->name,
               .title = lab_word(spec, "title"),
               .x_title = lab_word(spec, "x_title"),
               .y_title = lab_word(spec, "y_title"),
               .x_unit = lab_word(spec, "x_unit"),
               .kind = (fig_kind)word_of(spec, "kind", kind),
               .x_kind = (axis_kind)word_of(spec, "x_scale", scale),
               .y_kind = (axis_kind)word_of(spec, "y_scale", scale),
               .x_as = (number_as)word_of(spec, "x_as", as),
               .y_as = (number_as)word_of(spec, "y_as", as),
               .whole = json_is_true(json_object_get(spec, "from_zero")),
               .rule = NAN};
    if (json_is_number(json_object_get(spec, "rule"))) {
        f->rule = json_number_value(json_object_get(spec, "rule"));
        f->rule_label = lab_word(spec, "rule_label");
    }
    if (!is_name(f->name, true) || strncmp(f->name, lab->name, n) != 0 || f->name[n] != '.')
        return false;
    for (int i = 0; i < lab->figures; i++)
        if (strcmp(lab->figure[i].name, f->name) == 0)
            return false;
    fill_series(f, spec, ev);
    return f->n > 0 && (f->kind != FIG_BARS || fill_rows(f, spec));
}

/* A text that is not what we write is passed over: the page says how many labs it shows. */
static bool fill_lab(lab_view *lab, document *d, const ev_text *t)
{
    const json_t *all, *one;
    size_t i;

    if (eid_json_parse(&lab->json, t->name, t->value, strlen(t->value)) != EID_OK)
        return false;
    lab->name = lab_word(lab->json, "name");
    if (!is_name(lab->name, false) || strcmp(lab->name, t->name + 4) != 0)
        return false;
    lab->title = lab_word(lab->json, "title");
    lab->claim = lab_word(lab->json, "claim");
    lab->meaning = lab_word(lab->json, "meaning");
    lab->source = lab_word(lab->json, "source");
    lab->scale = lab_word(lab->json, "scale");
    lab->verdict = lab_word(lab->json, "verdict");
    one = json_object_get(lab->json, "seconds");
    lab->seconds = json_is_number(one) ? json_number_value(one) : NAN;
    all = json_object_get(lab->json, "figures");
    json_array_foreach(all, i, one)
    {
        if (lab->figures < LAB_FIGURES && fill_figure(&lab->figure[lab->figures], lab, one, &d->ev))
            lab->figures++;
    }
    return true;
}

eid_status doc_lab_read(document *d)
{
    eid_status st = EID_OK;

    EID_TRY(EID_NEW(d->lab, LAB_MOST));
    for (size_t i = 0; i < d->ev.texts && d->labs < LAB_MOST; i++) {
        const ev_text *t = &d->ev.text[i];
        lab_view *lab = &d->lab[d->labs];
        if (strncmp(t->name, "lab.", 4) != 0)
            continue;
        if (fill_lab(lab, d, t)) {
            d->labs++;
        } else {
            json_decref(lab->json);
            *lab = (lab_view){0};
        }
    }
done:
    return st;
}

void doc_lab_free(document *d)
{
    for (size_t i = 0; i < d->labs; i++)
        json_decref(d->lab[i].json);
    eid_free(d->lab);
}

eid_status doc_lab_figures(document *d, eid_status (*fn)(void *user, const fig *f), void *user)
{
    eid_status st = EID_OK;

    for (size_t i = 0; i < d->labs; i++)
        for (int k = 0; k < d->lab[i].figures && st == EID_OK; k++)
            st = fn(user, &d->lab[i].figure[k]);
    return st;
}
