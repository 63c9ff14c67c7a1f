/* The last visit of a divergence's fit (divergence.h). Where D is not convex in a row (beta < 1 or >
 * 2) a row solved from afar may end worse than it was: then the fit's own W stays. */
#include "fit/divergence.h"

#include "fit/constraints.h"
#include "fit/loss.h"

#include <math.h>

static double loss_of_W(const nmfi_fit *fit)
{
    return fit->W.value[NMFI_SUM_LOSS] + nmfi_penalty(&fit->W, fit->k);
}

/* Where the loss is the Frobenius one, from products, as transform does it then. */
static nmf_status solve_by_products(nmfi_fit *fit, nmf_error *error)
{
    nmfi_factor *W = &fit->W, *H = &fit->H;
    const nmfi_work *work = &fit->work;
    nmfi_pass *pass = nmfi_pass_along(fit, W);
    const nmfi_column_visit gram = {.k = fit->k, .updated = H->incumbent};
    nmfi_pass_columns(pass, &gram);
    nmfi_set_gram(fit, pass->total.gram, W);
    const nmfi_solve_rule solving =
        nmfi_solving(work->kernels, fit->k, W->partition.ld, work->gram, work->inverse,
                     work->gram_f64, W->l1, W->allowed, W->ahead);
    const nmfi_rule rule = nmfi_rule_solve(&solving);
    const nmfi_visit visit = {
        .k = fit->k, .fixed = H->incumbent, .rule = &rule, .updated = W->ahead};
    return nmfi_pass_visit(pass, &visit, error);
}

/* W solved into `ahead`, and its loss there. */
static nmf_status solve_ahead(nmfi_fit *fit, nmfi_divergence *d, nmfi_measure *measure,
                              nmf_error *error)
{
    if (fit->choice.beta != 2 || fit->choice.weighted)
        return nmfi_divergence_solve_W(fit, d, error);
    nmf_status status = solve_by_products(fit, error);
    if (status != NMF_OK) return status;
    nmfi_take_ahead(&fit->W);
    status = measure(fit, d, 1, error);
    nmfi_take_ahead(&fit->W);
    return status;
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
    status = solve_ahead(fit, d, measure, error);
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
    /* Solving rows may take longer than the whole fit did: who says stop gets W as it is. */
    solves = solves && !nmfi_told_to_stop(fit);
    if (solves) nmfi_balance(fit);
    nmfi_normalize_H(fit);
    nmf_status status = solves ? solve_W(fit, d, measure, error) : measure(fit, d, 1, error);
    if (status != NMF_OK) return status;
    const double measured = fit->W.value[NMFI_SUM_LOSS];
    const double divergence = measured < 0 ? 0 : measured; /* Trap: fmax would hide a NaN */
    /* In case this is where it ends. */
    progress->loss =
        divergence + nmfi_penalty(&fit->W, fit->k) + nmfi_penalty_of_incumbent(fit, &fit->H);
    if (!progress->measured) progress->kkt = INFINITY;
    progress->measured = 1;
    status = nmfi_unless_stopped(fit, measure(fit, d, 0, error), error);
    if (status != NMF_OK) return status;
    progress->error = sqrt(2 * divergence);
    progress->loss = divergence + nmfi_penalty(&fit->W, fit->k) + nmfi_penalty(&fit->H, fit->k);
    progress->kkt = nmfi_kkt(fit);
    nmfi_correct_trace(fit);
    return NMF_OK;
}
