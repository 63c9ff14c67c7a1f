/* Poisson, bootstrap and uniform perturbations (perturb.h). */
#include "select/perturb.h"

#include "base/memory.h"
#include "base/rng.h"
#include "data/sparse.h"
#include "data/value.h"

#include <math.h>
#include <string.h>

#define UNIFORM 0.03

/* Numbers of one entry: draw d of it is index (entry, d). Entries beyond 2^44 would share some. */
static double draw(uint64_t seed, uint32_t row, uint64_t index, uint64_t d)
{
    return nmfi_uniform(seed, NMFI_STREAM_PERTURBATION, row, (index << 20) + d);
}

/* Hormann 1993, "The transformed rejection method for generating Poisson random variables": PTRS. */
static double poisson_by_rejection(double mean, uint64_t seed, uint32_t row, uint64_t index)
{
    const double log_mean = log(mean), b = 0.931 + 2.53 * sqrt(mean), a = -0.059 + 0.02483 * b;
    const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4), v_r = 0.9277 - 3.6224 / (b - 2);
    for (uint64_t d = 0; d < 1000; d += 2) {
        const double u = draw(seed, row, index, d) - 0.5, v = draw(seed, row, index, d + 1);
        const double us = 0.5 - fabs(u), k = floor((2 * a / us + b) * u + mean + 0.43);
        if (us >= 0.07 && v <= v_r) return k;
        if (k < 0 || (us < 0.013 && v > us)) continue;
        if (log(v) + log(inverse_alpha) - log(a / (us * us) + b) <=
            -mean + k * log_mean - lgamma(k + 1))
            return k;
    }
    return floor(mean + 0.5); /* not reached: one draw in a thousand is enough almost always */
}

double nmfi_poisson(double mean, uint64_t seed, uint32_t row, uint64_t index)
{
    if (!(mean > 0)) return 0;
    if (mean >= 10) return poisson_by_rejection(mean, seed, row, index);
    /* Uniform numbers multiplied until they are below exp(-mean). */
    const double least = exp(-mean);
    double product = 1;
    for (uint64_t d = 0; d < 1000; d++) {
        product *= draw(seed, row, index, d);
        if (product <= least) return (double)d;
    }
    return 1000;
}

static double perturbed(double x, nmf_perturbation how, uint64_t seed, uint32_t replicate,
                        uint64_t index)
{
    return how == NMF_PERTURBATION_POISSON
               ? nmfi_poisson(x, seed, replicate, index)
               : x * (1 + UNIFORM * (2 * draw(seed, replicate, index, 0) - 1));
}

static nmf_status draw_dense(const nmf_matrix *X, nmf_perturbation how, uint64_t seed,
                             uint32_t replicate, nmf_matrix **drawn, nmf_error *error)
{
    const int64_t rows = nmf_matrix_rows(X), columns = nmf_matrix_columns(X);
    const nmf_dense d = nmf_matrix_dense(X);
    const nmf_dtype dtype = nmf_matrix_dtype(X) == NMF_F64 ? NMF_F64 : NMF_F32;
    const nmf_status status = nmf_matrix_new(dtype, rows, columns, drawn, error);
    if (status != NMF_OK) return status;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++) {
            const double x = nmfi_value(d.dtype, d.data, i * d.row_stride + j * d.column_stride);
            const int64_t at = i * columns + j;
            nmfi_set_value(dtype, nmf_matrix_writable(*drawn), at,
                           perturbed(x, how, seed, replicate, (uint64_t)at));
        }
    return NMF_OK;
}

static void release(void *block)
{
    nmfi_release(block);
}

/* The same places, other values; the structure is X's own. */
static nmf_status draw_sparse(const nmf_matrix *X, nmf_perturbation how, uint64_t seed,
                              uint32_t replicate, nmf_matrix **drawn, nmf_error *error)
{
    nmf_sparse s = nmf_matrix_sparse(X);
    const int64_t stored = nmfi_sparse_stored(&s);
    const nmf_dtype dtype = s.dtype == NMF_F64 || s.dtype == NMF_I32 ? NMF_F64 : NMF_F32;
    void *values = nmfi_allocate(nmfi_product(stored, (int64_t)nmf_dtype_bytes(dtype)));
    if (!values) return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for a replicate's data");
    for (int64_t line = 0; line < nmfi_sparse_lines(&s); line++)
        for (int64_t e = s.pointers[line]; e < s.pointers[line + 1]; e++) {
            const int64_t index = nmfi_sparse_index(&s, e);
            const int64_t at = s.by_columns ? index * s.columns + line : line * s.columns + index;
            nmfi_set_value(
                dtype, values, e,
                perturbed(nmfi_value(s.dtype, s.values, e), how, seed, replicate, (uint64_t)at));
        }
    s.values = values;
    s.dtype = dtype;
    return nmf_matrix_adopt_sparse(&s, release, values, drawn, error);
}

static nmf_status draw_rows(const nmf_matrix *X, uint64_t seed, uint32_t replicate,
                            nmf_matrix **drawn, nmf_error *error)
{
    const int64_t rows = nmf_matrix_rows(X);
    int64_t *chosen = nmfi_allocate(nmfi_product(rows, sizeof *chosen));
    if (!chosen) return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for a replicate's data");
    for (int64_t i = 0; i < rows; i++)
        chosen[i] = (int64_t)nmfi_below(seed, NMFI_STREAM_PERTURBATION, replicate, (uint64_t)i,
                                        (uint64_t)rows);
    const nmf_status status = nmf_matrix_select(X, chosen, rows, drawn, error);
    nmfi_release(chosen);
    return status;
}

nmf_status nmfi_perturb(const nmf_matrix *X, nmf_perturbation how, uint64_t seed, int64_t replicate,
                        nmf_matrix **drawn, nmf_error *error)
{
    const uint32_t row = (uint32_t)replicate + 1;
    if (how == NMF_PERTURBATION_BOOTSTRAP) return draw_rows(X, seed, row, drawn, error);
    return nmf_matrix_is_sparse(X) ? draw_sparse(X, how, seed, row, drawn, error)
                                   : draw_dense(X, how, seed, row, drawn, error);
}
