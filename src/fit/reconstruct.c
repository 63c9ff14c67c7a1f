/* W H, and for PCA the way back from (whitened) scores: W H + mean. */
#include "data/matrix.h"
#include "fit/result.h"
#include "fit/transform.h"

#include <math.h>
#include <stdlib.h>

/* One row: x = sum_j w_j scale_j H_j + mean, in f64, then rounded once. */
static void reconstruct_row(const nmf_model_content *model, const double *w, double *x)
{
    const nmf_dense H = nmf_matrix_dense(model->H);
    for (int64_t c = 0; c < H.columns; c++) x[c] = model->mean ? model->mean[c] : 0.0;
    for (int64_t j = 0; j < H.rows; j++) {
        if (w[j] == 0) continue;
        if (H.dtype == NMF_F32) {
            const float *h = (const float *)H.data + j * H.row_stride;
            for (int64_t c = 0; c < H.columns; c++) x[c] += w[j] * (double)h[c];
        } else {
            const double *h = (const double *)H.data + j * H.row_stride;
            for (int64_t c = 0; c < H.columns; c++) x[c] += w[j] * h[c];
        }
    }
}

static nmf_status reconstruct_rows(const nmf_model_content *model, const nmf_matrix *W,
                                   nmf_matrix *X, double *w, double *x, nmf_error *error)
{
    const int64_t n = model->features, k = model->k;
    const nmfi_kernels *kernels = nmfi_kernels_for(nmf_matrix_dtype(X), NULL);
    char *out = nmf_matrix_writable(X);
    for (int64_t i = 0; i < nmf_matrix_rows(W); i++) {
        const nmf_status status = nmf_matrix_copy_rows(W, i, 1, NMF_F64, w, error);
        if (status != NMF_OK) return status;
        for (int64_t j = 0; model->options.whiten && model->explained_variance && j < k; j++)
            w[j] *= sqrt(model->explained_variance[j]);
        reconstruct_row(model, w, x);
        kernels->from_f64(x, out + i * n * kernels->element_bytes, n);
    }
    return NMF_OK;
}

nmf_status nmfi_reconstruct(const nmf_model *model, const nmf_matrix *W, nmf_matrix **X,
                            nmf_error *error)
{
    const nmf_model_content *content = nmf_model_view(model);
    const nmf_matrix *scores = W ? W : content->W;
    nmf_status status = nmf_matrix_new(nmf_matrix_dtype(content->H), nmf_matrix_rows(scores),
                                       content->features, X, error);
    if (status != NMF_OK) return status;
    double *w = malloc((size_t)content->k * sizeof *w);
    double *x = malloc((size_t)content->features * sizeof *x);
    if (!w || !x)
        status = nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: a row of %lld features",
                          (long long)content->features);
    if (status == NMF_OK) status = reconstruct_rows(content, scores, *X, w, x, error);
    if (status == NMF_OK) status = nmfi_matrix_inherit_rows(*X, scores, error);
    if (status == NMF_OK) status = nmfi_matrix_inherit_columns(*X, content->H, error);
    free(w);
    free(x);
    if (status == NMF_OK) return NMF_OK;
    nmf_matrix_free(*X);
    *X = NULL;
    return status;
}
