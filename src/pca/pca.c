/* PCA: choose the solver, fix the signs, make the model. */
#include "pca/pca.h"

#include "base/memory.h"
#include "base/stop.h"
#include "data/matrix.h"
#include "fit/result.h"
#include "model/model.h"
#include "pass/factor.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Up to here the Gram matrix's eigenvectors cost less than the passes a range finder needs. */
enum { EXACT_MOST = 100 };

static int wants_exact(const nmfi_pca_state *state)
{
    if (state->options.pca_solver != NMF_PCA_SOLVER_AUTO)
        return state->options.pca_solver == NMF_PCA_SOLVER_EXACT;
    const int64_t least = state->m < state->n ? state->m : state->n;
    const double copy_bytes = 8.0 * (double)state->m * (double)state->n;
    return copy_bytes <= state->defaults.exact_bytes &&
           (least <= EXACT_MOST || 10 * state->k >= 8 * least);
}

/* Makes the entry of largest magnitude of each deciding vector positive. */
static void fix_signs(nmfi_pca_state *state)
{
    const int by_U = state->options.pca_sign == NMF_PCA_SIGN_U;
    for (int64_t j = 0; j < state->k; j++) {
        double *u = state->U + j * state->rows, *v = state->V + j * state->n;
        const double *decides = by_U ? u : v;
        const int64_t count = by_U ? state->rows : state->n;
        double largest = 0;
        for (int64_t i = 0; i < count; i++)
            if (fabs(decides[i]) > fabs(largest)) largest = decides[i];
        if (by_U) largest = nmfi_source_largest(&state->source, largest);
        if (largest >= 0) continue;
        for (int64_t i = 0; i < state->rows; i++) u[i] = -u[i];
        for (int64_t i = 0; i < state->n; i++) v[i] = -v[i];
    }
}

/* In the middle of a pass. */
static int ask(void *context)
{
    const nmfi_pca_state *state = context;
    const nmf_trace_point point = {0, state->passes, nmfi_seconds() - state->began, NAN, NAN};
    return state->options.progress(&point, state->options.progress_context);
}

static nmf_status fail_stopped(nmfi_pca_state *state, nmf_error *error)
{
    if (nmfi_stop_said(&state->stop) == NMFI_STOP_ASKED)
        return nmf_fail(error, NMF_ERROR_INTERRUPTED, "interrupted before there was a result");
    return nmf_fail(error, NMF_ERROR_TIME_LIMIT,
                    "the time limit of %g s was over before there was a result",
                    state->options.time_limit_seconds);
}

static nmf_status open_state(nmfi_pca_state *state, nmf_error *error)
{
    const int64_t least = state->m < state->n ? state->m : state->n;
    if (least == 0)
        return nmf_fail(error, NMF_ERROR_DATA, "X is empty: %lld samples x %lld features",
                        (long long)state->m, (long long)state->n);
    if (state->k > least)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "components = %lld: PCA gives at most min(samples, features) = %lld",
                        (long long)state->k, (long long)least);
    const nmf_status readable = nmfi_lines_readable(&state->source, error);
    if (readable != NMF_OK) return readable;
    const nmf_status countable = nmfi_pass_countable(&state->source, state->k + 10, error);
    if (countable != NMF_OK) return countable;
    const size_t count = (size_t)(state->n + state->k * (1 + state->rows + state->n));
    state->mean = calloc(count, sizeof *state->mean);
    if (!state->mean)
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %zu bytes of results",
                        count * sizeof(double));
    state->sigma = state->mean + state->n;
    state->U = state->sigma + state->k;
    state->V = state->U + state->k * state->rows;
    return nmfi_team_start(state->options.threads, &state->team, error);
}

/* W = U sigma, or U sqrt(m - 1) whitened; H = V'. */
static nmf_status make_matrices(const nmfi_pca_state *state, nmf_matrix **W, nmf_matrix **H,
                                nmf_error *error)
{
    const nmfi_kernels *kernels = state->kernels;
    const nmf_dtype dtype = nmfi_dtype_of(kernels);
    nmf_status status = nmf_matrix_new(dtype, state->rows, state->k, W, error);
    if (status == NMF_OK) status = nmf_matrix_new(dtype, state->k, state->n, H, error);
    if (status != NMF_OK) return status;
    kernels->from_f64(state->V, nmf_matrix_writable(*H), state->k * state->n);
    char *w = nmf_matrix_writable(*W);
    const double white = sqrt((double)(state->m > 1 ? state->m - 1 : 1));
    for (int64_t i = 0; i < state->rows; i++)
        for (int64_t j = 0; j < state->k; j++) {
            const double scale = state->options.whiten ? white : state->sigma[j];
            const double value = state->U[j * state->rows + i] * scale;
            kernels->from_f64(&value, w + (i * state->k + j) * kernels->element_bytes, 1);
        }
    return nmfi_inherit_names(state->X, *W, *H, error);
}

