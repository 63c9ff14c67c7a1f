/* Half steps of a divergence: each factor is improved by a visit of X along it, the other held
 * fixed. */
#include "fit/divergence.h"

#include "fit/loss.h"
#include "fit/shrink.h"
#include "pass/factor.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* scikit-learn's EPSILON and the size below which it sets entries to 0, in the caller's unit. */
static const double peer_epsilon = 1.1920928955078125e-7, peer_cut = DBL_EPSILON;

static void *visited(const nmfi_pass *pass, const nmfi_factor *factor, const void *array)
{
    return nmfi_factor_visited(pass, &factor->partition, array);
}

static void *start_of(const nmfi_factor *factor)
{
    return factor->is_W ? factor->incumbent : factor->ahead;
}

/* What the rules are told. */
static nmfi_divergence_step describe(nmfi_fit *fit, nmfi_divergence *d, const nmfi_factor *factor,
                                     const nmfi_factor *other, nmfi_divergence_half half)
{
    nmfi_metric *metric = &d->metric;
    const nmfi_pass *pass = nmfi_pass_along(fit, factor);
    const void *const F = half.measure_only ? other->incumbent : other->ahead;
    nmfi_divergence_step step =
        nmfi_step_bare(fit->work.kernels, fit->choice.beta, fit->facts.scale, fit->k);
    if (half.as_sklearn) {
        step.least = 0;
        step.instead = step.ignored = peer_epsilon * fit->facts.scale;
    }
    step.F = nmfi_factor_whole(pass, &other->partition, fit->k, F);
    step.ldf = pass->columns.ld;
    step.F_sums = metric->F_sums;
    step.ld = factor->partition.ld;
    step.l1 = factor->l1;
    step.l2 = factor->l2;
    step.shrink = factor->shrink;
    step.toward = factor->toward;
    step.allowed = factor->allowed;
    if (factor->allowed.lower) {
        step.allowed.lower = visited(pass, factor, factor->allowed.lower);
        step.allowed.upper = visited(pass, factor, factor->allowed.upper);
    }
    step.start = step.older = step.ahead = step.result = visited(pass, factor, factor->incumbent);
    if (!half.measure_only) {
        /* W starts at the incumbent, which was the point ahead when H was improved; H starts at the
         * point ahead of its own incumbent. */
        step.start = visited(pass, factor, start_of(factor));
        step.older = visited(pass, factor, factor->is_W ? factor->plain : factor->incumbent);
        step.ahead = visited(pass, factor, factor->ahead);
        step.result = visited(pass, factor, factor->plain);
    }
    step.extrapolation = half.momentum;
    step.measure_start = half.measure_start;
    step.measure_result = half.measure_result;
    step.counts = factor->is_W ? NMFI_COUNTS_AHEAD : NMFI_COUNTS_RESULT;
    nmfi_component_sums(metric, F, &other->partition, metric->F_sums);
    return step;
}

/* What a row of a factor stores of X counts so much; NULL: once. */
static const nmf_sparse *stored_weights_along(const nmfi_fit *fit, const nmfi_factor *factor)
{
    return fit->work.stored.u ? &fit->work.stored.along[!factor->is_W] : NULL;
}

nmf_status nmfi_divergence_visit_along(nmfi_fit *fit, const nmfi_factor *factor,
                                       const nmfi_divergence_step *step, nmfi_rule rule,
                                       int dense_rows, nmf_error *error)
{
    nmfi_pass *pass = nmfi_pass_along(fit, factor);
    if (!fit->choice.weighted) return nmfi_divergence_visit(pass, step, rule, dense_rows, error);
    const nmfi_observed *observed = &fit->work.observed;
    return nmfi_weighted_visit(pass, step, rule,
                               factor->is_W ? observed->u : observed->u_transposed,
                               stored_weights_along(fit, factor), error);
}

typedef nmf_status step_function(nmfi_fit *fit, nmfi_divergence *d, const nmfi_factor *factor,
                                 nmfi_divergence_step step, nmfi_divergence_half half,
                                 nmf_error *error);

