/* nmf transform: W for new samples, with a model's components. */
#include "data.h"

/* The options the model was fitted with, overridden by those on the command line. */
static nmf_status merge_options(const cli_args *args, const nmf_model *model, nmf_options *options,
                                nmf_error *error)
{
    int64_t count = 0;
    const nmf_option_info *const table = nmf_option_table(&count);
    *options = nmf_model_view(model)->options;
    for (int64_t i = 0; i < count; i++) {
        char text[64];
        if ((args->given >> i & 1) == 0) continue;
        nmf_option_get(&args->options, &table[i], text, sizeof text);
        const nmf_status status = nmf_option_set(options, &table[i], text, error);
        if (status != NMF_OK) return status;
    }
    return NMF_OK;
}

int cli_run_transform(const cli_args *args)
{
    nmf_error error = {NMF_OK, ""};
    nmf_model *model = NULL;
    nmf_matrix *X = NULL, *W = NULL;
    nmf_options options;
    nmf_status status = cli_require_output(args, &error);
    if (status == NMF_OK) status = nmf_io_load_model(args->operands[0], &model, &error);
    if (status == NMF_OK)
        status = cli_read_data(args, args->operands + 1, args->operand_count - 1, &X, &error);
    if (status == NMF_OK && args->weighting != 0) /* --weighting none: they are weighed already */
        status = nmf_model_set_weighting(model, NMF_WEIGHTING_NONE, NULL, &error);
    if (status == NMF_OK) status = merge_options(args, model, &options, &error);
    if (status == NMF_OK) status = nmf_transform(model, X, &options, &W, &error);
    if (status == NMF_OK) status = cli_write_matrix(args, W, args->output, &error);
    nmf_matrix_free(W);
    nmf_matrix_free(X);
    nmf_model_free(model);
    return status == NMF_OK ? CLI_DONE : cli_fail(args, &error);
}
