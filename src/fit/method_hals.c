/* Hierarchical alternating least squares for the Frobenius loss: W and H in turn, each row by sweeps
 * over its coordinates (rule_hals.c), from products that one pass over X gives to both. Source:
 * Gillis & Glineur 2012; Cichocki & Phan 2009. */
#include "fit/method_hals.h"

#include "fit/constraints.h"
#include "fit/loss.h"
#include "fit/volume.h"

#include <math.h>

static nmfi_improver on_X(void)
{
    return (nmfi_improver){nmfi_improve_on_X, NULL};
}

int nmfi_hals_adds_up(const nmfi_fit *fit)
{
    (void)fit;
    return 1;
}

void nmfi_hals_plan(nmfi_fit *fit, void *state)
{
    nmfi_work *work = &fit->work;
    (void)state;
    work->accumulates = 1;
    if (fit->W.along_rows) return;
    /* The last visit goes by samples. */
    nmfi_pass_plan(&work->transposed, &work->source, work->kernels, fit->k,
                   fit->choice.options.block_rows);
    nmfi_pass_transposed(&work->transposed, &work->pass, 0);
}

void nmfi_hals_layout(nmfi_fit *fit, void *state, nmfi_arena *arena)
{
    (void)state;
    if (!fit->W.along_rows)
        nmfi_pass_layout(&fit->work.transposed, arena, nmfi_team_threads(fit->work.team), 1);
}

static nmf_status step(nmfi_fit *fit, void *state, nmfi_step_wish wish, nmfi_measured *pair,
                       nmf_error *error)
{
    (void)state;
    return nmfi_step_on_products(fit, on_X(), fit->facts.norm2, wish, pair, error);
}

static nmf_status restart(nmfi_fit *fit, void *state, nmf_error *error)
{
    (void)state;
    return nmfi_restart_on_products(fit, on_X(), error);
}

static int revive(nmfi_fit *fit, void *state, int64_t draw)
{
    (void)state;
    return nmfi_revive(fit, draw);
}

/* W's rows for H, in `plain`, or the incumbent's as they are; what both factors are measured by. */
static nmf_status visit_W(nmfi_fit *fit, nmfi_pass *pass, int solves, nmf_error *error)
{
    nmfi_factor *W = &fit->W, *H = &fit->H;
    const nmfi_work *work = &fit->work;
    const nmfi_column_visit gram = {.k = fit->k, .updated = H->incumbent};
    nmfi_pass_columns(pass, &gram);
    nmfi_keep_sums(fit, pass, H);
    nmfi_set_gram(fit, H->gram, W);
    void *const result = solves ? W->plain : W->incumbent;
    const nmfi_solve_rule solving =
        nmfi_solving(work->kernels, fit->k, W->partition.ld, work->gram, work->inverse,
                     work->gram_f64, W->l1, W->allowed, result);
    const nmfi_hals_rule measuring = nmfi_measuring(fit, W);
    const nmfi_rule rule = solves ? nmfi_rule_solve(&solving) : nmfi_rule_hals(&measuring);
    const nmfi_visit visit = {.k = fit->k,
                              .fixed = H->incumbent,
                              .rule = &rule,
                              .updated = result,
                              .carried = {result, solves ? NULL : W->plain},
                              .sums = NMFI_SUMS_OF_PRODUCTS,
                              .loss = 1};
    const nmf_status status = nmfi_pass_visit(pass, &visit, error);
    if (status != NMF_OK) return status;
    nmfi_keep_sums(fit, pass, W);
    nmfi_keep_gradients(fit, pass, W);
    return NMF_OK;
}

/* Projected gradients of H at its incumbent, from the sums of W's visit. */
static void measure_H(nmfi_fit *fit, nmfi_pass *pass, const void *result_W)
{
    nmfi_factor *H = &fit->H;
    nmfi_set_gram(fit, fit->W.gram, H);
    const nmfi_hals_rule measuring = nmfi_measuring(fit, H);
    const nmfi_rule rule = nmfi_rule_hals(&measuring);
    const nmfi_column_visit visit = {
        .k = fit->k, .rule = &rule, .fixed = result_W, .sums = NMFI_SUMS_OF_PRODUCTS};
    nmfi_pass_columns(pass, &visit);
    nmfi_keep_gradients(fit, pass, H);
}

nmf_status nmfi_hals_finish(nmfi_fit *fit, int solves, nmf_error *error)
{
    nmfi_factor *W = &fit->W, *H = &fit->H;
    nmfi_pass *pass = W->along_rows ? &fit->work.pass : &fit->work.transposed;
    /* Solving rows may take longer than the whole fit did: who says stop gets W as it is. */
    solves = solves && !nmfi_told_to_stop(fit);
    /* A caller who chose a rule that is left as it is expects the scale that follows from it. */
    if (solves) nmfi_balance(fit);
    nmfi_normalize_H(fit);
    nmf_status status = visit_W(fit, pass, solves, error);
    if (status != NMF_OK) return status;
    const double distance = W->value[NMFI_SUM_LOSS];
    measure_H(fit, pass, solves ? W->plain : W->incumbent);
    status = nmfi_unless_stopped(fit, status, error);
    if (status != NMF_OK) return status; /* the incumbents are what they were */
    if (solves) nmfi_take_plain(W);
    nmfi_progress *progress = &fit->progress;
    progress->error = sqrt(distance);
    progress->loss = 0.5 * distance + nmfi_penalty(W, fit->k) + nmfi_penalty(H, fit->k) +
                     (fit->volume.wanted ? nmfi_volume_penalty(fit, H->gram) : 0);
    progress->kkt = nmfi_kkt(fit);
    nmfi_correct_trace(fit);
    return NMF_OK;
}

static nmf_status finish(nmfi_fit *fit, void *state, nmf_error *error)
{
    (void)state;
    return nmfi_hals_finish(fit, 1, error);
}

extern const nmfi_method nmfi_method_hals;
const nmfi_method nmfi_method_hals = {.name = "hals",
                                      .adds_up = nmfi_hals_adds_up,
                                      .plan = nmfi_hals_plan,
                                      .layout = nmfi_hals_layout,
                                      .step = step,
                                      .accept = nmfi_accept_alternated,
                                      .restart = restart,
                                      .revive = revive,
                                      .scale = nmfi_scale_of_products,
                                      .begins_single = 1,
                                      .finish = finish};
