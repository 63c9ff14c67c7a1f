/* nmf transform: W for new samples, with a model's components. */
#include "data.h"
#include "files.h"
#include "known.h"
#include "together.h"

#include <stdio.h>

/* The options the model was fitted with, overridden by those on the command line. */
static nmf_status merge_options(const cli_args *args, const nmf_model *model, nmf_options *options,
                                nmf_error *error)
{
    int64_t count = 0;
    const nmf_option_info *const table = nmf_option_table(&count);
    *options = nmf_model_view(model)->options;
    options->time_limit_seconds = 0; /* that was the fit's */
    for (int64_t i = 0; i < count; i++) {
        char text[64];
        if ((args->given >> i & 1) == 0) continue;
        nmf_option_get(&args->options, &table[i], text, sizeof text);
        const nmf_status status = nmf_option_set(options, &table[i], text, error);
        if (status != NMF_OK) return status;
    }
    return NMF_OK;
}

/* What was done with the features: said where it is not just what one would expect. */
static nmf_status say_match(const cli_args *args, const nmf_model *model, const nmf_matrix *X,
                            const nmf_options *options, nmf_error *error)
{
    nmf_feature_match match;
    static const char *const done[] = {"", "taken as zero", "ignored"};
    const nmf_status status = nmf_match_features(model, X, options, &match, error);
    if (status != NMF_OK) return status;
    if (match.how == NMF_MATCH_NAME && match.reordered)
        cli_say(args, "features matched by name: they stand in another order than the model's");
    if (match.surplus > 0)
        cli_say(args, "%lld feature%s that the model does not know %s left out",
                (long long)match.surplus, match.surplus == 1 ? "" : "s",
                match.surplus == 1 ? "is" : "are");
    if (match.missing > 0)
        cli_say(args, "%lld of the model's %lld features are missing, and %s",
                (long long)match.missing, (long long)(match.missing + match.shared),
                done[options->missing_features]);
    /* On stderr, whatever --quiet says: the answer hangs on it. */
    if (match.how == NMF_MATCH_POSITION && match.data_named != match.model_named &&
        cli_together_speaks())
        fprintf(stderr,
                "nmf transform: only %s has feature names: columns are paired by position\n",
                match.data_named ? "the data" : "the model");
    return NMF_OK;
}

int cli_run_transform(const cli_args *args)
{
    nmf_error error = {NMF_OK, ""};
    nmf_model *model = NULL;
    nmf_matrix *X = NULL, *W = NULL;
    nmf_options options;
    cli_known known = {.constraints = {0}};
    const cli_output output = {"-o", args->output, CLI_MATRIX_OUT};
    nmf_status status = cli_require_output(args, &error);
    if (status == NMF_OK && cli_together_speaks())
        status = cli_check_files(args, &output, 1, &error);
    if (status == NMF_OK) status = cli_load_model(args, &model, &error);
    if (status == NMF_OK) status = merge_options(args, model, &options, &error);
    if (status == NMF_OK) cli_scratch_beside(args->output);
    if (status == NMF_OK) status = cli_read_in_time(args, model, &options, &X, &error);
    if (status == NMF_OK && args->weighting != 0) /* --weighting none: they are weighed already */
        status = nmf_model_set_weighting(model, NMF_WEIGHTING_NONE, NULL, &error);
    if (status == NMF_OK) status = cli_read_known(args, X, &options, &known, &error);
    if (status == NMF_OK) status = say_match(args, model, X, &options, &error);
    if (status == NMF_OK) status = cli_count_data(args, X, &options, &error);
    status = cli_together_agree(status, &error);
    const int joined = cli_together_joined();
    if (joined) nmf_spread_leave(1); /* each of several processes writes its own rows of W */
    if (status == NMF_OK) {          /* W of data on disk is solved for as it is written */
        const int at_once = nmf_matrix_is_in_memory(X) || joined;
        status =
            (at_once ? nmf_transform : nmf_transform_on_demand)(model, X, &options, &W, &error);
    }
    if (status == NMF_OK && !cli_together_speaks()) nmf_io_spread_serve(W);
    if (status != NMF_OK) cli_name_time_limit(args, &options, &error);
    if (status == NMF_OK && cli_together_speaks()) {
        status = cli_write_matrix(args, W, args->output, &error);
        if (joined) nmf_spread_end(W);
    }
    nmf_matrix_free(W);
    nmf_matrix_free(X);
    cli_known_free(&known);
    nmf_model_free(model);
    return status == NMF_OK ? CLI_DONE : cli_fail(args, &error);
}
