/* Factors into matrices and back, and the model of a finished fit (result.h). */
#include "fit/result.h"

#include "data/matrix.h"
#include "fit/choose.h"
#include "fit/loss.h"
#include "fit/state.h"
#include "model/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

nmf_dtype nmfi_dtype_of(const nmfi_kernels *kernels)
{
    return kernels->element_bytes == 4 ? NMF_F32 : NMF_F64;
}

void nmfi_pack_W(const nmfi_kernels *kernels, const void *factor, int64_t ld, int64_t samples,
                 int64_t k, void *W)
{
    kernels->pack(factor, ld, k, samples, W, k);
}

void nmfi_pack_H(const nmfi_kernels *kernels, const void *factor, int64_t ld, int64_t k,
                 int64_t features, void *H)
{
    const int64_t bytes = kernels->element_bytes;
    for (int64_t j = 0; j < k; j++)
        memcpy((char *)H + j * features * bytes, (const char *)factor + j * ld * bytes,
               (size_t)(features * bytes));
}

nmf_status nmfi_factor_to_W(const nmfi_kernels *kernels, const void *factor, int64_t ld,
                            int64_t samples, int64_t k, nmf_matrix **W, nmf_error *error)
{
    const nmf_status status = nmf_matrix_new(nmfi_dtype_of(kernels), samples, k, W, error);
    if (status != NMF_OK) return status;
    nmfi_pack_W(kernels, factor, ld, samples, k, nmf_matrix_writable(*W));
    return NMF_OK;
}

void nmfi_factor_from_H(const nmfi_kernels *kernels, const nmf_matrix *H, void *factor, int64_t ld)
{
    const nmf_dense dense = nmf_matrix_dense(H);
    const int64_t bytes = kernels->element_bytes;
    for (int64_t j = 0; j < dense.rows; j++)
        memcpy((char *)factor + j * ld * bytes,
               (const char *)dense.data + j * dense.row_stride * bytes,
               (size_t)(dense.columns * bytes));
}

void nmfi_content_begin(nmf_model_content *content, const nmf_matrix *X, const nmf_options *options,
                        const nmfi_kernels *kernels)
{
    memset(content, 0, sizeof *content);
    content->struct_bytes = sizeof *content;
    content->options = *options;
    content->samples = nmf_matrix_rows(X);
    content->features = nmf_matrix_columns(X);
    content->k = options->k;
    content->precision = kernels->element_bytes == 4 ? NMF_PRECISION_F32 : NMF_PRECISION_F64;
    snprintf(content->kernel, sizeof content->kernel, "%s", kernels->name);
}

nmf_status nmfi_inherit_names(const nmf_matrix *X, nmf_matrix *W, nmf_matrix *H, nmf_error *error)
{
    const nmf_status status = nmfi_matrix_inherit_rows(W, X, error);
    return status == NMF_OK ? nmfi_matrix_inherit_columns(H, X, error) : status;
}

/* --- the model --------------------------------------------------------------------------------- */

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
    content->fingerprint = fit->facts.fingerprint;
    content->loss = nmfi_loss_for_user(fit, progress->loss);
    content->error = nmfi_error_for_user(fit, progress->error);
    content->relative_error = nmfi_relative_error(fit);
    content->kkt = progress->kkt;
    content->shrink = fit->W.shrink / fit->facts.scale;
    if (fit->volume.wanted) { /* of X as it is */
        content->volume = nmfi_loss_for_user(fit, fit->volume.lambda);
        content->volume_delta = fit->volume.delta / fit->facts.scale;
    }
    content->stopped = progress->stopped;
    content->threads = nmfi_team_threads(fit->work.team);
    content->winning_seed = (uint64_t)progress->seed;
    content->winning_start = progress->start;
    if (fit->choice.starts > 1) {
        content->start_losses = fit->work.start_losses;
        content->start_count = fit->choice.starts;
    }
    for (int64_t s = 0; s < content->start_count; s++)
        fit->work.start_losses[s] = nmfi_loss_for_user(fit, fit->work.start_losses[s]);
    snprintf(content->init, sizeof content->init, "%s", init_names[options.init]);
}

static void close_scratch(void *context)
{
    nmfi_scratch_close(context);
    free(context);
}

/* In a scratch file of its own where the fit works in one: the model outlives that. */
static nmf_status new_in_scratch(nmf_dense layout, nmf_matrix **factor, void **data,
                                 nmf_error *error)
{
    const size_t bytes = nmfi_product(layout.rows, layout.columns) * nmf_dtype_bytes(layout.dtype);
    nmfi_scratch *scratch = calloc(1, sizeof *scratch);
    if (!scratch) return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: a scratch file");
    const nmf_status status = nmfi_scratch_open(scratch, bytes, 0, error);
    if (status != NMF_OK) {
        free(scratch);
        return status;
    }
    layout.data = *data = scratch->base;
    return nmf_matrix_adopt(&layout, close_scratch, scratch, factor, error);
}

static nmf_status new_factor(const nmfi_fit *fit, int64_t rows, int64_t columns, int is_longer,
                             nmf_matrix **factor, void **data, nmf_error *error)
{
    const nmf_dtype dtype = nmfi_dtype_of(fit->work.kernels);
    const nmf_dense layout = {.dtype = dtype,
                              .rows = rows,
                              .columns = columns,
                              .row_stride = columns,
                              .column_stride = 1};
    if (is_longer && fit->work.arena.scratch.base)
        return new_in_scratch(layout, factor, data, error);
    const nmf_status status = nmf_matrix_new(dtype, rows, columns, factor, error);
    if (status == NMF_OK) *data = nmf_matrix_writable(*factor);
    return status;
}

nmf_status nmfi_result(const nmfi_fit *fit, nmf_model **model, nmf_error *error)
{
    nmf_model_content content;
    nmf_matrix *W = NULL, *H = NULL;
    const nmfi_kernels *kernels = fit->work.kernels;
    const int64_t m = fit->W.partition.count, n = fit->facts.n, k = fit->k;
    fill_content(fit, &content);
    const double root = 1.0 / sqrt(fit->facts.scale);
    if (content.shrink > 0) { /* what rows were drawn to, for those to come */
        for (int64_t j = 0; j < k; j++) fit->W.toward[j] *= root;
        content.shrink_to = fit->W.toward;
    }
    void *w = NULL, *h = NULL;
    nmf_status status = new_factor(fit, m, k, m >= n, &W, &w, error);
    if (status == NMF_OK) status = new_factor(fit, k, n, n > m, &H, &h, error);
    if (status == NMF_OK) {
        nmfi_pack_W(kernels, fit->W.incumbent, fit->W.partition.ld, m, k, w);
        nmfi_pack_H(kernels, fit->H.incumbent, fit->H.partition.ld, k, n, h);
        kernels->scale(w, m * k, root);
        kernels->scale(h, k * n, root);
        if (!isfinite(kernels->sum(w, m * k, 1, m * k)) ||
            !isfinite(kernels->sum(h, k * n, 1, k * n)))
            status = nmf_fail(error, NMF_ERROR_NUMERICAL,
                              "W or H left the range of its type: use precision f64, or bring X "
                              "nearer to 1");
    }
    if (status == NMF_OK) status = nmfi_inherit_names(fit->X, W, H, error);
    if (status != NMF_OK) {
        nmf_matrix_free(W);
        nmf_matrix_free(H);
        return status;
    }
    return nmfi_model_adopt(&content, W, H, model, error);
}