static nmf_status multiply(nmfi_fit *fit, nmfi_divergence *d, const nmfi_factor *factor,
                           nmfi_divergence_step step, nmfi_divergence_half half, nmf_error *error)
{
    (void)d;
    const double beta = step.beta, root = sqrt(fit->facts.scale);
    const int cuts = half.as_sklearn && (factor->is_W ? beta < 1 : beta <= 1);
    const nmfi_mu_rule mu = {.step = step,
                             .measure_only = half.measure_only,
                             .gamma = nmfi_mu_gamma(beta),
                             /* den has the unit of S F' */
                             .no_den = peer_epsilon * pow(fit->facts.scale, beta - 1) * root,
                             .cut = cuts ? peer_cut * root : 0};
    const nmfi_rule rule = nmfi_rule_mu(&mu);
    return nmfi_divergence_visit_along(fit, factor, &step, rule, 0, error);
}

static nmf_status step_by_newton(nmfi_fit *fit, nmfi_divergence *d, const nmfi_factor *factor,
                                 nmfi_divergence_step step, nmfi_divergence_half half,
                                 nmf_error *error)
{
    (void)d;
    /* Where a step lands on the minimum the sign of its slope is rounding's: with nothing allowed
     * beyond, rounding would choose between that step and half of it. */
    static const double landed = 1e-4;
    const nmfi_newton_rule newton = {.step = step,
                                     .gamma = nmfi_mu_gamma(step.beta),
                                     .slope_tolerance = half.monotone ? landed : 0.2};
    const nmfi_rule rule = nmfi_rule_newton(&newton);
    return nmfi_divergence_visit_along(fit, factor, &step, rule, 0, error);
}

static nmf_status step_by_scd(nmfi_fit *fit, nmfi_divergence *d, const nmfi_factor *factor,
                              nmfi_divergence_step step, nmfi_divergence_half half,
                              nmf_error *error)
{
    (void)d;
    /* All sweeps but the first look only at what moves; a row whose entries have weights is copied first, which costs as
     * much as a sweep. */
    const int64_t sweeps = fit->choice.weighted ? 5 : 3;
    const nmfi_scd_rule scd = {
        .step = step, .sweeps = sweeps, .accuracy = 1e-3, .monotone = half.monotone};
    const nmfi_rule rule = nmfi_rule_scd(&scd);
    return nmfi_divergence_visit_along(fit, factor, &step, rule, 0, error);
}

static nmf_status step_in_metric(nmfi_fit *fit, nmfi_divergence *d, const nmfi_factor *factor,
                                 nmfi_divergence_step step, nmfi_divergence_half half,
                                 nmf_error *error)
{
    nmfi_metric *metric = &d->metric;
    nmfi_pass *pass = nmfi_pass_along(fit, factor);
    nmfi_component_sums(metric, start_of(factor), &factor->partition, metric->component_sums);
    /* Row scales add up to 1: their mean stands for each where a penalty is added to the metric. */
    nmfi_metric_make(metric, pass, step.F, factor->l2 / (double)factor->partition.all);
    const nmfi_metric_rule newton = {.step = step,
                                     .gram = metric->gram,
                                     .inverse = metric->inverse,
                                     .sum = metric->sum,
                                     .row_sums = visited(pass, factor, d->marginals[!factor->is_W]),
                                     .accuracy = 0.03,
                                     .sweeps = 24,
                                     .slope_tolerance = half.monotone ? 0 : 0.2};
    const nmfi_rule rule = nmfi_rule_metric(&newton);
    return nmfi_divergence_visit_along(fit, factor, &step, rule, 1, error);
}

/* Each row by its own Gram matrix. */
static nmf_status step_by_least_squares(nmfi_fit *fit, nmfi_divergence *d,
                                        const nmfi_factor *factor, nmfi_divergence_step step,
                                        nmfi_divergence_half half, nmf_error *error)
{
    (void)d;
    nmfi_shrink_aim(fit, (nmfi_factor *)(factor->is_W ? &fit->W : &fit->H),
                    half.measure_only ? factor->incumbent : start_of(factor));
    const nmfi_least_squares_rule rows = {
        .step = step, .accuracy = 0.1, .sweeps = half.measure_only ? 0 : 8};
    const nmfi_rule rule = nmfi_rule_least_squares(&rows);
    return nmfi_divergence_visit_along(fit, factor, &step, rule, 0, error);
}

/* HALS in a metric that all rows share, over and over a row: of k^2 operations each sweep takes, up to half of what its
 * products with the other factor cost. Fewer end an iteration where it could go on at little more. */
