/* form.c - what the end of a file's name says about its form. */
#include "corpus/file.h"
#include <string.h>
#include <strings.h>

static const struct ending {
    const char *end;
    eid_form form;
    eid_pack pack;
} whole[] =
    {
        {".tgz", EID_FORM_TAR, EID_PACK_GZIP},  {".txz", EID_FORM_TAR, EID_PACK_XZ},
        {".tzst", EID_FORM_TAR, EID_PACK_ZSTD}, {".tbz2", EID_FORM_TAR, EID_PACK_BZIP2},
        {".tbz", EID_FORM_TAR, EID_PACK_BZIP2}, {0},
},
  packs[] =
      {
          {".gz", EID_FORM_PLAIN, EID_PACK_GZIP},
          {".xz", EID_FORM_PLAIN, EID_PACK_XZ},
          {".zst", EID_FORM_PLAIN, EID_PACK_ZSTD},
          {".bz2", EID_FORM_PLAIN, EID_PACK_BZIP2},
          {0},
},
  forms[] = {
      {".jsonl", EID_FORM_JSONL, EID_PACK_NONE},
      {".tar", EID_FORM_TAR, EID_PACK_NONE},
      {".zip", EID_FORM_ZIP, EID_PACK_NONE},
      {0},
};

/* The row whose ending name[0..n) has, or NULL. */
static const struct ending *find(const struct ending *row, const char *name, size_t n)
{
    for (; row->end; row++) {
        size_t k = strlen(row->end);
        if (n >= k && !strncasecmp(name + n - k, row->end, k))
            return row;
    }
    return NULL;
}

void eid_form_of(const char *name, eid_form *form, eid_pack *pack)
{
    size_t n = strlen(name);
    const struct ending *e = find(whole, name, n);

    *form = EID_FORM_PLAIN;
    *pack = EID_PACK_NONE;
    if (!e && (e = find(packs, name, n))) {
        *pack = e->pack;
        e = find(forms, name, n - strlen(e->end));
    } else if (!e) {
        e = find(forms, name, n);
    }
    if (e) {
        *form = e->form;
        *pack = e->pack ? e->pack : *pack;
    }
}
