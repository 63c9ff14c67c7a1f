/* nmf fetch: the Olivetti faces, downloaded, verified and converted; Ctrl-C stops the download, and
 * the next one goes on from there. */
#include "args.h"
#include "data.h"
#include "files.h"
#include "interrupt.h"
#include "progress.h"

#include <stdlib.h>
#include <string.h>

static nmf_status fetch(const cli_args *args, nmf_error *error)
{
    cli_progress progress = cli_progress_begin();
    const nmf_io_fetch_options options = {.struct_bytes = sizeof options,
                                          .url = args->url,
                                          .sha256 = args->sha256,
                                          .from = args->from,
                                          .output = args->output,
                                          .progress = cli_progress_download,
                                          .progress_context = &progress};
    cli_interrupt_hold();
    cli_interrupt_keep(); /* what has come so far */
    const nmf_status status = nmf_io_fetch_olivetti(&options, error);
    cli_progress_end(&progress);
    return status;
}

int cli_run_fetch(const cli_args *args)
{
    nmf_error error = {NMF_OK, ""};
    nmf_status status = NMF_OK;
    char *cached = NULL;
    if (strcmp(args->operands[0], "olivetti") != 0) {
        status = nmf_fail(&error, NMF_ERROR_ARGUMENT, "unknown data set %s: must be olivetti",
                          args->operands[0]);
        cli_suggest_of(args->command->words, args->operands[0], &error);
    }
    const cli_output output = {"-o", args->output, CLI_TEXT_OUT};
    if (status == NMF_OK) status = cli_check_files(args, &output, 1, &error);
    if (status == NMF_OK && args->output == NULL)
        status = nmf_io_cache_path("olivetti.npz", &cached, &error);
    if (status == NMF_OK) status = fetch(args, &error);
    if (status == NMF_OK)
        cli_say(args, "wrote %s: 400 faces of 64 x 64, uint8",
                cached != NULL ? cached : args->output);
    free(cached);
    const int code = status == NMF_OK ? CLI_DONE : cli_fail(args, &error);
    cli_interrupt_release();
    return code;
}