/* Who sets a memory limit decides. */
static nmf_status check_dense_copy(const nmfi_pca_state *state, nmf_error *error)
{
    const double most_bytes = state->defaults.copy_bytes;
    const double bytes = 8.0 * (double)state->m * (double)state->n;
    if (state->options.memory_limit_bytes > 0 || bytes <= most_bytes) return NMF_OK;
    return nmf_fail(
        error, NMF_ERROR_MEMORY,
        "pca-solver exact would copy the sparse X into a dense one of %.3g bytes; above "
        "%.3g it needs a memory-limit, randomized needs no copy",
        bytes, most_bytes);
}

int nmfi_pca_is_exact(const nmf_matrix *X, const nmf_options *options)
{
    nmfi_pca_state state = {.options = *options, .source = nmfi_source_of(X), .k = options->k};
    state.defaults = nmfi_defaults_for(&state.source);
    state.m = state.source.rows;
    state.n = state.source.columns;
    return wants_exact(&state);
}

static nmf_status solve(nmfi_pca_state *state, nmf_error *error)
{
    if (!wants_exact(state)) return nmfi_pca_randomized(state, error);
    const nmf_status status = check_dense_copy(state, error);
    return status == NMF_OK ? nmfi_pca_exact(state, error) : status;
}

static nmf_status make_model(const nmfi_pca_state *state, nmf_model **model, nmf_error *error)
{
    nmf_model_content content;
    nmf_matrix *W = NULL, *H = NULL;
    double *variance = calloc(2 * (size_t)state->k, sizeof *variance);
    nmf_status status = variance ? make_matrices(state, &W, &H, error)
                                 : nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: variances");
    if (status == NMF_OK) {
        double *ratio = variance + state->k, explained = 0, norm2 = state->total;
        for (int64_t j = 0; j < state->k; j++) {
            const double s2 = state->sigma[j] * state->sigma[j];
            variance[j] = s2 / (double)(state->m > 1 ? state->m - 1 : 1);
            ratio[j] = state->total > 0 ? s2 / state->total : 0.0;
            explained += s2;
        }
        for (int64_t f = 0; f < state->n; f++)
            norm2 += (double)state->m * state->mean[f] * state->mean[f];
        nmfi_content_begin(&content, state->X, &state->options, state->kernels);
        content.kind = NMF_MODEL_PCA;
        content.mean = state->mean;
        content.singular_values = state->sigma;
        content.explained_variance = variance;
        content.explained_variance_ratio = ratio;
        content.passes = state->passes;
        content.threads = nmfi_team_threads(state->team);
        content.error = sqrt(state->total > explained ? state->total - explained : 0.0);
        content.loss = 0.5 * content.error * content.error;
        content.relative_error = norm2 > 0 ? content.error / sqrt(norm2) : 0.0;
        content.winning_seed = (uint64_t)state->options.seed;
        snprintf(content.init, sizeof content.init, "%s",
                 wants_exact(state) ? "exact" : "randomized");
        content.seconds = nmfi_seconds() - state->began;
        status = nmfi_model_adopt(&content, W, H, model, error);
        W = H = NULL; /* the model's now */
    }
    nmf_matrix_free(W);
    nmf_matrix_free(H);
    free(variance);
    return status;
}

nmf_status nmfi_pca(const nmf_matrix *X, const nmf_options *options, nmf_model **model,
                    nmf_error *error)
{
    nmfi_pca_state state = {.options = *options,
                            .X = X,
                            .source = nmfi_source_of(X),
                            .k = options->k,
                            .began = nmfi_seconds()};
    const int alone =
        !nmfi_source_is_shared(&state.source); /* processes that share a fit would have to agree */
    nmfi_stop_after(&state.stop, options->progress && alone ? ask : NULL, &state,
                    alone ? options->time_limit_seconds : 0);
    state.defaults = nmfi_defaults_for(&state.source);
    state.m = nmfi_source_all_rows(&state.source);
    state.rows = state.source.rows;
    state.n = state.source.columns;
    const int f64 = options->precision == NMF_PRECISION_F64 ||
                    (options->precision == NMF_PRECISION_AUTO && state.source.dtype == NMF_F64);
    state.kernels = state.kernels_inside = nmfi_kernels_for(f64 ? NMF_F64 : NMF_F32, NULL);
    nmf_status status = nmfi_source_agree(&state.source, open_state(&state, error), error);
    if (status == NMF_OK) status = solve(&state, error);
    if (nmfi_stop_said(&state.stop) && (status == NMF_OK || status == NMF_ERROR_INTERRUPTED))
        status = fail_stopped(&state, error);
    if (status == NMF_OK) {
        fix_signs(&state);
        status = make_model(&state, model, error);
    }
    nmfi_team_stop(state.team);
    free(state.mean);
    return status;
}
