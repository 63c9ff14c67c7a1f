/* Extrapolated HALS: W and H in turn, each starting ahead of where it was (heuristic extrapolation with
 * restarts). The evaluated pair is the incumbent, so the loss of what is returned was measured and never
 * rises; a step that raises it is thrown away and followed by a plain one, which cannot.
 * Source: Ang & Gillis 2019, algorithm 3; the incumbent and the delayed beginning are ours. */
#include "fit/problem.h"

#include <float.h>
#include <math.h>

enum { WINDOW = 5, DELAY = 2 };
static const double beta_first = 0.5, beta_growth = 1.02, beta_limit_growth = 1.01, beta_cut = 1.5;

typedef struct extrapolation {
    int wanted; /* 0: plain HALS throughout */
    int plain;  /* the next step is a plain one */
    double beta, limit, back; /* back: the last beta that was accepted */
} extrapolation;

static void shrink(extrapolation *e)
{
    e->limit = e->back;
    e->beta /= beta_cut;
    e->plain = 1;
}

static void grow(extrapolation *e)
{
    e->plain = 0;
    e->back = e->beta;
    e->beta = fmin(e->limit, e->beta * beta_growth);
    e->limit = fmin(1.0, e->limit * beta_limit_growth);
}

/* One iteration from (W.y, H.y): the loss of the new pair. */
static double alternate(nmfi_problem *problem, const extrapolation *e, int64_t iteration)
{
    const int64_t sweeps = problem->options.inner_sweeps;
    const int late = e->wanted && iteration > DELAY;
    const nmfi_half half_W = {sweeps, late && !e->plain ? e->beta : 0.0, 1, 0};
    const nmfi_half half_H = {sweeps, e->wanted && iteration >= DELAY ? e->beta : 0.0, 0, 1};
    nmfi_half_step(problem, &problem->W, &problem->H, half_W);
    const double penalty = nmfi_penalty(&problem->W, problem->k);
    nmfi_half_step(problem, &problem->H, &problem->W, half_H);
    return 0.5 * problem->norm2 + problem->pass.total.value[NMFI_SUM_OBJECTIVE] + penalty;
}

/* Nothing left to gain: over a window of iterations the loss fell by less than what rounding moves it, or
 * by less than a hundredth of tol for each. */
static int stalled(const nmfi_problem *problem, double tol)
{
    if (problem->trace_count <= WINDOW) return 0;
    const nmf_trace_point *last = &problem->trace[problem->trace_count - 1];
    const double fallen = last[-WINDOW].loss - last->loss;
    const double epsilon = problem->precision == NMF_PRECISION_F32 ? FLT_EPSILON : DBL_EPSILON;
    return tol > 0 && fallen <= fmax(0.01 * tol * WINDOW * last->loss, epsilon * problem->norm2);
}

void nmfi_iterate(nmfi_problem *problem, double tol)
{
    extrapolation e = {problem->options.solver == NMF_SOLVER_AUTO, 1, beta_first, 1.0, beta_first};
    double incumbent = DBL_MAX;
    problem->iterations = problem->trace_count = 0;
    nmfi_reject(problem); /* the start is the incumbent */
    for (;;) {
        const double loss = alternate(problem, &e, ++problem->iterations);
        if (loss > incumbent) {
            const int hopeless = e.plain; /* a plain step rises by rounding only */
            shrink(&e);
            nmfi_reject(problem);
            if (nmfi_trace(problem, incumbent, problem->kkt)) return;
            if (!hopeless) continue;
            problem->stopped = NMF_STOPPED_STALLED;
            return;
        }
        nmfi_accept(problem);
        incumbent = loss;
        grow(&e);
        const double kkt = nmfi_kkt(problem);
        if (nmfi_trace(problem, loss, kkt)) return;
        problem->stopped = NMF_STOPPED_CONVERGED;
        if (kkt <= tol) return;
        problem->stopped = NMF_STOPPED_STALLED;
        if (stalled(problem, tol)) return;
    }
}
