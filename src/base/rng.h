/* Counter-based random numbers: value = f(seed, stream, index), so any thread may draw any of them
 * in any order. Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011). */
#ifndef NMFI_BASE_RNG_H
#define NMFI_BASE_RNG_H

#include <stdint.h>

/* Who draws: streams never overlap. */
enum {
    NMFI_STREAM_W = 1,
    NMFI_STREAM_H = 2,
    NMFI_STREAM_FILL_W = 3,
    NMFI_STREAM_FILL_H = 4,
    NMFI_STREAM_SKETCH = 5,
    NMFI_STREAM_ROW_GROUPS = 6,
    NMFI_STREAM_COLUMN_GROUPS = 7,
    NMFI_STREAM_BOOTSTRAP = 8,
    NMFI_STREAM_PERTURBATION = 9,
    NMFI_STREAM_CLUSTERS = 10
};

/* Uniform integers below `bound` and numbers in [0, 1) from one stream. */
uint64_t nmfi_below(uint64_t seed, uint32_t stream, uint32_t row, uint64_t index, uint64_t bound);
double nmfi_uniform(uint64_t seed, uint32_t stream, uint32_t row, uint64_t index);

/* A standard normal number (Box-Muller). */
double nmfi_normal(uint64_t seed, uint32_t stream, uint64_t index);

/* Four uniform numbers in [-1, 1), those of one index in a row of the stream. */
void nmfi_uniform4(uint64_t seed, uint32_t stream, uint32_t row, uint64_t index, double values[4]);

/* Four 32-bit words; exposed for its test against the published vectors. */
void nmfi_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

#endif
