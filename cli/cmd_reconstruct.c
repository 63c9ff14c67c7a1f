/* nmf reconstruct: data again, from weights and a model's components. */
#include "data.h"
#include "files.h"

int cli_run_reconstruct(const cli_args *args)
{
    nmf_error error = {NMF_OK, ""};
    nmf_model *model = NULL;
    nmf_matrix *W = NULL, *X = NULL;
    const cli_output output = {"-o", args->output, CLI_MATRIX_OUT};
    nmf_status status = cli_require_output(args, &error);
    if (status == NMF_OK) status = cli_check_files(args, &output, 1, &error);
    if (status == NMF_OK) status = cli_load_model(args, &model, &error);
    if (status == NMF_OK && args->operand_count == 2)
        status = nmf_io_read(args->operands[1], NULL, &W, &error);
    if (status == NMF_OK) status = nmf_reconstruct(model, W, &X, &error);
    if (status == NMF_OK) status = cli_write_matrix(args, X, args->output, &error);
    nmf_matrix_free(X);
    nmf_matrix_free(W);
    nmf_model_free(model);
    return status == NMF_OK ? CLI_DONE : cli_fail(args, &error);
}
