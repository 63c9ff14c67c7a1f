/* scikit-learn's rule, for parity: one sweep over the components of W, then of H, each coordinate
 * set to its minimizer in turn; stop when the summed |projected gradient| met on the way falls to
 * tol times its value in the first iteration. Same start, same arithmetic (f64): the same W, H and
 * number of iterations. W is left as the rule makes it. */
#include "fit/method_hals.h"

#include "fit/loss.h"

static nmf_status sweep(nmfi_fit *fit, nmfi_factor *factor, const nmfi_factor *other,
                        nmf_error *error)
{
    const nmfi_improver on_X = {nmfi_improve_on_X, NULL};
    const nmfi_half half = {1, 0.0, factor->is_W, !factor->is_W};
    return nmfi_half_step(fit, on_X, factor, other, half, error);
}

static nmf_status iterate(nmfi_fit *fit, void *state, nmf_error *error)
{
    const nmfi_improver on_X = {nmfi_improve_on_X, NULL};
    nmfi_factor *W = &fit->W, *H = &fit->H;
    nmfi_progress *progress = &fit->progress;
    double first = 0;
    nmfi_back_to_incumbent(fit, W);
    nmfi_back_to_incumbent(fit, H);
    nmf_status status = nmfi_restart_on_products(fit, on_X, error);
    while (status == NMF_OK) {
        progress->iterations++;
        status = sweep(fit, W, H, error);
        if (status != NMF_OK) break;
        const double penalty = nmfi_penalty(W, fit->k);
        status = sweep(fit, H, W, error);
        if (status != NMF_OK) break;
        const double violation = W->value[NMFI_SUM_VIOLATION] + H->value[NMFI_SUM_VIOLATION];
        const double objective = H->value[NMFI_SUM_OBJECTIVE];
        nmfi_accept_alternated(fit, state);
        if (progress->iterations == 1) first = violation;
        const int out =
            nmfi_trace(fit, 0.5 * fit->facts.norm2 + objective + penalty, nmfi_kkt(fit));
        /* Trap: the ratio is tested before the cap is believed, as scikit-learn does. */
        if (first == 0 || violation / first <= fit->choice.options.tol) {
            progress->stopped = NMF_STOPPED_CONVERGED;
            break;
        }
        if (out) break;
    }
    return status;
}

static nmf_status finish(nmfi_fit *fit, void *state, nmf_error *error)
{
    (void)state;
    return nmfi_hals_finish(fit, 0, error);
}

extern const nmfi_method nmfi_method_cd;
const nmfi_method nmfi_method_cd = {.name = "cd",
                                    .plan = nmfi_hals_plan,
                                    .layout = nmfi_hals_layout,
                                    .scale = nmfi_scale_of_products,
                                    .iterate = iterate,
                                    .finish = finish};
