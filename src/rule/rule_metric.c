/* One step of a row in a metric that all rows share, for the Kullback-Leibler divergence. The
 * Hessian of row i is F diag(x_i / v_i^2) F', and where the model is near, x / v^2 ~ 1 / v ~ sum
 * / (r_i c_j), with r and c the model's own sums along rows and columns: but for a number the
 * same k x k matrix M = F diag(1 / c) F',   Hessian_i ~ M sum / r_i, so that the kernel `hals`
 * finds the step of a whole tile. Along the step the slope is known exactly, f'(t) = f'(0) + t
 * sum_j x_j u_j^2 / (v_j (v_j + t u_j)),   u = F'd, and convex f makes a point whose slope is
 * not positive lower than the start: no logarithm needed. A row that finds no such point takes
 * the multiplicative update, which is proven to descend. */
#include "rule/divergence.h"

#include <math.h>
#include <string.h>

/* z = the minimizer of the quadratic model over z >= 0, then the step to it. */
static void find_step(const nmfi_metric_rule *rule, nmfi_strip_work *work)
{
    const nmfi_kernels *kernels = rule->step.kernels;
    const int64_t first = work->tile->first + work->first, bytes = kernels->element_bytes;
    double *scale = work->lane[NMFI_LANE_VALUE];
    memset(scale, 0, (size_t)work->lanes * sizeof *scale);
    kernels->to_f64((const char *)rule->row_sums + first * bytes, scale, work->rows);
    /* A row whose model is almost nothing would be given a Hessian almost infinite. */
    for (int64_t i = 0; i < work->lanes; i++) scale[i] *= 1e-3;
    kernels->strip_quadratic_rhs(&work->strip, rule->gram, rule->sum, scale, work->p);
    memcpy(work->z, work->strip.x, (size_t)(rule->step.k * work->lanes * bytes));
    nmfi_hals hals = {.x = work->z,
                      .ldx = work->lanes,
                      .older = work->older,
                      .ahead = work->ahead,
                      .p = work->p,
                      .ldp = work->lanes,
                      .gram = rule->gram,
                      .inverse = rule->inverse,
                      .k = rule->step.k,
                      .lanes = work->lanes,
                      .lower = work->strip.lower,
                      .upper = work->strip.upper,
                      .ldb = work->strip.ld,
                      .sweeps = rule->sweeps,
                      .accuracy = rule->accuracy};
    if (rule->each_row)
        (void)kernels->solve(&hals);
    else
        kernels->hals(&hals);
    kernels->strip_direction(&work->strip, work->z, work->lane[NMFI_LANE_SLOPE],
                             work->lane[NMFI_LANE_SQUARE]);
}

double nmfi_shorter_step(int trial, double t, double slope, double there)
{
    static const double wall = 100, before_wall = 0.9, shortest = 0.1;
    if (trial == 0 && there > -wall * slope) return before_wall * t;
    return fmax(shortest * t, t * slope / (slope - there));
}

/* What row i's step along U is where the whole of it lands too far beyond the minimum, at `there`; -1: nothing is lower. */
static double shorten(const nmfi_metric_rule *rule, const nmfi_strip_work *work, int64_t i,
                      double there)
{
    enum { TRIALS = 6 };
    const double slope = work->lane[NMFI_LANE_SLOPE][i];
    const double l2 = rule->step.l2 * work->lane[NMFI_LANE_SQUARE][i];
    nmfi_strip_work row = nmfi_strip_row(work, i);
    double t = 1, growth;
    for (int trial = 0; trial < TRIALS - 1; trial++) {
        if (!(there < HUGE_VAL)) return -1;
        t = nmfi_shorter_step(trial, t, slope, there);
        if (rule->slope_tolerance == 0) t *= 0.9; /* nothing beyond the minimum is allowed */
        nmfi_strip_curvatures(&row, row.R, &t, &growth);
        there = slope + t * (growth + l2);
        if (there <= -rule->slope_tolerance * slope) return t;
    }
    return -1;
}

/* Row i's step along U: 1, or shorter where that lands too far beyond the minimum, or -1. */
static double search_row(const nmfi_metric_rule *rule, const nmfi_strip_work *work, int64_t i)
{
    const double slope = work->lane[NMFI_LANE_SLOPE][i];
    const double l2 = rule->step.l2 * work->lane[NMFI_LANE_SQUARE][i];
    if (!(slope < 0)) return slope >= 0 ? 0 : -1; /* nothing to gain; not a number */
    const double there = slope + work->lane[NMFI_LANE_CURVATURE][i] + l2;
    return there <= -rule->slope_tolerance * slope ? 1 : shorten(rule, work, i, there);
}

void nmfi_metric_direct(const nmfi_metric_rule *rule, nmfi_strip_work *work)
{
    double *steps = work->lane[NMFI_LANE_STEP];
    find_step(rule, work);
    for (int64_t i = 0; i < work->lanes; i++) steps[i] = 1;
    nmfi_strip_direction(work, steps, work->lane[NMFI_LANE_CURVATURE]);
    for (int64_t i = 0; i < work->rows; i++) steps[i] = search_row(rule, work, i);
}

/* The divergence of the rows at the result. */
static double arrive(nmfi_strip_work *work)
{
    const double *steps = work->lane[NMFI_LANE_STEP];
    int multiplied = 0;
    for (int64_t i = 0; i < work->rows; i++) multiplied |= steps[i] < 0;
    if (!multiplied) return nmfi_strip_divergence_along(work, steps);
    nmfi_strip_model(work, work->strip.x, work->V);
    return nmfi_strip_divergence(work);
}

static void improve_strip(const void *context, nmfi_strip_work *work)
{
    const nmfi_metric_rule *rule = context;
    nmfi_strip_ratios(work);
    nmfi_metric_direct(rule, work);
    rule->step.kernels->strip_take_step(&work->strip, work->z, work->lane[NMFI_LANE_STEP]);
    nmfi_strip_clamp(work, work->strip.x);
    if (rule->step.measure_result) work->tile->sums->value[NMFI_SUM_LOSS] += arrive(work);
}

static void improve(const void *context, const nmfi_tile *tile)
{
    const nmfi_metric_rule *rule = context;
    nmfi_strips(&rule->step, tile, improve_strip, rule);
}

nmfi_rule nmfi_rule_metric(const nmfi_metric_rule *context)
{
    const nmfi_rule rule = {
        .improve = improve, .context = context, .needs = NMFI_NEEDS_ROWS | NMFI_NEEDS_ZEROS};
    return rule;
}
