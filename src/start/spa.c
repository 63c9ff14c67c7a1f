/* The start for data with pure samples: successive projections. Rows of X lie in the cone, or the simplex, of the
 * rows of H; where for each component some sample consists of it alone these samples are its corners, and the
 * farthest point of a simplex is a corner. So: take the longest row of what is left, take away from all rows their
 * part along it, k times. Done in the space of the leading triplets, X ~ U diag(sigma) V', which holds no noise
 * but its own. Source: Araujo et al. 2001; Gillis & Vavasis 2014 (why it stands noise). */
#include "start/start.h"

#include "base/rng.h"

#include <math.h>

static double get(const nmfi_kernels *kernels, const void *array, int64_t at)
{
    return kernels->element_bytes == 4 ? (double)((const float *)array)[at]
                                       : ((const double *)array)[at];
}

static void put(const nmfi_kernels *kernels, void *array, int64_t at, double value)
{
    kernels->from_f64(&value, (char *)array + at * kernels->element_bytes, 1);
}

/* Y = U diag(sigma), row i of it being row i of X in the space of the triplets. */
static void project(const nmfi_kernels *kernels, nmfi_start_factor Y, int64_t k, const void *U,
                    const double *sigma)
{
    for (int64_t l = 0; l < k; l++)
        for (int64_t i = 0; i < Y.count; i++)
            put(kernels, Y.data, l * Y.ld + i, sigma[l] * get(kernels, U, l * Y.ld + i));
}

static int64_t longest(const nmfi_kernels *kernels, nmfi_start_factor Y, int64_t k, double *square)
{
    int64_t best = 0;
    *square = 0;
    for (int64_t i = 0; i < Y.count; i++) {
        double sum = 0;
        for (int64_t l = 0; l < k; l++) {
            const double y = get(kernels, Y.data, l * Y.ld + i);
            sum += y * y;
        }
        if (!(sum > *square)) continue; /* the first of equals */
        *square = sum;
        best = i;
    }
    return best;
}

/* Every row less its part along row `corner`, that one last. */
static void take_away(const nmfi_kernels *kernels, nmfi_start_factor Y, int64_t k, int64_t corner,
                      double square)
{
    for (int64_t step = 0; step <= Y.count; step++) {
        const int64_t i = step < Y.count ? step : corner;
        double along = 0;
        if (step == corner) continue;
        for (int64_t l = 0; l < k; l++)
            along += get(kernels, Y.data, l * Y.ld + i) * get(kernels, Y.data, l * Y.ld + corner);
        for (int64_t l = 0; l < k; l++)
            put(kernels, Y.data, l * Y.ld + i,
                get(kernels, Y.data, l * Y.ld + i) -
                    along / square * get(kernels, Y.data, l * Y.ld + corner));
    }
}

void nmfi_start_spa(const nmfi_kernels *kernels, nmfi_start_factor W, nmfi_start_factor H,
                    int64_t k, const void *U, const void *V, const double *sigma, double scale,
                    double mean, int64_t seed)
{
    static const double nothing = 1e-12; /* of what the first has: X has no more corners */
    double first = 0;
    project(kernels, W, k, U, sigma);
    for (int64_t j = 0; j < k; j++) {
        double square;
        const int64_t corner = longest(kernels, W, k, &square);
        if (j == 0) first = square;
        if (!(square > nothing * first)) {
            nmfi_random_component(kernels, H, k, j, sqrt(mean / (double)k), seed, NMFI_STREAM_H);
            continue;
        }
        for (int64_t i = 0; i < H.count; i++) {
            double h = 0;
            for (int64_t l = 0; l < k; l++)
                h += sigma[l] * get(kernels, U, l * W.ld + corner) * get(kernels, V, l * H.ld + i);
            put(kernels, H.data, j * H.ld + i, h > 0 ? h / scale : 0);
        }
        take_away(kernels, W, k, corner, square);
    }
    for (int64_t j = 0; j < k; j++)
        for (int64_t i = 0; i < W.count; i++) put(kernels, W.data, j * W.ld + i, scale / (double)k);
}
