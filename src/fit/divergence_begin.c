/* Where the methods for a divergence begin, and how they keep scales together. */
#include "fit/divergence.h"

#include "fit/constraints.h"
#include "fit/loss.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Extrapolation overshoots in the scale of one factor, the other makes up for it and overshoots in
 * turn: nothing in WH holds the scales, and in a few hundred iterations they would leave the range
 * of a double. Where ||w_j|| and ||h_j|| are far apart they are brought together by a power of 2,
 * which rounds nothing. Penalties hold them by themselves. */
void nmfi_divergence_rebalance_scales(const nmfi_fit *fit)
{
    enum { FAR = 8 };
    const nmfi_kernels *kernels = fit->work.kernels;
    const nmfi_factor *W = &fit->W, *H = &fit->H;
    if (!nmfi_take_squares(fit)) return;
    for (int64_t j = 0; j < fit->k; j++) {
        if (!nmfi_scale_is_free(fit, j)) continue;
        const double w2 = fit->work.squares[j], h2 = fit->work.squares[fit->k + j];
        if (!(w2 > 0 && h2 > 0)) continue;
        const int apart = (int)lround(0.25 * (log2(w2) - log2(h2)));
        if (abs(apart) < FAR) continue;
        void *const ws[] = {W->incumbent, W->plain, W->ahead}, *const hs[] = {H->incumbent,
                                                                              H->plain, H->ahead};
        for (int i = 0; i < 3; i++) {
            nmfi_factor_scale(kernels, &W->partition, ws[i], j, ldexp(1.0, -apart));
            nmfi_factor_scale(kernels, &H->partition, hs[i], j, ldexp(1.0, apart));
        }
    }
}

/* Every row of the factor times what gives its model X's own sum: where scales are free, the
 * best. */
static void match_marginals(nmfi_fit *fit, nmfi_divergence *d, nmfi_factor *factor,
                            const nmfi_factor *other)
{
    nmfi_metric *metric = &d->metric;
    void *const at = factor->incumbent;
    const nmfi_kernels *kernels = fit->work.kernels;
    const int64_t bytes = kernels->element_bytes;
    nmfi_component_sums(metric, other->incumbent, &other->partition, metric->F_sums);
    nmfi_model_sums(metric, at, &factor->partition, metric->F_sums, metric->weight);
    for (int64_t i = 0; i < factor->partition.count; i++) {
        double model, own;
        char *weight = (char *)metric->weight + i * bytes;
        kernels->to_f64(weight, &model, 1);
        kernels->to_f64((const char *)d->marginals[!factor->is_W] + i * bytes, &own, 1);
        const double scale = model > 0 && own > 0 ? own / model : 0;
        kernels->from_f64(&scale, weight, 1);
    }
    kernels->scale_columns(at, factor->partition.ld, fit->k, factor->partition.count,
                           metric->weight, at);
}

/* Adds a thousandth of its mean to every entry. */
static void add_floor(const nmfi_fit *fit, const nmfi_factor *factor)
{
    const nmfi_kernels *kernels = fit->work.kernels;
    const double entries = (double)fit->k * (double)factor->partition.all;
    double *const sums = fit->work.squares, sum = 0; /* no squares are kept here */
    nmfi_factor_sums(kernels, &factor->partition, fit->k, factor->incumbent, sums);
    for (int64_t j = 0; j < fit->k; j++) sum += sums[j];
    const double mean = sum / entries;
    for (int64_t j = 0; j < fit->k; j++)
        nmfi_factor_add(kernels, &factor->partition, factor->incumbent, j, 1e-3 * mean);
}

static void make_positive(nmfi_fit *fit, nmfi_divergence *d, int match)
{
    add_floor(fit, &fit->W);
    add_floor(fit, &fit->H);
    if (match) {
        match_marginals(fit, d, &fit->W, &fit->H);
        match_marginals(fit, d, &fit->H, &fit->W);
    }
    nmfi_clamp_factors(fit);
}

/* D and the penalties at the incumbents. */
static nmf_status measure(nmfi_fit *fit, nmfi_divergence *d, double *value, nmf_error *error)
{
    const nmfi_divergence_half measuring = {.measure_only = 1, .measure_result = 1};
    nmf_status status = nmfi_divergence_half_step(fit, d, 1, measuring, error);
    if (status == NMF_OK) status = nmfi_divergence_half_step(fit, d, 0, measuring, error);
    *value = nmfi_divergence_loss(fit);
    return status;
}

static void copy(const nmfi_fit *fit, const nmfi_factor *factor, void *to, const void *from)
{
    memcpy(to, from, nmfi_factor_bytes(fit, factor));
}

nmf_status nmfi_divergence_make_positive(nmfi_fit *fit, nmfi_divergence *d, nmf_error *error)
{
    nmfi_factor *W = &fit->W, *H = &fit->H;
    if (fit->progress.init != NMF_INIT_CUSTOM) {
        make_positive(fit, d, 1);
        return NMF_OK;
    }
    /* Joint updates leave a zero what it is, which who gives a start may want. */
    if (d->joint) return NMF_OK;
    double given, made;
    copy(fit, W, W->ahead, W->incumbent);
    copy(fit, H, H->ahead, H->incumbent);
    nmf_status status = measure(fit, d, &given, error);
    if (status != NMF_OK) return status;
    make_positive(fit, d, fit->choice.beta == 1); /* elsewhere X's sums need not be better ones */
    status = measure(fit, d, &made, error);
    if (status != NMF_OK || made < given) return status;
    copy(fit, W, W->incumbent, W->ahead);
    copy(fit, H, H->incumbent, H->ahead);
    return NMF_OK;
}
