/* Extrapolated HALS: W and H in turn, each starting ahead of where it was (heuristic extrapolation
 * with restarts). The evaluated pair is the incumbent, so the loss of what is returned was measured
 * and never rises; a step that raises it is thrown away and followed by a plain one, which cannot.
 * Source: Ang & Gillis 2019, algorithm 3; the incumbent and the delayed beginning are ours. */
#include "fit/problem.h"

#include <float.h>
#include <math.h>

enum { WINDOW = 5, DELAY = 2, REVIVAL = 10, SOON = 4 };
static const double momentum_first = 0.5, momentum_growth = 1.02, momentum_limit_growth = 1.01,
                    momentum_cut = 1.5;

typedef struct extrapolation {
    int wanted;                   /* 0: plain HALS throughout */
    int plain;                    /* the next step is a plain one */
    int skip_momentum;            /* the next W is not extrapolated, though its start is */
    double momentum, limit, back; /* back: the last momentum that was accepted */
} extrapolation;

static void shrink(extrapolation *e)
{
    e->limit = e->back;
    e->momentum /= momentum_cut;
    e->plain = 1;
    e->skip_momentum = 0;
}

static void grow(extrapolation *e)
{
    e->plain = e->skip_momentum = 0;
    e->back = e->momentum;
    e->momentum = fmin(e->limit, e->momentum * momentum_growth);
    e->limit = fmin(1.0, e->limit * momentum_limit_growth);
}

typedef struct descent {
    extrapolation ahead;
    double loss;           /* of the incumbent */
    double kkt;            /* of the step before; infinity: nothing to compare with */
    int64_t steps, thrown; /* so far; which of them was the last to be thrown away */
    int64_t revival;       /* the step after which a dead component may be revived again */
} descent;

/* Sweeps cost k^2 for each row, products n k: with few components they are nearly free, with many a
 * few do, since extrapolation carries on what they leave. */
static int64_t inner_sweeps(const nmfi_problem *problem)
{
    if (problem->options.inner_sweeps > 0) return problem->options.inner_sweeps;
    return problem->k < 32 ? 16 : 4;
}

/* One iteration from (W.y, H.y): the loss of the new pair. */
static double alternate(nmfi_problem *problem, const descent *d)
{
    const extrapolation *e = &d->ahead;
    const int64_t sweeps = inner_sweeps(problem);
    const double norm2 = problem->sketched.active ? problem->sketched.norm2 : problem->norm2;
    const int late = e->wanted && d->steps > DELAY;
    if (problem->divergence.jmm)
        return nmfi_jmm_iteration(problem, late && !e->skip_momentum ? e->momentum : 0.0);
    if (problem->divergence.wanted && !problem->sketched.active) {
        const nmfi_divergence_ahead ahead = {
            late && !e->plain && !e->skip_momentum ? e->momentum : 0.0,
            e->wanted && d->steps >= DELAY ? e->momentum : 0.0, !late || e->plain};
        return nmfi_divergence_alternate(problem, ahead);
    }
    const nmfi_half half_W = {sweeps, late && !e->plain ? e->momentum : 0.0, 1, 0};
    const nmfi_half half_H = {sweeps, e->wanted && d->steps >= DELAY ? e->momentum : 0.0, 0, 1};
    nmfi_half_step(problem, &problem->W, &problem->H, half_W);
    const double penalty = nmfi_penalty(&problem->W, problem->k);
    nmfi_half_step(problem, &problem->H, &problem->W, half_H);
    return 0.5 * norm2 + problem->H.value[NMFI_SUM_OBJECTIVE] + penalty;
}

static descent begin(nmfi_problem *problem)
{
    const nmf_solver solver = problem->options.solver;
    const int wanted =
        solver == NMF_SOLVER_AUTO || solver == NMF_SOLVER_SCD || solver == NMF_SOLVER_JMM;
    const descent d = {
        {wanted, 1, 0, momentum_first, 1.0, momentum_first}, DBL_MAX, INFINITY, 0, -SOON, 1};
    nmfi_reject(problem); /* the start is the incumbent */
    return d;
}

/* What a plain step gained, summed over its coordinates: the measured loss is a difference of sums
 * as large as ||X||^2, in whose rounding the last steps towards a good fit are lost, this is not. A
 * step from an extrapolated point has gained against that point only. */
static double known_gain(const nmfi_problem *problem, const descent *d)
{
    const int products = !problem->divergence.wanted || problem->sketched.active;
    if (!products || !d->ahead.plain || d->loss == DBL_MAX) return 0;
    return problem->W.value[NMFI_SUM_DECREASE] + problem->H.value[NMFI_SUM_DECREASE];
}

/* One component at a time, so that the next has the residual that this one leaves. */
static void revive(nmfi_problem *problem, descent *d)
{
    if (d->steps < d->revival || !nmfi_revive(problem, d->steps)) return;
    d->revival = d->steps + REVIVAL;
    d->ahead.plain = 1;
}

/* Where rows of X have little in common, the metric that they share is no row's own: one step in
 * two or three is thrown away, and the residual stays where it was. From there on steps are
 * coordinate descent, which knows each row by itself. 1 if that is new. */
static int falls_back(nmfi_problem *problem)
{
    static const double far = 0.05;
    nmfi_divergence *divergence = &problem->divergence;
    if (!divergence->wanted || problem->sketched.active || divergence->beta != 1 ||
        divergence->scd || divergence->jmm || problem->kkt < far)
        return 0;
    divergence->scd = 1;
    return 1;
}

/* Moves on to the new pair or back to the incumbent. 0 when even a plain step, which can rise by
 * rounding only, did not get lower. */
