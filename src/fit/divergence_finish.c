/* The last visit of a divergence's fit (divergence.h). Where D is not convex in a row (beta < 1 or >
 * 2) a row solved from afar may end worse than it was: then the fit's own W stays. */
#include "fit/divergence.h"

#include "fit/loss.h"

#include <math.h>

static double loss_of_W(const nmfi_fit *fit)
{
    return fit->W.value[NMFI_SUM_LOSS] + nmfi_penalty(&fit->W, fit->k);
}

/* W solved, unless that is worse than it was by more than rounding. */
static nmf_status solve_W(nmfi_fit *fit, nmfi_divergence *d, nmfi_measure *measure,
                          nmf_error *error)
{
    /* D's terms are differences of numbers of the size of X's entries. */
    const double epsilon = nmfi_epsilon(fit->choice.precision);
    const double size = fit->facts.mean * (double)fit->facts.m * (double)fit->facts.n;
    nmf_status status = measure(fit, d, 1, error);
    if (status != NMF_OK) return status;
    const double before = loss_of_W(fit);
    status = nmfi_divergence_solve_W(fit, d, error);
    if (status != NMF_OK) return status;
    if (!(loss_of_W(fit) <= before + epsilon * fmax(before, size)))
        return measure(fit, d, 1, error);
    nmfi_take_ahead(&fit->W);
    return NMF_OK;
}

nmf_status nmfi_divergence_finish(nmfi_fit *fit, nmfi_divergence *d, nmfi_measure *measure,
                                  int solves, nmf_error *error)
{
    nmfi_progress *progress = &fit->progress;
    if (solves) nmfi_balance(fit);
    nmf_status status = solves ? solve_W(fit, d, measure, error) : measure(fit, d, 1, error);
    if (status == NMF_OK) status = measure(fit, d, 0, error);
    if (status != NMF_OK) return status;
    const double divergence = fmax(fit->W.value[NMFI_SUM_LOSS], 0);
    progress->error = sqrt(2 * divergence);
    progress->loss = divergence + nmfi_penalty(&fit->W, fit->k) + nmfi_penalty(&fit->H, fit->k);
    progress->kkt = nmfi_kkt(fit);
    nmfi_correct_trace(fit);
    return NMF_OK;
}
