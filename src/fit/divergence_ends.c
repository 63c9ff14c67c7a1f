/* The two ends of a divergence's fit (divergence.h): the start made fit for its steps, and the last visit. */
#include "fit/divergence.h"

#include "fit/constraints.h"
#include "fit/loss.h"

#include <math.h>
#include <string.h>

/* --- the start --------------------------------------------------------------------------------- */

/* Every row of the factor times what gives its model X's own sum: where scales are free, the
 * best. */
static void match_marginals(nmfi_fit *fit, nmfi_divergence *d, nmfi_factor *factor,
                            const nmfi_factor *other)
{
    nmfi_metric *metric = &d->metric;
    void *const at = factor->incumbent;
    const nmfi_kernels *kernels = fit->work.kernels;
    const int64_t bytes = kernels->element_bytes;
    nmfi_component_sums(metric, other->incumbent, &other->partition, metric->F_sums);
    nmfi_model_sums(metric, at, &factor->partition, metric->F_sums, metric->weight);
    for (int64_t i = 0; i < factor->partition.count; i++) {
        double model, own;
        char *weight = (char *)metric->weight + i * bytes;
        kernels->to_f64(weight, &model, 1);
        kernels->to_f64((const char *)d->marginals[!factor->is_W] + i * bytes, &own, 1);
        const double scale = model > 0 && own > 0 ? own / model : 0;
        kernels->from_f64(&scale, weight, 1);
    }
    kernels->scale_columns(at, factor->partition.ld, fit->k, factor->partition.count,
                           metric->weight, at);
}

/* Adds a thousandth of its mean to every entry. */
static void add_floor(const nmfi_fit *fit, const nmfi_factor *factor)
{
    const nmfi_kernels *kernels = fit->work.kernels;
    const double entries = (double)fit->k * (double)factor->partition.all;
    double *const sums = fit->work.squares, sum = 0; /* no squares are kept here */
    nmfi_factor_sums(kernels, &factor->partition, fit->k, factor->incumbent, sums);
    for (int64_t j = 0; j < fit->k; j++) sum += sums[j];
    const double mean = sum / entries;
    for (int64_t j = 0; j < fit->k; j++)
        nmfi_factor_add(kernels, &factor->partition, factor->incumbent, j, 1e-3 * mean);
}

static void make_positive(nmfi_fit *fit, nmfi_divergence *d, int match)
{
    add_floor(fit, &fit->W);
    add_floor(fit, &fit->H);
    if (match) {
        match_marginals(fit, d, &fit->W, &fit->H);
        match_marginals(fit, d, &fit->H, &fit->W);
    }
    nmfi_clamp_factors(fit);
}

/* D and the penalties at the incumbents. */
static nmf_status evaluate(nmfi_fit *fit, nmfi_divergence *d, double *value, nmf_error *error)
{
    const nmfi_divergence_half measuring = {.measure_only = 1, .measure_result = 1};
    nmf_status status = nmfi_divergence_half_step(fit, d, 1, measuring, error);
    if (status == NMF_OK) status = nmfi_divergence_half_step(fit, d, 0, measuring, error);
    *value = nmfi_divergence_loss(fit);
    return status;
}

static void copy(const nmfi_fit *fit, const nmfi_factor *factor, void *to, const void *from)
{
    memcpy(to, from, nmfi_factor_bytes(fit, factor));
}

nmf_status nmfi_divergence_make_positive(nmfi_fit *fit, nmfi_divergence *d, nmf_error *error)
{
    nmfi_factor *W = &fit->W, *H = &fit->H;
    if (fit->progress.init != NMF_INIT_CUSTOM) {
        make_positive(fit, d, 1);
        return NMF_OK;
    }
    /* Joint updates leave a zero what it is, which who gives a start may want. */
    if (d->joint) return NMF_OK;
    double given, made;
    copy(fit, W, W->ahead, W->incumbent);
    copy(fit, H, H->ahead, H->incumbent);
    nmf_status status = evaluate(fit, d, &given, error);
    if (status != NMF_OK) return status;
    make_positive(fit, d, fit->choice.beta == 1); /* elsewhere X's sums need not be better ones */
    status = evaluate(fit, d, &made, error);
    if (status != NMF_OK || made < given) return status;
    copy(fit, W, W->incumbent, W->ahead);
    copy(fit, H, H->incumbent, H->ahead);
    return NMF_OK;
}

