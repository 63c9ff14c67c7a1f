/* Which starts a fit is made from, and the best of several. A fit of small data that leaves its
 * start to us gets several: NNDSVD first, then random ones. Each start leads to the minimum of
 * its valley, and where X is small going down one more costs less than what a deeper one is worth.
 */
#include "fit/problem.h"

#include <float.h>
#include <math.h>
#include <string.h>

int64_t nmfi_start_triplets(const nmf_options *options)
{
    const nmf_init init = options->init;
    if (init == NMF_INIT_LRC) return nmfi_lrc_triplets(options->k);
    const int nndsvd =
        init == NMF_INIT_NNDSVD || init == NMF_INIT_NNDSVDA || init == NMF_INIT_NNDSVDAR;
    return nndsvd ? options->k : 0;
}

static nmf_status check_custom_start(const nmfi_problem *problem, nmf_error *error)
{
    const nmf_matrix *W = problem->options.start_W, *H = problem->options.start_H;
    if (!W || !H)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "init custom needs both start_W and start_H");
    const int64_t m = problem->m, n = problem->n, k = problem->k;
    if (nmf_matrix_rows(W) != m || nmf_matrix_columns(W) != k)
        return nmf_fail(error, NMF_ERROR_SHAPE, "start_W is %lld x %lld; it must be %lld x %lld",
                        (long long)nmf_matrix_rows(W), (long long)nmf_matrix_columns(W),
                        (long long)m, (long long)k);
    if (nmf_matrix_rows(H) != k || nmf_matrix_columns(H) != n)
        return nmf_fail(error, NMF_ERROR_SHAPE, "start_H is %lld x %lld; it must be %lld x %lld",
                        (long long)nmf_matrix_rows(H), (long long)nmf_matrix_columns(H),
                        (long long)k, (long long)n);
    return NMF_OK;
}

nmf_status nmfi_choose_start(nmfi_problem *problem, nmf_error *error)
{
    nmf_options *o = &problem->options;
    const int64_t least = problem->m < problem->n ? problem->m : problem->n;
    problem->starts = o->starts;
    problem->several_starts = o->init == NMF_INIT_AUTO && o->starts == 1;
    /* Several starts are of use only where they differ. */
    if (o->init == NMF_INIT_AUTO)
        o->init = o->k <= least && o->starts == 1 ? NMF_INIT_NNDSVDA : NMF_INIT_RANDOM;
    if (o->init == NMF_INIT_CUSTOM) return check_custom_start(problem, error);
    if (nmfi_start_triplets(o) > least) {
        static const char *const names[] = {NMF_INIT_NAMES};
        return nmf_fail(
            error, NMF_ERROR_ARGUMENT,
            o->init == NMF_INIT_LRC
                ? "components = %lld: init %s gives at most 2 min(samples, features) - 1 = %lld"
                : "components = %lld: init %s gives at most min(samples, features) = %lld",
            (long long)o->k, names[o->init],
            (long long)(o->init == NMF_INIT_LRC ? 2 * least - 1 : least));
    }
    return NMF_OK;
}

/* Flops of an iteration: products, and sweeps over the rows of the factors. */
static double work(const nmfi_problem *problem)
{
    const double rows = (double)problem->m + (double)problem->n, k = (double)problem->k;
    const double rank = (double)problem->sketched.rank;
    return 4 * k * (rank > 0 ? rows * rank : (double)problem->source.stored) + 16 * rows * k * k;
}

void nmfi_choose_several_starts(nmfi_problem *problem)
{
    /* A start takes about a hundred iterations: some ten milliseconds at most. Few components leave
     * few valleys. */
    static const double most_entries = 1e6, most_work = 2e7;
    enum { STARTS = 4, FEW = 5 };
    if (!problem->several_starts) return;
    problem->several_starts = problem->k > FEW && !problem->divergence.wanted &&
                              problem->options.solver == NMF_SOLVER_AUTO &&
                              (double)problem->source.stored <= most_entries &&
                              work(problem) <= most_work;
    problem->starts = problem->several_starts ? STARTS : 1;
}

void nmfi_problem_rewind(nmfi_problem *problem)
{
    problem->iterations = problem->sketch_iterations = problem->trace_count = 0;
    problem->stopped = NMF_STOPPED_CONVERGED;
    problem->divergence.scd = nmfi_picks_scd(problem);
}

nmf_status nmfi_problem_start(nmfi_problem *problem, int64_t s, nmf_error *error)
{
    nmf_options *o = &problem->options;
    const nmfi_start_factor W = {problem->W.y, problem->m, problem->W.partition.ld};
    const nmfi_start_factor H = {problem->H.y, problem->n, problem->H.partition.ld};
    const nmfi_sketch *sketch = &problem->sketch;
    const int64_t seed = o->seed + s;
    problem->seed = seed;
    if (problem->several_starts && s > 0) o->init = NMF_INIT_RANDOM;
    if (o->init == NMF_INIT_CUSTOM)
        return nmfi_start_custom(problem->kernels, W, H, problem->k, o->start_W, o->start_H,
                                 sqrt(problem->scale), error);
    const void *const U = problem->W.along_rows ? sketch->U : sketch->V;
    const void *const V = problem->W.along_rows ? sketch->V : sketch->U;
    if (o->init == NMF_INIT_LRC)
        nmfi_start_lrc(problem->kernels, W, H, problem->k, U, V, sketch->sigma, problem->mean,
                       seed);
    else if (nmfi_start_triplets(o) > 0)
        nmfi_start_nndsvd(problem->kernels, W, H, problem->k, U, V, sketch->sigma, problem->mean,
                          o->init, seed);
    else
        nmfi_start_random(problem->kernels, W, H, problem->k, problem->mean, seed);
    return NMF_OK;
}

void nmfi_keep_start(nmfi_problem *problem, nmfi_outcome *best)
{
    *best = (nmfi_outcome){problem->loss,
                           problem->kkt,
                           problem->seed,
                           problem->iterations,
                           problem->sketch_iterations,
                           problem->trace_count,
                           problem->stopped,
                           problem->options.init,
                           problem->divergence.scd};
    memcpy(problem->W.kept, problem->W.y, nmfi_factor_bytes(problem, &problem->W));
    memcpy(problem->H.kept, problem->H.latest, nmfi_factor_bytes(problem, &problem->H));
    memcpy(problem->kept_trace, problem->trace,
           (size_t)problem->trace_count * sizeof *problem->trace);
}

void nmfi_restore_start(nmfi_problem *problem, const nmfi_outcome *best)
{
    problem->loss = best->loss;
    problem->kkt = best->kkt;
    problem->seed = best->seed;
    problem->iterations = best->iterations;
    problem->sketch_iterations = best->sketch_iterations;
    problem->trace_count = best->trace_count;
    problem->stopped = best->stopped;
    problem->divergence.scd = best->scd;
    problem->options.init = best->init;
    memcpy(problem->W.y, problem->W.kept, nmfi_factor_bytes(problem, &problem->W));
    memcpy(problem->H.latest, problem->H.kept, nmfi_factor_bytes(problem, &problem->H));
    memcpy(problem->trace, problem->kept_trace,
           (size_t)problem->trace_count * sizeof *problem->trace);
}

int nmfi_exact(const nmfi_problem *problem)
{
    const double rounding =
        problem->precision == NMF_PRECISION_F32 ? (double)FLT_EPSILON : DBL_EPSILON;
    return !problem->divergence.wanted && problem->loss <= rounding * problem->norm2;
}
