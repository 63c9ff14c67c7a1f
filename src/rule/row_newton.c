/* Newton steps of one row of a divergence's factor, each to the exact minimizer of its quadratic model
 * over x >= 0 (block_pivoting.c), as far as lowers the row's loss. Hessian = F diag(w) F', w = ((beta - 1) S
 * + (2 - beta) R) / v where D is convex, 1 <= beta <= 2, else its expectation at v = x, w = S / v
 * (Fisher's scoring). */
#include "rule/divergence.h"

#include <float.h>
#include <math.h>

nmfi_row nmfi_row_open(const nmfi_strip_work *work, int64_t i)
{
    const int64_t k = work->strip.k;
    nmfi_row row = {.step = work->step,
                    .work = nmfi_strip_row(work, i),
                    .hessian = work->small,
                    .x = work->small + k * k};
    row.g = row.x + k;
    row.num = row.g + k;
    row.p = row.num + k;
    row.z = row.p + k;
    row.pg = row.z + k;
    row.pivoting = row.pg + 3 * k;
    return row;
}

static double entry(const nmfi_row *row, const void *array, int64_t j)
{
    const nmfi_kernels *kernels = row->step->kernels;
    double value;
    kernels->to_f64((const char *)array + j * row->work.strip.ld * kernels->element_bytes, &value,
                    1);
    return value;
}

static void set_entry(const nmfi_row *row, void *array, int64_t j, double value)
{
    const nmfi_kernels *kernels = row->step->kernels;
    kernels->from_f64(&value, (char *)array + j * row->work.strip.ld * kernels->element_bytes, 1);
}

static double square(double value)
{
    return value * value;
}

/* D is convex in a row. */
static int is_convex(const nmfi_row *row)
{
    return row->step->beta >= 1 && row->step->beta <= 2;
}

/* The row's bounds, and what of its gradient counts between them. */
static void look_at_bounds(nmfi_row *row)
{
    const int64_t k = row->step->k;
    double *lower = row->pg + k, *upper = lower + k;
    for (int64_t j = 0; j < k; j++) {
        lower[j] = entry(row, row->work.strip.lower, j);
        upper[j] = entry(row, row->work.strip.upper, j);
    }
    row->bounds = (nmfi_row_bounds){lower, upper, row->step->allowed.sum, k};
    nmfi_row_project_gradient(&row->bounds, row->x, row->g, row->pg);
}

void nmfi_row_measure(nmfi_row *row)
{
    const nmfi_divergence_step *step = row->step;
    row->residual = row->reference = 0;
    for (int64_t j = 0; j < step->k; j++) {
        const double num = entry(row, row->work.num, j), x = entry(row, row->work.strip.x, j);
        row->x[j] = x;
        row->num[j] = num;
        row->g[j] = entry(row, row->work.den, j) + step->l1 + step->l2 * x - num;
        row->pg[j] = x > 0 ? row->g[j] : fmin(row->g[j], 0);
    }
    if (row->work.strip.lower) look_at_bounds(row);
    for (int64_t j = 0; j < step->k; j++) {
        row->residual += square(row->pg[j]);
        row->reference += square(row->num[j]);
    }
}

/* Model entries that are small beside their mean become that small, so that what is divided by them does not count. */
static void lift_model(nmfi_row *row)
{
    static const double small = 1e-3;
    const nmfi_kernels *kernels = row->step->kernels;
    const int64_t bytes = kernels->element_bytes, columns = row->work.X.columns;
    char *V = row->work.V;
    const double floor = small * kernels->sum(V, row->work.ldv, 1, columns) / (double)columns;
    for (int64_t c = 0; c < columns; c++) {
        double value;
        kernels->to_f64(V + c * bytes, &value, 1);
        if (value < floor) kernels->from_f64(&floor, V + c * bytes, 1);
    }
}

