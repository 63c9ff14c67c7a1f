/* Half steps under a fold where entries have weights, or were not observed: each line alone, with what it sees of the other
 * factor (rule/rule_weighted.c), by its own Gram matrix (Frobenius), coordinate descent (Kullback-Leibler) or
 * multiplicative updates. Slower than lines that share what they lack, and the same answer. */
#include "fit/latin_fit.h"

#include "rule/divergence.h"

#define SMALLEST 1e-12
#define RIDGE \
    1e-3 /* as latin_frobenius.c's, of the mean squared component, times the mean weight */

static double ridge(nmfi_latin_fit *fit, const nmfi_latin_factor *O)
{
    const nmfi_latin *latin = fit->plan->latin;
    const double entries = (double)fit->W.count * (double)fit->H.count *
                           (double)(latin->folds - 1) / (double)latin->folds;
    double trace = 0;
    for (int64_t j = 0; j < fit->k; j++) {
        double squares = 0;
        fit->plan->kernels->squares(nmfi_latin_at(fit, O->y, j * O->ld), O->ld, 1, O->count,
                                    &squares, 1);
        trace += squares;
    }
    return RIDGE * trace / (double)fit->k * latin->weight[fit->fold] / entries;
}

static nmfi_divergence_step step_of(nmfi_latin_fit *fit, nmfi_latin_factor *U,
                                    const nmfi_latin_factor *O, double extrapolation, int measure)
{
    const double beta = fit->plan->beta;
    const nmfi_divergence_step step = {.kernels = fit->plan->kernels,
                                       .beta = beta,
                                       .scale = fit->scale,
                                       .least = SMALLEST,
                                       .instead = SMALLEST,
                                       .k = fit->k,
                                       .ld = U->ld,
                                       .F = fit->window,
                                       .ldf = nmfi_latin_window_ld(O->count),
                                       .l2 = beta == 2 ? ridge(fit, O) : 0,
                                       .start = U->y,
                                       .older = U->before,
                                       .ahead = U->y,
                                       .result = U->now,
                                       .extrapolation = extrapolation,
                                       .measure_result = measure,
                                       .counts = NMFI_COUNTS_RESULT};
    return step;
}

double nmfi_latin_weighted(nmfi_latin_fit *fit, nmfi_latin_factor *U, nmfi_latin_factor *O,
                           double extrapolation, int measure)
{
    const nmfi_latin *latin = fit->plan->latin;
    const double beta = fit->plan->beta;
    nmfi_sums sums = {.gram = fit->unused, .pg2 = fit->ignored, .ref2 = fit->ignored + fit->k};
    nmfi_latin_refresh(fit, O);
    const nmfi_divergence_step step = step_of(fit, U, O, extrapolation, measure);
    const nmfi_least_squares_rule squares = {.step = step, .accuracy = 0.1, .sweeps = 8};
    const nmfi_scd_rule scd = {.step = step, .sweeps = 2, .accuracy = 1e-3};
    const double gamma = beta < 1 ? 1 / (2 - beta) : beta > 2 ? 1 / (beta - 1) : 1;
    const nmfi_mu_rule mu = {.step = step, .gamma = gamma, .no_den = SMALLEST};
    const nmfi_latin_side *side = &latin->side[U->side];
    nmfi_weighted_rule context = {.step = &step,
                                  .u = side->u, /* from each group's first seen member on, below */
                                  .ldu = side->stride,
                                  .inner = beta == 2   ? nmfi_rule_least_squares(&squares)
                                           : beta == 1 ? nmfi_rule_scd(&scd)
                                                       : nmfi_rule_mu(&mu)};
    const nmfi_rule rule = nmfi_rule_weighted(&context);
    for (int64_t a = 0; a < latin->folds; a++) {
        const nmfi_latin_run run = nmfi_latin_run_of(latin, U->side, a, fit->fold, 0);
        const int64_t first = U->groups->begin[a], end = U->groups->begin[a + 1];
        nmfi_latin_copy_window(fit, O, &run);
        context.u = nmfi_latin_at(fit, side->u, run.offset);
        context.columns = run.count;
        if (first == end) continue;
        const nmfi_tile tile = {.first = first,
                                .rows = end - first,
                                .lanes = NMFI_LATIN_BLOCK,
                                .scratch = fit->workspace,
                                .sums = &sums,
                                .X = nmfi_latin_rows(fit, U->side, first, end - first, &run),
                                .dtype = latin->dtype};
        rule.improve(rule.context, &tile);
    }
    return sums.value[NMFI_SUM_LOSS];
}