/* --- the last visit ---------------------------------------------------------------------------- */

static double loss_of_W(const nmfi_fit *fit)
{
    return fit->W.value[NMFI_SUM_LOSS] + nmfi_penalty(&fit->W, fit->k);
}

/* Where the loss is the Frobenius one, from products, as transform does it then. */
static nmf_status solve_by_products(nmfi_fit *fit, nmf_error *error)
{
    nmfi_factor *W = &fit->W, *H = &fit->H;
    const nmfi_work *work = &fit->work;
    nmfi_pass *pass = nmfi_pass_along(fit, W);
    const nmfi_column_visit gram = {.k = fit->k, .updated = H->incumbent};
    nmfi_pass_columns(pass, &gram);
    nmfi_set_gram(fit, pass->total.gram, W);
    const nmfi_solve_rule solving =
        nmfi_solving(work->kernels, fit->k, W->partition.ld, work->gram, work->inverse,
                     work->gram_f64, W->l1, W->allowed, W->ahead);
    const nmfi_rule rule = nmfi_rule_solve(&solving);
    const nmfi_visit visit = {
        .k = fit->k, .fixed = H->incumbent, .rule = &rule, .updated = W->ahead};
    return nmfi_pass_visit(pass, &visit, error);
}

/* W solved into `ahead`, and its loss there. */
static nmf_status solve_ahead(nmfi_fit *fit, nmfi_divergence *d, nmfi_measure *measure,
                              nmf_error *error)
{
    if (fit->choice.beta != 2 || fit->choice.weighted)
        return nmfi_divergence_solve_W(fit, d, error);
    nmf_status status = solve_by_products(fit, error);
    if (status != NMF_OK) return status;
    nmfi_take_ahead(&fit->W);
    status = measure(fit, d, 1, error);
    nmfi_take_ahead(&fit->W);
    return status;
}

/* W solved, unless that is worse than it was by more than rounding: where D is not convex in a row (beta < 1 or > 2) a
 * row solved from afar may be, and then the fit's own W stays. */
static nmf_status solve_W(nmfi_fit *fit, nmfi_divergence *d, nmfi_measure *measure,
                          nmf_error *error)
{
    /* D's terms are differences of numbers of the size of X's entries. */
    const double epsilon = nmfi_epsilon(fit->choice.precision);
    const double size = fit->facts.mean * (double)fit->facts.m * (double)fit->facts.n;
    nmf_status status = measure(fit, d, 1, error);
    if (status != NMF_OK) return status;
    const double before = loss_of_W(fit);
    status = solve_ahead(fit, d, measure, error);
    if (status != NMF_OK) return status;
    if (!(loss_of_W(fit) <= before + epsilon * fmax(before, size)))
        return measure(fit, d, 1, error);
    nmfi_take_ahead(&fit->W);
    return NMF_OK;
}

nmf_status nmfi_divergence_finish(nmfi_fit *fit, nmfi_divergence *d, nmfi_measure *measure,
                                  int solves, nmf_error *error)
{
    nmfi_progress *progress = &fit->progress;
    /* Solving rows may take longer than the whole fit did: who says stop gets W as it is. */
    solves = solves && !nmfi_told_to_stop(fit);
    if (solves) nmfi_balance(fit);
    nmfi_normalize_H(fit);
    nmf_status status = solves ? solve_W(fit, d, measure, error) : measure(fit, d, 1, error);
    if (status != NMF_OK) return status;
    const double measured = fit->W.value[NMFI_SUM_LOSS];
    const double divergence = measured < 0 ? 0 : measured; /* Trap: fmax would hide a NaN */
    /* In case this is where it ends. */
    progress->loss =
        divergence + nmfi_penalty(&fit->W, fit->k) + nmfi_penalty_of_incumbent(fit, &fit->H);
    if (!progress->measured) progress->kkt = INFINITY;
    progress->measured = 1;
    status = nmfi_unless_stopped(fit, measure(fit, d, 0, error), error);
    if (status != NMF_OK) return status;
    progress->error = sqrt(2 * divergence);
    progress->loss = divergence + nmfi_penalty(&fit->W, fit->k) + nmfi_penalty(&fit->H, fit->k);
    progress->kkt = nmfi_kkt(fit);
    nmfi_correct_trace(fit);
    return NMF_OK;
}
