/* The last visit of a divergence's fit: each row of W settled for the final H, exactly as transform
 * does it (so that transform of X is W), the loss and the KKT residual measured at the pair that is
 * returned. Where D is not convex in a row (beta < 1 or > 2) a row settled from afar may end worse
 * than it was: then the fit's own W stays. Multiplicative updates are left as they are. */
#include "fit/problem.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* ||h_j|| = ||w_j||. Penalties set the scale themselves. */
static void balance(nmfi_problem *problem)
{
    const nmfi_kernels *kernels = problem->kernels;
    if (problem->options.alpha_W > 0 || problem->options.alpha_H > 0) return;
    for (int64_t j = 0; j < problem->k; j++) {
        char *w = (char *)problem->W.y + j * problem->W.partition.ld * kernels->element_bytes;
        char *h = (char *)problem->H.y + j * problem->H.partition.ld * kernels->element_bytes;
        double w2 = 0, h2 = 0;
        kernels->squares(w, problem->W.partition.ld, 1, problem->m, &w2, 1);
        kernels->squares(h, problem->H.partition.ld, 1, problem->n, &h2, 1);
        if (!(w2 > 0 && h2 > 0)) continue;
        kernels->scale(h, problem->n, sqrt(sqrt(w2 / h2)));
        kernels->scale(w, problem->m, sqrt(sqrt(h2 / w2)));
    }
}

/* What W or H is and does as it is: D, gradients, penalties. */
static void measure(nmfi_problem *problem, int of_W)
{
    const nmfi_divergence_half measure = {.measure_only = 1,
                                          .as_sklearn = problem->options.solver == NMF_SOLVER_MU,
                                          .measure_start = 1,
                                          .measure_result = 1};
    if (problem->divergence.jmm)
        nmfi_jmm_measure(problem); /* at both */
    else
        nmfi_divergence_half_step(problem, of_W, measure);
}

static double loss_of_W(const nmfi_problem *problem)
{
    return problem->W.value[NMFI_SUM_LOSS] + nmfi_penalty(&problem->W, problem->k);
}

/* W settled, unless that is worse than it was by more than rounding. */
static void solve_W(nmfi_problem *problem)
{
    /* D's terms are differences of numbers of the size of X's entries. */
    const double epsilon =
        problem->precision == NMF_PRECISION_F32 ? (double)FLT_EPSILON : DBL_EPSILON;
    const double size = problem->mean * (double)problem->m * (double)problem->n;
    measure(problem, 1);
    const double before = loss_of_W(problem);
    nmfi_divergence_solve_W(problem);
    if (loss_of_W(problem) <= before + epsilon * fmax(before, size)) {
        void *const settled = problem->W.spare;
        problem->W.spare = problem->W.y;
        problem->W.y = settled;
    } else {
        measure(problem, 1);
    }
}

void nmfi_divergence_finish(nmfi_problem *problem)
{
    nmfi_factor *W = &problem->W, *H = &problem->H;
    memcpy(H->y, H->latest, nmfi_factor_bytes(problem, H));
    if (problem->options.solver == NMF_SOLVER_MU) {
        measure(problem, 1);
    } else {
        balance(problem);
        solve_W(problem);
    }
    measure(problem, 0);
    memcpy(H->latest, H->y, nmfi_factor_bytes(problem, H)); /* the incumbent, should it go on */
    const double divergence = fmax(W->value[NMFI_SUM_LOSS], 0);
    problem->error = sqrt(2 * divergence);
    problem->loss = divergence + nmfi_penalty(W, problem->k) + nmfi_penalty(H, problem->k);
    problem->kkt = nmfi_kkt(problem);
    nmfi_correct_trace(problem);
}
