/* The Frobenius fit: open, start, iterate, keep the best start, finish, result. */
#include "fit/problem.h"

#include <string.h>

static int64_t factor_bytes(const nmfi_problem *problem, const nmfi_factor *factor)
{
    return problem->k * factor->cut.ld * problem->kernels->element_bytes;
}

/* What of a start must be remembered while others run. */
typedef struct outcome {
    double loss, kkt;
    int64_t seed, iterations, trace_count;
    nmf_stopped stopped;
} outcome;

static void keep(nmfi_problem *problem, outcome *best)
{
    *best = (outcome){problem->loss,       problem->kkt,         problem->seed,
                      problem->iterations, problem->trace_count, problem->stopped};
    memcpy(problem->W.kept, problem->W.y, (size_t)factor_bytes(problem, &problem->W));
    memcpy(problem->H.kept, problem->H.latest, (size_t)factor_bytes(problem, &problem->H));
    memcpy(problem->kept_trace, problem->trace,
           (size_t)problem->trace_count * sizeof *problem->trace);
}

static void restore(nmfi_problem *problem, const outcome *best)
{
    problem->loss = best->loss;
    problem->kkt = best->kkt;
    problem->seed = best->seed;
    problem->iterations = best->iterations;
    problem->trace_count = best->trace_count;
    problem->stopped = best->stopped;
    memcpy(problem->W.y, problem->W.kept, (size_t)factor_bytes(problem, &problem->W));
    memcpy(problem->H.latest, problem->H.kept, (size_t)factor_bytes(problem, &problem->H));
    memcpy(problem->trace, problem->kept_trace,
           (size_t)problem->trace_count * sizeof *problem->trace);
}

static nmf_status run_start(nmfi_problem *problem, int64_t seed, nmf_error *error)
{
    const nmf_status status = nmfi_problem_start(problem, seed, error);
    if (status != NMF_OK) return status;
    memcpy(problem->H.latest, problem->H.y, (size_t)factor_bytes(problem, &problem->H));
    if (problem->options.solver == NMF_SOLVER_CD) nmfi_iterate_cd(problem);
    else nmfi_iterate(problem, problem->options.tol);
    return NMF_OK;
}

static nmf_status run_starts(nmfi_problem *problem, nmf_error *error)
{
    const nmf_options *o = &problem->options;
    if (o->starts == 1) return run_start(problem, o->seed, error);
    outcome best = {0};
    for (int64_t s = 0; s < o->starts; s++) {
        const nmf_status status = run_start(problem, o->seed + s, error);
        if (status != NMF_OK) return status;
        if (s == 0 || problem->loss < best.loss) keep(problem, &best);
        if (problem->stopped == NMF_STOPPED_INTERRUPTED || problem->stopped == NMF_STOPPED_TIME_LIMIT) {
            best.stopped = problem->stopped;
            break;
        }
    }
    restore(problem, &best);
    return NMF_OK;
}

nmf_status nmfi_fit(const nmf_matrix *X, const nmf_options *options, nmf_model **model, nmf_error *error)
{
    nmfi_problem problem;
    nmf_status status = nmfi_problem_open(&problem, X, options, error);
    if (status != NMF_OK) return status;
    status = run_starts(&problem, error);
    if (status == NMF_OK) {
        nmfi_finish(&problem);
        status = nmfi_result(&problem, X, model, error);
    }
    nmfi_problem_close(&problem);
    return status;
}
