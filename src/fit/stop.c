/* When to stop for reasons outside the arithmetic, and the trace that is told on the way. */
#include "fit/loss.h"
#include "fit/state.h"

#include "base/clock.h"

#include <math.h>

int64_t nmfi_passes(const nmfi_fit *fit)
{
    return fit->work.pass.passes + fit->work.transposed.passes;
}

static int limits(nmfi_fit *fit, const nmf_trace_point *point)
{
    enum { GO_ON, TIME, CALLER };
    const nmf_options *o = &fit->choice.options;
    const int asked = o->progress && o->progress(point, o->progress_context);
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

int nmfi_trace(nmfi_fit *fit, double loss, double kkt)
{
    nmfi_progress *progress = &fit->progress;
    const nmf_trace_point point = point_now(fit, nmfi_loss_for_user(fit, loss), kkt);
    if (progress->trace_count < fit->work.trace_capacity)
        fit->work.trace[progress->trace_count++] = point;
    progress->loss = loss;
    progress->kkt = kkt;
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
}
