/* Incremental updates for the Kullback-Leibler divergence, where readings of X are dear: groups of rows are
 * visited one after the other; a group's rows of the one factor are improved by coordinate descent (rule_scd.c),
 * and then the other factor by what all groups explain with it, each as it was visited last (rule_counts.c,
 * groups.h). Its bound on D never rises, is equal to D where nothing moves, and is what the trace tells. The names
 * are those of an X whose rows are samples; where features lie side by side H and W change places. Kin: incremental
 * EM, Neal & Hinton 1998. */
#include "fit/constraints.h"
#include "fit/divergence.h"
#include "fit/groups.h"
#include "fit/loss.h"

#include <math.h>
#include <string.h>

typedef struct incremental {
    nmfi_divergence divergence; /* Trap: first, functions that are shared find it here */
    nmfi_groups groups;
    void *num;          /* k x ld of the columns: what the groups of this reading asked for */
    double *sums;       /* k, and one more: of all groups */
    double *pg2, *ref2; /* k: of the rows of the groups of this reading */
    int waits;          /* the other factor is not improved before all groups were visited */
} incremental;

static void plan(nmfi_fit *fit, void *state)
{
    incremental *s = state;
    s->divergence.multiplies = s->divergence.joint = 1;
    nmfi_groups_plan(fit, &s->groups, 16, fit->k + 1);
    nmfi_divergence_plan(fit, state);
}

static void layout(nmfi_fit *fit, void *state, nmfi_arena *arena)
{
    incremental *s = state;
    const int64_t k = fit->k, bytes = fit->work.kernels->element_bytes;
    nmfi_divergence_layout(fit, state, arena);
    nmfi_pass_layout_tile_sums(&fit->work.pass, arena, nmfi_team_threads(fit->work.team), 1);
    nmfi_groups_layout(fit, &s->groups, arena);
    s->num = nmfi_take(arena, k, nmfi_product(s->groups.across->partition.ld, bytes));
    s->sums = nmfi_take(arena, k + 1, sizeof(double));
    s->pg2 = nmfi_take(arena, k, sizeof(double));
    s->ref2 = nmfi_take(arena, k, sizeof(double));
}

static nmf_status begin(nmfi_fit *fit, void *state, nmf_error *error)
{
    incremental *s = state;
    nmfi_groups_forget(&s->groups);
    s->waits = fit->progress.init == NMF_INIT_CUSTOM;
    return nmfi_divergence_make_positive(fit, state, error);
}

/* The step of the rows, for the other factor as it is now. */
static nmfi_divergence_step describe(const nmfi_fit *fit, incremental *s)
{
    const nmfi_factor *along = s->groups.along, *across = s->groups.across;
    nmfi_metric *metric = &s->divergence.metric;
    nmfi_divergence_step step = nmfi_step_bare(fit->work.kernels, 1, fit->facts.scale, fit->k);
    nmfi_component_sums(metric, across->ahead, &across->partition, metric->F_sums);
    step.F = across->ahead;
    step.ldf = across->partition.ld;
    step.F_sums = metric->F_sums;
    step.ld = along->partition.ld;
    step.l1 = along->l1;
    step.l2 = along->l2;
    step.start = step.older = along->incumbent;
    step.ahead = along->ahead;
    step.result = along->plain;
    step.measure_start = step.measure_result = 1;
    step.counts = NMFI_COUNTS_RESULT;
    return step;
}

static void add_sums(nmfi_fit *fit, incremental *s, int64_t group)
{
    nmfi_factor *along = s->groups.along;
    const nmfi_sums *total = &fit->work.pass.total;
    const int64_t k = fit->k;
    double *const own = nmfi_groups_sums(&s->groups, group);
    for (int i = 0; i < NMFI_SUM_COUNT; i++) along->value[i] += total->value[i];
    for (int64_t j = 0; j < k; j++) {
        s->pg2[j] += total->pg2[j];
        s->ref2[j] += total->ref2[j];
        along->gram[j * k + j] += total->gram[j * k + j];
    }
    /* The bound at h is own[k] + sum of s h - q log h. */
    nmfi_groups_row_sums(fit, &s->groups, group, along->plain, own);
    own[k] = total->value[NMFI_SUM_LOSS];
    for (int64_t j = 0; j < k; j++) own[k] -= own[j] * s->divergence.metric.F_sums[j];
}

