/* Descent with momentum, over any method (method.h): each step starts ahead of where the last one led
 * (heuristic extrapolation with restarts). The evaluated pair is the incumbent, so the loss of what
 * is returned was measured and never rises; a step that raises it is thrown away and followed by a
 * plain one, which cannot. Source: Ang & Gillis 2019, algorithm 3; the incumbent and the delayed
 * beginning are ours. */
#include "fit/loss.h"
#include "fit/method.h"

#include <float.h>
#include <math.h>

enum { DELAY = 2, REVIVAL = 10, SOON = 4 };
static const double momentum_first = 0.5, momentum_growth = 1.02, momentum_limit_growth = 1.01,
                    momentum_cut = 1.5;

/* A step was thrown away: less momentum from here on, and a plain step next. */
static void cut_momentum(nmfi_descent *d)
{
    d->limit = d->back;
    d->momentum /= momentum_cut;
    d->plain = 1;
    d->skip_momentum = 0;
}

static void grow(nmfi_descent *d)
{
    d->plain = d->skip_momentum = 0;
    d->back = d->momentum;
    d->momentum = fmin(d->limit, d->momentum * momentum_growth);
    d->limit = fmin(1.0, d->limit * momentum_limit_growth);
}

/* All arrays of both factors become the incumbents. */
static nmf_status reject(nmfi_fit *fit, nmfi_stage stage, nmf_error *error)
{
    nmfi_back_to_incumbent(fit, &fit->W);
    nmfi_back_to_incumbent(fit, &fit->H);
    return stage.method->restart ? stage.method->restart(fit, stage.state, error) : NMF_OK;
}

/* From the incumbents, or from where a checkpoint stands. */
static nmf_status begin(nmfi_fit *fit, nmfi_stage stage, nmf_error *error)
{
    if (fit->keeper.resumes) return nmfi_take_up(fit, stage, error);
    fit->place.descent = (nmfi_descent){.wanted = fit->choice.momentum,
                                        .plain = 1,
                                        .momentum = momentum_first,
                                        .limit = 1.0,
                                        .back = momentum_first,
                                        .loss = DBL_MAX,
                                        .kkt = INFINITY,
                                        .thrown = -SOON,
                                        .revival = 1};
    return reject(fit, stage, error); /* the start is the incumbent */
}

static nmfi_step_wish wish_of(const nmfi_descent *d)
{
    const nmfi_step_wish wish = {.momentum = d->wanted && d->steps >= DELAY ? d->momentum : 0.0,
                                 .begins = !d->wanted || d->steps <= DELAY,
                                 .plain = d->plain,
                                 .skip_momentum = d->skip_momentum};
    return wish;
}

/* One component at a time, so that the next has the residual that this one leaves. */
static nmf_status revive(nmfi_fit *fit, nmfi_stage stage, nmfi_descent *d, nmf_error *error)
{
    if (!stage.method->revive || d->steps < d->revival ||
        !stage.method->revive(fit, stage.state, d->steps))
        return NMF_OK;
    d->revival = d->steps + REVIVAL;
    d->plain = 1;
    return reject(fit, stage, error);
}

/* Moves on to the new pair or back to the incumbent. *descends is 0 when even a plain step, which
 * can rise by rounding only, did not get lower. What a plain step gained, summed over its
 * coordinates, tells what the measured loss does not: that is a difference of sums as large as
 * ||X||^2, in whose rounding the last steps towards a good fit are lost. */
static nmf_status step(nmfi_fit *fit, nmfi_stage stage, int *descends, nmf_error *error)
{
    nmfi_descent *d = &fit->place.descent;
    const nmfi_method *method = stage.method;
    nmfi_measured pair = {0, 0};
    d->steps++;
    nmf_status status = method->step(fit, stage.state, wish_of(d), &pair, error);
    status = nmfi_unless_stopped(fit, status, error);
    if (status != NMF_OK) return status;
    const double gain = d->loss < DBL_MAX ? pair.gain : 0;
    const double loss = gain > 0 ? fmin(pair.loss, d->loss - gain) : pair.loss;
    *descends = 1;
    if (loss <= d->loss) {
        method->accept(fit, stage.state);
        d->loss = loss;
        grow(d);
        return revive(fit, stage, d, error);
    }
    const int hopeless = d->plain, soon = d->steps - d->thrown < SOON;
    cut_momentum(d);
    status = reject(fit, stage, error);
    d->thrown = d->steps;
    if ((hopeless || soon) && method->recover && method->recover(fit, stage.state)) return status;
    *descends = !hopeless;
    return status;
}

