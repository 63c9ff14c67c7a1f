/* Half steps on products (half_step.h). Which of the factors the pass carries along and which comes
 * from its sums depends on how X is stored; here the difference ends. */
#include "fit/half_step.h"

#include "fit/loss.h"
#include "fit/volume.h"

#include <math.h>

nmf_status nmfi_improve_on_X(nmfi_fit *fit, void *state, nmfi_factor *factor, const void *fixed,
                             const nmfi_rule *rule, const void *updated, int measured,
                             nmf_error *error)
{
    nmfi_pass *pass = &fit->work.pass;
    (void)state;
    if (factor->along_rows) {
        const nmfi_visit visit = {.k = fit->k,
                                  .fixed = fixed,
                                  .rule = rule,
                                  .updated = updated,
                                  .carried = {factor->incumbent, factor->plain, factor->ahead},
                                  .sums = NMFI_SUMS_OF_PRODUCTS};
        const nmf_status status = nmfi_pass_visit(pass, &visit, error);
        if (status != NMF_OK) return status;
    } else {
        const nmfi_column_visit visit = {.k = fit->k,
                                         .rule = rule,
                                         .fixed = fixed,
                                         .updated = updated,
                                         .sums = NMFI_SUMS_OF_PRODUCTS,
                                         .written = {factor->plain, factor->ahead}};
        nmfi_pass_columns(pass, &visit);
    }
    nmfi_keep_sums(fit, pass, factor);
    if (measured) nmfi_keep_gradients(fit, pass, factor);
    return NMF_OK;
}

nmfi_hals_rule nmfi_hals_of(const nmfi_fit *fit, const nmfi_factor *factor, const void *start,
                            const void *older)
{
    const nmfi_hals_rule hals = {.kernels = fit->work.kernels,
                                 .k = fit->k,
                                 .ld = factor->partition.ld,
                                 .gram = fit->work.gram,
                                 .inverse = fit->work.inverse,
                                 .l1 = factor->l1,
                                 .accuracy = 0.1,
                                 .allowed = factor->allowed,
                                 .gram_f64 = fit->work.gram_f64,
                                 .start = start,
                                 .older = older,
                                 .ahead = factor->ahead,
                                 .result = factor->plain};
    return hals;
}

nmf_status nmfi_half_step(nmfi_fit *fit, nmfi_improver by, nmfi_factor *factor,
                          const nmfi_factor *other, nmfi_half half, nmf_error *error)
{
    nmfi_set_gram(fit, other->gram, factor);
    /* W starts at the incumbent, which was the point ahead when H was solved for it; H starts at the
     * point ahead of its own incumbent. */
    nmfi_hals_rule hals = factor->is_W
                              ? nmfi_hals_of(fit, factor, factor->incumbent, factor->plain)
                              : nmfi_hals_of(fit, factor, factor->ahead, factor->incumbent);
    hals.momentum = half.momentum;
    hals.sweeps = half.sweeps;
    hals.measure_start = half.measure_start;
    hals.measure_result = half.measure_result;
    const nmfi_rule rule = nmfi_rule_hals(&hals);
    return by.improve(fit, by.state, factor, other->ahead, &rule, factor->ahead,
                      half.measure_start || half.measure_result, error);
}

/* Sweeps cost k^2 for each row, products n k: with few components they are nearly free, with many a
 * few do, since extrapolation carries on what they leave. */
int64_t nmfi_inner_sweeps(const nmfi_fit *fit)
{
    const int64_t asked = fit->choice.options.inner_sweeps;
    return asked > 0 ? asked : fit->k < 32 ? 16 : 4;
}

nmf_status nmfi_step_on_products(nmfi_fit *fit, nmfi_improver by, double norm2, nmfi_step_wish wish,
                                 nmfi_measured *pair, nmf_error *error)
{
    nmfi_factor *W = &fit->W, *H = &fit->H;
    const int64_t sweeps = nmfi_inner_sweeps(fit);
    const nmfi_half half_W = {sweeps, wish.begins || wish.plain ? 0.0 : wish.momentum, 1, 0};
    const nmfi_half half_H = {sweeps, wish.momentum, 0, 1};
    nmf_status status = nmfi_half_step(fit, by, W, H, half_W, error);
    if (status != NMF_OK) return status;
    const double penalty = nmfi_penalty(W, fit->k);
    status = nmfi_half_step(fit, by, H, W, half_H, error);
    pair->loss = 0.5 * norm2 + H->value[NMFI_SUM_OBJECTIVE] + penalty +
                 (fit->volume.wanted ? nmfi_volume_correction(fit, H->plain) : 0);
    /* A step from an extrapolated point has gained against that point only. */
    pair->gain = wish.plain ? W->value[NMFI_SUM_DECREASE] + H->value[NMFI_SUM_DECREASE] : 0;
    return status;
}

void nmfi_accept_alternated(nmfi_fit *fit, void *state)
{
    (void)state;
    nmfi_take_ahead(&fit->W);
    nmfi_take_plain(&fit->H);
}

nmf_status nmfi_restart_on_products(nmfi_fit *fit, nmfi_improver by, nmf_error *error)
{
    return by.improve(fit, by.state, &fit->H, NULL, NULL, fit->H.ahead, 0, error);
}

/* The objective is a sum of many rounded parts, whose errors mostly cancel: a hundredth of one
 * rounding of ||X||^2. Where the error is small, X H' is what is explained already, and the gradient
 * is soon nothing beside it while the error may still halve every few iterations: tol follows it. An
 * error within the rounding of the loss counts as that. */
nmfi_loss_scale nmfi_scale_of_products(const nmfi_fit *fit, const void *state, double loss)
{
    static const double large = 0.1; /* an error beside ||X|| from which on tol is as it is */
    const double epsilon = nmfi_epsilon_of(fit->work.kernels), norm2 = fit->facts.norm2;
    const double rounding = 0.01 * epsilon * norm2, explained = 0.5 * norm2 - loss;
    (void)state;
    return (nmfi_loss_scale){.rounding = rounding,
                             .matters = fmin(loss, fmax(explained, 0)),
                             .strict = sqrt(2 * fmax(loss, rounding) / norm2) / large,
                             .least = 8 * epsilon,
                             .nothing = epsilon * norm2};
}

nmfi_hals_rule nmfi_measuring(const nmfi_fit *fit, const nmfi_factor *factor)
{
    nmfi_hals_rule hals = nmfi_hals_of(fit, factor, factor->incumbent, factor->incumbent);
    hals.ahead = factor->plain;
    hals.measure_start = 1;
    return hals;
}
