/* NNSVD-LRC: the k components come from only k / 2 + 1 singular triplets, the best approximation of
 * X that so few can give: the first, which is positive, and then two from each, the positive parts
 * of u and v together and the negative parts together, sqrt(s) u+, sqrt(s) v+ and sqrt(s) u-,
 * sqrt(s) v-, the pair that carries more first, since u and v have no sign of their own. What the
 * published method does next, sweeps on the low-rank matrix, the fit does itself.
 * Source: Syed, Qazi & Gillis 2019. */
#include "start/parts.h"

#include "base/rng.h"

#include <math.h>

int64_t nmfi_lrc_triplets(int64_t k)
{
    return k / 2 + 1;
}

void nmfi_start_lrc(const nmfi_kernels *kernels, nmfi_start_factor W, nmfi_start_factor H,
                    int64_t k, const void *U, const void *V, const double *sigma, double mean,
                    int64_t seed)
{
    const double scale = sqrt(mean / (double)k);
    const nmfi_filling fill_W = {NMF_INIT_LRC, scale, (uint64_t)seed, NMFI_STREAM_FILL_W};
    const nmfi_filling fill_H = {NMF_INIT_LRC, scale, (uint64_t)seed, NMFI_STREAM_FILL_H};
    const nmfi_start_pair pair = {W, H, k, U, V, sigma, fill_W, fill_H};
    for (int64_t j = 0; j < k; j++) {
        const int64_t triplet = (j + 1) / 2;
        double u[2], v[2];
        nmfi_part_norms(kernels, U, W, triplet, u);
        nmfi_part_norms(kernels, V, H, triplet, v);
        const int larger = u[1] * v[1] >= u[0] * v[0], first = j % 2 == 1;
        nmfi_part_pair(kernels, &pair, j, triplet, j == 0 ? -1 : first ? larger : !larger, u, v);
    }
}
