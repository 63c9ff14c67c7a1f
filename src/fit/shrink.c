/* See shrink.h. */
#include "fit/shrink.h"

#include "pass/factor.h"

#include <math.h>

static double observed_entries(const nmfi_fit *fit)
{
    const double all = (double)fit->facts.m * (double)fit->facts.n;
    if (fit->choice.stored_only) return (double)fit->facts.stored;
    return all - (double)fit->work.observed.missing;
}

/* Rows have Gram matrices of their own, and entries count once or not at all. */
static int is_possible(const nmfi_fit *fit)
{
    const int masked = fit->choice.stored_only ||
                       (fit->work.observed.filled && fit->work.observed.is_mask);
    return fit->choice.weighted && fit->choice.beta == 2 && masked;
}

static int few_are_observed(const nmfi_fit *fit)
{
    enum { ENOUGH = 10 }; /* for each number that is learned */
    static const double most = 0.5; /* of all entries: with more, other steps are taken (defaults.c) */
    const double learned = (double)fit->k * (double)(fit->facts.m + fit->facts.n);
    const double all = (double)fit->facts.m * (double)fit->facts.n;
    return observed_entries(fit) < ENOUGH * learned && observed_entries(fit) < most * all;
}

nmf_status nmfi_shrink_open(nmfi_fit *fit, nmf_error *error)
{
    static const double usual = 0.25; /* of an upper bound */
    const double asked = fit->choice.options.shrink, count = observed_entries(fit);
    const double m = (double)fit->facts.m, n = (double)fit->facts.n;
    double squares = fit->work.observed.left_by_means;
    if (asked > 0 && !is_possible(fit))
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "shrink = %g is for the frobenius loss where entries are missing", asked);
    if (asked == 0 || !is_possible(fit) || (asked < 0 && !few_are_observed(fit))) return NMF_OK;
    if (fit->choice.stored_only) {
        const nmf_status status = nmfi_stored_left_by_means(&fit->work.source, &squares, error);
        if (status != NMF_OK) return status;
    }
    const double noise = fit->facts.scale * sqrt(squares / count);
    const double lambda = (asked > 0 ? asked : usual) * noise * sqrt(count / (m * n)) * (sqrt(m) + sqrt(n));
    fit->W.shrink = fit->H.shrink = lambda;
    fit->W.l2 += lambda;
    fit->H.l2 += lambda;
    return NMF_OK;
}

static void find_mean(const nmfi_fit *fit, const nmfi_factor *factor, const void *at, double *mean)
{
    nmfi_factor_sums(fit->work.kernels, &factor->partition, fit->k, at, mean);
    for (int64_t j = 0; j < fit->k; j++) mean[j] /= (double)factor->partition.all;
}

void nmfi_shrink_aim(const nmfi_fit *fit, nmfi_factor *factor, const void *at)
{
    if (factor->shrink > 0) find_mean(fit, factor, at, factor->toward);
}

void nmfi_shrink_measure(const nmfi_fit *fit, nmfi_factor *factor, const void *at)
{
    double squares = 0;
    if (!(factor->shrink > 0)) return;
    find_mean(fit, factor, at, factor->mean);
    for (int64_t j = 0; j < fit->k; j++) squares += factor->mean[j] * factor->mean[j];
    factor->of_mean = 0.5 * factor->shrink * (double)factor->partition.all * squares;
}
