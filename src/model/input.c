/* See input.h. */
#include "model/input.h"

#include "base/options.h"
#include "data/clip.h"
#include "data/observed.h"
#include "data/weighting.h"
#include "model/features.h"

#include <stdlib.h>

static nmf_status check_limit(const nmfi_input *input, const nmf_options *options, nmf_error *error)
{
    const nmfi_memory_limit limit = nmfi_memory_limit_of(options);
    if (!nmfi_exceeds(limit, input->bytes)) return NMF_OK;
    return nmfi_fail_limit(limit, "the copy of the data", input->bytes, error);
}

/* Without its negative entries, where that is wished. */
static nmf_status clip(const nmf_options *options, nmfi_input *input, nmf_error *error)
{
    if (options->negatives != NMF_NEGATIVES_CLIP) return NMF_OK;
    const nmf_status status = nmfi_clipped(input->X, &input->clipped, error);
    if (status != NMF_OK || !input->clipped) return status;
    input->X = input->clipped;
    input->bytes += nmfi_product(nmf_matrix_stored(input->X),
                                 (int64_t)nmf_dtype_bytes(nmf_matrix_dtype(input->X)));
    return check_limit(input, options, error);
}

static nmf_status weigh(nmf_weighting weighting, const double *idf, const nmf_options *options,
                        nmfi_input *input, nmf_error *error)
{
    if (weighting == NMF_WEIGHTING_NONE || weighting == NMF_WEIGHTING_RAW) return NMF_OK;
    if (nmfi_matrix_is_weighted(input->X))
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "a weighting of counts goes together with neither weights nor missing "
                        "entries");
    input->bytes += nmfi_weighted_bytes(input->X, weighting);
    nmf_status status = check_limit(input, options, error);
    if (status == NMF_OK) status = nmfi_weighted(input->X, weighting, idf, &input->weighted, error);
    if (status == NMF_OK) input->X = input->weighted;
    return status;
}

nmf_status nmfi_input_to_learn(const nmf_matrix *X, const nmf_options *options, nmfi_input *input,
                               nmf_error *error)
{
    *input = (nmfi_input){.X = X};
    nmf_status status = clip(options, input, error);
    if (status == NMF_OK) status = nmfi_learn_idf(input->X, options->weighting, &input->idf, error);
    if (status == NMF_OK) status = weigh(options->weighting, input->idf, options, input, error);
    if (status != NMF_OK) nmfi_input_free(input);
    return status;
}

/* --- a model's features that X has ----------------------------------------------------------- */

/* The kept ones of `from`, at *room, which moves on; NULL stays NULL. */
static const double *keep(double **room, const double *from, const int64_t *kept, int64_t count)
{
    if (!from) return NULL;
    double *to = *room;
    for (int64_t j = 0; j < count; j++) to[j] = from[kept[j]];
    *room += count;
    return to;
}

static nmf_status restrict_model(const nmf_model_content *model, const int64_t *kept, int64_t count,
                                 nmfi_input *input, nmf_error *error)
{
    nmf_status status = nmf_matrix_select_columns(model->H, kept, count, &input->some_H, error);
    input->some_numbers = malloc((2 * (size_t)count + 1) * sizeof(double));
    if (status == NMF_OK && !input->some_numbers)
        status =
            nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %lld features", (long long)count);
    if (status != NMF_OK) return status;
    double *room = input->some_numbers;
    input->some = *model;
    input->some.H = input->some_H;
    input->some.features = count;
    input->some.mean = keep(&room, model->mean, kept, count);
    input->some.idf = keep(&room, model->idf, kept, count);
    input->model = &input->some;
    return NMF_OK;
}

/* Leaves out the features that X lacks: their places go from the map, too. */
static nmf_status ignore_missing(const nmf_model_content *model, nmfi_feature_map *map,
                                 int64_t *count, nmfi_input *input, nmf_error *error)
{
    int64_t *kept = malloc(((size_t)*count + 1) * sizeof *kept);
    int64_t shared = 0;
    if (!kept)
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %lld features", (long long)*count);
    for (int64_t j = 0; j < *count; j++)
        if (map->columns[j] >= 0) {
            map->columns[shared] = map->columns[j];
            kept[shared++] = j;
        }
    *count = shared;
    const nmf_status status = restrict_model(model, kept, shared, input, error);
    free(kept);
    return status;
}

static int needs_positive(const nmf_model_content *model)
{
    return model->kind == NMF_MODEL_NMF &&
           (model->loss_kind == NMF_LOSS_IS ||
            (model->loss_kind == NMF_LOSS_BETA && model->options.beta <= 0));
}

static size_t copied_bytes(const nmf_matrix *X, int64_t columns)
{
    const size_t entry = nmf_dtype_bytes(nmf_matrix_dtype(X));
    return nmf_matrix_is_sparse(X) ? nmfi_product(nmf_matrix_stored(X),
                                                  (int64_t)entry + nmf_matrix_sparse(X).index_bytes)
                                   : nmfi_product(nmf_matrix_rows(X), columns) * entry;
}

static nmf_status match(const nmf_model_content *model, const nmf_matrix *X,
                        const nmf_options *options, nmfi_feature_map *map, nmfi_input *input,
                        nmf_error *error)
{
    int64_t count = model->features;
    nmf_status status = NMF_OK;
    if (map->found.missing > 0 && options->missing_features == NMF_FEATURES_IGNORE)
        status = ignore_missing(model, map, &count, input, error);
    else if (map->found.missing > 0 && needs_positive(model))
        status = nmf_fail(error, NMF_ERROR_ARGUMENT,
                          "missing-features = zero: the model's loss needs entries > 0, and the "
                          "data lack %lld of its features; ignore leaves them out",
                          (long long)map->found.missing);
    input->bytes = copied_bytes(X, count);
    if (status == NMF_OK) status = check_limit(input, options, error);
    if (status == NMF_OK)
        status = nmf_matrix_select_columns(X, map->columns, count, &input->matched, error);
    if (status == NMF_OK) input->X = input->matched;
    return status;
}

nmf_status nmfi_input_like(const nmf_model_content *model, const nmf_matrix *X,
                           const nmf_options *options, nmfi_input *input, nmf_error *error)
{
    nmfi_feature_map map = {.columns = NULL};
    *input = (nmfi_input){.X = X, .model = model};
    nmf_status status = nmfi_map_features(model->H, X, options, &map, error);
    if (status == NMF_OK && map.columns) status = match(model, X, options, &map, input, error);
    nmfi_feature_map_free(&map);
    if (status == NMF_OK) status = clip(options, input, error);
    if (status == NMF_OK)
        status = weigh(model->weighting, input->model->idf, options, input, error);
    if (status != NMF_OK) nmfi_input_free(input);
    return status;
}

void nmfi_input_free(nmfi_input *input)
{
    nmf_matrix_free(input->weighted);
    nmfi_clipped_free(input->clipped);
    nmf_matrix_free(input->matched);
    nmf_matrix_free(input->some_H);
    free(input->some_numbers);
    free(input->idf);
    *input = (nmfi_input){0};
}
