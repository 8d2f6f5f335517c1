/* cmi_runs.h - runs on super-samples, for eid_cmi_measure_runs (cmi.h): of networks, and of models
 * that were trained elsewhere.
 *
 * A model is trained on one example of each pair; examples 2i and 2i + 1 are pair i.  The
 * prediction is the class named, the loss 0 or 1, unless other losses are given. */
#ifndef EID_CMI_RUNS_H
#define EID_CMI_RUNS_H
#include "eidetic/cmi.h"
#include "eidetic/dataset.h"
#include "eidetic/lab.h"
#include "eidetic/train.h"

/* Trains opts->supers banks of opts->masks models each into DIR/super-0, DIR/super-1, ...  (bank.h
 * has their arrays), each on 2 opts->pairs examples of `data` drawn at random, with batches of
 * opts->pairs at most.  Killed, the same call goes on.  EID_EINVAL when the data are fewer. */
EID_API EID_CHECKED eid_status eid_cmi_runs_train(eid_cmi_runs **out, eid_ctx *ctx,
                                                  const eid_dataset *data,
                                                  const eid_classifier_opts *training,
                                                  const eid_cmi_opts *opts, const char *dir);
/* Finished banks of the design `pairs` that kept logits, one super-sample each, of equal sizes. */
EID_API EID_CHECKED eid_status eid_cmi_runs_banks(eid_cmi_runs **out, eid_ctx *ctx,
                                                  const eid_strings *dirs);

/* Arrays (.npy) of models from elsewhere.  All but `labels` begin with (models, examples), or
 * (super-samples, models, examples); what is not there is NULL. */
typedef struct eid_cmi_files {
    const char *members;     /* 1 where the model was trained on the example, else 0 */
    const char *outputs;     /* (..., classes): logits or probabilities; wants labels */
    const char *predictions; /* whole numbers; wants labels or losses */
    const char *losses;      /* in [0, 1]; alone, they are the predictions, too */
    const char *labels;      /* (examples) or (super-samples, examples) */
    int64_t loss_levels;     /* losses are rounded to so many steps of [0, 1]; 0: to 2^20 */
} eid_cmi_files;
/* EID_EINVAL with the place: a model that was trained on both examples of a pair or on neither,
 * shapes that do not fit each other, a loss outside of [0, 1] or that is no function of the
 * prediction, so that F >= L would not follow. */
EID_API EID_CHECKED eid_status eid_cmi_runs_files(eid_cmi_runs **out, eid_ctx *ctx,
                                                  const eid_cmi_files *files);

/* ---- all that `eidetic cmi` can be asked ------------------------------------------------------
 */

/* The first that is there is measured: files.members, banks, data, else cmi.learner. */
typedef struct eid_cmi_ask {
    eid_cmi_opts cmi; /* its seed is that of everything */
    eid_cmi_files files;
    eid_strings banks;
    const char *data; /* as eid_dataset_read takes it, read by `read` */
    eid_classifier_opts training;
    eid_dataset_opts read; /* its `labels` are files.labels */
} eid_cmi_ask;
EID_API eid_cmi_ask eid_cmi_ask_default(void);
EID_API extern const eid_opt eid_cmi_source_table[]; /* of an eid_cmi_ask: files, banks, data */

/* `dir`: where banks are kept; needed with `data` only. */
EID_API EID_CHECKED eid_status eid_cmi_answer(eid_cmi_result **out, eid_ctx *ctx,
                                              const eid_cmi_ask *ask, const char *dir);
/* The same as a run that can be resumed: call->out/eidetic.db and report.html, and in
 * call->out/cmi the banks, result.json (the JSON of eid_cmi_json) and rows.csv.  *json: that JSON.
 */
EID_API EID_CHECKED eid_status eid_cmi_keep(char **json, eid_ctx *ctx, const eid_cmi_ask *ask,
                                            const eid_lab_call *call);
#endif
