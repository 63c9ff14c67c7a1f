/* Half steps: improve one factor with the other held fixed. Which of the two the pass carries along and which
 * comes from its sums depends on how X is stored; here the difference ends. */
#include "fit/problem.h"

#include <string.h>

void nmfi_set_gram(nmfi_problem *problem, const double *gram, double l2)
{
    const int64_t k = problem->k, bytes = problem->kernels->element_bytes;
    memcpy(problem->gram_f64, gram, (size_t)(k * k) * sizeof *gram);
    for (int64_t j = 0; j < k; j++) {
        problem->gram_f64[j * k + j] += l2;
        const double diagonal = problem->gram_f64[j * k + j];
        /* A component that is all zero cannot lower the loss: it stays as it is. */
        const double inverse = diagonal > 0 ? 1.0 / diagonal : 0.0;
        problem->kernels->from_f64(&inverse, (char *)problem->inverse + j * bytes, 1);
    }
    problem->kernels->from_f64(problem->gram_f64, problem->gram, k * k);
}

void nmfi_keep_sums(const nmfi_problem *problem, const nmfi_pass *pass, nmfi_factor *factor)
{
    const size_t row = (size_t)problem->k * sizeof(double);
    memcpy(factor->gram, pass->total.gram, (size_t)problem->k * row);
    factor->entries = pass->total.value[NMFI_SUM_ENTRIES];
}

static void accumulate_only(nmfi_problem *problem, nmfi_factor *on_rows)
{
    const nmfi_visit visit = {.k = problem->k, .R = on_rows->y, .accumulate = 1};
    nmfi_pass_visit(&problem->pass, &visit);
    nmfi_keep_sums(problem, &problem->pass, on_rows);
}

static void gram_only(nmfi_problem *problem, nmfi_factor *on_columns)
{
    nmfi_pass_columns(&problem->pass, problem->k, NULL, on_columns->y);
    nmfi_keep_sums(problem, &problem->pass, on_columns);
}

void nmfi_prepare(nmfi_problem *problem)
{
    /* W's products need X H': the pass makes them from the Gram matrix of H on, or has to be run for Q. */
    if (problem->H.on_rows) accumulate_only(problem, &problem->H);
    else gram_only(problem, &problem->H);
}

void nmfi_half_step(nmfi_problem *problem, nmfi_factor *factor, const nmfi_factor *other,
                    nmfi_half half)
{
    nmfi_set_gram(problem, other->gram, factor->l2);
    void *const ahead = factor->leads ? factor->spare : factor->y;
    void *const result = factor->leads ? factor->latest : factor->spare;
    const nmfi_hals_rule hals = {.kernels = problem->kernels, .k = problem->k, .ld = factor->cut.ld,
                                 .gram = problem->gram, .inverse = problem->inverse,
                                 .l1 = factor->l1, .accuracy = 0.1, .beta = half.beta,
                                 .sweeps = half.sweeps, .start = factor->y, .older = factor->latest,
                                 .ahead = ahead, .result = result,
                                 .measure_start = half.measure_start,
                                 .measure_result = half.measure_result};
    const nmfi_rule rule = nmfi_rule_hals(&hals);
    if (factor->on_rows) {
        /* Trap: until the pair is accepted, the point that W's half step went to lies in its spare. */
        const void *C = other->leads ? other->spare : other->y;
        const nmfi_visit visit = {.k = problem->k, .C = C, .rule = &rule, .R = ahead, .accumulate = 1};
        nmfi_pass_visit(&problem->pass, &visit);
    } else {
        nmfi_pass_columns(&problem->pass, problem->k, &rule, ahead);
    }
    nmfi_keep_sums(problem, &problem->pass, factor);
    if (!half.measure_start && !half.measure_result) return;
    const size_t row = (size_t)problem->k * sizeof(double);
    memcpy(factor->pg2, problem->pass.total.pg2, row);
    memcpy(factor->ref2, problem->pass.total.ref2, row);
}

static void swap(void **a, void **b)
{
    void *const kept = *a;
    *a = *b;
    *b = kept;
}

static void copy_factor(const nmfi_problem *problem, const nmfi_factor *factor, void *to, const void *from)
{
    memcpy(to, from, (size_t)(problem->k * factor->cut.ld * problem->kernels->element_bytes));
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

double nmfi_penalty(const nmfi_factor *factor, int64_t k)
{
    double squares = 0;
    for (int64_t j = 0; j < k; j++) squares += factor->gram[j * k + j];
    return factor->l1 * factor->entries + 0.5 * factor->l2 * squares;
}
