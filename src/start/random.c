/* The random start: half-normal entries on the factors' scale. */
#include "base/rng.h"
#include "start/start.h"

#include <math.h>

void nmfi_random_component(const nmfi_kernels *kernels, nmfi_start_factor factor, int64_t k,
                           int64_t j, double scale, int64_t seed, uint32_t stream)
{
    const int64_t first = factor.partition->first_row;
    for (int64_t i = 0; i < factor.count; i++) {
        const double value =
            scale * fabs(nmfi_normal((uint64_t)seed, stream, (uint64_t)((first + i) * k + j)));
        kernels->from_f64(&value,
                          (char *)factor.data + (j * factor.ld + i) * kernels->element_bytes, 1);
    }
}

void nmfi_start_random(const nmfi_kernels *kernels, nmfi_start_factor W, nmfi_start_factor H,
                       int64_t k, double mean, int64_t seed)
{
    const double scale = sqrt(mean / (double)k);
    for (int64_t j = 0; j < k; j++) {
        nmfi_random_component(kernels, W, k, j, scale, seed, NMFI_STREAM_W);
        nmfi_random_component(kernels, H, k, j, scale, seed, NMFI_STREAM_H);
    }
}
