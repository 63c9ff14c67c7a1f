/* Opening a problem: which way X is read, all the memory, the team, the reading that validates
 * X. */
#include "fit/problem.h"

#include "base/clock.h"
#include "base/options.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Components a pass must carry: k, or the sketch's width. */
static int64_t pass_width(const nmfi_problem *problem)
{
    return problem->sketch.width > problem->k ? problem->sketch.width : problem->k;
}

static void layout_factor(nmfi_factor *factor, nmfi_arena *arena, int64_t k, int64_t bytes,
                          int keeps)
{
    const size_t component = nmfi_product(factor->partition.ld, bytes);
    factor->y = nmfi_take(arena, k, component);
    factor->latest = nmfi_take(arena, k, component);
    factor->spare = nmfi_take(arena, k, component);
    if (keeps) factor->kept = nmfi_take(arena, k, component);
    factor->gram = nmfi_take(arena, k * k, sizeof(double));
    factor->pg2 = nmfi_take(arena, k, sizeof(double));
    factor->ref2 = nmfi_take(arena, k, sizeof(double));
}

static void layout(nmfi_problem *problem)
{
    nmfi_arena *arena = &problem->arena;
    const int64_t k = problem->k, bytes = problem->kernels->element_bytes;
    const int64_t threads = nmfi_team_threads(problem->team);
    const int divergence = problem->divergence.wanted;
    const int accumulates = !divergence || problem->sketch.width > 0 || nmfi_reads_one_way(problem);
    nmfi_pass_layout(&problem->pass, arena, threads, accumulates);
    if (!divergence && !problem->W.along_rows)
        nmfi_pass_layout(&problem->by_samples, arena, threads, 1);
    const int keeps = problem->starts > 1;
    layout_factor(&problem->W, arena, k, bytes, keeps);
    layout_factor(&problem->H, arena, k, bytes, keeps);
    const int wants_B = problem->sketched.rank > 0;
    if (problem->sketch.width > 0)
        nmfi_sketch_layout(&problem->sketch, &problem->pass, arena, wants_B);
    if (wants_B) nmfi_sketched_layout(problem, arena);
    problem->gram = nmfi_take(arena, k * k, (size_t)bytes);
    problem->inverse = nmfi_take(arena, k, (size_t)bytes);
    problem->gram_f64 = nmfi_take(arena, k * k, sizeof(double));
    if (divergence) nmfi_divergence_layout(problem);
    problem->trace = nmfi_take(arena, problem->trace_room, sizeof *problem->trace);
    if (keeps) problem->kept_trace = nmfi_take(arena, problem->trace_room, sizeof *problem->trace);
}

static void plan(nmfi_problem *problem)
{
    const nmfi_source *source = &problem->source;
    /* X is read the way it is stored: where features lie side by side only across samples, its
     * transpose is factored, H' W' ~ X', and nobody outside notices. */
    const int by_features = source->by_columns;
    const nmfi_source stored = by_features ? nmfi_source_transposed(source) : *source;
    const int64_t width = pass_width(problem);
    nmfi_pass_plan(&problem->pass, &stored, problem->kernels, width, problem->options.block_rows);
    problem->W.is_W = 1;
    problem->W.along_rows = !by_features;
    problem->H.along_rows = by_features;
    problem->W.partition = by_features ? problem->pass.columns : problem->pass.rows;
    problem->H.partition = by_features ? problem->pass.rows : problem->pass.columns;
    if (problem->divergence.wanted) nmfi_divergence_plan(problem, &stored);
    if (problem->divergence.wanted || !by_features) return;
    nmfi_pass_plan(&problem->by_samples, source, problem->kernels, problem->k,
                   problem->options.block_rows);
    nmfi_pass_transposed(&problem->by_samples, &problem->pass, 0);
}