static int step(nmfi_problem *problem, descent *d)
{
    d->steps++;
    const double measured = alternate(problem, d), gain = known_gain(problem, d);
    const double loss = gain > 0 ? fmin(measured, d->loss - gain) : measured;
    if (loss <= d->loss) {
        nmfi_accept(problem);
        d->loss = loss;
        grow(&d->ahead);
        revive(problem, d);
        return 1;
    }
    const int hopeless = d->ahead.plain, soon = d->steps - d->thrown < SOON;
    shrink(&d->ahead);
    nmfi_reject(problem);
    d->thrown = d->steps;
    return (hopeless || soon) && falls_back(problem) ? 1 : !hopeless;
}

/* The loss of a divergence goes on falling for a while after its momentum has begun to swing to and
 * fro across the valley; the residual rises at once. One step that adds no momentum to W's calms
 * it, and costs less than waiting for a step to be thrown away. */
static void watch(descent *d, double kkt)
{
    d->ahead.skip_momentum = kkt > d->kkt;
    d->kkt = d->ahead.skip_momentum ? INFINITY : kkt;
}

/* The losses of the last few iterations, in the unit of the arithmetic (the trace's are the
 * caller's, where squares of tiny entries may all be zero). */
typedef struct recent {
    double loss[WINDOW];
    int64_t count;
} recent;

/* Takes the newest loss in; how far it is below the one a window ago, or infinity while there is
 * none. */
static double fallen(recent *losses, double loss)
{
    double *const before = &losses->loss[losses->count % WINDOW];
    const double by = losses->count >= WINDOW ? *before - loss : INFINITY;
    *before = loss;
    losses->count++;
    return by;
}

static double epsilon_of(const nmfi_problem *problem)
{
    return problem->precision == NMF_PRECISION_F32 ? (double)FLT_EPSILON : DBL_EPSILON;
}

/* How far rounding moves the loss. The Frobenius objective is a sum of many rounded parts, whose
 * errors mostly cancel: a hundredth of one rounding of ||X||^2. Terms of a divergence are accurate by
 * themselves, and move by (v - x) v^(beta - 1) for a rounding of their v: in the unit where entries are
 * near 1 that is the square root of twice the term, and such errors add up as squares. */
static double rounding_of(const nmfi_problem *problem, double loss)
{
    const double epsilon = epsilon_of(problem);
    if (!problem->divergence.wanted) return 0.01 * epsilon * problem->norm2;
    return epsilon * fmin(0.01 * problem->divergence.rank_one, sqrt(2 * fmax(loss, 0)));
}

/* Nothing left to gain: over a window of iterations the loss fell by less than what rounding
 * moves it, or by less than a hundredth of tol for each. */
static int stalled(const nmfi_problem *problem, recent *losses, double loss)
{
    const double tol = problem->options.tol, by = fallen(losses, loss);
    const double explained = problem->divergence.wanted ? loss : 0.5 * problem->norm2 - loss;
    const double matters = fmin(loss, fmax(explained, 0));
    return tol > 0 && by <= fmax(0.01 * tol * WINDOW * matters, rounding_of(problem, loss));
}

/* The residual that is small enough: `tol`, and less where the error is small. There X H' is what
 * is explained already, and the gradient is soon nothing beside it while the error may still halve
 * every few iterations. An error within the rounding of the loss counts as that. */
static double small_enough(const nmfi_problem *problem, double loss, double tol)
{
    static const double large = 0.1; /* an error beside ||X|| from which on tol is as it is */
    if (problem->divergence.wanted) return tol;
    const double counts = fmax(loss, rounding_of(problem, loss));
    const double error = sqrt(2 * counts / problem->norm2);
    return fmin(tol, fmax(tol * error / large, 8 * epsilon_of(problem)));
}

void nmfi_iterate(nmfi_problem *problem, double tol)
{
    descent d = begin(problem);
    recent losses = {{0}, 0};
    for (;;) {
        const double before = d.loss;
        const int descends = step(problem, &d);
        const int accepted = d.loss < before;
        problem->iterations++;
        const double kkt = accepted ? nmfi_kkt(problem) : problem->kkt;
        if (problem->divergence.wanted) watch(&d, accepted ? kkt : INFINITY);
        if (nmfi_trace(problem, d.loss, kkt)) return;
        problem->stopped = NMF_STOPPED_CONVERGED;
        if (accepted && kkt <= small_enough(problem, d.loss, tol)) return;
        problem->stopped = NMF_STOPPED_STALLED;
        if (stalled(problem, &losses, d.loss) || !descends) return;
    }
}

void nmfi_iterate_sketched(nmfi_problem *problem)
{
    /* An iteration here costs a fraction of one on X: worth it as long as the loss still moves.
     * Another loss than this only begins here. */
    const double moving = problem->divergence.wanted ? 1e-4 : 3e-6;
    static const double surely = 0.3;
    enum { LONG = 500 };
    const double left_out = 0.5 * (problem->norm2 - problem->sketched.norm2);
    recent losses = {{0}, 0};
    problem->sketched.active = 1;
    descent d = begin(problem);
    for (int64_t i = 0; i < LONG; i++) {
        const double before = d.loss;
        if (!step(problem, &d) || nmfi_poll(problem)) break;
        problem->sketch_iterations++;
        const double enough = small_enough(problem, d.loss + left_out, problem->options.tol);
        if (d.loss < before && nmfi_kkt(problem) <= surely * enough) break;
        if (fallen(&losses, d.loss) <= moving * WINDOW * (d.loss + left_out)) break;
    }
    problem->loss = d.loss + left_out;
    problem->sketched.active = 0;
}
