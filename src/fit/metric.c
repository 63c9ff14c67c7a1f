/* Preparing half steps of a divergence (metric.h). */
#include "fit/metric.h"

#include "fit/loss.h"
#include "pass/factor.h"

#include <math.h>
#include <string.h>

void nmfi_metric_layout(nmfi_metric *metric, nmfi_arena *arena, int64_t longer_ld)
{
    const int64_t bytes = metric->kernels->element_bytes;
    metric->F_sums = nmfi_take(arena, metric->k, sizeof(double));
    metric->component_sums = nmfi_take(arena, metric->k, sizeof(double));
    metric->weight = nmfi_take(arena, longer_ld, (size_t)bytes);
    metric->weighted = nmfi_take(arena, metric->k, nmfi_product(longer_ld, bytes));
}

void nmfi_component_sums(const nmfi_metric *metric, const void *factor,
                         const nmfi_partition *partition, double *sums)
{
    nmfi_factor_sums(metric->kernels, partition, metric->k, factor, sums);
}

void nmfi_model_sums(const nmfi_metric *metric, const void *factor, const nmfi_partition *partition,
                     const double *other_sums, void *sums)
{
    /* The inverse is of no use before there is a metric: its workspace serves for the sums as T. */
    const nmfi_kernels *kernels = metric->kernels;
    const int64_t end = partition->first_slot + partition->own_slots;
    kernels->from_f64(other_sums, metric->inverse, metric->k);
    /* Trap: slot by slot, for the kernel ends a run of rows otherwise than it begins it, and which rows
     * are here is not to show. */
    for (int64_t slot = partition->first_slot; slot < end; slot++) {
        const int64_t first = nmfi_partition_first_row(partition, slot);
        const int64_t at = first * kernels->element_bytes;
        kernels->model_row(metric->inverse, 1, (const char *)factor + at, partition->ld, metric->k,
                           nmfi_partition_first_row(partition, slot + 1) - first,
                           (char *)sums + at);
    }
}

static void fill_with_ones(const nmfi_kernels *kernels, void *array, int64_t count)
{
    const double one = 1.0;
    for (int64_t i = 0; i < count; i++)
        kernels->from_f64(&one, (char *)array + i * kernels->element_bytes, 1);
}

nmf_status nmfi_row_sums_of_X(const nmfi_metric *metric, nmfi_pass *pass, void *sums,
                              nmf_error *error)
{
    fill_with_ones(metric->kernels, metric->weight, pass->columns.count);
    const nmfi_project_rule project = {metric->kernels, 1, pass->rows.ld, NULL, sums};
    const nmfi_rule rule = nmfi_rule_project(&project);
    const nmfi_visit visit = {.k = 1, .fixed = metric->weight, .rule = &rule, .updated = sums};
    return nmfi_pass_visit(pass, &visit, error);
}

nmf_status nmfi_both_sums(const nmfi_metric *metric, nmfi_pass *pass, void *row_sums,
                          void *column_sums, nmf_error *error)
{
    fill_with_ones(metric->kernels, metric->weight, pass->columns.count);
    fill_with_ones(metric->kernels, metric->weighted, pass->rows.count);
    const nmfi_project_rule of_rows = {metric->kernels, 1, pass->rows.ld, NULL, row_sums};
    const nmfi_project_rule of_columns = {metric->kernels, 1, pass->columns.ld, NULL, column_sums};
    const nmfi_rule rows = nmfi_rule_project(&of_rows), columns = nmfi_rule_project(&of_columns);
    const nmfi_visit visit = {.k = 1,
                              .fixed = metric->weight,
                              .rule = &rows,
                              .updated = metric->weighted,
                              .sums = NMFI_SUMS_OF_PRODUCTS};
    const nmf_status status = nmfi_pass_visit(pass, &visit, error);
    if (status != NMF_OK) return status;
    const nmfi_column_visit then = {
        .k = 1, .rule = &columns, .fixed = metric->weighted, .sums = NMFI_SUMS_OF_PRODUCTS};
    nmfi_pass_columns(pass, &then);
    return NMF_OK;
}

/* sums -> 1 / sqrt(sums), 0 where there is nothing. Trap: the padding too, for the workspace has served
 * the other factor before, and what it left there would count. */
static void invert_roots(const nmfi_kernels *kernels, void *sums, const nmfi_partition *partition)
{
    enum { SPAN = 256 };
    const int64_t all = partition->count;
    double values[SPAN];
    for (int64_t c = 0; c < all; c += SPAN) {
        const int64_t count = all - c < SPAN ? all - c : SPAN;
        char *const at = (char *)sums + c * kernels->element_bytes;
        kernels->to_f64(at, values, count);
        for (int64_t i = 0; i < count; i++) values[i] = values[i] > 0 ? 1 / sqrt(values[i]) : 0;
        kernels->from_f64(values, at, count);
    }
    memset((char *)sums + all * kernels->element_bytes, 0,
           (size_t)((partition->ld - all) * kernels->element_bytes));
}