static int64_t sweeps_worth(const nmfi_fit *fit, const nmfi_factor *factor)
{
    enum { LEAST = 4, MOST = 16 };
    const nmfi_factor *other = factor->is_W ? &fit->H : &fit->W;
    const int64_t worth = 2 * other->partition.all / fit->k;
    return worth < LEAST ? LEAST : worth > MOST ? MOST : worth;
}

/* Weights that differ: in the metric of their means. */
static nmf_status step_by_weights(nmfi_fit *fit, nmfi_divergence *d, const nmfi_factor *factor,
                                  nmfi_divergence_step step, nmfi_divergence_half half,
                                  nmf_error *error)
{
    (void)half;
    const nmfi_observed *observed = &fit->work.observed;
    nmfi_pass *pass = nmfi_pass_along(fit, factor);
    const double *of_rows = factor->is_W ? observed->row_means : observed->column_means;
    const double *of_columns = factor->is_W ? observed->column_means : observed->row_means;
    double mean = 0;
    for (int64_t i = 0; i < factor->partition.all; i++)
        mean += of_rows[i] / (double)factor->partition.all;
    nmfi_metric_weigh(&d->metric, pass, step.F, of_columns, 1 / mean, factor->l2 / mean);
    const nmfi_shared_rule shared = {.step = step,
                                     .gram = d->metric.gram,
                                     .inverse = d->metric.inverse,
                                     .u = factor->is_W ? observed->u : observed->u_transposed,
                                     .ldu = pass->columns.count,
                                     .row_means = of_rows + pass->rows.first_row,
                                     .accuracy = 0.1,
                                     .sweeps = sweeps_worth(fit, factor)};
    const nmfi_rule rule = nmfi_rule_shared(&shared);
    return nmfi_divergence_visit(pass, &step, rule, 1, error);
}

/* Missing entries filled in with the model's own. */
static nmf_status step_by_filling(nmfi_fit *fit, nmfi_divergence *d, const nmfi_factor *factor,
                                  nmfi_divergence_step step, nmfi_divergence_half half,
                                  nmf_error *error)
{
    (void)half;
    const nmfi_kernels *kernels = fit->work.kernels;
    const nmfi_metric *metric = &d->metric;
    const nmfi_observed *observed = &fit->work.observed;
    nmfi_pass *pass = nmfi_pass_along(fit, factor);
    const nmfi_column_visit gram = {.k = fit->k, .updated = step.F};
    nmfi_pass_columns(pass, &gram);
    memcpy(metric->gram_f64, pass->total.gram, (size_t)(fit->k * fit->k) * sizeof(double));
    kernels->from_f64(metric->gram_f64, d->gram_alone, fit->k * fit->k);
    nmfi_gram_for_rule(kernels, fit->k, step.l1, step.l2, metric->gram_f64, metric->gram,
                       metric->inverse);
    const nmfi_filled_rule filled = {.step = step,
                                     .gram = metric->gram,
                                     .inverse = metric->inverse,
                                     .gram_alone = d->gram_alone,
                                     .u = factor->is_W ? observed->u : observed->u_transposed,
                                     .ldu = pass->columns.count,
                                     .accuracy = 0.1,
                                     .sweeps = sweeps_worth(fit, factor)};
    const nmfi_rule rule = nmfi_rule_filled(&filled);
    return nmfi_divergence_visit(pass, &step, rule, 1, error);
}

/* Measuring too may move something: what has no entry is 0 afterwards. */
static void complete(nmfi_fit *fit, const nmfi_factor *factor, void *array)
{
    nmfi_factor_complete(nmfi_pass_along(fit, factor), &factor->partition, fit->k, array);
}

/* The point ahead follows from the result, entry by entry as rules make it (nmfi_strip_end): it need not travel too. But
 * rows without an entry that are drawn towards their means have no momentum. */
static void complete_both(nmfi_fit *fit, const nmfi_factor *factor, double momentum)
{
    const nmfi_kernels *kernels = fit->work.kernels;
    const nmfi_partition *side = &factor->partition;
    complete(fit, factor, factor->plain);
    if (factor->is_W || factor->shrink > 0 || !nmfi_source_is_shared(&fit->work.source)) {
        complete(fit, factor, factor->ahead);
        return;
    }
    kernels->extrapolate_positive(factor->ahead, side->ld, factor->plain, side->ld,
                                  factor->incumbent, side->ld, fit->k, side->count, momentum);
    if (factor->allowed.lower && momentum != 0)
        kernels->clamp(factor->ahead, side->ld, factor->allowed.lower, factor->allowed.upper,
                       side->ld, fit->k, side->count, factor->allowed.sum);
}

