#include "recipe/audit.h"
#include "base/hash.h"
#include "base/json.h"
#include "recipe/run.h"

eid_audit_opts eid_audit_opts_default(void)
{
    eid_audit_opts o = {
        .minutes = 5,
        .size = EID_SIZE_AUTO,
        .heldout_share = 0.1,
        .donor_share = 0.05,
        .seed = 1,
        .read = eid_corpus_opts_default(),
        .plant = eid_plant_opts_default(),
        .train = eid_train_opts_default(),
        .extract = eid_extract_opts_default(),
        .exposure = eid_exposure_opts_default(),
        .membership = eid_membership_opts_default(),
        .personal = eid_personal_opts_default(),
    };
    return o;
}

#define FIELD(f) offsetof(eid_audit_opts, f)
const eid_opt eid_audit_opt_table[] = {
    {EID_OPT_LIST, "corpus", FIELD(corpus), 0, 0,
     "file or folder to learn, or that the model learned; may be repeated", NULL,
     EID_OPT_PATH_IN | EID_OPT_REQUIRED},
    {EID_OPT_LIST, "heldout", FIELD(heldout), 0, 0,
     "text of the same kind that a given model did not learn, read with the same options; may be "
     "repeated",
     NULL, EID_OPT_PATH_IN},
    {EID_OPT_STR, "model", FIELD(model), 0, 0,
     "question this finished model (a Hugging Face folder) instead of training one", NULL,
     EID_OPT_PATH_IN},
    {EID_OPT_STR, "ledger", FIELD(ledger), 0, 0,
     "ledger of canaries that stand in the corpus of a given model", NULL, EID_OPT_PATH_IN},
    {EID_OPT_STR, "secrets", FIELD(secrets), 0, 0,
     "file with a string a line that must not come out of the model", NULL, EID_OPT_PATH_IN},
    {EID_OPT_STR, "title", FIELD(title), 0, 0, "what is audited, for the report's heading", NULL,
     EID_OPT_NEUTRAL},
    {EID_OPT_F64, "minutes", FIELD(minutes), 0.2, 1e5,
     "time for the whole audit, turned once into a size and a number of steps", NULL, 0},
    {EID_OPT_ENUM, "size", FIELD(size), 0, 0, "of the model to train",
     "auto|tiny|small|medium|large", 0},
    {EID_OPT_I64, "steps", FIELD(steps), 0, 1e12, "training steps, 0: as many as the time allows",
     NULL, 0},
    {EID_OPT_F64, "heldout-share", FIELD(heldout_share), 0.001, 0.9,
     "share of the documents kept from training, to judge by", NULL, 0},
    {EID_OPT_F64, "donor-share", FIELD(donor_share), 0, 0.5,
     "share of the documents kept from training, from which passages are planted", NULL, 0},
    {EID_OPT_BOOL, "twin", FIELD(twin), 0, 0,
     "train without the planted strings, but ask for them: what chance alone would show", NULL, 0},
    {EID_OPT_I64, "seed", FIELD(seed), 0, 1e15, "random seed", NULL, 0},
    {0},
};
#undef FIELD

typedef struct nested {
    const char *prefix;
    const eid_opt *table;
    const void *opts;
} nested;

eid_status audit_options_json(const eid_audit_opts *o, bool neutral_too, char **json)
{
    const nested parts[] = {
        {"", eid_audit_opt_table, o},
        {"read", eid_corpus_opt_table, &o->read},
        {"plant", eid_plant_opt_table, &o->plant},
        {"extract", eid_extract_opt_table, &o->extract},
        {"exposure", eid_exposure_opt_table, &o->exposure},
        {"membership", eid_membership_opt_table, &o->membership},
        {"personal", eid_personal_opt_table, &o->personal},
    };
    json_t *all = json_object();
    eid_status st = all ? EID_OK : eid_fail(EID_ENOMEM, "no memory for JSON");

    for (size_t i = 0; i < sizeof parts / sizeof *parts && st == EID_OK; i++)
        st = recipe_add_options(all, parts[i].prefix, parts[i].table, parts[i].opts, neutral_too);
    if (st != EID_OK) {
        json_decref(all);
        return st;
    }
    return eid_json_text(all, json);
}

typedef struct hashing {
    eid_ctx *ctx;
    eid_buf *b;
} hashing;

/* By content alone: a model that was moved is the same model. */
static eid_status add_file_hash(void *user, const char *role, const char *path)
{
    const hashing *h = user;
    char hex[65];
    eid_status st = eid_file_sha256(h->ctx, path, hex, NULL);

    return st == EID_OK ? eid_buf_printf(h->b, "%s %s\n", role, hex) : st;
}

static eid_status add_corpus_hashes(eid_buf *b, const char *what, const eid_corpus *c)
{
    const eid_corpus_input *input;
    size_t n = c ? eid_corpus_inputs(c, &input) : 0;
    eid_status st = EID_OK;

    for (size_t i = 0; i < n && st == EID_OK; i++)
        st = eid_buf_printf(b, "%s %s\n", what, input[i].sha256);
    return st;
}

eid_status audit_identity(audit *a, char hex[65])
{
    eid_status st = EID_OK;
    char *json = NULL;
    eid_buf b = {0};
    hashing h = {a->ctx, &b};

    EID_TRY(audit_options_json(a->opts, false, &json));
    EID_TRY(eid_buf_printf(&b, "%s\nversion %s\nbits %s\n", json, eid_version(), eid_bits(a->ctx)));
    EID_TRY(add_corpus_hashes(&b, "corpus", a->whole));
    EID_TRY(add_corpus_hashes(&b, "heldout", a->opts->model ? a->heldout : NULL));
    EID_TRY(audit_given_files(a, add_file_hash, &h));
    EID_TRY(eid_sha256_of(b.at, b.n, hex));
done:
    eid_string_free(json);
    eid_buf_free(&b);
    return st;
}
