/* The starts for data with pure samples. Rows of X lie in the cone, or the simplex, of the rows of H; where for each
 * component some sample consists of it alone these samples are its corners. They are looked for in the space of the
 * leading triplets, X ~ U diag(sigma) V', which holds no noise but its own (corners_spa.c, corners_snpa.c). */
#include "start/corners.h"

#include "base/rng.h"

#include <math.h>
#include <stdlib.h>

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

/* Row j of H is the part of a sample that the triplets hold. */
static void take_sample(const nmfi_kernels *kernels, nmfi_start_factor H, int64_t j,
                        const nmfi_pure_start *start, int64_t ld_U, int64_t sample)
{
    for (int64_t i = 0; i < H.count; i++) {
        double h = 0;
        for (int64_t l = 0; l < start->k; l++)
            h += start->sigma[l] * get(kernels, start->U, l * ld_U + sample) *
                 get(kernels, start->V, l * H.ld + i);
        put(kernels, H.data, j * H.ld + i, h > 0 ? h / start->scale : 0);
    }
}

nmf_status nmfi_start_pure(const nmfi_kernels *kernels, nmfi_start_factor W, nmfi_start_factor H,
                           const nmfi_pure_start *start, nmf_error *error)
{
    const int64_t k = start->k;
    nmf_status status = NMF_OK;
    nmfi_corner_search search = {.kernels = kernels, .Y = W, .k = k, .sums = start->sums};
    search.corners = malloc((size_t)k * sizeof *search.corners);
    if (!search.corners)
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %lld samples", (long long)k);
    project(kernels, W, k, start->U, start->sigma);
    if (start->init == NMF_INIT_SNPA)
        status = nmfi_corners_snpa(&search, error);
    else
        nmfi_corners_spa(&search);
    for (int64_t j = 0; j < k && status == NMF_OK; j++) {
        if (j < search.found)
            take_sample(kernels, H, j, start, W.ld, search.corners[j]);
        else
            nmfi_random_component(kernels, H, k, j, sqrt(start->mean / (double)k), start->seed,
                                  NMFI_STREAM_H);
        for (int64_t i = 0; i < W.count; i++)
            put(kernels, W.data, j * W.ld + i, start->scale / (double)k);
    }
    free(search.corners);
    return status;
}
