/* scikit-learn's rule, for parity: one sweep over the components of W, then of H, each coordinate
 * set to its minimizer in turn; stop when the summed |projected gradient| met on the way falls to
 * tol times its value in the first iteration. Same start, same arithmetic (f64): the same W, H and
 * number of iterations. W is left as the rule makes it. */
#include "fit/method_hals.h"

#include "fit/loss.h"

/* What the rule remembers. */
typedef struct parity {
    double first; /* the violation in the first iteration */
} parity;

static void keep(nmfi_fit *fit, void *state, nmfi_pieces *pieces)
{
    (void)fit;
    nmfi_add_piece(pieces, state, sizeof(parity));
}

static nmf_status begin(nmfi_fit *fit, nmf_error *error)
{
    const nmfi_improver on_X = {nmfi_improve_on_X, NULL};
    if (fit->keeper.resumes) return nmfi_take_up(fit, fit->on_X, error);
    fit->place.descent = (nmfi_descent){.ended = 0};
    nmfi_back_to_incumbent(fit, &fit->W);
    nmfi_back_to_incumbent(fit, &fit->H);
    return nmfi_restart_on_products(fit, on_X, error);
}

static nmf_status restart(nmfi_fit *fit, void *state, nmf_error *error)
{
    const nmfi_improver on_X = {nmfi_improve_on_X, NULL};
    (void)state;
    return nmfi_restart_on_products(fit, on_X, error);
}

static nmf_status sweep(nmfi_fit *fit, nmfi_factor *factor, const nmfi_factor *other,
                        nmf_error *error)
{
    const nmfi_improver on_X = {nmfi_improve_on_X, NULL};
    const nmfi_half half = {1, 0.0, factor->is_W, !factor->is_W};
    return nmfi_half_step(fit, on_X, factor, other, half, error);
}

static nmf_status iterate(nmfi_fit *fit, void *state, nmf_error *error)
{
    parity *kept = state;
    nmfi_factor *W = &fit->W, *H = &fit->H;
    nmfi_progress *progress = &fit->progress;
    nmfi_descent *d = &fit->place.descent;
    nmf_status status = begin(fit, error);
    while (status == NMF_OK && !d->ended) {
        status = sweep(fit, W, H, error);
        if (status != NMF_OK) break;
        const double penalty = nmfi_penalty(W, fit->k);
        status = nmfi_unless_stopped(fit, sweep(fit, H, W, error), error);
        if (status != NMF_OK) break;
        progress->iterations++;
        const double violation = W->value[NMFI_SUM_VIOLATION] + H->value[NMFI_SUM_VIOLATION];
        const double objective = H->value[NMFI_SUM_OBJECTIVE];
        nmfi_accept_alternated(fit, state);
        if (progress->iterations == 1) kept->first = violation;
        const int told =
            nmfi_trace(fit, 0.5 * fit->facts.norm2 + objective + penalty, nmfi_kkt(fit));
        /* Trap: the ratio is tested before the cap is believed, as scikit-learn does. */
        if (kept->first == 0 || violation / kept->first <= fit->choice.options.tol) {
            progress->stopped = NMF_STOPPED_CONVERGED;
            d->ended = 1;
        }
        if (fit->keeper.wishes) status = nmfi_keep_place(fit, told, error);
        if (told) break;
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
                                    .state_bytes = sizeof(parity),
                                    .adds_up = nmfi_hals_adds_up,
                                    .plan = nmfi_hals_plan,
                                    .layout = nmfi_hals_layout,
                                    .scale = nmfi_scale_of_products,
                                    .restart = restart,
                                    .keep = keep,
                                    .iterate = iterate,
                                    .finish = finish};
