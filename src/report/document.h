/* document.h - the report's parts, in the order in which a reader meets them. */
#ifndef EID_SRC_REPORT_DOCUMENT_H
#define EID_SRC_REPORT_DOCUMENT_H
#include "report/figure.h"

typedef struct lab_view lab_view; /* lab.c: one lab of a run of labs */

typedef struct document {
    page p;
    evidence ev;
    fig figure[FIGURES];
    bool has[FIGURES];
    int reasons, clean; /* of the verdict, told so far */
    unsigned advised;   /* bits: advice that stands there already */
    lab_view *lab;
    size_t labs;
} document;

extern const char page_style[];

void doc_page(document *d); /* the whole, by calling the parts */

void doc_verdict(document *d);    /* verdict.c: level, reasons, key numbers */
void doc_advice(document *d);     /* advice.c: what it means, what to do next */
void doc_extraction(document *d); /* measures.c: a section per measure, with its figures */
void doc_exposure(document *d);
void doc_membership(document *d);
void doc_training(document *d);
void doc_strings(document *d);  /* strings.c */
void doc_personal(document *d); /* personal.c */
void doc_inputs(document *d);   /* origin.c: what was measured on what, how to reproduce it */
void doc_reproduce(document *d);
void doc_methods(document *d); /* methods.c: how sure, and what this cannot see */

/* A run of labs has a page of its own (lab.c, lab_read.c); its figures are read, written, drawn. */
bool doc_is_lab(const document *d);
eid_status doc_lab_read(document *d);
void doc_lab_free(document *d);
eid_status doc_lab_figures(document *d, eid_status (*fn)(void *user, const fig *f), void *user);
void doc_lab_page(document *d);

/* So has a run of `duplicates` (duplicates.c); its figures are the first of `figure`. */
enum { DOC_DUPLICATES = 4 };
bool doc_is_duplicates(const document *d);
eid_status doc_duplicates_figures(document *d, eid_status (*fn)(void *user, const fig *f),
                                  void *user);
void doc_duplicates_page(document *d);

/* So has the audit of a training set (data.c, data_figures.c, data_examples.c). */
enum { DOC_DATA = 7 };
bool doc_is_data(const document *d);
eid_status doc_data_figures(document *d, eid_status (*fn)(void *user, const fig *f), void *user);
void doc_data_page(document *d);
void doc_data_gallery(document *d, const char *kind); /* data_examples.c */
size_t doc_data_count(const document *d, const char *kind);

/* Shared pieces. */
void doc_numbers(document *d); /* methods.c: what could not be told, warnings, every number */
/* Up to the body; the title is `ours`, then `of` and `hostile` where that is not NULL. */
void doc_head(page *p, const char *ours, const char *of, const char *hostile);
void doc_eyebrow(document *d); /* opens the header: command and date */
void doc_foot(page *p);
const char *doc_icon(const char *level); /* the path of a level's sign in a 24 x 24 box */
void doc_input_table(document *d);
void doc_draw(page *p, const fig *f); /* a figure whose name is one of our own or was checked */
void doc_section(page *p, const char *id, const char *title); /* opens; close with </section> */
/* The figure by name, in both widths, with its data and its files; or the sentence why it is not
 * there. */
void doc_figure(document *d, const char *name);
bool doc_has(const document *d, const char *figure);
void doc_absent(document *d, const char *section); /* "Not measured: ..." */

/* The "text" of a stored {"code":, "text":}, or the whole when it is not that. */
void doc_put_json_text(page *p, const char *value);

/* One reason of the verdict, parsed from its stored JSON; texts are hostile, borrowed from `json`.
 */
typedef struct doc_reason {
    void *json;
    const char *code, *text, *figure, *level; /* "" where absent */
} doc_reason;
/* Calls fn for each stored reason in order. */
void doc_reasons(document *d, void (*fn)(document *d, const doc_reason *r, int number));
#endif
