/* Half steps of a divergence: each factor is improved by a visit of X along it, the other held
 * fixed. The roles of a factor's three arrays are those of problem.h. */
#include "fit/problem.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* scikit-learn's EPSILON and the size below which it sets entries to 0, in the caller's unit. */
static const double peer_epsilon = 1.1920928955078125e-7, peer_cut = DBL_EPSILON;

nmfi_pass *nmfi_pass_along(nmfi_problem *problem, const nmfi_factor *factor)
{
    return factor->along_rows ? &problem->pass : &problem->divergence.transposed;
}

/* What the rules are told. */
static nmfi_divergence_step describe(nmfi_problem *problem, nmfi_factor *factor,
                                     const nmfi_factor *other, nmfi_divergence_half half)
{
    nmfi_metric *metric = &problem->divergence.metric;
    nmfi_divergence_step step =
        nmfi_step_bare(problem->kernels, problem->divergence.beta, problem->scale, problem->k);
    if (half.as_sklearn) {
        step.least = 0;
        step.instead = step.ignored = peer_epsilon * problem->scale;
    }
    /* Trap: until the pair is accepted, the point that W's half step went to lies in its spare. */
    step.F = other->is_W && !half.measure_only ? other->spare : other->y;
    step.ldf = other->partition.ld;
    step.F_sums = metric->F_sums;
    step.ld = factor->partition.ld;
    step.l1 = factor->l1;
    step.l2 = factor->l2;
    step.start = factor->y;
    step.older = half.measure_only ? factor->y : factor->latest;
    step.ahead = half.measure_only ? factor->y : factor->is_W ? factor->spare : factor->y;
    step.result = half.measure_only ? factor->y : factor->is_W ? factor->latest : factor->spare;
    step.extrapolation = half.extrapolation;
    step.measure_start = half.measure_start;
    step.measure_result = half.measure_result;
    step.counts = factor->is_W ? NMFI_COUNTS_AHEAD : NMFI_COUNTS_RESULT;
    nmfi_component_sums(metric, step.F, &other->partition, metric->F_sums);
    return step;
}

static void visit_along(nmfi_problem *problem, const nmfi_factor *factor,
                        const nmfi_divergence_step *step, nmfi_rule rule, int dense_rows)
{
    nmfi_note(problem, nmfi_divergence_visit(nmfi_pass_along(problem, factor), step, rule,
                                             dense_rows, nmfi_failure(problem)));
}

static void multiply(nmfi_problem *problem, const nmfi_factor *factor, nmfi_divergence_step step,
                     nmfi_divergence_half half)
{
    const double beta = step.beta, root = sqrt(problem->scale);
    const int cuts = half.as_sklearn && (factor->is_W ? beta < 1 : beta <= 1);
    const nmfi_mu_rule mu = {.step = step,
                             .measure_only = half.measure_only,
                             .gamma = nmfi_mu_gamma(beta),
                             /* den has the unit of S F' */
                             .no_den = peer_epsilon * pow(problem->scale, beta - 1) * root,
                             .cut = cuts ? peer_cut * root : 0};
    const nmfi_rule rule = nmfi_rule_mu(&mu);
    visit_along(problem, factor, &step, rule, 0);
}

static void step_by_newton(nmfi_problem *problem, const nmfi_factor *factor,
                           nmfi_divergence_step step, nmfi_divergence_half half)
{
    /* Where a step lands on the minimum the sign of its slope is rounding's: with nothing allowed
     * beyond, rounding would choose between that step and half of it. */
    static const double landed = 1e-4;
    const nmfi_newton_rule newton = {.step = step,
                                     .gamma = nmfi_mu_gamma(step.beta),
                                     .slope_tolerance = half.monotone ? landed : 0.2};
    const nmfi_rule rule = nmfi_rule_newton(&newton);
    visit_along(problem, factor, &step, rule, 0);
}

static void step_by_scd(nmfi_problem *problem, const nmfi_factor *factor, nmfi_divergence_step step,
                        nmfi_divergence_half half)
{
    const nmfi_scd_rule scd = {
        .step = step, .sweeps = 2, .accuracy = 1e-3, .monotone = half.monotone};
    const nmfi_rule rule = nmfi_rule_scd(&scd);
    visit_along(problem, factor, &step, rule, 0);
}

