/* nmf generate: the built-in data sets. */
#include "args.h"
#include "data.h"
#include "files.h"

#include <string.h>

static nmf_status generate_parts(const cli_args *args, nmf_matrix **matrix, nmf_error *error)
{
    const int shaped = args->shape[0] > 0;
    return nmf_io_generate_parts(shaped ? args->shape[0] : 1000, shaped ? args->shape[1] : 1024,
                                 args->rank > 0 ? args->rank : 24, (uint64_t)args->seed, matrix,
                                 error);
}

static nmf_status generate(const cli_args *args, nmf_matrix **matrix, nmf_error *error)
{
    const char *const name = args->operands[0];
    if (strcmp(name, "parts") == 0) return generate_parts(args, matrix, error);
    if (args->shape[0] > 0 || args->rank > 0)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "%s has a shape and parts of its own; --shape and -k are for parts", name);
    if (strcmp(name, "faces") == 0)
        return nmf_io_generate_faces((uint64_t)args->seed, matrix, error);
    if (strcmp(name, "swimmer") == 0) return nmf_io_generate_swimmer(matrix, error);
    (void)nmf_fail(error, NMF_ERROR_ARGUMENT,
                   "unknown data set %s: must be faces, swimmer or parts", name);
    cli_suggest_of(args->command->words, name, error);
    return NMF_ERROR_ARGUMENT;
}

int cli_run_generate(const cli_args *args)
{
    nmf_error error = {NMF_OK, ""};
    nmf_matrix *matrix = NULL;
    const cli_output output = {"-o", args->output, CLI_MATRIX_OUT};
    nmf_status status = cli_require_output(args, &error);
    if (status == NMF_OK) status = cli_check_files(args, &output, 1, &error);
    if (status == NMF_OK) status = generate(args, &matrix, &error);
    if (status == NMF_OK) status = cli_write_matrix(args, matrix, args->output, &error);
    nmf_matrix_free(matrix);
    return status == NMF_OK ? CLI_DONE : cli_fail(args, &error);
}
