/* One Newton step for each row of a divergence's factor (row_newton.c), which knows how the row's entries
 * depend on all of its components at once, where a multiplicative update takes each by itself. A
 * row that finds nothing lower along it takes the multiplicative update, which is proven to
 * descend, cut at its bounds too; one that has a sum stays. */
#include "rule/divergence.h"

static void improve_row(const nmfi_newton_rule *rule, const nmfi_strip_work *work, int64_t i)
{
    nmfi_row row = nmfi_row_open(work, i);
    nmfi_row_measure(&row);
    if (nmfi_row_step(&row, rule->slope_tolerance) || row.bounds.sum > 0) return;
    nmfi_strip_ratios(&row.work); /* the search may have used them up */
    nmfi_row_measure(&row);
    nmfi_row_multiply(&row, rule->gamma);
}

static void improve_strip(const void *context, nmfi_strip_work *work)
{
    const nmfi_newton_rule *rule = context;
    nmfi_strip_ratios(work);
    for (int64_t i = 0; i < work->rows && !nmfi_stop_now(work->tile->stop); i++)
        improve_row(rule, work, i);
    if (rule->step.measure_result) {
        nmfi_strip_model(work, work->strip.x, work->V);
        work->tile->sums->value[NMFI_SUM_LOSS] += nmfi_strip_divergence(work);
    }
}

static void improve(const void *context, const nmfi_tile *tile)
{
    const nmfi_newton_rule *rule = context;
    nmfi_strips(&rule->step, tile, improve_strip, rule);
}

nmfi_rule nmfi_rule_newton(const nmfi_newton_rule *context)
{
    const nmfi_rule rule = {
        .improve = improve, .context = context, .needs = NMFI_NEEDS_ROWS | NMFI_NEEDS_ZEROS};
    return rule;
}
