#include "base/hash.h"
#include "base/file.h"
#include "base/ctx.h"
#include "base/wide.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <unistd.h>

struct eid_sha256 {
    EVP_MD_CTX *md;
};

eid_status eid_sha256_new(eid_sha256 **out)
{
    eid_sha256 *h = NULL;

    if (EID_NEW(h, 1) != EID_OK)
        return EID_ENOMEM;
    h->md = EVP_MD_CTX_new();
    if (!h->md || EVP_DigestInit_ex(h->md, EVP_sha256(), NULL) != 1) {
        eid_sha256_free(h);
        return eid_fail(EID_ENOMEM, "libcrypto offers no SHA-256");
    }
    *out = h;
    return EID_OK;
}

void eid_sha256_add(eid_sha256 *h, const void *bytes, size_t n)
{
    EVP_DigestUpdate(h->md, bytes, n);
}

void eid_sha256_hex(eid_sha256 *h, char hex[65])
{
    static const char digit[] = "0123456789abcdef";
    unsigned char sum[EVP_MAX_MD_SIZE] = {0};

    EVP_DigestFinal_ex(h->md, sum, NULL);
    for (int i = 0; i < 32; i++) {
        hex[2 * i] = digit[sum[i] >> 4];
        hex[2 * i + 1] = digit[sum[i] & 15];
    }
    hex[64] = 0;
}

void eid_sha256_free(eid_sha256 *h)
{
    if (!h)
        return;
    EVP_MD_CTX_free(h->md);
    eid_free(h);
}

eid_status eid_sha256_of(const void *bytes, size_t n, char hex[65])
{
    eid_sha256 *h = NULL;
    eid_status st = eid_sha256_new(&h);

    if (st != EID_OK)
        return st;
    eid_sha256_add(h, bytes, n);
    eid_sha256_hex(h, hex);
    eid_sha256_free(h);
    return EID_OK;
}

eid_status eid_file_sha256(eid_ctx *ctx, const char *path, char hex[65], int64_t *bytes)
{
    eid_status st = EID_OK;
    eid_sha256 *h = NULL;
    uint8_t *buffer = NULL;
    int64_t total = 0;
    ssize_t got;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return eid_fail(EID_EIO, "%s: %s", path, strerror(errno));
    EID_TRY(eid_sha256_new(&h));
    EID_TRY(EID_NEW(buffer, 1 << 20));
    while ((got = read(fd, buffer, 1 << 20)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            st = eid_fail(EID_EIO, "%s: %s", path, strerror(errno));
            goto done;
        }
        eid_sha256_add(h, buffer, (size_t)got);
        total += got;
        if (ctx && eid_cancelled(ctx)) {
            st = eid_fail(EID_ECANCELLED, "stopped on request while hashing %s", path);
            goto done;
        }
    }
    eid_sha256_hex(h, hex);
    if (bytes)
        *bytes = total;
done:
    close(fd);
    eid_free(buffer);
    eid_sha256_free(h);
    return st;
}

/* Multiply-and-fold on 16-byte steps, in the manner of the "mum" hashes: the halves of a 128-bit
 * product, xored, mix every input bit into every output bit. */
static uint64_t fold(uint64_t a, uint64_t b)
{
    eid_u128 p = (eid_u128)a * b;

    return (uint64_t)p ^ (uint64_t)(p >> 64);
}

static uint64_t word(const uint8_t *p, size_t n) /* little-endian, n <= 8 */
{
    uint64_t w = 0;

    for (size_t i = 0; i < n; i++)
        w |= (uint64_t)p[i] << 8 * i;
    return w;
}

uint64_t eid_hash64(const void *bytes, size_t n, uint64_t seed)
{
    const uint8_t *p = bytes;
    uint64_t h = fold(seed ^ 0x9E3779B97F4A7C15u, (uint64_t)n ^ 0xD6E8FEB86659FD93u);

    for (; n > 16; p += 16, n -= 16)
        h = fold(word(p, 8) ^ h ^ 0xA0761D6478BD642Fu, word(p + 8, 8) ^ 0xE7037ED1A0B428DBu ^ h);
    uint64_t a = word(p, n < 8 ? n : 8), b = n > 8 ? word(p + 8, n - 8) : 0;
    h = fold(a ^ h ^ 0x8EBC6AF09C88C6E3u, b ^ 0x589965CC75374CC3u ^ h);
    return fold(h ^ 0x1D8E4E27C47D124Fu, 0xEB44ACCAB455D165u);
}
