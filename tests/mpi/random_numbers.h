/* Random numbers, the same in each process (Marsaglia 2003: xorshift). */
#ifndef NMFI_TESTS_RANDOM_NUMBERS_H
#define NMFI_TESTS_RANDOM_NUMBERS_H

#include <stdint.h>

static uint64_t state = 88172645463325252u;

/* At least 0, below 1. */
static double uniform(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (double)(state >> 11) * 0x1p-53;
}

#endif
