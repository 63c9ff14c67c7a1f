/* See labels.h. */
#include "labels.h"

#include <stdlib.h>

nmf_status cli_read_labels(const cli_args *args, const nmf_model *model, nmf_matrix **labels,
                           const char ***texts, nmf_error *error)
{
    const int64_t samples = nmf_model_view(model)->samples;
    *labels = NULL;
    *texts = NULL;
    if (args->labels == NULL) return NMF_OK;
    nmf_status status = nmf_matrix_new(NMF_U8, samples, 1, labels, error);
    if (status == NMF_OK) /* by which a table of labels may go */
        status = nmf_matrix_copy_names(nmf_model_view(model)->W, *labels, NMF_SAMPLE_NAMES, error);
    if (status == NMF_OK) status = nmf_io_read_names(args->labels, *labels, NMF_LABELS, error);
    if (status != NMF_OK) return status;
    *texts = calloc((size_t)samples + 1, sizeof **texts);
    if (*texts == NULL)
        return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for %lld labels", (long long)samples);
    for (int64_t i = 0; i < samples; i++) (*texts)[i] = nmf_matrix_name(*labels, NMF_LABELS, i);
    return NMF_OK;
}
