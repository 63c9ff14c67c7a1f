/* scikit-learn's rule for divergences, for parity: multiplicative updates of W, then of H; every
 * tenth iteration sqrt(2 D) is looked at, and the fit ends where it has fallen by less than tol
 * times its first value. Same start, same arithmetic (f64): the same W, H and number of iterations.
 * W is left as the rule makes it. */
#include "fit/divergence.h"

#include "fit/loss.h"

#include <math.h>

enum { TESTED_EVERY = 10 };

/* Only ratios of errors count, so the unit does not matter. */
static double error_of(double divergence)
{
    return sqrt(fmax(2 * divergence, 0));
}

/* What all of them have, and the errors that the rule remembers. */
typedef struct parity {
    nmfi_divergence divergence;
    double first, before;
} parity;

static void keep(nmfi_fit *fit, void *state, nmfi_pieces *pieces)
{
    parity *kept = state;
    (void)fit;
    nmfi_add_piece(pieces, &kept->first, sizeof kept->first);
    nmfi_add_piece(pieces, &kept->before, sizeof kept->before);
}

static void plan(nmfi_fit *fit, void *state)
{
    nmfi_divergence *d = state;
    d->multiplies = 1;
    nmfi_divergence_plan(fit, state);
}

static nmf_status update(nmfi_fit *fit, nmfi_divergence *d, nmf_error *error)
{
    const nmfi_divergence_half half_W = {.as_sklearn = 1, .measure_start = 1};
    const nmfi_divergence_half half_H = {.as_sklearn = 1, .measure_start = 1, .measure_result = 1};
    nmf_status status = nmfi_divergence_half_step(fit, d, 1, half_W, error);
    if (status == NMF_OK) status = nmfi_divergence_half_step(fit, d, 0, half_H, error);
    return status;
}

static nmf_status begin(nmfi_fit *fit, parity *kept, nmf_error *error)
{
    const nmfi_divergence_half measuring = {
        .measure_only = 1, .as_sklearn = 1, .measure_result = 1};
    if (fit->keeper.resumes) return nmfi_take_up(fit, fit->on_X, error);
    fit->place.descent = (nmfi_descent){.ended = 0};
    nmfi_back_to_incumbent(fit, &fit->W);
    nmfi_back_to_incumbent(fit, &fit->H);
    const nmf_status status =
        nmfi_divergence_half_step(fit, &kept->divergence, 0, measuring, error);
    kept->first = kept->before = error_of(fit->H.value[NMFI_SUM_LOSS]);
    return status;
}

/* Trap: this comes before the cap is believed, as in scikit-learn. */
static void test(nmfi_fit *fit, parity *kept)
{
    nmfi_progress *progress = &fit->progress;
    const double tol = fit->choice.options.tol;
    if (!(tol > 0) || progress->iterations % TESTED_EVERY != 0) return;
    const double error_now = error_of(fit->H.value[NMFI_SUM_LOSS]);
    if ((kept->before - error_now) / kept->first < tol) {
        progress->stopped = NMF_STOPPED_CONVERGED;
        fit->place.descent.ended = 1;
    }
    kept->before = error_now;
}

static nmf_status iterate(nmfi_fit *fit, void *state, nmf_error *error)
{
    parity *kept = state;
    nmf_status status = begin(fit, kept, error);
    while (status == NMF_OK && !fit->place.descent.ended) {
        status = nmfi_unless_stopped(fit, update(fit, &kept->divergence, error), error);
        if (status != NMF_OK) break;
        fit->progress.iterations++;
        nmfi_take_ahead(&fit->W);
        nmfi_take_plain(&fit->H);
        const int told = nmfi_trace(fit, nmfi_divergence_loss(fit), nmfi_kkt(fit));
        test(fit, kept);
        if (fit->keeper.wishes) status = nmfi_keep_place(fit, told, error);
        if (told) break;
    }
    return status;
}

static nmf_status measure(nmfi_fit *fit, nmfi_divergence *d, int of_W, nmf_error *error)
{
    const nmfi_divergence_half measuring = {
        .measure_only = 1, .as_sklearn = 1, .measure_start = 1, .measure_result = 1};
    return nmfi_divergence_half_step(fit, d, of_W, measuring, error);
}

static nmf_status finish(nmfi_fit *fit, void *state, nmf_error *error)
{
    return nmfi_divergence_finish(fit, state, measure, 0, error);
}

extern const nmfi_method nmfi_method_mu;
const nmfi_method nmfi_method_mu = {.name = "mu",
                                    .state_bytes = sizeof(parity),
                                    .plan = plan,
                                    .layout = nmfi_divergence_layout,
                                    .prepare = nmfi_divergence_prepare,
                                    .scale = nmfi_scale_of_divergence,
                                    .keep = keep,
                                    .iterate = iterate,
                                    .finish = finish};
