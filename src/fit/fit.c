/* The fit: open, start, iterate, keep the best start, finish, result. */
#include "fit/problem.h"

#include "base/clock.h"
#include "data/model.h"

#include <string.h>

/* The first iterations of a divergence, whose loss tells the starts apart; one start needs no
 * trial. */
static void try_start(nmfi_problem *problem)
{
    enum { TRIAL = 10 };
    const int64_t most = problem->options.max_iter;
    if (problem->starts > 1 && most > TRIAL) problem->options.max_iter = TRIAL;
    if (problem->starts > 1 || problem->sketched.rank == 0)
        nmfi_iterate(problem, problem->options.tol);
    problem->options.max_iter = most;
}

/* Everything that needs no reading of X, where there is a sketch; else the whole fit from this
 * start. */
static void converge(nmfi_problem *problem)
{
    const nmf_solver solver = problem->options.solver;
    if (solver == NMF_SOLVER_CD || solver == NMF_SOLVER_MU) {
        (solver == NMF_SOLVER_CD ? nmfi_iterate_cd : nmfi_iterate_mu)(problem);
        return;
    }
    if (problem->sketched.rank > 0) nmfi_iterate_sketched(problem);
    if (problem->divergence.wanted) {
        nmfi_divergence_make_positive(problem);
        try_start(problem);
    } else if (problem->sketched.rank == 0) {
        nmfi_iterate(problem, problem->options.tol);
    }
}

static nmf_status run_start(nmfi_problem *problem, int64_t s, nmf_error *error)
{
    nmfi_problem_rewind(problem);
    const nmf_status status = nmfi_problem_start(problem, s, error);
    if (status != NMF_OK) return status;
    memcpy(problem->H.latest, problem->H.y, nmfi_factor_bytes(problem, &problem->H));
    converge(problem);
    return NMF_OK;
}

static int told_to_stop(const nmfi_problem *problem)
{
    return problem->status != NMF_OK || problem->stopped == NMF_STOPPED_INTERRUPTED ||
           problem->stopped == NMF_STOPPED_TIME_LIMIT;
}

static nmf_status run_starts(nmfi_problem *problem, nmf_error *error)
{
    if (problem->starts == 1) return run_start(problem, 0, error);
    nmfi_outcome best = {0};
    for (int64_t s = 0; s < problem->starts; s++) {
        const nmf_status status = run_start(problem, s, error);
        if (status != NMF_OK) return status;
        if (s == 0 || problem->loss < best.loss) nmfi_keep_start(problem, &best);
        if (told_to_stop(problem)) best.stopped = problem->stopped;
        if (told_to_stop(problem) || nmfi_exact(problem)) break;
    }
    nmfi_restore_start(problem, &best);
    return NMF_OK;
}

/* The last visit left something to do: a residual that is not yet below tol, or rows in deeper
 * valleys than they were in, where D is not convex in a row. */
static int goes_on(const nmfi_problem *problem, double before)
{
    const double tol = problem->options.tol;
    if (problem->stopped == NMF_STOPPED_CONVERGED) return problem->kkt > tol;
    return problem->stopped == NMF_STOPPED_STALLED && problem->divergence.wanted &&
           before - problem->loss > tol * before;
}

/* Iterations go by residuals measured on the way; the last visit measures the returned pair itself.
 * The fit goes on from there where that is worth it, more strictly. */
static void polish(nmfi_problem *problem)
{
    enum { ROUNDS = 4 };
    double tol = problem->options.tol;
    for (int round = 0; round < ROUNDS; round++, tol *= 0.3) {
        const int tried = problem->divergence.wanted && problem->starts > 1;
        const int iterate = round > 0 || tried || problem->sketched.rank > 0;
        if (iterate && !told_to_stop(problem)) nmfi_iterate(problem, tol);
        const double before = problem->loss;
        nmfi_finish(problem);
        if (problem->status != NMF_OK || !goes_on(problem, before)) break;
    }
    if (problem->stopped == NMF_STOPPED_CONVERGED && problem->kkt > problem->options.tol)
        problem->stopped = NMF_STOPPED_STALLED;
    const int to_its_end =
        problem->stopped == NMF_STOPPED_STALLED || problem->stopped == NMF_STOPPED_MAX_ITER;
    if (to_its_end && problem->kkt <= problem->options.tol)
        problem->stopped = NMF_STOPPED_CONVERGED;
}

static nmf_status run(nmfi_problem *problem, nmf_error *error)
{
    nmf_status status = nmfi_problem_sketch(problem, error);
    if (status == NMF_OK) status = run_starts(problem, error);
    if (status != NMF_OK) return status;
    /* Only the best start gets to read X again. */
    if (problem->options.solver == NMF_SOLVER_CD || problem->options.solver == NMF_SOLVER_MU)
        nmfi_finish(problem);
    else
        polish(problem);
    if (problem->status != NMF_OK && error) *error = problem->failure;
    return problem->status;
}

nmf_status nmfi_fit(const nmf_matrix *X, const nmf_options *options, nmf_model **model,
                    nmf_error *error)
{
    nmfi_problem problem;
    nmf_status status = nmfi_problem_open(&problem, X, options, error);
    if (status != NMF_OK) return status;
    status = run(&problem, error);
    if (status == NMF_OK) status = nmfi_result(&problem, X, model, error);
    nmfi_problem_close(&problem);
    /* What the caller waited, until the memory was given back. */
    if (status == NMF_OK) (*model)->content.seconds = nmfi_seconds() - problem.began_seconds;
    return status;
}