/* Some losses go on falling for a while after its momentum has begun to swing to and
 * fro across the valley; the residual rises at once. One step that adds no momentum to W's calms
 * it, and costs less than waiting for a step to be thrown away. */
static void watch(nmfi_descent *d, double kkt)
{
    d->skip_momentum = kkt > d->kkt;
    d->kkt = d->skip_momentum ? INFINITY : kkt;
}

/* Takes the newest loss in; how far it is below the one a window ago, or infinity while there is
 * none. */
static double fallen(nmfi_descent *d)
{
    double *const before = &d->losses[d->loss_count % NMFI_WINDOW];
    const double by = d->loss_count >= NMFI_WINDOW ? *before - d->loss : INFINITY;
    *before = d->loss;
    d->loss_count++;
    return by;
}

/* Whether all that the loss will yet fall by is below `least`, if its falls go on to shrink as they do. */
static int little_is_left(nmfi_descent *d, double by, double least)
{
    const double before = d->fell;
    d->fell = isinf(by) ? 0 : by;
    if (!(by > 0 && by < before)) return 0;
    const double shrinks = pow(by / before, NMFI_WINDOW);
    return by * shrinks <= least * (1 - shrinks);
}

/* Nothing left to gain: over a window of iterations the loss fell by less than what rounding
 * moves it, or by less than a hundredth of tol for each. In f32, where that is not the fit's arithmetic, by so little
 * that rounding soon would be the one to tell. */
static int stalled(const nmfi_fit *fit, const nmfi_method *method, double kkt,
                   const nmfi_loss_scale *scale, nmfi_descent *d)
{
    static const double soon = 200, surely = 0.8;
    const double by = fallen(d), tol = fit->choice.options.tol;
    if (fit->place.single && by <= soon * scale->rounding) d->worn = 1;
    const int little = method->slows && little_is_left(d, by, tol * scale->matters);
    if (little && tol > 0 && kkt <= surely * tol * method->flat) return 1;
    return d->worn ||
           (tol > 0 && by <= fmax(0.01 * tol * NMFI_WINDOW * scale->matters, scale->rounding));
}

/* The residual that is small enough: `tol`, and less where the method says so. */
static double small_enough(const nmfi_loss_scale *scale, double tol)
{
    return fmin(tol, fmax(tol * scale->strict, scale->least));
}

/* One of several starts of ours that is near its end and far above the best before it: what it may still fall by is less. */
static int is_beaten(const nmfi_fit *fit, double kkt)
{
    static const double near = 5e-4, far = 1e-3;
    const nmfi_place *place = &fit->place;
    const int has_rivals = fit->choice.several_starts && !fit->choice.follows &&
                           place->phase == NMFI_STARTING && place->start > 0;
    return has_rivals && kkt <= near && place->descent.loss > (1 + far) * place->best.loss;
}

/* Notes what ends the descent, if anything does. */
static void judge(nmfi_fit *fit, nmfi_stage stage, double kkt, double tol, int accepted,
                  int descends)
{
    nmfi_descent *d = &fit->place.descent;
    const nmfi_loss_scale scale = stage.method->scale(fit, stage.state, d->loss);
    const int converged = accepted && kkt <= small_enough(&scale, tol);
    if (fit->place.single && !descends) d->worn = 1;
    const int stands = stalled(fit, stage.method, kkt, &scale, d) || !descends;
    if (d->ended) return; /* by the number of iterations */
    fit->progress.stopped = converged ? NMF_STOPPED_CONVERGED : NMF_STOPPED_STALLED;
    d->ended = converged || stands || (accepted && is_beaten(fit, kkt));
}

