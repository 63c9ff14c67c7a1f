/* nmf_fit, nmf_pca, nmf_kernel: arguments checked once, then called down. */
#include "fit/fit.h"
#include "api/share.h"
#include "base/machine.h"
#include "base/options.h"
#include "data/matrix.h"
#include "data/observed.h"
#include "model/input.h"
#include "model/model.h"
#include "pca/pca.h"

#include <nmfkit/fit.h>
#include <stdio.h>

static nmf_status need(const void *argument, const char *name, nmf_error *error)
{
    return argument ? NMF_OK : nmf_fail(error, NMF_ERROR_ARGUMENT, "%s is NULL", name);
}

/* Pure samples are looked for among mixtures, and how much there is of a mixture, or how much light falls on it, is no
 * part of what it is made of: unless the caller says otherwise rows that are to be shares are those of their sums. */
static nmf_weighting weighting_of(const nmf_matrix *X, const nmf_options *o)
{
    const int seeks_pure = o->init == NMF_INIT_SPA || o->init == NMF_INIT_SNPA;
    const int says_more =
        o->constraints || o->lower_H > 0 || o->upper_H > 0 || nmfi_matrix_is_weighted(X);
    if (o->weighting == NMF_WEIGHTING_RAW) return NMF_WEIGHTING_NONE;
    if (o->weighting != NMF_WEIGHTING_NONE || o->simplex != NMF_SIMPLEX_W || !seeks_pure ||
        says_more)
        return o->weighting;
    return o->negatives == NMF_NEGATIVES_ALLOW ? NMF_WEIGHTING_NONE : NMF_WEIGHTING_SUM;
}

/* The model remembers the weighting, and the options as they were given. */
static nmf_status weighted_fit(nmfi_learner *fit, const nmf_matrix *X, const nmf_options *given,
                               nmf_model **model, nmf_error *error)
{
    nmfi_input input;
    nmf_options named = *given;
    const nmf_options *const options = &named;
    named.weighting = weighting_of(X, given);
    nmf_options left = named;
    if (options->weighting == NMF_WEIGHTING_NONE && options->negatives != NMF_NEGATIVES_CLIP)
        return fit(X, options, model, error);
    nmf_status status = nmfi_input_to_learn(X, options, &input, error);
    if (status != NMF_OK) return status;
    nmfi_take_of_limit(&left, input.bytes);
    status = fit(input.X, &left, model, error);
    if (status == NMF_OK) status = nmfi_model_keep_input(*model, options, input.idf, error);
    if (status != NMF_OK) {
        nmf_model_free(*model);
        *model = NULL;
    }
    nmfi_input_free(&input);
    return status;
}

static nmf_status checked_fit(nmfi_learner *fit, int scope, const nmf_matrix *X,
                              const nmf_options *options, nmf_model **model, nmf_error *error)
{
    nmf_options checked;
    nmf_status status = need(model, "model", error);
    if (status != NMF_OK) return status;
    *model = NULL;
    status = need(X, "X", error);
    if (status == NMF_OK) status = nmfi_options_check(options, scope, &checked, error);
    return status == NMF_OK ? weighted_fit(fit, X, &checked, model, error) : status;
}

nmf_status nmf_fit(const nmf_matrix *X, const nmf_options *options, nmf_model **model,
                   nmf_error *error)
{
    return checked_fit(nmfi_fit_together, NMF_SCOPE_FIT | NMF_SCOPE_BOUNDS, X, options, model,
                       error);
}

/* What is small enough for the exact solver each of several processes does for itself, with all of X. */
static nmf_status pca(const nmf_matrix *X, const nmf_options *options, nmf_model **model,
                      nmf_error *error)
{
    return nmfi_pca_is_exact(X, options) ? nmfi_pca(X, options, model, error)
                                         : nmfi_learn_together(nmfi_pca, X, options, model, error);
}

nmf_status nmf_pca(const nmf_matrix *X, const nmf_options *options, nmf_model **model,
                   nmf_error *error)
{
    if (X && nmfi_matrix_is_weighted(X))
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "PCA takes no weights and no missing entries: NMF does");
    return checked_fit(pca, NMF_SCOPE_PCA, X, options, model, error);
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
