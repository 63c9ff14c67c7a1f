/* One start, made from what its init needs: triplets of the sketch, random numbers, or the caller's
 * own factors. */
#include "fit/defaults.h"
#include "fit/state.h"

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
