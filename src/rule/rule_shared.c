/* Half steps of the Frobenius loss where entries have weights: the Hessian of row i is F diag(w_i) F', and where
 * weights are about r_i c_j, with the means r of rows and c of columns, it is r_i times what all rows share, M =
 * F diag(c) F'. The kernel `hals` finds the step in that metric for a whole strip; along it the weighted loss is a
 * parabola, whose minimum is known,
 *
 *   t = -g'd / sum_j w_ij (F'd)_j^2,
 *
 * and every row goes there, beyond the step where its bounds allow that. No row's loss rises, whatever its weights.
 * Three products with the other factor, where each row's own Hessian would take k / 2. */
#include "rule/divergence.h"

#include <math.h>
#include <string.h>

/* V becomes w (x - v), and half of the squares, weighted, the value of the lane. */
static void residual(const nmfi_shared_rule *rule, const nmfi_strip_work *work)
{
    const nmfi_kernels *kernels = rule->step.kernels;
    const int64_t bytes = kernels->element_bytes;
    for (int64_t i = 0; i < work->rows; i++) {
        const int64_t row = work->tile->first + work->first + i;
        work->lane[NMFI_LANE_VALUE][i] =
            0.5 * kernels->weighted_residual(
                      (const char *)work->X.data + i * work->X.row_stride * bytes,
                      (const char *)rule->u + row * rule->ldu * bytes, work->X.columns,
                      rule->step.scale, (char *)work->V + i * work->ldv * bytes);
    }
}

/* sum_j w_ij (F'd)_j^2, from R = z'F. */
static void curvatures(const nmfi_shared_rule *rule, const nmfi_strip_work *work)
{
    const nmfi_kernels *kernels = rule->step.kernels;
    const int64_t bytes = kernels->element_bytes;
    for (int64_t i = 0; i < work->rows; i++) {
        const int64_t row = work->tile->first + work->first + i;
        work->lane[NMFI_LANE_CURVATURE][i] = kernels->weighted_squares(
            (const char *)rule->u + row * rule->ldu * bytes,
            (const char *)work->R + i * work->ldv * bytes, work->X.columns);
    }
}

static void load(const nmfi_strip_work *work, const void *array, int64_t j, double *numbers)
{
    const nmfi_kernels *kernels = work->step->kernels;
    kernels->to_f64((const char *)array + j * work->strip.ld * kernels->element_bytes, numbers,
                    work->lanes);
}

static void store(const nmfi_strip_work *work, const double *numbers, void *array, int64_t j)
{
    const nmfi_kernels *kernels = work->step->kernels;
    kernels->from_f64(numbers, (char *)array + j * work->strip.ld * kernels->element_bytes,
                      work->lanes);
}

/* The KKT sums. What gradients are differences of, w x F', is the residual's product and the model's, which in the
 * metric is r M x. */
static void measure(const nmfi_shared_rule *rule, const nmfi_strip_work *work)
{
    const double *inverse = work->lane[NMFI_LANE_REFERENCE];
    double x[NMFI_LANES_MAX], p[NMFI_LANES_MAX], num[NMFI_LANES_MAX];
    nmfi_strip strip = work->strip;
    strip.num = work->older;
    strip.den = work->ahead;
    for (int64_t j = 0; j < strip.k; j++) {
        load(work, strip.x, j, x);
        load(work, work->p, j, p);
        load(work, work->num, j, num);
        for (int64_t i = 0; i < work->lanes; i++) {
            p[i] = (inverse[i] > 0 ? p[i] / inverse[i] : 0) + strip.l1 + strip.l2 * x[i];
            num[i] = p[i] - num[i];
        }
        store(work, p, work->older, j);
        store(work, num, work->ahead, j);
    }
    rule->step.kernels->strip_measure(&strip, work->tile->sums->pg2, work->tile->sums->ref2);
}

