/* npz.c - the arrays of a zip.  libarchive reads the zip; what it says of sizes is not believed. */
#include "dataset/npz.h"
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Deflate makes at most 1032 bytes of one (zlib's technical notes): what claims more, lies. */
enum { MOST_KEYS = 4096, INFLATION = 1032 };

struct eid_npz {
    eid_array_owner own;
    const uint8_t *at;
    size_t n;
    const char **key; /* each its own memory */
    size_t keys, cap;
};

static eid_status failed(struct archive *a, const char *name)
{
    const char *why = a ? archive_error_string(a) : NULL;

    if (!a || archive_errno(a) == ENOMEM)
        return eid_fail(EID_ENOMEM, "%s: no memory for libarchive", name);
    return eid_fail(EID_EFORMAT, "%s: %s", name, why && *why ? why : "damaged or truncated");
}

static eid_status open_zip(const eid_npz *z, struct archive **out)
{
    struct archive *a = archive_read_new();

    if (!a || archive_read_support_format_zip_seekable(a) < ARCHIVE_WARN ||
        archive_read_open_memory(a, z->at, z->n) < ARCHIVE_WARN) {
        eid_status st =
            a && strstr(archive_error_string(a) ? archive_error_string(a) : "", "Unrecognized")
                ? eid_fail(EID_EFORMAT, "%s: not a .npz, or not a whole one", z->own.name)
                : failed(a, z->own.name);
        archive_read_free(a);
        return st;
    }
    *out = a;
    return EID_OK;
}

/* The key of an entry: its name without .npy; NULL for what is no array. */
static eid_status key_of(struct archive_entry *e, char **key)
{
    const char *path = archive_entry_pathname(e);
    size_t n = path ? strlen(path) : 0;
    eid_status st;

    *key = NULL;
    if (n < 5 || strcmp(path + n - 4, ".npy") != 0)
        return EID_OK;
    st = eid_strdup(key, path);
    if (st == EID_OK)
        (*key)[n - 4] = 0;
    return st;
}

static eid_status add_key(eid_npz *z, char *key)
{
    eid_status st = EID_OK;

    for (const char *p = key; *p && st == EID_OK; p++)
        if (*p < ' ' || *p == 127)
            st = eid_fail(EID_EFORMAT, "%s: holds an array whose name is not plain text",
                          z->own.name);
    for (size_t i = 0; i < z->keys && st == EID_OK; i++)
        if (!strcmp(z->key[i], key))
            st = eid_fail(EID_EFORMAT, "%s: holds \"%.80s\" twice", z->own.name, key);
    if (st == EID_OK && z->keys == MOST_KEYS)
        st = eid_fail(EID_EFORMAT, "%s: holds more than %d arrays", z->own.name, MOST_KEYS);
    if (st == EID_OK)
        st = EID_GROW(z->key, &z->cap, z->keys + 1);
    if (st == EID_OK)
        z->key[z->keys++] = key;
    else
        eid_free(key);
    return st;
}

static eid_status list_keys(eid_npz *z)
{
    struct archive *a = NULL;
    struct archive_entry *e;
    eid_status st = open_zip(z, &a);
    int got = ARCHIVE_OK;

    if (st != EID_OK)
        return st;
    while ((got = archive_read_next_header(a, &e)) == ARCHIVE_OK || got == ARCHIVE_WARN) {
        char *key;
        EID_TRY(key_of(e, &key));
        if (key)
            EID_TRY(add_key(z, key));
    }
    if (got != ARCHIVE_EOF)
        EID_TRY(strstr(archive_error_string(a) ? archive_error_string(a) : "", "Unrecognized")
                    ? eid_fail(EID_EFORMAT, "%s: not a .npz, or not a whole one", z->own.name)
                    : failed(a, z->own.name));
done:
    archive_read_free(a);
    return st;
}

eid_status eid_npz_take(eid_npz **out, const char *name, eid_array_owner *from, size_t n)
{
    eid_npz *z = NULL;
    eid_status st = EID_OK;

    EID_TRY(EID_NEW(z, 1));
    z->own = *from;
    *from = (eid_array_owner){0};
    EID_TRY(eid_strdup(&z->own.name, name));
    z->at = z->own.map.at ? z->own.map.at : z->own.bytes;
    z->n = n;
    if (n < 22 || memcmp(z->at, "PK", 2) != 0)
        EID_TRY(eid_fail(EID_EFORMAT, "%s: does not begin as a .npz file does", name));
    EID_TRY(list_keys(z));
    *out = z;
    z = NULL;
done:
    eid_array_owner_free(from);
    eid_npz_free(z);
    return st;
}

eid_status eid_npz_open(eid_npz **out, eid_ctx *ctx, const char *path)
{
    eid_array_owner from = {0};
    eid_status st = eid_map_open(&from.map, path);

    (void)ctx;
    return st == EID_OK ? eid_npz_take(out, path, &from, from.map.n) : st;
}

void eid_npz_free(eid_npz *z)
{
    if (!z)
        return;
    for (size_t i = 0; i < z->keys; i++)
        eid_free((void *)(uintptr_t)z->key[i]);
    eid_free(z->key);
    eid_array_owner_free(&z->own);
    eid_free(z);
}

size_t eid_npz_keys(const eid_npz *z, const char *const **keys)
{
    *keys = z->key;
    return z->keys;
}

/* Reads up to n bytes; *got falls short where the entry ends. */
static eid_status read_data(struct archive *a, const char *name, uint8_t *to, size_t n, size_t *got)
{
    for (*got = 0; *got < n;) {
        la_ssize_t k = archive_read_data(a, to + *got, n - *got);
        if (k < 0)
            return failed(a, name);
        if (k == 0)
            break;
        *got += (size_t)k;
    }
    return EID_OK;
}

/* The header is read and held against the size that the zip claims, before memory for that size is
 * asked for. */
static eid_status read_entry(eid_ctx *ctx, const eid_npz *z, const char *name, struct archive *a,
                             struct archive_entry *e, uint8_t **out, size_t *n)
{
    size_t claimed = (size_t)archive_entry_size(e), got, more, first;
    uint8_t *head = NULL, *whole = NULL;
    eid_npy h;
    eid_status st = EID_OK;

    if (!archive_entry_size_is_set(e) || claimed > PTRDIFF_MAX ||
        (claimed > 1 << 16 && claimed / INFLATION > z->n))
        return eid_fail(EID_EFORMAT, "%s: claims a size that the file cannot hold", name);
    EID_TRY(EID_NEW(head, EID_NPY_HEADER));
    first = claimed < EID_NPY_HEADER ? claimed : EID_NPY_HEADER;
    EID_TRY(read_data(a, name, head, first, &got));
    EID_TRY(eid_npy_parse(&h, name, head, got, claimed));
    EID_TRY(eid_memory_check(ctx, name, claimed));
    EID_TRY(EID_NEW(whole, claimed));
    memcpy(whole, head, got);
    EID_TRY(read_data(a, name, whole + got, claimed - got, &more));
    if (got + more != claimed)
        EID_TRY(
            eid_fail(EID_EFORMAT, "%s: ends after %zu of %zu bytes", name, got + more, claimed));
    EID_TRY(read_data(a, name, head, 1, &more)); /* also has the checksum compared */
    if (more)
        EID_TRY(eid_fail(EID_EFORMAT, "%s: goes on behind its %zu bytes", name, claimed));
    *out = whole;
    *n = claimed;
    whole = NULL;
done:
    eid_free(head);
    eid_free(whole);
    return st;
}

eid_status eid_npz_get(eid_array **out, eid_ctx *ctx, const eid_npz *z, const char *key)
{
    struct archive *a = NULL;
    struct archive_entry *e;
    eid_array_owner own = {0};
    char *name = NULL, *found = NULL;
    size_t n = 0;
    bool have = false;
    eid_status st = EID_OK;

    EID_TRY(eid_format(&name, "%s!%.80s", z->own.name, key));
    EID_TRY(open_zip(z, &a));
    while (!have) {
        int got = archive_read_next_header(a, &e);
        if (got == ARCHIVE_EOF)
            EID_TRY(eid_fail(EID_EINVAL, "%s: there is no such array", name));
        if (got != ARCHIVE_OK && got != ARCHIVE_WARN)
            EID_TRY(failed(a, name));
        EID_TRY(key_of(e, &found));
        have = found && !strcmp(found, key);
        eid_free(found);
    }
    EID_TRY(read_entry(ctx, z, name, a, e, &own.bytes, &n));
    EID_TRY(eid_array_take(out, ctx, name, &own, n));
done:
    if (a)
        archive_read_free(a);
    eid_array_owner_free(&own);
    eid_free(name);
    return st;
}