static void step_in_metric(nmfi_problem *problem, const nmfi_factor *factor,
                           nmfi_divergence_step step, nmfi_divergence_half half)
{
    nmfi_metric *metric = &problem->divergence.metric;
    nmfi_pass *pass = nmfi_pass_along(problem, factor);
    nmfi_component_sums(metric, step.start, &factor->partition, metric->component_sums);
    /* Row scales add up to 1: their mean stands for each where a penalty is added to the metric. */
    nmfi_metric_make(metric, pass, step.F, factor->l2 / (double)factor->partition.count);
    const nmfi_metric_rule newton = {.step = step,
                                     .gram = metric->gram,
                                     .inverse = metric->inverse,
                                     .sum = metric->sum,
                                     .row_sums = problem->divergence.marginals[!factor->is_W],
                                     .accuracy = 0.03,
                                     .sweeps = 24,
                                     .slope_tolerance = half.monotone ? 0 : 0.2};
    const nmfi_rule rule = nmfi_rule_metric(&newton);
    visit_along(problem, factor, &step, rule, 1);
}

void nmfi_divergence_half_step(nmfi_problem *problem, int of_W, nmfi_divergence_half half)
{
    nmfi_factor *factor = of_W ? &problem->W : &problem->H;
    const nmfi_factor *other = of_W ? &problem->H : &problem->W;
    const nmfi_divergence_step step = describe(problem, factor, other, half);
    if (half.measure_only || half.as_sklearn)
        multiply(problem, factor, step, half);
    else if (step.beta != 1)
        step_by_newton(problem, factor, step, half);
    else
        (problem->divergence.scd ? step_by_scd : step_in_metric)(problem, factor, step, half);
    nmfi_keep_sums(problem, nmfi_pass_along(problem, factor), factor);
    if (half.measure_start) nmfi_keep_gradients(problem, nmfi_pass_along(problem, factor), factor);
}

void nmfi_divergence_solve_W(nmfi_problem *problem)
{
    nmfi_factor *W = &problem->W;
    nmfi_pass *pass = nmfi_pass_along(problem, W);
    const nmfi_divergence_half half = {.measure_only = 1, .measure_start = 1, .measure_result = 1};
    nmfi_divergence_step step = describe(problem, W, &problem->H, half);
    step.ahead = step.result = W->spare;
    const nmfi_solve_divergence_rule solving = nmfi_solving_divergence(
        &problem->divergence.metric, pass, step, problem->divergence.marginals[0]);
    const nmfi_rule rule = nmfi_rule_solve_divergence(&solving);
    visit_along(problem, W, &step, rule, 0);
    nmfi_keep_sums(problem, pass, W);
    nmfi_keep_gradients(problem, pass, W);
}

/* Extrapolation overshoots in the scale of one factor, the other makes up for it and overshoots in
 * turn: nothing in WH holds the scales, and in a few hundred iterations they would leave the range
 * of a double. Where ||w_j|| and ||h_j|| are far apart they are brought together by a power of 2,
 * which rounds nothing. Penalties hold them by themselves. */
void nmfi_divergence_rebalance_scales(const nmfi_problem *problem)
{
    enum { FAR = 8 };
    const nmfi_kernels *kernels = problem->kernels;
    const nmfi_factor *W = &problem->W, *H = &problem->H;
    const int64_t bytes = kernels->element_bytes;
    if (W->l1 > 0 || W->l2 > 0 || H->l1 > 0 || H->l2 > 0) return;
    for (int64_t j = 0; j < problem->k; j++) {
        const int64_t at_w = j * W->partition.ld * bytes, at_h = j * H->partition.ld * bytes;
        double w2 = 0, h2 = 0;
        kernels->squares((char *)W->y + at_w, W->partition.ld, 1, W->partition.count, &w2, 1);
        kernels->squares((char *)H->latest + at_h, H->partition.ld, 1, H->partition.count, &h2, 1);
        if (!(w2 > 0 && h2 > 0)) continue;
        const int apart = (int)lround(0.25 * (log2(w2) - log2(h2)));
        if (abs(apart) < FAR) continue;
        void *const ws[] = {W->y, W->latest, W->spare}, *const hs[] = {H->y, H->latest, H->spare};
        for (int i = 0; i < 3; i++) {
            kernels->scale((char *)ws[i] + at_w, W->partition.count, ldexp(1.0, -apart));
            kernels->scale((char *)hs[i] + at_h, H->partition.count, ldexp(1.0, apart));
        }
    }
}