/* z: the step in the metric; slopes along it. */
static void find_step(const nmfi_shared_rule *rule, const nmfi_strip_work *work)
{
    const nmfi_kernels *kernels = rule->step.kernels;
    const int64_t first = work->tile->first + work->first, bytes = kernels->element_bytes;
    double *const inverse = work->lane[NMFI_LANE_REFERENCE];
    for (int64_t i = 0; i < work->lanes; i++) {
        const double mean = i < work->rows ? rule->row_means[first + i] : 0;
        inverse[i] = mean > 0 ? 1 / mean : 0;
    }
    kernels->strip_quadratic_rhs(&work->strip, rule->gram, 1, inverse, work->p);
    if (rule->step.measure_start) measure(rule, work);
    memcpy(work->z, work->strip.x, (size_t)(rule->step.k * work->lanes * bytes));
    nmfi_hals hals = {.x = work->z,
                      .ldx = work->lanes,
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
    kernels->hals(&hals);
    kernels->strip_direction(&work->strip, work->z, work->lane[NMFI_LANE_SLOPE],
                             work->lane[NMFI_LANE_SQUARE]);
}

/* How far the lanes can go along z within their bounds, at most `far`. */
static void find_ends(const nmfi_strip_work *work, double far, double *ends)
{
    double x[NMFI_LANES_MAX], d[NMFI_LANES_MAX], low[NMFI_LANES_MAX], high[NMFI_LANES_MAX];
    for (int64_t i = 0; i < work->lanes; i++) ends[i] = far, low[i] = 0, high[i] = HUGE_VAL;
    for (int64_t j = 0; j < work->strip.k; j++) {
        load(work, work->strip.x, j, x);
        load(work, work->z, j, d);
        if (work->strip.lower) {
            load(work, work->strip.lower, j, low);
            load(work, work->strip.upper, j, high);
        }
        for (int64_t i = 0; i < work->lanes; i++) {
            const double room = d[i] < 0 ? x[i] - low[i] : high[i] - x[i], size = fabs(d[i]);
            if (size * ends[i] > room) ends[i] = room / size;
        }
    }
}

static double arrive(const nmfi_shared_rule *rule, nmfi_strip_work *work, const double *steps)
{
    double sum = 0;
    if (work->strip.l1 > 0 || work->strip.l2 > 0) { /* slopes are of the penalties too */
        nmfi_strip_model(work, work->strip.x, work->V);
        residual(rule, work);
    }
    for (int64_t i = 0; i < work->rows; i++) {
        sum += work->lane[NMFI_LANE_VALUE][i];
        if (work->strip.l1 > 0 || work->strip.l2 > 0) continue;
        sum += steps[i] * (work->lane[NMFI_LANE_SLOPE][i] +
                           0.5 * steps[i] * work->lane[NMFI_LANE_CURVATURE][i]);
    }
    return sum;
}

static void improve_strip(const void *context, nmfi_strip_work *work)
{
    const nmfi_shared_rule *rule = context;
    static const double far = 4; /* of the step in the metric */
    const nmfi_divergence_step *step = &rule->step;
    const nmfi_kernels *kernels = step->kernels;
    const nmf_dtype type = kernels->element_bytes == 4 ? NMF_F32 : NMF_F64;
    const nmfi_rows panel = {work->V, work->ldv, work->rows, work->X.columns};
    double *const steps = work->lane[NMFI_LANE_STEP], ends[NMFI_LANES_MAX];
    nmfi_strip_model(work, work->strip.x, work->V);
    residual(rule, work);
    nmfi_strip_clear(work, work->num);
    nmfi_strip_clear(work, work->den);
    kernels->products[type](&panel, work->F, work->ldf, step->k, work->num, work->strip.ld);
    find_step(rule, work);
    nmfi_strip_model(work, work->z, work->R);
    curvatures(rule, work);
    find_ends(work, far, ends);
    for (int64_t i = 0; i < work->lanes; i++) {
        const double slope = i < work->rows ? work->lane[NMFI_LANE_SLOPE][i] : 0;
        const double bend = slope < 0 ? work->lane[NMFI_LANE_CURVATURE][i] +
                                            step->l2 * work->lane[NMFI_LANE_SQUARE][i]
                                      : 0;
        steps[i] = !(slope < 0) ? 0 : -slope >= ends[i] * bend ? ends[i] : -slope / bend;
    }
    kernels->strip_take_step(&work->strip, work->z, steps);
    nmfi_strip_clamp(work, work->strip.x);
    if (step->measure_result) work->tile->sums->value[NMFI_SUM_LOSS] += arrive(rule, work, steps);
}

static void improve(const void *context, const nmfi_tile *tile)
{
    const nmfi_shared_rule *rule = context;
    nmfi_strips(&rule->step, tile, improve_strip, rule);
}

nmfi_rule nmfi_rule_shared(const nmfi_shared_rule *context)
{
    const nmfi_rule rule = {
        .improve = improve, .context = context, .needs = NMFI_NEEDS_ROWS | NMFI_NEEDS_ZEROS};
    return rule;
}
