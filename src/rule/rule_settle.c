/* Each row of a divergence's factor to its own end, from a start of its own: what transform
 * does, and the fit's last visit. Steps for the whole strip go most of the way (shared metric
 * for beta 1, else multiplicative); a row that is not there then takes Newton steps of its own,
 * each the exact minimizer of its quadratic model over x >= 0 (pivot.c): Hessian = F diag(w) F',
 * w = ((beta - 1) S + (2 - beta) R) / v where D is convex, 1 <= beta <= 2, else its expectation
 * at v = x, w = S / v. A row's answer never depends on its neighbours. */
#include "rule/divergence.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Every component alike, with X's own sum. */
static void start_rows(const nmfi_settle_rule *rule, nmfi_strip_work *work)
{
    const nmfi_divergence_step *step = &rule->metric.step;
    const nmfi_kernels *kernels = step->kernels;
    const int64_t first = work->tile->first + work->first, bytes = kernels->element_bytes;
    double row[NMFI_LANES_MAX], sum = 0;
    for (int64_t j = 0; j < step->k; j++) sum += step->F_sums[j];
    kernels->to_f64((const char *)rule->metric.own_sums + first * bytes, row, work->rows);
    for (int64_t i = 0; i < work->lanes; i++) row[i] = i < work->rows && sum > 0 ? row[i] / sum : 0;
    for (int64_t j = 0; j < step->k; j++)
        kernels->from_f64(row, (char *)work->strip.x + j * work->lanes * bytes, work->lanes);
}

static int settled(const nmfi_settle_rule *rule, const nmfi_strip_work *work, int64_t i)
{
    return work->lane[NMFI_LANE_RESIDUAL][i] <=
           rule->accuracy * rule->accuracy * work->lane[NMFI_LANE_REFERENCE][i];
}

/* Steps for all rows that are not settled; those that are stay where they are. */
static int64_t step_together(const nmfi_settle_rule *rule, const nmfi_metric_rule *metric,
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
        kernels->strip_difference(&work->strip, work->z, work->lane[NMFI_LANE_SLOPE],
                                  work->lane[NMFI_LANE_SQUARE]);
        for (int64_t i = 0; i < work->lanes; i++) work->lane[NMFI_LANE_STEP][i] = 1;
    }
    for (int64_t i = 0; i < work->rows; i++)
        if (settled(rule, work, i)) work->lane[NMFI_LANE_STEP][i] = 0;
    kernels->strip_move(&work->strip, work->z, work->lane[NMFI_LANE_STEP]);
    return open;
}

/* --- one row -------------------------------------------------------------------------------- */

/* In f64, k numbers each. */
typedef struct row_newton {
    const nmfi_divergence_step *step;
    nmfi_strip_work work;
    double accuracy, *hessian, *x, *g, *p, *z;
    void *pivoting;
} row_newton;

static row_newton open_row(const nmfi_settle_rule *rule, const nmfi_strip_work *work, int64_t i)
{
    const int64_t k = work->strip.k;
    row_newton row = {.step = &rule->metric.step,
                      .work = nmfi_strip_row(work, i),
                      .accuracy = rule->accuracy,
                      .hessian = work->small,
                      .x = work->small + k * k};
    row.g = row.x + k;
    row.p = row.g + k;
    row.z = row.p + k;
    row.pivoting = row.z + k;
    return row;
}

static double entry(const row_newton *row, const void *array, int64_t j)
{
    const nmfi_kernels *kernels = row->step->kernels;
    double value;
    kernels->to_f64((const char *)array + j * row->work.strip.ld * kernels->element_bytes, &value,
                    1);
    return value;
}

static void set_entry(const row_newton *row, void *array, int64_t j, double value)
{
    const nmfi_kernels *kernels = row->step->kernels;
    kernels->from_f64(&value, (char *)array + j * row->work.strip.ld * kernels->element_bytes, 1);
}

static double square(double value)
{
    return value * value;
}

/* x and the gradient at it; whether that is where the row should be. */
static int look(row_newton *row)
{
    const nmfi_divergence_step *step = row->step;
    double residual = 0, reference = 0;
    nmfi_strip_ratios(&row->work);
    for (int64_t j = 0; j < step->k; j++) {
        const double num = entry(row, row->work.num, j), x = entry(row, row->work.strip.x, j);
        row->x[j] = x;
        row->g[j] = entry(row, row->work.den, j) + step->l1 + step->l2 * x - num;
        residual += square(x > 0 ? row->g[j] : fmin(row->g[j], 0));
        reference += square(num);
    }
    return residual <= square(row->accuracy) * reference;
}

/* z, the quadratic model's minimum over z >= 0; the slope of the step there. */
static double aim(row_newton *row)
{
    const int64_t k = row->step->k;
    const double beta = row->step->beta;
    const int convex = beta >= 1 && beta <= 2;
    double slope = 0;
    nmfi_strip_hessian(&row->work, convex ? 2 - beta : 0, convex ? beta - 1 : 1, row->hessian);
    for (int64_t j = 0; j < k; j++) {
        row->hessian[j * k + j] += row->step->l2;
        row->p[j] = -row->g[j];
        for (int64_t l = 0; l < k; l++) row->p[j] += row->hessian[j * k + l] * row->x[l];
        row->z[j] = row->x[j];
    }
    const double rounding = row->step->kernels->element_bytes == 4 ? FLT_EPSILON : DBL_EPSILON;
    nmfi_pivot(row->hessian, row->p, k, rounding, row->z, row->pivoting);
    for (int64_t j = 0; j < k; j++) slope += row->g[j] * (row->z[j] - row->x[j]);
    return slope;
}

