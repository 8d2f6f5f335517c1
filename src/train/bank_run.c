/* bank_run.c - a bank as a run of the store: what was asked for, and what opening it needs to know.
 */
#include "base/json.h"
#include "train/bank.h"
#include <string.h>

static eid_status describe(const bank_plan *p, char **json)
{
    eid_status st = EID_OK;
    char *text[2] = {0};
    json_t *all = NULL, *own = NULL;

    EID_TRY(eid_opts_json(eid_classifier_opt_table, p->training, &text[0]));
    EID_TRY(eid_opts_json(eid_bank_opt_table, p->opts, &text[1]));
    EID_TRY(eid_json_parse(&all, "options", text[0], strlen(text[0])));
    EID_TRY(eid_json_parse(&own, "options", text[1], strlen(text[1])));
    json_object_update(all, own);
    st = eid_json_text(all, json);
    all = NULL;
done:
    json_decref(all);
    json_decref(own);
    eid_string_free(text[0]);
    eid_string_free(text[1]);
    return st;
}

eid_status bank_run_open(eid_store **store, eid_ctx *ctx, const bank_plan *p, const char *dir,
                         const eid_run_info *given, bool *resumed)
{
    eid_status st = EID_OK;
    char identity[65], cpu[256];
    char *options = NULL;
    eid_run_info info = given ? *given : (eid_run_info){.command = "bank", .command_line = ""};

    EID_TRY(bank_identity(p, identity));
    EID_TRY(describe(p, &options));
    eid_cpu_name(cpu, sizeof cpu);
    info.options = options;
    info.identity = identity;
    info.version = eid_version();
    info.kernels = eid_kernels();
    info.bits = eid_bits(ctx);
    info.cpu = cpu;
    info.seed = p->training->seed;
    info.threads = eid_ctx_threads(ctx);
    EID_TRY(eid_store_create(store, dir, &info, resumed));
done:
    eid_string_free(options);
    return st;
}

/* What eid_bank_open needs to know. */
eid_status bank_run_tell(eid_store *store, const bank_plan *p)
{
    eid_status st = EID_OK;
    const struct {
        const char *name;
        double value;
    } number[] = {
        {"bank.models", (double)p->opts->models},
        {"bank.design", (double)p->opts->design},
        {"bank.fraction", p->opts->fraction},
        {"bank.groups", (double)p->opts->groups},
        {"bank.outputs", (double)p->opts->outputs},
        {"bank.queries", (double)p->opts->queries},
        {"bank.keep_weights", p->opts->keep_weights},
        {"bank.seed", (double)p->opts->seed},
        {"bank.parameters", (double)p->parameters},
        {"bank.classes", (double)p->set[0]->classes},
        {"bank.examples", (double)p->set[0]->n},
        {"bank.test_examples", p->set[1] ? (double)p->set[1]->n : 0},
    };

    for (size_t i = 0; i < sizeof number / sizeof *number; i++)
        EID_TRY(eid_store_number(store, number[i].name, number[i].value));
    EID_TRY(eid_store_text(store, "bank.then", p->opts->then ? p->opts->then : ""));
    EID_TRY(eid_store_text(store, "bank.train", p->set[0]->sha256));
    EID_TRY(eid_store_text(store, "bank.test", p->set[1] ? p->set[1]->sha256 : ""));
done:
    return st;
}
