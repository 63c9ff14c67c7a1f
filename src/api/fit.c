/* nmf_fit, nmf_pca, nmf_transform, nmf_reconstruct, nmf_kernel: arguments checked once, then called
 * down. */
#include "base/cpu.h"
#include "base/options.h"
#include "fit/problem.h"
#include "fit/transform.h"
#include "pca/pca.h"

#include <nmfkit/fit.h>
#include <stdio.h>

static nmf_status need(const void *argument, const char *name, nmf_error *error)
{
    return argument ? NMF_OK : nmf_fail(error, NMF_ERROR_ARGUMENT, "%s is NULL", name);
}

typedef nmf_status fit_function(const nmf_matrix *X, const nmf_options *options, nmf_model **model,
                                nmf_error *error);

static nmf_status checked_fit(fit_function *fit, int scope, const nmf_matrix *X,
                              const nmf_options *options, nmf_model **model, nmf_error *error)
{
    nmf_options checked;
    nmf_status status = need(model, "model", error);
    if (status != NMF_OK) return status;
    *model = NULL;
    status = need(X, "X", error);
    if (status == NMF_OK) status = nmfi_options_check(options, scope, &checked, error);
    return status == NMF_OK ? fit(X, &checked, model, error) : status;
}

nmf_status nmf_fit(const nmf_matrix *X, const nmf_options *options, nmf_model **model,
                   nmf_error *error)
{
    return checked_fit(nmfi_fit, NMF_SCOPE_FIT, X, options, model, error);
}

nmf_status nmf_pca(const nmf_matrix *X, const nmf_options *options, nmf_model **model,
                   nmf_error *error)
{
    return checked_fit(nmfi_pca, NMF_SCOPE_PCA, X, options, model, error);
}

nmf_status nmf_transform(const nmf_model *model, const nmf_matrix *X, const nmf_options *options,
                         nmf_matrix **W, nmf_error *error)
{
    nmf_options checked;
    nmf_status status = need(W, "W", error);
    if (status != NMF_OK) return status;
    *W = NULL;
    status = need(model, "model", error);
    if (status == NMF_OK) status = need(X, "X", error);
    if (status != NMF_OK) return status;
    const nmf_model_content *content = nmf_model_view(model);
    status = nmfi_options_check(options ? options : &content->options, NMF_SCOPE_TRANSFORM,
                                &checked, error);
    if (status != NMF_OK) return status;
    if (nmf_matrix_columns(X) != content->features)
        return nmf_fail(error, NMF_ERROR_SHAPE, "X has %lld features; the model was fitted to %lld",
                        (long long)nmf_matrix_columns(X), (long long)content->features);
    if (nmf_matrix_rows(X) == 0) return nmf_fail(error, NMF_ERROR_DATA, "X has no samples");
    status = nmfi_transform(model, X, &checked, W, error);
    if (status == NMF_OK) return NMF_OK;
    nmf_matrix_free(*W);
    *W = NULL;
    return status;
}

nmf_status nmf_reconstruct(const nmf_model *model, const nmf_matrix *W, nmf_matrix **X,
                           nmf_error *error)
{
    nmf_status status = need(X, "X", error);
    if (status != NMF_OK) return status;
    *X = NULL;
    status = need(model, "model", error);
    if (status != NMF_OK) return status;
    const nmf_model_content *content = nmf_model_view(model);
    if (W && nmf_matrix_columns(W) != content->k)
        return nmf_fail(error, NMF_ERROR_SHAPE, "W has %lld columns; the model has %lld components",
                        (long long)nmf_matrix_columns(W), (long long)content->k);
    return nmfi_reconstruct(model, W, X, error);
}

nmf_kernel_info nmf_kernel(void)
{
    nmf_kernel_info info = {{0}, {0}, 0, nmfi_processors()};
    const char *reason = NULL;
    const nmfi_kernels *kernels = nmfi_kernels_for(NMF_F32, &reason);
    snprintf(info.name, sizeof info.name, "%s", kernels->name);
    snprintf(info.reason, sizeof info.reason, "%s", reason);
    info.vector_bytes = kernels->vector_bytes;
    return info;
}