/* The row's own loss at x, whose model is in V. */
static double value(row_newton *row)
{
    double sum = nmfi_strip_divergence(&row->work);
    for (int64_t j = 0; j < row->step->k; j++) {
        const double x = entry(row, row->work.strip.x, j);
        sum += row->step->l1 * x + 0.5 * row->step->l2 * x * x;
    }
    return sum;
}

static void move(row_newton *row, double t)
{
    for (int64_t j = 0; j < row->step->k; j++)
        set_entry(row, row->work.strip.x, j, fmax(0, row->x[j] + t * (row->z[j] - row->x[j])));
}

/* Towards z, as far as lowers the row's loss; 0 where that is nowhere. */
static int land_by_value(row_newton *row)
{
    enum { HALVINGS = 12 };
    const double before = value(row);
    double t = 1;
    for (int halving = 0; halving < HALVINGS; halving++, t *= 0.5) {
        move(row, t);
        nmfi_strip_model(&row->work, row->work.strip.x, row->work.V);
        if (value(row) < before) return 1;
    }
    move(row, 0);
    return 0;
}

/* The slope at x + t d. For beta 1 it is known without forming ratios anew, from U = d'F in R's
 * panel. */
static double slope_at(row_newton *row, double slope, double t)
{
    const nmfi_divergence_step *step = row->step;
    double growth, squares = 0, there = 0;
    if (step->beta == 1) {
        nmfi_strip_curvatures(&row->work, row->work.R, &t, &growth);
        for (int64_t j = 0; j < step->k; j++) squares += square(row->z[j] - row->x[j]);
        return slope + t * (growth + step->l2 * squares);
    }
    move(row, t);
    nmfi_strip_ratios(&row->work);
    for (int64_t j = 0; j < step->k; j++) {
        const double g = entry(row, row->work.den, j) - entry(row, row->work.num, j) + step->l1 +
                         step->l2 * entry(row, row->work.strip.x, j);
        there += g * (row->z[j] - row->x[j]);
    }
    return there;
}

/* The same where D is convex, by slopes. Trap: values would let a row run onto the wall where a
 * model entry vanishes, whose punishment is small for small entries; from there Newton's steps
 * hardly come back. Slopes see the wall. A secant from there falls far short of the minimum: what
 * it finds is only where the search begins. */
static int land_by_slope(row_newton *row, double slope)
{
    enum { TRIALS = 12 };
    static const double level = 0.2;
    double t = 1, before = 0, beyond = HUGE_VAL;
    for (int64_t j = 0; j < row->step->k; j++)
        set_entry(row, row->work.z, j, row->z[j] - row->x[j]);
    if (row->step->beta == 1) nmfi_strip_model(&row->work, row->work.z, row->work.R);
    for (int trial = 0; trial < TRIALS; trial++) {
        const double there = slope_at(row, slope, t);
        if (there <= -level * slope) {
            before = t;
            if (there >= level * slope || beyond == HUGE_VAL) break;
        } else if (there < HUGE_VAL) {
            beyond = t;
        } else {
            break;
        }
        t = before > 0 ? 0.5 * (before + beyond) : nmfi_shorter_step(trial, t, slope, there);
    }
    move(row, before);
    return before > 0;
}

static void finish_row(const nmfi_settle_rule *rule, const nmfi_strip_work *work, int64_t i)
{
    enum { STEPS = 30 };
    row_newton row = open_row(rule, work, i);
    for (int newton = 0; newton < STEPS; newton++) {
        if (look(&row)) return;
        const double slope = aim(&row);
        if (!(slope < 0)) return;
        const int convex = row.step->beta >= 1 && row.step->beta <= 2;
        if (!(convex ? land_by_slope(&row, slope) : land_by_value(&row))) return;
    }
}

/* Steps for the strip, up to as many as cost about what Newton's would; how many rows are still on
 * their way. Each aims closer than the one before, whose end its own beginning is. */
static int64_t approach(const nmfi_settle_rule *rule, nmfi_strip_work *work)
{
    enum { TOGETHER = 8 };
    static const double closer = 0.1;
    nmfi_metric_rule metric = rule->metric;
    int64_t open = work->rows;
    for (int step = 0; step < TOGETHER && open > 0; step++) {
        open = step_together(rule, &metric, work);
        metric.accuracy = fmax(closer * metric.accuracy, rule->accuracy);
    }
    return open;
}

static void improve(const void *context, const nmfi_tile *tile)
{
    const nmfi_settle_rule *rule = context;
    nmfi_strip_work work;
    for (int64_t first = 0; first < tile->rows; first += work.lanes) {
        nmfi_strip_begin(&work, &rule->metric.step, tile, first);
        start_rows(rule, &work);
        const int measures = work.measures;
        work.measures = 0;
        const int64_t open = approach(rule, &work);
        for (int64_t i = 0; i < work.rows && open > 0; i++) finish_row(rule, &work, i);
        work.measures = measures;
        nmfi_strip_ratios(&work);
        if (rule->metric.step.measure_result)
            tile->sums->value[NMFI_SUM_DISTANCE] += nmfi_strip_divergence(&work);
        nmfi_strip_end(&work);
    }
}

static void nothing(const void *context, int64_t first, int64_t count)
{
    const nmfi_settle_rule *rule = context;
    nmfi_strip_nothing(&rule->metric.step, first, count);
}

nmfi_rule nmfi_rule_settle(const nmfi_settle_rule *context)
{
    const nmfi_rule rule = {improve, context, nothing};
    return rule;
}
