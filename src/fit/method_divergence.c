/* Descent for D(X || WH), W and H in turn, each by a pass along it: for the Kullback-Leibler
 * divergence by a step in a metric that all rows share (rule_metric.c) or by coordinate descent
 * (rule_scd.c), for others by Newton's step of each row (rule_newton.c). */
#include "fit/divergence.h"

#include "fit/constraints.h"
#include "fit/defaults.h"
#include "fit/shrink.h"

#include <string.h>

/* Rows of a factor whose line of X has no observed entry become 0: any value has the same loss, and 0 the least
 * penalty. */
static void forget_unseen(const nmfi_fit *fit, nmfi_factor *factor, const unsigned char *unseen)
{
    const int64_t bytes = fit->work.kernels->element_bytes, ld = factor->partition.ld;
    for (int64_t i = 0; i < factor->partition.count; i++)
        for (int64_t j = 0; unseen[i] && j < fit->k; j++)
            memset((char *)factor->incumbent + (j * ld + i) * bytes, 0, (size_t)bytes);
}

static nmf_status begin(nmfi_fit *fit, void *state, nmf_error *error)
{
    fit->progress.rule = nmfi_prefers_scd(fit)         ? NMFI_RULE_SCD
                         : nmfi_prefers_downdated(fit) ? NMFI_RULE_DOWNDATED
                         : nmfi_prefers_filled(fit)    ? NMFI_RULE_FILLED
                         : nmfi_prefers_shared(fit)    ? NMFI_RULE_SHARED
                                                       : NMFI_RULE_METRIC;
    const nmf_status status = nmfi_divergence_make_positive(fit, state, error);
    const nmfi_observed *observed = &fit->work.observed;
    if (status != NMF_OK || !observed->filled) return status;
    forget_unseen(fit, &fit->W, observed->unseen_rows);
    forget_unseen(fit, &fit->H, observed->unseen_columns);
    nmfi_clamp_factors(fit);
    return NMF_OK;
}

static nmf_status step(nmfi_fit *fit, void *state, nmfi_step_wish wish, nmfi_measured *pair,
                       nmf_error *error)
{
    const int still = wish.begins || wish.plain;
    const nmfi_divergence_half half_W = {.momentum =
                                             still || wish.skip_momentum ? 0.0 : wish.momentum,
                                         .monotone = still,
                                         .measure_start = 1};
    const nmfi_divergence_half half_H = {
        .momentum = wish.momentum, .monotone = still, .measure_start = 1, .measure_result = 1};
    nmfi_shrink_review(fit);
    if (fit->progress.rule == NMFI_RULE_DOWNDATED)
        return nmfi_downdated_step(fit, state, wish, pair, error);
    nmfi_rebalance(fit);
    nmf_status status = nmfi_divergence_half_step(fit, state, 1, half_W, error);
    if (status == NMF_OK) status = nmfi_divergence_half_step(fit, state, 0, half_H, error);
    *pair = (nmfi_measured){nmfi_divergence_loss(fit), 0};
    return status;
}

/* Sums that steps on products begin with. */
static nmf_status restart(nmfi_fit *fit, void *state, nmf_error *error)
{
    return fit->progress.rule == NMFI_RULE_DOWNDATED ? nmfi_downdated_restart(fit, state, error)
                                                     : NMF_OK;
}

static void accept(nmfi_fit *fit, void *state)
{
    (void)state;
    nmfi_take_ahead(&fit->W);
    nmfi_take_plain(&fit->H);
}

/* Where rows of X have little in common, the metric that they share is no row's own: one step in
 * two or three is thrown away, and the residual stays where it was. From there on steps are
 * coordinate descent, which knows each row by itself. */
static int recover(nmfi_fit *fit, void *state)
{
    static const double far = 0.05;
    nmfi_progress *progress = &fit->progress;
    (void)state;
    if (progress->rule == NMFI_RULE_FILLED) {
        progress->rule = NMFI_RULE_METRIC;
        return 1;
    }
    if (fit->choice.beta != 1 || progress->rule == NMFI_RULE_SCD || progress->kkt < far) return 0;
    progress->rule = NMFI_RULE_SCD;
    return 1;
}

static nmf_status measure(nmfi_fit *fit, nmfi_divergence *d, int of_W, nmf_error *error)
{
    const nmfi_divergence_half measuring = {
        .measure_only = 1, .measure_start = 1, .measure_result = 1};
    return nmfi_divergence_half_step(fit, d, of_W, measuring, error);
}

static nmf_status finish(nmfi_fit *fit, void *state, nmf_error *error)
{
    return nmfi_divergence_finish(fit, state, measure, 1, error);
}

extern const nmfi_method nmfi_method_divergence;
const nmfi_method nmfi_method_divergence = {.name = "divergence",
                                            .state_bytes = sizeof(nmfi_divergence),
                                            .plan = nmfi_divergence_plan,
                                            .layout = nmfi_divergence_layout,
                                            .prepare = nmfi_divergence_prepare,
                                            .begin = begin,
                                            .step = step,
                                            .accept = accept,
                                            .restart = restart,
                                            .recover = recover,
                                            .scale = nmfi_scale_of_divergence,
                                            .finish = finish,
                                            .begins_single = 1,
                                            .change_kernels = nmfi_divergence_change_kernels,
                                            .trial_iterations = 10,
                                            .flat = 10,
                                            .watches_residual = 1,
                                            .deepens = 1};
