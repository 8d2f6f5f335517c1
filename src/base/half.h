/* half.h - IEEE half precision, widened. */
#ifndef EID_SRC_HALF_H
#define EID_SRC_HALF_H
#include <stdint.h>
#include <string.h>

static inline float eid_half_float(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = (h >> 10) & 31, mantissa = h & 1023;
    uint32_t bits = sign | (exponent + 112) << 23 | mantissa << 13;
    float x;

    if (exponent == 0) /* subnormal: mantissa / 2^24, exact in a float */
        return (sign ? -0x1p-24f : 0x1p-24f) * (float)mantissa;
    if (exponent == 31)
        bits = sign | 0x7f800000u | mantissa << 13;
    memcpy(&x, &bits, sizeof x);
    return x;
}
#endif
