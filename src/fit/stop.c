/* When to stop for reasons outside the arithmetic, and the trace that is told on the way. */
#include "fit/loss.h"
#include "fit/state.h"

#include "base/stop.h"

#include <float.h>
#include <math.h>

/* --- until when -------------------------------------------------------------------------------- */

/* Beyond the limit: a tenth of it, and at least half a second. */
static double grace_of(double limit)
{
    return fmax(0.1 * limit, 0.5);
}

/* What keeps checkpoints ends with a whole iteration, so that the fit can go on from there; processes that share a fit
 * decide together, between visits. */
static int listens_inside(const nmfi_fit *fit)
{
    return !fit->choice.options.checkpoints && !nmfi_source_is_shared(&fit->work.source);
}

static double deadline(const nmfi_fit *fit, nmfi_until until)
{
    /* A sketch that takes a moment is worth it whatever the limit. */
    static const double moment = 0.1, for_sketch = 0.5, in_sketch = 0.75, to_begin = 0.2,
                        to_finish = 0.9;
    const double limit = fit->choice.options.time_limit_seconds, grace = grace_of(limit);
    if (!(limit > 0) || !listens_inside(fit)) return INFINITY;
    switch (until) {
    case NMFI_UNTIL_SKETCHED: return fmax(for_sketch * limit, moment);
    case NMFI_UNTIL_CONVERGED_IN_SKETCH: return fmax(in_sketch * limit, moment);
    case NMFI_UNTIL_MEASURED: return limit + to_begin * grace;
    case NMFI_UNTIL_LIMIT: return limit;
    case NMFI_UNTIL_FINISHED: break;
    }
    return limit + to_finish * grace;
}

void nmfi_go_on(nmfi_fit *fit, nmfi_until until)
{
    static const double patience = 0.5; /* of a caller who has said stop, for the last visit */
    nmfi_stop *stop = &fit->work.stop;
    const double at = fit->work.began_seconds + fit->work.earlier_seconds + deadline(fit, until);
    const int asked = fit->progress.stopped == NMF_STOPPED_INTERRUPTED;
    if (asked) stop->ask = NULL; /* once is enough */
    /* What is shared is left between visits only, where all decide together. */
    nmfi_stop_until(stop, nmfi_source_is_shared(&fit->work.source) ? INFINITY
                          : asked ? fmin(at, nmfi_seconds() + patience)
                                  : at);
}

int nmfi_was_stopped(nmfi_fit *fit, nmf_status status)
{
    const nmfi_stop_reason said = nmfi_stop_said(&fit->work.stop);
    if (status != NMF_ERROR_INTERRUPTED || said == NMFI_GO_ON) return 0;
    if (fit->progress.stopped != NMF_STOPPED_INTERRUPTED)
        fit->progress.stopped =
            said == NMFI_STOP_ASKED ? NMF_STOPPED_INTERRUPTED : NMF_STOPPED_TIME_LIMIT;
    return 1;
}

nmf_status nmfi_unless_stopped(nmfi_fit *fit, nmf_status status, nmf_error *error)
{
    if (status != NMF_OK || nmfi_stop_said(&fit->work.stop) == NMFI_GO_ON) return status;
    return nmfi_fail_stopped(error);
}

nmf_status nmfi_fail_without_result(nmfi_fit *fit, nmf_error *error)
{
    if (nmfi_stop_said(&fit->work.stop) == NMFI_STOP_ASKED ||
        fit->progress.stopped == NMF_STOPPED_INTERRUPTED)
        return nmf_fail(error, NMF_ERROR_INTERRUPTED,
                        "interrupted before there was a first result");
    return nmf_fail(error, NMF_ERROR_TIME_LIMIT,
                    "the time limit of %g s was over before there was a first result: allow more "
                    "time or ask for fewer components",
                    fit->choice.options.time_limit_seconds);
}

/* --- the trace --------------------------------------------------------------------------------- */

int64_t nmfi_passes(const nmfi_fit *fit)
{
    return fit->work.pass.passes + fit->work.transposed.passes;
}

