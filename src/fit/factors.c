/* Factors into matrices and back (factors.h). */
#include "fit/factors.h"

#include "data/matrix.h"

#include <stdio.h>
#include <string.h>

nmf_dtype nmfi_dtype_of(const nmfi_kernels *kernels)
{
    return kernels->element_bytes == 4 ? NMF_F32 : NMF_F64;
}

void nmfi_pack_W(const nmfi_kernels *kernels, const void *factor, int64_t ld, int64_t samples,
                 int64_t k, void *W)
{
    kernels->pack(factor, ld, k, samples, W, k);
}

void nmfi_pack_H(const nmfi_kernels *kernels, const void *factor, int64_t ld, int64_t k,
                 int64_t features, void *H)
{
    const int64_t bytes = kernels->element_bytes;
    for (int64_t j = 0; j < k; j++)
        memcpy((char *)H + j * features * bytes, (const char *)factor + j * ld * bytes,
               (size_t)(features * bytes));
}

nmf_status nmfi_factor_to_W(const nmfi_kernels *kernels, const void *factor, int64_t ld,
                            int64_t samples, int64_t k, nmf_matrix **W, nmf_error *error)
{
    const nmf_status status = nmf_matrix_new(nmfi_dtype_of(kernels), samples, k, W, error);
    if (status != NMF_OK) return status;
    nmfi_pack_W(kernels, factor, ld, samples, k, nmf_matrix_writable(*W));
    return NMF_OK;
}

void nmfi_factor_from_H(const nmfi_kernels *kernels, const nmf_matrix *H, void *factor, int64_t ld)
{
    const nmf_dense dense = nmf_matrix_dense(H);
    const int64_t bytes = kernels->element_bytes;
    for (int64_t j = 0; j < dense.rows; j++)
        memcpy((char *)factor + j * ld * bytes,
               (const char *)dense.data + j * dense.row_stride * bytes,
               (size_t)(dense.columns * bytes));
}

void nmfi_gram_for_rule(const nmfi_kernels *kernels, int64_t k, double l1, double l2,
                        double *gram_f64, void *gram, void *inverse)
{
    static const double steep = 1e30; /* beside 1, which the entries of a factor are near */
    const double without = l1 > 0 ? steep : 0.0;
    for (int64_t j = 0; j < k; j++) {
        gram_f64[j * k + j] += l2;
        const double diagonal = gram_f64[j * k + j];
        const double inverted = diagonal > 0 ? 1.0 / diagonal : without;
        kernels->from_f64(&inverted, (char *)inverse + j * kernels->element_bytes, 1);
    }
    kernels->from_f64(gram_f64, gram, k * k);
}

void nmfi_content_begin(nmf_model_content *content, const nmf_matrix *X, const nmf_options *options,
                        const nmfi_kernels *kernels)
{
    memset(content, 0, sizeof *content);
    content->struct_bytes = sizeof *content;
    content->options = *options;
    content->samples = nmf_matrix_rows(X);
    content->features = nmf_matrix_columns(X);
    content->k = options->k;
    content->precision = kernels->element_bytes == 4 ? NMF_PRECISION_F32 : NMF_PRECISION_F64;
    snprintf(content->kernel, sizeof content->kernel, "%s", kernels->name);
}

nmf_status nmfi_inherit_names(const nmf_matrix *X, nmf_matrix *W, nmf_matrix *H, nmf_error *error)
{
    const nmf_status status = nmfi_matrix_inherit_rows(W, X, error);
    return status == NMF_OK ? nmfi_matrix_inherit_columns(H, X, error) : status;
}
