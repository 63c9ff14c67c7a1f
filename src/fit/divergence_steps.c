/* Half steps of a divergence: each factor is improved by a visit of X along it, the other held fixed. The
 * roles of a factor's three arrays are those of problem.h. */
#include "fit/problem.h"
#include "rule/divergence.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* scikit-learn's EPSILON and the size below which it sets entries to 0, in the caller's unit. */
static const double peer_epsilon = 1.1920928955078125e-7, peer_cut = DBL_EPSILON;

static nmfi_pass *pass_along(nmfi_problem *problem, const nmfi_factor *factor)
{
    return factor->on_rows ? &problem->pass : &problem->divergence.across;
}

static void sum_components(const nmfi_problem *problem, const void *factor, const nmfi_cut *cut,
                           double *sums)
{
    const nmfi_kernels *kernels = problem->kernels;
    for (int64_t j = 0; j < problem->k; j++)
        sums[j] = kernels->sum((const char *)factor + j * cut->ld * kernels->element_bytes, cut->ld,
                               1, cut->count);
}

/* What the rules are told. */
static nmfi_divergence_step describe(nmfi_problem *problem, nmfi_factor *factor,
                                     const nmfi_factor *other, nmfi_divergence_half half)
{
    const double beta = problem->divergence.beta, unit = problem->unit;
    const double smallest = problem->precision == NMF_PRECISION_F32 ? 1e-15 : 1e-100;
    /* Trap: until the pair is accepted, the point that W's half step went to lies in its spare. */
    const void *const F = other->leads && !half.still ? other->spare : other->y;
    const nmfi_divergence_step step = {.kernels = problem->kernels,
                                       .beta = beta,
                                       .unit = unit,
                                       .least = half.parity ? 0 : smallest,
                                       .instead = half.parity ? peer_epsilon * unit : smallest,
                                       .ignored = half.parity ? peer_epsilon * unit : 0,
                                       .k = problem->k,
                                       .ld = factor->cut.ld,
                                       .F = F,
                                       .ldf = other->cut.ld,
                                       .F_sums = problem->divergence.F_sums,
                                       .l1 = factor->l1,
                                       .l2 = factor->l2,
                                       .start = factor->y,
                                       .older = half.still ? factor->y : factor->latest,
                                       .ahead = half.still      ? factor->y
                                                : factor->leads ? factor->spare
                                                                : factor->y,
                                       .result = half.still      ? factor->y
                                                 : factor->leads ? factor->latest
                                                                 : factor->spare,
                                       .extrapolation = half.extrapolation,
                                       .measure_start = half.measure_start,
                                       .measure_result = half.measure_result,
                                       .counts_ahead = factor->leads};
    sum_components(problem, F, &other->cut, problem->divergence.F_sums);
    return step;
}

/* gamma makes the update a majorization's minimum: Fevotte & Idier 2011. */
static double exponent(double beta)
{
    return beta < 1 ? 1 / (2 - beta) : beta > 2 ? 1 / (beta - 1) : 1;
}

static nmfi_mu_rule multiplicative(const nmfi_problem *problem, const nmfi_factor *factor,
                                   nmfi_divergence_step step, nmfi_divergence_half half)
{
    const double beta = problem->divergence.beta, root = sqrt(problem->unit);
    const int cuts = half.parity && (factor->leads ? beta < 1 : beta <= 1);
    const nmfi_mu_rule rule = {.step = step,
                               .still = half.still,
                               .gamma = exponent(beta),
                               /* den has the unit of S F' */
                               .no_den = peer_epsilon * pow(problem->unit, beta - 1) * root,
                               .cut = cuts ? peer_cut * root : 0};
    return rule;
}

/* The model's sums along `factor`, sum_j F_sums_j factor_j, as T. */
static void model_sums(const nmfi_problem *problem, const void *factor, const nmfi_cut *cut,
                       const double *F_sums, void *sums)
{
    problem->kernels->from_f64(F_sums, problem->inverse, problem->k);
    problem->kernels->expand(problem->inverse, 1, factor, cut->ld, problem->k, cut->count, sums);
}

