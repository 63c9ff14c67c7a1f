/* NNDSVD: W and H from the positive or the negative parts of the singular vectors, whichever pair
 * carries more. First pair sqrt(s) |u|, sqrt(s) |v|; then, with u+ = max(u, 0), u- = max(-u, 0) and
 * the sign whose mu = ||u||.||v|| is larger, w = sqrt(s mu) u / ||u||, h = sqrt(s mu) v / ||v||.
 * Source: Boutsidis & Gallopoulos 2008; variants a and ar as in scikit-learn, on the factors'
 * scale. */
#include "start/parts.h"

#include "base/rng.h"

#include <math.h>

void nmfi_start_nndsvd(const nmfi_kernels *kernels, nmfi_start_factor W, nmfi_start_factor H,
                       int64_t k, const void *U, const void *V, const double *sigma, double mean,
                       nmf_init init, int64_t seed)
{
    const double scale = sqrt(mean / (double)k);
    const nmfi_filling fill_W = {init, scale, (uint64_t)seed, NMFI_STREAM_FILL_W};
    const nmfi_filling fill_H = {init, scale, (uint64_t)seed, NMFI_STREAM_FILL_H};
    const nmfi_start_pair pair = {W, H, k, U, V, sigma, fill_W, fill_H};
    for (int64_t j = 0; j < k; j++) {
        double u[2], v[2];
        nmfi_part_norms(kernels, U, W, j, u);
        nmfi_part_norms(kernels, V, H, j, v);
        const int negative = j == 0 ? -1 : u[1] * v[1] >= u[0] * v[0];
        nmfi_part_pair(kernels, &pair, j, j, negative, u, v);
    }
}
