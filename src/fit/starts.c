/* Where components begin: one start, made from what its init needs (triplets of the sketch, random numbers, or the
 * caller's own factors), and a component that died, which begins anew. */
#include "fit/constraints.h"
#include "fit/defaults.h"
#include "fit/loss.h"
#include "fit/state.h"

#include "base/rng.h"

#include <math.h>

nmf_status nmfi_make_start(nmfi_fit *fit, int64_t s, nmf_error *error)
{
    const nmf_options *o = &fit->choice.options;
    const nmfi_kernels *kernels = fit->work.kernels;
    const nmfi_partition *along_W = &fit->W.partition, *along_H = &fit->H.partition;
    const nmfi_start_factor W = {fit->W.incumbent, along_W->count, along_W->ld, along_W};
    const nmfi_start_factor H = {fit->H.incumbent, along_H->count, along_H->ld, along_H};
    const nmfi_sketch *sketch = &fit->work.sketch;
    const double mean = fit->facts.mean;
    const int64_t seed = fit->progress.seed = o->seed + s;
    fit->progress.start = s;
    /* Several of ours: what the init gives first, then random ones. */
    fit->progress.init = fit->choice.several_starts && s > 0 ? NMF_INIT_RANDOM : o->init;
    const nmf_init init = fit->progress.init;
    if (init == NMF_INIT_CUSTOM)
        return nmfi_start_custom(kernels, W, H, fit->k, o->start_W, o->start_H,
                                 sqrt(fit->facts.scale),
                                 o->solver == NMF_SOLVER_CD || o->solver == NMF_SOLVER_MU, error);
    const void *const U = fit->W.along_rows ? sketch->U : sketch->V;
    const void *const V = fit->W.along_rows ? sketch->V : sketch->U;
    if (init == NMF_INIT_LRC)
        nmfi_start_lrc(kernels, W, H, fit->k, U, V, sketch->sigma, mean, seed);
    else if (init == NMF_INIT_SPA || init == NMF_INIT_SNPA) {
        const nmfi_pure_start pure = {.init = init,
                                      .k = fit->k,
                                      .sums = fit->W.limits.sums_to_one,
                                      .U = U,
                                      .V = V,
                                      .sigma = sketch->sigma,
                                      .scale = sqrt(fit->facts.scale),
                                      .mean = mean,
                                      .seed = seed};
        return nmfi_start_pure(kernels, W, H, &pure, error);
    } else if (nmfi_start_triplets(init, fit->k) > 0)
        nmfi_start_nndsvd(kernels, W, H, fit->k, U, V, sketch->sigma, mean, init, seed);
    else
        nmfi_start_random(kernels, W, H, fit->k, mean, seed);
    return NMF_OK;
}

/* --- dead components --------------------------------------------------------------------------- */

/* A component with nothing in W or in H adds nothing to WH and, where both are empty, never will
 * again: for HALS such a point is stationary. It comes back with a random w and an empty h: WH
 * stays what it was, so the loss does too, and the next half step of H gives h = max(0, R'w) /
 * ||w||^2 with R = X - WH, which lowers it. W and H in turn then are power iterations on the
 * positive side of what is left. */
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