static nmf_status improve_rows(nmfi_fit *fit, incremental *s, int64_t group, nmf_error *error)
{
    enum { SWEEPS = 3 };
    const nmfi_scd_rule scd = {
        .step = describe(fit, s), .sweeps = SWEEPS, .accuracy = 1e-3, .adds = 1};
    nmfi_rule rule = nmfi_rule_scd(&scd);
    rule.needs = NMFI_NEEDS_ROWS;
    nmfi_visit visit = nmfi_groups_visit(fit, &s->groups, group);
    visit.fixed = scd.step.F;
    visit.rule = &rule;
    visit.sums = 1;
    const nmf_status status = nmfi_pass_visit(&fit->work.pass, &visit, error);
    if (status == NMF_OK) add_sums(fit, s, group);
    return status;
}

/* The rule of the other factor; `group`: the newest one. */
static nmfi_counts_rule counts_of(nmfi_fit *fit, incremental *s, int64_t group)
{
    const nmfi_factor *across = s->groups.across;
    double *const means = s->divergence.metric.component_sums;
    nmfi_component_sums(&s->divergence.metric, across->ahead, &across->partition, means);
    for (int64_t j = 0; j < fit->k; j++) means[j] /= (double)across->partition.count;
    nmfi_groups_add_up(&s->groups, fit->k + 1, s->sums);
    return (nmfi_counts_rule){.shares = nmfi_groups_shares(fit, &s->groups, group),
                              .l1 = across->l1,
                              .l2 = across->l2,
                              .sums = s->sums,
                              .x = across->ahead,
                              .num = s->num,
                              .means = means};
}

/* The other factor, by what all groups that are known explain; returns the sum of q log h there. */
static double improve_columns(nmfi_fit *fit, incremental *s, int64_t group, double power,
                              int is_last)
{
    nmfi_factor *across = s->groups.across;
    const int64_t k = fit->k;
    nmfi_counts_rule counts = counts_of(fit, s, group);
    counts.power = power;
    counts.stays = s->waits && !is_last;
    counts.measures = is_last;
    const nmfi_rule rule = nmfi_rule_counts(&counts);
    const nmfi_column_visit visit = {
        .k = k, .rule = &rule, .updated = across->ahead, .sums = 1, .written = {across->ahead}};
    nmfi_pass_columns(&fit->work.pass, &visit);
    nmfi_keep_sums(fit, &fit->work.pass, across);
    if (is_last) nmfi_keep_gradients(fit, &fit->work.pass, across);
    nmfi_groups_sums(&s->groups, group)[k] += across->value[NMFI_SUM_DECREASE];
    s->sums[k] += across->value[NMFI_SUM_DECREASE];
    return across->value[NMFI_SUM_OBJECTIVE];
}

static void begin_sums(nmfi_fit *fit, incremental *s)
{
    nmfi_factor *along = s->groups.along;
    const size_t numbers = (size_t)fit->k * sizeof(double);
    memset(along->value, 0, sizeof along->value);
    memset(along->gram, 0, (size_t)fit->k * numbers);
    memset(s->pg2, 0, numbers);
    memset(s->ref2, 0, numbers);
    memset(s->num, 0, nmfi_factor_bytes(fit, s->groups.across));
}

/* A group that was not visited yet is taken to explain what the pair as it is says: of a column that none of the
 * first rows has anything is still known. */
static void suppose(nmfi_fit *fit, incremental *s)
{
    const nmfi_factor *along = s->groups.along, *across = s->groups.across;
    const nmfi_kernels *kernels = fit->work.kernels;
    const size_t component = (size_t)(across->partition.ld * kernels->element_bytes);
    for (int64_t g = 0; g < s->groups.count; g++) {
        const nmfi_shares shares = nmfi_groups_shares(fit, &s->groups, g);
        double *const own = nmfi_groups_sums(&s->groups, g);
        nmfi_groups_row_sums(fit, &s->groups, g, along->incumbent, own);
        own[fit->k] = 0;
        for (int64_t j = 0; j < fit->k; j++) {
            char *const share = shares.shares + (size_t)(g * fit->k + j) * component;
            memcpy(share, (const char *)across->incumbent + (size_t)j * component, component);
            kernels->scale(share, across->partition.count, own[j]);
        }
    }
}

static double bound(nmfi_fit *fit, incremental *s, double explained)
{
    nmfi_metric *metric = &s->divergence.metric;
    const nmfi_factor *across = s->groups.across;
    nmfi_component_sums(metric, across->ahead, &across->partition, metric->F_sums);
    double value = s->sums[fit->k] - explained;
    for (int64_t j = 0; j < fit->k; j++) value += s->sums[j] * metric->F_sums[j];
    return value;
}

/* By the sums of the reading before. */
static void settle(nmfi_fit *fit, incremental *s)
{
    const nmfi_counts_rule counts = counts_of(fit, s, s->groups.count - 1);
    nmfi_counts_settle(&counts, s->groups.across->partition.count);
}

