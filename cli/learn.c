/* See learn.h. Everything that can be known to fail before the fit is looked at before the fit. */
#include "learn.h"

#include "checkpoint.h"
#include "data.h"
#include "draw.h"
#include "files.h"
#include "interrupt.h"
#include "known.h"
#include "progress.h"
#include "report.h"
#include "together.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static nmf_status check_wishes(const cli_args *args, const char *output, nmf_error *error)
{
    const cli_output outputs[] = {{"-o", output, CLI_MODEL_OUT},
                                  {"--save-W", args->save_W, CLI_MATRIX_OUT},
                                  {"--save-H", args->save_H, CLI_MATRIX_OUT},
                                  {"--gallery", args->gallery, CLI_PICTURE_OUT},
                                  {"--json", args->json, CLI_TEXT_OUT},
                                  {"--checkpoint", cli_checkpoint_path(args), CLI_TEXT_OUT}};
    if (args->options.k == 0 && !cli_knows_components(args))
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "-k K, the number of components, is missing");
    return cli_check_files(args, outputs, sizeof outputs / sizeof *outputs, error);
}

nmf_status cli_learn_model(const cli_args *args, const nmf_matrix *X, const nmf_options *options,
                           cli_learn_fn learn, nmf_model **model, nmf_error *error)
{
    cli_progress progress = cli_progress_begin();
    progress.verbose = args->verbose;
    progress.most = options->max_iter;
    progress.time_limit = options->time_limit_seconds;
    nmf_options watched = *options;
    watched.progress = cli_progress_fit;
    watched.progress_context = &progress;
    cli_interrupt_hold();
    const nmf_status status = learn(X, &watched, model, error);
    cli_progress_end(&progress);
    if (status == NMF_OK) cli_interrupt_keep();
    if (status == NMF_OK && cli_together_speaks() &&
        nmf_model_view(*model)->fingerprint == 0) /* or the fit has made it */
        nmf_model_set_fingerprint(*model, nmf_matrix_fingerprint(X));
    return status;
}

/* The model first: whatever fails afterwards, the work is not lost. */
static nmf_status write_results(const cli_args *args, const char *output, const nmf_model *model,
                                nmf_error *error)
{
    const nmf_model_content *const content = nmf_model_view(model);
    nmf_status status = nmf_io_save_model(model, output, error);
    if (status == NMF_OK && !cli_goes_to_stdout(output)) cli_say(args, "wrote %s", output);
    if (status == NMF_OK && args->save_W != NULL)
        status = cli_write_matrix(args, content->W, args->save_W, error);
    if (status == NMF_OK && args->save_H != NULL)
        status = cli_write_matrix(args, content->H, args->save_H, error);
    if (status == NMF_OK && args->json != NULL) status = cli_report_json(args->json, model, error);
    if (status != NMF_OK || args->gallery == NULL) return status;
    if (cli_interrupted()) { /* who said stop does not wait for pictures */
        fprintf(stderr, "nmf %s: interrupted: %s is not drawn; 'nmf gallery %s -o %s' draws it\n",
                args->command->name, args->gallery, output, args->gallery);
        return NMF_OK;
    }
    cli_interrupt_kept();
    return cli_draw_components(args, model, args->gallery, error);
}

static void say_interrupted(const cli_args *args, const char *output, const nmf_model *model)
{
    const nmf_model_content *const content = nmf_model_view(model);
    if (content->stopped == NMF_STOPPED_INTERRUPTED)
        fprintf(stderr,
                "nmf %s: interrupted after %lld iterations; the best result so far is in %s\n",
                args->command->name, (long long)content->iterations, output);
}

/* A name that was not asked for replaces only what was made of the same data: two folders may each
 * have a faces.npy. */
static nmf_status keep_other_models(const char *path, const nmf_matrix *X, nmf_error *error)
{
    nmf_model *older = NULL;
    if (!nmf_io_is_model(path) || nmf_io_load_model(path, &older, NULL) != NMF_OK) return NMF_OK;
    const uint64_t made_of = nmf_model_view(older)->fingerprint;
    const int same = made_of == 0 || made_of == nmf_matrix_fingerprint(X);
    nmf_model_free(older);
    if (same) return NMF_OK;
    return nmf_fail(error, NMF_ERROR_FILE,
                    "%s is there and is a model of other data: name the new one with -o", path);
}

nmf_status cli_learn(const cli_args *args, const nmf_options *options,
                     nmf_io_checkpoint *checkpoint, cli_learn_fn learn, const char *suffix,
                     nmf_error *error)
{
    nmf_matrix *X = NULL;
    nmf_model *model = NULL;
    cli_known known = {.constraints = {0}};
    nmf_options own = *options;
    char *chosen = NULL;
    const char *output = args->output;
    const int speaks = cli_together_speaks();
    nmf_status status = NMF_OK;
    if (output == NULL) {
        status = cli_default_name(args, suffix, &chosen, error);
        output = chosen;
    }
    if (output != NULL && strcmp(output, "-") == 0) output = "/dev/stdout";
    if (status == NMF_OK && speaks) status = check_wishes(args, output, error);
    if (status == NMF_OK) cli_scratch_beside(output);
    if (status == NMF_OK) status = cli_read_in_time(args, NULL, &own, &X, error);
    if (status == NMF_OK && chosen != NULL && speaks) status = keep_other_models(chosen, X, error);
    if (status == NMF_OK) status = cli_read_known(args, X, &own, &known, error);
    if (status == NMF_OK) status = cli_count_data(args, X, &own, error);
    status = cli_together_agree(status, error);
    const int joined = cli_together_joined();
    if (joined) nmf_spread_leave(1); /* each of several processes writes its own rows of W */
    if (status == NMF_OK) status = cli_learn_model(args, X, &own, learn, &model, error);
    if (status == NMF_ERROR_MEMORY && X && cli_leave_on_disk(args, &own, &X))
        status = cli_learn_model(args, X, &own, learn, &model, error);
    if (status != NMF_OK) cli_name_time_limit(args, &own, error);
    if (status == NMF_OK && !speaks) nmf_io_spread_serve(nmf_model_view(model)->W);
    if (status == NMF_OK && speaks) {
        nmf_model_set_reading(model, args->transpose == 1, args->image_order == 1);
        cli_report_summary(args, model, X);
        status = write_results(args, output, model, error);
        if (joined) nmf_spread_end(nmf_model_view(model)->W);
        if (status == NMF_OK) say_interrupted(args, output, model);
        if (status == NMF_OK) cli_checkpoint_end(args, checkpoint, model);
    }
    nmf_model_free(model);
    nmf_matrix_free(X);
    cli_known_free(&known);
    free(chosen);
    return status;
}
