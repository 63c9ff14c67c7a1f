/* Philox4x32-10 and normal numbers from it. */
#include "base/rng.h"

#include <math.h>

void nmfi_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        const uint64_t p0 = (uint64_t)0xD2511F53u * c0;
        const uint64_t p1 = (uint64_t)0xCD9E8D57u * c2;
        const uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        const uint32_t n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        c0 = n0;
        c2 = n2;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

double nmfi_normal(uint64_t seed, uint32_t stream, uint64_t index)
{
    const uint32_t counter[4] = {(uint32_t)index, (uint32_t)(index >> 32), stream, 0};
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    uint32_t bits[4];
    nmfi_philox(counter, key, bits);
    /* u in (0, 1]: log never sees 0. 53 bits each. */
    const double u = ((double)(((uint64_t)bits[0] << 21) ^ (bits[1] >> 11)) + 1.0) * 0x1p-53;
    const double v = (double)(((uint64_t)bits[2] << 21) ^ (bits[3] >> 11)) * 0x1p-53;
    return sqrt(-2.0 * log(u)) * cos(6.283185307179586476925 * v);
}

void nmfi_uniform4(uint64_t seed, uint32_t stream, uint32_t row, uint64_t index, double values[4])
{
    const uint32_t counter[4] = {(uint32_t)index, (uint32_t)(index >> 32), stream, row};
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    uint32_t bits[4];
    nmfi_philox(counter, key, bits);
    for (int i = 0; i < 4; i++) values[i] = (double)bits[i] * 0x1p-31 - 1.0;
}

static uint64_t bits64(uint64_t seed, uint32_t stream, uint32_t row, uint64_t index)
{
    const uint32_t counter[4] = {(uint32_t)index, (uint32_t)(index >> 32), stream, row};
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    uint32_t bits[4];
    nmfi_philox(counter, key, bits);
    return ((uint64_t)bits[0] << 32) | bits[1];
}

/* The high half of a product of 64 bits: no modulo, and a bias of 2^-64 bound at most. */
uint64_t nmfi_below(uint64_t seed, uint32_t stream, uint32_t row, uint64_t index, uint64_t bound)
{
    __extension__ typedef unsigned __int128 wide;
    return (uint64_t)(((wide)bits64(seed, stream, row, index) * bound) >> 64);
}

double nmfi_uniform(uint64_t seed, uint32_t stream, uint32_t row, uint64_t index)
{
    return (double)(bits64(seed, stream, row, index) >> 11) * 0x1p-53;
}
