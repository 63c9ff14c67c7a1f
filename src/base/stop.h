/* The clock, and being told to stop in the middle of a pass: by it, or by the caller, who is asked some ten times
 * a second. A pass looks here before each block of rows and a rule before each row that costs much;
 * once it is said, what they work on is given up, so nothing of it may be used. */
#ifndef NMFI_BASE_STOP_H
#define NMFI_BASE_STOP_H

#include <nmfkit/status.h>
#include <pthread.h>
#include <stdatomic.h>

/* By a clock that never goes backwards, since an arbitrary moment. */
double nmfi_seconds(void);

typedef enum nmfi_stop_reason {
    NMFI_GO_ON = 0,
    NMFI_STOP_TIME = 1,
    NMFI_STOP_ASKED = 2
} nmfi_stop_reason;

typedef struct nmfi_stop {
    pthread_t caller;          /* the only thread that asks */
    int (*ask)(void *context); /* non-zero: stop; NULL: nobody to ask */
    void *context;
    double next_ask; /* in nmfi_seconds() */
    _Atomic(double) deadline;
    atomic_int reason;
} nmfi_stop;

/* In place; from the thread that is to ask. No deadline yet. */
void nmfi_stop_init(nmfi_stop *stop, int (*ask)(void *context), void *context);

/* The same with a deadline that many seconds from now; 0: none. */
void nmfi_stop_after(nmfi_stop *stop, int (*ask)(void *context), void *context, double seconds);

/* From here on until then (INFINITY: no deadline), whatever was said before. Between passes only. */
void nmfi_stop_until(nmfi_stop *stop, double deadline);

/* The caller has just been asked by other means. */
void nmfi_stop_asked_now(nmfi_stop *stop);

/* Looks at the clock and, in the caller's thread, asks. NULL: never. Thread-safe. */
nmfi_stop_reason nmfi_stop_now(nmfi_stop *stop);

/* INTERRUPTED, as a pass ends that was told to stop. */
nmf_status nmfi_fail_stopped(nmf_error *error);

/* What was said so far. */
static inline nmfi_stop_reason nmfi_stop_said(nmfi_stop *stop)
{
    return stop ? (nmfi_stop_reason)atomic_load(&stop->reason) : NMFI_GO_ON;
}

#endif