/* The pair is the incumbent again, of which groups know nothing: one reading of all of them with the other factor held
 * cannot rise. */
static void forget(incremental *s)
{
    nmfi_groups_forget(&s->groups);
    s->waits = 1;
}

static nmf_status step(nmfi_fit *fit, void *state, nmfi_step_wish wish, nmfi_measured *pair,
                       nmf_error *error)
{
    incremental *s = state;
    nmfi_factor *along = s->groups.along, *across = s->groups.across;
    const size_t numbers = (size_t)fit->k * sizeof(double);
    /* Measured: 1.6 to 1.9 end alike on counts of cells, and 1.9 takes a third fewer readings than 1 there. */
    const double power = wish.plain ? 1 : 1.9;
    double explained = 0;
    if (wish.plain && s->groups.known > 0) forget(s);
    if (s->groups.known == 0)
        suppose(fit, s);
    else
        settle(fit, s);
    begin_sums(fit, s);
    for (int64_t g = 0; g < s->groups.count; g++) {
        const nmf_status status = improve_rows(fit, s, g, error);
        if (status != NMF_OK) return status;
        explained = improve_columns(fit, s, g, power, g + 1 == s->groups.count);
    }
    s->waits = 0;
    memcpy(across->plain, across->ahead, nmfi_factor_bytes(fit, across));
    memcpy(along->pg2, s->pg2, numbers);
    memcpy(along->ref2, s->ref2, numbers);
    pair->loss =
        bound(fit, s, explained) + nmfi_penalty(along, fit->k) + nmfi_penalty(across, fit->k);
    return NMF_OK;
}

static void accept(nmfi_fit *fit, void *state)
{
    (void)state;
    nmfi_take_plain(&fit->W);
    nmfi_take_plain(&fit->H);
}

static void keep(nmfi_fit *fit, void *state, nmfi_pieces *pieces)
{
    incremental *s = state;
    nmfi_groups_keep(fit, &s->groups, pieces);
    nmfi_add_piece(pieces, &s->waits, sizeof s->waits);
    nmfi_add_piece(pieces, s->num, nmfi_factor_bytes(fit, s->groups.across));
}

/* W solved for H: D is convex in a row, so that is no worse than what the iterations have measured, unless rounding
 * says otherwise. Then one reading at the pair that is returned. */
static nmf_status finish(nmfi_fit *fit, void *state, nmf_error *error)
{
    incremental *s = state;
    nmfi_progress *progress = &fit->progress;
    const double epsilon = nmfi_epsilon(fit->choice.precision);
    const double size = fit->facts.mean * (double)fit->facts.m * (double)fit->facts.n;
    const double before = progress->measured ? progress->loss : INFINITY;
    const int solves = !nmfi_told_to_stop(fit);
    nmf_status status = NMF_OK;
    forget(s); /* of the past, once rows are solved and scales changed */
    if (solves) nmfi_balance(fit);
    nmfi_normalize_H(fit);
    if (solves) {
        status = nmfi_divergence_solve_W(fit, &s->divergence, error);
        if (status != NMF_OK) return status;
        const double solved = fit->W.value[NMFI_SUM_LOSS] + nmfi_penalty(&fit->W, fit->k) +
                              nmfi_penalty_of_incumbent(fit, &fit->H);
        if (solved <= before + epsilon * fmax(fabs(before), size)) nmfi_take_ahead(&fit->W);
    }
    status = nmfi_unless_stopped(fit, nmfi_jmm_measure(fit, &s->divergence, 1, error), error);
    if (status != NMF_OK) return status;
    const double measured = fit->W.value[NMFI_SUM_LOSS];
    const double divergence = measured < 0 ? 0 : measured; /* Trap: fmax would hide a NaN */
    progress->measured = 1;
    progress->error = sqrt(2 * divergence);
    progress->loss = divergence + nmfi_penalty(&fit->W, fit->k) + nmfi_penalty(&fit->H, fit->k);
    progress->kkt = nmfi_kkt(fit);
    nmfi_correct_trace(fit);
    return NMF_OK;
}

extern const nmfi_method nmfi_method_incremental_kl;
const nmfi_method nmfi_method_incremental_kl = {.name = "incremental kl",
                                                .state_bytes = sizeof(incremental),
                                                .reads_lines = 1,
                                                .plan = plan,
                                                .layout = layout,
                                                .prepare = nmfi_divergence_prepare,
                                                .begin = begin,
                                                .step = step,
                                                .accept = accept,
                                                .keep = keep,
                                                .scale = nmfi_scale_of_divergence,
                                                .finish = finish,
                                                .flat = 100,
                                                .slows = 1};
