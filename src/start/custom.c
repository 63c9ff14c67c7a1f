/* The caller's own start. */
#include "start/start.h"

#include <math.h>

static nmf_status take(const nmfi_kernels *kernels, nmfi_start_factor factor, int64_t k,
                       const nmf_matrix *given, int given_by_components, double scale,
                       const char *name, nmf_error *error)
{
    const int64_t first = factor.partition->first_row;
    double largest = 0;
    for (int64_t j = 0; j < k; j++)
        for (int64_t i = 0; i < factor.count; i++) {
            const double value = given_by_components ? nmf_matrix_at(given, j, first + i)
                                                     : nmf_matrix_at(given, first + i, j);
            if (!(value >= 0) || isinf(value))
                return nmf_fail(error, NMF_ERROR_DATA, "%s[%lld,%lld] = %g: entries must be >= 0",
                                name, (long long)(given_by_components ? j : first + i),
                                (long long)(given_by_components ? first + i : j), value);
            largest = value > largest ? value : largest;
            const double scaled = scale * value;
            kernels->from_f64(
                &scaled, (char *)factor.data + (j * factor.ld + i) * kernels->element_bytes, 1);
        }
    if (largest == 0) return nmf_fail(error, NMF_ERROR_DATA, "%s is full of zeros", name);
    return NMF_OK;
}

nmf_status nmfi_start_custom(const nmfi_kernels *kernels, nmfi_start_factor W, nmfi_start_factor H,
                             int64_t k, const nmf_matrix *start_W, const nmf_matrix *start_H,
                             double scale, nmf_error *error)
{
    const nmf_status status = take(kernels, W, k, start_W, 0, scale, "start_W", error);
    return status == NMF_OK ? take(kernels, H, k, start_H, 1, scale, "start_H", error) : status;
}
