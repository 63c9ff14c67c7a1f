/* nmf_transform, nmf_transform_with, nmf_reconstruct: arguments checked once, then called down. */
#include "fit/transform.h"
#include "api/share.h"
#include "base/options.h"
#include "data/matrix.h"
#include "model/components.h"
#include "model/features.h"
#include "model/input.h"
#include "model/model.h"

#include <nmfkit/fit.h>

static nmf_status need(const void *argument, const char *name, nmf_error *error)
{
    return argument ? NMF_OK : nmf_fail(error, NMF_ERROR_ARGUMENT, "%s is NULL", name);
}

/* options: checked. */
static nmf_status transform(const nmf_model_content *content, const nmf_matrix *X,
                            const nmf_options *options, nmf_matrix **W, nmf_error *error)
{
    nmfi_input input;
    nmf_options left = *options;
    if (nmf_matrix_rows(X) == 0) return nmf_fail(error, NMF_ERROR_DATA, "X has no samples");
    nmf_status status = nmfi_input_like(content, X, options, &input, error);
    if (status != NMF_OK) return status;
    nmfi_take_of_limit(&left, input.bytes);
    status = nmfi_transform_together(input.model, input.X, &left, W, error);
    nmfi_input_free(&input);
    if (status == NMF_OK) return NMF_OK;
    nmf_matrix_free(*W);
    *W = NULL;
    return status;
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
    status = nmfi_options_check(options ? options : &content->options,
                                NMF_SCOPE_TRANSFORM | NMF_SCOPE_BOUNDS, &checked, error);
    if (!options) checked.time_limit_seconds = 0; /* the fit's own */
    return status == NMF_OK ? transform(content, X, &checked, W, error) : status;
}

nmf_status nmf_match_features(const nmf_model *model, const nmf_matrix *X,
                              const nmf_options *options, nmf_feature_match *match,
                              nmf_error *error)
{
    nmf_options checked;
    nmfi_feature_map map;
    nmf_status status = need(match, "match", error);
    if (status == NMF_OK) status = need(model, "model", error);
    if (status == NMF_OK) status = need(X, "X", error);
    if (status != NMF_OK) return status;
    const nmf_model_content *content = nmf_model_view(model);
    status = nmfi_options_check(options ? options : &content->options,
                                NMF_SCOPE_TRANSFORM | NMF_SCOPE_BOUNDS, &checked, error);
    if (status == NMF_OK) status = nmfi_map_features(content->H, X, &checked, &map, error);
    if (status != NMF_OK) return status;
    *match = map.found;
    nmfi_feature_map_free(&map);
    return NMF_OK;
}

/* The loss, the penalties and the weighting have no model to come from. */
static nmf_status check_options_with(const nmf_matrix *H, const nmf_options *options,
                                     nmf_options *checked, nmf_error *error)
{
    nmf_status status = nmfi_options_check(options, NMF_SCOPE_TRANSFORM | NMF_SCOPE_BOUNDS, checked,
                                           error);
    if (status != NMF_OK) return status;
    nmf_options given = *checked;
    if (given.k != 0 && given.k != nmf_matrix_rows(H))
        return nmf_fail(error, NMF_ERROR_SHAPE, "H has %lld rows and k = %lld",
                        (long long)nmf_matrix_rows(H), (long long)given.k);
    given.k = nmf_matrix_rows(H);
    status = nmfi_options_check(&given, NMF_SCOPE_FIT | NMF_SCOPE_TRANSFORM, checked, error);
    if (status != NMF_OK) return status;
    if (checked->weighting == NMF_WEIGHTING_TFIDF)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "weighting tfidf needs the idf that a model keeps: transform with the "
                        "model, or weigh X beforehand (nmf_weigh)");
    return NMF_OK;
}

/* H packed and of the type that is computed in, as a model has it. */
static nmf_status copy_components(const nmf_matrix *H, nmf_precision precision, nmf_matrix **copy,
                                  nmf_error *error)
{
    const int single = precision == NMF_PRECISION_F32 ||
                       (precision == NMF_PRECISION_AUTO && nmf_matrix_dtype(H) == NMF_F32);
    const nmf_dtype dtype = single ? NMF_F32 : NMF_F64;
    const int64_t k = nmf_matrix_rows(H), n = nmf_matrix_columns(H);
    nmf_status status = k > 0 && n > 0 ? nmfi_model_check_factor(H, "H", 0, error)
                                       : nmf_fail(error, NMF_ERROR_SHAPE, "H is %lld x %lld",
                                                  (long long)k, (long long)n);
    if (status == NMF_OK) status = nmf_matrix_new(dtype, k, n, copy, error);
    if (status == NMF_OK)
        status = nmf_matrix_copy_rows(H, 0, k, dtype, nmf_matrix_writable(*copy), error);
    if (status == NMF_OK) status = nmf_matrix_copy_names(H, *copy, NMF_FEATURE_NAMES, error);
    return status;
}

nmf_status nmf_transform_with(const nmf_matrix *H, const nmf_matrix *X, const nmf_options *options,
                              nmf_matrix **W, nmf_error *error)
{
    nmf_options checked;
    nmf_matrix *copy = NULL;
    nmf_status status = need(W, "W", error);
    if (status != NMF_OK) return status;
    *W = NULL;
    status = need(H, "H", error);
    if (status == NMF_OK) status = need(X, "X", error);
    if (status == NMF_OK) status = check_options_with(H, options, &checked, error);
    if (status == NMF_OK) status = copy_components(H, checked.precision, &copy, error);
    if (status == NMF_OK) {
        const nmf_model_content content = {
            .struct_bytes = sizeof content,
            .kind = NMF_MODEL_NMF,
            .loss_kind = checked.loss,
            .options = checked,
            .H = copy,
            .k = checked.k,
            .features = nmf_matrix_columns(H),
            .precision = nmf_matrix_dtype(copy) == NMF_F32 ? NMF_PRECISION_F32 : NMF_PRECISION_F64,
            .weighting = checked.weighting};
        status = transform(&content, X, &checked, W, error);
    }
    nmf_matrix_free(copy);
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
    if (!W && !content->W)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "W is NULL, and the model has no W of its own");
    nmf_matrix *ordered = NULL;
    status = W ? nmfi_order_components(content, W, &ordered, error) : NMF_OK;
    if (status == NMF_OK) status = nmfi_reconstruct(model, ordered ? ordered : W, X, error);
    nmf_matrix_free(ordered);
    return status;
}
