/* nmf convert: data from any format that is read to any that is written. */
#include "data.h"
#include "files.h"

int cli_run_convert(const cli_args *args)
{
    nmf_error error = {NMF_OK, ""};
    nmf_matrix *matrix = NULL;
    const cli_output output = {"-o", args->output, CLI_MATRIX_OUT};
    nmf_status status = cli_require_output(args, &error);
    if (status == NMF_OK) status = cli_check_files(args, &output, 1, &error);
    if (status == NMF_OK) cli_scratch_beside(args->output);
    if (status == NMF_OK)
        status = cli_read_data(args, args->operands, args->operand_count, &matrix, &error);
    if (status == NMF_OK) status = nmf_weigh(&matrix, (nmf_weighting)args->weighting, NULL, &error);
    if (status == NMF_OK) status = cli_write_matrix(args, matrix, args->output, &error);
    nmf_matrix_free(matrix);
    return status == NMF_OK ? CLI_DONE : cli_fail(args, &error);
}