static void set_penalties(nmfi_problem *problem)
{
    const nmf_options *o = &problem->options;
    const double alpha_H = o->alpha_H < 0 ? o->alpha_W : o->alpha_H;
    const double n = (double)problem->n, m = (double)problem->m;
    /* Factors are those of scaled X: sqrt(scale) times the caller's; the objective is scale^beta times
     * his. */
    const double beta = nmfi_beta(o);
    const double l2 = pow(problem->scale, beta - 1), l1 = l2 * sqrt(problem->scale);
    problem->W.l1 = l1 * n * o->alpha_W * o->l1_ratio;
    problem->W.l2 = l2 * n * o->alpha_W * (1 - o->l1_ratio);
    problem->H.l1 = l1 * m * alpha_H * o->l1_ratio;
    problem->H.l2 = l2 * m * alpha_H * (1 - o->l1_ratio);
}

/* One sketch serves the start and the fit in it. */
static void choose_sketch(nmfi_problem *problem)
{
    const int64_t least = problem->m < problem->n ? problem->m : problem->n;
    problem->sketched.rank = nmfi_sketched_rank(problem);
    problem->sketch.rank = problem->k < least ? problem->k : least;
    if (problem->sketched.rank > 0)
        problem->sketch.width = problem->sketched.rank;
    else if (nmfi_start_triplets(&problem->options) > 0)
        problem->sketch.width = nmfi_sketch_width(problem->k, problem->m, problem->n);
}

/* The power of 4 that brings the mean near 1: its square root is a power of 2, so that nothing is
 * rounded, and data in any unit lead to the same bits. */
static void choose_scale(nmfi_problem *problem, double mean)
{
    const int most = problem->precision == NMF_PRECISION_F32 ? 120 : 1000;
    int exponent;
    (void)frexp(mean, &exponent);
    exponent += exponent & 1;
    exponent = exponent > most ? most : exponent < -most ? -most : exponent;
    problem->scale = ldexp(1.0, -exponent);
    problem->pass.scale = problem->by_samples.scale = problem->scale;
}

static nmf_status read_X(nmfi_problem *problem, const nmf_matrix *X, nmf_error *error)
{
    const double entries = (double)problem->m * (double)problem->n;
    nmfi_scan scan;
    nmf_status status = nmfi_pass_scan(&problem->pass, 0, &scan, error);
    if (status != NMF_OK) return status;
    if (scan.highest <= 0)
        return nmf_fail(error, NMF_ERROR_DATA, "X is all zero: there is nothing to factorize");
    choose_scale(problem, isfinite(scan.sum) ? scan.sum / entries : scan.highest);
    const double scale2 = problem->scale * problem->scale;
    if (scan.sum_of_squares > DBL_MIN / DBL_EPSILON && scan.sum_of_squares <= DBL_MAX) {
        scan.sum *= problem->scale;
        scan.sum_of_squares *= scale2;
    } else {
        /* Squares left the range of f64: once more, scaled. */
        status = nmfi_pass_scan(&problem->pass, 0, &scan, error);
        if (status != NMF_OK) return status;
    }
    problem->mean = scan.sum / entries;
    problem->norm2 = scan.sum_of_squares;
    set_penalties(problem);
    return problem->divergence.wanted ? nmfi_divergence_read(problem, X, scan.lowest, error)
                                      : NMF_OK;
}

/* Where a whole iteration takes microseconds, waking a second thread takes longer. */
static int64_t worthwhile_threads(const nmfi_problem *problem)
{
    const double products = (double)problem->m * (double)problem->n * (double)problem->k;
    return problem->options.threads == 0 && products < 5e5 ? 1 : problem->options.threads;
}

