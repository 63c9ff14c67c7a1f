/* See learn.h. Everything that can be known to fail before the fit is looked at before the fit. */
#include "learn.h"

#include "data.h"
#include "draw.h"
#include "interrupt.h"
#include "progress.h"
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static nmf_status check_wishes(const cli_args *args, const char *output, nmf_error *error)
{
    const char *const paths[] = {output, args->json, args->gallery, args->save_W, args->save_H};
    if (args->options.k == 0)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "-k K, the number of components, is missing");
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        const nmf_status status = cli_check_output(paths[i], error);
        if (status != NMF_OK) return status;
    }
    return NMF_OK;
}

nmf_status cli_learn_model(const nmf_matrix *X, const nmf_options *options, cli_learn_fn learn,
                           nmf_model **model, nmf_error *error)
{
    cli_progress progress = cli_progress_begin();
    nmf_options watched = *options;
    watched.progress = cli_progress_fit;
    watched.progress_context = &progress;
    cli_interrupt_hold();
    const nmf_status status = learn(X, &watched, model, error);
    cli_progress_end(&progress);
    if (status == NMF_OK) nmf_model_set_fingerprint(*model, nmf_matrix_fingerprint(X));
    return status;
}

/* The model first: whatever fails afterwards, the work is not lost. */
static nmf_status write_results(const cli_args *args, const char *output, const nmf_model *model,
                                nmf_error *error)
{
    const nmf_model_content *const content = nmf_model_view(model);
    nmf_status status = nmf_io_save_model(model, output, error);
    if (status == NMF_OK) cli_say(args, "wrote %s", output);
    if (status == NMF_OK && args->save_W != NULL)
        status = cli_write_matrix(args, content->W, args->save_W, error);
    if (status == NMF_OK && args->save_H != NULL)
        status = cli_write_matrix(args, content->H, args->save_H, error);
    if (status == NMF_OK && args->gallery != NULL)
        status = cli_draw_components(args, model, args->gallery, error);
    if (status == NMF_OK && args->json != NULL) status = cli_report_json(args->json, model, error);
    return status;
}

static void say_interrupted(const cli_args *args, const char *output, const nmf_model *model)
{
    const nmf_model_content *const content = nmf_model_view(model);
    if (content->stopped == NMF_STOPPED_INTERRUPTED)
        fprintf(stderr,
                "nmf %s: interrupted after %lld iterations; the best result so far is in %s\n",
                args->command->name, (long long)content->iterations, output);
}

nmf_status cli_learn(const cli_args *args, const nmf_options *options, cli_learn_fn learn,
                     const char *suffix, nmf_error *error)
{
    nmf_matrix *X = NULL;
    nmf_model *model = NULL;
    char *chosen = NULL;
    const char *output = args->output;
    nmf_status status = NMF_OK;
    if (output == NULL) {
        status = cli_default_output(args->operands[0], suffix, &chosen, error);
        output = chosen;
    }
    if (status == NMF_OK) status = check_wishes(args, output, error);
    if (status == NMF_OK)
        status = cli_read_data(args, args->operands, args->operand_count, &X, error);
    if (status == NMF_OK) status = cli_learn_model(X, options, learn, &model, error);
    if (status == NMF_OK) {
        cli_report_summary(args, model, X);
        status = write_results(args, output, model, error);
        if (status == NMF_OK) say_interrupted(args, output, model);
    }
    nmf_model_free(model);
    nmf_matrix_free(X);
    free(chosen);
    return status;
}
