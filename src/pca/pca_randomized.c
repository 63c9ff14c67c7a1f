/* Randomized PCA: column means by one visit in f64, then the range finder with implicit centring
 * until the wanted variances have come to rest; X is never copied. Source: Halko, Martinsson &
 * Tropp 2011. */
#include "pca/pca.h"

#include "base/memory.h"
#include "base/options.h"
#include "data/matrix.h"
#include "pass/factor.h"
#include "start/start.h"

#include <string.h>

/* Where the mean carries nearly all of X, f32 would round away what is left after centring. */
static const double f32_least_share = 1e-3;

/* mean = X'1 / m, and the total variance: a scan, and a visit that only accumulates a row factor of
 * ones. */
typedef struct means {
    nmfi_pass pass;
    nmfi_arena arena;
    void *ones, *sums; /* 1 x rows.ld, 1 x columns.ld */
} means;

static void layout_means(means *s, int64_t threads)
{
    nmfi_pass_layout(&s->pass, &s->arena, threads, 1);
    s->ones = nmfi_take(&s->arena, s->pass.rows.ld, sizeof(double));
    s->sums = nmfi_take(&s->arena, s->pass.columns.ld, sizeof(double));
}

static nmf_status visit_means(means *s, nmfi_pca_state *state, nmf_error *error)
{
    const nmfi_kernels *kernels = s->pass.kernels;
    nmfi_scan scan;
    nmfi_pass_prepare(&s->pass);
    nmf_status status = nmfi_pass_scan(&s->pass, 1, &scan, error);
    if (status != NMF_OK) return status;
    kernels->add_constant(s->ones, state->rows, 1.0);
    const nmfi_visit visit = {.k = 1, .updated = s->ones, .sums = NMFI_SUMS_OF_PRODUCTS};
    status = nmfi_pass_visit(&s->pass, &visit, error);
    if (status != NMF_OK) return status;
    const nmfi_project_rule project = {kernels, 1, s->pass.columns.ld, NULL, s->sums};
    const nmfi_rule rule = nmfi_rule_project(&project);
    const nmfi_column_visit then = {.k = 1,
                                    .rule = &rule,
                                    .fixed = s->ones,
                                    .sums = NMFI_SUMS_OF_PRODUCTS,
                                    .written = {s->sums}};
    nmfi_pass_columns(&s->pass, &then);
    kernels->to_f64(s->sums, state->mean, state->n);
    state->total = scan.sum_of_squares;
    for (int64_t f = 0; f < state->n; f++) {
        state->mean[f] /= (double)state->m;
        state->total -= (double)state->m * state->mean[f] * state->mean[f];
    }
    if (state->total < f32_least_share * scan.sum_of_squares)
        state->kernels_inside = nmfi_kernels_for(NMF_F64, NULL);
    state->total = state->total > 0 ? state->total : 0.0;
    state->passes = s->pass.passes;
    return NMF_OK;
}

static nmf_status take_means(nmfi_pca_state *state, nmf_error *error)
{
    means s = {.pass = {.adds_up = 1, .team = state->team, .stop = &state->stop}};
    const int64_t threads = nmfi_team_threads(state->team);
    nmfi_pass_plan(&s.pass, &state->source, nmfi_kernels_for(NMF_F64, NULL), 1,
                   state->options.block_rows);
    layout_means(&s, threads);
    nmf_status status = nmfi_arena_allocate(&s.arena, NMFI_NO_LIMIT, error);
    status = nmfi_source_agree(&state->source, status, error);
    if (status != NMF_OK) {
        nmfi_release(s.arena.base);
        return status;
    }
    layout_means(&s, threads);
    status = visit_means(&s, state, error);
    nmfi_release(s.arena.base);
    return status;
}

static void take_results(const nmfi_pass *pass, const nmfi_sketch *sketch, nmfi_pca_state *state)
{
    const nmfi_kernels *kernels = pass->kernels;
    const int64_t bytes = kernels->element_bytes;
    memcpy(state->sigma, sketch->sigma, (size_t)state->k * sizeof(double));
    for (int64_t j = 0; j < state->k; j++) {
        const char *u = (const char *)sketch->U + j * pass->rows.ld * bytes;
        const char *v = (const char *)sketch->V + j * pass->columns.ld * bytes;
        kernels->to_f64(u, state->U + j * state->rows, state->rows);
        kernels->to_f64(v, state->V + j * state->n, state->n);
    }
    state->passes += pass->passes;
}

/* Everything the range finder works in; with the arena's base NULL it only measures. */
static void layout_finder(nmfi_pca_state *state, const nmfi_kernels *kernels, nmfi_pass *pass,
                          nmfi_sketch *sketch, nmfi_arena *arena)
{
    nmfi_pass_plan(pass, &state->source, kernels, sketch->width, state->options.block_rows);
    nmfi_pass_layout(pass, arena, nmfi_team_threads(state->team), 1);
    nmfi_sketch_layout(sketch, pass, arena);
    nmfi_sketch_layout_results(sketch, pass, arena, 0);
}

/* One after the other: the means, then the range finder, in f64 where the means ask for it. */
static nmf_status check_limit(nmfi_pca_state *state, nmfi_sketch *sketch, nmf_error *error)
{
    means s = {.pass = {.adds_up = 1, .team = state->team}};
    nmfi_pass pass = {.adds_up = 1, .team = state->team};
    nmfi_arena arena = {0};
    nmfi_pass_plan(&s.pass, &state->source, nmfi_kernels_for(NMF_F64, NULL), 1,
                   state->options.block_rows);
    layout_means(&s, nmfi_team_threads(state->team));
    layout_finder(state, nmfi_kernels_for(NMF_F64, NULL), &pass, sketch, &arena);
    const size_t larger = s.arena.used > arena.used ? s.arena.used : arena.used;
    return nmfi_within_limit(larger + nmfi_pca_result_bytes(state),
                             nmfi_memory_limit_of(&state->options), error);
}

nmf_status nmfi_pca_randomized(nmfi_pca_state *state, nmf_error *error)
{
    nmfi_pass pass = {.adds_up = 1, .team = state->team, .stop = &state->stop};
    nmfi_sketch sketch = {.rank = state->k, .most_passes = 60, .seed = state->options.seed};
    nmfi_arena arena = {0};
    sketch.width = nmfi_sketch_width(state->k, state->m, state->n);
    nmf_status status =
        nmfi_source_agree(&state->source, check_limit(state, &sketch, error), error);
    if (status == NMF_OK) status = take_means(state, error);
    if (status != NMF_OK) return status;
    sketch.accuracy = state->kernels_inside->element_bytes == 4 ? 1e-6 : 1e-13;
    sketch.mean = state->mean;
    layout_finder(state, state->kernels_inside, &pass, &sketch, &arena);
    status = nmfi_arena_allocate(&arena, NMFI_NO_LIMIT, error);
    status = nmfi_source_agree(&state->source, status, error);
    if (status != NMF_OK) {
        nmfi_release(arena.base);
        return status;
    }
    layout_finder(state, state->kernels_inside, &pass, &sketch, &arena);
    nmfi_pass_prepare(&pass);
    status = nmfi_sketch_run(&sketch, &pass, error);
    if (status == NMF_OK) take_results(&pass, &sketch, state);
    nmfi_release(arena.base);
    return status;
}
