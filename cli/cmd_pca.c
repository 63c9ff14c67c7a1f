/* nmf pca: principal components of the data, saved as a model. */
#include "interrupt.h"
#include "learn.h"

int cli_run_pca(const cli_args *args)
{
    nmf_error error = {NMF_OK, ""};
    const nmf_status status = cli_learn(args, &args->options, NULL, nmf_pca, ".pca.npz", &error);
    const int code = status == NMF_OK ? CLI_DONE : cli_fail(args, &error);
    cli_interrupt_release();
    return code;
}