static int limits(nmfi_fit *fit, const nmf_trace_point *point)
{
    enum { GO_ON, TIME, CALLER };
    const nmf_options *o = &fit->choice.options;
    const int asked = o->progress && o->progress(point, o->progress_context);
    nmfi_stop_asked_now(&fit->work.stop);
    const double seconds = point->seconds - fit->work.earlier_seconds;
    const int late = o->time_limit_seconds > 0 && seconds >= o->time_limit_seconds;
    switch (nmfi_pass_decide(&fit->work.pass, asked ? CALLER : late ? TIME : GO_ON)) {
    case CALLER: fit->progress.stopped = NMF_STOPPED_INTERRUPTED; return 1;
    case TIME: fit->progress.stopped = NMF_STOPPED_TIME_LIMIT; return 1;
    default: return 0;
    }
}

static nmf_trace_point point_now(const nmfi_fit *fit, double loss, double kkt)
{
    const double seconds = nmfi_seconds() - fit->work.began_seconds;
    return (nmf_trace_point){fit->progress.iterations, nmfi_passes(fit), seconds, loss, kkt};
}

/* In the middle of a pass: where the fit was after its last iteration. */
static int ask(void *context)
{
    nmfi_fit *const fit = context;
    const nmfi_progress *progress = &fit->progress;
    const nmf_options *o = &fit->choice.options;
    nmf_trace_point point = point_now(fit, NAN, NAN);
    if (progress->measured && progress->trace_count > 0) {
        point.loss = fit->work.trace[progress->trace_count - 1].loss;
        point.kkt = progress->kkt;
    }
    return o->progress(&point, o->progress_context);
}

void nmfi_watch(nmfi_fit *fit)
{
    const nmf_options *o = &fit->choice.options;
    nmfi_stop_init(&fit->work.stop, o->progress && listens_inside(fit) ? ask : NULL, fit);
    nmfi_go_on(fit, NMFI_UNTIL_MEASURED);
}

int nmfi_poll(nmfi_fit *fit, double loss)
{
    const nmf_trace_point point = point_now(fit, nmfi_loss_for_user(fit, loss), NAN);
    return limits(fit, &point);
}

int nmfi_told_to_stop(const nmfi_fit *fit)
{
    return fit->progress.stopped == NMF_STOPPED_INTERRUPTED ||
           fit->progress.stopped == NMF_STOPPED_TIME_LIMIT;
}

/* What f64 measures of a later pair is no less than the loss of an earlier one: what f32 said of that was less by rounding
 * alone, which shows where a fit comes near an exact one. A rise beyond rounding stays in the trace, for all to see. */
static void lift_earlier(nmfi_fit *fit)
{
    nmf_trace_point *const trace = fit->work.trace;
    const int64_t last = fit->progress.trace_count - 1;
    if (!fit->choice.begins_single || fit->place.single) return;
    const double all = fit->choice.beta == 2 ? fit->facts.norm2 : fit->facts.baseline;
    const double lowest = trace[last].loss - nmfi_loss_for_user(fit, FLT_EPSILON * all);
    for (int64_t t = last - 1;
         t >= 0 && trace[t].loss < trace[last].loss && trace[t].loss >= lowest; t--)
        trace[t].loss = trace[last].loss;
}

int nmfi_trace(nmfi_fit *fit, double loss, double kkt)
{
    nmfi_progress *progress = &fit->progress;
    const nmf_trace_point point = point_now(fit, nmfi_loss_for_user(fit, loss), kkt);
    if (progress->trace_count < fit->work.trace_capacity)
        fit->work.trace[progress->trace_count++] = point;
    lift_earlier(fit);
    progress->loss = loss;
    progress->kkt = kkt;
    if (!progress->measured) nmfi_go_on(fit, NMFI_UNTIL_LIMIT);
    progress->measured = 1;
    const int told = limits(fit, &point);
    if (progress->iterations < fit->choice.options.max_iter) return told;
    if (!told) progress->stopped = NMF_STOPPED_MAX_ITER;
    fit->place.descent.ended = 1;
    return told;
}

void nmfi_correct_trace(nmfi_fit *fit)
{
    nmfi_progress *progress = &fit->progress;
    if (progress->trace_count == 0)
        progress->trace_count = 1; /* stopped before the first iteration on X */
    fit->work.trace[progress->trace_count - 1] =
        point_now(fit, nmfi_loss_for_user(fit, progress->loss), progress->kkt);
    lift_earlier(fit);
}
