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
    const int masked =
        fit->choice.stored_only ? !fit->work.stored.u
                                : fit->work.observed.filled && fit->work.observed.is_mask;
    return fit->choice.weighted && fit->choice.beta == 2 && masked;
}

static int few_are_observed(const nmfi_fit *fit)
{
    enum { ENOUGH = 10 }; /* for each number that is learned */
    static const double most =
        0.5; /* of all entries: with more, other steps are taken (defaults.c) */
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
    const double lambda =
        (asked > 0 ? asked : usual) * noise * sqrt(count / (m * n)) * (sqrt(m) + sqrt(n));
    fit->facts.noise = noise;
    fit->W.shrink = fit->H.shrink = lambda;
    fit->W.l2 += lambda;
    fit->H.l2 += lambda;
    return NMF_OK;
}

/* lambda |rows - mean|^2 / 2 of what was measured last. */
static double penalty_of(const nmfi_fit *fit, const nmfi_factor *factor)
{
    double squares = 0;
    for (int64_t j = 0; j < fit->k; j++) squares += factor->gram[j * fit->k + j];
    return 0.5 * factor->shrink * squares - factor->of_mean;
}

void nmfi_shrink_review(nmfi_fit *fit)
{
    static const double much = 0.5;
    enum { EVERY = 5 };
    nmfi_descent *d = &fit->place.descent;
    const double count = observed_entries(fit);
    const double beyond = count - (double)fit->k * (double)(fit->facts.m + fit->facts.n);
    const int accepted = d->steps > 1 && d->thrown != d->steps - 1;
    if (!(fit->W.shrink > 0) || !accepted || d->steps % EVERY != 0 || !(beyond > 0)) return;
    const double left = sqrt(2 * fit->H.value[NMFI_SUM_LOSS] / beyond);
    const double ratio = left / fit->facts.noise;
    if (!(ratio < much)) return;
    nmfi_factor *const factors[] = {&fit->W, &fit->H};
    for (int i = 0; i < 2; i++) {
        nmfi_factor *factor = factors[i];
        d->loss -= (1 - ratio) * penalty_of(fit, factor);
        factor->l2 -= (1 - ratio) * factor->shrink;
        factor->shrink *= ratio;
        factor->of_mean *= ratio;
    }
    fit->facts.noise = left;
}

nmfi_shrinking nmfi_shrink_place(const nmfi_fit *fit)
{
    return (nmfi_shrinking){fit->W.shrink, fit->facts.noise, fit->W.of_mean, fit->H.of_mean};
}

void nmfi_shrink_resume(nmfi_fit *fit, const nmfi_shrinking *place)
{
    nmfi_factor *const factors[] = {&fit->W, &fit->H};
    for (int i = 0; i < 2; i++) {
        factors[i]->l2 += place->lambda - factors[i]->shrink;
        factors[i]->shrink = place->lambda;
    }
    fit->W.of_mean = place->of_mean_W;
    fit->H.of_mean = place->of_mean_H;
    fit->facts.noise = place->noise;
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
