/* The multiplicative update for any beta, x <- x (num / den)^gamma, which never raises the
 * divergence: Fevotte & Idier 2011. Guards and order of operations are scikit-learn's. */
#include "rule/divergence.h"

static void improve_strip(const void *context, nmfi_strip_work *work)
{
    const nmfi_mu_rule *rule = context;
    const nmfi_kernels *kernels = rule->step.kernels;
    nmfi_strip_ratios(work);
    if (!rule->measure_only)
        kernels->strip_multiply(&work->strip, rule->gamma, rule->no_den, rule->cut);
    if (!rule->measure_only) nmfi_strip_clamp(work, work->strip.x);
    if (rule->step.measure_result) {
        if (!rule->measure_only) nmfi_strip_model(work, work->strip.x, work->V);
        work->tile->sums->value[NMFI_SUM_LOSS] += nmfi_strip_divergence(work);
    }
}

static void improve(const void *context, const nmfi_tile *tile)
{
    const nmfi_mu_rule *rule = context;
    nmfi_strips(&rule->step, tile, improve_strip, rule);
}

/* Measured only: they are 0 and add nothing. */
static void nothing(const void *context, int64_t first, int64_t count)
{
    (void)context;
    (void)first;
    (void)count;
}

nmfi_rule nmfi_rule_mu(const nmfi_mu_rule *context)
{
    const nmfi_rule rule = {.improve = improve,
                            .context = context,
                            .nothing = context->measure_only && context->step.least > 0 &&
                                               !context->step.allowed.lower
                                           ? nothing
                                           : NULL,
                            .needs = NMFI_NEEDS_ROWS | NMFI_NEEDS_ZEROS};
    return rule;
}
