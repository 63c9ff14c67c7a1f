/* nmf fit: non-negative parts of the data, saved as a model. */
#include "checkpoint.h"
#include "data.h"
#include "interrupt.h"
#include "learn.h"
#include "stream.h"
#include "together.h"

/* A given start means --init custom; anything else about it is a misunderstanding worth a
 * sentence. */
static nmf_status check_start(const cli_args *args, nmf_options *options, nmf_error *error)
{
    if ((args->start_W == NULL) != (args->start_H == NULL))
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "--start-%c is given but --start-%c is not",
                        args->start_W != NULL ? 'W' : 'H', args->start_W != NULL ? 'H' : 'W');
    if (args->start_W == NULL) {
        if (options->init == NMF_INIT_CUSTOM)
            return nmf_fail(error, NMF_ERROR_ARGUMENT,
                            "--init custom needs --start-W FILE and --start-H FILE");
        return NMF_OK;
    }
    if (options->init != NMF_INIT_AUTO && options->init != NMF_INIT_CUSTOM)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "--start-W and --start-H would be ignored with this --init; leave it out");
    options->init = NMF_INIT_CUSTOM;
    return NMF_OK;
}

int cli_run_fit(const cli_args *args)
{
    if (args->stream || args->half_life > 0) return cli_run_stream(args);
    nmf_error error = {NMF_OK, ""};
    nmf_matrix *start_W = NULL, *start_H = NULL;
    nmf_io_checkpoint *checkpoint = NULL;
    nmf_options options = args->options;
    nmf_status status = check_start(args, &options, &error);
    /* The data options are about DATA; the start is read as it lies in its files. */
    if (status == NMF_OK && args->start_W != NULL)
        status = nmf_io_read(args->start_W, NULL, &start_W, &error);
    if (status == NMF_OK && args->start_H != NULL)
        status = nmf_io_read(args->start_H, NULL, &start_H, &error);
    options.start_W = start_W;
    options.start_H = start_H;
    if (status == NMF_OK) status = cli_checkpoint_open(args, &checkpoint, &error);
    status = cli_together_agree(status, &error);
    if (checkpoint != NULL) options.checkpoints = nmf_io_checkpoint_hook(checkpoint);
    if (status == NMF_OK)
        status = cli_learn(args, &options, checkpoint, nmf_fit, ".nmf.npz", &error);
    if (checkpoint != NULL) nmf_io_checkpoint_close(checkpoint);
    nmf_matrix_free(start_W);
    nmf_matrix_free(start_H);
    const int code = status == NMF_OK ? CLI_DONE : cli_fail(args, &error);
    cli_interrupt_release();
    return code;
}
