/* Half steps on products: one factor improved with the other held fixed, by HALS (rule_hals.c). The
 * methods hals and cd take them over X, the sketch over its two narrow passes. */
#ifndef NMFI_FIT_HALF_STEP_H
#define NMFI_FIT_HALF_STEP_H

#include "fit/method.h"

/* Runs the rule over the factor (NULL: only adds up what is there) with the other one at `fixed`;
 * `updated` is what to add up afterwards. */
typedef nmf_status nmfi_improve(nmfi_fit *fit, void *state, nmfi_factor *factor, const void *fixed,
                                const nmfi_rule *rule, const void *updated, int measured,
                                nmf_error *error);
typedef struct nmfi_improver {
    nmfi_improve *improve;
    void *state;
} nmfi_improver;
nmfi_improve nmfi_improve_on_X;

/* HALS of a factor from `start`, towards the Gram matrix that was set last; the result lies in plain, and
 * ahead of it by what `older` is behind. No sweeps, no momentum, nothing measured as yet. */
nmfi_hals_rule nmfi_hals_of(const nmfi_fit *fit, const nmfi_factor *factor, const void *start,
                            const void *older);

typedef struct nmfi_half {
    int64_t sweeps;
    double momentum;
    int measure_start, measure_result;
} nmfi_half;
nmf_status nmfi_half_step(nmfi_fit *fit, nmfi_improver by, nmfi_factor *factor,
                          const nmfi_factor *other, nmfi_half half, nmf_error *error);

/* At most so many sweeps over a row. */
int64_t nmfi_inner_sweeps(const nmfi_fit *fit);

/* W, then H; the loss where ||X||_F^2 is norm2. */
nmf_status nmfi_step_on_products(nmfi_fit *fit, nmfi_improver by, double norm2, nmfi_step_wish wish,
                                 nmfi_measured *pair, nmf_error *error);
/* The new pair: W ahead, the H that was solved for it. */
void nmfi_accept_alternated(nmfi_fit *fit, void *state);
/* What the first half step needs: the sums of the incumbent H. */
nmf_status nmfi_restart_on_products(nmfi_fit *fit, nmfi_improver by, nmf_error *error);

nmfi_loss_scale nmfi_scale_of_products(const nmfi_fit *fit, const void *state, double loss);

/* Projected gradients of a factor with the other one's Gram matrix, towards the products that
 * `improve` finds: nothing moves. */
nmfi_hals_rule nmfi_measuring(const nmfi_fit *fit, const nmfi_factor *factor);

#endif