nmf_status nmfi_iterate(nmfi_fit *fit, nmfi_stage stage, double tol, nmf_error *error)
{
    nmfi_progress *progress = &fit->progress;
    nmfi_descent *d = &fit->place.descent;
    nmf_status status = begin(fit, stage, error);
    while (status == NMF_OK && !d->ended) {
        const double before = d->loss;
        int descends = 0;
        status = step(fit, stage, &descends, error);
        if (nmfi_was_stopped(fit, status)) { /* the last visit measures a start that was not yet */
            nmfi_back_to_incumbent(fit, &fit->W);
            nmfi_back_to_incumbent(fit, &fit->H);
            return NMF_OK;
        }
        if (status != NMF_OK) break;
        const int accepted = d->loss < before;
        progress->iterations++;
        const double kkt = accepted ? nmfi_kkt(fit) : progress->kkt;
        if (stage.method->watches_residual) watch(d, accepted ? kkt : INFINITY);
        const int told = nmfi_trace(fit, d->loss, kkt);
        const nmf_stopped why = progress->stopped;
        judge(fit, stage, kkt, tol, accepted, descends);
        if (fit->keeper.wishes) status = nmfi_keep_place(fit, told, error);
        if (!told) continue;
        progress->stopped = why;
        break;
    }
    return status;
}

int nmfi_iterated(const nmfi_fit *fit, nmfi_stage stage, double tol)
{
    const nmfi_progress *progress = &fit->progress;
    const nmfi_descent *d = &fit->place.descent;
    const nmfi_loss_scale scale = stage.method->scale(fit, stage.state, progress->loss);
    switch (progress->stopped) {
    case NMF_STOPPED_CONVERGED: return d->ended && progress->kkt <= small_enough(&scale, tol);
    case NMF_STOPPED_STALLED: return d->ended && !d->worn;
    default: return 1; /* it may not go on */
    }
}

nmf_status nmfi_iterate_in_sketch(nmfi_fit *fit, nmfi_stage stage, double left_out, double moving,
                                  nmf_error *error)
{
    static const double surely = 0.3;
    enum { LONG = 500 };
    nmfi_descent *d = &fit->place.descent;
    nmfi_go_on(fit, NMFI_UNTIL_CONVERGED_IN_SKETCH);
    nmf_status status = begin(fit, stage, error);
    while (status == NMF_OK && !d->ended) {
        const double before = d->loss;
        int descends = 0;
        status = step(fit, stage, &descends, error);
        if (status != NMF_OK || !descends) break;
        /* Of a fit that only begins here it is another loss than the one asked for. */
        const double known = fit->choice.only_begins ? NAN : d->loss + left_out;
        const int told = nmfi_poll(fit, known);
        fit->progress.sketch_iterations++;
        const nmfi_loss_scale scale = stage.method->scale(fit, stage.state, d->loss + left_out);
        const double enough = small_enough(&scale, fit->choice.options.tol);
        d->ended = (d->loss < before && nmfi_kkt(fit) <= surely * enough) ||
                   fallen(d) <= moving * NMFI_WINDOW * (d->loss + left_out) || d->steps >= LONG;
        if (fit->keeper.wishes) status = nmfi_keep_place(fit, told, error);
        if (told) break;
    }
    fit->progress.loss = d->loss + left_out;
    /* Its own time over is no end of the fit. */
    if (status == NMF_ERROR_INTERRUPTED && nmfi_stop_said(&fit->work.stop) != NMFI_GO_ON) {
        if (nmfi_stop_said(&fit->work.stop) == NMFI_STOP_ASKED) (void)nmfi_was_stopped(fit, status);
        nmfi_back_to_incumbent(fit, &fit->W);
        nmfi_back_to_incumbent(fit, &fit->H);
        status = NMF_OK;
    }
    nmfi_go_on(fit, NMFI_UNTIL_MEASURED);
    return status;
}
