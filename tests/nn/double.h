/* double.h - makes a source of single precision one of double: included before everything else. */
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __clang__
#pragma clang diagnostic ignored "-Wkeyword-macro" /* it is the purpose */
#endif
#define float double