/* M = F diag(1 / c) F' with c the model's sums along F, and everything the rule wants beside it. */
static nmfi_metric_rule metric(nmfi_problem *problem, const nmfi_factor *factor,
                               const nmfi_factor *other, nmfi_divergence_step step,
                               nmfi_divergence_half half)
{
    enum { SPAN = 256, SWEEPS = 16 };
    nmfi_divergence *d = &problem->divergence;
    const nmfi_kernels *kernels = problem->kernels;
    double values[SPAN], sum = 0;
    sum_components(problem, step.start, &factor->cut, d->own_sums);
    for (int64_t j = 0; j < problem->k; j++) sum += d->own_sums[j] * d->F_sums[j];
    model_sums(problem, step.F, &other->cut, d->own_sums, d->weight);
    for (int64_t c = 0; c < other->cut.count; c += SPAN) {
        const int64_t count = other->cut.count - c < SPAN ? other->cut.count - c : SPAN;
        char *const weight = (char *)d->weight + c * kernels->element_bytes;
        kernels->to_f64(weight, values, count);
        for (int64_t i = 0; i < count; i++) values[i] = values[i] > 0 ? 1 / sqrt(values[i]) : 0;
        kernels->from_f64(values, weight, count);
    }
    kernels->weigh(step.F, other->cut.ld, problem->k, other->cut.count, d->weight, d->weighted);
    nmfi_pass *pass = pass_along(problem, factor);
    nmfi_pass_columns(pass, problem->k, NULL, d->weighted);
    /* Row scales add up to 1: their mean stands for each where a penalty is added to the metric. */
    nmfi_set_gram(problem, pass->total.gram, factor->l2 / (double)factor->cut.count);
    const nmfi_metric_rule rule = {.step = step,
                                   .gram = problem->gram,
                                   .inverse = problem->inverse,
                                   .sum = sum,
                                   .own_sums = d->marginals[!factor->leads],
                                   .accuracy = 0.03,
                                   .sweeps = SWEEPS,
                                   .patience = half.strict ? 0 : 0.2};
    return rule;
}

void nmfi_divergence_half_step(nmfi_problem *problem, int of_W, nmfi_divergence_half half)
{
    nmfi_factor *factor = of_W ? &problem->W : &problem->H;
    const nmfi_factor *other = of_W ? &problem->H : &problem->W;
    nmfi_pass *pass = pass_along(problem, factor);
    const nmfi_divergence_step step = describe(problem, factor, other, half);
    if (problem->divergence.beta == 1 && !half.still && !half.parity) {
        const nmfi_metric_rule newton = metric(problem, factor, other, step, half);
        const nmfi_rule rule = nmfi_rule_metric(&newton);
        nmfi_pass_visit_tiles(pass, &rule);
    } else {
        const nmfi_mu_rule mu = multiplicative(problem, factor, step, half);
        const nmfi_rule rule = nmfi_rule_mu(&mu);
        nmfi_pass_visit_tiles(pass, &rule);
    }
    nmfi_keep_sums(problem, pass, factor);
    if (half.measure_start) nmfi_keep_gradients(problem, pass, factor);
}

double nmfi_divergence_alternate(nmfi_problem *problem, double ahead_W, double ahead_H)
{
    const int strict = ahead_W == 0; /* where nothing is thrown away any more */
    const nmfi_divergence_half half_W = {
        .extrapolation = ahead_W, .strict = strict, .measure_start = 1};
    const nmfi_divergence_half half_H = {
        .extrapolation = ahead_H, .strict = strict, .measure_start = 1, .measure_result = 1};
    nmfi_divergence_half_step(problem, 1, half_W);
    nmfi_divergence_half_step(problem, 0, half_H);
    return problem->H.value[NMFI_SUM_DISTANCE] + nmfi_penalty(&problem->W, problem->k) +
           nmfi_penalty(&problem->H, problem->k);
}

/* Every row of the factor times what gives its model X's own sum: where scales are free, the best. */
static void match_marginals(nmfi_problem *problem, nmfi_factor *factor, void *at,
                            const nmfi_factor *other, const void *F)
{
    nmfi_divergence *d = &problem->divergence;
    const nmfi_kernels *kernels = problem->kernels;
    const int64_t bytes = kernels->element_bytes;
    sum_components(problem, F, &other->cut, d->F_sums);
    model_sums(problem, at, &factor->cut, d->F_sums, d->weight);
    for (int64_t i = 0; i < factor->cut.count; i++) {
        double model, own;
        char *weight = (char *)d->weight + i * bytes;
        kernels->to_f64(weight, &model, 1);
        kernels->to_f64((const char *)d->marginals[!factor->leads] + i * bytes, &own, 1);
        const double scale = model > 0 ? own / model : 0;
        kernels->from_f64(&scale, weight, 1);
    }
    kernels->weigh(at, factor->cut.ld, problem->k, factor->cut.count, d->weight, at);
}

/* Adds a thousandth of its mean to every entry. */
static void raise_zeros(const nmfi_problem *problem, const nmfi_factor *factor, void *at)
{
    const nmfi_kernels *kernels = problem->kernels;
    const double entries = (double)problem->k * (double)factor->cut.count;
    const double mean = kernels->sum(at, factor->cut.ld, problem->k, factor->cut.count) / entries;
    for (int64_t j = 0; j < problem->k; j++)
        kernels->shift((char *)at + j * factor->cut.ld * kernels->element_bytes, factor->cut.count,
                       1e-3 * mean);
}

void nmfi_divergence_lift(nmfi_problem *problem)
{
    nmfi_factor *W = &problem->W, *H = &problem->H;
    raise_zeros(problem, W, W->y);
    raise_zeros(problem, H, H->latest);
    match_marginals(problem, W, W->y, H, H->latest);
    match_marginals(problem, H, H->latest, W, W->y);
}
