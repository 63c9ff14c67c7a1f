/* What this machine can do at best, measured and not looked up: the yardstick of `nmf bench`. */
#ifndef NMF_CLI_BENCH_LIMITS_H
#define NMF_CLI_BENCH_LIMITS_H

#include <nmfkit/nmfkit.h>

enum { CLI_ONE_THREAD = 0, CLI_ALL_THREADS = 1 };

typedef struct cli_limits {
    int64_t threads;      /* what "all" is */
    int64_t vector_bytes; /* of the kernels in use */
    int64_t array_bytes;  /* what the reading was measured on */
    /* Floating-point operations and bytes a second, for one thread and for all. */
    double fma_f32[2], fma_f64[2], read[2];
} cli_limits;

/* Two to five seconds; `quick`: well under one, on an array that a large cache may hold.
 * Errors: MEMORY. */
nmf_status cli_measure_limits(int quick, cli_limits *limits, nmf_error *error);

/* Multiply-adds in f32 that `threads` threads have together now, in operations a second: what a burst of some 15 ms
 * shows. Beside the limit it tells whether this moment's machine is the whole machine, or one that others use too. 0
 * without memory. */
double cli_measure_now(int64_t threads, int quick);

/* Of the limit, what a machine has that is left to this program: a core that is lent to somebody else, or shared with
 * somebody's threads, leaves less. */
#define CLI_WHOLE 0.85

/* Seconds of a clock that only goes forward. */
double cli_bench_seconds(void);

/* The machine's memory in bytes; 0 where it is not known. */
int64_t cli_bench_memory(void);

#endif
