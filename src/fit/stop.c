/* When to stop, and what is told about it. The KKT residual is free of scales: gradients are
 * measured after balancing ||w_j|| = ||h_j|| (a rescaling that changes no product WH) and against
 * the products X H' and X'W they are differences of, so that neither X's units nor the start
 * matter:
 *
 *   kkt^2 = sum_j (|PG_W|_j^2 / c_j^2 + |PG_H|_j^2 c_j^2)
 *           / sum_j (|X H'|_j^2 / c_j^2 + |X'W|_j^2 c_j^2),
 *   c_j^2 = ||h_j|| / ||w_j||, PG = gradient where the entry is positive, else its negative
 * part. */
#include "fit/problem.h"

#include "base/clock.h"

#include <math.h>

static int penalized(const nmfi_problem *problem)
{
    return problem->W.l1 > 0 || problem->W.l2 > 0 || problem->H.l1 > 0 || problem->H.l2 > 0;
}

double nmfi_kkt(const nmfi_problem *problem)
{
    const nmfi_factor *W = &problem->W, *H = &problem->H;
    const int balance = !penalized(problem); /* penalties fix the scales: nothing to balance */
    double residual = 0, reference = 0;
    for (int64_t j = 0; j < problem->k; j++) {
        const double w = W->gram[j * problem->k + j], h = H->gram[j * problem->k + j];
        const double c2 = balance && w > 0 && h > 0 ? sqrt(h / w) : 1.0;
        residual += W->pg2[j] / c2 + H->pg2[j] * c2;
        reference += W->ref2[j] / c2 + H->ref2[j] * c2;
    }
    return reference > 0 ? sqrt(residual / reference) : 0.0;
}

int64_t nmfi_passes(const nmfi_problem *problem)
{
    return problem->pass.passes + problem->by_samples.passes +
           problem->divergence.transposed.passes;
}

static int limits(nmfi_problem *problem, const nmf_trace_point *point)
{
    const nmf_options *o = &problem->options;
    if (problem->status != NMF_OK) return 1;
    if (o->progress && o->progress(point, o->progress_context)) {
        problem->stopped = NMF_STOPPED_INTERRUPTED;
        return 1;
    }
    if (o->time_limit_seconds > 0 && point->seconds >= o->time_limit_seconds) {
        problem->stopped = NMF_STOPPED_TIME_LIMIT;
        return 1;
    }
    return 0;
}

int nmfi_poll(nmfi_problem *problem)
{
    const double seconds = nmfi_seconds() - problem->began_seconds;
    const nmf_trace_point point = {problem->iterations, nmfi_passes(problem), seconds, NAN, NAN};
    return limits(problem, &point);
}

double nmfi_loss_for_user(const nmfi_problem *problem, double loss)
{
    /* scale^2 may be beyond a double; rounding may leave less than nothing of a perfect fit. */
    const double root = pow(problem->scale, 0.5 * nmfi_beta(&problem->options));
    return fmax(loss, 0.0) / root / root;
}

int nmfi_trace(nmfi_problem *problem, double loss, double kkt)
{
    const double seconds = nmfi_seconds() - problem->began_seconds;
    const nmf_trace_point point = {problem->iterations, nmfi_passes(problem), seconds,
                                   nmfi_loss_for_user(problem, loss), kkt};
    if (problem->trace_count < problem->trace_room) problem->trace[problem->trace_count++] = point;
    problem->loss = loss;
    problem->kkt = kkt;
    if (limits(problem, &point)) return 1;
    if (problem->iterations < problem->options.max_iter) return 0;
    problem->stopped = NMF_STOPPED_MAX_ITER;
    return 1;
}

void nmfi_correct_trace(nmfi_problem *problem)
{
    if (problem->trace_count == 0)
        problem->trace_count = 1; /* stopped before the first iteration on X */
    nmf_trace_point *last = &problem->trace[problem->trace_count - 1];
    const double seconds = nmfi_seconds() - problem->began_seconds;
    *last = (nmf_trace_point){problem->iterations, nmfi_passes(problem), seconds,
                              nmfi_loss_for_user(problem, problem->loss), problem->kkt};
}
