/* The caller's own start. What is so large or small that squares and products of it leave the range of the
 * arithmetic is brought back by powers of 2: where W H is of an ordinary size it stays the same, else its size, which
 * the first update sets anyway, is given up. */
#include "start/start.h"

#include <math.h>

/* The largest entry. */
static nmf_status check(const nmf_matrix *given, const char *name, double *largest,
                        nmf_error *error)
{
    *largest = 0;
    for (int64_t i = 0; i < nmf_matrix_rows(given); i++)
        for (int64_t j = 0; j < nmf_matrix_columns(given); j++) {
            const double value = nmf_matrix_at(given, i, j);
            if (!(value >= 0) || isinf(value))
                return nmf_fail(error, NMF_ERROR_DATA, "%s[%lld,%lld] = %g: entries must be >= 0",
                                name, (long long)i, (long long)j, value);
            *largest = value > *largest ? value : *largest;
        }
    if (*largest == 0) return nmf_fail(error, NMF_ERROR_DATA, "%s is full of zeros", name);
    return NMF_OK;
}

static void take(const nmfi_kernels *kernels, nmfi_start_factor factor, int64_t k,
                 const nmf_matrix *given, int given_by_components, double scale, int exponent)
{
    const int64_t first = factor.partition->first_row;
    for (int64_t j = 0; j < k; j++)
        for (int64_t i = 0; i < factor.count; i++) {
            const double value = given_by_components ? nmf_matrix_at(given, j, first + i)
                                                     : nmf_matrix_at(given, first + i, j);
            const double scaled = exponent == 0 ? scale * value : ldexp(value, exponent) * scale;
            kernels->from_f64(
                &scaled, (char *)factor.data + (j * factor.ld + i) * kernels->element_bytes, 1);
        }
}

/* By which powers of 2 entries are multiplied. */
static void choose_exponents(double largest_W, double largest_H, double scale, int ordinary,
                             int *W, int *H)
{
    const int of_scale = ilogb(scale), of_W = ilogb(largest_W) + of_scale,
              of_H = ilogb(largest_H) + of_scale, product = of_W + of_H;
    *W = *H = 0;
    if (of_W >= -ordinary && of_W <= ordinary && of_H >= -ordinary && of_H <= ordinary) return;
    const int keeps = product >= -ordinary && product <= ordinary;
    *W = -of_W + (keeps ? product / 2 : 0);
    *H = keeps ? -*W : -of_H;
}

nmf_status nmfi_start_custom(const nmfi_kernels *kernels, nmfi_start_factor W, nmfi_start_factor H,
                             int64_t k, const nmf_matrix *start_W, const nmf_matrix *start_H,
                             double scale, int as_given, nmf_error *error)
{
    double largest_W, largest_H;
    int exponent_W = 0, exponent_H = 0;
    const int ordinary = kernels->element_bytes == 4 ? 40 : 300; /* a third of the type's exponents */
    nmf_status status = check(start_W, "start_W", &largest_W, error);
    if (status == NMF_OK) status = check(start_H, "start_H", &largest_H, error);
    if (status != NMF_OK) return status;
    if (!as_given) choose_exponents(largest_W, largest_H, scale, ordinary, &exponent_W, &exponent_H);
    take(kernels, W, k, start_W, 0, scale, exponent_W);
    take(kernels, H, k, start_H, 1, scale, exponent_H);
    return NMF_OK;
}
