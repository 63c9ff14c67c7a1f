/* Descent with momentum, over any method (method.h): each step starts ahead of where the last one led
 * (heuristic extrapolation with restarts). The evaluated pair is the incumbent, so the loss of what
 * is returned was measured and never rises; a step that raises it is thrown away and followed by a
 * plain one, which cannot. Source: Ang & Gillis 2019, algorithm 3; the incumbent and the delayed
 * beginning are ours. */
#include "fit/loss.h"
#include "fit/method.h"

#include <float.h>
#include <math.h>

enum { WINDOW = 5, DELAY = 2, REVIVAL = 10, SOON = 4 };
static const double momentum_first = 0.5, momentum_growth = 1.02, momentum_limit_growth = 1.01,
                    momentum_cut = 1.5;

typedef struct extrapolation {
    int wanted;                   /* 0: plain steps throughout */
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
    nmfi_stage stage;
    extrapolation ahead;
    double loss;           /* of the incumbent */
    double kkt;            /* of the step before; infinity: nothing to compare with */
    int64_t steps, thrown; /* so far; which of them was the last to be thrown away */
    int64_t revival;       /* the step after which a dead component may be revived again */
} descent;

/* All arrays of both factors become the incumbents. */
static nmf_status reject(nmfi_fit *fit, nmfi_stage stage, nmf_error *error)
{
    nmfi_back_to_incumbent(fit, &fit->W);
    nmfi_back_to_incumbent(fit, &fit->H);
    return stage.method->restart ? stage.method->restart(fit, stage.state, error) : NMF_OK;
}

static nmf_status begin(nmfi_fit *fit, nmfi_stage stage, descent *d, nmf_error *error)
{
    const int wanted = fit->choice.momentum;
    *d = (descent){.stage = stage,
                   .ahead = {wanted, 1, 0, momentum_first, 1.0, momentum_first},
                   .loss = DBL_MAX,
                   .kkt = INFINITY,
                   .thrown = -SOON,
                   .revival = 1};
    return reject(fit, stage, error); /* the start is the incumbent */
}

static nmfi_step_wish wish_of(const descent *d)
{
    const extrapolation *e = &d->ahead;
    const nmfi_step_wish wish = {.momentum = e->wanted && d->steps >= DELAY ? e->momentum : 0.0,
                                 .begins = !e->wanted || d->steps <= DELAY,
                                 .plain = e->plain,
                                 .skip_momentum = e->skip_momentum};
    return wish;
}

/* One component at a time, so that the next has the residual that this one leaves. */
static nmf_status revive(nmfi_fit *fit, descent *d, nmf_error *error)
{
    const nmfi_stage stage = d->stage;
    if (!stage.method->revive || d->steps < d->revival ||
        !stage.method->revive(fit, stage.state, d->steps))
        return NMF_OK;
    d->revival = d->steps + REVIVAL;
    d->ahead.plain = 1;
    return reject(fit, stage, error);
}

/* Moves on to the new pair or back to the incumbent. *descends is 0 when even a plain step, which
 * can rise by rounding only, did not get lower. What a plain step gained, summed over its
 * coordinates, tells what the measured loss does not: that is a difference of sums as large as
 * ||X||^2, in whose rounding the last steps towards a good fit are lost. */
static nmf_status step(nmfi_fit *fit, descent *d, int *descends, nmf_error *error)
{
    const nmfi_method *method = d->stage.method;
    nmfi_measured pair = {0, 0};
    d->steps++;
    nmf_status status = method->step(fit, d->stage.state, wish_of(d), &pair, error);
    if (status != NMF_OK) return status;
    const double gain = d->loss < DBL_MAX ? pair.gain : 0;
    const double loss = gain > 0 ? fmin(pair.loss, d->loss - gain) : pair.loss;
    *descends = 1;
    if (loss <= d->loss) {
        method->accept(fit, d->stage.state);
        d->loss = loss;
        grow(&d->ahead);
        return revive(fit, d, error);
    }
    const int hopeless = d->ahead.plain, soon = d->steps - d->thrown < SOON;
    shrink(&d->ahead);
    status = reject(fit, d->stage, error);
    d->thrown = d->steps;
    if ((hopeless || soon) && method->recover && method->recover(fit, d->stage.state))
        return status;
    *descends = !hopeless;
    return status;
}

/* Some losses go on falling for a while after its momentum has begun to swing to and
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

/* Nothing left to gain: over a window of iterations the loss fell by less than what rounding
 * moves it, or by less than a hundredth of tol for each. */
static int stalled(const nmfi_loss_scale *scale, recent *losses, double loss, double tol)
{
    const double by = fallen(losses, loss);
    return tol > 0 && by <= fmax(0.01 * tol * WINDOW * scale->matters, scale->rounding);
}

/* The residual that is small enough: `tol`, and less where the method says so. */
static double small_enough(const nmfi_loss_scale *scale, double tol)
{
    return fmin(tol, fmax(tol * scale->strict, scale->least));
}

nmf_status nmfi_iterate(nmfi_fit *fit, nmfi_stage stage, double tol, nmf_error *error)
{
    nmfi_progress *progress = &fit->progress;
    recent losses = {{0}, 0};
    descent d;
    nmf_status status = begin(fit, stage, &d, error);
    while (status == NMF_OK) {
        const double before = d.loss;
        int descends = 0;
        status = step(fit, &d, &descends, error);
        if (status != NMF_OK) break;
        const int accepted = d.loss < before;
        progress->iterations++;
        const double kkt = accepted ? nmfi_kkt(fit) : progress->kkt;
        if (stage.method->watches_residual) watch(&d, accepted ? kkt : INFINITY);
        if (nmfi_trace(fit, d.loss, kkt)) break;
        const nmfi_loss_scale scale = stage.method->scale(fit, stage.state, d.loss);
        progress->stopped = NMF_STOPPED_CONVERGED;
        if (accepted && kkt <= small_enough(&scale, tol)) break;
        progress->stopped = NMF_STOPPED_STALLED;
        if (stalled(&scale, &losses, d.loss, fit->choice.options.tol) || !descends) break;
    }
    return status;
}

nmf_status nmfi_iterate_in_sketch(nmfi_fit *fit, nmfi_stage stage, double left_out, double moving,
                                  nmf_error *error)
{
    static const double surely = 0.3;
    enum { LONG = 500 };
    recent losses = {{0}, 0};
    descent d;
    nmf_status status = begin(fit, stage, &d, error);
    for (int64_t i = 0; status == NMF_OK && i < LONG; i++) {
        const double before = d.loss;
        int descends = 0;
        status = step(fit, &d, &descends, error);
        if (status != NMF_OK || !descends || nmfi_poll(fit)) break;
        fit->progress.sketch_iterations++;
        const nmfi_loss_scale scale = stage.method->scale(fit, stage.state, d.loss + left_out);
        const double enough = small_enough(&scale, fit->choice.options.tol);
        if (d.loss < before && nmfi_kkt(fit) <= surely * enough) break;
        if (fallen(&losses, d.loss) <= moving * WINDOW * (d.loss + left_out)) break;
    }
    fit->progress.loss = d.loss + left_out;
    return status;
}
