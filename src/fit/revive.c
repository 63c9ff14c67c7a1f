/* A component with nothing in W or in H adds nothing to WH and, where both are empty, never will
 * again: for HALS such a point is stationary. It comes back with a random w and an empty h: WH
 * stays what it was, so the loss does too, and the next half step of H gives h = max(0, R'w) /
 * ||w||^2 with R = X - WH, which lowers it. W and H in turn then are power iterations on the
 * positive side of what is left. */
#include "fit/constraints.h"
#include "fit/loss.h"
#include "fit/state.h"

#include "base/rng.h"

#include <math.h>

static int empty(const nmfi_fit *fit, const nmfi_factor *factor, int64_t j)
{
    double square;
    const nmfi_kernels *kernels = fit->work.kernels;
    const void *w = nmfi_factor_component(kernels, &factor->partition, factor->incumbent, j);
    nmfi_factor_squares(kernels, &factor->partition, 1, w, &square);
    return !(square > 0);
}

/* Trap: H's Gram matrix is that of the point ahead of the incumbent, where a component may be empty
 * that the incumbent has. */
static int dead(const nmfi_fit *fit, int64_t j)
{
    const nmfi_factor *W = &fit->W, *H = &fit->H;
    const int64_t diagonal = j * fit->k + j;
    if (W->gram[diagonal] > 0 && H->gram[diagonal] > 0) return 0;
    return empty(fit, W, j) || empty(fit, H, j);
}

int nmfi_revive(nmfi_fit *fit, int64_t draw)
{
    const nmfi_factor *W = &fit->W, *H = &fit->H;
    const nmfi_kernels *kernels = fit->work.kernels;
    if (!nmfi_scales_are_free(fit)) return 0; /* a penalty may want the component empty */
    int64_t j = 0;
    while (j < fit->k && !(nmfi_scale_is_free(fit, j) && dead(fit, j))) j++;
    if (j == fit->k) return 0;
    const nmfi_start_factor w = {W->incumbent, W->partition.count, W->partition.ld, &W->partition};
    nmfi_random_component(kernels, w, fit->k, j, sqrt(fit->facts.mean / (double)fit->k),
                          fit->progress.seed + draw, NMFI_STREAM_FILL_W);
    nmfi_factor_clear(kernels, &H->partition, H->incumbent, j);
    return 1;
}
