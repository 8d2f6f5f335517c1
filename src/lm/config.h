/* config.h - config.json of a Hugging Face directory, model_type "gpt2". */
#ifndef EID_SRC_LM_CONFIG_H
#define EID_SRC_LM_CONFIG_H
#include "base/json.h"
#include "eidetic/nn.h"

/* What is missing has the value that transformers gives it.  What this decoder does not do (another
 * activation, attention scaled by layer, an untied head, ...) is EID_EUNSUPPORTED, by name.  Shapes
 * are only checked to be positive: eid_gpt_config_check knows which are possible.  bos and eos
 * outside the vocabulary count as none: small models carry GPT-2's 50256 along. */
eid_status eid_config_parse(eid_gpt_config *out, const char *path, const char *text, size_t n);
eid_status eid_config_read(eid_gpt_config *out, const char *path);
eid_status eid_config_write(const eid_gpt_config *cfg, const char *path);
#endif
