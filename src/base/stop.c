/* See stop.h. */
#include "base/stop.h"

#include "base/denormals.h"

#include <math.h>
#include <stddef.h>
#include <time.h>

static const double ask_every_seconds = 0.1;

double nmfi_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void nmfi_stop_init(nmfi_stop *stop, int (*ask)(void *context), void *context)
{
    stop->caller = pthread_self();
    stop->ask = ask;
    stop->context = context;
    nmfi_stop_asked_now(stop);
    nmfi_stop_until(stop, INFINITY);
}

void nmfi_stop_after(nmfi_stop *stop, int (*ask)(void *context), void *context, double seconds)
{
    nmfi_stop_init(stop, ask, context);
    if (seconds > 0) nmfi_stop_until(stop, nmfi_seconds() + seconds);
}

void nmfi_stop_until(nmfi_stop *stop, double deadline)
{
    atomic_store(&stop->deadline, deadline);
    atomic_store(&stop->reason, NMFI_GO_ON);
}

void nmfi_stop_asked_now(nmfi_stop *stop)
{
    stop->next_ask = nmfi_seconds() + ask_every_seconds;
}

/* Trap: the caller's function runs as in the caller's own code, not as in a kernel. */
static int ask(nmfi_stop *stop)
{
    const unsigned mode = nmfi_denormals_on();
    const int answer = stop->ask(stop->context);
    nmfi_denormals_restore(mode);
    nmfi_stop_asked_now(stop);
    return answer != 0;
}

nmfi_stop_reason nmfi_stop_now(nmfi_stop *stop)
{
    if (stop == NULL) return NMFI_GO_ON;
    const int said = atomic_load(&stop->reason);
    if (said != NMFI_GO_ON) return (nmfi_stop_reason)said;
    const double now = nmfi_seconds();
    nmfi_stop_reason reason = now >= atomic_load(&stop->deadline) ? NMFI_STOP_TIME : NMFI_GO_ON;
    if (reason == NMFI_GO_ON && stop->ask && pthread_equal(pthread_self(), stop->caller) &&
        now >= stop->next_ask && ask(stop))
        reason = NMFI_STOP_ASKED;
    if (reason != NMFI_GO_ON) atomic_store(&stop->reason, reason);
    return reason;
}

nmf_status nmfi_fail_stopped(nmf_error *error)
{
    return nmf_fail(error, NMF_ERROR_INTERRUPTED, "told to stop in the middle of a pass over X");
}
