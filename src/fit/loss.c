/* Losses, penalties, scales, the residual that fits stop by (loss.h). */
#include "fit/loss.h"

#include <float.h>
#include <math.h>

double nmfi_epsilon(nmf_precision precision)
{
    return precision == NMF_PRECISION_F32 ? (double)FLT_EPSILON : DBL_EPSILON;
}

double nmfi_epsilon_of(const nmfi_kernels *kernels)
{
    return kernels->element_bytes == sizeof(float) ? (double)FLT_EPSILON : DBL_EPSILON;
}

nmfi_penalties nmfi_penalties_of(const nmf_options *options, int64_t m, int64_t n, double scale,
                                 double beta)
{
    const nmf_options *o = options;
    const double rest = 1 - o->l1_ratio;
    const double alpha_H = o->alpha_H < 0 ? o->alpha_W : o->alpha_H;
    const double l2 = pow(scale, beta - 1), l1 = l2 * sqrt(scale);
    /* Trap: the power of a scale may be infinite, and infinity times no penalty is not a number. */
    const nmfi_penalties penalties = {
        .W_l1 = o->alpha_W * o->l1_ratio > 0 ? l1 * (double)n * o->alpha_W * o->l1_ratio : 0,
        .W_l2 = o->alpha_W * rest > 0 ? l2 * (double)n * o->alpha_W * rest : 0,
        .H_l1 = alpha_H * o->l1_ratio > 0 ? l1 * (double)m * alpha_H * o->l1_ratio : 0,
        .H_l2 = alpha_H * rest > 0 ? l2 * (double)m * alpha_H * rest : 0};
    return penalties;
}

double nmfi_penalty(const nmfi_factor *factor, int64_t k)
{
    double squares = 0;
    for (int64_t j = 0; j < k; j++) squares += factor->gram[j * k + j];
    return factor->l1 * factor->value[NMFI_SUM_ENTRIES] + 0.5 * factor->l2 * squares -
           factor->of_mean;
}

double nmfi_penalty_of_incumbent(const nmfi_fit *fit, const nmfi_factor *factor)
{
    double *const squares = fit->work.squares, *const sums = squares + fit->k;
    double square = 0, sum = 0;
    if (!(factor->l1 > 0 || factor->l2 > 0)) return 0;
    nmfi_factor_squares(fit->work.kernels, &factor->partition, fit->k, factor->incumbent, squares);
    nmfi_factor_sums(fit->work.kernels, &factor->partition, fit->k, factor->incumbent, sums);
    for (int64_t j = 0; j < fit->k; j++) {
        square += squares[j];
        sum += sums[j];
    }
    return factor->l1 * sum + 0.5 * factor->l2 * square;
}

void nmfi_gram_for_rule(const nmfi_kernels *kernels, int64_t k, double l1, double l2,
                        double *gram_f64, void *gram, void *inverse)
{
    static const double steep = 1e30; /* beside 1, which the entries of a factor are near */
    const double without = l1 > 0 ? steep : 0.0;
    for (int64_t j = 0; j < k; j++) {
        gram_f64[j * k + j] += l2;
        const double diagonal = gram_f64[j * k + j];
        const double inverted = diagonal > 0 ? 1.0 / diagonal : without;
        kernels->from_f64(&inverted, (char *)inverse + j * kernels->element_bytes, 1);
    }
    kernels->from_f64(gram_f64, gram, k * k);
}

int nmfi_scales_are_free(const nmfi_fit *fit)
{
    const nmfi_factor *W = &fit->W, *H = &fit->H;
    return !(W->l1 > 0 || W->l2 > 0 || H->l1 > 0 || H->l2 > 0);
}

double nmfi_loss_for_user(const nmfi_fit *fit, double loss)
{
    /* scale^2 may be beyond a double; rounding may leave less than nothing of a perfect fit. */
    const double root = pow(fit->facts.scale, 0.5 * fit->choice.beta);
    return (loss < 0 ? 0.0 : loss) / root / root; /* Trap: fmax would hide a NaN */
}

double nmfi_error_for_user(const nmfi_fit *fit, double error)
{
    return error / pow(fit->facts.scale, 0.5 * fit->choice.beta);
}

double nmfi_relative_error(const nmfi_fit *fit)
{
    const double error = fit->progress.error, baseline = fit->facts.baseline;
    if (fit->choice.beta == 2) return error / sqrt(fit->facts.norm2);
    return baseline > 0 ? 0.5 * error * error / baseline : 0.0;
}

/* The KKT residual is free of scales: gradients are measured after balancing
 * ||w_j|| = ||h_j|| (a rescaling that changes no product WH) and against the products X H' and X'W
 * they are differences of, so that neither X's units nor the start matter:
 *
 *   kkt^2 = sum_j (|PG_W|_j^2 / c_j^2 + |PG_H|_j^2 c_j^2)
 *           / sum_j (|X H'|_j^2 / c_j^2 + |X'W|_j^2 c_j^2),
 *   c_j^2 = ||h_j|| / ||w_j||, PG = gradient where the entry is positive, else its negative
 * part. */
double nmfi_kkt(const nmfi_fit *fit)
{
    const nmfi_factor *W = &fit->W, *H = &fit->H;
    const int balance =
        nmfi_scales_are_free(fit); /* penalties fix the scales: nothing to balance */
    double residual = 0, reference = 0;
    for (int64_t j = 0; j < fit->k; j++) {
        const double w = W->gram[j * fit->k + j], h = H->gram[j * fit->k + j];
        const double c2 = balance && w > 0 && h > 0 ? sqrt(h / w) : 1.0;
        residual += W->pg2[j] / c2 + H->pg2[j] * c2;
        reference += W->ref2[j] / c2 + H->ref2[j] * c2;
    }
    if (reference == 0) return 0.0;
    return sqrt(residual / reference); /* NaN stays NaN: no verdict may come of it */
}
