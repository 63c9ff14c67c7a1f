/* scikit-learn's rule, for parity: one sweep over the components of W, then of H, each coordinate
 * set to its minimizer in turn; stop when the summed |projected gradient| met on the way falls to
 * tol times its value in the first iteration. Same start, same arithmetic (f64): the same W, H and
 * number of iterations. */
#include "fit/problem.h"

#include <math.h>

static double sweep(nmfi_problem *problem, nmfi_factor *factor, const nmfi_factor *other)
{
    const nmfi_half half = {1, 0.0, factor->is_W, !factor->is_W};
    nmfi_half_step(problem, factor, other, half);
    return factor->value[NMFI_SUM_VIOLATION];
}

void nmfi_iterate_cd(nmfi_problem *problem)
{
    double first = 0;
    nmfi_reject(problem);
    for (;;) {
        problem->iterations++;
        double violation = sweep(problem, &problem->W, &problem->H);
        const double penalty = nmfi_penalty(&problem->W, problem->k);
        violation += sweep(problem, &problem->H, &problem->W);
        const double objective = problem->H.value[NMFI_SUM_OBJECTIVE];
        nmfi_accept(problem);
        if (problem->iterations == 1) first = violation;
        const int out =
            nmfi_trace(problem, 0.5 * problem->norm2 + objective + penalty, nmfi_kkt(problem));
        /* Trap: the ratio is tested before the cap is believed, as scikit-learn does. */
        if (first == 0 || violation / first <= problem->options.tol) {
            problem->stopped = NMF_STOPPED_CONVERGED;
            return;
        }
        if (out) return;
    }
}
