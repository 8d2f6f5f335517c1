/* fuzz.h - what every target defines: hostile bytes in, no crash, no leak, no hang. */
#ifndef FUZZ_H
#define FUZZ_H
#include <stddef.h>
#include <stdint.h>
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
#endif