/* z, the quadratic model's minimum over z >= 0; the slope of the step there. */
static double aim(nmfi_row *row)
{
    const int64_t k = row->step->k;
    const double beta = row->step->beta;
    double slope = 0;
    if (row->blunt) lift_model(row);
    nmfi_strip_hessian(&row->work, is_convex(row) ? 2 - beta : 0, is_convex(row) ? beta - 1 : 1,
                       row->hessian);
    /* Where it is as good as singular, no direction that its rounding makes up is followed far. */
    double damping = 0;
    for (int64_t j = 0; j < k && row->blunt; j++)
        damping += 1e-3 * row->hessian[j * k + j] / (double)k;
    for (int64_t j = 0; j < k; j++) {
        row->hessian[j * k + j] += row->step->l2 + damping;
        row->p[j] = -row->g[j];
        for (int64_t l = 0; l < k; l++) row->p[j] += row->hessian[j * k + l] * row->x[l];
        row->z[j] = row->x[j];
    }
    const double rounding = row->step->kernels->element_bytes == 4 ? FLT_EPSILON : DBL_EPSILON;
    if (row->bounds.lower)
        nmfi_row_solve(&row->bounds, row->hessian, row->p, rounding, row->z, row->pivoting);
    else
        nmfi_pivot(row->hessian, row->p, k, rounding, row->z, row->pivoting);
    /* Where beta < 1 a model that vanishes is a wall that Newton's steps towards zero come ever closer
     * to without reaching it, and where gradients are beyond all bounds: zero is what they mean. */
    for (int64_t j = 0; j < k; j++) {
        const int bounded = row->bounds.sum > 0 || (row->bounds.lower && row->bounds.lower[j] > 0);
        if (row->z[j] <= sqrt(rounding) * row->x[j] && !bounded) row->z[j] = 0;
    }
    for (int64_t j = 0; j < k; j++) slope += row->g[j] * (row->z[j] - row->x[j]);
    return slope;
}

/* The row's own loss at x, whose model is in V. */
static double value(nmfi_row *row)
{
    double sum = nmfi_strip_divergence(&row->work);
    for (int64_t j = 0; j < row->step->k; j++) {
        const double x = entry(row, row->work.strip.x, j);
        sum += row->step->l1 * x + 0.5 * row->step->l2 * x * x;
    }
    return sum;
}

static void move(nmfi_row *row, double t)
{
    for (int64_t j = 0; j < row->step->k; j++) {
        const nmfi_row_bounds *bounds = &row->bounds;
        double to = row->x[j] + t * (row->z[j] - row->x[j]);
        if (bounds->lower && t == 1) to = row->z[j]; /* a bound, to the bit */
        to = fmax(bounds->lower ? bounds->lower[j] : 0, to);
        set_entry(row, row->work.strip.x, j, bounds->lower ? fmin(to, bounds->upper[j]) : to);
    }
}

/* Towards z, as far as lowers the row's loss; 0 where that is nowhere. */
static int land_by_value(nmfi_row *row)
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
static double slope_at(nmfi_row *row, double slope, double t)
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
static int land_by_slope(nmfi_row *row, double slope, double slope_tolerance)
{
    enum { TRIALS = 12 };
    static const double level = 0.2;
    double t = 1, before = 0, beyond = HUGE_VAL;
    for (int64_t j = 0; j < row->step->k; j++)
        set_entry(row, row->work.z, j, row->z[j] - row->x[j]);
    if (row->step->beta == 1) nmfi_strip_model(&row->work, row->work.z, row->work.R);
    for (int trial = 0; trial < TRIALS; trial++) {
        const double there = slope_at(row, slope, t);
        if (there <= -slope_tolerance * slope) {
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

int nmfi_row_step(nmfi_row *row, double slope_tolerance)
{
    const double slope = aim(row);
    if (!(slope < 0)) return 0;
    return is_convex(row) ? land_by_slope(row, slope, slope_tolerance) : land_by_value(row);
}

void nmfi_row_multiply(nmfi_row *row, double gamma)
{
    for (int64_t j = 0; j < row->step->k; j++) {
        const double num = entry(row, row->work.num, j), den = row->g[j] + num;
        if (den > 0) set_entry(row, row->work.strip.x, j, row->x[j] * pow(num / den, gamma));
    }
    nmfi_strip_clamp(&row->work, row->work.strip.x);
}
