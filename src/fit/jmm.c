/* Iterations of joint majorization-minimization (rule_jmm.c): one reading of X gives the loss and
 * the KKT residual at the pair it is read with, and the next pair. The factor along the pass's rows
 * moves first, tile by tile; the other one follows from what the tiles add up. (That one's part of
 * the residual is exact for beta 1; for others it is the majorizer's, after the first factor has
 * moved: the same where both have come to rest.)
 *
 * Three arrays of each factor: the incumbent, W.y and H.latest; the point ahead of it, where X is
 * read, W.latest and H.y; and the new pair, both spares. So accepting and rejecting do here what
 * they do everywhere, and the incumbent, a plain update of the last point whose loss was accepted,
 * is never worse than that. Extrapolation: Hien, Leplat & Gillis 2024, restarts as in iterate.c. */
#include "fit/problem.h"

typedef struct points {
    void *start, *older, *result;
} points;

static points points_of(const nmfi_factor *factor, int measure_only)
{
    const points here = {factor->y, factor->y, factor->y};
    const points W = {factor->latest, factor->y, factor->spare};
    const points H = {factor->y, factor->latest, factor->spare};
    return measure_only ? here : factor->is_W ? W : H;
}

int nmfi_jmm_sums(const nmfi_problem *problem)
{
    /* Where zeros are left out, a row's entries name columns all over the sums: adding there would
     * cost a copy of the factor for each slot, more than X. The other side of X is at hand. */
    const int two = problem->divergence.beta != 1;
    const int leaves_out = nmfi_pass_most_entries(&problem->pass) > 0;
    return leaves_out && !two ? 0 : 1 + two;
}

static nmfi_jmm_rule describe(nmfi_problem *problem, const nmfi_factor *factor,
                              const nmfi_factor *other, int measure_only)
{
    const double beta = problem->divergence.beta;
    const points at = points_of(factor, measure_only);
    nmfi_jmm_rule rule = {.step =
                              nmfi_step_bare(problem->kernels, beta, problem->scale, problem->k),
                          .measure_only = measure_only,
                          .gamma = nmfi_jmm_gamma(beta, factor->l2)};
    rule.no_den = rule.step.instead;
    rule.step.F = points_of(other, measure_only).start;
    rule.step.ldf = other->partition.ld;
    rule.step.ld = factor->partition.ld;
    rule.step.l1 = factor->l1;
    rule.step.l2 = factor->l2;
    rule.step.start = at.start;
    rule.step.older = rule.step.ahead = rule.step.result = at.result;
    rule.step.measure_start = 1;
    rule.step.counts = NMFI_COUNTS_START;
    return rule;
}

static void visit(nmfi_problem *problem, nmfi_factor *factor, const nmfi_jmm_rule *jmm, int sums)
{
    nmfi_pass *pass = nmfi_pass_along(problem, factor);
    nmfi_rule rule = nmfi_rule_jmm(jmm);
    if (jmm->step.beta == 1) rule.needs = NMFI_NEEDS_ROWS;
    const nmfi_visit all = {.rule = &rule, .fixed = jmm->step.F, .k = problem->k, .sums = sums};
    nmfi_note(problem, nmfi_pass_visit(pass, &all, nmfi_failure(problem)));
    nmfi_keep_sums(problem, pass, factor);
    nmfi_keep_gradients(problem, pass, factor);
}

static void follow(nmfi_problem *problem, nmfi_factor *factor, const nmfi_jmm_rule *jmm, int sums)
{
    const nmfi_rule rule = nmfi_rule_jmm_columns(jmm);
    const nmfi_column_visit visit = {.k = problem->k, .rule = &rule, .sums = sums};
    nmfi_pass_columns(&problem->pass, &visit);
    nmfi_keep_sums(problem, &problem->pass, factor);
    nmfi_keep_gradients(problem, &problem->pass, factor);
}

static double move(nmfi_problem *problem, int measure_only)
{
    nmfi_metric *metric = &problem->divergence.metric;
    nmfi_factor *first = problem->W.along_rows ? &problem->W : &problem->H;
    nmfi_factor *last = problem->W.along_rows ? &problem->H : &problem->W;
    nmfi_jmm_rule rows = describe(problem, first, last, measure_only);
    nmfi_jmm_rule columns = describe(problem, last, first, measure_only);
    const int sums = nmfi_jmm_sums(problem);
    nmfi_component_sums(metric, rows.step.F, &last->partition, metric->F_sums);
    nmfi_component_sums(metric, columns.step.F, &first->partition, metric->component_sums);
    rows.step.F_sums = metric->F_sums;
    columns.step.F_sums = metric->component_sums;
    rows.step.measure_result = 1;
    visit(problem, first, &rows, sums);
    /* From here on F_sums are those of the factor that has moved. */
    nmfi_component_sums(metric, rows.step.result, &first->partition, metric->F_sums);
    if (!measure_only && rows.step.beta == 1) columns.moved_sums = metric->F_sums;
    if (sums > 0)
        follow(problem, last, &columns, sums);
    else
        visit(problem, last, &columns, 0);
    last->value[NMFI_SUM_LOSS] = first->value[NMFI_SUM_LOSS];
    return first->value[NMFI_SUM_LOSS] + nmfi_penalty(first, problem->k) +
           nmfi_penalty(last, problem->k);
}

/* The next point to read X with. */
static void go_ahead(const nmfi_problem *problem, const nmfi_factor *factor, double extrapolation)
{
    const points at = points_of(factor, 0);
    const int64_t ld = factor->partition.ld;
    problem->kernels->extrapolate_positive(at.start, ld, at.result, ld, at.older, ld, problem->k,
                                           factor->partition.count, extrapolation);
}

double nmfi_jmm_iteration(nmfi_problem *problem, double extrapolation)
{
    nmfi_divergence_rebalance_scales(problem);
    const double loss = move(problem, 0);
    go_ahead(problem, &problem->W, extrapolation);
    go_ahead(problem, &problem->H, extrapolation);
    return loss;
}

void nmfi_jmm_measure(nmfi_problem *problem)
{
    (void)move(problem, 1);
}
