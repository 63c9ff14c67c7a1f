/* The end of a divergence's fit: the loss and the KKT residual measured at the pair that is returned. */
#include "fit/problem.h"

#include "base/clock.h"

#include <math.h>
#include <string.h>

void nmfi_divergence_finish(nmfi_problem *problem)
{
    nmfi_factor *W = &problem->W, *H = &problem->H;
    memcpy(H->y, H->latest, nmfi_factor_bytes(problem, H));
    const int parity = problem->options.solver == NMF_SOLVER_MU;
    const nmfi_divergence_half look_W = {.still = 1, .parity = parity, .measure_start = 1};
    const nmfi_divergence_half look_H = {
        .still = 1, .parity = parity, .measure_start = 1, .measure_result = 1};
    nmfi_divergence_half_step(problem, 1, look_W);
    nmfi_divergence_half_step(problem, 0, look_H);
    const double divergence = fmax(H->value[NMFI_SUM_DISTANCE], 0);
    problem->error = sqrt(2 * divergence);
    problem->loss = divergence + nmfi_penalty(W, problem->k) + nmfi_penalty(H, problem->k);
    problem->kkt = nmfi_kkt(problem);
    nmfi_correct_trace(problem);
}
