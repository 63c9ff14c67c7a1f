/* Half steps of the Kullback-Leibler divergence under a fold where rows are dense and counts are not far
 * from what rows and columns say by themselves: the step in a metric that all rows of a group share
 * (rule/rule_metric.c).
 *
 *   Hessian of a row of group a ~ M_a s_a / r_i,   M_a = sum over groups g that a sees of F_g diag(1 / c) F_g'
 *
 * with r and c the model's sums along rows and columns and s_a its sum over the columns that a sees. The
 * group's columns of F are copied once, zeros behind them, so that the rule finds rows like any others. */
#include "fit/latin_fit.h"

#include "rule/divergence.h"

#include <math.h>
#include <string.h>

/* w = 1 / sqrt(c), 0 where there is nothing; in T, over O's members. */
static void find_weights(nmfi_latin_fit *fit, const nmfi_latin_factor *U,
                         const nmfi_latin_factor *O)
{
    enum { SPAN = 256 };
    const nmfi_kernels *kernels = fit->plan->kernels;
    double values[SPAN];
    for (int64_t j = 0; j < fit->k; j++) {
        fit->ignored[j] = 0;
        for (int64_t g = 0; g < U->groups->folds; g++) fit->ignored[j] += U->grams[g * fit->k + j];
    }
    kernels->from_f64(fit->ignored, fit->inverse, fit->k);
    kernels->model_row(fit->inverse, 1, O->y, O->ld, fit->k, O->count, fit->weight);
    for (int64_t c = 0; c < O->count; c += SPAN) {
        const int64_t count = O->count - c < SPAN ? O->count - c : SPAN;
        void *const at = nmfi_latin_at(fit, fit->weight, c);
        kernels->to_f64(at, values, count);
        for (int64_t i = 0; i < count; i++) values[i] = values[i] > 0 ? 1 / sqrt(values[i]) : 0;
        kernels->from_f64(values, at, count);
    }
}

/* F_g diag(1 / c) F_g' of each group. */
static void group_metrics(nmfi_latin_fit *fit, const nmfi_latin_factor *O)
{
    const nmfi_kernels *kernels = fit->plan->kernels;
    const int64_t k = fit->k;
    kernels->scale_columns(O->y, O->ld, k, O->count, fit->weight, fit->weighted);
    for (int64_t g = 0; g < O->groups->folds; g++) {
        const int64_t first = O->groups->begin[g], count = O->groups->begin[g + 1] - first;
        double *const gram = fit->metrics + g * k * k;
        memset(gram, 0, (size_t)(k * k) * sizeof *gram);
        if (count > 0)
            kernels->gram(nmfi_latin_at(fit, fit->weighted, first), O->ld, k, count, gram);
    }
}

/* M_a and the inverse of its diagonal. `shared` is where it is added up: the sums of O that it holds are
 * in fit->seen_sums by now. */
static void share_metric(nmfi_latin_fit *fit, int64_t group)
{
    const nmfi_latin *latin = fit->plan->latin;
    const nmfi_kernels *kernels = fit->plan->kernels;
    const int64_t k = fit->k, missing = nmfi_latin_missing(latin, group, fit->fold);
    double *const shared = fit->shared;
    memset(shared, 0, (size_t)(k * k) * sizeof *shared);
    for (int64_t g = 0; g < latin->folds; g++)
        if (g != missing)
            for (int64_t i = 0; i < k * k; i++) shared[i] += fit->metrics[g * k * k + i];
    kernels->from_f64(shared, fit->gram, k * k);
    for (int64_t j = 0; j < k; j++) shared[j] = shared[j * k + j] > 0 ? 1 / shared[j * k + j] : 0;
    kernels->from_f64(shared, fit->inverse, k);
}

static nmfi_metric_rule rule_of(nmfi_latin_fit *fit, nmfi_latin_factor *U, int64_t ldf,
                                double extrapolation, int measure)
{
    const nmfi_kernels *kernels = fit->plan->kernels;
    const double smallest = kernels->element_bytes == 4 ? 1e-15 : 1e-100;
    const nmfi_metric_rule rule = {.step = {.kernels = kernels,
                                            .beta = 1,
                                            .scale = fit->scale,
                                            .least = smallest,
                                            .instead = smallest,
                                            .k = fit->k,
                                            .ld = U->ld,
                                            .F = fit->window,
                                            .ldf = ldf,
                                            .F_sums = fit->seen_sums,
                                            .start = U->y,
                                            .older = U->before,
                                            .ahead = U->y,
                                            .result = U->now,
                                            .extrapolation = extrapolation,
                                            .measure_result = measure,
                                            .counts = NMFI_COUNTS_RESULT},
                                   .gram = fit->gram,
                                   .inverse = fit->inverse,
                                   .row_sums = fit->row_sums[U->side],
                                   .accuracy = 0.03,
                                   .sweeps = 24,
                                   .slope_tolerance = 0.2};
    return rule;
}

/* How much of the model, with U's sums, lies in the columns that are seen. */
static double seen_model(const nmfi_latin_fit *fit, const nmfi_latin_factor *U)
{
    double sum = 0;
    for (int64_t g = 0; g < U->groups->folds; g++)
        for (int64_t j = 0; j < fit->k; j++) sum += U->grams[g * fit->k + j] * fit->seen_sums[j];
    return sum;
}

double nmfi_latin_metric(nmfi_latin_fit *fit, nmfi_latin_factor *U, nmfi_latin_factor *O,
                         double extrapolation, int measure)
{
    const nmfi_latin *latin = fit->plan->latin;
    nmfi_sums sums = {.gram = fit->unused, .pg2 = fit->ignored, .ref2 = fit->ignored + fit->k};
    nmfi_latin_refresh(fit, O);
    nmfi_latin_group_sums(fit, O);
    nmfi_latin_group_sums(fit, U);
    find_weights(fit, U, O);
    group_metrics(fit, O);
    nmfi_metric_rule context =
        rule_of(fit, U, nmfi_latin_window_ld(O->count), extrapolation, measure);
    const nmfi_rule rule = nmfi_rule_metric(&context);
    for (int64_t a = 0; a < latin->folds; a++) {
        const nmfi_latin_run run = nmfi_latin_run_of(latin, U->side, a, fit->fold, 0);
        const int64_t end = U->groups->begin[a + 1];
        nmfi_latin_share_sums(fit, O, a);
        memcpy(fit->seen_sums, fit->shared, (size_t)fit->k * sizeof(double));
        context.sum = seen_model(fit, U);
        share_metric(fit, a);
        nmfi_latin_copy_window(fit, O, &run);
        for (int64_t line = U->groups->begin[a]; line < end; line += NMFI_LATIN_BLOCK) {
            const int64_t left = end - line,
                          count = left < NMFI_LATIN_BLOCK ? left : NMFI_LATIN_BLOCK;
            const nmfi_tile tile = {.first = line,
                                    .rows = count,
                                    .lanes = NMFI_LATIN_BLOCK,
                                    .scratch = fit->workspace,
                                    .sums = &sums,
                                    .X = nmfi_latin_rows(fit, U->side, line, count, &run),
                                    .dtype = latin->dtype};
            rule.improve(rule.context, &tile);
        }
    }
    return sums.value[NMFI_SUM_LOSS];
}
