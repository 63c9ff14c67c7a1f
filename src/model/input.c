/* See input.h. */
#include "model/input.h"

#include "data/observed.h"
#include "data/weighting.h"

#include <stdlib.h>

static nmf_status weigh(nmf_weighting weighting, const double *idf, int64_t limit_bytes,
                        nmfi_input *input, nmf_error *error)
{
    if (weighting == NMF_WEIGHTING_NONE) return NMF_OK;
    if (nmfi_matrix_is_weighted(input->X))
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "a weighting of counts goes together with neither weights nor missing "
                        "entries");
    input->bytes += nmfi_weighted_bytes(input->X, weighting);
    if (limit_bytes > 0 && input->bytes >= (size_t)limit_bytes)
        return nmf_fail(error, NMF_ERROR_MEMORY,
                        "the weighted data alone take %zu bytes of memory; the limit is %lld",
                        input->bytes, (long long)limit_bytes);
    const nmf_status status = nmfi_weighted(input->X, weighting, idf, &input->weighted, error);
    if (status == NMF_OK) input->X = input->weighted;
    return status;
}

nmf_status nmfi_input_to_learn(const nmf_matrix *X, const nmf_options *options, nmfi_input *input,
                               nmf_error *error)
{
    *input = (nmfi_input){.X = X};
    nmf_status status = nmfi_learn_idf(X, options->weighting, &input->idf, error);
    if (status == NMF_OK)
        status = weigh(options->weighting, input->idf, options->memory_limit_bytes, input, error);
    if (status != NMF_OK) nmfi_input_free(input);
    return status;
}

nmf_status nmfi_input_like(const nmf_model_content *model, const nmf_matrix *X,
                           const nmf_options *options, nmfi_input *input, nmf_error *error)
{
    *input = (nmfi_input){.X = X};
    const nmf_status status =
        weigh(model->weighting, model->idf, options->memory_limit_bytes, input, error);
    if (status != NMF_OK) nmfi_input_free(input);
    return status;
}

int64_t nmfi_limit_beside(int64_t limit_bytes, size_t bytes)
{
    return limit_bytes > 0 ? limit_bytes - (int64_t)bytes : 0;
}

void nmfi_input_free(nmfi_input *input)
{
    nmf_matrix_free(input->weighted);
    free(input->idf);
    *input = (nmfi_input){0};
}
