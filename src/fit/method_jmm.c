/* Joint majorization-minimization (rule_jmm.c): one pass over X gives the loss and the KKT residual at
 * the pair it is read with, and the next pair. The factor along the pass's rows moves first, tile by
 * tile; the other one follows from what the tiles add up. (That one's part of the residual is exact
 * for beta 1; for others it is the majorizer's, after the first factor has moved: the same where both
 * have come to rest.)
 *
 * X is read with the points ahead of the incumbents; the new pair are both factors' plain results, so
 * the incumbent, a plain update of the last point whose loss was accepted, is never worse than that.
 * Extrapolation: Hien, Leplat & Gillis 2024, restarts as in iterate.c. */
#include "fit/divergence.h"

#include "fit/loss.h"

/* Where a factor is when X is read. */
static void *start_of(const nmfi_factor *factor, int measure_only)
{
    return measure_only ? factor->incumbent : factor->ahead;
}

static int sums_of(const nmfi_fit *fit)
{
    /* Where zeros are left out, a row's entries name columns all over the sums: adding there would
     * cost a copy of the factor for each slot, more than X. The other side of X is at hand. */
    const int two = fit->choice.beta != 1;
    const int leaves_out =
        nmfi_pass_most_entries(&fit->work.pass) > 0 && !nmfi_pass_scatters(&fit->work.pass);
    return leaves_out && !two ? 0 : 1 + two;
}

static nmfi_jmm_rule describe(const nmfi_fit *fit, const nmfi_factor *factor,
                              const nmfi_factor *other, int measure_only)
{
    const double beta = fit->choice.beta;
    nmfi_jmm_rule rule = {.step = nmfi_step_bare(fit->work.kernels, beta, fit->facts.scale, fit->k),
                          .measure_only = measure_only,
                          .gamma = nmfi_jmm_gamma(beta, factor->l2)};
    rule.no_den = rule.step.instead;
    rule.step.F = start_of(other, measure_only);
    rule.step.ldf = other->partition.ld;
    rule.step.ld = factor->partition.ld;
    rule.step.l1 = factor->l1;
    rule.step.l2 = factor->l2;
    rule.step.start = start_of(factor, measure_only);
    rule.step.result = measure_only ? factor->incumbent : factor->plain;
    rule.step.older = rule.step.ahead = rule.step.result;
    rule.step.measure_start = 1;
    rule.step.counts = NMFI_COUNTS_START;
    return rule;
}

static nmf_status visit(nmfi_fit *fit, nmfi_factor *factor, const nmfi_factor *other,
                        const nmfi_jmm_rule *jmm, int sums, nmf_error *error)
{
    nmfi_pass *pass = nmfi_pass_along(fit, factor);
    const nmfi_partition *own = &factor->partition;
    nmfi_jmm_rule here = *jmm;
    here.step.F = nmfi_factor_whole(pass, &other->partition, fit->k, jmm->step.F);
    here.step.ldf = pass->columns.ld;
    here.step.start = nmfi_factor_visited(pass, own, jmm->step.start);
    here.step.result = nmfi_factor_visited(pass, own, jmm->step.result);
    here.step.older = here.step.ahead = here.step.result;
    nmfi_rule rule = nmfi_rule_jmm(&here);
    if (jmm->step.beta == 1) rule.needs = NMFI_NEEDS_ROWS;
    const nmfi_visit all = {.rule = &rule, .fixed = here.step.F, .k = fit->k, .sums = sums};
    const nmf_status status = nmfi_pass_visit(pass, &all, error);
    if (status != NMF_OK) return status;
    nmfi_factor_complete(pass, own, fit->k, jmm->step.result);
    nmfi_keep_sums(fit, pass, factor);
    nmfi_keep_gradients(fit, pass, factor);
    return NMF_OK;
}

static nmf_status follow(nmfi_fit *fit, nmfi_factor *factor, const nmfi_jmm_rule *jmm, int sums)
{
    const nmfi_rule rule = nmfi_rule_jmm_columns(jmm);
    const nmfi_column_visit visit = {.k = fit->k, .rule = &rule, .sums = sums};
    nmfi_pass_columns(&fit->work.pass, &visit);
    nmfi_keep_sums(fit, &fit->work.pass, factor);
    nmfi_keep_gradients(fit, &fit->work.pass, factor);
    return NMF_OK;
}

