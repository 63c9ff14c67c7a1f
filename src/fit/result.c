/* The model of a finished fit. */
#include "fit/choose.h"
#include "fit/factors.h"
#include "fit/loss.h"
#include "fit/state.h"

#include "model/model.h"

#include <math.h>
#include <stdio.h>

static void fill_content(const nmfi_fit *fit, nmf_model_content *content)
{
    static const char *const init_names[] = {NMF_INIT_NAMES};
    const nmfi_progress *progress = &fit->progress;
    const nmf_options options = nmfi_options_as_used(fit);
    nmfi_content_begin(content, fit->X, &options, fit->work.kernels);
    content->kind = NMF_MODEL_NMF;
    content->loss_kind = options.loss;
    content->trace = fit->work.trace;
    content->trace_count = progress->trace_count;
    content->iterations = progress->iterations;
    content->sketch_iterations = progress->sketch_iterations;
    content->passes = nmfi_passes(fit);
    content->unit = fit->facts.scale;
    content->loss = nmfi_loss_for_user(fit, progress->loss);
    content->error = nmfi_error_for_user(fit, progress->error);
    content->relative_error = nmfi_relative_error(fit);
    content->kkt = progress->kkt;
    content->stopped = progress->stopped;
    content->threads = nmfi_team_threads(fit->work.team);
    content->winning_seed = (uint64_t)progress->seed;
    snprintf(content->init, sizeof content->init, "%s", init_names[options.init]);
}

nmf_status nmfi_result(const nmfi_fit *fit, nmf_model **model, nmf_error *error)
{
    nmf_model_content content;
    nmf_matrix *W = NULL, *H = NULL;
    const nmfi_kernels *kernels = fit->work.kernels;
    const int64_t m = fit->facts.m, n = fit->facts.n, k = fit->k;
    fill_content(fit, &content);
    const double root = 1.0 / sqrt(fit->facts.scale);
    nmf_status status =
        nmfi_factor_to_W(kernels, fit->W.incumbent, fit->W.partition.ld, m, k, &W, error);
    if (status == NMF_OK)
        status = nmfi_factor_to_H(kernels, fit->H.incumbent, fit->H.partition.ld, k, n, &H, error);
    if (status == NMF_OK) {
        kernels->scale(nmf_matrix_writable(W), m * k, root);
        kernels->scale(nmf_matrix_writable(H), k * n, root);
        status = nmfi_inherit_names(fit->X, W, H, error);
    }
    if (status != NMF_OK) {
        nmf_matrix_free(W);
        nmf_matrix_free(H);
        return status;
    }
    return nmfi_model_adopt(&content, W, H, model, error);
}