double nmfi_divergence_alternate(nmfi_problem *problem, nmfi_divergence_ahead ahead)
{
    nmfi_divergence_rebalance_scales(problem);
    const nmfi_divergence_half half_W = {
        .extrapolation = ahead.W, .monotone = ahead.monotone, .measure_start = 1};
    const nmfi_divergence_half half_H = {.extrapolation = ahead.H,
                                         .monotone = ahead.monotone,
                                         .measure_start = 1,
                                         .measure_result = 1};
    nmfi_divergence_half_step(problem, 1, half_W);
    nmfi_divergence_half_step(problem, 0, half_H);
    return problem->H.value[NMFI_SUM_LOSS] + nmfi_penalty(&problem->W, problem->k) +
           nmfi_penalty(&problem->H, problem->k);
}

/* Every row of the factor times what gives its model X's own sum: where scales are free, the
 * best. */
static void match_marginals(nmfi_problem *problem, nmfi_factor *factor, void *at,
                            const nmfi_factor *other, const void *F)
{
    nmfi_metric *metric = &problem->divergence.metric;
    const nmfi_kernels *kernels = problem->kernels;
    const int64_t bytes = kernels->element_bytes;
    nmfi_component_sums(metric, F, &other->partition, metric->F_sums);
    nmfi_model_sums(metric, at, &factor->partition, metric->F_sums, metric->weight);
    for (int64_t i = 0; i < factor->partition.count; i++) {
        double model, own;
        char *weight = (char *)metric->weight + i * bytes;
        kernels->to_f64(weight, &model, 1);
        kernels->to_f64((const char *)problem->divergence.marginals[!factor->is_W] + i * bytes,
                        &own, 1);
        const double scale = model > 0 ? own / model : 0;
        kernels->from_f64(&scale, weight, 1);
    }
    kernels->scale_columns(at, factor->partition.ld, problem->k, factor->partition.count,
                           metric->weight, at);
}

/* Adds a thousandth of its mean to every entry. */
static void add_floor(const nmfi_problem *problem, const nmfi_factor *factor, void *at)
{
    const nmfi_kernels *kernels = problem->kernels;
    const double entries = (double)problem->k * (double)factor->partition.count;
    const double mean =
        kernels->sum(at, factor->partition.ld, problem->k, factor->partition.count) / entries;
    for (int64_t j = 0; j < problem->k; j++)
        kernels->add_constant((char *)at + j * factor->partition.ld * kernels->element_bytes,
                              factor->partition.count, 1e-3 * mean);
}

static void make_positive(nmfi_problem *problem, int match)
{
    nmfi_factor *W = &problem->W, *H = &problem->H;
    add_floor(problem, W, W->y);
    add_floor(problem, H, H->latest);
    if (match) {
        match_marginals(problem, W, W->y, H, H->latest);
        match_marginals(problem, H, H->latest, W, W->y);
    }
    memcpy(H->y, H->latest, nmfi_factor_bytes(problem, H));
}

/* D and the penalties at W.y and H.y. */
static double value_there(nmfi_problem *problem)
{
    const nmfi_divergence_half measure = {.measure_only = 1, .measure_result = 1};
    nmfi_divergence_half_step(problem, 1, measure);
    nmfi_divergence_half_step(problem, 0, measure);
    return problem->H.value[NMFI_SUM_LOSS] + nmfi_penalty(&problem->W, problem->k) +
           nmfi_penalty(&problem->H, problem->k);
}

void nmfi_divergence_make_positive(nmfi_problem *problem)
{
    nmfi_factor *W = &problem->W, *H = &problem->H;
    if (problem->options.init != NMF_INIT_CUSTOM) {
        make_positive(problem, 1);
        return;
    }
    /* Joint updates leave a zero what it is, which who gives a start may want. */
    if (problem->divergence.jmm) return;
    memcpy(W->spare, W->y, nmfi_factor_bytes(problem, W));
    memcpy(H->spare, H->y, nmfi_factor_bytes(problem, H));
    const double given = value_there(problem);
    make_positive(problem,
                  problem->divergence.beta == 1); /* elsewhere X's sums need not be better ones */
    if (value_there(problem) < given) return;
    memcpy(W->y, W->spare, nmfi_factor_bytes(problem, W));
    memcpy(H->y, H->spare, nmfi_factor_bytes(problem, H));
    memcpy(H->latest, H->spare, nmfi_factor_bytes(problem, H));
}