/* Both factors, or only what they measure at the incumbents. */
static nmf_status move(nmfi_fit *fit, nmfi_divergence *d, int measure_only, nmf_error *error)
{
    nmfi_metric *metric = &d->metric;
    nmfi_factor *first = fit->W.along_rows ? &fit->W : &fit->H;
    nmfi_factor *last = fit->W.along_rows ? &fit->H : &fit->W;
    nmfi_jmm_rule rows = describe(fit, first, last, measure_only);
    nmfi_jmm_rule columns = describe(fit, last, first, measure_only);
    const int sums = sums_of(fit);
    nmfi_component_sums(metric, rows.step.F, &last->partition, metric->F_sums);
    nmfi_component_sums(metric, columns.step.F, &first->partition, metric->component_sums);
    rows.step.F_sums = metric->F_sums;
    columns.step.F_sums = metric->component_sums;
    rows.step.measure_result = 1;
    nmf_status status = visit(fit, first, last, &rows, sums, error);
    if (status != NMF_OK) return status;
    /* From here on F_sums are those of the factor that has moved. */
    nmfi_component_sums(metric, rows.step.result, &first->partition, metric->F_sums);
    if (!measure_only && rows.step.beta == 1) columns.moved_sums = metric->F_sums;
    status =
        sums > 0 ? follow(fit, last, &columns, sums) : visit(fit, last, first, &columns, 0, error);
    last->value[NMFI_SUM_LOSS] = first->value[NMFI_SUM_LOSS];
    return status;
}

/* The next point to read X with. */
static void go_ahead(const nmfi_fit *fit, const nmfi_factor *factor, double momentum)
{
    const int64_t ld = factor->partition.ld;
    fit->work.kernels->extrapolate_positive(factor->ahead, ld, factor->plain, ld, factor->incumbent,
                                            ld, fit->k, factor->partition.count, momentum);
}

static void plan(nmfi_fit *fit, void *state)
{
    nmfi_divergence *d = state;
    d->multiplies = d->joint = 1;
    nmfi_divergence_plan(fit, state);
}

static void layout(nmfi_fit *fit, void *state, nmfi_arena *arena)
{
    nmfi_divergence_layout(fit, state, arena);
    nmfi_pass_layout_tile_sums(&fit->work.pass, arena, nmfi_team_threads(fit->work.team),
                               sums_of(fit));
}

static nmf_status begin(nmfi_fit *fit, void *state, nmf_error *error)
{
    return nmfi_divergence_make_positive(fit, state, error);
}

static nmf_status step(nmfi_fit *fit, void *state, nmfi_step_wish wish, nmfi_measured *pair,
                       nmf_error *error)
{
    const double momentum = wish.begins || wish.skip_momentum ? 0.0 : wish.momentum;
    nmfi_rebalance(fit);
    const nmf_status status = move(fit, state, 0, error);
    if (status != NMF_OK) return status;
    const nmfi_factor *first = fit->W.along_rows ? &fit->W : &fit->H;
    const nmfi_factor *last = fit->W.along_rows ? &fit->H : &fit->W;
    pair->loss =
        first->value[NMFI_SUM_LOSS] + nmfi_penalty(first, fit->k) + nmfi_penalty(last, fit->k);
    go_ahead(fit, &fit->W, momentum);
    go_ahead(fit, &fit->H, momentum);
    return NMF_OK;
}

static void accept(nmfi_fit *fit, void *state)
{
    (void)state;
    nmfi_take_plain(&fit->W);
    nmfi_take_plain(&fit->H);
}

nmf_status nmfi_jmm_measure(nmfi_fit *fit, nmfi_divergence *d, int of_W, nmf_error *error)
{
    (void)of_W; /* both at once */
    return move(fit, d, 1, error);
}

static nmf_status finish(nmfi_fit *fit, void *state, nmf_error *error)
{
    return nmfi_divergence_finish(fit, state, nmfi_jmm_measure, 1, error);
}

/* Other exponents want the zeros of a sparse X. */
static int adds_up(const nmfi_fit *fit)
{
    return fit->choice.beta == 1;
}

extern const nmfi_method nmfi_method_jmm;
const nmfi_method nmfi_method_jmm = {.name = "jmm",
                                     .state_bytes = sizeof(nmfi_divergence),
                                     .adds_up = adds_up,
                                     .plan = plan,
                                     .layout = layout,
                                     .prepare = nmfi_divergence_prepare,
                                     .begin = begin,
                                     .step = step,
                                     .accept = accept,
                                     .scale = nmfi_scale_of_divergence,
                                     .finish = finish,
                                     .trial_iterations = 10,
                                     .flat = 10,
                                     .watches_residual = 1,
                                     .deepens = 1};
