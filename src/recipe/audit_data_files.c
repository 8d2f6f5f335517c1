/* audit_data_files.c - what an audit of a training set leaves for the next step: suspects and
 * scores as CSV and as arrays. */
#include "recipe/audit_data.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static eid_status write_field(eid_out *f, const char *text)
{
    eid_status st = EID_OK;

    EID_TRY(eid_out_printf(f, ",\"%s", strchr("=+-@\t", *text) && *text ? "'" : ""));
    for (; *text; text++)
        EID_TRY(eid_out_printf(f, *text == '"' ? "\"\"" : "%c", *text));
    EID_TRY(eid_out_printf(f, "\""));
done:
    return st;
}

static eid_status write_row(data_audit *a, eid_out *f, int64_t i, bool guess)
{
    eid_status st = EID_OK;
    const eid_dataset *d = a->set[0];
    const double *p = a->p + i * d->classes;
    char room[32];

    EID_TRY(eid_out_printf(f, "%" PRId64 ",%" PRId32, d->id[i], d->label[i]));
    EID_TRY(write_field(f, data_class(a, d->label[i], room)));
    if (a->flips)
        EID_TRY(eid_out_printf(f, ",%" PRId32, d->clean[i]));
    EID_TRY(eid_out_printf(f, ",%" PRId32, a->guess[i]));
    EID_TRY(write_field(f, data_class(a, a->guess[i], room)));
    if (guess)
        EID_TRY(eid_out_printf(f, ",%.9g", p[a->guess[i]]));
    for (int k = 0; k < DATA_SCORES; k++)
        EID_TRY(eid_out_printf(f, ",%.9g", a->score[k][i]));
    EID_TRY(eid_out_printf(f, "\n"));
done:
    return st;
}

static eid_status write_csv(data_audit *a, const char *name, const int64_t *place, int64_t n,
                            bool guess)
{
    eid_status st = EID_OK;
    char *path = NULL;
    eid_out *f = NULL;

    EID_TRY(eid_format(&path, "%s/%s", a->call->out, name));
    EID_TRY(eid_out_open(&f, path));
    EID_TRY(eid_out_printf(f, "id,label,class%s,guess,guess_class%s", a->flips ? ",clean" : "",
                           guess ? ",p_guess" : ""));
    for (int k = 0; k < DATA_SCORES; k++)
        EID_TRY(eid_out_printf(f, ",%s", data_score_name(k)));
    EID_TRY(eid_out_printf(f, "\n"));
    for (int64_t i = 0; i < n; i++)
        EID_TRY(write_row(a, f, place ? place[i] : i, guess));
    EID_TRY(eid_out_commit(&f));
done:
    eid_out_abort(&f);
    eid_free(path);
    return st;
}

static eid_status put_file(data_audit *a, const char *role, const char *name)
{
    eid_status st = EID_OK;
    char *path = NULL, hex[65];
    int64_t bytes;

    EID_TRY(eid_format(&path, "%s/%s", a->call->out, name));
    EID_TRY(eid_file_sha256(a->ctx, path, hex, &bytes));
    EID_TRY(eid_store_file(a->store, role, name, bytes, hex));
done:
    eid_free(path);
    return st;
}

static eid_status write_all(data_audit *a)
{
    eid_status st = EID_OK;
    const eid_dataset *d = a->set[0];
    char *path = NULL, name[64];
    int64_t *id = NULL;

    EID_TRY(write_csv(a, "suspects.csv", a->suspects, a->n_suspects, true));
    EID_TRY(write_csv(a, "scores.csv", NULL, d->n, false));
    EID_TRY(EID_NEW(id, d->n));
    for (int64_t i = 0; i < a->n_suspects; i++)
        id[i] = d->id[a->suspects[i]];
    EID_TRY(eid_format(&path, "%s/suspects.npy", a->call->out));
    EID_TRY(eid_array_write(
        a->ctx, path,
        &(eid_array_view){.type = EID_I8, .ndim = 1, .shape = {a->n_suspects}, .data = id}));
    eid_free(path);
    path = NULL;
    EID_TRY(eid_format(&path, "%s/scores", a->call->out));
    EID_TRY(eid_mkdirs(path));
    for (int k = 0; k < DATA_SCORES; k++) {
        eid_free(path);
        path = NULL;
        snprintf(name, sizeof name, "scores/%s.npy", data_score_name(k));
        EID_TRY(eid_format(&path, "%s/%s", a->call->out, name));
        EID_TRY(eid_array_write(
            a->ctx, path,
            &(eid_array_view){.type = EID_F8, .ndim = 1, .shape = {d->n}, .data = a->score[k]}));
    }
done:
    eid_free(path);
    eid_free(id);
    return st;
}

static eid_status put_all_files(data_audit *a)
{
    static const char *const bank[] = {"masks", "train_correct", "train_phi"};
    eid_status st = EID_OK;
    char name[64];

    EID_TRY(put_file(a, "suspects", "suspects.csv"));
    EID_TRY(put_file(a, "suspects", "suspects.npy"));
    EID_TRY(put_file(a, "scores", "scores.csv"));
    for (int k = 0; k < DATA_SCORES; k++) {
        snprintf(name, sizeof name, "scores/%s.npy", data_score_name(k));
        EID_TRY(put_file(a, "scores", name));
    }
    for (size_t i = 0; i < sizeof bank / sizeof *bank; i++) {
        snprintf(name, sizeof name, "bank/%s.npy", bank[i]);
        EID_TRY(put_file(a, "bank", name));
    }
    for (int64_t k = 0; k < a->opts->runs; k++) {
        snprintf(name, sizeof name, "runs/%" PRId64 "/model.safetensors", k + 1);
        EID_TRY(put_file(a, "run", name));
    }
done:
    return st;
}

eid_status data_write_files(data_audit *a)
{
    eid_status st = EID_OK;
    bool done;

    EID_TRY(eid_store_begin(a->store, "files", &done));
    if (done)
        return EID_OK;
    EID_TRY(write_all(a));
    EID_TRY(put_all_files(a));
    return eid_store_end(a->store);
done:
    eid_store_abandon(a->store);
    return st;
}
