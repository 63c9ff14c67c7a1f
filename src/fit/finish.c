/* The last visit: each row of W solved to its own end for the final H, exactly as transform does it
 * (so that transform of X is W), the loss measured directly, without subtracting large numbers, and
 * the KKT residual at the pair that is returned. The cd solver's W is left as it is. */
#include "fit/problem.h"
#include "fit/solve.h"

#include <math.h>
#include <string.h>

/* ||h_j|| = ||w_j||: H is rescaled, and W, solved afresh, follows. Penalties set the scale
 * themselves, and a caller who chose the rule cd or the start expects the scale that follows from
 * it. */
static void balance(nmfi_problem *problem)
{
    const nmf_options *o = &problem->options;
    if (o->alpha_W > 0 || o->alpha_H > 0 || o->solver == NMF_SOLVER_CD) return;
    const nmfi_kernels *kernels = problem->kernels;
    for (int64_t j = 0; j < problem->k; j++) {
        char *w = (char *)problem->W.y + j * problem->W.partition.ld * kernels->element_bytes;
        char *h = (char *)problem->H.y + j * problem->H.partition.ld * kernels->element_bytes;
        double w2 = 0, h2 = 0;
        kernels->squares(w, problem->W.partition.ld, 1, problem->m, &w2, 1);
        kernels->squares(h, problem->H.partition.ld, 1, problem->n, &h2, 1);
        if (w2 > 0 && h2 > 0) kernels->scale(h, problem->n, sqrt(sqrt(w2 / h2)));
    }
}

/* Projected gradients of H at (W, H), from the Q of the last visit. */
static void measure_H(nmfi_problem *problem, nmfi_pass *pass)
{
    nmfi_factor *H = &problem->H;
    nmfi_set_gram(problem, problem->W.gram, H->l2);
    const nmfi_hals_rule hals = {.kernels = problem->kernels,
                                 .k = problem->k,
                                 .ld = H->partition.ld,
                                 .gram = problem->gram,
                                 .inverse = problem->inverse,
                                 .l1 = H->l1,
                                 .start = H->y,
                                 .older = H->y,
                                 .ahead = H->spare,
                                 .result = H->spare,
                                 .measure_start = 1};
    const nmfi_rule rule = nmfi_rule_hals(&hals);
    const nmfi_column_visit visit = {
        .k = problem->k, .rule = &rule, .fixed = problem->W.y, .sums = NMFI_SUMS_OF_PRODUCTS};
    nmfi_pass_columns(pass, &visit);
    nmfi_keep_gradients(problem, pass, H);
}

void nmfi_finish(nmfi_problem *problem)
{
    if (problem->divergence.wanted) {
        nmfi_divergence_finish(problem);
        return;
    }
    nmfi_factor *W = &problem->W, *H = &problem->H;
    nmfi_pass *pass = W->along_rows ? &problem->pass : &problem->by_samples;
    const int solve = problem->options.solver != NMF_SOLVER_CD;
    memcpy(H->y, H->latest, nmfi_factor_bytes(problem, H));
    balance(problem);
    const nmfi_column_visit gram = {.k = problem->k, .updated = H->y};
    nmfi_pass_columns(pass, &gram);
    nmfi_keep_sums(problem, pass, H);
    nmfi_set_gram(problem, H->gram, W->l2);

    const nmfi_solve_rule solving =
        nmfi_solving(problem->kernels, problem->k, W->partition.ld, problem->gram, problem->inverse,
                     problem->gram_f64, W->l1, W->y);
    const nmfi_hals_rule looking = {.kernels = problem->kernels,
                                    .k = problem->k,
                                    .ld = W->partition.ld,
                                    .gram = problem->gram,
                                    .inverse = problem->inverse,
                                    .l1 = W->l1,
                                    .start = W->y,
                                    .older = W->y,
                                    .ahead = W->spare,
                                    .result = W->spare,
                                    .measure_start = 1};
    const nmfi_rule rule = solve ? nmfi_rule_solve(&solving) : nmfi_rule_hals(&looking);
    const nmfi_visit visit = {.k = problem->k,
                              .fixed = H->y,
                              .rule = &rule,
                              .updated = W->y,
                              .sums = NMFI_SUMS_OF_PRODUCTS,
                              .loss = 1};
    nmfi_note(problem, nmfi_pass_visit(pass, &visit, nmfi_failure(problem)));
    nmfi_keep_sums(problem, pass, W);
    nmfi_keep_gradients(problem, pass, W);
    const double distance = pass->total.value[NMFI_SUM_LOSS];
    measure_H(problem, pass);

    memcpy(H->latest, H->y,
           nmfi_factor_bytes(problem, H)); /* the incumbent, should the fit go on */

    problem->error = sqrt(distance);
    problem->loss = 0.5 * distance + nmfi_penalty(W, problem->k) + nmfi_penalty(H, problem->k);
    problem->kkt = nmfi_kkt(problem);
    nmfi_correct_trace(problem);
}
