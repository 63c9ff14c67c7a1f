/* Half steps: improve one factor with the other held fixed. Which of the two the pass carries along
 * and which comes from its sums depends on how X is stored; here the difference ends. */
#include "fit/factors.h"
#include "fit/problem.h"

#include <string.h>

void nmfi_set_gram(nmfi_problem *problem, const double *gram, double l2)
{
    memcpy(problem->gram_f64, gram, (size_t)(problem->k * problem->k) * sizeof *gram);
    nmfi_gram_for_rule(problem->kernels, problem->k, l2, problem->gram_f64, problem->gram,
                       problem->inverse);
}

void nmfi_keep_sums(const nmfi_problem *problem, const nmfi_pass *pass, nmfi_factor *factor)
{
    memcpy(factor->gram, pass->total.gram, (size_t)(problem->k * problem->k) * sizeof(double));
    memcpy(factor->value, pass->total.value, sizeof factor->value);
}

void nmfi_keep_gradients(const nmfi_problem *problem, const nmfi_pass *pass, nmfi_factor *factor)
{
    memcpy(factor->pg2, pass->total.pg2, (size_t)problem->k * sizeof(double));
    memcpy(factor->ref2, pass->total.ref2, (size_t)problem->k * sizeof(double));
}

/* Runs the rule over the factor (NULL: only adds up what is there) with the other one held fixed.
 * `updated` is what to add up: the factor after the rule. */
static void improve(nmfi_problem *problem, nmfi_factor *factor, const void *fixed,
                    const nmfi_rule *rule, const void *updated, int measured)
{
    nmfi_pass *pass = &problem->pass;
    if (problem->sketched.active) {
        pass = nmfi_sketched_visit(problem, factor, rule, updated);
    } else if (factor->along_rows) {
        const nmfi_visit visit = {.k = problem->k,
                                  .fixed = fixed,
                                  .rule = rule,
                                  .updated = updated,
                                  .sums = NMFI_SUMS_OF_PRODUCTS};
        nmfi_note(problem, nmfi_pass_visit(pass, &visit, nmfi_failure(problem)));
    } else {
        const nmfi_column_visit visit = {.k = problem->k,
                                         .rule = rule,
                                         .fixed = fixed,
                                         .updated = updated,
                                         .sums = NMFI_SUMS_OF_PRODUCTS};
        nmfi_pass_columns(pass, &visit);
    }
    nmfi_keep_sums(problem, pass, factor);
    if (measured) nmfi_keep_gradients(problem, pass, factor);
    if (problem->sketched.active) nmfi_sketched_link(problem, factor);
}

void nmfi_prepare(nmfi_problem *problem)
{
    /* A divergence's half steps need no Gram matrix of the factor before. */
    if (problem->divergence.wanted && !problem->sketched.active) return;
    improve(problem, &problem->H, NULL, NULL, problem->H.y, 0);
}

void nmfi_half_step(nmfi_problem *problem, nmfi_factor *factor, const nmfi_factor *other,
                    nmfi_half half)
{
    nmfi_set_gram(problem, other->gram, factor->l2);
    void *const ahead = factor->is_W ? factor->spare : factor->y;
    void *const result = factor->is_W ? factor->latest : factor->spare;
    /* Trap: until the pair is accepted, the point that W's half step went to lies in its spare. */
    const void *const C = other->is_W ? other->spare : other->y;
    const nmfi_hals_rule hals = {.kernels = problem->kernels,
                                 .k = problem->k,
                                 .ld = factor->partition.ld,
                                 .gram = problem->gram,
                                 .inverse = problem->inverse,
                                 .l1 = factor->l1,
                                 .accuracy = 0.1,
                                 .momentum = half.momentum,
                                 .sweeps = half.sweeps,
                                 .start = factor->y,
                                 .older = factor->latest,
                                 .ahead = ahead,
                                 .result = result,
                                 .measure_start = half.measure_start,
                                 .measure_result = half.measure_result};
    const nmfi_rule rule = nmfi_rule_hals(&hals);
    improve(problem, factor, C, &rule, ahead, half.measure_start || half.measure_result);
}

double nmfi_penalty(const nmfi_factor *factor, int64_t k)
{
    double squares = 0;
    for (int64_t j = 0; j < k; j++) squares += factor->gram[j * k + j];
    return factor->l1 * factor->value[NMFI_SUM_ENTRIES] + 0.5 * factor->l2 * squares;
}

static void swap(void **a, void **b)
{
    void *const kept = *a;
    *a = *b;
    *b = kept;
}

static void copy_factor(const nmfi_problem *problem, const nmfi_factor *factor, void *to,
                        const void *from)
{
    memcpy(to, from, nmfi_factor_bytes(problem, factor));
}

void nmfi_accept(nmfi_problem *problem)
{
    swap(&problem->W.y, &problem->W.spare);
    swap(&problem->H.latest, &problem->H.spare);
}

void nmfi_reject(nmfi_problem *problem)
{
    copy_factor(problem, &problem->W, problem->W.latest, problem->W.y);
    copy_factor(problem, &problem->H, problem->H.y, problem->H.latest);
    nmfi_prepare(problem);
}
