/* Each row of a divergence's factor to its own end, from a start of its own: what transform
 * does, and the fit's last visit. Steps for the whole strip go most of the way (shared metric
 * for beta 1, else multiplicative); a row that is not there then takes Newton steps of its own
 * (row_newton.c). A row's answer never depends on its neighbours. */
#include "rule/divergence.h"

#include <math.h>
#include <string.h>

/* A row whose entries have weights: no metric is shared with others, nor known sums. */
static int is_alone(const nmfi_strip_work *work)
{
    return work->tile->F_sums != NULL;
}

/* Every component alike, with X's own sum. */
static void start_rows(const nmfi_solve_divergence_rule *rule, nmfi_strip_work *work)
{
    const nmfi_divergence_step *step = &rule->metric.step;
    const nmfi_kernels *kernels = step->kernels;
    const int64_t first = work->tile->first + work->first, bytes = kernels->element_bytes;
    double row[NMFI_LANES_MAX], sum = 0;
    for (int64_t j = 0; j < step->k; j++) sum += work->F_sums[j];
    if (is_alone(work))
        row[0] = step->scale * kernels->sum(work->X.data, work->ldv, 1, work->X.columns);
    else
        kernels->to_f64((const char *)rule->metric.row_sums + first * bytes, row, work->rows);
    for (int64_t i = 0; i < work->lanes; i++)
        row[i] = i < work->rows && sum > 0 ? fabs(row[i]) / sum : 0; /* entries may be below 0 */
    for (int64_t j = 0; j < step->k; j++)
        kernels->from_f64(row, (char *)work->strip.x + j * work->lanes * bytes, work->lanes);
    nmfi_strip_clamp(work, work->strip.x);
}

static int settled(const nmfi_solve_divergence_rule *rule, const nmfi_strip_work *work, int64_t i)
{
    return work->lane[NMFI_LANE_RESIDUAL][i] <=
           rule->accuracy * rule->accuracy * work->lane[NMFI_LANE_REFERENCE][i];
}

/* Steps for all rows that are not settled; those that are stay where they are. */
static int64_t step_together(const nmfi_solve_divergence_rule *rule, const nmfi_metric_rule *metric,
                             nmfi_strip_work *work)
{
    const nmfi_kernels *kernels = rule->metric.step.kernels;
    int64_t open = 0;
    nmfi_strip_ratios(work);
    kernels->strip_residual(&work->strip, work->lane[NMFI_LANE_RESIDUAL],
                            work->lane[NMFI_LANE_REFERENCE]);
    for (int64_t i = 0; i < work->rows; i++) open += !settled(rule, work, i);
    if (open == 0) return 0;
    if (rule->metric.step.beta == 1) {
        nmfi_metric_direct(metric, work);
    } else {
        memcpy(work->z, work->strip.x,
               (size_t)(work->strip.k * work->lanes * kernels->element_bytes));
        nmfi_strip multiplied = work->strip;
        multiplied.x = work->z;
        kernels->strip_multiply(&multiplied, rule->gamma, rule->no_den, 0);
        nmfi_strip_clamp(work, work->z);
        kernels->strip_direction(&work->strip, work->z, work->lane[NMFI_LANE_SLOPE],
                                 work->lane[NMFI_LANE_SQUARE]);
        for (int64_t i = 0; i < work->lanes; i++) work->lane[NMFI_LANE_STEP][i] = 1;
    }
    for (int64_t i = 0; i < work->rows; i++)
        if (settled(rule, work, i)) work->lane[NMFI_LANE_STEP][i] = 0;
    kernels->strip_take_step(&work->strip, work->z, work->lane[NMFI_LANE_STEP]);
    nmfi_strip_clamp(work, work->strip.x);
    return open;
}

static void finish_row(const nmfi_solve_divergence_rule *rule, const nmfi_strip_work *work,
                       int64_t i)
{
    const double beta = rule->metric.step.beta;
    const int convex =
        beta > 1 && beta <= 2; /* for beta 1 the strip's steps have done what can be */
    enum { STEPS = 30, MORE = 300 };
    static const double slope_tolerance = 0.2;
    nmfi_row row = nmfi_row_open(work, i);
    for (int newton = 0; newton < (convex ? MORE : STEPS); newton++) {
        nmfi_strip_ratios(&row.work);
        nmfi_row_measure(&row);
        if (row.residual <= rule->accuracy * rule->accuracy * row.reference) return;
        if (newton == STEPS) row.blunt = 1;
        if (nmfi_row_step(&row, slope_tolerance)) continue;
        if (!convex) return;
        row.blunt = !row.blunt;
        if (row.blunt) continue;
        nmfi_strip_ratios(&row.work); /* the search may have used them up */
        nmfi_row_measure(&row);
        nmfi_row_multiply(&row, rule->gamma);
    }
}

/* Steps for the strip, up to as many as cost about what Newton's would; how many rows are still on
 * their way. Each aims closer than the one before, whose end its own beginning is. */
static int64_t approach(const nmfi_solve_divergence_rule *rule, nmfi_strip_work *work)
{
    enum { TOGETHER = 8 };
    static const double closer = 0.1;
    nmfi_metric_rule metric = rule->metric;
    int64_t open = work->rows;
    const int apart = is_alone(work) || work->step->allowed.sum > 0;
    for (int step = 0; step < TOGETHER && open > 0 && !apart; step++) {
        open = step_together(rule, &metric, work);
        metric.accuracy = fmax(closer * metric.accuracy, rule->accuracy);
    }
    return open;
}

static void improve_strip(const void *context, nmfi_strip_work *work)
{
    const nmfi_solve_divergence_rule *rule = context;
    start_rows(rule, work);
    const int measures = work->measures;
    work->measures = 0;
    const int64_t open = approach(rule, work);
    for (int64_t i = 0; i < work->rows && open > 0 && !nmfi_stop_now(work->tile->stop); i++)
        finish_row(rule, work, i);
    work->measures = measures;
    nmfi_strip_ratios(work);
    if (rule->metric.step.measure_result)
        work->tile->sums->value[NMFI_SUM_LOSS] += nmfi_strip_divergence(work);
}

static void improve(const void *context, const nmfi_tile *tile)
{
    const nmfi_solve_divergence_rule *rule = context;
    nmfi_strips(&rule->metric.step, tile, improve_strip, rule);
}

static void nothing(const void *context, int64_t first, int64_t count)
{
    const nmfi_solve_divergence_rule *rule = context;
    nmfi_strip_nothing(&rule->metric.step, first, count);
}

nmfi_rule nmfi_rule_solve_divergence(const nmfi_solve_divergence_rule *context)
{
    const nmfi_rule rule = {.improve = improve,
                            .context = context,
                            .nothing = context->metric.step.allowed.lower ? NULL : nothing,
                            .needs = NMFI_NEEDS_ROWS | NMFI_NEEDS_ZEROS};
    return rule;
}
