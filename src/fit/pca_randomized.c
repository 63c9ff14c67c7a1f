/* Randomized PCA: column means by one visit, then the range finder with implicit centring until the wanted
 * variances have come to rest; X is never copied. Source: Halko, Martinsson & Tropp 2011. */
#include "fit/pca.h"

#include "base/memory.h"
#include "start/start.h"

#include <string.h>

typedef struct randomized {
    nmfi_pass pass;
    nmfi_sketch sketch;
    nmfi_arena arena;
    void *ones, *mean; /* 1 x rows.ld, 1 x columns.ld */
} randomized;

static void layout(randomized *r, int64_t threads)
{
    const int64_t bytes = r->pass.kernels->element_bytes;
    nmfi_pass_layout(&r->pass, &r->arena, threads, 1);
    nmfi_sketch_layout(&r->sketch, &r->pass, &r->arena, 0);
    r->ones = nmfi_take(&r->arena, r->pass.rows.ld, (size_t)bytes);
    r->mean = nmfi_take(&r->arena, r->pass.columns.ld, (size_t)bytes);
}

/* mean = X'1 / m: a visit that only accumulates, with a row factor of ones. */
static void column_means(randomized *r, nmfi_pca_state *state)
{
    const nmfi_kernels *kernels = r->pass.kernels;
    kernels->shift(r->ones, state->m, 1.0);
    const nmfi_visit visit = {.k = 1, .R = r->ones, .accumulate = 1};
    nmfi_pass_visit(&r->pass, &visit);
    const nmfi_project_rule project = {kernels, 1, r->pass.columns.ld, NULL, r->mean};
    const nmfi_rule rule = nmfi_rule_project(&project);
    nmfi_pass_columns(&r->pass, 1, &rule, NULL);
    kernels->to_f64(r->mean, state->mean, state->n);
    for (int64_t f = 0; f < state->n; f++) state->mean[f] /= (double)state->m;
}

static double total_variance(randomized *r, const nmfi_pca_state *state)
{
    double total = nmfi_pass_scan(&r->pass, 1).sum_of_squares;
    for (int64_t f = 0; f < state->n; f++)
        total -= (double)state->m * state->mean[f] * state->mean[f];
    return total > 0 ? total : 0.0;
}

static void take_results(const randomized *r, nmfi_pca_state *state)
{
    const nmfi_kernels *kernels = r->pass.kernels;
    const int64_t bytes = kernels->element_bytes;
    memcpy(state->sigma, r->sketch.sigma, (size_t)state->k * sizeof(double));
    for (int64_t j = 0; j < state->k; j++) {
        const char *u = (const char *)r->sketch.U + j * r->pass.rows.ld * bytes;
        const char *v = (const char *)r->sketch.V + j * r->pass.columns.ld * bytes;
        kernels->to_f64(u, state->U + j * state->m, state->m);
        kernels->to_f64(v, state->V + j * state->n, state->n);
    }
    state->passes = r->pass.visits;
}

nmf_status nmfi_pca_randomized(nmfi_pca_state *state, nmf_error *error)
{
    randomized r = {.pass = {.team = state->team}};
    r.sketch.rank = state->k;
    r.sketch.width = nmfi_sketch_width(state->k, state->m, state->n);
    r.sketch.accuracy = state->kernels->element_bytes == 4 ? 1e-7 : 1e-11;
    r.sketch.most_visits = 60;
    r.sketch.seed = state->options.seed;
    nmfi_pass_plan(&r.pass, &state->dense, state->kernels, r.sketch.width, state->options.block_rows);
    layout(&r, nmfi_team_threads(state->team));
    nmf_status status = nmfi_arena_allocate(&r.arena, state->options.memory_limit_bytes, error);
    if (status != NMF_OK) return status;
    layout(&r, nmfi_team_threads(state->team));
    column_means(&r, state);
    state->total = total_variance(&r, state);
    r.sketch.mean = state->mean;
    status = nmfi_sketch_run(&r.sketch, &r.pass, error);
    if (status == NMF_OK) take_results(&r, state);
    nmfi_release(r.arena.base);
    return status;
}