void nmfi_metric_make(nmfi_metric *metric, nmfi_pass *pass, const void *F, double l2)
{
    const nmfi_kernels *kernels = metric->kernels;
    const nmfi_partition *partition = &pass->columns;
    const int64_t k = metric->k;
    metric->sum = 0;
    for (int64_t j = 0; j < k; j++) metric->sum += metric->component_sums[j] * metric->F_sums[j];
    nmfi_model_sums(metric, F, partition, metric->component_sums, metric->weight);
    invert_roots(kernels, metric->weight, partition);
    kernels->scale_columns(F, partition->ld, k, partition->ld, metric->weight, metric->weighted);
    const nmfi_column_visit visit = {.k = k, .updated = metric->weighted};
    nmfi_pass_columns(pass, &visit);
    memcpy(metric->gram_f64, pass->total.gram, (size_t)(k * k) * sizeof(double));
    nmfi_gram_for_rule(kernels, k, 0, l2, metric->gram_f64, metric->gram, metric->inverse);
}

void nmfi_metric_weigh(nmfi_metric *metric, nmfi_pass *pass, const void *F, const double *c,
                       double factor, double l2)
{
    const nmfi_kernels *kernels = metric->kernels;
    const nmfi_partition *partition = &pass->columns;
    const int64_t k = metric->k;
    for (int64_t j = 0; j < partition->ld; j++) { /* Trap: the padding too */
        const double root = j < partition->count ? sqrt(factor * c[j]) : 0;
        kernels->from_f64(&root, (char *)metric->weight + j * kernels->element_bytes, 1);
    }
    kernels->scale_columns(F, partition->ld, k, partition->ld, metric->weight, metric->weighted);
    const nmfi_column_visit visit = {.k = k, .updated = metric->weighted};
    nmfi_pass_columns(pass, &visit);
    memcpy(metric->gram_f64, pass->total.gram, (size_t)(k * k) * sizeof(double));
    nmfi_gram_for_rule(kernels, k, 0, l2, metric->gram_f64, metric->gram, metric->inverse);
}

nmfi_divergence_step nmfi_step_bare(const nmfi_kernels *kernels, double beta, double scale,
                                    int64_t k)
{
    const double smallest = kernels->element_bytes == 4 ? 1e-15 : 1e-100;
    const nmfi_divergence_step step = {.kernels = kernels,
                                       .beta = beta,
                                       .scale = scale,
                                       .least = smallest,
                                       .instead = smallest,
                                       .k = k};
    return step;
}

nmf_status nmfi_divergence_visit(nmfi_pass *pass, const nmfi_divergence_step *step, nmfi_rule rule,
                                 int dense_rows, nmf_error *error)
{
    if (step->beta == 1 && !dense_rows) rule.needs = NMFI_NEEDS_ROWS;
    const nmfi_visit visit = {.rule = &rule, .fixed = step->F, .k = step->k};
    return nmfi_pass_visit(pass, &visit, error);
}

nmf_status nmfi_weighted_visit(nmfi_pass *pass, const nmfi_divergence_step *step, nmfi_rule rule,
                               const void *u, const nmf_sparse *stored, nmf_error *error)
{
    const int64_t columns = pass->columns.count;
    const nmfi_weighted_rule weighted = {
        .step = step, .inner = rule, .u = u, .ldu = columns, .columns = columns, .stored = stored};
    const nmfi_rule rows = nmfi_rule_weighted(&weighted);
    const nmfi_visit visit = {.rule = &rows, .fixed = step->F, .k = step->k};
    return nmfi_pass_visit(pass, &visit, error);
}

int64_t nmfi_divergence_workspace_bytes(const nmfi_pass *pass, double beta, int dense_rows)
{
    const int64_t bytes = pass->kernels->element_bytes, entries = nmfi_pass_most_entries(pass);
    /* Trap: a fit in f64 may begin in f32, whose strips may be twice as long. */
    const int64_t own = nmfi_strip_workspace_bytes(pass->k, pass->columns.ld, bytes);
    const int64_t single = nmfi_strip_workspace_bytes(pass->k, pass->columns.ld, sizeof(float));
    const int64_t rows = own > single ? own : single;
    const int64_t line = nmfi_strip_lines_bytes(pass->k, entries, bytes);
    const int lines = entries > 0 && beta == 1 && !dense_rows;
    return lines || line > rows ? line : rows;
}

double nmfi_mu_gamma(double beta)
{
    return beta < 1 ? 1 / (2 - beta) : beta > 2 ? 1 / (beta - 1) : 1;
}

double nmfi_jmm_gamma(double beta, double l2)
{
    return 1 / (fmax(beta, l2 > 0 ? 2 : 1) - fmin(beta - 1, 1));
}

nmfi_solve_divergence_rule nmfi_solving_divergence(nmfi_metric *metric, nmfi_pass *pass,
                                                   nmfi_divergence_step step, const void *row_sums)
{
    nmfi_component_sums(metric, step.F, &pass->columns, metric->F_sums);
    for (int64_t j = 0; j < metric->k; j++)
        metric->component_sums[j] = metric->F_sums[j] > 0 ? 1 / metric->F_sums[j] : 0;
    nmfi_metric_make(metric, pass, step.F, 0);
    step.F_sums = metric->F_sums;
    const nmfi_solve_divergence_rule rule = {.metric = {.step = step,
                                                        .gram = metric->gram,
                                                        .inverse = metric->inverse,
                                                        .sum = metric->sum,
                                                        .row_sums = row_sums,
                                                        .accuracy = 0.003, /* of the first step */
                                                        .sweeps = 64,
                                                        .each_row = 1,
                                                        .slope_tolerance = 0.2},
                                             .gamma = nmfi_mu_gamma(step.beta),
                                             .no_den = step.instead,
                                             .accuracy =
                                                 metric->kernels->element_bytes == 4 ? 1e-5 : 1e-9};
    return rule;
}
