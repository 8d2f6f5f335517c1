/* report.h - a run's report: one HTML file, opens offline, needs no JavaScript. */
#ifndef EID_REPORT_H
#define EID_REPORT_H
#include "eidetic/base.h"

typedef struct eid_report_opts {
    bool reveal; /* show e-mail addresses, numbers and keys as they are */
} eid_report_opts;
EID_API eid_report_opts eid_report_opts_default(void);
EID_API extern const eid_opt eid_report_opt_table[];

/* Reads RUN/eidetic.db; writes RUN/report.html and RUN/figures/NAME.{svg,csv,vl.json}. */
EID_API EID_CHECKED eid_status eid_report_write(eid_ctx *ctx, const char *run,
                                                const eid_report_opts *opts);
#endif
