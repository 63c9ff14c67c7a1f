/* nmf plot: figures of a model for papers. */
#include "data.h"
#include "interrupt.h"
#include "labels.h"

#include <nmfkit/render.h>

#include <stdio.h>
#include <stdlib.h>

static nmf_status choose_figure(const cli_args *args, nmf_render_figure *figure, nmf_error *error)
{
    if (args->curve + args->shares + args->similarity != 1)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "give one of --curve, --shares and --similarity: the figure to draw");
    *figure = args->curve    ? NMF_RENDER_CURVE
              : args->shares ? NMF_RENDER_SHARES
                             : NMF_RENDER_SIMILARITY;
    return NMF_OK;
}

int cli_run_plot(const cli_args *args)
{
    nmf_error error = {NMF_OK, ""}, warning = {NMF_OK, ""};
    nmf_model *model = NULL;
    nmf_matrix *labels = NULL;
    const char **texts = NULL;
    nmf_render_figure figure = NMF_RENDER_CURVE;
    nmf_status status = choose_figure(args, &figure, &error);
    if (status == NMF_OK) status = cli_require_output(args, &error);
    if (status == NMF_OK) status = nmf_io_load_model(args->operands[0], &model, &error);
    if (status == NMF_OK) status = cli_read_labels(args, model, &labels, &texts, &error);
    if (status == NMF_OK) {
        cli_interrupt_hold();
        status = nmf_render_plot(model, figure, texts, args->output, &warning, &error);
        if (warning.message[0] != '\0') fprintf(stderr, "warning: %s\n", warning.message);
        if (status == NMF_OK) cli_say(args, "wrote %s", args->output);
        cli_interrupt_release();
    }
    free(texts);
    nmf_matrix_free(labels);
    nmf_model_free(model);
    return status == NMF_OK ? CLI_DONE : cli_fail(args, &error);
}