nmf_status nmfi_problem_open(nmfi_problem *problem, const nmf_matrix *X, const nmf_options *options,
                             nmf_error *error)
{
    memset(problem, 0, sizeof *problem);
    problem->began_seconds = nmfi_seconds();
    problem->options = *options;
    problem->source = nmfi_source_of(X);
    problem->defaults = nmfi_defaults_for(&problem->source);
    problem->m = problem->source.rows;
    problem->n = problem->source.columns;
    problem->k = options->k;
    if (problem->m == 0 || problem->n == 0)
        return nmf_fail(error, NMF_ERROR_DATA, "X is empty: %lld samples x %lld features",
                        (long long)problem->m, (long long)problem->n);
    nmfi_name_loss(&problem->options);
    problem->divergence.beta = nmfi_beta(&problem->options);
    problem->divergence.wanted = problem->options.loss != NMF_LOSS_FROBENIUS ||
                                 problem->options.solver == NMF_SOLVER_MU ||
                                 problem->options.solver == NMF_SOLVER_JMM;
    problem->divergence.jmm = problem->options.solver == NMF_SOLVER_JMM;
    problem->divergence.scd = nmfi_picks_scd(problem);
    nmf_status status = nmfi_divergence_check(&problem->options, error);
    if (status == NMF_OK) status = nmfi_choose_start(problem, error);
    choose_sketch(problem);
    nmfi_choose_several_starts(problem);
    if (status == NMF_OK)
        status = nmfi_pass_countable(&problem->source, pass_width(problem), error);
    if (status != NMF_OK) return status;
    problem->precision = options->precision != NMF_PRECISION_AUTO ? options->precision
                         : problem->source.dtype == NMF_F64       ? NMF_PRECISION_F64
                                                                  : NMF_PRECISION_F32;
    problem->kernels =
        nmfi_kernels_for(problem->precision == NMF_PRECISION_F64 ? NMF_F64 : NMF_F32, NULL);
    problem->trace_room = options->max_iter < 100000 ? options->max_iter + 8 : 100008;
    status = nmfi_team_start(worthwhile_threads(problem), &problem->team, error);
    if (status != NMF_OK) return status;
    plan(problem);
    layout(problem); /* measures */
    status = nmfi_arena_allocate(&problem->arena, options->memory_limit_bytes, error);
    if (status == NMF_OK) {
        layout(problem);
        problem->pass.team = problem->by_samples.team = problem->divergence.transposed.team =
            problem->team;
        nmfi_pass_prepare(&problem->pass);
        status = read_X(problem, X, error);
    }
    if (status != NMF_OK) nmfi_problem_close(problem);
    return status;
}

void nmfi_problem_close(nmfi_problem *problem)
{
    nmfi_team_stop(problem->team);
    nmfi_release(problem->arena.base);
    problem->team = NULL;
    problem->arena.base = NULL;
}

/* The whole fit on X; its start deserves a better sketch. */
static nmf_status converge_on_X(nmfi_problem *problem, nmf_error *error)
{
    problem->sketched.rank = 0;
    nmfi_choose_several_starts(problem);
    if (nmfi_start_triplets(&problem->options) == 0) return NMF_OK;
    return nmfi_sketch_go_on(&problem->sketch, &problem->pass, error);
}

/* The start decides which minimum the fit falls into: it is the SVD's, not the seed's, once the
 * triplets have come to rest. Where the fit converges in the sketch that takes a few passes, of
 * which its iterations on X make up for some; a loose tol, which leaves those out, asks for one
 * power iteration. For a divergence the SVD is only a beginning. */
static void choose_passes(const nmfi_problem *problem, nmfi_sketch *sketch)
{
    static const double loose = 1e-3;
    const int in_sketch = problem->sketched.rank > 0, begins = problem->divergence.wanted;
    sketch->accuracy = begins ? 0 : in_sketch ? 1e-6 : 1e-4;
    sketch->most_passes = !in_sketch                               ? (begins ? 4 : 16)
                          : begins || problem->options.tol > loose ? 2
                                                                   : 6;
}

nmf_status nmfi_problem_sketch(nmfi_problem *problem, nmf_error *error)
{
    nmfi_sketch *sketch = &problem->sketch;
    if (sketch->width == 0) return NMF_OK;
    choose_passes(problem, sketch);
    sketch->seed = problem->options.seed;
    const nmf_status status = nmfi_sketch_run(sketch, &problem->pass, error);
    if (status != NMF_OK || problem->sketched.rank == 0) return status;
    if (nmfi_sketched_misses(problem)) return converge_on_X(problem, error);
    nmfi_sketched_build(problem);
    return NMF_OK;
}
