/* bank_scores.c - scores of a bank's examples as arrays, CSV and rows of the store. */
#include "eidetic/bank_scores.h"
#include "base/ctx.h"
#include "base/file.h"
#include "base/hash.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static int64_t id_of(const eid_dataset *d, int64_t i)
{
    return d ? d->id[i] : i;
}

static eid_status write_arrays(eid_ctx *ctx, const eid_bank_scores *s, const char *out)
{
    eid_status st = EID_OK;
    char *path = NULL;

    EID_TRY(eid_format(&path, "%s/scores", out));
    EID_TRY(eid_mkdirs(path));
    for (size_t c = 0; c < s->columns; c++) {
        eid_array_view a = {
            .type = EID_F8, .ndim = 1, .shape = {s->examples}, .data = s->column[c].value};
        eid_free(path);
        path = NULL;
        EID_TRY(eid_format(&path, "%s/scores/%s.npy", out, s->column[c].name));
        EID_TRY(eid_array_write(ctx, path, &a));
    }
done:
    eid_free(path);
    return st;
}

static eid_status write_rows(eid_out *f, const eid_bank_scores *s)
{
    eid_status st = EID_OK;
    const eid_dataset *d = s->data;

    EID_TRY(eid_out_printf(f, "id%s", d ? ",label,clean" : ""));
    for (size_t c = 0; c < s->columns; c++)
        EID_TRY(eid_out_printf(f, ",%s", s->column[c].name));
    for (int64_t i = 0; i < s->examples; i++) {
        EID_TRY(eid_out_printf(f, "\n%" PRId64, id_of(d, i)));
        if (d)
            EID_TRY(eid_out_printf(f, ",%" PRId32 ",%" PRId32, d->label[i], d->clean[i]));
        for (size_t c = 0; c < s->columns; c++) {
            double x = s->column[c].value[i];
            EID_TRY(isfinite(x) ? eid_out_printf(f, ",%.9g", x) : eid_out_printf(f, ","));
        }
    }
    EID_TRY(eid_out_printf(f, "\n"));
done:
    return st;
}

static eid_status write_pairs(eid_out *f, const eid_bank_scores *s)
{
    eid_status st = EID_OK;
    const eid_high_influence *p = s->pairs;

    EID_TRY(eid_out_printf(f, "train,test,influence,se,z\n"));
    for (int64_t i = 0; i < p->kept; i++)
        EID_TRY(eid_out_printf(f, "%" PRId64 ",%" PRId64 ",%.9g,%.9g,%.9g\n",
                               id_of(s->data, p->pair[i].train), id_of(s->test, p->pair[i].test),
                               p->pair[i].influence, p->pair[i].se, p->pair[i].z));
done:
    return st;
}

static eid_status write_csv(const eid_bank_scores *s, const char *out, const char *name,
                            eid_status (*rows)(eid_out *f, const eid_bank_scores *s))
{
    eid_status st = EID_OK;
    char *path = NULL;
    eid_out *f = NULL;

    EID_TRY(eid_format(&path, "%s/%s", out, name));
    EID_TRY(eid_out_open(&f, path));
    EID_TRY(rows(f, s));
    EID_TRY(eid_out_commit(&f));
done:
    eid_out_abort(&f);
    eid_free(path);
    return st;
}

static eid_status keep(eid_store *store, const eid_bank_scores *s)
{
    eid_status st = EID_OK;
    char label[16] = "";
    bool done;

    EID_TRY(eid_store_begin(store, "scores", &done));
    if (done)
        return EID_OK;
    for (size_t i = 0; i < s->figures; i++)
        EID_TRY(eid_store_metric(store, s->figure[i].name, &s->figure[i].value));
    for (int64_t i = 0; i < s->examples; i++) {
        int64_t id = id_of(s->data, i);
        if (s->data)
            snprintf(label, sizeof label, "%" PRId32, s->data->label[i]);
        EID_TRY(eid_store_example(store, id, label, 0));
        for (size_t c = 0; c < s->columns; c++)
            if (isfinite(s->column[c].value[i]))
                EID_TRY(eid_store_score(store, s->column[c].name, id, s->column[c].value[i]));
    }
    return eid_store_end(store);
done:
    eid_store_abandon(store);
    return st;
}

/* The same numbers of the same examples are the same run. */
static eid_status identity(const eid_bank_scores *s, const eid_run_info *info, char hex[65])
{
    eid_status st = EID_OK;
    eid_sha256 *h = NULL;

    EID_TRY(eid_sha256_new(&h));
    eid_sha256_add(h, info->command, strlen(info->command) + 1);
    for (size_t c = 0; c < s->columns; c++) {
        eid_sha256_add(h, s->column[c].name, strlen(s->column[c].name) + 1);
        eid_sha256_add(h, s->column[c].value, (size_t)s->examples * sizeof(double));
    }
    for (size_t i = 0; i < s->figures; i++)
        eid_sha256_add(h, &s->figure[i].value.value, sizeof(double));
    eid_sha256_hex(h, hex);
done:
    eid_sha256_free(h);
    return st;
}

eid_status eid_bank_scores_keep(eid_ctx *ctx, const eid_bank_scores *s, const eid_run_info *given,
                                const char *out)
{
    eid_status st = EID_OK;
    eid_store *store = NULL;
    eid_run_info info = *given;
    char hex[65], cpu[256];
    double began = eid_now();
    bool resumed;

    EID_TRY(identity(s, given, hex));
    eid_cpu_name(cpu, sizeof cpu);
    info.identity = hex;
    info.options = given->options ? given->options : "{}";
    info.version = eid_version();
    info.kernels = eid_kernels();
    info.bits = eid_bits(ctx);
    info.cpu = cpu;
    EID_TRY(eid_store_create(&store, out, &info, &resumed));
    EID_TRY(write_arrays(ctx, s, out));
    EID_TRY(write_csv(s, out, "scores.csv", write_rows));
    if (s->pairs)
        EID_TRY(write_csv(s, out, "pairs.csv", write_pairs));
    EID_TRY(keep(store, s));
    EID_TRY(eid_store_finish(store, "done", eid_now() - began));
done:
    eid_store_free(store);
    return st;
}
