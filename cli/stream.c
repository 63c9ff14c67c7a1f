/* See stream.h. Ctrl-C, while rows are read or waited for, is taken as their end: what was learned so far
 * is the model. */
#include "stream.h"

#include "data.h"
#include "draw.h"
#include "files.h"
#include "interrupt.h"
#include "progress.h"
#include "report.h"
#include "together.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_AT_A_TIME = 256 };

/* What speaks of rows that come back, or of W. */
static nmf_status refuse_others(const cli_args *args, nmf_error *error)
{
    const struct {
        const char *flag;
        int given;
    } others[] = {{"save-W", args->save_W != NULL},
                  {"start-W", args->start_W != NULL},
                  {"start-H", args->start_H != NULL},
                  {"checkpoint", args->checkpoint != NULL},
                  {"resume", args->resume != NULL},
                  {"transpose", args->transpose == 1},
                  {"shuffle", args->shuffle >= 0},
                  {"missing", args->missing != NULL},
                  {"weights", args->weights != NULL || args->observed != NULL ||
                                  args->uncertainty != NULL || args->row_weights != NULL ||
                                  args->column_weights != NULL}};
    if (!args->stream)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "--half-life needs --stream beside it");
    if (cli_together_joined())
        return nmf_fail(
            error, NMF_ERROR_UNSUPPORTED,
            "--stream learns from rows in their order, in one process: start nmf alone");
    if (args->operand_count != 1)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "--stream reads one file, or - for standard input; %lld are given",
                        (long long)args->operand_count);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (others[i].given)
            return nmf_fail(error, NMF_ERROR_ARGUMENT,
                            "--%s cannot go with --stream, whose rows are seen once",
                            others[i].flag);
    if (args->options.k == 0)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "-k K, the number of components, is missing");
    return NMF_OK;
}

static nmf_status check_wishes(const cli_args *args, const char *output, nmf_error *error)
{
    const cli_output outputs[] = {{"-o", output, CLI_MODEL_OUT},
                                  {"--save-H", args->save_H, CLI_MATRIX_OUT},
                                  {"--gallery", args->gallery, CLI_PICTURE_OUT},
                                  {"--json", args->json, CLI_TEXT_OUT}};
    return cli_check_files(args, outputs, sizeof outputs / sizeof *outputs, error);
}

static int asked_to_stop(void *context)
{
    (void)context;
    return cli_interrupted();
}

/* All rows that come, into `online`. */
static nmf_status learn(const cli_args *args, nmf_io_rows *rows, nmf_online *online,
                        nmf_error *error)
{
    cli_progress progress = cli_progress_begin();
    nmf_status status = NMF_OK;
    int64_t blocks = -1;
    progress.verbose = args->verbose;
    while (status == NMF_OK && !cli_interrupted()) {
        nmf_matrix *X = NULL;
        status = nmf_io_rows_next(rows, ROWS_AT_A_TIME, &X, error);
        if (status != NMF_OK || X == NULL) break;
        if (args->image_shape[0] > 0)
            status =
                nmf_matrix_set_image_shape(X, args->image_shape[0], args->image_shape[1], error);
        if (status == NMF_OK) status = nmf_online_push(online, X, error);
        nmf_matrix_free(X);
        const nmf_online_state state = nmf_online_view(online);
        if (status == NMF_OK && state.rows > 0) cli_interrupt_keep();
        if (status != NMF_OK || (args->verbose && state.blocks == blocks)) continue;
        blocks = state.blocks;
        if (cli_progress_rows(&state, nmf_io_rows_bytes(rows), &progress)) break;
    }
    cli_progress_end(&progress);
    return status;
}

static nmf_status write_results(const cli_args *args, const char *output, const nmf_model *model,
                                nmf_error *error)
{
    nmf_status status = nmf_io_save_model(model, output, error);
    if (status == NMF_OK) cli_say(args, "wrote %s", output);
    if (status == NMF_OK && args->save_H != NULL)
        status = cli_write_matrix(args, nmf_model_view(model)->H, args->save_H, error);
    if (status == NMF_OK && args->gallery != NULL)
        status = cli_draw_components(args, model, args->gallery, error);
    if (status == NMF_OK && args->json != NULL) status = cli_report_json(args->json, model, error);
    return status;
}

static nmf_status run(const cli_args *args, const char *output, nmf_io_rows *rows, nmf_error *error)
{
    nmf_online *online = NULL;
    nmf_model *model = NULL;
    nmf_online_options how = NMF_ONLINE_OPTIONS_INIT;
    how.half_life_rows = (double)args->half_life;
    nmf_status status =
        nmf_online_open(nmf_io_rows_columns(rows), &args->options, &how, &online, error);
    cli_interrupt_hold();
    if (status == NMF_OK) status = learn(args, rows, online, error);
    if (status == NMF_OK) status = nmf_online_model(online, &model, error);
    if (status == NMF_OK) {
        const nmf_online_state state = nmf_online_view(online);
        cli_interrupt_keep();
        if (state.mean_loss == state.mean_loss)
            cli_say(args,
                    "%lld rows of %lld features; a row before it was learned from: loss %.6g, "
                    "relative error of the last block %.4g",
                    (long long)state.rows, (long long)nmf_io_rows_columns(rows), state.mean_loss,
                    state.relative_error);
        else
            cli_say(args, "%lld rows of %lld features", (long long)state.rows,
                    (long long)nmf_io_rows_columns(rows));
        if (cli_interrupted())
            fprintf(stderr, "nmf fit: interrupted after %lld rows; what they told is in %s\n",
                    (long long)state.rows, output);
        status = write_results(args, output, model, error);
    }
    nmf_model_free(model);
    nmf_online_free(online);
    return status;
}

int cli_run_stream(const cli_args *args)
{
    nmf_error error = {NMF_OK, ""};
    nmf_io_rows *rows = NULL;
    char *chosen = NULL;
    const char *output = args->output;
    nmf_status status = refuse_others(args, &error);
    if (status == NMF_OK && output == NULL) {
        const char *const name = args->operands[0];
        status = cli_default_output(strcmp(name, "-") == 0 ? "stream" : name, ".nmf.npz", &chosen,
                                    &error);
        output = chosen;
    }
    if (status == NMF_OK) status = check_wishes(args, output, &error);
    if (status == NMF_OK)
        status = nmf_io_rows_open(args->operands[0], asked_to_stop, NULL, &rows, &error);
    if (status == NMF_OK) status = run(args, output, rows, &error);
    nmf_io_rows_close(rows);
    free(chosen);
    const int code = status == NMF_OK ? CLI_DONE : cli_fail(args, &error);
    cli_interrupt_release();
    return code;
}
