/* Shares of components, in a model and in samples: see <nmfkit/shares.h>. */
#include "model/components.h"

#include <nmfkit/shares.h>

#include <math.h>
#include <stdlib.h>

/* Sums over row c of H of the entries' sizes and of their squares. */
static void sum_component(const nmf_matrix *H, int64_t component, double *sum, double *squares)
{
    *sum = *squares = 0.0;
    for (int64_t j = 0; j < nmf_matrix_columns(H); j++) {
        const double entry = fabs(nmf_matrix_at(H, component, j));
        *sum += entry;
        *squares += entry * entry;
    }
}

nmf_status nmf_model_component_shares(const nmf_model *model, double *shares, nmf_error *error)
{
    if (!model || !shares)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "component shares need a model and a place for k numbers");
    const nmf_model_content *c = nmf_model_view(model);
    if (!c->W && c->kind == NMF_MODEL_NMF)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "this model has no W, and so no shares");
    double total = 0.0;
    for (int64_t j = 0; j < c->k; j++) {
        double of_W = 0.0, of_H, squares;
        for (int64_t i = 0; i < c->samples; i++) of_W += nmf_matrix_at(c->W, i, j);
        sum_component(c->H, j, &of_H, &squares);
        shares[j] = of_W * of_H;
        total += shares[j];
    }
    for (int64_t j = 0; j < c->k; j++)
        if (c->kind == NMF_MODEL_PCA)
            shares[j] = c->explained_variance_ratio ? c->explained_variance_ratio[j] : NAN;
        else
            shares[j] = total > 0.0 ? shares[j] / total : 0.0;
    return NMF_OK;
}

/* What makes weights comparable: whatever a row of H is multiplied by, its column of W is divided
 * by. A least-squares fit measures by the Euclidean norm; losses of counts keep sums. */
static void measure_components(const nmf_model_content *content, double *sizes)
{
    for (int64_t c = 0; c < content->k; c++) {
        double sum, squares;
        sum_component(content->H, c, &sum, &squares);
        sizes[c] = content->loss_kind == NMF_LOSS_FROBENIUS ? sqrt(squares) : sum;
    }
}

/* Weights of one sample to shares; returns the largest, or -1. */
static int64_t share_row(const double *sizes, int64_t k, double *row)
{
    double sum = 0.0;
    int64_t largest = -1;
    for (int64_t c = 0; c < k; c++) {
        row[c] = fabs(row[c]) * sizes[c];
        sum += row[c];
        if (row[c] > (largest < 0 ? 0.0 : row[largest])) largest = c;
    }
    for (int64_t c = 0; c < k; c++) row[c] = sum > 0.0 ? row[c] / sum : 0.0;
    return largest;
}

static nmf_status check_weights(const nmf_model_content *content, const nmf_matrix *W,
                                nmf_error *error)
{
    if (!W) return nmf_fail(error, NMF_ERROR_ARGUMENT, "this model has no W of its own");
    if (nmf_matrix_columns(W) == content->k) return NMF_OK;
    return nmf_fail(error, NMF_ERROR_SHAPE, "W has %lld columns; the model has %lld components",
                    (long long)nmf_matrix_columns(W), (long long)content->k);
}

static nmf_status fill_shares(const nmf_matrix *W, const double *sizes, double *shares,
                              int64_t *largest, nmf_error *error)
{
    const int64_t rows = nmf_matrix_rows(W), k = nmf_matrix_columns(W);
    const nmf_status status =
        rows > 0 ? nmf_matrix_copy_rows(W, 0, rows, NMF_F64, shares, error) : NMF_OK;
    for (int64_t i = 0; status == NMF_OK && i < rows; i++) {
        for (int64_t c = 0; c < k; c++)
            if (!isfinite(shares[i * k + c]))
                return nmf_fail(error, NMF_ERROR_DATA, "W[%lld,%lld] = %g: must be finite",
                                (long long)i, (long long)c, shares[i * k + c]);
        const int64_t found = share_row(sizes, k, shares + i * k);
        if (largest) largest[i] = found;
    }
    return status;
}

nmf_status nmf_model_sample_shares(const nmf_model *model, const nmf_matrix *W, nmf_matrix **shares,
                                   int64_t *largest, nmf_error *error)
{
    if (shares) *shares = NULL;
    if (!model || !shares)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "sample shares need a model and a place");
    const nmf_model_content *content = nmf_model_view(model);
    nmf_matrix *made = NULL, *ordered = NULL;
    nmf_status status = W ? nmfi_order_components(content, W, &ordered, error)
                          : check_weights(content, content->W, error);
    if (status != NMF_OK) return status;
    W = ordered ? ordered : W ? W : content->W;
    double *sizes = calloc((size_t)content->k, sizeof *sizes);
    status = sizes ? nmf_matrix_new(NMF_F64, nmf_matrix_rows(W), content->k, &made, error)
                   : nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: sizes of %lld components",
                              (long long)content->k);
    if (status == NMF_OK) {
        measure_components(content, sizes);
        status = fill_shares(W, sizes, nmf_matrix_writable(made), largest, error);
    }
    free(sizes);
    if (status == NMF_OK) status = nmf_matrix_copy_names(W, made, NMF_SAMPLE_NAMES, error);
    if (status == NMF_OK) status = nmf_matrix_copy_names(W, made, NMF_LABELS, error);
    nmf_matrix_free(ordered);
    if (status == NMF_OK) {
        *shares = made;
        return NMF_OK;
    }
    nmf_matrix_free(made);
    return status;
}
