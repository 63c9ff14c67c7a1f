/* See volume.h. Small dense work in f64: k x k. */
#include "fit/volume.h"

#include "fit/loss.h"
#include "pass/factor.h"

#include <float.h>
#include <math.h>
#include <string.h>

void nmfi_volume_layout(nmfi_fit *fit, nmfi_arena *arena)
{
    nmfi_volume *v = &fit->volume;
    v->pull = nmfi_take(arena, fit->k * fit->k, sizeof(double));
    v->factor = nmfi_take(arena, fit->k * fit->k, sizeof(double));
    v->gram = nmfi_take(arena, fit->k * fit->k, sizeof(double));
}

nmf_status nmfi_volume_open(nmfi_fit *fit, nmf_error *error)
{
    static const double usual = 2.0, floor_share = 1e-3;
    nmfi_volume *v = &fit->volume;
    const nmfi_sketch *sketch = &fit->work.sketch;
    const double c = fit->choice.options.volume > 0 ? fit->choice.options.volume : usual;
    const int64_t m = fit->facts.m, n = fit->facts.n, k = fit->k, least = m < n ? m : n;
    if (v->lambda > 0) return NMF_OK; /* a checkpoint knows them */
    if (sketch->width < k || !(sketch->sigma[0] > 0)) {
        v->wanted = 0;
        if (!(fit->choice.options.volume > 0)) return NMF_OK;
        return nmf_fail(error, NMF_ERROR_TIME_LIMIT,
                        "the time limit of %g s leaves no time for the singular values that volume "
                        "= %g goes by",
                        fit->choice.options.time_limit_seconds, fit->choice.options.volume);
    }
    double left = fit->facts.norm2;
    for (int64_t j = 0; j < k; j++) left -= sketch->sigma[j] * sketch->sigma[j];
    const double rest = left > 0 && least > k ? sqrt(left / (double)(least - k)) : 0;
    const double held = sketch->sigma[k - 1];
    v->lambda = c * held * fmax(rest, floor_share * held);
    v->delta = held * held / (double)m / fit->facts.scale;
    return NMF_OK;
}

/* --- the penalty ------------------------------------------------------------------------------- */

/* Cholesky's lower factor of G + delta I. */
static void factorize(const nmfi_fit *fit, const double *gram, double *L)
{
    const int64_t k = fit->k;
    for (int64_t i = 0; i < k; i++)
        for (int64_t j = 0; j <= i; j++) {
            double sum = gram[i * k + j] + (i == j ? fit->volume.delta : 0);
            for (int64_t l = 0; l < j; l++) sum -= L[i * k + l] * L[j * k + l];
            L[i * k + j] =
                i == j ? sqrt(fmax(sum, DBL_EPSILON * fit->volume.delta)) : sum / L[j * k + j];
        }
}

void nmfi_volume_pull(nmfi_fit *fit, const double *gram_of_H, double *gram)
{
    nmfi_volume *v = &fit->volume;
    const int64_t k = fit->k;
    double *const L = v->factor, *const inverse = v->pull;
    factorize(fit, gram_of_H, L);
    for (int64_t c = 0; c < k; c++) { /* column c of the inverse, which is symmetric: row c */
        double *x = inverse + c * k;
        for (int64_t i = 0; i < k; i++) {
            x[i] = i == c ? 1 : 0;
            for (int64_t l = 0; l < i; l++) x[i] -= L[i * k + l] * x[l];
            x[i] /= L[i * k + i];
        }
        for (int64_t i = k - 1; i >= 0; i--) {
            for (int64_t l = i + 1; l < k; l++) x[i] -= L[l * k + i] * x[l];
            x[i] /= L[i * k + i];
        }
    }
    for (int64_t i = 0; i < k; i++)
        for (int64_t j = 0; j <= i; j++) { /* rounding leaves it not quite symmetric */
            const double value = 0.5 * v->lambda * (inverse[i * k + j] + inverse[j * k + i]);
            inverse[i * k + j] = inverse[j * k + i] = value;
        }
    for (int64_t i = 0; i < k * k; i++) gram[i] += inverse[i];
}

double nmfi_volume_penalty(const nmfi_fit *fit, const double *gram_of_H)
{
    const nmfi_volume *v = &fit->volume;
    double sum = 0;
    factorize(fit, gram_of_H, v->factor);
    for (int64_t i = 0; i < fit->k; i++) sum += 2 * log(v->factor[i * fit->k + i]) - log(v->delta);
    return 0.5 * v->lambda * sum;
}

static void find_gram(const nmfi_fit *fit, const void *H)
{
    nmfi_factor_gram(fit->work.kernels, &fit->H.partition, fit->k, H, fit->volume.gram);
}

double nmfi_volume_correction(nmfi_fit *fit, const void *H)
{
    const nmfi_volume *v = &fit->volume;
    double tangent = 0;
    find_gram(fit, H);
    for (int64_t i = 0; i < fit->k * fit->k; i++) tangent += v->pull[i] * v->gram[i];
    return nmfi_volume_penalty(fit, v->gram) - 0.5 * tangent;
}

double nmfi_volume_at(const nmfi_fit *fit, const void *H)
{
    find_gram(fit, H);
    return nmfi_volume_penalty(fit, fit->volume.gram);
}