nmf_status nmfi_divergence_half_step(nmfi_fit *fit, nmfi_divergence *d, int of_W,
                                     nmfi_divergence_half half, nmf_error *error)
{
    nmfi_factor *factor = of_W ? &fit->W : &fit->H;
    const nmfi_factor *other = of_W ? &fit->H : &fit->W;
    const nmfi_divergence_step step = describe(fit, d, factor, other, half);
    const int by_rows = step.beta == 2 && fit->choice.weighted;
    step_function *const by = by_rows && factor->shrink > 0            ? step_by_least_squares
                              : half.measure_only || half.as_sklearn   ? multiply
                              : fit->progress.rule == NMFI_RULE_FILLED ? step_by_filling
                              : fit->progress.rule == NMFI_RULE_SHARED ? step_by_weights
                              : by_rows                                ? step_by_least_squares
                              : step.allowed.sum > 0 || step.beta != 1 ? step_by_newton
                              : fit->progress.rule == NMFI_RULE_SCD    ? step_by_scd
                                                                       : step_in_metric;
    const nmf_status status = by(fit, d, factor, step, half, error);
    if (status != NMF_OK) return status;
    nmfi_keep_sums(fit, nmfi_pass_along(fit, factor), factor);
    if (half.measure_start) nmfi_keep_gradients(fit, nmfi_pass_along(fit, factor), factor);
    if (half.measure_only)
        complete(fit, factor, factor->incumbent);
    else
        complete_both(fit, factor, half.momentum);
    nmfi_shrink_measure(fit, factor,
                        half.measure_only ? factor->incumbent
                        : of_W            ? factor->ahead
                                          : factor->plain);
    return NMF_OK;
}

nmf_status nmfi_divergence_solve_W(nmfi_fit *fit, nmfi_divergence *d, nmf_error *error)
{
    nmfi_factor *W = &fit->W;
    nmfi_pass *pass = nmfi_pass_along(fit, W);
    const nmfi_divergence_half half = {.measure_only = 1, .measure_start = 1, .measure_result = 1};
    /* Trap: sums of rows that were added up across them are rounded otherwise than a transform's. */
    if (nmfi_reads_one_way(fit, d) && !W->along_rows) {
        const nmf_status status = nmfi_row_sums_of_X(&d->metric, pass, d->marginals[0], error);
        if (status != NMF_OK) return status;
    }
    nmfi_divergence_step step = describe(fit, d, W, &fit->H, half);
    step.ahead = step.result = W->ahead;
    nmfi_shrink_aim(fit, W, W->incumbent);
    const nmfi_solve_divergence_rule solving =
        nmfi_solving_divergence(&d->metric, pass, step, d->marginals[0]);
    const nmfi_least_squares_rule rows = {.step = step, .exact = 1};
    const int by_rows = step.beta == 2 && fit->choice.weighted;
    const nmfi_rule rule =
        by_rows ? nmfi_rule_least_squares(&rows) : nmfi_rule_solve_divergence(&solving);
    const nmf_status status = nmfi_divergence_visit_along(fit, W, &step, rule, 0, error);
    if (status != NMF_OK) return status;
    nmfi_keep_sums(fit, pass, W);
    nmfi_keep_gradients(fit, pass, W);
    nmfi_shrink_measure(fit, W, W->ahead);
    return NMF_OK;
}

double nmfi_divergence_loss(const nmfi_fit *fit)
{
    return fit->H.value[NMFI_SUM_LOSS] + nmfi_penalty(&fit->W, fit->k) +
           nmfi_penalty(&fit->H, fit->k);
}

/* Terms of a divergence are accurate by themselves, and move by (v - x) v^(beta - 1) for a rounding of
 * their v: where entries are near 1 that is the square root of twice the term, and such errors add up
 * as squares. */
nmfi_loss_scale nmfi_scale_of_divergence(const nmfi_fit *fit, const void *state, double loss)
{
    const double epsilon = nmfi_epsilon_of(fit->work.kernels);
    (void)state;
    return (nmfi_loss_scale){.rounding = epsilon *
                                         fmin(0.01 * fit->facts.baseline, sqrt(2 * fmax(loss, 0))),
                             .matters = fmin(loss, fmax(loss, 0)),
                             .strict = 1,
                             .nothing = -1};
}
