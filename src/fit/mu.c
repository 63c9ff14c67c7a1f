/* scikit-learn's rule for divergences, for parity: multiplicative updates of W, then of H; every
 * tenth iteration sqrt(2 D) is looked at, and the fit ends where it has fallen by less than tol
 * times its first value. Same start, same arithmetic (f64): the same W, H and number of iterations.
 */
#include "fit/problem.h"

#include <math.h>

enum { TESTED_EVERY = 10 };

/* Only ratios of errors count, so the unit does not matter. */
static double error_of(double divergence)
{
    return sqrt(fmax(2 * divergence, 0));
}

static double error_at_start(nmfi_problem *problem)
{
    const nmfi_divergence_half measure = {.measure_only = 1, .as_sklearn = 1, .measure_result = 1};
    nmfi_divergence_half_step(problem, 0, measure);
    return error_of(problem->H.value[NMFI_SUM_LOSS]);
}

void nmfi_iterate_mu(nmfi_problem *problem)
{
    const nmfi_divergence_half half_W = {.as_sklearn = 1, .measure_start = 1};
    const nmfi_divergence_half half_H = {.as_sklearn = 1, .measure_start = 1, .measure_result = 1};
    nmfi_reject(problem);
    const double first = error_at_start(problem);
    double before = first;
    for (;;) {
        problem->iterations++;
        nmfi_divergence_half_step(problem, 1, half_W);
        nmfi_divergence_half_step(problem, 0, half_H);
        const double divergence = problem->H.value[NMFI_SUM_LOSS];
        const double loss = divergence + nmfi_penalty(&problem->W, problem->k) +
                            nmfi_penalty(&problem->H, problem->k);
        nmfi_accept(problem);
        const int out = nmfi_trace(problem, loss, nmfi_kkt(problem));
        if (problem->options.tol > 0 && problem->iterations % TESTED_EVERY == 0) {
            const double error = error_of(divergence);
            /* Trap: the test comes before the cap is believed, as in scikit-learn. */
            if ((before - error) / first < problem->options.tol) {
                problem->stopped = NMF_STOPPED_CONVERGED;
                return;
            }
            before = error;
        }
        if (out) return;
    }
}
