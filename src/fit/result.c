/* The model of a finished problem. */
#include "fit/factors.h"
#include "fit/problem.h"

#include "model/model.h"

#include <math.h>
#include <stdio.h>

/* The Frobenius loss is measured by X itself, others by the rank-one fit that explains nothing but
 * its sums. */
static double relative_error(const nmfi_problem *problem)
{
    if (problem->options.loss == NMF_LOSS_FROBENIUS) return problem->error / sqrt(problem->norm2);
    const double rank_one = problem->divergence.rank_one;
    return rank_one > 0 ? 0.5 * problem->error * problem->error / rank_one : 0.0;
}

static void fill_content(const nmfi_problem *problem, const nmf_matrix *X,
                         nmf_model_content *content)
{
    static const char *const init_names[] = {NMF_INIT_NAMES};
    nmfi_content_begin(content, X, &problem->options, problem->kernels);
    content->kind = NMF_MODEL_NMF;
    content->loss_kind = problem->options.loss;
    content->trace = problem->trace;
    content->trace_count = problem->trace_count;
    content->iterations = problem->iterations;
    content->sketch_iterations = problem->sketch_iterations;
    content->passes = nmfi_passes(problem);
    content->unit = problem->scale;
    content->loss = nmfi_loss_for_user(problem, problem->loss);
    content->error = problem->error / pow(problem->scale, 0.5 * nmfi_beta(&problem->options));
    content->relative_error = relative_error(problem);
    content->kkt = problem->kkt;
    content->stopped = problem->stopped;
    content->threads = nmfi_team_threads(problem->team);
    content->winning_seed = (uint64_t)problem->seed;
    snprintf(content->init, sizeof content->init, "%s", init_names[problem->options.init]);
}

nmf_status nmfi_result(const nmfi_problem *problem, const nmf_matrix *X, nmf_model **model,
                       nmf_error *error)
{
    nmf_model_content content;
    nmf_matrix *W = NULL, *H = NULL;
    const nmfi_kernels *kernels = problem->kernels;
    fill_content(problem, X, &content);
    const double scale = 1.0 / sqrt(problem->scale);
    nmf_status status = nmfi_factor_to_W(kernels, problem->W.y, problem->W.partition.ld, problem->m,
                                         problem->k, &W, error);
    if (status == NMF_OK)
        status = nmfi_factor_to_H(kernels, problem->H.y, problem->H.partition.ld, problem->k,
                                  problem->n, &H, error);
    if (status == NMF_OK) {
        kernels->scale(nmf_matrix_writable(W), problem->m * problem->k, scale);
        kernels->scale(nmf_matrix_writable(H), problem->k * problem->n, scale);
        status = nmfi_inherit_names(X, W, H, error);
    }
    if (status != NMF_OK) {
        nmf_matrix_free(W);
        nmf_matrix_free(H);
        return status;
    }
    return nmfi_model_adopt(&content, W, H, model, error);
}
